"""A file's review says piece by piece what no machine read, and looks into a scan that has letters."""

from __future__ import annotations

import io

import docx
import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from tests.conftest import NORTH
from tests.path.house import PNG

from ecoledger.matters import actions
from ecoledger.matters.actions import Upload
from ecoledger.registers.enforcement import file_review, unread, vetoes
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase
from ecoledger.registers.enforcement.penalty_case.register import REGISTER
from ecoledger.reports import binding, scans

pytestmark = pytest.mark.django_db
NUMBER = "测环罚〔2026〕7号"


def picture_in_a_pdf():
    buffer = io.BytesIO()
    Image.new("RGB", (200, 300), "white").save(buffer, "PDF")
    return buffer.getvalue()


def letters_in_a_pdf(words):
    return binding.page("#data.words", {"words": words})


@pytest.fixture
def case(people, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    values = {"title": "涉嫌超标排放水污染物案", "party": "某某印染厂", "area_code": NORTH}
    return actions.open_matter(REGISTER, values, by=people["officer"])


@pytest.fixture
def decision(case):
    document, file = docx.Document(), io.BytesIO()
    document.add_paragraph("某某印染厂：决定处以罚款。")
    document.save(file)
    return case.documents.create(
        kind="penalty_decision", area_code=NORTH, title="行政处罚决定书：某某印染厂", number=NUMBER,
        word_file=ContentFile(file.getvalue(), "a.docx"), word_sha256="0" * 64,
        pdf_file=ContentFile(b"%PDF", "a.pdf"), pdf_sha256="0" * 64,
    )  # fmt: skip


def test_each_piece_that_was_not_read_is_said_with_why(case, decision, people):
    officer = people["officer"]
    files = [
        ("现场.png", PNG, "image/png"),
        ("扫描笔录.pdf", picture_in_a_pdf(), "application/pdf"),
        ("监测报告.pdf", letters_in_a_pdf("化学需氧量178毫克每升，超标一点二倍。"), "application/pdf"),
    ]  # fmt: skip
    uploads = [Upload(SimpleUploadedFile(*file)) for file in files]
    actions.attach(case.pk, uploads, by=officer)
    scans.add(decision, "决定书盖章.png", PNG, by=officer)
    said = unread.of(case)
    assert len(said) == 4
    for piece, why in (
        ("行政处罚决定书 测环罚〔2026〕7号 决定书盖章.png（盖章扫描件）", "图片，其中的文字没有读"),
        ("现场.png", "图片，其中的文字没有读"),
        ("扫描笔录.pdf", "PDF 只有图像，没有文字层，或超过可读的大小"),
        ("监测报告.pdf", "有文字，来自局外，没有可比对的固定表述"),
    ):
        assert f"{piece}：{why}" in said


def test_a_scan_with_letters_is_read_and_must_carry_the_number(case, decision, people):
    officer = people["officer"]
    scans.add(decision, "甲.pdf", letters_in_a_pdf(f"某某印染厂行政处罚决定书{NUMBER}"), by=officer)
    assert unread.of(case) == []
    assert list(unread.differing_scans(case)) == []
    scans.add(
        decision,
        "乙.pdf",
        letters_in_a_pdf("某某印染厂行政处罚决定书测环罚〔2026〕8号"),
        by=officer,
    )
    (wrong,) = unread.differing_scans(case)
    assert wrong == f"乙.pdf是{NUMBER}的盖章扫描件，其中没有这个文号。"
    assert wrong in vetoes.of(case)


def test_a_damaged_pdf_is_one_that_was_not_read():
    assert unread.text_of(b"%PDF-1.7 broken") == ""
    assert unread.text_of(letters_in_a_pdf("1")) == ""


def test_the_review_keeps_what_was_not_read(case, decision, people):
    scans.add(decision, "盖章.png", PNG, by=people["officer"])
    PenaltyCase.objects.filter(pk=case.pk).update(decided_on="2026-10-20")
    (review,) = file_review.draw("2026年下半年", 1, by=people["legal"])
    assert "盖章.png（盖章扫描件）：图片" in review.unread
