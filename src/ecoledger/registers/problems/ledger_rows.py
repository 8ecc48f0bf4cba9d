"""How an existing ledger of problems is read: headers it uses, and what one column says of another.

Words (origins, completion, units) are data: ``standards/data/ledger_words.toml``.
"""

from __future__ import annotations

import re
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Organisation
from ecoledger.listings.lookups import NoSuchRow, lookup_for
from ecoledger.listings.parts import TableRow
from ecoledger.registers.problems.categories import Category
from ecoledger.standards.completion import read_completion
from ecoledger.standards.data_files import read as data_file
from ecoledger.standards.written_names import media_of, troubles
from ecoledger.standards.written_units import split_units

TITLE = 80  # letters of a description that stand for a title where the ledger has none

HEADERS = {
    "source_no": ("序号", "编号", "问题编号", "受理编号", "任务编号", "销号编号"),
    "origin_kind": ("来源", "问题来源", "任务来源", "线索来源", "交办来源"),
    "source_batch": ("交办批次", "批次"),
    "title": ("问题概述", "问题名称", "问题简述", "存在问题", "存在的问题", "主要问题", "反馈问题", "督察反馈问题", "整改任务",
              "整改事项", "问题内容", "问题清单", "交办问题", "突出问题", "问题隐患"),
    "description": ("具体问题", "问题描述", "反映内容", "问题详情", "具体情况", "问题基本情况", "交办问题基本情况", "问题及表现"),
    "area_code": ("所在镇街", "镇街", "所属区域", "所属镇街", "所属乡镇", "乡镇", "乡镇(街道)", "镇(街道)", "所属镇(街道)", "行政区域",
                  "属地镇街", "所在乡镇", "属地单位", "区域", "辖区", "所在镇", "镇(街)"),
    "address": ("地址", "具体位置", "具体点位", "点位", "位置", "所在位置", "详细地址", "点位名称", "具体地点", "问题点位"),
    "entity": ("涉及企业", "企业名称", "断面", "断面名称", "所在断面", "国省考断面"),
    "category": ("问题类别", "污染类型", "问题类型", "要素", "领域", "涉及领域"),
    "tier": ("层级",), "risk": ("风险",), "key_item": ("是否重点件", "是否重点"),
    "target": ("目标", "整改要求"), "measures": ("措施", "整改举措", "主要措施", "整改方案"),
    "owner_organisation": ("牵头单位", "整改责任单位", "责任部门", "整改单位", "承办单位", "责任主体", "牵头责任单位", "整改主体", "办理单位",
                           "责任单位(牵头)", "牵头部门", "整改责任主体"),
    "assisting": ("配合单位", "协办单位", "配合部门", "责任单位(配合)"),
    "supervisor": ("监管单位", "督导单位", "验收单位", "监管部门", "行业主管部门", "主管部门", "督办单位", "市级督导单位"),
    "responsible": ("责任人", "牵头领导", "包保领导", "挂钩领导", "分管领导"),
    "deadline": ("完成时限", "整改期限", "时限", "办理时限", "要求完成时间", "计划完成时间", "整改完成时限", "限期", "整改时间",
                 "销号时限", "目标时限", "计划完成时限", "规定时限"),
    "progress_text": ("进展情况", "整改进展", "整改进展情况", "目前进展", "落实情况", "工作进展", "整改情况", "最新进展", "当前进展",
                      "整改落实情况", "最新整改情况", "办理进展"),
    "progress": ("完成比例", "完成率", "整改进度", "进度", "完成百分比", "完成进度"),
    "duplicate_of": ("重复件编号",),
}  # fmt: skip


def origin_of(words: str) -> str:
    """The origin that the words of a ledger mean; "" where they tell none."""
    for entry in data_file("ledger_words")["origin"]:
        if any(re.search(expression, words) for expression in entry["any"]):
            return str(entry["value"])
    return ""


