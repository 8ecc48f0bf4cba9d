"""``ecoledger enter``: one JSON line a row, counts, exit codes; a preview changes nothing."""

from __future__ import annotations

import json

import openpyxl
import pytest
from click import ClickException
from click.testing import CliRunner

from ecoledger.cli import enter
from ecoledger.listings.models import ImportBatch, ImportRow
from ecoledger.registers.problems.problem_ledger import Problem

HEAD = "原编号,来源类别,问题,属地,整改时限,重复于\n"
ROWS = (
    "某县台账,,,,,\n"
    + HEAD
    + "N-1,自查发现,甲,北镇,2027-12-31,\nN-2,自查发现,乙,北镇,2027年12月,\n"
    "N-3,天上来,丙,北镇,,\nn-1,自查发现,丁,北镇,,\nN-5,自查发现,戊,北镇,,N-1\n合计,5件,,,,\n"
)


@pytest.fixture
def run(bureau, tmp_path):
    """``run(text, preview=True)``: the lines told for a file of that text."""

    def do(text=ROWS, kind="problem", lines=None, **more):
        path = tmp_path / "台账.csv"
        path.write_text(text, encoding="utf-8")
        lines = [] if lines is None else lines
        enter.run_for_client({"kind": kind, "file": str(path), **more}, lines.append)
        return lines

    return do


def test_each_row_has_its_line_and_the_last_one_counts(run):
    *rows, counts = run()
    assert [(r["row"], r["outcome"]) for r in rows] == [
        (1, "left_out"), (2, "left_out"), (3, "kept"), (4, "warned"), (5, "refused"), (6, "refused"),
        (7, "kept"), (8, "left_out"),
    ]  # fmt: skip
    assert all(set(r) == {"file", "sheet", "row", "outcome", "reason", "key"} for r in rows)
    assert rows[2]["key"] == "N-1"
    assert "可填" in rows[4]["reason"]
    assert {k: counts[k] for k in ("kept", "warned", "refused", "left_out")} == {
        "kept": 3, "warned": 1, "refused": 2, "left_out": 3,
    }  # fmt: skip
    assert Problem.objects.count() == 3
    assert Problem.objects.get(source_no="N-5").merged_into.as_problem.source_no == "N-1"


def test_a_preview_says_the_same_and_changes_nothing(run):
    *rows, counts = run(preview=True)
    assert counts["kept"] == 3
    assert rows[5]["repeats_of"] == "3"
    assert rows[6]["repeats_of"] == "3"
    assert not Problem.objects.exists()
    assert not ImportBatch.objects.exists()
    assert not ImportRow.objects.exists()


def test_the_same_file_again_only_on_purpose(run):
    plain = HEAD + ",自查发现,甲,北镇,,\n"
    run(plain)
    with pytest.raises(ClickException, match=r"导入过.*--again"):
        run(plain)
    assert Problem.objects.count() == 1
    assert run(plain, again=True)[-1]["kept"] == 1


def test_when_no_row_can_be_kept_each_says_why(run):
    *rows, counts = run(HEAD + "N-3,天上来,丙,北镇,,\n")
    assert [r["outcome"] for r in rows] == ["left_out", "refused"]
    assert counts["kept"] == 0


def test_an_unknown_kind_names_the_known_ones(run):
    with pytest.raises(ClickException, match="problem"):
        run(kind="nothing")


def test_kinds_are_listed_and_have_templates(monkeypatch, tmp_path, bureau):
    monkeypatch.setattr(enter.data_folder, "use", lambda *_args, **_more: None)
    runner = CliRunner()
    listed = runner.invoke(enter.command, ["--list"])
    kinds = {line["kind"]: line for line in map(json.loads, listed.output.splitlines())}
    assert "problem" in kinds
    title = next(c for c in kinds["problem"]["columns"] if c["name"] == "title")
    assert (title["header"], title["required"]) == ("问题", True)
    target = tmp_path / "t.xlsx"
    assert runner.invoke(enter.command, ["problem", str(target), "--template"]).exit_code == 0
    assert openpyxl.load_workbook(target).active.cell(1, 1).value
    assert runner.invoke(enter.command, ["problem"]).exit_code == 2


def test_the_command_ends_with_1_when_nothing_was_kept(monkeypatch, tmp_path, bureau):
    monkeypatch.setattr(enter.data_folder, "use", lambda *_args, **_more: None)
    monkeypatch.setattr(enter.data_folder, "migrate", lambda: None)
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(ROWS, "utf-8")
    bad.write_text(HEAD + "N-3,天上来,丙,北镇,,\n", "utf-8")
    runner = CliRunner()
    assert (
        runner.invoke(enter.command, ["problem", str(good), "--data", str(tmp_path)]).exit_code == 0
    )
    assert (
        runner.invoke(enter.command, ["problem", str(bad), "--data", str(tmp_path)]).exit_code == 1
    )
    assert (
        runner.invoke(enter.command, ["problem", "none.csv", "--data", str(tmp_path)]).exit_code
        == 1
    )


def test_columns_that_were_not_taken_are_named_by_the_command_too(run):
    table = "序号,原编号,来源类别,问题,属地,备查号,空列\n1,U-1,自查发现,甲,北镇,B-9,\n"
    for more in ({"preview": True}, {}):
        notes = "".join(run(table, **more)[-1]["notes"])
        assert "以下列没有用上：备查号" in notes
        assert "序号" not in notes
        assert "空列" not in notes


def test_a_file_refused_as_a_whole_has_a_line_that_names_what_was_not_recognised(run):
    lines = []
    with pytest.raises(ClickException, match="没有认出的列：大概怎么回事"):
        run("原编号,属地,大概怎么回事\nW-1,北镇,甲\n", lines=lines)
    assert lines[-1]["event"] == "refused"
    assert lines[-1]["reason"].startswith("表里缺少必填的列")


def test_what_the_command_brought_in_is_taken_back_by_it(run):
    batch = run()[-1]["batch"]
    lines = []
    enter.run_for_client({"kind": "problem", "undo": batch}, lines.append)
    assert lines == [{"event": "undone", "batch": batch, "stayed": 0}]
    assert ImportBatch.objects.get(pk=batch).state == ImportBatch.State.UNDONE
    with pytest.raises(ClickException, match="没有批次"):
        enter.run_for_client({"kind": "problem", "undo": 999}, lines.append)
