"""移动源 (mechanism A12): machines and their checks, vehicles at the roadside, black smoke caught by cameras."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry
from ecoledger.entities.inventory import CODE, Findings, Inventory, declare
from ecoledger.entities.models import Entity
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register
from ecoledger.matters.register import declare as declare_register
from ecoledger.matters.workflow import ClockRule, Phase, State, Transition, Workflow, said
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON
from ecoledger.registers.problems.problem_ledger import AIR_PROBLEM

# ---- machines ------------------------------------------------------------------------------------


class Stage(models.TextChoices):
    """Emission stages of engines."""

    PRE = "0", "国Ⅰ前"
    I = "1", "国Ⅰ"  # noqa: E741 - the numeral of the stage
    II = "2", "国Ⅱ"
    III = "3", "国Ⅲ"
    IV = "4", "国Ⅳ"
    V = "5", "国Ⅴ"
    VI = "6", "国Ⅵ"
    ELECTRIC = "e", "电动"


class Machine(Entity):
    """A non-road mobile machine (非道路移动机械)."""

    KIND = "machine"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_machine"
    )

    class Sort(models.TextChoices):
        EXCAVATOR = "excavator", "挖掘机"
        CRANE = "crane", "起重机"
        BULLDOZER = "bulldozer", "推土机"
        LOADER = "loader", "装载机"
        ROLLER = "roller", "压路机"
        PAVER = "paver", "摊铺机"
        GRADER = "grader", "平地机"
        FORKLIFT = "forklift", "叉车"
        PILE = "pile", "桩工机械"
        STACKER = "stacker", "堆高机"
        TRACTOR = "tractor", "牵引车"
        SHUTTLE = "shuttle", "摆渡车"
        SITE = "site", "场内车辆"
        OTHER = "other", "其他"

    class Upgrade(models.TextChoices):
        NONE = "none", "不需改造"
        PLANNED = "planned", "待改造"
        DONE = "done", "已改造"
        SCRAPPED = "scrapped", "已淘汰"

    registration = models.CharField("环保登记号码", max_length=20, db_index=True)
    pin = models.CharField("产品识别码 PIN", max_length=30, blank=True, db_index=True)
    sort = models.CharField("机械种类", max_length=10, choices=Sort.choices)
    model = models.CharField("机械型号", max_length=60, blank=True)
    engine = models.CharField("发动机型号", max_length=60, blank=True)
    power = models.DecimalField("功率 kW", max_digits=7, decimal_places=1, null=True, blank=True)
    stage = models.CharField("排放标准", max_length=2, choices=Stage.choices, db_index=True)
    fuel = models.CharField("燃料种类", max_length=20, default="柴油")
    owner_name = models.CharField("所有人", max_length=80, blank=True)
    phone = models.CharField("联系方式", max_length=20, blank=True)
    purifier = models.BooleanField("安装净化装置", default=False)
    upgrade = models.CharField(
        "升级淘汰", max_length=10, choices=Upgrade.choices, default=Upgrade.NONE
    )

    class Meta:
        verbose_name = "非道路移动机械"


def clean(machine: Machine, findings: Findings) -> None:
    """The registration number by the bureau's pattern, once."""
    machine.registration = machine.registration.strip().upper()
    pattern = own_data.read(__package__, "mobile")["registration"]
    if not re.fullmatch(pattern, machine.registration):
        findings.odd.append(_("环保登记号码与通常的样式不符，请核对"))
    twin = Machine.objects.filter(registration=machine.registration, until=None)
    if twin.exclude(pk=machine.pk).exists():
        findings.wrong["registration"] = _("已登记过这个环保登记号码")


