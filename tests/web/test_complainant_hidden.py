"""Who complained is told nobody whom it is not for: not in titles, not by the trail; and to the owner who answers, on request."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import CharField, TextField

from ecoledger.accounts.models import AuditEntry
from ecoledger.listings import importing
from ecoledger.matters import actions, chain
from ecoledger.matters.actions import Refused, Upload
from ecoledger.registers.complaints import exports
from ecoledger.registers.complaints.complaint import Complaint
from ecoledger.registers.complaints.register import REGISTER
from ecoledger.web.models import SearchEntry

NAME, TELEPHONE = "李测试匿", "13700002222"
TOLD = f"联系电话{TELEPHONE}，{NAME}反映夜间异味"


@pytest.fixture
def complaint(bureau, people):
    given = {
        "description": TOLD,
        "area_code": "990101001",
        "channel": "phone",
        "complainant": NAME,
        "telephone": TELEPHONE,
        "wanted": f"请回电{TELEPHONE}",
    }
    return actions.open_matter(REGISTER, given, by=people["complaint"])


def _tells(text: str) -> bool:
    return NAME in text or TELEPHONE in text


def test_a_title_made_of_the_words_holds_neither_name_nor_telephone(complaint):
    complaint.refresh_from_db()
    for name in ("title", "description", "wanted"):
        assert getattr(complaint, name)
        assert not _tells(getattr(complaint, name)), name
    assert complaint.as_told == TOLD
    entry = SearchEntry.objects.get(kind="matter", target=complaint.pk)
    assert not _tells(f"{entry.name} {entry.words}" if hasattr(entry, "words") else entry.name)


def test_an_imported_title_holds_neither(bureau):
    values = {
        "description": TOLD,
        "complainant": NAME,
        "telephone": TELEPHONE,
        "answer": f"已致电{NAME}",
    }
    row = exports.complaint_of(values, {}, exports.Register())
    assert not any(_tells(row[name]) for name in ("title", "description", "answer"))


def test_every_text_that_is_written_freely_is_read_without_who_complained():
    own = Complaint._meta.get_fields(include_parents=False)
    free = {f.name for f in own if isinstance(f, CharField | TextField) and not f.choices}
    codes = {"source_no", "pollution"}
    assert free - codes <= {*exports.TOLD, *exports.WRITTEN, *exports.IDENTITY}


def test_no_column_of_a_table_keeps_who_complained_in_the_open(bureau, people, client):
    """Nor does the event with which its row came in."""
    heads = (
        "举报编号",
        "主要内容",
        "举报人",
        "联系电话",
        "行业",
        "办理单位",
        "调查处理情况",
        "备注",
        "不受理原因",
        "完成情况",
    )
    said = f"转{NAME} {TELEPHONE}"
    cells = ("GD1", "北镇夜间异味", NAME, TELEPHONE, *[said] * 6)
    table = "\n".join(",".join(line) for line in (heads, cells)).encode()
    batch = importing.preview(REGISTER, "一.csv", table, by=people["complaint"])
    assert {"handled_by", "industry", "why_refused"} <= set(batch.mapping.values())
    importing.accept(REGISTER, batch.pk, by=people["complaint"])
    complaint = Complaint.objects.get()
    assert "［举报人］" in complaint.industry
    assert "［举报人］" in complaint.handled_by
    form = complaint.events.get(transition="open").form
    assert "why_refused" in form
    assert not _tells(str({n: v for n, v in form.items() if n not in exports.IDENTITY}))
    client.force_login(people["town"])
    for page in (f"/matters/complaint/{complaint.pk}", "/matters/complaint/statistics"):
        assert not _tells(client.get(page).content.decode())


def test_what_is_said_of_it_later_names_nobody(complaint, people):
    town = people["town"]
    actions.perform(
        complaint.pk,
        "accept",
        by=people["complaint"],
        form={"owner_organisation": town.organisation_id, "told": "已电话告知"},
    )
    form = {"verdict": "unfounded", "findings": f"已联系{NAME}"}
    after = actions.perform(complaint.pk, "report", by=town, form=form)
    assert not _tells(after.findings)
    assert not _tells(str(complaint.events.get(transition="report").form))
    actions.amend(
        complaint.pk,
        {"description": f"补充：{TELEPHONE}"},
        event="edit",
        label="修改",
        by=people["complaint"],
    )
    complaint.refresh_from_db()
    assert not _tells(complaint.description)


@pytest.fixture
def auditor(client, people):
    client.force_login(people["audit_admin"])
    return client


def test_the_auditor_reads_the_steps_without_who_complained(complaint, auditor):
    page = auditor.get("/audit").content.decode()
    assert complaint.number in page
    assert not _tells(page)
    book = openpyxl.load_workbook(io.BytesIO(b"".join(auditor.get("/audit.xlsx"))))
    cells = " ".join(str(c) for row in book.active.iter_rows(values_only=True) for c in row)
    assert complaint.number in cells
    assert not _tells(cells)
    assert "完整" in auditor.get("/audit?verify=1").content.decode()


@pytest.fixture
def answering(complaint, people):
    town = people["town"]
    actions.perform(
        complaint.pk,
        "accept",
        by=people["complaint"],
        form={"owner_organisation": town.organisation_id, "told": "已电话告知"},
    )
    form = {"verdict": "unfounded", "findings": "到场未发现"}
    return actions.perform(complaint.pk, "report", by=town, form=form)


def test_the_owner_who_answers_is_told_the_telephone_once_with_a_purpose(answering, people, client):
    client.force_login(people["town"])
    at = f"/matters/complaint/{answering.pk}"
    page = client.get(at).content.decode()
    assert "查看联系方式" in page
    assert not _tells(page)
    assert client.post(f"{at}/contact", {"purpose": " "}).status_code == 302
    assert not AuditEntry.objects.filter(action="see_complainant").exists()
    told = client.post(f"{at}/contact", {"purpose": "电话答复"}).content.decode()
    assert TELEPHONE in told
    (entry,) = AuditEntry.objects.filter(action="see_complainant")
    assert (entry.person, entry.details["purpose"]) == (people["town"], "电话答复")
    assert not _tells(client.get(at).content.decode())


def test_nobody_else_and_at_no_other_step_is_told_the_telephone(answering, people, client):
    at = f"/matters/complaint/{answering.pk}/contact"
    client.force_login(people["officer"])
    assert client.post(at, {"purpose": "看看"}).status_code == 403
    actions.perform(answering.pk, "answer", by=people["town"], form={"answer": "已查"})
    client.force_login(people["town"])
    assert client.post(at, {"purpose": "看看"}).status_code == 403


def test_who_takes_a_complaint_down_enters_who_complained(people, bureau, client):
    client.force_login(people["officer"])
    page = client.get(
        REGISTER.form_url if REGISTER.at else "/matters/complaint/new"
    ).content.decode()
    assert 'name="complainant"' in page
    assert 'name="telephone"' in page


def test_what_nobody_answered_is_not_known(people, bureau, client):
    client.force_login(people["complaint"])
    sent = {"area_code": "990101001", "description": "夜里有异味"}
    assert "必填" in client.post("/matters/complaint/new", sent).content.decode()
    assert (
        "必填"
        in client.post(
            "/matters/complaint/new", {"area_code": "990101001", "channel": "visit"}
        ).content.decode()
    )
    assert client.post("/matters/complaint/new", sent | {"channel": "visit"}).status_code == 302
    assert REGISTER.model.objects.get().real_name is None


def test_a_complaint_under_ones_name_says_the_name(people, bureau):
    values = {
        "area_code": "990101001",
        "channel": "visit",
        "description": "异味",
        "real_name": True,
    }
    with pytest.raises(Refused) as refused:
        actions.open_matter(REGISTER, values, by=people["complaint"])
    assert "complainant" in refused.value.fields


@pytest.mark.parametrize(
    "said",
    [
        "139 1111 2222", "139-1111-2222", "+8613911112222", "+86 139 1111 2222", "１３９１１１１２２２２",
        "0594-7234567", "（0594）7234567", "电话05947234567", "电话：7234567",
    ],
)  # fmt: skip
def test_a_telephone_is_found_however_it_is_written(said):
    text = exports.without_telephones(f"夜间异味，{said}，请回电")
    assert "［电话］" in text
    assert not any(digits in text for digits in ("2222", "２２２２", "7234567"))


@pytest.mark.parametrize(
    "said",
    [
        "350582199001011234",
        "350582 19900101 123x",
        "３５０５８２１９９００１０１１２３Ｘ",
        "350582900101123",
    ],
)
def test_an_identity_card_is_taken_out_of_what_is_told_and_of_what_is_found(said):
    row = {"description": f"身份证{said}，夜间异味", "findings": f"举报人（{said}）到场"}
    exports.mask(row)
    assert row["description"] == "身份证［身份证号］，夜间异味"
    assert row["findings"] == "举报人（［身份证号］）到场"
    assert said in row["as_told"]


@pytest.mark.parametrize("said", ["914403001990010122", "D990181202601220003", "20261129000000123"])
def test_the_codes_of_firms_and_the_numbers_of_orders_stay(said):
    row = {"description": f"{said}夜间异味"}
    exports.mask(row)
    assert row == {"description": f"{said}夜间异味"}


@pytest.mark.parametrize(
    "said",
    ["浓度150 2026-10-09", "2026-10-09 08:30", "〔2026〕12号", "HJ 1013-2018", "拨打12369投诉"],
)
def test_dates_and_numbers_that_call_nobody_stay(said):
    assert exports.without_telephones(said) == said


def test_a_name_and_a_known_number_are_found_however_they_are_spaced():
    of = {"complainant": "司徒 暗查", "telephone": "13911112222、0594-7234567"}
    text = exports.without_person("我是司徒暗查（司　徒暗查），打 139 1111-2222 或05947234567", of)
    assert text == "我是［举报人］（［举报人］），打 ［举报人］ 或［举报人］"


def test_a_file_of_evidence_tells_nobody_who_complained(complaint, people, client, auditor):
    file = SimpleUploadedFile(f"{NAME}{TELEPHONE}.txt", b"x")
    (kept,) = actions.attach(
        complaint.pk, [Upload(file, caption=f"{NAME}提供")], by=people["complaint"]
    )
    assert not _tells(f"{kept.name}{kept.caption}")
    assert kept.name.endswith(".txt")
    client.force_login(people["complaint"])
    client.get(f"/evidence/{kept.pk}")
    assert not _tells(str(list(AuditEntry.objects.values_list("details", flat=True))))


def test_the_letter_is_opened_by_whom_the_complainant_is_open_to(bureau, people, client):
    """By its owner as the telephone is: while he answers, with a purpose, on the trail; later evidence by everybody."""
    given = {"description": "夜间异味", "area_code": "990101001", "channel": "letter"}
    by = people["complaint"]
    letter = Upload(SimpleUploadedFile("来信.txt", b"from whom"))
    made = actions.open_matter(REGISTER, given, by=by, files=[letter])
    (kept,) = made.evidence.all()
    # The scan of a letter that was typed in first is the letter as well.
    (scan,) = actions.attach(made.pk, [Upload(SimpleUploadedFile("扫描.txt", b"y"))], by=by)
    at, file = f"/matters/complaint/{made.pk}", f"/evidence/{kept.pk}"
    town = people["town"]
    form = {"owner_organisation": town.organisation_id, "told": "已电话告知"}
    actions.perform(made.pk, "accept", by=by, form=form)
    (photo,) = actions.attach(made.pk, [Upload(SimpleUploadedFile("现场.txt", b"x"))], by=by)
    client.force_login(by)
    assert client.get(file).status_code == client.get(f"/evidence/{scan.pk}").status_code == 200
    for role in ("town", "leader", "officer"):
        client.force_login(people[role])
        assert client.get(file).status_code == client.get(f"/evidence/{scan.pk}").status_code == 404
        page = client.get(at).content.decode()
        assert file not in page
        assert f"/evidence/{photo.pk}" in page
        assert [e.pk for e in actions.evidence_for(made, people[role])] == [photo.pk]
    client.force_login(town)
    asked = {"file": kept.pk, "purpose": "核对诉求"}
    assert client.post(f"{at}/contact", asked).status_code == 403
    form = {"verdict": "unfounded", "findings": "到场未发现"}
    actions.perform(made.pk, "report", by=town, form=form)
    assert client.post(f"{at}/contact", asked | {"file": photo.pk}).status_code == 404
    assert client.post(f"{at}/contact", asked | {"purpose": ""}).status_code == 302
    assert b"".join(client.post(f"{at}/contact", asked)) == b"from whom"
    (entry,) = AuditEntry.objects.filter(action="see_complainant", person=town)
    assert (entry.details["fields"], entry.details["purpose"]) == (["来信.txt"], "核对诉求")


def test_what_came_in_before_he_was_known_does_not_name_him_afterwards(people, client):
    """Files, titles and notes; the note stays on the chain as it was written."""
    given = {"description": f"{NAME}反映夜间异味", "area_code": "990101001", "channel": "phone"}
    made = actions.open_matter(REGISTER, given, by=people["complaint"])
    upload = Upload(SimpleUploadedFile(f"{NAME}.txt", b"x"), caption=f"{NAME}提供")
    (kept,) = actions.attach(made.pk, [upload], text=f"{NAME}来电", by=people["complaint"])
    assert NAME in kept.name
    actions.amend(
        made.pk, {"complainant": NAME}, event="edit", label="修改", by=people["complaint"]
    )
    made.refresh_from_db()
    kept.refresh_from_db()
    assert (kept.name, kept.caption) == ("［举报人］.txt", "［举报人］提供")
    assert NAME not in f"{made.title}{made.description}"
    client.force_login(people["leader"])
    page = client.get(f"/matters/complaint/{made.pk}").content.decode()
    assert "［举报人］来电" in page
    assert NAME not in page
    assert chain.first_broken_overall() is None


def test_the_trail_keeps_no_name_that_a_list_was_searched_for(complaint, people, client):
    client.force_login(people["complaint"])
    b"".join([client.get(f"/matters/complaint/export.xlsx?q={NAME}&state=new").content])
    (entry,) = AuditEntry.objects.filter(action="export_list")
    assert entry.details["query"] == {"q": "［…］", "state": "new"}
    client.force_login(people["audit_admin"])
    assert not _tells(client.get("/audit").content.decode())
