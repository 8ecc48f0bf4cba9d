"""Long work: begun by a person, followed, left, cancelled, found again."""

from __future__ import annotations

import queue
from datetime import timedelta

import pytest
from django.utils import timezone

from ecoledger.jobs import running, worker
from ecoledger.jobs.models import Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def counting():
    """A kind of work that counts to a number and writes it to a file; forgotten afterwards."""

    def count(progress, *, to, stop_at=None, fail=""):
        for n in range(to):
            progress._written = 0.0
            if n == stop_at:
                running.cancel(Job.objects.get(kind="counting"))
            progress.at(n, to, f"{n}")
        if fail:
            raise running.Failed(fail)
        return running.Outcome(f"数到 {to}", file_name="数.txt", content=str(to).encode())

    running.work("counting")(count)
    yield
    del running._kinds["counting"]


def begin(person, run_on_commit, **arguments):
    with run_on_commit(execute=True):
        job = running.begin("counting", "数数", person, **arguments)
    job.refresh_from_db()
    return job


def test_work_ends_with_its_sentence_and_its_file(
    bureau, counting, django_capture_on_commit_callbacks
):
    job = begin(bureau.people["monitor"], django_capture_on_commit_callbacks, to=3)
    assert (job.state, job.note, job.share) == ("done", "数到 3", 100)
    assert job.file.read_bytes() == b"3"


def test_work_that_cannot_be_done_says_why(bureau, counting, django_capture_on_commit_callbacks):
    job = begin(
        bureau.people["monitor"], django_capture_on_commit_callbacks, to=1, fail="缺少列：属地"
    )
    assert (job.state, job.note, job.file_name) == ("failed", "缺少列：属地", "")


def test_an_error_gives_a_number_for_the_administrator(
    bureau, counting, django_capture_on_commit_callbacks
):
    job = begin(bureau.people["monitor"], django_capture_on_commit_callbacks, to="many")
    assert job.state == "failed"
    assert str(job.pk)[:4].upper() in job.note


def test_running_work_stops_when_asked(bureau, counting, django_capture_on_commit_callbacks):
    job = begin(bureau.people["monitor"], django_capture_on_commit_callbacks, to=9, stop_at=4)
    assert (job.state, job.done, job.file_name) == ("cancelled", 4, "")


def test_waiting_work_stops_at_once_and_is_never_done(bureau, counting):
    job = running.begin("counting", "数数", bureau.people["monitor"], to=2)
    running.cancel(job)
    running.run.func(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.done) == ("cancelled", 0)


def test_a_job_is_done_once(bureau, counting, django_capture_on_commit_callbacks):
    job = begin(bureau.people["monitor"], django_capture_on_commit_callbacks, to=2)
    job.file.write_bytes(b"untouched")
    running.run.func(str(job.pk))
    assert job.file.read_bytes() == b"untouched"


def test_what_the_process_left_running_is_said_to_be_interrupted(bureau, counting):
    job = running.begin("counting", "数数", bureau.people["monitor"], to=2)
    Job.objects.update(state="running")
    assert running.give_up_interrupted() == 1
    job.refresh_from_db()
    assert job.state == "failed"
    assert "重新启动" in job.note


def test_old_results_go_and_new_ones_stay(bureau, counting, django_capture_on_commit_callbacks):
    person = bureau.people["monitor"]
    old = begin(person, django_capture_on_commit_callbacks, to=1)
    new = begin(person, django_capture_on_commit_callbacks, to=1)
    Job.objects.filter(pk=old.pk).update(ended_at=timezone.now() - timedelta(days=8))
    assert running.sweep() == 1
    assert (old.file.exists(), new.file.exists()) == (False, True)


def test_only_who_began_it_sees_a_job(bureau, counting, client, django_capture_on_commit_callbacks):
    job = begin(bureau.people["monitor"], django_capture_on_commit_callbacks, to=1)
    client.force_login(bureau.people["monitor"])
    assert "数数" in client.get("/jobs").content.decode()
    answer = client.get(f"/jobs/{job.pk}/file")
    assert b"".join(answer.streaming_content) == b"1"
    client.force_login(bureau.people["leader"])
    assert "数数" not in client.get("/jobs").content.decode()
    for address in (f"/jobs/{job.pk}", f"/jobs/{job.pk}/file"):
        assert client.get(address).status_code == 404
    assert client.post(f"/jobs/{job.pk}/cancel").status_code == 404


def test_the_worker_takes_at_once_what_its_process_queues_and_ends_at_once(
    bureau, counting, django_capture_on_commit_callbacks, monkeypatch
):
    monkeypatch.setattr(worker, "LOOK_EVERY", 3600.0)
    looks: queue.Queue[str] = queue.Queue()
    waiting = worker.Worker()
    monkeypatch.setattr(waiting._queue, "run", lambda: looks.put("looked"))
    waiting.start()
    looks.get(timeout=600)
    begin(bureau.people["monitor"], django_capture_on_commit_callbacks, to=1)
    looks.get(timeout=600)
    waiting.stop(patience=600)
    assert not waiting.is_alive()
