"""土壤污染重点监管单位 (mechanism S-2): the yearly list in editions, and what every unit on it owes.

自行监测 and 有毒有害物质排放报告 each year; 隐患排查 within a year of coming on the list, and again every few years after
the last one. How often stands in ``data/key_units.toml`` (mark M).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import models, transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.books import duty as duties
from ecoledger.books.duty import Duty, Every
from ecoledger.books.log import Log
from ecoledger.books.models import Edition, LogEntry, Obligation, RosterLine
from ecoledger.books.roster import Roster
from ecoledger.entities.models import Enterprise
from ecoledger.listings import own_data, own_files
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import
from ecoledger.listings.tallies import tally
from ecoledger.standards.time_limits import add_months

DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.MONITOR, Role.APPROVER})
own_files.declare(
    own_files.Rules("ecoledger.registers.soil", "key_units", "土壤重点监管单位的义务")
)


def rules() -> dict[str, Any]:
    """The file in force."""
    return own_data.read("ecoledger.registers.soil", "key_units")


# ---- the list ------------------------------------------------------------------------------------


class KeyUnit(RosterLine):
    """A unit on the list of a year."""

    industry = models.CharField("行业类别", max_length=60, blank=True)
    industry_code = models.CharField("行业代码", max_length=6, blank=True)
    substances = models.CharField("有毒有害物质", max_length=200, blank=True)
    # When it came on the list for the first time: from then its first survey of hidden dangers is owed.
    listed_on = models.DateField("首次列入日期", null=True, blank=True)
    survey_by = models.DateField("首次排查期限", null=True, blank=True, editable=False)
    in_permit = models.BooleanField("许可证已载明义务", default=False)

    class Meta:
        verbose_name = "土壤污染重点监管单位"


class UnitRoster(Roster):
    """The list; the day of the first survey follows from that on which a unit came on it."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        return super().open_row(_with_first_survey(values), by, at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        changed = _with_first_survey(values) if values.get("listed_on") else values
        return super().change_row(row, changed, by, at)


def _with_first_survey(values: Mapping[str, Any]) -> dict[str, Any]:
    listed = values.get("listed_on") or timezone.localdate()
    return {**values, "listed_on": listed,
            "survey_by": add_months(listed, 12 * int(rules()["survey_first_years"]))}  # fmt: skip


UNITS = declare(UnitRoster(
    key="soil_key_unit", label="土壤污染重点监管单位", model=KeyUnit, line="soil", edition="年度", edit=DESK,
    enterprise="entity__code",
    columns=("entity", "edition", "industry", "substances", "listed_on", "survey_by", "in_permit", "reason",
             "area_code"),
    filters=("edition", "in_permit", "area_code"), search=("entity__name", "industry", "substances"), lead="entity",
    fields=("edition", Ask("entity", "单位", to=Enterprise, required=True), "industry", "industry_code",
            "substances", "listed_on", "in_permit", "reason"),
    labels={"entity": "单位"},
    imports=Import(key=("edition", "entity"), future=(),
                   headers={"edition": ("名录年度", "年度"), "entity": ("单位名称", "企业名称", "企业"),
                            "industry": ("行业",), "substances": ("有毒有害物质名称", "特征污染物"),
                            "listed_on": ("首次列入时间", "纳入时间")},
                   examples={"edition": "2026年度", "entity": "示例化工有限公司", "industry": "化学原料制造"}),
    empty="还没有名录。先建一个年度的版本，导入名单后公布。",
))  # fmt: skip
_HOLDS = Q(edition__until=None) & ~Q(edition__state=Edition.State.DRAFT)
tally(UNITS, "listed", "土壤污染重点监管单位", _HOLDS, unit="家")
tally(UNITS, "in_permit", "许可证载明土壤义务率", Q(in_permit=True), whole=_HOLDS)


def in_force() -> QuerySet[KeyUnit]:
    """The lines of the editions that hold today."""
    day = timezone.localdate()
    until = Q(edition__until=None) | Q(edition__until__gte=day)
    return KeyUnit.objects.filter(
        until, edition__book=UNITS.key, edition__since__lte=day
    ).exclude(edition__state=Edition.State.DRAFT)  # fmt: skip


def listed() -> QuerySet[Enterprise]:
    """The units on the list today."""
    return Enterprise.objects.filter(pk__in=in_force().order_by().values("entity"))


# ---- surveys of hidden dangers -------------------------------------------------------------------


