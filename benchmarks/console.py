"""The console in Chromium: seconds to each page, what-if, the map while panning, accessibility.

    .venv/bin/zhiyin import … && .venv/bin/zhiyin train …    # a workspace of MovieLens-1M
    .venv/bin/python benchmarks/console.py --workspace ml-1m [--quick] [--axe axe.min.js]

Serves the workspace with its console on a free port of this machine and opens every page in
headless Chromium at 1280 and 390 pixels, light and dark, in English and Chinese. A page is
interactive when its content stands and its web socket has shaken hands, counted from the start
of the navigation; of each page the median and the worst of the looks are stored (limit 2 s).
What-if: /v1/recommend with ``log`` false, warm, one row per kind of change; median and 95th
percentile (limit 300 ms), and in the browser from a click on a rule to both slates side by
side. The map: 10,000 made-up items, moved by a pointer in every frame for three seconds; drawn
frames per second (limit 30). axe-core (npm, for this measurement alone) counts serious and
critical faults; the browser's log counts errors. Writes benchmarks/results/console.json.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import numpy as np
from rich.console import Console
from rich.table import Table
from selenium.webdriver.chrome.webdriver import WebDriver

from zhiyin.app.console.starting import free_port
from zhiyin.pipeline.wiring import open_workspace

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
import screenshots as pages  # noqa: E402 - the browser and the list of pages are kept there

RESULTS = ROOT / "benchmarks" / "results" / "console.json"
AXE = "axe-core@4.10.3"
LIMITS = {"interactive_ms": 2000, "what_if_ms": 300, "frames_per_s": 30}
SIZES = ((1280, 860), (390, 844))
_READY = """
const done = arguments[arguments.length - 1];
(function look() {
  const drawn = document.querySelector('main h1') && !document.querySelector('.zy-waiting');
  if (drawn && window.did_handshake) return done(performance.now());
  requestAnimationFrame(look);
})();
"""
_AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ['violations']}).then((found) => done(found.violations
  .filter((one) => ['serious', 'critical'].includes(one.impact))
  .map((one) => one.id + ': ' + one.nodes.slice(0, 3).map((n) => n.target.join(' ')).join(' | '))
)).catch((error) => done(['axe failed: ' + error]));
"""
_PAN = """
const done = arguments[arguments.length - 1];
const canvas = document.querySelector('.zy-map canvas');
const box = canvas.getBoundingClientRect();
const paint = canvas.getContext('2d');
let drawn = 0;
const clear = paint.clearRect.bind(paint);
paint.clearRect = (...given) => { drawn += 1; clear(...given); };
function send(kind, x, y) {
  canvas.dispatchEvent(new PointerEvent(kind, {pointerId: 1, clientX: x, clientY: y,
    bubbles: true, isPrimary: true, buttons: 1}));
}
canvas.setPointerCapture = () => {};
let x = box.left + box.width / 2, y = box.top + box.height / 2;
let step = 0, began = 0, worst = 0, last = 0;
send('pointerdown', x, y);
requestAnimationFrame(function move(now) {
  if (!began) { began = now; drawn = 0; } else { worst = Math.max(worst, now - last); }
  last = now;
  step += 1;
  send('pointermove', x + 120 * Math.sin(step / 9), y + 80 * Math.cos(step / 7));
  if (now - began < 3000) return requestAnimationFrame(move);
  send('pointerup', x, y);
  done({frames: drawn / ((now - began) / 1000), worst_ms: worst});
});
"""


