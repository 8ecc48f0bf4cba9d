"""The figures of penalty cases: filed, decided, sums; by kind, by the five kinds of case, by month."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from ecoledger.matters.register import Breakdown, Seen, Statistic, register_of
from ecoledger.matters.statistics import share
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase

TEN_THOUSAND = Decimal(10_000)
# A lead that is looked into, or whose filing waits for approval, is no case yet.
FILED = Q(filed_on__isnull=False) & ~Q(state__in=("clue", "filing_check"))


def figures(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """Each number opens its cases; sums are of what was decided."""
    decided = Q(decided_on__isnull=False) & ~Q(heaviest=PenaltyCase.Heaviest.NONE)
    n = rows.order_by().aggregate(
        filed=Count("pk", filter=FILED),
        decided=Count("pk", filter=decided),
        none=Count("pk", filter=Q(heaviest=PenaltyCase.Heaviest.NONE)),
        served=Count("pk", filter=Q(served_on__isnull=False)),
        disclosed=Count("pk", filter=decided & Q(disclosed_on__isnull=False)),
        remedy=Count("pk", filter=~Q(remedy="")),
        closed=Count("pk", filter=Q(phase="closed")),
        open=Count("pk", filter=Q(phase="open")),
        late=Count("pk", filter=Q(phase="open", due__lt=now)),
        fine=Sum("fine", filter=decided),
        confiscated=Sum("confiscated", filter=decided),
        paid=Sum("paid"),
    )
    fined = (n["fine"] or 0) + (n["confiscated"] or 0)
    return [
        Statistic("filed", "立案", n["filed"], "filed=1", unit="起"),
        Statistic("decided", "作出处罚决定", n["decided"], "decided=1", unit="份"),
        Statistic("fined", "罚没金额", float(fined / TEN_THOUSAND), "decided=1", unit="万元",
                  note="罚款与没收，按决定计"),
        Statistic("paid", "已缴", float((n["paid"] or 0) / TEN_THOUSAND), "decided=1", unit="万元"),
        Statistic("none", "不予处罚", n["none"], "heaviest=none"),
        share("disclosed", "公开率", n["disclosed"], n["decided"], note="已公开的÷作出处罚决定的"),
        Statistic("remedy", "复议、诉讼", n["remedy"], "remedied=1"),
        Statistic("open", "在办", n["open"], "open=1"),
        Statistic("overdue", "超期未办结", n["late"], "overdue=1"),
        Statistic("closed", "已结案", n["closed"], "closed=1"),
    ]  # fmt: skip


def tables(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """By kind of penalty (a case with several counts by the heaviest), by cause, and the five kinds of case."""
    return [_by_kind(rows), _by_title(rows), _five(rows, seen)]


def _by_kind(rows: QuerySet[Any]) -> Breakdown:
    counted = {
        row["heaviest"]: row
        for row in rows.filter(decided_on__isnull=False)
        .order_by()
        .values("heaviest")
        .annotate(n=Count("pk"), fine=Sum("fine"), confiscated=Sum("confiscated"))
    }
    lines = tuple(
        (
            (_(str(label)), str(row["n"]), _ten_thousand(row["fine"] + row["confiscated"])),
            f"heaviest={key}",
        )
        for key, label in PenaltyCase.Heaviest.choices
        if (row := counted.get(key))
    )
    return Breakdown(
        _("按处罚种类"),
        (_("种类"), _("件数"), _("罚没 万元")),
        lines,
        _("一案多种处罚的，按最重的计一次"),
    )


def _by_title(rows: QuerySet[Any]) -> Breakdown:
    counted = (
        rows.filter(FILED)
        .order_by()
        .values("title")
        .annotate(n=Count("pk"), fine=Sum("fine"))
        .order_by("-n", "title")[:20]
    )
    lines = tuple(
        ((row["title"], str(row["n"]), _ten_thousand(row["fine"])), f"q={row['title']}")
        for row in counted
    )
    return Breakdown(_("按案由"), (_("案由"), _("立案"), _("罚款 万元")), lines)


def _five(rows: QuerySet[Any], seen: Seen) -> Breakdown:
    """五类案件: of the cases themselves, and of the books beside them by the same places."""
    areas = rows.order_by().values_list("area_code", flat=True).distinct()

    def beside(key: str) -> QuerySet[Any]:
        return seen(register_of(key)).filter(area_code__in=areas)

    transfers = beside("police_transfer")
    daily = rows.filter(kind=PenaltyCase.Kind.DAILY)
    said: Iterable[tuple[str, int, str]] = (
        (_("按日连续处罚"), daily.count(), "kind=daily"),
        (_("查封扣押"), beside("seizure").count(), ""),
        (_("限产停产"), beside("production_order").filter(decided_on__isnull=False).count(), ""),
        (_("移送行政拘留"), transfers.filter(kind="detention").count(), ""),
        (_("移送涉嫌犯罪"), transfers.filter(kind="crime").count(), ""),
    )
    lines = tuple(((label, str(n)), query) for label, n, query in said)
    return Breakdown(_("五类案件"), (_("类别"), _("件数")), lines, _("限产停产计已作出决定的"))


def _ten_thousand(amount: Decimal | None) -> str:
    return f"{(amount or 0) / TEN_THOUSAND:.2f}"
