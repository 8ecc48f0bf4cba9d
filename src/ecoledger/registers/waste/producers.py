"""产废单位名录、管理计划备案与申报 (mechanism S-5): who produces hazardous waste, and what they file and declare by when.

The grade of a producer says how often it declares (HJ 1259-2022, from memory: mark M); by which tonnage it is of a
grade lies in ``data/hazardous_waste.toml``. A plan is filed by 31 March, a declaration follows its period. What was
filed settles the term it is for, late or in time, whenever it was entered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import BUREAU, Role
from ecoledger.books.duty import DueAfter, Duty, Every
from ecoledger.books.models import LogEntry, RosterLine
from ecoledger.books.roster import Roster
from ecoledger.entities.models import Enterprise
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tallies import tally
from ecoledger.registers.waste.filings import FilingLog
from ecoledger.registers.waste.hazardous_waste import tell_changed
from ecoledger.registers.waste.waste_ledgers import WasteRecord, own_firm
from ecoledger.standards import waste
from ecoledger.standards.time_limits import add_months

WRITERS = BUREAU | {Role.ENTERPRISE}
_YEAR: dict[str, Any] = {"validators": [MinValueValidator(2000), MaxValueValidator(2100)]}
_TONNES: dict[str, Any] = {
    "max_digits": 14,
    "decimal_places": 5,
    "validators": [MinValueValidator(0)],
}


class Grade(models.TextChoices):
    """How closely a producer is looked after."""

    KEY = "key", "重点监管"
    SIMPLE = "simple", "简化管理"
    REGISTERED = "registered", "登记管理"


# ---- who produces --------------------------------------------------------------------------------


class WasteProducer(RosterLine):
    """That a firm produces hazardous waste, by the year's list."""

    rosterline_ptr = models.OneToOneField(
        RosterLine, on_delete=models.CASCADE, parent_link=True, related_name="as_waste_producer"
    )
    grade = models.CharField("管理类别", max_length=12, choices=Grade.choices, db_index=True)
    expected = models.DecimalField("年产生量 t", null=True, blank=True, **_TONNES)
    own_facility = models.BooleanField("有自行利用处置设施", default=False)
    operator = models.BooleanField("持经营许可证", default=False)

    class Meta:
        verbose_name = "产废单位名录"


def grade_of(tonnes: Decimal, *, own_facility: bool = False, operator: bool = False) -> str:
    """The grade of a producer of so many tonnes a year; who disposes itself or for others is a key one."""
    rows = own_data.read(__package__, "hazardous_waste")["grade"]
    if own_facility or operator:
        return str(rows[0]["key"])
    return str(next(row["key"] for row in rows if tonnes >= Decimal(str(row["least_tonnes"]))))


def proposed(area_code: str, day: date) -> Iterable[tuple[Any, dict[str, Any]]]:
    """Firms whose ledgers of the year before ``day`` hold waste, with the grade that follows from the tonnage."""
    lines = WasteRecord.objects.filter(
        book="waste_produced", current=True, area_code__startswith=area_code,
        at__date__gt=add_months(day, -12), at__date__lte=day,
    )  # fmt: skip
    totals = dict(lines.order_by().values_list("entity").annotate(n=Sum("kilograms")))
    for firm in Enterprise.objects.filter(pk__in=list(totals)).order_by("code"):
        tonnes = Decimal(totals[firm.pk]) / 1000
        yield firm, {"grade": grade_of(tonnes), "expected": tonnes}


PRODUCERS = declare(Roster(
    key="waste_producer", label="产废单位名录", line="waste", model=WasteProducer, edition="年度",
    columns=("entity", "grade", "expected", "own_facility", "operator", "area_code", "edition"),
    filters=("edition", "grade", "area_code"), search=("entity__name",),
    fields=("edition", Ask("entity", "产生单位", to=Enterprise, required=True), "grade", "expected",
            "own_facility", "operator", "reason"),
    imports=Import(key=("edition", "entity"),
                   headers={"edition": ("年度",), "entity": ("单位名称", "企业名称"),
                            "grade": ("监管类别", "管理类型"), "expected": ("年产生量", "预计产生量")},
                   values={"grade": {"重点监管单位": "key", "重点": "key", "简化管理单位": "simple",
                                     "简化": "simple", "登记管理单位": "registered", "登记": "registered"}},
                   examples={"edition": "2026", "entity": "示例涂装有限公司", "grade": "简化管理"}, future=()),
    lead="entity", labels={"entity": "产生单位"}, enterprise="entity__code", proposes=proposed,
    edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.APPROVER, Role.OFFICER}),
    empty="还没有产废单位名录。拟定一个年度的版本后导入，或由上一年的产生台账列入。",
))  # fmt: skip


