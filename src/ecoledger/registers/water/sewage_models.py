"""The models of sewage: villages and their facilities, treatment plants, regions of account, plans, sewers, industrial water."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.books.models import LogEntry, RosterLine
from ecoledger.entities.models import Entity, Outlet, River
from ecoledger.matters.models import Matter

POSITIVE = [MinValueValidator(0)]
PERCENT = [*POSITIVE, MaxValueValidator(100)]
LARGE = {"max_digits": 14, "decimal_places": 2, "validators": POSITIVE}
CONCENTRATION = {
    "max_digits": 9,
    "decimal_places": 3,
    "null": True,
    "blank": True,
    "validators": POSITIVE,
}

# ---- rural sewage --------------------------------------------------------------------------------


class SewageVillage(Entity):
    """An administrative village, and whether its sewage is treated (农村生活污水治理)."""

    KIND = "sewage_village"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_sewage_village"
    )

    class Mode(models.TextChoices):
        PIPED = "piped", "纳管"
        CENTRAL = "central", "集中"
        SCATTERED = "scattered", "分散"
        REUSED = "reused", "资源化利用"
        CONTROLLED = "controlled", "管控"

    households = models.PositiveIntegerField("户数", null=True, blank=True)
    population = models.PositiveIntegerField("人口", null=True, blank=True)
    mode = models.CharField("治理模式", max_length=12, choices=Mode.choices, blank=True)
    treated = models.BooleanField("完成治理（管控）", default=False)
    treated_on = models.DateField("完成日期", null=True, blank=True)

    class Meta:
        verbose_name = "行政村"


class VillageFacility(Entity):
    """A facility that treats a village's sewage."""

    KIND = "village_facility"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_village_facility"
    )

    class Grade(models.TextChoices):
        FIRST = "first", "一级标准"
        SECOND = "second", "二级标准"
        THIRD = "third", "三级标准"

    class Run(models.TextChoices):
        NORMAL = "normal", "正常"
        IDLE = "idle", "疑似空转"
        STILL = "still", "疑似晒太阳"
        LOW = "low", "低负荷"
        UNKNOWN = "unknown", "数据缺"

    class Condition(models.TextChoices):
        USED = "used", "在用"
        STOPPED = "stopped", "停运"
        BROKEN = "broken", "损坏"
        NOT_TAKEN = "not_taken", "未接管"

    village = models.ForeignKey(
        SewageVillage, verbose_name="所在村", on_delete=models.PROTECT, null=True,
        related_name="facilities",
    )  # fmt: skip
    served = models.PositiveIntegerField("受益户数", null=True, blank=True)
    design_m3d = models.DecimalField("设计规模 m³/d", max_digits=10, decimal_places=1, null=True,
                                     blank=True, validators=POSITIVE)  # fmt: skip
    process = models.CharField("处理工艺", max_length=80, blank=True)
    grade = models.CharField("排放标准", max_length=10, choices=Grade.choices, blank=True)
    river = models.ForeignKey(
        River, verbose_name="受纳水体", on_delete=models.PROTECT, null=True, blank=True,
        related_name="village_facilities",
    )  # fmt: skip
    operator = models.CharField("运维单位", max_length=80, blank=True)
    meter_no = models.CharField("电表号", max_length=40, blank=True)
    condition = models.CharField(
        "设施状态", max_length=10, choices=Condition.choices, default=Condition.USED
    )
    # As its last days' power and flow say; kept with each of them.
    run = models.CharField(
        "运行判定", max_length=10, choices=Run.choices, default=Run.UNKNOWN, editable=False
    )
    run_why = models.CharField("判定依据", max_length=120, blank=True, editable=False)
    last_day = models.DateField("最近数据", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "农村污水设施"


class FacilityDay(LogEntry):
    """Power and flow of a facility on one day; nothing said is no nought."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_facility_day"
    )
    power_kwh = models.DecimalField("用电量 kWh", max_digits=10, decimal_places=2, null=True, blank=True,
                                    validators=POSITIVE)  # fmt: skip
    flow_m3 = models.DecimalField("处理水量 m³", max_digits=10, decimal_places=2, null=True, blank=True,
                                  validators=POSITIVE)  # fmt: skip

    class Meta:
        verbose_name = "设施日运行"


class FacilityVisit(LogEntry):
    """One inspection of a facility."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_facility_visit"
    )
    inflow = models.BooleanField("进水正常", default=True)
    outflow = models.BooleanField("出水正常", default=True)
    equipment = models.BooleanField("设备完好", default=True)
    power_reading = models.DecimalField("电表读数 kWh", max_digits=12, decimal_places=2, null=True, blank=True,
                                        validators=POSITIVE)  # fmt: skip
    flow_reading = models.DecimalField("流量计读数 m³", max_digits=12, decimal_places=2, null=True, blank=True,
                                       validators=POSITIVE)  # fmt: skip
    cod = models.DecimalField("出水化学需氧量 mg/L", **CONCENTRATION)  # type: ignore[arg-type]
    ammonia = models.DecimalField("出水氨氮 mg/L", **CONCENTRATION)  # type: ignore[arg-type]
    phosphorus = models.DecimalField("出水总磷 mg/L", **CONCENTRATION)  # type: ignore[arg-type]
    # Whether what was measured met the facility's grade; empty where nothing was.
    meets = models.BooleanField("出水达标", null=True, blank=True, editable=False)
    handling = models.CharField("处理情况", max_length=200, blank=True)

    class Meta:
        verbose_name = "设施巡检"


