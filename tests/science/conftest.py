"""The reference data, where ``ECOLEDGER_REFERENCE_DATA`` names their folder."""

import os
from pathlib import Path

import polars as pl
import pytest

from ecoledger.science import air_table

FOLDER = os.environ.get("ECOLEDGER_REFERENCE_DATA")


@pytest.fixture(scope="session")
def reference() -> Path:
    if not FOLDER:
        pytest.skip("ECOLEDGER_REFERENCE_DATA does not name the reference data")
    return Path(FOLDER)


@pytest.fixture(scope="session")
def aotizhongxin(reference: Path) -> pl.DataFrame:
    """Four years of hours of a Beijing station."""
    path = reference / "beijing_hourly" / "PRSA_Data_Aotizhongxin_20130301-20170228.csv.gz"
    table, unread = air_table.from_text(pl.read_csv(path, infer_schema=False))
    assert not unread
    return table


@pytest.fixture(scope="session")
def shipped() -> pl.DataFrame:
    """PM2.5 of the same hours, as the demonstration has them."""
    path = Path(__file__).parents[2] / "demo" / "data" / "beijing" / "aotizhongxin.parquet"
    # The digits as published: the copy holds single precision.
    return pl.read_parquet(path).select(date="time", pm25=pl.col("pm2_5").cast(pl.Float64).round(1))


@pytest.fixture(scope="session")
def golden(reference: Path):
    """A file of what openair 2.18-2 made of that station."""

    def read(name: str) -> pl.DataFrame:
        path = next(
            (reference / "openair" / "golden_aotizhongxin").glob(f"Aotizhongxin_{name}.csv*")
        )
        return pl.read_csv(path, null_values="NA", infer_schema_length=None, try_parse_dates=True)

    return read
