"""站点异常溯源 (mechanism Q6): an anomaly, who may be behind it with the evidence of each, and the hand-over, on one page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import polars as pl
from django.contrib import messages
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.accounts.models import Organisation
from ecoledger.entities.models import Enterprise
from ecoledger.listings import asked
from ecoledger.listings.refusals import Refused
from ecoledger.live import times
from ecoledger.matters import actions
from ecoledger.monitoring import anomalies, suspects
from ecoledger.monitoring.hourly import hours
from ecoledger.monitoring.models import Alarm, Point
from ecoledger.registers.air.clues import CLUE, Clue
from ecoledger.science.air_table import TableError
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.books.finding import says_refusals

SHOWN = 12
KEPT = 10
LONGEST = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a station, a factor and hours in China standard time."""

    point: Point
    parameter: str
    begin: datetime
    end: datetime

    @property
    def query(self) -> str:
        return urlencode(
            {
                "point": self.point.pk,
                "parameter": self.parameter,
                "begin": f"{self.begin:%Y-%m-%dT%H:%M}",
                "end": f"{self.end:%Y-%m-%dT%H:%M}",
            }
        )

    @property
    def factor(self) -> str:
        return anomalies.FACTORS.get(self.parameter, self.parameter)


def _stations(request: Request) -> list[Point]:
    points = scoped.points(request.user).filter(kind=Point.Kind.AIR, enabled=True)
    return list(points.select_related("entity__as_station"))


def _asked(query: QueryDict, stations: list[Point]) -> Question | None:
    point = next((p for p in stations if str(p.pk) == query.get("point", "")), None)
    parameter = query.get("parameter", "")
    if point is None or parameter not in anomalies.FACTORS:
        return None
    begin, end = (asked.moment(query.get(name, "")) for name in ("begin", "end"))
    if begin is None or end is None or not timedelta(0) < end - begin <= LONGEST:
        return None
    return Question(point, parameter, begin, end)


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """The anomalies of the last day; of the one chosen, its hours, its suspects and their evidence."""
    stations = _stations(request)
    question = _asked(request.GET, stations)
    context: dict[str, Any] = {
        "question": question,
        "stations": stations,
        "factors": anomalies.FACTORS.items(),
        "asked": request.GET,
        "until": times.now().replace(minute=0, second=0, microsecond=0),
        "since": times.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=6),
        "may_dispatch": CLUE.may_open(request.user),
    }
    if question is None:
        context["anomalies"] = _anomalies(stations, context["until"])
        context["alarms"] = _alarms(request, stations)
        return render(request, "web/air/anomalies.html", context)
    try:
        ranked = suspects.rank(question.point, question.parameter, question.begin, question.end)
        context["rows"] = _rows(request, ranked.head(SHOWN))
        context["considered"] = ranked.height
    except TableError as error:
        context["problem"] = str(error)
    context["towns"] = Organisation.objects.filter(kind=Organisation.Kind.TOWN).order_by(
        "area_code"
    )
    return render(request, "web/air/suspects.html", context)


def _anomalies(stations: list[Point], until: datetime) -> list[dict[str, Any]]:
    by_key = {p.pk: p for p in stations}
    return [
        {
            "anomaly": anomaly,
            "point": by_key[anomaly.point],
            "factor": anomalies.FACTORS[anomaly.parameter],
            "query": Question(
                by_key[anomaly.point], anomaly.parameter, anomaly.begin, anomaly.end
            ).query,
        }
        for anomaly in anomalies.of_stations(stations, until)[:20]
    ]


def _alarms(request: Request, stations: list[Point]) -> list[dict[str, Any]]:
    """Open alarms at air stations: each is an anomaly that somebody may trace."""
    rows = scoped.alarms(request.user).filter(
        state=Alarm.State.OPEN, point__in=[p.pk for p in stations], parameter__in=anomalies.FACTORS
    )
    return [
        {
            "alarm": alarm,
            "query": Question(
                alarm.point,
                alarm.parameter,
                times.naive(alarm.begin) - timedelta(hours=2),
                times.naive(alarm.end or alarm.last) + timedelta(hours=1),
            ).query,
        }
        for alarm in rows.order_by("-last")[:20]
    ]


