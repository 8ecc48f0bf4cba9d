"""Rivers with their direction (河流)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ecoledger.entities import shapes
from ecoledger.entities.inventory import CODE, Findings, Inventory, declare
from ecoledger.entities.models import River
from ecoledger.listings.parts import Import


def clean(river: River, findings: Findings) -> None:
    """Drawn as one line downstream; a river does not flow into itself, nor in a circle."""
    if river.geometry and river.geometry.get("type") != "LineString":
        findings.wrong["geometry"] = _("河流走向应为一条线（LineString），自上游画向下游")
    elif river.geometry and river.length_km is None:
        river.length_km = round(shapes.length_km(river.geometry), 2)
    below, seen = river.flows_into, {river.pk}
    while below is not None and river.pk is not None:
        if below.pk in seen:
            findings.wrong["flows_into"] = _("汇入关系成环，请核对")
            break
        seen.add(below.pk)
        below = below.flows_into
    if river.joins_at_km is not None and river.flows_into is None:
        findings.wrong["joins_at_km"] = _("没有汇入河流，不填汇入位置")
    length = river.flows_into.length_km if river.flows_into else None
    if river.joins_at_km is not None and length is not None and river.joins_at_km > length:
        findings.odd.append(_("汇入位置超过汇入河流的长度 %(km)s km，请核对") % {"km": length})


RIVERS = declare(
    Inventory(
        key="river",
        label="河流",
        model=River,
        line="water",
        letter="R",
        clean=clean,
        charges=("river_chief", "basin_chief"),
        columns=("name", "code", "length_km", "flows_into", "joins_at_km", "area_code"),
        filters=("area_code",),
        fields=(
            "name", CODE, "area_code", "geometry", "length_km", "flows_into", "joins_at_km",
            "since", "until",
        ),
        labels={"geometry": "走向 GeoJSON"},
        imports=Import(
            key=("name",),
            columns=("name", CODE, "area_code", "length_km", "flows_into", "joins_at_km"),
            headers={"name": ("河流名称", "水体名称"), "flows_into": ("汇入", "汇入水体")},
            examples={"name": "示例溪", "length_km": "32.5"},
        ),
        empty="还没有河流。登记河流后再登记断面；走向自上游画向下游。",
    )
)  # fmt: skip
