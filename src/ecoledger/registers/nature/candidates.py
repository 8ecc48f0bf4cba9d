"""物种候选 (mechanism G1): what machines believe they saw at one place; an expert confirms, rejects or doubts.

机器候选 → 初筛 → 专家确认 | 拒绝 | 存疑 → 入名录. Confirmed, a species enters the list of its county; one that was not on it
is a first record and told at once, as is one under national protection.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.listings import own_data
from ecoledger.listings.parts import Ask, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions, notices
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter, Urgency
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.nature.detections import Deployment, Detection
from ecoledger.registers.nature.species import SPECIES, Protection, Species

DESK = frozenset({Role.MONITOR, Role.OFFICER, Role.DISPATCHER})
EXPERTS = frozenset({Role.SECTION_CHIEF, Role.LEADER, Role.MONITOR})
TOLD = frozenset({Role.LEADER, Role.SECTION_CHIEF, Role.DISPATCHER})


class SpeciesCandidate(Matter):
    """One species at one place, as far as machines can tell."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_species_candidate"
    )
    deployment = models.ForeignKey(
        Deployment,
        verbose_name="布设",
        on_delete=models.PROTECT,
        null=True,
        related_name="candidates",
    )
    # As it was recognised; what the expert makes of it stands beside.
    detected = models.CharField("识别为", max_length=80, db_index=True)
    name = models.CharField("中文名", max_length=60, blank=True)
    scientific_name = models.CharField("学名", max_length=80, blank=True)
    group = models.CharField("类群", max_length=10, choices=Species.Group.choices, blank=True)
    results = models.PositiveIntegerField("识别次数", default=0, editable=False)
    confidence = models.FloatField(
        "最高置信度", null=True, blank=True, editable=False,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
    )  # fmt: skip
    first_at = models.DateTimeField("首次", null=True, blank=True, editable=False)
    last_at = models.DateTimeField("最近", null=True, blank=True, editable=False)
    new_record = models.BooleanField("首次记录", default=False, editable=False)
    protection = models.CharField(
        "保护级别", max_length=2, choices=Protection.choices, blank=True, editable=False
    )

    class Meta:
        verbose_name = "物种候选"


def gather(by: Person | None, at: datetime) -> int:
    """Put the results that belong to no candidate yet under one: of their species at their place; how many are new."""
    loose = Detection.objects.filter(candidate=None, sort=Detection.Sort.ANIMAL).exclude(
        scientific_name="", name=""
    )
    groups: Any = (
        loose.order_by()
        .values("deployment", "scientific_name", "name")
        .annotate(n=Count("pk"), best=Max("confidence"), first=Min("at"), last=Max("at"))
    )
    wholes: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for row in groups:
        species = row["scientific_name"] or row["name"]
        wholes.setdefault((row["deployment"], species), []).append(row)
    places = Deployment.objects.in_bulk([key for key, _species in wholes])
    count = 0
    for (place, species), rows in wholes.items():
        candidate = SpeciesCandidate.objects.filter(
            deployment=place, detected=species, withdrawn_at=None
        ).first()
        if candidate is None:
            candidate = _open(places[place], species, rows, at)
            count += 1
        named = Q(scientific_name=species) | Q(scientific_name="", name=species)
        loose.filter(named, deployment=place).update(candidate=candidate)
        seen = candidate.detections.aggregate(
            n=Count("pk"), best=Max("confidence"), first=Min("at"), last=Max("at")
        )
        actions.amend(
            candidate.pk,
            {"results": seen["n"], "confidence": seen["best"], "first_at": seen["first"], "last_at": seen["last"]},
            event="gather",
            label=noop("归集识别结果"),
            by=None,
            at=at,
        )  # fmt: skip
    return count


def _open(
    place: Deployment, species: str, rows: list[dict[str, Any]], at: datetime
) -> SpeciesCandidate:
    names = [row["name"] for row in rows if row["name"] and row["name"] != species]
    latin = species if any(row["scientific_name"] for row in rows) else ""
    known = Species.objects.filter(
        Q(scientific_name__iexact=latin) & ~Q(scientific_name="") | Q(name=species)
    ).first()
    candidate: SpeciesCandidate = actions.open_matter(
        REGISTER,
        {
            "title": f"{place}：{known.name if known else (names[0] if names else species)}"[:200],
            "area_code": place.area_code,
            "deployment": place,
            "detected": species[:80],
            "scientific_name": latin[:80],
            "name": (known.name if known else (names[0] if names else ""))[:60],
            "group": known.group if known else "",
            "lon": place.lon,
            "lat": place.lat,
            "synthetic": place.synthetic,
        },
        by=None,
        at=at,
    )
    return candidate


# ---- what a confirmation does --------------------------------------------------------------------


