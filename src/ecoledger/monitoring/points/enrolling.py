"""Registering monitoring points (监测点登记): the device's MN, what it reports, and its limits.

A point is never deleted: switched off, its devices are refused and its history stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import covers
from ecoledger.entities import editing
from ecoledger.entities.models import Enterprise, Entity, Outlet, Station
from ecoledger.monitoring import runtime
from ecoledger.monitoring.alarming import limit_changes
from ecoledger.monitoring.arriving import replaying
from ecoledger.monitoring.models import Limit, Point, PointParameter
from ecoledger.monitoring.points import limits, parameters, table
from ecoledger.standards import identifiers

# Frames one press of the button replays at most; the rest wait for the next press.
REPLAYED_AT_ONCE = 500

_POINT_FIELDS = ("name", "kind", "area_code", "owner_code", "mn", "power_role", "line", "enabled")
_PARAMETER_FIELDS = (
    "name", "unit", "device_unit", "decimals", "interval_seconds", "range_from", "range_to",
    "running_above",
)  # fmt: skip


# Kinds of things at which dust, fumes or vapour is measured; the books of such things name theirs.
SITES: set[str] = set()


def fits(kind: str, entity: Entity) -> bool:
    """Whether a point of ``kind`` can stand at ``entity``."""
    if station := Station.objects.filter(pk=entity.pk).first():
        return kind == station.medium or kind == Point.Kind.WEATHER
    if outlet := Outlet.objects.filter(pk=entity.pk).first():
        gas = outlet.medium == Outlet.Medium.GAS
        return kind == (Point.Kind.FLUE_GAS if gas else Point.Kind.WASTEWATER) or kind == "power"
    if entity.kind in SITES:
        return kind == Point.Kind.SITE
    return entity.kind == Enterprise.KIND and kind in ("power", "noise")


def usual(code: str, kind: str) -> PointParameter:
    """A parameter as the catalogue describes it, not yet of any point. Unknown code: ``KeyError``."""
    known = parameters.parameter(code, kind)
    return PointParameter(
        code=code,
        name=known.label,
        unit=known.unit,
        decimals=known.decimals,
        # Water stations measure every four hours; everybody else sends hours.
        interval_seconds=14400 if kind == Point.Kind.WATER else 3600,
    )


def save(
    person: Person | None,
    point: Point,
    declared: Sequence[PointParameter],
    wanted: Mapping[str, Limit | None] | None = None,
    *,
    reason: str = "",
    address: str = "",
) -> list[str]:
    """Register ``point`` with the parameters ``declared``, or store its changes; returns what is odd.

    Who stops a point says why (``reason``): from then on it is neither watched nor counted.

    ``wanted``: the limit of parameters, by code, from its ``since`` on (``None``: has none any more);
    without ``since`` the limit on record is corrected. Area and owner are those of its entity. Raises ``PermissionDenied`` outside the person's divisions and
    ``ValidationError`` by field; trouble of a parameter comes under ``parameters``, led by its name.
    """
    before = Point.objects.filter(pk=point.pk).first() if point.pk else None
    odd = look_over(person, point, before, declared, wanted)
    if before is not None and before.enabled and not point.enabled:
        if person is not None and not reason.strip():
            raise ValidationError({"reason": _("停用后不再预警、不计入评价，请写明原因。")})
        point.stopped_on = timezone.localdate()
    elif point.enabled:
        point.stopped_on = None
    content = _content(before) if before else {}
    with transaction.atomic():
        point.save()
        _keep_parameters(point, declared)
        for code, limit in (wanted or {}).items():
            limit_changes.keep(person, point, code, limit, address=address)
        after = _content(point)
        changed = [name for name in after if content.get(name) != after[name]]
        # Secrets stay out of the trail; that they were set does not.
        secrets = [
            name
            for name in ("password", "sm4_key")
            if getattr(point, name) != (getattr(before, name) if before else "")
        ]
        if changed or secrets:
            audit.record(
                person,
                "point changed" if before else "point registered",
                point,
                details={
                    "before": {name: content[name] for name in changed if name in content},
                    "after": {name: after[name] for name in changed},
                    "secrets_set": secrets,
                    **({"reason": reason.strip()} if reason.strip() else {}),
                },
                address=address,
            )
        transaction.on_commit(table.forget)
    table.forget()
    return odd


def look_over(
    person: Person | None,
    point: Point,
    before: Point | None,
    declared: Sequence[PointParameter],
    wanted: Mapping[str, Limit | None] | None = None,
) -> list[str]:
    """What :func:`save` refuses, and what it says is odd, with nothing stored; ``before``: the point as it stands."""
    if point.entity is None or point.kind == Point.Kind.AREA:
        raise ValidationError({"entity": _("请选择监测点所在的对象")})
    reached = {point.entity.area_code, *([before.area_code] if before else [])}
    if not all(editing.may_edit(person, code) for code in reached):
        raise PermissionDenied(_("只能登记和修改本辖区的监测点"))
    point.area_code = point.entity.area_code
    point.owner_code = _owner(point.entity)
    return _cleaned(point, before, person) + _checked(point, declared, wanted or {})


def follow(person: Person | None, entity: Entity, address: str = "") -> int:
    """Move the points of an entity to the division it was moved to; returns how many moved."""
    moved = 0
    for point in Point.objects.filter(entity_id=entity.pk).select_related("entity"):
        if point.entity is not None and point.area_code != point.entity.area_code:
            save(person, point, list(point.parameters.all()), address=address)
            moved += 1
    return moved


def heard(mn: str) -> bool:
    """Whether a device has sent frames under exactly this MN."""
    return bool(mn) and runtime.store().frames(mn=mn, limit=1).height > 0


def waiting(point: Point) -> int:
    """How many quarantined frames carry the point's MN, counted no further than one replay takes."""
    return len(_quarantined(point))


