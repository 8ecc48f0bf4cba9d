"""Rehearsing alarm rules on a data folder that must not change, whatever its age."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.server import Server
from tests.cluster import places
from tests.path.house import SETTINGS

CHIMNEY = "闭环锅炉烟囱"
STATION = "北镇空气站"
BEGIN = datetime(2024, 3, 1)


def hours(values: dict[int, tuple[float, str]], number: int, base: float, digits: int) -> list[str]:
    """``number`` hours about ``base``, those of ``values`` instead; as rows of a file."""
    rows = []
    for n in range(number):
        ordinary = base * (1 + 0.2 * math.sin(n / 3.7) + 0.1 * math.sin(n * 1.9))
        value, mark = values.get(n, (round(ordinary, digits), "N"))
        rows.append(f"{BEGIN + timedelta(hours=n):%Y-%m-%d %H:%M},{value},{mark}")
    return rows


def fingerprint(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def folder(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small county with two weeks of 2024 at one chimney and one station, brought in by import."""
    place = tmp_path_factory.mktemp("rehearse")
    server = Server(place / "data", settings=SETTINGS)

    shutil.copytree(built, server.data)
    places.copied(built, server.data)
    over = {n: (75.0 + n % 3, "N") for n in range(200, 206)}
    over |= dict.fromkeys(range(206, 209), (90.0, "N"))
    stuck = dict.fromkeys(range(260, 280), (31.0, "N"))
    calibrated = dict.fromkeys((120, 121), (140.0, "C"))
    for name, column, values, base in (
        (CHIMNEY, "a21026", over | stuck | calibrated, 20.0),
        (STATION, "a34004", {n: (-12.0 - n % 4, "N") for n in range(150, 158)}, 40.0),
    ):
        file = place / f"{column}.csv"
        lines = [f"时间,{column},标记", *hours(values, 330, base, 1)]
        file.write_text("\n".join(lines), encoding="utf-8")
        code, told, errors = server.command(
            "import", "--data", str(server.data), str(file), "--point", name, "--sure"
        )
        assert code == 0, (told, errors)
    return server.data


def rehearse(folder: Path, *more: str) -> list[dict]:
    code, lines, errors = Server(folder, settings=SETTINGS).command(
        "alarms", "rehearse", "--data", str(folder), "--from", "2024-03-01", "--to", "2024-03-16", *more
    )  # fmt: skip
    assert code == 0, errors
    return lines


def test_each_trouble_is_told_once_and_the_folder_stays_as_it_was(folder):
    before = fingerprint(folder)
    lines = rehearse(folder)
    assert fingerprint(folder) == before
    raised = [(one["point_name"], one["detector"]) for one in lines if one["state"] == "raised"]
    assert sorted(raised) == sorted(
        [(CHIMNEY, "exceedance"), (CHIMNEY, "constant"), (STATION, "data_quality")]
    )
    exceeded = next(one for one in lines if one["detector"] == "exceedance")
    assert (exceeded["point"], exceeded["parameter"]) == ("E-1-DA001", "a21026")
    assert (exceeded["first"], exceeded["last"]) == ("2024-03-09T08:00", "2024-03-09T17:00")
    assert exceeded["rule"] == "flue_gas_hour"
    assert "超过限值（50 mg/m³）" in exceeded["text"]
    assert exceeded["why"]
    assert exceeded["prevented_by"]
    # The jump that the exceedance is was not told a second time.
    merged = [one for one in lines if one["state"] == "merged"]
    assert {one["merged_into"]["rule"] for one in merged} <= {
        "flue_gas_hour",
        "flue_gas_constant",
        "air_quality",
    }


def test_one_rule_with_other_settings(folder, tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text("[flue_gas_hour]\nlimits = { a21026 = 85 }\n", encoding="utf-8")
    (line,) = rehearse(folder, "--rule", "flue_gas_hour", "--settings", str(file))
    assert (line["state"], line["first"]) == ("raised", "2024-03-09T14:00")


def test_what_cannot_be_rehearsed_is_refused_with_the_remedy(folder):
    for more, said in (
        (["--rule", "nothing"], "flue_gas_hour"),
        (["--from", "yesterday"], "2026-05-01"),
        (["--from", "2024-04-01"], "--to"),
    ):
        code, _, errors = Server(folder, settings=SETTINGS).command(
            "alarms", "rehearse", "--data", str(folder), "--from", "2024-03-01", "--to", "2024-03-16", *more
        )  # fmt: skip
        assert code != 0
        assert said in errors


def test_a_running_server_rehearses_itself(folder, tmp_path):
    with Server(folder, settings=SETTINGS) as server:
        code, lines, errors = server.command(
            "alarms", "rehearse", "--data", str(folder), "--from", "2024-03-01", "--to", "2024-03-16",
            "--rule", "flue_gas_hour",
        )  # fmt: skip
        assert code == 0, errors
    assert [json.dumps(one["state"]) for one in lines] == ['"raised"']
