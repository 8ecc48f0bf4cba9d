"""How large an installation must be, reckoned from what was measured on one machine.

    python -m benchmarks.sizing --measure    writes benchmarks/measured.json (bytes) and prints the table
    python -m benchmarks.sizing              prints the table of docs/deployment.md from it

Measured here: bytes a packet in the store's file (ten factors, raw packet included), bytes of a matter with its events
and trail in the database, megabytes of the process at rest. ``packets_a_second_and_core`` comes from
``benchmarks.end_to_end`` and is written into the file by hand; ``kilobytes_a_connection`` comes from
``benchmarks.outlets --connections``. The rest is arithmetic.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.store_write import batch
from tests.cli.server import Server
from tests.path import county

from ecoledger.store.duckdb.store import DuckDBStore

# HJ 212-2017: an outlet or station reports minutes (2051), hours (2061) and days (2031); real-time data (2011) on demand.
PACKETS_A_DAY = 24 * 60 + 24 + 1
# Devices report at the full minute: of a minute's packets most come in its first seconds.
PEAK = 6
# A processor is planned to be busy to this share at the peak.
BUSY = 0.5
# Devices, problems, inspections and letters a year and outlet, each with its events.
MATTERS_A_YEAR = 12
YEARS = 5


@dataclass(frozen=True)
class Place:
    name: str
    outlets: int
    copies: int


PLACES = (
    Place("county", 300, 1),
    Place("city", 5_000, 1),
    Place("province", 100_000, 2),
)


def row(place: Place, measured: dict[str, float]) -> list[str]:
    mean = place.outlets * PACKETS_A_DAY / 86_400
    peak = mean * PEAK
    cores = max(2, -(-peak // (measured["packets_a_second_and_core"] * BUSY)))
    disk = place.outlets * PACKETS_A_DAY * 365 * measured["bytes_a_packet"] * place.copies
    base = place.outlets * MATTERS_A_YEAR * measured["bytes_a_matter"]
    memory = (
        measured["megabytes_at_rest"] + place.outlets * measured["kilobytes_a_connection"] / 1024
    )
    return [
        place.name,
        f"{place.outlets:,}",
        f"{mean:,.0f} / {peak:,.0f}",
        f"{cores:,.0f}",
        f"{disk / 1e9:,.0f} GB ({place.copies} × kept)",
        f"{disk * YEARS / 1e12:,.2f} TB",
        f"{base / 1e9:,.2f} GB",
        f"{memory / 1024:,.1f} GB",
    ]


HEAD = (
    "size",
    "outlets",
    "packets a second, mean / peak",
    "cores to receive and write",
    "observations a year",
    f"observations in {YEARS} years",
    "business records a year",
    "memory",
)


FILE = Path(__file__).with_name("measured.json")
MATTERS = 300
OPEN = f"""
from ecoledger.accounts.models import Person
from ecoledger.matters import actions
from ecoledger.registers.problems.problem_ledger import REGISTER
officer, dispatcher = (Person.objects.get(username=name) for name in ("officer", "dispatcher"))
for n in range({MATTERS}):
    values = {{"title": f"河岸堆放垃圾 {{n}}", "area_code": "990101001", "origin_kind": "self"}}
    matter = actions.open_matter(REGISTER, values, by=officer)
    actions.assign(matter.pk, by=dispatcher, person=officer)
    for text in ("已到现场核实", "已通知清运", "已清运，待复查"):
        actions.note(matter.pk, text, by=dispatcher)
"""


def measure(folder: Path) -> dict[str, float]:
    with DuckDBStore(folder / "observations.duckdb") as store:
        for number in range(30):
            store.append(*batch(number, 3000))
        packets = store.backup(folder / "copy.duckdb").bytes / 90_000
    server = Server(folder / "data")
    server.prepare(county.call("build"))
    before = _size(folder)
    server.prepare(OPEN)
    matter = (_size(folder) - before) / MATTERS
    with server:
        status = Path(f"/proc/{server.pid}/status").read_text()
        rest = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
    return {"bytes_a_packet": packets, "bytes_a_matter": matter, "megabytes_at_rest": rest}


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "data").glob("business.sqlite3*"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", action="store_true")
    measured: dict[str, float] = json.loads(FILE.read_text()) if FILE.exists() else {}
    if parser.parse_args().measure:
        with tempfile.TemporaryDirectory() as folder:
            measured |= {name: round(n, 1) for name, n in measure(Path(folder)).items()}
        FILE.write_text(json.dumps(measured, indent=1) + "\n")
    for cells in (HEAD, ["---"] * len(HEAD), *(row(place, measured) for place in PLACES)):
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
