"""Numbers of entities in other systems, with the dates they were valid: written, never re-created."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.entities.inventory import inventory_of
from ecoledger.entities.models import Entity, Identifier
from ecoledger.entities.validity import day_before, in_force

# Under which an entity that was renamed is still found.
FORMER_NAME = "曾用名"


def valid(thing: Entity, on: date | None = None) -> list[Identifier]:
    """The numbers that the thing carries on a day (today)."""
    return list(thing.identifiers.filter(in_force(on)).order_by("scheme", "value"))


def others(thing: Entity) -> list[Identifier]:
    """The valid numbers beside those that are fields of the thing's own kind, and its former names."""
    own = {FORMER_NAME, *inventory_of(thing).numbers.values()}
    return [row for row in valid(thing) if row.scheme not in own]


def read_lines(text: str) -> list[tuple[str, str]]:
    """Numbers written one a line as "scheme = value". Raises ``ValidationError`` naming the line."""
    numbers = []
    for count, line in enumerate(unicodedata.normalize("NFKC", text).splitlines(), start=1):
        if not line.strip():
            continue
        scheme, *rest = (part.strip() for part in re.split(r"[=:]", line, maxsplit=1))
        number = rest[0] if rest else ""
        if not 1 <= len(scheme) <= 30 or not 1 <= len(number) <= 60:
            raise ValidationError(_("第 %(line)d 行：应写作“编码体系 = 编码”。") % {"line": count})
        numbers.append((scheme, number))
    return numbers


def holder(scheme: str, value: str, on: date | None = None) -> Entity | None:
    """Who carries a number on a day (today); of several sites the first."""
    row = Identifier.objects.filter(in_force(on), scheme=scheme, value=value)
    first = row.select_related("entity").order_by("site").first()
    return first.entity if first else None


def write(
    thing: Entity,
    numbers: Iterable[tuple[str, str]],
    *,
    schemes: Iterable[str] | None = None,
    on: date | None = None,
    site: int = 0,
) -> bool:
    """Let ``numbers`` (scheme, value) be what the thing carries from ``on``; says whether anything changed.

    What it carried before ends the day before (today without ``on``: a correction) and stays on record.
    ``schemes`` bounds the change to these. Raises ``ValidationError`` where another thing carries one.
    """
    wanted = set(numbers)
    rows = thing.identifiers.filter(until__isnull=True).exclude(scheme=FORMER_NAME)
    if schemes is not None:
        rows = rows.filter(scheme__in=list(schemes))
    changed = False
    for row in rows:
        if (row.scheme, row.value) in wanted:
            wanted.discard((row.scheme, row.value))
            continue
        row.until = day_before(on or timezone.localdate())
        if row.since is not None and row.until < row.since:
            row.until = row.since
        row.save(update_fields=["until"])
        changed = True
    for scheme, value in sorted(wanted):
        twins = Identifier.objects.filter(scheme=scheme, value=value, until__isnull=True)
        if (twin := twins.filter(site=site).select_related("entity").first()) is not None:
            raise ValidationError(
                {
                    "others": _("%(scheme)s“%(value)s”已属于“%(name)s”")
                    % {"scheme": scheme, "value": value, "name": twin.entity.name}
                }
            )
        Identifier.objects.create(
            entity_id=thing.pk, scheme=scheme, value=value, since=on, site=site
        )
        changed = True
    return changed


def next_site(scheme: str, value: str) -> int:
    """The number of the next further site that shares a firm's number."""
    rows = Identifier.objects.filter(scheme=scheme, value=value)
    last = rows.aggregate(last=Max("site"))["last"]
    return 0 if last is None else int(last) + 1
