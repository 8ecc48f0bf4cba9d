"""The year of the enforcement brigade, synthetic: officers, a roster of 1,683 objects, a random check of 83 firms, 69 cases of which 43 are
decided with 6.055 million yuan, orders, seizures, transfers, damage claims, self-checks of 91 firms.

Decided cases and the like come in as a ledger of history, in bulk; the rest stands as work in hand.
"""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from demo import case_file, city, enforcement_steps
from demo.work import aware, person, picture
from ecoledger.accounts.models import Organisation
from ecoledger.books import campaign as campaigns
from ecoledger.books import roster as rosters
from ecoledger.entities.models import Enterprise
from ecoledger.matters import actions, history
from ecoledger.registers.enforcement.check_objects import OBJECTS, CheckedObject
from ecoledger.registers.enforcement.check_plan import CheckPlan
from ecoledger.registers.enforcement.correction_orders import REGISTER as ORDERS
from ecoledger.registers.enforcement.damage_claims import REGISTER as CLAIMS
from ecoledger.registers.enforcement.officers import Equipment, Officer, Training
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES
from ecoledger.registers.enforcement.random_check import REGISTER as DRAWS
from ecoledger.registers.enforcement.random_check import visits_of
from ecoledger.registers.enforcement.seizures import REGISTER as SEIZURES
from ecoledger.registers.enforcement.seizures import SeizedThing
from ecoledger.registers.enforcement.self_checks import REGISTER as CHECKS
from ecoledger.registers.enforcement.transfers import REGISTER as TRANSFERS
from ecoledger.web.search.index import together

FILED, DECIDED, FINED = 69, 43, Decimal(6_055_000)
# 1,683 objects of checks.
SPECIAL, KEY, ORDINARY, OFFICERS = 8, 160, 1_515, 7
SELF_CHECKED = 91
ACCOUNTS, PUBLISHED = 3, 12
_CAUSES = (
    "涉嫌超标排放水污染物案", "涉嫌超标排放大气污染物案", "涉嫌未取得排污许可证排放污染物案", "涉嫌未验先投案",
    "涉嫌危险废物贮存不规范案", "涉嫌擅自停运污染防治设施案",
)  # fmt: skip
# The first three have accounts and go by their names.
_NAMES = ("", "", "", "吴承舟", "郑砚秋", "苏明澈", "许知行")


@together()
def build(now: datetime) -> dict[str, int]:
    """Everything of this module; returns how many of each."""
    generator = random.Random(f"{city.SEED}-enforcement")
    firms = list(Enterprise.objects.order_by("code")[: SPECIAL + KEY + ORDINARY])
    with transaction.atomic():
        _staff(firms[0].area_code, now.date(), _NAMES[:ACCOUNTS])
        plan = _roster(firms, now.date())
    with transaction.atomic():
        # Who was certified then and has an account: their visits are done by themselves.
        _published(plan, now)
    with transaction.atomic():
        _staff(firms[0].area_code, now.date(), _NAMES[ACCOUNTS:], ACCOUNTS)
        _equipment(firms[0].area_code, now.date())
        _year(plan, now.date())
    with transaction.atomic():
        decided = _cases(generator, firms, now)
    with transaction.atomic():
        _measures(firms, now)
    with transaction.atomic():
        checks = _self_checks(firms, now)
    with transaction.atomic():
        more = enforcement_steps.build(firms, now)
    return {"penalty_cases": decided, "self_checks": checks} | more


def _staff(county: str, today: date, names: tuple[str, ...], start: int = 0) -> None:
    bureau = Organisation.objects.filter(kind="bureau").order_by("pk").first()
    for n, name in enumerate(names, start):
        account = person(("zhifa", "zhifa2", "zhifa3")[n]) if n < ACCOUNTS else None
        officer = Officer.objects.create(
            name=account.name if account else name, certificate_no=f"YS-05{n:04}", certificate_from=date(today.year - 3, 1, 1),
            certificate_until=date(today.year + (2 if n else 0), 12, 31), organisation=bureau,
            area_code=county[:6], specialities=("水", "大气", "固废")[n % 3], synthetic=True,
            person=account,
        )  # fmt: skip
        if account:
            account.certificate_no = officer.certificate_no
            account.save(update_fields=["certificate_no"])
        Training.objects.create(
            officer=officer, area_code=county[:6], on=date(today.year, 3, 12), subject="执法大练兵集中培训",
            hours=Decimal(16), result="合格",
        )  # fmt: skip


def _equipment(county: str, today: date) -> None:
    kinds = Equipment.Sort
    for n, (sort, name) in enumerate(((kinds.RECORDER, "执法记录仪"), (kinds.DRONE, "无人机"), (kinds.ANALYSER, "便携式VOCs检测仪"), (kinds.SAMPLER, "快速取证箱"))):  # fmt: skip
        for k in range(1, 4):
            Equipment.objects.create(
                name=f"{name}{k}号", serial_no=f"ZB-{n}{k:02}", sort=sort, area_code=county[:6],
                valid_until=today + timedelta(days=120 * k - 150), synthetic=True,
            )  # fmt: skip


