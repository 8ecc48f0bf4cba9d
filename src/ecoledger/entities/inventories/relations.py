"""The book of relations (对象关系): water flows on, gas is led to an outlet, instruments stand side by side.

One table for production ↔ treatment ↔ outlet, the river network with its travel times, and co-locations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import CAPABILITIES
from ecoledger.accounts.scope import within
from ecoledger.entities import relations
from ecoledger.entities.inventory import refused, wrong_of
from ecoledger.entities.models import Entity, Relation
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, Choices, Column, Import, Kind

MEASURED = ("distance_km", "travel_hours")


@dataclass(frozen=True, kw_only=True, eq=False)
class RelationBook(Listing):
    """The relations; one with an end in the person's area is seen. Ended, never overwritten."""

    kinds: ClassVar[Mapping[str, Kind]] = {"kind": Kind.CHOICE}

    def own_choices(self) -> Mapping[str, Choices]:
        return {"kind": tuple(relations.PHRASES.items())}

    def visible_to(self, person: Person) -> QuerySet[Any]:
        rows = Relation.objects.select_related("a", "b")
        if not person.may(self.see):
            return rows.none()
        ends: Q = within(person, "a__area_code", "a__code") | within(
            person, "b__area_code", "b__code"
        )
        return rows.filter(ends)

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        ends = (values["a"], values["kind"], values["b"])
        return wrong_of(relations.check, by, *ends, values.get("since"), values.get("until"))

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        said = dict(values)
        measured = {n: v for n in MEASURED if (v := said.pop(n, None)) is not None}
        try:
            return relations.relate(
                by, said["a"], said["kind"], said["b"],
                since=said.get("since"), until=said.get("until"),
                values={name: float(value) for name, value in measured.items()},
            )  # fmt: skip
        except (ValidationError, PermissionDenied) as error:
            raise refused(error) from error

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        measured = {n: values[n] for n in MEASURED if n in values}
        try:
            return relations.change(
                by, row, since=values.get("since", row.since), until=values.get("until", row.until),
                values={n: float(v) for n, v in measured.items() if v is not None},
            )  # fmt: skip
        except (ValidationError, PermissionDenied) as error:
            raise refused(error) from error


RELATIONS = declare(RelationBook(
    key="relation", label="对象关系", line="monitoring", model=Relation, area="",
    columns=(Column("a", "对象"), "kind", Column("b", "另一对象"),
             Column("distance_km", "距离 km", Kind.DECIMAL), Column("travel_hours", "流达时间 h", Kind.DECIMAL),
             "since", "until"),
    filters=("kind",), search=("a__name", "a__code", "b__name", "b__code"),
    fields=(Ask("a", "对象", required=True, to=Entity), "kind", Ask("b", "另一对象", required=True, to=Entity),
            Ask("distance_km", "距离 km", Kind.DECIMAL, stores="distance_km", required=False, minimum=0),
            Ask("travel_hours", "流达时间 h", Kind.DECIMAL, stores="travel_hours", required=False, minimum=0),
            "since", "until"),
    lead="a", order=("-pk",), see="see_monitoring", edit=CAPABILITIES["edit_registry"],
    imports=Import(
        key=("a", "kind", "b", "since"),
        headers={"a": ("上游断面", "治理设施", "排放口", "起点", "对象名称"),
                 "b": ("下游断面", "生产设施", "受纳水体", "终点", "关联对象"),
                 "travel_hours": ("流达时间", "流达时间（小时）"), "distance_km": ("距离", "河长km")},
        examples={"kind": "在其上游", "distance_km": "12.4", "travel_hours": "6.5"},
    ),
    empty="还没有关系。登记谁在谁的上游、哪套治理设施对哪个生产设施、哪些仪器同址，溯源和三长联动由此而来。",
))  # fmt: skip
