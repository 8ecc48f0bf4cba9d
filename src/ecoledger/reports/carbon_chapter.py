"""碳排放环境影响评价章节 (mechanism P12): the chapter of a project's assessment, filled from its sheet; the bureau edits the file."""

from __future__ import annotations

from typing import Any

from ecoledger.matters.models import Matter
from ecoledger.registers.carbon.impact import CarbonImpact
from ecoledger.reports.declaration import Letter, Word, declare
from ecoledger.reports.official_document import OfficialDocument
from ecoledger.reports.profile import documents
from ecoledger.reports.template_in_force import made_once


def _number(value: Any) -> str:
    return "" if value is None else f"{value:,.4f}".rstrip("0").rstrip(".")


def _values(matter: Matter) -> dict[str, Any]:
    """What the sheet came to, as the chapter says it."""
    impact = CarbonImpact.objects.get(pk=matter.pk)
    words = dict(CarbonImpact.Verdict.choices)
    return {
        "计算": [{"行": line} for line in impact.how.splitlines()],
        "项目排放": _number(impact.emitted),
        "现有排放": _number(impact.existing),
        "新增排放": _number(impact.added),
        "单位产品": _number(impact.intensity),
        "先进": _number(impact.advanced),
        "基准": _number(impact.benchmark),
        "结论": str(words.get(impact.verdict, "")),
    }


@made_once
def chapter_template() -> bytes:
    document = OfficialDocument(
        "{{ 发文机关 }}", "{{ 文号 }}", "{{ 标题 }}碳排放影响评价", documents().fonts, room_for=13
    )
    document.heading("一、项目概况")
    document.paragraph("{{ 概况 }}")
    document.heading("二、核算边界和排放源")
    document.paragraph(
        "核算边界为{{ 边界 }}，包括化石燃料燃烧、工业生产过程、净购入电力和热力的二氧化碳排放。"
        "电力排放因子采用{{ 因子年度 }}年（{{ 电力因子区域 }}）。"
    )
    document.heading("三、碳排放核算")
    document.paragraph("{%p for 条 in 计算 %}")
    document.paragraph("{{ 条.行 }}")
    document.paragraph("{%p endfor %}")
    document.paragraph(
        "项目建成后年排放量为{{ 项目排放 }} tCO2，现有工程为{{ 现有排放 }} tCO2，新增{{ 新增排放 }} tCO2。"
    )
    document.heading("四、排放水平评价")
    document.paragraph(
        "单位产品排放{{ 单位产品 }} tCO2，先进值{{ 先进 }}，准入基准{{ 基准 }}，评价结论：{{ 结论 }}。"
    )
    document.heading("五、减碳措施和管理要求")
    document.paragraph("{{ 措施 }}")
    document.heading("六、碳排放管理与监测")
    document.paragraph("{{ 监测 }}")
    document.sign_as("{{ 发文机关 }}", "{{ 成文日期 }}")
    return document.save()


def _described(matter: Any, _author: Any) -> str:
    return str(matter.description).strip() or str(matter.title)


def _measures(matter: Any, _author: Any) -> str:
    return CarbonImpact.objects.get(pk=matter.pk).measures.strip()


CHAPTER = declare(Letter(
    key="carbon_chapter", label="碳排放评价章节", line="approval", series="碳评章〔{year}〕{n}号",
    registers=("carbon_impact",), states=("review", "assessed"),
    words=(
        Word("概况", "long", first=_described),
        Word("边界", first="项目厂界内全部生产设施和公用工程"),
        Word("措施", "long", first=_measures),
        Word("监测", "long", first="建立碳排放台账，按月记录能源消耗和产品产量，每年核算并公开排放量。"),
    ),
    template=chapter_template, values=_values,
    value_names=("项目排放", "现有排放", "新增排放", "单位产品", "先进", "基准", "结论"),
    row_names={"计算": ("行",)},
))  # fmt: skip
