"""``ecoledger backup`` and ``ecoledger restore``: one file holds everything a bureau owns.

The file is a ZIP archive: the observation store, the business database, evidence files, profile and keys,
with a manifest of SHA-256 sums. Made through the server while that runs (reports and pages go on; new
alarms wait for the moments in which the databases are copied), or directly when it does not.

The observations are copied first and the business records second, so that every point an observation
belongs to is there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ecoledger.cli import control, data_folder

MANIFEST = "manifest.json"
FORMAT = 1
# Made anew by every start, or by the system.
_LEFT_OUT = {control.FILE, "static", "observations.duckdb", "business.sqlite3"}
_CHUNK = 1 << 20


@click.command("backup")
@data_folder.option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(data: Path, file: Path) -> None:
    """把数据目录备份为一个文件 FILE（运行中也可备份）。"""
    target = file.resolve()
    if target.exists():
        raise click.ClickException(f"{target} 已存在；请换一个文件名")
    if not target.parent.is_dir():
        raise click.ClickException(f"没有目录 {target.parent}")
    folder = data.resolve()
    if server := control.running(folder):
        for line in control.ask(server, "backup", {"file": str(target)}):
            print(json.dumps(line, ensure_ascii=False))
        return
    data_folder.use(data)
    from ecoledger.monitoring import runtime
    from ecoledger.store.interface import StoreError

    try:
        with runtime.opened(data_folder.setting("OBSERVATIONS")):
            print(json.dumps(write(target), ensure_ascii=False))
    except StoreError as error:
        raise click.ClickException(str(error)) from error


@click.command("restore")
@data_folder.option
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore(data: Path, file: Path) -> None:
    """用备份文件 FILE 恢复到空的数据目录。"""
    folder = data.resolve()
    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(
            f"{folder} 不是空目录：恢复会与其中的数据混在一起。请另给一个空目录，或先移走原有数据"
        )
    print(json.dumps(unpack(file, folder), ensure_ascii=False))


def write_for_client(arguments: dict[str, Any], tell: control.Tell) -> None:
    """The server's side of ``ecoledger backup``."""
    tell(write(Path(arguments["file"])))


def write(target: Path) -> dict[str, Any]:
    """Write the backup of this process's data folder to ``target``; what it holds.

    Needs the observation store open in this process. Leaves nothing behind when it fails.
    """
    from ecoledger import settings
    from ecoledger.live import times
    from ecoledger.monitoring import runtime
    from ecoledger.monitoring.computing import pending

    folder: Path = data_folder.setting("DATA")
    if (
        data_folder.setting("DATABASES")["default"]["ENGINE"]
        != settings.DATABASES["default"]["ENGINE"]
    ):
        raise click.ClickException(
            "业务库不是内置数据库：请用该数据库自己的工具（如 pg_dump）备份业务库"
        )
    begun = times.now()
    partial = target.with_name(target.name + ".partial")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".ecoledger-backup-") as temporary:
        scratch = Path(temporary)
        with pending.paused():
            report = runtime.store().backup(scratch / "observations.duckdb")
            _copy_sqlite(folder / "business.sqlite3", scratch / "business.sqlite3")
        try:
            members = dict(_files(scratch)) | {
                name: path
                for name, path in _files(folder)
                if Path(name).parts[0] not in _LEFT_OUT
                and not name.startswith(("observations.", "business."))
            }
            sums = _pack(partial, members, begun)
            partial.rename(target)
        finally:
            partial.unlink(missing_ok=True)
    return {
        "event": "backed-up",
        "file": str(target),
        "bytes": target.stat().st_size,
        "files": len(sums),
        "last_observation_id": report.last_observation_id,
        "seconds": round((times.now() - begun).total_seconds(), 3),
    }


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path


def _copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy while others write (SQLite's online backup)."""
    with sqlite3.connect(source) as from_, sqlite3.connect(target) as to:
        from_.backup(to)
    from_.close()
    to.close()


def _pack(partial: Path, members: dict[str, Path], begun: datetime) -> dict[str, str]:
    sums: dict[str, str] = {}
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with (
        os.fdopen(descriptor, "wb") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for name, path in members.items():
            digest = hashlib.sha256()
            try:
                source = path.open("rb")
            except FileNotFoundError:
                continue  # a log or temporary file that went away meanwhile
            with source, archive.open(name, "w", force_zip64=True) as member:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    member.write(chunk)
            sums[name] = digest.hexdigest()
        manifest = {"format": FORMAT, "made_at": begun.isoformat(), "sha256": sums}
        archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    return sums


def unpack(file: Path, folder: Path) -> dict[str, Any]:
    """Restore a backup into ``folder``, which is empty or absent; every file is checked against its sum.

    Raises ``ClickException`` naming what is wrong with the file; the folder is then left empty.
    """
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise click.ClickException(f"{file} 不是备份文件或已损坏：{error}") from error
    with archive:
        try:
            manifest = json.loads(archive.read(MANIFEST))
        except (KeyError, ValueError) as error:
            raise click.ClickException(f"{file} 不是 ecoledger 的备份文件（缺少清单）") from error
        if manifest.get("format") != FORMAT:
            raise click.ClickException(
                f"备份格式为 {manifest.get('format')}，本版本只认 {FORMAT}；请用相应版本的程序恢复"
            )
        folder.mkdir(parents=True, exist_ok=True)
        try:
            for name, expected in manifest["sha256"].items():
                _extract(archive, name, expected, folder)
        except BaseException:
            for entry in folder.iterdir():
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            raise
    return {
        "event": "restored",
        "data": str(folder),
        "files": len(manifest["sha256"]),
        "made_at": manifest["made_at"],
    }


def _extract(archive: zipfile.ZipFile, name: str, expected: str, folder: Path) -> None:
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise click.ClickException(f"备份文件含有目录外的路径 {name!r}，拒绝恢复")
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        with archive.open(name) as member, target.open("wb") as out:
            while chunk := member.read(_CHUNK):
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
    except (KeyError, zipfile.BadZipFile, OSError) as error:
        raise click.ClickException(f"备份文件损坏：{name}（{error}）") from error
    if digest.hexdigest() != expected:
        raise click.ClickException(f"备份文件损坏：{name} 的校验值不符")
    if name in {"secret_key", "business.sqlite3", "observations.duckdb"}:
        target.chmod(0o600)
