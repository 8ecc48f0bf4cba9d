"""What an enforcement paper says beside the fields of its matter: sums in capitals, evidence, discretion, remedies."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ecoledger.matters.models import Matter
from ecoledger.registers.enforcement.field_records import FieldRecord
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase
from ecoledger.registers.enforcement.rules import rules
from ecoledger.reports import matter_values
from ecoledger.standards import fines

# The account and the organs of remedy stand in the bureau's own rules; until they do, the words say it in general.
BANK = (
    "{% if 收款银行 %}将罚款缴至{{ 收款银行 }}（户名：{{ 收款户名 }}，账号：{{ 收款账号 }}）"
    "{% else %}持缴款通知书到指定的银行或者通过电子支付系统缴纳罚款{% endif %}"
)
REMEDY = (
    "如不服本决定，可以自收到本决定书之日起六十日内向{{ 复议机关 }}申请行政复议，"
    "也可以自收到本决定书之日起六个月内依法向{{ 管辖法院 }}提起行政诉讼。"
)
REMEDY_NAMES = ("复议机关", "管辖法院")

CASE_NAMES = (
    "罚款大写", "拟罚款大写", "罚没合计", "证据", "裁量过程", "裁量依据", "陈述申辩采纳", "收款银行", "收款户名", "收款账号",
    "罚款数额", "加处数额", "已缴数额", "已缴加处数额", "缴款截止", "加处至今", "日罚天数", "日罚起", "日罚止", "责改文号", "调查人员",
    "处罚内容", "处理结果", "原罚款数额元", "当场收缴元", "案件名称", *REMEDY_NAMES,
)  # fmt: skip


def money(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:,.2f}".removesuffix(".00")


def day(on: Any) -> str:
    return matter_values.words(on) if on else ""


def remedies() -> dict[str, str]:
    """Who hears a remedy, as the bureau's own rules name them."""
    organs = rules("penalties").get("remedy", {})
    return {
        "复议机关": organs.get("government") or "本级人民政府",
        "管辖法院": organs.get("court") or "有管辖权的人民法院",
    }


def case(matter: Matter) -> dict[str, Any]:
    """Sums in capitals, evidence and discretion in words, whether the party was heard."""
    case: Any = getattr(matter, "as_penalty_case", matter)
    bank, discretion = rules("penalties")["bank"], case.discretion or {}
    proposed = case.notified_fine or case.proposed_fine
    found = None
    if case.daily_original and case.daily_served_on and case.daily_found_on:
        found = fines.daily(case.daily_original, case.daily_served_on, case.daily_found_on)
    records = FieldRecord.objects.filter(matter_id=case.pk).select_related("first", "second")
    people = {str(o) for r in records for o in (r.first, r.second)}
    items = list(case.items.all())
    return {
        "案件名称": case_name(case),
        "罚款大写": fines.in_capitals(case.fine),
        "拟罚款大写": fines.in_capitals(proposed) if proposed else "",
        "罚没合计": money(case.fine + case.confiscated),
        "处罚内容": penalty(case),
        "处理结果": result(case),
        "证据": "；".join(f"{n}.{i.name}，证明{i.proves}" for n, i in enumerate(items, 1)),
        "裁量过程": "；".join(discretion.get("steps", ())),
        "裁量依据": f"{discretion['act']}裁量基准（{discretion['version']}）" if discretion else "",
        "陈述申辩采纳": heard(case),
        "收款银行": bank["name"],
        "收款户名": bank["account_name"],
        "收款账号": bank["account"],
        "罚款数额": money(case.fine),
        "原罚款数额元": money(case.daily_original),
        "当场收缴元": money(case.collected) if case.collected else "",
        "加处数额": money(case.surcharge),
        "已缴数额": money(case.paid),
        "已缴加处数额": money(case.surcharge_paid),
        "缴款截止": day(case.pay_by),
        "加处至今": money(case.surcharge),
        "日罚天数": str(found.days) if found else "",
        "日罚起": day(found.first) if found else "",
        "日罚止": day(found.last) if found else "",
        "责改文号": "、".join(o.order_no for o in case.orders.all() if o.order_no),
        "调查人员": "、".join(sorted(people)),
        **remedies(),
    }


def case_name(case: Any) -> str:
    """Offender, cause and 案; what is decided is no longer suspected (form 62)."""
    cause = case.title.removesuffix("案").removesuffix("一")
    if case.decided and case.heaviest != PenaltyCase.Heaviest.NONE:
        cause = cause.removeprefix("涉嫌")
    return f"{case.party}{cause}案"


