"""What others changed of a row while somebody had its form open: nobody puts it back unseen.

A form carries what its page showed, as a mark a field. What somebody left as it was shown stays as it is now; what another
changed as well is refused once, with who it was, and what was typed is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF
from ecoledger.listings import cells, veil
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, Column
from ecoledger.listings.unchanged import mark

FIELD = "shown"
_CODE = "meanwhile"
_TOLD = 60  # letters of a text that the person is told of


def taken(
    form: forms.Form, listing: Listing, row: Any, asks: Iterable[Ask], person: Person, sent: str
) -> bool:
    """Whether a valid form of ``row`` may be stored: of what others changed the person's untouched fields say what is so
    now; what both changed is an error of its field."""
    shown = _read(sent)
    for ask in asks:
        name = ask.name
        if name not in form.cleaned_data or name not in shown:
            continue
        now = form.get_initial_for_field(form.fields[name], name)
        said = mark(form.cleaned_data[name])
        if mark(now) in (shown[name], said):
            continue
        if said == shown[name]:
            form.cleaned_data[name] = now
        else:
            form.add_error(name, _refused(listing, row, ask, now, person))
    return not form.errors


def hidden_field(form: forms.Form, asks: Iterable[Ask], sent: str = "") -> SafeString:
    """The field with what the page shows. Shown again after a mistake it is what was shown first, but for what the person
    is told now that another changed."""
    names = [ask.name for ask in asks if ask.name in form.fields]
    shown = {n: mark(form.get_initial_for_field(form.fields[n], n)) for n in names}
    for name, first in _read(sent).items():
        if name in shown and not form.has_error(name, _CODE):
            shown[name] = first
    html = '<input type="hidden" name="{}" value="{}">'
    return format_html(html, FIELD, json.dumps(shown))


def _read(sent: str) -> dict[str, str]:
    try:
        said = json.loads(sent or "{}")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _refused(
    listing: Listing, row: Any, ask: Ask, now: Any, person: Person
) -> forms.ValidationError:
    other = listing.changed_by(row, ask.stores or ask.name)
    text = str(now)
    if ask.stores:
        column = Column(ask.stores, ask.label, ask.kind, choices=ask.choices)
        text = cells.text_of(veil.of(listing, person)(row), column)
    return forms.ValidationError(
        _(
            "在您打开此页之后，%(who)s已修改“%(what)s”，现为“%(now)s”。请核对，再次保存即以您填写的为准。"
        )
        % {
            "who": other.name if other is not None and person.has_role(*STAFF) else _("他人"),
            "what": _(str(ask.label)),
            "now": text[:_TOLD] + "…" * (len(text) > _TOLD),
        },
        code=_CODE,
    )
