"""Documents on pages: a letter from its matter to its file, its template changed, who may see what."""

from __future__ import annotations

import html
import re
from io import BytesIO
from pathlib import Path

import lxml.html
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from docx import Document

from ecoledger.accounts.models import AuditEntry
from ecoledger.accounts.roles import BUREAU, Role
from ecoledger.matters import actions
from ecoledger.registers.problems.problem_ledger import REGISTER
from ecoledger.reports.declaration import document_of
from ecoledger.reports.models import Draft, IssuedDocument, LetterTemplate
from ecoledger.web.office import integrity


@pytest.fixture
def problem(bureau, people, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PROFILE = tmp_path
    values = {"title": "河岸堆放垃圾", "area_code": "990101001", "origin_kind": "self"}
    return actions.open_matter(REGISTER, values, by=people["officer"])


def body(response) -> str:
    return html.unescape(response.content.decode())


def step(client, draft, name, **values):
    return client.post(reverse("draft-step", args=[draft.pk, name]), values, follow=True)


def shown_in(response, name) -> dict[str, str]:
    """What a browser sends of the form of a step."""
    page = lxml.html.fromstring(response.content)
    form = next(f for f in page.forms if str(f.action).endswith(f"/{name}"))
    return {key: value or "" for key, value in form.fields.items() if key}


def shown_on(client, address, name) -> dict[str, str]:
    return shown_in(client.get(address), name)


@pytest.fixture
def letter(problem, signed_in):
    """A 交办函, drafted by the officer on the matter's page and issued by the dispatcher."""
    officer, leader, dispatcher = map(signed_in, ("officer", "leader", "dispatcher"))
    page = body(officer.get(reverse("matter", args=["problem", problem.pk])))
    begin = re.search(r'action="([^"]*/documents/begin/handover/\d+)"', page)
    assert begin
    assert "数字已锁定" in body(officer.post(begin[1], follow=True))
    draft = Draft.objects.get()
    words = {"word-主送": "北镇人民政府", "word-反馈期限": "2036年12月5日"}
    assert "草稿已存" in body(step(officer, draft, "save", **words))
    step(officer, draft, "submit")
    step(dispatcher, draft, "approve", note="同意")
    step(leader, draft, "approve")
    assert "已印发，文号环交办〔" in body(step(dispatcher, draft, "issue"))
    return IssuedDocument.objects.get()


def test_a_letter_goes_from_its_matter_to_its_file(letter, problem, signed_in):
    town = signed_in("town")
    page = body(town.get(reverse("matter", args=["problem", problem.pk])))
    assert letter.number in page
    assert "拟交办函" not in page
    got = town.get(reverse("document-file", args=[letter.pk, "pdf"]))
    assert (got.status_code, got.content[:5]) == (200, b"%PDF-")
    assert letter.number in body(town.get(reverse("document", args=[letter.pk])))


def test_the_draft_shows_what_is_missing_beside_its_field(problem, signed_in):
    officer = signed_in("officer")
    officer.post(reverse("draft-begin", args=["handover", problem.pk]))
    draft = Draft.objects.get()
    refused = step(officer, draft, "submit", **{"word-主送": "", "word-联系人": "甲"})
    assert refused.status_code == 422
    assert "还没有填：主送。" in body(refused)
    assert 'value="甲"' in body(refused)


def test_what_is_agreed_to_is_what_the_page_showed(problem, signed_in):
    officer, leader, dispatcher = map(signed_in, ("officer", "leader", "dispatcher"))
    officer.post(reverse("draft-begin", args=["reminder", problem.pk]))
    draft = Draft.objects.get()
    words = {f"word-{word.name}": "初稿" for word in document_of("reminder").words}
    words |= {"word-主送": "北镇人民政府", "word-反馈期限": "2036年12月5日"}
    step(officer, draft, "submit", **words)
    address = reverse("draft", args=[draft.pk])
    shown = shown_on(dispatcher, address, "approve")
    step(leader, draft, "back", note="重写")
    step(officer, draft, "submit", **{"word-主送": "南镇人民政府"})
    assert "他人已改动这份文书" in body(step(dispatcher, draft, "approve", **shown))
    draft.refresh_from_db()
    assert draft.state == "review"
    step(dispatcher, draft, "approve", **shown_on(dispatcher, address, "approve"))
    draft.refresh_from_db()
    assert draft.state == "sign"


def test_of_two_who_write_one_draft_nobody_wipes_out_the_others_words(problem, signed_in):
    officer, dispatcher = map(signed_in, ("officer", "dispatcher"))
    officer.post(reverse("draft-begin", args=["handover", problem.pk]))
    draft = Draft.objects.get()
    address = reverse("draft", args=[draft.pk])
    older, newer = (shown_on(client, address, "save") for client in (officer, dispatcher))
    step(dispatcher, draft, "save", **newer | {"word-要求": "清运垃圾。", "word-联系人": "甲"})
    told = step(officer, draft, "save", **older | {"word-主送": "北镇", "word-联系人": "乙"})
    assert told.status_code == 422
    assert "他人已修改“联系人”，现为“甲”" in body(told)
    again = shown_in(told, "save")
    assert (again["word-联系人"], again["word-要求"]) == ("乙", "清运垃圾。")
    step(officer, draft, "save", **again)
    draft.refresh_from_db()
    written = {name: draft.words[name] for name in ("主送", "要求", "联系人")}
    assert written == {"主送": "北镇", "要求": "清运垃圾。", "联系人": "乙"}


def test_a_draft_is_seen_as_pdf_before_it_is_issued(problem, signed_in):
    officer = signed_in("officer")
    officer.post(reverse("draft-begin", args=["reminder", problem.pk]))
    draft = Draft.objects.get()
    for ending, head in (("pdf", b"%PDF-"), ("docx", b"PK\x03\x04")):
        got = officer.get(reverse("draft-preview", args=[draft.pk, ending]))
        assert got.content.startswith(head)
    assert officer.get(reverse("draft-preview", args=[draft.pk, "xlsx"])).status_code == 404


def test_an_altered_file_is_refused_and_said(letter, signed_in):
    path = Path(letter.word_file.path)
    path.write_bytes(path.read_bytes() + b"tampered")
    refused = signed_in("leader").get(reverse("document-file", args=[letter.pk, "docx"]))
    assert refused.status_code == 409
    assert "不再提供" in body(refused)
    assert b"tampered" not in refused.content
    assert AuditEntry.objects.filter(action="document_altered").count() == 1
    # And by night, though nobody asks for it.
    assert [f"已印发的“{letter}”文件缺失或被改动"] == integrity.sweep()


def test_a_reply_is_put_on_record(letter, signed_in):
    officer = signed_in("officer")
    address = reverse("document-reply", args=[letter.pk])
    assert "请填写收到日期" in body(
        officer.post(address, {"text": "已清运", "received_on": ""}, follow=True)
    )
    today = timezone.localdate()
    done = officer.post(address, {"text": "已清运", "received_on": f"{today}"}, follow=True)
    assert f"{today} · 已清运" in body(done)


def test_a_letter_is_printed_again_with_its_differences(letter, signed_in):
    officer, leader, dispatcher = map(signed_in, ("officer", "leader", "dispatcher"))
    begun = officer.post(reverse("document-reissue", args=[letter.pk]), follow=True)
    assert "与上次印发比较：0 处不同" in body(begun)
    draft = Draft.objects.get(replaces=letter)
    shown = step(officer, draft, "save", **{"word-反馈期限": "2036年12月15日"})
    assert "与上次印发比较：1 处不同" in body(shown)
    step(officer, draft, "submit")
    step(dispatcher, draft, "approve")
    step(leader, draft, "approve")
    done = body(step(dispatcher, draft, "issue"))
    assert "重印（差异 1 处）" in done
    assert "已于" in body(leader.get(reverse("document", args=[letter.pk])))


# ---- templates -----------------------------------------------------------------------------------


def upload(client, content: bytes, name: str = "交办函.docx"):
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("letter-template", args=["handover"]), {"file": file}, follow=True)


