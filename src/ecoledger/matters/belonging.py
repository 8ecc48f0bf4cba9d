"""A list of rows that belong to matters, beside the list of the matters: what holds a matter holds its rows as well.

The same rows may be filled in on the matter's page as :class:`~ecoledger.matters.lines.Lines`; here is the other door.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings.listing import Listing
from ecoledger.listings.refusals import Refused
from ecoledger.matters.actions import access
from ecoledger.matters.lines import matter_of
from ecoledger.matters.models import Matter
from ecoledger.matters.register import register_of


class Belongings(Listing):
    """Rows that belong to a matter by their one foreign key to it: added, changed, moved and taken back only while both
    the matter they leave and the one they come to may be changed."""

    @cached_property
    def parent(self) -> str:
        """Name of the foreign key to the matter."""
        return matter_of(self.model)

    def refusal(self, person: Person, matter: Matter, *, by_table: bool = False) -> Refused | None:
        """Why ``person`` changes nothing of the rows of ``matter``, or with ``by_table`` lets none come or go; ``None`` when they may."""
        return access.refusal_to_change(matter, person) or self.held(matter, by_table=by_table)

    def held(self, matter: Matter, *, by_table: bool = False) -> Refused | None:
        """Why nobody changes the rows of ``matter`` as it stands: its register holds them, or they are no lines of it
        and stand with all that it holds.
        With ``by_table``: why none comes or goes, as to finished history they do by a table after its own."""
        if by_table and access.came_finished(matter):
            return None
        register = register_of(matter.register)
        lines = [lines.key for lines in register.lines if lines.model is self.model]
        settled = {name.partition(".")[0] for name in access.settled(matter)}
        if not (settled.intersection(lines) if lines else settled):
            return None
        return Refused(
            "state",
            _("“%(state)s”的事项不再修改“%(what)s”。")
            % {"state": _(str(register.state_of(matter).label)), "what": _(str(self.label))},
            access.how_righted(matter),
        )

    def refusal_to_change(self, person: Person, row: Any) -> Refused | None:
        return self.refusal(person, getattr(row, self.parent))

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        """What the rules say of it, and why the matter that a row of a table is entered for, or moved to, takes none."""
        refused = self._against(values, by, by_table="pk" not in values)
        told = super().wrong(values, by)
        return {**told, self.parent: refused.why} if refused else told

    def _against(
        self, values: Mapping[str, Any], by: Person | None, *, by_table: bool
    ) -> Refused | None:
        matter = values.get(self.parent)
        if by is None or matter is None:
            return None
        return self.refusal(by, matter, by_table=by_table)

    def open_row(
        self,
        values: Mapping[str, Any],
        by: Person | None,
        at: datetime,
        *,
        by_table: bool = False,
        **more: Any,
    ) -> Any:
        if not by_table and (refused := self._against(values, by, by_table=False)):
            raise refused
        return super().open_row(values, by, at, **more)

    def import_row(
        self, values: Mapping[str, Any], batch: Any, row: Any, by: Person | None, at: datetime
    ) -> Any:
        return self.open_row(values, by, at, by_table=True)

    def withdraw_row(self, row: Any, by: Person | None, at: datetime) -> bool:
        if by is not None and self.refusal(by, getattr(row, self.parent), by_table=True):
            return False
        return super().withdraw_row(row, by, at)
