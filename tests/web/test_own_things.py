"""What people outside the staff are shown of menus, choices and themselves: their own, by its name."""

from __future__ import annotations

import lxml.html
import pytest
from django.test import Client
from django.utils.translation import override

from ecoledger.entities.models import Enterprise, Outlet
from ecoledger.listings.catalogue import all_listings
from ecoledger.listings.lookups import lookup_of
from ecoledger.matters.register import all_registers
from ecoledger.registers.alarms.alarm_case import open_from_alarm
from ecoledger.web.navigation import books

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(county):
    client = Client()
    client.force_login(county.person("enterprise"))
    return client


def shelf(person):
    return {book.key for book in books(person)}


def test_a_firm_finds_in_its_menu_what_is_its_own(county, firm, tmp_path, settings):
    settings.PROFILE = tmp_path
    person = county.person("enterprise")
    own = shelf(person)
    assert {"enterprise", "outlet", "filings", "stations", "alarms"} <= own
    assert not own & {"alarm_case", "penalty_case", "river", "law_officer", "plan_target"}
    page = lxml.html.fromstring(firm.get("/account").content)
    lines = page.xpath("//a[starts-with(@href, '/lines/')]/@href")
    # Air, water, soil, waste, approval, emergency and enforcement ask something of a firm; what is the bureau's alone does not.
    assert lines
    assert not {"/lines/assessment", "/lines/rectification"} & set(lines)
    # Asked for its word about an alarm, it finds the case there too.
    alarm = next(a for a in county.alarms if a.owner_code)
    alarm.level, alarm.count_30d = "blue", 1
    alarm.save()
    assert open_from_alarm(alarm).state == "asked"
    assert "alarm_case" in shelf(person)


def test_the_bureau_finds_every_book_it_may_open(county):
    leader = county.person("leader")
    open_to_it = {
        listing.key for listing in all_listings() if listing.line and leader.may(listing.see)
    }
    named = {book.url.partition("?")[0] for book in books(leader)}
    assert {x.key for x in all_listings() if x.key in open_to_it and x.url not in named} == set()


def test_the_account_names_divisions_not_codes(county):
    client = Client()
    client.force_login(county.person("town"))
    text = lxml.html.fromstring(client.get("/account").content).find(".//main").text_content()
    assert "北镇" in text
    assert "990101001" not in text


def hits(client, key, words=""):
    answer = client.get(f"/lookup/{key}", {"q": words})
    assert answer.status_code == 200
    return answer.content.decode()


def test_choices_are_offered_from_ones_own_scope(county, firm):
    """Typing into a look-up finds no other firm's things, points or people, whatever address is asked."""
    other = county.other_enterprise
    Outlet.objects.create(
        code="E-2-1", name="别家排放口", parent=other, area_code=other.area_code, number="DA009"
    )
    assert other.name not in hits(firm, "entity", "别家")
    assert "别家排放口" not in hits(firm, "entity", "别家")
    assert county.bureau.enterprise.name in hits(firm, "entity", "测试")
    assert "data-value" not in hits(firm, "law_officer")
    colleagues = hits(firm, "person")
    assert "领导" not in colleagues
    town = Client()
    town.force_login(county.person("town"))
    assert other.name not in hits(town, "entity", "别家")  # of the other town
    assert county.bureau.enterprise.name in hits(town, "entity", "测试")
    assert county.bureau.river.name in hits(town, "entity", county.bureau.river.name[:2])


