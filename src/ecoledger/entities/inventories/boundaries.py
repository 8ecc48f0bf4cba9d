"""Boundaries of divisions (边界), by GeoJSON file: the division is on record, its outline comes later and changes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import CAPABILITIES
from ecoledger.entities import editing, shapes
from ecoledger.entities.inventory import Findings, refused, wrong_of
from ecoledger.entities.models import Area
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import NoSuchRow, lookup_of
from ecoledger.listings.parts import Ask, Column, Import, Kind
from ecoledger.listings.refusals import Refused


class Boundaries(Listing):
    """The divisions that have a boundary. A row sets the boundary of a division that is on record."""

    def visible_to(self, person: Person) -> QuerySet[Any]:
        return super().visible_to(person).exclude(geometry=None)

    def standing(self) -> QuerySet[Any]:
        # A boundary may be set anew as often as one likes.
        return Area.objects.none()

    def rows_of(self, keys: list[int]) -> QuerySet[Any]:
        return Area.objects.filter(pk__in=keys)

    def url_of(self, row: Any) -> str:
        return f"/entities/{row.pk}"

    def look_over(
        self, values: Mapping[str, Any], said: Mapping[str, Any], by: Person | None
    ) -> tuple[Mapping[str, str], Sequence[str]]:
        findings = Findings()
        unknown = wrong_of(lambda: editing.look_over(by, _outlined(values, by), findings))
        return {**findings.wrong, **unknown}, findings.odd

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        area = _outlined(values, by)
        try:
            editing.save(by, area)
        except (ValidationError, PermissionDenied) as error:
            raise refused(error) from error
        return area

    def withdraw_row(self, row: Any, by: Person | None, at: datetime) -> bool:
        """Back to the boundary before, as the division's history keeps it."""
        before = row.states.order_by("-id").first()
        row.geometry = before.values.get("geometry") if before is not None else None
        editing.save(by, row)
        return True


def _outlined(values: Mapping[str, Any], by: Person | None) -> Area:
    """The division that a row names, with the boundary it says."""
    try:
        area: Area = lookup_of("area").resolve(str(values["code"]), by)
        area.geometry = shapes.of_file(json.dumps(values["geometry"]).encode())
    except NoSuchRow as error:
        raise Refused("form", str(error), fields={"code": [str(error)]}) from error
    except shapes.ShapeError as error:
        raise Refused("form", str(error), fields={"geometry": [str(error)]}) from error
    return area


def _example_code(person: Person | None) -> str:
    """A division on record."""
    return getattr(lookup_of("area").open_rows(person).first(), "code", "")


BOUNDARIES = declare(Boundaries(
    key="boundary", label="区划边界", line="assessment", model=Area, lead="name",
    columns=("name", "code", Column("level"), "since"), filters=("level",), search=("name", "code"),
    order=("code",), see="see_monitoring", edit=CAPABILITIES["edit_registry"],
    fields=(Ask("code", "行政区划", Kind.TEXT, required=True),
            Ask("geometry", "边界 GeoJSON", required=True)),
    imports=Import(
        key=("code",),
        headers={"code": ("代码", "区划代码", "adcode", "名称", "name"),
                 "geometry": ("几何", "边界")},
        examples={"code": _example_code, "geometry": json.dumps({"type": "Polygon", "coordinates": [
            [[118.5, 24.7], [118.6, 24.7], [118.6, 24.8], [118.5, 24.7]]]})},
    ),
    empty="还没有边界。先登记行政区划，再导入 GeoJSON 文件（属性含代码或名称）。",
))  # fmt: skip
