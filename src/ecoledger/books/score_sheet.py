"""Score sheet (评分): items × full marks × evidence or a measured value → total, grade, publication, objection.

Lost marks may become work: a sheet that ``begets`` opens a matter for each of them when its round is published.
Computed marks are not edited, only objected to; marks given by a person need their reason. A score that
lacks data says so and is not ranked. A round keeps the items it was scored by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import acting, audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import visible
from ecoledger.accounts.wording import numbered
from ecoledger.books.models import Mark, Objection, Score, ScoreRound
from ecoledger.listings.cells import area_name
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import DeclarationError
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.register import register_of
from ecoledger.standards.rounding import half_even

State = ScoreRound.State
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a source found: the unrounded value, or ``None`` where data lack; text and records for the page."""

    value: Decimal | None
    text: str = ""
    records: str = ""


# Called with who is scored (a thing, or a division's code), the first and the last day.
Source = Callable[[Any, date, date], Measured]


@dataclass(frozen=True, slots=True)
class Item:
    """One item. Without ``source`` a person gives the marks.

    ``steps``: (from value, marks) upwards; the last step that the value reaches counts. ``veto``: no marks
    here means the lowest grade, whatever the total.
    """

    key: str
    label: str
    full: Decimal
    basis: str = ""
    source: str = ""
    steps: tuple[tuple[Decimal, Decimal], ...] = ()
    veto: bool = False

    def marks_for(self, value: Decimal) -> Decimal:
        """The marks of a measured value.

        >>> item = Item("rate", "完成率", Decimal(10), steps=((Decimal(0), Decimal(0)),
        ...     (Decimal(60), Decimal(6)), (Decimal(90), Decimal(10))))
        >>> item.marks_for(Decimal("89.9")), item.marks_for(Decimal(90))
        (Decimal('6'), Decimal('10'))
        """
        reached = [marks for limit, marks in self.steps if value >= limit]
        return reached[-1] if reached else ZERO


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade and the least total that earns it; the first that fits, best first."""

    label: str
    least: Decimal


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoreSheet(Listing):
    """A declared score sheet. Its rows are rounds; ``items`` may be overridden by the bureau's profile.

    ``scores`` gives who is scored in a division: things or codes of divisions. ``begets`` names the register in which
    a lost mark opens a matter.
    """

    told_apart_by: ClassVar[str] = "book"

    model: type[Model] = ScoreRound
    items: tuple[Item, ...] = ()
    grades: tuple[Grade, ...] = ()
    sources: Mapping[str, Source]
    scores: Callable[[str], Iterable[Any]]
    decimals: int = 1
    begets: str = ""
    order: tuple[str, ...] = ("-end", "-pk")

    def __post_init__(self) -> None:
        super().__post_init__()
        for item in self.items:
            if item.source and item.source not in self.sources:
                raise DeclarationError(f"{self.key}: item {item.key} has no source {item.source!r}")
            if bool(item.source) != bool(item.steps):
                raise DeclarationError(f"{self.key}: item {item.key} wants both source and steps")

    def url_of(self, row: Any) -> str:
        """Address of the round."""
        return f"{self.url}/rounds/{row.pk}"

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        """Begin a round: everybody whom the sheet scores in the division, computed at once."""
        row = begin(
            self, values["name"], values["area_code"], values["begin"], values["end"], by=by
        )
        if more.get("synthetic"):
            row.synthetic = True
            row.save(update_fields=["synthetic"])
        return row

    def visible_to(self, person: Person) -> QuerySet[Any]:
        """Rounds of the person's area, and from their publication on those in which somebody of it is scored."""
        rows = self.own_rows()
        if not person.may(self.see):
            return rows.none()
        own = visible(rows, person, self.area)
        scored = _scored(self, person).values("round_id")
        public = ~Q(state=ScoreRound.State.DRAFT) & Q(pk__in=scored)
        return rows.filter(Q(pk__in=own.values("pk")) | public)


def _scored(sheet: ScoreSheet, person: Person) -> QuerySet[Score]:
    """The scores of the person's own area or firm."""
    return visible(Score.objects.filter(round__book=sheet.key), person, "area_code", "entity__code")


