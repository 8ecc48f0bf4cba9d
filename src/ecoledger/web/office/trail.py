"""操作记录: who did what when, across the audit trail and the steps of matters, as one list an auditor can read.

The audit administrator does not work on matters and does not open them; the trail tells each step of them. Of a
matter of restricted circulation it tells the number alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecoledger.accounts import audit
from ecoledger.accounts.models import AuditEntry, Person
from ecoledger.accounts.wording import numbered
from ecoledger.entities import shapes
from ecoledger.listings import asked
from ecoledger.listings.catalogue import all_listings
from ecoledger.listings.parts import Ask, Kind
from ecoledger.listings.workbook import Head
from ecoledger.live import times
from ecoledger.matters import timeline
from ecoledger.matters.models import NARROW, Event, Evidence, Matter
from ecoledger.matters.register import Register, has_register, register_of
from ecoledger.reports.declaration import all_documents
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.audited import action_name
from ecoledger.web.export import download
from ecoledger.web.search import index

PAGE = 60
DEEPEST = 200  # pages walked; beyond, a narrower search is asked for
NAMED = 300  # things that one search by name may mean
SYSTEM, MATTERS = "system", "matters"
# Steps that a table made by the thousand: its import stands on the trail once.
_IN_BULK = Q(transition="history") | Q(transition="open", matter__import_batch__isnull=False)

# What the details of an entry are called.
WORDS = {
    "reason": gettext_lazy("理由"), "purpose": gettext_lazy("用途"), "parameter": gettext_lazy("因子"), "parameters": gettext_lazy("因子"),
    "series": gettext_lazy("数据类型"), "start": gettext_lazy("时间"), "value": gettext_lazy("数值"),
    "flag": gettext_lazy("标记"), "begin": gettext_lazy("起"), "end": gettext_lazy("止"), "kind": gettext_lazy("类别"),
    "entity": gettext_lazy("对象"), "point": gettext_lazy("监测点"), "before": gettext_lazy("原为"),
    "after": gettext_lazy("改为"), "rows": gettext_lazy("行数"), "listing": gettext_lazy("台账"),
    "register": gettext_lazy("台账"), "query": gettext_lazy("条件"), "file": gettext_lazy("文件"),
    "values": gettext_lazy("数据条数"), "made": gettext_lazy("导入行数"), "path": gettext_lazy("地址"),
    "username": gettext_lazy("用户名"), "version": gettext_lazy("版本"), "name": gettext_lazy("名称"),
    "roles": gettext_lazy("岗位"), "area_codes": gettext_lazy("数据范围"), "review": gettext_lazy("审核编号"),
    "after_the_fact": gettext_lazy("事后申报"), "during_alarm": gettext_lazy("预警中申报"),
    "action": gettext_lazy("动作"), "added": gettext_lazy("新增"), "alarm": gettext_lazy("预警编号"),
    "answers": gettext_lazy("答复"), "b": gettext_lazy("对方"), "batch": gettext_lazy("批次"), "bundle": gettext_lazy("成组"),
    "by": gettext_lazy("方式"), "bytes": gettext_lazy("字节"), "case": gettext_lazy("案件"), "charge": gettext_lazy("责任"),
    "clock": gettext_lazy("时限"), "clocks": gettext_lazy("时限"), "kept": gettext_lazy("保留件数"), "cn": gettext_lazy("命令编码"), "days": gettext_lazy("天数"),
    "done": gettext_lazy("完成"), "drawn": gettext_lazy("抽中"), "due": gettext_lazy("期限"),
    "duplicates": gettext_lazy("重复事项"), "effect": gettext_lazy("效果"), "entered": gettext_lazy("列入"),
    "failures": gettext_lazy("失败次数"), "frames": gettext_lazy("报文"), "given": gettext_lazy("交出"),
    "given_back": gettext_lazy("交还"), "into": gettext_lazy("并入"), "item": gettext_lazy("项目"), "items": gettext_lazy("项数"),
    "job": gettext_lazy("任务"), "keys": gettext_lazy("密钥"), "leaves": gettext_lazy("离岗"), "left": gettext_lazy("退出"),
    "length": gettext_lazy("长度"), "level": gettext_lazy("等级"), "lines": gettext_lazy("明细"), "list": gettext_lazy("清单"),
    "marks": gettext_lazy("得分"), "matters": gettext_lazy("事项"), "mn": gettext_lazy("设备编码（MN）"),
    "moves": gettext_lazy("变动"), "note": gettext_lazy("说明"), "now": gettext_lazy("此次地址"), "number": gettext_lazy("编号"),
    "object": gettext_lazy("对象"), "of": gettext_lazy("总数"), "ok": gettext_lazy("已入库"), "on": gettext_lazy("日期"),
    "organisation": gettext_lazy("单位"), "password_set": gettext_lazy("重设密码"), "person": gettext_lazy("人员"),
    "pieces": gettext_lazy("份数"), "problems": gettext_lazy("发现"), "question": gettext_lazy("问题"),
    "questions": gettext_lazy("问题数"), "reverses": gettext_lazy("冲正"), "role": gettext_lazy("岗位"),
    "round": gettext_lazy("轮次"), "rule": gettext_lazy("规则"), "scores": gettext_lazy("得分"),
    "secrets_set": gettext_lazy("重设口令"), "seed": gettext_lazy("随机数种子"), "sha256": gettext_lazy("文件摘要"),
    "sign_on": gettext_lazy("统一登录"), "since": gettext_lazy("自"), "state": gettext_lazy("状态"),
    "subject": gettext_lazy("对象"), "succession": gettext_lazy("变更"), "text": gettext_lazy("内容"),
    "through": gettext_lazy("至报文"), "title": gettext_lazy("标题"), "to": gettext_lazy("交给"),
    "told": gettext_lazy("已通知"), "undone": gettext_lazy("已撤销"), "unit": gettext_lazy("单位（时长）"),
    "cells": gettext_lazy("网格"), "entry": gettext_lazy("记录"), "format": gettext_lazy("格式"), "log": gettext_lazy("台账"),
    "price": gettext_lazy("单价"), "ratings": gettext_lazy("等级"), "repair": gettext_lazy("信用修复"),
    "total": gettext_lazy("金额"), "year": gettext_lazy("年度"),
    "fields": gettext_lazy("字段"), "party": gettext_lazy("当事人"), "open": gettext_lazy("在办"),
    "until": gettext_lazy("至"), "who": gettext_lazy("责任人"), "why": gettext_lazy("结论"),
}  # fmt: skip


def _named(name: str, kind: str = "") -> str:
    """What a detail is called: by the list above, or as the changed thing's own field."""
    if name in WORDS:
        return str(WORDS[name])
    if kind.count(".") == 1:
        with suppress(LookupError, FieldDoesNotExist):
            field = apps.get_model(kind)._meta.get_field(name)
            # What stands in a table of its own has no name as a field: that of its rows.
            named = field.related_model._meta if field.auto_created else field
            return _(str(named.verbose_name))
    return name


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


