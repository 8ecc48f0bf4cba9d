"""The command line: decode, encode, send."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hj212_frames import MN, frame_of, made

from ecoledger.cli.hj212 import command
from ecoledger.hj212 import Batch, Connection, Gateway, Packet, Timing, decode, frames_of
from ecoledger.hj212.json_form import from_json, raw_bytes, raw_text, to_json


def run(*arguments: str, data: bytes | None = None) -> Result:
    return CliRunner().invoke(command, list(arguments), input=data)


def objects(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


GOOD = made("DataTime=20240601085800;a34004-Rtd=35.20,a34004-Flag=N")


def test_a_frame_becomes_an_object() -> None:
    result = run("decode", data=GOOD + b"\r\n")
    assert result.exit_code == 0
    (entry,) = objects(result)
    assert entry["ok"] is True
    assert (entry["errors"], entry["warnings"]) == ([], [])
    assert (entry["edition"], entry["st"], entry["cn"], entry["mn"]) == (2017, "22", "2011", MN)
    assert (entry["flag"], entry["ack"], entry["qn"]) == (5, True, "20240601085857223")
    assert (entry["packet_count"], entry["packet_no"], entry["resend"]) == (None, None, False)
    assert entry["data_time"] == "2024-06-01T08:58:00"
    assert entry["values"] == [
        {"code": "a34004", "name": "细微颗粒物PM2.5", "field": "Rtd", "value": 35.2,
         "unit": "μg/m³", "flag": "N", "sample_time": None}
    ]  # fmt: skip
    assert '"value": 35.20,' in result.stdout  # the digits given
    assert entry["raw"] == GOOD.decode()


def test_one_bad_frame_makes_the_exit_code_one_and_all_are_printed(tmp_path: Path) -> None:
    file = tmp_path / "frames.txt"
    file.write_bytes(GOOD + GOOD[:-4] + b"0000" + b"\n" + GOOD + b"\nno frame\n")
    result = run("decode", str(file))
    assert result.exit_code == 1
    assert [entry["ok"] for entry in objects(result)] == [True, False, True, False]
    assert objects(result)[1]["errors"] == ["crc"]
    assert objects(result)[3]["errors"][0] == "header"


def test_strict() -> None:
    frame = made("DataTime=20240601085800;a34004-Rtd=--")
    assert run("decode", data=frame).exit_code == 0
    result = run("decode", "--strict", data=frame)
    assert result.exit_code == 1
    (entry,) = objects(result)
    assert entry["errors"] == ["value"]
    assert entry["values"][0]["value"] is None
    assert entry["values"][0]["text"] == "--"


def test_all_published_messages_there_and_back(messages: list[dict[str, Any]]) -> None:
    frames = [frame_of(message) for message in messages]
    good = [frame for frame in frames if decode(frame).ok]
    result = run("decode", data=b"\r\n".join(good))
    assert result.exit_code == 0
    written = run("encode", data=result.stdout_bytes)
    assert written.exit_code == 0
    again = frames_of(written.stdout_bytes)
    assert [decode(frame) for frame in again] == [decode(frame) for frame in good]


def test_encode_says_which_line_is_wrong() -> None:
    lines = [to_json(decode(GOOD)), "{}", "not json", '{"cn":"2011","st":"22","mn":"a;b"}']
    result = run("encode", data="\n".join(lines).encode())
    assert result.exit_code == 1
    assert result.stdout_bytes == GOOD + b"\r\n"
    assert "第 2 行" in result.stderr
    assert "第 3 行" in result.stderr
    assert "第 4 行" in result.stderr


def test_encode_puts_flag_together() -> None:
    packet = from_json('{"st":"22","cn":"2011","mn":"A","edition":2025,"ack":true}')
    assert packet.flag == 9


def test_raw_is_reversible() -> None:
    for data in (b"plain", b"\xb9\xdc\\x41", "清洗".encode(), bytes(range(256)), b"\\\\x5c"):
        assert raw_bytes(raw_text(data)) == data
        assert raw_text(data).encode()  # no lone surrogates: any JSON reader takes it


def test_encrypted_there_and_back() -> None:
    key = "0123456789abcdef"
    packet = to_json(decode(made("DataTime=20240601085800;a34004-Rtd=35.20", flag="Flag=9;")))
    for form in ("raw", "text"):
        sealed = run("encode", "--key", key, "--form", form, data=packet.encode()).stdout_bytes
        assert b"a34004-Rtd" not in sealed
        assert run("decode", data=sealed).exit_code == 1
        (entry,) = objects(run("decode", "--key", key, data=sealed))
        assert entry["values"][0]["value"] == 35.2
    assert run("decode", "--key", "short", data=b"").exit_code == 2


def test_the_command_line_loads_neither_django_nor_data_frames() -> None:
    code = (
        "import sys, ecoledger.cli.hj212\n"
        "assert not {'django', 'polars', 'duckdb'} & set(sys.modules), sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


class Platform:
    """A gateway in a thread of its own that keeps what it gets."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.connections: set[int] = set()
        self.refuse = False
        self.port = 0
        self._ready = threading.Event()
        self._stop: asyncio.Event
        self._loop: asyncio.AbstractEventLoop

    async def _handle(self, batch: Batch, connections: Sequence[Connection]) -> list[int] | None:
        self.packets += [batch.packet_at(row) for row in range(len(batch))]
        self.connections |= {connection.number for connection in connections}
        return [] if self.refuse else None

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with Gateway(self._handle) as gateway:
            _, self.port = await gateway.listen()
            self._ready.set()
            await self._stop.wait()

    def __enter__(self) -> "Platform":
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform() as running:
        yield running


