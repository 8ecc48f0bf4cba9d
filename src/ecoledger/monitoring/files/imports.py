"""Observations from files: CSV (UTF-8 or GBK) and XLSX, long or wide, with preview, row errors and undo.

*Long*: one value a row, columns 点位 (code, MN, name or number), 因子, 时间, 数值 and optionally 标记.
*Wide*: one time a row, a column a factor ("PM2.5", "a34004", "氨氮(mg/L)"), and a column 点位 unless the whole file is
of one point. Title rows above the header are skipped.

Every good row is stored, every bad one reported with its row number, field and remedy. The original text of
a value that is no plain number ("0.02L", "未检出", "停产") is kept beside what statistics use. The same file
brought in again stores nothing; an import can be undone as a whole, and then brought in again.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.hj212 import codes
from ecoledger.listings.tables import cells
from ecoledger.listings.tables.confined import Refusal, read_confined
from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.monitoring.models import ImportBatch, Point
from ecoledger.monitoring.points import parameters
from ecoledger.monitoring.points import table as points
from ecoledger.standards.readings import State, UnreadableReadingError, parse

SECONDS = {"raw": 0, "minute": 600, "hour": 3600, "day": 86400, "month": 0, "year": 0}
_CHUNK = 20_000
_HEADER_WITHIN = 15
_ERRORS_KEPT = 2000

_POINT = {"点位", "监测点", "监测点位", "站点", "站点名称", "测点", "mn", "设备编号", "点位编码", "编码", "站点编码",
          "断面", "断面名称", "排放口", "point", "station", "code", "site"}  # fmt: skip
_PARAMETER = {
    "因子",
    "监测因子",
    "项目",
    "监测项目",
    "指标",
    "因子编码",
    "污染物",
    "parameter",
    "factor",
    "pollutant",
}
_TIME = {"时间", "监测时间", "数据时间", "采样时间", "日期", "监测日期", "采样日期", "time", "datetime", "date",
         "datatime", "timestamp"}  # fmt: skip
_VALUE = {"数值", "监测值", "值", "浓度", "结果", "监测结果", "value", "concentration", "result"}
_FLAG = {"标记", "数据标记", "状态", "flag", "status"}


class FileError(ValueError):
    """The file as a whole cannot be read; the text says why and what would help."""


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in one row: its number in the file (from 1), the field, the problem and the remedy."""

    row: int
    field: str
    problem: str
    remedy: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "row": self.row,
            "field": self.field,
            "problem": self.problem,
            "remedy": self.remedy,
        }


@dataclass
class Parsed:
    """A file read and understood: what would be stored, and what would not.

    ``observations`` has a column ``row`` (number in the file); ``lines`` the text of each row that gave any.
    """

    name: str
    digest: str
    layout: str
    series: str
    rows_total: int = 0
    errors: list[RowError] = field(default_factory=list)
    observations: pl.DataFrame = field(default_factory=pl.DataFrame)
    lines: dict[int, str] = field(default_factory=dict)
    ignored_columns: list[str] = field(default_factory=list)

    @property
    def good_rows(self) -> int:
        """Rows that give at least one observation."""
        return len(self.lines)

    def summary(self) -> dict[str, Any]:
        """Counts and scope, as the command prints and the page shows them."""
        table = self.observations
        return {
            "file": self.name,
            "layout": self.layout,
            "series": self.series,
            "rows": self.rows_total,
            "good_rows": self.good_rows,
            "bad_rows": len({error.row for error in self.errors}),
            "observations": table.height,
            "points": table["point"].n_unique() if table.height else 0,
            "parameters": sorted(table["parameter"].unique().to_list()) if table.height else [],
            "begin": table["start"].min().isoformat() if table.height else None,  # type: ignore[union-attr]
            "end": table["start"].max().isoformat() if table.height else None,  # type: ignore[union-attr]
            "ignored_columns": self.ignored_columns,
        }


# -- reading the file ----------------------------------------------------------------------------


def _cells(data: bytes, name: str) -> list[list[Any]]:
    if data[:4] == b"PK\x03\x04" or data[:4] == b"\xd0\xcf\x11\xe0":
        return _sheet(data, name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            raise FileError(
                _("%(name)s：既不是 UTF-8 也不是 GBK 编码；请在表格软件中另存为 CSV UTF-8")
                % {"name": name}
            ) from error
    if "\0" in text:
        raise FileError(_("%(name)s：不是文本文件；请上传 CSV 或 XLSX") % {"name": name})
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",\t;，", key=first.count)
    return [list(row) for row in csv.reader(io.StringIO(text), delimiter=delimiter)]


