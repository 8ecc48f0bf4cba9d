"""Precision and recall of all alarm rules on a simulated county, per event, through the product's own rehearsal.

    python -m benchmarks.alarm_county [--seeds 101,102] [--days 30] [--kind first|other|third|fourth|fifth] [--show]

Counties of the kinds ``other``, ``third``, ``fourth`` and ``fifth`` come from :mod:`benchmarks.county_other`,
:mod:`benchmarks.county_third`, :mod:`benchmarks.county_fourth` and :mod:`benchmarks.county_fifth`, which make noise, troubles and decoys in other ways: a rule that was tuned to one of them is found out by the others.

A county of 83 points is built in a data folder as a bureau would (points, parameters, limits, filings, hours with their
marks), some forty troubles and a hundred decoys are put in, and ``rehearsal.rehearse`` is asked what it would have raised.

An alarm is true if it is at the event's point or a linked one, overlaps it, carries a detector that names its kind
(``county_troubles.COUNTS``) and sounds within 6 hours of the event being visible (gradual kinds: 3 days). It is false if it
goes on longer than the event plus 24 hours. A second alarm about an event is false. Prints one JSON line a detector, then
the whole, then the events nobody was told of.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter, defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from benchmarks import (
    county_fifth,
    county_fifth_troubles,
    county_fourth,
    county_fourth_troubles,
    county_other,
    county_third,
)
from benchmarks.county_series import DAYS, WARM_UP, County, build
from benchmarks.county_troubles import COUNTS, GRADUAL, Event, Troubles, put_in

PROMPT, GRADUALLY, AFTER = timedelta(hours=6), timedelta(hours=72), timedelta(hours=24)
UNITS = {"a21005": "mg/m³"}


def register(county: County, troubles: Troubles) -> dict[str, int]:
    """Enter the county's things and points; the number of each point by its key."""
    from ecoledger.accounts.models import Person
    from ecoledger.entities.models import Area, Enterprise, Outlet, River, Section, Station
    from ecoledger.live import times
    from ecoledger.monitoring.models import Filing, Limit, Point, PointParameter
    from ecoledger.monitoring.points import parameters, table

    area = "990101001"
    Area.objects.create(code=area, name="仿真县", synthetic=True)
    rivers = {
        code: River.objects.create(code=code, name=code, area_code=area)
        for code in {s.river for s in county.sites} - {""}
    }
    owners: dict[str, Any] = {}
    numbers = {}
    entities: dict[str, Any] = {}
    for site in county.sites:
        place = {"area_code": area, "lon": site.lon, "lat": site.lat, "synthetic": True}
        if site.owner and site.owner not in owners:
            owners[site.owner] = Enterprise.objects.create(
                code=site.owner, name=site.owner, **place
            )
        entity: Any
        if site.kind in ("flue_gas", "wastewater"):
            entity = Outlet.objects.create(
                code=site.key, name=site.key, parent=owners[site.owner], number=site.key,
                medium="gas" if site.kind == "flue_gas" else "water",
                reference_oxygen=site.reference_oxygen if site.kind == "flue_gas" else None, **place,
            )  # fmt: skip
        elif site.kind == "power":
            entity = owners[site.owner]
        else:
            section = None
            if site.river:
                section = Section.objects.create(
                    code=f"S-{site.key}", name=site.key, river=rivers[site.river], chainage_km=site.km,
                    target_class=5, **place,
                )  # fmt: skip
            entity = Station.objects.create(
                code=site.key, name=site.key, medium="water" if site.river else "air", level=site.level,
                counts_in_area=site.level != "micro", section=section, **place,
            )  # fmt: skip
        point = Point.objects.create(
            entity=entity, kind=site.kind, name=site.key, area_code=area, owner_code=site.owner,
            power_role=site.role, line="1" if site.role else "", synthetic=True,
        )  # fmt: skip
        entities[site.key] = (entity, point)
        numbers[site.key] = point.pk
        for code in site.values:
            known = parameters.parameter(code, site.kind)
            PointParameter.objects.create(
                point=point, code=code, name=known.label, unit=known.unit, decimals=known.decimals,
                interval_seconds=900 if site.quarters else 3600 * site.steps.get(code, site.step),
            )  # fmt: skip
            if code in site.limits:
                Limit.objects.create(
                    point=point, parameter=code, value=site.limits[code], unit=known.unit,
                    basis="hour" if site.kind == "flue_gas" else "day",
                    converted=site.kind == "flue_gas", standard="许可证",
                )  # fmt: skip
    person = Person.objects.create(username="sim", name="sim")
    for filed in troubles.filings:
        entity = owners.get(filed.site) or entities[filed.site][0]
        begin, end = (
            times.aware(county.begin + timedelta(hours=h)) for h in (filed.first, filed.last)
        )
        Filing.objects.create(
            entity=entity,
            kind=filed.kind,
            begin=begin,
            end=end,
            reason="仿真",
            filed_by=person,
            area_code=area,
        )
    table.forget()
    return numbers


