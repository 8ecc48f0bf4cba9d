"""Tables that take longer than a request: checked, taken in and written out by a job, with progress.

The job does what the page would do, as the person who began it and with what they may see at that moment.
"""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.wording import numbered
from ecoledger.jobs.running import Failed, Outcome, Progress, work
from ecoledger.listings import cells, importing, selecting
from ecoledger.listings.catalogue import listing_of
from ecoledger.listings.exported import columns_of
from ecoledger.listings.listing import Listing
from ecoledger.listings.models import ImportBatch
from ecoledger.listings.personal import asked_openly, note_seen
from ecoledger.listings.refusals import NotVisible, Refused
from ecoledger.web.listings.known import known_of

# A file of more bytes, rows to check or take in, and rows to write out beyond which a job does it.
LONG_FILE = 512 << 10
LONG_IMPORT = 500
LONG_EXPORT = 5_000
CHECK, ACCEPT, UNDO, EXPORT = "table_check", "table_accept", "table_undo", "table_export"


def footer(person: Person, count: int) -> str:
    """Who took the list out, when, and how long it is."""
    return _("导出人：%(name)s　　导出时间：%(at)s　　共 %(count)d 行") % {
        "name": person.name,
        "at": f"{timezone.localtime():%Y-%m-%d %H:%M}",
        "count": count,
    }


@work(CHECK)
def check(progress: Progress, *, listing: str, name: str, history: bool) -> Outcome:
    """Read an uploaded table and check its rows; leads to the preview."""
    declared = listing_of(listing)
    try:
        batch = importing.preview(
            declared,
            name,
            progress.upload(),
            by=progress.person,
            history=history,
            progress=progress.at,
        )
    except Refused as refused:
        raise Failed(f"{refused.why}{refused.remedy}") from refused
    note = _("%(good)d 行可以导入，%(bad)d 行有错，请确认。") % {
        "good": batch.good.count(),
        "bad": batch.bad.count(),
    }
    return Outcome(note, reverse("book-import-batch", args=[listing, batch.pk]))


@work(ACCEPT)
def accept(progress: Progress, *, listing: str, batch: int, again: bool) -> Outcome:
    """Take in the rows of a preview; stopped, it goes on where it was when it is accepted again."""
    declared = listing_of(listing)
    try:
        made, left = importing.accept(
            declared, batch, by=progress.person, again=again, progress=progress.at
        )
    except Refused as refused:
        raise Failed(f"{refused.why}{refused.remedy}") from refused
    except NotVisible as error:
        raise Failed(_("没有这批数据。")) from error
    note = _("已导入 %(made)d 件，%(left)d 行没有导入。") % {"made": made, "left": left}
    return Outcome(note, reverse("book-import-batch", args=[listing, batch]))


@work(UNDO)
def undo(progress: Progress, *, listing: str, batch: int) -> Outcome:
    """Take back what an import brought in; stopped, it goes on where it was when it is undone again."""
    declared = listing_of(listing)
    try:
        kept = importing.undo(declared, batch, by=progress.person, progress=progress.at)
    except Refused as refused:
        raise Failed(f"{refused.why}{refused.remedy}") from refused
    except NotVisible as error:
        raise Failed(_("没有这批数据。")) from error
    note = _("已撤销这批数据；已经办理过或已更新的 %d 件没有撤销。") % len(kept)
    return Outcome(note, reverse("book-import-batch", args=[listing, batch]))


@work(EXPORT)
def export(
    progress: Progress, *, listing: str, query: dict[str, Any], address: str = ""
) -> Outcome:
    """The list as .xlsx, as its page shows it."""
    declared = listing_of(listing)
    content, count = exported(declared, progress.person, _Query(query), address)
    name = f"{_(str(declared.label))}_{timezone.localdate():%Y%m%d}.xlsx"
    return Outcome(numbered("共 %d 行", count) % count, file_name=name, content=content)


class _Query(dict[str, Any]):
    """What stood in an address: name -> its values, asked as a ``QueryDict`` is."""

    def getlist(self, name: str) -> list[str]:
        return list(super().get(name, ()))

    def get(self, name: str, default: Any = "") -> Any:
        values = super().get(name)
        return values[-1] if values else default


def rows_of(listing: Listing, person: Person, query: Any) -> Any:
    """The rows of a list's address, in its order, with what the columns read."""
    chosen = selecting.select(listing, person, query)
    ordered = selecting.ordered(listing, person, chosen, query.get("sort", ""))
    return ordered.select_related(*selecting.related(listing)).prefetch_related(*listing.prefetch)


def exported(listing: Listing, person: Person, query: Any, address: str = "") -> tuple[bytes, int]:
    """(the list as a workbook, how many rows); on the audit trail, for data leave here."""
    rows = rows_of(listing, person, query)
    count = rows.count()
    label = _(str(listing.label))
    known = known_of(listing)
    content = cells.workbook(
        listing,
        person,
        rows,
        title=label,
        footer=footer(person, count),
        beside=(known.heads(), lambda shown: known.values(person, shown)),
    )
    details = {"listing": listing.key, "query": asked_openly(listing, query), "rows": count}
    audit.record(person, "export_list", details=details, address=address)
    note_seen(listing, person, rows, [c.name for c in columns_of(listing, person)], address)
    return content, count


def was_long(batch: ImportBatch) -> bool:
    """Whether an import brought in more rows than a request should take back."""
    return batch.rows.exclude(made=None).count() > LONG_IMPORT


def is_long(batch: ImportBatch) -> bool:
    """Whether a preview has more rows than a request should take in."""
    return batch.waiting.count() > LONG_IMPORT