def complete(row: TableRow) -> None:
    """A row of a ledger of problems: units taken apart, and what is missing told by what is there."""
    _text(row)
    _units(row)
    _area(row)
    _course(row)
    values = row.values
    if not values.get("category"):
        values["category"] = _category(row)
    if not values.get("source_batch") and row.section:
        values["source_batch"] = f"{row.sheet} {row.section}".strip()[:40]
    elif not values.get("source_batch") and row.history and row.sheet:
        values["source_batch"] = row.sheet[:40]
    if "origin_kind" not in row.faulty and not values.get("origin_kind"):
        values["origin_kind"] = "other"
        row.warn("origin_kind", _("没有写来源，按“其他”计"))


def _text(row: TableRow) -> None:
    values = row.values
    text = str(values.get("description") or "")
    title = str(values.get("title") or "")
    if not title and text:
        values["title"] = re.split(r"[。；;\n]", text)[0][:TITLE]
        if values["title"] == text:
            values["description"] = ""
    elif len(title) > 200:  # a whole account in the column of titles
        values["description"] = "\n".join(filter(None, (title, text)))
        values["title"] = re.split(r"[。；;\n]", title)[0][:TITLE]


def _units(row: TableRow) -> None:
    """责任单位 with several units: the first leads, the others help."""
    values = row.values
    units = split_units(values.get("owner_organisation"))
    if units.assisting:
        values["owner_organisation"] = units.lead
        there = split_units(values.get("assisting"))
        helping = dict.fromkeys([*units.assisting, there.lead, *there.assisting])
        values["assisting"] = "、".join(_called(row, name) for name in helping if name)[:200]
        row.warn(
            "owner_organisation",
            _("有多个单位：“%(lead)s”牵头，%(others)s配合")
            % {"lead": units.lead, "others": values["assisting"]},
        )
    elif values.get("assisting"):
        there = split_units(values["assisting"])
        names = [name for name in (there.lead, *there.assisting) if name]
        values["assisting"] = "、".join(_called(row, name) for name in names)[:200]
    lead = values.get("owner_organisation")
    if lead and row.history and row.look_up(lead, _organisation) is None:
        # An office that is no more: the old ledger is kept all the same, its word stands in the event.
        values["owner_organisation"] = ""
        row.warn(
            "owner_organisation",
            _("没有名为“%s”的单位，责任单位留空；可先登记单位或它的其他名称") % lead,
        )


def _called(row: TableRow, name: str) -> str:
    organisation = row.look_up(name, _organisation)
    return organisation.name if organisation is not None else name


def _organisation(name: str) -> Any:
    try:
        return lookup_for(Organisation).resolve(name, None)
    except NoSuchRow:
        return None


def _area(row: TableRow) -> None:
    values = row.values
    written = str(values.get("area_code") or "")
    if len(places := re.split(r"[、,，;；/\n]+", written)) > 1:
        values["area_code"] = places[0]
        row.warn("area_code", _("写了多个属地，按第一个“%s”计") % places[0])
    if written or "area_code" in row.faulty or not (lead := values.get("owner_organisation")):
        return
    organisation = row.look_up(lead, _organisation)
    if organisation is not None and organisation.area_code:
        values["area_code"] = organisation.area_code
        row.warn("area_code", _("没有写属地，按责任单位“%s”的属地计") % organisation.name)


def _course(row: TableRow) -> None:
    values, texts = row.values, row.texts
    said = texts.get("completion") or values.get("progress_text")
    completion = read_completion(said, timezone.localdate())
    if not values.get("progress_text"):
        values["progress_text"] = texts.get("completion", "")
    if completion is None:
        return
    values["course"] = completion.course.value
    if completion.percent is not None and not values.get("progress"):
        values["progress"] = str(completion.percent)


def _category(row: TableRow) -> str:
    """What the sheet is called, or what the text tells of."""
    for category in Category:
        if row.sheet and str(category.label) in row.sheet:
            return category.value
    kinds = troubles(f"{row.values.get('title', '')}{row.values.get('description', '')}")
    media = sorted(media_of(kinds))
    return media[0] if len(media) == 1 and media[0] in Category.values else "other"