def _text(name: str, value: Any, kind: str = "") -> str:
    if measured := shapes.in_words(name, value):
        return measured
    match value:
        case None | "":
            return "—"
        case bool():
            return _("是") if value else _("否")
        case dict():
            if "text" in value:
                return str(value["text"])
            parts = ((_named(k, kind), _text(k, v, kind)) for k, v in value.items() if v != "")
            return _("，").join(f"{called} {text}" for called, text in parts)
        case list() | tuple():
            return _("、").join(_text(name, v, kind) for v in value) or "—"
    return str(value)


# Details that are words of the house: the names of books and of clocks.
_WORDS = frozenset({"listing", "clock", "clocks"})
# Details that hold the key of a declared book or kind of document.
_KEYS = frozenset({"kind", "listing", "register", "log", "list"})


def _declared_as(key: str) -> str:
    labels = {document.key: document.label for document in all_documents()}
    labels |= {listing.key: str(listing.label) for listing in all_listings()}
    return _(labels.get(key, key))


def _details(said: dict[str, Any], kind: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (_named(n, kind), _text(n, _in_words(n, value), kind)[:300]) for n, value in said.items()
    )


def _in_words(name: str, value: Any) -> Any:
    """The value of a detail, in the reader's language where it is a word of the house; for a key of a book or of a kind of
    document what that is called."""
    if isinstance(value, str) and name in _KEYS:
        return _declared_as(value)
    if name not in _WORDS:
        return value
    return [_(str(one)) for one in value] if isinstance(value, list) else _(str(value or ""))


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
            | _about(words)
        )
    if action := query.get("action", ""):
        rows = rows.filter(action=action)
    return _between(rows, query)


