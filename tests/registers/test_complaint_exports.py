"""Complaints as the platform and the 12345 line export them: title rows, merged headers, several sheets, GB18030; and
a later export of the same numbers, which brings them up to date."""

from __future__ import annotations

import io

import openpyxl
import pytest
from tests.conftest import COUNTY, NORTH

from ecoledger.accounts.models import AuditEntry, Organisation
from ecoledger.listings import cells, importing
from ecoledger.listings.models import ImportRow
from ecoledger.matters import actions, chain
from ecoledger.matters.actions import Refused
from ecoledger.registers.complaints.complaint import Complaint
from ecoledger.registers.complaints.register import REGISTER
from ecoledger.registers.grid.events import REGISTER as EVENTS

pytestmark = pytest.mark.django_db
LINE = ["工单编号", "受理员", "来电人", "电话", "分类", "紧急程度", "来电类别", "受理渠道", "主要内容", "受理时间",
        "备注", "工单状态", "办理单位", "转办时间", "办结时间", "满意度"]  # fmt: skip


def order(number, state="办理中", ended="", satisfaction="", **more):
    row = {
        "工单编号": number, "受理员": "06号", "来电人": "孙某某", "电话": "13911112222", "分类": "大气污染", "紧急程度": "一般",
        "来电类别": "求决", "受理渠道": "12345热线", "主要内容": f"北镇{number}号厂房夜间有刺鼻气味", "受理时间": "2026-10-09 08:30",
        "工单状态": state, "办理单位": "测试县生态环境局", "转办时间": "2026-10-09 09:00", "办结时间": ended, "满意度": satisfaction,
    } | more  # fmt: skip
    return [row.get(name, "") for name in LINE]


