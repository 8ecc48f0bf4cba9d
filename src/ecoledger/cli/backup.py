"""``ecoledger backup`` and ``ecoledger restore``: one file holds everything a bureau owns.

The file is a ZIP archive: the observation store, the business database, evidence files, profile and keys,
with a manifest of SHA-256 sums. Made through the server while that runs (reports and pages go on; new
alarms wait for the moments in which the databases are copied), or directly when it does not.

With ``--key`` (or ``ECOLEDGER_BACKUP_KEY_FILE``) the file is encrypted and authenticated with the operator's key: it
holds secrets, personal data and device passwords, and a forged one is refused. Sessions are left out.

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
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ecoledger.cli import control, data_folder, sealed_file

MANIFEST = "manifest.json"
FORMAT = 1
# Made anew by every start, or by the system.
_LEFT_OUT = {"static", "observations.duckdb", "business.sqlite3"}
_CHUNK = 1 << 20
_PLAIN = ".decrypted.zip"
_SCRATCH = ".ecoledger-backup-"


_key_option = click.option(
    "--key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    envvar="ECOLEDGER_BACKUP_KEY_FILE",
    help="加密密钥文件（64 位十六进制数，如 openssl rand -hex 32 所生成）；请与备份分开保存。",
)


@click.command("backup")
@data_folder.option
@_key_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(data: Path, key: Path | None, file: Path) -> None:
    """把数据目录备份为一个文件 FILE（运行中也可备份）。"""
    target = file.resolve()
    if target.exists():
        raise click.ClickException(f"{target} 已存在；请换一个文件名")
    if not target.parent.is_dir():
        raise click.ClickException(f"没有目录 {target.parent}")
    folder = data.resolve()
    if server := control.running(folder):
        for line in control.ask(
            server, "backup", {"file": str(target), "key": str(key.resolve()) if key else ""}
        ):
            print(json.dumps(line, ensure_ascii=False))
        return
    data_folder.use(data)
    from ecoledger.monitoring import runtime
    from ecoledger.store.interface import StoreError

    try:
        with runtime.opened(data_folder.setting("OBSERVATIONS")):
            print(json.dumps(write(target, key), ensure_ascii=False))
    except StoreError as error:
        raise click.ClickException(str(error)) from error


@click.command("restore")
@data_folder.option
@_key_option
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore(data: Path, key: Path | None, file: Path) -> None:
    """用备份文件 FILE 恢复到空的数据目录。"""
    folder = data.resolve()
    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(
            f"{folder} 不是空目录：恢复会与其中的数据混在一起。请另给一个空目录，或先移走原有数据"
        )
    os.umask(0o077)
    print(json.dumps(unpack(file, folder, key), ensure_ascii=False))


def write_for_client(arguments: dict[str, Any], tell: control.Tell) -> None:
    """The server's side of ``ecoledger backup``."""
    key = Path(arguments["key"]) if arguments.get("key") else None
    tell(write(Path(arguments["file"]), key))


def write(target: Path, key: Path | None = None) -> dict[str, Any]:
    """Write the backup of this process's data folder to ``target``; what it holds.

    Needs the observation store open in this process. Leaves nothing behind when it fails.
    """
    from ecoledger.live import times
    from ecoledger.monitoring import runtime
    from ecoledger.monitoring.computing import pending

    folder: Path = data_folder.setting("DATA")
    if not (folder / "business.sqlite3").exists() or os.environ.get("ECOLEDGER_DATABASE"):
        raise click.ClickException(
            "业务库不在数据目录中：请用数据库自己的工具（如 pg_dump）备份业务库，"
            "或用 ecoledger move 搬到一个空目录后再备份"
        )
    begun = times.now()
    secret = _secret(key)
    _sweep(target.parent)
    prefix = f"{_SCRATCH}{os.getpid()}-"
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=prefix) as temporary:
        # All in one folder, readable by its owner alone, that a later backup sweeps when this one is killed.
        scratch = Path(temporary) / "copies"
        scratch.mkdir()
        partial = Path(temporary) / "partial"
        with pending.paused():
            report = runtime.store().backup(scratch / "observations.duckdb")
            _copy_sqlite(folder / "business.sqlite3", scratch / "business.sqlite3")
        members = dict(_files(scratch)) | {
            name: path
            for name, path in _files(folder)
            if Path(name).parts[0] not in _LEFT_OUT
            and not name.startswith(("observations.", "business.", control.PREFIX))
        }
        sums = _pack(partial, members, begun)
        if secret is not None:
            sealed_file.seal(partial, partial.with_name("sealed"), secret)
            partial = partial.with_name("sealed")
        partial.rename(target)
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


