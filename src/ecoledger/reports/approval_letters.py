"""Letters of the approval line: the opinion on access by zoning (准入研判意见)."""

from __future__ import annotations

from typing import Any

from ecoledger.accounts.models import Person
from ecoledger.matters.models import Matter
from ecoledger.reports.declaration import Letter, Word, declare
from ecoledger.reports.letters import _letter
from ecoledger.reports.template_in_force import made_once


@made_once
def opinion_template() -> bytes:
    return _letter(
        "关于{{ 标题 }}生态环境分区管控准入的意见",
        (
            "你单位{{ 标题 }}位于{{ 属地 }}{{ 地址 }}。经对照{{ 方案 }}，现提出意见如下。",
            "一、结论",
            "{{ 结论 }}。{{ 意见 }}",
            "二、所在管控单元",
            "{%p for 条 in 单元 %}",
            "{{ 条 }}",
            "{%p endfor %}",
            "三、对照的条款",
            "{%p for 条 in 条款 %}",
            "（{{ loop.index }}）{{ 条 }}",
            "{%p endfor %}",
            "本意见以上述方案为准，方案更新后应重新研判。",
        ),
    )


def _check(matter: Matter) -> Any:
    return getattr(matter, "as_zoning_check", matter)


def _plan(matter: Matter, _author: Person) -> str:
    version = getattr(_check(matter), "version", None)
    return f"{version.name}{f'（{version.paper}）' if version.paper else ''}" if version else ""


def _verdict(matter: Matter, _author: Person) -> str:
    check = _check(matter)
    return str(check.get_verdict_display()) if getattr(check, "verdict", "") else ""


def _opinion(matter: Matter, _author: Person) -> str:
    return str(getattr(_check(matter), "opinion", ""))


def _units(matter: Matter, _author: Person) -> str:
    return str(getattr(_check(matter), "units", ""))


def _clauses(matter: Matter, _author: Person) -> str:
    """Every clause with its number, text and how the project stands to it."""
    rows = getattr(_check(matter), "findings", None)
    if rows is None:
        return ""
    return "\n".join(
        f"{row.where} {row.get_dimension_display()} {row.number}：{row.text}"
        f"（{row.get_verdict_display()}{'，' + row.evidence if row.evidence else ''}）"
        for row in rows.all()
    )


def _addressee(matter: Matter, _author: Person) -> str:
    return matter.entity.name if matter.entity else ""


OPINION = declare(
    Letter(
        key="zoning_opinion",
        label="准入研判意见",
        line="approval",
        series="环研〔{year}〕{n}号",
        registers=("zoning_check",),
        states=("reviewed", "issued"),
        words=(
            Word("主送", first=_addressee),
            Word("抄送", required=False),
            Word("方案", first=_plan),
            Word("结论", first=_verdict),
            Word("意见", "long", first=_opinion),
            Word("单元", "lines", first=_units, help="一行一条"),
            Word("条款", "lines", first=_clauses, help="一行一条", required=False),
            Word("联系人", first=lambda _matter, author: author.name),
            Word("联系电话", required=False),
        ),
        template=opinion_template,
    )
)
