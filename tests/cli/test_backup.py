"""Backups that nobody else reads or forges, and kills that leave nothing half done behind."""

from __future__ import annotations

import secrets
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from server import Server

BUILD = """
from ecoledger.accounts.models import Person
from django.contrib.sessions.models import Session
from django.utils import timezone
Person.objects.create(username="geheimnis", name="x")
Session.objects.create(session_key="k" * 32, session_data="x", expire_date=timezone.now())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = Server(tmp_path_factory.mktemp("backup") / "data")
    made.prepare(BUILD)
    return made.data


@pytest.fixture
def key(tmp_path) -> Path:
    path = tmp_path / "key"
    path.write_text(secrets.token_hex(32))
    return path


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ecoledger", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=Server(Path("x")).environment,
    )


def script(text: str, *arguments: object) -> int:
    return subprocess.run(
        [sys.executable, "-c", text, *map(str, arguments)],
        check=False,
        timeout=120,
        env=Server(Path("x")).environment,
    ).returncode


@pytest.fixture
def sealed(folder, key, tmp_path) -> Path:
    file = tmp_path / "backup.sealed"
    done = command("backup", "--data", folder, "--key", key, file)
    assert done.returncode == 0, done.stderr
    return file


def test_a_sealed_backup_shows_nothing_and_comes_back_without_sessions(sealed, key, tmp_path):
    assert b"geheimnis" not in sealed.read_bytes()
    assert not zipfile.is_zipfile(sealed)
    target = tmp_path / "restored"
    done = command("restore", "--data", target, "--key", key, sealed)
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(target / "business.sqlite3") as database:
        people = database.execute("SELECT username FROM accounts_person").fetchall()
        sessions = database.execute("SELECT count(*) FROM django_session").fetchone()
    assert people == [("geheimnis",)]
    assert sessions == (0,)
    assert [p for p in target.rglob("*") if p.is_file() and p.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("harm", ["flipped", "cut", "other key", "no key"])
def test_a_changed_backup_or_a_wrong_key_restores_nothing(sealed, key, tmp_path, harm):
    content = bytearray(sealed.read_bytes())
    arguments = ["--key", key]
    if harm == "flipped":
        content[len(content) // 2] ^= 1
    elif harm == "cut":
        content = content[: (len(content) - 23) // (2**20 + 16) * (2**20 + 16) // 2 + 23]
    elif harm == "other key":
        key.write_text(secrets.token_hex(32))
    else:
        arguments = []
    sealed.write_bytes(content)
    target = tmp_path / "restored"
    done = command("restore", "--data", target, *arguments, sealed)
    assert done.returncode == 1
    assert "密钥" in done.stderr
    assert not target.exists()
    assert not list(tmp_path.glob(".restored*"))


def test_a_restore_that_was_killed_leaves_nothing_that_serves(folder, tmp_path):
    file, target = tmp_path / "backup.zip", tmp_path / "restored"
    assert command("backup", "--data", folder, file).returncode == 0
    killed = script(
        """
import os, sys
from pathlib import Path
from ecoledger.cli import backup
extract, done = backup._extract, []
def once(*given):
    extract(*given)
    done.append(1)
    if len(done) == 2:
        os._exit(9)
backup._extract = once
backup.unpack(Path(sys.argv[1]), Path(sys.argv[2]))
""",
        file,
        target,
    )
    assert killed == 9
    assert not target.exists()
    assert command("restore", "--data", target, file).returncode == 0
    assert (target / "business.sqlite3").exists()
    assert not list(tmp_path.glob(".restored*"))


def test_what_a_killed_backup_left_is_swept_by_the_next(folder, tmp_path):
    left = tmp_path / ".ecoledger-backup-4000000-abc"
    left.mkdir()
    (left / "business.sqlite3").write_bytes(b"secret")
    running = tmp_path / ".ecoledger-backup-1-abc"
    running.mkdir()
    assert command("backup", "--data", folder, tmp_path / "backup.zip").returncode == 0
    assert not left.exists()
    assert running.exists()


def test_a_first_start_that_was_killed_can_be_repeated(tmp_path):
    folder = tmp_path / "data"
    killed = script(
        """
import os, sys
from pathlib import Path
from ecoledger.cli import data_folder, first_tables
data_folder.use(Path(sys.argv[1]), make=True)
def half(verbosity):
    from django.db import connection
    from ecoledger.accounts.models import Person
    with connection.schema_editor() as editor:
        editor.create_model(Person)
    os._exit(9)
first_tables.create = half
data_folder.migrate()
""",
        folder,
    )
    assert killed == 9
    assert not (folder / "business.sqlite3").exists()
    with Server(folder) as server:
        assert server.http
    assert not list(folder.glob("new-*"))


def test_https_without_hosts_is_refused(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "ecoledger", "serve", "--data", str(tmp_path / "d")],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**Server(tmp_path).environment, "ECOLEDGER_HTTPS": "1"},
    )
    assert done.returncode == 1
    assert "ECOLEDGER_HOSTS" in done.stderr