def _sheet(data: bytes, name: str) -> list[list[Any]]:
    try:
        sheet = read_confined("ecoledger.listings.tables.cells:first_sheet", data)
    except Refusal as refusal:
        raise FileError(f"{name}：" + _(str(refusal))) from refusal
    if sheet is None:
        raise FileError(_("%(name)s：表格是空的") % {"name": name})
    return [[cells.cell(value) for value in row] for row in sheet["rows"]]


def _folded(cell: Any) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(cell or ""))).casefold()


@dataclass(frozen=True, slots=True)
class _Header:
    row: int
    point: int | None
    parameter: int | None
    time: int
    value: int | None
    flag: int | None
    factors: dict[int, tuple[str, str, str]]
    """Column -> (what the header names, its unit as written, the header)."""
    ignored: list[str]


def _header(rows: list[list[Any]], name: str) -> _Header:
    for number, row in enumerate(rows[:_HEADER_WITHIN]):
        folded = [_folded(cell) for cell in row]

        def find(names: set[str], folded: list[str] = folded) -> int | None:
            bare = [re.sub(r"[(\[].*[)\]]$", "", text) for text in folded]
            return next((i for i, text in enumerate(bare) if text in names), None)

        time, parameter, value = find(_TIME), find(_PARAMETER), find(_VALUE)
        if time is None:
            continue
        point, flag = find(_POINT), find(_FLAG)
        if parameter is not None and value is not None:
            return _Header(number, point, parameter, time, value, flag, {}, [])
        factors, ignored = {}, []
        for column, text in enumerate(folded):
            if column in (time, point, flag) or not text:
                continue
            split = re.fullmatch(r"(.+?)[(\[]([^()\[\]]*)[)\]]", text)
            subject, unit = (split[1], split[2]) if split else (text, "")
            if subject in _known_names():
                factors[column] = (subject, unit, str(row[column]))
            else:
                ignored.append(str(row[column]))
        if factors:
            return _Header(number, point, None, time, None, flag, factors, ignored)
    raise FileError(
        _(
            "%(name)s：前%(rows)d行里没有找到表头。长表需要“点位、因子、时间、数值”四列，"
            "宽表需要“时间”列和以因子命名的列（如 PM2.5、氨氮(mg/L)、w21003）"
        )
        % {"name": name, "rows": _HEADER_WITHIN}
    )


def _known_names() -> frozenset[str]:
    """Every folded name, symbol or code of a factor that any kind of point may have."""
    names: set[str] = set(_codes_by_name())
    names |= {_folded(code) for code in codes.FACTORS} | {
        _folded(f.name) for f in codes.FACTORS.values()
    }
    declared = points.current().parameters
    names |= {_folded(text) for text in declared["parameter"].unique().to_list()}
    names |= {_folded(text) for text in declared["name"].unique().to_list()}
    return frozenset(names)


def _codes_by_name() -> dict[str, dict[str, str]]:
    """Folded name -> kind of point -> code."""
    found: dict[str, dict[str, str]] = {}
    for kind in Point.Kind.values:
        for entry in parameters.of_kind(kind):
            names = {entry.code, entry.symbol, entry.name}
            if entry.key:
                names |= {entry.key, entry.key.replace("_", ".")}
            for text in names - {""}:
                found.setdefault(_folded(text), {}).setdefault(kind, entry.code)
    return found


# -- cells ---------------------------------------------------------------------------------------

_DATE_TIME = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T ]*(\d{1,2})(?:[:：时点](?:(\d{1,2})(?:[:：分](\d{1,2})(?:\.\d+)?秒?|分)?)?)?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(?:(\d{2})(?:(\d{2}))?)?)?")
_EXCEL_EPOCH = datetime(1899, 12, 30)


