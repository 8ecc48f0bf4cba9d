"""A document's way from draft to issue, and what it keeps."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.utils import timezone
from docx import Document
from pypdf import PdfReader
from tests.conftest import NORTH
from tests.daily_values import october

from ecoledger.accounts import acting
from ecoledger.accounts.models import AuditEntry
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.models import Event, Notice
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase
from ecoledger.reports import drafting, opening
from ecoledger.reports.bulletin import MONTHLY_REPORT
from ecoledger.reports.declaration import document_of
from ecoledger.reports.letters import HANDOVER, REMINDER
from ecoledger.reports.models import Draft, DraftStep, IssuedDocument
from ecoledger.reports.numbers import next_number

pytestmark = pytest.mark.django_db
COUNTY = "990101"


def begun(problem, people, letter=HANDOVER, **words):
    draft = drafting.begin_letter(letter, problem, by=people["officer"])
    drafting.write(
        draft, {"主送": "北镇人民政府", "反馈期限": "2036年12月5日", **words}, by=people["officer"]
    )
    return draft


def text_of(content: bytes) -> str:
    return "".join(p.text for p in Document(BytesIO(content)).paragraphs)


def test_a_letter_says_its_matter_its_words_and_its_number(files, problem, people, sent_out):
    issued = sent_out(begun(problem, people, 要求="清运垃圾。\n查明来源。"))
    assert issued.number == f"环交办〔{issued.issued_at.year}〕1号"
    assert (issued.addressee, issued.reply_due) == ("北镇人民政府", date(2036, 12, 5))
    said = text_of(opening.content(issued, "docx"))
    for part in (
        "测试县生态环境局",
        issued.number,
        "关于交办河岸堆放垃圾的函",
        "北镇人民政府：",
        "北河左岸堆放生活垃圾约 3 m³ & 建筑垃圾若干。",
        f"编号{problem.number}，位于北镇北河左岸",
        "（1）清运垃圾。",
        "（2）查明来源。",
        "请于2036年12月5日前",
    ):
        assert part in said
    assert "{" not in said
    page = PdfReader(BytesIO(opening.content(issued, "pdf"))).pages[0].extract_text()
    assert issued.number in page.replace(" ", "")


def test_nobody_reviews_signs_or_issues_what_they_wrote(files, problem, people):
    leader = people["leader"]
    draft = drafting.begin_letter(HANDOVER, problem, by=leader)
    drafting.write(draft, {"主送": "北镇", "反馈期限": "2036-12-05"}, by=leader)
    drafting.submit(draft, by=leader)
    with pytest.raises(Refused, match="拟稿人不能"):
        drafting.approve(draft, by=leader)
    drafting.approve(draft, by=people["dispatcher"])
    with pytest.raises(Refused, match="拟稿人不能"):
        drafting.approve(draft, by=leader)
    assert draft.state == "sign"


def test_who_writes_the_words_of_anothers_draft_wrote_it_as_well(files, problem, people):
    draft = begun(problem, people)
    drafting.write(draft, dict(draft.words), by=people["dispatcher"])  # changes nothing
    assert not drafting.is_author(draft, people["dispatcher"])
    drafting.write(draft, {"要求": "清运垃圾。"}, by=people["dispatcher"])
    drafting.submit(draft, by=people["officer"])
    with pytest.raises(Refused, match="拟稿人不能"):
        drafting.approve(draft, by=people["dispatcher"])
    steps = [(step.label, step.person) for step in draft.steps.all()]
    assert steps[1] == ("拟稿", people["dispatcher"])


def test_who_reviewed_does_not_sign_and_each_finds_what_waits_for_him_among_his_work(
    files, problem, people, client, django_assert_num_queries
):
    draft = begun(problem, people)
    drafting.submit(draft, by=people["officer"])

    def waits(name):
        client.force_login(people[name])
        return f"/documents/drafts/{draft.pk}" in client.get("/my-work").content.decode()

    assert (waits("leader"), waits("officer"), waits("town")) == (True, False, False)
    drafting.approve(draft, by=people["leader"])
    assert draft.state == "sign"
    assert not waits("leader")
    further = begun(problem, people)
    drafting.submit(further, by=people["officer"])
    with django_assert_num_queries(3):
        assert drafting.waiting_for(people["leader"], Draft.objects.all()) == [further]
    with pytest.raises(Refused, match="两人办理"):
        drafting.approve(draft, by=people["leader"])
    assert draft.state == "sign"


def test_a_reviewer_is_offered_no_signature_and_the_only_signer_is_warned_before_he_reviews(
    files, problem, people, client
):
    draft = begun(problem, people)
    drafting.submit(draft, by=people["officer"])
    client.force_login(people["leader"])
    page = f"/documents/drafts/{draft.pk}"
    assert "没有人能签发" in client.get(page).content.decode()
    drafting.approve(draft, by=people["leader"])
    shown = client.get(page).content.decode()
    assert "签发须由另一人办理" in shown
    assert f"{page}/approve" not in shown
    assert f"{page}/back" in shown


def test_a_draft_is_discarded_with_a_reason_by_its_author_and_later_by_who_looks_at_it(
    files, problem, people, client
):
    own = begun(problem, people)
    with pytest.raises(Refused, match="理由"):
        drafting.discard(own, by=people["officer"], note=" ")
    with pytest.raises(Refused, match="拟稿人作废"):
        drafting.discard(own, by=people["officer2"], note="重复")
    drafting.discard(own, by=people["officer"], note="重复")
    assert own.state == "discarded"

    draft = begun(problem, people)
    drafting.submit(draft, by=people["officer"])
    drafting.approve(draft, by=people["dispatcher"])
    for name in ("officer", "officer2"):
        client.force_login(people[name])
        assert "/discard" not in client.get(f"/documents/drafts/{draft.pk}").content.decode()
        with pytest.raises(Refused, match="签发人作废"):
            drafting.discard(draft, by=people[name], note="不发了")
    drafting.discard(draft, by=people["leader"], note="情况有变")
    assert DraftStep.objects.get(draft=draft, label="作废").note == "情况有变"
    told = Notice.objects.filter(person=people["officer"], text__contains="作废")
    assert told.count() == 1


def test_a_reply_came_in_between_the_issue_and_today(files, problem, people, sent_out):
    issued = sent_out(begun(problem, people))
    today = timezone.localdate()
    for days in (-1, 1):
        with pytest.raises(Refused, match="印发日和今天"):
            drafting.reply(issued, "已办", today + timedelta(days=days), by=people["officer"])
    assert drafting.reply(issued, "已办", today, by=people["officer"]).received_on == today


def test_a_town_is_told_of_what_goes_to_it_and_reads_it_in_its_list(
    files, problem, people, sent_out, client
):
    town = people["town"]
    actions.assign(problem.pk, by=people["dispatcher"], organisation=town.organisation)
    letter = sent_out(begun(problem, people))
    assert Notice.objects.get(person=town, link=f"/documents/{letter.pk}").text.startswith(
        "收到文书"
    )
    # A notice goes to all towns of its area; a work summary stays in the house, and so does another county's notice.
    said = {"issued_at": timezone.now(), "title": "情况"}
    kinds = (("water_notice", COUNTY), ("summary_month", COUNTY), ("water_notice", "990102"))
    for n, (kind, area) in enumerate(kinds):
        IssuedDocument.objects.create(kind=kind, area_code=area, number=f"第{n}号文", **said)
    client.force_login(town)
    listed = client.get("/documents").content.decode()
    assert [words in listed for words in (letter.number, "第0号文", "第1号文", "第2号文")] == [
        True,
        True,
        False,
        False,
    ]
    # It signs for what came, once; the bureau reads who has and who has not.
    waits = client.get("/documents").context["unsigned"]
    assert len(waits) == 2
    assert letter.pk in waits
    client.post(f"/documents/{letter.pk}/sign")
    client.post(f"/documents/{letter.pk}/sign")
    assert [one.person for one in letter.receipts.all()] == [town]
    client.force_login(people["dispatcher"])
    page = client.get(f"/documents/{letter.pk}")
    assert not page.context["not_signed"]
    assert f"{town.organisation} {town}" in " ".join(page.content.decode().split())
    client.post(f"/documents/{letter.pk}/sign")
    assert letter.receipts.count() == 1


def test_only_who_may_signs(files, problem, people):
    draft = begun(problem, people)
    drafting.submit(draft, by=people["officer"])
    drafting.approve(draft, by=people["officer2"])
    with pytest.raises(Refused, match="岗位"):
        drafting.approve(draft, by=people["dispatcher"])
    with pytest.raises(Refused, match="待签发"):
        drafting.issue(draft, by=people["dispatcher"])
    drafting.approve(draft, by=people["leader"])
    assert (draft.state, draft.signer) == ("number", people["leader"])
    assert [s.label for s in DraftStep.objects.filter(draft=draft)] == [
        "拟稿",
        "送审",
        "审核同意",
        "签发",
    ]


def test_what_must_be_written_is_named(files, problem, people):
    draft = begun(problem, people, 主送="", 联系人="")
    with pytest.raises(Refused, match="主送、联系人") as refused:
        drafting.submit(draft, by=people["officer"])
    assert set(refused.value.fields) == {"主送", "联系人"}
    drafting.write(
        draft, {"主送": "北镇", "联系人": "甲", "反馈期限": "下个好日子"}, by=people["officer"]
    )
    with pytest.raises(Refused, match="读不出日期"):
        drafting.submit(draft, by=people["officer"])


def test_no_letter_asks_for_a_reply_by_a_day_that_is_over(files, problem, people):
    """It proposes the matter's own day while that is to come."""
    for days, proposed in ((-55, False), (5, True)):
        problem.due = timezone.now() + timedelta(days=days)
        problem.save()
        draft = drafting.begin_letter(REMINDER, problem, by=people["officer"])
        assert bool(draft.words["反馈期限"]) == proposed
    late = begun(problem, people, 反馈期限="2026年10月5日")
    with pytest.raises(Refused, match="2026年10月5日”已经过去") as refused:
        drafting.submit(late, by=people["officer"])
    assert set(refused.value.fields) == {"反馈期限"}