def _rows(request: Request, ranked: pl.DataFrame) -> list[dict[str, Any]]:
    rows = []
    firms = Enterprise.objects.in_bulk(ranked["source"].to_list(), field_name="code")
    known = dict(
        CLUE.visible_to(request.user)
        .filter(entity__code__in=list(firms), phase="open")
        .values_list("entity__code", "pk")
    )
    for number, row in enumerate(ranked.iter_rows(named=True), 1):
        rows.append(
            {
                **row,
                "rank": number,
                "firm": firms.get(row["source"]),
                "words": words(row),
                "clue": known.get(row["source"]),
            }
        )
    return rows


def words(row: dict[str, Any]) -> str:
    """The evidence of one suspect in a sentence."""
    parts = [
        _("距监测点 %(km).1f km，方位 %(bearing).0f°")
        % {"km": row["distance"] / 1000, "bearing": row["bearing"]},
        _("处上风向 %(hours)d 小时，占超出量 %(share).0f%%")
        % {"hours": row["downwind_hours"], "share": 100 * row["share"]},
    ]
    if row["excess_downwind"] is not None and row["excess_otherwise"] is not None:
        parts.append(
            _("上风时高出 %(a).1f，其余时高出 %(b).1f")
            % {"a": row["excess_downwind"], "b": row["excess_otherwise"]}
        )
    if row["active"] is not None:
        parts.append(_("当时排放（用电）为平时的 %.1f 倍") % row["active"])
    return _("；").join(parts)


@needs("see_cockpit")
@require_GET
def chart(request: Request) -> JsonResponse:
    """The station's hours of the factor beside the mean of the others, a day before to the end."""
    stations = _stations(request)
    question = _asked(request.GET, stations)
    series = []
    if question is not None:
        since = question.begin - timedelta(days=1)
        rows = hours([p.pk for p in stations], [question.parameter], since, question.end)
        own = rows.filter(pl.col("point") == question.point.pk).sort("date")
        others = (
            rows.filter(pl.col("point") != question.point.pk)
            .group_by("date")
            .agg(value=pl.col("value").mean())
            .sort("date")
        )
        for name, table in ((question.point.name, own), (_("其他监测点均值"), others)):
            points = [
                [f"{when:%Y-%m-%dT%H:%M:%S}", value]
                for when, value in table.select("date", "value").iter_rows()
            ]
            series.append({"name": name, "unit": "", "decimals": 1, "points": points})
    return JsonResponse(
        {
            "kind": "lines",
            "series": [line for line in series if line["points"]],
            "limits": [],
            "period": 3600,
            "flagged": _("带标记"),
            "empty": _("这段时间没有数据。"),
        }
    )


@needs("see_cockpit")
@require_POST
@says_refusals
def dispatch(request: Request) -> HttpResponse:
    """Make a clue of one suspect of the ranking as it is now, and hand it over."""
    question = _asked(request.POST, _stations(request))
    if question is None:
        raise Refused("form", _("没有说明哪一次异常。"), _("请从异常列表重新打开。"))
    ranked = suspects.rank(question.point, question.parameter, question.begin, question.end)
    rows = list(ranked.head(KEPT).iter_rows(named=True))
    chosen = next(
        ((n, row) for n, row in enumerate(rows, 1) if row["source"] == request.POST.get("source")),
        None,
    )
    if chosen is None:
        raise Refused("form", _("这家企业不在排序结果里。"), _("请刷新页面查看最新排序。"))
    number, row = chosen
    firm = Enterprise.objects.get(code=row["source"])
    clue = actions.open_matter(
        CLUE,
        {
            "title": _("%(station)s %(factor)s 异常：%(firm)s")
            % {"station": question.point.name, "factor": question.factor, "firm": firm.name},
            "entity": firm,
            "area_code": firm.area_code,
            "origin_kind": Clue.Origin.STATION,
            "station": question.point.entity,
            "parameter": question.parameter,
            "begin": timezone.make_aware(question.begin),
            "until": timezone.make_aware(question.end),
            "rank": number,
            "score": row["score"],
            "evidence_text": words(row)[:300],
            "ranking": [
                {k: each[k] for k in ("source", "name", "score", "distance", "share")}
                for each in rows
            ],
        },
        by=request.user,
    )
    if organisation := asked.number(request.POST.get("organisation", "")):
        form = {"owner_organisation": str(organisation), "owner_organisation_text": ""}
        actions.perform(clue.pk, "dispatch", by=request.user, form=form)
    messages.success(request, _("已交办：%s。") % clue.number)
    return redirect(reverse("matter", args=[CLUE.key, clue.pk]))