MACHINES = declare(Inventory(
    key="machine", label="非道路移动机械", model=Machine, line="air", letter="M", clean=clean,
    numbers={"registration": "machine_registration_no"},
    columns=("name", "registration", "sort", "stage", "fuel", "power", "owner_name", "upgrade", "area_code"),
    filters=("sort", "stage", "upgrade", "area_code"), search=("name", "code", "registration", "pin", "owner_name"),
    fields=("name", CODE, "area_code", "registration", "pin", "sort", "model", "engine", "power", "stage",
            "fuel", "owner_name", "phone", "purifier", "upgrade", "since", "until"),
    imports=Import(key=("registration",),
                   headers={"name": ("机械名称", "企业名称"), "registration": ("环保登记号", "登记号码", "车牌号码"),
                            "pin": ("产品识别码(PIN)", "机械环保代码"), "sort": ("机械类型", "类型"),
                            "stage": ("排放阶段",), "fuel": ("燃料",), "owner_name": ("所有人名称", "使用人"),
                            "engine": ("发动机编号",), "area_code": ("镇街", "所在地")},
                   examples={"name": "挖掘机1号", "registration": "3CX00123A", "sort": "挖掘机", "stage": "国Ⅲ"}),
    views=(View("old", "国Ⅲ及以下", {"stage": "0,1,2,3"}), View("todo", "待改造", {"upgrade": "planned"})),
    empty="还没有非道路移动机械。导入编码登记数据，或逐台登记。",
))  # fmt: skip


class MachineCheck(LogEntry):
    """One test of a machine's smoke on site (GB 36886)."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_machine_check"
    )
    place = models.CharField("地点", max_length=120, blank=True)
    opacity = models.DecimalField(
        "光吸收系数 m⁻¹", max_digits=5, decimal_places=2, null=True, blank=True
    )
    ringelmann = models.PositiveSmallIntegerField(
        "林格曼黑度级", null=True, blank=True, validators=[MaxValueValidator(5)]
    )
    zone = models.CharField("类别", max_length=4, default="II", help_text="Ⅰ、Ⅱ、Ⅲ（低排放控制区）")
    limit = models.DecimalField(
        "限值 m⁻¹", max_digits=5, decimal_places=2, null=True, blank=True, editable=False
    )
    passed = models.BooleanField("合格", null=True, editable=False)
    handling = models.CharField("处理", max_length=120, blank=True)

    class Meta:
        verbose_name = "机械检测"


def opacity_limit(zone: str, power: Decimal | None) -> Decimal | None:
    """The limit of smoke by GB 36886's class and the engine's power; ``None`` where the power is not known."""
    rows = own_data.read(__package__, "mobile")["opacity"].get(zone.upper().replace("Ⅲ", "III"), ())
    if power is None:
        return None
    return next((Decimal(str(row["limit"])) for row in rows if power < row["below"]), None)


class MachineLog(Log):
    """Tests of machines: judged when they are entered."""

    def open_row(self, values: Any, by: Person | None, at: datetime, **more: Any) -> Any:
        machine = Machine.objects.get(pk=values["entity"].pk)
        limit = opacity_limit(str(values.get("zone") or "II"), machine.power)
        highest = own_data.read(__package__, "mobile")["ringelmann"]
        verdicts = [
            value <= bound
            for value, bound in (
                (values.get("opacity"), limit),
                (values.get("ringelmann"), highest),
            )
            if value is not None and bound is not None
        ]
        judged = {"limit": limit, "passed": all(verdicts) if verdicts else None}
        return super().open_row({**values, **judged}, by, at, **more)


MACHINE_CHECKS = declare_book(MachineLog(
    key="machine_check", offline=True, label="机械检测", model=MachineCheck, line="air", begets="problem", begotten=AIR_PROBLEM, edit=STAFF,
    columns=("entity", "at", "place", "opacity", "limit", "ringelmann", "passed", "handling", "area_code", "by"),
    filters=("passed", "area_code", "at"), search=("entity__name", "place"),
    fields=(Ask("entity", "机械", to=Machine, required=True), "at", "place", "opacity", "ringelmann", "zone",
            "handling", "note"),
    labels={"entity": "机械"}, lead="entity", views=(View("failed", "不合格", {"passed": "0"}),),
    empty="还没有机械检测记录。",
))  # fmt: skip

# ---- vehicles at the roadside and at firms -------------------------------------------------------


class VehicleCheck(models.Model):
    """One vehicle tested at the roadside or at its keeper's (路检、入户)."""

    class Way(models.TextChoices):
        ROAD = "road", "路检路查"
        HOME = "home", "入户抽测"
        REMOTE = "remote", "遥感监测"

    class Handling(models.TextChoices):
        NONE = "none", "合格放行"
        REPAIR = "repair", "责令维修复检"
        FINED = "fined", "移交处罚"

    # Which sortie it was part of: vehicles are counted, and sorties.
    sortie = models.CharField("抽查批次", max_length=60, db_index=True)
    on = models.DateField("日期", db_index=True)
    place = models.CharField("地点", max_length=120)
    area_code = models.CharField("属地", max_length=12, db_index=True)
    way = models.CharField("方式", max_length=10, choices=Way.choices, default=Way.ROAD)
    plate = models.CharField("车牌", max_length=12, db_index=True)
    vehicle = models.CharField("车型", max_length=40, blank=True)
    fuel = models.CharField("燃料", max_length=10, default="柴油")
    stage = models.CharField("排放阶段", max_length=2, choices=Stage.choices, blank=True)
    opacity = models.DecimalField(
        "光吸收系数 m⁻¹", max_digits=5, decimal_places=2, null=True, blank=True
    )
    nox = models.PositiveIntegerField("NOx ×10⁻⁶", null=True, blank=True)
    obd_ok = models.BooleanField("OBD 正常", null=True, blank=True)
    passed = models.BooleanField("合格")
    handling = models.CharField(
        "处理", max_length=10, choices=Handling.choices, default=Handling.NONE
    )
    units = models.CharField("联合单位", max_length=80, blank=True)
    recheck_on = models.DateField("复检日", null=True, blank=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "车辆抽检"
        ordering = ["-on", "-id"]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d} {self.plate}"


