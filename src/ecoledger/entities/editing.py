"""Entering enterprises, outlets and stations into the registry, and changing what is there.

What cannot be right is refused with the field and the remedy; what is odd and can be right (an old code
whose check digit fails, a place outside the drawn boundary) is kept, and said. Every change is on the
audit trail with what was before and after.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import covers
from ecoledger.entities import boundary
from ecoledger.entities.models import Area, Enterprise, Entity, Identifier, Outlet, Station
from ecoledger.standards import identifiers

Thing = TypeVar("Thing", Enterprise, Outlet, Station)

# Longitude and latitude that China's land and seas lie within, in degrees.
_CHINA = ((73.0, 136.0), (3.0, 54.0))
_LETTERS = {Enterprise: "E", Station: "S"}


def may_edit(person: Person, area_code: str) -> bool:
    """Whether ``person`` may enter or change what lies in a division."""
    return person.may("edit_registry") and covers(person, area_code)


def next_code(kind: type[Enterprise | Station], area_code: str) -> str:
    """A free internal code: letter, county and a number, ``"E-350582-0001"``.

    Two people asking at once may get the same; the code is unique in the table, so one is refused.
    """
    start = f"{_LETTERS[kind]}-{area_code[:6]}-"
    taken = Entity.objects.filter(code__startswith=start).values_list("code", flat=True)
    numbers = [int(tail) for code in taken if (tail := code[len(start) :]).isdecimal()]
    return f"{start}{max(numbers, default=0) + 1:04d}"


def save(
    person: Person,
    thing: Thing,
    *,
    others: list[tuple[str, str]] | None = None,
    address: str = "",
) -> list[str]:
    """Enter ``thing`` or store its changes, and say what is odd about it.

    ``others``: its numbers in other systems as (scheme, value), in place of those on record; ``None``
    leaves them. Raises ``PermissionDenied`` for a division out of reach, ``ValidationError`` by field.
    The code never changes: points, people and work refer to it.
    """
    before: dict[str, Any] | None = _on_record(thing)
    if isinstance(thing, Outlet):
        thing.area_code = thing.area_code or thing.enterprise.area_code
        number = identifiers.parse_facility(thing.number)
        thing.number = number.number or number.code
    reached = {thing.area_code, *([before["area_code"]] if before else [])}
    if not all(may_edit(person, code) for code in reached):
        raise PermissionDenied(_("只能登记和修改本辖区的对象"))
    if before is None:
        thing.code = thing.code.strip() or _code(thing)
    elif before["code"] != thing.code:
        raise ValidationError({"code": _("对象编码登记后不能修改")})
    odd = _cleaned(thing)
    with transaction.atomic():
        thing.save()
        if others is not None:
            _keep_identifiers(thing, others)
        after = _content(thing)
        if before != after:
            audit.record(
                person,
                "registry entered" if before is None else "registry changed",
                thing,
                details=_difference(before or {}, after),
                address=address,
            )
        if before and isinstance(thing, Enterprise) and before["area_code"] != thing.area_code:
            for outlet in thing.outlets.filter(area_code=before["area_code"]):
                outlet.area_code = thing.area_code
                save(person, outlet, address=address)
    return odd


def _code(thing: Enterprise | Outlet | Station) -> str:
    if isinstance(thing, Outlet):
        return f"{thing.enterprise.code}-{thing.number}"
    return next_code(type(thing), thing.area_code)


def _content(thing: Enterprise | Outlet | Station) -> dict[str, Any]:
    """Every field as it is stored, and the numbers in other systems."""
    content = model_to_dict(thing)
    content["code"] = thing.code
    content["identifiers"] = [
        [one.scheme, one.value] for one in thing.identifiers.order_by("scheme", "value")
    ]
    return content


def _on_record(thing: Thing) -> dict[str, Any] | None:
    if thing.pk is None:
        return None
    return _content(type(thing).objects.get(pk=thing.pk))


def _difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    changed = [name for name in after if before.get(name) != after[name]]
    return {
        "before": {name: before[name] for name in changed if name in before},
        "after": {name: after[name] for name in changed},
    }


def _keep_identifiers(thing: Enterprise | Outlet | Station, others: list[tuple[str, str]]) -> None:
    wanted = set(others)
    for one in thing.identifiers.all():
        if (one.scheme, one.value) in wanted:
            wanted.discard((one.scheme, one.value))
        else:
            one.delete()
    Identifier.objects.bulk_create(
        Identifier(entity_id=thing.pk, scheme=scheme, value=value) for scheme, value in wanted
    )


def _cleaned(thing: Enterprise | Outlet | Station) -> list[str]:
    """Put spellings right, refuse what cannot be, and return what is odd."""
    problems: dict[str, str] = {}
    odd = []
    thing.name = thing.name.strip()
    if not Area.objects.filter(code=thing.area_code).exists():
        problems["area_code"] = _("没有行政区划“%(code)s”") % {"code": thing.area_code}
    if (thing.lon is None) != (thing.lat is None):
        problems["lat" if thing.lat is None else "lon"] = _("经度和纬度应同时填写，或同时留空")
    if isinstance(thing, Enterprise):
        odd += _enterprise(thing)
    elif isinstance(thing, Outlet):
        odd += [problem.text for problem in identifiers.parse_facility(thing.number).problems]
        twin = Outlet.objects.filter(enterprise=thing.enterprise, number=thing.number)
        if twin.exclude(pk=thing.pk).exists():
            problems["number"] = _("该企业已有排放口“%(number)s”") % {"number": thing.number}
    elif thing.section is not None and thing.medium != Station.Medium.WATER:
        problems["section"] = _("只有地表水站才属于断面")
    try:
        thing.clean_fields(exclude=problems)
        thing.validate_unique()
    except ValidationError as error:
        raise ValidationError({**error.message_dict, **problems}) from None
    if problems:
        raise ValidationError(problems)
    return odd + _place(thing)


def _enterprise(thing: Enterprise) -> list[str]:
    odd = []
    if thing.uscc:
        credit = identifiers.parse_credit_code(thing.uscc)
        thing.uscc = credit.code
        odd += [_("信用代码：%(text)s") % {"text": one.text} for one in credit.problems]
        for twin in Enterprise.objects.filter(uscc=thing.uscc).exclude(pk=thing.pk)[:3]:
            odd.append(_("信用代码与“%(name)s”相同，请核对是否重复登记") % {"name": twin.name})
    if thing.permit_no:
        permit = identifiers.parse_permit_number(thing.permit_no)
        thing.permit_no = permit.code
        odd += [_("排污许可证：%(text)s") % {"text": one.text} for one in permit.problems]
    same = Enterprise.objects.filter(name=thing.name, area_code=thing.area_code)
    if same.exclude(pk=thing.pk).exists():
        odd.append(_("本地已有同名企业，请核对是否重复登记"))
    return odd


def _place(thing: Enterprise | Outlet | Station) -> list[str]:
    if thing.lon is None or thing.lat is None:
        return []
    (west, east), (south, north) = _CHINA
    if not (west <= thing.lon <= east and south <= thing.lat <= north):
        return [_("坐标不在我国范围内，请核对经度和纬度是否填反")]
    division = boundary.division_around(thing.area_code)
    if division is None or division.boundary is None:
        return []
    if boundary.contains(division.boundary, thing.lon, thing.lat) is False:
        return [_("坐标不在“%(area)s”边界内，请核对") % {"area": division.name}]
    return []