def items_said(said: Mapping[str, Any]) -> tuple[Item, ...]:
    """The items as a table of the bureau's own has them: numbered, each with its heading, the table's source and mark."""
    return tuple(
        Item(
            key=row["key"],
            label=f"{number}. {row['label']}",
            full=Decimal(str(row["full"])),
            basis=f"{row.get('heading', '')} {said['source']}（{said['mark']}）".strip(),
            veto=bool(row.get("veto")),
        )
        for number, row in enumerate(said["item"], 1)
    )


def grades_said(said: Mapping[str, Any]) -> tuple[Grade, ...]:
    """The grades as such a table has them."""
    return tuple(Grade(row["label"], Decimal(str(row["least"]))) for row in said["grades"])


def items_of(round_: ScoreRound) -> tuple[Item, ...]:
    """The items that a round is scored by."""
    return tuple(
        Item(
            **{
                **said,
                "full": Decimal(said["full"]),
                "steps": tuple((Decimal(a), Decimal(b)) for a, b in said["steps"]),
            }
        )
        for said in round_.items
    )


@transaction.atomic
def begin(
    sheet: ScoreSheet, name: str, area_code: str, first: date, last: date, *, by: Person | None
) -> ScoreRound:
    """A round for all that the sheet scores in the division, computed at once."""
    row = ScoreRound.objects.create(
        book=sheet.key,
        name=name,
        area_code=area_code,
        begin=first,
        end=last,
        items=[asdict(item) for item in sheet.items],
        grades=[asdict(grade) for grade in sheet.grades],
        made_by=by,
    )
    row.refresh_from_db()
    for scored in sheet.scores(area_code):
        is_place = isinstance(scored, str)
        score = Score.objects.create(
            round=row,
            entity=None if is_place else scored,
            area_code=scored if is_place else scored.area_code,
        )
        Mark.objects.bulk_create(Mark(score=score, item=item.key) for item in sheet.items)
    audit.record(by, f"{sheet.key}.begin", row, details={"scores": row.scores.count()})
    compute(sheet, row)
    return row


@transaction.atomic
def compute(sheet: ScoreSheet, row: ScoreRound) -> None:
    """Measure every computed item again and add up. A round that is published stays as it is."""
    row = ScoreRound.objects.select_for_update().get(pk=row.pk)
    if row.state != State.DRAFT:
        raise Refused("state", _("“%s”已公示，不再重算。") % row, _("请提出异议，或开始新的版次。"))
    items = {item.key: item for item in items_of(row)}
    for score in row.scores.select_related("entity").prefetch_related("marks"):
        for mark in score.marks.all():
            item = items[mark.item]
            if not item.source:
                continue
            measured = sheet.sources[item.source](
                score.entity or score.area_code, row.begin, row.end
            )
            mark.computed, mark.records = True, measured.records
            mark.value = measured.text or ("" if measured.value is None else str(measured.value))
            mark.marks = None if measured.value is None else item.marks_for(measured.value)
            mark.at = timezone.now()
            mark.save()
    for score in row.scores.all():
        add_up(sheet, score)


def add_up(sheet: ScoreSheet, score: Score) -> None:
    """Total, grade, what lacks and what vetoes."""
    row = score.round
    items = {item.key: item for item in items_of(row)}
    marks = list(Mark.objects.filter(score=score))
    given = [mark for mark in marks if mark.marks is not None]
    out = left_out(row)
    score.missing = sum(1 for mark in marks if mark.marks is None and mark.item not in out)
    score.total = (
        half_even(sum((m.marks for m in given if m.marks is not None), ZERO), sheet.decimals)
        if given
        else None
    )
    vetoes = [items[m.item].label for m in given if items[m.item].veto and not m.marks]
    score.vetoed = "、".join(vetoes)[:80]
    score.grade = _grade(row, score)
    score.save()


def left_out(row: ScoreRound) -> frozenset[str]:
    """Computed items that nobody in the round has data for: left out of the rank, never counted as nought."""
    computed = {item.key for item in items_of(row) if item.source}
    known = set(
        Mark.objects.filter(score__round=row).exclude(marks=None).values_list("item", flat=True)
    )
    return frozenset(computed - known)


def full_marks(row: ScoreRound) -> Decimal:
    """What could be reached: the full marks of the items that are not left out."""
    out = left_out(row)
    return sum((item.full for item in items_of(row) if item.key not in out), ZERO)


