"""Quota, cuts and carbon at their borders: what is refused, what comes back, what is not counted twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from tests.registers.steps import paper, perform

from ecoledger.books import account as accounts
from ecoledger.books.models import Posting
from ecoledger.entities import succession
from ecoledger.entities.models import Enterprise
from ecoledger.listings import own_files
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.registers.carbon.economy import ECONOMY, CarbonEconomy
from ecoledger.registers.carbon.reports import REPORTS
from ecoledger.registers.carbon.sheets import SHEETS
from ecoledger.registers.quota import holdings
from ecoledger.registers.quota.plans import PLANS
from ecoledger.registers.quota.reduction_projects import PROJECTS
from ecoledger.registers.quota.requests import REQUESTS
from ecoledger.registers.quota.trades import TRADES

pytestmark = pytest.mark.django_db
COUNTY, NORTH = "990101", "990101001"


@pytest.fixture(autouse=True)
def evidence(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "evidence"
    settings.PROFILE = tmp_path


def issue(bureau, pollutant="COD", amount=10, **more):
    row = actions.open_matter(PLANS, {
        "title": "下达", "kind": "issued", "year": 2026, "area_code": COUNTY, "pollutant": pollutant,
        "amount": Decimal(amount), "paper_no": "1号", **more,
    }, by=bureau.approver)  # fmt: skip
    return perform(row, "post", bureau.leader)


def left(pollutant="COD"):
    return holdings.reserve(pollutant, COUNTY).balance


def request(bureau, amount="4", source="reserve", pollutant="COD"):
    row = actions.open_matter(REQUESTS, {
        "title": "项目", "entity": bureau.enterprise, "area_code": NORTH, "source": source,
    }, by=bureau.approver, lines={"amounts": [{"pollutant": pollutant, "amount": amount}]})  # fmt: skip
    return perform(row, "submit", bureau.approver)


def until(days):
    return {"use_by": (timezone.localdate() + timedelta(days)).isoformat()}


def test_what_is_given_back_or_lapses_is_in_the_reserve_again(bureau):
    issue(bureau)
    row = perform(request(bureau), "grant", bureau.leader, until(30))
    assert (left(), holdings.held(bureau.enterprise)[0][1]) == (6, 4)
    perform(row, "lapse", bureau.approver)
    assert (left(), holdings.held(bureau.enterprise)) == (10, [])
    again = perform(request(bureau), "grant", bureau.leader, until(30))
    perform(again, "use", bureau.approver, {"approval_no": "测环审1号"})
    perform(again, "give_back", bureau.approver, {"reason": "项目终止"}, paper())
    assert left() == 10
    assert accounts.first_broken(holdings.QUOTA) == ""


def test_who_entered_an_amount_does_not_post_it_and_a_split_names_its_town(bureau):
    row = actions.open_matter(PLANS, {
        "title": "分解", "kind": "split", "year": 2026, "area_code": COUNTY, "pollutant": "COD", "amount": Decimal(1),
    }, by=bureau.approver)  # fmt: skip
    with pytest.raises(Refused, match="分解须写明镇街"):
        perform(row, "post", bureau.leader)
    both = bureau.leader
    both.roles = [*both.roles, "approver"]
    both.save()
    own = actions.open_matter(PLANS, {
        "title": "下达", "kind": "issued", "year": 2026, "area_code": COUNTY, "pollutant": "COD",
        "amount": Decimal(1), "paper_no": "1号",
    }, by=both)  # fmt: skip
    with pytest.raises(Refused, match="“登记”是您办的"):
        perform(own, "post", both)


def test_the_air_pool_gives_only_what_it_counts(bureau):
    with pytest.raises(Refused, match="大气总量库没有这些指标"):
        request(bureau, source="air")
    row = request(bureau, source="air", pollutant="NOx")
    with pytest.raises(Refused, match="不能调出"):
        perform(row, "grant", bureau.leader, until(30))


def test_a_trade_names_its_sides_and_leaves_both_balances(bureau):
    issue(bureau)
    row = {"title": "出让", "area_code": COUNTY, "pollutant": "COD", "amount": Decimal(2), "price": Decimal("100"),
           "years": 3, "contract_no": "A1"}  # fmt: skip
    wrong = actions.open_matter(
        TRADES, {**row, "way": "firms", "buyer": bureau.enterprise}, by=bureau.approver
    )
    with pytest.raises(Refused, match="须写明转让方"):
        perform(wrong, "transfer", bureau.leader)
    good = actions.open_matter(
        TRADES, {**row, "way": "reserve_out", "buyer": bureau.enterprise}, by=bureau.approver
    )
    done = perform(good, "transfer", bureau.leader)
    assert (done.total, done.seller_left, done.buyer_has) == (600, 8, 2)
    carbon = TRADES.model(pollutant="CO2", amount=Decimal(10), price=Decimal(90), years=5)
    assert carbon.worth == 900


def project(bureau, kind="voc_source", **values):
    row = actions.open_matter(PROJECTS, {
        "title": "替代", "kind": kind, "year": 2026, "area_code": NORTH,
    }, by=bureau.approver)  # fmt: skip
    inputs = [{"name": i.name, "value": values.get(i.name, "")} for i in row.inputs.all()]
    actions.set_lines(row.pk, "inputs", inputs, by=bureau.approver)
    proofs = [{"name": p.name, "given": "1"} for p in row.proofs.all()]
    actions.set_lines(row.pk, "proofs", proofs, by=bureau.approver)
    return row


def test_more_than_was_cut_is_not_used_elsewhere_and_a_division_by_nought_is_said(bureau):
    row = project(bureau, 替代原辅料用量="85", 原料挥发分="55", 替代料挥发分="12")
    use = [{"pollutant": "VOCs", "amount": "40", "used_by": "新项目"}]
    actions.set_lines(row.pk, "uses", use, by=bureau.approver)
    day = {"finished_on": timezone.localdate().isoformat()}
    with pytest.raises(Refused, match="已用于区域削减 40"):
        perform(row, "account", bureau.approver, day, paper())
    actions.set_lines(row.pk, "uses", [], by=bureau.approver)
    # 85 × (55 − 12) % = 36.55 t
    assert perform(row, "account", bureau.approver, day, paper()).vocs == Decimal("36.550")
    other = project(
        bureau, "denitration", 改造前氮氧化物排放量="9", 改造前排放浓度="0", 改造后排放浓度="0"
    )
    with pytest.raises(Refused, match="无法计算"):
        perform(other, "account", bureau.approver, day, paper())


def test_formulas_of_the_bureau_are_read_before_they_are_kept(bureau):
    rules = own_files.declared()["reduction_kinds"]
    broken = rules.shipped.replace("use * (voc_before", "use * (voc_bofore")
    with pytest.raises(Refused, match="没有参数 voc_bofore"):
        own_files.write(rules, broken, by=bureau.dispatcher)
    broken = rules.shipped.replace("use * (voc_before", "open(voc_before")
    with pytest.raises(Refused, match="算式写错了"):
        own_files.write(rules, broken, by=bureau.dispatcher)


def test_a_report_without_its_sheet_is_not_filed_and_a_sheet_stays_as_filed(bureau):
    unit = {"entity": bureau.enterprise, "year": 2023}
    report = actions.open_matter(
        REPORTS, {**unit, "industry": "other", "area_code": NORTH}, by=bureau.approver
    )
    with pytest.raises(Refused, match="没有这个单位这一年的数据表"):
        perform(report, "file", bureau.approver, {"reported": "1"}, paper())
    row = SHEETS.open_row(
        {**unit, "source": "外购电力", "item": "consumption", "whole": Decimal(1000)}, bureau.approver, timezone.now()
    )  # fmt: skip
    perform(report, "file", bureau.approver, {"reported": "500"}, paper())
    with pytest.raises(Refused, match="已报送"):
        SHEETS.change_row(row, {"whole": Decimal(900)}, bureau.approver, timezone.now())
    done = perform(report, "conclude", bureau.approver, {"opinion": "一致"}, paper())
    assert (done.computed, done.verified) == (Decimal("530.60"), Decimal("530.60"))
    assert done.difference_percent == Decimal("-5.77")
    with pytest.raises(Refused):
        perform(done, "approve", bureau.approver)
    perform(done, "approve", bureau.leader)
    with pytest.raises(Refused, match="没有纳入碳市场"):
        perform(done, "surrender", bureau.approver)


def test_a_fall_is_told_of_one_price_year_alone(bureau):
    for year, base in ((2023, 2020), (2024, 2020), (2025, 2025)):
        ECONOMY.open_row({
            "year": year, "area_code": COUNTY, "gdp": Decimal(100 + year - 2023), "price_year": base, "co2": Decimal(90),
            "target_fall": Decimal("0.5"),
        }, bureau.approver, timezone.now())  # fmt: skip
    first, second, third = CarbonEconomy.objects.order_by("year")
    assert (first.fall, third.fall) == (None, None)
    assert (second.fall, second.met, third.met) == (Decimal("0.99"), "完成", "数据缺")


def test_a_granted_request_stays_as_it_was_granted_and_gives_back_what_was_posted(bureau):
    issue(bureau, amount=100)
    row = perform(request(bureau, amount="80"), "grant", bureau.leader, until(30))
    with pytest.raises(Refused, match="不再修改"):
        actions.set_lines(
            row.pk, "amounts", [{"pollutant": "COD", "amount": "1"}], by=bureau.approver
        )
    with pytest.raises(Refused, match="不再修改"):
        actions.amend(row.pk, {"source": "town"}, event="amended", by=bureau.approver)
    # Whatever its lines say, what comes back is what was posted.
    row.amounts.update(amount=1)
    perform(row, "lapse", bureau.approver)
    assert (left(), holdings.held(bureau.enterprise)) == (100, [])


def test_the_account_is_written_by_steps_and_nothing_goes_back_twice(bureau, client):
    issue(bureau)
    row = perform(request(bureau), "grant", bureau.leader, until(30))
    client.force_login(bureau.approver)
    pool, posted = holdings.reserve("COD", COUNTY), Posting.objects.get(kind="granted")
    said = {"kind": "issued", "quantity": "1000", "text": "x"}
    client.post(f"/b/emission_quota/holdings/{pool.pk}/post", said)
    client.post(f"/b/emission_quota/postings/{posted.pk}/reverse", {"reason": "登记有误冲正"})
    assert left() == 6
    accounts.reverse(
        holdings.QUOTA, posted, on=timezone.localdate(), reason="登记有误", by=bureau.leader
    )
    other = perform(request(bureau), "grant", bureau.leader, until(30))
    perform(row, "lapse", bureau.approver)
    assert left() == 6
    perform(other, "lapse", bureau.approver)
    assert left() == 10


def test_what_is_granted_to_a_project_not_begun_is_neither_sold_nor_recovered(bureau):
    issue(bureau)
    row = perform(request(bureau), "grant", bureau.leader, until(30))
    sale = actions.open_matter(TRADES, {
        "title": "售出", "way": "sold", "seller": bureau.enterprise, "area_code": COUNTY, "pollutant": "COD",
        "amount": Decimal(4), "price": Decimal(1), "years": 1, "contract_no": "c",
    }, by=bureau.approver)  # fmt: skip
    with pytest.raises(Refused, match="尚未落实的项目"):
        perform(sale, "transfer", bureau.leader)
    with pytest.raises(Refused, match="尚未落实的项目"):
        issue(bureau, amount=4, kind="recovered", entity=bureau.enterprise)
    perform(row, "use", bureau.approver, {"approval_no": "1号"})
    assert perform(sale, "transfer", bureau.leader).seller_left == 0


def test_a_posted_plan_and_a_town_s_view_of_the_reserve(bureau, client):
    row = issue(bureau, amount="77.125")
    with pytest.raises(Refused, match="不再修改"):
        actions.amend(row.pk, {"amount": Decimal(999)}, event="amended", by=bureau.approver)
    with pytest.raises(Refused, match="不再修改"):
        actions.may_follow(PLANS, row, bureau.approver, {"amount": Decimal(999)})
    asked = request(bureau, amount="5")
    for person, told in ((bureau.people["town"], False), (bureau.leader, True)):
        client.force_login(person)
        page = client.get(f"/matters/quota_request/{asked.pk}")
        assert page.status_code == 200
        assert ("77.125" in page.content.decode()) is told


def test_a_sum_with_too_many_digits_is_refused_and_its_list_stands(bureau, client):
    huge = actions.open_matter(TRADES, {
        "title": "t", "way": "reserve_out", "buyer": bureau.enterprise, "area_code": COUNTY, "pollutant": "COD",
        "amount": Decimal("999999999.999"), "price": Decimal("999999999999.99"), "years": 32767, "contract_no": "c",
    }, by=bureau.approver)  # fmt: skip
    client.force_login(bureau.approver)
    assert client.get("/matters/quota_trade").status_code == 200
    with pytest.raises(Refused, match="成交额过大"):
        perform(huge, "transfer", bureau.leader)


def test_a_cut_under_review_stays_and_its_inputs_are_within_reason(bureau):
    good = {"替代原辅料用量": "85", "原料挥发分": "55", "替代料挥发分": "12"}
    with pytest.raises(Refused):
        project(bureau, **{**good, "替代料挥发分": "-12"})
    with pytest.raises(Refused):
        project(bureau, **{**good, "替代原辅料用量": "999999999999.9999"})
    row = project(bureau, **good)
    finished = {"finished_on": timezone.localdate().isoformat()}
    twice = [{"name": i.name, "value": i.value} for i in row.inputs.all()]
    actions.set_lines(
        row.pk, "inputs", [*twice, {"name": "原料挥发分", "value": ""}], by=bureau.approver
    )
    row = perform(row, "account", bureau.approver, finished, paper())
    for lines in ("inputs", "uses"):
        rows = [{"pollutant": "VOCs", "amount": "9", "used_by": "x"}] if lines == "uses" else []
        with pytest.raises(Refused, match="不再修改"):
            actions.set_lines(row.pk, lines, rows, by=bureau.approver)
    with pytest.raises(Refused, match="不再修改"):
        actions.amend(row.pk, {"year": 2020}, event="amended", by=bureau.approver)


def test_a_filed_row_moves_nowhere_and_a_year_is_reported_once(bureau):
    unit = {"entity": bureau.enterprise, "year": 2023}
    said = {**unit, "industry": "other", "area_code": NORTH}
    report = actions.open_matter(REPORTS, said, by=bureau.approver)
    with pytest.raises(Refused, match="已有报告"):
        actions.open_matter(REPORTS, said, by=bureau.approver)
    row = SHEETS.open_row(
        {**unit, "source": "外购电力", "item": "consumption", "whole": Decimal(1000)}, bureau.approver, timezone.now()
    )  # fmt: skip
    perform(report, "file", bureau.approver, {"reported": "500"}, paper())
    with pytest.raises(Refused, match="已报送"):
        SHEETS.change_row(row, {"year": 2010}, bureau.approver, timezone.now())
    assert not SHEETS.withdraw_row(row, bureau.approver, timezone.now())
    finding = {
        "source": "外购电力",
        "item": "consumption",
        "month": "99",
        "verified": "1",
        "reason": "x",
    }
    with pytest.raises(Refused):
        actions.set_lines(report.pk, "findings", [finding], by=bureau.approver)


def test_findings_are_the_verifiers_and_not_the_firms_that_answers_them(bureau):
    firm = bureau.people["enterprise"]
    unit = {"entity": bureau.enterprise, "year": 2023}
    report = actions.open_matter(
        REPORTS, {**unit, "industry": "other", "area_code": NORTH}, by=bureau.approver
    )
    finding = {
        "source": "外购电力",
        "item": "consumption",
        "month": "0",
        "verified": "900",
        "reason": "少报",
    }
    actions.assign(report.pk, by=bureau.leader, organisation=firm.organisation)
    with pytest.raises(Refused, match="管理部门"):
        actions.set_lines(report.pk, "findings", [finding], by=firm)
    row = SHEETS.open_row(
        {**unit, "source": "外购电力", "item": "consumption", "whole": Decimal(1000)}, bureau.approver, timezone.now()
    )  # fmt: skip
    filed = perform(report, "file", bureau.approver, {"reported": "500"}, paper())
    assert filed.computed == Decimal("530.60")
    actions.set_lines(report.pk, "findings", [finding], by=bureau.approver)
    perform(report, "question", bureau.approver, {"nonconformity": "少报"})
    with pytest.raises(Refused, match="管理部门"):
        actions.set_lines(report.pk, "findings", [], by=firm)
    # What the firm changes of its sheet meanwhile is counted anew, and what it came to before stays to be read.
    SHEETS.change_row(row, {"whole": Decimal(900)}, bureau.approver, timezone.now())
    answered = perform(report, "answer", firm, {"answer": "已更正"}, paper())
    assert answered.computed == Decimal("477.54")
    event = answered.events.get(transition="answer")
    assert event.form["before"] == {"computed": "530.60"}
    done = perform(report, "conclude", bureau.approver, {"opinion": "更正后符合"}, paper())
    assert done.verified == Decimal("477.54")


def test_what_was_asked_before_two_firms_merged_is_granted_to_the_one_that_goes_on(bureau):
    issue(bureau)
    row = request(bureau)
    new = Enterprise.objects.create(code="E-2", name="合并后的厂", area_code=NORTH)
    succession.merge(bureau.monitor, bureau.enterprise, new, timezone.localdate())
    perform(row, "grant", bureau.leader, until(30))
    assert [(item.key, balance) for item, balance in holdings.held(new)] == [("COD", 4)]
    assert holdings.held(bureau.enterprise) == []
    # What is promised to a project that has not begun is not sold by who took it over.
    sale = actions.open_matter(TRADES, {
        "title": "转让", "way": "sold", "seller": new, "pollutant": "COD", "amount": Decimal(1), "price": Decimal(1),
        "contract_no": "1", "area_code": NORTH,
    }, by=bureau.approver)  # fmt: skip
    with pytest.raises(Refused, match="已分配给尚未落实的项目"):
        perform(sale, "transfer", bureau.leader)
