"""One penalty case carried its whole way by the people whose turn it was, with every paper issued: the file to look at.

Visit with its records, filing, order to correct and its re-check, report, notice, defence, legal review, discussion,
decision, payment, closing, archive. Synthetic throughout.
"""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw, ImageFont

from demo.work import aware, person
from ecoledger.entities.models import Enterprise
from ecoledger.matters import actions
from ecoledger.matters.actions import Upload
from ecoledger.registers.enforcement import field_records
from ecoledger.registers.enforcement.check_plan import CheckPlan
from ecoledger.registers.enforcement.correction_orders import REGISTER as ORDERS
from ecoledger.registers.enforcement.field_records import FieldRecord
from ecoledger.registers.enforcement.inspections import REGISTER as VISITS
from ecoledger.registers.enforcement.officers import officer_of
from ecoledger.registers.enforcement.penalty_case.models import EvidenceItem, PenaltyCase
from ecoledger.reports import binding, drafting
from ecoledger.reports.declaration import Letter, document_of
from ecoledger.reports.models import Draft, DraftStep
from ecoledger.standards import workdays

FINE = 250_000
_HEAD = "许承安（演示）"
_ACT = "{found}，我局执法人员对你单位现场检查时，委托环境监测站对废水总排口采样。监测结果显示外排废水化学需氧量为178毫克/升，超过排放标准（80毫克/升）1.2倍。"  # fmt: skip
_WHY = "经调查，你单位生化池曝气风机于{broken}故障停运，未及时维修，也未停止生产。"


class Days:
    """The days of the case: working days after the visit, at a time of the day."""

    def __init__(self, visit: date) -> None:
        self.visit = visit

    def day(self, n: int) -> date:
        return workdays.add_working_days(self.visit, n).day if n else self.visit

    def at(self, n: int, hour: int = 10, minute: int = 0) -> datetime:
        return aware(datetime.combine(self.day(n), time(hour, minute)))

    def said(self, n: int) -> str:
        day = self.day(n)
        return f"{day.year}年{day.month}月{day.day}日"


def build(firm: Enterprise, plan: CheckPlan, now: datetime) -> PenaltyCase:
    """The case, archived; its visit was some five months ago."""
    visit_day = now.date() - timedelta(days=150)
    while not workdays.is_working_day(visit_day):
        visit_day += timedelta(days=1)
    days = Days(visit_day)
    visit = _visit(firm, plan, days)
    case = _filed(visit, days)
    order = _ordered(visit, case, days)
    _investigated(case, days)
    _told_and_reviewed(case, days)
    _decided(case, days)
    _corrected(order, days)
    _performed(case, days)
    return PenaltyCase.objects.get(pk=case.pk)


def _visit(firm: Enterprise, plan: CheckPlan, days: Days) -> Any:
    lead, second = officer_of(person("zhifa2")), officer_of(person("zhifa3"))
    visit = actions.open_matter(
        VISITS,
        {"title": "涉水专项检查", "kind": "special", "entity": firm, "area_code": firm.area_code, "plan": plan,
         "lead": lead, "second": second, "check_by": days.day(5), "address": firm.address, "synthetic": True},
        by=person("diaodu"), at=days.at(0, 8, 30),
    )  # fmt: skip
    _step(visit, "enter", "zhifa2", days.at(0, 9, 20), {"code": firm.code, "shown": "1"})
    record = _record(visit, days, FieldRecord.Kind.SITE, (0, 9, 30), "\n".join((
        "一、建设和生产情况：该公司两条生产线正在生产。", "二、环保手续：持有排污许可证，在有效期内。",
        "三、产污和治污设施：废水经调节、生化、沉淀后排入市政河道，生化池两台曝气风机均停运，控制柜显示故障。",
        "四、违法情况：废水总排口正在排水，水色发黄。环境监测站人员在执法人员见证下采集水样三份，现场封存。",
        "五、现场拍摄照片一张，绘制平面图一张。",
    )))  # fmt: skip
    assert record.final  # noqa: S101 - signed on the screen
    _record(
        visit, days, FieldRecord.Kind.MAP, (0, 10, 20), "生化池位于厂区东侧，废水总排口位于东南角。"
    )
    form = dict.fromkeys(("production", "approvals", "waste", "ledger"), "normal")
    form |= {"facilities": "abnormal", "monitoring": "normal", "site_contact": _HEAD}
    form |= {"found": "生化池曝气风机停运，废水总排口正在排水。", "demand": "立即改正，等待处理。"}
    photo = _photo("废水总排口正在排水", days.at(0, 9, 50), firm)
    _step(visit, "record", "zhifa2", days.at(0, 10, 50), form, photo)
    return visit


