"""What was altered behind the platform's back: refused when asked for, found by the sweep, told and shown."""

from __future__ import annotations

import pytest
from django.db import connection

from ecoledger.accounts.models import AuditEntry
from ecoledger.matters import actions, evidence
from ecoledger.matters.actions import Upload
from ecoledger.matters.models import Event
from ecoledger.monitoring import heartbeat
from ecoledger.registers.problems.problem_ledger import REGISTER
from ecoledger.web.office import integrity

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32


@pytest.fixture
def problem(bureau, people, store):
    heartbeat.integrity_problems = 0
    given = {"title": "河岸堆放垃圾", "area_code": "990101001", "origin_kind": "self"}
    yield actions.open_matter(REGISTER, given, by=people["officer"])
    heartbeat.integrity_problems = 0


@pytest.fixture
def proof(problem, people):
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = Upload(SimpleUploadedFile("现场.png", PNG, "image/png"))
    actions.attach(problem.pk, [file], by=people["officer"])
    return problem.evidence.get()


def test_altered_evidence_is_not_handed_out_and_the_audit_administrator_is_told(
    proof, people, client
):
    client.force_login(people["officer"])
    assert client.get(f"/evidence/{proof.pk}").status_code == 200
    path = evidence.path_of(proof.sha256)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"tampered")
    answer = client.get(f"/evidence/{proof.pk}")
    assert answer.status_code == 409
    assert b"tampered" not in answer.content
    assert "被改动" in people["audit_admin"].notices.get().text
    assert AuditEntry.objects.filter(action="evidence_altered").exists()


def test_the_sweep_finds_what_nobody_opens(proof, people, client):
    assert integrity.sweep() == []
    evidence.path_of(proof.sha256).unlink()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE matters_matter SET state='closed' WHERE id=%s", [proof.matter_id])
        cursor.execute(
            "DELETE FROM matters_event WHERE id=%s",
            [Event.objects.order_by("-id").values_list("pk", flat=True).first()],
        )
    problems = integrity.sweep()
    assert len(problems) == 3
    assert any("末尾" in text for text in problems)
    assert any("状态" in text for text in problems)
    assert any("证据" in text for text in problems)
    assert people["audit_admin"].notices.count() == 3
    report = client.get("/health").json()
    assert report["integrity"] == {"ok": False, "problems": 3}
    assert report["ok"] is False


def test_the_heads_are_noted_and_an_end_cut_off_with_the_key_is_found(
    problem, people, tmp_path, monkeypatch
):
    monkeypatch.setenv("ECOLEDGER_HEAD_FILE", str(tmp_path / "heads"))
    integrity.note()
    assert integrity.sweep() == []
    from ecoledger.accounts.models import ChainHead

    last = Event.objects.order_by("-id").first()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM matters_clock WHERE matter_id=%s", [problem.pk])
        cursor.execute("DELETE FROM matters_event WHERE id=%s", [last.pk])
    before = Event.objects.order_by("-id").first()
    ChainHead.objects.filter(name="events").update(
        hash=before.hash if before else "", count=Event.objects.count()
    )
    assert any("外部存证" in text for text in integrity.sweep())


def test_a_stranger_learns_whether_the_platform_is_well_and_no_figures(store, client, db):
    answer = client.get("/health", headers={"X-Forwarded-For": "10.0.0.9"}).json()
    assert set(answer["store"]) == {"ok"}
    assert set(answer["disk"]) <= {"ok", "error"}
    assert "observations" in client.get("/health").json()["store"]
    assert client.get("/metrics", headers={"X-Real-IP": "10.0.0.9"}).status_code == 403


def test_a_disk_that_is_nearly_full_is_said_to_be_so(store, client, db, monkeypatch):
    monkeypatch.setattr(heartbeat, "FULL_BYTES", 1 << 60)
    report = client.get("/health").json()
    assert report["disk"]["ok"] is False
    assert "full" in report["disk"]["error"]
