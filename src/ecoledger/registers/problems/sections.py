"""断面涉水问题 (mechanism T12): problems tied to a water section, counted section by section."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.entities.models import Entity
from ecoledger.matters.register import Breakdown, Seen
from ecoledger.matters.workflow import COMPLETED

KINDS = (("section", "断面"), ("enterprise", "企业"), ("river", "河流"), ("watch_site", "重点点位"))


def _sections() -> QuerySet[Any]:
    return Entity.objects.filter(kind="section").order_by().values_list("pk", flat=True)


def breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """Open and closed problems of each section; nothing where no problem lies at one."""
    counted = (
        # The few sections first: a database that begins with the problems reads all of them.
        rows.filter(merged_into=None, entity__in=list(_sections()))
        .order_by("entity__name")
        .values("entity__code", "entity__name")
        .annotate(
            n=Count("pk"),
            open=Count("pk", filter=Q(phase="open")),
            late=Count("pk", filter=Q(phase="open", due__lt=now)),
            done=Count("pk", filter=Q(phase__in=COMPLETED)),
        )
    )
    table = tuple(
        (
            (r["entity__name"], str(r["n"]), str(r["open"]), str(r["late"]), str(r["done"])),
            f"entity={r['entity__code']}",
        )
        for r in counted
    )
    heads = (_("断面"), _("问题"), _("在办"), _("超期"), _("已完成整改"))
    return [Breakdown(_("断面涉水问题"), heads, table)] if table else []