def on_list(*grades: str) -> QuerySet[Any]:
    """The firms that the list in force names, of these grades or of any."""
    today = timezone.localdate()
    lines = WasteProducer.objects.filter(
        Q(edition__until=None) | Q(edition__until__gte=today),
        edition__book=PRODUCERS.key, edition__since__lte=today,
    ).exclude(edition__state="draft")  # fmt: skip
    if grades:
        lines = lines.filter(grade__in=grades)
    return Enterprise.objects.filter(pk__in=lines.values("entity"))


# ---- what they file ------------------------------------------------------------------------------


class WastePlan(LogEntry):
    """That a producer filed its yearly plan (管理计划备案)."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_waste_plan"
    )
    year = models.PositiveSmallIntegerField("计划年度", **_YEAR)
    receipt_no = models.CharField("备案编号", max_length=60, blank=True)
    expected = models.DecimalField("计划产生量 t", null=True, blank=True, **_TONNES)

    class Meta:
        verbose_name = "管理计划备案"


def _plan_owed(entry: Any) -> tuple[Sequence[str], date]:
    return ("waste_plan_due",), date(entry.year, 1, 1)


PLANS = declare(FilingLog(
    key="waste_plan", label="管理计划备案", line="waste", model=WastePlan, edit=WRITERS, owed=_plan_owed,
    columns=("entity", "year", "at", "receipt_no", "expected", "area_code", "by"),
    filters=("year", "at", "area_code"), search=("entity__name", "receipt_no"),
    fields=(Ask("entity", "产生单位", to=Enterprise, required=True), "year", "at", "receipt_no", "expected", "note"),
    labels={"entity": "产生单位", "at": "备案时间"}, lead="entity", enterprise="entity__code",
    imports=Import(key=("entity", "year"),
                   headers={"entity": ("单位名称", "企业名称"), "year": ("年度",), "at": ("备案日期",),
                            "expected": ("计划产生量",)},
                   examples={"entity": "示例涂装有限公司", "year": "2026", "at": "2026-03-12"},
                   future=(), read=own_firm, instead={"entity": ""}),
    empty="还没有管理计划备案。产废单位须在 3 月 31 日前备案。",
))  # fmt: skip


PERIODS = (
    *((f"m{n:02d}", f"{n}月") for n in range(1, 13)),
    *((f"q{n}", f"第{n}季度") for n in range(1, 5)),
    ("y", "全年"),
)


class WasteDeclaration(LogEntry):
    """What a producer declared of a code for a period (危险废物申报), t."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_waste_declaration"
    )
    year = models.PositiveSmallIntegerField("申报年度", **_YEAR)
    period = models.CharField("申报期", max_length=4, choices=PERIODS, db_index=True)
    code = models.CharField("危险废物代码", max_length=14, blank=True, db_index=True)
    produced = models.DecimalField("产生量 t", default=0, **_TONNES)
    own = models.DecimalField("自行利用处置量 t", default=0, **_TONNES)
    consigned = models.DecimalField("委外利用处置量 t", default=0, **_TONNES)
    stored = models.DecimalField("期末贮存量 t", default=0, **_TONNES)

    class Meta:
        verbose_name = "危险废物申报"

    @property
    def span(self) -> tuple[date, date]:
        """First and last day of the period."""
        return span_of(self.year, self.period)


