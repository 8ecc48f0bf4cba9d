"""``ecoledger move``: carry a bureau between the embedded engines and servers, and prove that nothing changed.

    ecoledger move --from data --to data2 --to-database postgresql://…    to the server
    ecoledger move --from data2 --from-database postgresql://… --to back  and home again

``--to-store clickhouse://…`` and ``--from-store`` do the same for observations. Prints one JSON line a table with its rows
and digest before and after, one for the observations. The source is only read; nothing of a move that does not come
to its end is kept in the target's database.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ecoledger import engines
from ecoledger.cli import control, data_folder

# Made anew by every start, or carried as what they hold.
OBSERVATIONS = "observations.duckdb"
_LEFT_OUT = (control.PREFIX, "static", "business.", "new-business.")


@click.command("move")
@click.option("--from", "source", type=click.Path(path_type=Path, file_okay=False), required=True,
              help="现数据目录。")  # fmt: skip
@click.option("--from-database", envvar="ECOLEDGER_FROM_DATABASE", default="",
              help="现业务库 postgresql://…；不给即数据目录中的内置库。")  # fmt: skip
@click.option("--to", "target", type=click.Path(path_type=Path, file_okay=False), required=True,
              help="新数据目录。")  # fmt: skip
@click.option("--to-database", envvar="ECOLEDGER_TO_DATABASE", default="",
              help="新业务库 postgresql://…（空库）；不给即新数据目录中的内置库。")  # fmt: skip
@click.option("--from-store", envvar="ECOLEDGER_FROM_STORE", default="",
              help="现观测库 clickhouse://…；不给即数据目录中的内置库。")  # fmt: skip
@click.option("--to-store", envvar="ECOLEDGER_TO_STORE", default="",
              help="新观测库 clickhouse://…（空库）；不给即新数据目录中的内置库。")  # fmt: skip
def command(
    source: Path,
    from_database: str,
    target: Path,
    to_database: str,
    from_store: str,
    to_store: str,
) -> None:
    """在内置引擎与服务器之间整体搬移，并逐表核对。"""
    source, target = source.resolve(), target.resolve()
    if not source.is_dir():
        raise click.ClickException(f"没有数据目录 {source}")
    if control.running(source):
        raise click.ClickException("服务正在运行：请先停止 ecoledger serve，再搬移")
    if target.exists() and any(target.iterdir()):
        raise click.ClickException(f"{target} 不是空目录：请另给一个空目录")
    os.umask(0o077)
    target.mkdir(parents=True, exist_ok=True)
    _stand_on(source, from_database, target, to_database)
    from ecoledger.cli.move_records import MoveError

    try:
        for line in _moved(source, target, from_store, to_store):
            print(json.dumps(line, ensure_ascii=False), flush=True)
    except MoveError as error:
        raise click.ClickException(str(error)) from error


def _stand_on(source: Path, from_database: str, target: Path, to_database: str) -> None:
    """Set Django up on the source, with the target beside it."""
    for name in ("ECOLEDGER_DATABASE", "ECOLEDGER_STORE", "ECOLEDGER_BUS"):
        os.environ.pop(name, None)
    if from_database:
        os.environ["ECOLEDGER_DATABASE"] = from_database
    elif not (source / "business.sqlite3").exists():
        raise click.ClickException(f"{source} 中没有内置业务库：请用 --from-database 指明")
    try:
        new = (
            engines.postgresql(to_database)
            if to_database
            else engines.sqlite(target / "business.sqlite3")
        )
    except engines.EngineError as error:
        raise click.ClickException(str(error)) from error
    os.environ["ECOLEDGER_DATA"] = str(source)
    from ecoledger import settings

    settings.DATABASES["target"] = new
    data_folder.use(source)


def _moved(source: Path, target: Path, from_store: str, to_store: str) -> Iterator[dict[str, Any]]:
    from ecoledger.cli import move_records

    if data_folder.is_behind():
        raise click.ClickException("现数据库的版本旧于程序：请先运行 ecoledger migrate")
    if serving := _serving():
        raise click.ClickException(f"还有进程在这个数据库上服务（{serving}）：请先全部停止")
    problems = list(move_records.unfit("default", "target"))
    for problem in problems[:100]:
        print(json.dumps({"problem": problem}, ensure_ascii=False))
    if problems:
        raise click.ClickException(
            f"{len(problems)} 处内容是目标数据库不收的，见上；请改正后再搬移"
        )
    move_records.prepare("target")
    files = 0
    carried = bool(from_store or to_store)
    for name, before_file, after_file in _files(source, target, carried):
        files += 1
        if before_file != after_file:
            raise move_records.MoveError(f"文件 {name} 搬移后不一致：请检查磁盘后重来")
    if carried:
        yield _observations(from_store or source / OBSERVATIONS, to_store or target / OBSERVATIONS)
    rows = 0
    for before, after in move_records.carry("default", "target", _chains):
        rows += after.rows
        yield {"table": before.name, "rows": [before.rows, after.rows],
               "sha256": [before.digest, after.digest], "same": True}  # fmt: skip
    yield {"event": "moved", "rows": rows, "files": files, "chains": "whole", "data": str(target)}


def _serving() -> str:
    from django.db.models.functions import Now

    from ecoledger.jobs.models import Turn

    here = Turn.objects.filter(name__startswith="process ", until__gte=Now())
    return "、".join(turn.holder for turn in here)


def _observations(source: Path | str, target: Path | str) -> dict[str, Any]:
    """Carry packets and observations from one store to another of another kind."""
    from ecoledger.cli.move_records import MoveError
    from ecoledger.store import carrying, opening
    from ecoledger.store.interface import StoreError

    try:
        with opening.opened(source) as old, opening.opened(target) as new:
            before, after = carrying.carry(old, new)
    except StoreError as error:
        raise MoveError(
            f"观测数据没有搬成：{error} 原观测库未改动；新观测库请清空后重来"
        ) from error
    return {
        "store": "observations",
        "frames": [before.frames, after.frames],
        "rows": [before.rows, after.rows],
        "pending": [before.pending, after.pending],
        "sha256": [before.digest, after.digest],
        "same": before == after,
    }


def _files(source: Path, target: Path, carried: bool) -> Iterator[tuple[str, str, str]]:
    """Copy evidence, keys and profile; each file's name and digest before and after.

    ``carried``: the observations go over by themselves.
    """
    left_out = (*_LEFT_OUT, OBSERVATIONS) if carried else _LEFT_OUT
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if not path.is_file() or name.parts[0].startswith(left_out):
            continue
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
        yield name.as_posix(), _digest(path), _digest(copy)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _chains() -> list[str]:
    """What does not hold of the chains, read from the target with the key that came along."""
    from django.db import connections

    from ecoledger.accounts import audit
    from ecoledger.matters import chain

    source = connections["default"]
    connections["default"] = connections["target"]
    try:
        checked = {"审计日志": audit.first_broken(), "办理记录": chain.first_broken_overall()}
        return [f"{name}：{broken.why}" for name, broken in checked.items() if broken]
    finally:
        connections["default"] = source
