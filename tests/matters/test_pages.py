"""The engine's pages as people use them, and what they refuse."""

from __future__ import annotations

import re
from datetime import timedelta

import lxml.html
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from ecoledger.accounts.models import Organisation, Person
from ecoledger.entities.models import Area
from ecoledger.matters import actions
from ecoledger.matters.actions import Upload
from ecoledger.matters.models import Evidence
from ecoledger.registers.alarms import alarm_case
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.reports import drafting
from ecoledger.reports.declaration import document_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32


@pytest.fixture
def problem(bureau, people):
    return actions.open_matter(
        PROBLEMS,
        {
            "title": "河岸堆放垃圾",
            "area_code": "990101001",
            "origin_kind": "self",
            "entity": bureau.enterprise,
        },
        by=people["officer"],
    )


@pytest.fixture
def case(bureau, people):
    from ecoledger.monitoring.models import Alarm, AlarmRule

    rule = AlarmRule.objects.create(
        code="x", name="二氧化硫小时超标", detector="exceedance", kind="flue_gas"
    )
    now = timezone.now()
    alarm = Alarm.objects.create(
        rule=rule,
        point=bureau.flue_gas,
        parameter="a21026",
        area_code="990101001",
        owner_code="E-1",
        level="orange",
        begin=now - timedelta(hours=1),
        last=now,
        text="二氧化硫 88 mg/m³，限值 50 mg/m³",
    )
    return alarm_case.open_from_alarm(alarm)


def page(client, person, name, *args, **query):
    client.force_login(person)
    return client.get(reverse(name, args=args), query)


def test_what_was_changed_is_told_in_words_and_a_photo_is_seen(problem, client, people):
    photo = SimpleUploadedFile("现场.png", PNG, "image/png")
    actions.attach(problem.pk, [actions.Upload(photo)], by=people["officer"])
    change = {"event": "edit", "label": "修改"}
    actions.amend(problem.pk, {"area_code": "990101002"}, by=people["dispatcher"], **change)
    shown = lxml.html.fromstring(
        page(client, people["dispatcher"], "matter", "problem", problem.pk).content
    )
    (told,) = shown.xpath("//ol[@class='events']")
    assert "南镇" in told.text_content()
    assert "990101002" not in told.text_content()
    pictures = shown.xpath("//main//img/@src")
    evidence = problem.evidence.get()
    assert [src for src in pictures if src.startswith(f"/evidence/{evidence.pk}")]


def test_my_work_shows_what_waits_for_the_person_and_nothing_else(client, people, case, problem):
    shown = page(client, people["dispatcher"], "my-work").content.decode()
    assert case.number in shown
    assert problem.number in shown
    assert case.number not in page(client, people["town"], "my-work").content.decode()
    assert "现在没有等待您办理的事项" in page(client, people["town"], "my-work").content.decode()


def test_the_list_filters_searches_and_exports_what_it_shows(client, people, problem):
    shown = page(client, people["leader"], "matter-list", "problem", q="垃圾").content.decode()
    assert problem.number in shown
    assert (
        "没有符合条件的事项"
        in page(client, people["leader"], "matter-list", "problem", q="噪声").content.decode()
    )
    for query in ({"sort": "-due"}, {"overdue": "1"}, {"opened_from": "2020-13-01"}, {"page": "x"}):
        assert page(client, people["leader"], "matter-list", "problem", **query).status_code == 200
    file = page(client, people["leader"], "matter-export", "problem", q="垃圾")
    assert file["Content-Type"].endswith("spreadsheetml.sheet")


def test_only_the_transitions_a_person_may_do_are_offered(client, people, case):
    dispatcher = page(client, people["dispatcher"], "matter", "alarm_case", case.pk)
    assert [o.transition.name for o in dispatcher.context["offered"]] == [
        "dispatch",
        "ask_enterprise",
        "propose_dismiss",
    ]
    town = page(client, people["town"], "matter", "alarm_case", case.pk)
    assert [o.transition.name for o in town.context["offered"]] == ["propose_dismiss"]


