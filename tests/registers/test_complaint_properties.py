"""Whatever people do with a complaint: who complained is learnt by the clerks alone – on pages, in the interface, in
exports, by search, on the map, in notices and look-ups – and nothing ends without an answer, a refusal or a transfer."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
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

from ecoledger.matters import actions
from ecoledger.matters.actions import NotVisible, Refused, Upload
from ecoledger.matters.models import Event, Notice
from ecoledger.registers.complaints.complaint import Complaint
from ecoledger.registers.complaints.register import REGISTER

pytestmark = pytest.mark.django_db
NAME, PHONE, LATER = "欧阳隐名", "13912345678", "13987654321"
KNOWS = ("dispatcher", "complaint")
DOES_NOT = ("officer", "leader", "section_chief", "town", "grid", "monitor", "approver", "legal",
            "enterprise", "third_party")  # fmt: skip
DO = (*KNOWS, "officer", "officer2", "leader", "section_chief", "town", "monitor")


class Life(RuleBasedStateMachine):
    """A complaint in the hands of everybody, in any order."""

    bureau = None
    clients = None

    @initialize(owner=st.booleans())
    def begin(self, owner):
        self.outer = transaction.atomic()
        self.outer.__enter__()
        values = {
            "complainant": NAME, "telephone": PHONE, "real_name": True, "target": "某厂", "pollution": ["air"],
            "description": f"夜间异味，我是{NAME}，电话{PHONE}", "area_code": NORTH, "channel": "phone",
            "source_no": "GD1", "lon": 118.5, "lat": 26.5, "entity": self.bureau.enterprise,
        }  # fmt: skip
        if owner:
            values["owner_organisation"] = self.bureau.people["town"].organisation
        self.case = actions.open_matter(REGISTER, values, by=self.bureau.complaint)

    def teardown(self):
        if hasattr(self, "outer"):
            transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)

    def now(self):
        return Complaint.objects.get(pk=self.case.pk)

    @rule(data=st.data(), who=st.sampled_from(DO))
    def step(self, data, who):
        """Any step that leads on from where the complaint stands, by anybody."""
        case, person = self.now(), self.bureau.people[who]
        ways = REGISTER.workflow.leaving(case.state)
        if not ways:
            return
        way = data.draw(st.sampled_from(ways))
        form = {ask.name: self.value_of(ask, data.draw) for ask in REGISTER.asks_of(way)}
        files = [Upload(SimpleUploadedFile("照片.png", PNG, "image/png"))] if way.evidence else []
        try:
            with transaction.atomic():
                actions.perform(case.pk, way.name, by=person, form=form, files=files)
        except (Refused, NotVisible):
            return

    def value_of(self, ask, draw):
        if ask.choices:
            return draw(st.sampled_from([value for value, _label in ask.choices]))
        if ask.name == "owner_organisation":
            return draw(st.sampled_from(["北镇人民政府", "测试县生态环境局"]))
        return {"date": "2026-12-01", "datetime": "2026-11-20 10:00"}.get(str(ask.kind), "已核实")

    @rule(who=st.sampled_from(KNOWS), telephone=st.sampled_from([PHONE, LATER]))
    def put_right(self, who, telephone):
        """A clerk corrects the telephone: the timeline says that, not the number."""
        try:
            with transaction.atomic():
                actions.amend(
                    self.case.pk, {"telephone": telephone}, event="edit", label="修改",
                    by=self.bureau.people[who],
                )  # fmt: skip
        except Refused:
            return

    @rule()
    def the_platform_says_more(self):
        """A later export of the same number."""
        try:
            with transaction.atomic():
                actions.follow(
                    self.case.pk, {"telephone": LATER, "wanted": "请答复"}, by=self.bureau.complaint,
                    at=self.case.opened_at, unsaid=("complainant", "telephone", "as_told"),
                )  # fmt: skip
        except Refused:
            return

    @rule(data=st.data(), who=st.sampled_from(DOES_NOT))
    def look(self, data, who):
        """Somebody who may not know looks anywhere, also for the telephone itself."""
        case = self.now()
        words = data.draw(st.sampled_from(["异味", NAME, PHONE, LATER]))
        places = looking.places(REGISTER.key, case.pk, words, case.number, case.entity_id)
        address = data.draw(st.sampled_from([*places, f"/matters/complaint/{case.pk}/book.pdf"]))
        told = looking.told(self.clients[who], address, asked=words if "q=" in address else "")
        for secret in (NAME, PHONE, LATER):
            assert secret not in told, (who, address)
        if words != "异味" and "q=" in address and "lookup" not in address:
            assert f"/complaint/{case.pk}" not in told, (who, address)

    @invariant()
    def nobody_is_told_who_complained(self):
        if not hasattr(self, "case"):
            return
        for text in Notice.objects.values_list("text", flat=True):
            assert NAME not in text
            assert PHONE not in text

    @invariant()
    def nothing_ends_without_an_answer_a_refusal_or_a_transfer(self):
        if not hasattr(self, "case"):
            return
        case = self.now()
        events = set(Event.objects.filter(matter=case.pk).values_list("transition", flat=True))
        if case.state in ("done", "visited"):
            assert case.answer
            assert {"answer", "approve"} <= events
        if case.state == "refused":
            assert case.refusal
        if case.state == "transferred":
            assert case.transferred_to


def test_no_sequence_of_steps_tells_who_complained(bureau, store, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    Life.bureau = bureau
    Life.clients = looking.signed_in(bureau.people, DOES_NOT)
    run_state_machine_as_test(Life, settings=OFTEN)


OFTEN = settings(
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
