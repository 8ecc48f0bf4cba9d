"""Tables of cameras and recorders that hold what no device writes: each such row is refused, and nothing else."""

from __future__ import annotations

import pytest
from django.utils import timezone

from ecoledger.listings import importing
from ecoledger.listings.importing import checking
from ecoledger.listings.refusals import Refused
from ecoledger.registers.nature.detections import DEPLOYMENTS, DETECTIONS, Deployment, Detection

pytestmark = pytest.mark.django_db
SOUND = "File,Start (s),Scientific name,Confidence\nS01_20260601_053000.wav,3,Falco,0.8\n"
CAMERA = "observationID,deploymentID,eventStart,observationType,scientificName\no,S01,2026-06-01T05:30:00,animal,Falco\n"


@pytest.mark.parametrize(
    "table",
    [
        SOUND + "S01_20261399_053000.wav,3,Falco,0.8\n",
        SOUND + "S01_20260601_996099.wav,3,Falco,0.8\n",
        SOUND + "S01_20260601_053000.wav,inf,Falco,0.8\n",
        SOUND + "S01_20260601_053000.wav,1e300,Falco,0.8\n",
        CAMERA + "o1,S01,9999-12-31T23:59:59Z,animal,Falco\n",
        CAMERA + "o1,S01,0001-01-01T00:00:00+14:00,animal,Falco\n",
        CAMERA + "o1,S01,0001-01-01T00:00:00,animal,Falco\n",
    ],
)
def test_a_result_of_no_moment_is_refused_alone(bureau, table):
    Deployment.objects.create(
        deployment_id="S01", sort="sound", lon=118.6, lat=24.9, area_code="990101001",
        begin=timezone.now(),
    )  # fmt: skip
    batch = checking.preview(DETECTIONS, "r.csv", table.encode(), by=bureau.monitor)
    assert [bool(row.errors) for row in batch.rows.all()] == [False, True]
    assert importing.accept(DETECTIONS, batch.pk, by=bureau.monitor) == (1, 1)
    assert Detection.objects.count() == 1


@pytest.mark.parametrize(
    "begin", ["0001-01-01T00:00:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"]
)
def test_a_deployment_of_no_moment_is_refused(bureau, begin):
    table = f"deploymentID,longitude,latitude,deploymentStart\nD1,118.6,24.9,{begin}\n"
    batch = checking.preview(DEPLOYMENTS, "deployments.csv", table.encode(), by=bureau.monitor)
    assert batch.rows.get().errors
    with pytest.raises(Refused, match="没有一行可以导入"):
        importing.accept(DEPLOYMENTS, batch.pk, by=bureau.monitor)
