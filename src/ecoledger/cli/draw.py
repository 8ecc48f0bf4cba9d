"""``ecoledger draw``: repeat a published random draw; needs nothing but the file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ecoledger.standards import draw_sheet


@click.group("draw")
def command() -> None:
    """双随机抽查。"""


@command.command("verify")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def verify(file: Path) -> None:
    """按公示表 FILE（.json 或 .csv）重抽一遍：一致，或者哪里不一致。"""
    try:
        sheet = draw_sheet.read(file.read_text(encoding="utf-8"))
        found = draw_sheet.differences(sheet)
    except (draw_sheet.SheetError, UnicodeDecodeError) as error:
        raise click.ClickException(str(error)) from error
    if found:
        for line in found:
            print(line)
        print(f"不一致：{len(found)} 处")
        sys.exit(1)
    draws = list(sheet.get("draws", ()))
    thrown = sum(bool(d.get("discarded")) for d in draws)
    drawn = len(draws[-1]["result"]) if draws else 0
    print(f"一致：名单校验值 {sheet['lists_sha256']}")
    print(f"抽取 {len(draws)} 次（作废 {thrown} 次），最后一次抽中 {drawn} 个，逐项重抽相同")
