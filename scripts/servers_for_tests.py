"""Get Debian's ClickHouse for ``make test-cluster``, where it can be had: the other servers come as wheels.

As root on Debian it installs what is missing, and lets no service of it start; otherwise it says what to run. It never
fails: what is not there is reported as not run by the tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGE = "clickhouse-server"
# While it forbids, Debian starts no service of a package that is being installed.
POLICY = Path("/usr/sbin/policy-rc.d")


def main() -> int:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    if shutil.which("clickhouse-server", path=path):
        return 0
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", PACKAGE]
    if not Path("/usr/bin/apt-get").exists() or os.geteuid() != 0:
        _say(f"the shards need {PACKAGE}; as root on Debian: {' '.join(command)}")
        return 0
    forbidden = not POLICY.exists()
    if forbidden:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in (["apt-get", "update", "-qq"], command):
            subprocess.run(  # noqa: S603
                step, check=True, env=environment, stdout=sys.stderr, timeout=300
            )
    except (OSError, subprocess.SubprocessError) as error:
        _say(f"{PACKAGE} cannot be installed here: {error}")
    finally:
        if forbidden:
            POLICY.unlink(missing_ok=True)
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"test-cluster: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
