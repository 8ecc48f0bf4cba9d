"""What a summary's template can name: every indicator by its Chinese name, with what can be said of it.

``{{ 优良天数比例 }}`` is the figure of the span; ``_同比`` its change against the same span a year before (both judged by the edition of the span's last day, where the
editions differ),
``_上年`` that figure, ``_目标`` the year's target, ``_达标`` how the span keeps to it, ``_分子`` and ``_分母`` the parts of a share,
``_有`` whether it is more than nought, or not told. ``_达标`` is 达到 or 未达到 of a whole year, 目前达到 or 目前未达到 of a year so
far, and nothing of a week, a month or a later quarter, which no target of a year speaks of.
What has no value is false in a condition and prints as a dash, so that a sentence about it can be left out. Of a month
with too few valid days the air has none but these days.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from ecoledger.indicators import (
    air,
    air_standing,
    catalogue,
    declaring,
    doors,
    reconciling,
    storing,
    target_book,
    targets,
)
from ecoledger.indicators.declaring import Indicator, Span, all_indicators
from ecoledger.indicators.figures import (
    PERCENT,
    Change,
    Figure,
    absent,
    by_one_edition,
    count,
    written,
)
from ecoledger.indicators.of_registers import KEPT_BACK, for_readers, kept_back, standing
from ecoledger.indicators.scorecards import towns
from ecoledger.listings.cells import area_name
from ecoledger.matters.register import all_registers
from ecoledger.registers.plan import work_tasks
from ecoledger.registers.plan.target_book import PlanTarget
from ecoledger.reports import notes, spans
from ecoledger.reports.content import Part

TOO_FEW_DAYS = "有效天数不足"
ASPECTS = ("", "同比", "上年", "目标", "达标", "分子", "分母", "有")
# Lists with the columns of their rows: {%tr for 行 in 目标表 %}{{ 行.指标 }}.
LISTS: dict[str, tuple[str, ...]] = {
    "目标表": ("指标", "来源", "性质", "现值", "目标", "结论"),
    "台账表": ("台账", "新立", "办结", "在办", "超期"),
    "科室表": ("科室", "任务", "完成", "结转", "超期"),
    "镇街表": ("镇街", "优良天数比例", "PM25平均浓度", "断面达标率", "超期问题"),
    "勾稽表": ("名称", "总数", "分项", "差额"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a template's figures are asked for: a division and a span."""

    area_code: str
    span: Span

    @property
    def before(self) -> Span:
        """The same days a year before."""
        return Span(*air.year_before(self.span.begin, self.span.end))


def variable(name: str) -> str:
    """An indicator's name as a template writes it: without signs and without a span of classes.

    >>> variable("优良（Ⅰ～Ⅲ类）断面比例"), variable("PM2.5平均浓度")
    ('优良断面比例', 'PM25平均浓度')
    """
    return "".join(c for c in re.sub(r"（[Ⅰ-Ⅻ～]+类）", "", name) if c.isalnum())


def named() -> dict[str, Indicator]:
    """Every indicator by the name a template knows it by; the first declared keeps a name.

    Figures of a book that only some may see are named by no template.
    """
    result: dict[str, Indicator] = {}
    for indicator in all_indicators():
        if for_readers(indicator.see):
            result.setdefault(variable(indicator.full_name), indicator)
    return result


def names() -> Iterator[str]:
    """Every variable of a figure."""
    for base in named():
        for aspect in ASPECTS:
            yield f"{base}_{aspect}" if aspect else base


class Gathered(NamedTuple):
    """What variables name, and what is to be said of the changes among it."""

    named: dict[str, Part]
    notes: list[str]


