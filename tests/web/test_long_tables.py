"""Long tables are checked, taken in and written out by a job: the page leads there, and from there to what came of it."""

from __future__ import annotations

import io

import openpyxl
import pytest

from ecoledger.accounts.models import AuditEntry
from ecoledger.jobs.models import Job
from ecoledger.listings.models import ImportBatch
from ecoledger.listings.tables import confined
from ecoledger.registers.problems.problem_ledger import Problem
from ecoledger.web.listings import long_work

HEAD = ["原编号", "来源类别", "问题", "属地"]


@pytest.fixture
def all_is_long(monkeypatch):
    for name in ("LONG_FILE", "LONG_IMPORT", "LONG_EXPORT"):
        monkeypatch.setattr(long_work, name, 0)


@pytest.fixture
def desk(client, bureau, people):
    client.force_login(people["dispatcher"])
    return client


def table(*rows) -> io.BytesIO:
    book = openpyxl.Workbook()
    for row in (HEAD, *rows):
        book.active.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    buffer.seek(0)
    buffer.name = "长表.xlsx"
    return buffer


GOOD = [(f"L-{n}", "自查发现", f"第{n}件", "北镇") for n in range(30)]


def test_a_long_table_is_checked_and_taken_in_by_a_job(
    desk, all_is_long, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        sent = desk.post(
            "/b/problem/import", {"file": table(*GOOD, ("L-1", "自查发现", "又一件", "北镇"))}
        )
    assert sent["Location"] == "/jobs"
    checked = Job.objects.get()
    assert (checked.state, checked.total) == ("done", 31)
    assert "30 行可以导入，1 行有错" in checked.note
    assert not checked.file.exists()
    assert checked.link in desk.get("/jobs").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(f"{checked.link}/accept", {})
    assert Problem.objects.count() == 30
    taken = Job.objects.get(kind="table_accept")
    assert "已导入 30 件" in taken.note
    assert taken.link == checked.link


def test_a_small_file_of_many_rows_is_checked_by_a_job(desk, monkeypatch):
    monkeypatch.setattr(long_work, "LONG_IMPORT", 30)
    assert desk.post("/b/problem/import", {"file": table(*GOOD)})["Location"] == "/jobs"
    assert "/import/" in desk.post("/b/problem/import", {"file": table(*GOOD[:29])})["Location"]


def test_while_others_files_are_read_a_job_reads_this_one_and_no_page_waits(desk):
    while confined._AT_ONCE.acquire(blocking=False):
        pass
    try:
        assert desk.post("/b/problem/import", {"file": table(*GOOD)})["Location"] == "/jobs"
    finally:
        for _place in range(2):
            confined._AT_ONCE.release()


def test_what_is_no_table_fails_with_its_reason(
    desk, all_is_long, django_capture_on_commit_callbacks
):
    wrong = io.BytesIO(b"%PDF-1.7 nothing")
    wrong.name = "a.pdf"
    with django_capture_on_commit_callbacks(execute=True):
        desk.post("/b/problem/import", {"file": wrong})
    job = Job.objects.get()
    assert job.state == "failed"
    assert "PDF" in job.note
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize("address", ["/matters/problem/export.xlsx", "/b/problem/export.xlsx"])
def test_a_long_list_is_written_out_by_a_job_as_the_page_shows_it(
    desk, all_is_long, django_capture_on_commit_callbacks, address
):
    with django_capture_on_commit_callbacks(execute=True):
        desk.post("/b/problem/import", {"file": table(*GOOD)})
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(f"{Job.objects.get().link}/accept", {})
    with django_capture_on_commit_callbacks(execute=True):
        assert desk.get(address, {"q": "第1"})["Location"] == "/jobs"
    job = Job.objects.get(kind="table_export")
    page = openpyxl.load_workbook(io.BytesIO(job.file.read_bytes())).active
    titles = [
        cell
        for row in page.iter_rows(values_only=True)
        for cell in row
        if str(cell).startswith("第")
    ]
    assert sorted(titles) == sorted(f"第{n}件" for n in (1, *range(10, 20)))
    assert AuditEntry.objects.filter(action="export_list", details__rows=11).exists()
