"""A matter that another unit is given is seen and worked there; who may not decide alone asks."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.small_county import NORTH, SOUTH

from ecoledger.accounts.models import Organisation, Person
from ecoledger.entities.models import Enterprise
from ecoledger.matters import actions, inbox, requests
from ecoledger.matters.actions import Refused
from ecoledger.matters.models import Matter, Notice
from ecoledger.matters.register import register_of, seen_of, visible_matters
from ecoledger.registers.complaints.register import REGISTER as COMPLAINTS
from ecoledger.registers.grid.cells import GridCell
from ecoledger.registers.grid.events import REGISTER as EVENTS
from ecoledger.registers.grid.patrols import PATROLS
from ecoledger.web.search.finding import find

GIVEN, OTHER = "夜间敲打声扰民", "另一件不相干的事"


@pytest.fixture
def south(people, bureau):
    unit = Organisation.objects.create(name="南镇人民政府", kind="town", area_code=SOUTH)
    return Person.objects.create_user(
        username="south", name="南镇甲", roles=["town"], area_codes=[SOUTH], organisation=unit
    )


@pytest.fixture
def given(south, people):
    """A complaint of the north that the south is to look into, beside one that stays in the north."""
    north = people["town"].organisation
    matters = [
        actions.open_matter(
            COMPLAINTS,
            {"channel": "phone", "area_code": "990101001", "description": words, "title": words},
            by=people["complaint"],
        )
        for words in (GIVEN, OTHER)
    ]
    for matter in matters:
        actions.perform(
            matter.pk,
            "accept",
            by=people["complaint"],
            form={"owner_organisation": north.pk, "told": "已电话告知"},
        )
    actions.assign(matters[0].pk, by=people["dispatcher"], organisation=south.organisation)
    return matters[0]


def test_the_unit_that_is_given_a_matter_opens_it_and_no_other_of_that_place(given, south, client):
    client.force_login(south)
    other = Matter.objects.exclude(pk=given.pk).get(title=OTHER)
    assert client.get(reverse("matter", args=["complaint", given.pk])).status_code == 200
    assert client.get(reverse("matter", args=["complaint", other.pk])).status_code == 404
    listed = client.get(COMPLAINTS.url).content.decode()
    assert GIVEN in listed
    assert OTHER not in listed
    assert GIVEN in client.get(reverse("my-work")).content.decode()


def test_list_work_search_and_counts_agree_on_what_was_given(given, south):
    assert list(visible_matters(south)) == [Matter.objects.get(pk=given.pk)]
    assert list(register_of("complaint").visible_to(south)) == [given]
    assert [m.pk for m in inbox.waiting(south)] == [given.pk]
    assert inbox.load(south).waiting == 1
    found = [hit.plain for group in find(south, "敲打声") for hit in group.hits]
    assert len(found) == 1
    assert GIVEN in found[0]
    assert not find(south, "不相干")


def test_the_unit_works_what_it_was_given_and_hears_of_it(given, south):
    assert Notice.objects.filter(person=south, matter=given).exists()
    form = {"verdict": "unfounded", "findings": "到场未发现"}
    assert actions.perform(given.pk, "report", by=south, form=form).state == "answering"


def test_who_handed_it_on_sees_it_no_more(given, south, people):
    actions.assign(given.pk, by=people["dispatcher"], organisation=people["town"].organisation)
    assert not visible_matters(south).exists()


def test_a_town_asks_before_another_unit_gets_its_matter(given, south, people):
    north = people["town"].organisation
    with pytest.raises(Refused) as refused:
        actions.assign(given.pk, by=south, organisation=north)
    assert refused.value.code == "unit"
    actions.ask_transfer(given.pk, by=south, organisation=north, reason="在北镇")
    assert Matter.objects.get(pk=given.pk).owner_organisation == south.organisation
    boss = people["dispatcher"]
    assert requests.waiting(boss)[given.pk].label == "审批转办"
    assert given.pk in {m.pk for m in inbox.waiting(boss)}
    assert not requests.waiting(south)
    actions.assign(given.pk, by=boss, organisation=north)
    assert not requests.waiting(boss)


def test_no_other_form_hands_it_on_either(given, south, people):
    north = people["town"].organisation
    with pytest.raises(Refused) as refused:
        actions.amend(given.pk, {"owner_organisation": north}, event="edit", label="修改", by=south)
    assert refused.value.code == "unit"


def test_a_declined_asking_leaves_the_matter_where_it_is(given, south, people):
    north = people["town"].organisation
    actions.ask_transfer(given.pk, by=south, organisation=north, reason="在北镇")
    actions.decline_transfer(given.pk, by=people["dispatcher"], reason="由你镇办理")
    assert not requests.waiting(people["dispatcher"])
    assert Matter.objects.get(pk=given.pk).owner_organisation == south.organisation
    assert Notice.objects.filter(person=south, text__contains="不同意").exists()


def test_the_page_asks_where_the_town_may_not_decide(given, south, people, client):
    client.force_login(south)
    sent = {
        "assign-organisation": str(people["town"].organisation_id),
        "assign-reason": "在北镇",
        "revision": str(Matter.objects.get(pk=given.pk).revision),
    }
    client.post(reverse("matter-assign", args=["complaint", given.pk]), sent)
    assert requests.transfer_asked(given) is not None
    client.force_login(people["dispatcher"])
    page = client.get(reverse("matter", args=["complaint", given.pk])).content.decode()
    assert "不同意转办" in page
    assert "申请转给北镇人民政府" in page
    work = client.get(reverse("my-work")).content.decode()
    assert "审批转办" in work


def _asks_for_time(given, south) -> None:
    clock = given.clocks.get(name="closing")
    actions.extend(given.pk, clock.pk, by=south, length=10, reason="要等检测结果")


def test_who_may_lengthen_a_clock_has_the_request_in_his_work(given, south, people, client, store):
    _asks_for_time(given, south)
    leader = people["leader"]
    load = inbox.load(leader)
    decide, _do = load.parted(leader)
    assert decide.requests[given.pk].label == "审批延期"
    assert decide.waiting == len(inbox.waiting_for(leader, 50, decide))
    client.force_login(leader)
    assert "审批延期" in client.get(reverse("my-work")).content.decode()
    assert "审批延期" in client.get("/").content.decode()
    page = client.get(reverse("matter", args=["complaint", given.pk])).content.decode()
    assert "延长 10天" in page
    assert not inbox.load(people["officer"]).requests


def test_a_request_ends_with_its_clock_and_says_so(given, south, people):
    _asks_for_time(given, south)
    form = {"verdict": "unfounded", "findings": "到场未发现"}
    actions.perform(given.pk, "report", by=south, form=form)
    actions.perform(given.pk, "answer", by=south, form={"answer": "已查"})
    actions.perform(given.pk, "approve", by=people["complaint"])
    assert not inbox.load(people["leader"]).requests
    assert given.events.filter(transition="extension_lapsed").exists()
    assert Notice.objects.filter(person=south, text__contains="未经审批即终止").exists()
    assert not given.clocks.get(name="closing").extensions.filter(approved=None).exists()


# ---- who only owns, and who manages ----------------------------------------------------------------


@pytest.fixture
def owned(south, people, problem):
    """A problem of the north that the south is to put right by a day."""
    values = {"owner_organisation": south.organisation, "deadline": date(2026, 12, 31)}
    return actions.amend(problem.pk, values, event="edit", by=people["dispatcher"])


def _posted(client, matter, **changed) -> int:
    """The edit form sent as it is offered, with ``changed``; the status that came back."""
    url = reverse("book-edit", args=[matter.register, matter.pk])
    form = client.get(url).context["form"]
    first = {name: form.get_initial_for_field(f, name) for name, f in form.fields.items()}
    sent = {name: getattr(v, "pk", v) for name, v in first.items() if v not in (None, "", False)}
    return client.post(url, {**sent, **changed}).status_code


def test_a_unit_moves_nothing_into_its_own_area_nor_its_deadline_away(owned, south, client):
    client.force_login(south)
    moved = {"area_code": SOUTH, "deadline": "2028-12-31", "owner_organisation": ""}
    assert _posted(client, owned, description="已清运一半", **moved) == 302
    after = register_of("problem").model.objects.get(pk=owned.pk)
    assert after.description == "已清运一半"
    assert (after.area_code, after.deadline) == (owned.area_code, date(2026, 12, 31))
    assert after.owner_organisation == south.organisation


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("area_code", SOUTH),
        ("deadline", date(2028, 12, 31)),
        ("owner_organisation", None),
    ],
)
def test_no_way_of_changing_lets_the_owner_change_what_is_not_his(
    owned, south, people, name, value
):
    with pytest.raises(Refused):
        actions.amend(owned.pk, {name: value}, event="edit", by=south)
    changed = actions.amend(owned.pk, {name: value}, event="edit", by=people["dispatcher"])
    assert getattr(changed, name) == value


@pytest.mark.parametrize("key", ["problem", "city_problem", "inspectorate_letter", "project"])
def test_the_owners_form_asks_neither_area_nor_owner_nor_deadline(key, south, people):
    register = register_of(key)
    row = register.model(register=key, area_code="990101001", owner_organisation=south.organisation)
    offered = {ask.name for ask in register.asks_of_row(south, row)}
    assert offered
    assert not offered & {"area_code", "owner_organisation", "owner", "deadline", "planned_finish"}
    assert "area_code" in {ask.name for ask in register.asks_of_row(people["dispatcher"], row)}


def test_what_is_finished_is_changed_by_who_manages_alone(owned, south, people):
    type(owned).objects.filter(pk=owned.pk).update(state="closed", phase="closed")
    with pytest.raises(Refused) as refused:
        actions.amend(owned.pk, {"description": "改口"}, event="edit", by=south)
    assert refused.value.code == "state"
    put_right = {"description": "更正错字"}
    assert actions.amend(owned.pk, put_right, event="edit", by=people["dispatcher"])


def test_no_table_moves_the_owners_deadline(south, people):
    letters = register_of("inspectorate_letter")
    made = letters.model(register=letters.key, area_code="990101001", state="rectifying")
    made.owner_organisation = south.organisation
    with pytest.raises(Refused) as refused:
        letters.may_follow(made, {"deadline": date(2028, 12, 31)}, south)
    assert "整改时限" in refused.value.why


def test_no_owner_drops_his_matter(owned, south):
    with pytest.raises(Refused) as refused:
        actions.assign(owned.pk, by=south)
    assert refused.value.code == "unit"
    assert Matter.objects.get(pk=owned.pk).owner_organisation == south.organisation


@pytest.fixture
def event(south, people):
    """A grid event of the north, dispatched to the south by a batch that set its deadline too."""
    made = actions.open_matter(
        EVENTS, {"category": "noise", "area_code": "990101001"}, by=people["dispatcher"]
    )
    unit = {"owner_organisation": south.organisation.pk}
    return actions.perform(made.pk, "dispatch", by=people["dispatcher"], form=unit)


def test_a_town_does_not_manage_what_it_was_given_outside_its_area(event, south, people, client):
    batch = actions.batch_edit(EVENTS, [event.pk], {"urgency": "urgent"}, by=people["dispatcher"])
    north = people["town"].organisation
    for attempt in (
        lambda: actions.suspend(event.pk, by=south, reason="等等"),
        lambda: actions.assign(event.pk, by=south, organisation=north),
        lambda: actions.batch_edit(EVENTS, [event.pk], {"deadline": "2028-12-31"}, by=south),
        lambda: actions.undo_batch_edit(EVENTS, batch.pk, by=south),
    ):
        with pytest.raises(Refused):
            attempt()
    assert EVENTS.may_manage(south)
    assert not EVENTS.manages(south, event)
    client.force_login(south)
    page = client.get(reverse("matter", args=["grid_event", event.pk]))
    assert page.context["manages"] is False


def test_a_town_answers_for_what_it_was_given_outside_and_decides_nothing_there(
    event, south, people, photo, client
):
    assert [t.name for t in actions.available(event, south)] == ["feed_back", "decline"]
    with pytest.raises(Refused) as refused:
        actions.perform(event.pk, "hang", by=south, form={"reason": "等设备"})
    assert refused.value.code == "area"
    assert event.pk in [m.pk for m in inbox.waiting(south)]
    form = {"handling": "已停业整顿"}
    checked = actions.perform(event.pk, "feed_back", by=south, form=form, files=[photo()])
    unit = south.organisation
    colleague = Person.objects.create_user(
        username="south2", name="南镇乙", roles=["town"], area_codes=[SOUTH], organisation=unit
    )
    for person in (south, colleague):
        assert actions.available(checked, person) == []
        assert not inbox.waiting(person)
        assert inbox.load(person).waiting == 0
    assert "close" in [t.name for t in actions.available(checked, people["town"])]
    assert checked.pk in [m.pk for m in inbox.waiting(people["town"])]


def test_an_event_given_elsewhere_counts_no_patrols_of_that_place(event, south, people):
    cell = GridCell.objects.create(
        code="G-1", name="北镇一网格", area_code=NORTH, level="village", patrols_a_month=9
    )
    PATROLS.open_row({"entity": cell, "at": timezone.now()}, people["grid"], timezone.now())
    for person, patrols, planned in ((south, 0, 0), (people["town"], 1, 1)):
        rows, seen = EVENTS.visible_to(person), seen_of(person)
        figures = {s.name: s for s in EVENTS.statistics(rows, timezone.now(), seen)}
        assert figures["events"].value == 1
        assert figures["patrols"].value == patrols
        assert figures["patrol_plan"].denominator == planned


def test_a_town_manages_the_events_of_its_own_area(event, people):
    assert actions.suspend(event.pk, by=people["town"], reason="停电")
    assert actions.assign(
        event.pk, by=people["town"], organisation=people["town"].organisation
    ).owner_organisation == (people["town"].organisation)


def test_a_town_decides_nothing_about_an_event_that_another_unit_has(south, people):
    """It manages the book, and checks what the other did; the work itself is the other's."""
    values = {"category": "noise", "area_code": NORTH}
    town, boss = people["town"], people["dispatcher"]
    made = actions.open_matter(EVENTS, values, by=boss)
    assert "dispatch" in [t.name for t in actions.available(made, town)]
    assert [m.pk for m in inbox.waiting(town)] == [made.pk]
    actions.assign(made.pk, by=boss, organisation=south.organisation)
    made.refresh_from_db()
    assert actions.available(made, town) == []
    assert not inbox.waiting(town)
    assert inbox.load(town).waiting == 0
    with pytest.raises(Refused) as refused:
        actions.perform(made.pk, "void", by=town, form={"reason": "不是本镇的"})
    assert refused.value.code == "owner"
    assert "void" in [t.name for t in actions.available(made, boss)]


