"""The book of organisations: the bureau's divisions, departments, towns, firms, service providers (单位)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import CAPABILITIES
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Import


class Organisations(Listing):
    """Seen and kept by who manages people, in the divisions granted to them."""

    def visible_to(self, person: Person) -> QuerySet[Any]:
        rows = self.model._default_manager.all()
        if person.may(self.see) and not person.area_codes:  # of the whole house
            return rows
        inside = Q(pk__in=[])
        for code in person.area_codes if person.may(self.see) else ():
            inside |= Q(area_code__startswith=code)
        return rows.filter(inside)


ORGANISATIONS = declare(Organisations(
    key="organisation", label="单位", line="assessment", model=Organisation,
    columns=("name", "kind", "area_code"), filters=("kind", "area_code"), search=("name", "other_names"),
    fields=("name", "kind", "area_code", "other_names"), lead="name", order=("name",),
    imports=Import(
        key=("name",), updates=True,
        headers={"name": ("单位名称", "单位", "部门"), "kind": ("性质", "单位类别", "单位性质", "单位类型"),
                 "area_code": ("所在地", "属地", "行政区划", "所属区域", "所在区域", "所属区划"),
                 "other_names": ("简称", "别名", "曾用名", "其它名称", "又称")},
        values={"kind": {"镇": "town", "乡": "town", "街道": "town", "镇街": "town", "乡镇": "town", "部门": "department",
                         "县直部门": "department", "市直部门": "department", "局": "bureau"}},
        examples={"name": "住房和城乡建设局", "kind": "政府部门", "area_code": "安澜市"},
    ),
    see="manage_people", edit=CAPABILITIES["manage_people"],
    empty="还没有单位。导入单位名单，或由安全管理员登记。",
))  # fmt: skip
