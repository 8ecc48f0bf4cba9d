"""小微企业污染源数字画像 (mechanism E17): tags and a risk score of each firm, every point with what it rests on.

A score adds points by rules that are data (``data/portrait.toml``): so many for each complaint, each late problem, each
waste kept too long. What a person may not see is not counted for him and said so; what nobody measures is no data, never
nought.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import visible, within
from ecoledger.books import account as accounts
from ecoledger.books.models import Holding
from ecoledger.entities.file import PERMIT
from ecoledger.entities.models import Enterprise, Identifier
from ecoledger.listings import own_data, own_files
from ecoledger.listings.parts import Text
from ecoledger.matters.register import OPEN_WORK, register_of
from ecoledger.monitoring.models import Alarm, Point
from ecoledger.registers.credit.ratings import RATINGS, holding
from ecoledger.registers.enforcement.credit_entries import CREDIT
from ecoledger.registers.waste.hazardous_waste import HAZARDOUS
from ecoledger.standards.rounding import plainly

# Why a source says nothing of a firm.
NOT_OPEN = noop("您的岗位看不到这项数据")
# What counts how often of a colour.
COLOURS = {"yellow": 1, "red": 2, "black": 3}


@dataclass(frozen=True, slots=True)
class Rule:
    """One item of the score."""

    key: str
    label: str
    source: str
    each: Decimal
    most: Decimal
    days: int
    tag: str
    tag_from: int


@dataclass(frozen=True, slots=True)
class Level:
    """A grade of risk and the least score that earns it."""

    key: str
    label: str
    least: Decimal


@dataclass(frozen=True, slots=True)
class Seen:
    """What a source says of a firm: how many; ``None`` where there are no data, with why.

    All firms are counted before the first page is shown: words are made where somebody reads them.
    """

    count: int | None
    says: str | Callable[[], str]
    url: str = ""

    @property
    def text(self) -> str:
        return self.says() if callable(self.says) else self.says


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the explanation: the rule, what was seen, and its points (``None``: not counted)."""

    rule: Rule
    seen: Seen
    points: Decimal | None

    @property
    def worth(self) -> str:
        """Its points as they are read; "" where none are counted."""
        return "" if self.points is None else plainly(self.points)

    @property
    def how(self) -> str:
        """The arithmetic in words."""
        if self.points is None:
            return _("不计分")
        said = {"n": self.seen.count, "each": self.rule.each, "most": self.rule.most}
        return _("%(n)s × %(each)s，最高 %(most)s") % said


@dataclass(frozen=True, slots=True)
class Portrait:
    """A firm with what was seen of it by each rule, the sum of the points, its level and its tags.

    ``level``: ``None`` where too few items have data to say that nothing is wrong; points that were found speak anyway.
    """

    firm: Enterprise
    seen: tuple[tuple[Rule, Seen], ...]
    score: Decimal
    level: Level | None

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(Line(rule, seen, _points(rule, seen)) for rule, seen in self.seen)

    @property
    def worth(self) -> str:
        """The score as it is read."""
        return plainly(self.score)

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(
            rule.tag
            for rule, seen in self.seen
            if seen.count is not None and seen.count >= rule.tag_from
        )

    @property
    def missing(self) -> int:
        """How many items have no data."""
        return sum(seen.count is None for _rule, seen in self.seen)


MOST_POINTS = 100_000
# What a rule's numbers lie between: a period of at most a hundred years.
_BOUNDS = (
    ("days", 0, 36_500),
    ("each", 0, MOST_POINTS),
    ("most", 0, MOST_POINTS),
    ("tag_from", 0, MOST_POINTS),
)


# ---- rules ---------------------------------------------------------------------------------------


def _wrong(said: dict[str, Any]) -> list[str]:
    """What is wrong with rules that are written as the shipped ones are."""
    wrong = [
        _("第 %(n)d 项：没有数据来源“%(source)s”") % {"n": n, "source": row.get("source", "")}
        for n, row in enumerate(said["rule"], 1)
        if row.get("source") not in SOURCES
    ]
    for n, row in enumerate(said["rule"], 1):
        for name, least, most in _BOUNDS:
            # Written so that what is no number is outside as well.
            if not least <= row[name] <= most:
                words = {"n": n, "name": name, "least": least, "most": most}
                wrong.append(_("第 %(n)d 项：%(name)s 应在 %(least)s 到 %(most)s 之间") % words)
    bounds = [row["from"] for row in said["level"]]
    if not 0 <= said["least_share"] <= 1:
        wrong.append(_("least_share 应在 0 到 1 之间"))
    if not all(-MOST_POINTS <= bound <= MOST_POINTS for bound in bounds):
        wrong.append(_("风险等级的 from 应在 %(least)s 到 %(most)s 之间") % {
            "least": -MOST_POINTS, "most": MOST_POINTS,
        })  # fmt: skip
    elif not bounds or bounds != sorted(bounds, reverse=True) or bounds[-1] > 0:
        wrong.append(_("风险等级要从高到低，最低一级的 from 写 0"))
    return wrong


