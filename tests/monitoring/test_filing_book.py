"""Filings come by file under the same rules as by form: who files, for what, and since when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ecoledger.listings import importing
from ecoledger.listings.catalogue import listing_of
from ecoledger.listings.refusals import Refused
from ecoledger.matters.models import Notice
from ecoledger.monitoring.models import Filing

HEADS = "对象,类别,开始,结束,原因,申报人"


def _enter(*rows: str, by=None):
    book = listing_of("filing")
    content = "\n".join([HEADS, *rows]).encode()
    batch = importing.preview(book, "停运.csv", content, by=by)
    importing.accept(book, batch.pk, by=by)
    return batch


def test_filings_of_a_file_stand_as_if_they_had_been_made_by_form(bureau, people):
    firm, monitor = bureau.enterprise, people["monitor"]
    batch = _enter(
        f"{firm.name},停产停运,2026-03-02 08:00,2026-03-04 18:00,设备检修,{monitor.username}",
        f"{firm.name},停产停运,2026-03-05 08:00,2026-03-04 18:00,时间写反,{monitor.username}",
        f"{firm.name},停产停运,2026-03-08 08:00,2026-03-09 18:00,没人申报,",
    )
    (filing,) = Filing.objects.all()
    assert (filing.kind, filing.reason, filing.filed_by) == ("shutdown", "设备检修", monitor)
    assert filing.silences
    reasons = " ".join(row.reason for row in batch.rows.filter(made=None))
    assert "结束时间应晚于开始时间" in reasons
    assert "没有写明由谁申报" in reasons
    importing.undo(listing_of("filing"), batch.pk, by=None)
    filing.refresh_from_db()
    assert filing.withdrawn_at is not None


def test_the_preview_promises_no_filing_that_is_refused_afterwards(bureau, people):
    """Rows look right cell by cell; the rules of a filing are asked before anything is made."""
    firm, book, now = bureau.enterprise, listing_of("filing"), timezone.localtime()
    late, soon, later = (
        (now + timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M") for hours in (-48, 1, 2)
    )
    rows = (
        f"{firm.name},停产停运,{soon},{later},检修,",
        f"{firm.name},停产停运,{later},{soon},时间写反,",
        f"{firm.name},停产停运,{late},{later},补报,",
    )
    content = "\n".join([HEADS, *rows]).encode()

    def said(by):
        batch = importing.preview(book, f"{by}.csv", content, by=by)
        return batch, {row.number: row.reason for row in batch.bad}

    batch, wrong = said(people["enterprise"])
    assert set(wrong) == {3, 4}
    assert "结束时间应晚于开始时间" in wrong[3]
    assert "企业申报不得早于当前时间24小时以前" in wrong[4]
    assert importing.accept(book, batch.pk, by=people["enterprise"]) == (1, 2)
    # Who watches the data hears of a firm's filing whichever way it came in.
    (notice,) = Notice.objects.filter(person=people["monitor"])
    assert notice.link == f"/filings/{Filing.objects.get().pk}"
    # The bureau's people enter what is past.
    assert set(said(people["monitor"])[1]) == {3}
    assert all("没有写明由谁申报" in why for why in said(None)[1].values())


def test_a_file_lets_nobody_file_for_another_s_area(bureau, people):
    firm = bureau.enterprise
    row = f"{firm.name},停产停运,2026-03-02 08:00,,检修,"
    with pytest.raises(Refused):
        _enter(row, by=people["leader"])
    assert not Filing.objects.exists()
