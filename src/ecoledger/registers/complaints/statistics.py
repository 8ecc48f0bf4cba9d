"""What is counted of complaints: by channel, kind, trade, town and target, week and month, with the year before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import ExtractIsoYear, ExtractMonth, ExtractWeek, ExtractYear
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.listings.cells import area_name
from ecoledger.matters.register import Breakdown, Seen, Statistic, register_of
from ecoledger.matters.statistics import share
from ecoledger.matters.workflow import COMPLETED
from ecoledger.matters.year_before import NOT_KNOWN, recorded_before, year_before
from ecoledger.registers.complaints.complaint import Complaint
from ecoledger.standards import time_limits
from ecoledger.standards.percent import growth, percent_of

TRUE = ("true", "partly", "mostly")
CONTENT = ("satisfied", "fairly")
ANSWERED = (*CONTENT, "dissatisfied")
# Ended, and nobody has asked the complainant back yet.
UNASKED = ("", "not_asked")
UNVISITED = Q(state="done", satisfaction__in=UNASKED)
# A complaint told so often, or so old, stands on the list 治重化积.
OFTEN, OLD = 2, timedelta(days=60)
_MOST = 10


def repeated(seen: QuerySet[Any], times: int = 1) -> Q:
    """Complaints into which at least ``times`` of those ``seen`` were merged."""
    into = (
        seen.filter(merged_into__isnull=False, withdrawn_at=None)
        .order_by()
        .values("merged_into")
        .annotate(n=Count("pk"))
        .filter(n__gte=times)
    )
    return Q(pk__in=into.values("merged_into"))


def backlog(seen: QuerySet[Any], now: datetime) -> Q:
    """治重化积: told again and again, not satisfied and not dealt with since, or open for longer than the limit."""
    is_open = Q(phase="open")
    unsettled = Q(satisfaction="dissatisfied", reopened=0)
    return (
        repeated(seen, OFTEN)
        | unsettled
        | is_open & (Q(reopened__gt=0) | Q(opened_at__lt=now - OLD))
    )


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    live, is_open, done = Q(merged_into=None), Q(phase="open"), Q(phase__in=COMPLETED)
    tell = time_limits.limit("complaint-acceptance", timezone.localdate(now)).length
    end = time_limits.limit("complaint-closing", timezone.localdate(now)).length
    ended = done & Q(closed_at__isnull=False)
    in_time = ended & Q(closed_at__lte=F("opened_at") + timedelta(days=end + 1))
    told = Q(accepted_at__lte=F("opened_at") + timedelta(days=tell + 1))
    accepted = Q(accepted_at__isnull=False) & ~Q(state="refused")
    n = rows.order_by().aggregate(
        received=Count("pk"),
        duplicates=Count("pk", filter=~live),
        accepted=Count("pk", filter=~Q(state__in=("new", "refused"))),
        refused=Count("pk", filter=Q(state="refused")),
        transferred=Count("pk", filter=Q(state="transferred")),
        told_known=Count("pk", filter=accepted),
        told_in_time=Count("pk", filter=accepted & told),
        open=Count("pk", filter=live & is_open),
        late=Count("pk", filter=live & is_open & Q(due__lt=now)),
        ended=Count("pk", filter=ended),
        in_time=Count("pk", filter=in_time),
        judged=Count("pk", filter=~Q(verdict="")),
        true=Count("pk", filter=Q(verdict__in=TRUE)),
        answered=Count("pk", filter=Q(satisfaction__in=ANSWERED)),
        content=Count("pk", filter=Q(satisfaction__in=CONTENT)),
        not_content=Count("pk", filter=Q(satisfaction="dissatisfied")),
        real=Count("pk", filter=Q(real_name=True) & ended),
        real_answered=Count("pk", filter=Q(real_name=True) & ended & ~Q(answer="")),
        unvisited=Count("pk", filter=live & UNVISITED),
        backlog=Count("pk", filter=live & backlog(seen(register_of("complaint")), now)),
    )
    return [
        Statistic("received", "受理登记（含重复）", n["received"], "merged=all"),
        Statistic("distinct", "剔除重复", n["received"] - n["duplicates"]),
        Statistic("duplicates", "其中：重复件", n["duplicates"], "merged=1"),
        share("repeat", "重复率", n["duplicates"], n["received"], query="merged=1",
              note="重复件÷受理登记"),
        Statistic("refused", "不予受理", n["refused"], "state=refused"),
        Statistic("transferred", "转送其他单位", n["transferred"], "state=transferred"),
        Statistic("open", "在办", n["open"], "open=1"),
        Statistic("overdue", "超期未办结", n["late"], "overdue=1"),
        share("told", "按时受理率", n["told_in_time"], n["told_known"], note="受理时间在法定告知期内÷有受理时间的"),
        share("closed", "办结率", n["ended"], n["accepted"], query="closed=1&merged=all",
              note="已办结÷已受理，含重复件"),
        share("on_time", "按期办结率", n["in_time"], n["ended"], note="法定期限内办结÷已办结"),
        share("true", "属实率", n["true"], n["judged"],
              query=f"verdict={','.join(TRUE)}&merged=all", note="属实、部分属实、基本属实÷已有结论的"),
        share("real_answered", "实名举报答复率", n["real_answered"], n["real"],
              note="实名且已办结的，有答复÷全部（生态环境法典第146条）"),
        share("satisfied", "回访满意率", n["content"], n["answered"],
              query=f"satisfaction={','.join(CONTENT)}&merged=all",
              note="满意、基本满意÷已评价的"),
        Statistic("unvisited", "待回访", n["unvisited"], "unvisited=1", note="已办结、还没有回访结果的"),
        Statistic("dissatisfied", "不满意件", n["not_content"], "satisfaction=dissatisfied&merged=all"),
        Statistic("backlog", "治重化积清单", n["backlog"], "backlog=1", note="重复2次以上、不满意未重办或重办中、在办超过60天"),
    ]  # fmt: skip


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    rows = rows.order_by()
    return [
        _years(rows, now),
        _by(rows, _("按镇街（高发区域）"), _("镇街"), "area_code", area_name, "area_code"),
        _targets(rows),
        _chains(rows, seen),
        _by(rows, _("按举报类型"), _("举报类型"), "channel", _label(Complaint.Channel), "channel"),
        _pollution(rows),
        _by(rows, _("按行业"), _("行业"), "industry", str, "industry", most=_MOST),
        _months(rows, now),
        _weeks(rows, now),
    ]


def _label(choices: Any) -> Callable[[str], str]:
    labels = {value: _(str(label)) for value, label in choices.choices}
    return lambda value: labels.get(value, value) or _("未填")


_TRUE, _DUPLICATE = Q(verdict__in=TRUE), Q(merged_into__isnull=False)
_HEADS = ("件数", "其中重复", "占比", "属实", "不满意")


def _by(
    rows: QuerySet[Any],
    title: str,
    head: str,
    path: str,
    name: Callable[[str], str],
    query: str,
    most: int = 0,
) -> Breakdown:
    counted = (
        # Of a choice nobody made the number is told too; what is written freely is left out where it is empty.
        (rows if path == "channel" else rows.exclude(**{path: ""}))
        .values(path)
        .annotate(
            n=Count("pk"),
            again=Count("pk", filter=_DUPLICATE),
            true=Count("pk", filter=_TRUE),
            bad=Count("pk", filter=Q(satisfaction="dissatisfied")),
        )
        .order_by("-n", path)
    )
    all_rows = list(counted)
    total = sum(row["n"] for row in all_rows)
    return Breakdown(
        title,
        (head, *(_(h) for h in _HEADS)),
        tuple(
            (
                (name(row[path]), str(row["n"]), str(row["again"]), percent_of(row["n"], total),
                 str(row["true"]), str(row["bad"])),
                f"{query}={row[path]}&merged=all" if row[path] else "",
            )
            for row in (all_rows[:most] if most else all_rows)
        ),
        _("件数含重复件，点开可看。"),
    )  # fmt: skip


def _pollution(rows: QuerySet[Any]) -> Breakdown:
    total = rows.count()
    counted = []
    for code, label in Complaint.Pollution.choices:
        n = rows.filter(pollution__contains=f",{code},").count()
        if n:
            cells = (_(str(label)), str(n), percent_of(n, total))
            counted.append((n, (cells, f"pollution={code}&merged=all")))
    counted.sort(key=lambda pair: -pair[0])
    note = _("一件可涉及几类，合计可大于件数。")
    heads = (_("污染类型"), _("件数"), _("占比"))
    return Breakdown(_("按污染类型"), heads, tuple(row for _n, row in counted), note)


def _targets(rows: QuerySet[Any]) -> Breakdown:
    """投诉热点: who is complained of most."""
    counted = (
        rows.exclude(target="")
        .values("target")
        .annotate(
            n=Count("pk"), again=Count("pk", filter=_DUPLICATE), true=Count("pk", filter=_TRUE)
        )
        .filter(n__gte=2)
        .order_by("-n", "target")[:_MOST]
    )
    return Breakdown(
        _("投诉热点（同一对象两件以上）"),
        (_("被举报单位"), _("件数"), _("其中重复"), _("属实")),
        tuple(
            ((r["target"], str(r["n"]), str(r["again"]), str(r["true"])),
             f"target={r['target']}&merged=all")
            for r in counted
        ),
    )  # fmt: skip


def _chains(rows: QuerySet[Any], seen: Seen) -> Breakdown:
    """重复访: complaints told again, the most often told first; a visit is each complaint of a chain."""
    into = Counter(
        rows.filter(merged_into__isnull=False, withdrawn_at=None).values_list(
            "merged_into", flat=True
        )
    )
    # One who sees a repeat need not see what it was merged into: that is counted, and not named.
    named = seen(register_of("complaint")).in_bulk([pk for pk, _n in into.most_common(_MOST)])
    note = _("共 %(chains)d 条重复链，%(repeats)d 件重复，列出反映最多的 %(shown)d 条。") % {
        "chains": len(into),
        "repeats": sum(into.values()),
        "shown": min(len(into), _MOST),
    }
    return Breakdown(
        _("重复访"),
        (_("原件"), _("问题"), _("反映次数"), _("状态")),
        tuple(
            ((row.number, row.title, str(n + 1), _(row_state(row))), f"chain={row.pk}&merged=all")
            for pk, n in into.most_common(_MOST)
            if (row := named.get(pk))
        ),
        note,
    )


def row_state(complaint: Complaint) -> str:
    from ecoledger.matters.register import state_of

    return str(state_of(complaint).label)


def _years(rows: QuerySet[Any], now: datetime) -> Breakdown:
    """This year up to today beside the same days of last year: change in per cent."""
    today = timezone.localtime(now)
    first = today.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    spans = {
        "now": (first, today),
        "before": (year_before(first), year_before(today)),
    }
    filters = {
        name: Q(opened_at__gte=begin, opened_at__lte=end) for name, (begin, end) in spans.items()
    }
    kinds: Sequence[tuple[str, Q, str]] = (
        (_("全部"), Q(), ""),
        *(
            (_(str(label)), Q(channel=value), f"channel={value}&")
            for value, label in Complaint.Channel.choices
        ),
    )
    table = []
    known = recorded_before(rows, first)
    for label, condition, query in kinds:
        n = rows.aggregate(**{k: Count("pk", filter=f & condition) for k, f in filters.items()})
        if n["now"] or n["before"]:
            change = growth(n["now"], n["before"])
            dates = f"opened_at_from={first:%Y-%m-%d}&opened_at_to={today:%Y-%m-%d}&merged=all"
            before = str(n["before"]) if known else NOT_KNOWN
            table.append(((label, str(n["now"]), before, change), f"{query}{dates}"))
    heads = (_("举报类型"), _("今年"), _("上年同期"), _("同比"))
    return Breakdown(_("同比"), heads, tuple(table), _("今年 1 月 1 日至今，与上年相同日期比。"))


def _months(rows: QuerySet[Any], now: datetime) -> Breakdown:
    year = timezone.localtime(now).year
    known = recorded_before(rows, timezone.localtime(now).replace(month=1, day=1))
    counted: dict[int, dict[int, int]] = {}
    found = (
        rows.filter(opened_at__year__in=(year, year - 1))
        .values(y=ExtractYear("opened_at"), m=ExtractMonth("opened_at"))
        .annotate(n=Count("pk"))
    )
    for row in found:
        counted.setdefault(row["m"], {})[row["y"]] = row["n"]
    table = tuple(
        (
            (
                _("%d月") % month,
                str(n.get(year, 0)),
                str(n.get(year - 1, 0)) if known else NOT_KNOWN,
                growth(n.get(year, 0), n.get(year - 1, 0)),
            ),
            f"opened_at_from={year}-{month:02d}-01&opened_at_to={_last_day(year, month)}&merged=all",
        )
        for month, n in sorted(counted.items())
    )
    return Breakdown(_("按月"), (_("月份"), str(year), str(year - 1), _("同比")), table)


def _last_day(year: int, month: int) -> str:
    first_of_next = datetime(year + month // 12, month % 12 + 1, 1)
    return f"{first_of_next - timedelta(days=1):%Y-%m-%d}"


def _weeks(rows: QuerySet[Any], now: datetime) -> Breakdown:
    """The last eight weeks, this one included."""
    since = timezone.localtime(now) - timedelta(weeks=8)
    found = (
        rows.filter(opened_at__gte=since)
        .values(y=ExtractIsoYear("opened_at"), w=ExtractWeek("opened_at"))
        .annotate(
            n=Count("pk"), again=Count("pk", filter=_DUPLICATE), true=Count("pk", filter=_TRUE)
        )
        .order_by("-y", "-w")
    )
    table = []
    for row in found:
        monday = datetime.fromisocalendar(row["y"], row["w"], 1)
        sunday = monday + timedelta(days=6)
        name = f"{monday:%m-%d} — {sunday:%m-%d}"
        query = f"opened_at_from={monday:%Y-%m-%d}&opened_at_to={sunday:%Y-%m-%d}&merged=all"
        table.append(((name, str(row["n"]), str(row["again"]), str(row["true"])), query))
    heads = (_("周"), _("件数"), _("其中重复"), _("属实"))
    return Breakdown(_("按周"), heads, tuple(table))
