"""Keeping the child rows of a matter: all of them at once, as a table is filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.listings import forms
from ecoledger.listings.refusals import Refused
from ecoledger.listings.unchanged import mark, same
from ecoledger.matters import timeline
from ecoledger.matters.actions.access import (
    how_righted,
    keep,
    locked,
    refusal_to_change,
    refuse_settled,
)
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Matter
from ecoledger.matters.register import register_of

LINES = "lines"


@transaction.atomic
def set_lines(
    matter_id: int,
    key: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    by: Person | None,
    at: datetime | None = None,
    revision: int | None = None,
) -> Any:
    """Let the matter's lines ``key`` be ``rows``: raw values by column, with "id" for a row that is there.

    Rows not named are taken out; what they were stands in the event. Raises :class:`Refused` with
    ``fields`` named "key-row-column", rows counted from 0; then nothing is changed.
    """
    at = at or timezone.now()
    matter = locked(matter_id, by, revision)
    register = register_of(matter.register)
    lines = register.lines_of(key)
    if by is not None and (refused := refusal_to_change(matter, by, lines)):
        raise refused
    was = {row.pk: _kept(lines, row) for row in lines.of(matter)}
    write_lines(lines, matter, rows, by)
    now = {row.pk: _kept(lines, row) for row in lines.of(matter)}
    before, after = list(was.values()), list(now.values())
    if after == before:
        return matter
    if by is not None:
        refuse_settled(matter, _changed(lines, was, now))
    keep(matter)
    timeline.record(
        matter,
        name=LINES,
        label=noop("填报明细"),
        by=by,
        at=at,
        form={"lines": key, "before": before, "after": after},
    )
    return matter


def write_lines(
    lines: Lines, matter: Matter, rows: Sequence[Mapping[str, Any]], by: Person | None
) -> None:
    """Check and write ``rows``, inside the caller's transaction."""
    there: dict[str, Model] = {str(row.pk): row for row in lines.of(matter)}
    problems: dict[str, list[str]] = {}
    cleaned = []
    for n, row in enumerate(rows):
        form = forms.form_of(lines.asks, lines.model, data=row, person=by)
        if form.is_valid():
            cleaned.append((str(row.get("id") or ""), forms.stored(lines.asks, form.cleaned_data)))
        for name, messages in forms.problems(form).items():
            problems[f"{lines.key}-{n}-{name}"] = messages
    if problems:
        raise Refused("form", _("明细里有内容没有填对。"), _("请按各项提示修改。"), problems)
    if len(rows) < lines.needed:
        raise Refused(
            "form",
            _("“%(lines)s”至少填 %(n)d 行。") % {"lines": _(str(lines.label)), "n": lines.needed},
        )
    for key, values in cleaned:
        row_of_matter: Any = there.pop(key, None) or lines.model(
            **{f"{lines.parent}_id": matter.pk}
        )
        for name, value in values.items():
            setattr(row_of_matter, name, value)
        row_of_matter.save()
    for gone in there.values():
        gone.delete()


def make_anew(matter: Matter, was: Matter) -> None:
    """Make the lines that a matter begins with anew where what they are made of was changed. Raises :class:`Refused` where
    somebody has filled them in."""
    for lines in register_of(matter.register).lines:
        made_of = [(getattr(was, name), getattr(matter, name)) for name in lines.follows]
        if lines.first is None or all(same(*values) for values in made_of):
            continue
        begun = [
            forms.stored(lines.asks, row.cleaned_data)
            for row in (
                forms.form_of(lines.asks, lines.model, data=said) for said in lines.first(was)
            )
            if row.is_valid()
        ]
        there = list(lines.of(matter))
        if len(there) != len(begun) or any(
            mark(getattr(row, name)) != mark(value)
            for row, values in zip(there, begun, strict=True)
            for name, value in values.items()
        ):
            raise Refused(
                "form",
                _("“%s”已按原登记内容填写，与之有关的内容不能再改。") % _(str(lines.label)),
                how_righted(matter),
            )
        write_lines(lines, matter, lines.first(matter), None)


def _changed(
    lines: Lines, was: Mapping[Any, Mapping[str, Any]], now: Mapping[Any, Mapping[str, Any]]
) -> set[str]:
    """What of the lines is another: their key, and each column as "key.column"; with a row more or less, all of them."""
    names = {
        ask.name
        for ask in lines.asks
        if was.keys() != now.keys() or any(was[key][ask.name] != now[key][ask.name] for key in was)
    }
    return {lines.key, *(f"{lines.key}.{name}" for name in names)}


def _kept(lines: Lines, row: Any) -> dict[str, Any]:
    return {ask.name: forms.as_json(getattr(row, ask.stores or ask.name)) for ask in lines.asks}
