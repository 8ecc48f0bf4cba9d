"""Who may hear that a matter changed: :func:`seeing.seen_by` asked without a query, of what an event says.

An open page holds no database connection, so the rule stands here a second time; ``tests/web/test_live_leaks.py`` holds
both to the same answer for every register, role and circulation. That somebody works on a case tells its firm that there
is one: the time of an event is as secret as its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.matters.models import NARROW, TOLD, Circulation, Matter
from ecoledger.matters.register import all_registers, register_of


def said_of(matter: Matter) -> dict[str, Any]:
    """What an event says of a matter so that it can be told who may know of it. No text of the matter."""
    other = register_of(matter.register).counterpart_of(matter)
    return {
        "id": matter.pk,
        "register": matter.register,
        "circulation": matter.circulation,
        "area_code": matter.area_code,
        "owner_code": matter.enterprise.code if matter.enterprise else "",
        "other_code": other.code if other else "",
        "owner": matter.owner_id,
        "unit": matter.owner_organisation_id,
        "made_by": matter.created_by_id,
    }


@dataclass(frozen=True)
class Sight:
    """What of all matters a person may know of, as it was when asked."""

    person: int
    registers: frozenset[str] = frozenset()
    # Registers of whose restricted matters the person may know.
    circles: frozenset[str] = frozenset()
    areas: tuple[str, ...] = ()
    entity: str = ""
    staff: bool = False
    # The person's unit and the area of that unit; of a contractor those who hand in for it.
    unit: int | None = None
    unit_area: str = ""
    colleagues: frozenset[int] | None = None

    @classmethod
    def of(cls, person: Person) -> Self:
        if not person.is_active:
            return cls(person.pk)
        books = [r for r in all_registers() if person.may(r.see)]
        staff, contractor = person.has_role(*STAFF), person.has_role(Role.THIRD_PARTY)
        unit = person.organisation_id
        colleagues: frozenset[int] | None = None
        if contractor and not staff:
            rows = Person.objects.filter(organisation_id=unit) if unit is not None else ()
            colleagues = frozenset([person.pk, *(row.pk for row in rows)])
        return cls(
            person.pk,
            frozenset(r.key for r in books),
            frozenset(r.key for r in books if person.has_role(*r.circle)) if staff else frozenset(),
            tuple(person.area_codes) if staff or contractor else (),
            person.entity_code if person.has_role(Role.ENTERPRISE) else "",
            staff,
            unit,
            person.organisation.area_code if person.organisation else "",
            colleagues,
        )

    def sees(self, said: Mapping[str, Any]) -> bool:
        """Whether the person may know of the matter that :func:`said_of` describes."""
        if said.get("register") not in self.registers:
            return False
        area = str(said.get("area_code") or "")
        inside = any(area.startswith(code) for code in self.areas)
        firms = (said.get("owner_code"), said.get("other_code"))
        inside = inside or bool(self.entity and self.entity in firms)
        if not inside and not (self.staff and self._answers(said, area)):
            return False
        unrestricted = said.get("circulation") not in NARROW
        if said.get("circulation") != Circulation.CONFIDED:
            unrestricted = unrestricted or said.get("owner") == self.person
        if self.staff:
            return unrestricted or said["register"] in self.circles
        if self.colleagues is not None:
            given = self.unit is not None and said.get("unit") == self.unit
            return unrestricted and (given or said.get("made_by") in self.colleagues)
        return said.get("circulation") in TOLD

    def _answers(self, said: Mapping[str, Any], area: str) -> bool:
        """:func:`seeing.answered_for`: one's own matter, or one that one's unit was given outside its area."""
        if said.get("owner") == self.person:
            return True
        outside = not self.unit_area or not area.startswith(self.unit_area)
        return self.unit is not None and said.get("unit") == self.unit and outside
