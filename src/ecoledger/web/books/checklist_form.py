"""The form of a checklist: what was filled in, and the same form again after a refusal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages

from ecoledger.books.checklists import Question, as_list
from ecoledger.listings.refusals import Refused
from ecoledger.web.access import Request

Wrong = dict[str, list[str]]


def answers(request: Request, questions: list[Question], before: str = "") -> dict[str, Any]:
    """What was answered, by question. ``before``: begins the names of the fields, where one page has several lists."""
    return {
        q.name: request.POST.getlist(f"{before}{q.name}")
        if q.type == "select_multiple"
        else request.POST.get(f"{before}{q.name}", "")
        for q in questions
    }


def shown_again(request: Request, refused: Refused) -> Wrong:
    """What is wrong, by field, for the form as it was filled in; a refusal of no field is none of the form's and goes on."""
    if not refused.fields:
        raise refused
    messages.error(request, str(refused))
    return refused.fields


def rows(
    questions: list[Question], said: dict[str, Any], wrong: Wrong, before: str = ""
) -> list[tuple[Question, Any, list[str], str, list[str]]]:
    """Each question with its answer, its answers, the name of its field and what is wrong with it."""
    return [
        (
            q,
            said.get(q.name, ""),
            as_list(said.get(q.name)),
            field := f"{before}{q.name}",
            wrong.get(field, []),
        )
        for q in questions
    ]
