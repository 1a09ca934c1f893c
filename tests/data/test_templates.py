"""Event weights by trade."""

from __future__ import annotations

import pytest

from zhiyin.core.errors import ConfigError
from zhiyin.data.importing.event_types import event_type
from zhiyin.data.templates import GENERAL_WEIGHTS, TEMPLATES, template


def test_the_trades() -> None:
    assert set(TEMPLATES) == {"shop", "video", "music", "news", "social", "education", "ads"}
    with pytest.raises(ConfigError, match="no template is named 'zoo'"):
        template("zoo")


@pytest.mark.parametrize("name", TEMPLATES)
def test_dislike_counts_against_and_seeing_counts_nothing(name: str) -> None:
    weights = template(name).weights
    assert weights["dislike"] < 0
    assert weights["hide"] < 0
    assert weights["impression"] == weights["search"] == 0
    assert max(weights.values()) > 1
    assert (template(name).half_life_days or 0) > 0


@pytest.mark.parametrize("name", TEMPLATES)
def test_weights_are_for_types_that_the_import_gives(name: str) -> None:
    """A weight for a word that the import would translate into another would never be used."""
    for kind in [*template(name).weights, *GENERAL_WEIGHTS]:
        assert event_type(kind, {}) == kind
