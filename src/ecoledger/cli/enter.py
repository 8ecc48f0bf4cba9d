"""``ecoledger enter``: rows of any declared list from a file.

Prints one JSON line a row of the file (``file``, ``sheet``, ``row``, ``outcome``, ``reason``, ``key``; with
``--preview`` also ``repeats_of``) and then one line of counts. An outcome is kept, warned (kept, with something to look
at), refused or left_out (no data). A file that is refused as a whole has one line (``event``: refused) that says why. The
exit code is 1 when nothing was kept. Goes through the server when one owns the data folder.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecoledger.cli import control, data_folder, process_limits
from ecoledger.listings.tables import reading

if TYPE_CHECKING:
    from ecoledger.listings.listing import Listing
    from ecoledger.listings.models import ImportBatch
    from ecoledger.listings.tables.book import Book

# A file of more bytes is checked and taken in by a process beside the server.
LONG_FILE = 20 << 10
BESIDE = "enter"


@click.command("enter")
@data_folder.option
@click.argument("kind", required=False)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--list", "listed", is_flag=True, help="列出可录入的种类和各自的列。")
@click.option(
    "--template", is_flag=True, help="把 KIND 的模板（.xlsx）写到 FILE，不给 FILE 则写到标准输出。"
)
@click.option("--preview", is_flag=True, help="只检查，什么都不改。")
@click.option(
    "--history",
    is_flag=True,
    help="作为历史：有办结日期的按已办结的事实入账，不起算时限，不通知；没有登记日期的按分段或时限的年份计。",
)
@click.option(
    "--undo", type=int, metavar="批次", help="整批撤销 KIND 的一次导入（批次号见计数行）。"
)
@click.option("--again", is_flag=True, help="同一文件导入过，仍要再导入一次。")
def command(
    data: Path,
    kind: str | None,
    file: Path | None,
    listed: bool,
    template: bool,
    preview: bool,
    history: bool,
    undo: int | None,
    again: bool,
) -> None:
    """把 FILE 中的各行录入 KIND（种类的键，见 --list）。"""
    if listed or template:
        # Asked before there is a bureau, as a rule.
        with tempfile.TemporaryDirectory() as nowhere:
            data_folder.use(data if data.is_dir() else Path(nowhere))
            if template:
                data_folder.migrate()
            _describe(kind, file, template)
        return
    if undo is not None and kind is not None and file is None:
        _undo(data, kind, undo)
        return
    if kind is None or file is None:
        raise click.UsageError("请给出 KIND 和 FILE，或用 --list 看有哪些种类")
    if not file.is_file():
        raise click.ClickException(f"没有文件 {file}")
    arguments = {
        "kind": kind,
        "file": str(file.resolve()),
        "preview": preview,
        "history": history,
        "again": again,
    }
    kept, as_json = 0, json.JSONEncoder(ensure_ascii=False, default=str).encode

    def tell(line: Any) -> None:
        nonlocal kept
        kept = line.get("kept", kept) if line.get("event") == "counts" else kept
        print(as_json(line))

    if server := control.running(data.resolve()):
        for line in control.ask(server, "enter", arguments):
            tell(line)
    else:
        with ThreadPoolExecutor(1) as beside:
            # A process of its own reads the file while the program loads here.
            early = file.read_bytes()
            book = beside.submit(reading.read, early)

            def book_of(content: bytes) -> Book:
                """What was read, unless somebody has written the file anew since."""
                return book.result() if content == early else reading.read(content)

            data_folder.use(data)
            data_folder.migrate()
            process_limits.settle()
            from ecoledger.monitoring import runtime

            # Points ask the store what their devices sent.
            with runtime.opened(data_folder.setting("OBSERVATIONS")):
                run_for_client(arguments, tell, book_of)
    if not kept:
        sys.exit(1)


def _undo(data: Path, kind: str, batch: int) -> None:
    """Take back a table as a whole; what was worked on since stays and is counted."""
    said: list[Mapping[str, Any]] = []
    if server := control.running(data.resolve()):
        said += control.ask(server, "enter", {"kind": kind, "undo": batch})
    else:
        data_folder.use(data)
        run_for_client({"kind": kind, "undo": batch}, said.append)
    for line in said:
        print(json.dumps(line, ensure_ascii=False))


def _listing(kind: str | None) -> Listing:
    from ecoledger.listings.catalogue import all_listings

    takes = {listing.key: listing for listing in all_listings() if listing.imports}
    if kind not in takes:
        raise click.ClickException(f"没有可录入的种类 {kind!r}；可用：{'、'.join(sorted(takes))}")
    return takes[kind]


def _describe(kind: str | None, file: Path | None, template: bool) -> None:
    from ecoledger.listings import importing
    from ecoledger.listings.catalogue import all_listings

    if template:
        content = importing.template(_listing(kind))
        if file is not None:
            file.write_bytes(content)
        else:
            sys.stdout.buffer.write(content)
        return
    for listing in all_listings():
        if not listing.imports or kind not in (None, listing.key):
            continue
        columns = [
            {
                "name": column.name,
                "header": str(column.ask.label),
                "required": bool(column.ask.required),
                "kind": column.ask.kind,
                "aliases": list(column.aliases),
                "choices": [str(label) for _value, label in column.ask.choices],
            }
            for column in listing.import_columns
        ]
        said = {"kind": listing.key, "label": str(listing.label), "columns": columns}
        print(json.dumps(said, ensure_ascii=False))


def for_client(arguments: dict[str, Any], tell: control.Tell) -> None:
    """Do what the command asks of the server; a long table beside it."""
    from ecoledger.jobs import beside

    if "undo" in arguments:
        run_for_client(arguments, tell)
        return
    if Path(arguments["file"]).stat().st_size <= LONG_FILE:
        run_for_client(arguments, tell)
        return
    try:
        beside.do(BESIDE, run_for_client, arguments, tell=tell)
    except beside.Lost as lost:
        raise click.ClickException("导入中断了，请再运行一次；已录入的行不会重复。") from lost


def run_for_client(
    arguments: dict[str, Any],
    tell: control.Tell,
    book_of: Callable[[bytes], Book] = reading.read,
) -> None:
    """Do what the command asks for, with the store open in this process or asked of the server's."""
    from django.db import transaction

    from ecoledger.listings import importing
    from ecoledger.listings.models import ImportBatch
    from ecoledger.listings.refusals import NotVisible, Refused

    listing = _listing(arguments["kind"])
    if "undo" in arguments:
        try:
            kept = importing.undo(listing, arguments["undo"], by=None)
        except NotVisible as error:
            raise click.ClickException(f"“{listing.label}”没有批次 {arguments['undo']}") from error
        except Refused as refused:
            raise click.ClickException(f"{refused.why}{refused.remedy}") from refused
        tell({"event": "undone", "batch": arguments["undo"], "stayed": len(kept)})
        return
    path = Path(arguments["file"])
    only_look = bool(arguments.get("preview"))
    history, again = bool(arguments.get("history")), bool(arguments.get("again"))
    content = path.read_bytes()

    def preview() -> ImportBatch:
        return importing.preview(
            listing, path.name, content, by=None, history=history, book_of=book_of
        )

    try:
        if only_look:
            with transaction.atomic():
                batch = preview()
                _report(batch, path.name, tell, preview=True)
                transaction.set_rollback(True)
            return
        batch = preview()
        try:
            importing.accept(listing, batch.pk, by=None, again=again)
        except Refused as refused:
            if refused.code == "again":
                importing.discard(listing, batch.pk, by=None)
                refused.remedy = "确要再导入一次，请加 --again。"
            if refused.code != "form":  # no row could be kept: each line says why
                raise
    except Refused as refused:
        why = f"{refused.why}{refused.remedy}"
        tell({"event": "refused", "file": path.name, "preview": only_look, "reason": why})
        raise click.ClickException(why) from refused
    _report(ImportBatch.objects.get(pk=batch.pk), path.name, tell, preview=False)


