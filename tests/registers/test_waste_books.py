"""Books of waste where no story looks: corrections of what was posted, capacity shared by codes, periods and grades."""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
from django.utils import timezone
from tests.conftest import NORTH

from ecoledger.books import duty
from ecoledger.books.models import Holding
from ecoledger.indicators import of_books
from ecoledger.indicators.declaring import Span
from ecoledger.listings import cells, importing
from ecoledger.listings.refusals import Refused
from ecoledger.registers.waste import disposal_capacity, producers, waste_balance
from ecoledger.registers.waste.disposal_capacity import CapacityLine
from ecoledger.registers.waste.hazardous_waste import HAZARDOUS
from ecoledger.registers.waste.industrial_waste import CENTRES, CONTRACTS
from ecoledger.registers.waste.medical_waste import DAYS, MedicalInstitution
from ecoledger.registers.waste.small_producers import DECLARED, MEMBERS
from ecoledger.registers.waste.waste_balance import WasteBalance
from ecoledger.registers.waste.waste_ledgers import CONSIGNED, STORED, TAKEN_OUT

pytestmark = pytest.mark.django_db
OIL = "900-249-08"


def at(day):
    return timezone.make_aware(datetime(2026, 3, day, 9))


def line(ledger, bureau, number, quantity, day=2, **more):
    values = {
        "entity": bureau.enterprise,
        "batch_no": number,
        "at": at(day),
        "code": OIL,
        "quantity": Decimal(quantity),
        "unit": "t",
        **more,
    }
    return ledger.open_row(values, bureau.officer, timezone.now())


def stock(bureau):
    return Holding.objects.get(book=HAZARDOUS.key, entity=bureau.enterprise, item=OIL).balance


def test_a_weight_of_which_most_has_gone_is_corrected_upwards_and_not_below_what_went(bureau):
    """A nought too few: 10 t of which 8 are gone was 100 t; it cannot have been 5."""
    stored = line(STORED, bureau, "R1", 10)
    line(TAKEN_OUT, bureau, "C1", 8, day=3)
    right = STORED.change_row(
        stored, {"quantity": Decimal(100), "reason": "少写一个零"}, bureau.officer, timezone.now()
    )
    assert stock(bureau) == 92_000
    with pytest.raises(Refused, match="差 3000"):
        STORED.change_row(
            right, {"quantity": Decimal(5), "reason": "又改"}, bureau.officer, timezone.now()
        )
    assert stock(bureau) == 92_000


def test_what_left_is_corrected_up_to_all_there_is(bureau):
    line(STORED, bureau, "R1", 10)
    out = line(TAKEN_OUT, bureau, "C1", 8, day=3)
    TAKEN_OUT.change_row(
        out, {"quantity": Decimal(10), "reason": "磅单更正"}, bureau.officer, timezone.now()
    )
    assert stock(bureau) == 0


def test_an_imported_line_is_taken_back_with_its_voucher_unless_its_waste_has_gone(bureau):
    stored = line(STORED, bureau, "R1", 10)
    out = line(TAKEN_OUT, bureau, "C1", 8, day=3)
    assert STORED.withdraw_row(stored, bureau.officer, timezone.now()) is False
    assert TAKEN_OUT.withdraw_row(out, bureau.officer, timezone.now()) is True
    assert STORED.withdraw_row(stored, bureau.officer, timezone.now()) is True
    assert stock(bureau) == 0
    assert not WasteBalance.objects.filter(stored__gt=0).exists()


def test_a_code_of_another_class_is_refused_by_field(bureau):
    with pytest.raises(Refused) as refused:
        line(STORED, bureau, "R1", 1, category="HW49")
    assert "code" in refused.value.fields


def test_the_balance_says_what_does_not_agree_and_counts_rounding_for_nothing(bureau):
    line(STORED, bureau, "R1", 10)
    line(TAKEN_OUT, bureau, "C1", "8.0005", day=3)
    line(CONSIGNED, bureau, "W1", 8, day=3, receiver="示例环保公司")
    row = WasteBalance.objects.get(entity=bureau.enterprise, span="month")
    assert (row.opening, row.stored, row.closing) == (0, 10, Decimal("1.9995"))
    assert row.differences.split("；") == [
        "产生无记录，入库和直接利用处置 10.000 t",
        "委外台账 8.000 t，联单移出无记录",
    ]
    assert row.declared is None


