"""What a list shows: scope, filters, search, order, pages and counts, and nothing that is hidden."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import openpyxl
import pytest
from django.http import QueryDict

from ecoledger.entities.models import Enterprise, Entity, Outlet
from ecoledger.listings import cells, selecting
from ecoledger.listings.listing import Column, Filter, Listing
from ecoledger.listings.lookups import lookup_among
from ecoledger.listings.parts import Kind

LISTING = Listing(
    key="firms",
    label="企业",
    model=Enterprise,
    columns=(
        Column("name", narrow=True),
        "code",
        "area_code",
        "is_key",
        Column("phone", sortable=True),
        Column("contact", sortable=True),
    ),
    filters=(
        "area_code",
        "is_key",
        Filter("phone", "电话"),
        Filter("made", "登记", path="created_at"),
    ),
    search=("name", "code", "phone"),
    hidden={"phone": "see_complainants"},
    see="see_monitoring",
    lead="name",
)


@pytest.fixture
def firms(bureau):
    Enterprise.objects.all().exclude(code="E-1").delete()
    rows = [
        Enterprise(
            code=f"E-{n:03}",
            name=f"{'甲乙丙'[n % 3]}厂{n}",
            area_code="990101001" if n % 2 else "990101002",
            is_key=n % 5 == 0,
            phone=f"1380000{n:04}",
            contact="" if n % 7 else "张",
            lon=118.6 if n % 2 else None,
            lat=24.9 if n % 2 else None,
        )
        for n in range(2, 122)
    ]
    for row in rows:
        row.save()
    return bureau.people


def shown(person, text="", **more):
    query = QueryDict(text)
    return selecting.select(LISTING, person, query, **more)


def test_the_bare_name_of_a_number_or_a_day_asks_for_that_one():
    """``year=2026`` of a door is the year, not no condition."""
    year = Filter("year", kind=Kind.INTEGER)
    assert selecting.condition(year, QueryDict("year=2026")) == selecting.condition(
        year, QueryDict("year_from=2026&year_to=2026")
    )
    day = Filter("on", kind=Kind.DATE)
    assert selecting.condition(day, QueryDict("on=2026-11-30")) == selecting.condition(
        day, QueryDict("on_from=2026-11-30&on_to=2026-11-30")
    )


def test_several_values_of_a_filter_are_alternatives_and_filters_join(firms):
    leader = firms["leader"]
    every = Enterprise.objects.count()
    assert shown(leader).count() == every
    assert shown(leader, "area_code=990101001&area_code=990101002").count() == every
    assert shown(leader, "area_code=990101001,990101002").count() == every
    keys = set(shown(leader, "area_code=990101002&is_key=1").values_list("code", flat=True))
    assert keys == {f"E-{n:03}" for n in range(2, 122) if n % 10 == 0}


def test_a_filter_by_a_thing_takes_what_its_look_up_sends(firms, bureau):
    """Things are sent by their code; a filter that took keys alone would show every row and say it was narrowed."""
    parts = replace(LISTING, key="outlets", model=Outlet, filters=("parent",), hidden={}, lead="name",
                    columns=("name",), search=("name",))  # fmt: skip
    other = Enterprise.objects.first()
    Outlet.objects.create(code="O-9", name="别家排口", area_code="990101001", parent=other)
    sent = lookup_among("", Entity).value_of(bureau.enterprise)
    rows = selecting.select(parts, firms["monitor"], QueryDict(f"parent={sent}"))
    assert rows.exists()
    assert {row.parent_id for row in rows} == {bureau.enterprise.pk}


def test_odd_values_are_no_condition(firms):
    every = Enterprise.objects.count()
    for odd in (
        "is_key=x",
        "area_code=%C2%B2",
        "made_from=2026-13-45",
        "nothing=1",
        "is_key=0&is_key=1",
    ):
        assert shown(firms["leader"], odd).count() == every


def test_a_word_that_is_no_choice_chooses_nothing(bureau):
    """Every row would be shown as if it had been chosen."""
    kind = Filter("kind", kind=Kind.CHOICE, choices=(("river", "河流"), ("station", "空气站")))
    things = Entity.objects.all()

    def number(query):
        return things.filter(selecting.condition(kind, QueryDict(query))).count()

    assert number("kind=") == number("kind=all") == things.count()
    assert number("kind=rivers") == 0
    assert 0 < number("kind=rivers,river") == number("kind=river") < things.count()


def test_a_day_is_in_the_span_up_to_its_end(firms):
    from django.utils import timezone

    today = timezone.localdate().isoformat()
    assert (
        shown(firms["leader"], f"made_from={today}&made_to={today}").count()
        == Enterprise.objects.count()
    )
    assert shown(firms["leader"], "made_to=2020-01-01").count() == 0


def test_every_word_of_a_search_must_stand_somewhere(firms):
    found = shown(firms["leader"], "q=甲厂 E-012")
    assert [row.code for row in found] == ["E-012"]


def test_what_is_hidden_cannot_be_searched_filtered_sorted_or_exported(firms):
    leader, dispatcher = firms["leader"], firms["dispatcher"]
    assert not shown(leader, "q=13800000005").exists()
    assert [r.code for r in shown(dispatcher, "q=13800000005")] == ["E-005"]
    assert shown(leader, "phone=13800000005").count() == Enterprise.objects.count()
    assert shown(dispatcher, "phone=13800000005").count() == 1
    rows = shown(leader)
    by_phone = list(selecting.ordered(LISTING, leader, rows, "phone"))
    assert by_phone == list(selecting.ordered(LISTING, leader, rows, ""))
    assert selecting.ordered(LISTING, dispatcher, rows, "-phone").first().code == "E-121"
    heads = _exported(leader, rows)[1]
    assert "联系电话" not in heads
    assert "联系电话" in _exported(dispatcher, rows)[1]


def _exported(person, rows):
    book = openpyxl.load_workbook(
        io.BytesIO(cells.workbook(LISTING, person, rows, title="企业")), read_only=True
    )
    return [list(row) for row in book.active.iter_rows(values_only=True)]


def test_what_has_no_value_comes_last_either_way(firms):
    leader = firms["leader"]
    Enterprise.objects.filter(code="E-007").update(contact="王")
    ascending = selecting.ordered(LISTING, leader, shown(leader), "-contact")
    assert ascending[0].contact == "王"
    placed = replace(LISTING, columns=(*LISTING.columns, Column("lon", "经度", sortable=True)))
    for sort in ("lon", "-lon"):
        rows = list(selecting.ordered(placed, leader, shown(leader), sort))
        missing = [row.lon is None for row in rows]
        assert True in missing
        assert missing == sorted(missing), sort


@pytest.mark.parametrize("sort", ["", "name", "-name", "code", "-code", "area_code", "-area_code"])
def test_pages_in_a_row_are_the_whole_list_once(firms, sort):
    leader = firms["leader"]
    rows = selecting.ordered(LISTING, leader, shown(leader), sort)
    pages = [selecting.page(LISTING, rows, n, size=25) for n in range(1, 6)]
    walked = [row.pk for page in pages for row in page.rows]
    assert walked == list(rows.values_list("pk", flat=True))
    assert [page.more for page in pages] == [True, True, True, True, False]
    assert pages[0].last == 5


def test_past_the_end_is_the_last_page(firms):
    leader = firms["leader"]
    rows = selecting.ordered(LISTING, leader, shown(leader))
    page = selecting.page(LISTING, rows, 99, size=25)
    assert (page.number, page.first_row, len(page.rows)) == (
        5,
        101,
        Enterprise.objects.count() - 100,
    )
    empty = selecting.page(LISTING, rows.filter(code="no"), 7)
    assert (empty.rows, empty.number, empty.count.number) == ([], 1, 0)


def test_above_the_bound_it_is_said_that_there_are_more(firms, monkeypatch):
    monkeypatch.setattr(selecting, "COUNTED", 100)
    rows = shown(firms["leader"])
    assert selecting.counted(rows) == selecting.Count(100, exact=False)
    assert selecting.counted(rows, exact=True) == selecting.Count(Enterprise.objects.count())
    assert selecting.counted(rows.none()) == selecting.Count(0)


def test_a_deep_page_reads_rows_once(firms, django_assert_num_queries):
    leader = firms["leader"]
    rows = selecting.ordered(LISTING, leader, shown(leader))
    with django_assert_num_queries(3):  # keys, count, rows
        selecting.page(LISTING, rows, 3, size=25)


def test_cells_are_texts_and_the_area_is_its_name(firms):
    row = Enterprise.objects.get(code="E-010")
    assert [cells.text_of(row, c) for c in LISTING.columns] == [
        "乙厂10", "E-010", "南镇", "是", "13800000010", "",
    ]  # fmt: skip


def test_the_map_has_the_rows_with_a_place_and_no_hidden_names(firms):
    layer = cells.features(LISTING, firms["leader"], shown(firms["leader"], "is_key=1&q=E-"))
    layer["features"] = [f for f in layer["features"] if f["properties"]["name"] != "测试化工厂"]
    placed = {f["properties"]["name"] for f in layer["features"]}
    assert placed == {f"{'甲乙丙'[n % 3]}厂{n}" for n in range(5, 122, 10)}
    assert all("phone" not in f["properties"] for f in layer["features"])
    assert LISTING.has_place


def test_a_small_quantity_is_shown_without_places_that_nobody_measured():
    """What is kept with many places, lest a trace be lost, is written as it was entered; money keeps its two."""
    column = Column("amount")
    for amount, text in (("50.00000", "50"), ("0.00120", "0.0012"), ("12.50", "12.50")):
        row = SimpleNamespace(amount=Decimal(amount))
        assert cells.text_of(row, column) == text
