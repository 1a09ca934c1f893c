"""Takes the pictures of the console that the documentation shows.

python scripts/screenshots.py --address http://127.0.0.1:8088            # writes docs/images
python scripts/screenshots.py --address http://127.0.0.1:8088 --all DIR  # every page, every look

Needs chromium and chromedriver of the system (apt-get install chromium chromium-driver).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
PAGES = {
    "overview": "/",
    "slates": "/slates",
    "items": "/items",
    "users": "/users",
    "profiles": "/profiles",
    "models": "/models",
    "map": "/map",
    "surfaces": "/surfaces",
    "settings": "/settings",
    "import": "/import",
    "experiments": "/experiments",
    "chat": "/chat",
}
"""Every page, by the name of its picture."""
_WIDE, _NARROW = (1280, 860), (390, 844)
_TALL = {"overview": 1500, "slates": 1120, "what-if": 1180}
"""Heights of pictures of the documentation that show more than a screen."""
_SETTLE_S = 1.2
Look = tuple[str, str, tuple[int, int]]


def open_browser() -> webdriver.Chrome:
    """Chromium without a window."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        sys.exit("chromium is not installed: apt-get install chromium chromium-driver")
    options = Options()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(driver))


def look_at(
    browser: webdriver.Chrome, address: str, path: str, *, language: str, theme: str
) -> None:
    """Opens a page in a language and colours, and waits until it is drawn."""
    if not browser.current_url.startswith(f"{address}/console"):
        browser.get(f"{address}/console/chat")
    for name, value in (("zhiyin_language", language), ("zhiyin_theme", theme)):
        browser.add_cookie({"name": name, "value": value, "path": "/console"})
    browser.get(f"{address}/console{path}")
    WebDriverWait(browser, 60).until(lambda page: page.find_elements(By.CSS_SELECTOR, "main h1"))
    busy = ".zy-waiting, .zy-counting"
    WebDriverWait(browser, 60).until(lambda page: not page.find_elements(By.CSS_SELECTOR, busy))
    time.sleep(_SETTLE_S)


def resize(browser: webdriver.Chrome, size: tuple[int, int]) -> None:
    """Gives the page a size; windows have a least width, so it is set on the page itself."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 500},
    )


def take(browser: webdriver.Chrome, target: Path) -> None:
    """Stores what is seen."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(browser.get_screenshot_as_png())


def main() -> None:
    """Takes the pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", default="http://127.0.0.1:8088")
    parser.add_argument("--all", type=Path, default=None, help="folder for every look")
    given = parser.parse_args()
    browser = open_browser()
    try:
        if given.all is not None:
            every_look(browser, given.address, given.all)
        else:
            documentation(browser, given.address)
    finally:
        browser.quit()


def every_look(browser: webdriver.Chrome, address: str, folder: Path) -> None:
    """Each page wide and narrow, light and dark, English and Chinese."""
    looks: tuple[Look, ...] = (
        ("en", "light", _WIDE),
        ("zh", "dark", _WIDE),
        ("en", "light", _NARROW),
    )
    for language, theme, size in looks:
        resize(browser, size)
        for name, path in PAGES.items():
            look_at(browser, address, path, language=language, theme=theme)
            take(browser, folder / f"{name}-{language}-{theme}-{size[0]}.png")


def documentation(browser: webdriver.Chrome, address: str) -> None:
    """The pictures of docs/console.md, in the order of its walk."""
    for name in ("overview", "slates", "map", "models"):
        resize(browser, (_WIDE[0], _TALL.get(name, _WIDE[1])))
        look_at(browser, address, PAGES[name], language="en", theme="light")
        take(browser, IMAGES / f"console-{name}.png")
    resize(browser, (_WIDE[0], _TALL["what-if"]))
    look_at(browser, address, PAGES["slates"], language="en", theme="light")
    rule = browser.find_element(By.XPATH, "//button[starts-with(normalize-space(.), 'only ')]")
    rule.click()
    WebDriverWait(browser, 30).until(
        lambda page: page.find_elements(By.XPATH, "//p[contains(., 'items are new')]")
    )
    time.sleep(_SETTLE_S)
    take(browser, IMAGES / "console-what-if.png")
    resize(browser, (_WIDE[0], _TALL["overview"]))
    look_at(browser, address, PAGES["overview"], language="zh", theme="dark")
    take(browser, IMAGES / "console-dark-chinese.png")
    resize(browser, _NARROW)
    look_at(browser, address, PAGES["slates"], language="en", theme="light")
    take(browser, IMAGES / "console-phone.png")


if __name__ == "__main__":
    main()
