"""Child rows of a matter on its pages: the table as it stands, and the table to fill in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from ecoledger.listings import asked, cells, forms
from ecoledger.listings.parts import Text
from ecoledger.listings.refusals import NotVisible, Refused
from ecoledger.matters import actions
from ecoledger.matters.lines import Lines
from ecoledger.matters.register import Register
from ecoledger.matters.seeing import sees_all_events
from ecoledger.web.access import Request, needs
from ecoledger.web.matters.finding import the_matter

SPARE = 3  # empty rows offered below those that are there
MOST = 200
NARROW, WIDE = 3, 7  # columns that can be read beside the main ones, and among them
ROOM_TO_WRITE = 6  # columns that can be filled in side by side


@dataclass
class Table:
    """Lines as a page shows them: headings, and the texts of each row beside their headings."""

    lines: Lines
    heads: list[str]
    rows: list[list[tuple[str, str]]]
    may_fill: bool = False

    @property
    def wide(self) -> bool:
        """Whether it needs the room of the main column to be read."""
        return len(self.heads) > NARROW

    @property
    def spread(self) -> bool:
        """Whether its rows are written as blocks, since not even that room is enough."""
        return len(self.heads) > WIDE


def tables(register: Register, matter: Any, person: Any) -> list[Table]:
    """The matter's lines that ``person`` may read, each with whether he may fill them in: all of them inside the house, and
    those that a firm or a contractor entered or fills in, or has a part in."""
    settled = actions.settled(matter) if register.lines else frozenset()
    inside = sees_all_events(person)
    own = actions.entered_itself(matter, person) or actions.is_counterpart(matter, person)
    shown = []
    for lines in register.lines:
        heads = [_(str(c.label)) for c in lines.shown]
        rows = [
            [(head, cells.text_of(row, c)) for head, c in zip(heads, lines.shown, strict=True)]
            for row in lines.of(matter)
        ]
        open_ = lines.key not in settled
        may = open_ and actions.refusal_to_change(matter, person, lines) is None
        if inside or may or lines.by_step or (own and lines.asked_of(person)):
            shown.append(Table(lines, heads, rows, may))
    return shown


@dataclass
class Sheet:
    """Lines to fill in: one form a row, named ``key-n``."""

    lines: Lines
    forms: list[django_forms.Form]

    @property
    def wide(self) -> bool:
        """Whether it needs more room than the fields of a form."""
        return len(self.lines.asks) > NARROW

    @property
    def spread(self) -> bool:
        """Whether a row is written as a block: its boxes do not stand side by side on a page."""
        return len(self.lines.asks) > ROOM_TO_WRITE

    @property
    def heads(self) -> list[tuple[str, bool]]:
        return [(_(str(ask.label)), bool(ask.required)) for ask in self.lines.asks]


def sheet(lines: Lines, person: Any, matter: Any = None, post: Any = None) -> Sheet:
    """The rows that are there or were sent, and some to spare."""
    if post is not None:
        count = min(asked.number(post.get(f"{lines.key}-count", "")) or 0, MOST)
        rows = [None] * count
    else:
        there = list(lines.of(matter)) if matter is not None else []
        rows = [*there, *([None] * SPARE)]
    return Sheet(lines, [_form(lines, n, row, person, post) for n, row in enumerate(rows)])


def _form(lines: Lines, n: int, row: Any, person: Any, post: Any) -> django_forms.Form:
    form = forms.form_of(
        lines.asks, lines.model, data=post, row=row, person=person, prefix=f"{lines.key}-{n}"
    )
    form.use_required_attribute = False  # a row left blank is none
    form.row_id = row.pk if row is not None else (post or {}).get(f"{lines.key}-{n}-id", "")  # type: ignore[attr-defined]
    return form


def sent(lines: Lines, post: Any) -> list[dict[str, Any]]:
    """The rows of a filled-in table; those left blank, or as an empty row begins, or ticked for removal are none."""
    rows, begins = [], _begins(lines)
    for n in range(min(asked.number(post.get(f"{lines.key}-count", "")) or 0, MOST)):
        prefix = f"{lines.key}-{n}-"
        row = {name.removeprefix(prefix): post[name] for name in post if name.startswith(prefix)}
        said = {k: v for k, v in row.items() if k not in ("id", "remove") and str(v).strip()}
        if not row.get("id"):
            said = {k: v for k, v in said.items() if v != begins.get(k)}
        if said and not row.get("remove"):
            rows.append(row)
    return rows


def _begins(lines: Lines) -> dict[str, str]:
    """What an empty row's cells hold before anybody fills them in: the model's defaults."""
    defaults = {}
    for ask in lines.asks:
        default = getattr(lines.model._meta.get_field(ask.stores or ask.name), "default", None)
        if isinstance(default, bool):
            defaults[ask.name] = "on" if default else ""
        elif isinstance(default, (int, str, Decimal)):
            defaults[ask.name] = str(default)
    return defaults


def show_problems(shown: Sheet, refused: Refused) -> None:
    """Put what was refused beside its cell; rows are counted without the blank ones."""
    filled = [f for f in shown.forms if any(str(v).strip() for v in f.data.values())]
    for place, texts in refused.fields.items():
        n, _dash, name = place.removeprefix(f"{shown.lines.key}-").partition("-")
        row = asked.number(n)
        if row is not None and row < len(filled) and name in filled[row].fields:
            filled[row].add_error(name, texts)


@needs("see_matters")
def edit(request: Request, key: str, pk: int, name: str) -> HttpResponse:
    """The table of one sort of lines, to fill in and keep as a whole."""
    register, matter = the_matter(request, key, pk)
    if name not in {lines.key for lines in register.lines}:
        raise Http404
    lines = register.lines_of(name)
    refused = actions.refusal_to_change(matter, request.user, lines) or actions.refusal_as_settled(
        matter, [lines.key]
    )
    if refused:
        raise PermissionDenied(f"{refused.why}{refused.remedy}")
    status = 200
    shown = sheet(lines, request.user, matter)
    if request.method == "POST":
        revision = asked.number(request.POST.get("revision", ""))
        try:
            actions.set_lines(
                pk, name, sent(lines, request.POST), by=request.user, revision=revision
            )
        except NotVisible as error:
            raise Http404 from error
        except Refused as refused:
            shown, status = sheet(lines, request.user, post=request.POST), 422
            show_problems(shown, refused)
            messages.error(request, f"{refused.why}{refused.remedy}")
        else:
            messages.success(request, _("“%s”已保存。") % _(str(lines.label)))
            return redirect("matter", key, pk)
    return render(
        request,
        "web/matters/lines.html",
        {
            "register": register,
            "matter": matter,
            "sheet": shown,
            "held": (held := _held(lines, shown, matter)),
            "why_held": actions.why_settled(matter, request.user) if held else "",
        },
        status=status,
    )


def _held(lines: Lines, shown: Sheet, matter: Any) -> list[tuple[Text, str]]:
    """What the columns are called that stay as they are, and where they are read; where a box can be closed it is."""
    settled = actions.settled(matter)
    held = [ask for ask in lines.asks if f"{lines.key}.{ask.name}" in settled]
    for form in shown.forms:
        for ask in held:
            form.fields[ask.name].widget.attrs["readonly"] = True
    return [(ask.label, _("见下表")) for ask in held]
