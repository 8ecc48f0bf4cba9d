"""What others changed of a row while somebody had its form open: nobody puts it back unseen.

A form carries what its page showed, as a mark a field. What somebody left as it was shown stays as it is now; what another
changed as well is refused once, with who it was, and what was typed is kept. Forms made of a declaration ask :func:`taken`;
a page that writes its own form for a row makes it a :class:`HeldForm`, and one that is saved whole asks
:func:`refuse_unseen`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ClassVar, TypeVar, cast

from django import forms
from django.db import transaction
from django.db.models import Model
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF
from ecoledger.listings import cells, veil
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, Column
from ecoledger.listings.refusals import Refused
from ecoledger.listings.unchanged import mark
from ecoledger.web.access import Request

FIELD = "shown"
_CODE = "meanwhile"
_TOLD = 60  # letters of a text that the person is told of
View = TypeVar("View", bound=Callable[..., Any])


def in_turn(model: type[Model]) -> Callable[[View], View]:
    """Of two who save the page of a row (``pk``) at one instant the second is held against what the first did."""

    def decorate(view: View) -> View:
        @wraps(view)
        def taken_in_turn(request: Request, pk: int | None = None) -> Any:
            if request.method != "POST" or pk is None:
                return view(request, pk=pk)
            with transaction.atomic():
                model._default_manager.select_for_update(of=("self",)).filter(pk=pk).first()
                return view(request, pk=pk)

        return cast("View", taken_in_turn)

    return decorate


def taken(
    form: forms.Form, listing: Listing, row: Any, asks: Iterable[Ask], person: Person, sent: str
) -> bool:
    """Whether a valid form of ``row`` may be stored: of what others changed the person's untouched fields say what is so
    now; what both changed is an error of its field."""
    by_name = {ask.name: ask for ask in asks}

    def refused(name: str, now: Any) -> forms.ValidationError:
        ask = by_name[name]
        other = listing.changed_by(row, ask.stores or name)
        text = str(now)
        if ask.stores:
            column = Column(ask.stores, ask.label, ask.kind, choices=ask.choices)
            text = cells.text_of(veil.of(listing, person)(row), column)
        return refusal(ask.label, other if person.has_role(*STAFF) else None, text)

    _hold(form, by_name, sent, refused)
    return not form.errors


def hidden_field(form: forms.BaseForm, names: Iterable[str], sent: str = "") -> SafeString:
    """The field with what the page shows. Shown again after a mistake it is what was shown first, but for what the person
    is told now that another changed."""
    asked = [name for name in names if name in form.fields]
    shown = {n: mark(form.get_initial_for_field(form.fields[n], n)) for n in asked}
    for name, first in _read(sent).items():
        if name in shown and not form.has_error(name, _CODE):
            shown[name] = first
    html = '<input type="hidden" name="{}" value="{}">'
    return format_html(html, form.add_prefix(FIELD), json.dumps(shown))


def hidden_whole(kept: Any) -> SafeString:
    """The field of a page that is saved whole, such as a table of rules: which ``kept`` it was made of."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, mark(kept))


def refuse_unseen(request: Request, kept: Any) -> None:
    """Raise :class:`Refused` once where somebody else saved such a page since this one was opened."""
    if request.POST.get(FIELD, "") not in ("", mark(kept)):
        raise Refused(
            "conflict",
            _("在您打开此页之后，他人已修改本页内容，您的填写尚未保存。"),
            _("请另开本页核对；再次保存即以您填写的为准。"),
        )


class HeldForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """A page's own form of a row that is there. Its template shows ``shown``."""

    trail: ClassVar[tuple[str, ...]]  # the actions by which the trail says who changed the row
    trail_names: ClassVar[dict[str, str]] = {}  # fields that the trail calls otherwise

    @property
    def row(self) -> Any:
        """What the trail speaks of."""
        return self.instance

    @property
    def shown(self) -> SafeString:
        return hidden_field(self, self.fields, self._sent) if self.row.pk else SafeString()

    @property
    def twice(self) -> bool:
        """Whether somebody else changed what this person changes as well."""
        return any(self.has_error(name, _CODE) for name in self.fields)

    @property
    def _sent(self) -> str:
        return str(self.data.get(self.add_prefix(FIELD), ""))

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.row.pk:
            _hold(self, self.fields, self._sent, self._refused)
        return self.cleaned_data

    def _refused(self, name: str, now: Any) -> forms.ValidationError:
        other = audit.who_changed(self.row, self.trail_names.get(name, name), *self.trail)
        return refusal(self.fields[name].label, other, _in_words(self.fields[name], now))


def _hold(
    form: forms.BaseForm,
    names: Iterable[str],
    sent: str,
    refused: Callable[[str, Any], forms.ValidationError],
) -> None:
    shown = _read(sent)
    for name in list(names):
        if name not in form.cleaned_data or name not in shown:
            continue
        field = form.fields[name]
        now = form.get_initial_for_field(field, name)
        said = mark(form.cleaned_data[name])
        if mark(now) in (shown[name], said):
            continue
        if isinstance(form, forms.BaseModelForm) and isinstance(field, forms.ModelChoiceField):
            now = getattr(form.instance, name)
        if said == shown[name]:
            form.cleaned_data[name] = now
        else:
            form.add_error(name, refused(name, now))


def _read(sent: str) -> dict[str, str]:
    try:
        said = json.loads(sent or "{}")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _in_words(field: forms.Field, now: Any) -> str:
    if isinstance(now, bool):
        return _("是") if now else _("否")
    words = dict(field.choices) if type(field) in _CHOSEN else {}  # type: ignore[attr-defined]
    values = now if isinstance(now, list) else [now]
    return _("、").join(str(words.get(value, value)) for value in values if value is not None)


_CHOSEN = (forms.ChoiceField, forms.TypedChoiceField, forms.MultipleChoiceField)


def refusal(label: Any, other: Person | None, text: str) -> forms.ValidationError:
    """That ``other`` wrote ``text`` meanwhile."""
    return forms.ValidationError(
        _(
            "在您打开此页之后，%(who)s已修改“%(what)s”，现为“%(now)s”。请核对，再次保存即以您填写的为准。"
        )
        % {
            "who": other.name if other is not None else _("他人"),
            "what": _(str(label)),
            "now": text[:_TOLD] + "…" * (len(text) > _TOLD),
        },
        code=_CODE,
    )