def main() -> int:
    """Measures, prints, stores."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workspace", type=Path, required=True, help="trained on MovieLens-1M")
    parser.add_argument("--axe", type=Path, default=None, help="axe.min.js; absent: from npm")
    parser.add_argument("--quick", action="store_true", help="one look instead of eight")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        axe = given.axe or fetched_axe(Path(scratch))
        report: dict[str, Any] = {"limits": LIMITS, "cores": os.cpu_count()}
        # A copy: nothing that is done here stays in the workspace.
        workspace = Path(shutil.copytree(given.workspace, Path(scratch) / given.workspace.name))
        with served(workspace) as address:
            # First of all: what is asked before gets profiles ready in the background.
            report["first_profile_s"] = first_profile(address)
            report["what_if"] = what_if(address)
            report |= looks(address, axe.read_text(encoding="utf-8"), quick=given.quick)
        with served(many_items(Path(scratch) / "many")) as address:
            report["map"] = panned(address)
    report["passed"] = passed(report)
    show(report)
    if not given.quick:
        RESULTS.write_text(
            json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    return 0 if report["passed"] else 1


def fetched_axe(folder: Path) -> Path:
    """axe-core from npm, into a folder that goes again."""
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), AXE]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "node_modules" / "axe-core" / "axe.min.js"


@contextmanager
def served(workspace: Path) -> Iterator[str]:
    """`zhiyin serve --console` over a workspace."""
    port = free_port("127.0.0.1")
    address = f"http://127.0.0.1:{port}"
    run = "from zhiyin.app.cli.main import run; run()"
    command = [sys.executable, "-c", run, "serve", str(workspace), "--console", "--port", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as process:
        try:
            until = time.monotonic() + 180
            while time.monotonic() < until:
                try:
                    if httpx.get(f"{address}/console/chat", timeout=30).status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                if process.poll() is not None:
                    raise SystemExit("zhiyin serve ended")
                time.sleep(0.3)
            yield address
        finally:
            process.terminate()
            process.wait(30)


def what_if(address: str, *, repeats: int = 20) -> dict[str, Any]:
    """Milliseconds of a slate that is looked at, by what was changed."""
    with httpx.Client(base_url=address, timeout=60) as client:
        users = [one["user_id"] for one in client.get("/v1/users?limit=20").json()["users"]]
        models = client.get("/v1/models").json()
        members = next(one for one in models if one["serving"])["members"]
        usual = {"explain": True, "return_properties": True, "log": False}
        first = client.post("/v1/recommend", json={"user_id": users[0], **usual}).json()
        ranked = any(s["name"] == "ranking" for p in first["positions"] for s in p["stages"])
        kinds: dict[str, dict[str, Any]] = {
            "as it is": {},
            "filter": {"filter": '"Drama" in categories'},
            "boost": {"boost": 'if("Drama" in categories, 2, 1)'},
            "event": {"session": [first["positions"][0]["item_id"]]},
            "weight": {"weights": {members[0]["name"]: members[0]["weight"] * 0.5}},
        }
        if ranked:
            kinds["without the ranker"] = {"weights": {"ranker": 0}}
        found: dict[str, Any] = {}
        for kind, change in kinds.items():
            times: list[float] = []
            for k in range(repeats + 2):
                body = {"user_id": users[k % len(users)], **usual, **change}
                began = time.perf_counter()
                client.post("/v1/recommend", json=body).raise_for_status()
                times.append((time.perf_counter() - began) * 1000)
            warm = np.array(times[2:])
            found[kind] = {
                "p50_ms": round(float(np.quantile(warm, 0.5)), 1),
                "p95_ms": round(float(np.quantile(warm, 0.95)), 1),
            }
    return found


def first_profile(address: str) -> float:
    """Seconds of the first profile after a start, which reads the whole catalogue once."""
    with httpx.Client(base_url=address, timeout=600) as client:
        user = client.get("/v1/users?limit=1").json()["users"][0]["user_id"]
        began = time.perf_counter()
        client.get(f"/v1/profile/{user}").raise_for_status()
        return round(time.perf_counter() - began, 1)


def looks(address: str, axe: str, *, quick: bool) -> dict[str, Any]:
    """Every page in every look: when it is interactive, what is wrong."""
    times: dict[str, list[float]] = {name: [] for name in pages.PAGES}
    faults: dict[str, list[str]] = {}
    errors: list[str] = []
    wide: list[str] = []
    browser = pages.open_browser()
    browser.set_script_timeout(120)
    try:
        pages.look_at(browser, address, "/", language="en", theme="light")
        for size in SIZES:
            pages.resize(browser, size)
            for language in ("en", "zh"):
                for theme in ("light", "dark"):
                    for name, path in pages.PAGES.items():
                        look = f"{name} {language} {theme} {size[0]}"
                        set_look(browser, language, theme)
                        browser.get(f"{address}/console{path}")
                        times[name].append(browser.execute_async_script(_READY))
                        time.sleep(0.3)
                        over = "return document.documentElement.scrollWidth - window.innerWidth"
                        if browser.execute_script(over) > 0:
                            wide.append(look)
                        browser.execute_script(axe)
                        for fault in browser.execute_async_script(_AXE):
                            faults.setdefault(fault, []).append(look)
                        log = browser.get_log("browser")
                        errors += [f"{look}: {e['message']}" for e in log if e["level"] == "SEVERE"]
                    if quick:
                        break
                if quick:
                    break
        clicked = in_the_browser(browser, address)
    finally:
        browser.quit()
    return {
        "pages": {
            name: {"median_ms": round(median(found)), "worst_ms": round(max(found))}
            for name, found in times.items()
        },
        "looks": sum(len(found) for found in times.values()),
        "click_to_both_slates_ms": clicked,
        "serious_faults": {fault: where[:3] for fault, where in faults.items()},
        "console_errors": errors,
        "wider_than_the_screen": wide,
    }


def set_look(browser: WebDriver, language: str, theme: str) -> None:
    """Language and colours of the pages that are opened next."""
    for name, value in (("zhiyin_language", language), ("zhiyin_theme", theme)):
        browser.add_cookie({"name": name, "value": value, "path": "/console"})


def in_the_browser(browser: WebDriver, address: str, *, repeats: int = 5) -> int:
    """Milliseconds from a click on a rule until both slates stand side by side, the median."""
    script = """
      const done = arguments[arguments.length - 1];
      let began = 0;
      (function look() {
        if (!began) {
          const rule = [...document.querySelectorAll('main button')]
            .find((b) => b.innerText.startsWith('only '));
          if (rule) { began = performance.now(); rule.click(); }
        } else if (document.querySelector('.zy-beside')) return done(performance.now() - began);
        setTimeout(look, 4);
      })();"""
    found: list[float] = []
    pages.resize(browser, SIZES[0])
    for _ in range(repeats):
        pages.look_at(browser, address, "/slates", language="en", theme="light")
        found.append(browser.execute_async_script(script))
    return round(median(found))


def many_items(folder: Path, *, items: int = 10_000, users: int = 4_000) -> Path:
    """A workspace with as many items as the map draws, each taken by somebody."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, 40, items)
    events: list[dict[str, Any]] = []
    for user in range(users):
        near = np.flatnonzero(group == user % 40)
        taken = {*rng.choice(near, 12, replace=False).tolist(), *rng.integers(0, items, 8).tolist()}
        events += [{"user_id": f"u{user}", "item_id": f"i{item}", "type": "view"} for item in taken]
    events += [
        {"user_id": f"u{item % users}", "item_id": f"i{item}", "type": "view"}
        for item in range(items)
    ]
    with open_workspace(folder) as workspace:
        workspace.upsert_items(
            [
                {"item_id": f"i{k}", "title": f"Item {k}", "categories": [f"kind {g % 12}"]}
                for k, g in enumerate(group.tolist())
            ]
        )
        workspace.record(events)
        workspace.train(recipe="popularity")
    return folder