def _roster(firms: list[Enterprise], today: date) -> CheckPlan:
    """The roster of the year in force and its plan."""
    area, by = firms[0].area_code[:6], person("diaodu")
    edition = rosters.draft(OBJECTS, str(today.year), area, by=by, basis="年度抽查工作方案（合成）")
    tiers = ["special"] * SPECIAL + ["key"] * KEY + ["ordinary"] * ORDINARY
    # Who is on the positive list is watched from afar: none of the special and the key firms is.
    left = campaigns.left_out()
    in_order = sorted(firms, key=lambda firm: firm.pk in left)
    for n, (firm, tier) in enumerate(zip(in_order, tiers, strict=False)):
        CheckedObject.objects.create(
            edition=edition, entity=firm, area_code=firm.area_code, tier=tier,
            credit=("good", "fair", "fair", "warned")[n % 4], risk=("normal", "normal", "serious")[n % 3],
        )  # fmt: skip
    rosters.publish(OBJECTS, edition, date(today.year, 1, 1), by=by)
    return CheckPlan.objects.create(
        year=today.year, item_no="1", name="污染源双随机抽查", kind=CheckPlan.Kind.RANDOM, items="排污许可、污染防治设施",
        months="每季度", objects_planned=83, filed_on=date(today.year, 1, 15), area_code=area, synthetic=True,
    )  # fmt: skip


def _year(plan: CheckPlan, today: date) -> None:
    """The check of the year, drawn and waiting for its confirmation."""
    by = person("diaodu")
    check = actions.open_matter(
        DRAWS,
        {"title": f"{today.year}年污染源双随机抽查（合成）", "area_code": plan.area_code, "plan": plan,
         "check_by": date(today.year, 12, 31), "synthetic": True},
        by=by,
    )  # fmt: skip
    for step in ("freeze", "draw"):
        actions.perform(check.pk, step, by=by, form={})


def _published(plan: CheckPlan, now: datetime) -> None:
    """A check of last quarter that went its whole way: drawn, thrown away once, drawn again, visited, made public."""
    by, day = person("diaodu"), aware(now - timedelta(days=95))
    check = actions.open_matter(
        DRAWS,
        {"title": f"{day.year}年三季度重点排污单位抽查（合成）", "area_code": plan.area_code, "plan": plan,
         "check_by": (day + timedelta(days=60)).date(), "synthetic": True},
        by=by, at=day,
    )  # fmt: skip
    shares = {"share_special": "0.25", "share_key": "1:3", "share_ordinary": "0"}
    actions.perform(check.pk, "freeze", by=by, form=shares, at=day)
    actions.perform(check.pk, "draw", by=by, form={}, at=day + timedelta(minutes=4))
    why = {"reason": "抽取时直播信号中断，按方案作废重抽"}
    actions.perform(check.pk, "discard", by=by, form=why, at=day + timedelta(minutes=9))
    actions.perform(check.pk, "draw", by=by, form={}, at=day + timedelta(minutes=15))
    actions.perform(check.pk, "confirm", by=by, form={}, at=day + timedelta(hours=1))
    site = dict.fromkeys(
        ("production", "approvals", "facilities", "monitoring", "waste", "ledger"), "normal"
    )
    for n, visit in enumerate(visits_of(check).order_by("pk")):
        officer, at = visit.lead.person, day + timedelta(days=3 + n, hours=1)
        bad = n % 5 == 2
        form = {"code": visit.entity.code, "shown": "1"}
        actions.perform(visit.pk, "enter", by=officer, form=form, at=at)
        said = "个别台账记录不全，当场责令补记。" if bad else "未发现问题。"
        form = site | {"found": said, "site_contact": "企业环保负责人"}
        actions.perform(visit.pk, "record", by=officer, form=form, at=at + timedelta(hours=1))
        outcome = {"outcome": "reminded" if bad else "clean"}
        actions.perform(visit.pk, "finish", by=officer, form=outcome, at=at + timedelta(days=1))
    actions.perform(check.pk, "publish", by=by, form={}, at=day + timedelta(days=40))


