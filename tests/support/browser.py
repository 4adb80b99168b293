"""A browser that is there already, for tests of pages."""

from __future__ import annotations

import os
import shutil
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NO_BROWSER = "no browser here: install Chromium (apt-get install chromium), or name one in MINICNN_BROWSER"


def found() -> str | None:
    """The program's path: MINICNN_BROWSER, or Chromium or Chrome on the path; None if there is none."""
    named = os.environ.get("MINICNN_BROWSER")
    return next(filter(None, map(shutil.which, [named] if named else NAMES)), None)


def opened(driver: Any, program: str) -> Any:
    """The browser, driven by Playwright: Chromium, or a Firefox as it is published."""
    if "firefox" in os.path.basename(program):
        return driver.firefox.launch(channel="moz-firefox", executable_path=program)
    return driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
