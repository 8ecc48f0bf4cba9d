"""Rules that a bureau edits on a page: warnings (T16) and town scorecards (T2), checked and written into its profile.

What is written takes the place of the shipped file; the mark becomes ``P`` (the bureau's own), and who changed what
stands in the audit trail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.indicators import scorecards, warning_rules
from ecoledger.indicators.declaring import all_indicators
from ecoledger.indicators.of_registers import for_readers
from ecoledger.listings import asked, catalogue, own_data
from ecoledger.listings.refusals import Refused
from ecoledger.registers.plan.warnings import WarningLetter

PERIODS = (("month", "月"), ("quarter", "季"))
PLACES = (("towns", noop("各镇街")), ("whole", noop("全域")))
TARGET = "目标"


def warnings_said() -> list[dict[str, Any]]:
    """The rules in force as their file has them."""
    return list(own_data.read(__package__, "warning_rules").get("rule", ()))


def towns_said() -> dict[str, Any]:
    """Items and grades of the town scorecard in force."""
    return own_data.read(__package__, "town_assessment")


def choices() -> dict[str, str]:
    """Key -> name of the indicators that a rule may rest on; not those of a book that only some may see: what comes of
    a rule has many readers.
    """
    return {i.key: i.said for i in all_indicators() if for_readers(i.see)}


def write_warnings(rows: Sequence[Mapping[str, str]], *, by: Person) -> None:
    """Keep these rules; a row without a name is left out. Raises :class:`Refused` naming row and field."""
    kept = [_warning(number, row) for number, row in enumerate(rows, 1) if row["label"].strip()]
    _unique([row["key"] for row in kept])
    own_data.write("warning_rules", {"mark": own_data.OWN_MARK, "rule": kept}, by=by)
    warning_rules.rules()


def _warning(number: int, row: Mapping[str, str]) -> dict[str, Any]:
    if row["measure"] not in WarningLetter.Measure.values:
        raise _refused(number, _("措施"), _("请选择通报、预警或约谈"))
    if row["indicator"] not in choices():
        raise _refused(number, _("依据指标"), _("请从清单中选择"))
    if row["per"] not in dict(PERIODS) or row["over"] not in dict(PLACES):
        raise _refused(number, _("周期和范围"), _("请从清单中选择"))
    limit = row["worse_than"].strip()
    times = int(_number(number, _("连续期数"), row["times"]))
    reply_days = int(_number(number, _("反馈天数"), row["reply_days"]))
    said = {
        "key": row.get("key", "").strip() or _key(row["label"]),
        "label": row["label"].strip()[:60],
        "measure": row["measure"],
        "indicator": row["indicator"],
        "per": row["per"],
        "over": row["over"],
        "worse_than": "target"
        if limit in (TARGET, "target")
        else _number(number, _("界限"), limit),
        "times": times,
        "reply_days": reply_days,
    }
    if not 1 <= times <= 12 or not 1 <= reply_days <= 90:
        raise _refused(number, _("连续期数、反馈天数"), _("连续 1 至 12 期，反馈 1 至 90 天"))
    return said


def write_towns(
    rows: Sequence[Mapping[str, str]], grades: Sequence[Mapping[str, str]], *, by: Person
) -> None:
    """Keep these items and grades; the sheet follows at once. Raises :class:`Refused`."""
    items = [_item(number, row) for number, row in enumerate(rows, 1) if row["label"].strip()]
    _unique([item["key"] for item in items])
    if not items:
        raise Refused("form", _("至少要有一个考核项目。"))
    bounds = {
        row["label"].strip(): _number(number, _("等次下限"), row["least"])
        for number, row in enumerate(grades, 1)
        if row["label"].strip()
    }
    if not bounds or min(bounds.values()) > 0:
        raise Refused("form", _("等次要从 0 分起，最低一等的下限写 0。"))
    ranked = sorted(bounds.items(), key=lambda pair: -pair[1])
    kept = [{"label": label, "least": least} for label, least in ranked]
    own_data.write(
        "town_assessment", {"mark": own_data.OWN_MARK, "item": items, "grades": kept}, by=by
    )
    catalogue.redeclare(scorecards.town_sheet())


def _item(number: int, row: Mapping[str, str]) -> dict[str, Any]:
    full = _number(number, _("满分"), row["full"])
    # One whose register does not stand yet may be named: it has no data.
    declared = {i.key for i in all_indicators()}
    if (key := row["indicator"].strip()) not in choices() and (not key or key in declared):
        raise _refused(number, _("取数指标"), _("请选择指标"))
    steps = []
    for pair in re.split(r"[;；,，\s]+", row["steps"].strip()):
        value, colon, marks = pair.replace("：", ":").partition(":")
        if not colon:
            raise _refused(number, _("计分档"), _("写成 0:0 70:10 90:20，每档“起始值:得分”"))
        step = [_number(number, _("计分档"), value), _number(number, _("计分档"), marks)]
        if step[1] > full:
            raise _refused(number, _("计分档"), _("得分不能超过满分"))
        steps.append(step)
    if steps != sorted(steps, key=lambda step: step[0]):
        raise _refused(number, _("计分档"), _("起始值要从小到大"))
    return {
        "key": row.get("key", "").strip() or _key(row["label"]),
        "label": row["label"].strip()[:60],
        "full": full,
        "indicator": key,
        "steps": steps,
    }


def steps_shown(steps: Sequence[Sequence[object]]) -> str:
    """Steps as the form writes them.

    >>> steps_shown([[0, 0], [70, 10]])
    '0:0 70:10'
    """
    return " ".join(f"{value}:{marks}" for value, marks in steps)


def _refused(number: int, field: str, remedy: str) -> Refused:
    return Refused("form", _("第 %(number)d 行“%(field)s”：%(remedy)s。") % {
        "number": number, "field": field, "remedy": remedy,
    })  # fmt: skip


def _number(number: int, field: str, written: str) -> int | float:
    value = asked.amount(written)
    if value is None:
        raise _refused(number, field, _("请填数字，不超过一千亿"))
    return asked.short(value)


def _key(label: str) -> str:
    """A key that a new row gets: nobody sees it, it only has to stay."""
    return f"own_{sum(ord(c) * n for n, c in enumerate(label, 1)) % 10**8}"


def _unique(keys: Sequence[str]) -> None:
    if len(set(keys)) != len(keys):
        raise Refused("form", _("有两行名称相同，请改成不同的名称。"))