def _about(words: str) -> Q:
    """Entries about things and work that go by ``words``; not by what a matter of restricted circulation is called."""
    held: dict[str, list[int]] = defaultdict(list)
    found = index.holding(words.lower()).order_by()
    for kind, target in found.values_list("kind", "target")[:NAMED]:
        held[kind].append(target)
    condition = Q(pk__in=[])
    for kind, keys in held.items():
        model = index.MODELS[kind]
        if model is Matter:
            told = ~Q(circulation__in=NARROW) | Q(number__icontains=words)
            rows = Matter.objects.filter(told, pk__in=keys).order_by()
            keys = list(rows.values_list("pk", flat=True))
        labels = [m._meta.label_lower for m in apps.get_models() if issubclass(m, model)]
        condition |= Q(object_type__in=labels, object_id__in=[str(key) for key in keys])
    return condition


def _between(rows: QuerySet[Any], query: Any) -> QuerySet[Any]:
    first, last = asked.day(query.get("from", "")), asked.day(query.get("to", ""))
    if first:
        rows = rows.filter(at__gte=times.midnight(first))
    return rows.filter(at__lt=times.midnight(last + timedelta(1))) if last else rows


def _lines_of_entries(person: Person, entries: Sequence[AuditEntry]) -> list[Line]:
    names, secrets = _names(entries), _secrets_of(person, entries)
    return [
        Line(
            entry.at,
            entry.person.name if entry.person else _("系统"),
            str(entry.person.organisation or "") if entry.person else "",
            entry.deputy.name if entry.deputy else "",
            action_name(entry.action),
            _without(
                names.get((entry.object_type, entry.object_id), ""), secrets.get(entry.pk, ())
            ),
            tuple(
                (name, _without(text, secrets.get(entry.pk, ())))
                for name, text in _details(entry.details, entry.object_type)
            ),
            entry.address,
            SYSTEM,
            entry.pk,
        )
        for entry in entries
    ]


def _secrets_of(person: Person, entries: Iterable[AuditEntry]) -> dict[int, tuple[str, ...]]:
    """By entry what the book of its matter, or of the matter whose file it is about, hides from ``person``."""
    about: dict[int, int] = {}
    files: dict[int, int] = {}
    for entry in entries:
        key = asked.number(entry.object_id)
        if key is None or entry.object_type.count(".") != 1:
            continue
        model = apps.get_model(entry.object_type)
        if issubclass(model, Matter):
            about[entry.pk] = key
        elif model is Evidence:
            files[entry.pk] = key
    rows = Evidence.objects.filter(pk__in=set(files.values())).values_list("pk", "matter_id")
    matter_of = dict(rows)
    about |= {pk: matter_of[key] for pk, key in files.items() if key in matter_of}
    secrets = _secrets(person, Matter.objects.filter(pk__in=set(about.values())))
    return {pk: secrets[key] for pk, key in about.items() if key in secrets}


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
            there = {
                str(row.pk): _called(row) for row in model._default_manager.filter(pk__in=keys)
            }
        for key in keys:
            names[kind, key] = f"{_(label)} {there.get(key, '#' + key)}"
    return names


def _called(row: Any) -> str:
    """What a row is called; a matter of restricted circulation by its number alone, and so what hangs on it."""
    matter = row if isinstance(row, Matter) else getattr(row, "matter", None)
    if isinstance(matter, Matter) and matter.circulation in NARROW:
        return matter.number
    return str(row)


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
            | Q(matter__title__icontains=words) & ~Q(matter__circulation__in=NARROW)
        )
    return _between(rows, query).order_by("-at", "-pk")


