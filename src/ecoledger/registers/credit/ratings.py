"""企业环境信用等级 (mechanism P13): which firm has which level, since when and why; what a random draw makes of it.

A row is a firm in a batch. It is computed from the events on the batch's day, or said by whoever rates above the
bureau; it holds from the day the batch is announced until the next one, or until a repair puts another in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF
from ecoledger.entities.file import Fact, File, Shelf, Tab, knows
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.entities.validity import in_force
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Column, Filter, Import, Kind, View
from ecoledger.listings.refusals import Refused
from ecoledger.listings.tallies import tally
from ecoledger.matters.models import Matter
from ecoledger.registers.credit import rules
from ecoledger.registers.credit.events import EVENTS, RATERS, explained, scores
from ecoledger.registers.enforcement import check_objects
from ecoledger.standards import credit
from ecoledger.standards.rounding import plainly


class CreditBatch(Matter):
    """One batch of ratings (评价批次)."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_credit_batch"
    )
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    as_of = models.DateField("评价基准日")
    objections_until = models.DateField("异议期限", null=True, blank=True)
    announced_on = models.DateField("发布日期", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "信用评价批次"

    @property
    def firms(self) -> int:
        """How many firms it rates."""
        return self.ratings.count()

    @property
    def by_colour(self) -> list[tuple[str, str, int]]:
        """Colour, its word and how many firms have it, best first; those without a level last."""
        counted = dict(
            self.ratings.order_by().values_list("colour").annotate(models.Count("pk"))
        )  # fmt: skip
        words = [*Rating.Colour.choices, ("", _("未评"))]
        return [(key, str(word), counted[key]) for key, word in words if counted.get(key)]


class Rating(models.Model):
    """The level of one firm."""

    class Colour(models.TextChoices):
        GREEN = "green", "绿（诚信）"
        BLUE = "blue", "蓝（良好）"
        YELLOW = "yellow", "黄（警示）"
        RED = "red", "红（不良）"
        BLACK = "black", "黑（严重不良）"

    class Category(models.TextChoices):
        COMPULSORY = "compulsory", "强制参评"
        AGREED = "agreed", "应约参评"
        VOLUNTARY = "voluntary", "自愿参评"

    batch = models.ForeignKey(
        CreditBatch, verbose_name="批次", on_delete=models.PROTECT, null=True, related_name="ratings"
    )  # fmt: skip
    entity = models.ForeignKey(
        Entity, verbose_name="企业", on_delete=models.PROTECT, related_name="credit_ratings"
    )
    area_code = AreaCodeField("属地")
    category = models.CharField(
        "参评类型", max_length=12, choices=Category.choices, default=Category.COMPULSORY
    )
    score = models.DecimalField("得分", max_digits=6, decimal_places=2, null=True, blank=True)
    level = models.CharField("信用等级", max_length=20, blank=True)
    colour = models.CharField("等级颜色", max_length=8, choices=Colour.choices, blank=True, db_index=True)  # fmt: skip
    vetoed = models.BooleanField("一票否决", default=False, editable=False)
    # Who rated it, where the score was not computed here.
    given_by = models.CharField("评定机关", max_length=80, blank=True)
    why = models.TextField("得分说明", blank=True, editable=False)
    standard = models.CharField("计分标准", max_length=120, blank=True, editable=False)
    # Shown to the firm, from the batch's publication on.
    public = models.BooleanField("已公示", default=False, editable=False)
    since = models.DateField("生效日", null=True, blank=True, editable=False, db_index=True)
    until = models.DateField("失效日", null=True, blank=True, editable=False)
    # The repair by which it took the place of another.
    repair = models.ForeignKey(
        Matter, verbose_name="信用修复", on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        editable=False,
    )  # fmt: skip

    class Meta:
        verbose_name = "信用等级"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "entity"], condition=Q(batch__isnull=False), name="rated_once_a_batch"
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.entity} {self.level}".strip()

    def take(self, score: credit.CreditScore | str) -> None:
        """Set what was computed; of what could not be, why."""
        if isinstance(score, str):
            self.score, self.level, self.colour, self.vetoed = None, "", "", False
            self.why, self.standard = score, ""
            return
        self.score, self.level = score.score, score.level.name
        self.colour = rules.COLOURS[score.level.colour]
        self.vetoed = any(c.veto and c.active for c in score.events)
        self.why = explained(score)
        self.standard = _("%(rule)s（标记 %(mark)s）") % {
            "rule": score.standard,
            "mark": score.mark,
        }


