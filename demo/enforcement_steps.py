"""What enforcement did beside its cases, synthetic: an action with its meetings, visits with records, files reviewed,
credit entries, one to be decided on the spot, a limit of production, a transfer with its result, damage screened from cases."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from demo import case_file, city
from demo.work import aware, person, picture
from ecoledger.books import campaign as campaigns
from ecoledger.entities.models import Enterprise
from ecoledger.matters import actions, history
from ecoledger.registers.enforcement import damage_claims, file_review, inspections
from ecoledger.registers.enforcement.check_plan import CheckPlan
from ecoledger.registers.enforcement.inspections import Inspection
from ecoledger.registers.enforcement.models import ActionMeeting, PenaltyCase
from ecoledger.registers.enforcement.officers import Officer
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES
from ecoledger.registers.enforcement.production_orders import REGISTER as ORDERS
from ecoledger.registers.enforcement.self_checks import REGISTER as CHECKS
from ecoledger.registers.enforcement.special_action import ACTIONS
from ecoledger.registers.enforcement.transfers import REGISTER as TRANSFERS
from ecoledger.registers.enforcement.transfers import TransferPaper

MEETINGS, JOINT, VISITED, HANDED = 4, 8, 40, 4
_DEPARTMENTS = "公安局、住房和城乡建设局、城市管理局"


def build(firms: list[Enterprise], now: datetime) -> dict[str, int]:
    """Everything of this module; returns how many of each."""
    generator = random.Random(f"{city.SEED}-enforcement-steps")
    _action(firms, now)
    visits = _visits(generator, firms, now)
    _answers(now)
    _credit(now)
    _on_spot(firms[31], now)
    _production(firms[47], now)
    _transfer(firms[9], now)
    _reviews(now)
    case_file.build(firms[32], CheckPlan.objects.get(item_no="2"), now)
    clues = damage_claims.screen(aware(now))
    return {"visits": visits, "damage_clues": clues}


def _action(firms: list[Enterprise], now: datetime) -> None:
    """静夜守护: its firms, consultations and joint nights."""
    by, area = person("diaodu"), firms[0].area_code[:6]
    drive = ACTIONS.open_row(
        {"name": "静夜守护专项行动（演示）", "area_code": area, "basis": "夜间噪声和偷排整治方案（合成）",
         "begin": now.date() - timedelta(days=120), "end": now.date() + timedelta(days=30)},
        by, aware(now),
    )  # fmt: skip
    campaigns.add_objects(ACTIONS, drive, firms[60 : 60 + VISITED], by=by)
    campaigns.start(ACTIONS, drive, by=by)
    for n in range(MEETINGS + JOINT):
        joint = n >= MEETINGS
        ActionMeeting.objects.create(
            drive=drive, area_code=area, kind="joint" if joint else "meeting", departments=_DEPARTMENTS,
            on=now.date() - timedelta(days=115 - n * 9), firms=5 if joint else 0,
            subject="夜间联合检查" if joint else "夜间施工和工业噪声会商",
            conclusion="发现问题当场交办。" if joint else "明确点位、时段和分工。",
        )  # fmt: skip


def _visits(generator: random.Random, firms: list[Enterprise], now: datetime) -> int:
    """Forty visits of the year's plan, done; six still to be made."""
    officers = list(Officer.objects.order_by("pk")[:4])
    plan = CheckPlan.objects.create(
        year=now.year, item_no="2", name="涉水涉气专项检查", kind="special", items="污染防治设施、台账", months="3—11月",
        objects_planned=54, departments="应急管理局", filed_on=now.date().replace(month=1, day=15),
        area_code=firms[0].area_code[:6], synthetic=True,
    )  # fmt: skip
    rows = []
    for n in range(VISITED):
        firm = firms[60 + n]
        at = aware(now - timedelta(days=generator.randrange(5, 260), hours=generator.randrange(3)))
        found = n % 4 == 0
        rows.append({
            "title": "涉水涉气专项检查", "kind": Inspection.Kind.SPECIAL, "entity": firm, "area_code": firm.area_code,
            "enterprise_id": firm.pk, "plan": plan, "lead": officers[n % 2], "second": officers[2 + n % 2],
            "opened_at": at - timedelta(days=6), "entered_at": at,
            "left_at": at + timedelta(hours=1), "closed_at": at + timedelta(days=2), "problems": int(found),
            "found": "个别台账记录不全。" if found else "未发现问题。", "site_contact": "企业环保负责人", "synthetic": True,
        })  # fmt: skip
    rows.sort(key=lambda row: row["opened_at"])
    made = history.enter(
        inspections.REGISTER, rows, by=person("diaodu"), source="现场检查台账（演示）"
    )
    inspections.JointDepartment.objects.bulk_create(
        inspections.JointDepartment(
            inspection=visit,
            department="应急管理局",
            people="安全监管人员",
            result="未发现重大隐患",
        )
        for visit in made[::3]
    )
    for n in range(6):
        actions.open_matter(
            inspections.REGISTER,
            {"title": "涉水涉气专项检查", "kind": Inspection.Kind.SPECIAL, "entity": firms[120 + n], "plan": plan,
             "lead": officers[0], "second": officers[1], "check_by": now.date() + timedelta(days=20 + n),
             "synthetic": True},
            by=person("diaodu"),
        )  # fmt: skip
    return len(rows)


