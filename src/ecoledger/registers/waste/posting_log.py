"""A log whose entries are posted to an account as they are recorded; a correction posts anew and takes the old one back.

What comes in is posted before what it corrects is taken back, what goes out after it: else a holding would be asked in
between for more than it has, and a right correction refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.books import account as accounts
from ecoledger.books.account import Account
from ecoledger.books.log import Log
from ecoledger.entities.models import Entity
from ecoledger.listings.refusals import Refused


@dataclass(frozen=True, kw_only=True, eq=False)
class PostingLog(Log):
    """A log over a model that keeps its voucher in ``posting``.

    ``kind``: the voucher that its entries are, "" where they post nothing. ``stock``: 1 where they bring in, -1 where
    they take out.
    """

    account: Account
    kind: str = ""
    stock: int = 0

    # What a kind of log says of its entries.

    def read(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What follows from the values of an entry. Raises :class:`Refused` for what cannot be."""
        return {}

    def amounts(self, entry: Any) -> Mapping[str, Decimal]:
        """Item of the account -> how much of it came in or went out."""
        raise NotImplementedError

    def held_by(self, entry: Any) -> Entity:
        """Whose account it is."""
        thing: Entity = entry.entity
        return thing

    def voucher_no(self, entry: Any) -> str:
        return ""

    def kept(self, entries: Any) -> None:
        """Told of what was recorded, corrected or taken back, a table's entries at once (a query set)."""

    # What every such log does.

    @transaction.atomic
    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        entry = self._keep(values, by, at, **more)
        self.kept(self.model._default_manager.filter(pk=entry.pk))
        return entry

    def import_row(
        self, values: Mapping[str, Any], batch: Any, row: Any, by: Any, at: datetime
    ) -> Any:
        return self._keep(values, by, at)

    def imported(self, batch: Any, made: int, by: Any, at: datetime) -> None:
        made_keys = batch.rows.exclude(made=None).values_list("made", flat=True)
        self.kept(self.model._default_manager.filter(pk__in=made_keys))

    @transaction.atomic
    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        old = self.model._default_manager.get(pk=row.pk)
        said = {name: getattr(old, name) for name in self.own_fields} | dict(values)
        if self.stock < 0:
            self._take_back(old, str(values.get("reason") or ""), by)
        right = super().change_row(row, {**values, **self.read(said), "posting": None}, by, at)
        self._post(right, by, at)
        if self.stock > 0:
            self._take_back(old, right.reason, by)
        self.kept(self.model._default_manager.filter(pk__in=(old.pk, right.pk)))
        return right

    @transaction.atomic
    def withdraw_row(self, row: Any, by: Person | None, at: datetime) -> bool:
        """An entry whose quantity has gone on stays."""
        rows = self.model._default_manager.filter(pk=row.pk)
        old: Any = rows.get()
        try:
            with transaction.atomic():
                self._take_back(old, _("撤销导入"), by)
        except Refused:
            return False
        rows.update(posting=None, current=False)
        self.kept(rows)
        old.posting = None
        return super().withdraw_row(old, by, at)

    def _keep(self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any) -> Any:
        entry = super().open_row({**values, **self.read(values)}, by, at, **more)
        if entry.posting_id is None:  # not sent a second time by a phone
            self._post(entry, by, at)
        return entry

    def _post(self, entry: Any, by: Person | None, at: datetime) -> None:
        if not self.kind:
            return
        holder, voucher = self.held_by(entry), self.account.voucher(self.kind)
        moves = {}
        for item, amount in self.amounts(entry).items():
            if amount:
                holding = self.account.holding(item, holder)
                beyond = voucher.source or voucher.sink
                outside = self.account.outside(item, beyond, holder.area_code)
                moves[holding], moves[outside] = self.stock * amount, -self.stock * amount
        if not moves:
            return
        entry.posting = accounts.post(
            self.account, self.kind, moves, on=timezone.localdate(entry.at), text=_(str(self.label)),
            voucher_no=self.voucher_no(entry), by=by, at=at, details={"log": entry.book, "entry": entry.pk},
        )  # fmt: skip
        entry.save(update_fields=["posting"])

    def _take_back(self, entry: Any, reason: str, by: Person | None) -> None:
        if entry.posting is not None:
            accounts.reverse(self.account, entry.posting, on=entry.posting.on, reason=reason, by=by)