class VillageWork(Matter):
    """The treatment of one village's sewage as a project of a year."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_village_work"
    )
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    mode = models.CharField(
        "治理模式", max_length=12, choices=SewageVillage.Mode.choices, blank=True
    )
    households = models.PositiveIntegerField("受益户数", null=True, blank=True)
    investment = models.DecimalField(
        "总投资 万元", max_digits=12, decimal_places=2, null=True, blank=True
    )
    planned_finish = models.DateField("计划完成")
    progress = models.PositiveSmallIntegerField("形象进度 %", default=0, validators=PERCENT)

    class Meta:
        verbose_name = "农村生活污水治理项目"


# ---- treatment plants and the balance ------------------------------------------------------------


class SewageRegion(Entity):
    """A region for which the balance of a pollutant is drawn up (核算区域)."""

    KIND = "sewage_region"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_sewage_region"
    )

    class Sort(models.TextChoices):
        BUILT = "built", "建成区"
        DEVELOPMENT = "development", "开发区"
        PARK = "park", "园区"
        TOWN = "town", "镇区"

    sort = models.CharField("区域类型", max_length=12, choices=Sort.choices)

    class Meta:
        verbose_name = "核算区域"


class RegionYear(models.Model):
    """What is taken of one region for one year beside what its plants took in."""

    region = models.ForeignKey(
        SewageRegion, verbose_name="核算区域", on_delete=models.PROTECT, related_name="years"
    )
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    area_code = AreaCodeField("属地")
    # Either the volume, or what it follows from.
    sewage_m3 = models.DecimalField("生活污水产生量 m³", null=True, blank=True, **LARGE)  # type: ignore[arg-type]
    population = models.PositiveIntegerField("用水人口", null=True, blank=True)
    water_use = models.DecimalField("人均日用水 L", max_digits=7, decimal_places=2, null=True, blank=True,
                                    validators=POSITIVE)  # fmt: skip
    coefficient = models.DecimalField("产污系数", max_digits=4, decimal_places=3, null=True, blank=True,
                                      validators=[*POSITIVE, MaxValueValidator(1)])  # fmt: skip
    direct_kg = models.DecimalField("已知直排化学需氧量 kg", null=True, blank=True, **LARGE)  # type: ignore[arg-type]
    basis = models.CharField("数据来源", max_length=200, blank=True)
    synthetic = models.BooleanField("合成数据", default=False, editable=False)

    class Meta:
        verbose_name = "核算参数"
        ordering = ["-year", "region_id"]
        constraints = [
            models.UniqueConstraint(fields=["region", "year"], name="one_row_a_region_and_year")
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.year}"


class SewagePlant(Entity):
    """A plant that treats sewage, as a part of the firm that runs it."""

    KIND = "sewage_plant"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_sewage_plant"
    )

    class Sort(models.TextChoices):
        TOWN = "town", "城镇污水处理厂"
        PARK = "park", "工业污水处理厂"

    class Grade(models.TextChoices):
        GRADE_1A = "grade_1a", "一级A"
        GRADE_1B = "grade_1b", "一级B"
        GRADE_2 = "grade_2", "二级"

    sort = models.CharField("类型", max_length=10, choices=Sort.choices, default=Sort.TOWN)
    design_m3d = models.DecimalField("设计规模 m³/d", max_digits=10, decimal_places=1, null=True, validators=POSITIVE)  # fmt: skip
    region = models.ForeignKey(
        SewageRegion, verbose_name="核算区域", on_delete=models.PROTECT, null=True, blank=True,
        related_name="plants",
    )  # fmt: skip
    # Category of GB 18918 by which it is judged where its outlet's permit says nothing.
    grade = models.CharField("执行标准", max_length=12, choices=Grade.choices, blank=True)
    process = models.CharField("处理工艺", max_length=80, blank=True)
    river = models.ForeignKey(
        River, verbose_name="受纳水体", on_delete=models.PROTECT, null=True, blank=True,
        related_name="sewage_plants",
    )  # fmt: skip
    # Where its devices stand: the outlets of its firm at which it is measured.
    inlet = models.ForeignKey(
        Outlet, verbose_name="进水监测口", on_delete=models.PROTECT, null=True, blank=True,
        related_name="+",
    )  # fmt: skip
    outlet = models.ForeignKey(
        Outlet, verbose_name="出水监测口", on_delete=models.PROTECT, null=True, blank=True,
        related_name="+",
    )  # fmt: skip

    class Meta:
        verbose_name = "污水处理厂"


class PlantMonth(LogEntry):
    """One month of a plant: what came in and went out. From its devices, or from its own report."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_plant_month"
    )

    class Source(models.TextChoices):
        REPORT = "report", "月报"
        DEVICES = "devices", "监测数据"

    month = models.CharField("月份", max_length=7, db_index=True, help_text="如 2026-05")
    source = models.CharField("来源", max_length=10, choices=Source.choices, default=Source.REPORT)
    days = models.PositiveSmallIntegerField("天数", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(31)],
                                            help_text="留空为全月；监测数据缺的天不算")  # fmt: skip
    inflow_m3 = models.DecimalField("进水量 m³", **LARGE)  # type: ignore[arg-type]
    outflow_m3 = models.DecimalField("出水量 m³", null=True, blank=True, **LARGE)  # type: ignore[arg-type]
    industrial_m3 = models.DecimalField("其中工业废水 m³", default=Decimal(0), **LARGE)  # type: ignore[arg-type]
    industrial_cod = models.DecimalField("工业废水化学需氧量 mg/L", **CONCENTRATION)  # type: ignore[arg-type]
    cod_in = models.DecimalField("进水化学需氧量 mg/L", **CONCENTRATION)  # type: ignore[arg-type]
    bod_in = models.DecimalField("进水五日生化需氧量 mg/L", **CONCENTRATION)  # type: ignore[arg-type]
    ammonia_in = models.DecimalField("进水氨氮 mg/L", **CONCENTRATION)  # type: ignore[arg-type]
    phosphorus_in = models.DecimalField("进水总磷 mg/L", **CONCENTRATION)  # type: ignore[arg-type]
    cod_out = models.DecimalField("出水化学需氧量 mg/L", **CONCENTRATION)  # type: ignore[arg-type]
    ammonia_out = models.DecimalField("出水氨氮 mg/L", **CONCENTRATION)  # type: ignore[arg-type]
    phosphorus_out = models.DecimalField("出水总磷 mg/L", **CONCENTRATION)  # type: ignore[arg-type]
    nitrogen_out = models.DecimalField("出水总氮 mg/L", **CONCENTRATION)  # type: ignore[arg-type]
    # Judged when it is entered.
    days_judged = models.PositiveSmallIntegerField(
        "判定天数", null=True, blank=True, editable=False
    )
    days_met = models.PositiveSmallIntegerField("达标天数", null=True, blank=True, editable=False)
    load = models.DecimalField(
        "负荷率 %", max_digits=6, decimal_places=1, null=True, editable=False
    )
    warning = models.CharField("预警", max_length=120, blank=True, editable=False)
    meets = models.BooleanField("出水达标", null=True, blank=True, editable=False)
    judged_by = models.CharField("判定依据", max_length=120, blank=True, editable=False)

    class Meta:
        verbose_name = "污水处理厂月运行"
        indexes = [models.Index(fields=["month", "logentry_ptr"], name="plant_month_of")]


