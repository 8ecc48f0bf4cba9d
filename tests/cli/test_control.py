"""Several processes that serve one folder are each reachable; one that was killed is passed over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from ecoledger.cli import control

SERVES = """
import asyncio, sys
from pathlib import Path
from ecoledger.cli.control import ControlServer
async def main():
    async def who(arguments, tell):
        tell({"name": sys.argv[2]})
    async def refuse(arguments, tell):
        raise ValueError("no")
    server = ControlServer(Path(sys.argv[1]), {"who": who, "refuse": refuse})
    await server.start()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await server.stop()
asyncio.run(main())
"""


def serving(folder: Path, name: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVES, str(folder), name],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def asked(folder: Path, command: str = "who") -> list[dict[str, object]]:
    server = control.running(folder)
    assert server is not None
    return list(control.ask(server, command, {}))


def test_one_answers_while_another_ends_or_is_killed(tmp_path: Path) -> None:
    assert control.running(tmp_path) is None
    one, other = serving(tmp_path, "one"), serving(tmp_path, "other")
    files = list(tmp_path.iterdir())
    assert len(files) == 2
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    with pytest.raises(click.ClickException, match="ValueError: no"):
        asked(tmp_path, "refuse")
    one.communicate("\n", timeout=60)
    assert asked(tmp_path) == [{"name": "other"}]
    other.kill()
    other.communicate()
    assert control.running(tmp_path) is None
    third = serving(tmp_path, "third")
    assert asked(tmp_path) == [{"name": "third"}]
    # What the killed one left is gone.
    assert len(list(tmp_path.iterdir())) == 1
    third.communicate("\n", timeout=60)


def test_a_wrong_token_is_refused(tmp_path: Path) -> None:
    process = serving(tmp_path, "one")
    (path,) = tmp_path.iterdir()
    path.write_text(json.dumps(json.loads(path.read_text()) | {"token": "guessed"}))
    with pytest.raises(click.ClickException, match="令牌不对"):
        asked(tmp_path)
    process.communicate("\n", timeout=60)