def penalty(case: Any) -> str:
    """What is decided, each kind by its name: a fine in capitals and figures, what is confiscated, the rest in words."""
    kinds = PenaltyCase.Heaviest
    said = ["警告"] if case.heaviest == kinds.WARNING else []
    if case.fine:
        said.append(f"罚款人民币{fines.in_capitals(case.fine)}（{money(case.fine)}元）")
    if case.confiscated:
        said.append(
            f"没收违法所得人民币{fines.in_capitals(case.confiscated)}（{money(case.confiscated)}元）"
        )
    named = kinds.WARNING, kinds.FINE, kinds.NONE, ""
    if case.other_penalty:
        said.append(case.other_penalty.rstrip("。"))
    elif case.heaviest not in named and not (
        case.heaviest == kinds.CONFISCATION and case.confiscated
    ):
        said.append(str(case.get_heaviest_display()))
    return "；".join(said)


def result(case: Any) -> str:
    """What came of the case, as its cover and closing sheet say it: penalty, payment, correction."""
    if case.heaviest == PenaltyCase.Heaviest.NONE:
        return "不予行政处罚"
    said = [penalty(case)] if case.decided else []
    if case.pk and (last := case.payments.order_by("-on", "-pk").first()):
        said.append(f"{day(last.on)}缴清" if case.owed <= 0 else f"已缴{money(case.paid)}元")
    if case.corrected_on:
        said.append(f"{day(case.corrected_on)}改正完成")
    return "；".join(said)


def heard(case: Any) -> str:
    """The six branches of the second heading of a decision."""
    told = "我局告知你（单位）陈述申辩权" + ("和申请听证权" if case.hearing_right else "")
    on = f"我局于{day(case.notice_served_on)}" if case.notice_served_on else "我局"
    told = told.replace("我局", on, 1)
    stated, heard = bool(case.statement), bool(case.hearing_on)
    answer = f"经复核：{case.statement_answer.rstrip('。')}。" if case.statement_answer else ""
    if not stated and not heard:
        return f"{told}，你（单位）在规定期限内未提出陈述申辩意见" + (
            "，也未申请听证。" if case.hearing_right else "。"
        )
    parts = [told]
    if stated:
        parts.append(f"你（单位）提出以下陈述申辩意见：{case.statement.rstrip('。')}")
    if heard:
        parts.append(f"我局于{day(case.hearing_on)}依你（单位）申请举行了听证")
    elif case.hearing_right:
        parts.append("你（单位）未申请听证")
    return "，".join(parts) + "。" + answer


ORDER_NAMES = ("再次", "复查提示", "责改文号", *REMEDY_NAMES)


def order(matter: Matter) -> dict[str, Any]:
    row: Any = getattr(matter, "as_correction_order", matter)
    again = f"（第{row.times}次）" if row.times > 1 else ""
    daily = row.daily != "none"
    return {
        "再次": again,
        "责改文号": row.order_no,
        "复查提示": "我局将在本决定书送达之日起三十日内对你（单位）改正违法行为的情况实施复查，"
        + ("拒不改正的，依法实施按日连续处罚。" if daily else "逾期未改正的，依法处理。"),
        **remedies(),
    }


THING_COLUMNS = ("序号", "名称", "数量", "型号及特征", "存放地点")
SEIZURE_NAMES = ("清单", *REMEDY_NAMES)


def seizure(matter: Matter) -> dict[str, Any]:
    row: Any = getattr(matter, "as_seizure", matter)
    things = list(row.things.all())
    said = [f"{n}.{t.name} {t.quantity} {t.model_no} {t.place}".strip() for n, t in enumerate(things, 1)]  # fmt: skip
    lines = [
        dict(zip(THING_COLUMNS, (str(n), t.name, t.quantity, t.model_no, t.place), strict=True))
        for n, t in enumerate(things, 1)
    ]
    return {"清单": "；".join(said), "清单各行": lines, **remedies()}


PAPER_COLUMNS = ("序号", "材料名称", "数量", "提供部门", "备注")


def transfer(matter: Matter) -> dict[str, Any]:
    row: Any = getattr(matter, "as_police_transfer", matter)
    papers = list(row.papers.all())
    lines = [
        dict(zip(PAPER_COLUMNS, (str(n), p.name, p.count, p.provider, p.note), strict=True))
        for n, p in enumerate(papers, 1)
    ]
    return {"材料": "；".join(f"{n}.{p.name}（{p.count}）" for n, p in enumerate(papers, 1)), "材料各行": lines}  # fmt: skip


def production(_matter: Matter) -> dict[str, Any]:
    return remedies()
