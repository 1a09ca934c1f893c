"""Tables of evaluations: models as rows, headline metrics with their intervals as columns."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from zhiyin.app.cli.output import table

_SHOWN = ("hr@10", "ndcg@10", "recall@20", "ndcg@20")
_WITH_SPAN = "ndcg@10"
_NARROW = ["model", *(f"{m} ±" if m == _WITH_SPAN else m for m in _SHOWN), "train s"]
_WIDE = [*_NARROW, "coverage@10", "users/s", "MB"]
_WIDE_FROM = 110
"""Terminals of this many columns show the wide table."""
_TITLES = {"metrics": "all items", "metrics_cold": "cold items", "metrics_warm": "warm items"}


def print_report(report: dict[str, Any], console: Console) -> None:
    """Prints a report of ``benchmark`` or ``evaluate`` as tables and notes."""
    for test, users in report["n_test_users"].items():
        name = f"{report.get('dataset', 'this workspace')}, {report['protocol']}"
        title = f"{name}, {_TITLES.get(test, test)}: {users:,} users"
        if test == "metrics":
            title += f", {report['n_items']:,} items"
        console.print(_table(report, test, title, wide=console.width >= _WIDE_FROM))
    for line in notes(report):
        console.print(f"  {line}", markup=False, highlight=False)


def notes(report: dict[str, Any]) -> list[str]:
    """What the table cannot hold: the choice, the margin, failures, dropped rows."""
    lines: list[str] = []
    for name, entry in report["models"].items():
        if "error" in entry:
            lines.append(f"{name} failed: {entry['error']['message']}")
    for name, gaps in report["confidence"]["against_best"].get("metrics", {}).items():
        if "ndcg@10" in gaps and name == next(iter(report["models"])):
            gap = gaps["ndcg@10"]
            lines.append(
                f"{name} against {gap['best']}, ndcg@10: {gap['difference']:+.4f} "
                f"[{gap['low']:+.4f}, {gap['high']:+.4f}], {_odds(gap['p'])}"
            )
    chosen = report["models"].get("auto", {}).get("chosen", {}).get("chosen")
    if chosen:
        lines.append("auto chose " + ", ".join(f"{name} x {w}" for name, w in chosen.items()))
    if report["dropped"]:
        lines.append(
            "dropped: " + ", ".join(f"{n:,} {why}" for why, n in report["dropped"].items())
        )
    return lines


def _table(report: dict[str, Any], test: str, title: str, *, wide: bool) -> Table:
    columns = _WIDE if wide else _NARROW
    users = report["n_test_users"][test]
    spans = report["confidence"]["intervals"].get(test, {})
    rows = [
        _row(name, entry, test, spans.get(name, {}), users)[: len(columns)]
        for name, entry in report["models"].items()
    ]
    return table(title, columns, rows)


def _row(
    name: str, entry: dict[str, Any], test: str, spans: dict[str, Any], users: int
) -> list[object]:
    if test not in entry:
        return [name, "failed", *["-"] * (len(_WIDE) - 2)]
    metrics = entry[test]
    spent = entry["recommend_s"]
    return [
        name,
        *(_figure(metrics.get(m), spans.get(m) if m == _WITH_SPAN else None) for m in _SHOWN),
        f"{entry['train_s']:.1f}",
        _figure(metrics.get("coverage@10"), None),
        f"{users / spent:,.0f}" if spent else "-",
        f"{entry['peak_rss_mb']:,.0f}" if "peak_rss_mb" in entry else "-",
    ]


def _odds(p: float) -> str:
    """A p value as far as the resamples can tell: none of 1,000 is not never."""
    return "p < 0.002" if p < 0.002 else f"p = {p:.3f}"


def _figure(value: float | None, span: list[float] | None) -> str:
    """A mean and half the width of its interval, as in .1099 .0078."""
    if value is None:
        return "-"
    mean = _short(value)
    return mean if span is None else f"{mean} {_short((span[1] - span[0]) / 2)}"


def _short(value: float) -> str:
    text = f"{value:.4f}"
    return text.removeprefix("0") if value < 1 else text
