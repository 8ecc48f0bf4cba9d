"""横向生态补偿月度通报 (mechanism W9): what each town owes or is owed for a month, as it is told to the towns."""

from __future__ import annotations

from typing import Any

from ecoledger.matters.models import Matter
from ecoledger.registers.water import compensation
from ecoledger.registers.water.compensation_models import CompensationMonth
from ecoledger.reports.declaration import Letter, Word, declare
from ecoledger.reports.enforcement_forms import OPINION, OPINION_ROWS
from ecoledger.reports.enforcement_paper import form

_NAMES = ("各方收支", "断面核算", "未核算断面", "申诉期")


def values(matter: Matter) -> dict[str, Any]:
    """The nets of every party, who pays whom by which section, and what was left out and why."""
    month = CompensationMonth.objects.get(pk=matter.pk)
    nets = compensation.nets(compensation.pairs(month))
    lines = list(
        month.bills.select_related("section").order_by(
            "section__river__code", "section__chainage_km"
        )
    )
    paid = [f"{line.section}：{line.payer}支付{line.payee}{line.amount}万元" for line in lines if line.amount]  # fmt: skip
    left = [f"{line.section}（{line.why}）" for line in lines if line.why]
    owed = [f"{name}应{'收' if net > 0 else '付'}{abs(net)}万元" for name, net in sorted(nets.items()) if net]  # fmt: skip
    until = month.appeal_until
    return {
        "各方收支": "；".join(owed) or "各方无须支付",
        "断面核算": "；".join(paid) or "各断面无须补偿",
        "未核算断面": "；".join(left) or "无",
        "申诉期": f"有异议的请于{until:%Y年%m月%d日}前提出" if until else "通报之日起5个工作日内",
    }


NOTICE = declare(
    Letter(
        key="compensation_notice", label="横向生态补偿通报", line="water", series="环补通〔{year}〕{n}号",
        registers=("compensation_month",), values=values, value_names=_NAMES,
        states=("computed", "published", "frozen"), words=(Word("工作要求", "long", required=False), OPINION),
        template=form("镇街横向生态补偿通报", (
            ("核算月份", "{{ 核算月份 }}"), ("核算规则", "{{ 核算规则 }}"), ("各方收支", "{{ 各方收支 }}"),
            ("断面核算", "{{ 断面核算 }}"), ("未核算断面", "{{ 未核算断面 }}"), ("申诉", "{{ 申诉期 }}"),
            ("工作要求", "{{ 工作要求 or '—' }}"), *OPINION_ROWS,
        )),
    )
)  # fmt: skip
