"""The reports of an event (突发环境事件信息报告办法, 部令第17号): 初报, 续报, 处理结果报告, each a .docx the bureau edits.

Issued, a report takes its event on by the step of its kind. What each has to say is the order's list (第十三条); what
the event's record holds stands there already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from ecoledger.accounts.models import Person
from ecoledger.matters.models import Matter
from ecoledger.registers.emergency import incidents
from ecoledger.reports.declaration import Letter, Word, declare
from ecoledger.reports.official_document import OfficialDocument
from ecoledger.reports.profile import documents
from ecoledger.reports.template_in_force import made_once

REGISTERS = ("incident",)
NAMES = ("发生时刻", "得知时刻", "指挥记录")


def values(matter: Matter) -> dict[str, Any]:
    """Moments to the minute, and what was ordered so far."""
    incident: Any = getattr(matter, "as_incident", matter)
    log = [
        f"{_moment(event.at)} {event.form.get('unit', '')} {event.form.get('order') or event.form.get('done') or ''}".strip()
        for event in incidents.commands(incident)
    ]
    return {
        "发生时刻": _moment(incident.occurred_at),
        "得知时刻": _moment(incident.learned_at),
        "指挥记录": "；".join(log) or "无",
    }


def _moment(at: Any) -> str:
    local = timezone.localtime(at)
    return f"{local.year}年{local.month}月{local.day}日{local.hour}时{local.minute:02d}分"


def _of(name: str) -> Callable[[Matter, Person], str]:
    """What the event's record says under ``name``."""

    def first(matter: Matter, _author: Person) -> str:
        incident: Any = getattr(matter, "as_incident", matter)
        return str(getattr(incident, name) or "")

    return first


def _who(_matter: Matter, author: Person) -> str:
    return author.name


def _telephone(_matter: Matter, author: Person) -> str:
    return str(getattr(author, "phone", "") or "")


_TO = Word("主送", first="市生态环境局、县人民政府")
_CONTACT = (Word("联系人", first=_who), Word("联系电话", first=_telephone))


def _report(title: str, parts: tuple[tuple[str, str], ...]) -> Callable[[], bytes]:
    @made_once
    def template() -> bytes:
        document = OfficialDocument(
            "{{ 发文机关 }}", "{{ 文号 }}", title, documents().fonts, room_for=13
        )
        document.addressee("{{ 主送 }}")
        for number, (heading, text) in enumerate(parts):
            document.heading(f"{'一二三四五六七八九十'[number]}、{heading}")
            document.paragraph(text)
        document.sign_as("{{ 发文机关 }}", "{{ 成文日期 }}")
        document.paragraph("（联系人：{{ 联系人 }}，电话：{{ 联系电话 }}；签发人：{{ 签发人 }}）")
        return document.save()

    return template


FIRST = declare(
    Letter(
        key="incident_first", label="突发环境事件初报", line="emergency", series="环突报〔{year}〕{n}号",
        registers=REGISTERS, states=("found",), sends="report_first", values=values, value_names=NAMES,
        words=(
            _TO,
            Word("事件过程", "long", first=_of("process")), Word("污染物情况", first=_of("pollutants")),
            Word("监测情况", "long", required=False, first=_of("monitored")), Word("受害情况", first=_of("harmed")),
            Word("敏感点情况", "long", first=_of("affected")), Word("趋势", "long", first=_of("trend")),
            Word("已采取措施", "long", first=_of("handling")), Word("下一步", "long", first=_of("planned")), *_CONTACT,
        ),
        template=_report("关于{{ 标题 }}的初报", (
            ("事件基本情况", "{{ 发生时刻 }}，{{ 属地 }}{{ 地点 }}发生{{ 标题 }}。信息来源：{{ 信息来源 }}，{{ 得知时刻 }}得知。"
             "起因：{{ 起因 }}。{{ 起因和性质 }}"),
            ("基本过程", "{{ 事件过程 }}"),
            ("主要污染物和监测数据", "{{ 污染物情况 }}。{{ 监测情况 }}"),
            ("人员和敏感点受影响情况", "{{ 受害情况 }}。{{ 敏感点情况 }}"),
            ("发展趋势", "{{ 趋势 }}"),
            ("处置情况", "{{ 已采取措施 }}"),
            ("拟采取的措施和下一步工作建议", "{{ 下一步 }}"),
        )),
    )
)  # fmt: skip
MORE = declare(
    Letter(
        key="incident_more", label="突发环境事件续报", line="emergency", series="环突报〔{year}〕{n}号",
        registers=REGISTERS, states=("responding",), sends="report_more", values=values, value_names=NAMES,
        words=(
            _TO, Word("期次", first="续报一"), Word("监测情况", "long", first=_of("monitored")),
            Word("处置进展", "long", first=_of("handling")), Word("趋势", "long", first=_of("trend")),
            Word("下一步", "long", first=_of("planned")), *_CONTACT,
        ),
        template=_report("关于{{ 标题 }}的续报（{{ 期次 }}）", (
            ("处置进展", "{{ 处置进展 }}"),
            ("监测情况", "{{ 监测情况 }}"),
            ("发展趋势", "{{ 趋势 }}"),
            ("指挥调度", "{{ 指挥记录 }}"),
            ("下一步工作", "{{ 下一步 }}"),
        )),
    )
)  # fmt: skip
FINAL = declare(
    Letter(
        key="incident_final", label="突发环境事件处理结果报告", line="emergency", series="环突报〔{year}〕{n}号",
        registers=REGISTERS, states=("terminated",), sends="report_final", values=values, value_names=NAMES,
        words=(
            _TO, Word("处理过程和结果", "long", first=_of("handling")),
            Word("危害及损失", "long", first=_of("aftermath")), Word("影响", "long", first=_of("social")),
            Word("遗留", "long", first=_of("left_over")), Word("责任", "long", required=False, first=_of("accountability")),
            *_CONTACT,
        ),
        template=_report("关于{{ 标题 }}处理结果的报告", (
            ("处理措施、过程和结果", "{{ 处理过程和结果 }}"),
            ("潜在或间接危害及损失", "{{ 危害及损失 }}"),
            ("社会影响", "{{ 影响 }}"),
            ("处理后的遗留问题", "{{ 遗留 }}"),
            ("责任追究情况", "{{ 责任 }}"),
        )),
    )
)  # fmt: skip