def _filed(visit: Any, days: Days) -> PenaltyCase:
    _step(visit, "file_case", "zhifa2", days.at(1), {"cause": "涉嫌超标排放水污染物案"})
    case = PenaltyCase.objects.get(origin_matter=visit)
    said = _ACT.format(found=days.said(0)) + _WHY.format(broken=_before(days, 3))
    PenaltyCase.objects.filter(pk=case.pk).update(party_head=_HEAD, synthetic=True)
    form = {"description": said, "found_on": f"{days.day(0)}", "act_from": f"{days.day(0) - timedelta(days=3)}",
            "act_until": f"{days.day(2)}", "public_interest": "1"}  # fmt: skip
    _step(case, "propose_filing", "zhifa2", days.at(4), form)
    _issue(case, "penalty_filing", days.at(5, 9))
    _step(case, "approve_filing", "juzhang", days.at(5, 9, 30))
    return case


def _ordered(visit: Any, case: PenaltyCase, days: Days) -> Any:
    """Ordered to correct after the report came."""
    demand = "修复曝气风机，停止超标排放废水，并书面报告改正情况。"
    order = actions.open_matter(
        ORDERS,
        {"title": "超标排放水污染物", "entity": case.entity, "area_code": case.area_code, "case": case,
         "party": case.party, "demand": demand, "report_on": days.day(5), "daily": "excess", "description": _now(case).description,
         "synthetic": True},
        by=person("zhifa2"), at=days.at(5, 11), origin_matter=visit,
    )  # fmt: skip
    basis = "《中华人民共和国水污染防治法》第八十三条第二项"
    _issue(order, "correction_order", days.at(6), {"依据": basis})
    _receipt(case, days, 7)
    form = {"served_on": f"{days.day(7)}", "demand": demand}
    _step(order, "serve", "zhifa2", days.at(7), form)
    _step(visit, "finish", "zhifa2", days.at(7, 15), {"outcome": "filed"})
    return order


def _investigated(case: PenaltyCase, days: Days) -> None:
    _record(case, days, FieldRecord.Kind.INTERVIEW, (6, 14, 0), "\n".join((
        "问：我们是安澜市生态环境局的执法人员，这是我们的执法证件，请你确认。\n答：我已确认。",
        "问：你公司的生产和环保手续情况？\n答：两条生产线正常生产，持有排污许可证。",
        f"问：曝气风机什么时候停运的？\n答：{_before(days, 3)}发生故障，配件没有到货，一直没有修。",
        "问：停运期间为什么没有停止生产？\n答：订单紧，想等配件到了再修，我们知道这样做不对。",
        f"问：{days.said(0)}监测结果显示化学需氧量超标1.2倍，你是否有异议？\n答：没有异议。",
        "问：你有什么要补充的？\n答：风机已经修好，请求从轻处理。",
    )))  # fmt: skip
    files = [_report(days)]
    form = {"name": "监测报告", "copies": "1", "obtained_on": f"{days.day(6)}", "provider": "安澜市环境监测站（演示）",
            "proves": "外排废水化学需氧量178毫克/升，超标1.2倍"}  # fmt: skip
    _step(case, "add_evidence", "zhifa2", days.at(6, 9), form, *files)
    told = {"监测日期": days.said(0), "监测对象": "废水总排口", "报告编号": "安环监（水）字〔演示〕118号",
            "监测结果": "化学需氧量178毫克/升，超过排放标准（80毫克/升）1.2倍。"}  # fmt: skip
    _issue(case, "test_result", days.at(8, 9), told)
    _receipt(case, days, 8)
    for name, provider, proves in (
        ("现场检查（勘察）笔录", "安澜市生态环境局", "生化池曝气风机停运，废水总排口正在排水"),
        ("调查询问笔录", "安澜市生态环境局", "当事人承认设施停运的时间、原因和超标排放的事实"),
    ):
        EvidenceItem.objects.create(
            case_id=case.pk, name=name, copies=1, obtained_on=days.day(6), provider=provider, proves=proves,
        )  # fmt: skip
    chosen = {"table": "water_excess", "levels": "times=2 area=0 again=0"}
    _step(case, "assess", "zhifa2", days.at(9), chosen)
    form = {"violated": "《中华人民共和国水污染防治法》第十条", "basis": "《中华人民共和国水污染防治法》第八十三条第二项",
            "conclusion": "事实清楚，证据充分。"}  # fmt: skip
    PenaltyCase.objects.filter(pk=case.pk).update(violated=form["violated"], basis=form["basis"])
    course = f"{days.said(0)}现场检查并采样，{days.said(5)}收到监测报告并立案，{days.said(6)}询问当事人。"
    words = {"调查经过": course, "处理意见": "责令改正违法行为，建议处罚款二十五万元。"}
    _issue(case, "penalty_investigation", days.at(10), words)
    _step(case, "finish_investigation", "zhifa2", days.at(10, 11), form)
    _issue(case, "penalty_review", days.at(12), author="zhifa")
    _step(case, "pass_review", "zhifa", days.at(12, 11), {"checked": "同意调查机构的处理意见"})