def gathered(wanted: Iterable[str], asked: Asked) -> Gathered:
    """The figures, changes and words that ``wanted`` variables name. Names that are none of ours are left out."""
    known = named()
    split = {name: name.partition("_") for name in wanted}
    used = {name: (base, aspect) for name, (base, _, aspect) in split.items() if base in known}
    wanted_now = {known[base].key: known[base] for base, _a in used.values()}
    now = _figures(wanted_now.values(), asked.area_code, asked.span)
    lastly = {
        known[base].key: known[base] for base, aspect in used.values() if aspect in ("同比", "上年")
    }
    before = _figures(
        [i for i in lastly.values() if not _of_the_moment(i)], asked.area_code, asked.before
    )
    changes = {
        key: _change(
            now[key], before.get(key) or absent(now[key].label, now[key].records, "无可比数据")
        )
        for key in lastly
    }
    anew = _by_one_edition([i for i in lastly.values() if changes[i.key].across_editions], asked)
    changes |= {key: by_one_edition(changes[key], again) for key, again in anew.items()}
    hidden = {f"register:{key}" for _code, key in kept_back([asked.area_code])}
    made: dict[str, Part] = {}
    for name, (base, aspect) in used.items():
        if known[base].source.touched_by in hidden:
            made[name] = _untold(now[known[base].key], aspect)
            continue
        made[name] = _aspect(known[base], aspect, now[known[base].key], changes, asked)
    told = [str(note) for note in notes.editions(changes.values())]
    if any(_judges(i) and now[i.key].value is not None for i in wanted_now.values()):
        told.append(_few_days_of(asked))
    return Gathered(made, told)


def _figures(wanted: Iterable[Indicator], area_code: str, span: Span) -> dict[str, Figure]:
    """Figures as documents tell them: nothing is judged by a month with too few valid days."""
    every = list(wanted)
    found = storing.figures(every, area_code, span)
    judging = [i for i in every if _judges(i)]
    if judging and spans.days("month", span.begin) == (span.begin, span.end):
        valid, required = _valid_days(area_code, span)
        if 0 < valid < required:
            found |= {
                i.key: absent(found[i.key].label, found[i.key].records, TOO_FEW_DAYS)
                for i in judging
            }
    return found


def _judges(indicator: Indicator) -> bool:
    """Whether it judges the air of a span, and is no mere number of its days."""
    return indicator.source is catalogue.AIR and indicator.unit != "天"


def _valid_days(area_code: str, span: Span) -> tuple[int, int]:
    """How many valid days a span has, and how many it needs."""
    valid = storing.figure(catalogue.VALID_DAYS, area_code, span).value or 0
    return int(valid), air_standing.days_required(span.begin, span.end)


def _few_days_of(asked: Asked) -> str:
    """That a span has too few valid days; "" where they are enough."""
    valid, required = _valid_days(asked.area_code, asked.span)
    if valid >= required:
        return ""
    return f"空气质量有效天数{valid}天，少于{required}天，所列评价数字仅供参考。"


def _change(now: Figure, before: Figure) -> Change:
    return Change(now, before, max(now.decimals, 1) if now.unit == PERCENT else now.decimals)


def _by_one_edition(wanted: list[Indicator], asked: Asked) -> dict[str, Change]:
    """Their changes with both periods judged by the editions in force on the last day."""
    as_of = asked.span.end - timedelta(days=1)
    here = declaring.figures(wanted, asked.area_code, asked.span, as_of)
    there = declaring.figures(wanted, asked.area_code, asked.before, as_of)
    return {key: _change(figure, there[key]) for key, figure in here.items()}


def _untold(figure: Figure, aspect: str) -> Part:
    """A figure that readers of the document may not see; its records ask again who may."""
    if aspect == "达标":
        return ""
    if aspect == "有":  # a sentence that there are none would tell, and mostly not the truth
        return KEPT_BACK
    return absent(f"{figure.label}{aspect}", figure.records, KEPT_BACK)


def _of_the_moment(indicator: Indicator) -> bool:
    """Whether it speaks of now, so that a year before cannot be told: an undated count of a register or book."""
    return indicator.source.undated or (
        indicator.source.as_of_now and indicator.source.key.startswith(("register:", "statistics:"))
    )


def _aspect(
    indicator: Indicator, aspect: str, now: Figure, changes: Mapping[str, Change], asked: Asked
) -> Part:
    door = now.records
    match aspect:
        case "":
            return now
        case "同比":
            return changes[indicator.key]
        case "上年":
            return changes[indicator.key].before
        case "目标":
            return _target(indicator, asked, door) or absent(f"{now.label}目标", door, "未设目标")
        case "达标":
            return _verdict(indicator, now, asked)
        case "有":
            return "有" if now.value else ""
        case "分子" | "分母":
            number = now.numerator if aspect == "分子" else now.denominator
            if number is None:
                return absent(f"{now.label}{aspect}", door, "不是比例")
            return count(f"{now.label}{aspect}", int(number), door)
    return ""