def _lines_of_events(person: Person, events: Sequence[Event]) -> Iterator[Line]:
    """The steps as ``person`` may read them: what a book hides from him is told neither under its name nor in other texts."""
    secrets = _secrets(person, (event.matter for event in events))
    for event in events:
        yield _line_of_event(person, event, secrets.get(event.matter_id, ()))


def _secrets(person: Person, matters: Iterable[Matter]) -> dict[int, tuple[str, ...]]:
    """By matter the short values that its book hides from ``person``: one query a book."""
    asked: dict[str, set[int]] = defaultdict(set)
    for matter in matters:
        asked[matter.register].add(matter.pk)
    found = {}
    for key, keys in asked.items():
        register = register_of(key) if has_register(key) else None
        if register is None:
            continue
        hidden = [
            name
            for name in register.hidden
            if not register.is_open(name, person) and register.derive.column(name).kind is Kind.TEXT
        ]
        if hidden:
            rows = register.model._default_manager.filter(pk__in=keys)
            for pk, *values in rows.values_list("pk", *hidden):
                found[pk] = tuple(str(v) for v in values if v and len(str(v)) > 1)
    return found


def _without(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "［…］")
    return text


def _line_of_event(person: Person, event: Event, secrets: tuple[str, ...]) -> Line:
    matter = event.matter
    register = register_of(matter.register) if has_register(matter.register) else None
    hidden = matter.circulation in NARROW
    about = matter.number if hidden else f"{matter.number} {matter.title}"
    details: list[tuple[str, str]] = []
    if event.from_state != event.to_state and register is not None:
        labels = {s.name: _(str(s.label)) for s in register.workflow.states}
        moved = (labels.get(event.from_state, ""), labels.get(event.to_state, event.to_state))
        details.append((_("状态"), " → ".join(filter(None, moved))))
    if not hidden:
        if event.note:
            details.append((_("说明"), event.note[:300]))
        details += _said(register, event, person)
    if event.evidence:
        details.append((_("证据"), numbered("%d 份", len(event.evidence)) % len(event.evidence)))
    return Line(
        event.at,
        event.person.name if event.person else _("系统"),
        str(event.person.organisation or "") if event.person else "",
        event.deputy.name if event.deputy else "",
        timeline.done(event),
        _without(about, secrets),
        tuple((name, _without(text, secrets)) for name, text in details),
        "",
        MATTERS,
        event.pk,
    )


def _said(register: Register | None, event: Event, person: Person) -> list[tuple[str, str]]:
    """What was filled in, under the labels of its form."""
    if register is None:
        return []
    known: dict[str, Ask] = {ask.name: ask for ask in (*register.fields, *register.batch)}
    if register.workflow.has_transition(event.transition):
        way = register.workflow.transition(event.transition)
        known |= {ask.name: ask for ask in register.asks_of(way)}
    told = []
    for name, value in event.form.items():
        stored = (known[name].stores if name in known else None) or name
        if isinstance(value, dict):
            value = {k: v for k, v in value.items() if register.is_open(k, person)}
        if value in (None, "", [], {}) or not register.is_open(stored, person):
            continue
        # A table's own columns may name whom the book hides.
        if name not in known and register.hidden and register.said_openly is not None:
            continue
        if name in known:
            told.append(
                (
                    _(str(known[name].label)),
                    timeline.said_text(known[name], value, register.model)[:300],
                )
            )
        else:
            told.append((_named(name, event.matter._meta.label_lower), _text(name, value)[:300]))
    return told


# -- together ------------------------------------------------------------------------------------------


class _Both:
    """Entries and events as one sequence, the newest first; a slice reads no more than it must."""

    def __init__(self, person: Person, query: Any) -> None:
        self.person = person
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
        lines = [
            *_lines_of_entries(self.person, list(entries)),
            *_lines_of_events(self.person, list(events)),
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
