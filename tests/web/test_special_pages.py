"""Pages of one mechanism: what they count is what the rail counts, and what opens them first holds something."""

from __future__ import annotations

import lxml.html
import pytest
from django.utils import timezone

from ecoledger.matters import actions
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.water.outfall_work import REGISTER as OUTFALLS
from ecoledger.registers.water.sewage_models import RegionYear, SewageRegion
from ecoledger.web.templatetags.show import away, decimals, plain, powers

NORTH = "990101001"


def page_at(client, address) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(client.get(address).content)


def test_the_rivers_page_counts_work_as_the_rail_does_and_opens_all_of_it(bureau, client, store):
    """What another line does about a section stands beside it, in no count of the water line."""
    desk = bureau.people["dispatcher"]
    values = {"title": "断面氨氮偏高", "area_code": NORTH, "origin_kind": "self"}
    actions.open_matter(PROBLEMS, values | {"entity": bureau.section.entity_ptr}, by=desk)
    actions.open_matter(OUTFALLS, {"title": "北镇一号排口", "area_code": NORTH}, by=desk)
    client.force_login(bureau.leader)
    page = page_at(client, "/water/green")
    (door,) = page.xpath("//div[@id='tasks']/span/a")
    (rail,) = page.xpath("//nav//a[@href='/lines/water']/span[@class='n']")
    assert door.text == "1" == rail.text
    listed = client.get(door.get("href")).content.decode()
    assert "北镇一号排口" in listed
    assert "断面氨氮偏高" not in listed
    assert "断面氨氮偏高" in page.text_content()


def test_the_balance_opens_on_the_newest_year_of_which_it_can_reckon(bureau, client):
    region = SewageRegion.objects.create(code="SR-1", name="建成区", area_code=NORTH)
    year = timezone.localdate().year - 1
    RegionYear.objects.create(region=region, year=year, area_code=NORTH, sewage_m3=1_000_000)
    client.force_login(bureau.people["dispatcher"])
    page = page_at(client, "/water/balance")
    assert page.xpath("//select[@name='year']/option[@selected]/@value") == [str(year)]
    assert page.xpath("//input[@name='check']/@value") == ["350"]
    assert not page.xpath("//a[.='登记核算参数']")
    later = page_at(client, f"/water/balance?year={year + 1}")
    (door,) = later.xpath("//a[.='登记核算参数']/@href")
    form = page_at(client, door)
    assert form.xpath("//input[@name='year']/@value") == [str(year + 1)]


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(1.5e-6, 1, "1.5×10⁻⁶"), (1e-6, None, "1×10⁻⁶"), (0, 1, "0"), (27740.0, None, "27740"), (61.8, None, "61.8")],
)  # fmt: skip
def test_very_small_numbers_are_written_by_a_power_of_ten(value, decimals, text):
    assert powers(value, decimals) == text


def test_far_things_are_told_in_kilometres():
    assert (away(778), away(6804)) == ("778 m", "6.8 km")


def test_a_tie_on_a_page_goes_to_the_even_digit_as_in_a_document():
    # GB/T 8170-2008: 1/16, 369/400 and 7/2000 of a hundred.
    assert [decimals(value, 1) for value in (6.25, 92.25, 0.35)] == ["6.2", "92.2", "0.4"]
    assert (decimals(2.5, "-2"), decimals(2.0, "-2"), decimals(None, 1)) == ("2.50", "2", "")
    assert (plain(1234567), plain(123456.78), plain(40 / 3)) == ("1234567", "123456.78", "13.3333")
