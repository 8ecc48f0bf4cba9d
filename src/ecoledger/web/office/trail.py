"""操作记录: who did what when, across the audit trail and the steps of matters, as one list an auditor can read.

The audit administrator does not work on matters and does not open them; the trail tells each step of them. Of a
matter of restricted circulation it tells the number alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.apps import apps
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecoledger.accounts import audit
from ecoledger.accounts.models import AuditEntry, Person
from ecoledger.listings import asked
from ecoledger.listings.parts import Ask
from ecoledger.listings.workbook import Head
from ecoledger.matters import timeline
from ecoledger.matters.models import Circulation, Event
from ecoledger.matters.register import Register, has_register, register_of
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.export import download
from ecoledger.web.templatetags.show import action_name

PAGE = 60
DEEPEST = 200  # pages walked; beyond, a narrower search is asked for
SYSTEM, MATTERS = "system", "matters"
# Steps that a table made by the thousand: its import stands on the trail once.
_IN_BULK = Q(transition="history") | Q(transition="open", matter__import_batch__isnull=False)

# What the details of an entry are called.
WORDS = {
    "reason": gettext_lazy("理由"), "parameter": gettext_lazy("因子"), "parameters": gettext_lazy("因子"),
    "series": gettext_lazy("数据类型"), "start": gettext_lazy("时间"), "value": gettext_lazy("数值"),
    "flag": gettext_lazy("标记"), "begin": gettext_lazy("起"), "end": gettext_lazy("止"), "kind": gettext_lazy("类别"),
    "entity": gettext_lazy("对象"), "point": gettext_lazy("监测点"), "before": gettext_lazy("原为"),
    "after": gettext_lazy("改为"), "rows": gettext_lazy("行数"), "listing": gettext_lazy("台账"),
    "register": gettext_lazy("台账"), "query": gettext_lazy("条件"), "file": gettext_lazy("文件"),
    "values": gettext_lazy("数据条数"), "made": gettext_lazy("导入行数"), "path": gettext_lazy("地址"),
    "username": gettext_lazy("用户名"), "version": gettext_lazy("版本"), "name": gettext_lazy("名称"),
    "roles": gettext_lazy("岗位"), "area_codes": gettext_lazy("数据范围"), "review": gettext_lazy("审核编号"),
    "after_the_fact": gettext_lazy("事后申报"), "during_alarm": gettext_lazy("预警中申报"),
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One thing somebody did."""

    at: datetime
    who: str
    organisation: str
    instead: str  # who did it in the person's place
    what: str
    about: str
    details: tuple[tuple[str, str], ...]
    address: str
    source: str
    number: int


def _text(value: Any) -> str:
    match value:
        case None | "":
            return "—"
        case bool():
            return _("是") if value else _("否")
        case dict():
            if "text" in value:
                return str(value["text"])
            return "，".join(f"{WORDS.get(k, k)} {_text(v)}" for k, v in value.items() if v != "")
        case list() | tuple():
            return "、".join(_text(v) for v in value) or "—"
    return str(value)


