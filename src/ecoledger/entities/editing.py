"""Entering entities of every kind, and changing what is there.

What cannot be right is refused with the field and the remedy; what is odd and can be right (an old code
whose check digit fails, a place outside the drawn boundary) is kept, and said; what only the person can
know is asked. Every change is on the audit trail, and its date makes a state (``entities.states``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models.functions import Length
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import covers
from ecoledger.entities import coordinates, divisions, identifiers, shapes, states
from ecoledger.entities.inventory import Findings, inventory_of
from ecoledger.entities.models import Area, Entity, Succession
from ecoledger.entities.validity import day_before
from ecoledger.standards.identifiers import short_division

# Longitude and latitude that China's land and seas lie within, in degrees.
_CHINA = ((73.0, 136.0), (3.0, 54.0))


def may_edit(person: Person | None, area_code: str) -> bool:
    """Whether ``person`` may enter or change what lies in a division; nobody is the operator, who may."""
    return person is None or (person.may("edit_registry") and covers(person, area_code))


def next_code(model: type[Entity], area_code: str) -> str:
    """A free internal code: letter, county and a number, ``"E-350582-0001"``.

    Two people asking at once may get the same; the code is unique in the table, so one is refused.
    """
    letter = inventory_of(model.KIND).letter or model.KIND[:1].upper()
    start = f"{letter}-{area_code[:6]}-"
    last = _last_given.get(start, 0)
    ours, following = f"{start}{last:04d}", f"{start}{last + 1:04d}"
    taken = Entity.objects.filter(code__in=(ours, following)).values_list("code", flat=True)
    if list(taken) != [ours]:
        last = _highest(start)
    _last_given[start] = last + 1
    return f"{start}{last + 1:04d}"


# Beginning of codes -> the number given last by this process. Tables of thousands of rows ask again and again.
_last_given: dict[str, int] = {}


def _highest(start: str) -> int:
    """The highest number of a code that begins so."""
    taken = Entity.objects.filter(code__startswith=start).values_list("code", flat=True)
    # The longest number is the highest; codes that were written otherwise are passed over.
    highest = taken.order_by(Length("code").desc(), "-code").iterator(chunk_size=20)
    numbers = (int(tail) for code in highest if (tail := code[len(start) :]).isdecimal())
    return next(numbers, 0)


def save(
    person: Person | None,
    thing: Entity,
    *,
    others: list[tuple[str, str]] | None = None,
    answers: Mapping[str, str] | None = None,
    on: date | None = None,
    source: str = "",
    address: str = "",
) -> list[str]:
    """Enter ``thing`` or store its changes, and say what is odd about it.

    ``others``: its numbers in other systems as (scheme, value), in place of those valid; ``None`` leaves
    them. ``answers``: what the person said to questions. ``on``: the day from which the change holds;
    ``None`` corrects what was written wrong. Raises ``PermissionDenied`` for a division out of reach,
    ``ValidationError`` by field, and its kind ``UnansweredError`` with questions.
    The code never changes: points, people and work refer to it.
    """
    before = _on_record(thing)
    _settle(thing)
    if not _within_reach(person, thing, *([before["area_code"]] if before else [])):
        raise PermissionDenied(_("只能登记和修改本辖区的对象"))
    if before is not None and before["code"] != thing.code:
        raise ValidationError({"code": _("对象编码登记后不能修改")})
    findings = Findings(answers or {})
    _check(thing, findings, new=before is None)
    findings.stop()
    findings.odd += _place(thing)
    with transaction.atomic():
        thing.save()
        _keep_numbers(thing, before, others, on)
        after = _content(thing)
        if before != after:
            if before is not None:
                _keep_history(thing, before, after, on=on, by=person, source=source)
            audit.record(
                person,
                "registry entered" if before is None else "registry changed",
                thing,
                details=_difference(before or {}, after),
                address=address,
            )
        for follow in followers if before else ():
            follow(person, thing, address)
        if before and before["area_code"] != thing.area_code:
            _take_parts_along(person, thing, before["area_code"], on=on, address=address)
        for begin in stored:
            begin(thing)
    return findings.odd


def look_over(person: Person | None, thing: Entity, findings: Findings) -> None:
    """Find what :func:`save` would refuse or ask of a thing or of its changes, and what is odd; nothing is stored."""
    _settle(thing)
    if not _within_reach(person, thing):
        findings.wrong["area_code"] = _("只能登记和修改本辖区的对象")
    _check(thing, findings, new=False)


def _settle(thing: Entity) -> None:
    """Put a thing where its code or what it is a part of says."""
    if isinstance(thing, Area) and thing.pk is None:
        thing.area_code = thing.code = short_division(thing.code.strip())
        thing.parent = thing.parent or divisions.parent_of(thing.code)
    if thing.parent is not None and not thing.area_code:
        thing.area_code = thing.parent.area_code


def _within_reach(person: Person | None, thing: Entity, *before: str) -> bool:
    """Whether ``person`` may enter what lies where ``thing`` does and in the divisions ``before``."""
    reached = {thing.area_code, *before}
    if inventory_of(thing).parents and thing.parent is None:
        reached.discard("")  # a part of nothing lies nowhere yet, and is refused for that
    return all(may_edit(person, code) for code in reached)


# What else is done when a thing was changed: its points follow it to another division.
Follower = Callable[[Person | None, Entity, str], object]
followers: list[Follower] = []
# What begins with a thing or with another date of it, whoever enters it: what it owes.
stored: list[Callable[[Entity], object]] = []


def convert_coordinates(thing: Entity, source: str) -> None:
    """Bring the place of ``thing`` from the system ``source`` to CGCS2000, and record where it came from."""
    if thing.lon is not None and thing.lat is not None:
        lon, lat = coordinates.to_cgcs2000(thing.lon, thing.lat, source)
        thing.lon, thing.lat = round(lon, 6), round(lat, 6)
    thing.coordinate_source = source


# -- what is kept ------------------------------------------------------------------------------


def _content(thing: Entity) -> dict[str, Any]:
    """Every field as it is stored, existence, and the numbers in other systems."""
    content = states.content(thing)
    content["since"], content["until"] = thing.since, thing.until
    content["identifiers"] = [
        [row.scheme, row.value]
        for row in thing.identifiers.filter(until__isnull=True).order_by("scheme", "value")
        if row.scheme not in inventory_of(thing).numbers.values()
    ]
    return content


def _on_record(thing: Entity) -> dict[str, Any] | None:
    if thing.pk is None:
        return None
    return _content(type(thing)._default_manager.get(pk=thing.pk))


def _difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    changed = [name for name in after if before.get(name) != after[name]]
    return {
        "before": {name: before[name] for name in changed if name in before},
        "after": {name: after[name] for name in changed},
    }


def _keep_numbers(
    thing: Entity,
    before: dict[str, Any] | None,
    others: list[tuple[str, str]] | None,
    on: date | None,
) -> None:
    """Write the identifiers that the kind's own fields are, and those entered beside them."""
    own = inventory_of(thing).numbers
    for name, scheme in own.items():
        value = getattr(thing, name)
        if before is None and not value:
            continue
        if before is not None and before.get(name) == value and thing.identifiers.exists():
            continue
        site = identifiers.next_site(scheme, value) if _shares(thing, name) else 0
        identifiers.write(
            thing, [(scheme, value)] if value else [], schemes=[scheme], on=on, site=site
        )
    if others is not None:
        schemes = {row.scheme for row in thing.identifiers.all()} | {one for one, _value in others}
        identifiers.write(thing, others, schemes=schemes - set(own.values()), on=on)