def test_a_draft_sent_back_is_written_again_and_needs_a_reason(files, problem, people):
    draft = begun(problem, people)
    drafting.submit(draft, by=people["officer"])
    with pytest.raises(Refused, match="意见"):
        drafting.send_back(draft, by=people["dispatcher"], note=" ")
    drafting.send_back(draft, by=people["dispatcher"], note="要求写具体")
    drafting.write(draft, {**draft.words, "要求": "三日内清运。"}, by=people["officer"])
    assert draft.words["要求"] == "三日内清运。"
    assert DraftStep.objects.get(draft=draft, label="退回").note == "要求写具体"


def test_numbers_run_by_series_and_year_and_a_failed_issue_takes_none(
    files, problem, people, sent_out
):
    first = sent_out(begun(problem, people))
    (files / "profile" / "documents.toml").write_text("[series\n", encoding="utf-8")
    draft = begun(problem, people, 抄送="")
    drafting.submit(draft, by=people["officer"])
    drafting.approve(draft, by=people["dispatcher"])
    drafting.approve(draft, by=people["leader"])
    with pytest.raises(Refused, match=r"documents\.toml"):
        drafting.issue(draft, by=people["dispatcher"])
    (files / "profile" / "documents.toml").unlink()
    second = drafting.issue(draft, by=people["dispatcher"])
    reminder = sent_out(begun(problem, people, REMINDER))
    assert [first.number[-3:], second.number[-3:], reminder.number[-3:]] == [
        "〕1号",
        "〕2号",
        "〕1号",
    ]
    assert reminder.number.startswith("环督办")
    said = text_of(opening.content(reminder, "docx"))
    assert f"我局以{second.number}交办的“河岸堆放垃圾”" in said


