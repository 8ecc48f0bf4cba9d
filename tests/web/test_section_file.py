"""The file of a river section: its station, its class with the records behind it, and one timeline."""

from __future__ import annotations

from datetime import timedelta

import lxml.html
import pytest
from django.utils import timezone
from tests.daily_values import put_water

from ecoledger.entities.inventory import inventory_of
from ecoledger.entities.models import Entity, Section
from ecoledger.matters import actions
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS


def text(node) -> str:
    return " ".join(node.text_content().split())


@pytest.fixture
def measured(county, store):
    """A day of this month and of the one before, permanganate of class Ⅳ where Ⅲ is meant."""
    today = timezone.localdate()
    last_month = today.replace(day=1) - timedelta(days=3)
    water = {"ph": 7.4, "do": 7.0, "codmn": 8.0, "tp": 0.08, "nh3n": 0.3}
    put_water(store, county.bureau.water, {today: water, last_month: water})
    return county.bureau.section


def page_of(client, address: str):
    answer = client.get(address)
    assert answer.status_code == 200, address
    return lxml.html.fromstring(answer.content)


def test_a_section_shows_its_station_its_class_and_the_records(measured, signed_in, county):
    client = signed_in("monitor")
    page = page_of(client, f"/entities/{measured.pk}")
    facts = {row.xpath("span")[0].text: row for row in page.xpath("//*[@class='facts']/div")}
    assert text(facts["水质目标"]) == "水质目标 Ⅲ类"
    (station,) = facts["水站"].xpath("a")
    assert (station.text.strip(), station.get("href")) == (
        "清溪桥水站", f"/stations/{county.bureau.water.pk}",
    )  # fmt: skip
    (reason,) = page.xpath("//*[@id='health']//li[div/b='水质']")
    assert text(reason) == "水质 今年累计Ⅳ类，劣于目标Ⅲ类"
    records = page_of(client, reason.xpath(".//a/@href")[0])
    assert "清溪桥断面" in text(records)
    assert "8" in text(records.xpath("//table")[0])
    # Its station's points are its own: what arrives there, and what is computed of it.
    assert "清溪桥水站" in text(page.xpath("//*[@id='points']")[0])


def test_its_timeline_tells_each_month_and_what_happened_at_its_station(
    measured, signed_in, county
):
    station = Entity.objects.get(code="W-1")
    values = {"title": "水站取样口淤堵", "area_code": station.area_code, "entity": station, "origin_kind": "self"}  # fmt: skip
    problem = actions.open_matter(PROBLEMS, values, by=county.person("officer"))
    page = page_of(signed_in("monitor"), f"/entities/{measured.pk}")
    (timeline,) = page.xpath("//*[@id='timeline']")
    assert problem.title in text(timeline)
    months = [a for a in timeline.xpath(".//a") if "/records/" in a.get("href")]
    assert len(months) == 2
    assert "Ⅳ类，劣于目标：高锰酸盐指数(0.33)（1 天）" in text(months[0])
    # A list that is narrowed by the section holds it as well.
    rows = page_of(signed_in("monitor"), f"/matters/problem?about={measured.pk}")
    assert problem.title in text(rows)


def test_a_target_is_a_class_in_list_form_and_table(measured, signed_in, county):
    client = signed_in("monitor")
    assert "Ⅲ类" in text(page_of(client, "/b/section").xpath("//table")[0])
    form = page_of(client, f"/b/section/{measured.pk}/edit").forms[-1]
    (target,) = form.xpath(".//select[@name='target_class']")
    assert [o.text for o in target.xpath("option")][1:] == ["Ⅰ类", "Ⅱ类", "Ⅲ类", "Ⅳ类", "Ⅴ类"]
    from django.utils.timezone import now

    from ecoledger.listings.forms import cleaned, stored

    book = inventory_of("section")
    asks = [ask for ask in book.fields if ask.name == "target_class"]
    said = stored(asks, cleaned(asks, book.model, {"target_class": "2"}))
    book.change_row(measured, said, county.person("monitor"), now())
    assert Section.objects.get(pk=measured.pk).target_class == 2


def test_a_thing_and_its_parts_are_found_by_one_question(county):
    """What hangs below: outlets of a firm, the station at a section, the sections of a river; of another thing nothing."""
    bureau = county.bureau

    def parts(thing) -> set[str]:
        keys = Entity.objects.filter(pk__in=Entity.with_parts(thing.pk))
        return set(keys.values_list("code", flat=True))

    assert parts(bureau.section) == {"S-1", "W-1"}
    assert parts(bureau.river) == {"R-1", "S-1"}
    assert parts(bureau.enterprise) == {"E-1", "E-1-DA001", "E-1-DW001"}
