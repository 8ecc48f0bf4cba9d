"""``ecoledger migrate``: bring a data folder to this version of the program."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ecoledger.cli import data_folder


@click.command("migrate")
@data_folder.option
def command(data: Path) -> None:
    """把数据目录升级到当前程序版本（serve 启动时也会自动执行）。"""
    folder = data_folder.use(data, make=True)
    data_folder.migrate()
    print(json.dumps({"event": "migrated", "data": str(folder)}, ensure_ascii=False))
