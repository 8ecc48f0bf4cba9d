"""From where events come by themselves: penalties in the book of credit, problems and self-checks that are late.

What counts as which behaviour stands in ``data/credit_rating.toml``. Each matter makes one event of its source; a
penalty that is set aside takes its event back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.listings.refusals import Refused
from ecoledger.matters.models import Circulation
from ecoledger.registers.credit import rules
from ecoledger.registers.credit.events import EVENTS, CreditEvent
from ecoledger.registers.enforcement.credit_entries import CreditEntry
from ecoledger.registers.enforcement.self_checks import SelfCheck
from ecoledger.registers.problems.problem_ledger import Problem

# Firm, day, document, kind of penalty, fine, the matter.
Found = tuple[Any, date, str, str, Decimal, int]
ZERO = Decimal(0)
log = logging.getLogger(__name__)


def _known(source: str) -> Any:
    return CreditEvent.objects.filter(source=source, origin__isnull=False).values("origin")


def _penalties(today: date) -> Iterator[Found]:
    rows = CreditEntry.objects.filter(entity__isnull=False, withdrawn_on=None)
    for entry in rows.exclude(case__in=_known("penalty")).select_related("entity"):
        firm = entry.entity.enterprise if entry.entity else None
        if firm is not None:
            reference = entry.decision_no or entry.act
            yield firm, entry.decided_on, reference, entry.kind, entry.fine, entry.case_id


def _late_problems(today: date) -> Iterator[Found]:
    rows = Problem.objects.filter(
        enterprise__isnull=False, phase="open", deadline__lt=today, withdrawn_at=None, merged_into=None
    ).exclude(circulation=Circulation.RESTRICTED)  # fmt: skip
    for problem in rows.exclude(pk__in=_known("problem")).select_related("enterprise"):
        # The firm reads what counts against it: of a problem that it is not told of, not its number.
        told = problem.circulation == Circulation.ENTERPRISE
        text = (
            _("%s 超期未完成整改") % problem.number
            if told
            else _("问题超期未完成整改（%s）") % f"{today:%Y-%m-%d}"
        )
        yield problem.enterprise, today, text, "", ZERO, problem.pk


def _unanswered(today: date) -> Iterator[Found]:
    rows = SelfCheck.objects.filter(
        enterprise__isnull=False, state="sent", answer_by__lt=today, withdrawn_at=None, merged_into=None
    )  # fmt: skip
    for check in rows.exclude(pk__in=_known("self_check")).select_related("enterprise"):
        yield check.enterprise, today, _("%s 超期未提交自查") % check.number, "", ZERO, check.pk


_SOURCES: dict[str, Callable[[date], Iterator[Found]]] = {
    "penalty": _penalties,
    "problem": _late_problems,
    "self_check": _unanswered,
}


def _rule_for(source: str, kind: str, fine: Decimal) -> dict[str, Any] | None:
    """The first rule that fits."""
    for row in rules.said()["feed"]:
        fits = row["from"] == source and (not row["kinds"] or kind in row["kinds"])
        if fits and fine >= Decimal(str(row["least_fine"])):
            return dict(row)
    return None


@transaction.atomic
def feed(now: datetime) -> int:
    """Enter what is new in the sources, and take back what was set aside; how many events that concerned."""
    today, changed = timezone.localdate(now), 0
    for source, find in _SOURCES.items():
        for firm, on, reference, kind, fine, matter in list(find(today)):
            rule = _rule_for(source, kind, fine)
            if rule is None:
                continue
            values = {
                "entity": firm, "on": min(on, today), "behaviour": rule["behaviour"], "reference": reference[:120],
                "points": Decimal(str(rule["points"])), "valid_months": rule["months"],
                "source": source, "repair_class": rule["class"],
            }  # fmt: skip
            try:
                EVENTS.open_row(values, None, now, origin_id=matter)
            except Refused as refused:
                # What the scoring of its day does not know, such as a penalty of a time before any, counts nowhere.
                log.info("%s %s is not scored: %s", source, matter, refused)
                continue
            changed += 1
    withdrawn = CreditEntry.objects.exclude(withdrawn_on=None)
    for event in CreditEvent.objects.filter(
        source="penalty", withdrawn_on=None, origin__in=withdrawn.values("case")
    ):
        withdraw(event, today, _("处罚决定被撤销"))
        changed += 1
    return changed


def withdraw(event: CreditEvent, on: date, why: str) -> None:
    """The record was a mistake: it never counted, and stays with the reason."""
    event.withdrawn_on, event.withdrawn_why = on, why[:200]
    event.save(update_fields=["withdrawn_on", "withdrawn_why"])
