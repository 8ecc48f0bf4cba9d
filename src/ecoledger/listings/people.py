"""The book of people who sign in (人员): entered by spreadsheet, with their roles and areas.

Rights follow ``accounts.appointing``: within the granter's own bounds, administrators by two people. Nobody's
password stands in a file: who has none yet gets a first one from the people page or ``ecoledger person
first-passwords``. A later table brings the people of its user names up to date.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from ecoledger.accounts import appointing, audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import CAPABILITIES, Role
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import NoSuchRow, lookup_of
from ecoledger.listings.parts import Ask, Choices, Column, Import, Kind
from ecoledger.listings.refusals import Refused
from ecoledger.standards.identifiers import short_division

_RIGHTS = ("roles", "area_codes")
_ROLES = tuple((role.value, role.label) for role in Role)


class People(Listing):
    """Seen and kept by who manages people, in the divisions granted to them."""

    def visible_to(self, person: Person) -> QuerySet[Any]:
        rows: QuerySet[Any] = Person.objects.select_related("organisation")
        if not person.may(self.see):
            return rows.none()
        if not person.area_codes:  # of the whole house (``appointing.check``)
            return rows
        inside = Q(organisation=None)
        for code in person.area_codes:
            inside |= Q(organisation__area_code__startswith=code)
        return rows.filter(inside)

    def url_of(self, row: Any) -> str:
        return f"/people/{row.pk}"

    @property
    def form_url(self) -> str:
        return "/people/new"

    def edit_url(self, row: Any) -> str:
        return self.url_of(row)

    def look_over(
        self, values: Mapping[str, Any], said: Mapping[str, Any], by: Person | None
    ) -> tuple[Mapping[str, str], Sequence[str]]:
        try:
            _checked(_new(values), _rights(values), by)
        except Refused as refused:
            return {name: "；".join(texts) for name, texts in refused.fields.items()}, ()
        administers = by is not None and appointing.needs_second([], values.get("roles") or ())
        return {}, [appointing.waits(by, Person())] if administers and by is not None else []

    def own_choices(self) -> Mapping[str, Choices]:
        return {"roles": _ROLES}

    def later_values(self, thing: Any, values: dict[str, Any]) -> dict[str, Any]:
        return super().later_values(thing, values | _rights(values))

    def may_follow(self, thing: Any, changed: Mapping[str, Any], by: Person | None) -> None:
        super().may_follow(thing, changed, by)
        _checked(*_changed(thing, changed), by)

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        return _entered(_new(values), _rights(values), by)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        person = Person.objects.get(pk=row.pk)
        later, rights = _changed(person, values)
        _checked(later, rights, by)
        identity = {n: appointing.as_kept(v) for n, v in values.items() if n not in _RIGHTS}
        wanted = appointing.differing(person, password="", identity=identity, **rights)
        _give(by, person, wanted, waits=appointing.needs_second(person.roles, rights["roles"]))
        return person


def _new(values: Mapping[str, Any]) -> Person:
    person = Person(**{name: v for name, v in values.items() if name not in _RIGHTS})
    person.set_unusable_password()
    person.must_change_password = True
    return person


def _rights(values: Mapping[str, Any]) -> dict[str, list[str]]:
    rights = {}
    if "roles" in values:
        said = values["roles"] or ()
        rights["roles"] = [role.value for role in Role if role.value in said]
    if "area_codes" in values:
        rights["area_codes"] = areas_of(values["area_codes"] or "")
    return rights


def areas_of(text: str | list[str]) -> list[str]:
    """Division codes from codes or names apart by signs."""
    words = text if isinstance(text, list) else re.split(r"[、,，;；\s]+", str(text))
    codes = []
    for word in map(short_division, filter(None, words)):
        if word.isdigit() and 2 <= len(word) <= 12 and not _is_strange(word):
            codes.append(word)
            continue
        try:
            codes.append(str(lookup_of("area").resolve(word, None).code))
        except NoSuchRow as error:
            raise Refused("form", str(error), fields={"area_codes": [str(error)]}) from error
    return codes


def _is_strange(code: str) -> bool:
    """Whether divisions are on record and none of them lies in ``code`` or holds it."""
    areas = lookup_of("area").model._default_manager
    holding = [code[:length] for length in range(2, len(code))]
    near = areas.filter(Q(code__startswith=code) | Q(code__in=holding))
    return areas.exists() and not near.exists()


def _changed(person: Person, values: Mapping[str, Any]) -> tuple[Person, dict[str, list[str]]]:
    """A person as ``values`` make him, and his rights then; he himself is left as he is."""
    later = copy(person)
    for name, value in values.items():
        if name not in _RIGHTS:
            setattr(later, name, value)
    rights = {"roles": list(person.roles), "area_codes": list(person.area_codes)}
    return later, rights | _rights(values)


@transaction.atomic
def _entered(person: Person, rights: Mapping[str, list[str]], by: Person | None) -> Person:
    """Store a new person and what is granted; an administrator is let in by a second one."""
    roles, areas = rights.get("roles", []), rights.get("area_codes", [])
    _checked(person, rights, by)
    waits = by is not None and appointing.needs_second([], roles)
    active = person.is_active
    person.is_active = active and not waits
    wanted = appointing.differing(person, roles=roles, area_codes=areas, active=active)
    person.save()
    audit.record(by, "add_person", person)
    _give(by, person, wanted, waits=waits)
    return person


def _give(by: Person | None, person: Person, wanted: Mapping[str, Any], *, waits: bool) -> None:
    """Do what is wanted of an account; what concerns administrators waits for a second one."""
    if waits and by is not None:
        appointing.ask(by, person, wanted)
    else:
        appointing.apply(by, person, wanted)


def _checked(person: Person, rights: Mapping[str, list[str]], by: Person | None) -> None:
    """Refuse what ``by`` may not grant, and what no account can be."""
    roles, areas = rights.get("roles", []), rights.get("area_codes", [])
    try:
        if by is not None:
            appointing.check(by, person, roles, areas)
        elif why := appointing.odd_roles(roles):
            raise ValidationError({"roles": why})
        person.full_clean(exclude=["password"])
    except ValidationError as error:
        fields = error.message_dict
        said = "；".join(text for texts in fields.values() for text in texts)
        raise Refused("form", said, fields=fields) from error


PEOPLE = declare(People(
    key="person", label="人员", line="assessment", model=Person, area="", lead="name",
    columns=("name", "username", "organisation", "post",
             Column("roles", "岗位", Kind.CHOICES, choices=_ROLES),
             Column("area_codes", "数据范围", Kind.AREA), "phone", Column("is_active", "启用")),
    filters=("organisation",), search=("name", "username", "organisation__name"),
    order=("organisation_id", "pk"),
    fields=(Ask("username", "用户名", required=True, help="登录用，由字母、数字和 . - _ 组成。"), "name", "organisation", "post", "phone",
            Ask("roles", "岗位", Kind.CHOICES, stores="roles", required=True, choices=_ROLES),
            Ask("area_codes", "数据范围", Kind.TEXT, stores="area_codes", required=False,
                help="行政区划代码或名称，多个用顿号分开；可见其所辖。企业用户留空。"),
            "certificate_no"),
    imports=Import(
        key=("username",), updates=True,
        headers={"username": ("账号", "登录名", "登录账号", "登录用户名"), "name": ("人员姓名",),
                 "organisation": ("单位名称", "工作单位", "部门"), "post": ("科室职务", "职务职级"),
                 "roles": ("角色", "岗位角色"), "area_codes": ("区划", "管辖范围", "辖区", "管辖区域", "管辖区划", "负责区域"),
                 "phone": ("电话", "手机号", "手机号码", "联系电话", "联系方式"),
                 "certificate_no": ("执法证编号", "执法证件号"), "certificate_until": ("执法证有效期", "有效期至")},
        values={"roles": {"乡镇人员": "town", "镇街人员": "town", "街道人员": "town", "乡镇（街道）人员": "town"}},
        examples={"username": "linmou", "name": "林某", "roles": "执法人员", "post": "科员"},
    ),
    see="manage_people", edit=CAPABILITIES["manage_people"],
    empty="还没有人员。导入一份“用户名、姓名、单位、岗位、数据范围”的名单；初始密码由安全管理员发放。",
))  # fmt: skip