def read_time(cell: Any) -> tuple[datetime, bool]:
    """A time as people write it, and whether it names a day only. Raises ``ValueError``.

    Understands 2023-08-10 08:00, 2023/8/10 8:00, 2023.8.10, 2023年8月10日8时, 20230810, 2023081008,
    2026-02-26T2000 and Excel's serial numbers. 24:00 is the next day's midnight.
    """
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None), False
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day), True
    if isinstance(cell, float) and 20_000 < cell < 80_000:
        moment = _EXCEL_EPOCH + timedelta(seconds=round(cell * 86400))
        return moment, cell == int(cell)
    text = unicodedata.normalize("NFKC", str(cell)).strip()
    if re.fullmatch(r"\d{8,14}\.0", text):
        text = text[:-2]
    found = _DATE_TIME.fullmatch(text) or _COMPACT.fullmatch(text)
    if found is None and (split := re.fullmatch(r"(.+?)[T ](\d{2})(\d{2})", text)):
        found = _DATE_TIME.fullmatch(f"{split[1]} {split[2]}:{split[3]}")
    if found is None:
        raise ValueError(_("“%(cell)s”不是能识别的时间") % {"cell": cell})
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    extra = timedelta(0)
    if hour == 24 and minute == second == 0:
        hour, extra = 0, timedelta(days=1)
    return datetime(year, month, day, hour, minute, second) + extra, found[4] is None


class _Points:
    """Points by whatever a file calls them."""

    def __init__(self, person: Person | None) -> None:
        from ecoledger.accounts.scope import visible

        queryset = Point.objects.select_related("entity").exclude(kind=Point.Kind.AREA)
        if person is not None:
            queryset = visible(queryset, person, "area_code", "owner_code")
        self._found: dict[str, list[Point]] = {}
        for point in queryset:
            names = {str(point.pk), point.mn or "", point.name}
            if point.entity is not None:
                names |= {point.entity.code, point.entity.name}
            for text in names - {""}:
                self._found.setdefault(_folded(text), []).append(point)

    def find(self, cell: Any, subject: str | None) -> Point:
        """The point called ``cell``; of several, the one that has the factor ``subject``."""
        text = _folded(int(cell) if isinstance(cell, float) and cell == int(cell) else cell)
        candidates = self._found.get(text, [])
        if len(candidates) > 1 and subject is not None:
            fitting = [p for p in candidates if _code_at(subject, p) is not None]
            candidates = fitting or candidates
        if not candidates:
            raise LookupError(
                _("没有编码、MN 或名称为“%(cell)s”的点位（或不在你的数据范围内）") % {"cell": cell}
            )
        if len(candidates) > 1:
            raise LookupError(_("“%(cell)s”对应多个点位，请写点位编号或 MN") % {"cell": cell})
        return candidates[0]


def _code_at(subject: str, point: Point) -> str | None:
    """The code of a factor, named in a folded way, at a point."""
    table = points.current().parameters.filter(pl.col("point") == point.pk)
    for code, name in table.select("parameter", "name").iter_rows():
        if subject in (_folded(code), _folded(name)):
            return str(code)
    by_kind = _codes_by_name().get(subject, {})
    if point.kind in by_kind:
        return by_kind[point.kind]
    for code, factor in codes.FACTORS.items():
        if subject in (_folded(code), _folded(factor.name)) and code not in by_kind.values():
            return code
    return None


# -- understanding rows --------------------------------------------------------------------------


def read(
    data: bytes,
    name: str,
    *,
    series: str = "auto",
    label: str = "start",
    point: str = "",
    person: Person | None = None,
) -> Parsed:
    """Read and understand a file without storing anything.

    ``series``: raw, minute, hour, day, or auto (day when no row has a time of day, else hour). ``label``:
    whether the file labels a period by its "start" or its "end". ``point``: the point of a file without
    such a column. ``person``: only points in their data scope. Raises :class:`FileError`.
    """
    if series != "auto" and series not in SECONDS:
        raise FileError(
            _("没有这种数据类型：%(series)s；可用 auto、%(known)s")
            % {"series": series, "known": "、".join(SECONDS)}
        )
    if label not in ("start", "end"):
        raise FileError(_("时段标注只能是 start（起始）或 end（结束）"))
    rows = _cells(data, name)
    header = _header(rows, name)
    found_points = _Points(person)
    if header.point is None and not point:
        raise FileError(
            _("%(name)s：没有点位列；请加一列“点位”，或指定整个文件所属的点位") % {"name": name}
        )
    body = [(n + 1, row) for n, row in enumerate(rows) if n > header.row]
    parsed = Parsed(
        name=name,
        digest=hashlib.sha256(data).hexdigest(),
        layout="long" if header.parameter is not None else "wide",
        series=series,
        ignored_columns=header.ignored,
    )
    reader = _Reader(header, found_points, point, parsed)
    for number, row in body:
        if all(str(cell or "").strip() == "" for cell in row):
            continue
        parsed.rows_total += 1
        reader.take(number, row)
    if parsed.series == "auto":
        parsed.series = "day" if reader.values and not reader.has_hours else "hour"
    seconds = SECONDS[parsed.series]
    table = pl.DataFrame(reader.values, schema=_SCHEMA, orient="row")
    if label == "end":
        table = table.with_columns(pl.col("start") - pl.duration(seconds=seconds))
    parsed.observations = table.with_columns(
        pl.lit(parsed.series).alias("series"), pl.lit(seconds, dtype=pl.Int32).alias("seconds")
    )
    return parsed