def _shares(thing: Entity, name: str) -> bool:
    """Whether the thing is a further site that carries its firm's number."""
    twins = type(thing)._default_manager.filter(**{name: getattr(thing, name)})
    return twins.exclude(pk=thing.pk).exists()


def _keep_history(
    thing: Entity,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    on: date | None,
    by: Person | None,
    source: str,
) -> None:
    states.keep(
        thing,
        {name: value for name, value in before.items() if name in states.content(thing)},
        on=on,
        by=by,
        source=source,
    )
    if on is None:
        return
    changed = _difference(before, after)
    renamed, moved = "name" in changed["after"], {"lon", "lat", "area_code"} & set(changed["after"])
    for how, names in (
        (Succession.How.RENAMED, ["name"] if renamed else []),
        (Succession.How.MOVED, sorted(moved)),
    ):
        if names:
            details = {
                side: {name: changed[side][name] for name in names} for side in ("before", "after")
            }
            Succession.objects.create(
                old_id=thing.pk,
                new_id=thing.pk,
                on=on,
                how=how,
                by=by,
                note=source,
                details=details,
            )
    if renamed:
        # The old name is a number that ended: whoever looks for it finds the thing.
        thing.identifiers.get_or_create(
            scheme=identifiers.FORMER_NAME,
            value=before["name"],
            until=day_before(on),
        )