def panned(address: str) -> dict[str, Any]:
    """Frames per second of the map while it is moved, at both sizes, and lit up by a search."""
    browser = pages.open_browser()
    browser.set_script_timeout(60)
    try:
        found: dict[str, Any] = {}
        for size in SIZES:
            pages.resize(browser, size)
            pages.look_at(browser, address, "/map", language="en", theme="light")
            points = browser.execute_script(
                "return document.querySelector('main').innerText.match(/[0-9,]+/)[0]"
            )
            one = browser.execute_async_script(_PAN)
            found[str(size[0])] = {
                "points": int(points.replace(",", "")),
                "frames_per_s": round(one["frames"], 1),
                "worst_frame_ms": round(one["worst_ms"], 1),
            }
        return found
    finally:
        browser.quit()


def passed(report: dict[str, Any]) -> bool:
    """Whether every limit is kept."""
    return (
        max(one["worst_ms"] for one in report["pages"].values()) <= LIMITS["interactive_ms"]
        and max(one["p95_ms"] for one in report["what_if"].values()) <= LIMITS["what_if_ms"]
        and min(one["frames_per_s"] for one in report["map"].values()) >= LIMITS["frames_per_s"]
        and min(one["points"] for one in report["map"].values()) >= 10_000
        and not report["serious_faults"]
        and not report["console_errors"]
        and not report["wider_than_the_screen"]
    )


def show(report: dict[str, Any]) -> None:
    """Prints what was found."""
    console = Console()
    table = Table("page", "median ms", "worst ms", title="interactive")
    for name, one in report["pages"].items():
        table.add_row(name, str(one["median_ms"]), str(one["worst_ms"]))
    console.print(table)
    table = Table("what-if", "p50 ms", "p95 ms", title="/v1/recommend, a look")
    for name, one in report["what_if"].items():
        table.add_row(name, str(one["p50_ms"]), str(one["p95_ms"]))
    console.print(table)
    console.print(f"the first profile after a start: {report['first_profile_s']} s")
    rest = ("click_to_both_slates_ms", "map", "looks", "serious_faults", "console_errors")
    console.print_json(data={name: report[name] for name in rest})
    console.print(f"wider than the screen: {report['wider_than_the_screen']}")
    console.print("every limit is kept" if report["passed"] else "a limit is broken", style="bold")


if __name__ == "__main__":
    sys.exit(main())
