"""督察信访件办理情况日报 and 边督边改公开情况一览表 (mechanism T7): what goes up every day, and what the public reads of a batch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from ecoledger.indicators import of_statistics
from ecoledger.indicators.declaring import Span
from ecoledger.indicators.figures import Figure
from ecoledger.listings.cells import area_name
from ecoledger.live.times import midnight
from ecoledger.matters.models import Event
from ecoledger.registers.problems.inspectorate import (
    REGISTER,
    InspectorateBatch,
    InspectorateLetter,
)
from ecoledger.reports.content import Block, Bulletin, Section, Statement, Table
from ecoledger.reports.declaration import Part as Heading
from ecoledger.reports.declaration import SectionedReport, Word, declare
from ecoledger.reports.spoken import issuer

# What an event of the table's own making says is no progress.
_NO_PROGRESS = ("open", "history", "merged", "absorbed")


@dataclass(frozen=True)
class Day:
    """One day of an area's letters: the day's own, and all so far."""

    title: str
    number: str
    area_code: str
    begin: date
    end: date

    def bulletin(self, kind: str, sections: tuple[Section, ...]) -> Bulletin:
        return Bulletin(
            kind, self.title, self.number, issuer(self.area_code), self.area_code,
            self.begin, self.end, sections,
        )  # fmt: skip

    @property
    def letters(self) -> QuerySet[InspectorateLetter]:
        """Every letter of the area up to the day's end."""
        return InspectorateLetter.objects.filter(
            area_code__startswith=self.area_code,
            withdrawn_at=None,
            opened_at__lt=midnight(self.end),
        )

    def figures(self, begin: date) -> dict[str, Figure]:
        """The register's numbers of letters handed over from ``begin`` to the day."""
        return of_statistics._of(REGISTER.key, self.area_code, Span(begin, self.end), None)


def _day(area_code: str, day: date) -> Day:
    words = f"{day.year}年{day.month}月{day.day}日"
    title = f"{area_name(area_code)}督察信访件办理情况日报\n（{words}）"
    return Day(title, words, area_code, day, day + timedelta(days=1))


def _today(on: Day) -> list[Block]:
    n = on.figures(on.begin)
    closed = on.letters.filter(
        merged_into=None, closed_at__gte=midnight(on.begin), closed_at__lt=midnight(on.end)
    ).count()
    parts = ("当日交办涉及本地信访件", n["handed_over"], "，其中重复", n["duplicates"], "、重点件", n["key"],
             f"；当日办结{closed}件。")  # fmt: skip
    return [Statement(parts)]


def _so_far(on: Day) -> list[Block]:
    first = on.letters.order_by("opened_at").values_list("opened_at", flat=True).first()
    begin = timezone.localtime(first).date() if first else on.begin
    n = on.figures(begin)
    return [
        Statement((
            "截至当日，累计交办涉及本地", n["batches_ours"], n["handed_over"], "，其中重复", n["duplicates"],
            "、不属实", n["unfounded"], "；应整改", n["to_rectify"], "，已完成整改", n["done"], "，完成率（剔除重复和不属实）",
            n["done_of_due"], "，超期未办结", n["overdue"], "。",
        )),
        Statement((
            "累计责令整改", n["orders"], "，立案处罚", n["cases"], "，罚款", n["fine"], "，约谈", n["talks"],
            "，问责", n["accountable"], "。",
        )),
        _towns(on),
    ]  # fmt: skip


def _towns(on: Day) -> Table:
    counted: dict[str, list[int]] = {}
    rows = on.letters.values_list("area_code", "merged_into", "phase", "state")
    for area, merged, phase, state in rows:
        cells = counted.setdefault(area[:9], [0, 0, 0, 0])
        cells[0] += 1
        cells[1] += merged is not None
        cells[2] += merged is None and state == "unfounded"
        cells[3] += merged is None and phase in ("done", "closed", "review")
    lines = tuple(
        (area_name(area), *(str(n) for n in cells)) for area, cells in sorted(counted.items())
    )
    return Table(
        "各镇街办理情况",
        ("镇街", "交办", "重复", "不属实", "已完成整改"),
        lines,
        empty="没有信访件。",
    )