def _cases(generator: random.Random, firms: list[Enterprise], now: datetime) -> int:
    """Decided cases as history, but one that :mod:`demo.case_file` carries; undecided ones in hand, known to few."""
    imported, of_all = DECIDED - 1, FINED - case_file.FINE
    fines = [Decimal(generator.randrange(20, 480)) * 500 for _ in range(imported - 1)]
    scale = of_all / (sum(fines) * imported / (imported - 1))
    fines = [(fine * scale / 100).quantize(Decimal(1)) * 100 for fine in fines]
    fines.append(of_all - sum(fines))
    rows: list[dict[str, Any]] = []
    for n, fine in enumerate(fines, 1):
        firm = firms[generator.randrange(len(firms))]
        filed = now.date() - timedelta(days=generator.randrange(150, 330))
        decided = filed + timedelta(days=generator.randrange(35, 88))
        rows.append({
            "title": _CAUSES[n % len(_CAUSES)], "party": firm.name, "area_code": firm.area_code, "entity": firm,
            "found_on": filed - timedelta(days=6), "filed_on": filed, "decided_on": decided,
            "heaviest": "fine", "fine": fine, "paid": fine,
            "served_on": decided + timedelta(days=4), "disclosed_on": decided + timedelta(days=6),
            "corrected_on": decided, "closing": "performed", "taken_over": True, "synthetic": True,
            "opened_at": aware(datetime.combine(filed, datetime.min.time())),
            "closed_at": aware(datetime.combine(decided + timedelta(days=25), datetime.min.time())),
        })  # fmt: skip
    counted: dict[int, int] = {}
    for row in sorted(rows, key=lambda row: row["decided_on"]):
        year = row["decided_on"].year
        counted[year] = counted.get(year, 0) + 1
        row["decision_no"] = f"环罚〔{year}〕{counted[year]}号"
    history.enter(CASES, rows, by=None, source="年度案件台账（合成）")
    for n in range(FILED - DECIDED):
        firm = firms[generator.randrange(len(firms))]
        found = now.date() - timedelta(days=generator.randrange(2, 40))
        values = {
            "title": _CAUSES[n % len(_CAUSES)], "entity": firm, "source": ("site", "remote", "complaint")[n % 3],
            "found_on": found, "act_until": found, "description": "现场检查发现（合成）", "synthetic": True,
        }  # fmt: skip
        at = aware(datetime.combine(found, time(9)))
        case = actions.open_matter(CASES, values, by=None, at=at)
        form = {
            "description": values["description"],
            "found_on": found.isoformat(),
            "act_until": found.isoformat(),
        }
        actions.perform(
            case.pk, "propose_filing", by=person("zhifa"), form=form, at=at + timedelta(hours=4)
        )
        actions.perform(
            case.pk, "approve_filing", by=person("juzhang"), form={}, at=at + timedelta(days=1)
        )
    return FILED


def _measures(firms: list[Enterprise], now: datetime) -> None:
    """Twelve orders beside the one of the case with its papers, two seizures, a transfer, two damage claims."""
    for n in range(12):
        firm = firms[n * 7]
        values = {
            "title": "污染防治设施未按要求运行",
            "entity": firm,
            "demand": "立即改正并报告",
            "synthetic": True,
        }
        order = actions.open_matter(ORDERS, values, by=None)
        if n < 9:
            served = now.date() - timedelta(days=n + 2)
            form = {"served_on": served.isoformat(), "demand": "立即改正并报告"}
            actions.perform(order.pk, "serve", by=person("zhifa"), form=form)
    for n in range(2):
        values = {
            "title": "非法生产设备",
            "entity": firms[n * 11],
            "ground": "evasion",
            "synthetic": True,
        }
        at = now - timedelta(days=12 * (n + 1))
        seizure = actions.open_matter(SEIZURES, values, by=None, at=aware(at))
        SeizedThing.objects.create(
            seizure_id=seizure.pk, name=("旁路阀门", "潜水泵")[n], quantity="1台", place="污水站"
        )
        form = {"seized_at": f"{at:%Y-%m-%d %H:%M}", "ground": "evasion", "keeper": "综合执法大队"}
        files = [picture(f"seizure {n + 1}")]
        actions.perform(seizure.pk, "seize_at_once", by=person("zhifa"), form=form, files=files, at=aware(at + timedelta(minutes=20)))  # fmt: skip
        later = aware(at + timedelta(hours=5))
        actions.perform(seizure.pk, "approve_after", by=person("juzhang"), form={"ground": "evasion"}, at=later)  # fmt: skip
    values = {"title": "涉嫌以逃避监管方式排放水污染物案", "kind": "detention", "ground": "evasion", "entity": firms[5],
              "party": firms[5].name, "synthetic": True}  # fmt: skip
    actions.open_matter(TRANSFERS, values, by=None)
    for n, title in enumerate(("倾倒污泥损害土壤案", "酸洗废水渗漏案")):
        values = {"title": title, "source": "penalty", "medium": ("soil", "ground")[n], "entity": firms[20 + n],
                  "clue_no": f"SP-{n + 1:02}", "clue_on": now.date() - timedelta(days=9), "synthetic": True}  # fmt: skip
        actions.open_matter(CLAIMS, values, by=None)


def _self_checks(firms: list[Enterprise], now: datetime) -> int:
    kinds = ("rto", "dust", "wastewater", "carbon", "desulphurisation")
    for n, firm in enumerate(firms[:SELF_CHECKED]):
        values = {
            "title": "环保设施安全自查", "entity": firm, "round": f"{now.year}年五类设施", "facility": kinds[n % 5],
            "answer_by": now.date() + timedelta(days=20), "synthetic": True,
        }  # fmt: skip
        actions.open_matter(CHECKS, values, by=None)
    return SELF_CHECKED
