"""What a file said, stored durably under the name of its import; taken back as a whole.

Values an instrument cannot have measured are marked as the gateway marks a device's: a second row on the layer
of automatic checks. Nothing is deleted: the history shows the import and its undoing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta

import polars as pl
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.monitoring.arriving.values import check_verdict
from ecoledger.monitoring.files.parsed import SECONDS, SHEET_STEP, FileError, Parsed
from ecoledger.monitoring.models import ImportBatch
from ecoledger.monitoring.points import table as points
from ecoledger.store.interface import Frame, Layer

_CHUNK = 20_000

# In place of a connection: the import and the row that a frame is.
_LINE = "import {} row {}"


def store(parsed: Parsed, person: Person | None = None, *, sure: bool = False) -> ImportBatch:
    """Store what was understood, durably, and put the batch on record.

    ``person`` needs the capability ``import_observations``; ``None`` is the operator at the command line.
    ``sure``: someone has looked at what is implausible and stores it all the same. Raises ``FileError``.
    """
    if person is not None and not person.may("import_observations"):
        raise PermissionDenied(_("没有导入监测数据的权限"))
    if parsed.stops and not sure:
        raise FileError(_("；").join(parsed.stops))
    table = _checked(parsed.observations)
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


def _checked(table: pl.DataFrame) -> pl.DataFrame:
    """``table`` with a second row for each value outside the range of its instrument."""
    ranges = points.current().parameters.select("point", "parameter", "range_from", "range_to")
    wrong = (
        table.join(ranges, on=["point", "parameter"], how="left")
        .with_columns(
            pl.col("range_from").fill_null(-float("inf")),
            pl.col("range_to").fill_null(float("inf")),
        )
        .filter((pl.col("value") < pl.col("range_from")) | (pl.col("value") > pl.col("range_to")))
    )
    table = table.with_columns(pl.lit(int(Layer.DEVICE), dtype=pl.Int8).alias("layer"))
    if wrong.is_empty():
        return table
    verdict = check_verdict(wrong["value"], wrong["range_from"], wrong["range_to"])
    checked = wrong.drop("range_from", "range_to").with_columns(
        *verdict, pl.lit(int(Layer.CHECK), dtype=pl.Int8).alias("layer")
    )
    return pl.concat([table, checked], how="diagonal_relaxed")


def _chunks(numbers: list[int]) -> Iterator[list[int]]:
    for begin in range(0, len(numbers), _CHUNK):
        yield numbers[begin : begin + _CHUNK]


def line_of(frame: Frame) -> tuple[ImportBatch, int] | None:
    """The import and the row of its file that a frame is; ``None`` of what a device sent."""
    told = re.fullmatch(_LINE.format(r"(\d+)", r"(\d+)"), frame.connection or "")
    if told is None:
        return None
    batch = ImportBatch.objects.select_related("person__organisation").get(pk=told[1])
    return batch, int(told[2]) % SHEET_STEP


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
            "connection": [_LINE.format(batch.pk, number) for number in numbers],
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