class DistrictPlan(Matter):
    """The plan of one region: why so little is collected, what is done, how many points that is to bring (一区一策)."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_district_plan"
    )
    region = models.ForeignKey(
        SewageRegion,
        verbose_name="核算区域",
        on_delete=models.PROTECT,
        related_name="district_plans",
    )
    year = models.PositiveSmallIntegerField("核算年度", db_index=True)
    check_concentration = models.DecimalField("校核浓度 mg/L", max_digits=7, decimal_places=2, null=True,
                                              editable=False)  # fmt: skip
    target = models.DecimalField("目标收集率 %", max_digits=5, decimal_places=2, default=75,
                                 validators=PERCENT)  # fmt: skip
    # As the balance said when the plan was drawn up.
    rate = models.DecimalField(
        "现状收集率 %", max_digits=6, decimal_places=2, null=True, editable=False
    )
    direct_points = models.DecimalField("直排（百分点）", max_digits=6, decimal_places=2, null=True,
                                        editable=False)  # fmt: skip
    lost_points = models.DecimalField("去向不明（百分点）", max_digits=6, decimal_places=2, null=True,
                                      editable=False)  # fmt: skip
    foreign_m3 = models.DecimalField("外来水 m³", max_digits=14, decimal_places=2, null=True,
                                     editable=False)  # fmt: skip
    inflow_cod = models.DecimalField("平均进水化学需氧量 mg/L", max_digits=9, decimal_places=1, null=True,
                                     editable=False)  # fmt: skip
    diagnosis = models.TextField("成因诊断", blank=True)
    deadline = models.DateField("完成时限", null=True, blank=True)
    # What the next balance came to.
    reached = models.DecimalField("实施后收集率 %", max_digits=6, decimal_places=2, null=True, blank=True,
                                  validators=PERCENT)  # fmt: skip

    class Meta:
        verbose_name = "一区一策"

    @property
    def gap(self) -> Decimal | None:
        """Percentage points missing to the target when it was drawn up."""
        return None if self.rate is None else Decimal(self.target) - Decimal(self.rate)

    @property
    def expected(self) -> Decimal:
        """Percentage points that its measures are to bring."""
        total: Decimal | None = self.plan_measures.aggregate(n=models.Sum("gain"))["n"]
        return total or Decimal(0)

    @property
    def gained(self) -> Decimal:
        """Percentage points of the measures that are done."""
        done = self.plan_measures.filter(done_on__isnull=False)
        total: Decimal | None = done.aggregate(n=models.Sum("gain"))["n"]
        return total or Decimal(0)


class PlanMeasure(models.Model):
    """One measure of a plan, with what it is against and what it is to bring."""

    class Cause(models.TextChoices):
        COLLECTION = "collection", "收集率低"
        SCATTERED = "scattered", "小散乱直排"
        SEWERS = "sewers", "管网滞后"
        MIXED = "mixed", "雨污分流不彻底"

    plan = models.ForeignKey(DistrictPlan, on_delete=models.CASCADE, related_name="plan_measures")
    cause = models.CharField("针对成因", max_length=12, choices=Cause.choices)
    text = models.CharField("措施", max_length=200)
    gain = models.DecimalField(
        "预计提升（百分点）", max_digits=5, decimal_places=2, validators=PERCENT
    )
    unit = models.CharField("责任单位", max_length=80, blank=True)
    due = models.DateField("计划完成", null=True, blank=True)
    done_on = models.DateField("实际完成", null=True, blank=True)

    class Meta:
        verbose_name = "措施"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text


class SewerWork(Matter):
    """One work on the sewers, counted by its length (污水收集与管网建设)."""

    class Sort(models.TextChoices):
        NEW = "new", "新建管网"
        RENEWED = "renewed", "改造修复"
        TRUNK = "trunk", "截污干管"
        ROAD = "road", "道路雨污分流"
        CLEARED = "cleared", "清淤"
        BALCONY = "balcony", "阳台水改造"
        CONNECTED = "connected", "“十必接”接管"
        AREA = "area", "达标区建设"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_sewer_work"
    )
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    sort = models.CharField("工程类型", max_length=12, choices=Sort.choices, db_index=True)
    region = models.ForeignKey(
        SewageRegion, verbose_name="核算区域", on_delete=models.PROTECT, null=True, blank=True,
        related_name="sewer_works",
    )  # fmt: skip
    planned_km = models.DecimalField("计划长度 km", max_digits=9, decimal_places=3, null=True, blank=True,
                                     validators=POSITIVE)  # fmt: skip
    done_km = models.DecimalField("完成长度 km", max_digits=9, decimal_places=3, default=Decimal(0),
                                  validators=POSITIVE)  # fmt: skip
    pieces = models.PositiveIntegerField("数量（条、处、个）", null=True, blank=True)
    pieces_done = models.PositiveIntegerField("完成数量", default=0)
    implementing = models.CharField("实施单位", max_length=120, blank=True)
    investment = models.DecimalField(
        "总投资 万元", max_digits=12, decimal_places=2, null=True, blank=True
    )
    planned_finish = models.DateField("计划完成")
    progress_text = models.TextField("进展", blank=True)

    class Meta:
        verbose_name = "污水管网工程"


class SewerGap(Entity):
    """An area without sewers (管网空白区): its geometry is what the map shows."""

    KIND = "sewer_gap"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_sewer_gap"
    )
    region = models.ForeignKey(
        SewageRegion, verbose_name="核算区域", on_delete=models.PROTECT, null=True, blank=True,
        related_name="sewer_gaps",
    )  # fmt: skip
    size_km2 = models.DecimalField("面积 km²", max_digits=9, decimal_places=3, null=True, blank=True,
                                   validators=POSITIVE)  # fmt: skip
    population = models.PositiveIntegerField("涉及人口", null=True, blank=True)
    missing_km = models.DecimalField("缺管网 km", max_digits=9, decimal_places=3, null=True, blank=True,
                                     validators=POSITIVE)  # fmt: skip
    filled_on = models.DateField("补齐日期", null=True, blank=True)

    class Meta:
        verbose_name = "管网空白区"


# ---- industrial wastewater -----------------------------------------------------------------------


class FiveNorms(Matter):
    """One firm's wastewater looked at by the five norms (工业废水“五规范”)."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_five_norms"
    )
    trade = models.CharField("行业", max_length=60, blank=True)
    receiving = models.CharField("废水去向", max_length=120, blank=True)
    checked_on = models.DateField("检查日期", null=True, blank=True, db_index=True)
    found = models.TextField("检查情况", blank=True)
    failed = models.PositiveSmallIntegerField("不规范项", default=0, editable=False)
    ordered_on = models.DateField("责令整改日期", null=True, blank=True, db_index=True)
    order_no = models.CharField("责令改正文号", max_length=80, blank=True)
    deadline = models.DateField("整改时限", null=True, blank=True)
    progress = models.PositiveSmallIntegerField("进度 %", default=0, validators=PERCENT)

    class Meta:
        verbose_name = "工业废水“五规范”"


class NormItem(models.Model):
    """One of the norms, and whether the firm meets it."""

    class Result(models.TextChoices):
        TODO = "todo", "未查"
        MET = "met", "规范"
        FAILED = "failed", "不规范"
        NONE = "none", "不涉及"

    check_of = models.ForeignKey(FiveNorms, on_delete=models.CASCADE, related_name="norm_items")
    item = models.CharField("检查项", max_length=60)
    result = models.CharField("结果", max_length=8, choices=Result.choices, default=Result.TODO)
    note = models.CharField("问题", max_length=200, blank=True)

    class Meta:
        verbose_name = "五规范检查"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.item


class FluorideFirm(RosterLine):
    """That a firm's wastewater holds fluoride, by the list of a year."""

    trade = models.CharField("行业", max_length=60, blank=True)
    anodising = models.BooleanField("铝氧化", default=False)
    limit = models.CharField("氟化物限值", max_length=60, blank=True)
    treatment = models.CharField("除氟设施", max_length=120, blank=True)
    monitored = models.BooleanField("安装氟化物在线监测", default=False)
    receiving = models.CharField("废水去向", max_length=120, blank=True)

    class Meta:
        verbose_name = "涉氟企业"
