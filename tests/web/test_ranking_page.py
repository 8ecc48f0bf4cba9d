"""空气质量排名: who competes, by how many days of what is ranked, and over which days."""

from __future__ import annotations

from datetime import date

import lxml.html
import pytest
from tests.conftest import COUNTY
from tests.daily_values import put_air, span

from ecoledger.monitoring.computing import evaluate
from ecoledger.reports import checking
from ecoledger.reports.content import Table
from ecoledger.reports.notices import AIR_RANKING

pytestmark = pytest.mark.django_db

DAYS = span(date(2026, 11, 1), 30)
NOVEMBER = {"measure": "pm2_5", "first": "2026-11-01", "last": "2026-11-30"}


def shown(client, **query):
    page = lxml.html.fromstring(client.get("/air/ranking", query).content.decode())
    rows = {
        row.get("data-place"): [" ".join(cell.text_content().split()) for cell in row.xpath("./td")]
        for row in page.xpath("//tr[@data-place]")
    }
    return rows, " ".join(page.text_content().split())


def test_towns_are_ranked_among_themselves_with_the_city_beside_them(store, bureau, signed_in):
    # A town has the means of its stations.
    for town in bureau.towns:
        evaluate.area_point(town.code)
    places = [(evaluate.area_point(COUNTY), 25), *zip(bureau.air, (26, 26, 24), strict=False)]
    for place, pm in places:
        put_air(store, place, {day: {"pm2_5": pm} for day in DAYS})
    rows, page = shown(signed_in("monitor"), of="areas", **NOVEMBER)
    assert {name: cells[0] for name, cells in rows.items()} == {
        "南镇": "1",
        "北镇": "2",
        "测试县": "—",
    }
    assert "25.0 µg/m³" in rows["测试县"][2]
    assert "仅列示" in rows["测试县"][6]
    assert "（2 个）" in page


def test_a_station_that_does_not_count_has_no_place_and_leaves_none_free(store, bureau, signed_in):
    *counted, other = bureau.air
    for n, point in enumerate((other, *counted)):
        put_air(store, point, {day: {"pm2_5": 10 + n} for day in DAYS})
    rows, _page = shown(signed_in("monitor"), **NOVEMBER)
    assert [rows[point.name][0] for point in (other, *counted)] == ["—", "1", "2", "3"]


def test_the_issued_ranking_is_the_page_s(store, bureau, signed_in):
    *counted, other = bureau.air
    for n, point in enumerate((other, *counted)):
        put_air(store, point, {day: {"pm2_5": 10 + n} for day in DAYS[: 20 if n == 2 else 30]})
    rows, _page = shown(signed_in("monitor"), **NOVEMBER | {"measure": "composite"})
    (section,) = AIR_RANKING.compose(COUNTY, DAYS[0]).sections
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert {row[1]: row[0] for row in table.rows} == {name: row[0] for name, row in rows.items()}
    assert [rows[point.name][0] for point in counted] == ["1", "—", "2"]


def test_of_a_town_with_one_station_nothing_is_ranked_and_the_bureau_around_it_says_so(
    store, bureau
):
    for point in bureau.air:
        put_air(store, point, {day: {} for day in DAYS})
    alone = bureau.air[-2]
    bulletin = AIR_RANKING.compose(alone.area_code, DAYS[0])
    assert "参与排名的站点不足两个，不作排名。" in checking.text_of(bulletin)
    (table,) = [block for block in bulletin.sections[0].blocks if isinstance(block, Table)]
    assert {row[0] for row in table.rows} == {"—"}
    assert bulletin.issuer == "测试县生态环境局"


def test_good_days_of_both_years_are_judged_by_one_edition(store, bureau, signed_in):
    """70 µg/m³ of PM2.5 was good by the standard of 2012, in force until February, and is not by today's."""
    point, year = bureau.air[0], {"first": "2026-02-01", "last": "2026-03-31"}
    for begin in (date(2025, 2, 1), date(2026, 2, 1)):
        put_air(store, point, {day: {"pm2_5": 70} for day in span(begin, 59)})
    rows, page = shown(signed_in("monitor"), measure="good_days", **year)
    assert rows[point.name][2:5] == ["0.0%", "0.0%", "0.0 个百分点"]
    assert "两年都按本期最后一天施行的标准评价" in page


def test_the_days_are_those_of_the_factor_that_is_ranked(store, bureau, signed_in):
    """A day without PM2.5 has an index where another factor is bad enough; it is no day of PM2.5."""
    point = bureau.air[0]
    bad = {"pm2_5": None, "pm10": 300}
    put_air(store, point, {day: bad if day in DAYS[:4] else {} for day in DAYS})
    rows, _page = shown(signed_in("monitor"), **NOVEMBER)
    assert rows[point.name][6].startswith("26 至少 27")
    assert rows[point.name][0] == "—"
    rows, _page = shown(signed_in("monitor"), **NOVEMBER | {"measure": "composite"})
    assert rows[point.name][6].startswith("30 至少 27")
    days = {"point": point.pk, "factor": "pm2_5", "begin": "2026-11-01", "end": "2026-12-01"}
    page = signed_in("monitor").get("/records/air-days", days).content.decode()
    facts = " ".join(lxml.html.fromstring(page).text_content().split())
    assert "本项有效天数 26" in facts


@pytest.mark.parametrize("page", ["/air/ranking", "/air/baseline", "/air/noise", "/air/patrols"])
def test_days_in_the_wrong_order_are_taken_in_the_right_one_and_it_is_said(
    page, store, bureau, signed_in
):
    client = signed_in("monitor")
    said = client.get(page, {"first": "2026-11-30", "last": "2026-11-01"}).content.decode()
    assert "已按 2026-11-01 至 2026-11-30 显示" in said
    assert 'value="2026-11-01"' in said
    said = client.get(page, {"first": "2026-11-01", "last": "2026-11-30"}).content.decode()
    assert "已按" not in said