def rules() -> tuple[Rule, ...]:
    """The rules in force."""
    return tuple(
        Rule(
            row["key"], row["label"], row["source"], Decimal(str(row["each"])), Decimal(str(row["most"])),
            int(row["days"]), row["tag"], int(row["tag_from"]),
        )
        for row in _said()["rule"]
    )  # fmt: skip


def levels() -> tuple[Level, ...]:
    """The grades of risk, worst first."""
    return tuple(Level(r["key"], r["label"], Decimal(str(r["from"]))) for r in _said()["level"])


def least_share() -> float:
    """Of how many of the items there must be data before a firm is called the least risk."""
    return float(_said().get("least_share", 0))


def mark() -> str:
    """How sure the weights are."""
    return str(_said()["mark"])


def _said() -> dict[str, Any]:
    return own_data.read(__package__, "portrait")


# ---- sources -------------------------------------------------------------------------------------

# Firms by key, who asks, from which moment on, the moment: what is seen of each.
Source = Callable[[Mapping[int, Enterprise], Person, datetime, datetime], dict[int, Seen]]


def _counted(words: Text, count: int) -> str:
    return _(str(words)) % count


def _until(last: date) -> str:
    return _("有效期至 %s") % f"{last:%Y-%m-%d}"


def _stored(count: int) -> str:
    return _("%(n)d 种废物贮存超过 %(days)d 天") % {"n": count, "days": HAZARDOUS.longest_days}


def _none(firms: Iterable[int], why: str) -> dict[int, Seen]:
    return dict.fromkeys(firms, Seen(None, why))


def _permits(
    firms: Mapping[int, Enterprise], person: Person, since: datetime, now: datetime
) -> dict[int, Seen]:
    """Whether the permit still holds; of a firm whose permit is not on file nothing is said."""
    if not person.may("see_monitoring"):
        return _none(firms, _(NOT_OPEN))
    today = timezone.localdate(now)
    rows = Identifier.objects.filter(scheme=PERMIT, entity__in=firms).order_by()
    ends = dict(rows.exclude(until=None).values_list("entity").annotate(Max("until")))
    # One without an end holds on, whatever ended before it.
    endless = set(rows.filter(until=None).values_list("entity", flat=True))
    result = {}
    for key, firm in firms.items():
        last: date | None = None if key in endless else ends.get(key)
        if last is not None:
            result[key] = Seen(int(last < today), partial(_until, last), f"/entities/{key}")
        elif key in endless or firm.permit_no:
            result[key] = Seen(None, _("许可证没有登记有效期"), f"/entities/{key}")
        else:
            result[key] = Seen(None, _("没有登记排污许可证"), f"/entities/{key}")
    return result


def _waste(
    firms: Mapping[int, Enterprise], person: Person, since: datetime, now: datetime
) -> dict[int, Seen]:
    """Wastes that lie in store for longer than the law allows."""
    if not person.may(HAZARDOUS.see):
        return _none(firms, _(NOT_OPEN))
    today, found = timezone.localdate(now), _none(firms, _("没有危险废物台账"))
    held = Holding.objects.filter(
        within(person), book=HAZARDOUS.key, entity__in=firms, outside=False
    )
    late: dict[int, int] = {}
    for row, old in accounts.all_held_longer(held, today, HAZARDOUS.longest_days):
        assert row.entity_id is not None  # noqa: S101  asked for by firm
        late.setdefault(row.entity_id, 0)
        if row.balance and old > 0:
            late[row.entity_id] += 1
    for key, count in late.items():
        found[key] = Seen(count, partial(_stored, count), f"{HAZARDOUS.url}/holdings?about={key}")
    return found


def _of_points(power: bool) -> Source:
    def source(
        firms: Mapping[int, Enterprise], person: Person, since: datetime, now: datetime
    ) -> dict[int, Seen]:
        if not person.may("see_monitoring"):
            return _none(firms, _(NOT_OPEN))
        by_code = {firm.code: key for key, firm in firms.items()}
        points = visible(Point.objects.filter(enabled=True), person, "area_code", "owner_code")
        points = (
            points.filter(kind=Point.Kind.POWER) if power else points.exclude(kind=Point.Kind.POWER)
        )
        watched = set(
            points.filter(owner_code__in=by_code).order_by().values_list("owner_code", flat=True)
        )
        alarms = visible(Alarm.objects.filter(point__in=points), person, "area_code", "owner_code")
        counted = dict(
            alarms.filter(owner_code__in=by_code, begin__gte=since)
            .exclude(state__in=Alarm.QUIET)
            .order_by()
            .values_list("owner_code")
            .annotate(Count("pk"))
        )
        why = _("没有用电监控") if power else _("没有在线监测")
        found = _none(firms, why)
        for code in watched:
            count, key = counted.get(code, 0), by_code[code]
            told = partial(_counted, noop("预警 %d 条"), count)
            found[key] = Seen(count, told, f"/entities/{key}?tab=data")
        return found

    return source


