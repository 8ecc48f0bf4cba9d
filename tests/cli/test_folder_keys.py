"""Keys of a data folder: processes that start together on an empty one have the same, and a key that is empty is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

KEYS = """
import sys
from django.conf import settings
print("ready", flush=True)
sys.stdin.readline()
print(settings.CHAIN_KEY.hex(), settings.SECRET_KEY)
"""


def started(folder: Path) -> subprocess.Popen[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ECOLEDGER", "DJANGO"))}
    named = {"ECOLEDGER_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "ecoledger.settings"}
    return subprocess.Popen(
        [sys.executable, "-c", KEYS],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**kept, **named},
    )  # fmt: skip


def test_processes_that_start_together_have_the_same_keys(tmp_path: Path) -> None:
    processes = [started(tmp_path / "data") for _ in range(6)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    said = {process.communicate("\n")[0] for process in processes}
    assert len(said) == 1
    chain, secret = said.pop().split()
    assert len(chain) == 64
    assert len(secret) >= 60
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [
        "chain_key",
        "secret_key",
    ]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()} == {0o600}


def test_an_empty_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "chain_key").touch()
    process = started(tmp_path)
    _, errors = process.communicate("\n")
    assert process.returncode != 0
    assert "chain_key 是空的" in errors
