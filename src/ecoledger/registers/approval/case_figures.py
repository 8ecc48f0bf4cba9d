"""What is counted of applications: by kind, in time, early, at once, and how much shorter than the law."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from ecoledger.matters.register import OPEN_WORK, Breakdown, Seen, Statistic
from ecoledger.matters.statistics import share
from ecoledger.matters.workflow import COMPLETED, Phase
from ecoledger.registers.approval.items import Kind

EIA = (Kind.REPORT, Kind.FORM)
FINISHED = Q(phase__in=COMPLETED)
# An end whose working days and promise are known.
TIMED = FINISHED & Q(used_days__isnull=False, promised_days__isnull=False)
BY_LAW = FINISHED & Q(used_days__isnull=False, legal_days__gt=0)


def _live(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(merged_into=None).order_by()


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The year's cases as the summary tells them."""
    live = _live(rows)
    n = live.aggregate(
        total=Count("pk"),
        eia=Count("pk", filter=Q(kind__in=EIA)),
        open=Count("pk", filter=OPEN_WORK),
        late=Count("pk", filter=OPEN_WORK & Q(due__lt=now)),
        done=Count("pk", filter=FINISHED),
        on_the_spot=Count("pk", filter=Q(at_once=True)),
        timed=Count("pk", filter=TIMED),
        untimed=Count("pk", filter=FINISHED & ~TIMED),
        in_time=Count("pk", filter=TIMED & Q(used_days__lte=F("promised_days"))),
        early=Count("pk", filter=TIMED & Q(used_days__lt=F("promised_days"))),
        may_be_early=Count("pk", filter=TIMED & Q(promised_days__gt=0)),
        legal=Sum("legal_days", filter=BY_LAW),
        used=Sum("used_days", filter=BY_LAW),
        spent=Sum("used_days", filter=TIMED & Q(at_once=False)),
        not_at_once=Count("pk", filter=TIMED & Q(at_once=False)),
        refused=Count("pk", filter=Q(decision="refused")),
        dismissed=Count("pk", filter=Q(phase=Phase.DISMISSED)),
        rated=Count("pk", filter=~Q(content="")),
        pleased=Count("pk", filter=Q(content__in=("very", "content", "basic"))),
        **{kind.value: Count("pk", filter=Q(kind=kind.value)) for kind in Kind},
    )
    legal, used = n["legal"] or 0, n["used"] or 0
    left_out = gettext("另有 %d 件缺用时或承诺时限，不计入") % n["untimed"] if n["untimed"] else ""
    return [
        Statistic("total", "办件量", n["total"], "", note="不含重复件"),
        Statistic("eia", "环评", n["eia"], "kind=eia_report,eia_form"),
        *(
            Statistic(kind.value, str(kind.label), n[kind.value], f"kind={kind.value}")
            for kind in Kind
        ),
        Statistic("open", "在办", n["open"], "open=1"),
        Statistic("overdue", "超期未办结", n["late"], "overdue=1"),
        share("at_once", "即办件率", n["on_the_spot"], n["total"], query="at_once=1", note="即办件÷全部办件"),
        share("in_time", "承诺时限内办结率", n["in_time"], n["timed"], query="closed=1", note=left_out),
        share("early", "提前办结率", n["early"], n["may_be_early"], query="closed=1",
              note="用时少于承诺的÷有承诺日数的办结件"),
        Statistic("shortened", "平均缩短", 100 * (legal - used) / legal if legal else None, "closed=1", "%",
                  legal - used if legal else None, legal or None, note="（法定工作日－实际用时）÷法定工作日"),
        Statistic("mean", "承诺件平均用时", n["spent"] / n["not_at_once"] if n["not_at_once"] else None,
                  "at_once=0&closed=1", "个工作日", note="不含公示、评审等不计时的日数"),
        Statistic("refused", "不予批准", n["refused"], "decision=refused"),
        Statistic("dismissed", "不予受理、撤回和撤销", n["dismissed"],
                  "state=not_accepted,taken_back,cancelled"),
        share("content", "满意率", n["pleased"], n["rated"], note="基本满意以上÷已评价"),
    ]  # fmt: skip


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """By kind: how many, how many days by law, by promise and in truth; then what waits longest."""
    labels = dict(Kind.choices)
    counted = _live(rows).values("kind").annotate(
        n=Count("pk"),
        done=Count("pk", filter=FINISHED),
        timed=Count("pk", filter=TIMED),
        in_time=Count("pk", filter=TIMED & Q(used_days__lte=F("promised_days"))),
        used=Sum("used_days", filter=TIMED),
        promised=Sum("promised_days", filter=TIMED),
        still=Sum("still_days", filter=TIMED),
    )  # fmt: skip
    order = {kind.value: n for n, kind in enumerate(Kind)}
    table = tuple(
        (
            (
                gettext(str(labels.get(row["kind"], row["kind"]))),
                str(row["n"]),
                str(row["done"]),
                _mean(row["promised"], row["timed"]),
                _mean(row["used"], row["timed"]),
                _mean(row["still"], row["timed"]),
                f"{row['in_time']} / {row['timed']}" if row["timed"] else "—",
            ),
            f"kind={row['kind']}",
        )
        for row in sorted(counted, key=lambda row: order.get(row["kind"], 99))
    )
    standing = (
        _live(rows)
        .filter(OPEN_WORK, state__in=("publicity", "review", "correcting"))
        .order_by("state_since", "pk")
    )
    waiting = tuple(
        (
            (
                case.number,
                case.title,
                gettext(_STATES[case.state]),
                f"{case.state_since:%Y-%m-%d}",
                str((now - case.state_since).days),
            ),
            f"q={case.number}",
        )
        for case in standing[:50]
    )
    return [
        Breakdown(
            noop("各类办件"),
            ("类别", "办件", "办结", "平均承诺", "平均用时", "平均不计时", "承诺内办结"),
            table,
            "平均以已办结且用时、承诺均已知的为准，单位为工作日。",
        ),
        Breakdown(
            noop("不计时的办件"),
            ("编号", "项目", "环节", "自", "已停天数"),
            waiting,
            "补正、公示、评审中的办件，停得最久的在前。",
        ),
    ]


_STATES = {"publicity": noop("公示中"), "review": noop("评审听证中"), "correcting": noop("待补正")}


def _mean(total: int | None, n: int) -> str:
    return f"{(total or 0) / n:.1f}" if n else "—"
