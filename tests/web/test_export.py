"""Lists as spreadsheets: what the page shows, nothing else, and nothing a spreadsheet would damage."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from ecoledger.accounts.models import AuditEntry
from ecoledger.entities.models import Enterprise
from ecoledger.monitoring.models import Alarm, Filing

# Pages of declared books by their book's key, and pages with lists of their own.
BOOKS = {"stations": "point", "alarms": "alarm", "filings": "filing", "enterprises": "enterprise"}
LISTS = [*BOOKS, "catalogue", "quarantine"]


def export_of(name: str) -> str:
    return (
        reverse("book-export", args=[BOOKS[name]]) if name in BOOKS else reverse(f"{name}-export")
    )


def sheet(client, name: str, query: str = "") -> list[list]:
    """The rows of an exported list: headings first, without title and footer."""
    answer = client.get(export_of(name) + query)
    assert answer.status_code == 200, answer.status_code
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    rows = [list(row) for row in book.active.iter_rows()]
    assert "导出人" in rows[-1][0].value
    return rows[1:-2]


def values(rows: list[list]) -> list[list]:
    return [[cell.value for cell in row] for row in rows]


@pytest.mark.parametrize("name", LISTS)
def test_the_columns_are_those_of_the_page(county, signed_in, name):
    client = signed_in("monitor")
    page = client.get(reverse(name)).content.decode()
    assert export_of(name) in page
    # What a page sums up stands above its list.
    table = page.rsplit("<table", 1)[1]
    heads = re.findall(r"<th[ >].*?</th>|<th>.*?</th>", table, re.DOTALL)
    shown = [part.strip() for th in heads for part in strip_tags(th).split("·") if part.strip()]
    rows = values(sheet(client, name))
    if (
        name in BOOKS
    ):  # of a declared book a page leaves out what no row has, and no words stand twice
        assert set(shown) <= set(rows[0])
        assert len(shown) == len(set(shown)) > 5
    else:
        assert rows[0] == shown
    assert len(rows) > 1


def test_rows_are_those_the_filters_leave_and_the_person_may_see(county, signed_in):
    monitor, town = signed_in("monitor"), signed_in("town")
    assert [row[0] for row in values(sheet(monitor, "alarms", "?level=red"))[1:]] == [
        county.alarms[0].text
    ]
    names = {row[0] for row in values(sheet(town, "stations", "?kind=air"))[1:]}
    assert names == {county.bureau.air[0].name, county.bureau.air[1].name}
    assert signed_in("town").get(reverse("quarantine-export")).status_code == 403
    assert values(sheet(monitor, "enterprises", "?q=别家"))[1][0] == "别家纺织厂"


def test_codes_stay_texts_and_texts_never_become_formulas(county, signed_in):
    Enterprise.objects.filter(code="E-1").update(
        name='=HYPERLINK("http://x")', uscc="913505020000000017"
    )
    client = signed_in("monitor")
    stations = sheet(client, "stations", "?kind=air")
    mn = next(n for n, cell in enumerate(stations[0]) if cell.value == "MN")
    assert stations[1][mn].value == county.bureau.air[0].mn
    assert {row[n].data_type for row in stations[1:] for n in (0, mn)} == {"s"}
    enterprises = sheet(client, "enterprises")
    row = next(row for row in enterprises if str(row[0].value).startswith("="))
    assert row[0].data_type == "s"
    assert (row[2].value, row[2].data_type) == ("913505020000000017", "s")
    for start in "+-@":
        Filing.objects.update(reason=f"{start}1+1")
        assert sheet(client, "filings")[1][5].data_type == "s"


def test_times_are_the_clocks_here(county, signed_in):
    alarm = Alarm.objects.get(pk=county.alarms[0].pk)
    written = values(sheet(signed_in("monitor"), "alarms", "?level=red"))[1][4]
    here = timezone.localtime(alarm.begin).replace(tzinfo=None)
    assert abs((written - here).total_seconds()) < 1


def test_what_leaves_is_on_the_trail(county, signed_in):
    sheet(signed_in("monitor"), "alarms", "?level=red")
    entry = AuditEntry.objects.get(action="export_list")
    assert entry.details == {"listing": "alarm", "query": {"level": "red"}, "rows": 1}


def test_a_list_too_long_for_a_sheet_is_refused_with_the_remedy(county, signed_in, monkeypatch):
    monkeypatch.setattr("ecoledger.web.export.EXPORT_LIMIT", 1)
    client = signed_in("monitor")
    answer = client.get(export_of("stations"), follow=True)
    assert "请先筛选再导出" in answer.content.decode()


def test_a_list_without_rows_is_still_a_sheet(county, signed_in):
    assert len(sheet(signed_in("monitor"), "alarms", "?q=nothing-like-it")) == 1