class Ratings(Listing):
    """The list of levels; a firm sees its own once they are published."""

    def visible_to(self, person: Person) -> Any:
        rows = super().visible_to(person)
        return rows if person.has_role(*STAFF) else rows.filter(public=True)

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        rows = super().conditions(query, person, now)
        today = timezone.localdate(now)
        return rows & holding(today) if query.get("holds") == "1" else rows

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        """Firms enter a batch while it is prepared, and a level that is said is one of the rules'."""
        wrong, batch = {}, values.get("batch")
        if batch is not None and batch.state != "draft":
            wrong["batch"] = _("这一批已经公示，不能再增减企业")
        level = str(values.get("level") or "")
        if level and rules.level_called(level) is None:
            names = "、".join(known.name for known in rules.levels())
            wrong["level"] = _("没有“%(level)s”这个等级，应为%(names)s之一") % {
                "level": level, "names": names,
            }  # fmt: skip
        if level and not values.get("given_by"):
            wrong["given_by"] = _("等级不由系统计算时，请写明评定机关")
        return wrong

    def wrong_beside(
        self, row: Any, values: Mapping[str, Any], by: Person | None
    ) -> Mapping[str, str]:
        """A level that was computed here was given by nobody, and stays so until another is said."""
        wrong = dict(super().wrong_beside(row, values, by))
        if not row.given_by and values.get("level", row.level) == row.level:
            wrong.pop("given_by", None)
        return wrong

    @transaction.atomic
    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        if wrong := self.wrong(values, by):
            raise Refused("form", "；".join(wrong.values()), "", {n: [w] for n, w in wrong.items()})
        whole = {"area_code": values["entity"].area_code, **_leveled(values)}
        return super().open_row(whole, by, at, **more)

    def change_row(
        self, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
    ) -> Any:
        if row.batch is None or row.batch.state != "draft":
            raise Refused("state", _("这一批已经公示，等级只能经异议复核或信用修复改变。"))
        return super().change_row(row, _leveled(values), by, at)

    def refusal_to_change(self, person: Person, row: Any) -> Refused | None:
        if row.batch is not None and row.batch.state == "draft":
            return None
        return Refused("state", _("这一批已经公示，等级只能经异议复核或信用修复改变。"))