def test_a_case_is_dispatched_from_its_page(client, people, case):
    client.force_login(people["dispatcher"])
    address = reverse("matter-act", args=["alarm_case", case.pk, "dispatch"])
    refused = client.post(address, {"revision": case.revision, "dispatch-finding": "属实"})
    assert refused.status_code == 422
    assert "这个字段是必填项" in refused.content.decode()
    # What was filled in is still there.
    assert "属实</textarea>" in refused.content.decode().replace("\n", "")
    town = Organisation.objects.get(kind="town")
    done = client.post(
        address,
        {
            "revision": case.revision,
            "dispatch-finding": "属实",
            "dispatch-instruction": "查明原因",
            "dispatch-owner_organisation": town.pk,
            "dispatch-owner": "",
        },
    )
    assert done.status_code == 302
    case.refresh_from_db()
    assert (case.state, case.owner_organisation) == ("dispatched", town)


def test_a_case_says_what_goes_on_now_and_leads_to_its_firm_and_station(client, people, case):
    """The text and level of the alarm as it is; what it was at first is called so."""
    alarm = case.latest_alarm
    alarm.level, alarm.text = "red", "二氧化硫 190 mg/m³，限值 50 mg/m³"
    alarm.save()
    alarm_case.repeated(alarm)
    shown = lxml.html.fromstring(
        page(client, people["dispatcher"], "matter", "alarm_case", case.pk).content
    ).xpath("//main")[0]
    text = " ".join(shown.text_content().split())
    assert "首次预警时 二氧化硫 88 mg/m³" in text
    assert text.index("二氧化硫 190 mg/m³") < text.index("首次预警时")
    case.refresh_from_db()
    assert case.level == "red"
    links = shown.xpath(".//a/@href")
    assert f"/stations/{alarm.point_id}" in links
    firm = f"/entities/{case.enterprise_id}"
    assert firm in links
    assert client.get(firm).status_code == 200


def test_acting_on_a_page_opened_before_someone_else_acted_is_told_so(client, people, case):
    client.force_login(people["dispatcher"])
    address = reverse("matter-act", args=["alarm_case", case.pk, "ask_enterprise"])
    assert (
        client.post(address, {"revision": 0, "ask_enterprise-question": "原因?"}).status_code == 302
    )
    late = client.post(address, {"revision": 0, "ask_enterprise-question": "原因?"})
    assert late.status_code == 422
    assert "已由他人处理过" in late.content.decode()


def test_what_lies_outside_the_scope_does_not_exist(client, people, case, problem):
    south = Person.objects.create(
        username="south", name="南镇人员", roles=["town"], area_codes=["990101002"]
    )
    files = [actions.Upload(SimpleUploadedFile("a.png", PNG))]
    (proof,) = actions.attach(problem.pk, files, by=people["officer"])
    for name, args in (
        ("matter", ("problem", problem.pk)),
        ("matter", ("alarm_case", case.pk)),
        ("matter-timeline", ("alarm_case", case.pk)),
        ("evidence", (proof.pk,)),
    ):
        assert page(client, south, name, *args).status_code == 404
        assert page(client, people["officer"], name, *args).status_code == 200
    client.force_login(south)
    for name, args in (
        ("matter-act", ("problem", problem.pk, "hand_over")),
        ("matter-note", ("problem", problem.pk)),
        ("matter-attach", ("problem", problem.pk)),
        ("matter-assign", ("problem", problem.pk)),
        ("matter-clocks", ("problem", problem.pk)),
    ):
        assert client.post(reverse(name, args=args), {"text": "x"}).status_code == 404
    assert problem.number not in page(client, south, "matter-list", "problem").content.decode()
    assert page(client, south, "matter-geojson", "problem").json()["features"] == []


