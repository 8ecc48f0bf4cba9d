"""How long the yearly summary takes from a large book: begun, its figures locked, .docx, .pdf and .xlsx made.

    python -m benchmarks.summary [--scale 1.0] [--observations 100_000_000] [--folder DIR]

Sets up the book of ``benchmarks.pages_data`` (at full scale 200,000 matters, 100,000 entities, 100 million observations),
adds six state stations with two years of hours, has the product's own jobs make days, indices and the county's values of
them, and then writes the summary twice in fresh processes: from nothing kept, and as the morning after, when the schedule
has kept the values. ``--folder`` keeps the data and uses it again. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.pages_data import COUNTY, TOWNS

FACTORS = {
    "a34004": 30.0,
    "a34002": 55.0,
    "a21026": 8.0,
    "a21004": 22.0,
    "a21005": 0.7,
    "a05024": 80.0,
}
UNITS = {"a21005": "mg/m³"}
STATIONS = 6


def prepare(data: Path) -> dict[str, Any]:
    """State stations with two years of hours, worked through by the product's own jobs."""
    import numpy as np
    import polars as pl

    from ecoledger.cli import data_folder

    data_folder.use(data)
    from ecoledger.entities.models import Station
    from ecoledger.monitoring.computing import evaluate, pending
    from ecoledger.monitoring.models import Point, PointParameter
    from ecoledger.monitoring.runtime import opened

    evaluate.area_point(COUNTY)
    keys: list[int] = []
    for n in range(STATIONS):
        station = Station.objects.create(
            code=f"G-{n}", name=f"国控{n + 1}", area_code=TOWNS[n][0], medium="air", level="national",
            counts_in_area=True, lon=118.6, lat=24.8,
        )  # fmt: skip
        point = Point.objects.create(
            entity=station,
            kind="air",
            name=station.name,
            area_code=TOWNS[n][0],
            mn=f"{900 + n:024d}",
        )
        PointParameter.objects.bulk_create(
            PointParameter(
                point=point, code=code, name=code, unit=UNITS.get(code, "µg/m³"),
                device_unit=UNITS.get(code, "µg/m³"), interval_seconds=3600,
            )
            for code in FACTORS
        )  # fmt: skip
        keys.append(point.pk)
    end = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
    begin = datetime(end.year - 1, 1, 1)
    hours = int((end - begin) / timedelta(hours=1))
    starts = np.datetime64(begin, "us") + np.arange(hours) * np.timedelta64(3600, "s")
    random_ = np.random.default_rng(11)
    began = time.perf_counter()
    with opened(data / "observations.duckdb") as store:
        for key in keys:
            for code, level in FACTORS.items():
                values = np.abs(random_.normal(level, level / 3, hours)).round(1)
                store.append(
                    observations=pl.DataFrame({"start": starts, "value": values}).with_columns(
                        point=pl.lit(key, pl.Int64), parameter=pl.lit(code), decimals=pl.lit(1, pl.Int8),
                        flag=pl.lit("N"), seconds=pl.lit(3600, pl.Int32), series=pl.lit("hour"),
                    )
                )  # fmt: skip
        worked = pending.run_all()
    return {"station_hours": hours * STATIONS * len(FACTORS), "worked_through": worked,
            "jobs_s": round(time.perf_counter() - began, 1)}  # fmt: skip


def write(data: Path) -> dict[str, Any]:
    """The summary of the running year, from its beginning to its three files."""
    from ecoledger.cli import data_folder

    data_folder.use(data)
    from django.utils import timezone

    from ecoledger.accounts.models import Person
    from ecoledger.matters.models import Matter
    from ecoledger.monitoring.runtime import opened
    from ecoledger.reports import drafting, rendering
    from ecoledger.reports.summary import YEARLY

    leader = Person.objects.get(username="leader0")
    with opened(data / "observations.duckdb"):
        began, worked = time.perf_counter(), time.process_time()
        draft = drafting.begin_report(YEARLY, COUNTY, timezone.localdate(), by=leader)
        locked = time.perf_counter()
        files = rendering.files(draft, "环总〔2026〕1号", timezone.localdate())
        done, worked = time.perf_counter(), time.process_time() - worked
    bulletin = rendering.report_of(draft, "试")
    return {
        "matters": Matter.objects.count(),
        "lock_s": round(locked - began, 2),
        "files_s": round(done - locked, 2),
        "whole_s": round(done - began, 2),
        "processor_s": round(worked, 2),
        "figures": len(bulletin.figures()),
        "bytes": {ending: len(content) for _name, ending, content in files},
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--observations", type=int, default=100_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--step", choices=("prepare", "write"))
    asked = parser.parse_args()
    if asked.step:
        step = prepare if asked.step == "prepare" else write
        print(json.dumps(step(asked.folder), ensure_ascii=False))
        return
    with tempfile.TemporaryDirectory() as place:
        data = asked.folder or Path(place) / "data"
        facts = data.parent / f"{data.name}-facts.json"
        if not facts.is_file():
            setup = ["-m", "benchmarks.pages_data", data, asked.scale, asked.observations, facts]
            subprocess.run([sys.executable, *map(str, setup)], check=True)
            made = _step("prepare", data)
            told = json.loads(facts.read_text("utf-8"))
            facts.write_text(json.dumps(told | {"prepared": made}, ensure_ascii=False), "utf-8")
        told = json.loads(facts.read_text("utf-8"))
        print(
            json.dumps(
                {
                    "counts": told["counts"],
                    **told["prepared"],
                    "first": _step("write", data),
                    "kept": _step("write", data),
                },
                ensure_ascii=False,
            )
        )


def _step(name: str, data: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.summary", "--step", name, "--folder", str(data)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