def _into_the_list(step: Step) -> None:
    """The species of its county, new where it was not on the list; a first record and a protected species are told."""
    candidate = step.matter
    if not candidate.name.strip():
        why = _("入名录须填中文名。")
        raise Refused("form", why, fields={"name": [why]})
    county = candidate.area_code[:6]
    known = Species.objects.filter(
        area_code__startswith=county, name=candidate.name.strip()
    ).first()
    if known is None and candidate.scientific_name:
        known = Species.objects.filter(
            area_code__startswith=county, scientific_name__iexact=candidate.scientific_name
        ).first()
    if known is None:
        on = timezone.localdate(candidate.first_at or step.at)
        known = SPECIES.open_row(
            {
                "name": candidate.name.strip(), "scientific_name": candidate.scientific_name,
                "group": candidate.group or Species.Group.OTHER, "first_on": on,
                "first_where": str(candidate.deployment)[:120], "new_record": True, "evidence": candidate.number,
                "area_code": county,
            },
            step.person,
            step.at,
            synthetic=candidate.synthetic,
        )  # fmt: skip
        candidate.new_record = True
    candidate.protection = known.level
    said_of = []
    if candidate.new_record:
        said_of.append(noop("新记录物种"))
    if known.level in (Protection.FIRST, Protection.SECOND):
        said_of.append(str(known.get_level_display()))
    if said_of:
        notices.tell(
            notices.people_with(TOLD, candidate.area_code),
            noop("%(place)s确认%(what)s：%(name)s")
            % {"place": candidate.deployment, "what": "、".join(said_of), "name": known.name},
            matter=candidate,
            urgency=Urgency.SOON,
            at=step.at,
            but=step.person,
        )


def weak(candidate: Any) -> bool:
    """Whether the machine itself was not sure."""
    least = float(own_data.read(__package__, "biodiversity")["least_confidence"])
    return candidate.confidence is not None and candidate.confidence < least


WORKFLOW = Workflow(
    states=(
        State("candidate", "机器候选", stage="初筛", waits_for=DESK),
        State("screened", "待专家确认", stage="鉴定", waits_for=EXPERTS),
        State("doubtful", "存疑", stage="鉴定", waits_for=EXPERTS),
        State("confirmed", "专家确认", phase=Phase.DONE),
        State("rejected", "不成立", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("screen", "初筛通过", "candidate", "screened", by=DESK, offers=("name", "scientific_name", "group"),
                   help="看过影像或听过录音，排除明显的误识别。"),
        Transition("confirm", "专家确认", ("screened", "doubtful"), "confirmed", by=EXPERTS, asks=("name",),
                   offers=("scientific_name", "group", said("opinion", "鉴定意见")), takes_over=("name",),
                   other_person_than=("screen",), effects=(_into_the_list,)),
        Transition("doubt", "存疑，待补充证据", "screened", "doubtful", by=EXPERTS, asks=(REASON,),
                   other_person_than=("screen",), main=False),
        Transition("reject", "不成立", ("candidate", "screened", "doubtful"), "rejected", by=DESK | EXPERTS, asks=(REASON,),
                   main=False, danger=True),
        Transition("reopen", "重新鉴定", "confirmed", "screened", by=EXPERTS, asks=(REASON,), main=False),
        Transition("screen_again", "重新初筛", "rejected", "candidate", by=DESK | EXPERTS, asks=(REASON,), main=False),
    ),
    clocks=(ClockRule("screen", "初筛", "candidate", working_days=10, basis=DEFAULT),
            ClockRule("confirm", "鉴定", ("screened", "doubtful"), working_days=20, basis=DEFAULT)),
)  # fmt: skip


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    n = rows.aggregate(
        confirmed=Count("pk", filter=Q(state="confirmed")),
        judged=Count("pk", filter=Q(state__in=("confirmed", "rejected"))),
        doubtful=Count("pk", filter=Q(state="doubtful")),
        new=Count("pk", filter=Q(state="confirmed", new_record=True)),
        protected=Count("pk", filter=Q(state="confirmed", protection__in=("1", "2"))),
    )
    return [
        share("confirmed", "候选属实率", n["confirmed"], n["judged"], query="state=confirmed",
              note="专家确认÷已鉴定（确认和不成立）"),
        Statistic("doubtful", "存疑", n["doubtful"], "state=doubtful"),
        Statistic("new", "首次记录", n["new"], "state=confirmed&new_record=1"),
        Statistic("protected", "国家重点保护", n["protected"], "state=confirmed&protection=1,2"),
        *common_statistics(REGISTER, rows, now),
    ]  # fmt: skip


REGISTER = declare(Register(
    key="species_candidate", label="物种候选", line="soil", model=SpeciesCandidate, workflow=WORKFLOW,
    pattern="物种〔{year}〕{n}号",
    labels={"title": "候选", "area_code": "属地"},
    columns=("number", "title", "detected", "name", "confidence", "results", "first_at", "deployment", "state", "due",
             "protection", "new_record", "area_code"),
    filters=("state", "group", "protection", "new_record", "deployment", "area_code", "first_at"),
    search=("number", "title", "detected", "name", "scientific_name"),
    fields=("title", Ask("deployment", among="deployment", required=True), "area_code", "detected", "name", "scientific_name", "group"),
    details=("detected", "name", "scientific_name", "group", "confidence", "results", "first_at", "last_at", "deployment",
             "new_record", "protection"),
    views=(View("new", "首次记录", {"new_record": "1"}), View("protected", "国家重点保护", {"protection": "1,2"})),
    measures=(
        Measure(key="new", name="首次记录物种", numerator=Q(state="confirmed", new_record=True), dated="first_at", unit="种"),
    ),
    level=lambda row: "orange" if row.protection in ("1", "2") else "blue",
    statistics=_statistics, edit=DESK, manage=EXPERTS, enterprise="",
    empty="还没有候选。导入相机或声纹的识别结果后，按物种和监测点自动归集为候选。",
))  # fmt: skip