def _told_and_reviewed(case: PenaltyCase, days: Days) -> None:
    _issue(case, "penalty_notice", days.at(13))
    _receipt(case, days, 14)
    form = {"notice_served_on": f"{days.day(14)}", "hearing_right": "1"}
    _step(case, "notify", "zhifa2", days.at(14, 15), form)
    stated = {"statement": "曝气风机已修复，没有再超标排放，请求从轻处罚。",
              "statement_answer": "裁量时已按一次违法、一般区域确定，改正是法定义务，不予采纳"}  # fmt: skip
    _step(case, "record_statement", "zhifa2", days.at(17), stated)
    words = {"时间": days.said(17), "陈述申辩人": _HEAD, "接待人": _both()}
    _issue(case, "statement_record", days.at(17, 11), words)
    _issue(case, "statement_review", days.at(18))
    _step(case, "send_legal", "zhifa2", days.at(21))
    opinion = "主体合法，事实清楚，证据充分，程序合法，裁量适当，审核同意。"
    _issue(case, "penalty_legal_review", days.at(23), {"审核意见": opinion}, author="fazhi")
    _step(case, "legal_pass", "fazhi", days.at(23, 11), {"legal_opinion": opinion})


def _decided(case: PenaltyCase, days: Days) -> None:
    said = {
        "discussed_on": f"{days.day(25)}",
        "discussion": "同意处罚款二十五万元。",
        "present": "程知远、季明衡、沈若谷：同意",
    }
    sheet = Upload(_image("DISCUSSION SIGN-IN SHEET"), caption="集体讨论签到表（合成数据）")
    _step(case, "discuss", "juzhang", days.at(25), said, sheet)
    words = {"讨论时间": f"{days.said(25)}10时00分至10时40分", "讨论地点": "我局二楼会议室", "主持人": "程知远 局长",
             "参加人员": "程知远 局长、沈若谷 调度中心主任、季明衡 法规科科长；列席：罗致平 执法队员",
             "各人意见": "沈若谷：事实清楚，同意。\n季明衡：程序合法，裁量适当，同意。\n程知远：同意。",
             "结论意见": "一致同意对该单位处罚款二十五万元。"}  # fmt: skip
    _issue(case, "penalty_discussion", days.at(25, 15), words)
    _step(case, "decide", "juzhang", days.at(26), {"heaviest": "fine", "fine": str(FINE)})
    _issue(case, "penalty_decision", days.at(26, 11))
    _receipt(case, days, 28)
    form = {"served_on": f"{days.day(28)}", "serve_mode": "direct"}
    _step(case, "serve", "zhifa2", days.at(28, 15), form)


def _corrected(order: Any, days: Days) -> None:
    """Looked at again within thirty days of its service."""
    form = {"rechecked_on": f"{days.day(20)}", "rechecked": "曝气风机运行正常，复测达标，已改正。"}
    photo = _photo("曝气风机已修复", days.at(20), order.entity)
    _step(order, "recheck", "zhifa2", days.at(20, 16), form, photo)


