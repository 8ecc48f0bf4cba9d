"""``ecoledger check`` and the list of what is installed."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from server import Server

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = Server(tmp_path_factory.mktemp("check") / "data")
    made.prepare("")
    return made.data


def check(folder: Path, **settings: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "ecoledger", "check", "--data", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**Server(folder).environment, **settings},
    )
    return done.returncode, done.stdout


def test_what_is_unsafe_is_listed_with_its_remedy(folder):
    code, said = check(folder)
    lines = [json.loads(line) for line in said.splitlines()]
    assert code == 1
    assert all(line["remedy"] for line in lines)
    for word in ("存证链密钥", "外部存证", "HTTPS", "备份没有加密", "没有审计管理员"):
        assert any(word in line["problem"] for line in lines), word


def test_what_was_set_is_no_longer_listed(folder, tmp_path):
    _code, said = check(
        folder,
        ECOLEDGER_HEAD_FILE=str(tmp_path / "heads"),
        ECOLEDGER_CHAIN_KEY_FILE=str(tmp_path / "chain_key"),
        ECOLEDGER_HTTPS="1",
    )
    for word in ("存证链密钥", "外部存证", "HTTPS"):
        assert word not in said


def test_the_bill_of_materials_names_every_pinned_package(tmp_path):
    subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "sbom.py"), str(tmp_path / "sbom.json")], check=True
    )
    bill = json.loads((tmp_path / "sbom.json").read_text())
    assert bill["bomFormat"] == "CycloneDX"
    names = {component["name"].lower() for component in bill["components"]}
    assert {"django", "duckdb", "uvicorn", "echarts", "htmx.org"} <= names
    django = next(c for c in bill["components"] if c["name"].lower() == "django")
    assert len(django["hashes"]) >= 2


def test_engines_that_do_not_go_together_or_do_not_answer_are_named(folder):
    _, said = check(folder, ECOLEDGER_BUS="nats://127.0.0.1:1")
    problems = {line["problem"]: line["remedy"] for line in map(json.loads, said.splitlines())}
    alone = next(p for p in problems if "没有同时设" in p)
    assert "三项一起设" in problems[alone]
    assert any("ECOLEDGER_BUS 所指的服务器连不上" in problem for problem in problems)


def test_a_database_that_cannot_be_reached_is_named_without_its_password(folder):
    address = "postgresql://ledger:geheim@127.0.0.1:1/ledger"
    done = subprocess.run(
        [sys.executable, "-m", "ecoledger", "check", "--data", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**Server(folder).environment, "ECOLEDGER_DATABASE": address},
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "geheim" not in said
    if importlib.util.find_spec("psycopg"):
        assert "业务库连不上" in said
        assert "密码写在环境变量里" in said
    else:  # the driver comes with the extra "cluster"
        assert "pip install 'ecoledger[cluster]'" in said


def test_an_address_that_is_none_is_refused_with_its_form(folder):
    done = subprocess.run(
        [sys.executable, "-m", "ecoledger", "check", "--data", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**Server(folder).environment, "ECOLEDGER_DATABASE": "mysql://ledger:geheim@db/ledger"},
    )
    assert done.returncode == 1
    assert "应写作 postgresql://" in done.stderr
    assert "geheim" not in done.stderr