def _leveled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values with the full name and the colour of a level that is said."""
    level = rules.level_called(str(values.get("level") or ""))
    named = {"level": level.name, "colour": rules.COLOURS[level.colour]} if level else {}
    return {**values, **named}


def _batches(person: Person | None) -> Any:
    rows = CreditBatch.objects.filter(withdrawn_at=None).order_by("-pk")
    if person is None:
        return rows
    from ecoledger.registers.credit.batches import BATCHES  # declared above this

    return BATCHES.visible_to(person).order_by("-pk")


declare_lookup(Lookup(
    key="credit_batch", model=CreditBatch, label="评价批次", rows=_batches, exact=("title", "number"),
    contains=("title",), under=lambda batch: str(batch.year),
))  # fmt: skip

RATINGS = declare(Ratings(
    key="credit_rating", label="企业环境信用等级", line="enforcement", model=Rating,
    columns=("entity", Column("batch__title", "批次"), "category", "score", "level", "colour", "vetoed", "since",
             "until", "given_by", "area_code"),
    details=("entity", Column("batch__title", "批次"), "category", "score", "level", "colour", "vetoed", "given_by",
             Column("why", kind=Kind.LONG_TEXT), "standard", "since", "until", "repair"),
    filters=(Filter("batch", among="credit_batch"), "colour", "category", "since", "area_code"),
    search=("entity__name",), lead="entity", under=("batch__title",), prefetch=("batch",),
    fields=(Ask("batch", among="credit_batch", required=True), Ask("entity", to=Enterprise), "category", "score",
            "level", "given_by"),
    imports=Import(key=("batch", "entity"), headers={
        "batch": ("评价批次",), "entity": ("企业名称", "单位名称", "参评企业"), "category": ("类型",),
        "score": ("评价得分",), "level": ("等级", "评价等级", "评价结果"), "given_by": ("评价机关",)},
        examples={"batch": "2026年第一批", "entity": "某某印染厂", "category": "强制参评"}, future=()),
    views=(View("holds", "现行等级", {"holds": "1"}),
           View("low", "警示和不良", {"holds": "1", "colour": "yellow,red,black"})),
    enterprise="entity__code", edit=RATERS,
    empty="还没有信用等级。先登记评价批次，再导入参评企业名单，计算、公示后发布。",
))  # fmt: skip

declare_lookup(Lookup(
    key="credit_rating", beside=("entity", "entity"), model=Rating, label="企业环境信用等级", exact=("entity__name",),
    rows=lambda person: RATINGS.standing() if person is None else RATINGS.visible_to(person),
    contains=("entity__name",), under=lambda row: f"{row.batch or ''} {row.level}".strip(),
))  # fmt: skip

tally(RATINGS, "rated", "参评企业", Q(batch__isnull=False), dated="since", unit="家")
for _colour, _word in Rating.Colour.choices:
    tally(
        RATINGS, _colour, f"信用{_word}", Q(batch__isnull=False, colour=_colour), dated="since", unit="家",
        part_of="rated",
    )  # fmt: skip


# ---- which level holds ---------------------------------------------------------------------------


def holding(day: date) -> Q:
    """Levels that hold on ``day``."""
    return Q(since__isnull=False) & in_force(day)


def level_of(firm: int, day: date) -> Rating | None:
    """The level that a firm has on ``day``."""
    return Rating.objects.filter(holding(day), entity=firm).order_by("-since", "-pk").first()


def compute(rows: Iterable[Rating], on: date) -> int:
    """Compute what is not said by others; how many could not be computed."""
    own = [row for row in rows if not row.given_by]
    found = scores([row.entity_id for row in own], on)
    for row in own:
        row.take(found[row.entity_id])
    fields = ("score", "level", "colour", "vetoed", "why", "standard")
    Rating.objects.bulk_update(own, fields, batch_size=200)
    return sum(isinstance(value, str) for value in found.values())


@transaction.atomic
def put_in_force(rows: Iterable[Rating], on: date) -> None:
    """Let levels hold from ``on``; those that the firms had until then end the day before."""
    new = list(rows)
    firms = [row.entity_id for row in new]
    before = Rating.objects.filter(entity__in=firms, since__isnull=False, until=None)
    # One of the same day never held: it ends as it begins.
    before.exclude(pk__in=[row.pk for row in new]).update(until=on - timedelta(days=1))
    Rating.objects.filter(pk__in=[row.pk for row in new]).update(since=on, public=True)


@transaction.atomic
def rate_anew(firm: Entity, on: date, repair: Matter | None) -> Rating | None:
    """After a repair: the level as it follows now, in the place of the one that holds; ``None`` where none does, or it was
    said by others."""
    old = level_of(firm.pk, on)
    if old is None or old.given_by:
        return None
    new = Rating(
        entity=firm, area_code=firm.area_code, category=old.category, repair=repair, public=True
    )
    new.take(scores([firm.pk], on)[firm.pk])
    new.save()
    put_in_force([new], on)
    return new


def grades_today() -> dict[int, str]:
    """What the levels that hold mean in a random draw: key of the firm → grade of the list of objects."""
    rows = Rating.objects.filter(holding(timezone.localdate())).order_by("since", "pk")
    return {
        firm: grade
        for firm, colour in rows.values_list("entity", "colour")
        if (grade := rules.drawn_as(colour))
    }


check_objects.ratings.append(grades_today)


# ---- in the firm's file --------------------------------------------------------------------------


def _facts(file: File) -> Iterable[Fact]:
    if not file.person.may(RATINGS.see) or file.entity.kind != Enterprise.KIND:
        return
    rows = RATINGS.visible_to(file.person).filter(
        holding(timezone.localdate()), entity=file.entity.pk
    )  # fmt: skip
    for row in rows[:1]:
        score = "" if row.score is None else f" {plainly(row.score)}"
        text = f"{_(row.level)}{score}（{row.since:%Y-%m-%d}）"
        yield Fact(_("环境信用"), text, RATINGS.url_of(row))


def _shelves(file: File) -> Iterable[Shelf]:
    for book in (EVENTS, RATINGS):
        if file.person.may(book.see):
            count = book.visible_to(file.person).filter(entity=file.entity.pk).count()
            yield Shelf(Tab.CHECKS, _(str(book.label)), count, f"{book.url}?about={file.entity.pk}")


knows(facts=_facts, shelves=_shelves)

# Names of levels are data; these are the ones that ship, for whoever reads another language.
_NAMES = (noop("环保诚信企业"), noop("环保良好企业"), noop("环保警示企业"), noop("环保不良企业"), noop("绿色"),
          noop("蓝色"), noop("黄色"), noop("红色"), noop("黑色"))  # fmt: skip