def _grade(row: ScoreRound, score: Score) -> str:
    if score.total is None or score.missing:
        return ""
    grades = [Grade(g["label"], Decimal(g["least"])) for g in row.grades]
    if not grades:
        return ""
    if score.vetoed:
        return grades[-1].label
    # Grades are said of the whole sheet: where items are left out, the total counts by its share.
    whole = sum((item.full for item in items_of(row)), ZERO)
    total = score.total * whole / reachable if (reachable := full_marks(row)) else ZERO
    return next((g.label for g in grades if total >= g.least), grades[-1].label)


@transaction.atomic
def give(
    sheet: ScoreSheet,
    mark: Mark,
    marks: Decimal,
    *,
    by: Person,
    reason: str,
    at: datetime | None = None,
) -> Mark:
    """Marks by a person. Raises :class:`Refused` for a computed item, marks out of range, or lost marks
    without their reason."""
    row = (
        Mark.objects.select_for_update(of=("self",)).select_related("score__round").get(pk=mark.pk)
    )
    item = {i.key: i for i in items_of(row.score.round)}[row.item]
    if row.score.round.state != State.DRAFT:
        raise Refused("state", _("“%s”已公示，不能再改分。") % row.score.round)
    if item.source:
        raise Refused("form", _("“%s”由系统计算。") % item.label, _("不同意的请提出异议。"))
    _refuse_beyond(item, marks)
    if marks < item.full and not reason.strip():
        raise Refused("form", _("扣分没有写明依据。"), _("请填写扣分依据。"))
    before = row.marks
    row.marks, row.reason, row.by, row.at = marks, reason.strip(), by, at or timezone.now()
    row.save()
    audit.record(by, f"{sheet.key}.mark", row, details={"item": row.item, "marks": [before, marks]})
    add_up(sheet, row.score)
    return row


def _refuse_beyond(item: Item, marks: Decimal) -> None:
    if not 0 <= marks <= item.full:
        raise Refused(
            "form",
            _("“%(item)s”应在 0—%(full)s 分之间。") % {"item": item.label, "full": item.full},
        )


@transaction.atomic
def publish(
    sheet: ScoreSheet,
    row: ScoreRound,
    objections_until: date,
    *,
    by: Person,
    at: datetime | None = None,
) -> ScoreRound:
    """Show the round, once its span is over, to everybody it scores; objections are taken until the day."""
    row = ScoreRound.objects.select_for_update().get(pk=row.pk)
    if row.state != State.DRAFT:
        raise Refused("state", _("“%s”已公示。") % row)
    at = at or timezone.now()
    today = timezone.localdate(at)
    if early := _early(row.end, today, _("评分的期间到 %s 才结束。"), _("请在期间结束后公示。")):
        raise early
    if objections_until < today:
        raise Refused("form", _("异议期限早于今天。"), _("请选择今天或以后的日期。"))
    row.state, row.published_at = State.PUBLISHED, at
    row.objections_until = objections_until
    row.save()
    if sheet.begets:
        for mark in Mark.objects.filter(score__round=row, begets=None).select_related("score"):
            _beget(sheet, row, mark)
    audit.record(by, f"{sheet.key}.publish", row, details={"until": objections_until.isoformat()})
    return row


def _beget(sheet: ScoreSheet, row: ScoreRound, mark: Mark) -> None:
    """Open the matter of a mark that is lost; one that lacks data or has all its marks opens none."""
    item = next(i for i in items_of(row) if i.key == mark.item)
    if mark.marks is None or mark.marks >= item.full:
        return
    entity = mark.score.entity
    mark.begets = actions.open_matter(
        register_of(sheet.begets),
        {
            "origin_kind": "self",
            "title": f"{entity or area_name(mark.score.area_code)} {item.label}"[:120],
            "description": f"{sheet.label} {row.name}：{item.label}，"
            f"得{mark.marks:g}分（满分{item.full:g}分）。{mark.reason}",
            "area_code": mark.score.area_code,
            "entity": entity,
        },
        by=None,
        at=timezone.now(),
    )
    mark.save(update_fields=["begets"])


@transaction.atomic
def object_to(mark: Mark, text: str, *, by: Person, today: date | None = None) -> Objection:
    """Say that marks are wrong, while objections are taken."""
    row = mark.score.round
    today = today or timezone.localdate()
    if row.state != State.PUBLISHED or (row.objections_until and today > row.objections_until):
        raise Refused("state", _("现在不在异议期内。"))
    if not text.strip():
        raise Refused("form", _("没有写明理由。"), _("请写明异议的理由。"))
    objection = Objection.objects.create(mark=mark, text=text.strip(), by=by)
    audit.record(by, f"{row.book}.object", objection, details={"item": mark.item})
    return objection


