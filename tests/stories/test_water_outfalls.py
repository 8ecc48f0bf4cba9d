"""Outfalls into rivers: 2,252 suspected ones come in as a list and go their way; black and odorous waters are looked at again."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from tests.path.county import COUNTY, NORTH
from tests.path.house import PNG, hours_ago
from tests.stories.pages import _page, open_page, page_after, submit, text
from tests.stories.test_air_sources import PROOF, kept, matters, row_of, statistics
from tests.stories.test_air_weather import entered, workbook

TODAY = hours_ago(0).date()
# S3: 疑似入河排口2252个; 14条河流; 晴天出水排口12处; 12月底完成30%整治.
SUSPECTED, RIVERS, DRY = 2252, 14, 12
HEAD = ("排口名称", "行政区划", "受纳水体", "确认情况", "排口类型", "是否晴天出水", "监测日期", "溯源日期", "整治类型",
        "整治时限", "完成整治日期")  # fmt: skip
SLOTS = ("0601", "0602", "0603", "0604", "0605", "0606")


def outfall(n: int) -> tuple[object, ...]:
    """One row of the campaign's list as it stood: some only suspected, some on their way, some struck off."""
    done = f"{TODAY - timedelta(days=60)}"
    traced = n <= 1000
    closed = 100 < n <= 190
    wanted = 100 < n <= 400
    deadline = TODAY + timedelta(days=-5 if n <= 300 else 90)
    return (
        f"测试排口{n:04d}", "北镇" if n % 2 else "南镇", f"测试河{(n - 1) % RIVERS + 1}",
        "疑似" if n > 2000 else "否" if n > 1990 else "是", "城镇雨洪排口" if n % 3 else "农村生活污水散排口",
        "是" if n <= DRY else "", done if traced else "", done if traced else "",
        "清理合并" if wanted else "", f"{deadline}" if wanted else "", f"{TODAY - timedelta(days=9)}" if closed else "",
    )  # fmt: skip


@pytest.fixture(scope="module")
def campaign(house, tmp_path_factory):
    """The rivers and the list of outfalls, entered as files."""
    folder = tmp_path_factory.mktemp("outfalls")
    rivers = [(f"测试河{n}", f"R-{n:03d}", COUNTY) for n in range(1, RIVERS + 1)]
    head = ("河流名称", "对象编码", "所在地")
    entered(house, "river", workbook(folder / "河流.xlsx", head, rivers))
    rows = [outfall(n) for n in range(1, SUSPECTED + 1)]
    lines = entered(house, "river_outfall", workbook(folder / "排口.xlsx", HEAD, rows))
    assert kept(lines) == SUSPECTED, [
        line.get("reason") for line in lines if line.get("outcome") == "refused"
    ][:3]
    return lines


def surveyed(visitor, case, values, slots):
    """Fill in the survey's form on the page, with a picture in each of ``slots``."""
    page = open_page(visitor, case)
    form = next(f for f in page.forms if (f.action or "").split("#")[0].endswith("/do/survey"))
    data = {name: value for name, value in form.form_values() if value is not None}
    for name, value in values.items():
        (field,) = [n for n in form.fields if n and n.endswith(f"-{name}")]
        data[field] = value
    assert {f"picture-{slot}" for slot in SLOTS} <= set(form.fields)
    files = {f"picture-{slot}": (f"{slot}.png", PNG, "image/png") for slot in slots}
    return visitor.post(form.action, data=data, files=files, follow_redirects=True)


