"""小微危废收集平台 (mechanism S-7): its members, what they declare, and who has not called for a long time.

A member is a small producer that signed with a collector; once it stands on the platform it declares and orders
pick-ups (``small_pickups``). One that has neither declared nor been fetched from for some months is owed a visit:
what it produces has gone somewhere. How many months, and up to how many tonnes a year a member may produce, is data.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.books import duty as duties
from ecoledger.books.duty import Duty
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry, Obligation
from ecoledger.entities.inventory import CODE, COORDINATES, Findings, Inventory
from ecoledger.entities.inventory import declare as declare_inventory
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tallies import tally
from ecoledger.live import times
from ecoledger.standards import identifiers, waste
from ecoledger.standards.time_limits import add_months

WRITERS = STAFF | {Role.ENTERPRISE, Role.THIRD_PARTY}
_TONNES: dict[str, Any] = {
    "max_digits": 10,
    "decimal_places": 4,
    "validators": [MinValueValidator(0)],
}


class SmallProducer(Entity):
    """A small producer of hazardous waste: a firm, a garage, a laboratory."""

    KIND = "small_producer"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_small_producer"
    )

    class Sort(models.TextChoices):
        INDUSTRY = "industry", "工业企业"
        GARAGE = "garage", "机动车维修"
        LABORATORY = "laboratory", "学校、实验室"
        SERVICE = "service", "服务业"
        OTHER = "other", "其他"

    sort = models.CharField("类型", max_length=12, choices=Sort.choices, default=Sort.INDUSTRY)
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True, db_index=True)
    contact = models.CharField("联系人", max_length=40, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)
    codes = models.CharField("废物代码清单", max_length=200, blank=True)
    expected = models.DecimalField("预计年产生量 t", null=True, blank=True, **_TONNES)
    collector = models.CharField("收集单位", max_length=120, blank=True, db_index=True)
    contract_no = models.CharField("合同编号", max_length=60, blank=True)
    signed_on = models.DateField("签约日期", null=True, blank=True, db_index=True)
    contract_until = models.DateField("合同到期", null=True, blank=True, db_index=True)
    joined_on = models.DateField("入网日期", null=True, blank=True, db_index=True)
    # Kept by what it declares and what is fetched.
    declared_on = models.DateField("最近申报", null=True, blank=True, editable=False, db_index=True)
    fetched_on = models.DateField("最近收运", null=True, blank=True, editable=False)
    call_by = models.DateField("应回访日", null=True, blank=True, editable=False, db_index=True)

    class Meta:
        verbose_name = "小微产废单位"

    @property
    def standing(self) -> str:
        """How far it is: known, signed, on the platform, and whether it has gone silent."""
        if self.joined_on is None:
            return _("已签约") if self.signed_on else _("未签约")
        if self.call_by is not None and self.call_by < timezone.localdate():
            return _("长期未收运")
        return _("已入网")


def _rules() -> dict[str, Any]:
    return own_data.read(__package__, "small_producers")


def clean(member: SmallProducer, findings: Findings) -> None:
    """Codes are of the list; who is on the platform has signed; who produces much is none of the small."""
    codes = member.codes
    for sign in "，,；;、":
        codes = codes.replace(sign, " ")
    read = [waste.hazardous(code) for code in codes.split()]
    if wrong := [code.wrong for code in read if not code.ok]:
        findings.wrong["codes"] = "；".join(wrong)
    else:
        member.codes = "、".join(dict.fromkeys(code.code for code in read))
    if member.uscc:
        unified = identifiers.parse_credit_code(member.uscc)
        member.uscc = findings.take("uscc", _("信用代码"), unified)
    if member.joined_on and not member.signed_on:
        findings.wrong["signed_on"] = _("入网单位须有签约日期")
    if member.joined_on and member.signed_on and member.joined_on < member.signed_on:
        findings.wrong["joined_on"] = _("入网日期早于签约日期")
    most = Decimal(str(_rules()["most_tonnes"]))
    if member.expected is not None and member.expected > most:
        findings.odd.append(_("预计年产生量超过 %s 吨，不属小微产废单位，请核对") % most)
    reckon(member)


def reckon(member: SmallProducer) -> None:
    """Set by when a member is to be called on: so many months after it was last heard of."""
    known = [d for d in (member.joined_on, member.declared_on, member.fetched_on) if d is not None]
    member.call_by = (
        add_months(max(known), int(_rules()["stale_months"])) if member.joined_on else None
    )


MEMBERS = declare_inventory(Inventory(
    key="small_producer", label="小微产废单位", model=SmallProducer, line="waste", letter="W", clean=clean,
    enterprise="parent__code",
    columns=("name", "code", "sort", "standing", "collector", "codes", "expected", "signed_on", "joined_on",
             "declared_on", "fetched_on", "call_by", "contract_until", "area_code"),
    filters=("sort", "signed_on", "joined_on", "declared_on", "call_by", "contract_until", "area_code"),
    search=("name", "code", "uscc", "collector", "contract_no"), ends="contract_until",
    fields=("name", CODE, Ask("parent", "对应企业", to=Enterprise, required=False), "area_code", "address", "lon",
            "lat", COORDINATES, "sort", "uscc", "contact", "phone", "codes", "expected", "collector",
            "contract_no", "signed_on", "contract_until", "joined_on", "since", "until"),
    labels={"standing": "状态"},
    imports=Import(key=("name",), updates=True,
                   headers={"name": ("企业名称", "单位名称", "产废单位"), "sort": ("行业类型",),
                            "codes": ("废物代码", "危废代码"), "expected": ("年产生量", "预计年量"),
                            "collector": ("收集试点单位",), "signed_on": ("签订合同日期", "合同日期"),
                            "contract_until": ("合同有效期至",), "joined_on": ("纳入平台日期", "注册日期")},
                   values={"sort": {"汽修": "garage", "汽车维修": "garage", "学校": "laboratory"}},
                   examples={"name": "示例汽车维修店", "sort": "机动车维修", "codes": "900-249-08、900-052-31",
                             "expected": "1.2", "signed_on": "2026-03-01"}, future=()),
    views=(View("joined", "已入网", {"joined_on_from": "2000-01-01"}),),
    empty="还没有小微产废单位。导入名单，登记签约和入网日期。",
))  # fmt: skip
SIGNED, JOINED = Q(signed_on__isnull=False, until=None), Q(joined_on__isnull=False, until=None)
tally(MEMBERS, "signed", "签订合同小微企业", SIGNED, unit="家")
tally(MEMBERS, "joined", "纳入平台小微企业", JOINED, unit="家")
tally(MEMBERS, "joined_ratio", "签约企业入网率", JOINED, whole=SIGNED, missing=noop("没有签约企业"))


class SmallDeclaration(LogEntry):
    """What a member declared to have: a code and its weight."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_small_declaration"
    )
    code = models.CharField("废物代码", max_length=14, db_index=True)
    waste = models.CharField("废物名称", max_length=80, blank=True)
    kilograms = models.DecimalField(
        "申报量 kg", max_digits=12, decimal_places=2, validators=[MinValueValidator(0)]
    )
    packaging = models.CharField("包装方式", max_length=40, blank=True)

    class Meta:
        verbose_name = "小微危废申报"