def workbook(*sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return book


def saved(book):
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def take_in(bureau, content, name="导出.xlsx", by="complaint"):
    batch = importing.preview(REGISTER, name, content, by=bureau.people[by])
    wrong = list(ImportRow.objects.filter(batch=batch, wrong=True))
    assert wrong == [], [row.reason for row in wrong][:3]
    importing.accept(REGISTER, batch.pk, by=bureau.people[by], again=True)
    return batch


def test_the_hotlines_own_columns_with_titles_and_a_merged_header_on_several_sheets(bureau):
    """What stands above and below the rows is no data; the order's time is when it was made known."""
    merged = workbook(
        ("10月", [
            ["测试县12345工单明细"], ["导出时间：2026-11-01 08:00", "", "", "制表：平台"],
            ["工单信息", "", "诉求人", "", "工单信息", *[""] * 11], LINE,
            order("GD20261009001"), order("GD20261009002", "已办结", "2026-10-12 17:00", "满意"),
            ["合计", 2],
        ]),
        ("11月", [LINE, order("GD20261101001", "退单", 备注="非本部门职责")]),
        ("说明", [["本表由平台自动生成"]]),
    )  # fmt: skip
    sheet = merged["10月"]
    sheet.merge_cells("A1:P1")
    sheet.merge_cells("C3:D3")
    take_in(bureau, saved(merged))
    rows = {row.source_no: row for row in Complaint.objects.all()}
    assert set(rows) == {"GD20261009001", "GD20261009002", "GD20261101001"}
    open_, done, back = (rows[n] for n in sorted(rows))
    assert (open_.state, done.state, back.state) == ("handling", "visited", "refused")
    assert (open_.channel, open_.pollution, open_.area_code) == ("hotline", ["air"], NORTH)
    assert f"{open_.opened_at:%Y-%m-%d %H:%M}" == "2026-10-09 00:30"
    assert open_.telephone == "13911112222"
    assert open_.number == "GD20261009001"


def test_a_file_in_gb18030_with_semicolons_is_the_same(bureau):
    text = "\r\n".join(
        ";".join(row) for row in [LINE, order("GD1"), order("GD2", 主要内容="北镇河道发黑，有㙍字")]
    )
    take_in(bureau, text.encode("gb18030"), "工单.csv")
    assert Complaint.objects.get(source_no="GD2").description == "北镇河道发黑，有㙍字"
    assert Complaint.objects.count() == 2


def test_a_later_export_brings_known_numbers_up_to_date_and_says_what_changed(bureau, client):
    """Known numbers are shown with their changes, kept by one event on the chain, and never go back."""
    take_in(
        bureau, saved(workbook(("一", [LINE, order("GD7"), order("GD8"), order("GD9", "待处理")])))
    )
    before = {c.source_no: c for c in Complaint.objects.all()}
    later = workbook(("二", [
        LINE, order("GD7", "已办结", "2026-10-20 16:00", 电话="13933334444"), order("GD8"),
        order("GD9", "办理中"), order("GD10"),
    ]))  # fmt: skip
    batch = importing.preview(REGISTER, "二.xlsx", saved(later), by=bureau.complaint)
    told = {row.values["source_no"]: row.reason for row in batch.rows.all()}
    assert batch.bad.count() == 0
    assert "更新 GD7" in told["GD7"]
    assert "状态 核查处理 → 已办结" in told["GD7"]
    assert "办结时间" in told["GD7"]
    assert "13933334444" not in told["GD7"]
    assert "没有新内容" in told["GD8"]
    assert "状态 待受理 → 核查处理" in told["GD9"]
    assert "更新" not in told["GD10"]
    client.force_login(bureau.complaint)
    address = f"/b/complaint/import/{batch.pk}"
    page = client.get(address).content.decode()
    for counted in ("1 行会作为新事项登记", "登记 1 行", "更新 2 行", "1 行没有新内容"):
        assert counted in page
    page = client.post(f"{address}/accept", follow=True).content.decode()
    for counted in ("已导入 1 件", "已更新 2 件", "1 行已在台账中，没有新内容"):
        assert counted in page
    assert [row.values["source_no"] for row in batch.unchanged] == ["GD8"]
    assert Complaint.objects.count() == 4
    done = Complaint.objects.get(source_no="GD7")
    assert (done.pk, done.state, done.phase) == (before["GD7"].pk, "done", "done")
    assert done.telephone == "13933334444"
    assert f"{done.closed_at:%Y-%m-%d %H:%M}" == "2026-10-20 08:00"
    assert not done.clocks.filter(stopped_at=None).exists()
    event = done.events.last()
    assert (event.transition, event.note) == ("followed", "二.xlsx 二!2")
    assert "13933334444" not in str(event.form)
    assert Complaint.objects.get(source_no="GD8").events.count() == 1
    assert Complaint.objects.get(source_no="GD9").state == "handling"
    # An older export comes late: what is over stays over.
    old = importing.preview(
        REGISTER, "旧.xlsx", saved(workbook(("一", [LINE, order("GD7")]))), by=bureau.complaint
    )
    importing.accept(REGISTER, old.pk, by=bureau.complaint)
    assert Complaint.objects.get(source_no="GD7").state == "done"
    assert chain.first_broken_overall() is None
    # Undone as a whole, it withdraws what it made and leaves what was there.
    page = client.post(f"{address}/undo", follow=True).content.decode()
    assert "已撤销 1 件" in page
    assert "更新过的 2 件保持更新后的内容" in page
    assert Complaint.objects.get(source_no="GD10").withdrawn_at is not None
    assert Complaint.objects.get(source_no="GD7").withdrawn_at is None
    # Where nothing was made there is nothing to undo, and it is not offered.
    assert "撤销整批导入" not in client.get(f"/b/complaint/import/{old.pk}").content.decode()
    with pytest.raises(Refused, match="只更新了已有的行"):
        importing.undo(REGISTER, old.pk, by=bureau.complaint)


def nameless(lines):
    """The table without who complained and the telephone, as somebody may bring it who may not know them."""
    closed = [LINE.index("来电人"), LINE.index("电话")]
    return [[cell for x, cell in enumerate(line) if x not in closed] for line in lines]


def test_what_says_the_complainant_is_pointed_at_no_open_column(bureau):
    """What a header was said to mean is remembered for others too: not that a complainant stands under remarks."""
    table = saved(workbook(("一", [LINE, order("GD50")])))
    desk = bureau.complaint
    batch = importing.preview(REGISTER, "一.xlsx", table, by=desk, chosen={"来电人": "remark"})
    importing.recheck(REGISTER, batch, by=desk, columns={"电话": "findings"})
    assert (
        batch.mapping["来电人"]
        == importing.preview(REGISTER, "二.xlsx", table, by=desk).mapping["来电人"]
    )
    assert {batch.mapping["来电人"], batch.mapping["电话"]} <= set(REGISTER.hidden)


def test_a_telephone_in_the_text_of_a_table_without_complainants_is_masked_or_its_showing_recorded(
    bureau, client
):
    """Who may not know complainants reads the text as it will be kept; who may is on the audit trail for it."""
    told = "北镇夜间异味，请回电 13955556666"
    lines = order("GD60", 主要内容=told)
    table = saved(
        workbook(("一", nameless([LINE, lines, order("GD61", 受理时间="13月", 主要内容=told)])))
    )
    for who, reads, shown in (("officer", False, "［电话］"), ("complaint", True, "13955556666")):
        person = bureau.people[who]
        batch = importing.preview(REGISTER, f"{who}.xlsx", table, by=person)
        client.force_login(person)
        said = client.get(f"/b/complaint/import/{batch.pk}").content.decode()
        assert shown in said
        assert ("13955556666" in said) is reads
        sheet = openpyxl.load_workbook(
            io.BytesIO(client.get(f"/b/complaint/import/{batch.pk}/errors.xlsx").content)
        ).active
        assert ("13955556666" in str([[c.value for c in row] for row in sheet])) is reads
        noted = AuditEntry.objects.filter(person=person, action="see_complainant")
        assert noted.count() == (2 if reads else 0)
        assert all(event.details["fields"] == ["举报内容"] for event in noted)


def test_a_table_is_compared_with_what_its_reader_may_see_and_names_it_by_its_number(bureau):
    take_in(
        bureau,
        saved(
            workbook(("一", [LINE, order("GD70", 主要内容="北镇工业路9号化工厂夜间排放刺鼻气味")]))
        ),
    )
    town = bureau.people["officer"]
    town.area_codes = ["990101002"]
    town.save()
    again = [LINE, order("GD71", 主要内容="北镇工业路9号化工厂夜间排放刺鼻气味")]
    table = saved(workbook(("二", nameless(again))))
    for person, told in ((bureau.complaint, True), (town, False)):
        (row,) = importing.preview(REGISTER, "二.xlsx", table, by=person).rows.all()
        assert ("可能与 GD70 是同一件" in row.reason) is told
        assert "#" not in row.reason


def test_a_number_of_this_house_is_its_complaint_and_no_number_of_the_platform(bureau):
    values = {"channel": "phone", "area_code": NORTH, "description": "夜间异味", "target": "某厂"}
    ours = actions.open_matter(REGISTER, values, by=bureau.complaint)
    table = cells.workbook(REGISTER, bureau.complaint, [ours], title="信访投诉")
    (row,) = importing.preview(REGISTER, "导出.xlsx", table, by=bureau.complaint).rows.all()
    assert (row.changes, row.wrong, row.values.get("source_no", "")) == (ours.pk, False, "")
    assert f"已在台账中（{ours.number}），没有新内容" in str(row.warnings)
    head = ["编号", "举报时间", "举报类型", "行政区划", "举报内容"]
    lines = [[number, "2026-10-01", "电话", "北镇", "粉尘"] for number in (ours.number, "D1")]
    batch = importing.preview(
        REGISTER, "平台.xlsx", saved(workbook(("一", [head, *lines]))), by=bureau.complaint
    )
    importing.accept(REGISTER, batch.pk, by=bureau.complaint)
    assert set(Complaint.objects.values_list("source_no", "description")) == {
        ("", "粉尘"), ("D1", "粉尘")
    }  # fmt: skip


def test_a_number_of_another_area_is_neither_shown_nor_changed(bureau):
    """Somebody whose scope does not hold the complaint learns that the number is taken, and nothing of it."""
    take_in(bureau, saved(workbook(("一", [LINE, order("GD20")]))))
    town = bureau.people["officer"]
    town.area_codes = ["990101002"]
    town.save()
    lines = [LINE, order("GD20", "已办结", "2026-10-20 16:00")]
    with pytest.raises(Refused, match="来电人"):
        importing.preview(REGISTER, "他.xlsx", saved(workbook(("一", lines))), by=town)
    changed = workbook(("一", nameless(lines)))
    batch = importing.preview(REGISTER, "他.xlsx", saved(changed), by=town)
    (row,) = batch.rows.all()
    assert row.wrong
    assert "核查处理" not in row.reason
    assert "不在您的数据范围内" in row.reason
    with pytest.raises(Refused):
        importing.accept(REGISTER, batch.pk, by=town)
    assert Complaint.objects.get(source_no="GD20").state == "handling"
    assert Complaint.objects.get(source_no="GD20").area_code.startswith(COUNTY)
    # That a row repeats one he may not see is answered as if there were none.
    named = [[*LINE, "关联工单"], [*order("GD21"), "GD20"], [*order("GD22"), "GD99"]]
    table = saved(workbook(("一", nameless(named))))
    batch = importing.preview(REGISTER, "三.xlsx", table, by=town)
    assert [
        row.reason.replace(n, "") for row, n in zip(batch.bad, ("GD20", "GD99"), strict=True)
    ] == ["重复于：找不到编号为“”的原件；请核对，或先导入原件"] * 2


@pytest.mark.parametrize("owned", [True, False])
def test_no_table_ends_or_gives_away_what_somebody_works_on_here(bureau, owned):
    """An officer imports the number of a complaint as ended: it stays where it stands, and the row says why."""
    given = {"source_no": "GD30", "description": "夜间异味", "area_code": NORTH, "channel": "phone"}
    case = actions.open_matter(REGISTER, given, by=bureau.complaint)
    if owned:
        unit = bureau.people["town"].organisation_id
        form = {"owner_organisation": unit, "told": "已电话告知"}
        actions.perform(case.pk, "accept", by=bureau.complaint, form=form)
    before = Complaint.objects.get(pk=case.pk)
    lines = [LINE, order("GD30", "已办结", "2026-10-20 16:00", "满意"), order("GD31")]
    for who, said in (("officer", nameless(lines)), ("complaint", lines)):
        ended = saved(workbook(("一", said)))
        batch = importing.preview(REGISTER, f"{who}.xlsx", ended, by=bureau.people[who])
        importing.accept(REGISTER, batch.pk, by=bureau.people[who], again=True)
        now = Complaint.objects.get(pk=case.pk)
        for name in ("state", "description", "satisfaction", "owner_organisation_id", "closed_at"):
            assert getattr(now, name) == getattr(before, name), (who, name)
        row = batch.rows.get(number=2)
        assert row.wrong
        assert "按表格" in row.reason


def test_of_work_begun_here_a_table_may_still_tell_the_facts(bureau):
    given = {"source_no": "GD40", "description": "夜间异味", "area_code": NORTH, "channel": "phone"}
    case = actions.open_matter(REGISTER, given, by=bureau.complaint)
    with pytest.raises(Refused):
        actions.follow(case.pk, {"wanted": "请查"}, by=bureau.people["officer"], at=case.opened_at)
    with pytest.raises(Refused):
        actions.follow(case.pk, {"answer": "已查"}, by=bureau.complaint, at=case.opened_at)
    actions.follow(case.pk, {"wanted": "请查"}, by=bureau.complaint, at=case.opened_at)
    assert Complaint.objects.get(pk=case.pk).wanted == "请查"


def test_no_table_gives_a_grid_event_to_another_town(bureau):
    town = bureau.people["town"]
    given = {"category": "noise", "area_code": NORTH, "address": "河边"}
    event = actions.open_matter(EVENTS, given, by=town)
    other = Organisation.objects.create(name="南镇人民政府", kind="town", area_code="990101002")
    with pytest.raises(Refused):
        actions.follow(event.pk, {"owner_organisation": other}, by=town, at=event.opened_at)
    event.refresh_from_db()
    assert event.owner_organisation_id is None


def test_an_event_that_came_by_a_table_goes_to_another_town_by_the_bureau_alone(bureau):
    head = ["事件编号", "事件类别", "所在镇街", "位置", "情况描述", "处置单位"]
    row = ["SJ-1", "噪声", "北镇", "河边", "夜间噪声"]
    batches = []
    other = Organisation.objects.create(name="南镇人民政府", kind="town", area_code="990101002")
    for who, unit in (("dispatcher", ""), ("town", other.name), ("dispatcher", other.name)):
        person = bureau.people[who]
        content = saved(
            workbook(("一", [head, [*row, unit], ["SJ-9" + who + unit[:1], *row[1:], ""]]))
        )
        batch = importing.preview(EVENTS, f"{who}{unit}.xlsx", content, by=person)
        importing.accept(EVENTS, batch.pk, by=person, again=True)
        event = EVENTS.model.objects.get(event_no="SJ-1")
        batches.append((event.owner_organisation_id, batch.bad.count()))
    assert batches == [(None, 0), (None, 1), (other.pk, 0)]


def test_a_later_export_of_what_is_worked_on_here_changes_nothing_that_was_decided(bureau):
    """What adds nothing is said to be here, what may change is taken, what was decided here is refused with its reason."""
    rows = [order(number, "待处理") for number in ("GD1", "GD2", "GD3", "GD4")]
    take_in(bureau, saved(workbook(("一", [LINE, *rows]))))
    unit = Organisation.objects.get(kind="bureau")
    for one in Complaint.objects.order_by("source_no"):
        form = {"owner_organisation": unit.pk, "told": "已电话告知"}
        actions.perform(one.pk, "accept", by=bureau.complaint, form=form)
    original, again = Complaint.objects.filter(source_no__in=["GD1", "GD4"]).order_by("source_no")
    actions.merge([again.pk], original.pk, by=bureau.complaint, reason="同一件事")
    taken_up = Complaint.objects.get(source_no="GD1").accepted_at
    later = workbook(("二", [
        LINE, order("GD1"), order("GD2", 紧急程度="紧急"), order("GD3", "已办结", "2026-10-20 16:00"),
        order("GD4", 紧急程度="紧急"),
    ]))  # fmt: skip
    batch = importing.preview(REGISTER, "二.xlsx", saved(later), by=bureau.complaint)
    told = {row.values["source_no"]: row for row in batch.rows.all()}
    assert [number for number, row in told.items() if row.wrong] == ["GD3"]
    assert "已在本局办理，“状态”不能按表格改变" in told["GD3"].reason
    assert importing.accept(REGISTER, batch.pk, by=bureau.complaint) == (1, 1)
    assert {row.key for row in batch.unchanged} == {"GD1", "GD4"}
    now = {one.source_no: one for one in Complaint.objects.all()}
    assert (now["GD2"].urgency, now["GD3"].state) == ("紧急", "handling")
    assert (now["GD1"].accepted_at, now["GD4"].urgency) == (taken_up, "一般")


def test_a_later_export_leaves_what_was_reported_on_and_takes_the_rest(bureau):
    """The platform completes what it says; what somebody has judged by stays, the row is kept and says so."""
    take_in(bureau, saved(workbook(("一", [LINE, order("GD1", "待处理")]))))
    case = Complaint.objects.get()
    officer = bureau.officer
    form = {"owner_organisation": officer.organisation.pk, "told": "已电话告知"}
    actions.perform(case.pk, "accept", by=bureau.complaint, form=form)
    found = {"verdict": Complaint.Verdict.values[0], "findings": "属实"}
    actions.perform(case.pk, "report", by=officer, form=found)
    later = workbook(("二", [LINE, order("GD1", 紧急程度="特急", 备注="群众来电催办")]))
    batch = take_in(bureau, saved(later), "二.xlsx")
    (row,) = batch.rows.all()
    assert "紧急程度" in row.reason
    assert "不按表格更改" in row.reason
    case.refresh_from_db()
    assert (case.urgency, case.remark) == ("一般", "群众来电催办")


def test_a_remark_on_finished_history_keeps_no_later_table_from_putting_it_right(bureau):
    rows = [order(f"GD{n}", "已办结", "2026-10-20 16:00") for n in (1, 2)]
    take_in(bureau, saved(workbook(("一", [LINE, *rows]))))
    actions.note(Complaint.objects.get(source_no="GD1").pk, "档案在三楼", by=bureau.people["town"])
    rows = [order(f"GD{n}", "已办结", "2026-10-20 16:00", 紧急程度="紧急") for n in (1, 2)]
    take_in(bureau, saved(workbook(("二", [LINE, *rows]))), "二.xlsx")
    assert {one.urgency for one in Complaint.objects.all()} == {"紧急"}