def test_an_enterprise_sees_its_own_case_only_once_it_is_asked(client, people, case, problem):
    mine = people["enterprise"]
    assert page(client, mine, "matter", "alarm_case", case.pk).status_code == 404
    actions.perform(
        case.pk,
        "ask_enterprise",
        by=people["dispatcher"],
        form={"question": "请说明脱硫塔运行情况"},
    )
    shown = page(client, mine, "matter", "alarm_case", case.pk)
    assert shown.status_code == 200
    text = shown.content.decode()
    assert "请说明脱硫塔运行情况" in text
    assert [o.transition.name for o in shown.context["offered"]] == ["explain"]
    # Its own registered problem is the bureau's business; the other firm sees neither.
    assert page(client, mine, "matter", "problem", problem.pk).status_code == 404
    other = Organisation.objects.create(
        name="另一企业", kind="enterprise", area_code="990101001", entity_code="E-2"
    )
    stranger = Person.objects.create(
        username="other", name="另一企业用户", roles=["enterprise"], organisation=other
    )
    assert page(client, stranger, "matter", "alarm_case", case.pk).status_code == 404


def test_evidence_of_the_bureau_is_not_shown_to_the_enterprise(client, people, case):
    internal = actions.attach(
        case.pk,
        [actions.Upload(SimpleUploadedFile("内部.png", PNG))],
        by=people["officer"],
    )[0]
    actions.perform(case.pk, "ask_enterprise", by=people["dispatcher"], form={"question": "?"})
    mine = people["enterprise"]
    assert page(client, mine, "evidence", internal.pk).status_code == 404
    assert "内部.png" not in page(client, mine, "matter", "alarm_case", case.pk).content.decode()
    client.force_login(mine)
    client.post(
        reverse("matter-act", args=["alarm_case", case.pk, "explain"]),
        {
            "explain-explanation_kind": "instrument",
            "explain-explanation": "仪表校准",
            "files": SimpleUploadedFile("说明.png", PNG),
        },
    )
    case.refresh_from_db()
    assert case.state == "verify"
    own = Evidence.objects.latest("id")
    assert page(client, mine, "evidence", own.pk).status_code == 200


def test_a_served_file_runs_nothing(client, people, problem):
    (proof,) = actions.attach(
        problem.pk,
        [actions.Upload(SimpleUploadedFile("a.png", PNG))],
        by=people["officer"],
    )
    response = page(client, people["officer"], "evidence", proof.pk)
    assert b"".join(response.streaming_content) == PNG
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_new_problem_is_registered_on_its_page(client, people, bureau):
    client.force_login(people["grid"])
    address = reverse("matter-new", args=["problem"])
    form = {"origin_kind": "self", "title": "夜间排黑烟", "area_code": "990101001", "deadline": ""}
    done = client.post(address, form)
    assert done.status_code == 302
    made = PROBLEMS.model.objects.get(title="夜间排黑烟")
    assert (made.state, made.created_by) == ("new", people["grid"])
    # Another town's area is not among the choices of the form.
    assert client.post(address, form | {"area_code": "990101002"}).status_code == 200
    assert PROBLEMS.model.objects.count() == 1


def test_the_statistics_page_opens_the_list_behind_each_number(client, people, problem, case):
    shown = page(client, people["leader"], "matter-statistics", "problem")
    assert shown.status_code == 200
    numbers = {n["s"].name: n["s"].value for n in shown.context["numbers"]}
    assert (numbers["handed_over"], numbers["duplicates"], numbers["to_rectify"]) == (1, 0, 1)
    opened = {}
    for figure in lxml.html.fromstring(shown.content).xpath("//main//a[@class='figure']"):
        value, label = (
            figure.xpath(f".//*[@class='figure-{part}']")[0] for part in ("value", "label")
        )
        behind = client.get(figure.get("href"))
        assert behind.status_code == 200, figure.get("href")
        if "件" in value.text_content():
            number = int(value.text_content().split()[0])
            assert len(behind.context["page"].rows) == number, figure.get("href")
            opened[label.text_content()] = number
    assert sorted(opened.values())[-1] == 1
    assert 0 in opened.values()
    assert page(client, people["leader"], "matter-statistics", "alarm_case").status_code == 200
    assert page(client, people["enterprise"], "matter-statistics", "problem").status_code == 403