def _level(indicator: Indicator, asked: Asked) -> tuple[Fraction, str] | None:
    """The year's target: of the profile, else of a target book."""
    try:
        goals = targets.own(asked.area_code, asked.span.begin.year)
    except targets.TargetsError:
        goals = []
    for goal in goals:
        if goal.indicator.key == indicator.key:
            return goal.value, indicator.word
    row = PlanTarget.objects.filter(
        area_code=asked.area_code, year=asked.span.begin.year, indicator=indicator.key
    ).exclude(target=None).first()  # fmt: skip
    if row is None or row.target is None:
        return None
    return Fraction(row.target), str(row.get_comparator_display())


def _target(indicator: Indicator, asked: Asked, door: Any) -> Figure | None:
    level = _level(indicator, asked)
    if level is None:
        return None
    words = f"{level[1]}{written(f'{float(level[0]):.10g}', indicator.unit)}"
    return Figure(f"{indicator.name}目标", level[0], words, door, indicator.unit)


def _verdict(indicator: Indicator, now: Figure, asked: Asked) -> str:
    """How the span keeps to the year's target; "" where the two are not alike.

    A sum that is still to grow is not missed, and one that may grow no further is not kept, before the year is over.
    """
    level, begin, end = _level(indicator, asked), asked.span.begin, asked.span.end
    if level is None or now.value is None or (begin.month, begin.day) != (1, 1):
        return ""
    if indicator.target:
        met = indicator.behaviour.met(now, level[0], higher=indicator.higher_is_better)
    else:
        met = now.value >= level[0] if indicator.higher_is_better else now.value <= level[0]
    if end >= date(begin.year + 1, 1, 1):
        return "达到" if met else "未达到"
    grows = indicator.target in ("", "count") and indicator.unit != PERCENT
    if grows and met is not indicator.higher_is_better:
        return ""
    if grows:
        return "已达到" if met else "已超过"
    return "目前达到" if met else "目前未达到"


# ---- repeating rows ------------------------------------------------------------------------------


def rows_of(name: str, asked: Asked) -> list[dict[str, Part]]:
    """The rows of a list that templates may repeat over."""
    return _ROWS[name](asked)


def _target_rows(asked: Asked) -> list[dict[str, Part]]:
    rows = PlanTarget.objects.filter(area_code=asked.area_code, year=asked.span.begin.year).exclude(
        kind=PlanTarget.Kind.CONDITION
    )
    result: list[dict[str, Part]] = []
    stands = target_book.standings(rows.select_related("lead"), asked.span.end)
    # What stands in two books alike is one target; what does not is named with its book.
    for stand in stands:
        target = stand.target
        row: dict[str, Part] = {
            "指标": target.name,
            "来源": target.book,
            "性质": str(target.get_kind_display()),
            "现值": stand.figure,
            "目标": target_book.goal(target),
            "结论": _said_of(stand, asked.span.end)
            + (f"（{stand.beside}）" if stand.beside else ""),
        }
        alike = next(
            (other for other in result if _but_for_its_book(other) == _but_for_its_book(row)), None
        )
        if alike is None:
            result.append(row)
        else:
            alike["来源"] = f"{alike['来源']}、{target.book}"
    named = Counter(str(row["指标"]) for row in result)
    for row in result:
        if named[str(row["指标"])] == 1:
            row["来源"] = ""
    return result


def _but_for_its_book(row: Mapping[str, Part]) -> list[str]:
    return [str(part) for column, part in row.items() if column != "来源"]


def _said_of(one: target_book.Standing, end: date) -> str:
    """How a target stands: of a year under way only how it stands so far; what is amassed is under way, not missed."""
    if one.untold:
        return "不列"
    if one.met is None:
        return "数据缺"
    if end >= date(one.target.year + 1, 1, 1):
        return "达到" if one.met else "未达到"
    if one.pace is not None:
        return "已达到" if one.met else "推进中"
    return "目前达到" if one.met else "目前未达到"