@pytest.mark.parametrize("way", ["batch", "amend", "table", "hand_over"])
def test_another_owner_ends_what_was_asked(way, event, south, people):
    north, boss = people["town"].organisation, people["dispatcher"]
    unit = {"owner_organisation": north.pk}
    actions.ask_transfer(event.pk, by=south, organisation=north, reason="在北镇")
    assert requests.waiting(boss)
    match way:
        case "batch":
            actions.batch_edit(EVENTS, [event.pk], unit, by=boss)
        case "amend":
            values = {"owner_organisation": north}
            actions.amend(event.pk, values, event="edit", by=boss)
        case "table":
            values = {"owner_organisation": north}
            actions.follow(event.pk, values, by=None, at=timezone.now())
        case "hand_over":
            actions.assign(event.pk, by=None, organisation=north)
    assert not requests.waiting(boss)
    assert not requests.pending_transfers().exists()
    if way in ("batch", "amend"):
        assert Notice.objects.filter(person=south, text__contains="未经答复即终止").exists()


def test_a_batch_that_keeps_the_owner_ends_no_asking(event, south, people):
    north, boss = people["town"].organisation, people["dispatcher"]
    actions.ask_transfer(event.pk, by=south, organisation=north, reason="在北镇")
    actions.batch_edit(EVENTS, [event.pk], {"urgency": "urgent"}, by=boss)
    assert event.pk in requests.waiting(boss)