class Declarations(Log):
    """What members declare; a member that is not on the platform cannot."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        told = {}
        if not (code := waste.hazardous(str(values.get("code") or ""))).ok:
            told["code"] = code.wrong
        member = values.get("entity")
        if member is not None and not _on_platform(member.pk):
            told["entity"] = _("%s 还没有入网") % member
        return told

    @transaction.atomic
    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        if wrong := self.wrong(values, by):
            fields = {name: [text] for name, text in wrong.items()}
            raise Refused("form", "；".join(wrong.values()), _("请按各项提示修改。"), fields)
        code = waste.hazardous(str(values["code"])).code
        entry = super().open_row({**values, "code": code}, by, at, **more)
        heard_of(entry.entity_id, timezone.localdate(entry.at), declared=True, by=by)
        return entry


def _on_platform(member: int) -> bool:
    return SmallProducer.objects.filter(JOINED, pk=member).exists()


def heard_of(member: int, day: date, *, declared: bool, by: Person | None) -> None:
    """A member declared or was fetched from: when it is to be called on moves on, and what was owed is settled."""
    row = SmallProducer.objects.select_for_update(of=("self",)).get(pk=member)
    name = "declared_on" if declared else "fetched_on"
    last = getattr(row, name)
    if last is not None and last >= day:
        return
    setattr(row, name, day)
    reckon(row)
    row.save(update_fields=[name, "call_by"])
    owed = Obligation.objects.filter(
        book=CALLS.key, entity=member, state=Obligation.State.DUE, due__lte=row.call_by or day
    )
    for obligation in owed:
        duties.fulfil(CALLS, obligation, by=by, on=day)


DECLARED = declare(Declarations(
    key="small_declaration", label="小微危废申报", line="waste", model=SmallDeclaration, edit=WRITERS,
    enterprise="entity__parent__code",
    columns=("entity", "at", "waste", "code", "kilograms", "packaging", "area_code", "by"),
    filters=("at", "code", "area_code"), search=("entity__name", "code", "waste"),
    fields=(Ask("entity", "小微产废单位", to=SmallProducer, required=True), "at", "waste", "code", "kilograms",
            "packaging", "note"),
    labels={"entity": "小微产废单位", "at": "申报时间"}, lead="entity",
    imports=Import(key=("entity", "at", "code"),
                   headers={"entity": ("企业名称", "单位名称"), "at": ("申报日期",), "waste": ("危险废物名称",),
                            "code": ("危险废物代码", "代码"), "kilograms": ("重量", "申报重量", "重量 kg")},
                   examples={"entity": "示例汽车维修店", "at": "2026-10-24", "code": "900-249-08",
                             "kilograms": "120"}, future=()),
    empty="还没有申报。入网单位自行申报，或导入平台的申报记录。",
))  # fmt: skip


def _declared_in(begin: date, end: date) -> Q:
    """Members that declared within the days ``begin <= day < end``, however often they did since, and also those that
    have left."""
    first, after = map(times.midnight, (begin, end))
    entries = SmallDeclaration.objects.filter(current=True, at__gte=first, at__lt=after).order_by()
    return Q(joined_on__isnull=False, pk__in=entries.values("entity"))


tally(MEMBERS, "declared", "入网申报企业", _declared_in, unit="家")
tally(DECLARED, "kilograms", "小微危废申报量", dated="at", add="kilograms", unit="kg", decimals=2)

CALLS = declare(Duty(
    key="small_call", label="小微单位回访", line="waste", tab="waste",
    objects=SmallProducer.objects.filter(JOINED).exclude(call_by=None).all, until="call_by", due_after=0,
    remind_before=30, owed_by=frozenset({Role.OFFICER, Role.TOWN}),
    columns=("entity", "due", "state", "done_on", "area_code"), filters=("state", "due", "area_code"),
    labels={"entity": "小微产废单位"}, search=("entity__name",), edit=STAFF,
    empty="没有长期未收运的入网单位。",
))  # fmt: skip
