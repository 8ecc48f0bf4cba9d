"""Dates and times as Chinese tables write them."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import written_dates
from ecoledger.standards.written_dates import (
    Precision,
    UnreadableDateError,
    read_day,
    read_hour_beside,
    read_moment,
    read_moments,
)

DAYS = [
    ("2026-12-31", (2026, 12, 31), "day"),
    ("2026/12/31", (2026, 12, 31), "day"),
    ("2026.8.1", (2026, 8, 1), "day"),
    ("２０２６年８月１日", (2026, 8, 1), "day"),
    ("2026年8月1日前", (2026, 8, 1), "day"),
    ("2026年12月31日前完成", (2026, 12, 31), "day"),
    ("2026年12月31日之前完成整改", (2026, 12, 31), "day"),
    ("2026/12/31 0:00:00", (2026, 12, 31), "day"),
    ("2026-12-31 00:00", (2026, 12, 31), "day"),
    ("2026年12月31日 24时", (2026, 12, 31), "day"),
    ("20261231", (2026, 12, 31), "day"),
    ("26.12.31", (2026, 12, 31), "short_year"),
    ("26/3/1前", (2026, 3, 1), "short_year"),
    (20261231.0, (2026, 12, 31), "day"),
    ("二〇二六年十二月三十一日", (2026, 12, 31), "day"),
    ("二○二六年八月", (2026, 8, 31), "month"),
    (datetime(2026, 12, 31, 5), (2026, 12, 31), "day"),
    (date(2026, 12, 31), (2026, 12, 31), "day"),
    (46387.0, (2026, 12, 31), "serial"),
    ("46387", (2026, 12, 31), "serial"),
    ("2026年8月", (2026, 8, 31), "month"),
    ("2026年8月底", (2026, 8, 31), "month"),
    ("2026年2月底前完成", (2026, 2, 28), "month"),
    ("2026.8", (2026, 8, 31), "month"),
    ("2026-08", (2026, 8, 31), "month"),
    ("2026年8月中旬", (2026, 8, 20), "ten_days"),
    ("2026年8月下旬前", (2026, 8, 31), "month"),
    ("2027年六月底", (2027, 6, 30), "month"),
    ("2027年6月底（第一阶段）", (2027, 6, 30), "month"),
    ("2027年6月底前整改到位并销号", (2027, 6, 30), "month"),
    ("2027年6月30日24时前", (2027, 6, 30), "day"),
    ("2027年6月30日下午", (2027, 6, 30), "day"),
    ("2027-3-1前完成并长期保持", (2027, 3, 1), "day"),
    ("2027—06—30", (2027, 6, 30), "day"),
    ("2027.3.", (2027, 3, 31), "month"),
    ("2027年Q3", (2027, 9, 30), "quarter"),
    ("2027年第一季度", (2027, 3, 31), "quarter"),
    ("2027年三季度末", (2027, 9, 30), "quarter"),
    ("2027年上半年", (2027, 6, 30), "quarter"),
    ("2022年底前", (2022, 12, 31), "year"),
    ("2025年", (2025, 12, 31), "year"),
    ("2025年年底前", (2025, 12, 31), "year"),
    ("9999-12-31", (9999, 12, 31), "day"),
]


@pytest.mark.parametrize(("written", "day", "precision"), DAYS)
def test_days(written, day, precision):
    got = read_day(written)
    assert (got.day, got.precision) == (date(*day), Precision(precision))


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026年7月", (2026, 7, 1)),
        ("2026年1月起", (2026, 1, 1)),
        ("自2026年7月1日起执行", (2026, 7, 1)),
        ("2026年7月1日起", (2026, 7, 1)),
        ("2026年8月中旬", (2026, 8, 11)),
        ("2027年第二季度", (2027, 4, 1)),
        ("2027年下半年", (2027, 7, 1)),
        ("2026年", (2026, 1, 1)),
        (2026.8, (2026, 8, 1)),
        ("2026年3月至2026年5月", (2026, 3, 1)),
        ("2026年8月底", (2026, 8, 31)),
        ("2026年底前", (2026, 12, 31)),
    ],
)
def test_what_begins_something_begins_on_the_first_day(written, day):
    assert read_day(written, begins=True).day == date(*day)


def test_the_number_of_a_month_that_may_have_lost_its_nought_is_asked_about():
    assert read_day("2026.1").day == date(2026, 1, 31)
    assert read_day(2026.11).day == date(2026, 11, 30)
    with pytest.raises(UnreadableDateError, match="nought"):
        read_day(2026.1)


@pytest.mark.parametrize("words", ["长期坚持", "尽快", "立行立改", "持续推进", "/", "—", "无"])
def test_words_that_set_no_date(words):
    assert read_day(words) == read_day(f" {words} ")
    assert read_day(words).day is None


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("2026-02-30", "calendar"),
        ("2026年13月", "calendar"),
        ("12月底前", "year"),
        ("年底", "year"),
        ("第一季度", "year"),
        ("26.13.31", "calendar"),
        ("26.12/31", "form"),
        ("2027年6月底（延期至9月）", "form"),
        ("2027年6月底（已延期）", "form"),
        ("27.6", "form"),
        ("", "form"),
        (True, "form"),
        (None, "form"),
        (time(8), "form"),
        (timedelta(hours=8), "form"),
        (12.0, "form"),
        ("0000-01-01", "calendar"),
    ],
)
def test_what_is_no_day(written, why):
    with pytest.raises(UnreadableDateError) as error:
        read_day(written)
    assert error.value.why == why


@pytest.mark.parametrize(
    ("written", "moment", "day_only"),
    [
        ("2018-09-04 24:00", datetime(2018, 9, 5), False),
        ("2023年8月10日8时", datetime(2023, 8, 10, 8), False),
        ("2026-02-26T2000", datetime(2026, 2, 26, 20), False),
        ("2023081008", datetime(2023, 8, 10, 8), False),
        ("2023-08-1008:00", datetime(2023, 8, 10, 8), False),
        ("20230810T08:00:00", datetime(2023, 8, 10, 8), False),
        ("2023-08-10 08:00 周四", datetime(2023, 8, 10, 8), False),
        ("2023—08—10 08:00", datetime(2023, 8, 10, 8), False),
        ("二〇二三年八月十日八时", datetime(2023, 8, 10, 8), False),
        ("43541.041666", datetime(2019, 3, 17, 1), False),
        (20230810.0, datetime(2023, 8, 10), True),
        (43541.041666, datetime(2019, 3, 17, 1), False),
        (datetime(2019, 3, 17, 22, 59, 59, 876000), datetime(2019, 3, 17, 23), False),
        (datetime(2019, 3, 17, 22, 59, 12, 876000), datetime(2019, 3, 17, 23), False),
        (datetime(2019, 3, 17, 22, 29, 59, 990000), datetime(2019, 3, 17, 22, 30), False),
        (datetime(2019, 3, 17, 22, 59, 12), datetime(2019, 3, 17, 22, 59, 12), False),
    ],
)
def test_moments(written, moment, day_only):
    assert read_moment(written) == (moment, day_only)


@pytest.mark.parametrize(
    "written", ["2018-09-04 25:00", "2018-13-04 01:00", "2018-09-04 08:60", "2018-02-30"]
)
def test_moments_the_calendar_does_not_have(written):
    with pytest.raises(UnreadableDateError) as error:
        read_moment(written)
    assert error.value.why == "calendar"


@pytest.mark.parametrize("written", ["2026-12-311", "202611", "2026-8", "昨天", ""])
def test_what_names_no_moment(written):
    with pytest.raises(UnreadableDateError) as error:
        read_moment(written)
    assert error.value.why == "form"


@pytest.mark.parametrize("day", ["2023-08-10", "2023年8月10日", "20230810", "2023-08-10 00:00:00"])
@pytest.mark.parametrize(
    "hour",
    ["8", "8.0", "8时", "8点整", "0800", "08:00", "8:00:00", "8-9", "08:00～09:00", 8, 8 / 24, time(8), "2023-08-10 08:00"],
)  # fmt: skip
def test_a_day_and_its_hour_beside_it(day, hour):
    assert read_hour_beside(day, hour) == (datetime(2023, 8, 10, 8), False)


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2023-08-10 8:00-9:00", 8, 9),
        ("2023年8月10日 8～9时", 8, 9),
        ("2023-08-10 23:00-24:00", 23, 24),
        ("2023-08-10 23:00至0:00", 23, 24),
    ],
)
def test_an_hour_written_as_its_span_begins_and_ends(written, first, last):
    day = datetime(2023, 8, 10)
    assert read_moment(written) == (day + timedelta(hours=first), False)
    assert read_moment(written, last=True) == (day + timedelta(hours=last), False)
    beside = written.partition(" ")[2]
    assert read_hour_beside("2023-08-10", beside, last=True)[0] == day + timedelta(hours=last)


def test_columns_of_moments_with_and_without_an_hour_beside():
    days = pl.Series(["2023-08-10", "2023年8月10日 下午2:30", "8月10日", None, "2023-08-10"])
    moments, day_only = read_moments(days)
    first, second = datetime(2023, 8, 10), datetime(2023, 8, 10, 14, 30)
    assert moments.to_list() == [first, second, None, None, first]
    assert day_only.to_list() == [True, False, False, False, True]
    moments, day_only = read_moments(days, pl.Series(["24", None, "8", "8", "25"]))
    assert moments.to_list() == [datetime(2023, 8, 11), second, None, None, None]


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_day_in_every_writing(day):
    for form in (
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y年%m月%d日",
        "%Y.%m.%d",
        "%Y%m%d",
        "%Y年%m月%d日前完成",
    ):
        assert read_day(day.strftime(form)).day == day


@given(
    st.one_of(
        st.text(max_size=20),
        st.floats(),
        st.from_regex(r"\d{4}年?[-./]?\d{1,3}[月./-]?\d{0,3}日?.{0,4}"),
    )
)
def test_anything_else_is_refused_and_nothing_fails(cell):
    with suppress(UnreadableDateError):
        day = read_day(cell).day
        assert day is None or isinstance(day, date)
    with suppress(UnreadableDateError):
        moment, day_only = read_moment(cell)
        assert isinstance(moment, datetime)
        assert day_only in (True, False)


@pytest.mark.parametrize("read", [read_day, read_moment])
@pytest.mark.parametrize("text", ["(" * 301, "2026年8月31日" + "（说明）" * 100])
def test_a_long_text_is_no_date_and_is_not_searched_for_one(monkeypatch, read, text):
    searched = []
    monkeypatch.setattr(written_dates, "_in_digits", lambda said: searched.append(said) or said)
    with pytest.raises(UnreadableDateError, match="form"):
        read(text)
    assert searched == []
    monkeypatch.undo()
    assert written_dates.read_day("2026-08-31" + " " * 400).day == date(2026, 8, 31)
