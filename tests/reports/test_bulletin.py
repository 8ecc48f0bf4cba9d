"""What the daily and the monthly bulletin say, from known data."""

from __future__ import annotations

import re
from datetime import date

import pytest
from tests.daily_values import october, put_air, span

from ecoledger.monitoring.computing import evaluate
from ecoledger.reports import bulletin
from ecoledger.reports.content import DayChart, Statement, Subheading, Table, numbered, ordinal

COUNTY = "990101"


@pytest.fixture
def month(store, bureau, settings, tmp_path):
    settings.PROFILE = tmp_path
    (tmp_path / "targets.toml").write_text(
        '[[target]]\nindicator = "good_day_ratio"\nyear = 2026\nvalue = 92.5\n'
        '[[target]]\nindicator = "pm2_5_mean"\nyear = 2026\nvalue = 30\n'
        '[[target]]\nindicator = "water_attained_ratio"\nyear = 2026\nvalue = 100\n',
        encoding="utf-8",
    )
    return october(store, bureau)


_made: dict[str, object] = {}


@pytest.fixture
def found(request):
    """October's bulletin: it cannot change, so the first test that asks for it composes it for all."""
    if "october" not in _made:
        request.getfixturevalue("month")
        _made["october"] = bulletin.monthly(COUNTY, 2026, 10)
    return _made["october"]


def text_of(found) -> str:
    return "\n".join(
        str(block) for s in found.sections for block in s.blocks if isinstance(block, Statement)
    )


def table_of(found, caption) -> Table:
    return next(
        b for s in found.sections for b in s.blocks if isinstance(b, Table) and b.caption == caption
    )


def rows_of(table) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in table.rows]


def test_a_month_of_air_in_words(found):
    text = text_of(found)
    assert "优良天数比例为80.0%（优良天数/有效天数：24/30；当月共31天）" in text
    # Both by the edition of this year: 70 µg/m³ is no good day any more.
    assert "同比上升80.0个百分点（上年同月0.0%，0/31）" in text
    assert "污染天数6天，其中重度及以上污染1天" in text


def test_a_comparison_across_editions_says_so_and_gives_both_by_one(found):
    text = text_of(found)
    assert "优良天数比例的同比和上年同期数，两期统一按HJ 633-2026计算；" in text
    assert (
        "按各期执行的标准（本期：HJ 633-2026；上年同期：HJ 633-2012），"
        "上年同期为100.0%，同比下降20.0个百分点。"
    ) in text
    assert "环境空气质量综合指数的同比和上年同期数，两期统一按" in text


def test_years_under_one_edition_are_compared_without_a_note(store, bureau):
    point = evaluate.area_point(COUNTY)
    for year in (2024, 2025):
        put_air(store, point, {d: {} for d in span(date(year, 10, 1), 31)})
    assert "统一按" not in text_of(bulletin.monthly(COUNTY, 2025, 10))


def test_polluted_days_are_listed_one_by_one(found):
    rows = rows_of(table_of(found, "污染天情况"))
    assert [row[0] for row in rows] == [f"10月{day}日" for day in range(4, 10)]
    assert rows[-1][2:5] == ["重度污染", "PM2.5", "200"]


def test_ranking_shares_places_and_leaves_out_who_lacks_days(found):
    table = table_of(found, "各站点综合指数排名")
    assert [(row[0], row[1]) for row in rows_of(table)] == [
        ("1", "1号空气站"), ("1", "2号空气站"), ("—", "3号空气站"), ("—", "4号空气站"),
    ]  # fmt: skip
    assert "3号空气站有效天数 10 天，少于 27 天，不参与排名" in table.note
    assert "4号空气站不参与城市评价" in table.note


def test_targets_stand_beside_the_year_and_what_is_left_of_it(found):
    rows = {row[0]: row for row in rows_of(table_of(found, "年度目标对账"))}
    good = rows["优良天数比例"]
    assert (good[1], good[4], good[5], good[6]) == ("80.0%", "92.5%", "-12.5个百分点", "未达到")
    # Of 30 + 61 days at most 6 may be bad; 6 have been.
    assert good[7] == "0天"
    assert rows["断面达标率"][1] == "100.0%"
    assert "余下61天最多还可有0个污染天" in text_of(found)


