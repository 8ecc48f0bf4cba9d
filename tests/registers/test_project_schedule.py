"""Projects: completion beside time gone on any day, late ones by town and type, milestones filled in as a table."""

from __future__ import annotations

import io
from datetime import date, datetime

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from ecoledger.listings import cells
from ecoledger.matters import actions, chain, history, statistics
from ecoledger.matters.actions import Refused
from ecoledger.matters.register import seen_of
from ecoledger.registers.projects import project_schedule
from ecoledger.registers.projects.project_schedule import REGISTER, Milestone, Project


def cst(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


def project(people, n: int = 1, *, lines=(), at: str = "2025-01-10", **more):
    values = {
        "title": f"第{n}项治理工程",
        "year": 2025,
        "type": "vocs",
        "area_code": "990101001",
        "planned_finish": date(2025, 10, 31),
        "owner_organisation": people["town"].organisation,
    } | more
    return actions.open_matter(
        REGISTER, values, by=people["dispatcher"], at=cst(at), lines={"milestones": lines}
    )


def done(n: int, **more):
    values = {
        "title": f"已完成{n}",
        "year": 2025,
        "type": "dust",
        "area_code": "990101002",
        "planned_finish": date(2025, 6, 30),
        "opened_at": cst("2025-01-10"),
        "closed_at": cst("2025-05-20"),
    }
    return values | more


STEPS = [
    {"name": "完成招标", "due": "2025-03-31", "done_on": "2025-03-20"},
    {"name": "主体完工", "due": "2025-08-31", "done_on": ""},
]


def counted(now: str):
    return statistics.by_name(
        statistics.of(REGISTER, Project.objects.all(), cst(now), seen_of(None))
    )


def test_completion_stands_beside_the_time_gone_on_any_day(bureau, people):
    project(people)
    history.enter(REGISTER, [done(n) for n in range(3)], by=people["dispatcher"], source="x")
    july = counted("2025-07-03T12:00:00")
    assert (july["total"].value, july["done"].value) == (4, 3)
    assert july["completion"].value == 75
    assert july["time_gone"].value == pytest.approx(100 * 183 / 365)
    assert july["ahead"].value == pytest.approx(75 - 100 * 183 / 365)
    assert july["ahead"].note == "时间过半、任务超半"
    # In May none was completed yet: what happened later is not known on an earlier day.
    may = counted("2025-05-01T12:00:00")
    assert (may["done"].value, may["ahead"].note) == (0, "任务进度滞后于时间进度")


def test_what_is_late_is_counted_by_town_and_by_type(bureau, people):
    project(people, planned_finish=date(2025, 6, 1), lines=STEPS)
    history.enter(REGISTER, [done(n) for n in range(2)], by=people["dispatcher"], source="x")
    towns, types, steps = REGISTER.breakdowns(
        Project.objects.all(), cst("2025-09-02T12:00:00"), seen_of(None)
    )
    assert [cells_ for cells_, _query in towns.rows] == [
        ("北镇", "1", "0", "0.0%", "1"),
        ("南镇", "2", "2", "100.0%", "0"),
    ]
    assert [cells_[0] for cells_, _query in types.rows] == ["挥发性有机物治理", "扬尘治理"]
    assert [cells_[:1] + cells_[3:] for cells_, _query in steps.rows] == [
        ("主体完工", "2025-08-31", "2")
    ]


def test_a_project_is_accepted_by_another_person_on_evidence(bureau, people, photo):
    made = project(people)
    town, chief = people["town"], people["dispatcher"]
    actions.perform(made.pk, "start", by=town)
    with pytest.raises(Refused) as refused:
        actions.perform(made.pk, "finish", by=town, form={"result": "完工"})
    assert refused.value.code == "evidence"
    actions.perform(made.pk, "finish", by=town, form={"result": "完工"}, files=[photo()])
    accepted = actions.perform(made.pk, "accept", by=chief, form={"checked": "符合"})
    assert (accepted.state, accepted.progress) == ("completed", 100)


# ---- lines ---------------------------------------------------------------------------------------


def test_lines_are_kept_changed_and_taken_out_and_the_event_says_what_they_were(bureau, people):
    made = project(people, lines=STEPS)
    first, second = Milestone.objects.filter(project=made)
    rows = [
        {"id": first.pk, "name": "完成招标", "due": "2025-04-15", "done_on": "2025-03-20"},
        {"name": "竣工验收", "due": "2025-10-20"},
    ]
    actions.set_lines(made.pk, "milestones", rows, by=people["town"])
    assert [(m.name, m.due) for m in Milestone.objects.filter(project=made)] == [
        ("完成招标", date(2025, 4, 15)),
        ("竣工验收", date(2025, 10, 20)),
    ]
    assert not Milestone.objects.filter(pk=second.pk).exists()
    event = made.events.get(transition="lines")
    assert [row["name"] for row in event.form["before"]] == ["完成招标", "主体完工"]
    assert chain.first_broken(made.pk) is None
    count = made.events.count()
    same = [
        {"id": m.pk, "name": m.name, "due": m.due, "done_on": m.done_on or ""}
        for m in Milestone.objects.filter(project=made)
    ]
    actions.set_lines(made.pk, "milestones", same, by=people["town"])
    assert made.events.count() == count


def test_a_wrong_row_is_named_and_nothing_is_changed(bureau, people):
    made = project(people, lines=STEPS)
    rows = [{"name": "完成招标", "due": "2025-04-15"}, {"name": "", "due": "2025-02-30"}]
    with pytest.raises(Refused) as refused:
        actions.set_lines(made.pk, "milestones", rows, by=people["dispatcher"])
    assert set(refused.value.fields) == {"milestones-1-name", "milestones-1-due"}
    assert Milestone.objects.filter(project=made).count() == 2


def test_of_a_finished_project_its_owner_changes_neither_lines_nor_fields(bureau, people, client):
    made = project(people, lines=STEPS)
    type(made).objects.filter(pk=made.pk).update(state="completed", phase="done")
    with pytest.raises(Refused) as refused:
        actions.set_lines(made.pk, "milestones", [], by=people["town"])
    assert refused.value.code == "state"
    assert Milestone.objects.filter(project=made).count() == 2
    pages = (f"/b/project/{made.pk}/edit", f"/matters/project/{made.pk}/lines/milestones")
    for name, status in (("town", 403), ("dispatcher", 200)):
        client.force_login(people[name])
        assert [client.get(page).status_code for page in pages] == [status, status]
    put_right = [{"name": "完成招标", "due": "2025-04-15"}]
    actions.set_lines(made.pk, "milestones", put_right, by=people["dispatcher"])
    assert [m.name for m in Milestone.objects.filter(project=made)] == ["完成招标"]


def test_who_neither_manages_nor_owns_does_not_fill_them_in(bureau, people):
    made = project(people)
    with pytest.raises(Refused) as refused:
        actions.set_lines(made.pk, "milestones", STEPS, by=people["monitor"])
    assert refused.value.code == "role"


def test_the_pages_ask_for_lines_and_show_them(bureau, people, client):
    client.force_login(people["dispatcher"])
    form = {
        "year": "2025",
        "title": "园区废气收集",
        "type": "vocs",
        "area_code": "990101001",
        "owner_organisation": str(people["town"].organisation_id),
        "planned_finish": "2025-10-31",
        "milestones-count": "3",
        "milestones-0-name": "完成设计",
        "milestones-0-due": "2025-03-31",
        "milestones-2-name": "主体完工",
        "milestones-2-due": "",
    }
    page = reverse("matter-new", args=["project"])
    again = client.post(page, form).content.decode()
    assert "完成设计" in again
    assert not Project.objects.exists()
    answer = client.post(page, form | {"milestones-2-due": "2025-09-30"}, follow=True)
    shown = answer.content.decode()
    assert "节点计划" in shown
    assert "2025-09-30" in shown
    made = Project.objects.get()
    fill = reverse("matter-lines", args=["project", made.pk, "milestones"])
    assert 'value="完成设计"' in client.get(fill).content.decode()
    client.post(
        fill,
        {
            "milestones-count": "2",
            "milestones-0-id": str(made.milestones.first().pk),
            "milestones-0-name": "完成设计",
            "milestones-0-due": "2025-03-31",
            "milestones-0-done_on": "2025-03-30",
            "milestones-1-name": "主体完工",
            "milestones-1-due": "2025-09-30",
            "milestones-1-remove": "1",
        },
    )
    assert [(m.name, m.done_on) for m in made.milestones.all()] == [("完成设计", date(2025, 3, 30))]


def test_the_export_has_a_sheet_of_lines(bureau, people):
    made = project(people, lines=STEPS)
    content = cells.workbook(
        REGISTER, people["leader"], REGISTER.visible_to(people["leader"]), title="治理工程"
    )
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["治理工程", "节点计划"]
    rows = list(book["节点计划"].iter_rows(min_row=2, values_only=True))
    assert rows[0] == ("编号", "节点", "计划完成", "实际完成")
    assert rows[1][:2] == (made.number, "完成招标")


def test_the_statistics_page_tells_of_a_day(bureau, people, client):
    project(people)
    history.enter(REGISTER, [done(n) for n in range(3)], by=people["dispatcher"], source="x")
    client.force_login(people["leader"])
    page = client.get(reverse("matter-statistics", args=["project"]), {"on": "2025-07-03"})
    text = page.content.decode()
    assert "时间过半、任务超半" in text
    assert "3 / 4" in text


def test_the_examples_in_the_docstrings_hold():
    import doctest

    assert doctest.testmod(project_schedule).failed == 0
