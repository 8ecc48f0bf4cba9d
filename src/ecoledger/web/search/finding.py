"""Finding any page, entity, point, alarm, filing, matter or document by what a person types.

Name, initials of its pinyin, former name, code, number or a part of them. Only what the person may see is
found: a number outside their scope answers like one that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Case, IntegerField, Q, Value, When
from django.db.models.functions import StrIndex
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF
from ecoledger.accounts.scope import within
from ecoledger.entities import inventory
from ecoledger.entities.models import Area, Entity
from ecoledger.listings import asked
from ecoledger.listings.pinyin import initials
from ecoledger.matters.models import Matter
from ecoledger.matters.register import register_of, state_of, visible_matters
from ecoledger.matters.seeing import answered_for
from ecoledger.monitoring.alarm_book import ALARMS
from ecoledger.monitoring.filing_book import FILINGS
from ecoledger.monitoring.models import Alarm, Filing, Point
from ecoledger.reports import visible
from ecoledger.web import navigation
from ecoledger.web.models import Opened, SearchEntry
from ecoledger.web.search import index, signs

Kind = SearchEntry.Kind
# Entries looked at for one question, of each way of finding.
CANDIDATES = 40
# Rows shown of each sort, and of all.
EACH, MOST = 7, 24
# Matters given from outside one's own area that are looked through.
MOST_GIVEN = 500
LATEST = 7
# What the trade writes -> what our pages call it.
SAME = {
    "nh3-n": "氨氮",
    "cod": "化学需氧量",
    "nmhc": "非甲烷总烃",
    "tp": "总磷",
    "tn": "总氮",
    "烟尘": "颗粒物",
}


@dataclass(frozen=True)
class Hit:
    """One thing found, as shown."""

    kind: str
    label: SafeString
    url: str
    where: str = ""
    plain: str = ""


@dataclass(frozen=True)
class Group:
    """Hits under one heading."""

    label: str
    hits: tuple[Hit, ...]


def find(person: Person, typed: str) -> list[Group]:
    """What ``typed`` finds for ``person``: exact number, entities, work in hand, points, pages, the rest."""
    typed = typed.strip()[:60]
    if not typed:
        return []
    words = [typed.lower()]
    if (name := SAME.get(words[0])) is not None:
        words.append(name)
    entries = _ordered(_candidates(person, words), words[0])
    by_kind: dict[str, list[int]] = {}
    for entry in entries:
        by_kind.setdefault(entry.kind, []).append(entry.target)
    matters = list(_matters(person, by_kind.get(Kind.MATTER, []), typed))
    exact = [hit for hit, matter in matters if _is_exactly(matter, typed)]
    in_hand = [h for h, m in matters if m.phase == "open" and h not in exact]
    closed = [h for h, m in matters if m.phase != "open" and h not in exact]
    things, points = by_kind.get(Kind.ENTITY, []), by_kind.get(Kind.POINT, [])
    groups = [
        Group(_("编号"), tuple(exact)),
        Group(_("对象"), tuple(_entities(things, typed))),
        Group(_("在办事项"), tuple(in_hand)),
        Group(_("监测点"), tuple(_points(points, typed))),
        Group(_("预警"), tuple(_alarms(person, points, typed))),
        Group(_("停运申报"), tuple(_filings(person, things, points, typed))),
        Group(_("页面"), tuple(_pages(person, typed))),
        Group(_("文书"), tuple(_documents(person, by_kind.get(Kind.DOCUMENT, []), typed))),
        Group(_("已结事项"), tuple(closed)),
    ]
    return [Group(g.label, g.hits[:EACH]) for g in groups if g.hits]


def _candidates(person: Person, words: list[str]) -> Iterator[SearchEntry]:
    """Entries in scope that begin with the words, by index; then those that hold them anywhere."""
    in_scope = within(person, "area_code", "enterprise_code")
    if person.has_role(*STAFF):
        # What one answers for outside one's area; who may know of it is asked when the matters are read.
        given = Matter.objects.filter(answered_for(person)).order_by()
        keys = list(given.values_list("pk", flat=True)[:MOST_GIVEN])
        in_scope |= Q(kind=Kind.MATTER, target__in=keys)
    scope = SearchEntry.objects.filter(in_scope)
    seen: set[int] = set()
    exact = False
    for word in words:
        ways = [_begins("name", word), _begins("initials", word), _begins("code", word.upper())]
        if (serial := asked.number(word)) is not None and len(word) < 9:
            ways.insert(0, Q(serial=serial))
        for way in ways:
            for entry in scope.filter(way)[:CANDIDATES]:
                exact = exact or entry.code.lower() == word
                if entry.pk not in seen:
                    seen.add(entry.pk)
                    yield entry
        # Who types a whole number wants what bears it, not what mentions it. One Latin letter is in everything.
        if (len(word) > 1 or not word.isascii()) and len(seen) < CANDIDATES and not exact:
            # The words first: that few hold them is sooner said than where each entry lies.
            held = index.holding(word).filter(in_scope)
            for entry in held[: CANDIDATES * 2]:
                if entry.pk not in seen:
                    seen.add(entry.pk)
                    yield entry


def _begins(field: str, word: str) -> Q:
    """A prefix as a range, which every database answers from its index."""
    return Q(**{f"{field}__gte": word, f"{field}__lt": word + "\uffff"})


def _ordered(entries: Iterable[SearchEntry], word: str) -> list[SearchEntry]:
    """Whole names and codes first, then what begins with the word, then what holds it in its own name, then what
    belongs to such."""

    def rank(entry: SearchEntry) -> tuple[bool, bool, bool, int]:
        known = {entry.name.lower(), entry.code.lower(), entry.initials}
        begins = any(text.startswith(word) for text in known)
        holds = any(word in text for text in known)
        return (word not in known, not begins, not holds, len(entry.name))

    return sorted(entries, key=rank)


def _as_found(targets: list[int]) -> Case:
    """Rows in the order in which they were found."""
    return Case(
        *(When(pk=pk, then=Value(n)) for n, pk in enumerate(targets)),
        output_field=IntegerField(),
    )


def _areas(codes: Iterable[str]) -> dict[str, str]:
    return dict(Area.objects.filter(code__in=set(codes)).values_list("code", "name"))


def _entities(targets: list[int], typed: str) -> Iterator[Hit]:
    if not targets:
        return
    rows = list(Entity.objects.filter(pk__in=targets).order_by(_as_found(targets))[:EACH])
    names = _areas(row.area_code for row in rows)
    for row in rows:
        kind = _(inventory.label_of(row.kind))
        where = " · ".join(filter(None, (names.get(row.area_code, ""), _state_of(row))))
        yield Hit(kind, marked(row.name, typed), entity_url(row), where, row.name)


def _state_of(entity: Entity) -> str:
    return "" if entity.active else _("停用")


def entity_url(entity: Entity) -> str:
    """Where an entity's file is."""
    if entity.kind == "enterprise":
        return reverse("enterprise", args=[entity.pk])
    return reverse("entity", args=[entity.pk])


