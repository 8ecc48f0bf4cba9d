"""Doing one transition on many matters (批量办理): each keeps its own event, clock and notice.

What one matter's own rules refuse is skipped and told; the others go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings.lookups import lookup_for
from ecoledger.listings.refusals import NotVisible, Refused
from ecoledger.matters.actions.access import find
from ecoledger.matters.actions.performing import available, perform
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register
from ecoledger.matters.workflow import Transition

MOST = 500


@dataclass
class Done:
    """What came of it: the matters it was done on, and those left out with the reason."""

    done: list[Any] = field(default_factory=list)
    skipped: list[tuple[Any, str]] = field(default_factory=list)


def common_ways(
    register: Register, matters: Iterable[Any], by: Person
) -> list[tuple[Transition, int]]:
    """(transition, on how many of ``matters`` the person may do it now), the most first.

    Left out are those that need files of each matter, and dangerous ones.
    """
    counted: Counter[str] = Counter()
    for matter in matters:
        counted.update(t.name for t in available(matter, by) if not (t.evidence or t.danger))
    ways = [(register.workflow.transition(name), n) for name, n in counted.items()]
    return sorted(ways, key=lambda pair: (-pair[1], not pair[0].main))


def perform_many(
    register: Register,
    matter_ids: Iterable[int],
    name: str,
    *,
    by: Person,
    form: Mapping[str, Any],
    note: str = "",
) -> Done:
    """Do the transition ``name`` on each matter. A field left empty takes what the register offers for that
    matter (the unit that the rules name). Raises ``KeyError`` for a transition that the register does not have.
    """
    at = timezone.now()
    way = register.workflow.transition(name)
    ids = list(dict.fromkeys(matter_ids))
    if not ids:
        raise Refused("form", _("没有选择事项。"))
    if len(ids) > MOST:
        raise Refused("form", _("一次最多办理 %d 件，请分批。") % MOST)
    if way.evidence:
        raise Refused("evidence", _("“%s”要逐件上传证据，不能批量办理。") % _(str(way.label)))
    result = Done()
    for pk in ids:
        matter = find(pk, by)
        if matter.register != register.key:
            raise NotVisible(f"matter {pk}")
        try:
            with transaction.atomic():
                said = _completed(register, way, matter, form)
                result.done.append(perform(pk, name, by=by, form=said, note=note, at=at))
        except Refused as refused:
            details = [text for texts in refused.fields.values() for text in texts]
            result.skipped.append((matter, " ".join([refused.why, *details])))
    return result


def _completed(
    register: Register, way: Transition, matter: Matter, form: Mapping[str, Any]
) -> dict[str, Any]:
    said = dict(form)
    for ask in register.asks_of(way):
        if said.get(ask.name) not in (None, "") or ask.initial is None:
            continue
        offered = ask.initial(matter)
        if isinstance(offered, Model):
            offered = lookup_for(type(offered)).value_of(offered)
        if offered not in (None, ""):
            said[ask.name] = offered
    return said
