"""The auditor's trail: steps of matters, imports and system operations as one readable list."""

from __future__ import annotations

import ast
import io
import re
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

import ecoledger
from ecoledger.accounts import audit
from ecoledger.accounts.models import AuditEntry
from ecoledger.books.models import Drive
from ecoledger.entities.models import Succession
from ecoledger.listings import importing
from ecoledger.listings.pinyin import initials
from ecoledger.matters import actions
from ecoledger.matters.register import register_of
from ecoledger.registers.problems.problem_ledger import REGISTER
from ecoledger.web.audited import ACTIONS, IN_BOOKS, action_name
from ecoledger.web.office import trail_words
from ecoledger.web.search import index


@pytest.fixture
def auditor(client, bureau):
    person = bureau.people["audit_admin"]
    client.force_login(person)

    def read(**query):
        return client.get("/audit", query).content.decode()

    return read


@pytest.fixture
def photo_of(people):
    def attached(matter):
        png = SimpleUploadedFile("现场.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 32, "image/png")
        actions.attach(matter.pk, [actions.Upload(png)], by=people["officer"])
        return matter.evidence.get()

    return attached


@pytest.fixture
def worked(bureau, people):
    values = {"title": "河岸堆放垃圾", "area_code": "990101001", "origin_kind": "self"}
    problem = actions.open_matter(REGISTER, values, by=people["officer"])
    form = {"owner_organisation": "北镇人民政府", "measures": "限期清运"}
    actions.perform(problem.pk, "hand_over", by=people["dispatcher"], form=form, note="三天内办结")
    audit.record(
        people["monitor"],
        "review_period",
        bureau.air[0],
        details={"reason": "泵故障", "values": 864},
    )
    return problem


def test_steps_of_matters_and_system_operations_stand_in_one_list(auditor, worked):
    page = auditor()
    for words in (
        "河岸堆放垃圾",
        "交办",
        "三天内办结",
        "新增 → 整改中",
        "限期清运",
        "审核一段",
        "泵故障",
        "1号空气站",
    ):
        assert words in page, words
    assert "{&quot;" not in page  # no raw JSON
    assert "accounts.person" not in page


def test_it_is_narrowed_by_person_day_number_and_source(auditor, worked):
    assert "泵故障" not in auditor(source="matters")
    assert "三天内办结" not in auditor(source="system")
    assert "三天内办结" in auditor(q=worked.number)
    assert "泵故障" not in auditor(q=worked.number)
    assert "三天内办结" not in auditor(to="2020-01-01")
    assert "三天内办结" in auditor(**{"from": "2020-01-01"})


def test_it_is_searched_by_what_things_and_matters_are_called(auditor, worked, bureau):
    """An auditor looks for what was done about a station or a case, by its name; no number has to be looked up before."""
    index.catch_up()
    assert "三天内办结" in auditor(q="河岸堆放")
    assert "泵故障" not in auditor(q="河岸堆放")
    for typed in (bureau.air[0].name, initials(bureau.air[0].name)):
        assert "泵故障" in auditor(q=typed)
        assert "三天内办结" not in auditor(q=typed)


def test_a_restricted_matter_is_neither_named_nor_found_by_its_name(auditor, bureau, people):
    values = {"title": "某领导线索", "area_code": "990101001", "origin_kind": "discipline"}
    problem = actions.open_matter(REGISTER, values, by=people["dispatcher"])
    audit.record(people["dispatcher"], "export_matter_book", problem, details={"note": "装订成册"})
    index.catch_up()
    assert "装订成册" in auditor(q=problem.number)
    assert "某领导线索" not in auditor(q=problem.number)
    for typed in ("某领导线索", "mldxs"):
        assert "装订成册" not in auditor(q=typed)
        assert problem.number not in auditor(q=typed)


def test_restricted_matters_are_told_by_number_alone(auditor, bureau, people):
    values = {"title": "某领导线索", "area_code": "990101001", "origin_kind": "discipline"}
    problem = actions.open_matter(REGISTER, values, by=people["dispatcher"])
    page = auditor()
    assert problem.number in page
    assert "某领导线索" not in page


def test_an_import_stands_there_once_and_its_undoing_too(auditor, bureau, people):
    book = openpyxl.Workbook()
    book.active.append(["原编号", "来源类别", "问题", "属地"])
    for n in range(30):
        book.active.append([f"T-{n}", "自查发现", f"表中第{n}件", "北镇"])
    buffer = io.BytesIO()
    book.save(buffer)
    batch = importing.preview(REGISTER, "整改清单.xlsx", buffer.getvalue(), by=people["dispatcher"])
    importing.accept(REGISTER, batch.pk, by=people["dispatcher"])
    page = auditor()
    assert page.count("整改清单.xlsx") == 1
    assert "表中第3件" not in page
    importing.undo(REGISTER, batch.pk, by=people["dispatcher"])
    assert "撤销导入" in auditor()


def test_what_a_command_entered_is_undone_by_who_enters_rows_of_every_division(
    bureau, people, client
):
    table = "原编号,来源类别,问题,属地\nT-1,自查发现,河岸垃圾,北镇\n".encode()
    batch = importing.preview(REGISTER, "整改清单.csv", table, by=None)
    importing.accept(REGISTER, batch.pk, by=None)
    address = reverse("book-import-batch", args=["problem", batch.pk])
    client.force_login(people["town"])
    assert client.get(address).status_code == 404
    client.force_login(people["dispatcher"])
    assert "整改清单.csv" in client.get(reverse("book-import", args=["problem"])).content.decode()
    client.post(reverse("book-import-act", args=["problem", batch.pk, "undo"]))
    batch.refresh_from_db()
    assert batch.state == "undone"


def test_it_can_be_taken_out_and_only_the_auditor_sees_it(auditor, worked, client, people):
    answer = client.get("/audit.xlsx")
    page = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    cells = {str(cell) for row in page.iter_rows(values_only=True) for cell in row}
    assert any("三天内办结" in cell for cell in cells)
    client.force_login(people["dispatcher"])
    assert client.get("/audit").status_code == 403
    assert client.get("/audit.xlsx").status_code == 403


def _said_by_the_code() -> dict[str, str]:
    """Names of details and of forms that the code itself fills in, and where."""
    names: dict[str, str] = {}
    package = Path(trail_words.__file__).parents[2]
    for path in package.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for keyword in call.keywords if isinstance(call, ast.Call) else ():
                if keyword.arg in ("details", "form") and isinstance(keyword.value, ast.Dict):
                    for key in keyword.value.keys:
                        if isinstance(key, ast.Constant) and isinstance(key.value, str):
                            names[key.value] = f"{path.name}:{call.lineno}"
    return names


def test_everything_the_code_notes_has_a_name_an_auditor_can_read():
    names = _said_by_the_code()
    assert len(names) > 60
    assert {name: where for name, where in names.items() if name not in trail_words.WORDS} == {}


def test_a_changed_field_is_called_as_on_its_form(auditor, people, bureau):
    audit.record(
        people["system_admin"],
        "registry changed",
        bureau.enterprise,
        details={"before": {"industry": "造纸"}, "after": {"industry": "纺织"}},
    )
    page = auditor()
    assert "行业 造纸" in page
    assert "industry" not in page


def test_what_stands_in_a_table_of_its_own_is_named_too(auditor, people, bureau, signed_in):
    """A thing that was entered by its form, with its other codes."""
    entered = {"name": "北镇印染厂", "code": "E-77", "area_code": "990101001"}
    signed_in("monitor").post("/registry/enterprises/new", entered)
    audit.record(
        people["system_admin"],
        "registry entered",
        bureau.enterprise,
        details={"before": {}, "after": {"identifiers": ["统一社会信用代码 91990101MA00000012"]}},
    )
    page = auditor()
    assert "91990101MA00000012" in page
    assert "identifiers" not in page


def actions_of_the_source() -> tuple[set[str], set[str]]:
    """Every action that the source writes on the trail: whole ones, and those of a book by what follows the dot."""
    whole, in_books = set(), set()

    def told(node: ast.expr) -> None:
        match node:
            case ast.Constant(value=str(name)):
                whole.add(name)
            case ast.JoinedStr(values=[*_, ast.Constant(value=str(end))]):
                in_books.add(end.lstrip("."))
            case ast.IfExp():
                told(node.body)
                told(node.orelse)

    for path in Path(ecoledger.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                told(node.args[1])
    return whole, in_books


def test_every_action_is_told_in_words():
    """An auditor reads no code's own names: whatever the source writes on the trail has a word."""
    whole, in_books = actions_of_the_source()
    assert len(whole) > 80
    assert "publish" in in_books
    plain = re.compile(r"[a-z_. ]+")
    assert sorted(name for name in whole if plain.fullmatch(action_name(name))) == []
    assert sorted(end for end in in_books if end not in IN_BOOKS) == []
    assert set(Drive.State.values) - {Drive.State.DRAFT} <= set(IN_BOOKS)
    assert {f"registry {how}" for how in Succession.How.values} <= set(ACTIONS)
    assert action_name("emergency_list.publish") == "应急减排清单 · 公布"


def test_whatever_a_page_puts_on_the_trail_says_whence():
    """Every entry a page writes for who is signed in carries the address it was asked from."""
    without = []
    for path in sorted((Path(ecoledger.__file__).parent / "web").rglob("*.py")):
        without += [
            f"{path.name}:{node.lineno}"
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
            and ast.unparse(node.func) == "audit.record"
            and ast.unparse(node.args[0]) in ("request.user", "person")
            and "address" not in {keyword.arg for keyword in node.keywords}
        ]
    assert without == []


def test_a_list_that_leaves_and_a_proof_that_is_opened_say_whence(worked, people, photo_of):
    reader = Client(REMOTE_ADDR="10.1.2.3")
    reader.force_login(people["officer"])
    assert reader.get("/matters/problem/export.xlsx").status_code == 200
    assert reader.get(f"/evidence/{photo_of(worked).pk}").status_code == 200
    rows = AuditEntry.objects.filter(action__in=("export_list", "open_evidence"))
    assert {(row.action, row.address) for row in rows} == {
        ("export_list", "10.1.2.3"),
        ("open_evidence", "10.1.2.3"),
    }


def test_a_restricted_ledger_leaves_its_line_by_the_interface_too(bureau, signed_in):
    register = register_of("discipline_problem")
    values = {"title": "巡察问题", "area_code": "990101001"}
    problem = actions.open_matter(register, values, by=None)
    client = signed_in("discipline")
    for path in (f"/api/v1/matters/{register.key}", f"/api/v1/matters/problem/{problem.pk}"):
        before = AuditEntry.objects.filter(action="open_restricted").count()
        assert client.get(path).status_code == 200
        lines = AuditEntry.objects.filter(
            action="open_restricted", person=bureau.people["discipline"]
        )
        assert lines.count() == before + 1, path


def test_only_a_picture_of_the_page_is_looked_at_without_a_line(
    worked, bureau, signed_in, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    png = b"\x89PNG\r\n\x1a\n" + bytes(40)
    files = [
        actions.Upload(SimpleUploadedFile("现场.png", png)),
        actions.Upload(SimpleUploadedFile("报告.pdf", b"%PDF-1.4")),
    ]
    picture, paper = actions.attach(worked.pk, files, by=bureau.people["dispatcher"])
    client = signed_in("monitor")

    def lines(path):
        before = AuditEntry.objects.filter(action="open_evidence").count()
        assert client.get(path).status_code == 200
        return AuditEntry.objects.filter(action="open_evidence").count() - before

    assert lines(f"/evidence/{picture.pk}?shown=1") == 0
    assert lines(f"/evidence/{picture.pk}?shown=1&download=1") == 1
    assert lines(f"/evidence/{paper.pk}?shown=1") == 1


def test_books_and_kinds_of_documents_are_called_by_their_names(auditor, people, bureau):
    person = people["monitor"]
    audit.record(person, "review_period", bureau.air[0], details={"kind": "warning_letter"})
    audit.record(person, "review_period", bureau.air[0], details={"listing": "complaint"})
    shown = auditor()
    assert "warning_letter" not in shown
    assert "信访投诉" in shown
