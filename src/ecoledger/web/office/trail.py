"""操作记录: who did what when, across the audit trail and the steps of matters, as one list an auditor can read.

The audit administrator does not work on matters and does not open them; the trail tells each step of them. Of a
matter of restricted circulation it tells the number alone.
"""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import AuditEntry, Person
from ecoledger.listings.workbook import Head
from ecoledger.matters.models import Event
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.audited import action_name
from ecoledger.web.export import download
from ecoledger.web.office.trail_entries import entries_for, lines_of_entries
from ecoledger.web.office.trail_steps import lines_of_steps, steps_for
from ecoledger.web.office.trail_words import MATTERS, SYSTEM, Line

PAGE = 60
DEEPEST = 200  # pages walked; beyond, a narrower search is asked for


class _Both:
    """Entries and events as one sequence, the newest first; a slice reads no more than it must."""

    def __init__(self, person: Person, query: Any) -> None:
        self.person = person
        source = query.get("source", "")
        events = source != SYSTEM and not query.get("action")
        self.entries = (
            entries_for(person, query) if source != MATTERS else AuditEntry.objects.none()
        )
        self.events = steps_for(person, query) if events else Event.objects.none()

    def count(self) -> int:
        return min(self.entries.count() + self.events.count(), DEEPEST * PAGE)

    __len__ = count

    def __getitem__(self, part: slice) -> list[Line]:
        end = part.stop
        keys = [(at, SYSTEM, pk) for at, pk in self.entries.values_list("at", "pk")[:end]]
        keys += [(at, MATTERS, pk) for at, pk in self.events.values_list("at", "pk")[:end]]
        chosen = sorted(keys, reverse=True)[part.start or 0 : end]
        entries = self.entries.filter(pk__in=[pk for _at, s, pk in chosen if s == SYSTEM])
        events = self.events.filter(pk__in=[pk for _at, s, pk in chosen if s == MATTERS])
        lines = [
            *lines_of_entries(self.person, list(entries)),
            *lines_of_steps(self.person, list(events)),
        ]
        return sorted(lines, key=lambda line: (line.at, line.source, line.number), reverse=True)


@needs("see_audit")
def page(request: Request) -> HttpResponse:
    """The trail, newest first; with ``verify=1`` whether the audit chain holds."""
    both: Any = _Both(request.user, request.GET)
    context: dict[str, Any] = {
        "shown": Paginator(both, PAGE).get_page(request.GET.get("page")),
        "actions": sorted(
            (
                (action, action_name(action))
                for action in scoped.audit(request.user)
                .order_by()
                .values_list("action", flat=True)
                .distinct()
            ),
            key=lambda pair: pair[1],
        ),
        "sources": ((SYSTEM, _("系统操作")), (MATTERS, _("事项办理"))),
    }
    if request.GET.get("verify"):
        context |= {"verified": True, "broken": audit.first_broken()}
    return render(request, "web/office/audit.html", context)


@needs("see_audit")
def export(request: Request) -> HttpResponse:
    """What the page shows, all pages of it."""
    both = _Both(request.user, request.GET)
    count = both.count()
    heads = [
        Head(_("时间"), "datetime"), Head(_("人员"), width=14), Head(_("单位"), width=24), Head(_("代理人"), width=12),
        Head(_("操作"), width=18), Head(_("对象"), width=40), Head(_("内容"), width=60), Head(_("来源地址"), width=18),
    ]  # fmt: skip
    cells = (
        [
            line.at,
            line.who,
            line.organisation,
            line.instead,
            line.what,
            line.about,
            _("；").join(f"{name}{_('：')}{text}" for name, text in line.details),
            line.address,
        ]
        for line in both[slice(0, count)]
    )
    return download(request, "audit", _("操作记录"), heads, cells, count)
