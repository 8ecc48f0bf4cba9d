"""T13: the year's works projects with milestones; completion beside the time gone, late ones by town and type."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta

import openpyxl
import pytest
from tests.stories.pages import open_page
from tests.stories.test_alarm_to_closing import step

from ecoledger.live import times

pytestmark = pytest.mark.story("T13")

# S3: 年度大气污染防治工程134项，已完成104项，完成率77.6%
PROJECTS, COMPLETED = 134, 104
TODAY = times.now().date()
MATTER = re.compile(r"/matters/project/\d+$")
TYPES = ("挥发性有机物治理", "扬尘治理", "移动源治理")
HEADER = ["年度", "项目名称", "工程类型", "属地", "责任单位", "总投资 万元", "计划完成", "完成日期"]


def table(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in (HEADER, *rows):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def project(n: int, finished: date | None) -> list[object]:
    town = ("北镇", "南镇")[n % 2]
    year = TODAY.year
    planned = date(year, 12, 31) if n % 10 else date(year, 1, 1)
    return [
        year,
        f"第{n}项大气治理工程",
        TYPES[n % 3],
        town,
        f"{town}人民政府",
        "80",
        f"{planned:%Y-%m-%d}",
        f"{finished:%Y-%m-%d}" if finished else "",
    ]


def bring_in(person, name: str, rows: list[list[object]], *, history: bool = False) -> None:
    """Upload a table on the page, look at the preview, take it in."""
    form = {"history": "1"} if history else {}
    answer = person.submit(
        "/b/project/import", form, files={"file": (name, table(rows))}, follow_redirects=True
    )
    assert f"{len(rows)}" in answer.text
    batch = re.search(r"/b/project/import/(\d+)", str(answer.url))[1]
    done = person.submit(f"/b/project/import/{batch}/accept", {}, follow_redirects=True)
    assert done.status_code == 200, done.text


@pytest.fixture(scope="module")
def plan(visitor):
    """The bureau's list of projects as it stood in its spreadsheets: 104 completed, 30 under way."""
    desk = visitor("dispatcher")
    finished = TODAY - timedelta(days=20)
    bring_in(
        desk, "已完成工程.xlsx", [project(n, finished) for n in range(COMPLETED)], history=True
    )
    rest = range(COMPLETED, PROJECTS - 1)
    bring_in(desk, "在建工程.xlsx", [project(n, None) for n in rest])
    return desk


def expected_verdict() -> str:
    gone = (TODAY.timetuple().tm_yday - 1) / date(TODAY.year, 12, 31).timetuple().tm_yday
    if gone > COMPLETED / PROJECTS:
        return "任务进度滞后于时间进度"
    return "时间过半、任务超半" if gone >= 0.5 else "任务进度快于时间进度"


def test_the_year_s_projects_are_counted_beside_the_time_gone(plan, page_of, visitor):
    """S3: 134 works, 104 completed, 77.6 % beside the time gone, by town and type, with the milestones that are late; on 1
    January nothing was completed."""
    # The last one is entered on the page, with its milestones.
    page = page_of("dispatcher")
    page.goto("/matters/project")
    page.get_by_role("link", name="登记", exact=True).click()
    page.get_by_label("年度").fill(str(TODAY.year))
    page.get_by_label("项目名称").fill("园区废气收集改造")
    page.get_by_label("工程类型").select_option(label="挥发性有机物治理")
    page.get_by_label("属地").select_option(label="北镇")
    page.locator('[name="owner_organisation_text"]').fill("北镇人民政府")
    page.get_by_label("计划完成").first.fill(f"{TODAY + timedelta(days=60)}")
    page.locator('[name="milestones-0-name"]').fill("完成设计")
    page.locator('[name="milestones-0-due"]').fill(f"{TODAY - timedelta(days=9)}")
    page.locator("form button.btn-primary").click()
    page.wait_for_url(MATTER)
    address = page.url
    assert "完成设计" in page.locator("#milestones").inner_text()

    # The town starts the works and says how far they are.
    town = page_of("town")
    town.goto(address)
    step(town, "start")
    town.locator("#milestones").get_by_role("link", name="填报").click()
    town.locator('[name="milestones-1-name"]').fill("主体完工")
    town.locator('[name="milestones-1-due"]').fill(f"{TODAY + timedelta(days=30)}")
    town.get_by_role("button", name="保存").click()
    town.wait_for_url(MATTER)
    assert "主体完工" in town.locator("#milestones").inner_text()

    # The figures of the source, from the statistics page.
    page.goto("/matters/project/statistics")
    text = page.locator("main").inner_text()
    assert f"{COMPLETED} / {PROJECTS}" in text
    assert "77.6" in text
    assert expected_verdict() in text
    assert "完成设计" in text  # the milestone that is late
    for name in ("北镇", "南镇", *TYPES):
        assert name in text

    # On the first day of the year nothing was completed.
    page.goto(f"/matters/project/statistics?on={TODAY.year}-01-01")
    assert f"0 / {PROJECTS}" in page.locator("main").inner_text()


def test_what_is_late_is_a_list_that_leaves_as_a_file(plan, visitor):
    """What is late is a list and leaves as a file, milestones on a sheet of their own."""
    listed = plan.get("/matters/project", params={"overdue": "1"}).text
    late = [n for n in range(COMPLETED, PROJECTS - 1) if n % 10 == 0]
    assert all(f"第{n}项大气治理工程" in listed for n in late)
    assert "第105项大气治理工程" not in listed
    book = openpyxl.load_workbook(
        io.BytesIO(plan.get("/matters/project/export.xlsx", params={"overdue": "1"}).content)
    )
    assert "节点计划" in book.sheetnames
    assert len(list(book.active.iter_rows(min_row=3, min_col=1, max_col=1))) >= len(late)


def test_a_town_sees_its_own_projects_only(plan, visitor):
    """A town sees its own works alone."""
    page = open_page(visitor("south"), "/matters/project?q=大气治理工程")
    seen = page.xpath("//tbody")[0].text_content()
    assert "南镇" in seen
    assert "北镇" not in seen


def test_a_project_is_completed_on_evidence_and_by_a_second_person(plan, visitor):
    """Completed on evidence, accepted by a second person."""
    from tests.path.house import PNG

    town, desk = visitor("town"), visitor("dispatcher")
    row = desk.api("matters/project", q="第110项大气治理工程")[0]
    do = f"/matters/project/{row['id']}/do"
    refused = town.submit(f"{do}/finish", {"finish-result": "已完工"})
    assert refused.status_code == 422
    assert "至少 1 份证据" in refused.text
    photo = {"files": ("竣工.png", PNG, "image/png")}
    assert town.submit(f"{do}/finish", {"finish-result": "已完工"}, files=photo).is_redirect
    assert desk.submit(f"{do}/accept", {"accept-checked": "符合设计"}).is_redirect
    assert desk.api(f"matters/project/{row['id']}")["state"] == "completed"
