"""What is counted of events and patrols: by cell, town and category. Never by person (国办 2026-01-25 办法)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.listings.catalogue import listing_of
from ecoledger.listings.cells import area_name
from ecoledger.matters.register import Breakdown, Seen, Statistic
from ecoledger.matters.statistics import share
from ecoledger.matters.workflow import COMPLETED
from ecoledger.registers.grid.cells import GridCell
from ecoledger.registers.grid.patrols import PATROLS, Patrol
from ecoledger.standards.percent import percent_of


def patrols_of(rows: QuerySet[Any], seen: Seen) -> QuerySet[Patrol]:
    """Patrols that stand and may be seen, of the towns the events lie in."""
    towns = rows.order_by().values("area_code").distinct()
    return seen(PATROLS).filter(current=True, area_code__in=towns)


def month_of(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[tuple[GridCell, int]]:
    """The cells with a plan in the towns of ``rows``, and how often each was walked in this month."""
    today = timezone.localdate(now)
    walked = Count(
        "log_entries",
        filter=Q(log_entries__book=PATROLS.key, log_entries__current=True,
                 log_entries__at__year=today.year, log_entries__at__month=today.month),
    )  # fmt: skip
    cells = seen(listing_of("grid_cell")).filter(
        patrols_a_month__gt=0, until=None, area_code__in=rows.order_by().values("area_code")
    )
    return [(cell, cell.walked) for cell in cells.annotate(walked=walked).order_by("code")]


def _plan(rows: QuerySet[Any], now: datetime, seen: Seen) -> Breakdown:
    """This month's patrols of each cell against its plan, the furthest behind first."""
    lines = sorted(month_of(rows, now, seen), key=lambda pair: pair[1] / pair[0].patrols_a_month)
    today = timezone.localdate(now)
    return Breakdown(
        _("本月巡查与计划（按网格）"),
        (_("网格"), _("计划"), _("已巡查"), _("完成率")),
        tuple(
            ((cell.name, str(cell.patrols_a_month), str(n), percent_of(n, cell.patrols_a_month, 0)),
             f"/b/patrol?entity={cell.code}&at_from={today.replace(day=1)}")
            for cell, n in lines
        ),
        _("计划次数登记在网格上；巡查只按网格计，不对人员排名。"),
    )  # fmt: skip


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    live, done = Q(merged_into=None), Q(phase__in=COMPLETED)
    n = rows.order_by().aggregate(
        total=Count("pk", filter=live),
        open=Count("pk", filter=live & Q(phase="open")),
        late=Count("pk", filter=live & Q(phase="open", due__lt=now)),
        done=Count("pk", filter=live & done),
        void=Count("pk", filter=live & Q(state="void")),
        spot=Count("pk", filter=live & Q(settled_on_spot=True)),
        again=Count("pk", filter=live & Q(reopened__gt=0)),
        timed=Count("pk", filter=live & done & Q(deadline__isnull=False)),
        in_time=Count("pk", filter=live & done & Q(closed_at__date__lte=F("deadline"))),
    )
    patrols = patrols_of(rows, seen)
    planned = month_of(rows, now, seen)
    reached = sum(walked >= cell.patrols_a_month for cell, walked in planned)
    return [
        Statistic("patrols", "巡查记录", patrols.count(), "/b/patrol"),
        Statistic("events", "环境类事件", n["total"]),
        Statistic("open", "在办", n["open"], "open=1"),
        Statistic("overdue", "超期未办结", n["late"], "overdue=1"),
        Statistic("done", "已办结", n["done"], "closed=1"),
        Statistic("void", "不成立", n["void"], "state=void"),
        share("closing", "办结率", n["done"], n["total"] - n["void"], query="closed=1",
              note="已办结÷（全部－不成立）"),
        share("in_time", "按时办结率", n["in_time"], n["timed"], note="在处置期限内÷有期限且办结的"),
        share("recurrence", "复发率", n["again"], n["done"] + n["again"], query="reopened=1",
              note="与办结率并列：办了又出现的"),
        share("spot", "当场处置占比", n["spot"], n["total"]),
        share("patrol_plan", "本月巡查达到计划的网格", reached, len(planned), note="本月已巡查达到计划次数的网格÷有计划的网格"),
    ]  # fmt: skip


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    rows = rows.filter(merged_into=None).order_by()
    return [
        _towns(rows, now, seen),
        _cells(rows, now, seen),
        _plan(rows, now, seen),
        _categories(rows),
        _sources(rows),
    ]


def _counts(now: datetime) -> dict[str, Any]:
    return {
        "n": Count("pk"),
        "open": Count("pk", filter=Q(phase="open")),
        "late": Count("pk", filter=Q(phase="open", due__lt=now)),
        "again": Count("pk", filter=Q(reopened__gt=0)),
    }


def _towns(rows: QuerySet[Any], now: datetime, seen: Seen) -> Breakdown:
    walked = dict(
        patrols_of(rows, seen).order_by().values_list("area_code").annotate(n=Count("pk"))
    )
    counted = rows.values("area_code").annotate(**_counts(now)).order_by("-n")
    heads = (_("镇街"), _("巡查记录"), _("事件"), _("在办"), _("超期"), _("复发"))
    return Breakdown(
        _("按镇街"),
        heads,
        tuple(
            ((area_name(r["area_code"]), str(walked.get(r["area_code"], 0)), str(r["n"]),
              str(r["open"]), str(r["late"]), str(r["again"])), f"area_code={r['area_code']}")
            for r in counted
        ),
        _("按地方统计，不对人员排名。"),
    )  # fmt: skip


def _cells(rows: QuerySet[Any], now: datetime, seen: Seen) -> Breakdown:
    walked = dict(patrols_of(rows, seen).order_by().values_list("entity").annotate(n=Count("pk")))
    counted = (
        rows.exclude(cell=None).values("cell", "cell__code", "cell__name").annotate(**_counts(now))
    )
    heads = (_("网格"), _("巡查记录"), _("事件"), _("在办"), _("超期"), _("复发"))
    return Breakdown(
        _("按网格（事件最多的30个）"),
        heads,
        tuple(
            ((r["cell__name"], str(walked.get(r["cell"], 0)), str(r["n"]), str(r["open"]),
              str(r["late"]), str(r["again"])), f"cell={r['cell__code']}")
            for r in counted.order_by("-n")[:30]
        ),
    )  # fmt: skip


def _by(rows: QuerySet[Any], title: str, head: str, path: str) -> Breakdown:
    labels = dict(rows.model._meta.get_field(path).choices)
    counted = rows.values(path).annotate(
        n=Count("pk"), void=Count("pk", filter=Q(truth="false")), again=Count("pk", filter=Q(reopened__gt=0))
    ).order_by("-n")  # fmt: skip
    return Breakdown(
        title,
        (head, _("事件"), _("不成立"), _("复发")),
        tuple(
            ((_(str(labels.get(r[path], r[path]))), str(r["n"]), str(r["void"]), str(r["again"])),
             f"{path}={r[path]}")
            for r in counted
        ),
    )  # fmt: skip


def _categories(rows: QuerySet[Any]) -> Breakdown:
    return _by(rows, _("按事件类别"), _("事件类别"), "category")


def _sources(rows: QuerySet[Any]) -> Breakdown:
    return _by(rows, _("按事件来源"), _("事件来源"), "source")