def _register_rows(asked: Asked) -> list[dict[str, Part]]:
    result: list[dict[str, Part]] = []
    columns = {"opened": "新立", "closed": "办结", "in_hand": "在办", "overdue": "超期"}
    counted = standing(asked.area_code, asked.span)
    for _code, key in kept_back([asked.area_code]):
        counted.pop(key, None)
    for register in all_registers():
        figures = counted.get(register.key, {})
        if for_readers(register.see) and any(f.value for f in figures.values()):
            label = str(register.label)
            row: dict[str, Part] = {"台账": label}
            for key, head in columns.items():
                row[head] = replace(figures[key], label=f"{label}{head}")
            result.append(row)
    return result


def of_books() -> str:
    """What the list of books counts, and that it does not hold those which only some may see, where there are any."""
    kept = [register for register in all_registers() if not for_readers(register.see)]
    counted = (
        "各台账新立为期内登记的件，办结、在办、超期含往年结转的件；"
        "超期为当前环节（签收、办理、验收等）已过时限的件，不都是超过完成时限。"
    )
    return f"{counted}台账表不含限定知悉范围的台账。" if kept else counted


def untold(named: Iterable[Part]) -> str:
    """That figures of a town were left out; "" where none was."""
    hidden = any(isinstance(part, Figure) and part.missing == KEPT_BACK for part in named)
    return "涉及限定知悉范围事项的数字不列。" if hidden else ""


def _section_rows(asked: Asked) -> list[dict[str, Part]]:
    tasks = work_tasks.WorkTask.objects.filter(
        area_code__startswith=asked.area_code, year=asked.span.begin.year
    )
    result: list[dict[str, Part]] = []
    for name in sorted(set(tasks.values_list("section", flat=True))):
        own = tasks.filter(section=name, merged_into=None, withdrawn_at=None)
        door = doors.MATTERS.opens(register="work_task", section=name)
        done = own.filter(closed_at__isnull=False, state="finished")
        late = own.filter(closed_at=None, finish_by__lt=asked.span.end)
        result.append(
            {
                "科室": name,
                "任务": count(f"{name}任务", own.exclude(state="dropped").count(), door, "项"),
                "完成": count(f"{name}完成", done.count(), door, "项"),
                "结转": count(f"{name}结转", own.filter(closed_at=None).count(), door, "项"),
                "超期": count(f"{name}超期", late.count(), door, "项"),
            }
        )
    return result


def _town_rows(asked: Asked) -> list[dict[str, Part]]:
    wanted = {
        "优良天数比例": "good_day_ratio",
        "PM25平均浓度": "pm2_5_mean",
        "断面达标率": "water_attained_ratio",
        "超期问题": "problem.overdue",
    }
    every = {i.key: i for i in all_indicators()}
    used = {head: every[key] for head, key in wanted.items() if key in every}
    result: list[dict[str, Part]] = []
    codes = towns(asked.area_code)
    hidden = {(code, f"register:{key}") for code, key in kept_back(codes)}
    for code in codes:
        figures = _figures(used.values(), code, asked.span)
        row: dict[str, Part] = {"镇街": area_name(code)}
        for head, indicator in used.items():
            told = (code, indicator.source.touched_by) not in hidden
            row[head] = figures[indicator.key] if told else _untold(figures[indicator.key], "")
        result.append(row)
    return result


def _sum_rows(asked: Asked) -> list[dict[str, Part]]:
    """Totals whose parts do not come to them."""
    result: list[dict[str, Part]] = []
    for whole in ("article.media", "activity.all"):
        divided = reconciling.divided(whole, asked.area_code, asked.span)
        if not divided.adds_up:
            left = count(
                f"{divided.whole.label}差额",
                int(divided.unexplained),
                divided.whole.records,
                divided.whole.unit,
            )
            result.append(
                {
                    "名称": divided.whole.label,
                    "总数": divided.whole,
                    "分项": divided.shown,
                    "差额": left,
                }
            )
    return result


_ROWS = {
    "目标表": _target_rows,
    "台账表": _register_rows,
    "科室表": _section_rows,
    "镇街表": _town_rows,
    "勾稽表": _sum_rows,
}