def send(platform: Platform, file: Path, *options: str) -> Result:
    return run("send", "--to", f"127.0.0.1:{platform.port}", *options, str(file))


def test_a_wide_table(platform: Platform, tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    file.write_text(
        "time,mn,st,cn,a34004-Rtd,a34004-Flag,a34002-Rtd\n"
        + "".join(
            f"2024-06-01 08:{minute:02}:00,{device:024X},22,2011,{minute}.50,N,\n"
            for minute in range(20)
            for device in range(5)
        )
    )
    result = send(platform, file, "--connections", "3")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert (report["sent"], report["acknowledged"], report["failed"]) == (100, 100, 0)
    assert len(platform.packets) == 100
    assert len(platform.connections) == 3
    first = platform.packets[0]
    assert str(first.values[0].value).endswith(".50")
    assert [value.code for value in first.values] == ["a34004"]  # an empty cell is not a value
    assert first.values[0].flag == "N"
    assert first.qn.startswith("2024060108")


def test_a_long_table(platform: Platform, tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text(
        "time,mn,st,cn,edition,code,field,value,flag\n"
        f"20240601080000,{MN},32,2061,2025,w01018,Avg,40.1,N\n"
        f"20240601080000,{MN},32,2061,2025,w01018,Max,41.0,N\n"
        f"20240601090000,{MN},32,2061,2025,w01018,Avg,42.0,D\n"
    )
    assert json.loads(send(platform, file).stdout)["acknowledged"] == 2
    assert [len(packet.values) for packet in platform.packets] == [2, 1]
    assert platform.packets[0].edition == 2025
    assert platform.packets[1].values[0].flag == "D"


def test_raw_frames(platform: Platform, tmp_path: Path) -> None:
    quiet = made("DataTime=20240601085800", flag="Flag=4;")
    file = tmp_path / "raw.csv"
    file.write_text(f'raw\n"{raw_text(GOOD)}"\n"{raw_text(quiet)}"\n')
    report = json.loads(send(platform, file).stdout)
    assert (report["sent"], report["acknowledged"], report["unanswered_by_design"]) == (2, 1, 1)
    assert sorted(packet.raw for packet in platform.packets) == sorted([GOOD, quiet])


def test_what_is_not_acknowledged_has_failed(platform: Platform, tmp_path: Path) -> None:
    platform.refuse = True
    file = tmp_path / "wide.csv"
    file.write_text(f"time,mn,a34004-Rtd\n2024-06-01,{MN},1\n")
    result = send(platform, file, "--timeout", "0.1", "--resends", "1")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert (report["sent"], report["failed"], report["resent"]) == (1, 1, 1)
    assert MN in report["failures"][0]


def test_speed_follows_the_records(platform: Platform, tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    rows = "".join(f"2024-06-01 08:0{minute}:00,{MN},1\n" for minute in range(4))
    file.write_text("time,mn,a34004-Rtd\n" + rows)
    report = json.loads(send(platform, file, "--speed", "600").stdout)
    assert report["seconds"] >= 0.3  # three minutes at 600 times


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("time,a34004-Rtd\n", "没有 mn 列"),
        ("time,mn,banana\n", "banana"),
        ("time,mn,a34004-Rtd\nsoon,A,1\n", "第 2 行"),
        ("time,mn,a34004-Rtd\n2024-06-01,A,x\n", "第 2 行"),
        ("time,mn,a34004-Rtd\n2024-06-01,,1\n", "没有 mn"),
        ("mn,edition,a34004-Rtd\nA,1999,1\n", "1999"),
    ],
)
def test_a_wrong_table_is_explained(
    platform: Platform, tmp_path: Path, table: str, words: str
) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text(table)
    result = send(platform, file)
    assert result.exit_code == 1
    assert words in result.stderr


def test_no_platform(tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    file.write_text("mn,a34004-Rtd\nA,1\n")
    assert "连接" in run("send", "--to", "127.0.0.1:1", str(file)).stderr
    assert run("send", "--to", "nowhere", str(file)).exit_code == 2


def test_timing_is_the_standards() -> None:
    assert (Timing().timeout, Timing().resends) == (10.0, 3)
