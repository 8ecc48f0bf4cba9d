"""What discharges into rivers: each with the river it stands at, as the page of the rivers counts them."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ecoledger.entities.inventory import inventory_of
from ecoledger.entities.models import Entity, River
from ecoledger.indicators import doors
from ecoledger.indicators.records.declaring import Asked, Cell, Column, NotThere, Page, Row, table
from ecoledger.registers.water import network


@table(doors.DISCHARGERS)
def dischargers(asked: Asked) -> Page:
    """Those of one kind, river by river from its head down; last those of which only is known that they discharge."""
    kind = asked.text("kind")
    if kind not in network.SOURCE_KINDS:
        raise NotThere("kind")
    net = network.of(asked.person)
    names = dict(River.objects.values_list("pk", "name"))
    placed = [(net.places[pk], thing) for pk, thing in net.things.items() if thing.kind == kind]
    placed.sort(key=lambda pair: (names[pair[0].river], pair[0].km, pair[1].pk))
    rows: list[tuple[Entity, str, float | None]]
    rows = [(thing, names[place.river], place.km) for place, thing in placed]
    rows += [(thing, "—", None) for thing in net.unplaced if thing.kind == kind]
    return Page(
        _("河边的%(kind)s %(count)s") % {"kind": _(str(inventory_of(kind).label)), "count": len(rows)},
        (Column("名称", lead=True), Column("河流"), Column("距河源 km", "number")),
        [
            Row((Cell(thing.name, opens=doors.ROW.opens(url=f"/entities/{thing.pk}")), Cell(river), Cell(km, "number", 1)))
            for thing, river, km in rows
        ],
        empty="您的数据范围内没有。",
    )  # fmt: skip