@pytest.mark.story("W6")
def test_2252_outfalls_of_14_rivers_go_their_way(house, visitor, campaign):
    """The list comes in once and each outfall stands where the list says; figures by river, 12 that run in dry weather,
    rectified of those due; one is surveyed with six pictures, confirmed, tested, traced, rectified and struck off."""
    dispatcher, town, monitor = visitor("dispatcher"), visitor("town"), visitor("monitor")
    # 10 were no outfalls already: they are on record, and begin nothing.
    shown = statistics(dispatcher, "outfall_work")
    assert re.search(rf"疑似排口\s*{SUSPECTED - 10}", shown), shown[:900]
    assert re.search(rf"排查河流\s*{RIVERS}", shown)
    assert re.search(rf"晴天出水\s*{DRY}", shown)
    assert re.search(r"整治完成率\s*30\.0", shown), shown[:1500]
    assert "90 / 300" in shown
    assert re.search(r"到期整治完成率\s*45\.0", shown)
    assert "90 / 200" in shown
    # Milestones: 30 % of rectification is met to the point, tracing is not.
    assert re.search(r"整治 \d{4}-12-31 30% 90 / 300 30\.0% \+0\.0", shown)
    assert re.search(r"监测、溯源 \d{4}-09-30 100% 1000 / 1990 50\.3% -49\.7", shown)
    assert "测试河14" in shown
    dry = open_page(dispatcher, "/matters/outfall_work?dry_flow=1")
    assert f"{DRY} 件" in text(dry)
    river = open_page(dispatcher, "/b/river_outfall?standing=confirmed&sort=name")
    assert "1,990" in text(river) or "1990" in text(river)

    # One of them, surveyed by its town.
    (case,) = matters(dispatcher, "/matters/outfall_work?q=测试排口2001")
    seen = {"surveyed_on": f"{TODAY}", "outfall_class": "3007", "mouth": "pipe", "rhythm": "steady", "dry_flow": "1",
            "surroundings": "居民区", "sampleable": "1", "quick_cod": "182", "quick_ammonia": "21.5"}  # fmt: skip
    lacking = surveyed(town, case, seen, SLOTS[:5])
    assert lacking.status_code == 422
    assert "还缺照片：现场情况" in lacking.text
    done = _page(surveyed(town, case, seen, SLOTS))
    assert "待确认" in text(done)
    # Whether it is an outfall is for the desk to say.
    assert not [f for f in open_page(town, case).forms if "/do/confirm" in (f.action or "")]
    submit(dispatcher, case, "/do/confirm", {"outfall_code": "99-1"})
    assert row_of(dispatcher, "river_outfall", "测试排口2001")["排查结论"] == "确认"
    refused = submit_refused(
        monitor,
        case,
        "monitor",
        {"monitored_on": f"{TODAY}", "exceeds": "1", "found": "化学需氧量 182 mg/L"},
    )
    assert "至少 1 份证据" in refused
    submit(monitor, case, "/do/monitor", {"monitored_on": f"{TODAY}", "exceeds": "1", "found": "化学需氧量 182 mg/L"},
           files=PROOF)  # fmt: skip
    submit(town, case, "/do/trace", {"traced_on": f"{TODAY}", "trace_way": "pipes", "liable": "北镇人民政府",
                                     "traced": "沿管线查明为居民区雨污混接"})  # fmt: skip
    submit(dispatcher, case, "/do/decide", {"rectify": "merge", "measures": "接入截污管",
                                            "deadline": f"{TODAY + timedelta(days=30)}",
                                            "owner_organisation_text": "北镇人民政府"})  # fmt: skip
    submit(town, case, "/do/apply_close", {"result": "已封堵并接管"}, files=PROOF)
    submit(dispatcher, case, "/do/confirm_close", {"checked": "现场核实无出水"})
    assert "已销号" in text(open_page(dispatcher, case))
    assert re.search(r"91 / 301", statistics(dispatcher, "outfall_work"))
    # Merged into a sewer it is an outfall no more from today on.
    outfalls = open_page(dispatcher, "/b/river_outfall?q=测试排口2001")
    (file,) = set(outfalls.xpath("//tbody//a[contains(@href, '/entities/')]/@href"))
    assert f"{TODAY}" in text(open_page(dispatcher, file))


def submit_refused(visitor, case, step, values):
    """What the page says when it refuses a step without files."""
    page = open_page(visitor, case)
    form = next(f for f in page.forms if f"/do/{step}" in (f.action or ""))
    data = {name: value for name, value in form.form_values() if value is not None}
    data |= {f"{step}-{name}": value for name, value in values.items()}
    answer = visitor.post(form.action, data=data, follow_redirects=True)
    assert answer.status_code == 422
    return answer.text