def _of_matters(
    register: str, words: Text, narrow: Callable[[Any, datetime, datetime], Any]
) -> Source:
    """Matters of a register about a firm, as far as they may be seen."""

    def source(
        firms: Mapping[int, Enterprise], person: Person, since: datetime, now: datetime
    ) -> dict[int, Seen]:
        book = register_of(register)
        if not person.may(book.see):
            return _none(firms, _(NOT_OPEN))
        rows = book.visible_to(person).filter(enterprise__in=firms, merged_into=None)
        counted = dict(
            narrow(rows, since, now).order_by().values_list("enterprise").annotate(Count("pk"))
        )
        return {
            key: Seen(n, partial(_counted, words, n), f"{book.url}?about={key}")
            for key in firms
            for n in (counted.get(key, 0),)
        }

    return source


def _penalties(
    firms: Mapping[int, Enterprise], person: Person, since: datetime, now: datetime
) -> dict[int, Seen]:
    """Penalties in the book of credit that are public still."""
    if not person.may(CREDIT.see):
        return _none(firms, _(NOT_OPEN))
    today = timezone.localdate(now)
    rows = CREDIT.visible_to(person).filter(
        entity__in=firms, withdrawn_on=None, repaired_on=None, public_until__gte=today,
        decided_on__gte=timezone.localdate(since),
    )  # fmt: skip
    counted = dict(rows.order_by().values_list("entity").annotate(Count("pk")))
    return {
        key: Seen(n, partial(_counted, noop("公示中的处罚 %d 件"), n), f"{CREDIT.url}?about={key}")
        for key in firms
        for n in (counted.get(key, 0),)
    }


def _credit(
    firms: Mapping[int, Enterprise], person: Person, since: datetime, now: datetime
) -> dict[int, Seen]:
    """The level of credit that holds."""
    if not person.may(RATINGS.see):
        return _none(firms, _(NOT_OPEN))
    rows = RATINGS.visible_to(person).filter(holding(timezone.localdate(now)), entity__in=firms)
    found = _none(firms, _("没有参加信用评价"))
    for row in rows.order_by("since", "pk"):
        found[row.entity_id] = Seen(COLOURS.get(row.colour, 0), _(row.level), RATINGS.url_of(row))
    return found


SOURCES: dict[str, Source] = {
    "permit": _permits,
    "waste": _waste,
    "power": _of_points(power=True),
    "alarms": _of_points(power=False),
    "complaints": _of_matters(
        "complaint", noop("投诉 %d 件"), lambda rows, since, now: rows.filter(opened_at__gte=since)
    ),
    "problems": _of_matters(
        "problem", noop("超期未整改 %d 件"),
        lambda rows, since, now: rows.filter(OPEN_WORK, deadline__lt=timezone.localdate(now)),
    ),
    "self_checks": _of_matters(
        "self_check", noop("未按期自查 %d 次"),
        lambda rows, since, now: rows.filter(
            state="sent", answer_by__lt=timezone.localdate(now), opened_at__gte=since
        ),
    ),
    "penalties": _penalties,
    "credit": _credit,
}  # fmt: skip
own_files.declare(
    own_files.Rules("ecoledger.indicators", "portrait", "小微企业画像计分和标签", wrong=_wrong)
)


# ---- portraits -----------------------------------------------------------------------------------


def small_firms(person: Person, *, every: bool = False) -> Any:
    """The firms that a person may see; without ``every`` the small ones alone: those that are no key firms."""
    rows = visible(Enterprise.objects.filter(until=None), person, "area_code", "code")
    return rows if every else rows.filter(is_key=False)


def portraits(firms: Sequence[Enterprise], person: Person, now: datetime) -> list[Portrait]:
    """A portrait of each firm, as ``person`` may have it; the highest score first."""
    by_key = {firm.pk: firm for firm in firms}
    in_force, grades, share = rules(), levels(), least_share()
    seen = {}
    for rule in in_force:
        since = now - timedelta(days=rule.days)
        seen[rule.key] = SOURCES[rule.source](by_key, person, since, now)
    made = []
    for key, firm in by_key.items():
        own = tuple((rule, seen[rule.key][key]) for rule in in_force)
        score = sum((_points(*measured) or Decimal(0) for measured in own), Decimal(0))
        level = next((grade for grade in grades if score >= grade.least), grades[-1])
        told = sum(said.count is not None for _rule, said in own)
        unsure = level is grades[-1] and told < share * len(own)
        made.append(Portrait(firm, own, score, None if unsure else level))
    return sorted(made, key=lambda portrait: (-portrait.score, portrait.firm.code))


def _points(rule: Rule, seen: Seen) -> Decimal | None:
    return None if seen.count is None else min(rule.most, rule.each * seen.count)


# Words of the shipped rules, for whoever reads another language.
_WORDS = (
    noop("排污许可"), noop("危险废物"), noop("用电监控"), noop("在线监测"), noop("问题整改"), noop("企业自查"),
    noop("许可过期"), noop("危废超期"), noop("用电异常"), noop("在线预警多"), noop("投诉多"), noop("整改超期"),
    noop("受过处罚"), noop("自查不及时"), noop("信用警示"), noop("高风险"), noop("中风险"), noop("低风险"),
)  # fmt: skip
