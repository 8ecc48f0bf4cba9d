"""Outlets and what else stands at a firm, as tables name them: by the firm and the number or name there (DA001)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.entities.lookups import ENTITIES
from ecoledger.entities.models import Enterprise
from ecoledger.listings.lookups import NoSuchRow, lookup_for
from ecoledger.listings.parts import Ask, Kind, TableRow
from ecoledger.standards import identifiers

FIRM = Ask("firm", "所属企业", Kind.TEXT, stores=None, required=False)
FIRM_HEADERS = ("企业名称", "企业", "单位名称", "排污单位", "排污单位名称", "企业（单位）名称")


def named_at_firm(row: TableRow) -> None:
    """Where a row says whose outlet it is about, the one of that firm with its number or name is meant, and no other."""
    firm_said, called = (str(row.values.get(name) or "").strip() for name in ("firm", "entity"))
    if not firm_said or not called:
        return
    try:
        firm = _kept(row, ("firm", firm_said), lambda: _firm(firm_said, row.person))
    except NoSuchRow as unknown:
        row.refuse("firm", str(unknown))
        return
    if called in (firm.code, firm.name):
        return
    codes = _kept(row, ("at", firm.pk, called), lambda: _codes(firm, called, row.person))
    if len(codes) == 1:
        row.values["entity"] = codes[0]
        return
    why = _("“%(firm)s”有多个名为“%(called)s”的对象；请改填编码")
    if not codes:
        why = _("“%(firm)s”没有编号或名称为“%(called)s”的对象；请核对，或先登记")
    row.refuse("entity", why % {"firm": firm.name, "called": called})


def _kept(row: TableRow, key: Any, find: Any) -> Any:
    """What was found for an earlier row of the table."""
    if key not in row.found:
        row.found[key] = find()
    return row.found[key]


def _firm(words: str, person: Any) -> Any:
    return lookup_for(Enterprise).resolve(words, person)


def _codes(firm: Any, called: str, person: Any) -> list[str]:
    facility = identifiers.parse_facility(called)
    numbers = {called, facility.number or facility.code}
    named = Q(code__in={called, *(f"{firm.code}-{number}" for number in numbers)})
    named |= Q(name=called) | Q(identifiers__value=called)
    rows: QuerySet[Any] = ENTITIES.open_rows(person).filter(parent_id=firm.pk).filter(named)
    return list(rows.order_by("code").values_list("code", flat=True).distinct()[:2])
