"""与省级系统的文件交换 (mechanism G7): declared formats, what was sent and what came, each kept with its digest.

A format says which list, which columns under which headers, and which way (``data/exchange_formats.toml``). An export is
what the person may see of the list; an import goes through the list's own preview and is taken in there. Every exchange
is one row: file, digest, rows, who, and the receipt of the other side.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import BUREAU
from ecoledger.accounts.scope import within
from ecoledger.listings import cells, importing, own_data, veil
from ecoledger.listings.catalogue import declare, listing_of
from ecoledger.listings.derive import field_at
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import ImportBatch
from ecoledger.listings.parts import Column, DeclarationError
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tallies import tally
from ecoledger.matters.register import Register
from ecoledger.standards import written_csv

LARGEST = 20 * 1024 * 1024


class Exchange(models.Model):
    """One file that went to another system, or came from it."""

    class Direction(models.TextChoices):
        EXPORT = "export", "上报"
        IMPORT = "import", "接收"

    at = models.DateTimeField("时间", default=timezone.now, db_index=True)
    format = models.CharField("格式", max_length=60, db_index=True)
    label = models.CharField("交换内容", max_length=120)
    system = models.CharField("对方系统", max_length=80, db_index=True)
    direction = models.CharField("方向", max_length=8, choices=Direction.choices, db_index=True)
    file_name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField("摘要 SHA-256", max_length=64, db_index=True)
    size = models.PositiveIntegerField("字节")
    rows = models.PositiveIntegerField("行数")
    content = models.BinaryField("文件", editable=False)
    batch = models.ForeignKey(
        ImportBatch, verbose_name="导入批次", on_delete=models.PROTECT, null=True, blank=True,
        related_name="+", editable=False,
    )  # fmt: skip
    receipt = models.CharField("对方回执", max_length=120, blank=True)
    by = models.ForeignKey(
        Person, verbose_name="经办人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    area_code = models.CharField("属地", max_length=12, db_index=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "数据交换"
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.file_name

    @property
    def taken(self) -> str:
        """What became of a file that came: rows in the book, and refused ones."""
        if self.batch is None:
            return ""
        return _("入账 %(made)d 行，未入 %(bad)d 行") % {
            "made": self.batch.rows.exclude(made=None).count(),
            "bad": self.batch.bad.count(),
        }


@dataclass(frozen=True, slots=True)
class Format:
    """A declared format: ``columns`` are (their header, our name, whether the key is written)."""

    key: str
    label: str
    system: str
    line: str
    direction: str
    book: str
    file: str
    columns: tuple[tuple[str, str, bool], ...]

    @property
    def listing(self) -> Listing:
        """The list it is about. Raises ``KeyError``."""
        return listing_of(self.book)


def formats() -> list[Format]:
    """The formats in force: the bureau's own, else those that ship."""
    said = own_data.read(__package__, "exchange_formats")
    return [
        Format(
            key=row["key"], label=row["label"], system=row["system"], line=row.get("line", ""),
            direction=row["direction"], book=row["book"], file=row.get("file", "csv"),
            columns=tuple((c["header"], c["name"], bool(c.get("code"))) for c in row["column"]),
        )
        for row in said["format"]
    ]  # fmt: skip


def format_of(key: str) -> Format:
    """The format called ``key``. Raises ``KeyError``."""
    return {layout.key: layout for layout in formats()}[key]


def fault_of(layout: Format) -> str:
    """What is wrong with a format: a list or a field that does not exist; "" when it can be used."""
    try:
        book = layout.listing
    except KeyError:
        return _("没有台账“%s”") % layout.book
    known = {column.name for column in book.import_columns}
    for _header, name, _code in layout.columns:
        try:
            field_at(book.model, name)
        except DeclarationError:
            return _("“%(book)s”没有字段 %(name)s") % {"book": _(str(book.label)), "name": name}
        if layout.direction == Exchange.Direction.IMPORT and name not in known:
            return _("“%(book)s”不能导入字段 %(name)s") % {"book": _(str(book.label)), "name": name}
    return ""


def _columns(layout: Format, person: Person) -> list[tuple[str, Column, bool]]:
    book = layout.listing
    hidden = [name for _h, name, _c in layout.columns if not book.is_open(name, person)]
    if hidden:
        raise Refused("role", _("这一格式含有您不能查看的字段：%s。") % "、".join(hidden))
    return [
        (header, book.derive.column(Column(name, label=header)), code)
        for header, name, code in layout.columns
    ]


def export(layout: Format, person: Person, *, at: datetime | None = None) -> Exchange:
    """Write what ``person`` may see of the list in the format, and keep it. Raises :class:`Refused` with nothing to send."""
    if why := fault_of(layout):
        raise Refused("condition", why, _("请修改交换格式。"))
    book = layout.listing
    if not person.may(book.see):
        raise Refused("role", _("您的岗位不能查看“%s”。") % _(str(book.label)))
    columns = _columns(layout, person)
    rows, areas = [], set()
    for row in veil.over(book, person, book.visible_to(person).order_by("pk")):
        rows.append({header: _said(row, column, code) for header, column, code in columns})
        areas.add(str(cells.value_of(row, book.area) or "") if book.area else "")
    if not rows:
        raise Refused("condition", _("“%s”没有可上报的内容。") % _(str(book.label)))
    content = _written(layout, rows)
    moment = at or timezone.now()
    name = f"{layout.key}_{timezone.localtime(moment):%Y%m%d%H%M%S}.{layout.file}"
    return _kept(layout, name, content, len(rows), person, moment, areas - {""})


