"""Get Debian's ClickHouse and ZooKeeper for ``make test-cluster``, where they can be had: the other servers come as wheels.

As root on Debian it installs what is missing, and lets no service of it start; otherwise it says what to run. It never
fails: what is not there is reported as not run by the tests.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

# Packages by a file that shows that they are there; ZooKeeper without the package that makes a service of it.
PACKAGES = {
    "clickhouse-server": Path("/usr/sbin/clickhouse-server"),
    "zookeeper": Path("/usr/share/java/zookeeper.jar"),
}
# While it forbids, Debian starts no service of a package that is being installed.
POLICY = Path("/usr/sbin/policy-rc.d")


def main() -> int:
    missing = [
        package
        for package, file in PACKAGES.items()
        if not file.exists() and not shutil.which(package)
    ]
    if not missing:
        return 0
    # A machine without a network is told so soon; one on which packages are being installed is waited for.
    apt = ["apt-get", "-qq"]
    for option in ("Acquire::http::Timeout=20", "Acquire::Retries=1", "DPkg::Lock::Timeout=120"):
        apt += ["-o", option]
    command = [*apt, "install", "-y", "--no-install-recommends"]
    if not Path("/usr/bin/apt-get").exists() or os.geteuid() != 0:
        _say(
            f"shards and their copies need: apt-get install {' '.join(missing)}, as root on Debian"
        )
        return 0
    # Told to end, it still allows services again.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    forbidden = not POLICY.exists()
    if forbidden:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        # One by one: what cannot be had does not keep the other away.
        for step in ([*apt, "update"], *([*command, package] for package in missing)):
            _run(step, environment)
    finally:
        if forbidden:
            POLICY.unlink(missing_ok=True)
    return 0


def _run(step: list[str], environment: dict[str, str]) -> None:
    try:
        subprocess.run(step, check=True, env=environment, stdout=sys.stderr, timeout=300)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        _say(f"cannot be installed here: {error}")


def _say(text: str) -> None:
    sys.stderr.write(f"test-cluster: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
