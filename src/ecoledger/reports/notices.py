"""Notices and reports of one matter: air, water, the ranking of places, the work of a register.

Each is a declaration: a span, and sections made by functions that the bulletins use too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from django.utils import timezone

from ecoledger.indicators import air, of_registers, of_statistics, water
from ecoledger.indicators.figures import Figure, absent
from ecoledger.indicators.of_registers import Counting, measures_of
from ecoledger.indicators.scorecards import towns
from ecoledger.listings.cells import area_name
from ecoledger.matters.models import NARROW
from ecoledger.matters.register import Register, register_of
from ecoledger.monitoring.computing.evaluate import area_point
from ecoledger.reports import air_text, notes, water_text
from ecoledger.reports.content import Block, Part, Statement, Subheading, Table
from ecoledger.reports.declaration import Part as Heading
from ecoledger.reports.declaration import SectionedReport, Word, declare
from ecoledger.reports.spoken import Spoken, spoken

Blocks = Sequence[Block | None]
# A list of what is late is cut here; the door beside it opens all.
LATE_ROWS = 20
_TO = "各镇人民政府、街道办事处"
_REQUIRED = Word("工作要求", "lines", required=False, help="一行一段")


def _air(of: Spoken) -> Blocks:
    point = area_point(of.area_code)
    blocks: Blocks = air_text.month_blocks(
        of.name,
        air.year_on_year(point, of.begin, of.end),
        of.complete,
        of.words,
        this=of.this,
        same=of.before,
    )
    return [*blocks, *notes.of(blocks)]


def _ranking(of: Spoken) -> Blocks:
    return air_text.ranking_blocks(of.area_code, of.begin, of.end, of.complete, same=of.before)


def _water(of: Spoken) -> Blocks:
    now = water.period(of.area_code, of.begin, of.end)
    so_far = water.year(of.area_code, date(of.begin.year, 1, 1), of.end)
    blocks: Blocks = [
        *water_text.month_blocks(
            now, water.period(of.area_code, *air.year_before(of.begin, of.end)), so_far
        ),
        *water_text.open_work(now),
    ]
    return [*blocks, *notes.of(blocks)]


def _registers(*keys: str) -> Callable[[Spoken], Blocks]:
    return lambda of: [block for key in keys for block in _register(key, of)]


def _register(key: str, of: Spoken) -> Blocks:
    register = register_of(key)
    return [
        Subheading(str(register.label)),
        _numbers(register, of),
        _by_town(register, of),
        _statistics(register, of),
        _late(register, of),
    ]


def _counts(register: Register, area_code: str, of: Spoken) -> dict[str, Figure]:
    """What a register counts, each named with its book, as a reader of the annex needs it."""
    counting = Counting(register, area_code, of.span)
    found = {m.key: counting.figure(m) for m in measures_of(register)}
    if (area_code, register.key) in of_registers.kept_back([area_code]):
        found = {
            key: absent(figure.label, figure.records, of_registers.KEPT_BACK)
            for key, figure in found.items()
        }
    return {
        key: figure
        if str(register.label)[:2] in figure.label
        else replace(figure, label=f"{register.label}{figure.label}")
        for key, figure in found.items()
    }


def _numbers(register: Register, of: Spoken) -> Statement:
    figures = _counts(register, of.area_code, of)
    last = date.fromordinal(of.end.toordinal() - 1)
    own: list[Part] = []
    for measure in register.measures:
        if figures[measure.key].value is None:
            continue
        own += ["；", measure.name, figures[measure.key]]
    return Statement(
        (
            f"{of.words}新立", figures["opened"], "，办结", figures["closed"],
            f"；截至{last.month}月{last.day}日在办", figures["in_hand"], "，其中超期", figures["overdue"],
            *own, "。",
        )
    )  # fmt: skip


def _by_town(register: Register, of: Spoken) -> Table | None:
    rows: list[tuple[Part, ...]] = []
    codes = towns(of.area_code)
    hidden = {code for code, key in of_registers.kept_back(codes) if key == register.key}
    note = "涉及限定知悉范围事项的镇街和相邻镇街，本表不列数字。" if hidden else ""
    for code in codes:
        if code in hidden:
            continue
        figures = _counts(register, code, of)
        chosen = [figures[k] for k in ("opened", "closed", "in_hand", "overdue")]
        if any(f.value for f in chosen):
            rows.append((area_name(code), *chosen))
    if not rows and not note:
        return None
    header = ("镇街", "新立", "办结", "在办", "超期")
    return Table(f"{register.label}各镇街情况", header, tuple(rows), note=note)


def _statistics(register: Register, of: Spoken) -> Table | None:
    if (of.area_code, register.key) in of_registers.kept_back([of.area_code]):
        return None
    found = of_statistics.figures_of(register.key, of.area_code, of.span)
    rows = tuple((figure.label, figure) for figure in found if figure.value is not None)
    if not any(figure.value for _label, figure in rows):
        return None
    note = f"统计{of.words}新立的件，办理情况截至{air_text.words(timezone.localdate())}。"
    return Table(f"{register.label}主要数据", ("项目", "数值"), rows, note=note)


def _late(register: Register, of: Spoken) -> Table | None:
    counting = Counting(register, of.area_code, of.span)
    overdue = next(m for m in measures_of(register) if m.key == "overdue")
    # Those that the figure above counts: at the end of a span that is over.
    every = counting.matters().filter(of_registers.counted(overdue, of.span)).order_by("due", "pk")
    rows = every.exclude(circulation__in=NARROW)
    cells = tuple(
        (m.number or str(m.pk), m.title, area_name(m.area_code), f"{m.due:%Y-%m-%d}" if m.due else "—")
        for m in rows[:LATE_ROWS]
    )  # fmt: skip
    hidden = every.count() - (told := rows.count())
    if not cells and not hidden:
        return None
    more = told - len(cells)
    note = f"只列期限最早的{len(cells)}件，另有{more}件见台账。" if more > 0 else ""
    if hidden:
        # How many, of a county alone; which, nowhere.
        town = (of.area_code, register.key) in of_registers.kept_back([of.area_code])
        note += "限定知悉范围的事项不列。" if town else f"另有{hidden}件限定知悉范围，不列。"
    return Table(
        f"{register.label}超期未办结清单", ("编号", "事项", "属地", "期限"), cells, note=note
    )


def _declared(
    key: str,
    label: str,
    title: str,
    span: str,
    series: str,
    *sections: tuple[str, Callable[[Spoken], Blocks]],
) -> SectionedReport:
    def gather(area_code: str, day: date) -> Spoken:
        return spoken(area_code, span, day, title)

    return declare(
        SectionedReport(
            key=key, label=label, line="assessment", span=span, series=series, to=_TO, words=(_REQUIRED,),
            gather=gather, sections=tuple(Heading(heading, blocks) for heading, blocks in sections),
        )
    )  # fmt: skip


_AIR = ("环境空气质量", _air)
_PLACES = ("点位排名", _ranking)
AIR_WEEK = _declared(
    "air_week", "环境空气质量周报", "环境空气质量周报\n{words}", "week", "", _AIR, _PLACES
)
AIR_TEN_DAYS = _declared(
    "air_ten_days", "环境空气质量旬报", "环境空气质量旬报\n{words}", "ten_days", "", _AIR, _PLACES
)  # fmt: skip
AIR_MONTH = _declared(
    "air_notice", "环境空气质量通报", "环境空气质量情况\n{words}通报", "month", "环气通〔{year}〕{n}号", _AIR, _PLACES,
)  # fmt: skip
AIR_RANKING = _declared(
    "air_ranking", "环境空气质量排名", "环境空气质量\n{words}排名", "month", "环气排〔{year}〕{n}号", _PLACES
)  # fmt: skip
WATER_MONTH = _declared(
    "water_notice", "水环境质量通报", "水环境质量情况\n{words}通报", "month", "环水通〔{year}〕{n}号",
    ("地表水环境质量", _water),
)  # fmt: skip
ENFORCEMENT = _declared(
    "enforcement_report", "环境执法情况通报", "生态环境执法情况\n{words}通报", "month", "环执通〔{year}〕{n}号",
    ("检查情况", _registers("inspection", "random_check")),
    ("案件查办情况", _registers("penalty_case", "correction_order", "seizure", "police_transfer")),
)  # fmt: skip
COMPLAINTS = _declared(
    "complaint_report", "信访投诉情况通报", "生态环境信访投诉情况\n{words}通报", "month", "环访通〔{year}〕{n}号",
    ("信访投诉办理情况", _registers("complaint")),
)  # fmt: skip
PROBLEMS = _declared(
    "problem_progress", "问题整改进展通报", "生态环境问题整改进展\n{words}通报", "month", "环改通〔{year}〕{n}号",
    ("问题一本账", _registers("problem")),
    ("创城问题和督察信访", _registers("city_problem", "inspectorate_letter")),
)  # fmt: skip
# W7: what is raised, handed over, followed and closed is told to everybody each month (通报反馈).
ALARMS = _declared(
    "alarm_notice", "预警处置情况通报", "环境质量预警处置情况\n{words}通报", "month", "环警通〔{year}〕{n}号",
    ("预警交办和办理情况", _registers("alarm_case")),
    ("溯源线索", _registers("air_clue")),
)  # fmt: skip
NOTICES = (
    AIR_WEEK, AIR_TEN_DAYS, AIR_MONTH, AIR_RANKING, WATER_MONTH, ENFORCEMENT, COMPLAINTS, PROBLEMS, ALARMS,
)  # fmt: skip
