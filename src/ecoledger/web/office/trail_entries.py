"""Entries of the audit trail as lines of the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.models import AuditEntry, Person
from ecoledger.listings import asked
from ecoledger.matters.models import NARROW, Evidence, Matter
from ecoledger.web import scoped
from ecoledger.web.audited import action_name
from ecoledger.web.office.trail_words import (
    SYSTEM,
    Line,
    between,
    details_of,
    hidden_values,
    without,
)
from ecoledger.web.search import index

NAMED = 300  # things that one search by name may mean


def entries_for(person: Person, query: Any) -> QuerySet[AuditEntry]:
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
    return between(rows, query)


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


def lines_of_entries(person: Person, entries: Sequence[AuditEntry]) -> list[Line]:
    names, secrets = _names(entries), _secrets_of(person, entries)
    return [
        Line(
            entry.at,
            entry.person.name if entry.person else _("系统"),
            str(entry.person.organisation or "") if entry.person else "",
            entry.deputy.name if entry.deputy else "",
            action_name(entry.action),
            without(names.get((entry.object_type, entry.object_id), ""), secrets.get(entry.pk, ())),
            tuple(
                (name, without(text, secrets.get(entry.pk, ())))
                for name, text in details_of(entry.details, entry.object_type)
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
    secrets = hidden_values(person, Matter.objects.filter(pk__in=set(about.values())))
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
