"""What is counted of cases: how often alarms were real, and how often nobody had to go there."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from ecoledger.listings.cells import area_name
from ecoledger.matters.register import Breakdown, Seen, Statistic
from ecoledger.matters.statistics import share
from ecoledger.monitoring.models import Alarm
from ecoledger.standards.percent import percent_of


def precision_by_rule(rows: QuerySet[Any]) -> list[dict[str, Any]]:
    """For each alarm rule: cases judged, confirmed, false, and the share that was real.

    Cases not judged yet are outside the denominator and shown beside it.
    """
    judged: dict[int, dict[str, Any]] = {}
    counted = rows.values("rule_id", "rule__name", "verdict").annotate(n=models.Count("pk"))
    for row in counted.order_by("rule_id"):
        entry = judged.setdefault(
            row["rule_id"],
            {"rule_id": row["rule_id"], "rule": row["rule__name"]}
            | {"confirmed": 0, "false": 0, "pending": 0},
        )
        entry[row["verdict"] or "pending"] += row["n"]
    for entry in judged.values():
        entry["judged"] = entry["confirmed"] + entry["false"]
        entry["precision"] = 100 * entry["confirmed"] / entry["judged"] if entry["judged"] else None
    return sorted(judged.values(), key=lambda e: (-e["judged"], e["rule_id"]))


def precision_by_month(rows: QuerySet[Any]) -> list[dict[str, Any]]:
    """Verdicts by the month a case was opened in (China standard time), the latest twelve first."""
    counted: dict[tuple[int, int], dict[str, Any]] = {}
    for opened_at, verdict in rows.values_list("opened_at", "verdict"):
        local = timezone.localtime(opened_at)
        entry = counted.setdefault(
            (local.year, local.month),
            {"year": local.year, "month": local.month, "confirmed": 0, "false": 0, "pending": 0},
        )
        entry[verdict or "pending"] += 1
    for entry in counted.values():
        entry["judged"] = entry["confirmed"] + entry["false"]
        entry["precision"] = 100 * entry["confirmed"] / entry["judged"] if entry["judged"] else None
    return [counted[key] for key in sorted(counted, reverse=True)[:12]]


def verdicts_on(alarms: list[Alarm], rows: QuerySet[Any]) -> dict[str, int]:
    """How many of ``alarms`` (rehearsed, never saved) fall into the time of a case at their point that was judged."""
    known: dict[int, list[tuple[datetime, datetime, str]]] = {}
    for point, first, last, verdict in rows.exclude(verdict="").values_list(
        "point_id", "first_alarm_at", "last_alarm_at", "verdict"
    ):
        if first and last:
            known.setdefault(point, []).append((first, last, verdict))
    found = {"confirmed": 0, "false": 0}
    for alarm in alarms:
        for first, last, verdict in known.get(alarm.point_id, []):
            if alarm.begin <= last and alarm.last >= first:
                found[verdict] += 1
                break
    return found


def accuracy(rows: QuerySet[Any]) -> list[Statistic]:
    """The shares of real alarms and of verdicts found without going there, duplicates left out."""
    live = rows.filter(merged_into=None)
    confirmed = live.filter(verdict="confirmed").count()
    false = live.filter(verdict="false").count()
    off_site = live.filter(~Q(verdict=""), off_site=True).count()
    return [
        share(
            "precision",
            "预警属实率",
            confirmed,
            confirmed + false,
            query="verdict=confirmed",
            note="属实÷（属实＋误报），未核实的不计",
        ),
        share(
            "off_site",
            "非现场核实占比",
            off_site,
            confirmed + false,
            note="未到现场即得出结论的÷已核实的",
        ),
    ]


def off_site_by(rows: QuerySet[Any], of: str) -> list[dict[str, Any]]:
    """Cases judged and those judged without going there, by ``month`` of opening (the latest first) or by ``town``."""
    counted: dict[str, dict[str, Any]] = {}
    judged = rows.exclude(verdict="").values_list("opened_at", "area_code", "off_site")
    for opened_at, area, off_site in judged:
        key = f"{timezone.localtime(opened_at):%Y-%m}" if of == "month" else area[:9]
        entry = counted.setdefault(key, {"key": key, "judged": 0, "off_site": 0})
        entry["judged"] += 1
        entry["off_site"] += bool(off_site)
    for entry in counted.values():
        entry["share"] = 100 * entry["off_site"] / entry["judged"]
    keys = sorted(counted, reverse=True)[:12] if of == "month" else sorted(counted)
    return [counted[key] for key in keys]


def _off_site(rows: QuerySet[Any], of: str, title: str, head: str) -> Breakdown:
    """The share of cases nobody had to go to (非现场), each line opening its cases."""

    def query(key: str) -> str:
        if of == "town":
            return f"area_code={key}"
        year, month = (int(part) for part in key.split("-"))
        last = monthrange(year, month)[1]
        return f"opened_at_from={key}-01&opened_at_to={key}-{last:02d}"

    lines = tuple(
        (
            (
                area_name(e["key"]) if of == "town" else e["key"],
                str(e["judged"]),
                str(e["off_site"]),
                percent_of(e["off_site"], e["judged"]),
            ),
            query(e["key"]),
        )
        for e in off_site_by(rows, of)
    )
    heads = (head, gettext("已核实"), gettext("非现场"), gettext("非现场占比"))
    return Breakdown(title, heads, lines, gettext("未到现场即得出结论的÷已核实的"))


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """How often each rule was right, and how often nobody had to go there, by month and by town."""
    standing = rows.filter(merged_into=None)
    return [
        *_by_rule(standing),
        _off_site(standing, "month", gettext("各月非现场核实"), gettext("月份")),
        _off_site(standing, "town", gettext("各镇街非现场核实"), gettext("镇街")),
    ]


def _by_rule(rows: QuerySet[Any]) -> list[Breakdown]:
    """:func:`precision_by_rule` as a table."""
    table = precision_by_rule(rows)
    return [
        Breakdown(
            gettext("各规则的预警属实率"),
            tuple(
                gettext(h)
                for h in (
                    gettext_noop("规则"),
                    gettext_noop("属实"),
                    gettext_noop("误报"),
                    gettext_noop("预警属实率"),
                    gettext_noop("未核实"),
                )
            ),
            tuple(
                (
                    (
                        gettext(e["rule"]),
                        str(e["confirmed"]),
                        str(e["false"]),
                        percent_of(e["confirmed"], e["judged"]),
                        str(e["pending"]),
                    ),
                    "",
                )
                for e in table
            ),
            gettext("预警属实率＝属实÷（属实＋误报），未核实的不计。"),
        )
    ]