def _report(batch: ImportBatch, file: str, tell: control.Tell, *, preview: bool) -> None:
    counts = dict.fromkeys(("kept", "warned", "refused", "left_out"), 0)
    for line in _lines(batch, file, preview=preview):
        counts[line["outcome"]] += 1
        tell(line)
    counts["kept"] += counts["warned"]
    told = {"event": "counts", "file": file, "preview": preview, "notes": batch.notes, **counts}
    tell(told if preview else told | {"batch": batch.pk})


def _lines(batch: ImportBatch, file: str, *, preview: bool) -> Iterator[dict[str, Any]]:
    """One line a row of the file, in its order."""
    from ecoledger.listings import words
    from ecoledger.listings.models import one_sentence

    left: dict[str, dict[int, str]] = {}
    for sheet, number, why in batch.left_out:
        left.setdefault(sheet, {})[number] = why
    rows: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    read = ("sheet", "number", "wrong", "errors", "warnings", "key", "repeats_of")
    for sheet, number, wrong, errors, warnings, key, other in batch.rows.values_list(*read):
        outcome = "refused" if wrong else "warned" if warnings else "kept"
        said = {"outcome": outcome, "reason": one_sentence([*errors, *warnings]), "key": key}
        rows.setdefault(sheet, []).append(
            (number, said | ({"repeats_of": other} if preview else {}))
        )
    for sheet in dict.fromkeys([*(sheet for sheet, _n, _w in batch.left_out), *rows]):
        lines = [
            (number, {"outcome": "left_out", "reason": words.left_out(why), "key": ""})
            for number, why in left.get(sheet, {}).items()
        ]
        lines += rows.get(sheet, [])
        for number, said in sorted(lines, key=lambda line: line[0]):
            yield {"file": file, "sheet": sheet, "row": number, **said}
