"""What is paid of a fine, and what is added for paying late."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from ecoledger.registers.enforcement.penalty_case.models import ZERO, Payment
from ecoledger.standards import fines


def parts(case: Any) -> list[tuple[date, Decimal]]:
    """When which part is due: the instalments allowed, else all by the day of payment."""
    rows = [(date.fromisoformat(due), Decimal(amount)) for due, amount in case.instalment_plan]
    if rows and sum(amount for _due, amount in rows) == case.fine:
        return rows
    return [(case.pay_by, case.fine)] if case.pay_by and case.fine else []


def surcharge_on(case: Any, day: date) -> Decimal:
    """The surcharge (yuan) as it stands on ``day``: 3 % a day of each part unpaid, never above the fine.

    Confiscated money bears none. Days of a reconsideration or lawsuit do not count (行政处罚法 73).
    """
    paused = [(r.begun_on, r.ended_on or day) for r in case.remedies.all()]
    if not paused and case.remedy_from:
        paused = [(case.remedy_from, case.remedy_until or day)]
    payments = list(case.payments.order_by("on", "id").values_list("on", "amount", "of_surcharge"))
    waiting = [(on, amount - of_surcharge) for on, amount, of_surcharge in payments]
    total = ZERO
    for due, amount in parts(case):
        unpaid, begin = amount, due
        while waiting and unpaid > 0:
            on, available = waiting[0]
            used = min(unpaid, available)
            total += fines.surcharge(used, begin, min(on, day), paused)
            unpaid -= used
            if used == available:
                waiting.pop(0)
            else:
                waiting[0] = (on, available - used)
        total += fines.surcharge(unpaid, begin, day, paused)
    return min(total, Decimal(case.fine))


def pay(case: Any, on: date, amount: Decimal, receipt: str) -> Payment:
    """Take a payment: first what is left of fine and confiscated, then the surcharge that stood that day."""
    left = max(ZERO, case.fine + case.confiscated - case.paid)
    of_surcharge = max(ZERO, amount - left)
    row = Payment.objects.create(
        case_id=case.pk, on=on, amount=amount, of_surcharge=of_surcharge, receipt=receipt
    )
    case.paid += amount - of_surcharge
    case.surcharge_paid += of_surcharge
    case.surcharge = surcharge_on(case, on)
    return row


def refund(case: Any, on: date, amount: Decimal, receipt: str) -> Payment:
    """Pay back: first the surcharge that was paid, then the fine."""
    of_surcharge = min(amount, max(ZERO, case.surcharge_paid))
    row = Payment.objects.create(
        case_id=case.pk, on=on, amount=-amount, of_surcharge=-of_surcharge, receipt=receipt
    )
    case.surcharge_paid -= of_surcharge
    case.paid -= amount - of_surcharge
    return row
