"""The book of who answers for what (责任人): entered by form and by spreadsheet, ended and never deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied, ValidationError

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import CAPABILITIES
from ecoledger.entities import charges
from ecoledger.entities.inventory import refused, wrong_of
from ecoledger.entities.models import Charge
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Choices, Import, Kind


@dataclass(frozen=True, kw_only=True, eq=False)
class ChargeBook(Listing):
    """The charges; a new one ends who held it on the same level before."""

    kinds: ClassVar[Mapping[str, Kind]] = {"role": Kind.CHOICE}

    def own_choices(self) -> Mapping[str, Choices]:
        return {"role": tuple(charges.ROLES.items())}

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        return wrong_of(charges.check, by, Charge(**values))

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        try:
            return charges.appoint(by, Charge(**values))
        except (ValidationError, PermissionDenied) as error:
            raise refused(error) from error

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        charge = Charge.objects.get(pk=row.pk)
        for name, value in values.items():
            setattr(charge, name, value)
        try:
            return charges.appoint(by, charge, ends=False)
        except (ValidationError, PermissionDenied) as error:
            raise refused(error) from error


CHARGES = declare(
    ChargeBook(
        key="charge",
        label="责任人",
        model=Charge,
        line="assessment",
        area="entity__area_code",
        see="see_monitoring",
        edit=CAPABILITIES["edit_registry"],
        columns=("entity", "role", "level", "person", "name", "organisation", "post", "phone",
                 "since", "until"),
        filters=("role", "level", "person", "organisation"),
        search=("entity__name", "entity__code", "person__name", "name", "organisation__name"),
        fields=("entity", "role", "level", "person", "organisation", "name", "post", "phone",
                "since", "until", "note"),
        lead="entity",
        order=("entity_id", "role", "level", "pk"),
        imports=Import(
            key=("entity", "role", "level", "since"),
            headers={
                "entity": ("河流", "断面", "站点", "点位", "管网", "责任对象"),
                "role": ("责任类别", "长制"),
                "name": ("责任人姓名", "河长姓名"),
                "phone": ("联系电话", "手机"),
                "since": ("任职时间", "起"),
            },
            examples={"entity": "示例溪", "role": "河长", "level": "县级", "name": "林某",
                      "since": "2026-01-01"},
        ),
        empty="还没有责任人。逐条登记，或导入一份河长、断面长、点位长名单。",
    )
)  # fmt: skip
