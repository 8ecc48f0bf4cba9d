"""The browser that pages are tested in: Debian's Chromium without its own window where that is installed, else the whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.cluster import places

# The first does the same work in half the processor's time: it draws no window around the page.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")


def program() -> str:
    """Where it is on this machine."""
    path = next((path for name in NAMES if (path := shutil.which(name))), None)
    if path is None:
        # On a run's servers what this machine lacks is reported as not run.
        missing = pytest.skip if os.environ.get(places.SERVER) else pytest.fail
        missing("no Chromium: run python scripts/browser_for_tests.py")
    return path


@contextmanager
def opened(*arguments: str) -> Iterator[Browser]:
    """A running browser; ``arguments``: further ones of its command line."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", *arguments],
        )
        yield browser
        browser.close()
