"""The book of monitoring points (监测点): MN, kind, place and what they report, by form and by spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import CAPABILITIES
from ecoledger.entities.inventory import refused, wrong_of
from ecoledger.entities.models import Entity, Outlet
from ecoledger.entities.owned import FIRM, FIRM_HEADERS, named_at_firm
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import lookup_for
from ecoledger.listings.parts import Ask, Column, Filter, Import, Kind, View
from ecoledger.listings.refusals import Refused
from ecoledger.monitoring.files import quantities
from ecoledger.monitoring.models import Alarm, Point, PointParameter
from ecoledger.monitoring.points import enrolling, parameters


class PointBook(Listing):
    """The points with a device or an import behind them; computed ones of divisions stand elsewhere."""

    def visible_to(self, person: Person) -> QuerySet[Any]:
        return super().visible_to(person).exclude(kind=Point.Kind.AREA)

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        if not query.get("alarm"):
            return Q()
        return Q(pk__in=Alarm.objects.filter(state=Alarm.State.OPEN).values("point"))

    def url_of(self, row: Any) -> str:
        return f"/stations/{row.pk}"

    def look_over(
        self, values: Mapping[str, Any], said: Mapping[str, Any], by: Person | None
    ) -> tuple[Mapping[str, str], Sequence[str]]:
        odd: list[str] = []

        def look() -> None:
            point, declared = _new(values)
            odd.extend(enrolling.look_over(by, point, None, declared))

        return wrong_of(look), odd

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        return _saved(*_new(values), by)

    def later_values(self, thing: Any, values: dict[str, Any]) -> dict[str, Any]:
        """Factors are the same under whichever of their names."""
        said = super().later_values(thing, values)
        names, there = said.get("parameter_names"), thing.parameters.all()
        if names and set(_codes(names, thing.kind, there)) == {p.code for p in there}:
            del said["parameter_names"]
        return said

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        point, said = Point.objects.get(pk=row.pk), dict(values)
        there = {p.code: p for p in point.parameters.all()}
        codes = _codes(said.pop("parameter_names", row.parameter_names), point.kind, there.values())
        for name, value in said.items():
            # An empty password, as the form shows it, leaves the one that is set.
            if name != "password" or value:
                setattr(point, name, value)
        return _saved(point, [there.get(c) or enrolling.usual(c, point.kind) for c in codes], by)


def _new(values: Mapping[str, Any]) -> tuple[Point, list[PointParameter]]:
    said = dict(values)
    codes = said.pop("parameter_names", "")
    point = Point(**said)
    if not point.name and point.entity is not None:
        point.name = point.entity.name
    return point, [enrolling.usual(code, point.kind) for code in _codes(codes, point.kind)]


def _saved(point: Point, declared: list[PointParameter], by: Person | None) -> Point:
    try:
        enrolling.save(by, point, declared)
    except (ValidationError, PermissionDenied) as error:
        raise refused(error) from error
    return point


def _codes(text: str, kind: str, there: Iterable[PointParameter] = ()) -> list[str]:
    """Parameters by code or by name as permits and manuals write them, or as those that are ``there`` are called, apart by
    signs."""
    known = parameters.of_kind(kind)
    by_word = {word: p.code for p in there for word in (p.code, p.name)}
    codes = []
    for word in filter(None, re.split(r"[、,，;；\s]+", text or "")):
        code = by_word.get(word) or quantities.code_of(word, kind)
        if not code:
            why = _("“%(word)s”不是%(kind)s监测点的因子；可填：%(names)s") % {
                "word": word,
                "kind": Point.Kind(kind).label,
                "names": "、".join(p.label for p in known[:12]),
            }
            raise Refused("form", why, fields={"parameter_names": [why]})
        codes.append(code)
    return list(dict.fromkeys(codes))


def _example_outlet(person: Person | None) -> str:
    """A stack on record: a point of flue gas stands nowhere else."""
    stacks = lookup_for(Outlet).open_rows(person).filter(medium=Outlet.Medium.GAS)
    return getattr(stacks.first(), "code", "")


POINTS = declare(PointBook(
    key="point", label="监测点", line="monitoring", at="/stations", model=Point, enterprise="owner_code", lead="name",
    columns=("name", "kind", Column("area_code", "属地"), Column("mn", "MN"), Column("entity", "所在对象"),
             Column("parameter_names", "监测因子"), "enabled"),
    filters=("kind", Filter("area_code", "属地"), Filter("level", "级别", path="entity__as_station__level"), "enabled"),
    search=("name", "mn", "entity__name", "entity__code"), prefetch=("parameters",),
    views=(View("on", "启用", {"enabled": "1"}),
           *(View(kind, label, {"kind": kind}) for kind, label in Point.Kind.choices if kind != Point.Kind.AREA),
           View("alarm", "有持续中的预警", {"alarm": "1"}), View("off", "停用", {"enabled": "0"})),
    at_first={"enabled": "1"}, tab="data",
    fields=(Ask("entity", "所在对象", to=Entity, required=True), "kind",
            Ask("name", "名称", required=False, help="留空则与所在对象同名。"), "mn",
            # What is set is shown nowhere; see ``change_row``.
            Ask("password", "访问密码", required=False, initial=lambda row: "", help="留空则不改；最多 6 位。"),
            Ask("parameter_names", "监测因子", Kind.TEXT, stores="parameter_names", required=False,
                help="因子名称或编码，多个用顿号分开。"),
            "power_role", "line"),
    order=("pk",), see="see_monitoring", edit=CAPABILITIES["edit_registry"],
    imports=Import(
        key=("mn", "entity", "kind", "name"), once={"mn": ""},
        also=(FIRM,), read=named_at_firm,
        headers={"firm": FIRM_HEADERS,
                 "entity": ("站点", "站点名称", "排放口", "排口", "所属对象", "排放口编号", "排口编号", "排放口名称", "排放口编码"), "kind": ("监测类别", "要素"),
                 "name": ("监测点名称", "点位名称"), "mn": ("MN", "MN号", "设备编码", "数采仪编号", "数采仪MN号", "数采仪MN", "MN码", "设备MN号", "数采仪编码"),
                 "parameter_names": ("因子", "监测项目", "污染因子", "污染物种类", "监测污染物")},
        values={"kind": {"烟气": "flue_gas", "污水": "wastewater"}},
        examples={"entity": _example_outlet, "kind": "废气排放", "parameter_names": "二氧化硫、氮氧化物、颗粒物"},
    ),
    empty="还没有监测点。先登记自动监测站或排放口，再导入“对象、类别、MN、因子”的表格。",
))  # fmt: skip
