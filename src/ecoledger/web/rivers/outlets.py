"""内河入江口 (mechanism Q16): whether the year's target still holds, month by month."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.accounts.scope import covers
from ecoledger.indicators import outlets
from ecoledger.indicators.records import outlets as tables
from ecoledger.indicators.records.declaring import Fact, Page
from ecoledger.registers.water.outlets import MOUTHS
from ecoledger.registers.water.samples import SAMPLES
from ecoledger.web.access import Request, needs
from ecoledger.web.rivers import asked


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """The year up to the end of the month asked for."""
    month = asked.month(request)
    begin, end = month.replace(month=1), asked.after(month)
    found = outlets.of(asked.county(request), begin, end)
    rows = [row for row in found.rows if covers(request.user, row.section.area_code)]
    context = {
        "heading": "内河入江口",
        "month": month,
        "figures": (
            ("by-mean", found.by_mean), ("by-months", found.by_months), ("inferior-months", found.inferior_months),
            ("least", found.least), ("most", found.most),
        ),
        "panels": (("全年目标", _verdict(found)), ("保证测算", tables.mouths(rows, begin, end)), ("逐月类别", tables.months(rows))),
        "doors": ((MOUTHS.label, f"{MOUTHS.url}/editions"), (SAMPLES.label, SAMPLES.url)),
    }  # fmt: skip
    return render(request, "web/rivers/month.html", context)


def _verdict(mouths: outlets.Mouths) -> Page:
    words = {True: _("可以实现"), False: _("已无法实现"), None: _("还有可能，取决于余下月份")}
    judged = [row for row in mouths.rows if row.rank is not None]
    facts = (
        Fact("目标比例", (f"≥{mouths.goal:g} %",)),
        Fact("目标能否实现", (words[mouths.verdict] if judged else _("数据缺"),)),
        Fact("稳定达标", (str(sum(1 for row in judged if row.outlook == outlets.HOLDS)),)),
        Fact("有望达标", (str(sum(1 for row in judged if row.outlook == outlets.OPEN)),)),
        Fact("难以达标", (str(sum(1 for row in judged if row.outlook == outlets.LOST)),)),
        Fact("数据缺", (str(len(mouths.rows) - len(judged)),)),
    )
    return Page(
        "", (), (), facts=facts,
        empty="目标比例为平台示例，请在“本局规则”中按年度计划核对。" if mouths.mark != "P" else "",
    )  # fmt: skip