def _points(targets: list[int], typed: str) -> Iterator[Hit]:
    if not targets:
        return
    rows = list(Point.objects.filter(pk__in=targets).order_by(_as_found(targets))[:EACH])
    names = _areas(row.area_code for row in rows)
    for row in rows:
        where = names.get(row.area_code, "")
        kind = _(str(row.get_kind_display()))
        yield Hit(kind, marked(row.name, typed), reverse("station", args=[row.pk]), where, row.name)


def _alarms(person: Person, points: list[int], typed: str) -> Iterator[Hit]:
    """The alarm of a number, and those of the points that were found: what goes on first, then the newest."""
    called = Q(point__in=points[:EACH]) if points else Q()
    number = asked.number(typed.removeprefix("#"))
    if number is not None:
        called |= Q(pk=number)
    if not called:
        return
    rows = ALARMS.visible_to(person).filter(called)
    runs_last = Case(When(state=Alarm.State.OPEN, then=0), default=1)
    for row in rows.order_by(runs_last, "-begin")[:EACH]:
        begun = f"{timezone.localtime(row.begin):%m-%d %H:%M}"
        where = " · ".join((f"#{row.pk}", _(str(row.get_state_display())), begun))
        kind = f"{_(str(row.get_level_display()))}{_('预警')}"
        yield Hit(kind, marked(row.text, typed), ALARMS.url_of(row), where, row.text)