_SCHEMA: dict[str, Any] = {
    "row": pl.Int64,
    "point": pl.Int64,
    "parameter": pl.String,
    "start": pl.Datetime("us"),
    "value": pl.Float64,
    "decimals": pl.Int8,
    "text": pl.String,
    "flag": pl.String,
}


class _Reader:
    """Turns rows into values, remembering what it has looked up."""

    def __init__(self, header: _Header, found: _Points, point: str, parsed: Parsed) -> None:
        self.header = header
        self.points = found
        self.only_point = point
        self.parsed = parsed
        self.values: list[tuple[Any, ...]] = []
        self.has_hours = False
        self._points: dict[tuple[str, str | None], Point] = {}
        self._factors: dict[tuple[str, int], tuple[str, int, int] | None] = {}
        self._seen: set[tuple[int, str, datetime]] = set()

    def _wrong(self, row: int, field_name: str, problem: str, remedy: str) -> None:
        if len(self.parsed.errors) < _ERRORS_KEPT:
            self.parsed.errors.append(RowError(row, field_name, problem, remedy))

    def take(self, number: int, row: Sequence[Any]) -> None:
        header = self.header

        def cell(column: int | None) -> Any:
            return row[column] if column is not None and column < len(row) else ""

        try:
            start, day_only = read_time(cell(header.time))
        except (ValueError, OverflowError) as error:
            self._wrong(number, _("时间"), str(error), _("写作 2026-08-10 08:00 或 2026-08-10"))
            return
        if not datetime(1950, 1, 1) <= start < datetime(2199, 1, 1):
            self._wrong(
                number,
                _("时间"),
                _("“%(cell)s”超出 1950 至 2199 年") % {"cell": cell(header.time)},
                _("更正年份"),
            )
            return
        if start > times.now() + timedelta(days=1):
            self._wrong(
                number,
                _("时间"),
                _("%(time)s 在将来") % {"time": f"{start:%Y-%m-%d %H:%M}"},
                _("更正时间"),
            )
            return
        self.has_hours = self.has_hours or not day_only
        flag = str(cell(header.flag) or "").strip() or None
        subjects: list[tuple[str, str, str, Any]]
        if header.parameter is not None:
            text = _folded(cell(header.parameter))
            split = re.fullmatch(r"(.+?)[(\[]([^()\[\]]*)[)\]]", text)
            subject, unit = (split[1], split[2]) if split else (text, "")
            if not subject:
                self._wrong(
                    number, _("因子"), _("没有写因子"), _("写因子名称或编码，如 PM2.5、w21003")
                )
                return
            subjects = [(subject, unit, "", cell(header.value))]
        else:
            subjects = [
                (subject, unit, title, cell(column))
                for column, (subject, unit, title) in header.factors.items()
            ]
        before = len(self.values)
        for subject, unit, title, content in subjects:
            self._value(number, cell(header.point), start, flag, subject, unit, title, content)
        if len(self.values) > before:
            self.parsed.lines[number] = "\t".join(str(c) for c in row)

    def _value(
        self,
        number: int,
        place: Any,
        start: datetime,
        flag: str | None,
        subject: str,
        unit: str,
        title: str,
        content: Any,
    ) -> None:
        try:
            reading = parse(content if content != "" else None)
        except UnreadableReadingError:
            self._wrong(
                number,
                title or _("数值"),
                _("“%(cell)s”不是数值") % {"cell": content},
                _("写数字、0.02L、<0.02、未检出，或留空"),
            )
            return
        if reading.state is State.MISSING:
            return
        try:
            point = self._point(place, subject)
        except LookupError as error:
            self._wrong(number, _("点位"), str(error.args[0]), _("核对点位编码，或先登记点位"))
            return
        known = self._factor(subject, unit, point, number, title)
        if known is None:
            return
        code, up, down = known
        if (point.pk, code, start) in self._seen:
            self._wrong(
                number,
                title or _("数值"),
                _("同一点位、因子、时间在文件中重复出现"),
                _("删去重复的行，只保留一个数值"),
            )
            return
        self._seen.add((point.pk, code, start))
        value = reading.value
        if value is not None and up != down:
            value = float(f"{value * up / down:.12g}")
        plain = reading.state is State.MEASURED
        written = str(content)
        decimals = (
            len(written.partition(".")[2])
            if plain and up == down and re.fullmatch(r"-?\d+\.?\d*", written)
            else None
        )
        if reading.state is State.NOT_MEASURED and flag is None:
            flag = "F"
        self.values.append(
            (
                number,
                point.pk,
                code,
                start,
                value,
                decimals,
                None if plain else reading.text,
                flag or "N",
            )
        )

    def _point(self, place: Any, subject: str) -> Point:
        text = str(self.only_point or place)
        key = (text, subject)
        if key not in self._points:
            self._points[key] = self.points.find(self.only_point or place, subject)
        return self._points[key]

    def _factor(
        self, subject: str, unit: str, point: Point, number: int, title: str
    ) -> tuple[str, int, int] | None:
        key = (f"{subject}|{unit}", point.pk)
        if key in self._factors and self._factors[key] is not None:
            return self._factors[key]
        code = _code_at(subject, point)
        if code is None:
            self._wrong(
                number,
                title or _("因子"),
                _("点位“%(point)s”没有因子“%(factor)s”") % {"point": point.name, "factor": subject},
                _("写因子名称或编码；新因子请先在点位下登记"),
            )
            return None
        up = down = 1
        if unit:
            stored = _stored_unit(code, point)
            written = next((u for u in parameters.units() if _folded(u) == unit), unit)
            try:
                up, down = parameters.conversion(written, stored)
            except parameters.UnitError:
                self._wrong(
                    number,
                    title or _("数值"),
                    _("单位“%(unit)s”不能换算为“%(stored)s”") % {"unit": unit, "stored": stored},
                    _("改用 %(stored)s") % {"stored": stored},
                )
                return None
        self._factors[key] = (code, up, down)
        return self._factors[key]