def _progress(on: Day) -> list[Block]:
    """Letters on which something was done that day, with where they stand."""
    done = Event.objects.filter(
        matter__register=REGISTER.key, at__gte=midnight(on.begin), at__lt=midnight(on.end)
    ).exclude(transition__in=_NO_PROGRESS)
    letters = on.letters.filter(pk__in=done.values("matter"), merged_into=None).order_by("pk")
    rows = tuple(
        (
            letter.letter_no or letter.number,
            letter.title,
            str(letter.owner_organisation or "—"),
            str(REGISTER.state_of(letter).label),
            public(letter.latest or letter.handling or letter.findings) or "—",
        )
        for letter in letters.select_related("owner_organisation")
    )
    heads = ("受理编号", "问题", "责任单位", "办理环节", "最新情况")
    return [Table("当日有进展的信访件", heads, rows, empty="当日没有进展。")]


DAILY = declare(
    SectionedReport(
        key="inspectorate_daily",
        label="督察信访件日报",
        line="rectification",
        span="day",
        series="环督日报〔{year}〕{n}号",
        gather=_day,
        words=(Word("存在问题和建议", "lines", required=False, help="一行一段"),),
        sections=(
            Heading("当日情况", _today),
            Heading("累计情况", _so_far),
            Heading("当日进展", _progress),
        ),
    )
)

# ---- what the public reads -----------------------------------------------------------------------


def public(text: str) -> str:
    """A text without telephone and identity numbers: what is published names nobody who told."""
    text = re.sub(r"(?<!\d)\d{17}[\dXx](?!\d)", "［证件号码］", text)
    return re.sub(r"(?<!\d)1\d{10}(?!\d)", "［电话］", text)


def _batch(area_code: str, day: date) -> Day:
    batches = InspectorateBatch.objects.filter(area_code=area_code, received_on=day)
    numbers = "、".join(str(n) for n in batches.order_by("number").values_list("number", flat=True))
    which = f"第{numbers}批" if numbers else f"{day.year}年{day.month}月{day.day}日"
    title = f"{area_name(area_code)}群众信访举报转办和\n边督边改公开情况一览表（{which}）"
    return Day(title, which, area_code, day, day + timedelta(days=1))


def _list(on: Day) -> list[Block]:
    letters = on.letters.filter(opened_at__gte=midnight(on.begin)).order_by("letter_no", "pk")
    kinds = dict(InspectorateLetter.Kind.choices)
    rows: list[tuple[Any, ...]] = []
    for n, letter in enumerate(letters, 1):
        media = "、".join(str(kinds.get(code, code)) for code in letter.kinds)
        again = f"（与{letter.merged_into.number}重复）" if letter.merged_into else ""
        rows.append((
            str(n), letter.letter_no or letter.number, public(letter.description or letter.title) + again,
            area_name(letter.area_code), media or "—", public(letter.findings) or "正在调查核实",
            letter.get_verdict_display() or "—", public(letter.handling or letter.latest) or "—",
            letter.get_finish_display() or "—", public(letter.accountable_text) or "无",
        ))  # fmt: skip
    heads = ("序号", "受理编号", "交办问题基本情况", "行政区域", "污染类型", "调查核实情况", "是否属实",
             "处理和整改情况", "是否办结", "责任人被处理情况")  # fmt: skip
    return [Table("公开情况一览表", heads, tuple(rows), empty="当日没有交办的信访件。")]


PUBLIC = declare(
    SectionedReport(
        key="inspectorate_public",
        label="边督边改公开一览表",
        line="rectification",
        span="day",
        series="环督公开〔{year}〕{n}号",
        gather=_batch,
        sections=(Heading("公开情况", _list),),
    )
)
