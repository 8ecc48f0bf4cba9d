"""Files of cameras and recorders as their programs write them: Camtrap DP and BirdNET, read by header."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from ecoledger.listings import importing
from ecoledger.listings.importing import checking
from ecoledger.registers.nature.candidates import SpeciesCandidate
from ecoledger.registers.nature.detections import DEPLOYMENTS, DETECTIONS, Deployment, Detection
from ecoledger.registers.nature.species import protection_of

pytestmark = pytest.mark.django_db
CAMTRAP = Path(os.environ.get("ECOLEDGER_REFERENCE_DATA", "")) / "camtrap_dp"
RAVEN = """Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tCommon Name\tSpecies Code\tConfidence\tBegin Path
1\tSpectrogram 1\t1\t3.0\t6.0\t0\t15000\t红隼\tcomkes\t0.8121\t/rec/S01_20260601_053000.wav
"""
R = """filepath,start,end,scientific_name,common_name,confidence,lat,lon,week,overlap,sensitivity,min_conf,species_list,model
S01_20260601_053000.wav,3,6,Falco tinnunculus,红隼,0.81,24.9,118.6,22,0,1,0.1,,BirdNET
"""


def taken(listing, name, content):
    batch = checking.preview(listing, name, content, by=None)
    assert not batch.bad.exists(), [row.errors for row in batch.bad]
    importing.accept(listing, batch.pk, by=None)
    return batch


@pytest.fixture
def recorder(bureau):
    return Deployment.objects.create(
        deployment_id="S01", sort="sound", lon=118.6, lat=24.9, area_code=bureau.towns[0].code,
        begin=datetime.fromisoformat("2026-05-01T00:00:00+08:00"),
    )  # fmt: skip


@pytest.mark.parametrize("table", [RAVEN, R])
def test_birdnet_s_tables_find_place_and_time_in_the_recording_s_name(recorder, table):
    taken(DETECTIONS, "result.txt", table.encode())
    (row,) = Detection.objects.all()
    assert row.deployment == recorder
    assert f"{row.at:%Y-%m-%d %H:%M:%S}" == "2026-05-31 21:30:03"  # 05:30:03 in China
    assert row.name == "红隼"
    assert row.confidence == pytest.approx(0.81, abs=0.01)
    assert SpeciesCandidate.objects.get().results == 1


def test_a_species_is_looked_up_by_both_its_names():
    """红隼 is often written Falco vespertinus: the Chinese name speaks, and the difference is said."""
    found = protection_of("红隼", "Falco vespertinus")
    assert found.level == "2"
    assert "Falco tinnunculus" in found.doubt
    assert protection_of("金雕", "Aquila chrysaetos").level == "1"
    assert protection_of("麻雀", "Passer montanus").level == ""


@pytest.mark.skipif(not CAMTRAP.is_dir(), reason="no reference data")
def test_a_published_package_is_taken_in_whole(bureau):
    taken(DEPLOYMENTS, "deployments.csv", (CAMTRAP / "deployments.csv").read_bytes())
    assert Deployment.objects.count() == 4
    taken(DETECTIONS, "observations.csv", (CAMTRAP / "observations.csv").read_bytes())
    assert Detection.objects.count() == 549
    assert Detection.objects.filter(sort="vehicle").exists()
    duck = SpeciesCandidate.objects.filter(detected="Anas platyrhynchos").first()
    assert duck is not None
    assert duck.results == duck.detections.count()


def test_a_deployment_says_when_it_began_and_ends_after(bureau):
    rows = [
        "A1,24.9,118.6,2026-05-01T08:00:00+0800,2026-06-01T08:00:00+0800",
        "A2,24.9,118.6,,2026-06-01T08:00:00+0800",
        "A3,24.9,118.6,2026-05-01T08:00:00+0800,2026-04-01T08:00:00+0800",
    ]
    table = "\n".join(["deploymentID,latitude,longitude,deploymentStart,deploymentEnd", *rows])
    batch = checking.preview(DEPLOYMENTS, "deployments.csv", table.encode(), by=None)
    assert {row.number: row.reason for row in batch.bad} == {
        3: "开始工作：没有写开始工作的时间",
        4: "结束工作：结束工作早于开始工作",
    }
