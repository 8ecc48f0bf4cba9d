"""工作总结: a year's, half-year's, quarter's or month's summary, filled from named figures into a file the bureau edits.

Its figures are computed and locked when the draft is begun, with the version of the template; what people write
stands where the template repeats over it. Page, .docx, .pdf and .xlsx are made from the same locked figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ecoledger.accounts.language import in_chinese
from ecoledger.accounts.models import Person
from ecoledger.indicators.declaring import Span
from ecoledger.reports import filled, letter_file, locked, named_figures, notes
from ecoledger.reports.content import Bulletin, Part, Statement
from ecoledger.reports.declaration import Report, Word, declare
from ecoledger.reports.models import LetterTemplate
from ecoledger.reports.spoken import issuer, spoken
from ecoledger.reports.summary_template import summary_template
from ecoledger.reports.template_in_force import content_of, newest

# What a template may say beside figures and words.
ALWAYS = ("发文机关", "文号", "标题", "区域", "期间", "成文日期", "数字说明")

Named = dict[str, Part]
Lists = dict[str, list[dict[str, Part]]]


@dataclass(frozen=True, kw_only=True)
class Summary(Report):
    """A report whose sections stand in a .docx that the bureau edits."""

    template: Callable[[], bytes]
    # What it is called behind its span: 2026年上半年工作总结, 2026年11月上旬工作小结.
    called: str = "工作总结"

    def compose(self, area_code: str, day: date) -> Bulletin:
        return self.lock(area_code, day)[0]

    @in_chinese
    def lock(self, area_code: str, day: date) -> tuple[Bulletin, dict[str, Any]]:
        """Every figure that the template in force names, computed now; and the summary without words."""
        own = newest(self)
        content = self.template() if own is None else content_of(own)
        of = spoken(area_code, self.span, day, f"{{words}}{self.called}")
        asked = named_figures.Asked(area_code, of.span)
        used = letter_file.variables(content)
        wanted = [name for name in named_figures.names() if name in used]
        named, said = named_figures.gathered(wanted, asked)
        lists = {
            name: named_figures.rows_of(name, asked) for name in named_figures.LISTS if name in used
        }
        in_rows = (part for rows in lists.values() for row in rows for part in row.values())
        issued_by = issuer(area_code)
        # Of a town the title names it: its issuer does not.
        title = of.title.removeprefix(of.name) if issued_by.startswith(of.name) else of.title
        kept: dict[str, Any] = {
            "kind": self.key,
            "title": f"{issued_by}\n{title}",
            "number": of.words,
            "issuer": issued_by,
            "area_code": area_code,
            "begin": of.begin.isoformat(),
            "end": of.end.isoformat(),
            "standards": [],
            "doubts": [],
            "sections": [],
            "template": own.pk if own else None,
            "named": {name: locked.part(part) for name, part in named.items()},
            "lists": {
                name: [{column: locked.part(p) for column, p in row.items()} for row in rows]
                for name, rows in lists.items()
            },
            "said": {
                "标题": title,
                "区域": _whole(of.name),
                "期间": of.words,
                "发文机关": issued_by,
                "数字说明": notes.together(
                    (
                        *said,
                        _note(named),
                        named_figures.untold([*named.values(), *in_rows]),
                        named_figures.of_books() if "台账表" in lists else "",
                    )
                ),
            },
        }
        return self.read(kept, {}, kept["number"]), kept

    def filled(
        self, kept: Mapping[str, Any], words: Mapping[str, list[str]], number: str, day: str
    ) -> bytes:
        """The .docx with locked figures as they are printed."""
        values = filled.values(_named(kept), _lists(kept), filled.printed)
        return letter_file.fill(self._template(kept), self._all(kept, values, words, number, day))

    def read(
        self, kept: Mapping[str, Any], words: Mapping[str, list[str]], number: str
    ) -> Bulletin:
        """The same as content whose figures open their records."""
        marks = filled.Marks()
        values = filled.values(_named(kept), _lists(kept), marks.of)
        docx = letter_file.fill(self._template(kept), self._all(kept, values, words, number, ""))
        return Bulletin(
            self.key,
            kept["title"],
            number,
            kept["issuer"],
            kept["area_code"],
            date.fromisoformat(kept["begin"]),
            date.fromisoformat(kept["end"]),
            filled.sections(docx, marks, kept["issuer"]),
        )

    def _template(self, kept: Mapping[str, Any]) -> bytes:
        """The version that the figures were locked for."""
        if kept["template"] is None:
            return self.template()
        return content_of(LetterTemplate.objects.get(pk=kept["template"]))

    def _all(
        self,
        kept: Mapping[str, Any],
        values: dict[str, Any],
        words: Mapping[str, list[str]],
        number: str,
        day: str,
    ) -> dict[str, Any]:
        said = {w.name: words.get(w.name, []) for w in self.words}
        return {**values, **said, **kept["said"], "文号": number, "成文日期": day}

    def variables(self) -> list[str]:
        """Names of figures without what can be said of them, then the rest."""
        return [
            *ALWAYS,
            *(w.name for w in self.words),
            *named_figures.LISTS,
            *named_figures.named(),
        ]

    def examples(self) -> dict[str, Any]:
        """A value for every variable, to try a template with."""
        made: dict[str, Any] = {name: f"（{name}）" for name in (*ALWAYS, *named_figures.names())}
        made |= {w.name: [f"（{w.name}一）", f"（{w.name}二）"] for w in self.words}
        made |= {
            name: [{column: f"（{column}）" for column in columns}]
            for name, columns in named_figures.LISTS.items()
        }
        return made


def _whole(name: str) -> str:
    return {"市": "全市", "县": "全县", "区": "全区"}.get(name[-1:], "辖区")


def _named(kept: Mapping[str, Any]) -> Named:
    return {name: locked.part_again(row) for name, row in kept["named"].items()}


def _lists(kept: Mapping[str, Any]) -> Lists:
    return {
        name: [{column: locked.part_again(p) for column, p in row.items()} for row in rows]
        for name, rows in kept["lists"].items()
    }


def _note(named: Mapping[str, Part]) -> str:
    """What is to be said of changes that printed figures do not give."""
    parts: Sequence[Part] = tuple(named.values())
    note = notes.rounding([Statement(tuple(parts))])
    return str(note) if note else ""


def _problems(bulletin: Bulletin, _author: Person) -> str:
    """What the figures themselves name as problems: targets not met, work that is overdue."""
    asked = named_figures.Asked(bulletin.area_code, Span(bulletin.begin, bulletin.end))
    said = []
    for row in named_figures.rows_of("目标表", asked):
        # What another source says of the value stands behind the verdict in brackets.
        verdict, bracket, beside = str(row["结论"]).partition("（")
        if "未达到" in verdict:
            value = f"为{row['现值']}{bracket}{beside}，" if filled.is_there(row["现值"]) else ""
            said.append(f"{row['指标']}{value}{verdict}目标（{row['目标']}）。")
    late = [
        f"{row['台账']}{row['超期']}"
        for row in named_figures.rows_of("台账表", asked)
        if getattr(row["超期"], "value", 0)
    ]
    if late:
        said.append(f"部分工作有环节超过时限：{'、'.join(late)}。")
    return "\n".join(said)


def _next_steps(bulletin: Bulletin, _author: Person) -> str:
    """The open tasks with the nearest due days."""
    from ecoledger.matters.register import OPEN_WORK
    from ecoledger.registers.plan.work_tasks import WorkTask

    tasks = WorkTask.objects.filter(
        OPEN_WORK, area_code__startswith=bulletin.area_code, withdrawn_at=None
    )
    return "\n".join(
        f"{task.title.rstrip('。')}（{task.section}，{task.finish_by.month}月{task.finish_by.day}日前完成）。"
        for task in tasks.order_by("finish_by", "pk")[:8]
    )


_WORDS = (
    Word(
        "存在问题", "lines", first=_problems, help="一行一条；已按数据列出未达目标和超期的，可改写"
    ),
    Word("下一步打算", "lines", first=_next_steps, help="一行一条；已列出在办任务，可改写"),
)


def _declared(span: str, label: str, called: str) -> Summary:
    return declare(
        Summary(
            key=f"summary_{span}", label=label, line="assessment", span=span, words=_WORDS,
            template=summary_template, series="环总〔{year}〕{n}号", called=called,
        )
    )  # fmt: skip


YEARLY = _declared("year", "年度工作总结", "工作总结")
HALF_YEARLY = _declared("half", "半年工作总结", "工作总结")
QUARTERLY = _declared("quarter", "季度工作小结", "工作小结")
MONTHLY = _declared("month", "月度工作小结", "工作小结")
TEN_DAYS = _declared("ten_days", "旬工作小结", "工作小结")
WEEKLY = _declared("week", "周工作小结", "工作小结")
SUMMARIES = (YEARLY, HALF_YEARLY, QUARTERLY, MONTHLY, TEN_DAYS, WEEKLY)
