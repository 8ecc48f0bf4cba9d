"""A further register is one declaration: with it alone a matter is listed, worked on, closed and watched."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models
from django.urls import reverse
from django.utils import timezone

from ecoledger.accounts.roles import Role
from ecoledger.listings import catalogue
from ecoledger.matters import actions, deadlines, register, schedule, statistics
from ecoledger.matters.actions import Refused, Upload
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, seen_of
from ecoledger.matters.workflow import ClockRule, Phase, State, Transition, Workflow, said
from ecoledger.registers.alarms.alarm_case import WORKFLOW as CASES
from ecoledger.registers.closing import Closing
from ecoledger.registers.problems.problem_ledger import WORKFLOW as PROBLEMS

# ---- the register: all that its module would hold ------------------------------------------------

OFFICERS = frozenset({Role.OFFICER})


class Petition(Matter):
    """A complaint to be answered (信访件)."""

    caller = models.CharField("来电人", max_length=40, blank=True)

    class Meta:
        app_label = "petitions"


CLOSING = Closing(
    work="handling", applied_from="handling", applicants=OFFICERS,
    application=(said("answer", "答复"),), worked=("apply_close",),
    kept_from_returning=("apply_close",), reviewers=OFFICERS, reopeners=OFFICERS,
    return_label="退回办理", rebound_label="再次来电", stage="答复",
    days_before_look_back=15, working_days_of_look_back=5,
)  # fmt: skip
PETITIONS = Register(
    key="petition", label="信访件", line="enforcement", model=Petition, pattern="信访〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("new", "待受理", stage="受理", waits_for=OFFICERS),
            State("handling", "办理中", stage="办理", waits_for=OFFICERS),
            CLOSING.check,
            *CLOSING.closed,
            State("answered", "当场答复", phase=Phase.DONE),
        ),
        transitions=(
            Transition("accept", "受理", "new", "handling", by=OFFICERS),
            Transition("answer", "当场答复办结", "new", "answered", by=OFFICERS,
                       asks=(said("answer", "答复"),), main=False),
            *CLOSING.transitions,
        ),
        clocks=(ClockRule("accept", "受理", "new", working_days=1), *CLOSING.clocks),
    ),
    columns=("number", "title", "caller", "state"), filters=("state",),
    fields=("title", "area_code", "caller"),
)  # fmt: skip


@pytest.fixture(scope="module")
def table(django_db_setup, django_db_blocker):
    """The register's table, as its migration would make it."""
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            editor.create_model(Petition)
        yield
        with connection.schema_editor() as editor:
            editor.delete_model(Petition)


@pytest.fixture
def petitions(table, bureau, monkeypatch):
    """The register, known to everything until the test ends."""
    monkeypatch.setattr(catalogue, "_listings", dict(catalogue._listings))
    register.declare(PETITIONS)


# ---- what comes of it ----------------------------------------------------------------------------


@pytest.fixture
def petition(petitions, people):
    return actions.open_matter(
        PETITIONS,
        {"title": "夜间施工噪声", "area_code": "990101001", "caller": "某先生"},
        by=people["officer"],
    )


def proof(name: str = "答复.png") -> Upload:
    content = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32 + name.encode()
    return Upload(SimpleUploadedFile(name, content, "image/png"))


def close(petition, people):
    officer = people["officer"]
    actions.perform(petition.pk, "accept", by=officer)
    actions.perform(
        petition.pk,
        "apply_close",
        by=officer,
        form={"answer": "已停工并答复来电人"},
        files=[proof()],
    )
    return actions.perform(
        petition.pk, "confirm_close", by=people["leader"], form={"checked": "属实"}
    )


def test_it_has_pages_of_its_own(petition, people, client):
    client.force_login(people["officer"])
    listed = client.get(reverse("matter-list", args=["petition"])).content.decode()
    assert "信访件" in listed
    assert petition.number in listed
    assert "某先生" in listed
    shown = client.get(reverse("matter", args=["petition", petition.pk])).content.decode()
    assert "夜间施工噪声" in shown
    assert "受理" in shown


def test_its_matters_are_numbered_and_under_their_clocks(petition):
    assert petition.number == f"信访〔{timezone.localtime().year}〕1号"
    assert [clock.name for clock in deadlines.running(petition)] == ["accept"]


def test_it_closes_on_evidence_and_by_a_second_person(petition, people):
    officer = people["officer"]
    actions.perform(petition.pk, "accept", by=officer)
    with pytest.raises(Refused) as refused:
        actions.perform(petition.pk, "apply_close", by=officer, form={"answer": "已停工"})
    assert refused.value.code == "evidence"
    form = {"answer": "已停工"}
    actions.perform(petition.pk, "apply_close", by=officer, form=form, files=[proof()])
    officer.roles = [Role.OFFICER.value, Role.LEADER.value]
    officer.save()
    with pytest.raises(Refused) as refused:
        actions.perform(petition.pk, "confirm_close", by=officer, form={"checked": "属实"})
    assert refused.value.code == "second_person"


def test_it_is_looked_at_again_after_its_own_time(petition, people):
    closed = close(petition, people)
    assert closed.state == "closed"
    schedule.remind_and_escalate(closed.closed_at + timedelta(days=14))
    closed.refresh_from_db()
    assert closed.state == "closed"
    schedule.remind_and_escalate(closed.closed_at + timedelta(days=16))
    closed.refresh_from_db()
    assert closed.state == "look_back"


def test_what_comes_back_goes_on_where_the_work_is_done_and_is_counted(petition, people):
    close(petition, people)
    again = actions.reopen(petition.pk, by=people["officer2"], form={"reason": "再次夜间施工"})
    assert (again.state, again.reopened) == ("handling", 1)
    counted = statistics.by_name(
        statistics.of(PETITIONS, Petition.objects.all(), timezone.now(), seen_of(None))
    )
    assert counted["open"].value == 1
    assert counted["recurrence"].value == 100


@pytest.mark.parametrize("workflow", [CASES, PROBLEMS, PETITIONS.workflow])
def test_every_register_ends_alike(workflow):
    closing = ("closed", "look_back", "archived")
    assert workflow.names(Phase.CLOSED, Phase.REVIEW) == closing
    assert {t.target for t in workflow.leaving("close_check")} > {"closed"}
    assert workflow.transition("look_back_pass").evidence == 1
    assert workflow.clock("before_look_back").on_due == "start_look_back"
    assert set(workflow.transition("rebound").sources) == set(closing)
