"""Files as staff have them, brought in, partly refused, and taken back."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from openpyxl import Workbook

from ecoledger.monitoring.computing import pending
from ecoledger.monitoring.files import imports
from ecoledger.monitoring.points import table
from ecoledger.standards.written_dates import read_moment

pytestmark = pytest.mark.django_db

LONG = """点位,因子,时间,数值,标记
A-1,PM2.5,2026-05-01 08:00,37,N
000000000000000000000001,SO2,2026-05-01 08:00,6,N
清溪桥水站,氨氮,2026/5/1 8:00,0.02L,
W-1,总磷,2026年5月1日8时,未检出,
A-9,PM2.5,2026-05-01 08:00,37,N
A-1,阳光,2026-05-01 08:00,37,N
A-1,PM10,昨天,37,N
A-1,NO2,2026-05-01 08:00,三十,N
A-1,PM2.5,2026-05-01 08:00,38,N
"""


@pytest.fixture
def county(store, bureau):
    table.forget()
    return bureau


def held(store, *columns):
    columns = columns or ("point", "parameter", "series", "start", "value")
    return set(store.read(series=["hour", "day", "raw"], columns=columns).rows())


def test_a_long_file_stores_its_good_rows_and_names_the_bad_ones(store, county):
    parsed = imports.read(LONG.encode(), "五月.csv")
    assert [(e.row, e.field) for e in parsed.errors] == [
        (6, "监测点"), (7, "因子"), (8, "时间"), (9, "数值"), (10, "数值"),
    ]  # fmt: skip
    assert all(e.problem and e.remedy for e in parsed.errors)
    batch = imports.store(parsed, county.monitor)
    assert (batch.rows_total, batch.rows_stored, batch.observations) == (9, 4, 4)
    start = datetime(2026, 5, 1, 8)
    assert held(store, "point", "parameter", "value", "text", "decimals") == {
        (county.air[0].pk, "a34004", 37.0, None, 0),
        (county.air[0].pk, "a21026", 6.0, None, 0),
        (county.water.pk, "w21003", 0.01, "0.02L", None),
        (county.water.pk, "w21011", 0.0, "未检出", None),
    }
    assert {row[0] for row in held(store, "start")} == {start}


def test_a_preview_stores_nothing(store, county):
    summary = imports.read(LONG.encode(), "五月.csv").summary()
    assert (summary["layout"], summary["good_rows"], summary["bad_rows"]) == ("long", 4, 5)
    assert held(store) == set()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_wide_file_in_any_encoding_with_title_rows_and_units(store, county, encoding):
    text = "测试县空气质量\n\n站点,时间,PM2.5(mg/m3),CO,备注\n1号空气站,2026-05-01 08:00,0.037,0.8,晴\n"
    parsed = imports.read(text.encode(encoding), "空气.csv")
    assert (parsed.layout, parsed.errors, parsed.ignored_columns) == ("wide", [], ["备注"])
    imports.store(parsed)
    assert held(store, "parameter", "value") == {("a34004", 37.0), ("a21005", 0.8)}


def test_a_workbook_with_real_dates_and_text_numbers(store, county):
    book = Workbook()
    sheet = book.active
    sheet.append(["监测日期", "高锰酸盐指数", "w21003"])
    sheet.append([datetime(2026, 5, 1), "4.20", 0.5])
    sheet.append([datetime(2026, 5, 2), "停产", "／"])
    file = io.BytesIO()
    book.save(file)
    parsed = imports.read(file.getvalue(), "水.xlsx", series="day", point="W-1")
    imports.store(parsed)
    assert held(store, "parameter", "start", "value", "text", "flag", "series") == {
        ("w01019", datetime(2026, 5, 1), 4.2, None, "N", "day"),
        ("w21003", datetime(2026, 5, 1), 0.5, None, "N", "day"),
        ("w01019", datetime(2026, 5, 2), None, "停产", "F", "day"),
    }


def test_a_file_that_labels_hours_by_their_end_is_shifted(store, county):
    text = "点位,时间,PM2.5\nA-1,2026-05-01 24:00,37\n"
    imports.store(imports.read(text.encode(), "a.csv", label="end"))
    assert held(store, "start") == {(datetime(2026, 5, 1, 23),)}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-05-01T08:30:00", datetime(2026, 5, 1, 8, 30)),
        ("2026.5.1", datetime(2026, 5, 1)),
        ("20260501", datetime(2026, 5, 1)),
        ("2026050108", datetime(2026, 5, 1, 8)),
        ("20260501083000", datetime(2026, 5, 1, 8, 30)),
        ("2026-02-26T2000", datetime(2026, 2, 26, 20)),
        ("２０２６年５月１日８时３０分", datetime(2026, 5, 1, 8, 30)),
        (46143.25, datetime(2026, 5, 1, 6)),
    ],
)
def test_times_as_people_write_them(written, expected):
    assert read_moment(written)[0] == expected


def test_the_same_file_again_stores_nothing(store, county):
    parsed = imports.read(LONG.encode(), "五月.csv")
    imports.store(parsed)
    again = imports.store(imports.read(LONG.encode(), "副本.csv"))
    assert (again.rows_stored, again.observations) == (0, 0)


def test_a_value_from_a_file_names_its_row_and_who_brought_it_in(store, county, client):
    batch = imports.store(imports.read(LONG.encode(), "五月.csv"), county.monitor)
    client.force_login(county.monitor)
    asked = {"parameter": "a34004", "series": "hour", "start": "2026-05-01T08:00:00"}
    page = client.get(f"/stations/{county.air[0].pk}/value", asked).content.decode()
    assert f'href="/import#import-{batch.pk}">五月.csv</a>' in page
    assert "第 2 行" in page
    assert county.monitor.name in page
    assert "/frames/" not in page
    assert f'id="import-{batch.pk}"' in client.get("/import").content.decode()


def test_an_undone_import_leaves_what_was_there_before_and_may_come_again(store, county):
    first = "点位,时间,PM2.5\nA-1,2026-05-01 08:00,37\n"
    second = "点位,时间,PM2.5,PM10\nA-1,2026-05-01 08:00,99,50\n"
    imports.store(imports.read(first.encode(), "一.csv"))
    batch = imports.store(imports.read(second.encode(), "二.csv"), county.monitor)
    assert held(store, "parameter", "value") == {("a34004", 99.0), ("a34002", 50.0)}
    assert imports.undo(batch, county.monitor) == 2
    assert held(store, "parameter", "value", "text") == {
        ("a34004", 37.0, None),
        ("a34002", None, "已撤销导入"),
    }
    with pytest.raises(ValidationError, match="已撤销"):
        imports.undo(batch, county.monitor)
    imports.store(imports.read(second.encode(), "二.csv"), county.monitor)
    assert held(store, "parameter", "value") == {("a34004", 99.0), ("a34002", 50.0)}


def test_imported_hours_are_worked_through_like_any_other(store, county):
    rows = "".join(f"A-1,2026-05-01 {h:02}:00,{30 + h}\n" for h in range(24))
    imports.store(imports.read(("点位,时间,PM2.5\n" + rows).encode(), "a.csv"))
    pending.run_all()
    day = store.read([county.air[0].pk], ["a34004"], "computed-day", columns=("value", "valid"))
    assert day.row(0) == (41.5, True)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x00\x01\x02" * 50, "csv"),
        ("甲,乙\n1,2\n".encode(), "表头"),
        ("时间,PM2.5\n2026-05-01,3\n".encode(), "监测点"),
        (b"PK\x03\x04 not a workbook", "xlsx"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_would_help(county, data, why):
    with pytest.raises(imports.FileError, match=why):
        imports.read(data, "x.csv")


def test_only_monitoring_staff_import_and_only_within_their_scope(store, county):
    parsed = imports.read(LONG.encode(), "五月.csv", person=county.people["enterprise"])
    assert parsed.good_rows == 0
    with pytest.raises(PermissionDenied):
        imports.store(parsed, county.people["enterprise"])
