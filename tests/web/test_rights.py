"""What people who run the platform may not do: to themselves, alone, or outside their own area."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ecoledger.accounts import audit, deputies, keys
from ecoledger.accounts.models import AuditEntry, HandOver, Organisation, Person, PersonChange
from ecoledger.listings import lookups
from ecoledger.listings.models import ImportBatch
from ecoledger.monitoring.models import AlarmRule
from ecoledger.web import scoped
from ecoledger.web.listings import chips

COUNTY, NORTH, SOUTH = "990101", "990101001", "990101002"
PASSWORD = "correct horse battery"
STRONG = "Qing-xi 2026"


def form(person, **more):
    return {
        "username": person.username,
        "name": person.name,
        "organisation": person.organisation_id or "",
        "roles": person.roles,
        "area_codes": ",".join(person.area_codes),
        "is_active": "on",
    } | more


def edit(client, person, **more):
    return client.post(reverse("person", args=[person.pk]), form(person, **more))


# -- 三员分立 ------------------------------------------------------------------------------------


def test_nobody_grants_himself_anything(people, signed_in):
    security = people["security_admin"]
    answer = edit(signed_in("security_admin"), security, roles=["leader", "monitor"])
    assert "不能修改自己的账号和权限" in answer.content.decode()
    assert Person.objects.get(pk=security.pk).roles == ["security_admin"]


@pytest.mark.parametrize(
    ("roles", "why"),
    [
        (["system_admin", "leader"], "不能兼任业务岗位"),
        (["enterprise", "monitor"], "企业用户不能兼任"),
        (["system_admin", "audit_admin"], "应由不同的人担任"),
    ],
)
def test_some_roles_are_not_in_one_hand(people, signed_in, roles, why):
    answer = edit(signed_in("security_admin"), people["officer"], roles=roles)
    assert why in answer.content.decode()


def test_a_security_administrator_grants_within_his_own_area(people, signed_in):
    security = people["security_admin"]
    security.area_codes = [NORTH]
    security.save()
    client = signed_in("security_admin")
    assert "超出您自己的数据范围" in edit(client, people["town"], area_codes="99").content.decode()
    # Nor does he touch, or look up, who is of a larger unit than his.
    assert edit(client, people["leader"], area_codes=NORTH).status_code == 404
    assert people["leader"].name not in client.get(reverse("people")).content.decode()
    people["town"].organisation = None
    people["town"].save()
    assert edit(client, people["town"], post="干事").status_code == 302


def test_an_administrators_change_waits_for_a_second_one(people, signed_in):
    officer = people["officer"]
    assert edit(signed_in("security_admin"), officer, roles=["system_admin"]).status_code == 302
    assert Person.objects.get(pk=officer.pk).roles == ["officer"]
    change = PersonChange.objects.get()
    decide = reverse("person-change-decide", args=[change.pk, "confirm"])
    assert people["audit_admin"].notices.filter(link=reverse("person-changes")).exists()
    assert signed_in("security_admin").post(decide).status_code == 403
    assert signed_in("leader").post(decide).status_code == 403
    client = signed_in("audit_admin")
    assert officer.name in client.get(reverse("person-changes")).content.decode()
    assert client.post(decide).status_code == 302
    assert Person.objects.get(pk=officer.pk).roles == ["system_admin"]
    entry = AuditEntry.objects.filter(action="edit_person").get()
    assert entry.person == people["audit_admin"]
    # Once is enough.
    client.post(reverse("person-change-decide", args=[change.pk, "refuse"]))
    assert Person.objects.get(pk=officer.pk).roles == ["system_admin"]


@pytest.fixture
def of_the_town(people):
    """A security administrator of the north town alone."""
    security = people["security_admin"]
    security.area_codes = [NORTH]
    security.save()
    return security


def test_a_towns_administrator_closes_frees_and_revokes_nobody_of_the_city(
    people, of_the_town, signed_in
):
    client, city, town = signed_in("security_admin"), people["leader"], people["town"]
    keys.make_key(city, "总线")
    key = city.api_keys.get()
    for address, sent in (
        (reverse("hand-over", args=[city.pk]), {"taker": town.pk, "leaves": "on", "step": "do"}),
        (reverse("person-second-factor", args=[city.pk]), {}),
        (reverse("person-key-revoke", args=[key.pk]), {}),
    ):
        assert client.post(address, sent).status_code == 404, address
    away = {"taker": city.pk, "step": "do"}
    answer = client.post(reverse("hand-over", args=[town.pk]), away)
    assert answer.status_code == 200
    city.refresh_from_db()
    assert city.is_active
    assert not HandOver.objects.exists()
    assert city.api_keys.get().valid
    # One of the town who sees more than the town is not his either.
    people["grid"].area_codes = [COUNTY]
    people["grid"].save()
    assert client.post(reverse("person-second-factor", args=[people["grid"].pk])).status_code == 403
    assert (
        client.post(
            reverse("hand-over", args=[town.pk]), {"taker": people["grid"].pk, "step": "do"}
        ).status_code
        == 200
    )
    assert not HandOver.objects.exists()


def test_no_administrator_leaves_by_one_persons_hand(people, signed_in):
    leaves = {"taker": people["officer"].pk, "leaves": "on", "step": "do"}
    address = reverse("hand-over", args=[people["audit_admin"].pk])
    answer = signed_in("security_admin").post(address, leaves)
    assert "由另一名管理员确认" in answer.content.decode()
    assert Person.objects.get(pk=people["audit_admin"].pk).is_active


def test_a_password_that_waits_does_not_replace_the_one_its_owner_set_meanwhile(people, signed_in):
    owner = people["system_admin"]
    edit(signed_in("security_admin"), owner, password=STRONG)
    change = PersonChange.objects.get()
    owner.set_password(PASSWORD)
    owner.save()
    decide = reverse("person-change-decide", args=[change.pk, "confirm"])
    answer = signed_in("audit_admin").post(decide, follow=True)
    assert "已被他人修改" in answer.content.decode()
    assert Person.objects.get(pk=owner.pk).check_password(PASSWORD)


def test_an_administrators_name_waits_too_and_every_change_of_one_is_told(people, signed_in):
    audit_admin, client = people["audit_admin"], signed_in("security_admin")
    edit(client, audit_admin, username="somebody", phone="13800000000")
    assert Person.objects.get(pk=audit_admin.pk).username == audit_admin.username
    change = PersonChange.objects.get()
    signed_in("system_admin").post(reverse("person-change-decide", args=[change.pk, "confirm"]))
    now = Person.objects.get(pk=audit_admin.pk)
    assert (now.username, now.phone) == ("somebody", "13800000000")
    told = AuditEntry.objects.filter(action="edit_person").first()
    assert told.details["changed"] == {
        "username": [audit_admin.username, "somebody"],
        "phone": True,
    }
    # Of others it is done at once, and the trail says which unit it was before: a firm's people see by their unit.
    firm, other = people["enterprise"].organisation_id, people["town"].organisation_id
    edit(client, people["enterprise"], organisation=other)
    told = AuditEntry.objects.filter(action="edit_person").first()
    assert told.details["changed"] == {"organisation": [firm, other]}


@pytest.fixture
def second_security(people):
    """A second security administrator, whose deputy the first one is."""
    second = Person.objects.create(
        username="second", name="第二安全员", organisation=people["security_admin"].organisation
    )
    second.roles, second.area_codes = ["security_admin"], [COUNTY]
    second.save()
    now = timezone.now()
    deputies.name_deputy(
        second, second, people["security_admin"], now - timedelta(hours=1), now + timedelta(days=1)
    )
    return second


@pytest.mark.parametrize("asked_as_deputy", [True, False])
def test_a_deputy_is_no_second_person(people, signed_in, second_security, asked_as_deputy):
    client = signed_in("security_admin")

    def act(as_deputy):
        if as_deputy:
            client.post(reverse("act-for", args=[second_security.pk]))
        else:
            client.post(reverse("act-for-end"))

    act(asked_as_deputy)
    assert edit(client, people["system_admin"], post="换岗").status_code == 302
    change = PersonChange.objects.get()
    act(not asked_as_deputy)
    decide = reverse("person-change-decide", args=[change.pk, "confirm"])
    assert client.post(decide).status_code == 403
    change.refresh_from_db()
    assert change.decided_at is None
    # And nobody edits himself by another's name.
    act(as_deputy=True)
    refused = edit(client, people["security_admin"], post="换岗")
    assert "不能修改自己的账号和权限" in refused.content.decode()
    assert signed_in("audit_admin").post(decide).status_code == 302
    change.refresh_from_db()
    assert change.confirmed


def test_a_refused_change_changes_nothing(people, signed_in):
    edit(signed_in("security_admin"), people["system_admin"], roles=["officer"])
    change = PersonChange.objects.get()
    signed_in("audit_admin").post(reverse("person-change-decide", args=[change.pk, "refuse"]))
    assert Person.objects.get(pk=people["system_admin"].pk).roles == ["system_admin"]


# -- passwords, keys, absence --------------------------------------------------------------------


@pytest.mark.parametrize(
    "weak", ["abcabcabc1", "1111111111a", "anlan12345", "zhangsan123", "Aa1Aa1Aa1Aa1", PASSWORD]
)
def test_weak_and_used_passwords_are_refused(people, signed_in, weak):
    client = signed_in("officer")
    given = {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak}
    assert client.post("/account", given).status_code == 200
    assert Person.objects.get(pk=people["officer"].pk).check_password(PASSWORD)


def test_earlier_passwords_do_not_come_back(people, signed_in):
    client = signed_in("officer")
    old = PASSWORD
    for n in range(3):
        new = f"{STRONG} {n}"
        given = {"old_password": old, "new_password1": new, "new_password2": new}
        assert client.post("/account", given).status_code == 302
        old = new
    again = {"old_password": old, "new_password1": f"{STRONG} 0", "new_password2": f"{STRONG} 0"}
    assert "最近用过" in client.post("/account", again).content.decode()


def test_a_password_set_by_somebody_else_or_too_old_has_to_be_changed(people, signed_in):
    officer = people["officer"]
    edit(signed_in("security_admin"), officer, password=STRONG)
    client = Client()
    client.post("/sign-in", {"username": "officer", "password": STRONG})
    assert client.get("/notices")["Location"] == "/account"
    assert client.get("/api/v1/points").status_code == 403
    new = {"old_password": STRONG, "new_password1": f"{STRONG} b", "new_password2": f"{STRONG} b"}
    assert client.post("/account", new).status_code == 302
    assert client.get("/notices").status_code == 200
    Person.objects.update(password_changed_at=timezone.now() - timedelta(days=181))
    assert client.get("/notices")["Location"] == "/account"


def test_keys_end_with_the_password_and_sleep_while_the_account_is_locked(people, signed_in):
    officer = people["officer"]
    key = keys.make_key(officer, "app")
    assert keys.person_of(key) == officer
    Person.objects.filter(pk=officer.pk).update(locked_until=timezone.now() + timedelta(minutes=5))
    assert keys.person_of(key) is None
    Person.objects.filter(pk=officer.pk).update(locked_until=None)
    assert keys.person_of(key) == officer
    new = {"old_password": PASSWORD, "new_password1": STRONG, "new_password2": STRONG}
    assert signed_in("officer").post("/account", new).status_code == 302
    assert keys.person_of(key) is None
    another = keys.make_key(officer, "app")
    edit(signed_in("security_admin"), officer, password=f"{STRONG} b")
    assert keys.person_of(another) is None


def test_the_security_administrator_sees_and_revokes_keys(people, signed_in):
    officer = people["officer"]
    key = keys.make_key(officer, "数据大屏")
    client = signed_in("security_admin")
    assert "数据大屏" in client.get(reverse("person", args=[officer.pk])).content.decode()
    row = officer.api_keys.get()
    assert client.post(reverse("person-key-revoke", args=[row.pk])).status_code == 302
    assert keys.person_of(key) is None


def test_a_session_nobody_touches_ends_and_live_parts_do_not_keep_it(
    people, signed_in, monkeypatch
):
    from ecoledger.web import attendance

    client = signed_in("officer")
    clock = [1_000_000]
    monkeypatch.setattr(attendance.time, "time", lambda: clock[0])
    assert client.get("/notices").status_code == 200
    for _ in range(4):
        clock[0] += 600
        client.get("/notices/bell", headers={"X-Unattended": "1"})
    assert client.get("/notices")["Location"].startswith("/sign-in")
    assert AuditEntry.objects.filter(action="signed_out_idle").exists()


def test_somebody_at_work_stays_signed_in(people, signed_in, monkeypatch):
    from ecoledger.web import attendance

    client = signed_in("officer")
    clock = [1_000_000]
    monkeypatch.setattr(attendance.time, "time", lambda: clock[0])
    for _ in range(5):
        clock[0] += 1200
        assert client.get("/notices").status_code == 200


def test_private_answers_are_kept_by_nobody(county, signed_in):
    client = signed_in("monitor")
    for address in ("/stations", "/enterprises", "/api/v1/points", "/b/point/export.xlsx"):
        assert client.get(address)["Cache-Control"] == "private, no-store", address


def test_a_device_s_password_is_set_in_a_form_and_shown_in_none(county, signed_in):
    point = county.bureau.flue_gas
    assert point.password
    client = signed_in("monitor")
    at = f"/b/point/{point.pk}/edit"
    form = client.get(at).context["form"]
    assert form["password"].value() == ""
    assert point.password not in client.get(at).content.decode().replace(point.mn, "")
    given = {f.name: f.value() for f in form if f.value() is not None}
    for sent, kept in (("", point.password), ("abc123", "abc123")):
        assert client.post(at, given | {"password": sent}).status_code == 302
        point.refresh_from_db()
        assert point.password == kept


# -- area ----------------------------------------------------------------------------------------


def test_rules_of_all_are_changed_by_who_covers_all(county, signed_in):
    rule = AlarmRule.objects.get(pk=county.alarms[0].rule_id)
    monitor = county.person("monitor")
    monitor.area_codes = [NORTH]
    monitor.save()
    client = signed_in("monitor")
    assert not scoped.covers_everything(monitor)
    address = reverse("rule", args=[rule.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"version": rule.version}).status_code == 403
    rule.refresh_from_db()
    assert rule.version == 1


def test_frames_are_seen_by_the_scope_of_their_point(county, signed_in):
    monitor = county.person("monitor")
    every = signed_in("monitor")
    assert every.get(reverse("frame", args=[county.southern_frame])).status_code == 200
    monitor.area_codes = [NORTH]
    monitor.save()
    town = signed_in("monitor")
    assert town.get(reverse("frame", args=[county.frame])).status_code == 200
    assert town.get(reverse("frame", args=[county.southern_frame])).status_code == 404
    # An unknown device is looked at by who covers everything.
    assert town.get(reverse("frame", args=[county.quarantined])).status_code == 404
    south = county.bureau.air[2].mn
    page = town.get("/quarantine?status=accepted").content.decode()
    assert south not in page
    assert county.bureau.air[0].mn in page
    assert town.post(reverse("replay"), {"frame": [county.quarantined]}).status_code == 404


def test_the_system_administrator_sees_unknown_devices_and_no_data(county, signed_in):
    client = signed_in("system_admin")
    assert client.get(reverse("frame", args=[county.quarantined])).status_code == 200
    assert client.get(reverse("frame", args=[county.frame])).status_code == 404
    page = client.get("/quarantine?status=accepted").content.decode()
    assert county.bureau.air[0].mn not in page


def test_an_import_batch_is_seen_by_managers_who_cover_its_uploader(bureau, people, signed_in):
    batch = ImportBatch.objects.create(
        listing="problem", file_name="问题.csv", person=people["town"]
    )
    address = reverse("book-import-batch", args=["problem", batch.pk])
    assert signed_in("dispatcher").get(address).status_code == 200
    people["dispatcher"].area_codes = [SOUTH]
    people["dispatcher"].save()
    other = signed_in("dispatcher")
    assert other.get(address).status_code == 404
    discard = reverse("book-import-act", args=["problem", batch.pk, "discard"])
    assert other.post(discard).status_code == 404
    batch.refresh_from_db()
    assert batch.state != "discarded"


# -- what the trail knows ------------------------------------------------------------------------


def test_a_refused_page_stands_on_the_trail(people, signed_in):
    assert signed_in("officer").get(reverse("people")).status_code == 403
    entry = AuditEntry.objects.filter(action="refused").get()
    assert (entry.person, entry.address) == (people["officer"], "127.0.0.1")
    assert entry.details == {"method": "GET", "path": reverse("people")}


def test_the_use_of_a_key_stands_on_the_trail_once_an_hour(people):
    key = keys.make_key(people["monitor"], "test")
    client = Client(headers={"Authorization": f"Bearer {key}"})
    for _n in range(3):
        assert client.get("/api/v1/points").status_code == 200
    entry = AuditEntry.objects.filter(action="api_key_used").get()
    assert (entry.person, entry.address) == (people["monitor"], "127.0.0.1")


def test_a_span_is_looked_at_before_it_is_read(people, bureau, store):
    key = keys.make_key(people["monitor"], "test")
    client = Client(headers={"Authorization": f"Bearer {key}"})
    address = f"/api/v1/points/{bureau.air[0].pk}/observations"
    for begin, end, status in (
        ("2026-01-01T00:00:00", "2026-01-31T00:00:00", 200),
        ("1990-01-01T00:00:00", "2026-01-31T00:00:00", 422),
        ("2026-01-31T00:00:00", "2026-01-01T00:00:00", 422),
    ):
        answer = client.get(address, {"begin": begin, "end": end})
        assert answer.status_code == status, answer.content


def offered_to(client, key, words):
    return client.get(reverse("lookup", args=[key]), {"q": words}).content.decode()


def test_things_are_offered_to_those_alone_who_may_read_or_enter_them(bureau, people, signed_in):
    """A look-up asks for the area and for the right to see that kind: its names are data as well."""
    firm, river = bureau.enterprise, bureau.river
    for role in ("audit_admin", "security_admin"):
        for key in ("entity", "entities.enterprise", "entities.river", "entities.section"):
            assert not lookups.lookup_of(key).open_rows(people[role]).exists(), (role, key)
        assert firm.name not in offered_to(signed_in(role), "entity", firm.name)
    # Who enters things chooses what they are part of, though he reads no data of them.
    for role in ("leader", "monitor", "system_admin"):
        for thing in (firm, river):
            offered = offered_to(signed_in(role), "entity", thing.name)
            assert f'data-value="{thing.code}"' in offered, (role, thing)
    assert not lookups.lookup_of("checklist").open_rows(people["audit_admin"]).exists()


def test_a_chosen_row_is_named_to_those_alone_to_whom_it_is_offered(bureau, people, signed_in):
    """Nobody learns the name of another town's firm by writing its number into an address."""
    many = [
        Organisation(name=f"北镇{n}厂", kind="enterprise", area_code=NORTH)
        for n in range(chips.OFFERED)
    ]
    Organisation.objects.bulk_create(many)
    foreign = Organisation.objects.create(name="南镇某厂", kind="enterprise", area_code=SOUTH)
    asked = {"owner_organisation": foreign.pk}
    assert foreign.name in signed_in("leader").get("/matters/problem", asked).content.decode()
    assert foreign.name not in signed_in("town").get("/matters/problem", asked).content.decode()


def test_the_auditor_is_offered_what_he_may_read_of_the_trail(people, signed_in):
    """The actions that stand on his trail may be chosen, whoever did them."""
    audit.record(people["monitor"], "table_imported", details={"file": "x.csv"})
    page = signed_in("audit_admin").get(reverse("audit")).content.decode()
    assert '<option value="table_imported"' in page


def test_firms_of_other_towns_are_not_offered(people):
    own = Organisation.objects.create(name="北镇某厂", kind="enterprise", area_code=NORTH)
    foreign = Organisation.objects.create(name="南镇某厂", kind="enterprise", area_code=SOUTH)
    department = Organisation.objects.create(name="水务局", kind="department", area_code=COUNTY)
    offered = set(lookups.lookup_of("organisation").rows(people["town"]))
    assert {own, department} <= offered
    assert foreign not in offered
