"""Long work is done by a process beside the server: it asks, tells, fails and dies as if it were at home."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import click
import pytest
from tests.cli.server import Server

from ecoledger.cli import enter
from ecoledger.jobs import beside

MANY = 60
TOWN = """
from ecoledger.entities.models import Area
Area.objects.create(code="990101", name="清溪县", level="county")
Area.objects.create(code="990101001", name="石桥镇", level="town")
"""


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    """A process beside this one, which may ask for a greeting."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECOLEDGER_DATA", str(tmp_path_factory.mktemp("data")))
        process = beside.Beside("ecoledger.cli.beside", {"store": _greeting})
        yield process
        process.close()


def _greeting(method, name):
    if not name:
        raise LookupError("nobody is there")
    return f"{method} {name}"


def ask_there(name):
    """Run in the process beside: asks the one that serves."""
    return os.getpid(), beside.ask("store", "greet", name)


def tell_there(number, tell):
    for n in range(number):
        tell({"row": n})
    return number


def refuse_there():
    raise click.ClickException("不行")


def sleep_there(tell):
    tell("begun")
    time.sleep(60)


def test_it_asks_the_serving_process_and_hears_what_went_wrong(process):
    number, answer = process.do(ask_there, "王")
    assert (number != os.getpid(), answer) == (True, "greet 王")
    with pytest.raises(LookupError, match="nobody"):
        process.do(ask_there, "")
    assert process.do(ask_there, "李") == (number, "greet 李")


def test_it_tells_line_by_line_and_its_refusals_arrive_as_they_are(process):
    lines = []
    assert process.do(tell_there, 3, tell=lines.append) == 3
    assert lines == [{"row": 0}, {"row": 1}, {"row": 2}]
    with pytest.raises(click.ClickException, match="不行"):
        process.do(refuse_there)


def test_work_is_lost_with_its_process_and_the_next_has_another(process):
    def kill(_line):
        os.kill(process._process.pid, signal.SIGKILL)

    with pytest.raises(beside.Lost):
        process.do(sleep_there, tell=kill)
    assert process.do(tell_there, 0, tell=print) == 0


def test_without_a_process_beside_work_is_done_here():
    assert beside.do("nobody", os.getpid) == os.getpid()


def test_a_long_table_is_entered_beside_the_server_and_ends_with_it(tmp_path):
    server = Server(tmp_path / "data")
    server.prepare(TOWN)
    # Few rows make a long file where each says much; what no column takes is left out.
    rows = [f"E-{n},第{n}纺织有限公司,石桥镇,{'说明' * 100}" for n in range(MANY)]
    file = tmp_path / "firms.csv"
    file.write_text("\n".join(["编码,名称,行政区划,说明", *rows]), encoding="utf-8")
    assert file.stat().st_size > enter.LONG_FILE
    with server:
        code, lines, errors = server.command(
            "enter", "enterprise", str(file), "--data", str(server.data)
        )
        assert (code, lines[-1]["kept"], errors) == (0, MANY, "")
        children = _children(server.pid)
        assert len(children) == 1
        server.kill()
        for _ in range(1200):
            if not any(child.exists() for child in children):
                break
            time.sleep(0.1)
        assert not any(child.exists() for child in children)


def test_who_computes_knows_whether_it_serves_and_whether_a_server_waits(process):
    assert beside.alone()
    assert not beside.serves()
    assert process.do(beside.alone) is False
    assert process.do(beside.serves) is False
    beside.open_beside(("work",), "ecoledger.cli.beside", {})
    try:
        assert beside.serves()
        assert not beside.alone()
    finally:
        beside.close_all()


def _children(pid):
    """The processes beside the server ``pid``."""
    return [
        status.parent
        for status in Path("/proc").glob("[0-9]*/status")
        if f"PPid:\t{pid}\n" in _read(status)
        and "ecoledger.cli.beside" in _read(status.parent / "cmdline")
    ]


def _read(path):
    try:
        return path.read_text()
    except OSError:
        return ""