def _details(said: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((str(WORDS.get(name, name)), _text(value)[:300]) for name, value in said.items())


# -- the audit trail -----------------------------------------------------------------------------------


def _entries(person: Person, query: Any) -> QuerySet[AuditEntry]:
    rows = scoped.audit(person).select_related("person__organisation", "deputy")
    rows = rows.order_by("-at", "-pk")
    if words := query.get("q", "").strip():
        rows = rows.filter(
            Q(person__name__icontains=words)
            | Q(person__username=words)
            | Q(object_id=words)
            | Q(address__startswith=words)
        )
    if action := query.get("action", ""):
        rows = rows.filter(action=action)
    return _between(rows, query)


def _between(rows: QuerySet[Any], query: Any) -> QuerySet[Any]:
    first, last = asked.day(query.get("from", "")), asked.day(query.get("to", ""))
    if first:
        rows = rows.filter(at__gte=_midnight(first))
    return rows.filter(at__lt=_midnight(last + timedelta(1))) if last else rows


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _lines_of_entries(entries: Sequence[AuditEntry]) -> list[Line]:
    names = _names(entries)
    return [
        Line(
            entry.at,
            entry.person.name if entry.person else _("系统"),
            str(entry.person.organisation or "") if entry.person else "",
            entry.deputy.name if entry.deputy else "",
            action_name(entry.action),
            names.get((entry.object_type, entry.object_id), ""),
            _details(entry.details),
            entry.address,
            SYSTEM,
            entry.pk,
        )
        for entry in entries
    ]


def _names(entries: Iterable[AuditEntry]) -> dict[tuple[str, str], str]:
    """What the objects of entries are called: one query a kind."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.object_type and entry.object_id:
            wanted[entry.object_type].add(entry.object_id)
    names = {}
    for kind, keys in wanted.items():
        model = apps.get_model(kind) if kind.count(".") == 1 else None
        label = str(model._meta.verbose_name) if model is not None else kind
        there = {}
        if model is not None and model._meta.pk is not None:
            there = {str(row.pk): str(row) for row in model._default_manager.filter(pk__in=keys)}
        for key in keys:
            names[kind, key] = f"{_(label)} {there.get(key, '#' + key)}"
    return names


# -- the steps of matters ------------------------------------------------------------------------------


def _events(person: Person, query: Any) -> QuerySet[Event]:
    inside = Q(pk__in=[])
    for code in person.area_codes:
        inside |= Q(matter__area_code__startswith=code)
    rows = Event.objects.filter(inside).exclude(_IN_BULK)
    rows = rows.select_related("person__organisation", "deputy", "matter")
    if words := query.get("q", "").strip():
        rows = rows.filter(
            Q(person__name__icontains=words)
            | Q(person__username=words)
            | Q(matter__number__icontains=words)
        )
    return _between(rows, query).order_by("-at", "-pk")


def _line_of_event(event: Event) -> Line:
    matter = event.matter
    register = register_of(matter.register) if has_register(matter.register) else None
    hidden = matter.circulation == Circulation.RESTRICTED
    about = matter.number if hidden else f"{matter.number} {matter.title}"
    details: list[tuple[str, str]] = []
    if event.from_state != event.to_state and register is not None:
        labels = {s.name: _(str(s.label)) for s in register.workflow.states}
        moved = (labels.get(event.from_state, ""), labels.get(event.to_state, event.to_state))
        details.append((_("状态"), " → ".join(filter(None, moved))))
    if not hidden:
        if event.note:
            details.append((_("说明"), event.note[:300]))
        details += _said(register, event)
    if event.evidence:
        details.append((_("证据"), _("%d 份") % len(event.evidence)))
    return Line(
        event.at,
        event.person.name if event.person else _("系统"),
        str(event.person.organisation or "") if event.person else "",
        event.deputy.name if event.deputy else "",
        _(event.label),
        about,
        tuple(details),
        "",
        MATTERS,
        event.pk,
    )


def _said(register: Register | None, event: Event) -> list[tuple[str, str]]:
    """What was filled in, under the labels of its form."""
    if register is None:
        return []
    known: dict[str, Ask] = {ask.name: ask for ask in (*register.fields, *register.batch)}
    if register.workflow.has_transition(event.transition):
        way = register.workflow.transition(event.transition)
        known |= {ask.name: ask for ask in register.asks_of(way)}
    told = []
    for name, value in event.form.items():
        if value in (None, "", [], {}):
            continue
        if name in known:
            told.append((_(str(known[name].label)), timeline.said_text(known[name], value)[:300]))
        else:
            told.append((str(WORDS.get(name, name)), _text(value)[:300]))
    return told


# -- together ------------------------------------------------------------------------------------------


class _Both:
    """Entries and events as one sequence, the newest first; a slice reads no more than it must."""

    def __init__(self, person: Person, query: Any) -> None:
        source = query.get("source", "")
        events = source != SYSTEM and not query.get("action")
        self.entries = _entries(person, query) if source != MATTERS else AuditEntry.objects.none()
        self.events = _events(person, query) if events else Event.objects.none()

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
        lines = [*_lines_of_entries(list(entries)), *map(_line_of_event, events)]
        return sorted(lines, key=lambda line: (line.at, line.source, line.number), reverse=True)


@needs("see_audit")
def page(request: Request) -> HttpResponse:
    """The trail, newest first; with ``verify=1`` whether the audit chain holds."""
    both: Any = _Both(request.user, request.GET)
    context: dict[str, Any] = {
        "shown": Paginator(both, PAGE).get_page(request.GET.get("page")),
        "actions": sorted(
            scoped.audit(request.user).order_by().values_list("action", flat=True).distinct(),
            key=action_name,
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
            "；".join(f"{name}：{text}" for name, text in line.details),
            line.address,
        ]
        for line in both[slice(0, count)]
    )
    return download(request, "audit", _("操作记录"), heads, cells, count)
