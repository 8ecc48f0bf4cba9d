"""Two people with one form of a page's own open: nobody puts back unseen what the other changed."""

from __future__ import annotations

import lxml.html
import pytest
from django.urls import reverse

from ecoledger.accounts.models import Organisation, Person, PersonChange
from ecoledger.listings import own_files
from ecoledger.monitoring.models import Limit, Point
from ecoledger.registers.alarms import alarm_case
from ecoledger.registers.alarms.alarm_case import RoutingRule

NORTH, SOUTH = "990101001", "990101002"


def opened(client, address):
    """What a browser sends of the page's form as it was opened."""
    page = lxml.html.fromstring(client.get(address).content)
    form = next(f for f in page.forms if f.method == "POST" and f.action is None)
    sent: dict[str, list[str]] = {}
    for name, value in form.form_values():
        sent.setdefault(name, []).append(value)
    sent.pop("csrfmiddlewaretoken", None)
    return sent


def said(sent, **changes):
    """The page with some answers made others; ``None`` takes a tick away."""
    return {k: v for k, v in {**sent, **changes}.items() if v is not None}


@pytest.fixture
def officer(people):
    row = people["officer"]
    row.roles, row.area_codes = ["officer", "monitor"], [NORTH, SOUTH]
    row.save()
    return row


def test_no_right_that_was_taken_away_comes_back_with_a_telephone_number(officer, signed_in):
    client = signed_in("security_admin")
    address = reverse("person", args=[officer.pk])
    older, newer = opened(client, address), opened(client, address)
    client.post(address, said(newer, roles=["officer"], area_codes=NORTH, is_active=None))
    assert client.post(address, said(older, phone="13800000000")).status_code == 302
    now = Person.objects.get(pk=officer.pk)
    assert (now.roles, now.area_codes, now.is_active) == (["officer"], [NORTH], False)
    assert now.phone == "13800000000"


def test_rights_that_two_change_are_refused_once_with_who_it_was(people, officer, signed_in):
    client = signed_in("security_admin")
    address = reverse("person", args=[officer.pk])
    older, newer = opened(client, address), opened(client, address)
    client.post(address, said(newer, roles=["officer"]))
    other = said(older, roles=["officer", "monitor", "grid"])
    answer = client.post(address, other)
    told = f"{people['security_admin'].name}已修改“岗位”，现为“执法人员”"
    assert told in answer.content.decode()
    shown = lxml.html.fromstring(answer.content).xpath("//input[@name='shown']/@value")
    assert client.post(address, other | {"shown": shown}).status_code == 302
    assert set(Person.objects.get(pk=officer.pk).roles) == {"officer", "monitor", "grid"}


def test_a_change_that_waits_brings_no_closed_account_back(officer, signed_in):
    client = signed_in("security_admin")
    address = reverse("person", args=[officer.pk])
    client.post(address, said(opened(client, address), roles=["audit_admin"], phone="138"))
    waiting = PersonChange.objects.get()
    officer.is_active, officer.area_codes = False, [NORTH]
    officer.save()
    page = signed_in("system_admin").get(reverse("person-changes")).content.decode()
    assert "手机：138" in page
    decide = reverse("person-change-decide", args=[waiting.pk, "confirm"])
    signed_in("system_admin").post(decide)
    now = Person.objects.get(pk=officer.pk)
    assert (now.roles, now.phone) == (["audit_admin"], "138")
    assert (now.is_active, now.area_codes) == (False, [NORTH])


def test_a_change_is_not_confirmed_over_what_another_changed_of_the_same(officer, signed_in):
    client = signed_in("security_admin")
    address = reverse("person", args=[officer.pk])
    client.post(address, said(opened(client, address), roles=["audit_admin"]))
    officer.roles = ["officer"]
    officer.save()
    decide = reverse("person-change-decide", args=[PersonChange.objects.get().pk, "confirm"])
    answer = signed_in("system_admin").post(decide, follow=True)
    assert "已被他人修改" in answer.content.decode()
    assert Person.objects.get(pk=officer.pk).roles == ["officer"]
    assert PersonChange.objects.get().decided_at is None


def test_what_another_changed_of_a_point_stays(county, signed_in):
    client, point = signed_in("monitor"), county.bureau.flue_gas
    address = reverse("point-edit", args=[point.pk])
    older, newer = opened(client, address), opened(client, address)
    # The other renames it, lets it rest, takes a parameter away, adds one of the list and one beside it, sets a limit.
    there = list(point.parameters.values_list("code", flat=True))
    gone, kept = there[0], there[1]
    fresh = next(n.removesuffix("-unit") for n in newer if n.endswith("-unit")
                 and n.removesuffix("-unit") not in there)  # fmt: skip
    changes = {"name": "改名后", f"{gone}-used": None, f"{fresh}-used": "on", "more": "a01011",
               f"{kept}-limit": "77", "reason": "仪表已拆除"}  # fmt: skip
    assert client.post(address, said(newer, **changes)).status_code == 302
    after = set(Point.objects.get(pk=point.pk).parameters.values_list("code", flat=True))
    assert gone not in after
    assert {kept, fresh, "a01011"} <= after
    assert client.post(address, said(older, password="654321")).status_code == 302
    now = Point.objects.get(pk=point.pk)
    assert (now.name, now.password) == ("改名后", "654321")
    assert set(now.parameters.values_list("code", flat=True)) == after
    assert Limit.objects.filter(parameter=kept, value=77, until=None).exists()
    # What both changed is refused; the parameter stands as the other left it.
    answer = client.post(address, said(older, **{f"{kept}-limit": "88"}))
    assert answer.status_code == 200
    assert "已修改“限值”，现为“77" in answer.content.decode()


def test_what_another_changed_of_a_routing_rule_stays(people, signed_in):
    north, south = Organisation.objects.exclude(kind="enterprise")[:2]
    rule = RoutingRule.objects.create(
        register=alarm_case.REGISTER.key, area_code=NORTH, opens_case=True, organisation=north
    )
    client = signed_in("dispatcher")
    address = reverse("routing-rule", args=[rule.pk])
    older, newer = opened(client, address), opened(client, address)
    assert client.post(address, said(newer, organisation=str(south.pk))).status_code == 302
    assert client.post(address, said(older, kind="air")).status_code == 302
    rule.refresh_from_db()
    assert (rule.organisation, rule.kind) == (south, "air")


def test_rules_that_another_saved_meanwhile_are_not_overwritten_unseen(
    people, signed_in, settings, tmp_path
):
    settings.PROFILE = tmp_path
    name, rules = sorted(own_files.declared().items())[0]
    client, address = signed_in("dispatcher"), reverse("own-rules-edit", args=[name])
    older, newer = opened(client, address), opened(client, address)
    theirs, mine = f"{rules.text}\n# theirs\n", f"{rules.text}\n# mine\n"
    assert client.post(address, said(newer, text=theirs)).status_code == 302
    answer = client.post(address, said(older, text=mine))
    assert answer.status_code == 422
    assert "他人已修改" in answer.content.decode()
    assert "# theirs" in rules.text
    shown = lxml.html.fromstring(answer.content).xpath("//input[@name='shown']/@value")
    assert client.post(address, said(older, text=mine, shown=shown)).status_code == 302
    assert "# mine" in rules.text