class SoilSurvey(LogEntry):
    """One survey of hidden dangers at a unit (隐患排查)."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_soil_survey"
    )
    report_no = models.CharField("排查报告", max_length=120)
    surveyor = models.CharField("排查单位", max_length=120, blank=True)
    places = models.PositiveIntegerField("排查重点场所设施", default=0)
    dangers = models.PositiveIntegerField("发现隐患", default=0)
    next_by = models.DateField("下次排查期限", null=True, blank=True)

    class Meta:
        verbose_name = "土壤隐患排查"


def _next(day: date) -> date:
    """Until when a unit that was surveyed on a day is surveyed again."""
    return add_months(day, 12 * int(rules()["survey_every_years"]))


class SurveyLog(Log):
    """The surveys: each fulfils what was owed, and says when the next one is."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        """The next one is after this one, and no later than the rules have it."""
        day, said = timezone.localdate(values.get("at")), values.get("next_by")
        if said is None or day < said <= _next(day):
            return {}
        return {"next_by": _("应在本次排查之后，不晚于 %s") % _next(day)}

    @transaction.atomic
    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        day = timezone.localdate(values.get("at") or at)
        values = {**values, "next_by": values.get("next_by") or _next(day)}
        entry = super().open_row(values, by, at, **more)
        owed = Obligation.objects.filter(
            book=SURVEY_DUE.key, entity=entry.entity_id, state=Obligation.State.DUE
        )
        for obligation in owed:
            duties.fulfil(SURVEY_DUE, obligation, by=by, on=day, entry=entry)
        return entry


SURVEYS = declare(SurveyLog(
    key="soil_survey", label="土壤隐患排查", model=SoilSurvey, line="soil", edit=STAFF | {Role.ENTERPRISE},
    enterprise="entity__code", lead="entity",
    columns=("entity", "at", "report_no", "surveyor", "places", "dangers", "next_by", "area_code", "by"),
    filters=("area_code", "at", "next_by"), search=("entity__name", "report_no", "surveyor"),
    fields=(Ask("entity", "单位", to=Enterprise, required=True), "at", "report_no", "surveyor", "places", "dangers",
            "next_by", "note"),
    labels={"entity": "单位"},
    imports=Import(key=("entity", "at"), future=(),
                   headers={"entity": ("单位名称", "企业名称"), "at": ("排查日期", "排查时间"),
                            "report_no": ("报告名称", "报告编号"), "places": ("重点场所数",),
                            "dangers": ("隐患数", "发现隐患数")},
                   examples={"entity": "示例化工有限公司", "at": "2026-05-12", "report_no": "隐患排查报告2026"}),
    empty="还没有隐患排查。单位完成排查后登记或导入，下次期限随之算出。",
))  # fmt: skip
tally(SURVEYS, "dangers", "排查发现土壤隐患", dated="at", add="dangers", better="lower")


def to_survey() -> QuerySet[Enterprise]:
    """The units on the list, each with the day by which its next survey is owed."""
    last = (
        SoilSurvey.objects.filter(entity=OuterRef("pk"), current=True)
        .order_by("-at", "-pk")
        .values("next_by")[:1]
    )
    first = in_force().filter(entity=OuterRef("pk")).order_by("-pk").values("survey_by")[:1]
    return listed().annotate(survey_by=Coalesce(Subquery(last), Subquery(first)))


# ---- what is owed --------------------------------------------------------------------------------

_OWES = frozenset({Role.TOWN, Role.MONITOR})
SURVEY_DUE = declare(Duty(
    key="soil_survey_due", label="隐患排查到期", line="soil", objects=to_survey, until="survey_by", remind_before=60,
    owed_by=_OWES, columns=("entity", "due", "state", "done_on"), filters=("state", "area_code", "due"),
    search=("entity__name",), edit=STAFF, enterprise="entity__code", empty="还没有临近到期的隐患排查。",
))  # fmt: skip
SELF_DUE = declare(Duty(
    key="soil_self_due", label="土壤和地下水自行监测", line="soil", objects=listed, every=Every.YEAR,
    remind_before=60, fulfilled_by="soil_self_test", owed_by=_OWES,
    columns=("entity", "begin", "end", "due", "state", "done_on"), filters=("state", "area_code", "due"),
    search=("entity__name",), edit=STAFF, enterprise="entity__code",
    empty="名录公布后，每家单位每年一次。",
))  # fmt: skip
TOXIC_DUE = declare(Duty(
    key="soil_toxic_due", label="有毒有害物质排放报告", line="soil", objects=listed, every=Every.YEAR,
    remind_before=60, owed_by=_OWES, columns=("entity", "begin", "end", "due", "state", "done_on", "note"),
    filters=("state", "area_code", "due"), search=("entity__name",), edit=STAFF, enterprise="entity__code",
    empty="名录公布后，每家单位每年一次。",
))  # fmt: skip
