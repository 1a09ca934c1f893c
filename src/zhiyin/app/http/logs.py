"""Logs as JSON lines without personal data.

A line names the route's pattern, never the address that was asked for: ids of users stand in
addresses, bodies and messages of errors, and none of these is written. An error is told by
its type and the places in the code.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Literal

logger = logging.getLogger("zhiyin.http")


class JsonLines(logging.Formatter):
    """One JSON object a line; what is said beside the message comes from ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        when = datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": when,
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        return json.dumps(line, ensure_ascii=False, default=str)


def set_up_logs(what: Literal["requests", "errors", "off"]) -> None:
    """Sends the service's log, and the server's own complaints, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    level = {"requests": logging.INFO, "errors": logging.WARNING, "off": logging.CRITICAL + 1}[what]
    for name, least in (("zhiyin.http", level), ("uvicorn", max(level, logging.WARNING))):
        log = logging.getLogger(name)
        log.handlers = [handler]
        log.setLevel(least)
        log.propagate = False


def log_error(error: BaseException, **fields: object) -> None:
    """Writes where an unexpected error happened, without its words."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
    told = {**fields, "error": type(error).__name__, "places": places}
    logger.error("error", extra={"fields": told})