def test_kinds_with_one_pattern_count_together(files, problem, people, sent_out):
    (files / "profile" / "documents.toml").write_text(
        '[series]\nhandover = "安环督〔{year}〕{n}号"\nreminder = "安环督〔{year}〕{n}号"\n',
        encoding="utf-8",
    )
    numbers = [sent_out(begun(problem, people, kind)).number for kind in (HANDOVER, REMINDER)]
    assert [n.split("〕")[1] for n in numbers] == ["1号", "2号"]


def test_the_issue_stands_on_the_matters_timeline(files, problem, people, sent_out):
    issued = sent_out(begun(problem, people))
    note = Event.objects.filter(matter_id=problem.pk).latest("id")
    assert issued.number in note.note
    assert AuditEntry.objects.filter(action="印发文书").count() == 1


def test_what_was_issued_cannot_be_changed_or_deleted(files, problem, people, sent_out):
    issued = sent_out(begun(problem, people))
    issued.title = "另一个"
    with pytest.raises(TypeError, match="reissue"):
        issued.save()
    with pytest.raises(TypeError):
        issued.delete()


def test_a_file_that_was_altered_is_not_given_out(files, problem, people, sent_out):
    issued = sent_out(begun(problem, people))
    assert list(opening.altered()) == []
    path = Path(issued.word_file.path)
    path.write_bytes(path.read_bytes() + b"tampered")
    with pytest.raises(opening.AlteredError, match="不一致"):
        opening.content(issued, "docx")
    assert opening.content(issued, "pdf").startswith(b"%PDF")
    assert list(opening.altered()) == [issued]


