"""The check forms of a closing (mechanism T7): 整改销号申请表 and 整改销号核查表, filled from the matter and its own steps.

No national layout was read: the items are those that provincial rules ask for (memory), and the bureau edits the files.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from ecoledger.matters.models import Event, Evidence, Matter
from ecoledger.reports.declaration import Letter, Word, declare
from ecoledger.reports.enforcement_forms import OPINION, OPINION_ROWS
from ecoledger.reports.enforcement_letters import today
from ecoledger.reports.enforcement_paper import form

REGISTERS = ("problem", "inspectorate_letter")
_NAMES = ("整改完成情况", "佐证材料", "申请日期", "核查情况")
_ITEMS = (
    ("编号", "{{ 编号 }}{% if 受理编号 %}（{{ 受理编号 }}）{% endif %}"),
    ("问题", "{{ 问题 }}"),
    ("来源", "{{ 来源类别 }}{{ 督察轮次 }}{% if 批次 %}　第{{ 批次 }}批{% endif %}"),
    ("整改责任单位", "{{ 责任单位 }}"),
    ("整改目标和措施", "{{ 整改目标 }}{{ 整改措施 }}{{ 整改目标及措施 }}"),
    ("整改时限", "{{ 整改时限 }}"),
)


def values(matter: Matter) -> dict[str, Any]:
    """What was said when the closing was applied for and checked, and the files that came with it."""
    applied, checked = _last(matter, "apply_close"), _last(matter, "confirm_close")
    row: Any = getattr(matter, f"as_{matter.register}", matter)
    said = applied.form if applied else {}
    ids = [file["id"] for file in applied.evidence] if applied else []
    files = Evidence.objects.filter(pk__in=ids)
    return {
        "整改完成情况": said.get("result") or said.get("handling") or getattr(row, "handling", ""),
        "佐证材料": "；".join(
            f"{n}.{file.caption or file.name}" for n, file in enumerate(files, 1)
        ),
        "申请日期": f"{timezone.localdate(applied.at):%Y-%m-%d}" if applied else "",
        "核查情况": checked.form.get("checked", "") if checked else "",
    }


def _last(matter: Matter, step: str) -> Event | None:
    return Event.objects.filter(matter=matter.pk, transition=step).order_by("pk").last()


APPLICATION = declare(
    Letter(
        key="closing_application", label="整改销号申请表", line="rectification", series="环销申〔{year}〕{n}号",
        registers=REGISTERS, internal=True, values=values, value_names=_NAMES,
        states=("rectifying", "close_check", "closed"), words=(Word("自查情况", "long"), OPINION),
        template=form("整改销号申请表", (
            *_ITEMS, ("整改完成情况", "{{ 整改完成情况 }}"), ("佐证材料", "{{ 佐证材料 or '随卷' }}"),
            ("自查情况", "{{ 自查情况 }}"), *OPINION_ROWS,
        )),
    )
)  # fmt: skip
CHECK = declare(
    Letter(
        key="closing_check", label="整改销号核查表", line="rectification", series="环销核〔{year}〕{n}号",
        registers=REGISTERS, internal=True, values=values, value_names=_NAMES,
        states=("close_check", "closed"),
        words=(
            Word("核查日期", first=today), Word("核查人员"), Word("核查方式", first="资料核查、现场核查"),
            Word("核查情况说明", "long", first=lambda m, _a: values(m)["核查情况"]),
            Word("公示情况", required=False, help="公示期和收到的意见"), Word("核查结论", first="同意销号", help="同意销号，或退回整改"), OPINION,
        ),
        template=form("整改销号核查表", (
            *_ITEMS, ("整改完成情况", "{{ 整改完成情况 }}"), ("核查日期和人员", "{{ 核查日期 }}　{{ 核查人员 }}"),
            ("核查方式", "{{ 核查方式 }}"), ("核查情况", "{{ 核查情况说明 }}"), ("公示情况", "{{ 公示情况 or '—' }}"),
            ("核查结论", "{{ 核查结论 }}"), *OPINION_ROWS,
        )),
    )
)  # fmt: skip
