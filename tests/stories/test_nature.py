"""Nature: what machines recognised and experts confirmed, change spots in protected areas, files to and from the province."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, timedelta

import pytest
from tests.path.county import COUNTY, NORTH
from tests.path.house import PNG, hours_ago
from tests.stories.pages import open_page, page_after, submit, text
from tests.stories.test_air_sources import kept, matters, statistics
from tests.stories.test_air_weather import entered, workbook

PHOTO = [("现场.png", PNG, "image/png")]
HEAD = ("observationID,deploymentID,mediaID,eventID,eventStart,eventEnd,observationLevel,observationType,cameraSetupType,"
        "scientificName,count,lifeStage,sex,behavior,classificationMethod,classifiedBy,classificationTimestamp,"
        "classificationProbability,observationTags,observationComments")  # fmt: skip
DEPLOYED = ("deploymentID,locationID,locationName,latitude,longitude,coordinateUncertainty,deploymentStart,deploymentEnd,"
            "setupBy,cameraID,cameraModel,habitat")  # fmt: skip


def today() -> date:
    return hours_ago(0).date()


def observation(number, at, kind, species="", probability="", device="cam1"):
    return f"{number},{device},m{number},,{at},{at},media,{kind},,{species},1,,,,machine,AI,,{probability},,"


@pytest.mark.story("G1")
def test_machines_propose_species_experts_decide_and_counts_go_by_effort(
    house, visitor, hired, tmp_path
):
    """“763种，其中鸟类215种，国家一级4种；新增9种；江豚28群次；调查1200多公里”: the list by file, cameras and recorders by their
    own files, candidates confirmed by a second person, the ninth new one among them; rates over effort."""
    monitor, chief = visitor("monitor"), hired("section_chief", "自然科长甲")
    year = today().year
    # The list so far: 762 species, 214 birds, three of the first level, eight new ones.
    head = ("中文名", "学名", "类别", "保护等级", "首次记录", "新增物种", "行政区划")
    rows = [("朱鹮", "Nipponia nippon", "鸟类", "", "2019-05-01", "否", COUNTY),
            ("金雕", "Aquila chrysaetos", "鸟类", "", "2019-05-01", "否", COUNTY),
            ("长江江豚", "Neophocaena asiaeorientalis", "哺乳类", "", "2019-05-01", "否", COUNTY)]  # fmt: skip
    rows += [(f"示例鸟{n}", "", "鸟类", "", "2020-05-01", "否", COUNTY) for n in range(212)]
    rows += [(f"示例植物{n}", "", "植物", "", f"{year}-01-02" if n < 8 else "2020-05-01", "是" if n < 8 else "否", COUNTY)
             for n in range(547)]  # fmt: skip
    assert kept(entered(house, "species", workbook(tmp_path / "名录.xlsx", head, rows))) == 762
    listed = text(open_page(monitor, "/b/species?level=1"))
    assert "朱鹮" in listed
    assert "国家重点保护野生动物名录（2021）" in listed

    # Cameras: the files of a Camtrap DP package as they are, in UTC.
    begin = today() - timedelta(days=50)
    package = tmp_path / "deployments.csv"
    package.write_text(
        f"{DEPLOYED}\ncam1,loc1,西山林缘,24.92,118.61,10,{begin}T00:00:00Z,{begin + timedelta(days=40)}T00:00:00Z,甲,1,X1,林缘\n",
        encoding="utf-8",
    )
    assert kept(entered(house, "deployment", package)) == 1
    day = begin + timedelta(days=3)
    seen = [observation("o1", f"{day}T01:00:00Z", "animal", "Ciconia boyciana", "0.97"),
            observation("o2", f"{day}T01:10:00Z", "animal", "Ciconia boyciana", "0.91"),
            observation("o3", f"{day}T01:45:00Z", "animal", "Ciconia boyciana", "0.88"),
            observation("o4", f"{day + timedelta(days=1)}T01:45:00Z", "animal", "Ciconia boyciana", "0.9"),
            observation("o5", f"{day}T02:00:00Z", "animal", "Prionailurus bengalensis", "0.41"),
            observation("o6", f"{day}T03:00:00Z", "blank"), observation("o7", f"{day}T04:00:00Z", "human"),
            observation("o8", f"{day}T04:00:00Z", "animal", "Canis lupus", "0.3", device="cam9")]  # fmt: skip
    package = tmp_path / "observations.csv"
    package.write_text("\n".join([HEAD, *seen]) + "\n", encoding="utf-8")
    lines = entered(house, "detection", package)
    assert kept(lines) == 7, [(x.get("row"), x.get("outcome"), x.get("reason")) for x in lines]
    assert "cam9" in str([line for line in lines if line.get("outcome") == "refused"])
    # Recorders: BirdNET says seconds; the recording's name says where and when.
    submit(monitor, "/b/deployment/new", "/new", {
        "deployment_id": "S01", "name": "江心洲", "sort": "sound", "lon": "118.70", "lat": "24.90", "area_code": NORTH,
        "begin": f"{begin}T00:00", "end": f"{begin + timedelta(days=10)}T00:00"})  # fmt: skip
    sound = tmp_path / "birdnet.csv"
    name = f"S01_{day:%Y%m%d}_053000.wav"
    sound.write_text(
        f"Start (s),End (s),Scientific name,Common name,Confidence,File\n0.0,3.0,Emberiza aureola,黄胸鹀,0.82,{name}\n"
        f"6.0,9.0,Emberiza aureola,黄胸鹀,0.77,{name}\n2400.0,2403.0,Emberiza aureola,黄胸鹀,0.71,{name}\n",
        encoding="utf-8",
    )
    assert kept(entered(house, "detection", sound)) == 3
    found = text(open_page(monitor, "/b/detection?q=Ciconia"))
    assert f"{day:%m-%d} 09:00" in found  # 01:00 UTC

    # Candidates by species and place; who screened does not confirm.
    candidates = matters(monitor, "/matters/species_candidate")
    assert len(candidates) == 3
    (stork,) = matters(monitor, "/matters/species_candidate?q=Ciconia")
    submit(monitor, stork, "/do/screen", {"name": "东方白鹳", "group": "bird"})
    refused = monitor.submit(f"{stork}/do/confirm", {"confirm-name": "东方白鹳"})
    assert refused.status_code == 422
    assert "须由另一人办理" in refused.text
    confirmed = text(page_after(chief, stork, "/do/confirm", {"opinion": "翼羽黑色，喙黑"}))
    assert "国家一级" in confirmed
    (cat,) = matters(monitor, "/matters/species_candidate?q=Prionailurus")
    submit(monitor, cat, "/do/screen", {"name": "豹猫"})
    submit(chief, cat, "/do/doubt", {"reason": "画面模糊"})
    submit(chief, cat, "/do/reject", {"reason": "补拍为家猫"})
    (bunting,) = matters(monitor, "/matters/species_candidate?q=Emberiza")
    submit(monitor, bunting, "/do/screen")
    submit(chief, bunting, "/do/doubt", {"reason": "录音有风噪"})
    told = text(open_page(visitor("dispatcher"), "/notices"))
    assert "新记录物种、国家一级：东方白鹳" in told
    shown = statistics(monitor, "species_candidate")
    assert "1 / 2" in shown
    assert re.search(r"存疑\s*1", shown), shown

    # Surveys by boat: 24 trips of 51 km, 28 groups of porpoises.
    head = ("编号", "调查日期", "调查方式", "调查线路", "调查里程", "行政区划")
    rows = [
        (
            f"DC-{n:02d}",
            f"{date(year, 1, 1) + timedelta(days=n)}",
            "船只考察",
            "长江干流下游段",
            51,
            COUNTY,
        )
        for n in range(24)
    ]
    assert kept(entered(house, "survey_trip", workbook(tmp_path / "调查.xlsx", head, rows))) == 24
    rows = [(f"DC-{n:02d}", "长江江豚", 2 if n < 4 else 1, 3) for n in range(24)]
    head = ("调查编号", "物种名称", "群数", "头数")
    assert kept(entered(house, "sighting", workbook(tmp_path / "目击.xlsx", head, rows))) == 24

    # The figures of the source, each with the list behind it.
    page = open_page(chief, f"/nature/biodiversity?first={year}-01-01")
    figure = {key: " ".join(page.get_element_by_id(key).text_content().split()) for key in
              ("all", "birds", "first-level", "new", "km", "camera-days")}  # fmt: skip
    assert figure["all"] == "物种 763 种"
    assert figure["birds"] == "鸟类 215 种"
    assert figure["first-level"] == "国家一级 4 种"
    assert figure["new"] == "期内新记录 9 种"
    assert "1224.0 km" in figure["km"]
    cells = [
        c.text_content().strip()
        for c in page.xpath("//section[@id='met']//tr[@data-species='长江江豚']/td")
    ]
    assert cells[1] == "28"
    assert cells[4] == "2.29"
    cells = [
        c.text_content().strip()
        for c in page.xpath("//section[@id='cameras']//tr[@data-species='东方白鹳']/td")
    ]
    assert cells[1] == "3"  # four pictures, two of them within half an hour
    assert float(cells[2]) == pytest.approx(40)
    assert float(cells[3]) == pytest.approx(7.5)
    assert not page.xpath("//section[@id='sounds']//tr[@data-species]")
    # Behind each count stand the rows that it is made of, and what they come to.
    for place, told in (
        ("//a[@id='km']", "里程 km 1224.0"),
        ("//a[@id='camera-days']", f"工作日 {cells[2]}"),
        ("//section[@id='met']//tr[@data-species='长江江豚']/td[2]/a", "群次 28"),
        ("//section[@id='cameras']//tr[@data-species='东方白鹳']/td[2]/a", "独立事件 3"),
    ):
        (address,) = page.xpath(f"{place}/@href")
        behind = open_page(chief, address)
        assert told in text(behind), address
    assert len(behind.xpath("//tbody/tr")) == 4
    assert len(behind.xpath("//tbody/tr[contains(., '✓')]")) == 3
    assert (
        len(
            open_page(chief, f"/b/species?new_record=1&first_on_from={year}-01-01").xpath(
                "//tbody/tr"
            )
        )
        == 9
    )


def square(west: float, south: float, side: float) -> dict:
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def geojson(path, features):
    whole = [{"type": "Feature", "properties": p, "geometry": g} for p, g in features]
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": whole}, ensure_ascii=False),
        encoding="utf-8",
    )
    return path


@pytest.mark.story("G2")
def test_a_changed_patch_in_the_red_line_is_checked_and_closed_on_evidence(
    house, visitor, hired, tmp_path
):
    """“绿盾行动”: areas and patches by their GeoJSON files; each patch is laid over the areas, checked on site by the town,
    judged by another, put right and closed by a third step on evidence."""
    monitor, dispatcher, town = visitor("monitor"), visitor("dispatcher"), visitor("town")
    areas = [({"名称": "清溪源水源涵养红线", "类型": "生态保护红线", "行政区划": NORTH}, square(118.60, 24.90, 0.02)),
             ({"名称": "清溪自然保护区", "类型": "核心区", "行政区划": NORTH}, square(118.61, 24.90, 0.02))]  # fmt: skip
    assert kept(entered(house, "protected_area", geojson(tmp_path / "区域.geojson", areas))) == 2
    spots = [({"TBBH": "TB-1", "类型": "房屋建筑", "行政区划": NORTH, "位置": "源头村东"}, square(118.605, 24.905, 0.001)),
             ({"TBBH": "TB-2", "类型": "采石采砂", "行政区划": NORTH, "位置": "岭脚"}, square(118.6195, 24.905, 0.001)),
             ({"TBBH": "TB-3", "类型": "道路交通", "行政区划": NORTH, "位置": "村口"}, square(118.70, 24.905, 0.001)),
             ({"TBBH": "TB-4", "类型": "道路交通", "行政区划": NORTH, "位置": "线"},
              {"type": "LineString", "coordinates": [[118.6, 24.9], [118.61, 24.9]]})]  # fmt: skip
    lines = entered(house, "change_spot", geojson(tmp_path / "图斑.geojson", spots))
    assert kept(lines) == 3
    assert "边界应为面" in str([line for line in lines if line.get("outcome") == "refused"])

    (first,) = matters(monitor, "/matters/change_spot?q=TB-1")
    page = text(open_page(monitor, first))
    assert "清溪源水源涵养红线" in page
    assert "区内面积 公顷 1.1145" in page  # 0.001° squared at 25° N
    (second,) = matters(monitor, "/matters/change_spot?q=TB-2")
    both = text(open_page(monitor, second))
    assert "清溪源水源涵养红线" in both
    assert "清溪自然保护区" in both
    (third,) = matters(monitor, "/matters/change_spot?q=TB-3")
    assert "不在保护区域内" in text(open_page(monitor, third))

    # On site, with a picture; judged by somebody else; closed on evidence by somebody who did not do the work.
    nothing = town.submit(
        f"{first}/do/check", {"check-verdict": "true", "check-found": "新建砖房一栋"}
    )
    assert nothing.status_code == 422
    submit(
        town,
        first,
        "/do/check",
        {"verdict": "true", "found": "新建砖房一栋，未批先建"},
        files=PHOTO,
    )
    later = f"{today() + timedelta(days=60)}"
    submit(dispatcher, first, "/do/hand_over",
           {"measures": "拆除并复绿", "deadline": later, "owner_organisation_text": "北镇人民政府"})  # fmt: skip
    submit(town, first, "/do/apply_close", {"result": "已拆除，覆土播草"}, files=PHOTO)
    done = text(page_after(dispatcher, first, "/do/confirm_close", {"checked": "现场已恢复"}))
    assert "已销号" in done
    submit(town, third, "/do/check", {"verdict": "lawful", "found": "有批文"}, files=PHOTO)
    submit(dispatcher, third, "/do/clear", {"reason": "已核对批文"})
    shown = statistics(dispatcher, "change_spot")
    assert re.search(r"图斑\s*3", shown), shown
    assert re.search(r"涉及生态保护红线\s*2", shown), shown
    assert "2 / 3" in shown  # checked
    assert "1 / 1" in shown  # closed


@pytest.mark.story("G7")
def test_files_go_to_the_province_and_come_from_it_in_declared_formats(house, visitor, tmp_path):
    """“环保专网覆盖率、连通率均达100%”: out of the list of network devices; what is sent and received is kept with its digest,
    and what came is taken in through the list's own preview."""
    monitor = visitor("monitor")
    head = (
        "单位名称",
        "层级",
        "网络设备",
        "应接入",
        "是否接入",
        "是否联通",
        "测试日期",
        "行政区划",
    )
    units = [
        (f"第{n}分局", "镇街", f"路由器{n}", "是", "是", "是" if n else "否", f"{today()}", NORTH)
        for n in range(8)
    ]
    units += [("无人值守站", "站房", "", "否", "否", "", "", NORTH)]
    assert kept(entered(house, "network_node", workbook(tmp_path / "节点.xlsx", head, units))) == 9
    page = open_page(monitor, "/exchanges")
    assert "100.0" in page.get_element_by_id("coverage").text_content()
    assert "87.5" in page.get_element_by_id("connectivity").text_content()
    # Repaired and tried again: the later table brings the unit up to date.
    again = [("第0分局", "镇街", "路由器0", "是", "是", "是", f"{today()}", NORTH)]
    entered(house, "network_node", workbook(tmp_path / "复测.xlsx", head, again))
    page = open_page(monitor, "/exchanges")
    assert "100.0" in page.get_element_by_id("connectivity").text_content()

    # Sent: the file has the other side's headers, and its digest stands in the log.
    sent = page_after(monitor, "/exchanges", "/province_enterprises/send")
    assert "已生成 province_enterprises_" in sent.text_content()
    (file,) = sent.xpath(
        "//tr[@data-format='province_enterprises']//a[contains(@href, '/file')]/@href"
    )
    rows = list(csv.DictReader(io.StringIO(monitor.get(file).content.decode("utf-8-sig"))))
    assert {row["企业名称"] for row in rows} >= {"一号测试厂", "二号测试厂", "三号测试厂"}
    assert rows[0]["行政区划代码"].startswith("990101")
    # A town sends what lies in it, and no more.
    town = visitor("town")
    assert not open_page(town, "/exchanges").xpath("//form[contains(@action, '/send')]")

    # Received: by its format's headers, through the preview, once.
    approver_file = (
        "名录.csv",
        "DWMC,XZQH,TYSHXYDM\n省下发一厂,990101001,\n省下发二厂,990101001,\n".encode(),
    )
    action = "/exchanges/province_enterprise_list/receive"
    csrf = {"csrfmiddlewaretoken": monitor.cookies["csrftoken"], "back": "/exchanges"}
    preview = monitor.post(action, data=csrf, files={"file": approver_file}, follow_redirects=True)
    assert "/b/enterprise/import/" in str(preview.url), preview.text[:500]
    assert "省下发一厂" in preview.text
    batch = re.search(r"/b/enterprise/import/(\d+)", str(preview.url))[1]
    monitor.submit(f"/b/enterprise/import/{batch}/accept", {}, follow_redirects=True)
    twice = monitor.post(action, data=csrf, files={"file": approver_file}, follow_redirects=True)
    assert "已经接收过" in twice.text
    log = text(open_page(monitor, "/b/exchange"))
    assert "名录.csv" in log
    assert "入账 2 行，未入 0 行" in log
    assert "省下发一厂" in text(open_page(monitor, "/b/enterprise?q=省下发一厂"))
