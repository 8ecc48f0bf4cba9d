"""What is put right to be about another thing is as if entered so, unless the first firm would be read by the second."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone
from tests.conftest import COUNTY, NORTH, SOUTH

from ecoledger.entities.models import Enterprise
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.registers.approval.cases import CASES
from ecoledger.registers.approval.items import ApprovalItem, Kind
from ecoledger.registers.approval.permit_review import REGISTER as REVIEWS
from ecoledger.registers.approval.permits import Permit
from ecoledger.registers.enforcement.self_checks import REGISTER as CHECKS


def amend(matter, by, **values):
    return actions.amend(matter.pk, values, event="edit", label="修改", by=by)


@pytest.fixture
def other(bureau):
    return Enterprise.objects.create(
        code="E-B", name="乙厂", area_code=SOUTH, address="南镇二路", lon=118.6, lat=24.7
    )


def check_of(firm, by, **values):
    said = {
        "title": "设施自查",
        "entity": firm,
        "area_code": NORTH,
        "round": "一",
        "facility": "dust",
    }
    return actions.open_matter(CHECKS, said | values, by=by)


@pytest.mark.parametrize(("said", "lies"), [(NORTH, SOUTH), (COUNTY, COUNTY)])
def test_it_lies_where_the_other_firm_does_unless_another_place_was_said(bureau, other, said, lies):
    """The town of the first sees it no more, and the event says what followed."""
    check = check_of(bureau.enterprise, bureau.officer, area_code=said)
    check = amend(check, bureau.people["dispatcher"], entity=other)
    assert (check.area_code, check.enterprise_id, check.address) == (lies, other.pk, other.address)
    assert check.events.last().form["before"].get("area_code", lies) == said


@pytest.mark.parametrize("who", ["enterprise", "officer"])
def test_what_a_firm_said_is_not_put_before_another(bureau, people, other, who):
    """Neither what it said itself nor what was said in its place; of nobody it would be put to another next."""
    check = check_of(bureau.enterprise, bureau.officer)
    answers = {"answers": "\n".join(["符合"] * check.items.count())}
    actions.perform(check.pk, "fill", by=people[who], form=answers)
    for thing in (other, None):
        with pytest.raises(Refused, match="原企业已在本事项中填报"):
            amend(check, people["dispatcher"], entity=thing)
        with pytest.raises(
            Refused, match="原企业已在本事项中填报"
        ):  # asked by the preview of a table
            CHECKS.may_follow(check, {"entity": thing}, people["dispatcher"])
    check.refresh_from_db()
    assert check.enterprise_id == bureau.enterprise.pk
    assert amend(check, people["dispatcher"], round="二").round == "二"


def test_who_only_answers_for_it_shows_it_to_no_other_firm_and_no_other_town(bureau, other):
    """Neither by hand nor by a table; of what the firm does not see he says which it is."""
    near = Enterprise.objects.create(code="E-C", name="丙厂", area_code=NORTH)
    town = bureau.town
    check = check_of(bureau.enterprise, bureau.officer)
    actions.assign(check.pk, by=bureau.people["dispatcher"], organisation=town.organisation)
    check.refresh_from_db()
    for firm in (near, other):
        with pytest.raises(Refused, match="责任人不能自行更改"):
            amend(check, town, entity=firm)
        with pytest.raises(Refused):
            CHECKS.may_follow(check, {"entity": firm}, town)
    check.refresh_from_db()
    assert check.enterprise_id == bureau.enterprise.pk
    type(check).objects.filter(pk=check.pk).update(circulation="staff")
    assert amend(check, town, entity=near).enterprise_id == near.pk
    with pytest.raises(Refused, match="属地"):
        amend(check, town, entity=other)


def test_days_that_somebody_said_stay_with_another_item_and_those_of_the_catalogue_do_not(bureau):
    one, another = (
        ApprovalItem.objects.create(code=code, name=code, kind=Kind.FORM, legal_days=legal, promised_days=promised)
        for code, legal, promised in (("A", 20, 10), ("B", 15, 7))
    )  # fmt: skip
    values = {"title": "扩建", "item": one, "area_code": NORTH}
    of_table = actions.open_matter(CASES, values | {"legal_days": 60, "promised_days": 30}, by=bureau.approver)  # fmt: skip
    of_catalogue = actions.open_matter(CASES, values, by=bureau.approver)
    one.promised_days = 5
    one.save()
    for case, first, back in ((of_table, (60, 30), (60, 30)), (of_catalogue, (15, 7), (20, 5))):
        for item, days in ((another, first), (one, back)):
            case = amend(case, bureau.leader, item=item)
            assert (case.legal_days, case.promised_days) == days


def test_findings_stay_with_the_permit_they_were_made_of(bureau, other):
    permits = [
        Permit.objects.create(
            code=f"PW-{n}", name="证", parent=firm, area_code=firm.area_code, permit_no=str(n),
            management="key", since=date(2025, 1, 1),
        )
        for n, firm in enumerate((bureau.enterprise, other))
    ]  # fmt: skip
    review = REVIEWS.open_row({"permit": permits[0], "year": 2026}, bureau.approver, timezone.now())
    with pytest.raises(Refused, match="不再修改"):
        amend(review, bureau.leader, permit=permits[1])
    assert amend(review, bureau.leader, year=2025).year == 2025


def test_the_items_of_a_form_are_those_of_what_it_is_about_until_they_are_filled_in(bureau):
    desk, other_kind = bureau.people["dispatcher"], "rto"

    def names(matter):
        return list(matter.items.values_list("name", flat=True))

    check = check_of(bureau.enterprise, bureau.officer)
    wanted = names(check_of(bureau.enterprise, bureau.officer, facility=other_kind))
    assert names(check) != wanted
    check = amend(check, desk, facility=other_kind)
    assert names(check) == wanted
    rows = [{"id": item.pk, "name": item.name, "found": "ok"} for item in check.items.all()]
    actions.set_lines(check.pk, "items", rows, by=bureau.officer)
    with pytest.raises(Refused, match="自查表"):
        amend(check, desk, facility="dust")
    assert names(check) == wanted
