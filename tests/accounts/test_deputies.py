"""Deputies (AB角): the principal's rights for a time, both names on everything."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from ecoledger.accounts import acting, audit, deputies
from ecoledger.accounts.models import AuditEntry, Deputy
from ecoledger.matters import actions, chain, timeline
from ecoledger.matters.models import Event
from ecoledger.registers.problems.problem_ledger import REGISTER


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def named(people, now):
    return deputies.name_deputy(
        people["leader"],
        people["leader"],
        people["monitor"],
        now - timedelta(hours=1),
        now + timedelta(days=3),
        reason="出差",
    )


def test_a_deputy_acts_from_one_day_to_another(people, named, now):
    def principals(at):
        return list(deputies.principals_of(people["monitor"], at))

    assert principals(now) == [people["leader"]]
    assert principals(now - timedelta(hours=2)) == []
    assert principals(now + timedelta(days=4)) == []
    deputies.end(people["monitor"], named)
    assert principals(timezone.now()) == []
    assert AuditEntry.objects.filter(action="end_deputy").exists()


def test_who_may_name_whom(people, now):
    until = now + timedelta(days=1)
    with pytest.raises(PermissionDenied):
        deputies.name_deputy(people["monitor"], people["leader"], people["monitor"], now, until)
    assert deputies.name_deputy(
        people["security_admin"], people["leader"], people["officer"], now, until
    )
    for principal, deputy in (
        ("leader", "leader"),
        ("leader", "enterprise"),
        ("security_admin", "monitor"),
        ("security_admin", "audit_admin"),
        ("leader", "audit_admin"),
    ):
        with pytest.raises(ValidationError):
            deputies.name_deputy(people[principal], people[principal], people[deputy], now, until)
    with pytest.raises(ValidationError):
        deputies.name_deputy(people["leader"], people["leader"], people["officer"], until, now)


def a_problem(by):
    given = {"title": "河岸堆放垃圾", "area_code": "990101001", "origin_kind": "self"}
    return actions.open_matter(REGISTER, given, by=by)


def test_both_names_stand_on_the_trail_and_on_events(bureau, people):
    problem = a_problem(people["officer"])
    with acting.by(people["monitor"]):
        audit.record(people["leader"], "test")
        actions.note(problem.pk, "代为说明", by=people["leader"])
    entry = AuditEntry.objects.get(action="test")
    assert (entry.person, entry.deputy) == (people["leader"], people["monitor"])
    event = Event.objects.filter(matter_id=problem.pk).order_by("-id").first()
    assert (event.person, event.deputy) == (people["leader"], people["monitor"])
    assert audit.first_broken() is None
    assert chain.first_broken_overall() is None
    # The seal covers the deputy.
    AuditEntry.objects.filter(pk=entry.pk).update(deputy=None)
    assert audit.first_broken().row_id == entry.pk
    assert audit.record(people["leader"], "alone").deputy is None


def test_a_deputy_and_his_principal_are_one_hand(bureau, people, named):
    problem = a_problem(people["officer"])
    with acting.by(people["monitor"]):
        actions.note(problem.pk, "代办", by=people["leader"])
    # What the deputy did for the leader counts as done by each of them.
    assert timeline.did(problem, people["monitor"]) == {"note"}
    assert timeline.did(problem, people["leader"]) == {"note"}
    actions.note(problem.pk, "自办", by=people["dispatcher"])
    with acting.by(people["dispatcher"]):
        assert "note" in timeline.did(problem, people["approver"])


def test_in_the_browser_the_pages_are_the_principals(people, named, client):
    client.force_login(people["monitor"])
    assert client.get("/people").status_code == 403
    page = client.get("/account").content.decode()
    assert people["leader"].name in page
    answer = client.post(f"/act-for/{people['leader'].pk}")
    assert answer.status_code == 302
    page = client.get("/notices").content.decode()
    assert f"{people['monitor'].name} 正在代 {people['leader'].name} 履职" in page
    # What is the principal's own stays his own.
    assert client.get("/account").status_code == 403
    assert client.post("/account/keys", {"name": "x", "days": 30}).status_code == 403
    # The deputyship ends, and with it the acting, at the next page.
    Deputy.objects.update(until=timezone.now())
    assert "正在代" not in client.get("/notices").content.decode()
    assert client.get("/account").status_code == 200


def test_nobody_acts_for_whom_he_is_not_named(people, named, client):
    client.force_login(people["officer"])
    assert client.post(f"/act-for/{people['leader'].pk}").status_code == 403
    session = client.session
    session["acting_for"] = people["leader"].pk
    session.save()
    assert "正在代" not in client.get("/notices").content.decode()


def test_one_names_a_deputy_on_ones_own_page_and_ends_it(people, client):
    client.force_login(people["leader"])
    start = timezone.localtime()
    form = {
        "deputy": people["monitor"].pk,
        "since": f"{start:%Y-%m-%dT%H:%M}",
        "until": f"{start + timedelta(days=2):%Y-%m-%dT%H:%M}",
        "reason": "学习",
    }
    assert client.post("/account/deputies", form).status_code == 302
    row = Deputy.objects.get()
    assert row.deputy == people["monitor"]
    backwards = form | {"until": form["since"]}
    assert "止须晚于起" in client.post("/account/deputies", backwards).content.decode()
    assert client.post(f"/account/deputies/{row.pk}/end").status_code == 302
    assert not deputies.principals_of(people["monitor"]).exists()
