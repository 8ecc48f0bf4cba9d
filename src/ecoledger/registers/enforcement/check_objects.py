"""随机抽查对象名录 (mechanism E2): a roster in editions, each object with its tier, credit, risk and weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from django.db import models

from ecoledger.accounts.roles import Role
from ecoledger.books.models import RosterLine
from ecoledger.books.roster import Roster
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import
from ecoledger.registers.enforcement.rules import rules


class Tier(models.TextChoices):
    SPECIAL = "special", "特殊"
    KEY = "key", "重点"
    ORDINARY = "ordinary", "一般"


class CheckedObject(RosterLine):
    """An object that random checks draw from."""

    rosterline_ptr = models.OneToOneField(
        RosterLine, on_delete=models.CASCADE, parent_link=True, related_name="as_checked_object"
    )

    class Credit(models.TextChoices):
        GOOD = "good", "诚信"
        FAIR = "fair", "良好"
        WARNED = "warned", "警示"
        BAD = "bad", "不良"

    class Risk(models.TextChoices):
        NORMAL = "normal", "一般"
        SERIOUS = "serious", "较大"
        MAJOR = "major", "重大"

    class Running(models.TextChoices):
        RUNNING = "running", "在产"
        STOPPED = "stopped", "停产"
        CLOSED = "closed", "关闭"

    tier = models.CharField("监管级别", max_length=10, choices=Tier.choices, db_index=True)
    credit = models.CharField("信用等级", max_length=8, choices=Credit.choices, default=Credit.FAIR)
    risk = models.CharField("风险等级", max_length=8, choices=Risk.choices, default=Risk.NORMAL)
    positive = models.BooleanField("正面清单", default=False)
    running = models.CharField(
        "生产状态", max_length=8, choices=Running.choices, default=Running.RUNNING
    )

    class Meta:
        verbose_name = "抽查对象"

    @property
    def weight(self) -> int:
        """Its tickets in a draw, by the bureau's rules; 0 for what is closed or on the positive list."""
        return self.weight_as(self.credit)

    def weight_as(self, credit: str) -> int:
        """Its tickets where its credit today is ``credit``, whatever it was when the list was made."""
        if self.running == self.Running.CLOSED:
            return 0
        weights = rules("inspections")["weights"]
        parts = [weights["credit"][credit], weights["risk"][self.risk]]
        if self.positive:
            parts.append(weights["positive"]["listed"])
        return prod(int(part) for part in parts)


# Told by the room that rates firms: key of the firm -> its credit today. A list in force keeps what it said; a draw goes by
# what holds.
ratings: list[Callable[[], Mapping[int, str]]] = []


def credit_today() -> dict[int, str]:
    """The credit that firms have today, of those that were rated."""
    known: dict[int, str] = {}
    for told in ratings:
        known.update({k: v for k, v in told().items() if v in CheckedObject.Credit.values})
    return known


def pool(area_code: str) -> list[Any]:
    """The lines of the edition in force in a county; none where none is."""
    edition = OBJECTS.in_force(area_code)
    return list(OBJECTS.lines(edition).order_by("entity__code")) if edition else []


OBJECTS = declare(Roster(
    key="check_object", label="随机抽查对象名录", line="enforcement", model=CheckedObject,
    columns=("entity", "tier", "reason", "credit", "risk", "positive", "running", "edition", "area_code"),
    filters=("edition", "tier", "credit", "risk", "running", "area_code"), search=("entity__name",),
    fields=("edition", Ask("entity", required=True), "tier", "reason", "credit", "risk", "positive",
            "running"), lead="entity",
    imports=Import(key=("edition", "entity"), headers={
        "edition": ("年度", "版本"), "entity": ("单位名称", "企业名称", "检查对象"), "tier": ("级别", "对象类别"),
        "reason": ("分级理由",), "credit": ("信用",), "risk": ("风险",), "running": ("状态",),
    }, values={"tier": {"特殊监管": "special", "重点监管": "key", "一般监管": "ordinary", "重点排污单位": "key"}},
        examples={"edition": "2026", "entity": "某某纺织厂", "tier": "重点", "credit": "良好"}),
    edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.OFFICER}),
    empty="还没有抽查对象。先建一个年度的版本，导入名录并公布，抽取才有名单。",
))  # fmt: skip
