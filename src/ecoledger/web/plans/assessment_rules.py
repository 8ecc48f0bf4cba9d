"""预警约谈规则 and 镇街考核项目: edited as rows of a form, written into the bureau's profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from ecoledger.indicators import own_rules
from ecoledger.indicators.scorecards import SHEET
from ecoledger.listings.refusals import Refused
from ecoledger.registers.plan.warnings import WarningLetter
from ecoledger.web.access import Request, needs
from ecoledger.web.listings import meanwhile

_WARNING = (
    "key",
    "label",
    "measure",
    "indicator",
    "per",
    "over",
    "worse_than",
    "times",
    "reply_days",
)
_ITEM = ("key", "label", "full", "indicator", "steps")
# Empty rows below those that are there.
_MORE = 2


def _rows(request: Request, prefix: str, names: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a form, as they were typed."""
    columns = [request.POST.getlist(f"{prefix}-{name}") for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=False)]


def _may(request: Request) -> None:
    if not SHEET.may_change(request.user):
        raise PermissionDenied(_("考核规则由局领导、科长或调度人员修改。"))


def _with_options(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows, each with the options of its indicator: a thousand a row, put together once, every part escaped. What stands
    there and is none of them stays chosen."""
    pairs = sorted(own_rules.choices().items(), key=lambda pair: pair[1])
    every = "".join(
        f'<option value="{escape(key)}">{escape(_(label))}</option>' for key, label in pairs
    )

    def options(chosen: str) -> SafeString:
        mark = f'value="{escape(chosen)}"'
        if chosen and mark not in every:
            return mark_safe(f"<option {mark} selected>{escape(chosen)}</option>{every}")  # noqa: S308
        return mark_safe(every.replace(mark, f"{mark} selected", 1))  # noqa: S308 - escaped above

    return [{**row, "options": options(str(row.get("indicator") or ""))} for row in rows]


@needs("see_plans")
def warnings(request: Request) -> HttpResponse:
    """The rules of notices, warnings and interviews."""
    _may(request)
    typed: list[dict[str, Any]] | None = None
    if request.method == "POST":
        typed = list(_rows(request, "rule", _WARNING))
        try:
            meanwhile.refuse_unseen(request, own_rules.warnings_said())
            own_rules.write_warnings(typed, by=request.user)
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("规则已存，下次提出时按新规则。"))
            return redirect("warning-rules")
    rows = typed if typed is not None else [
        row | {"worse_than": own_rules.TARGET if row["worse_than"] == "target" else row["worse_than"]}
        for row in own_rules.warnings_said()
    ]  # fmt: skip
    empty = [{"per": "month", "over": "towns", "times": 1, "reply_days": 10}] * _MORE
    return render(
        request,
        "web/plans/edit_warnings.html",
        {
            "rows": _with_options(rows if typed is not None else [*rows, *empty]),
            "shown": meanwhile.hidden_whole(own_rules.warnings_said()),
            "measures": WarningLetter.Measure.choices,
            "periods": own_rules.PERIODS,
            "places": own_rules.PLACES,
        },
        status=422 if typed is not None else 200,
    )


@needs("see_plans")
def towns(request: Request) -> HttpResponse:
    """The items and grades of the town scorecard."""
    _may(request)
    typed = None
    if request.method == "POST":
        typed = _rows(request, "item", _ITEM), _rows(request, "grade", ("label", "least"))
        try:
            meanwhile.refuse_unseen(request, own_rules.towns_said())
            own_rules.write_towns(*typed, by=request.user)
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("考核项目已存，新登记的考核按新项目计分。"))
            return redirect("town-rules")
    said = own_rules.towns_said()
    items = [row | {"steps": own_rules.steps_shown(row["steps"])} for row in said["item"]]
    empty: dict[str, Any] = {}
    return render(
        request,
        "web/plans/edit_towns.html",
        {
            "items": _with_options(typed[0] if typed else [*items, empty, empty]),
            "grades": typed[1] if typed else [*said["grades"], empty],
            "mark": said["mark"],
            "shown": meanwhile.hidden_whole(said),
        },
        status=422 if typed else 200,
    )