def observations(county: County, numbers: dict[str, int]) -> pl.DataFrame:
    """The hours as devices send them, with their marks and digits; quarters of an hour of power meters."""
    parts = []
    for site in county.sites:
        for code, values in site.values.items():
            every = site.steps.get(code, site.step)
            kept = np.flatnonzero(~np.isnan(values) & (np.arange(len(values)) % every == 0))
            times = 4 if site.quarters else 1
            wobble = 1 + 0.02 * np.sin(np.arange(len(kept) * times)) if site.quarters else 1.0
            parts.append(
                pl.DataFrame(
                    {
                        "point": numbers[site.key],
                        "parameter": code,
                        "start": [county.begin + timedelta(hours=int(n), minutes=60 * q // times)
                                  for n in kept for q in range(times)],
                        "value": np.round(np.repeat(values[kept], times) * wobble, site.digits[code]),
                        "flag": np.repeat(site.marks[code][kept].astype(str), times),
                        "seconds": 3600 // times,
                        "series": "minute" if site.quarters else "hour",
                    },
                    schema_overrides={"point": pl.Int64, "start": pl.Datetime("us"), "seconds": pl.Int32},
                )
            )  # fmt: skip
    return pl.concat(parts)


def fill(store: Any, rows: pl.DataFrame) -> None:
    """Store the hours, check them as an import does, and compute means and indices."""
    from ecoledger.monitoring.computing import aggregate, evaluate
    from ecoledger.monitoring.files.storing import _checked
    from ecoledger.monitoring.points import table

    store.append(observations=_checked(rows))
    points = table.current()
    while not (work := store.take_pending(200_000)).is_empty():
        evaluate.run(aggregate.run(work, store, points), store, points)
        store.done_pending(work)
    table.forget()


def judge(
    alarms: list[dict[str, Any]],
    events: list[Event],
    county: County,
    counts: dict[str, set[str]] = COUNTS,
    gradual: set[str] = GRADUAL,
) -> tuple[Counter[str], Counter[str], set[int], list[Any]]:
    """True and false alarms by detector, the events found, and for each alarm what it was taken for."""
    true: Counter[str] = Counter()
    false: Counter[str] = Counter()
    found: set[int] = set()
    explained = []
    for alarm in sorted(alarms, key=lambda one: one["sounded"]):
        match, why = None, "no event"
        for number, event in enumerate(events):
            if alarm["key"] not in {event.site, *event.linked}:
                continue
            begin, end = county.at(event.first), county.at(event.last + 1)
            if alarm["last"] <= begin or alarm["first"] >= end + timedelta(hours=1):
                continue
            why = f"{event.kind}: "
            patience = GRADUALLY if event.kind in gradual else PROMPT
            if alarm["detector"] not in counts[event.kind]:
                why += "other detector"
            elif alarm["sounded"] > county.at(event.visible + 1) + patience:
                why += "late"
            elif alarm["last"] > end + AFTER:
                why += "goes on"
            elif number in found:
                why += "second"
            else:
                match = number
                break
        if match is None:
            false[alarm["detector"]] += 1
            explained.append((alarm, why))
        else:
            true[alarm["detector"]] += 1
            found.add(match)
    return true, false, found, explained


COUNTIES: dict[str, Any] = {
    "first": None,
    "other": county_other.whole,
    "third": county_third.whole,
    "fourth": county_fourth.whole,
    "fifth": county_fifth.whole,
}
# Where a county names its own: the detectors of each kind of trouble, and the kinds that come slowly.
NAMED = {
    "fourth": (county_fourth_troubles.COUNTS, GRADUAL),
    "fifth": (county_fifth_troubles.COUNTS, county_fifth_troubles.GRADUAL),
}


def run(seed: int, days: int = DAYS, kind: str = "first") -> dict[str, Any]:
    """One county, judged. Needs Django set up on an empty, migrated folder."""
    from django.db import transaction

    from ecoledger.live import times
    from ecoledger.monitoring import runtime
    from ecoledger.monitoring.alarming import rehearsal
    from ecoledger.monitoring.models import Alarm
    from ecoledger.monitoring.points import table

    if made := COUNTIES[kind]:
        county, troubles = made(seed, days)
    else:
        county = build(seed, days)
        troubles = put_in(seed, county)
    with transaction.atomic(), tempfile.TemporaryDirectory() as folder:
        numbers = register(county, troubles)
        keys = {number: key for key, number in numbers.items()}
        with runtime.opened(Path(folder) / "observations.duckdb") as store:
            fill(store, observations(county, numbers))
            begin, end = county.at(WARM_UP * 24), county.at(county.hours)
            started = time.perf_counter()
            alarms = rehearsal.rehearse(store, table.current(), rehearsal.rules_of(), begin, end)
            seconds = time.perf_counter() - started
        raised = [
            {"key": keys[a.point_id], "parameter": a.parameter, "detector": str(a.rule.detector),
             "first": times.naive(a.begin), "last": times.naive(a.last), "text": a.text,
             "sounded": _time(a.evidence["sounded"])}
            for a in alarms if a.state not in Alarm.QUIET and a.point_id in keys
        ]  # fmt: skip
        quiet = Counter(str(a.state) for a in alarms if a.state in Alarm.QUIET)
        transaction.set_rollback(True)
    table.forget()
    true, false, found, explained = judge(
        raised, troubles.events, county, *NAMED.get(kind, (COUNTS, GRADUAL))
    )
    missed = [e for n, e in enumerate(troubles.events) if n not in found]
    return {"true": true, "false": false, "events": troubles.events, "missed": missed, "explained": explained,
            "seconds": seconds, "quiet": quiet, "county": county}  # fmt: skip


def _time(text: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", default="101")
    options.add_argument("--days", type=int, default=DAYS)
    options.add_argument("--kind", choices=list(COUNTIES), default="first", help="which county")
    options.add_argument("--show", action="store_true", help="every false alarm and missed event")
    given = options.parse_args()
    from ecoledger.cli import data_folder

    with tempfile.TemporaryDirectory() as folder:
        data_folder.use(Path(folder) / "data", make=True)
        data_folder.migrate()
        results = [run(int(seed), given.days, given.kind) for seed in given.seeds.split(",")]
    true: Counter[str] = sum((r["true"] for r in results), Counter())
    false: Counter[str] = sum((r["false"] for r in results), Counter())
    kinds: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for result in results:
        missed = {id(e) for e in result["missed"]}
        for event in result["events"]:
            kinds[event.kind][0] += 1
            kinds[event.kind][1] += id(event) not in missed
        if given.show:
            _show(result)
    for detector in sorted({*true, *false}):
        print(json.dumps({"detector": detector, "true": true[detector], "false": false[detector],
                          "precision": round(true[detector] / (true[detector] + false[detector]), 3)}))  # fmt: skip
    for kind, (events, found) in sorted(kinds.items()):
        print(
            json.dumps(
                {"kind": kind, "events": events, "found": found, "recall": round(found / events, 3)}
            )
        )
    events = sum(len(r["events"]) for r in results)
    hit = events - sum(len(r["missed"]) for r in results)
    every = true.total() + false.total()
    points = sum(len(r["county"].sites) for r in results) / len(results)
    print(
        json.dumps(
            {
                "counties": len(results), "events": events, "found": hit, "alarms": every,
                "precision": round(true.total() / max(every, 1), 3), "recall": round(hit / events, 3),
                "false_per_day_100_points": round(false.total() / len(results) / given.days / points * 100, 2),
                "seconds": round(max(r["seconds"] for r in results), 1),
            }
        )
    )  # fmt: skip


def _show(result: dict[str, Any]) -> None:
    county = result["county"]
    for alarm, why in result["explained"]:
        print(
            f"  false {alarm['detector']:<18} {alarm['key']:<9} {alarm['first']:%m-%d %H} to {alarm['last']:%m-%d %H} {why:<28} {alarm['text']}"
        )
    for event in result["missed"]:
        print(
            f"  missed {event.kind:<16} {event.site:<9} {county.at(event.first):%m-%d %H} to {county.at(event.last):%m-%d %H}"
        )
    print(f"  quiet {dict(result['quiet'])}, {result['seconds']:.1f} s")


if __name__ == "__main__":
    main()