def replay(person: Person, point: Point) -> list[replaying.Replayed]:
    """Try the quarantined frames of the point's device again, oldest of the newest first."""
    return replaying.replay(sorted(_quarantined(point)), person)


def _quarantined(point: Point) -> list[int]:
    if not point.mn:
        return []
    found = runtime.store().frames(status="quarantined", mn=point.mn, limit=REPLAYED_AT_ONCE)
    return [int(number) for number in found["frame_id"]]


def _owner(entity: Entity) -> str:
    """Code of the enterprise an entity is or belongs to; empty for a station."""
    return entity.enterprise.code if entity.enterprise else ""


def _cleaned(point: Point, before: Point | None, person: Person | None) -> list[str]:
    problems: dict[str, str] = {}
    odd: list[str] = []
    point.name = point.name.strip()
    if before and before.kind != point.kind:
        problems["kind"] = _("监测点的类别登记后不能修改；请停用后另行登记")
    if point.entity is not None and not fits(point.kind, point.entity):
        problems["entity"] = _("“%(name)s”不能设这一类别的监测点") % {"name": point.entity.name}
    point.mn = (point.mn or "").strip() or None
    if point.mn and not (before and before.mn == point.mn):
        parsed = identifiers.parse_mn(point.mn)
        if heard(point.mn):
            # A device that already sends is registered as it calls itself, or its data never arrive.
            odd += [problem.text for problem in parsed.problems]
        elif parsed.ok:
            point.mn = parsed.code
            odd += [problem.text for problem in parsed.problems]
        else:
            problems["mn"] = "；".join(problem.text for problem in parsed.problems)
        twin = Point.objects.filter(mn=point.mn).exclude(pk=point.pk).first()
        if twin is not None:
            problems["mn"] = (
                _("此 MN 已登记为“%(name)s”") % {"name": twin.name}
                if person is None or covers(person, twin.area_code)
                else _("此 MN 已在其他辖区登记")
            )
    if not point.password.isascii() or any(c in ";&=," for c in point.password):
        problems["password"] = _("访问密码由字母和数字组成，最多 6 位")
    elif point.mn and not point.password:
        odd.append(_("没有填写访问密码，任何人知道 MN 就能以此设备上报"))
    key = point.sm4_key = point.sm4_key.strip()
    if key and not (len(key) == 16 and key.isascii()) and not re.fullmatch("[0-9A-Fa-f]{32}", key):
        problems["sm4_key"] = _("SM4 密钥应为 16 个字符，或 32 位十六进制数字")
    if point.kind != Point.Kind.POWER:
        point.power_role = point.line = ""
    elif not point.power_role:
        problems["power_role"] = _("用电监控点请选择产污设施或治污设施")
    try:
        point.clean_fields(exclude=problems)
    except ValidationError as error:
        raise ValidationError({**error.message_dict, **problems}) from None
    if problems:
        raise ValidationError(problems)
    return odd