@transaction.atomic
def answer(
    sheet: ScoreSheet, objection: Objection, *, by: Person, text: str, marks: Decimal | None
) -> Objection:
    """Uphold an objection with the right ``marks``, or reject it with ``None``; a second person does."""
    row = (
        Objection.objects.select_for_update(of=("self",))
        .select_related("mark__score__round")
        .get(pk=objection.pk)
    )
    if row.upheld is not None:
        raise Refused("state", _("这条异议已经答复。"))
    objected = audit.hands_of(row, f"{row.mark.score.round.book}.object") | {row.by_id}
    if not objected.isdisjoint(acting.hand(by)):
        raise Refused("second_person", _("不能答复自己提出的异议。"), _("请由他人答复。"))
    if not text.strip():
        raise Refused("form", _("没有写明答复。"), _("请写明答复的理由。"))
    row.upheld, row.answer, row.marks_before = marks is not None, text.strip(), row.mark.marks
    row.answered_by, row.answered_at = by, timezone.now()
    row.save()
    if marks is not None:
        item = next(i for i in items_of(row.mark.score.round) if i.key == row.mark.item)
        _refuse_beyond(item, marks)
        Mark.objects.filter(pk=row.mark_id).update(marks=marks, reason=text.strip()[:300], by=by)
        add_up(sheet, row.mark.score)
    audit.record(by, f"{sheet.key}.answer", row, details={"marks": [row.marks_before, marks]})
    return row


@transaction.atomic
def lock(sheet: ScoreSheet, row: ScoreRound, *, by: Person) -> ScoreRound:
    """Close a published round for good. Raises :class:`Refused`."""
    row = ScoreRound.objects.select_for_update().get(pk=row.pk)
    if refused := refusal_to_lock(sheet, row, by):
        raise refused
    row.state = State.LOCKED
    row.save(update_fields=["state"])
    audit.record(by, f"{sheet.key}.lock", row)
    return row


def refusal_to_lock(sheet: ScoreSheet, row: ScoreRound, person: Person) -> Refused | None:
    """Why ``person`` may not lock the round now: objections may still come, one waits, or he published it himself."""
    if row.state != State.PUBLISHED:
        return Refused("state", _("只有已公示的评分可以锁定。"))
    today = timezone.localdate()
    if early := _early(
        row.objections_until, today, _("异议期到 %s 才结束。"), _("请在期满后锁定。")
    ):
        return early
    waiting = Objection.objects.filter(mark__score__round=row, upheld=None).count()
    if waiting:
        return Refused(
            "condition",
            numbered("还有 %d 条异议没有答复。", waiting) % waiting,
            _("请先答复异议。"),
        )
    if not audit.hands_of(row, f"{sheet.key}.publish").isdisjoint(acting.hand(person)):
        return Refused("second_person", _("公示和锁定须由两人办理。"), _("请由他人锁定。"))
    return None


def _early(last: date | None, today: date, why: str, remedy: str) -> Refused | None:
    """The refusal of what waits until the day ``last`` is over."""
    if last is None or today > last:
        return None
    return Refused("early", why % f"{last:%Y-%m-%d}", remedy)


@dataclass(frozen=True, slots=True)
class Place:
    """A rank: equal totals share it; ``margin`` to the next better one, ``None`` for the first."""

    score: Score
    rank: int
    margin: Decimal | None


def ranking(row: ScoreRound) -> tuple[list[Place], list[Score]]:
    """The ranked scores, best first, and those that lack data and are not ranked."""
    scores = list(row.scores.select_related("entity"))
    whole = sorted(
        (s for s in scores if s.total is not None and not s.missing),
        key=lambda s: (-(s.total or ZERO), s.pk),
    )
    places: list[Place] = []
    for n, score in enumerate(whole, 1):
        before = places[-1] if places else None
        tied = before is not None and before.score.total == score.total
        rank = before.rank if tied and before else n
        margin = (before.score.total or ZERO) - (score.total or ZERO) if before else None
        places.append(Place(score, rank, margin))
    return places, [s for s in scores if s.total is None or s.missing]