def test_unknown_registers_and_steps_are_not_found(client, people, problem):
    assert page(client, people["leader"], "matter-list", "nothing").status_code == 404
    client.force_login(people["leader"])
    assert (
        client.post(reverse("matter-act", args=["problem", problem.pk, "fly"])).status_code == 404
    )
    assert page(client, people["system_admin"], "my-work").status_code == 403


def test_what_stays_of_two_is_named_by_its_last_figures_alone(client, problem, bureau, people):
    kept = actions.open_matter(
        PROBLEMS,
        {"title": "河岸垃圾堆放", "area_code": "990101001", "origin_kind": "self"},
        by=people["officer"],
    )
    client.force_login(people["dispatcher"])
    serial = re.search(r"(\d+)号$", kept.number)[1]
    form = {"what": "merge", "ids": [problem.pk], "into": serial, "reason": "同一处"}
    client.post(reverse("matter-batch", args=["problem"]), form)
    problem.refresh_from_db()
    assert problem.merged_into_id == kept.pk


def test_a_town_counts_what_lies_in_it_and_in_its_villages(client, bureau, people):
    for title, area in (("镇", "990101001"), ("村", "990101001002"), ("邻镇", "990101002")):
        given = {"title": title, "area_code": area, "origin_kind": "self"}
        actions.open_matter(PROBLEMS, given, by=people["officer"])
    Area.objects.get_or_create(code="990101001002", defaults={"name": "某村", "level": "village"})
    counted = [
        sum(
            unit.total
            for unit in page(client, people[role], "matter-statistics", "problem").context[
                "organisations"
            ]
        )
        for role in ("town", "officer")
    ]
    assert counted == [2, 3]


def test_of_what_is_finished_nothing_is_offered_that_belongs_to_its_work(client, problem, people):
    """No evidence, nothing beside it and no letter of the time before its end; a remark, and what leads out of its state."""
    desk, other = people["dispatcher"], actions.open_matter(
        PROBLEMS,
        {"title": "另一件", "area_code": "990101001", "origin_kind": "self"},
        by=people["officer"],
    )  # fmt: skip
    offered = ("上传证据", "并联", "拟交办函", "拟督办函")
    said = page(client, desk, "matter", "problem", problem.pk).content.decode()
    assert [word for word in offered if word not in said] == []
    town = people["town"]
    form = {"owner_organisation": town.organisation_id, "owner": town.pk, "measures": "清运", "deadline": "2099-12-31"}  # fmt: skip
    actions.perform(problem.pk, "hand_over", by=desk, form=form)
    photo = Upload(SimpleUploadedFile("清运后.png", PNG, "image/png"))
    actions.perform(
        problem.pk,
        "apply_close",
        by=town,
        form={"verdict": "true", "result": "已清运"},
        files=[photo],
    )
    actions.perform(problem.pk, "confirm_close", by=people["leader"], form={"checked": "已清理"})
    said = page(client, desk, "matter", "problem", problem.pk).content.decode()
    assert [word for word in offered if word in said] == []
    assert "补充说明" in said
    assert "反弹，重开整改" in said
    # A record of its own is signed even now.
    again = Upload(SimpleUploadedFile("签名.png", PNG, "image/png"))
    assert actions.attach(problem.pk, [again], by=desk, of_record=True)
    for refused in (
        lambda: actions.attach(problem.pk, [photo], by=desk),
        lambda: actions.bundle([problem.pk, other.pk], by=desk),
        lambda: drafting.begin_letter(document_of("handover"), problem, by=people["officer"]),
    ):
        problem.refresh_from_db()
        with pytest.raises(actions.Refused, match="已经办结"):
            refused()
