"""Tokens that begin with a digit: numbers, durations and dates."""

from __future__ import annotations

from datetime import date

from zhiyin.policy.expressions import words
from zhiyin.policy.expressions.leaves import Duration, Instant, Node, Number
from zhiyin.policy.expressions.places import Source, quoted

_DIGITS = "0123456789"
_LONGEST_MS = 10**15
_FIRST_MS, _LAST_MS = -62_135_596_800_000, 253_402_300_799_999


def starts_numeral(text: str, at: int) -> bool:
    """Whether a number, a duration or a date begins at a character."""
    return text[at] in _DIGITS or _matches(text, at, ".d")


def take_numeral(source: Source, at: int) -> Node:
    """The number, duration or date that begins at a character.

    Raises:
        ExpressionError: It is too large, is no date, or has an unknown unit.
    """
    if _matches(source.text, at, "dddd-dd-dd"):
        return _instant(source, at)
    end = _end_of_number(source.text, at)
    if _matches(source.text, at, "0d"):
        hint = "dates are written 2026-01-31"
        raise source.error("no number begins with 0 and another digit", (at, end), hint=hint)
    stop = _end_of_word(source.text, end)
    if stop > end:
        return _duration(source, at, end, stop)
    value = float(source.text[at:end])
    if value == float("inf"):
        raise source.error("the number is too large", (at, end), hint="the largest is 1.79e308")
    return Number(value, place=(at, end))


def _matches(text: str, at: int, shape: str) -> bool:
    """Whether text has a shape: d for a digit, s for + or -, else the character itself."""
    part = text[at : at + len(shape)]
    return len(part) == len(shape) and all(
        c in _DIGITS if s == "d" else c in "+-" if s == "s" else c == s
        for c, s in zip(part, shape, strict=True)
    )


def _end_of_digits(text: str, at: int) -> int:
    while at < len(text) and text[at] in _DIGITS:
        at += 1
    return at


def _end_of_word(text: str, at: int) -> int:
    while at < len(text) and words.continues_word(text[at]):
        at += 1
    return at


def _end_of_number(text: str, at: int) -> int:
    end = _end_of_digits(text, at)
    if _matches(text, end, ".d"):
        end = _end_of_digits(text, end + 1)
    for exponent in ("ed", "Ed", "esd", "Esd"):
        if _matches(text, end, exponent):
            return _end_of_digits(text, end + len(exponent))
    return end


def _duration(source: Source, at: int, end: int, stop: int) -> Node:
    unit = source.text[end:stop]
    if unit not in words.UNITS:
        guess = words.nearest(unit, words.UNITS, others=words.OTHER_UNITS)
        hint = words.did_you_mean(guess) or f"the units are {', '.join(words.UNITS)}"
        raise source.error(f"{quoted(unit)} is no unit of time", (end, stop), hint=hint)
    length = float(source.text[at:end]) * words.UNITS[unit]
    if length >= _LONGEST_MS:
        raise source.error("the duration is too long", (at, stop), hint="30000 years are the limit")
    return Duration(round(length), place=(at, stop))


def _instant(source: Source, at: int) -> Node:
    """A date, and maybe a time of day and its distance from UTC."""
    text, end, ms, wrong = source.text, at + 10, 0, False
    if _matches(text, end, "Tdd:dd"):
        ms, end, wrong = _time_of_day(text, end + 1)
        if text[end : end + 1] == "Z":
            end += 1
        elif _matches(text, end, "sdd:dd"):
            hours, minutes = int(text[end + 1 : end + 3]), int(text[end + 4 : end + 6])
            wrong = wrong or hours > 23 or minutes > 59
            offset = (hours * 60 + minutes) * 60_000
            ms += offset if text[end] == "-" else -offset
            end += 6
    stop = _end_of_word(text, end)
    wrong, end = wrong or stop > end, stop
    try:
        day = date.fromisoformat(text[at : at + 10])
    except ValueError:
        day, wrong = date.min, True
    ms += (day.toordinal() - date(1970, 1, 1).toordinal()) * words.UNITS["d"]
    if wrong or not _FIRST_MS <= ms <= _LAST_MS:
        hint = "write 2026-01-31, or with a time 2026-01-31T23:59:59Z"
        raise source.error(f"{quoted(text[at:end])} is no date", (at, end), hint=hint)
    return Instant(ms, place=(at, end))


def _time_of_day(text: str, at: int) -> tuple[int, int, bool]:
    """Milliseconds after midnight, where the time ends, and whether there is no such time."""
    hours, minutes, seconds, end = int(text[at : at + 2]), int(text[at + 3 : at + 5]), 0, at + 5
    fraction = 0
    if _matches(text, end, ":dd"):
        seconds, end = int(text[end + 1 : end + 3]), end + 3
        if _matches(text, end, ".d"):
            stop = _end_of_digits(text, end + 1)
            fraction = int(text[end + 1 : stop][:3].ljust(3, "0"))
            end = stop
    wrong = hours > 23 or minutes > 59 or seconds > 59
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction, end, wrong