VEHICLES = declare_book(Listing(
    key="vehicle_check", offline=True, label="车辆抽检", model=VehicleCheck, line="air",
    columns=("plate", "on", "sortie", "place", "way", "stage", "opacity", "nox", "passed", "handling",
             "area_code"),
    filters=("passed", "handling", "way", "area_code", "on"), search=("plate", "sortie", "place"),
    fields=("sortie", "on", "place", "area_code", "way", "plate", "vehicle", "fuel", "stage", "opacity",
            "nox", "obd_ok", Ask("passed", required=True), "handling", "units", "recheck_on"),
    imports=Import(key=("plate", "on"),
                   headers={"sortie": ("批次", "抽查次数"), "on": ("检查日期", "抽检日期"), "plate": ("车牌号", "号牌号码"),
                            "vehicle": ("车辆类型",), "stage": ("排放标准",), "passed": ("检测结果", "是否合格"),
                            "opacity": ("烟度值", "光吸收系数"), "nox": ("氮氧化物",), "area_code": ("镇街",),
                            "handling": ("处理情况",)},
                   values={"passed": {"合格": "1", "不合格": "0", "超标": "0"}}, future=(),
                   examples={"sortie": "2026年第1次", "plate": "闽C00000", "passed": "合格"}),
    lead="plate", order=("-on", "-pk"), edit=STAFF,
    views=(View("failed", "不合格", {"passed": "0"}), View("fined", "处罚", {"handling": "fined"})),
    empty="还没有车辆抽检记录。导入抽检表，或逐辆登记。",
))  # fmt: skip

# ---- black smoke ---------------------------------------------------------------------------------


