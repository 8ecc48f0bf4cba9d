"""A patrol tells what it found: in the file of its station, and on its own page with the steps that followed."""

from __future__ import annotations

import lxml.html
from django.utils import timezone

from ecoledger.accounts import audit
from ecoledger.listings.catalogue import listing_of
from ecoledger.matters import actions
from ecoledger.registers.air_sources.patrols import Patrol


def text(node) -> str:
    return " ".join(node.text_content().split())


def patrol(county):
    station = county.bureau.air[0].entity.as_station
    values = {
        "entity": station, "found": Patrol.Found.BURNING, "place": "站东三百米", "night": True, "note": "已劝阻",
    }  # fmt: skip
    return listing_of("air_patrol").open_row(values, county.person("monitor"), timezone.now())


def test_a_stations_timeline_says_what_a_patrol_found(county, signed_in):
    entry = patrol(county)
    page = lxml.html.fromstring(signed_in("monitor").get(f"/entities/{entry.entity_id}").content)
    (line,) = [a for a in page.xpath("//*[@id='timeline']//a") if "air_patrol" in a.get("href")]
    assert text(line) == "露天焚烧 · 站东三百米 · 夜查 是 · 已劝阻 · 监测人员甲"


def test_a_patrols_page_shows_its_steps_and_those_of_what_it_begot(county, signed_in):
    entry = patrol(county)
    actions.note(entry.begets_id, "已联系村委会", by=county.person("dispatcher"))
    page = lxml.html.fromstring(signed_in("dispatcher").get(f"/b/air_patrol/{entry.pk}").content)
    steps = [text(li) for li in page.xpath("//*[@id='steps']//li/div")]
    assert {step.split()[0] for step in steps[1:]} == {"转办", "登记"}
    assert "已联系村委会" in steps[0]
    assert any(entry.begets.number in step for step in steps)
    assert any(step.startswith("登记 监测人员甲") for step in steps)


def test_a_correction_stands_among_the_steps_with_its_reason(county, signed_in):
    entry = patrol(county)
    book, by = listing_of("air_patrol"), county.person("monitor")
    right = book.change_row(entry, {"place": "站西", "reason": "地点写错"}, by, timezone.now())
    page = lxml.html.fromstring(signed_in("monitor").get(f"/b/air_patrol/{right.pk}").content)
    steps = [text(li) for li in page.xpath("//*[@id='steps']//li/div")]
    assert any(step.startswith("更正") and "地点写错" in step for step in steps)


def test_a_form_that_says_nothing_new_corrects_nothing(county, signed_in):
    entry, client = patrol(county), signed_in("monitor")
    address = f"/b/air_patrol/{entry.pk}/edit"

    def sent(**said):
        page = lxml.html.fromstring(client.get(address).content)
        form = page.xpath("//main//form[.//button]")[-1]
        shown = {name: (value or "").strip() for name, value in form.form_values()}
        assert client.post(address, shown | {"reason": "核对"} | said).status_code == 302

    sent()
    assert Patrol.objects.get() == entry
    sent(place="站西")
    right = Patrol.objects.get(current=True)
    assert (right.place, right.at) == ("站西", entry.at), "of a moment the seconds stay"
    [told] = audit.of(right, "air_patrol.correct")
    assert told.details == {"place": ["站东三百米", "站西"], "reason": "核对"}


def test_what_is_typed_of_an_entry_that_another_put_right_is_kept(county, signed_in):
    """The second of two writers corrects the correction; what both changed is refused once."""
    entry, client = patrol(county), signed_in("monitor")
    address = f"/b/air_patrol/{entry.pk}/edit"
    page = lxml.html.fromstring(client.get(address).content)
    form = page.xpath("//main//form[.//button]")[-1]
    shown = {n: (value or "") for n, value in form.form_values() if n != "submission"}
    client.post(address, shown | {"place": "站西", "reason": "地点写错"})
    answer = client.post(address, shown | {"note": "已报公安", "reason": "补记"})
    right = Patrol.objects.get(current=True)
    assert (right.place, right.note) == ("站西", "已报公安")
    assert answer.url.endswith(f"/air_patrol/{right.pk}")
    answer = client.post(address, shown | {"place": "站北", "reason": "地点写错"})
    name = county.person("monitor").name
    told = answer.content.decode()
    assert f"{name}已修改" in told
    assert "现为“站西”" in told
    assert client.get(address).url == f"/b/air_patrol/{right.pk}/edit"