def _answers(now: datetime) -> None:
    """A third of the firms have answered; four dangers belong to the emergency bureau."""
    officer, rows = person("zhifa"), CHECKS.model.objects.filter(state="sent").order_by("pk")
    for n, check in enumerate(rows[:30]):
        answers = ["符合"] * check.items.count()
        bad = n < 9
        if bad:
            answers[n % len(answers)] = "不符合：停用整改"
        said = "\n".join(answers)
        actions.perform(check.pk, "fill", by=officer, form={"answers": said})
        form = {
            "answer": "已逐项自查（合成）",
            "rectify_by": (now.date() + timedelta(days=15)).isoformat(),
        }
        actions.perform(
            check.pk, "answer", by=officer, form=form if bad else {"answer": "已逐项自查（合成）"}
        )
        if n < HANDED:
            form = {"department": "应急管理局", "what": "环保设施安全隐患"}
            actions.perform(check.pk, "hand_over", by=officer, form=form)
        elif not bad:
            actions.perform(check.pk, "accept", by=officer, form={"checked": "资料齐全"})


def _credit(now: datetime) -> None:
    """The last decisions stand in the book of credit."""
    from ecoledger.registers.enforcement import credit_entries

    for case in PenaltyCase.objects.filter(decided_on__isnull=False).order_by("-decided_on")[:19]:
        credit_entries.enter(case, by=None, until=case.decided_on + timedelta(days=1095))


def _on_spot(firm: Enterprise, now: datetime) -> None:
    """One that an officer is about to decide where the firm stands."""
    actions.open_matter(
        CASES,
        {"title": "涉嫌未公开环境信息案", "kind": "on_spot", "entity": firm, "found_on": now.date(),
         "description": "未按规定公开环境信息（合成）。", "synthetic": True},
        by=person("zhifa"),
    )  # fmt: skip


def _production(firm: Enterprise, now: datetime) -> None:
    """One limit of production that runs, from an earlier ledger; one that waits for its approval."""
    served = now.date() - timedelta(days=40)
    values: dict[str, Any] = {
        "title": "超过排放标准排放大气污染物", "kind": "limit", "ground": "excess", "entity": firm,
        "scale": "涂装车间限产百分之五十", "description": "非甲烷总烃超标（合成）。", "synthetic": True,
    }  # fmt: skip
    actions.open_matter(ORDERS, values, by=person("zhifa"))
    row = values | {
        "area_code": firm.area_code, "party": firm.name, "notice_served_on": served - timedelta(days=12),
        "decided_on": served - timedelta(days=2), "served_on": served, "plan_filed_on": served + timedelta(days=11),
        "decision_no": f"环责限〔{now.year}〕1号", "completed_on": served + timedelta(days=30),
        "released_on": served + timedelta(days=31), "followed_up_on": served + timedelta(days=38), "ending": "done",
        "opened_at": aware(now - timedelta(days=60)), "closed_at": aware(now - timedelta(days=2)),
    }  # fmt: skip
    history.enter(ORDERS, [row], by=person("zhifa"), source="限产停产台账（演示）")


def _transfer(firm: Enterprise, now: datetime) -> None:
    """Handed to the police with its papers, accepted, detained."""
    officer, today = person("zhifa"), now.date().isoformat()
    row = actions.open_matter(
        TRANSFERS,
        {"title": "涉嫌以逃避监管方式排放水污染物案", "kind": "detention", "ground": "evasion", "entity": firm,
         "party": firm.name, "synthetic": True},
        by=officer,
    )  # fmt: skip
    TransferPaper.objects.create(transfer_id=row.pk, name="现场检查笔录", count="1份")
    form: dict[str, str] = {"decided_on": today, "to": "安澜市公安局（演示）"}
    actions.perform(row.pk, "approve", by=person("juzhang"), form=form)
    form = {"handed_on": today, "copied_on": today}
    actions.perform(row.pk, "hand_over", by=officer, form=form, files=[picture("移送")])
    form = {"accepted_on": today, "receipt": "公受（演示）1号"}
    actions.perform(row.pk, "accept", by=officer, form=form)
    form = {"police": "detained", "police_on": today, "persons": "1"}
    actions.perform(row.pk, "filed", by=officer, form=form)


def _reviews(now: datetime) -> None:
    """Six files drawn by the system and scored; two of them with a defect put right."""
    legal = person("fazhi")
    for n, review in enumerate(file_review.draw(f"{now.year}年下半年", 6, by=legal)):
        for item in review.items.filter(needed=True):
            item.score = item.full - (Decimal(1) if n < 2 and item.full > 3 else 0)
            item.defect = "日期填写不规范" if item.score < item.full else ""
            item.save()
        form = {"off": "1", "overruled": "自原台账接续，原卷已核对（合成）"}
        actions.perform(review.pk, "score", by=legal, form=form)
        if n < 2:
            actions.perform(
                review.pk, "improve", by=person("zhifa"), form={"improvement": "已补正并通报"}
            )