def test_a_faulty_file_of_targets_is_said_and_stops_nothing(month, settings):
    (settings.PROFILE / "targets.toml").write_text("[[target]]\nyear = 2026\n", encoding="utf-8")
    text = text_of(bulletin.monthly(COUNTY, 2026, 10))
    assert "年度目标文件有误" in text
    assert "indicator" in text


def test_water_against_last_year_and_through_the_year(found):
    text = text_of(found)
    assert "与上年同月相比，优良断面比例下降100.0个百分点（上年同月100.0%，1/1）" in text
    assert "水质类别上升（好转）0个、下降1个、持平0个" in text
    (row,) = rows_of(table_of(found, "断面水质类别"))
    assert row[4:] == ["Ⅳ", "Ⅲ", "Ⅲ→Ⅳ 有所下降", "不达标", "氨氮(0.5)"]
    # By the mean of ten months (0.78) the section attains; two months do not.
    assert "断面达标率为100.0%（1/1）" in text
    assert "达标断面次占比为80.0%（8/10）" in text
    (year,) = rows_of(table_of(found, "断面年内累计水质"))
    assert year[2:6] == ["Ⅲ", "达标", "8/10", "1月(Ⅳ)、10月(Ⅳ)"]


def test_failing_sections_come_with_what_is_open_about_them(found):
    rows = rows_of(table_of(found, "不达标断面的在办事项"))
    assert [row[3] for row in rows] == ["清溪桥上游生活污水直排"]
    assert "巡察反馈" not in str(found)


def test_tables_and_figures_count_through_the_document(found):
    blocks = [b for s in found.sections for b in s.blocks]
    tables = [b.number for b in blocks if isinstance(b, Table) and b.rows]
    assert tables == list(range(1, len(tables) + 1))
    assert [b.number for b in blocks if isinstance(b, DayChart)] == [1]
    assert [s.heading[:2] for s in found.sections] == ["一、", "二、", "三、", "四、"]
    first = [b.text for b in found.sections[0].blocks if isinstance(b, Subheading)]
    assert [text[:3] for text in first] == ["（一）", "（二）", "（三）", "（四）"]


def test_headings_are_numbered_in_chinese_and_empty_sections_left_out():
    assert [ordinal(n) for n in (1, 10, 11, 19)] == ["一", "十", "十一", "十九"]
    made = numbered([("甲", [None]), ("乙", [Statement(("字",))])])
    assert [section.heading for section in made] == ["一、乙"]


def test_every_figure_has_a_label_and_either_a_value_or_a_reason(month):
    for made in (bulletin.monthly(COUNTY, 2026, 10), bulletin.daily(COUNTY, date(2026, 10, 9))):
        for figure in made.figures():
            assert figure.label
            if figure.display == "—":
                assert figure.missing, figure


def test_a_day_in_words(month):
    text = text_of(bulletin.daily(COUNTY, date(2026, 10, 9)))
    assert re.search(
        r"2026年10月9日，测试县空气质量指数（AQI）为\d+，五级（重度污染），首要污染物为PM2\.5", text
    )
    assert (
        "1月1日至10月9日，测试县优良天数比例为33.3%（优良天数/有效天数：3/9；日历天数282天）"
        in text
    )


def test_a_day_whose_index_may_not_be_published_says_so(month):
    text = text_of(bulletin.daily(COUNTY, date(2026, 10, 31)))
    assert "有效数据不足，不予发布" in text


def test_a_day_without_any_data_is_a_bulletin_of_dashes(store, bureau):
    found = bulletin.daily(COUNTY, date(2026, 10, 9))
    assert all(figure.display in ("—", "0条", "0件", "0天") for figure in found.figures())


def test_what_was_judged_by_names_the_change_of_editions_and_what_is_unsure(found):
    assert any("HJ 633-2012" in s and "至2026年2月28日" in s for s in found.standards)
    assert any("GB 3095-2026" in s and "2026年3月1日起" in s for s in found.standards)
    assert any(doubt.startswith("HJ 663-2026") for doubt in found.doubts)


def test_documents_are_chinese_whatever_the_reader_speaks(month):
    from django.utils import translation

    with translation.override("en"):
        assert "余下61天最多还可有0个污染天" in text_of(bulletin.monthly(COUNTY, 2026, 10))
