"""Make sure the browser tests have a browser and a Chinese font, from Debian's own packages.

Needs nothing when both are there. As root on Debian it installs what is missing; otherwise it says
what to run. The tests drive the system's Chromium, so no browser is downloaded from elsewhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The same browser, of Debian: without its own window, where that is packaged, and with it.
WINDOWLESS = "chromium-headless-shell"
BROWSERS = (WINDOWLESS, "chromium", "chromium-browser")
FONT_PACKAGE = "fonts-wqy-zenhei"


def browser() -> str | None:
    """Path of a Chromium on this machine, or ``None``."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def has_chinese_font() -> bool:
    """Whether fontconfig knows a font for Chinese; without one the pages show empty boxes."""
    if not shutil.which("fc-list"):
        return False
    fonts = subprocess.run(
        ["fc-list", ":lang=zh-cn", "family"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return bool(fonts.stdout.strip())


def install(packages: list[str]) -> None:
    """Install Debian packages; of a release that has no browser without a window, the one with it."""
    apt("update", "-qq")
    order = ("install", "-y", "-qq", "--no-install-recommends")
    try:
        apt(*order, *packages)
    except subprocess.CalledProcessError:
        if WINDOWLESS not in packages:
            raise
        apt(*order, *(name for name in packages if name != WINDOWLESS), "chromium")


def apt(*words: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", *words]
    subprocess.run(command, check=True, env=environment, stdout=sys.stderr)  # noqa: S603


def main() -> int:
    missing = []
    if not browser():
        missing.append(WINDOWLESS)
    if not has_chinese_font():
        missing += ["fontconfig", FONT_PACKAGE]
    if not missing:
        return 0
    remedy = f"apt-get install --no-install-recommends {' '.join(missing)}"
    if not Path("/usr/bin/apt-get").exists():
        sys.stderr.write(f"Install Chromium and a Chinese font; on Debian: {remedy}\n")
        return 1
    if os.geteuid() != 0:
        sys.stderr.write(f"The browser tests need packages. Run: sudo {remedy}\n")
        return 1
    try:
        install(missing)
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"{error}\nCheck the network or Debian's mirror, then run: {remedy}\n")
        return 1
    return 0 if browser() and has_chinese_font() else 1


if __name__ == "__main__":
    sys.exit(main())