def test_who_is_to_do_it_is_chosen_among_the_people_of_the_unit(county):
    """Units of the government before firms, people of the unit that is chosen, and no administrator."""
    desk = Client()
    desk.force_login(county.person("dispatcher"))

    def offered(key, **query):
        rows = desk.get(f"/lookup/{key}", query).content.decode()
        page = lxml.html.fromstring(f"<div>{rows}</div>")
        return [" ".join(row.text_content().split()) for row in page.xpath("//*[@data-value]")]

    units = offered("organisation")
    firm, town = (
        next(n for n, unit in enumerate(units) if name in unit)
        for name in (county.bureau.enterprise.name, "北镇人民政府")
    )
    assert town < firm
    assert offered("person", q=county.person("town").name)
    for role in ("system_admin", "audit_admin", "security_admin"):
        assert not offered("person", q=county.person(role).name), role
    unit = county.person("town").organisation
    people = offered("person", owner_organisation=unit.pk)
    assert people
    assert all(unit.name in row for row in people)
    # The form sends the chosen unit along.
    case = open_from_alarm(county.alarms[1])
    page = lxml.html.fromstring(desk.get(f"/matters/alarm_case/{case.pk}").content)
    (box,) = page.xpath("//input[@name='dispatch-owner_text']")
    assert box.get("hx-include") == "previous input[name=dispatch-owner_organisation]"
    assert box.xpath("preceding::input[@name='dispatch-owner_organisation']")
    sent = {"dispatch-owner_text": "", "dispatch-owner_organisation": unit.pk}
    assert offered("person", **sent) == people


def test_points_are_chosen_as_their_list_shows_them(county, firm):
    from ecoledger.listings.lookups import lookup_for
    from ecoledger.monitoring.models import Point

    key = lookup_for(Point).key
    person = county.person("enterprise")
    seen = {row.pk for row in lookup_of(key).open_rows(person)}
    assert seen == set(
        Point.objects.filter(owner_code=county.bureau.enterprise.code).values_list("pk", flat=True)
    )
    assert county.bureau.air[0].name not in hits(firm, key, county.bureau.air[0].name)


def test_a_thing_outside_the_scope_is_refused_by_its_code_too(county):
    lookup = lookup_of("entity")
    town = county.person("town")
    with pytest.raises(LookupError):
        lookup.resolve(county.other_enterprise.code, town)
    assert lookup.resolve(county.bureau.enterprise.code, town).pk == county.bureau.enterprise.pk
    assert Enterprise.objects.count() == 2


def test_a_button_of_my_work_says_what_is_done(county, tmp_path, settings):
    """Where several ways lead on, the button invites to the work and does not say the state."""
    settings.PROFILE = tmp_path
    case = open_from_alarm(county.alarms[1])
    client = Client()
    client.force_login(county.person("monitor"))
    page = lxml.html.fromstring(client.get("/my-work").content)
    (card,) = page.xpath(f"//article[contains(@class, 'task')][.//a[contains(., '{case.title}')]]")
    (button,) = card.xpath(".//a[contains(@class, 'btn-primary')]")
    assert button.text_content().strip() != "待核实"
    states = {str(s.label) for register in all_registers() for s in register.workflow.states}
    with override("zh-hans"):
        assert button.text_content().strip() not in states


def test_a_check_of_a_firm_begins_on_its_page(county):
    """Telephone, map, all that happened and a new check are one step away; the form knows the firm."""
    firm = county.bureau.enterprise
    Enterprise.objects.filter(pk=firm.pk).update(phone="0000-1234567", lon=118.6, lat=24.9)
    client = Client()
    client.force_login(county.person("officer"))
    page = lxml.html.fromstring(client.get(f"/enterprises/{firm.pk}").content)
    links = {a.text_content().strip(): a.get("href") for a in page.xpath("//main//a")}
    assert links["0000-1234567"] == "tel:0000-1234567"
    assert links["在图上看"] == "/map?at=118.6,24.9"
    assert page.xpath("//*[@id='timeline']//li")
    assert page.xpath("//*[@id='health']")
    form = lxml.html.fromstring(client.get(links["发起检查"]).content)
    assert form.xpath("//input[@name='entity' or @name='entity_text']/@value")[0] in (
        firm.code,
        firm.name,
    )
    assert form.xpath(
        "//*[@name='area_code']//option[@selected]/@value | //input[@name='area_code']/@value"
    ) == [firm.area_code]
