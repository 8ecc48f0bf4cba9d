"""A decision that was set aside and is remade (责令重新作出): a new case carries on what the old one had established.

Facts, party and the list of evidence go over; notice, hearing, review and discussion begin again. Not twice the same on
the same facts and grounds, unless it was set aside for its procedure alone (行政诉讼法 71, 行政复议法 64).
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from ecoledger.matters import actions
from ecoledger.matters.register import register_of
from ecoledger.matters.workflow import Step
from ecoledger.registers.enforcement.penalty_case.deciding import refuse, today

CARRIED = (
    "title", "kind", "source", "found_on", "entity", "party_kind", "party", "party_code", "party_address", "party_head",
    "area_code", "address", "act_from", "act_until", "harmful", "description", "violated", "basis", "public_interest",
    "complicated", "daily_original", "daily_served_on", "daily_found_on",
)  # fmt: skip


def cannot_remake(case: Any) -> str:
    if not case.revoked:
        return _("决定没有被撤销。")
    # Not under which number: the new case is undecided, and who reads this page may not know of it.
    return _("已重新立案。") if case.remade_as.filter(withdrawn_at=None).exists() else ""


def remake(step: Step) -> None:
    """Open the case anew at the investigation, with what was established."""
    case, form = step.matter, step.form
    refuse(cannot_remake(case))
    values = {name: getattr(case, name) for name in CARRIED}
    values |= {
        "filed_on": today(step), "remade_from": case, "remake_by": form["remake_by"],
        "set_aside_for_procedure": bool(form.get("procedure")), "owner": case.owner,
        "owner_organisation": case.owner_organisation,
    }  # fmt: skip
    items = [
        {
            "name": i.name,
            "copies": i.copies or "",
            "obtained_on": i.obtained_on.isoformat() if i.obtained_on else "",
            "provider": i.provider,
            "proves": i.proves,
        }
        for i in case.items.all()
    ]
    actions.open_matter(
        register_of(case.register), values, by=step.person, at=step.at, origin_matter=case,
        state="investigating", lines={"items": items},
    )  # fmt: skip
