"""Whatever people do with a penalty case: no decision without its legal review, no closing without payment or its
substitute, no fine beyond the range, nobody sees it undecided who may not – on pages, in the interface, in exports,
by search, on the map, in notices, in live events."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.conftest import NORTH
from tests.path.house import PNG
from tests.registers import looking

from ecoledger.listings import cells, selecting
from ecoledger.live import events
from ecoledger.matters import actions, deadlines
from ecoledger.matters.actions import NotVisible, Refused, Upload
from ecoledger.matters.models import Event, Notice
from ecoledger.matters.register import visible_matters
from ecoledger.registers.enforcement.penalty_case import duties
from ecoledger.registers.enforcement.penalty_case.models import (
    EvidenceItem,
    Instalment,
    PenaltyCase,
)
from ecoledger.registers.enforcement.penalty_case.register import REGISTER
from ecoledger.reports import visible
from ecoledger.reports.models import IssuedDocument
from ecoledger.web import live

pytestmark = pytest.mark.django_db
TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
PEOPLE = (
    "officer",
    "officer2",
    "legal",
    "leader",
    "dispatcher",
    "town",
    "section_chief",
    "monitor",
)
CANNOT_SEE = (
    "dispatcher",
    "town",
    "grid",
    "section_chief",
    "monitor",
    "approver",
    "enterprise",
    "third_party",
)
TITLE = "涉嫌隐秘排放案"
DAYS = (TODAY - timedelta(days=60), TODAY - timedelta(days=1), TODAY)
SUMS = (
    Decimal(0),
    Decimal(50_000),
    Decimal(100_000),
    Decimal(250_000),
    Decimal(600_000),
    Decimal(2_000_000),
)


def file():
    return Upload(SimpleUploadedFile("证据.png", PNG, "image/png"))


def value_of(ask, draw):
    """Something that the form takes, good or bad for the law."""
    if ask.name == "table":
        return "water_excess"
    if ask.name == "levels":
        return f"times={draw(st.integers(0, 3))} area=0 again={draw(st.integers(0, 2))}"
    if ask.name in ("adjust", "mitigated", "why"):
        return ""
    if ask.choices:
        return draw(st.sampled_from([value for value, _label in ask.choices]))
    match str(ask.kind):
        case "date":
            return draw(st.sampled_from(DAYS)).isoformat()
        case "decimal":
            return str(draw(st.sampled_from(SUMS)))
        case "boolean":
            return draw(st.sampled_from(["1", "0"]))
        case "integer":
            return "1"
    return "甲"


def known(case):
    """Decided and punished, it is known to all staff."""
    return bool(case.decided_on and case.heaviest != PenaltyCase.Heaviest.NONE)


class Life(RuleBasedStateMachine):
    """A case in the hands of everybody, in any order."""

    bureau = None
    clients = None
    turn = 0

    @initialize(
        public=st.booleans(),
        hard=st.booleans(),
        kind=st.sampled_from(["general", "general", "on_spot", "daily"]),
    )
    def begin(self, public, hard, kind):
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.case = actions.open_matter(
            REGISTER,
            {"title": TITLE, "kind": kind, "party": "某厂", "area_code": NORTH, "description": "隐秘案情",
             "found_on": TODAY - timedelta(days=90), "public_interest": public, "complicated": hard,
             "entity": self.bureau.enterprise, "lon": 118.5, "lat": 26.5, "violated": "某法", "basis": "某条"},
            by=self.bureau.officer,
        )  # fmt: skip

    def teardown(self):
        if hasattr(self, "outer"):
            transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)

    def now(self):
        return PenaltyCase.objects.get(pk=self.case.pk)

    @rule(data=st.data(), who=st.sampled_from(PEOPLE))
    def step(self, data, who):
        """Any step that leads on from where the case stands, by anybody."""
        case, person = self.now(), self.bureau.people[who]
        ways = REGISTER.workflow.leaving(case.state)
        if not ways:
            return
        way = data.draw(st.sampled_from(ways))
        form = {a.name: value_of(a, data.draw) for a in REGISTER.asks_of(way)}
        files = [file()] if way.evidence else []
        try:
            with transaction.atomic():
                actions.perform(case.pk, way.name, by=person, form=form, files=files)
        except (Refused, NotVisible):
            return

    @rule(data=st.data())
    def usual(self, data):
        """The usual way on, by whoever may: so that long lives are walked, not only their beginnings."""
        case = self.now()
        for way in REGISTER.workflow.leaving(case.state):
            able = [p for n in PEOPLE if way in actions.available(case, p := self.bureau.people[n])]
            if way.main and able:
                form = {a.name: value_of(a, data.draw) for a in REGISTER.asks_of(way)}
                try:
                    with transaction.atomic():
                        actions.perform(case.pk, way.name, by=able[0], form=form, files=[file()])
                except Refused:
                    pass
                return

    @rule()
    def evidence(self):
        EvidenceItem.objects.create(case_id=self.case.pk, name="监测报告", proves="超标")

    @rule(parts=st.lists(st.sampled_from(SUMS[:4]), max_size=3))
    def instalments(self, parts):
        """Rows of parts, right or wrong, at any time."""
        Instalment.objects.filter(case_id=self.case.pk).delete()
        for n, amount in enumerate(parts, 1):
            day = TODAY + timedelta(days=30 * n)
            Instalment.objects.create(case_id=self.case.pk, due=day, amount=amount)

    @rule(data=st.data(), who=st.sampled_from(CANNOT_SEE))
    def look(self, data, who):
        """Somebody who may not see it undecided looks anywhere."""
        case = self.now()
        if known(case):
            return
        places = looking.places(REGISTER.key, case.pk, "隐秘", case.number, case.entity_id)
        address = data.draw(st.sampled_from(places))
        told = looking.told(self.clients[who], address, asked="隐秘" if "q=" in address else "")
        # What a page says of itself (its own address, the words that were looked for) is not told.
        secrets = ["隐秘"] + [f"/penalty_case/{case.pk}"] * (str(case.pk) not in address)
        for secret in secrets:
            assert secret not in told, (who, address)
        if quote(case.number) not in address:
            assert case.number not in told, (who, address)

    @rule(kind=st.sampled_from(["penalty_notice", "penalty_decision"]))
    def paper(self, kind):
        """A document as it is issued, without its files."""
        IssuedDocument.objects.create(
            kind=kind, area_code=NORTH, matter_id=self.case.pk, title="文书", number=f"环罚〔2026〕{IssuedDocument.objects.count() + 1}号",
            word_sha256="", pdf_sha256="",
        )  # fmt: skip

    @invariant()
    def nothing_is_decided_without_its_review(self):
        if not hasattr(self, "case"):
            return
        case = self.now()
        if case.decided_on:
            events = list(Event.objects.filter(matter=case.pk).values_list("transition", flat=True))
            assert case.legal_reviewed_on or not duties.needs_legal_review(case)
            if "decide_on_spot" in events:
                return
            assert case.notice_served_on
            assert "approve_filing" in events
            assert set(events) & {"decide", "decide_none"}

    @invariant()
    def no_fine_is_beyond_the_range_or_above_what_was_told(self):
        if not hasattr(self, "case"):
            return
        case = self.now()
        if not case.fine:
            return
        if case.kind == PenaltyCase.Kind.ON_SPOT and not case.discretion:
            assert case.fine <= 3000
            return
        if case.remedy_result == PenaltyCase.RemedyResult.CHANGED:
            return  # a court or the reviewing organ may go lower, see below
        assert Decimal(case.discretion["least"]) <= case.fine <= Decimal(case.discretion["most"])
        assert case.fine <= case.notified_fine
        assert case.discussed_on or not duties.needs_discussion(case)

    @invariant()
    def a_remedy_makes_nothing_worse(self):
        if not hasattr(self, "case"):
            return
        for remedy in self.now().remedies.exclude(fine_after=None):
            assert remedy.fine_after <= remedy.fine_before

    @invariant()
    def nothing_is_closed_without_payment_or_its_substitute(self):
        if not hasattr(self, "case"):
            return
        case = self.now()
        if case.phase == "closed" and case.fine:
            events = set(Event.objects.filter(matter=case.pk).values_list("transition", flat=True))
            court = case.court_accepted_on and "court_accepts" in events
            assert case.owed == 0 or court, case.owed
            paid = sum(p.amount for p in case.payments.all())
            assert paid == case.paid + case.surcharge_paid
            assert not case.revoked or paid == 0

    @invariant()
    def who_may_not_see_it_undecided_does_not(self):
        if not hasattr(self, "case"):
            return
        case = self.now()
        if known(case):
            return
        # One of them after each step, in turn.
        self.turn = (self.turn + 1) % len(CANNOT_SEE)
        name = CANNOT_SEE[self.turn]
        person = self.bureau.people[name]
        assert not REGISTER.visible_to(person).filter(pk=case.pk).exists(), name
        assert not visible_matters(person).filter(pk=case.pk).exists()
        assert not selecting.select(REGISTER, person, {"q": "隐秘"}).exists()
        assert not cells.features(REGISTER, person, REGISTER.visible_to(person))["features"]
        assert not visible.documents(person).filter(matter_id=case.pk).exists()
        assert not Notice.objects.filter(person=person, matter_id=case.pk).exists()
        with pytest.raises(NotVisible):
            actions.find(case.pk, person)


def test_no_sequence_of_steps_breaks_the_law(bureau, store, settings_media):
    Life.bureau = bureau
    Life.clients = looking.signed_in(bureau.people, CANNOT_SEE)
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=8,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # A failing sequence is told as it is: to make it shorter takes minutes.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
        ),
    )


@pytest.fixture
def settings_media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.mark.parametrize(
    ("role", "first"),
    # What follows for everybody is that something may have been missed, the alarms first.
    [
        ("officer", "event: matter\ndata: matter\n\n"),
        ("dispatcher", "event: alarm\ndata: alarm\n\n"),
    ],
)
def test_live_events_say_that_something_changed_to_who_may_see_it_and_never_what(
    bureau, django_capture_on_commit_callbacks, role, first
):
    """The stream of a person who may see the case carries a topic, no number, no words; others hear nothing."""
    with django_capture_on_commit_callbacks() as told:
        case = actions.open_matter(
            REGISTER, {"title": TITLE, "party": "某厂", "area_code": NORTH}, by=bureau.officer
        )
    scope = live.Scope.of(bureau.people[role])

    async def listen():
        stream = live._events(scope)
        began = await anext(stream)
        reading = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        for tell in told:
            tell()
        events.drop()
        said = await asyncio.wait_for(reading, 60)
        await stream.aclose()
        return (began + said).decode()

    said = asyncio.run(listen())
    assert said == f"retry: 3000\n\n{first}"
    assert case.number not in said


def test_why_a_clock_stands_still_or_ends_early_is_said_on_the_timeline(people):
    """A hearing ends the term for a statement before its time and pauses the case's own: both say by which step."""
    officer, now = people["officer"], timezone.now()
    case = actions.open_matter(REGISTER, {"title": TITLE, "area_code": NORTH}, by=officer)
    PenaltyCase.objects.filter(pk=case.pk).update(
        state="defence", filed_on=TODAY, notice_served_on=TODAY, hearing_right=True
    )
    case.refresh_from_db()
    deadlines.follow_state(case, now)
    form = {"hearing_asked_on": f"{TODAY}"}
    actions.perform(case.pk, "ask_hearing", by=officer, form=form, at=now)
    said = list(Event.objects.filter(matter=case).order_by("pk").values_list("label", "note"))[-3:]
    assert [label for label, _note in said] == ["当事人申请听证", "中止计时", "停止计时"]
    assert "作出决定" in said[1][1]
    assert "第五十七条" in said[1][1]
    assert said[2][1] == "“陈述申辩期”期限未满，因“当事人申请听证”停止计时"
    days = {"hearing_told_on": f"{TODAY}", "hearing_on": f"{TODAY + timedelta(days=20)}"}
    form = days | {"result": "维持"}
    held = now + timedelta(days=20)
    actions.perform(case.pk, "hold_hearing", by=officer, form=form, files=[file()], at=held)
    assert Event.objects.filter(matter=case, label="恢复计时").get().note.startswith("“作出决定”")
