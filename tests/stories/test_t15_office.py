"""T15, T10, G13, P15: the committee's meetings and tasks, the restricted discipline ledger, and the positive list by
rule."""

from __future__ import annotations

import re

import openpyxl
import pytest
from tests.path.county import COUNTY, NORTH
from tests.path.house import PNG
from tests.stories.pages import open_page, page_after, submit, text

REPLY = [("反馈.png", PNG, "image/png")]


def enter(house, kind, name, rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = house.process.data.parent / name
    book.save(file)
    code, lines, errors = house.process.command(
        "enter", kind, str(file), "--data", str(house.process.data)
    )
    assert code == 0, errors
    assert lines[-1]["refused"] == 0, [x for x in lines if x.get("outcome") == "refused"][:3]
    return lines[-1]["kept"]


@pytest.mark.story("T15")
def test_a_meetings_resolutions_become_tasks_that_are_answered_in_writing(visitor, hired):
    """A meeting with its resolutions; issued minutes make a task for each unit; the unit signs, answers with a number and a
    file, and a second person accepts; a 交办函 may be written on the task."""
    desk, town = visitor("dispatcher"), visitor("town")
    page = open_page(desk, "/matters/committee_meeting/new")
    form = next(f for f in page.forms if "title" in f.fields)
    data = {name: value for name, value in form.form_values() if value is not None}
    data |= {
        "title": "2026年第一次全体会议",
        "sort": "full",
        "held_at": "2026-03-01T09:00",
        "area_code": COUNTY,
    }
    for field in form.fields:
        if re.fullmatch(r"resolutions-0-(text|due|organisation)", field or ""):
            data[field] = {
                "text": "推进北镇污水管网",
                "due": "2099-12-31",
                "organisation": "北镇人民政府",
            }[field.rsplit("-", 1)[1]]
    answer = desk.post("/matters/committee_meeting/new", data=data, follow_redirects=True)
    assert "推进北镇污水管网" in answer.text
    meeting = f"/matters/committee_meeting/{desk.api('matters/committee_meeting')[0]['id']}"
    submit(desk, meeting, f"{meeting}/do/hold", {"attending": "各成员单位"})
    submit(desk, meeting, f"{meeting}/do/issue", {"minutes_no": "测环委纪〔2026〕1号"})
    task = f"/matters/committee_task/{town.api('matters/committee_task')[0]['id']}"
    submit(town, task, f"{task}/do/sign")
    submit(town, task, f"{task}/do/reply",
           {"reply_no": "北政函〔2026〕3号", "progress_text": "已开工"}, files=REPLY)  # fmt: skip
    said = text(page_after(desk, task, f"{task}/do/accept"))
    assert "已办结" in said
    assert "北政函〔2026〕3号" in said
    assert "测环委纪〔2026〕1号" in said
    # A task that lags is urged in writing, under a number of its own.
    late = {"title": "清理北镇河道", "origin_kind": "meeting", "area_code": NORTH, "owner_organisation": "北镇人民政府",
            "deadline": "2099-03-31"}  # fmt: skip
    page_after(desk, "/matters/committee_task/new", "/new", late)
    (row,) = desk.api("matters/committee_task", q="清理北镇河道")
    task = f"/matters/committee_task/{row['id']}"
    begun = f"/documents/begin/reminder/{row['id']}"
    draft = desk.submit(begun, {}).headers["Location"]
    words = {"word-主送": "北镇人民政府", "word-情况": "逾期未完成。", "word-要求": "逐项说明原因。",
             "word-反馈期限": "2036年12月20日", "word-后果": "逾期仍未办结的，按规定约谈。", "word-联系人": "调度员甲"}  # fmt: skip
    assert desk.submit(f"{draft}/submit", words).is_redirect
    leader = hired("leader", "局领导甲")
    for person in (hired("section_chief", "科长乙"), leader):
        assert person.submit(f"{draft}/approve", {"note": ""}).is_redirect
    issued = leader.submit(f"{draft}/issue", {}).headers["Location"]
    assert re.search(r"环督办〔\d{4}〕1号", text(open_page(desk, issued)))
    assert re.search(r"环督办〔\d{4}〕1号", text(open_page(desk, task)))


@pytest.mark.story("T15")
def test_a_letter_that_came_in_becomes_tasks_and_is_answered(house, visitor):
    """The book of letters comes in as it is kept; what a letter asks becomes a task of each unit; the reply says what was
    done and goes out when all of it is."""
    head = ["收文日期", "来文单位", "文号", "文件标题", "类别", "紧急程度", "办结时限", "所在地"]
    rows = [[f"2026-03-0{n}", "市环委办", f"市环委办〔2026〕{n}号", f"关于交办第{n}批问题的函", ("交办函", "通知")[n % 2],
             ("特急", "平件")[n % 2], "2099-12-31" if n % 2 == 0 else None, "测试县"] for n in range(1, 5)]  # fmt: skip
    assert enter(house, "incoming_letter", "收文簿.xlsx", [head, *rows]) == 4
    desk, town, south = visitor("dispatcher"), visitor("town"), visitor("south")
    row = desk.api("matters/incoming_letter", q="市环委办〔2026〕2号")[0]
    letter = f"/matters/incoming_letter/{row['id']}"
    assert "还没有来文要求" in desk.submit(f"{letter}/do/hand_out", {}).text
    lines = f"{letter}/lines/demands"
    submit(desk, lines, lines, {"demands-0-text": "清理河岸垃圾", "demands-0-organisation": "北镇人民政府"})  # fmt: skip
    submit(desk, lines, lines, {"demands-1-text": "封堵雨水口", "demands-1-organisation": "南镇人民政府",
                                "demands-1-due": "2099-06-30"})  # fmt: skip
    submit(desk, letter, f"{letter}/do/hand_out", {"instruction": "按职责办理"})
    early = desk.post(f"{letter}/do/reply", data={"csrfmiddlewaretoken": desk.cookies["csrftoken"], "reply-reply_no": "x"})  # fmt: skip
    assert "还有 2 项任务没有办结" in early.text
    for person, words in ((town, "清理河岸垃圾"), (south, "封堵雨水口")):
        task = f"/matters/committee_task/{person.api('matters/committee_task', q=words)[0]['id']}"
        assert "市环委办〔2026〕2号" in text(open_page(person, task))
        submit(person, task, f"{task}/do/sign")
        submit(person, task, f"{task}/do/reply", {"reply_no": "函1号", "progress_text": f"{words}已完成"}, files=REPLY)  # fmt: skip
        submit(desk, task, f"{task}/do/accept")
    draft = open_page(desk, letter)
    begun = page_after(desk, letter, f"/documents/begin/reply_letter/{row['id']}")
    said = begun.text_content()
    assert "清理河岸垃圾已完成" in said
    assert "市环委办" in said
    assert draft is not None
    page = page_after(desk, letter, f"{letter}/do/reply", {"reply_no": "测环函〔2026〕6号", "replied_on": "2026-03-20"}, files=REPLY)  # fmt: skip
    assert "已复函" in text(page)
    said = text(open_page(desk, "/matters/incoming_letter/statistics"))
    assert re.search(r"来文 4", said)
    assert "1 / 2" in said


@pytest.mark.story("T10")
def test_the_discipline_ledger_has_the_texts_figures_and_is_known_to_few(house, hired, visitor):
    """3 aspects, 13 items, 44 problems of which 11 of the supplementary list, 114 measures and 18 rules, out of ledgers; nobody
    but leaders and the discipline staff opens, finds or exports any of it."""
    head = ["问题编号", "方面", "项目", "问题", "行政区划代码", "补充清单问题", "整改时限"]
    rows = [[f"XC{n:02}", f"方面{n % 13 % 3}", f"项目{n % 13}", f"巡察问题{n}号", "测试县", "是" if n >= 33 else "否", "2099-12-31"]
            for n in range(44)]  # fmt: skip
    assert enter(house, "discipline_problem", "巡察.xlsx", [head, *rows]) == 44
    measures = [
        [f"XC{n % 44:02}", f"措施{n}", "某某", "2026-10-01" if n % 2 else None] for n in range(114)
    ]
    assert (
        enter(
            house,
            "discipline_measure",
            "措施.xlsx",
            [["问题编号", "措施", "责任人", "完成日期"], *measures],
        )
        == 114
    )
    rules = [[f"XC{n:02}", f"制度{n}", f"措施{n}"] for n in range(18)]
    assert (
        enter(house, "discipline_rule", "制度.xlsx", [["问题编号", "制度", "措施"], *rules]) == 18
    )
    keeper = hired("discipline", "廉政员甲")
    said = re.sub(
        r"(\d)\.0 ", r"\1 ", text(open_page(keeper, "/matters/discipline_problem/statistics"))
    )
    for figure in (
        "方面 3",
        "项目 13",
        "问题 44",
        "其中：补充清单问题 11",
        "整改措施 114",
        "建立制度 18",
    ):
        assert figure in said, figure
    row = keeper.api("matters/discipline_problem", q="XC00")[0]
    # From a measure or a rule to its problem, and on the problem the rule beside the measure it carries out.
    link = f"/matters/discipline_problem/{row['id']}"
    for book in ("discipline_measure", "discipline_rule"):
        page = open_page(keeper, f"/b/{book}?q={'措施0' if 'measure' in book else '制度0'}")
        assert page.xpath(f"//td//a[@href='{link}']"), book
    said = text(open_page(keeper, link))
    assert re.search(r"制度0 .*措施0", said)
    for other in (visitor("dispatcher"), visitor("officer"), visitor("town")):
        for address in ("/matters/discipline_problem", f"/matters/discipline_problem/{row['id']}",
                        "/b/discipline_measure", "/b/discipline_rule", "/b/integrity_risk",
                        "/matters/discipline_problem/export.xlsx"):  # fmt: skip
            assert other.get(address).status_code in (403, 404), address
        link = f"/matters/discipline_problem/{row['id']}"
        assert link not in other.get("/search?q=巡察问题").text
        assert "巡察问题" not in other.get("/my-work").text


@pytest.mark.story("G13")
def test_risks_are_listed_and_sensitive_steps_leave_a_trail(house, hired, visitor):
    """The red list of risks is entered; an approval by the dispatcher is on the trail of sensitive steps, without what it says."""
    head = ["行政区划代码", "岗位", "权力事项", "风险点", "风险等级", "红色清单"]
    rows = [["测试县", "环评审批", "环评文件审批", f"降级编报{n}", "高", "是"] for n in range(5)]
    assert enter(house, "integrity_risk", "风险.xlsx", [head, *rows]) == 5
    keeper = hired("discipline", "廉政员乙")
    assert "共 5 条" in text(open_page(keeper, "/b/integrity_risk?red=1"))
    said = text(open_page(keeper, "/b/sensitive_step"))
    assert "调度员甲" in said
    assert visitor("dispatcher").get("/b/sensitive_step").status_code in (403, 404)


@pytest.mark.story("P15")
def test_the_bureau_confirms_and_changes_the_conditions_on_a_page(house, visitor):
    """Conditions from memory are said to be so; what is no rule is refused; saved, they are the bureau's and in force."""
    desk = visitor("dispatcher")
    said = text(open_page(desk, "/own-rules"))
    assert "监督执法正面清单条件 待本局核对 标记 M" in said
    address = "/own-rules/positive_list"
    form = next(f for f in open_page(desk, address).forms if "text" in f.fields)
    shipped = form.fields["text"]
    bad = desk.submit(address, {"text": shipped.replace("clean_days = 730", 'clean_days = "两年"')})
    assert bad.status_code == 422
    assert "clean_days 的取值类型不对" in bad.text
    submit(desk, address, address, {"text": shipped.replace("clean_days = 730", "clean_days = 700")})  # fmt: skip
    assert "监督执法正面清单条件 本局已定" in text(open_page(desk, "/own-rules"))
    assert "clean_days = 700" in open_page(desk, address).text_content()
    assert visitor("town").get(address).status_code == 403
    # Back to what the other stories count with.
    submit(desk, address, address, {"text": shipped})


@pytest.mark.story("P15")
def test_firms_enter_the_positive_list_by_rule_and_are_not_visited_as_routine(house, visitor):
    """Who has monitoring and a clean record enters the draft; published, a campaign leaves them out with the reason; one with
    proven complaints leaves the next draft."""
    desk = visitor("dispatcher")
    submit(
        desk, "/b/positive_list/editions", "/editions/new", {"name": "2026", "area_code": COUNTY}
    )
    (edition,) = open_page(desk, "/b/positive_list/editions").xpath(
        "//a[contains(@href, '/editions/') and not(contains(@href, 'new'))]/@href"
    )
    page = page_after(desk, edition, edition, button="rule")
    said = text(page)
    assert "按条件列入 3 家" in page.text_content()
    assert "一号测试厂" in said
    submit(desk, edition, edition, {"since": "2026-01-01"}, button="publish")

    file = house.process.data.parent / "改行业.csv"
    file.write_text(f"企业名称,所在地,行业\n新涂装厂,{NORTH},金属表面喷涂", encoding="utf-8")
    code, _lines, errors = house.process.command(
        "enter", "enterprise", str(file), "--data", str(house.process.data)
    )
    assert code == 0, errors
    head = [
        "举报编号",
        "举报时间",
        "被举报单位",
        "行政区划",
        "举报内容",
        "受理状态",
        "办结时间",
        "是否属实",
    ]
    rows = [[f"P-{n}", f"2026-0{n + 1}-01 08:00", "二号测试厂", "北镇", f"第{n}次异味，{n}号门", "已办结", f"2026-0{n + 1}-05 08:00", "属实"]
            for n in range(4)]  # fmt: skip
    assert enter(house, "complaint", "属实件.xlsx", [head, *rows]) == 4
    submit(desk, edition, edition, {"name": "2027"}, button="copy")
    copied = next(
        a for a in open_page(desk, "/b/positive_list/editions").xpath("//a[contains(@href, '/editions/')]/@href")
        if a != edition and not a.endswith("new")
    )  # fmt: skip
    page = page_after(desk, copied, copied, button="rule")
    assert "退出 1 家" in page.text_content()
    assert "属实信访投诉" in page.text_content()
    # Planning: a drive over all firms leaves those on the list out, with the reason.
    submit(desk, "/matters/problem/new", "/new", {
        "title": "厂区扬尘", "area_code": NORTH, "origin_kind": "self", "category": "air",
        "tier": "county", "risk": "normal", "key_item": "0",
    })  # fmt: skip
    problem = f"/matters/problem/{desk.api('matters/problem', q='厂区扬尘')[0]['id']}"
    submit(desk, problem, f"{problem}/do/hand_over",
           {"owner_organisation": "北镇人民政府", "measures": "整治"})  # fmt: skip
    submit(desk, problem, f"{problem}/do/sweep",
           {"words": "厂", "begin": "2026-01-01", "end": "2099-12-31"})  # fmt: skip
    (board,) = {a for a in open_page(desk, "/b/sweep").xpath("//a/@href") if "/drives/" in a}
    said = text(open_page(desk, board))
    assert "0/1" in re.sub(r"\s", "", said)
    assert "不再安排 3" in said
