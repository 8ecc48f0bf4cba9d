"""Whatever people do with a penalty case: no decision without its legal review, no closing without payment or its
substitute, no fine beyond the range, nobody sees it undecided who may not."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from hypothesis import HealthCheck, settings
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

from ecoledger.listings import cells, selecting
from ecoledger.matters import actions
from ecoledger.matters.actions import NotVisible, Refused, Upload
from ecoledger.matters.models import Event, Notice
from ecoledger.matters.register import visible_matters
from ecoledger.registers.enforcement.penalty_case import duties
from ecoledger.registers.enforcement.penalty_case.models import EvidenceItem, PenaltyCase
from ecoledger.registers.enforcement.penalty_case.register import REGISTER
from ecoledger.reports import visible
from ecoledger.reports.models import IssuedDocument

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


class Life(RuleBasedStateMachine):
    """A case in the hands of everybody, in any order."""

    bureau = None

    @initialize(public=st.booleans(), hard=st.booleans())
    def begin(self, public, hard):
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.case = actions.open_matter(
            REGISTER,
            {"title": "涉嫌超标排放案", "party": "某厂", "area_code": NORTH, "found_on": TODAY - timedelta(days=90),
             "description": "秘密案情", "public_interest": public, "complicated": hard},
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
            assert case.legal_reviewed_on or not duties.needs_legal_review(case)
            assert case.notice_served_on
            events = list(Event.objects.filter(matter=case.pk).values_list("transition", flat=True))
            assert "approve_filing" in events

    @invariant()
    def no_fine_is_beyond_the_range_or_above_what_was_told(self):
        if not hasattr(self, "case"):
            return
        case = self.now()
        if case.fine:
            assert (
                Decimal(case.discretion["least"]) <= case.fine <= Decimal(case.discretion["most"])
            )
            assert case.fine <= case.notified_fine
            assert case.discussed_on or not duties.needs_discussion(case)

    @invariant()
    def nothing_is_closed_without_payment_or_its_substitute(self):
        if not hasattr(self, "case"):
            return
        case = self.now()
        if case.phase == "closed" and case.fine:
            revoked = case.remedy_result == PenaltyCase.RemedyResult.REVOKED
            assert case.owed <= 0 or case.court_accepted_on or revoked

    @invariant()
    def who_may_not_see_it_undecided_does_not(self):
        if not hasattr(self, "case"):
            return
        case = self.now()
        if case.decided_on and case.heaviest != PenaltyCase.Heaviest.NONE:
            return
        for name in CANNOT_SEE:
            person = self.bureau.people[name]
            assert not REGISTER.visible_to(person).filter(pk=case.pk).exists(), name
            assert not visible_matters(person).filter(pk=case.pk).exists()
            assert not selecting.select(REGISTER, person, {"q": "超标"}).exists()
            assert not cells.features(REGISTER, person, REGISTER.visible_to(person))["features"]
            assert not visible.documents(person).filter(matter_id=case.pk).exists()
            assert not Notice.objects.filter(person=person, matter_id=case.pk).exists()
            with pytest.raises(NotVisible):
                actions.find(case.pk, person)


def test_no_sequence_of_steps_breaks_the_law(bureau, settings_media):
    Life.bureau = bureau
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=25,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def settings_media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
