"""Small files as people have them, each through every reader of tables: what one takes the others take, and the numbers of
rows kept, refused and left out are the right ones (``tests/data/tables/outcomes.csv``)."""

from __future__ import annotations

import contextlib
import csv
import io
from pathlib import Path

import pytest

from ecoledger.cli import csv_stream, evaluate_air
from ecoledger.cli.blocks import BadRows, UnusableTableError
from ecoledger.entities.models import Area, Station
from ecoledger.listings import importing
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tables.reading import NoTableError, book_of
from ecoledger.monitoring.files import imports
from ecoledger.monitoring.models import Point, PointParameter
from ecoledger.monitoring.points import table
from ecoledger.registers.problems.problem_ledger import REGISTER
from ecoledger.standards import surface_water
from ecoledger.standards.column_names import Names

FOLDER = Path(__file__).parents[2] / "data" / "tables"
TOWNS = (
    "青岭镇",
    "云台镇",
    "沙浦镇",
    "石桥镇",
    "城关街道",
    "望江街道",
    "临湖镇",
    "东港镇",
    "河口镇",
)
AIR = ("a34004", "a34002", "a21026", "a21004", "a21005", "a05024")
WATER = ("w01001", "w01009", "w01010", "w01019", "w21003", "w21011", "w21001", "w01018")
# Of these files the values are a river's.
OF_WATER = ("04", "11", "17", "60")


def county() -> None:
    """What the files speak of: towns, an air station and a water station."""
    Area.objects.create(code="990181", name="安澜市")
    for n, name in enumerate(TOWNS, 1):
        Area.objects.create(code=f"990181{n:03d}", name=name)
    for code, kind, factors, unit in (
        ("A-1", "air", AIR, "µg/m³"),
        ("W-1", "water", WATER, "mg/L"),
    ):
        station = Station.objects.create(
            code=code, name=f"{code}站", area_code="990181001", medium=kind
        )
        point = Point.objects.create(name=f"{code}站", kind=kind, entity=station)
        for factor in factors:
            PointParameter.objects.create(point=point, code=factor, name=factor, unit=unit)
    table.forget()


def of_tables(path: Path) -> str:
    book = book_of(path.read_bytes())
    rows, faults = sum(len(t.rows) for t in book.tables), sum(len(t.faults) for t in book.tables)
    return f"{len(book.tables)} sheets, {rows} rows, {faults} with a fault"


def of_observations(path: Path) -> str:
    point = "W-1" if path.name.startswith(OF_WATER) else "A-1"
    parsed = imports.read(path.read_bytes(), path.name, point=point, book_of=book_of)
    return (
        f"{parsed.series}: {parsed.observations.height} values of {parsed.good_rows} rows, {parsed.bad_rows} refused, "
        f"{len(parsed.left_out)} left out{', stopped' if parsed.stops else ''}"
    )


def of_ledger(path: Path) -> str:
    history = "history" in path.name
    batch = importing.preview(
        REGISTER, path.name, path.read_bytes(), by=None, history=history, book_of=book_of
    )
    return f"{batch.good.count()} kept, {batch.bad.count()} refused, {len(batch.left_out)} left out"


def of_evaluate(path: Path) -> str:
    bad = BadRows()
    with contextlib.redirect_stderr(io.StringIO()):
        rules = surface_water.rules()
        water = Names(rules.aliases, rules.units, rules.code_units)
        names = water if path.name.startswith(OF_WATER) else evaluate_air.KNOWN
        _header, blocks = csv_stream.read(io.BytesIO(path.read_bytes()), bad, names, long=True)
        kept = sum(block.lines.len() for block in blocks)
    return f"{kept} kept, {len(bad.lines)} refused"


READERS = {
    "tables": of_tables,
    "observations": of_observations,
    "ledger": of_ledger,
    "evaluate": of_evaluate,
}
NO = (NoTableError, imports.FileError, Refused, UnusableTableError)


def outcome(reader: str, path: Path) -> str:
    try:
        return READERS[reader](path)
    except NO:
        return "not its table"


def expected(reader: str) -> dict[str, str]:
    with (FOLDER / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        return {row["file"]: row[reader] for row in csv.DictReader(file)}


def files() -> list[Path]:
    return sorted(path for path in FOLDER.iterdir() if path.name != "outcomes.csv")


@pytest.mark.django_db
@pytest.mark.parametrize("reader", READERS)
def test_every_file_has_its_outcome(reader):
    county()
    right = expected(reader)
    assert {path.name for path in files()} == set(right)
    different = {
        path.name: (said, right[path.name])
        for path in files()
        if (said := outcome(reader, path)) != right[path.name]
    }
    assert different == {}


def test_what_one_reader_opens_every_reader_opens():
    """A file that is a table for one reader is none that another cannot even open."""
    assert all(said != "not its table" for said in expected("tables").values())