def test_a_reissue_keeps_the_first_and_lists_what_differs(files, problem, people, sent_out):
    first = sent_out(begun(problem, people))
    draft = drafting.begin_letter(HANDOVER, problem, by=people["officer"], replaces=first)
    drafting.write(draft, {**draft.words, "反馈期限": "2036年12月15日"}, by=people["officer"])
    second = sent_out(draft)
    assert (second.number, second.replaces) == (first.number, first)
    assert second.differences == [
        {"name": "反馈期限", "before": "2036年12月5日", "after": "2036年12月15日"}
    ]
    assert "12月5日" in text_of(opening.content(first, "docx"))


def test_a_monthly_report_keeps_its_locked_figures(files, store, bureau, people, sent_out):
    october(store, bureau)
    draft = drafting.begin_report(MONTHLY_REPORT, COUNTY, date(2026, 10, 1), by=people["monitor"])
    drafting.write(
        draft, {"存在问题": "臭氧反弹。", "下一步打算": "加密走航。"}, by=people["monitor"]
    )
    bureau.air[0].delete()
    issued = sent_out(draft)
    kept = next(f for f in issued.figures if f["label"] == "优良天数比例")
    assert (kept["display"], kept["numerator"], kept["denominator"]) == ("80.0%", "24", "30")
    said = text_of(opening.content(issued, "docx"))
    assert "80.0%" in said
    assert "五、存在问题" in said
    assert "六、下一步打算" in said
    assert issued.number == "2026年第10期"
    for ending, name in opening.ENDINGS.items():
        content = opening.content(issued, ending)
        assert hashlib.sha256(content).hexdigest() == getattr(issued, f"{name}_sha256")
    assert IssuedDocument.objects.count() == 1


def test_whoever_is_next_is_told(files, problem, people):
    def told(draft) -> set[str]:
        link = f"/documents/drafts/{draft.pk}"
        found = {n.person.username for n in Notice.objects.filter(link=link)}
        Notice.objects.filter(link=link).delete()
        return found

    draft = begun(problem, people)
    drafting.submit(draft, by=people["officer"])
    assert told(draft) == {"officer2", "dispatcher", "leader", "section_chief", "legal"}
    drafting.approve(draft, by=people["dispatcher"])
    assert told(draft) == {"leader"}
    drafting.send_back(draft, by=people["leader"], note="改")
    assert told(draft) == {"officer"}


@pytest.mark.parametrize("written_as_deputy", [True, False])
def test_a_deputy_does_not_approve_what_he_wrote(files, problem, people, written_as_deputy):
    """Whoever writes for another, or approves for another, is one hand on both sides."""
    author, other = people["officer"], people["officer2"]
    if written_as_deputy:
        with acting.by(other):
            draft = begun(problem, people)
    else:
        draft = begun(problem, people)
    drafting.submit(draft, by=author)
    if written_as_deputy:
        with pytest.raises(Refused, match="拟稿人"):
            drafting.approve(draft, by=other)
        return
    with acting.by(author), pytest.raises(Refused, match="拟稿人"):
        drafting.approve(draft, by=other)
    drafting.approve(draft, by=other)


def test_numbers_go_on_from_those_of_an_earlier_ledger(people):
    """A bureau that begins in October has forty decisions already."""
    year = 2026
    for n in (39, 40):
        PenaltyCase.objects.create(
            register="penalty_case", number=f"环立〔{year}〕{n}号", state="closed", phase="closed", area_code=NORTH,
            title="案", decision_no=f"环罚〔{year}〕{n}号",
        )  # fmt: skip
    decision = document_of("penalty_decision")
    assert next_number(decision, year) == f"环罚〔{year}〕41号"
    # One more comes in by a later import: its number is not given again.
    PenaltyCase.objects.create(
        register="penalty_case", number=f"环立〔{year}〕41号", state="closed", phase="closed", area_code=NORTH,
        title="案", decision_no=f"环罚〔{year}〕42号",
    )  # fmt: skip
    assert next_number(decision, year) == f"环罚〔{year}〕43号"
    assert next_number(decision, year + 1) == f"环罚〔{year + 1}〕1号"