def test_shared_capacity_counts_once(bureau):
    """5 t/a for oil and paint together and 3 t/a for paint alone: of 4 t oil and 5 t paint 8 t can be taken."""
    lines = [
        CapacityLine(takes="HW08、HW12", capacity=Decimal(5), since=date(2020, 1, 1)),
        CapacityLine(takes="HW12", capacity=Decimal(3), since=date(2020, 1, 1)),
    ]
    produced = {OIL: Decimal(4), "900-252-12": Decimal(5), "900-039-49": Decimal(1)}
    rows = {row.code: row for row in disposal_capacity.cover(produced, lines)}
    assert sum(row.taken for row in rows.values()) == 8
    assert rows["900-252-12"].capacity == 8
    assert (rows["900-039-49"].capacity, rows["900-039-49"].gap) == (0, 1)
    assert disposal_capacity.cover({}, lines) == []
    assert disposal_capacity.cover({OIL: Decimal(4)}, [])[0].gap == 4


def test_classes_are_read_as_licences_write_them():
    assert disposal_capacity.read_takes("HW08,hw12；900-039-49") == ("HW08、HW12、900-039-49", "")
    assert "HW42" in disposal_capacity.read_takes("HW42")[1]


@pytest.mark.parametrize(
    ("tonnes", "more", "grade"),
    [("100", {}, "key"), ("99.9", {}, "simple"), ("3", {}, "registered"),
     ("3", {"own_facility": True}, "key")],
)  # fmt: skip
def test_the_grade_of_a_producer_follows_from_its_tonnage(tonnes, more, grade):
    assert producers.grade_of(Decimal(tonnes), **more) == grade


@pytest.mark.parametrize(
    ("period", "begin", "end"),
    [("m02", date(2024, 2, 1), date(2024, 2, 29)), ("q4", date(2024, 10, 1), date(2024, 12, 31)),
     ("y", date(2024, 1, 1), date(2024, 12, 31)), ("m12", date(2024, 12, 1), date(2024, 12, 31))],
)  # fmt: skip
def test_periods_have_their_days(period, begin, end):
    assert producers.span_of(2024, period) == (begin, end)


def test_a_declared_quarter_has_a_row_of_its_own():
    said = waste_balance.Said(
        into=[(date(2026, 2, 3), Decimal(1))],
        declared={date(2026, 1, 1): [(date(2026, 3, 31), Decimal(1), Decimal(0), Decimal(1))]},
    )
    spans = [(span, begin) for span, begin, _end in waste_balance.periods(said)]
    assert ("quarter", date(2026, 1, 1)) in spans
    assert ("month", date(2026, 2, 1)) in spans
    assert ("year", date(2026, 1, 1)) in spans


def test_a_firms_own_table_says_nowhere_whose_it_is(bureau):
    """A producer's ledger has no column for the producer: who brings it in is asked whose person he is."""
    book = openpyxl.Workbook()
    book.active.append(
        ("入库批次编码", "入库时间", "危险废物类别", "危险废物代码", "入库量", "计量单位")
    )
    book.active.append(("HWRK20260302001", "2026-03-02 09:00", "HW08", OIL, "1.5", "吨"))
    content = io.BytesIO()
    book.save(content)
    person = bureau.people["enterprise"]
    batch = importing.preview(STORED, "入库.xlsx", content.getvalue(), by=person)
    assert importing.accept(STORED, batch.pk, by=person) == (1, 0)
    assert stock(bureau) == 1500


@pytest.mark.parametrize(
    ("quantities", "good"),
    [
        (("1,250", "1.5"), [True, True]),
        (
            ("1,250", "0,350"),
            [False, False],
        ),  # a comma that may be either, beside one that can only be decimal
        (("1.5 2", "3"), [False, True]),
        (("15\n2", "1 250"), [False, True]),
    ],
)
def test_no_quantity_is_made_of_two_numbers_or_a_thousand_of_a_decimal(bureau, quantities, good):
    book = openpyxl.Workbook()
    book.active.append(
        ("入库批次编码", "入库时间", "危险废物类别", "危险废物代码", "入库量", "计量单位")
    )
    for n, quantity in enumerate(quantities):
        book.active.append((f"HWRK2026030200{n}", "2026-03-02 09:00", "HW08", OIL, quantity, "吨"))
    content = io.BytesIO()
    book.save(content)
    person = bureau.people["enterprise"]
    rows = importing.preview(STORED, "入库.xlsx", content.getvalue(), by=person).rows
    assert [not row.wrong for row in rows.order_by("number")] == good


