"""Take pictures of the main pages of a running server, at a desk's and a phone's width, light and dark.

    python scripts/screenshots.py http://127.0.0.1:8000 USER docs/screenshots [page …]

The password is read from the environment (ECOLEDGER_PASSWORD), so that it stays out of the shell's history.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

SIZES = {"wide": (1440, 900), "phone": (390, 844)}
THEMES = ("light", "dark")
# Where the address depends on what the server holds, it is the first link on a list page that fits.
PAGES: dict[str, tuple[str, str]] = {
    "sign-in": ("/sign-in", ""),
    "cockpit": ("/", ""),
    "map": ("/map", ""),
    "stations": ("/stations", ""),
    "station": ("/stations?kind=air", "td.lead a"),
    "station-calendar": ("/stations?kind=air", "td.lead a?tab=calendar"),
    "station-quality": ("/stations?kind=air", "td.lead a?tab=quality"),
    "source": ("/stations?kind=flue_gas", "td.lead a"),
    "alarms": ("/alarms", ""),
    "alarm": ("/alarms", "td.lead a"),
    "filings": ("/filings", ""),
    "enterprises": ("/enterprises", ""),
    "enterprise": ("/enterprises?key=1", "td.lead a"),
    "catalogue": ("/catalogue", ""),
    "quarantine": ("/quarantine", ""),
    "frame": ("/quarantine", "td.lead a"),
    "import": ("/import", ""),
    "rules": ("/rules", ""),
    "rule": ("/rules?kind=air&detector=neighbours", "td.lead a"),
    "account": ("/account", ""),
    "notices": ("/notices", ""),
    "bulletins": ("/bulletins", ""),
    "my-work": ("/my-work", ""),
    "matters": ("/matters/alarm_case?detector=exceedance", ""),
    "matter": ("/matters/alarm_case?detector=exceedance", "td a"),
    "statistics": ("/matters/alarm_case/statistics", ""),
    "problems": ("/matters/problem", ""),
    "routing": ("/routing", ""),
    "routing-rule": ("/routing/new", ""),
    "audit": ("/audit", ""),
    "people": ("/people", ""),
}
LARGEST = 300_000
TALLEST = 2600


def settle(page: Page) -> None:
    """Wait until charts and maps have drawn what the server described."""
    page.wait_for_load_state("load")
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-chart],[data-map]')]"
        ".every(e => e.dataset.drawn || e.querySelector('.chart-problem'))",
        timeout=15_000,
    )
    page.wait_for_timeout(400)


def go(page: Page, server: str, address: str, link: str) -> bool:
    """Open a page of :data:`PAGES`; false when its list has nothing to open."""
    page.goto(server + address)
    if not link:
        return True
    selector, _, query = link.partition("?")
    target = page.locator(selector).first
    if not target.count():
        return False
    found = target.get_attribute("href") or ""
    page.goto(server + found + (f"?{query}" if query else ""))
    return True


def sign_in(page: Page, server: str, user: str, password: str) -> None:
    page.goto(server + "/sign-in")
    page.fill("#username", user)
    page.fill("#password", password)
    page.click("button.btn-primary")
    page.wait_for_load_state("load")


def take(
    browser: Browser, server: str, user: str, password: str, folder: Path, wanted: list[str]
) -> list[Path]:
    """Every wanted page in every size and theme; returns the files written."""
    written = []
    for theme in THEMES:
        for size, (width, height) in SIZES.items():
            context = browser.new_context(
                viewport={"width": width, "height": height},
                device_scale_factor=1,
                locale="zh-CN",
                timezone_id="Asia/Shanghai",
            )
            context.add_cookies([{"name": "theme", "value": theme, "url": server}])
            page = context.new_page()
            page.on(
                "console",
                lambda m: sys.stderr.write(f"{m.text}\n") if m.type == "error" else None,
            )
            signed_in = False
            for name in wanted:
                if name != "sign-in" and not signed_in:
                    sign_in(page, server, user, password)
                    signed_in = True
                if not go(page, server, *PAGES[name]):
                    sys.stderr.write(f"{name}: nothing to open\n")
                    continue
                settle(page)
                path = folder / f"{name}-{size}-{theme}.png"
                whole = page.evaluate("document.documentElement.scrollHeight")
                if name != "map" and whole > height:
                    # A taller window, not a full-page picture: the menu beside the page is as tall as it.
                    page.set_viewport_size({"width": width, "height": min(whole, TALLEST)})
                    page.wait_for_timeout(300)
                page.screenshot(path=path)
                page.set_viewport_size({"width": width, "height": height})
                if path.stat().st_size > LARGEST:
                    page.screenshot(path=path)
                written.append(path)
            context.close()
    return written


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("server")
    parser.add_argument("user")
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="*", choices=[[], *PAGES], default=[])
    given = parser.parse_args()
    password = os.environ.get("ECOLEDGER_PASSWORD", "")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not password or not chromium:
        sys.stderr.write(
            "Set ECOLEDGER_PASSWORD, and install Chromium (python scripts/browser_for_tests.py).\n"
        )
        return 2
    given.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        written = take(
            browser,
            given.server.rstrip("/"),
            given.user,
            password,
            given.folder,
            given.pages or list(PAGES),
        )
        browser.close()
    sys.stdout.write("".join(f"{path}\n" for path in written))
    return 0


if __name__ == "__main__":
    sys.exit(main())