def _performed(case: PenaltyCase, days: Days) -> None:
    _step(case, "disclose", "zhifa2", days.at(29), {"disclosed_on": f"{days.day(29)}"})
    paid = {"paid_on": f"{days.day(34)}", "amount": str(FINE), "receipt": "（演示）0031182"}
    _step(case, "pay", "zhifa2", days.at(34), paid)
    until = days.day(26) + timedelta(days=1095)
    _step(case, "note_credit", "zhifa2", days.at(35), {"public_until": f"{until}"})
    receipt = Upload(_image("BANK RECEIPT 250,000.00"), caption="缴款票据（合成数据）")
    form = {"closing": "performed", "corrected_on": f"{days.day(20)}"}
    _step(case, "close", "zhifa2", days.at(38), form, receipt)
    _issue(case, "penalty_closing", days.at(39), {"承办意见": "责令改正和罚款均已履行，建议结案。"})
    _step(case, "confirm_close", "juzhang", days.at(39, 11))
    _step(case, "archive", "zhifa3", days.at(45), {"place": "档案室3号柜（演示）"})


# ---- what each of them uses ----------------------------------------------------------------------


def _both() -> str:
    """The two officers of the case with their certificates."""
    return "、".join(f"{p.name} {p.certificate_no}" for p in (person("zhifa2"), person("zhifa3")))


def _before(days: Days, n: int) -> str:
    day = days.day(0) - timedelta(days=n)
    return f"{day.month}月{day.day}日"


def _now(case: PenaltyCase) -> PenaltyCase:
    return PenaltyCase.objects.get(pk=case.pk)


def _step(
    matter: Any, name: str, by: str, at: datetime, form: dict[str, str] | None = None, *files: Upload
) -> None:  # fmt: skip
    actions.perform(matter.pk, name, by=person(by), form=form or {}, files=list(files), at=at)


def _issue(
    matter: Any, kind: str, at: datetime, words: dict[str, str] | None = None, author: str = "zhifa2"
) -> None:  # fmt: skip
    """A paper drafted, reviewed by the head of the brigade, signed by the head of the bureau, issued."""
    letter = cast(Letter, document_of(kind))
    row = type(matter).objects.get(pk=matter.pk)
    draft = drafting.begin_letter(letter, row, by=person(author))
    drafting.write(draft, draft.words | (words or {}), by=person(author))
    drafting.submit(draft, by=person(author))
    while draft.state in (Draft.State.REVIEW, Draft.State.SIGN):
        signs = draft.state == Draft.State.SIGN
        drafting.approve(draft, by=person("juzhang" if signs else "zhifa"))
    drafting.issue(draft, by=person("zhifa" if author != "zhifa" else "zhifa3"), at=at)
    DraftStep.objects.filter(draft=draft).update(at=at)


def _receipt(case: PenaltyCase, days: Days, n: int) -> None:
    """The receipt of what went out last."""
    words = {
        "送达地点": "当事人办公室",
        "收件人": f"{_HEAD}，法定代表人",
        "收件日期": days.said(n),
        "送达人": _both(),
    }
    _issue(case, "penalty_delivery", days.at(n, 14), words)


def _record(
    matter: Any, days: Days, kind: str, begin: tuple[int, int, int], text: str
) -> FieldRecord:  # fmt: skip
    """A record made on the spot and signed on the screen."""
    start = days.at(*begin)
    end = start + timedelta(minutes=45)
    row = type(matter).objects.get(pk=matter.pk)
    record = field_records.write(
        row,
        {"kind": kind, "started_at": start, "ended_at": end, "place": matter.entity.address or str(matter.entity),
         "name": _HEAD, "identity": "000000000000000000", "post": f"{matter.entity} 法定代表人", "phone": "000-0000000",
         "relation": "staff", "first": officer_of(person("zhifa2")), "second": officer_of(person("zhifa3")),
         "told": True, "text": text, "orientation": "上北下南" if kind == FieldRecord.Kind.MAP else ""},
        by=person("zhifa2"), at=end,
        drawing=Upload(_plan(), caption="现场勘察平面图") if kind == FieldRecord.Kind.MAP else None,
    )  # fmt: skip
    signature = Upload(_signature(), caption="当事人签名")
    return field_records.sign(record, by=person("zhifa2"), signature=signature, at=end)


def _photo(caption: str, at: datetime, firm: Any) -> Upload:
    return Upload(
        _scene(f"{at:%Y-%m-%d %H:%M}"), caption=f"{caption}（合成数据）", lon=firm.lon, lat=firm.lat,
        device_time=at,
    )  # fmt: skip


def _file(image: Image.Image, name: str) -> SimpleUploadedFile:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return SimpleUploadedFile(name, buffer.getvalue(), "image/png")