def _secret(key: Path | None) -> bytes | None:
    try:
        return sealed_file.key_of(key) if key is not None else None
    except sealed_file.SealError as error:
        raise click.ClickException(str(error)) from error


def _sweep(folder: Path) -> None:
    """Remove what backups that were killed have left: copies of both databases."""
    for left in folder.glob(f"{_SCRATCH}*"):
        owner = left.name.removeprefix(_SCRATCH).partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(left, ignore_errors=True)


def _copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy while others write (SQLite's online backup), without the sessions of the day."""
    with sqlite3.connect(source) as from_, sqlite3.connect(target) as to:
        from_.backup(to)
        to.execute("DELETE FROM django_session")
        to.commit()
        to.execute("PRAGMA secure_delete = ON")
        to.execute("VACUUM")
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


def unpack(file: Path, folder: Path, key: Path | None = None) -> dict[str, Any]:
    """Restore a backup into ``folder``, which is empty or absent; every file is checked against its sum.

    Everything is unpacked beside it and renamed at the end, so that a restore that was killed leaves nothing that
    could be taken for whole. Raises ``ClickException`` naming what is wrong with the file.
    """
    beside = folder.with_name(f".{folder.name}.restoring")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True, mode=0o700)
    try:
        manifest = _unpack_into(_opened(file, beside, key), beside)
        (beside / _PLAIN).unlink(missing_ok=True)
        if folder.exists():
            folder.rmdir()
        beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return {
        "event": "restored",
        "data": str(folder),
        "files": len(manifest["sha256"]),
        "made_at": manifest["made_at"],
    }


def _opened(file: Path, beside: Path, key: Path | None) -> Path:
    """The archive itself, decrypted when it is sealed."""
    if not sealed_file.is_sealed(file):
        return file
    secret = _secret(key)
    if secret is None:
        raise click.ClickException(f"{file} 是加密的备份：请用 --key 指定密钥文件")
    try:
        sealed_file.unseal(file, beside / _PLAIN, secret)
    except sealed_file.SealError as error:
        raise click.ClickException(str(error)) from error
    return beside / _PLAIN


def _unpack_into(file: Path, folder: Path) -> dict[str, Any]:
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise click.ClickException(f"{file} 不是备份文件或已损坏：{error}") from error
    with archive:
        try:
            manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
        except (KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            raise click.ClickException(f"{file} 不是 ecoledger 的备份文件（缺少清单）") from error
        if manifest.get("format") != FORMAT:
            raise click.ClickException(
                f"备份格式为 {manifest.get('format')}，本版本只认 {FORMAT}；请用相应版本的程序恢复"
            )
        for name, expected in manifest["sha256"].items():
            _extract(archive, name, expected, folder)
    return manifest


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
    except (KeyError, zipfile.BadZipFile, zlib.error, OSError) as error:
        raise click.ClickException(f"备份文件损坏：{name}（{error}）") from error
    if digest.hexdigest() != expected:
        raise click.ClickException(f"备份文件损坏：{name} 的校验值不符")
    if name in {"secret_key", "business.sqlite3", "observations.duckdb"}:
        target.chmod(0o600)
