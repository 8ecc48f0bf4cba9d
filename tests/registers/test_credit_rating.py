"""Credit of firms: scores that follow from events, levels that hold, objections and repairs at their borders."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.actions import Upload
from ecoledger.registers.credit import feeding, ratings
from ecoledger.registers.credit.batches import BATCHES
from ecoledger.registers.credit.events import EVENTS, CreditEvent
from ecoledger.registers.credit.objections import OBJECTIONS
from ecoledger.registers.credit.ratings import RATINGS, Rating
from ecoledger.registers.credit.repairs import REPAIRS

pytestmark = pytest.mark.django_db
COUNTY = "990101"


@pytest.fixture(autouse=True)
def evidence(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "evidence"
    settings.PROFILE = tmp_path


def paper():
    return [Upload(SimpleUploadedFile("材料.pdf", b"%PDF-1.7 proof"))]


def event(bureau, back=200, **more):
    values = {
        "entity": bureau.enterprise, "on": timezone.localdate() - timedelta(back), "behaviour": "pollution-control",
        "points": Decimal(-5), "valid_months": 12, "reference": "测环罚〔2026〕1号", "repair_class": "general", **more,
    }  # fmt: skip
    return EVENTS.open_row(values, bureau.officer, timezone.now())


def batch(bureau, *firms, **more):
    row = actions.open_matter(BATCHES, {
        "title": "年度", "year": 2026, "as_of": timezone.localdate(), "area_code": COUNTY, **more,
    }, by=bureau.officer)  # fmt: skip
    for firm in firms or (bureau.enterprise,):
        RATINGS.open_row({"batch": row, "entity": firm}, bureau.officer, timezone.now())
    return row


def perform(matter, name, by, form=None, files=()):
    return actions.perform(matter.pk, name, by=by, form=form or {}, files=files)


def announced(bureau, settings):
    """A batch whose level holds."""
    own = settings.PROFILE / "credit_rating.toml"
    from ecoledger.listings.own_files import declared

    said = declared()["credit_rating"].shipped
    own.write_text(said.replace("objection_days = 7", "objection_days = 0"), encoding="utf-8")
    row = batch(bureau)
    perform(row, "compute", bureau.officer)
    perform(row, "publish", bureau.leader, {"objections_until": timezone.localdate().isoformat()})
    return perform(row, "announce", bureau.officer)


def test_a_repair_is_entered_on_the_page_and_waits_for_its_least_time(bureau, client):
    one = event(bureau, back=20)
    assert one.earliest == ratings.rules.window("general", one.on, timezone.localdate()).earliest
    client.force_login(bureau.officer)
    answer = client.post("/matters/credit_repair/new", {
        "entity_text": bureau.enterprise.name, "event_text": one.reference, "corrected": "已改正", "duties_done_on": "2026-05-01", "promised_on": "2026-05-02",
    })  # fmt: skip
    assert answer.status_code == 302, answer.content.decode()
    row = REPAIRS.standing().get()
    assert (row.repair_class, row.document_no, row.entity_id) == (
        "general", one.reference, bureau.enterprise.pk,
    )  # fmt: skip
    with pytest.raises(Refused, match="“一般”类最短公示期至"):
        perform(row, "accept", bureau.officer, files=paper())
    with pytest.raises(Refused, match="已有修复申请在办"):
        actions.open_matter(REPAIRS, {"event": one, "entity": bureau.enterprise}, by=bureau.officer)


def test_what_is_no_dishonesty_or_another_firm_s_is_not_repaired(bureau):
    plain = event(bureau, repair_class="", reference="表扬")
    with pytest.raises(Refused, match="不需要修复"):
        actions.open_matter(
            REPAIRS, {"event": plain, "entity": bureau.enterprise}, by=bureau.officer
        )
    from ecoledger.entities.models import Enterprise

    other = Enterprise.objects.create(code="E-X", name="别家", area_code="990101001")
    one = event(bureau)
    with pytest.raises(Refused, match="不是该企业的"):
        actions.open_matter(REPAIRS, {"event": one, "entity": other}, by=bureau.officer)


def test_a_repair_ends_the_record_and_puts_another_level_in_place_of_the_one_that_held(
    bureau, settings
):
    one = event(bureau)
    announced(bureau, settings)
    held = ratings.level_of(bureau.enterprise.pk, timezone.localdate())
    assert (held.score, held.colour) == (95, "blue")
    assert ratings.grades_today() == {bureau.enterprise.pk: "fair"}
    row = actions.open_matter(REPAIRS, {
        "event": one, "entity": bureau.enterprise, "corrected": "已改正",
        "duties_done_on": timezone.localdate(), "promised_on": timezone.localdate(),
    }, by=bureau.officer)  # fmt: skip
    with pytest.raises(Refused, match="至少 1 份证据"):
        perform(row, "accept", bureau.officer)
    perform(row, "accept", bureau.officer, files=paper())
    perform(row, "grant", bureau.leader, {"checked": "属实"})
    now = ratings.level_of(bureau.enterprise.pk, timezone.localdate())
    assert (now.score, now.colour, now.batch, now.repair_id) == (100, "green", None, row.pk)
    assert Rating.objects.get(pk=held.pk).until == timezone.localdate() - timedelta(1)
    assert CreditEvent.objects.get(pk=one.pk).repaired_on == timezone.localdate()
    one.refresh_from_db()
    with pytest.raises(Refused, match="已经撤销或修复"):
        actions.open_matter(REPAIRS, {"event": one, "entity": bureau.enterprise}, by=bureau.officer)


def test_a_level_that_others_gave_is_kept_as_they_gave_it(bureau, settings):
    event(bureau)
    row = batch(bureau, bureau.enterprise)
    rating = Rating.objects.get()
    RATINGS.change_row(
        rating, {"level": "警示", "given_by": "省生态环境厅"}, bureau.officer, timezone.now()
    )
    perform(row, "compute", bureau.officer)
    rating.refresh_from_db()
    assert (rating.level, rating.colour, rating.score) == ("环保警示企业", "yellow", None)
    with pytest.raises(Refused, match="写明评定机关"):
        RATINGS.open_row(
            {"batch": row, "entity": bureau.enterprise, "level": "良好"},
            bureau.officer,
            timezone.now(),
        )


def test_nobody_publishes_what_he_computed_and_nothing_changes_after_it(bureau, settings):
    event(bureau)
    row = batch(bureau)
    with pytest.raises(Refused, match="还有 1 家没有等级"):
        perform(row, "publish", bureau.leader, {"objections_until": "2027-01-01"})
    perform(row, "compute", bureau.officer)
    with pytest.raises(Refused):
        perform(row, "publish", bureau.officer, {"objections_until": "2027-01-01"})
    with pytest.raises(Refused, match="异议期不少于 7 个工作日"):
        perform(
            row, "publish", bureau.leader, {"objections_until": timezone.localdate().isoformat()}
        )
    assert not RATINGS.visible_to(bureau.people["enterprise"]).exists()
    until = timezone.localdate() + timedelta(30)
    perform(row, "publish", bureau.leader, {"objections_until": until.isoformat()})
    with pytest.raises(Refused, match="期满后方可发布"):
        perform(row, "announce", bureau.officer)
    with pytest.raises(Refused, match="已经公示"):
        RATINGS.change_row(Rating.objects.get(), {"score": 100}, bureau.officer, timezone.now())
    row.refresh_from_db()
    with pytest.raises(Refused, match="已经公示"):
        RATINGS.open_row(
            {"batch": row, "entity": bureau.enterprise}, bureau.officer, timezone.now()
        )


def test_nobody_publishes_what_he_rated_by_hand(bureau):
    chief, now = bureau.people["section_chief"], timezone.now()
    row = batch(bureau)
    given = {"level": "良好", "given_by": "省生态环境厅"}
    RATINGS.change_row(Rating.objects.get(), given, chief, now)
    until = {"objections_until": (timezone.localdate() + timedelta(30)).isoformat()}
    with pytest.raises(Refused, match="另一人"):
        perform(row, "publish", chief, until)
    assert perform(row, "publish", bureau.leader, until).state == "public"
    # What he made public he does not take away alone, nor after he has taken it back.
    for step in ("void_public", "void"):
        with pytest.raises(Refused, match="另一人"):
            perform(row, step, bureau.leader, {"reason": "不评了"})
        if step == "void_public":
            perform(row, "take_back", bureau.leader, {"reason": "复核"})
    assert perform(row, "void", chief, {"reason": "不评了"}).state == "void"


def test_an_objection_takes_back_the_event_and_waits_before_the_batch_is_announced(bureau):
    one = event(bureau)
    row = batch(bureau)
    perform(row, "compute", bureau.officer)
    rating = Rating.objects.get()
    values = {"rating": rating, "entity": bureau.enterprise, "description": "有误"}
    with pytest.raises(Refused, match="不在异议期"):
        actions.open_matter(OBJECTIONS, values, by=bureau.officer)
    until = timezone.localdate() + timedelta(30)
    perform(row, "publish", bureau.leader, {"objections_until": until.isoformat()})
    values["rating"] = Rating.objects.get()
    said = actions.open_matter(OBJECTIONS, values, by=bureau.officer)
    with pytest.raises(Refused, match="还有 1 件异议"):
        perform(row, "announce", bureau.officer)
    perform(said, "uphold", bureau.leader, {"event": str(one.pk), "answer": "属实"})
    rating.refresh_from_db()
    assert (rating.score, rating.colour) == (100, "green")
    assert "已撤销" in rating.why


def test_a_late_problem_counts_once_and_a_restricted_one_is_told_nobody(bureau):
    from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS

    late = {
        "title": "危废间未防渗", "area_code": "990101001", "entity": bureau.enterprise,
        "deadline": timezone.localdate() - timedelta(3),
    }  # fmt: skip
    actions.open_matter(PROBLEMS, {**late, "origin_kind": "self"}, by=bureau.dispatcher)
    actions.open_matter(PROBLEMS, {**late, "origin_kind": "discipline"}, by=bureau.dispatcher)
    assert feeding.feed(timezone.now()) == 1
    assert feeding.feed(timezone.now()) == 0
    one = CreditEvent.objects.get()
    assert (one.source, one.points, one.behaviour) == ("problem", -3, "management")
    assert one.on == date.fromordinal(timezone.localdate().toordinal())


def test_a_veto_gives_the_lowest_level_and_says_so(bureau):
    event(bureau, behaviour="hidden-pipe", points=None, valid_months=None, reference="暗管")
    row = batch(bureau)
    perform(row, "compute", bureau.officer)
    rating = Rating.objects.get()
    assert (rating.score, rating.colour, rating.vetoed) == (100, "red", True)
    assert "一票否决" in rating.why


def test_a_repair_ends_the_record_that_was_accepted_and_no_other(bureau):
    minor = event(bureau, back=400, reference="轻")
    serious = event(bureau, back=10, repair_class="serious", reference="重", points=Decimal(-30))
    today = timezone.localdate()
    row = actions.open_matter(REPAIRS, {
        "event": minor, "entity": bureau.enterprise, "corrected": "a", "duties_done_on": today, "promised_on": today,
    }, by=bureau.officer)  # fmt: skip
    perform(row, "accept", bureau.officer, files=paper())
    with pytest.raises(Refused, match="不再修改"):
        actions.amend(row.pk, {"event": serious}, event="amended", by=bureau.leader)
    REPAIRS.model.objects.filter(pk=row.pk).update(event=serious)
    with pytest.raises(Refused, match="不一致"):
        perform(row, "grant", bureau.leader, {"checked": "ok"})


def test_a_day_before_any_scoring_is_refused_and_stops_no_round(bureau, client):
    from ecoledger.registers.enforcement.credit_entries import CreditEntry
    from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase

    now, firm = timezone.now(), bureau.enterprise.entity_ptr
    case = PenaltyCase.objects.create(
        register="penalty_case", title="案", area_code="990101001", state="x", state_since=now, opened_at=now, number="n",
    )  # fmt: skip
    CreditEntry.objects.create(
        case=case, entity=firm, area_code="990101001", party="x", act="x", kind="fine", decided_on=date(2012, 5, 5),
        public_until=date(2099, 1, 1), entered_on=timezone.localdate(), fine=Decimal(100_000),
    )  # fmt: skip
    assert feeding.feed(timezone.now()) == 0
    client.force_login(bureau.officer)
    answer = client.post("/b/credit_event/new", {
        "entity_text": bureau.enterprise.name, "on": "1990-01-01", "behaviour": "pollution-control", "points": "-5",
        "valid_months": "12", "reference": "x", "source": "other",
    })  # fmt: skip
    assert "当日没有计分标准" in answer.content.decode()


def test_a_problem_that_the_firm_is_not_told_of_is_not_named_on_its_list(bureau, client):
    from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS

    row = actions.open_matter(PROBLEMS, {
        "title": "内部问题", "area_code": "990101001", "entity": bureau.enterprise, "origin_kind": "petition",
        "deadline": timezone.localdate() - timedelta(3),
    }, by=bureau.dispatcher)  # fmt: skip
    assert row.circulation == "staff"
    assert feeding.feed(timezone.now()) == 1
    client.force_login(bureau.people["enterprise"])
    for address in ("/b/credit_event", f"/b/credit_event/{CreditEvent.objects.get().pk}"):
        page = client.get(address)
        assert page.status_code == 200
        shown = page.content.decode()
        assert "问题超期未完成整改" in shown
        assert row.number not in shown
        assert "内部问题" not in shown


def test_what_was_computed_is_put_right_without_saying_who_gave_it(bureau):
    row = batch(bureau)
    perform(row, "compute", bureau.officer)
    rating, now = row.ratings.get(), timezone.now()
    computed = {"level": rating.level, "given_by": "", "score": rating.score}
    rating = RATINGS.change_row(rating, {**computed, "category": "agreed"}, bureau.officer, now)
    assert rating.category == "agreed"
    # Another level is one that somebody gave, and who gave it is not taken away again.
    other = next(one.name for one in ratings.rules.levels() if one.name != rating.level)
    with pytest.raises(Refused, match="评定机关"):
        RATINGS.change_row(rating, {**computed, "level": other}, bureau.officer, now)
    said = {"level": other, "given_by": "省厅"}
    rating = RATINGS.change_row(rating, said, bureau.officer, now)
    with pytest.raises(Refused, match="评定机关"):
        RATINGS.change_row(rating, {"given_by": ""}, bureau.officer, now)