@pytest.mark.story("W6")
def test_a_new_outfall_is_approved_or_registered_by_its_class(house, visitor, hired, campaign):
    """A plant's outfall needs approval: it cannot merely be registered, another person decides within 20 working days, and it
    is on record then; a storm drain is registered; the list of classes is the bureau's own."""
    approver, chief = hired("approver", "审批员甲"), hired("section_chief", "水科长甲")
    form = {"sort": "new", "title": "城东污水厂新排口", "liable": "城东水务", "river_text": "测试河1",
            "outfall_class": "1000", "area_code": NORTH}  # fmt: skip
    page = page_after(approver, "/matters/outfall_setting/new", "/new", form)
    case = matters(approver, "/matters/outfall_setting?q=城东污水厂")[0]
    assert "审批" in text(page)
    assert not [f for f in page.forms if "/do/register" in (f.action or "")]
    submit(approver, case, "/do/accept")
    submit(approver, case, "/do/reviewed", {"opinion": "论证可行，公示无异议"}, files=PROOF)
    assert not [f for f in open_page(approver, case).forms if "/do/approve" in (f.action or "")]
    submit(chief, case, "/do/approve", {"approval_no": "测环排〔2026〕1号", "limits": "一级A"})
    row = row_of(chief, "river_outfall", "城东污水厂新排口")
    assert (row["排查结论"], row["责任主体"], row["设置方式"]) == ("确认", "城东水务", "审批")
    submit(approver, case, "/do/change_owner", {"liable": "城东水务二期"}, files=PROOF)
    assert row_of(chief, "river_outfall", "城东污水厂新排口")["责任主体"] == "城东水务二期"

    form |= {"title": "新区雨洪排口", "outfall_class": "3008"}
    submit(approver, "/matters/outfall_setting/new", "/new", form)
    case = matters(approver, "/matters/outfall_setting?q=新区雨洪")[0]
    assert not [f for f in open_page(approver, case).forms if "/do/accept" in (f.action or "")]
    submit(approver, case, "/do/register", {"approval_no": "登记〔2026〕7号"}, files=PROOF)
    shown = statistics(chief, "outfall_setting")
    assert re.search(r"准予设置\s*1", shown)
    assert re.search(r"已登记\s*1", shown)

    # The classes are data: what the bureau reads in the standard it writes there.
    page = open_page(chief, "/b/river_outfall/items")
    assert "标记 ?" in text(page)
    (form,) = (f for f in page.forms if "row-label" in f.fields)
    values = list(form.form_values())
    at = next(n for n, (name, value) in enumerate(values) if (name, value) == ("row-key", "3008"))
    changed = [
        (n, "审批" if n == "row-setting" and at < i < at + 7 else v)
        for i, (n, v) in enumerate(values)
    ]
    data: dict[str, list[str]] = {}
    for name, value in changed:
        data.setdefault(name, []).append(value)
    chief.post("/b/river_outfall/items", data=data, follow_redirects=True)
    assert row_of(chief, "river_outfall", "新区雨洪排口")["设置方式"] == "审批"


# ---- black and odorous waters --------------------------------------------------------------------

WATERS = 82  # S4: 82处农村黑臭水体治理


