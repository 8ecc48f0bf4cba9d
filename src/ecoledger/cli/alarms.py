"""``ecoledger alarms``: what alarm rules would have raised on the data of a folder, tried without touching it."""

from __future__ import annotations

import json
import shutil
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ecoledger.cli import control, data_folder

# What a rehearsal reads of a data folder; evidence and issued files stay where they are.
_COPIED = ("business.sqlite3", "business.sqlite3-wal", "observations.duckdb", "observations.duckdb.wal",
           "secret_key", "chain_key", "profile", "DEMO")  # fmt: skip


@click.group()
def command() -> None:
    """预警规则：试运行。"""


@command.command("rehearse")
@data_folder.option
@click.option("--from", "begin", required=True, help="起，YYYY-MM-DD[THH:MM]。")
@click.option("--to", "end", required=True, help="止（不含），YYYY-MM-DD[THH:MM]。")
@click.option("--rule", default="", help="只试这条规则（编码）。")
@click.option(
    "--settings",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="TOML 或 JSON：规则编码 → 要改的参数。",
)
def rehearse(data: Path, begin: str, end: str, rule: str, settings: Path | None) -> None:
    """按规则重演一段数据，每条本会触发、静默或并入的预警输出一行 JSON；数据目录不变。"""
    arguments = {
        "from": begin,
        "to": end,
        "rule": rule,
        "settings": _read(settings) if settings else {},
    }
    _span(arguments)

    def tell(line: Any) -> None:
        print(json.dumps(line, ensure_ascii=False, default=str))

    if not data.is_dir():
        raise click.ClickException(f"没有数据目录 {data}")
    if server := control.running(data.resolve()):
        for line in control.ask(server, "rehearse", arguments):
            tell(line)
        return
    with _copied(data.resolve()) as copy:
        data_folder.use(copy)
        data_folder.migrate()
        from ecoledger.monitoring import runtime
        from ecoledger.monitoring.computing import pending
        from ecoledger.store.interface import StoreError

        try:
            with runtime.opened(data_folder.setting("OBSERVATIONS")):
                pending.run_all()
                run_for_client(arguments, tell)
        except StoreError as error:
            raise click.ClickException(str(error)) from error


def run_for_client(arguments: dict[str, Any], tell: control.Tell) -> None:
    """Rehearse in the process that has the store open; one line an alarm."""
    from ecoledger.entities.models import Entity
    from ecoledger.monitoring import runtime
    from ecoledger.monitoring.alarming import rehearsal
    from ecoledger.monitoring.points import table

    begin, end = _span(arguments)
    try:
        rules = rehearsal.rules_of(
            str(arguments.get("rule") or ""), arguments.get("settings") or {}
        )
    except rehearsal.RehearsalError as error:
        raise click.ClickException(str(error)) from None
    points = table.current()
    alarms = rehearsal.rehearse(runtime.store(), points, rules, begin, end)
    entities = [number for number in points.points["entity"].to_list() if number is not None]
    codes = dict(Entity.objects.filter(pk__in=entities).values_list("pk", "code"))
    names = rehearsal.names(points, codes)
    for alarm in alarms:
        tell(rehearsal.line(alarm, names))


def _span(arguments: dict[str, Any]) -> tuple[datetime, datetime]:
    try:
        begin, end = (datetime.fromisoformat(str(arguments[name])) for name in ("from", "to"))
    except ValueError as error:
        raise click.ClickException(f"{error}；时间写作 2026-05-01 或 2026-05-01T13:00") from None
    if begin.tzinfo or end.tzinfo:
        raise click.ClickException("时间不写时区，按北京时间")
    if begin >= end:
        raise click.ClickException("--to 应晚于 --from")
    return begin, end


def _read(path: Path) -> dict[str, Any]:
    text = path.read_text("utf-8")
    try:
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise click.ClickException(f"{path}：{error}") from None
    if not isinstance(content, dict):
        raise click.ClickException(f"{path}：应为“规则编码 → 参数”的表")
    return content


@contextmanager
def _copied(folder: Path) -> Iterator[Path]:
    """A copy to work on: opening a database writes to its folder, if only a lock."""
    with tempfile.TemporaryDirectory(prefix="ecoledger-rehearsal-") as place:
        copy = Path(place) / "data"
        copy.mkdir()
        for name in _COPIED:
            source = folder / name
            if source.is_dir():
                shutil.copytree(source, copy / name)
            elif source.exists():
                shutil.copyfile(source, copy / name)
        yield copy