def test_the_town_around_takes_no_step_of_what_another_town_was_given(south, people):
    """Steps of a town wherever something lies are the unit's that has it; while no unit has, the place says whose."""
    instructions = register_of("air_instruction")
    firm = Enterprise.objects.create(code="91990101MA0000STEP", name="北镇砖厂", area_code=NORTH)
    values = {
        "title": "停产", "entity": firm, "warning": "orange", "area_code": NORTH,
        "begin": timezone.now(), "owner_organisation": south.organisation,
    }  # fmt: skip
    made = actions.open_matter(instructions, values, by=people["dispatcher"])
    town = people["town"]
    with pytest.raises(Refused) as refused:
        actions.perform(made.pk, "sign", by=town)
    assert refused.value.code == "owner"
    assert "南镇人民政府" in refused.value.why
    for person, may in ((town, False), (south, True), (people["officer"], True)):
        assert ("sign" in [t.name for t in actions.available(made, person)]) is may
    actions.perform(made.pk, "sign", by=south)
    actions.perform(made.pk, "report", by=people["officer"], form={"report": "已停窑"})
    made.refresh_from_db()
    for person, may in ((town, False), (south, True)):
        assert ("verify" in [t.name for t in actions.available(made, person)]) is may
        assert [m.pk for m in inbox.waiting(person)] == [made.pk] * may
        assert inbox.load(person).waiting == may
        assert Notice.objects.filter(person=person, matter=made).exists() is may
    # Each time it waits: to be signed, and to be verified.
    assert Notice.objects.filter(person=south, matter=made).count() == 2
    actions.assign(made.pk, by=people["dispatcher"])
    made.refresh_from_db()
    assert "verify" in [t.name for t in actions.available(made, town)]
    assert [m.pk for m in inbox.waiting(town)] == [made.pk]