def _scene(stamp: str) -> SimpleUploadedFile:
    """A drawn outlet: bank, pipe, discoloured water."""
    image = Image.new("RGB", (960, 640), (198, 216, 226))
    draw = ImageDraw.Draw(image)
    draw.polygon([(0, 250), (960, 210), (960, 470), (0, 430)], fill=(128, 140, 108))
    draw.rectangle((0, 430, 960, 640), fill=(150, 140, 96))
    draw.ellipse((390, 300, 520, 430), fill=(96, 98, 100))
    draw.ellipse((410, 320, 500, 410), fill=(40, 42, 44))
    draw.polygon([(420, 380), (490, 380), (560, 640), (370, 640)], fill=(186, 160, 84))
    font = ImageFont.load_default(size=22)
    draw.text((24, 596), f"SYNTHETIC  {stamp}", fill=(250, 250, 240), font=font)
    return _file(image, "现场照片.png")


def _image(words: str) -> SimpleUploadedFile:
    image = Image.new("RGB", (900, 600), (250, 250, 246))
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, 880, 580), outline=(90, 90, 90), width=3)
    draw.text((50, 50), f"SYNTHETIC DEMO\n{words}", fill=(60, 60, 60), font=ImageFont.load_default(size=30))  # fmt: skip
    for n in range(5):
        draw.line((50, 220 + n * 70, 850, 220 + n * 70), fill=(170, 170, 170), width=2)
    return _file(image, f"{words.split()[0].lower()}.png")


def _plan() -> SimpleUploadedFile:
    """A plan of the site: workshops, ponds, outlet, the way north."""
    image = Image.new("RGB", (1000, 640), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=22)
    draw.rectangle((60, 60, 940, 580), outline="black", width=3)
    for box, name in (
        ((100, 110, 430, 300), "WORKSHOP 1"),
        ((100, 340, 430, 530), "WORKSHOP 2"),
        ((600, 130, 760, 290), "AERATION"),
        ((600, 340, 760, 460), "SETTLING"),
    ):
        draw.rectangle(box, outline="black", width=2)
        draw.text((box[0] + 14, box[1] + 14), name, fill="black", font=font)
    draw.line((760, 400, 880, 400, 880, 580), fill="blue", width=3)
    draw.text((800, 540), "OUTLET", fill="blue", font=font)
    draw.line((890, 150, 890, 90), fill="black", width=3)
    draw.polygon([(880, 96), (900, 96), (890, 74)], fill="black")
    draw.text((882, 156), "N", fill="black", font=font)
    return _file(image, "平面图.png")


def _signature() -> SimpleUploadedFile:
    """A hand on the screen."""
    image = Image.new("RGBA", (420, 150), (255, 255, 255, 0))
    draw = ImageDraw.Draw(image)
    path = [(30, 90), (70, 40), (60, 110), (110, 60), (150, 70), (140, 120), (200, 50), (230, 100)]
    path += [(270, 60), (300, 110), (340, 70), (390, 80)]
    draw.line(path, fill=(20, 20, 60, 255), width=5, joint="curve")
    return _file(image, "签名.png")


def _report(days: Days) -> Upload:
    """The report of the laboratory, a PDF."""
    source = """
#head[监测报告]
#v(4mm)
#align(center)[安环监（水）字〔演示〕118号]
#v(6mm)
#table(columns: (38mm, 1fr), inset: 8pt, ..data.rows.flatten())
#v(4mm)
#table(columns: (1fr, 1fr, 1fr, 1fr), inset: 8pt, align: center, ..data.results.flatten())
#v(8mm)
#align(right)[安澜市环境监测站（演示）#linebreak() #data.day]
"""
    rows = [["委托单位", "安澜市生态环境局（演示）"], ["采样日期", days.said(0)], ["采样地点", "废水总排口"],
            ["样品状态", "浅黄、微浊，三份，封存完好"], ["方法", "重铬酸盐法 HJ 828-2017"]]  # fmt: skip
    results = [["项目", "结果 mg/L", "限值 mg/L", "评价"], ["化学需氧量", "178", "80", "超标1.2倍"], ["氨氮", "4.1", "10", "达标"]]  # fmt: skip
    content = binding.page(source, {"rows": rows, "results": results, "day": days.said(5)})
    file = SimpleUploadedFile("监测报告.pdf", content, "application/pdf")
    return Upload(file, caption="监测报告（合成数据）")
