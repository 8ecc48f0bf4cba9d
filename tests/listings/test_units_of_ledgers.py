"""Units of a ledger other than the book's are converted, or their column is not taken and that is said."""

from __future__ import annotations

import io
from fractions import Fraction

import openpyxl
import pytest
from django.db.models import DecimalField

from ecoledger.listings import importing
from ecoledger.listings.catalogue import all_listings
from ecoledger.listings.importing.cells import BadCell
from ecoledger.listings.importing.columns import names_of, ways_to_read
from ecoledger.listings.importing.examples import example_row
from ecoledger.listings.importing.units import Conversion, conversion

BOOKS = {book.key: book for book in all_listings()}


def column(book, name):
    return next(column for column in BOOKS[book].import_columns if column.name == name)


@pytest.mark.parametrize(
    ("book", "name", "header", "times"),
    [
        ("well_sample", "as", "砷（μg/L）", "1/1000"),
        ("well_sample", "as", "砷（微克/升）", "1/1000"),
        ("well_sample", "as", "砷（As）", "1"),
        ("well_sample", "as", "砷（ppb）", None),
        ("well_sample", "benzene", "苯（mg/L）", "1000"),
        ("well_sample", "hardness", "总硬度（以CaCO₃计）(mg/L)", "1"),
        ("insurance_policy", "insured", "保险金额（元）", "1/10000"),
        ("insurance_policy", "insured", "保额（必填）", "1"),
        ("insurance_policy", "insured", "保额", "1"),
        ("penalty_case", "fine", "罚款金额（万元）", "10000"),
        ("penalty_case", "fine", "罚款金额(美元)", None),
        ("river_outfall", "diameter_mm", "管径（m）", "1000"),
        ("river_outfall", "diameter_mm", "管径（D）", "1"),
        ("outfall_setting", "daily_m3", "日排放量(万m3/d)", "10000"),
        ("outfall_setting", "daily_m3", "日排放量（吨）", "1"),
        ("water_source", "supply", "供水量（万m³/d）", "1"),
        ("medical_institution", "beds", "床位数（百张）", "100"),
        ("dust_site", "size", "面积（m2）", "1"),
        ("permit_amount", "tonnes", "许可排放量（吨）", "1"),
        ("permit_amount", "tonnes", "许可排放量（t/d）", None),
        ("waste_producer", "expected", "年产生量（吨/年）", "1"),
        ("sewer_work", "pieces", "数量（条/处/个）", "1"),
        ("enterprise", "lon", "经度（度）", "1"),
    ],
)
def test_a_bracket_that_is_a_unit_converts_or_refuses_its_column(book, name, header, times):
    asked = column(book, name)
    assert not names_of(asked).isdisjoint(ways_to_read(header))
    how = conversion(asked, header, None)
    assert (None if how is None else str(how.times)) == times


@pytest.mark.parametrize(
    ("times", "decimals", "cell", "value"),
    [
        (10000, 2, "1.25", "12500"),
        (10000, 2, "1,250.5", "12505000"),
        (10000, 0, "5" * 35, "5" * 35 + "0000"),
        (Fraction(1, 1000), 2, "1.5E6", "1500"),
        (Fraction(1, 1000), 2, "2e-1", "0"),
        (Fraction(1, 1000), None, "0.02 Ｌ", "0.00002L"),
        (Fraction(1, 1000), None, "<5", "<0.005"),
        (Fraction(1, 1000), None, "未检出", "未检出"),
        (10000, 2, "-3", "-30000"),
        *((10000, 2, cell, None) for cell in ("3,8", "12,5", "1,25", "0,350", "10-20", "1.2.3", "3×10^4", "1_000", "2024年12")),
        (10000, 2, "9" * 50, None),
    ],
)  # fmt: skip
def test_only_a_whole_number_is_converted_and_the_rest_is_refused_by_its_row(
    times, decimals, cell, value
):
    field = DecimalField(max_digits=60, decimal_places=decimals) if decimals is not None else None
    how = Conversion(Fraction(times))
    if value is not None:
        assert how.of(cell, field) == value
        return
    with pytest.raises(BadCell):
        how.of(cell, field)


@pytest.mark.django_db
@pytest.mark.parametrize("cell", ["3,8", "1" * 60, "10-20"])
def test_one_odd_cell_below_a_converted_header_is_refused_alone(bureau, cell):
    heads, cells = example("penalty_case", fine="罚款金额（万元）")
    cells[heads.index("罚款金额（万元）")] = cell
    row = previewed("penalty_case", heads, cells).rows.get()
    assert [error["column"] for error in row.errors] == ["fine"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("header", "cell", "value"),
    [
        ("罚款金额（万元）", "12.5万元", "125000"),
        ("罚款金额（元）", "125,000 元", "125000"),
        ("罚款金额", "3000元", "3000"),
        ("罚款金额（万元）", "3000元", None),
        ("罚款金额（元）", "12.5万元", None),
        ("罚款金额（元）", "3000元/日", None),
    ],
)
def test_a_number_may_bear_the_unit_of_its_column_and_no_other(bureau, header, cell, value):
    heads, cells = example("penalty_case", fine=header)
    cells[heads.index(header)] = cell
    row = previewed("penalty_case", heads, cells).rows.get()
    assert [error["column"] for error in row.errors] == ([] if value else ["fine"]), row.reason
    assert value is None or row.values["fine"] == value


def previewed(book, *rows):
    file = openpyxl.Workbook()
    for row in rows:
        file.active.append(list(row))
    content = io.BytesIO()
    file.save(content)
    return importing.preview(BOOKS[book], "台账.xlsx", content.getvalue(), by=None)


def example(book, **said):
    """Header and row of the book's own example, with other headers and without some of its columns."""
    cells = example_row(BOOKS[book], None)
    asked = [c for c in BOOKS[book].import_columns if said.get(c.name, "") is not None]
    heads = [said.get(c.name, str(c.ask.label)) for c in asked]
    return heads, [cells[c.name] for c in asked]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("before", "header", "after"),
    [
        ((), "产生量（千克）", ()),
        ((), "产生量", ("kg",)),
        (("危险废物产生台账（单位：千克）",), "产生量", ()),
    ],
)
def test_the_unit_of_a_header_stands_for_a_missing_column_of_units(bureau, before, header, after):
    heads, cells = example("waste_produced", quantity=header, unit=None)
    at = heads.index(header)
    units = [[None] * at + list(after)] if after else []
    row = previewed("waste_produced", *[[text] for text in before], heads, *units, cells).rows.get()
    assert (row.values["quantity"], row.values["unit"]) == (cells[at], "kg")


@pytest.mark.django_db
def test_what_was_converted_or_not_taken_is_said(bureau):
    heads, cells = example("penalty_case", fine="罚款金额（万元）", confiscated="没收（千克）")
    cells[heads.index("罚款金额（万元）")], cells[heads.index("没收（千克）")] = "3.5", "2"
    batch = previewed("penalty_case", heads, cells)
    row = batch.rows.get()
    assert (row.values["fine"], row.values["confiscated"]) == ("35000", "")
    notes = "".join(batch.notes)
    assert "10000" in notes
    assert "没收（千克）" in notes
