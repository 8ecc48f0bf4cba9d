"""Figures of the work on alarms and of every register: raised, opened, closed, in hand; each opens its list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, QuerySet

from ecoledger.entities.models import Section
from ecoledger.indicators import doors, of_registers
from ecoledger.indicators.declaring import LOWER, Source, Span, indicator
from ecoledger.indicators.figures import Figure, count
from ecoledger.live.times import midnight
from ecoledger.matters.models import NARROW, Matter
from ecoledger.matters.register import OPEN_WORK, Register, all_registers, register_of
from ecoledger.monitoring.models import Alarm, AlarmRule


@dataclass(frozen=True)
class AlarmPeriod:
    """Alarms of an area raised in a span, ``begin <= day < end``."""

    raised: Figure
    silenced: Figure
    by_detector: list[Figure]


@dataclass(frozen=True)
class RegisterPeriod:
    """What came in and went out of one register; what is in hand or overdue, at the span's end where it is over."""

    register: Register
    figures: dict[str, Figure]
    over: bool = False

    def __getitem__(self, measure: str) -> Figure:
        return self.figures[measure]


def raised(area_code: str, begin: date, end: date) -> QuerySet[Alarm]:
    """Alarms raised on the days ``begin <= day < end``, silenced ones too."""
    return Alarm.objects.filter(
        area_code__startswith=area_code, raised_at__gte=midnight(begin), raised_at__lt=midnight(end)
    )


def alarms(area_code: str, span: Span, as_of: date | None = None) -> AlarmPeriod:
    """Alarms and what silenced them; filings silence, detectors tell the rest apart."""
    query = {"area": area_code, "begin": span.begin.isoformat(), "end": span.end.isoformat()}
    every = raised(area_code, span.begin, span.end)
    loud = every.exclude(state__in=Alarm.QUIET)
    names = dict(AlarmRule.Detector.choices)
    kinds = loud.order_by().values("rule__detector").annotate(n=Count("id")).order_by("-n")
    return AlarmPeriod(
        count("预警", loud.count(), doors.ALARMS.opens(**query, state="loud"), "条"),
        count(
            "静默和并入",
            every.count() - loud.count(),
            doors.ALARMS.opens(**query, state="silenced"),
            "条",
        ),
        [
            count(
                str(names[row["rule__detector"]]),
                row["n"],
                doors.ALARMS.opens(**query, state="loud", detector=row["rule__detector"]),
                "条",
            )
            for row in kinds
        ],
    )


ALARMS = Source("alarms", alarms, touched_by="alarms", as_of_now=True)


@indicator(
    key="alarms_raised", name="预警", unit="条", better=LOWER, line="monitoring", source=ALARMS
)
def alarms_raised(period: AlarmPeriod) -> Figure:
    return period.raised


@indicator(
    key="alarms_silenced",
    name="申报静默",
    unit="条",
    better=LOWER,
    line="monitoring",
    source=ALARMS,
)
def alarms_silenced(period: AlarmPeriod) -> Figure:
    return period.silenced


def of_register(key: str, area_code: str, begin: date, end: date) -> RegisterPeriod:
    """One register's figures of a span."""
    register = register_of(key)
    counting = of_registers.Counting(register, area_code, Span(begin, end))
    return RegisterPeriod(
        register,
        {measure.key: counting.figure(measure) for measure in of_registers.measures_of(register)},
        of_registers.is_over(counting.span),
    )


def of_all_registers(area_code: str, begin: date, end: date) -> list[RegisterPeriod]:
    """The figures of a span of every register whose figures documents tell of that place."""
    back = {key for _code, key in of_registers.kept_back([area_code])}
    return [
        of_register(register.key, area_code, begin, end)
        for register in all_registers()
        if of_registers.for_readers(register.see) and register.key not in back
    ]


def open_about(sections: Iterable[Section]) -> dict[int, list[Matter]]:
    """Open matters of each section, of every register, by the section's key.

    A matter is about a section when it names the section or a station at it. Problems of restricted
    circulation stay out: a bulletin is read by more people than they are.
    """
    ids = [section.pk for section in sections]
    about_section: dict[int, list[Matter]] = {pk: [] for pk in ids}
    stations = dict(
        Section.objects.filter(pk__in=ids, stations__isnull=False).values_list("stations", "pk")
    )
    about = {**{pk: pk for pk in ids}, **stations}
    rows = Matter.objects.filter(OPEN_WORK, entity__in=list(about), withdrawn_at=None).exclude(
        circulation__in=NARROW
    )
    for matter in rows.select_related("owner_organisation").order_by(
        F("due").asc(nulls_first=True), "pk"
    ):
        about_section[about[matter.entity_id]].append(matter)
    return about_section
