"""What a search answers."""

from __future__ import annotations

from zhiyin.core.messages.search import SearchHit, SearchResult

__all__ = ["SearchHit", "SearchResult"]