def _take_parts_along(
    person: Person | None, thing: Entity, from_area: str, *, on: date | None, address: str
) -> None:
    """Parts that lay in the same division move with the whole."""
    for kind in {part.kind for part in thing.children.all()}:
        for part in inventory_of(kind).model._default_manager.filter(
            parent_id=thing.pk, area_code=from_area
        ):
            if not isinstance(part, Area):
                part.area_code = thing.area_code
                save(person, part, on=on, address=address)


# -- what is checked ----------------------------------------------------------------------------


def _check(thing: Entity, findings: Findings, *, new: bool) -> None:
    """Put spellings right, refuse what cannot be, ask what is open, and say what is odd."""
    book, wrong = inventory_of(thing), findings.wrong
    thing.name = thing.name.strip()
    if not isinstance(thing, Area) and not Area.objects.filter(code=thing.area_code).exists():
        wrong["area_code"] = _("没有行政区划“%(code)s”") % {"code": thing.area_code}
    if (thing.lon is None) != (thing.lat is None):
        wrong["lat" if thing.lat is None else "lon"] = _("经度和纬度应同时填写，或同时留空")
    if thing.since and thing.until and thing.since > thing.until:
        wrong["until"] = _("停用日期应不早于启用日期")
    if book.by_year and thing.pk is None and thing.since is None:
        findings.odd.append(
            _("没有填写%(since)s，视为一直在册：以往各年度的比率也会随之改变")
            % {"since": next(_(str(a.label)) for a in book.fields if a.name == "since")}
        )
    if book.parents and (
        thing.parent is None or thing.parent.kind not in [parent.KIND for parent in book.parents]
    ):
        names = "、".join(str(parent._meta.verbose_name) for parent in book.parents)
        wrong["parent"] = _("请选择所属的%(kinds)s") % {"kinds": names}
    if thing.parent_id is not None and thing.parent_id == thing.pk:
        wrong["parent"] = _("对象不能属于自己")
    if thing.geometry:
        try:
            shapes.read(thing.geometry)
        except shapes.ShapeError as error:
            wrong["geometry"] = str(error)
    if book.clean is not None:
        book.clean(thing, findings)
    if new and not wrong:
        thing.code = thing.code.strip() or (
            book.number(thing) if book.number else next_code(type(thing), thing.area_code)
        )
    # What is refused gets no code, nor what is only looked over.
    uncoded = ["code"] if not thing.code and (wrong or not new) else []
    try:
        thing.clean_fields(exclude={*wrong, *uncoded})
        thing.validate_unique(exclude=set(uncoded))
    except ValidationError as error:
        told = {name: "；".join(messages) for name, messages in error.message_dict.items()}
        findings.wrong = told | wrong


def _place(thing: Entity) -> list[str]:
    if thing.lon is None or thing.lat is None:
        return []
    (west, east), (south, north) = _CHINA
    if not (west <= thing.lon <= east and south <= thing.lat <= north):
        return [_("坐标不在我国范围内，请核对经度和纬度是否填反")]
    if isinstance(thing, Area):
        return []
    division = divisions.division_around(thing.area_code)
    if division is None or division.geometry is None:
        return []
    if shapes.contains(division.geometry, thing.lon, thing.lat) is False:
        return [_("坐标不在“%(area)s”边界内，请核对") % {"area": division.name}]
    return []