def span_of(year: int, period: str) -> tuple[date, date]:
    """First and last day of a period: "m10", "q4" or "y".

    >>> span_of(2026, "q1")
    (datetime.date(2026, 1, 1), datetime.date(2026, 3, 31))
    """
    months = {"m": 1, "q": 3, "y": 12}[period[0]]
    first = (int(period[1:] or 1) - 1) * months + 1
    last = first + months
    end = date(year + last // 13, (last - 1) % 12 + 1, 1) - timedelta(days=1)
    return date(year, first, 1), end


def _declared_for(entry: Any) -> tuple[Sequence[str], date]:
    book = {"m": "waste_month_due", "q": "waste_quarter_due", "y": "waste_year_due"}
    return (book[entry.period[0]],), entry.span[0]


class DeclarationLog(FilingLog):
    """The declarations: of a code of the list, or of none for a period in which nothing was produced."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        code = str(values.get("code") or "")
        if not code:
            amounts = (values.get(n) for n in ("produced", "own", "consigned", "stored"))
            return {"code": _("没有代码的申报只能是零申报")} if any(amounts) else {}
        read = waste.hazardous(code)
        return {} if read.ok else {"code": read.wrong}

    def _read(self, values: Mapping[str, Any], by: Person | None) -> dict[str, Any]:
        if wrong := self.wrong(values, by):
            fields = {name: [text] for name, text in wrong.items()}
            raise Refused("form", "；".join(wrong.values()), _("请按各项提示修改。"), fields)
        code = waste.hazardous(str(values["code"])).code if values.get("code") else ""
        return {**values, "code": code}

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        entry = super().open_row(self._read(values, by), by, at, **more)
        tell_changed({(entry.entity_id, entry.code)})
        return entry

    def import_row(
        self, values: Mapping[str, Any], batch: Any, row: Any, by: Any, at: datetime
    ) -> Any:
        return FilingLog.open_row(self, self._read(values, by), by, at)

    def imported(self, batch: Any, made: int, by: Any, at: datetime) -> None:
        super().imported(batch, made, by, at)
        rows = WasteDeclaration.objects.filter(
            pk__in=batch.rows.exclude(made=None).values_list("made", flat=True)
        )
        tell_changed(set(rows.values_list("entity_id", "code").distinct()))

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        right = super().change_row(row, values, by, at)
        tell_changed({(right.entity_id, right.code)})
        return right


_MONTHS = {word: key for key, label in PERIODS for word in (label, label.removeprefix("第"))}
DECLARATIONS = declare(DeclarationLog(
    key="waste_declaration", label="危险废物申报", line="waste", model=WasteDeclaration, edit=WRITERS,
    owed=_declared_for,
    columns=("entity", "year", "period", "code", "produced", "own", "consigned", "stored", "at", "area_code"),
    filters=("year", "period", "code", "entity", "area_code"), search=("entity__name", "code"),
    fields=(Ask("entity", "产生单位", to=Enterprise, required=True), "year", "period",
            Ask("code", help="零申报留空"), "produced", "own", "consigned", "stored", "at", "note"),
    labels={"entity": "产生单位", "at": "申报时间"}, lead="entity", enterprise="entity__code",
    imports=Import(key=("entity", "year", "period", "code"),
                   headers={"entity": ("单位名称", "企业名称", "单位"), "year": ("年度", "年份"),
                            "period": ("月份", "季度", "申报周期"), "code": ("废物代码", "代码"),
                            "produced": ("产生量",), "own": ("自行量", "自行利用处置量"),
                            "consigned": ("委外量", "委外利用处置量"), "stored": ("贮存量", "期末贮存量"),
                            "at": ("申报日期",)},
                   values={"period": _MONTHS | {str(n): f"m{n:02d}" for n in range(1, 13)} | {"年度": "y"}},
                   examples={"entity": "示例涂装有限公司", "year": "2026", "period": "10月",
                             "code": "900-249-08", "produced": "1.25"},
                   future=(), read=own_firm, instead={"entity": ""}),
    empty="还没有申报数据。从危险废物信息管理系统导出后导入，与台账和联单核对。",
))  # fmt: skip

# ---- by when -------------------------------------------------------------------------------------


def _due(key: str, label: str, grades: tuple[str, ...], every: Every, after: DueAfter) -> Duty:
    return declare(Duty(
        key=key, label=label, line="waste", tab="waste", objects=lambda: on_list(*grades), every=every,
        due_after=after, remind_before=7, owed_by=frozenset({Role.OFFICER}),
        columns=("entity", "begin", "end", "due", "state", "done_on", "area_code"),
        filters=("state", "due", "area_code"), search=("entity__name",),
        labels={"begin": "期初", "end": "期末"}, enterprise="entity__code",
        edit=frozenset({Role.OFFICER, Role.APPROVER, Role.SECTION_CHIEF}),
        empty="名录公布后，各期应备案、应申报的单位会列在这里。",
    ))  # fmt: skip


# By 31 March of the year itself: so many days before its end.
PLAN_DUE = _due("waste_plan_due", "管理计划备案期限", (), Every.YEAR, -275)
MONTH_DUE = _due("waste_month_due", "危险废物月度申报", (Grade.KEY,), Every.MONTH, 15)
QUARTER_DUE = _due("waste_quarter_due", "危险废物季度申报", (Grade.SIMPLE,), Every.QUARTER, 15)
# By 31 March of the year after, which is no number of days after the year's end.
YEAR_DUE = _due("waste_year_due", "危险废物年度申报", (Grade.REGISTERED,), Every.YEAR,
                lambda end: date(end.year + 1, 3, 31))  # fmt: skip
tally(PLAN_DUE, "filed_ratio", "管理计划备案率", Q(state="done"), whole=~Q(state="waived"), dated="begin",
      missing=noop("名录没有公布，或还没有到备案年度"))  # fmt: skip
