"""Inventories: what a declaration says holds when a thing is entered by form, import or interface."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest
from django.http import QueryDict
from django.utils import timezone

from ecoledger.entities import identifiers
from ecoledger.entities.inventory import (
    Inventory,
    all_inventories,
    headers,
    inventory_of,
    own_row,
)
from ecoledger.entities.models import Area, Enterprise, Entity, Outlet, River, Section
from ecoledger.listings import forms, importing, selecting
from ecoledger.listings.catalogue import listing_of
from ecoledger.listings.parts import DeclarationError
from ecoledger.listings.refusals import Refused
from ecoledger.web.listings import long_work

NORTH = "990101001"


def enter(key: str, by, **given):
    """What a form sends, cleaned and entered as pages and imports do."""
    book = inventory_of(key)
    values = forms.cleaned(book.fields, book.model, given, person=by)
    kept = forms.stored(book.fields, values)
    answers = {name: values[name] for name in book.answers if values.get(name)}
    kept = {name: value for name, value in kept.items() if value not in (None, "")}
    return book.open_row(kept, by, timezone.now(), answers=answers)


def test_six_books_and_each_thing_knows_its_own(bureau):
    books = {book.key for book in all_inventories()}
    assert {"area", "enterprise", "outlet", "station", "river", "section"} <= books
    entity = Entity.objects.get(code="E-1")
    assert inventory_of(entity).label == "企业"
    assert isinstance(own_row(entity), Enterprise)
    with pytest.raises(DeclarationError, match="KIND"):
        Inventory(key="firm", label="企业", model=Enterprise)


def test_a_division_is_entered_by_code_name_and_level(bureau):
    village = enter("area", bureau.monitor, code="990101001201", name="示例村")
    assert (village.area_code, village.level, village.parent.code) == (
        "990101001201", "village", NORTH,
    )  # fmt: skip
    with pytest.raises(Refused, match="2、4、6、9 或 12 位"):
        enter("area", bureau.monitor, code="99010100", name="错")
    with pytest.raises(Refused, match="本辖区"):
        enter("area", bureau.monitor, code="880101", name="别处")


def test_a_river_and_a_section_are_entered_with_their_course(bureau):
    course = '{"type": "LineString", "coordinates": [[118.6, 25.0], [118.6, 24.9]]}'
    river = enter("river", bureau.monitor, name="新溪", area_code="测试县", geometry=course)
    assert river.code == "R-990101-0001"
    assert river.length_km == pytest.approx(11.09, abs=0.01)
    section = enter(
        "section", bureau.monitor, name="新溪口", area_code="北镇", river="新溪", chainage_km="12",
        target_class="3", level="县控", is_lake="0",
    )  # fmt: skip
    assert section.river == River.objects.get(name="新溪")
    assert section.odd == ["距河源的距离超过河长 11.09 km，请核对"]
    river.flows_into = bureau.river
    river.save()
    book = inventory_of("river")
    with pytest.raises(Refused, match="成环"):
        book.change_row(bureau.river, {"flows_into": river}, bureau.monitor, timezone.now())


def test_coordinates_of_a_web_map_are_converted_once(bureau):
    firm = enter(
        "enterprise", bureau.monitor, name="新厂", area_code="北镇", lon="118.6", lat="24.9",
        coordinate_source="GCJ-02", is_key="0",
    )  # fmt: skip
    assert (firm.lon, firm.lat) != (118.6, 24.9)
    assert firm.coordinate_source == "GCJ-02"
    place = firm.lon, firm.lat
    book = inventory_of("enterprise")
    values = {"industry": "印染", "lon": firm.lon, "lat": firm.lat, "coordinate_source": "GCJ-02"}
    book.change_row(firm, values, bureau.monitor, timezone.now())
    firm.refresh_from_db()
    assert ((firm.lon, firm.lat), firm.industry) == (place, "印染")


def test_an_outlet_needs_its_firm_and_takes_its_place(bureau):
    outlet = enter(
        "outlet", bureau.monitor, parent="测试化工厂", number="da009", name="九号", medium="gas"
    )
    assert (outlet.code, outlet.area_code) == ("E-1-DA009", NORTH)
    assert Outlet.objects.get(code="E-1-DA009").parent.code == "E-1"
    with pytest.raises(Refused) as refused:
        inventory_of("outlet").open_row(
            {"name": "无主", "number": "DA001", "medium": "gas", "area_code": NORTH},
            bureau.monitor,
            timezone.now(),
        )
    assert "请选择所属的企业" in refused.value.fields["parent"][0]


def test_a_question_is_answered_with_the_form(bureau):
    code = "914403001922038216"
    first = enter("enterprise", bureau.monitor, name="甲", area_code="北镇", uscc=code, is_key="0")
    given = {"name": "乙", "area_code": "北镇", "uscc": code, "is_key": "0"}
    with pytest.raises(Refused) as refused:
        enter("enterprise", bureau.monitor, **given)
    assert "uscc_in_use" in refused.value.fields
    site = enter("enterprise", bureau.monitor, **given, uscc_in_use="site")
    assert site.parent.pk == first.pk
    assert "另一场所" in site.odd[-1]


def test_a_change_by_form_or_batch_holds_from_today(bureau):
    book = inventory_of("enterprise")
    book.change_row(bureau.enterprise, {"performance_grade": "A"}, bureau.monitor, timezone.now())
    state = bureau.enterprise.states.order_by("-id").first()
    assert (state.since, state.values["performance_grade"]) == (timezone.localdate(), "A")


def test_each_book_says_its_columns_fields_and_template_in_words():
    for book in all_inventories():
        for part in (*book.columns, *book.filters, *book.fields):
            assert str(part.label), (book.key, part.name)
        assert book.imports is not None
        assert {column.name for column in book.import_columns} >= set(book.imports.key)
        assert book.letter or book.number


def test_the_operator_enters_without_a_person(bureau):
    firm = inventory_of("enterprise").open_row(
        {"name": "命令行登记", "area_code": NORTH}, None, timezone.now()
    )
    assert firm.code == "E-990101-0001"
    assert identifiers.valid(firm) == []
    assert Area.objects.get(code=NORTH).exists_on(date(2020, 1, 1))
    assert Section.objects.filter(name="命令行登记").count() == 0


@pytest.mark.parametrize(
    "address", ["", "area_code=990101001", "is_key=1", "q=1", "sort=-name", "sort=uscc", "about=1"]
)
def test_a_list_of_the_one_table_is_that_of_the_kinds_own(bureau, people, address):
    query = QueryDict(address)
    sort = query.get("sort", "")
    for book in all_inventories():
        for name in ("leader", "town", "enterprise", "audit_admin", "system_admin"):
            person = people[name]
            keys = [
                list(selecting.ordered(book, person, rows, sort).values_list("pk", flat=True))
                for rows in (
                    headers(book, person, query, sort),
                    selecting.select(book, person, query),
                )
            ]
            assert keys[0] == keys[1], (book.key, name)


def test_a_kind_is_asked_in_the_one_table_alone(bureau, people):
    book, person = inventory_of("enterprise"), people["leader"]
    assert headers(book, person, QueryDict("area_code=990101001")).model is Entity
    assert headers(book, person, QueryDict("is_key=1")).model is Enterprise
    assert headers(book, person, QueryDict(""), "-performance_grade").model is Enterprise


def test_a_table_says_before_it_is_taken_in_which_credit_codes_are_shared_or_cannot_be_right(
    bureau,
):
    """A firm twice in one table, a code that is on record, and a check character that does not fit (a warning)."""
    book = inventory_of("enterprise")
    code, other = "914403001922038216", "91350582M00000000D"
    enter("enterprise", bureau.monitor, name="已登记", area_code="北镇", uscc=other, is_key="0")
    rows = [
        ("甲", code, ""),
        ("乙", code, ""),
        ("丙", code, "同一企业的另一场所"),
        ("丁", other, ""),
        ("戊", "914403001922038211", ""),
    ]
    lines = [
        "企业名称,所属镇街,信用代码,信用代码已登记时",
        *(f"{n},北镇,{c},{w}" for n, c, w in rows),
    ]
    batch = importing.preview(
        book, "企业.csv", "\n".join(lines).encode("utf-8-sig"), by=bureau.monitor
    )
    first, second, site, known, unfit = batch.rows.all()
    assert (first.wrong, second.wrong, site.wrong, known.wrong, unfit.wrong) == (
        False, True, False, True, False,
    )  # fmt: skip
    assert "与第 3 行相同" in first.reason
    assert "与第 2 行相同" in second.reason
    assert "已由“已登记”" in known.reason
    assert "校验码应为“6”" in unfit.reason
    assert importing.accept(book, batch.pk, by=bureau.monitor) == (3, 2)


@pytest.mark.parametrize("key", ["enterprise", "station", "outlet", "section", "river"])
def test_its_own_export_comes_back_with_the_cells_that_changed(bureau, key):
    book, desk = inventory_of(key), bureau.monitor
    book.model.objects.filter(since=None).update(since=date(2020, 1, 1))
    content, count = long_work.exported(book, desk, QueryDict(""))
    same = importing.preview(book, "导出.xlsx", content, by=desk)
    told = [row.reason for row in same.rows.all()]
    assert len(told) == count
    assert [reason for reason in told if "没有新内容" not in reason] == []
    before = list(book.model.objects.values().order_by("pk"))
    importing.accept(book, same.pk, by=desk)
    assert list(book.model.objects.values().order_by("pk")) == before
    workbook = openpyxl.load_workbook(io.BytesIO(content))
    cell = next(
        c for row in workbook.active.iter_rows() for c in row if c.value == before[0]["name"]
    )
    cell.value = "新名称"
    workbook.save(buffer := io.BytesIO())
    later = importing.preview(book, "导出.xlsx", buffer.getvalue(), by=desk)
    assert [row.reason for row in later.rows.all() if "新名称" in row.reason] != []
    importing.accept(book, later.pk, by=desk)
    was, now = (
        (row.items() for row in rows)
        for rows in (before, book.model.objects.values().order_by("pk"))
    )
    changed = [dict(later - earlier) for earlier, later in zip(was, now, strict=True)]
    assert changed == [{"name": "新名称"}, *({} for _ in before[1:])]


def test_a_division_names_one_of_its_own_table_wherever_that_stands(bureau):
    """One that names a row which does not come in does not either, nor do those that name each other."""
    lines = (
        "区划代码,区划名称,层级,上级区划",
        "990109001001,甲村,村,990109001",
        "990109001,甲镇,镇,乙县",
        "990109,乙县,县,",
        "990107001,丙镇,镇,99010x",
        "99010x,丁县,县,",
        "990106001,戊镇,镇,990106",
        "990106,己县,县,戊镇",
    )
    book, by = inventory_of("area"), None
    table = "\n".join(lines).encode()
    batch = importing.preview(book, "区划.csv", table, by=by)
    assert list(batch.bad.values_list("number", flat=True)) == [5, 6, 7, 8]
    assert "第 6 行" in batch.rows.get(number=5).reason
    assert importing.accept(book, batch.pk, by=by) == (3, 4)
    village = book.model.objects.get(code="990109001001")
    assert [village.parent.name, village.parent.parent.name] == ["甲镇", "乙县"]


def test_a_preview_refuses_what_entering_refuses(bureau):
    """Where a thing is a part of nothing, where its end lies before its beginning, where its number in the book is another's."""
    lines = "企业名称,所属镇街,启用日期,停用日期\n甲厂,北镇,2024-05-01,2024-04-01\n测试化工厂,北镇,2024-05-01,\n"
    batch = importing.preview(
        inventory_of("enterprise"), "企业.csv", lines.encode("utf-8-sig"), by=bureau.monitor
    )
    ended, known = batch.rows.all()
    assert ended.reason == "停用日期：停用日期应不早于启用日期"
    assert "已在台账中（E-1）；若是新的一条，请改正" in known.reason
    ends = {
        "name": "甲厂",
        "area_code": NORTH,
        "since": date(2024, 5, 1),
        "until": date(2024, 4, 1),
    }
    with pytest.raises(Refused) as refusal:
        inventory_of("enterprise").open_row(ends, bureau.monitor, timezone.now())
    assert refusal.value.why == "停用日期应不早于启用日期"
    device = inventory_of("device")
    assert all(
        ask.required for ask in (*device.fields, *device.import_asks) if ask.name == "parent"
    )
    with pytest.raises(Refused, match="请选择所属的"):
        device.open_row({"name": "分析仪", "sort": "analyser"}, bureau.monitor, timezone.now())


@pytest.mark.parametrize(
    ("key", "more"), [("field", {"area_mu": 100, "category": "safe"}), ("bay", {})]
)
def test_who_enters_a_thing_without_its_begin_is_told_that_earlier_years_change(bureau, key, more):
    book, by = listing_of(key), bureau.monitor
    values = {"name": "新登记", "area_code": "990101001"} | more
    for since, told in ((None, True), (date(2026, 3, 1), False)):
        _wrong, odd = book.look_over(values | {"since": since}, {}, by)
        assert any("以往各年度" in text for text in odd) is told