@pytest.mark.story("Q15")
def test_82_waters_are_treated_watched_and_come_back(house, visitor, tmp_path):
    """82 rural waters from a list; one is judged black and odorous by its tests, treated, struck off on two good tests and the
    public's word by a second person; it is owed a look every quarter, and a bad test opens its treatment again."""
    dispatcher, town = visitor("dispatcher"), visitor("town")
    rows = [
        (
            f"测试黑臭{n}号塘",
            "北镇",
            "农村黑臭水体",
            "塘",
            1200,
            "生活污水",
            "未治理" if n == 1 else "已完成",
        )
        for n in range(1, WATERS + 1)
    ]
    head = ("水体名称", "镇街", "黑臭水体类别", "水体类型", "黑臭面积", "污染成因", "治理状态")
    assert (
        kept(entered(house, "black_water", workbook(tmp_path / "黑臭.xlsx", head, rows))) == WATERS
    )
    name, today = "测试黑臭1号塘", f"{TODAY}"
    done = f"{TODAY - timedelta(days=40)}"
    past = [(2026, f"{n}号塘治理", f"测试黑臭{n}号塘", done, done) for n in range(2, WATERS + 1)]
    head = ("年度", "名称", "水体名称", "完成时限", "销号日期")
    file = workbook(tmp_path / "已完成.xlsx", head, past)
    code, lines, errors = house.process.command(
        "enter", "black_water_work", str(file), "--history", "--data", str(house.process.data)
    )
    assert code == 0, errors
    assert kept(lines) == WATERS - 1

    def tested(who, stage, **values):
        form = {"entity_text": name, "stage": stage, **values}
        submit(who, "/b/black_water_test/new", "/new", form)
        return row_of(who, "black_water_test", name)

    # Clear enough, but it has no oxygen; the mark of the limits stands beside the judgement.
    before = tested(town, "before", clarity_cm="40", oxygen="1.1", ammonia="8")
    assert (before["判定"], before["判定依据"]) == ("黑臭", "溶解氧（M）")
    form = {"title": "1号塘治理", "entity_text": name, "year": "2026"}
    submit(dispatcher, "/matters/black_water_work/new", "/new", form)
    (case,) = matters(dispatcher, "/matters/black_water_work?q=1号塘治理&open=1")
    submit(dispatcher, case, "/do/assign_plan", {"measures": "截污、清淤", "deadline": f"{TODAY + timedelta(days=60)}",
                                                 "owner_organisation_text": "北镇人民政府"})  # fmt: skip
    assert row_of(dispatcher, "black_water", name)["水体状况"] == "治理中"
    tested(town, "after", clarity_cm="45", oxygen="4.2", ammonia="2")
    page = open_page(town, case)
    assert not [
        f for f in page.forms if "/do/apply_close" in (f.action or "")
    ]  # one good test is not two
    assert tested(town, "after", clarity_cm="46", oxygen="4.5", ammonia="1.8")["判定"] == "不黑臭"
    values = {"satisfaction": "70", "result": "水清岸绿"}
    page = open_page(town, case)
    form = next(f for f in page.forms if "/do/apply_close" in (f.action or ""))
    data = {n: v for n, v in form.form_values() if v is not None}
    data |= {f"apply_close-{n}": v for n, v in values.items()}
    photo = [("files", PROOF[0])]
    assert "公众满意度低于 80%" in town.post(form.action, data=data, files=photo).text
    submit(town, case, "/do/apply_close", values | {"satisfaction": "91"}, files=PROOF)
    submit(dispatcher, case, "/do/confirm_close", {"checked": "现场核查，水体清澈"})
    water = row_of(dispatcher, "black_water", name)
    assert (water["水体状况"], water["消除日期"]) == ("已消除", today)
    shown = statistics(dispatcher, "black_water_work")
    assert re.search(rf"完成治理\s*{WATERS}", shown), shown[:800]
    assert f"{WATERS} / {WATERS}" in shown
    # Owed every quarter from now on.
    owed = house.ask(
        "from ecoledger.books import duty\n"
        "from ecoledger.registers.water.black_waters import WATCH\n"
        "duty.extend(WATCH)\n"
        "from ecoledger.books.models import Obligation\n"
        "answer = Obligation.objects.filter(book=WATCH.key, state='due').count()"
    )
    assert owed == WATERS - 1  # the one that was tested today has had this quarter's look
    # The patrol finds it back: its treatment is open again.
    assert tested(town, "watch", clarity_cm="12", oxygen="1.0", ammonia="18")["判定"] == "黑臭"
    water = row_of(dispatcher, "black_water", name)
    assert (water["水体状况"], water["返黑返臭日期"]) == ("返黑返臭", today)
    again = text(open_page(dispatcher, case))
    assert "返黑返臭，重开治理" in again
    assert "治理中" in again
    assert f"{WATERS - 1} / {WATERS}" in statistics(dispatcher, "black_water_work")
    assert name in text(open_page(dispatcher, "/b/black_water_watch?state=done"))
