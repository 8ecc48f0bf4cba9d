"""``ecoledger import``: observations from CSV and XLSX files.

Prints JSON lines: one ``{"event": "error", ...}`` for each bad row, then ``{"event": "preview" | "imported", ...}``.
The exit code is 1 when no row was good. Goes through the server when one owns the data folder.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from ecoledger.cli import control, data_folder


@click.command("import")
@data_folder.option
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--preview", is_flag=True, help="只检查，不入库。")
@click.option(
    "--series",
    type=click.Choice(["auto", "raw", "minute", "hour", "day"]),
    default="auto",
    show_default=True,
    help="数据类型；auto：只有日期为 day，否则 hour。",
)
@click.option(
    "--label",
    type=click.Choice(["start", "end"]),
    default="start",
    show_default=True,
    help="文件按时段的起始还是结束标注时间。",
)
@click.option("--point", default="", help="没有点位列的文件所属的点位（编号、编码、MN 或名称）。")
@click.option(
    "--parameter", default="", help="各列是点位而没有写因子的文件所测的因子（名称或编码）。"
)
@click.option("--sure", is_flag=True, help="已核对超出量程的值，照样入库。")
@click.option("--undo", type=int, metavar="BATCH", help="撤销一个导入批次。")
def command(
    data: Path,
    file: Path | None,
    preview: bool,
    series: str,
    label: str,
    point: str,
    parameter: str,
    sure: bool,
    undo: int | None,
) -> None:
    """把 FILE（CSV 或 XLSX）中的监测数据导入数据目录。"""
    if (file is None) == (undo is None):
        raise click.UsageError("请给出要导入的文件，或用 --undo 撤销一个批次")
    arguments = {
        "file": str(file.resolve()) if file else None,
        "preview": preview,
        "series": series,
        "label": label,
        "point": point,
        "parameter": parameter,
        "sure": sure,
        "undo": undo,
    }
    worked = False

    def tell(line: Any) -> None:
        nonlocal worked
        worked = worked or bool(line.get("good_rows") or line.get("event") == "undone")
        print(json.dumps(line, ensure_ascii=False, default=str))

    if server := control.running(data.resolve()):
        for line in control.ask(server, "import", arguments):
            tell(line)
    else:
        data_folder.use(data)
        data_folder.migrate()
        from ecoledger.monitoring import runtime
        from ecoledger.monitoring.computing import pending
        from ecoledger.store.interface import StoreError

        try:
            with runtime.opened(data_folder.setting("OBSERVATIONS")):
                run_for_client(arguments, tell)
                pending.run_all()
        except StoreError as error:
            raise click.ClickException(str(error)) from error
    if not worked:
        sys.exit(1)


def run_for_client(arguments: dict[str, Any], tell: control.Tell) -> None:
    """Do what the command asks for, in the process that has the store open."""
    from ecoledger.monitoring.files import imports
    from ecoledger.monitoring.models import ImportBatch

    if arguments.get("undo"):
        batch = ImportBatch.objects.filter(pk=arguments["undo"]).first()
        if batch is None:
            raise click.ClickException(f"没有编号为 {arguments['undo']} 的导入批次")
        if batch.undone_at is not None:
            raise click.ClickException(f"批次 {batch.pk} 已撤销")
        tell({"event": "undone", "batch": batch.pk, "observations": imports.undo(batch)})
        return
    try:
        parsed = imports.read_path(
            Path(arguments["file"]),
            series=arguments["series"],
            label=arguments["label"],
            point=arguments["point"],
            parameter=arguments.get("parameter", ""),
        )
    except imports.FileError as error:
        raise click.ClickException(str(error)) from error
    for problem in parsed.errors:
        tell({"event": "error", **problem.as_dict()})
    for warning in parsed.warnings:
        tell({"event": "warning", **warning.as_dict()})
    for sheet, row, why in parsed.left_out:
        tell({"event": "left_out", "sheet": sheet, "row": row, "why": why})
    if arguments["preview"]:
        first = parsed.observations.head(5).drop("row").to_dicts()
        tell({"event": "preview", **parsed.summary(), "first": first})
        return
    if parsed.stops and not arguments.get("sure"):
        raise click.ClickException(f"{'；'.join(parsed.stops)}（--sure）")
    batch = imports.store(parsed, sure=True)
    tell(
        {
            "event": "imported",
            **parsed.summary(),
            "batch": batch.pk,
            "rows_stored": batch.rows_stored,
            "observations_stored": batch.observations,
        }
    )