def _filings(person: Person, things: list[int], points: list[int], typed: str) -> Iterator[Hit]:
    """The filing of a number, and those of the things and points that were found."""
    called = Q(entity__in=things[:EACH]) | Q(point__in=points[:EACH])
    number = asked.number(typed.removeprefix("#"))
    if number is not None:
        called |= Q(pk=number)
    rows = FILINGS.visible_to(person).filter(called).order_by("-begin")
    for row in rows[:EACH]:
        title = f"{row.entity} {_(str(row.get_kind_display()))}"
        begun = f"{timezone.localtime(row.begin):%m-%d %H:%M}"
        where = " · ".join((f"#{row.pk}", _(str(Filing.Standing(row.standing).label)), begun))
        yield Hit(_("停运申报"), marked(title, typed), FILINGS.url_of(row), where, title)


def _matters(person: Person, targets: list[int], typed: str) -> Iterator[tuple[Hit, Matter]]:
    if not targets:
        return
    found = visible_matters(person).filter(pk__in=targets).order_by(_as_found(targets))
    rows = list(found[: EACH * 3])
    names = _areas(row.area_code for row in rows)
    for row in rows:
        where = " · ".join(
            filter(None, (names.get(row.area_code, ""), _(str(state_of(row).label))))
        )
        url = reverse("matter", args=[row.register, row.pk])
        label = format_html("{} {}", marked(row.number, typed), marked(row.title, typed))
        register = register_of(row.register)
        yield Hit(_(str(register.label)), label, url, where, f"{row.number} {row.title}"), row


def _is_exactly(matter: Matter, typed: str) -> bool:
    return typed == matter.number or (typed.isdigit() and f"〕{typed}号" in matter.number)


def _documents(person: Person, targets: list[int], typed: str) -> Iterator[Hit]:
    if not targets or not person.may("see_documents"):
        return
    rows = visible.documents(person).filter(pk__in=targets).order_by(_as_found(targets))
    for row in rows[:EACH]:
        title = f"{row.number} {row}"
        url = reverse("document", args=[row.pk])
        yield Hit(
            _("文书"),
            marked(title, typed),
            url,
            f"{timezone.localdate(row.issued_at):%m-%d}",
            title,
        )


def _pages(person: Person, typed: str) -> Iterator[Hit]:
    word = typed.lower()
    known: set[str] = set()
    for label, url in navigation.all_pages(person):
        if url not in known and (word in label.lower() or initials(label).startswith(word)):
            known.add(url)
            yield Hit(_("页面"), marked(label, typed), url, "", label)


def marked(text: str, typed: str) -> SafeString:
    """``text`` with what was typed in it marked."""
    at = text.lower().find(typed.lower())
    if at < 0:
        return escape(text)
    end = at + len(typed)
    return format_html("{}<mark>{}</mark>{}", text[:at], text[at:end], text[end:])


def nearest(person: Person, typed: str) -> str:
    """A name that sounds the same, for what was mistyped; empty without one."""
    first = initials(typed)
    if len(first) < 2 or typed.isascii():
        return ""
    # Names of places alone: that a matter or a document of this title is there is not for everybody to know.
    scope = SearchEntry.objects.filter(
        within(person, "area_code", "enterprise_code"), kind__in=(Kind.ENTITY, Kind.POINT)
    )
    entry = scope.filter(initials=first).first()
    if entry is None:
        # One character wrong: the same beginning and the same end.
        near = scope.filter(signs.may_hold(typed[-2:].lower()) or Q()).alias(
            head=StrIndex("name", Value(typed[:1])), tail=StrIndex("name", Value(typed[-2:]))
        )
        entry = near.filter(head__gt=0, tail__gt=0).first()
    return entry.name if entry else ""


def lately(person: Person) -> list[Hit]:
    """What the person opened from the search last."""
    return [
        Hit("", escape(row.label), row.url, "", row.label)
        for row in Opened.objects.filter(person=person).order_by("-at")[:LATEST]
    ]


__all__ = ["Group", "Hit", "entity_url", "find", "lately", "nearest"]
