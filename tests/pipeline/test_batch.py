"""Everybody's list at once says what each list says alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import zhiyin
from zhiyin.pipeline.batch import recommend_all