def _stored_unit(code: str, point: Point) -> str:
    declared = points.current().parameters.filter(
        (pl.col("point") == point.pk) & (pl.col("parameter") == code)
    )
    if declared.height:
        return str(declared["unit"][0])
    return parameters.parameter(code, point.kind).unit


# -- storing and undoing -------------------------------------------------------------------------


def store(parsed: Parsed, person: Person | None = None) -> ImportBatch:
    """Store what :func:`read` understood, durably, and put the batch on record.

    ``person`` needs the capability ``import_observations``; ``None`` is the operator at the command line.
    """
    if person is not None and not person.may("import_observations"):
        raise PermissionDenied(_("没有导入监测数据的权限"))
    table = parsed.observations
    with transaction.atomic():
        batch = ImportBatch.objects.create(
            file_name=parsed.name,
            digest=parsed.digest,
            person=person,
            layout=parsed.layout,
            series=parsed.series,
            rows_total=parsed.rows_total,
            errors=[error.as_dict() for error in parsed.errors],
            points=sorted(table["point"].unique().to_list()),
            parameters=sorted(table["parameter"].unique().to_list()),
            begin=times.aware(table["start"].min()) if table.height else None,  # type: ignore[arg-type]
            end=times.aware(table["start"].max()) if table.height else None,  # type: ignore[arg-type]
        )
        audit.record(person, "observations imported", batch, details=parsed.summary())
    # An undone import of the same file may come again; an import that stands may not.
    turn = ImportBatch.objects.filter(digest=parsed.digest, undone_at__isnull=False).count()
    ranges, rows_stored, observations = [], 0, 0
    for numbers in _chunks(sorted(parsed.lines)):
        receipt = runtime.store().append(
            _frames(parsed, batch, numbers, turn),
            table.filter(pl.col("row").is_between(numbers[0], numbers[-1]))
            .with_columns(
                pl.col("row")
                .replace_strict({n: i for i, n in enumerate(numbers)}, return_dtype=pl.UInt32)
                .alias("frame")
            )
            .drop("row"),
        )
        new = receipt.frame_ids[receipt.new]
        rows_stored += int(receipt.new.sum())
        observations += receipt.observations
        if new.size:
            ranges.append([int(new.min()), int(new.max())])
    runtime.arrived.set()
    batch.frame_ranges, batch.rows_stored, batch.observations = ranges, rows_stored, observations
    batch.save(update_fields=["frame_ranges", "rows_stored", "observations"])
    return batch