def _said(row: Any, column: Column, code: bool) -> str:
    if not code:
        return cells.text_of(row, column)
    value = cells.value_of(row, column.name)
    return "" if value is None else str(value)


def _written(layout: Format, rows: list[dict[str, str]]) -> bytes:
    if layout.file == "json":
        return json.dumps(
            {"format": layout.key, "rows": rows}, ensure_ascii=False, indent=1
        ).encode()
    headers = [header for header, _name, _code in layout.columns]
    return written_csv.written([headers, *(row.values() for row in rows)]).encode("utf-8-sig")


def receive(layout: Format, name: str, content: bytes, person: Person) -> Exchange:
    """Check a file that came against its format and show it in the list's preview; taken in is it there.

    Raises :class:`Refused` for a file that came before, or that is no such table.
    """
    if why := fault_of(layout):
        raise Refused("condition", why, _("请修改交换格式。"))
    digest = hashlib.sha256(content).hexdigest()
    before = Exchange.objects.filter(format=layout.key, sha256=digest).first()
    if before is not None:
        raise Refused(
            "file",
            _("这个文件 %s 已经接收过。") % f"{timezone.localtime(before.at):%Y-%m-%d %H:%M}",
        )
    chosen = {header: column for header, column, _code in layout.columns}
    batch = importing.preview(layout.listing, name, content, by=person, chosen=chosen)
    return _kept(layout, name, content, batch.rows.count(), person, timezone.now(), (), batch)


def _kept(
    layout: Format,
    name: str,
    content: bytes,
    rows: int,
    person: Person,
    at: datetime,
    areas: Collection[str],
    batch: ImportBatch | None = None,
) -> Exchange:
    row = Exchange.objects.create(
        at=at, format=layout.key, label=layout.label, system=layout.system, direction=layout.direction, file_name=name[:200],
        sha256=hashlib.sha256(content).hexdigest(), size=len(content), rows=rows, content=content, batch=batch, by=person,
        area_code=_around(areas or person.area_codes),
    )  # fmt: skip
    audit.record(
        person,
        f"exchange.{layout.direction}",
        row,
        details={"format": layout.key, "sha256": row.sha256, "rows": rows},
    )
    return row


def _around(areas: Collection[str]) -> str:
    """The division in which all of ``areas`` lie; "" where there is none.

    >>> _around(["990101001", "990101002"]), _around(["990101001"]), _around(["990101", "120101"])
    ('990101', '990101001', '')
    """
    heads = ({area[:n] for area in areas} for n in (12, 9, 6, 4, 2))
    return next((head.pop() for head in heads if len(head) == 1), "")


def may_read(row: Exchange, person: Person) -> bool:
    """Whether ``person`` may know all that the file says: the book, every column, and of a register also what few may."""
    try:
        layout = format_of(row.format)
        book = layout.listing
    except KeyError:
        return False
    if not person.may(book.see) or not all(
        book.is_open(name, person) for _h, name, _c in layout.columns
    ):
        return False
    narrow = isinstance(book, Register) and not person.has_role(*book.circle)
    return row.by_id == person.pk or not narrow


def whole(row: Exchange) -> bool:
    """Whether the file that is kept is still the one that was exchanged."""
    return hashlib.sha256(bytes(row.content)).hexdigest() == row.sha256


class Exchanges(Listing):
    """The log: rows are made by exchanging alone, whose maker sees them; only the receipt is written later."""

    def visible_to(self, person: Person) -> models.QuerySet[Any]:
        rows = self.own_rows() if person.may(self.see) else self.own_rows().none()
        return rows.filter(within(person) | models.Q(by=person))

    def may_open(self, person: Person) -> bool:
        return False

    def may_change(self, person: Person) -> bool:
        return person.may(self.see) and person.has_role(*self.edit)


EXCHANGES = declare(Exchanges(
    key="exchange", label="数据交换记录", line="monitoring", model=Exchange, see="see_cockpit", edit=BUREAU,
    columns=("at", "direction", "label", "system", "file_name", "rows", "taken", "receipt", "by"),
    labels={"taken": "接收结果"}, filters=("direction", "system", "format", "at"),
    search=("label", "file_name", "sha256", "receipt"), lead="file_name", under=("sha256",), order=("-at", "-pk"),
    fields=("receipt",), batch=("receipt",), details=("label", "system", "direction", "file_name", "sha256", "size", "rows", "taken", "receipt", "by", "at"),
    empty="还没有交换记录。在“省级系统交换”按格式上报或接收文件。",
))  # fmt: skip
tally(EXCHANGES, "sent", "数据上报", models.Q(direction="export"), dated="at", unit="次")
tally(EXCHANGES, "received", "数据接收", models.Q(direction="import"), dated="at", unit="次")