def _checked(
    point: Point, declared: Sequence[PointParameter], wanted: Mapping[str, Limit | None]
) -> list[str]:
    """Refuse parameters that cannot be judged or would reinterpret what is stored."""
    problems: list[str] = []
    odd: list[str] = []
    stored = {row.code: row.unit for row in point.parameters.all()} if point.pk else {}
    codes = [row.code for row in declared]
    problems += [
        _("%(name)s：重复填写") % {"name": code} for code in set(codes) if codes.count(code) > 1
    ]
    if not declared:
        odd.append(_("没有选择监测因子，设备上报的值不会入库"))
    for row in declared:
        problems += [f"{row.name or row.code}：{text}" for text in _faults(row, point.kind)]
        if (limit := wanted.get(row.code)) is not None:
            texts = limits.faults(limit, point.kind)
            problems += [f"{row.name or row.code}：{text}" for text in texts]
        if row.code in stored and row.unit != stored[row.code] and _has_data(point, row.code):
            problems.append(
                _("%(name)s：已有数据按“%(unit)s”存储，单位不能修改；设备换单位请填设备上传单位")
                % {"name": row.name, "unit": stored[row.code]}
            )
    if problems:
        raise ValidationError({"parameters": problems})
    return odd


def _faults(row: PointParameter, kind: str) -> list[str]:
    faults: list[str] = []
    try:
        known = parameters.parameter(row.code, kind)
    except KeyError:
        return [_("没有因子编码“%(code)s”") % {"code": row.code}]
    row.unit, row.device_unit = parameters.spelled(row.unit), parameters.spelled(row.device_unit)
    for given in (row.unit, row.device_unit):
        try:
            if given:
                parameters.conversion(given, known.unit)
        except parameters.UnitError:
            faults.append(
                _("单位“%(unit)s”与“%(usual)s”不能换算") % {"unit": given, "usual": known.unit}
            )
    if not row.unit and known.unit:
        faults.append(_("请填写单位"))
    if not 1 <= row.interval_seconds <= 31 * 86400:
        faults.append(_("上报周期应在 1 秒至 31 天之间"))
    if row.decimals > 6:
        faults.append(_("小数位最多 6 位"))
    if row.range_from is not None and row.range_to is not None and row.range_from >= row.range_to:
        faults.append(_("量程下限应小于量程上限"))
    return faults


def _has_data(point: Point, code: str) -> bool:
    latest = runtime.store().latest([point.pk])
    return code in latest["parameter"].to_list()


def _keep_parameters(point: Point, declared: Sequence[PointParameter]) -> None:
    there = {row.code: row for row in point.parameters.all()}
    for code in there.keys() - {row.code for row in declared}:
        there[code].delete()
    for row in declared:
        row.point = point
        row.pk = there[row.code].pk if row.code in there else None
        row.save()


def _content(point: Point) -> dict[str, Any]:
    content = {name: getattr(point, name) for name in _POINT_FIELDS}
    content["entity"] = point.entity_id
    content["parameters"] = {
        row.code: {
            name: value
            for name in _PARAMETER_FIELDS
            if (value := getattr(row, name)) not in (None, "", False)
        }
        for row in PointParameter.objects.filter(point=point)
    }
    return content