def _chunks(numbers: list[int]) -> Iterator[list[int]]:
    for begin in range(0, len(numbers), _CHUNK):
        yield numbers[begin : begin + _CHUNK]


def _frames(parsed: Parsed, batch: ImportBatch, numbers: list[int], turn: int) -> pl.DataFrame:
    now = times.now()
    lines = [parsed.lines[number].encode() for number in numbers]
    stem = f"{parsed.digest}|{parsed.series}|{turn}|".encode()
    return pl.DataFrame(
        {
            "received_at": [now] * len(numbers),
            "digest": [
                hashlib.blake2b(stem + f"{number}|".encode() + line, digest_size=16).digest()
                for number, line in zip(numbers, lines, strict=True)
            ],
            "raw": lines,
            "connection": [f"import {batch.pk} row {number}" for number in numbers],
        },
        schema_overrides={"received_at": pl.Datetime("us"), "digest": pl.Binary, "raw": pl.Binary},
    ).with_columns(pl.lit(None, dtype=pl.Datetime("us")).alias("dated"))


_RESTORED = ["point", "parameter", "series", "start", "seconds", "value", "minimum", "maximum", "total",
             "converted", "converted_minimum", "converted_maximum", "decimals", "text", "flag"]  # fmt: skip
_KEY = ["point", "parameter", "series", "start"]


def undo(batch: ImportBatch, person: Person | None = None) -> int:
    """Take an import back: what was there before it speaks again, else nothing does.

    Values that came after the import stay. Nothing is deleted: the history shows import and undoing.
    Returns how many observations were taken back.
    """
    if person is not None and not person.may("import_observations"):
        raise PermissionDenied(_("没有导入监测数据的权限"))
    if batch.undone_at is not None:
        raise ValidationError(_("该批次已撤销"))
    with transaction.atomic():
        batch.undone_at, batch.undone_by = timezone.now(), person
        batch.save(update_fields=["undone_at", "undone_by"])
        audit.record(person, "import undone", batch)
        return _take_back(batch)


def _take_back(batch: ImportBatch) -> int:
    if not batch.frame_ranges or batch.begin is None or batch.end is None:
        return 0
    rows = runtime.store().read(
        batch.points,
        batch.parameters,
        batch.series,
        times.naive(batch.begin) - timedelta(days=1),
        times.naive(batch.end) + timedelta(seconds=1),
        columns=["observation_id", "frame_id", "layer", *_RESTORED],
        revisions=True,
        up_to=0,
    )
    mine = pl.any_horizontal(
        pl.col("frame_id").is_between(first, last) for first, last in batch.frame_ranges
    ).fill_null(value=False)
    rows = rows.with_columns(mine.alias("mine")).sort("observation_id")
    speaking = rows.group_by(_KEY, maintain_order=True).last().filter(pl.col("mine")).select(_KEY)
    if speaking.is_empty():
        return 0
    before = (
        rows.filter(~pl.col("mine"))
        .join(speaking, on=_KEY, how="semi")
        .group_by(_KEY, maintain_order=True)
        .last()
        .select(_RESTORED)
    )
    nothing = speaking.join(before, on=_KEY, how="anti").with_columns(
        pl.lit("已撤销导入").alias("text"), pl.lit(None, dtype=pl.Float64).alias("value")
    )
    table = pl.concat([before, nothing], how="diagonal_relaxed").with_columns(
        pl.col("seconds").fill_null(SECONDS[batch.series]),
        pl.lit(f"撤销导入 {batch.pk}").alias("reason"),
    )
    runtime.store().append(observations=table)
    runtime.arrived.set()
    return table.height


def read_path(path: Path, **options: Any) -> Parsed:
    """:func:`read` for a file on this machine."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileError(
            _("无法读取 %(path)s：%(error)s") % {"path": path, "error": error.strerror}
        ) from error
    return read(data, path.name, **options)
