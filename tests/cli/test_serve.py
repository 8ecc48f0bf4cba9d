"""The real server process: what it says, takes in, backs up, and how it stops and dies."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from server import Server

from ecoledger.hj212 import Packet, Value
from ecoledger.hj212.client import Client
from ecoledger.hj212.dialogue import Timing

MN = "1" * 24
POINT = f"""
from ecoledger.entities.models import Station
from ecoledger.monitoring.models import Point, PointParameter
station = Station.objects.create(
    code="A-1", name="一号站", area_code="990101001", medium="air", level="county")
point = Point.objects.create(
    entity=station, kind="air", name="一号站", area_code="990101001", mn="{MN}")
for code, name in (("a34004", "PM2.5"), ("a21026", "SO2")):
    PointParameter.objects.create(point=point, code=code, name=name, unit="µg/m³", decimals=0)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("serve") / "data")
    made.prepare(POINT)
    with made:
        yield made
    assert "traceback" not in made.log()


def get(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def hour(number: int, value: str = "37", cn: str = "2061") -> Packet:
    return Packet(
        st="22", cn=cn, mn=MN, qn=f"2026050109000{number:04}", flag=5,
        data_time=datetime(2026, 5, 1, number % 24),
        values=(Value("a34004", "Avg", Decimal(value), flag="N"),),
    )  # fmt: skip


async def send(server: Server, *packets: Packet) -> list[str]:
    timing = Timing(timeout=120, resends=0)
    async with await Client(timing=timing).connect(*server.device) as client:
        return [answer.cn for one in packets if (answer := await client.send(one))]


async def test_packets_are_acknowledged_and_health_tells_of_them(server):
    assert await send(server, hour(1), hour(2)) == ["9014", "9014"]
    status, body = get(server.http + "health")
    report = json.loads(body)
    assert (status, report["ok"]) == (200, True)
    assert report["gateway"]["acknowledged"] >= 2
    assert report["store"]["observations"] >= 2
    assert report["scheduler"]["late"] == []


async def test_metrics_are_for_the_machine_itself(server):
    await send(server, hour(3))
    status, body = get(server.http + "metrics")
    assert status == 200
    assert 'ecoledger_packets_total{outcome="accepted"}' in body
    behind_a_proxy = {"X-Forwarded-For": "10.0.0.9"}
    request = urllib.request.Request(server.http + "metrics", headers=behind_a_proxy)  # noqa: S310
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)  # noqa: S310
    assert refused.value.code == 403


async def test_a_backup_made_while_running_restores_to_the_same(server, tmp_path):
    await send(server, hour(4), hour(5))
    file = tmp_path / "backup.zip"
    code, lines, errors = server.command("backup", "--data", str(server.data), str(file))
    assert (code, lines[-1]["event"]) == (0, "backed-up"), errors
    restored = tmp_path / "restored"
    code, lines, errors = server.command("restore", "--data", str(restored), str(file))
    assert (code, lines[-1]["event"]) == (0, "restored"), errors
    assert (restored / "secret_key").read_text() == (server.data / "secret_key").read_text()
    with Server(restored) as second:
        assert await send(second, hour(4)) == ["9014"]
        _, body = get(second.http + "metrics")
        assert "ecoledger_duplicate_packets_total 1.0" in body
    code, lines, errors = server.command("restore", "--data", str(restored), str(file))
    assert code == 1
    assert "不是空目录" in errors


def test_a_damaged_backup_is_refused_and_leaves_nothing(server, tmp_path):
    file = tmp_path / "backup.zip"
    server.command("backup", "--data", str(server.data), str(file))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    target = tmp_path / "target"
    code, _, errors = server.command("restore", "--data", str(target), str(file))
    assert code == 1
    assert "损坏" in errors
    assert not target.exists()


def test_an_import_goes_through_the_running_server(server, tmp_path):
    file = tmp_path / "历史.csv"
    file.write_bytes(
        "点位,时间,PM2.5,SO2(mg/m3)\nA-1,2026-04-01 00:00,35,0.006\nA-1,2026-04-01 01:00,abc,0.007\n".encode(
            "gbk"
        )
    )
    code, lines, errors = server.command("import", "--data", str(server.data), str(file))
    assert code == 0, errors
    problem, done = lines
    assert (problem["row"], problem["field"]) == (3, "PM2.5")
    assert (done["event"], done["observations_stored"], done["bad_rows"]) == ("imported", 3, 1)
    code, lines, _ = server.command(
        "import", "--data", str(server.data), "--undo", str(done["batch"])
    )
    assert lines[-1] == {"event": "undone", "batch": done["batch"], "observations": 3}


def test_a_second_server_on_the_same_folder_is_refused(server):
    with pytest.raises(RuntimeError):
        Server(server.data).start()


async def test_it_stops_gracefully_and_what_was_acknowledged_is_there(tmp_path):
    first = Server(tmp_path / "data")
    first.prepare(POINT)
    with first:
        await send(first, *[hour(n) for n in range(10, 20)])
    assert first.process.returncode == 0
    assert list(first.data.glob("control-*")) == []
    assert stored(first.data) == list(range(10, 20))


def stored(data: Path) -> list[int]:
    """Hours of PM2.5 in a folder nobody has open."""
    from ecoledger.store.duckdb.store import DuckDBStore

    with DuckDBStore(data / "observations.duckdb") as store:
        table = store.read(series="hour", columns=("start",), revisions=True)
    return [start.hour for start in table["start"]]


def test_names_with_blanks_are_names_and_a_strange_way_in_is_told_its_setting(tmp_path):
    """``ECOLEDGER_HOSTS`` as people write it; the machine's own health question; a proxy on another port."""
    hosts = {"ECOLEDGER_HOSTS": "eco.test, mirror.test "}
    with (
        Server(tmp_path / "hosts", settings=hosts) as named,
        httpx.Client(trust_env=False) as asking,
    ):

        def ask(path: str, host: str, **more: str) -> httpx.Response:
            return asking.get(f"{named.http.rstrip('/')}{path}", headers={"Host": host, **more})

        assert ask("/sign-in", "eco.test").status_code == 200
        assert ask("/sign-in", "mirror.test").status_code == 200
        assert ask("/sign-in", "evil.example").status_code == 400
        assert ask("/health", "127.0.0.1").json()["ok"] is True
        strange = {"Host": "eco.test", "Origin": "http://eco.test:8443"}
        refused = asking.post(
            f"{named.http.rstrip('/')}/sign-in", data={"username": "x"}, headers=strange
        )
        assert refused.status_code == 403
        assert "ECOLEDGER_ORIGINS=http://eco.test:8443" in refused.text