class BlackSmoke(Matter):
    """A vehicle that a camera caught smoking."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_black_smoke"
    )

    class Home(models.TextChoices):
        LOCAL = "0", "本地"
        ELSEWHERE = "1", "外地"

    plate = models.CharField("号牌", max_length=12, db_index=True)
    plate_colour = models.CharField("号牌颜色", max_length=10, blank=True)
    caught_at = models.DateTimeField("检测时间")
    site = models.CharField("监测点编号", max_length=40, blank=True)
    lane = models.CharField("车道", max_length=10, blank=True)
    ringelmann = models.PositiveSmallIntegerField(
        "林格曼黑度", validators=[MinValueValidator(0), MaxValueValidator(5)]
    )
    fuel = models.CharField("燃料", max_length=10, blank=True)
    home = models.CharField("登记地", max_length=2, choices=Home.choices, default=Home.LOCAL)
    confidence = models.DecimalField(
        "识别置信度", max_digits=5, decimal_places=3, null=True, blank=True
    )

    class Meta:
        verbose_name = "黑烟车"


_REVIEW = frozenset({Role.MONITOR, Role.OFFICER, Role.DISPATCHER})

BLACK_SMOKE = declare_register(Register(
    key="black_smoke", offline=True, label="黑烟车", line="air", model=BlackSmoke, pattern="黑烟〔{year}〕{n}号",
    workflow=Workflow(
        states=(
            State("new", "待初审", stage="审核", waits_for=_REVIEW),
            State("second", "待复审", stage="审核", waits_for=_REVIEW),
            State("sent", "已推送，待复检", stage="处理", waits_for=_REVIEW),
            State("check", "待销号", stage="处理", waits_for=CHECKERS),
            State("closed", "已销号", phase=Phase.CLOSED),
            State("dismissed", "不成立", phase=Phase.DISMISSED),
        ),
        transitions=(
            Transition("first", "初审通过", "new", "second", by=_REVIEW),
            Transition("send", "复审通过，推送公安并告知车主", "second", "sent", by=_REVIEW,
                       asks=(said("told", "推送与告知情况"),), other_person_than=("first",)),
            Transition("retest", "复检合格", "sent", "check", by=_REVIEW,
                       asks=(said("retest", "复检结果"),), evidence=1),
            Transition("close", "销号", "check", "closed", by=CHECKERS, other_person_than=("retest",)),
            # Whoever misread it, two persons read it again.
            Transition("correct", "更正，退回初审", ("second", "sent", "check"), "new", by=_REVIEW | CHECKERS,
                       asks=("plate", "ringelmann", REASON), main=False,
                       help="号牌等识别有误的在此更正，重新初审、复审后再推送。"),
            Transition("dismiss", "不成立", ("new", "second"), "dismissed", by=_REVIEW, asks=(REASON,),
                       main=False),
        ),
        clocks=(ClockRule("review", "审核", ("new", "second"), working_days=3, basis=DEFAULT),
                ClockRule("retest", "复检", "sent", days=30, basis=DEFAULT)),
    ),
    labels={"title": "摘要", "area_code": "属地"},
    columns=("number", "plate", "caught_at", "site", "ringelmann", "home", "state", "due", "area_code"),
    filters=("state", "home", "area_code", "caught_at"), search=("number", "plate", "site"),
    fields=("title", "area_code", "plate", "plate_colour", "caught_at", "site", "lane", "ringelmann",
            "fuel", "home", "confidence"),
    details=("plate", "plate_colour", "caught_at", "site", "lane", "ringelmann", "fuel", "home", "confidence"),
    imports=Import(key=("plate", "caught_at"),
                   headers={"title": ("摘要",), "plate": ("车牌", "车牌号", "号牌号码"), "caught_at": ("抓拍时间",),
                            "site": ("点位", "站点"), "ringelmann": ("黑度等级",), "home": ("是否本地",)}, future=(),
                   examples={"title": "国道卡口抓拍", "plate": "闽C00000", "ringelmann": "3"}),
    lead="plate", enterprise="", edit=_REVIEW,
    empty="还没有黑烟车抓拍。导入抓拍记录后初审、复审，再推送。",
))  # fmt: skip


def sorties(rows: QuerySet[VehicleCheck]) -> dict[str, int]:
    """Of vehicle checks: sorties, vehicles, failed, fined — the four numbers that a summary gives."""
    return rows.aggregate(
        sorties=Count("sortie", distinct=True),
        vehicles=Count("pk"),
        failed=Count("pk", filter=Q(passed=False)),
        fined=Count("pk", filter=Q(handling=VehicleCheck.Handling.FINED)),
    )
