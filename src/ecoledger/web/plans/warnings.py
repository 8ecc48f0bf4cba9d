"""预警约谈规则: what the rules say now, and the proposals they make."""

from __future__ import annotations

import tomllib

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.indicators import warning_rules
from ecoledger.indicators.scorecards import SHEET
from ecoledger.indicators.targets import TargetsError
from ecoledger.registers.plan.warnings import REGISTER
from ecoledger.web.access import Request, needs


def _area(request: Request) -> str:
    """The widest division the person answers for."""
    codes = sorted(request.user.area_codes, key=len)
    if not codes:
        raise PermissionDenied(_("您的数据范围内没有行政区。"))
    return codes[0]


@needs("see_plans")
def page(request: Request) -> HttpResponse:
    """Every rule, and which places break it by the last period that is over."""
    rows: list[dict[str, object]] = []
    problem = ""
    try:
        breaches = warning_rules.breaches(_area(request), timezone.localdate())
        for rule in warning_rules.rules():
            indicator = rule.of()
            rows.append(
                {
                    "rule": rule,
                    "measure": dict(REGISTER.derive.column("measure").choices)[rule.measure],
                    "indicator": indicator,
                    "breaches": [b for b in breaches if b.rule is rule or b.rule == rule],
                }
            )
    except (warning_rules.RulesError, tomllib.TOMLDecodeError, TargetsError) as wrong:
        problem = str(wrong)
    return render(
        request,
        "web/plans/warnings.html",
        {
            "rows": rows,
            "problem": problem,
            "file": warning_rules.FILE,
            "may_propose": REGISTER.may_open(request.user),
            "may_edit": SHEET.may_change(request.user),
            "register": REGISTER,
        },
    )


@needs("see_plans")
@require_POST
def propose(request: Request) -> HttpResponse:
    """Open a matter for each breach that has none."""
    if not REGISTER.may_open(request.user):
        raise PermissionDenied(_("您的岗位不能拟发预警、约谈。"))
    try:
        opened = warning_rules.propose(_area(request), by=request.user)
    except (warning_rules.RulesError, tomllib.TOMLDecodeError, TargetsError) as wrong:
        messages.error(request, str(wrong))
        return redirect("warning-rules")
    messages.success(request, _("按规则提出 %d 件，请逐件核对后拟文。") % len(opened))
    return redirect("matter-list", REGISTER.key)