def edited(client, change) -> bytes:
    """The template in force as the bureau edits it."""
    current = client.get(reverse("letter-template-file", args=["handover"])).content
    document = Document(BytesIO(current))
    change(document)
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_the_bureau_edits_its_template(problem, signed_in):
    dispatcher = signed_in("dispatcher")
    content = edited(dispatcher, lambda d: d.add_paragraph("本局特此函告。{{ 风险等级 }}"))
    assert "新模板已启用" in body(upload(dispatcher, content))
    officer = signed_in("officer")
    officer.post(reverse("draft-begin", args=["handover", problem.pk]))
    got = officer.get(reverse("draft-preview", args=[Draft.objects.get().pk, "docx"]))
    said = [p.text for p in Document(BytesIO(got.content)).paragraphs]
    assert any(text.startswith("本局特此函告。") for text in said)


def test_an_unknown_variable_is_named_with_the_list_of_those_there_are(problem, signed_in):
    dispatcher = signed_in("dispatcher")
    content = edited(dispatcher, lambda d: d.add_paragraph("{{ 反馈期线 }}"))
    refused = upload(dispatcher, content)
    assert refused.status_code == 422
    assert "没有变量“反馈期线”，是不是“反馈期限”" in body(refused)
    assert "{{ 整改措施 }}" in body(refused)
    assert not LetterTemplate.objects.exists()


def test_only_who_may_changes_templates_and_sees_documents(letter, signed_in):
    for role in Role:
        client = signed_in(role.value)
        may = 200 if role in (Role.DISPATCHER, Role.SYSTEM_ADMIN) else 403
        assert client.get(reverse("letter-template", args=["handover"])).status_code == may
        # A town and its grid list what was issued to them.
        staff = BUREAU | {Role.TOWN, Role.GRID}
        assert client.get(reverse("documents")).status_code == (200 if role in staff else 403)


def test_letters_of_a_matter_out_of_sight_do_not_exist(letter, problem, signed_in):
    type(problem).objects.update(area_code="990101002")
    IssuedDocument.objects.update(area_code="990101002")
    town = signed_in("town")
    assert town.get(reverse("document", args=[letter.pk])).status_code == 404
    assert town.get(reverse("document-file", args=[letter.pk, "pdf"])).status_code == 404
    assert signed_in("enterprise").get(reverse("document", args=[letter.pk])).status_code == 404
