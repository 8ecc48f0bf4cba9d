"""What was previewed becomes rows of the list, is withdrawn as a whole, and is brought back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.jobs import beside, table_sizes
from ecoledger.listings.forms import LookupField
from ecoledger.listings.importing import updating
from ecoledger.listings.importing.cells import BadCell, text_of
from ecoledger.listings.importing.checking import earlier, told_earlier
from ecoledger.listings.importing.cleaning import Cleaner
from ecoledger.listings.importing.row_checks import Progress
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import ImportBatch, ImportRow, problem
from ecoledger.listings.refusals import NotVisible, Refused
from ecoledger.listings.tables.book import is_blank, unpacked_cell
from ecoledger.listings.tables.headers import fold

# Rows made in one transaction; of history, which is kept in bulk, more; where some are not over, fewer of those.
# Then other writers get their turn: where the database has one writer at a time (SQLite), who waits looks again
# every few milliseconds.
PORTION, HISTORY_PORTION, MIXED_PORTION = 25, 1000, 100
TURN = 0.03  # seconds
# After so many rows the database counts its tables anew.
GROWN = 5000

# Entered around each portion; a room above does once for all of its rows what it does after each (``web.search``).
around: list[Callable[[], contextlib.AbstractContextManager[object]]] = []
# Told what was made in bulk once it stands, and that all rows were put in; a room above adds what follows rows
# (``web.search``).
in_bulk: list[Callable[[list[Any]], object]] = []
afterwards: list[Callable[[Listing], object]] = []


def _batch(listing: Listing, batch_id: int, by: Person | None) -> ImportBatch:
    """The batch, locked; only who uploaded it and the list's managers know of it, and of one that a command entered who
    enters rows."""
    batches = ImportBatch.objects.select_for_update().filter(pk=batch_id, listing=listing.key)
    batch = batches.first()
    known = batch is not None and (
        by is None
        or batch.person_id == by.pk
        or listing.may_manage(by)
        or (batch.person_id is None and listing.may_open(by))
    )
    if batch is None or not known:
        raise NotVisible(f"import {batch_id}")
    return batch


def accept(
    listing: Listing,
    batch_id: int,
    *,
    by: Person | None,
    at: datetime | None = None,
    again: bool = False,
    progress: Progress | None = None,
) -> tuple[int, int]:
    """Make rows of those without errors; (made, left out). Rows refused now gain their reason.

    Done in portions, each in a transaction of its own, so that a long table does not keep everyone else
    waiting. Broken off, it is accepted again and goes on where it stopped. ``again``: the same file is
    taken in a second time on purpose.
    """
    at = at or timezone.now()
    with transaction.atomic():
        batch = _batch(listing, batch_id, by)
        _may_accept(batch, by)
        before = earlier(batch)
        if before is not None and not again and not batch.rows.exclude(made=None).exists():
            raise Refused(
                "again",
                told_earlier(before),
                _("确要再导入一次，请选“仍要导入”。"),
            )
        waiting = batch.waiting.count()
    clean = Cleaner(listing, listing.import_asks, by, batch.mapping.values())
    done = last = 0
    refused: list[int] = []
    came_in = False
    while True:
        rows, things = _portion(listing, batch_id, by, at, clean, last)
        if not rows:
            if not (refused and came_in and _names_itself(listing, clean)):
                break
            # What named a row below it is asked again, as long as others come in.
            ImportRow.objects.filter(pk__in=refused).update(errors=[], wrong=False)
            last, refused, came_in = 0, [], False
            continue
        for tell_of in in_bulk:
            tell_of(things)
        done, last = done + len(rows), rows[-1].pk
        refused += [row.pk for row in rows if row.wrong]
        came_in = came_in or any(row.made is not None for row in rows)
        if not beside.alone():
            time.sleep(TURN)
        if progress is not None:
            progress(min(done, waiting), waiting)
    with transaction.atomic():
        batch = _batch(listing, batch_id, by)
        _link_repeats(listing, batch, by, at)
        made = batch.rows.exclude(made=None).count()
        changed = batch.rows.filter(changed=True).count()
        if not (made or changed or batch.unchanged.exists()):
            raise Refused("form", _("没有一行可以导入。"), _("请按各行的提示改正后重新上传。"))
        batch.state, batch.accepted_at = ImportBatch.State.ACCEPTED, at
        batch.save()
        listing.imported(batch, made, by, at)
        _on_trail(listing, batch, by, "table_imported", made=made, changed=changed)
    for tell in afterwards:
        tell(listing)
    if made + changed >= GROWN:
        table_sizes.note()
    return made + changed, batch.bad.count()


def _names_itself(listing: Listing, clean: Cleaner) -> bool:
    """Whether a row of the list may name another of its rows."""
    lookups = [field.lookup for field in clean.fields.values() if isinstance(field, LookupField)]
    return any(issubclass(listing.model, lookup.model) for lookup in lookups)


def _on_trail(
    listing: Listing, batch: ImportBatch, by: Person | None, action: str, **more: Any
) -> None:
    """A table came in or went: once on the trail, whatever it held."""
    details = {"listing": str(listing.label), "file": batch.file_name, "batch": batch.pk, **more}
    audit.record(by, action, details=details)


def _may_accept(batch: ImportBatch, by: Person | None) -> None:
    if batch.state != ImportBatch.State.PREVIEW:
        raise Refused("state", _("这批数据已经处理过。"), _("请刷新页面。"))
    if by is not None and batch.person_id != by.pk:
        raise Refused("role", _("由上传人确认导入。"))


@transaction.atomic
def _portion(
    listing: Listing, batch_id: int, by: Person | None, at: datetime, clean: Cleaner, last: int = 0
) -> tuple[list[ImportRow], list[Any]]:
    """Make the next rows after the one whose key is ``last``; those that were looked at, and what was made in bulk."""
    batch = _batch(listing, batch_id, by)
    _may_accept(batch, by)
    tells_past = bool(listing.imports and listing.imports.tells_past)
    past = batch.history or tells_past
    at_once = batch.history or listing.bulk
    size = HISTORY_PORTION if at_once else MIXED_PORTION if past else PORTION
    unused = {header for header, name in batch.mapping.items() if not name}
    # Columns of which nothing is made are not read again.
    left = ["faults", "warnings"]
    if batch.history and not tells_past:
        left.append("cells")  # kept with what is opened
    if not (past and unused):
        left.append("raw")  # kept with facts of the past, as far as no column took it
    rows = list(batch.waiting.filter(pk__gt=last).defer(*left)[:size])
    clean.expect(row.values for row in rows)
    with contextlib.ExitStack() as stack:
        for enter in around:
            stack.enter_context(enter())
        things = _make_rows(listing, batch, rows, by, at, clean, past, unused)
    refused = [row for row in rows if row.wrong]
    ImportRow.objects.bulk_update(refused, ["errors", "wrong"], batch_size=200)
    _note_made([row for row in rows if row.made is not None])
    ImportRow.objects.filter(pk__in=[row.pk for row in rows if row.changed]).update(changed=True)
    return rows, things


def _note_made(rows: list[ImportRow]) -> None:
    """Keep what was made of each row. Keys of both run on together in bulk, so that one update names many."""
    apart: dict[int, list[int]] = {}
    for row in rows:
        apart.setdefault((row.made or 0) - row.pk, []).append(row.pk)
    for distance, keys in apart.items():
        ImportRow.objects.filter(pk__in=keys).update(made=F("pk") + distance)


def _make(
    listing: Listing,
    batch: ImportBatch,
    row: ImportRow,
    by: Person | None,
    at: datetime,
    clean: Cleaner,
) -> None:
    try:
        with transaction.atomic():
            values = updating.values_of(listing, row, clean)
            made = listing.import_row(values, batch, row, by, at)
            if listing.imports is not None and listing.imports.after is not None:
                listing.imports.after(made, row.values, by, at)
            row.made = made.pk
    except updating.SPOILING as error:
        row.made = None
        updating.refuse(row, error)


def _make_rows(
    listing: Listing,
    batch: ImportBatch,
    rows: list[ImportRow],
    by: Person | None,
    at: datetime,
    clean: Cleaner,
    past: bool,
    unused: set[str],
) -> list[Any]:
    """Facts of the past and, where the list can, new rows in bulk, which are given back; what is in the book already is
    brought up to date."""
    facts: Pairs = []
    fresh: Pairs = []
    later: Pairs = []
    for row in rows:
        if not (past or listing.bulk or row.changes):
            _make(listing, batch, row, by, at, clean)
            continue
        if row.changes and not row.values:  # it said what stands there
            later.append((row, {}))
            continue
        try:
            values = updating.values_of(listing, row, clean)
            told = listing.history_of(values, row.values) if past else None
        except updating.SPOILING as error:
            updating.refuse(row, error)
            continue
        if row.changes:
            later.append((row, values))
        elif told is not None:
            facts.append((row, told | {"remarks": _remarks(unused, row)}))
        elif listing.bulk:
            fresh.append((row, values))
        else:
            _make(listing, batch, row, by, at, clean)
    things = [
        *_keep_many(
            facts, lambda some: listing.import_history([v for _, v in some], batch, by, at)
        ),
        *_keep_many(
            fresh, lambda some: listing.import_rows([(v, r) for r, v in some], batch, by, at)
        ),
    ]
    updating.apply(listing, batch, later, by, at)
    return things


Pairs = list[tuple[ImportRow, dict[str, Any]]]


def _keep_many(pairs: Pairs, make: Callable[[Pairs], list[Any]]) -> list[Any]:
    """Rows in bulk, and what was made; where one spoils the bulk it is halved until the one is named."""
    if not pairs:
        return []
    try:
        with transaction.atomic():
            made = make(pairs)
    except updating.SPOILING as error:
        if len(pairs) == 1:
            updating.refuse(pairs[0][0], error)
            return []
        middle = len(pairs) // 2
        return _keep_many(pairs[:middle], make) + _keep_many(pairs[middle:], make)
    for (row, _values), thing in zip(pairs, made, strict=True):
        row.made = thing.pk
    return made


def _remarks(unused: set[str], row: ImportRow) -> dict[str, str]:
    """What stands in columns that were not taken, so that nothing of the old ledger is lost."""
    if not unused:
        return {}
    said = {header: unpacked_cell(row.raw[header]) for header in row.raw.keys() & unused}
    return {header: _as_read(cell) for header, cell in said.items() if not is_blank(cell)}


def _as_read(cell: Any) -> str:
    """A cell as a person reads it (1, not 1.0), also one that lost digits."""
    try:
        return text_of(cell)
    except BadCell:
        return str(cell)


def _link_repeats(listing: Listing, batch: ImportBatch, by: Person | None, at: datetime) -> None:
    """Rows that say which one they repeat are linked to it, wherever in the file that stands."""
    _link_carried(listing, batch, by, at)
    name = listing.imports.duplicate_of if listing.imports else ""
    if not name or name not in batch.mapping.values():
        return
    taken = batch.rows.exclude(made=None)
    saying = taken.exclude(**{f"values__{name}": ""}).exclude(**{f"values__{name}": None})
    again = list(saying)
    made = (
        {fold(key): pk for key, pk in taken.exclude(key="").values_list("key", "made")}
        if again
        else {}
    )
    for row in again:
        if original := fold(row.values.get(name)):
            try:
                with transaction.atomic():
                    said = str(row.values[name])
                    listing.link_repeat(row.made, made.get(original), said, by, at)
            except (Refused, NotVisible) as error:
                why = _("找不到编号为“%s”的原件；请核对，或先导入原件") % row.values[name]
                if isinstance(error, Refused):
                    why = f"{error.why}{error.remedy}"
                row.warnings.append(problem(name, "", why))
                row.save(update_fields=["warnings"])


def _link_carried(listing: Listing, batch: ImportBatch, by: Person | None, at: datetime) -> None:
    """What a later section carries over goes on there: the row above is linked to it."""
    carried = list(batch.rows.exclude(made=None).exclude(carried_from=""))
    rows = batch.rows.exclude(made=None).only("sheet", "number", "made") if carried else ()
    made = {row.place: row.made for row in rows}
    for row in carried:
        if (earlier_row := made.get(row.carried_from)) is not None:
            with contextlib.suppress(Refused, NotVisible), transaction.atomic():
                listing.link_repeat(earlier_row, row.made, row.key, by, at)


@transaction.atomic
def discard(listing: Listing, batch_id: int, *, by: Person | None) -> None:
    """Put a preview aside."""
    batch = _batch(listing, batch_id, by)
    if batch.state != ImportBatch.State.PREVIEW:
        raise Refused("state", _("这批数据已经处理过。"))
    if batch.rows.exclude(made=None).exists():
        raise Refused("state", _("这批数据导入到一半。"), _("请继续导入，再整批撤销。"))
    batch.state = ImportBatch.State.DISCARDED
    batch.save()


def _made(batch: ImportBatch) -> list[int]:
    """Primary keys of what the batch made."""
    keys = batch.rows.exclude(made=None).values_list("made", flat=True)
    return [key for key in keys if key is not None]


def undo(
    listing: Listing,
    batch_id: int,
    *,
    by: Person | None,
    at: datetime | None = None,
    progress: Progress | None = None,
) -> list[Any]:
    """Withdraw every row that the batch made. Those worked on since, or brought up to date by a later table, stay and are
    returned.

    One that was broken off half-way is withdrawn too. What a batch changed of the book stays as it is now. Done in portions
    as taking in is: broken off, it goes on where it stopped.
    """
    at = at or timezone.now()
    with transaction.atomic():
        batch = _batch(listing, batch_id, by)
        made = _made(batch)
        half_way = batch.state == ImportBatch.State.PREVIEW and made
        if batch.state != ImportBatch.State.ACCEPTED and not half_way:
            raise Refused("state", _("只有已导入的批次可以撤销。"))
        if not made:
            raise Refused(
                "state",
                _("这批数据只更新了已有的行，没有新登记的，不能撤销。"),
                _("请到各行中改回，原来的内容见其记录。"),
            )
        own = batch.rows.exclude(made=None).values("made")
        updated = ImportRow.objects.filter(
            batch__listing=listing.key, batch__state=ImportBatch.State.ACCEPTED, changed=True
        )
        later = set(updated.filter(changes__in=own).values_list("changes", flat=True))
    kept: list[Any] = []
    for done in range(0, len(made), PORTION):
        with transaction.atomic():
            kept += [
                thing
                for thing in listing.rows_of(made[done : done + PORTION])
                if thing.pk in later or not listing.withdraw_row(thing, by, at)
            ]
        if done + PORTION < len(made):
            time.sleep(TURN)
        if progress is not None:
            progress(min(done + PORTION, len(made)), len(made))
    with transaction.atomic():
        batch = _batch(listing, batch_id, by)
        if batch.state == ImportBatch.State.UNDONE:  # somebody else did at the same time
            return kept
        batch.state, batch.undone_at, batch.undone_by = ImportBatch.State.UNDONE, at, by
        batch.accepted_at = batch.accepted_at or at
        batch.save()
        _on_trail(listing, batch, by, "table_undone", kept=len(kept))
    return kept


@transaction.atomic
def redo(listing: Listing, batch_id: int, *, by: Person | None) -> int:
    """Bring back what :func:`undo` withdrew; how many."""
    batch = _batch(listing, batch_id, by)
    if batch.state != ImportBatch.State.UNDONE:
        raise Refused("state", _("这批数据没有撤销。"))
    made = _made(batch)
    count = listing.restore_rows(made, by, timezone.now())
    if not count:
        raise Refused("state", _("没有可以恢复的行。"), _("请重新上传原表导入。"))
    batch.state, batch.undone_at, batch.undone_by = ImportBatch.State.ACCEPTED, None, None
    batch.save()
    _on_trail(listing, batch, by, "table_brought_back", made=count)
    return count
