"""The files of a document: Word, PDF, and for reports Excel."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from ecoledger.accounts.language import in_chinese
from ecoledger.matters.models import Matter
from ecoledger.reports import excel, letter_file, locked, matter_values, word
from ecoledger.reports.content import Block, Bulletin, Section, Statement, ordinal
from ecoledger.reports.declaration import Letter, Report, document_of
from ecoledger.reports.models import Draft, IssuedDocument
from ecoledger.reports.spoken import issuer
from ecoledger.reports.summary import Summary
from ecoledger.reports.template_in_force import template_of
from ecoledger.reports.typesetting import pdf

# Name of the model's fields, file ending, content.
Files = list[tuple[str, str, bytes]]
UNNUMBERED = "（印发时编号）"


def own_fonts() -> str:
    """The folder of font files that the bureau owns."""
    return str(Path(settings.PROFILE) / "fonts")


@in_chinese
def values_of(letter: Letter, matter: Matter) -> dict[str, Any]:
    """What a letter locks of its matter."""
    further = letter.values(matter) if letter.values else {}
    return {**matter_values.values(matter), **further}


@in_chinese
def files(draft: Draft, number: str, on: date) -> Files:
    """Every file of a document with this number and date."""
    document = document_of(draft.kind)
    if isinstance(document, Summary):
        bulletin = report_of(draft, number)
        text = document.filled(draft.content, summary_words(draft), number, matter_values.words(on))
        made: Files = [("excel", "xlsx", excel.render(bulletin))]
    elif isinstance(document, Report):
        bulletin = report_of(draft, number)
        text = word.render(bulletin, on, compact=document.compact)
        made = [("excel", "xlsx", excel.render(bulletin))]
    else:
        assert isinstance(document, Letter)  # noqa: S101 - there are two families
        text = letter_file.fill(template_of(document), letter_values(draft, number, on))
        made = []
    return [("word", "docx", text), ("pdf", "pdf", pdf.render(text, own_fonts())), *made]


def letter_values(draft: Draft, number: str, on: date) -> dict[str, Any]:
    """Everything a letter says: locked values, then what every letter has, then its words."""
    document = document_of(draft.kind)
    values: dict[str, Any] = {
        **draft.content,
        "文号": number,
        "发文机关": issuer(draft.area_code),
        "成文日期": matter_values.words(on),
        "拟稿人": draft.author.name,
        "审核人": _reviewer(draft),
        "签发人": draft.signer.name if draft.signer else "",
    }
    for said in document.words:
        text = draft.words.get(said.name, "")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        values[said.name] = lines if said.kind == "lines" else text
    # A template may name fields that only another register of the letter has.
    names = matter_values.names(document.registers) if isinstance(document, Letter) else []
    return dict.fromkeys(names, "") | values


def _reviewer(draft: Draft) -> str:
    """Who agreed to it before it was signed."""
    step = draft.steps.filter(label="审核同意").select_related("person").last()
    return step.person.name if step and step.person else ""


def report_of(draft: Draft | IssuedDocument, number: str) -> Bulletin:
    """The locked report with the words people added as sections of their own, or where its template has them."""
    document = document_of(draft.kind)
    if isinstance(document, Summary):
        return document.read(draft.content, summary_words(draft), number)
    bulletin = locked.again(draft.content)
    sections = list(bulletin.sections)
    for said in document.words:
        lines = [line.strip() for line in draft.words.get(said.name, "").splitlines()]
        blocks: tuple[Block, ...] = tuple(Statement((line,)) for line in lines if line)
        if blocks:
            sections.append(Section(f"{ordinal(len(sections) + 1)}、{said.name}", blocks))
    return replace(bulletin, number=number, sections=tuple(sections))


def summary_words(draft: Draft | IssuedDocument) -> dict[str, list[str]]:
    """What people wrote, line by line."""
    return {
        said.name: [
            line.strip() for line in draft.words.get(said.name, "").splitlines() if line.strip()
        ]
        for said in document_of(draft.kind).words
    }


def figures_of(draft: Draft) -> list[dict[str, Any]]:
    """Every figure a draft has locked."""
    if not isinstance(document_of(draft.kind), Report):
        return []
    return [locked.figure(figure) for figure in report_of(draft, "").figures()]