@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_a_years_declaration_is_owed_by_the_end_of_march_in_leap_years_too(year):
    before, term = duty.terms(producers.YEAR_DUE, None, date(year, 3, 31))
    assert before.due == date(year, 3, 31)
    assert term.due == date(year + 1, 3, 31)


def test_a_town_changes_a_contract_with_a_centre_of_another_town(bureau, client):
    """What the row has already is kept, though the person could not choose it; what else lies elsewhere is still unknown."""
    now, south = timezone.now(), bureau.towns[1].code
    centre, other = (
        CENTRES.open_row({"name": name, "area_code": south}, None, now)
        for name in ("南中心", "另一中心")
    )
    values = {"firm": bureau.enterprise, "centre": centre, "since": date(2026, 1, 1)}
    contract = CONTRACTS.open_row(values, None, now)
    client.force_login(bureau.people["town"])
    address = f"/b/collection_contract/{contract.pk}/edit"
    form = {"firm": "E-1", "centre": centre.code, "since": "2026-01-01", "contract_no": "HT-9"}
    assert client.post(address, form).status_code == 302
    contract.refresh_from_db()
    assert (contract.contract_no, contract.centre_id) == ("HT-9", centre.pk)
    assert client.post(address, form | {"centre": other.code}).status_code == 200
    contract.refresh_from_db()
    assert contract.centre_id == centre.pk


def test_who_declared_in_a_month_declared_in_it_also_after_the_next(bureau):
    now = timezone.now()
    member = MEMBERS.open_row(
        {"name": "小微一", "area_code": bureau.towns[0].code, "signed_on": date(2026, 1, 5),
         "joined_on": date(2026, 1, 6)},
        None, now,
    )  # fmt: skip
    tally = of_books.every_tally()["small_producer.declared"]

    def declared(month):
        span = Span(date(2026, month, 1), date(2026, month + 1, 1))
        return of_books.Counting(MEMBERS, bureau.towns[0].code[:6], span).figure(tally).value

    for month in (3, 4):
        moment = timezone.make_aware(datetime(2026, month, 20, 9))
        entry = {"entity": member, "at": moment, "code": OIL, "kilograms": Decimal(20)}
        DECLARED.open_row(entry, None, now)
        assert declared(month) == 1
    assert declared(3) == 1
    assert declared(2) == 0


def test_a_fact_that_is_there_is_told_of_a_table_by_the_minute_and_as_it_stands_corrected(bureau):
    """The first of two entries was put off by a day since: its old day is free, its new one is taken."""
    ward = MedicalInstitution.objects.create(code="Y-1", name="卫生院", area_code=NORTH)
    for day in (1, 2):
        values = {"entity": ward, "at": at(day), "infectious": Decimal(3)}
        entry = DAYS.open_row(values, bureau.officer, timezone.now())
    DAYS.change_row(
        entry, {"at": at(3).replace(second=7), "reason": "记错日"}, bureau.officer, timezone.now()
    )
    book = openpyxl.Workbook()
    book.active.append(["医疗机构", "称重时间", "感染性 kg"])
    for day in (1, 2, 3):
        book.active.append([ward.name, f"2026-03-0{day} 09:00", 4])
    file = io.BytesIO()
    book.save(file)
    first, second, third = importing.preview(
        DAYS, "a.xlsx", file.getvalue(), by=bureau.officer
    ).rows.order_by("number")
    assert "已在台账中（卫生院 2026-03-01 09:00）" in first.reason
    assert second.reason == ""
    assert "已在台账中（卫生院 2026-03-03 09:00）" in third.reason


@pytest.mark.parametrize("moment", [(9, 29, 59, 548_000), (9, 59, 30, 200_000), (9, 0, 0, 900_000)])
def test_the_books_own_table_says_nothing_new_of_what_a_clock_stamped(bureau, moment):
    ward = MedicalInstitution.objects.create(code="Y-1", name="卫生院", area_code=NORTH)
    hour, minute, second, fraction = moment
    stamped = at(1).replace(hour=hour, minute=minute, second=second, microsecond=fraction)
    values = {"entity": ward, "at": stamped, "infectious": Decimal(3)}
    entry = DAYS.open_row(values, bureau.officer, timezone.now())
    table = cells.workbook(DAYS, bureau.officer, [entry], title="导出")
    (row,) = importing.preview(DAYS, "导出.xlsx", table, by=bureau.officer).rows.all()
    assert (row.changes, row.wrong) == (entry.pk, False)
