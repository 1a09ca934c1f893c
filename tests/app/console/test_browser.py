"""Every page in a real browser, over `zhiyin serve --console`."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Require

pytest.importorskip("selenium", reason="pip install 'zhiyin[dev]'")
_PATH = Path(__file__).resolve().parents[3] / "scripts" / "screenshots.py"
_SPEC = importlib.util.spec_from_file_location("screenshots", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
screenshots: Any = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(screenshots)
look_at, resize = screenshots.look_at, screenshots.resize

pytestmark = pytest.mark.integration
LOOKS = [
    pytest.param("en", "light", (1280, 860), id="wide-light-english"),
    pytest.param("zh", "dark", (390, 844), id="phone-dark-chinese"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    require = Require()
    require.command("chromium")
    require.command("chromedriver", package="chromium-driver")
    require.module("selenium", extra="dev")
    opened = screenshots.open_browser()
    yield opened
    opened.quit()


def errors(browser: Any) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


@pytest.mark.parametrize(("language", "theme", "size"), LOOKS)
def test_every_page_is_drawn_without_an_error(
    browser: Any, address: str, language: str, theme: str, size: tuple[int, int]
) -> None:
    resize(browser, size)
    errors(browser)
    for name, path in screenshots.PAGES.items():
        look_at(browser, address, path, language=language, theme=theme)
        assert not errors(browser), name
        assert browser.execute_script("return window.hacked") is None
        assert browser.find_elements("css selector", ".zy-fault") == []
        assert browser.execute_script("return document.documentElement.lang") == language
        wide = "return document.documentElement.scrollWidth - window.innerWidth"
        assert browser.execute_script(wide) <= 0, f"{name} is wider than the screen"
        dark = browser.execute_script("return document.body.classList.contains('body--dark')")
        assert dark == (theme == "dark")


def test_a_rule_changes_the_slate(browser: Any, address: str) -> None:
    resize(browser, (1280, 860))
    look_at(browser, address, "/slates", language="en", theme="light")
    rule = browser.find_element("xpath", "//button[contains(., 'price <')]")
    rule.click()
    until = time.monotonic() + 30
    while "new" not in browser.find_element("css selector", "main").text:
        assert time.monotonic() < until, "the slate did not follow"
        time.sleep(0.2)


@pytest.mark.parametrize(("language", "theme", "size"), LOOKS)
def test_charts_are_drawn_and_open_as_tables(
    browser: Any, address: str, language: str, theme: str, size: tuple[int, int]
) -> None:
    resize(browser, size)
    errors(browser)
    look_at(browser, address, "/", language=language, theme=theme)
    until = time.monotonic() + 30
    while not (columns := browser.find_elements("css selector", ".zy-column")):
        assert time.monotonic() < until, "the log was not counted"
        time.sleep(0.2)
    assert max(one.size["height"] for one in columns) > 100
    assert len(browser.find_elements("css selector", ".zy-week i")) == 7 * 24
    chart = columns[0].find_element("xpath", "ancestor::figure")
    drawn = len(chart.find_elements("css selector", ".zy-column"))
    chart.find_element("css selector", "summary").click()
    until = time.monotonic() + 10
    while len(chart.find_elements("css selector", "tbody tr")) != drawn:
        assert time.monotonic() < until, "the table does not say what the chart does"
        time.sleep(0.2)
    wide = "return document.documentElement.scrollWidth - window.innerWidth"
    assert browser.execute_script(wide) <= 0
    assert not errors(browser)


def test_a_page_begins_at_its_top(browser: Any, address: str) -> None:
    for size in ((1280, 860), (390, 844)):
        resize(browser, size)
        look_at(browser, address, "/settings", language="en", theme="light")
        assert browser.execute_script("return window.scrollY") == 0
        here = browser.find_element("css selector", ".zy-nav .here").rect
        assert 0 <= here["x"] <= size[0] - here["width"]


def test_every_control_can_be_reached_and_has_a_name(browser: Any, address: str) -> None:
    look_at(browser, address, "/slates", language="en", theme="light")
    nameless = """
      return [...document.querySelectorAll('button, a[href], input, canvas, [role=region]')]
        .filter((e) => e.offsetParent !== null)
        .filter((e) => !(e.innerText || '').trim() && !e.ariaLabel && !(e.labels || []).length)
        .map((e) => e.outerHTML.slice(0, 200))"""
    assert browser.execute_script(nameless) == []
