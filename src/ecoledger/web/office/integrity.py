"""What must not change in silence: both chains, matters beside their events, evidence and issued documents.

Swept every night. What does not hold is told to the audit administrators, put on the trail and shown on ``/health``
until a later sweep finds it mended.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain as chain_of
from pathlib import Path

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.utils.translation import override

from ecoledger.accounts import audit, grants
from ecoledger.accounts.chain import head_file, note_heads
from ecoledger.accounts.roles import Role
from ecoledger.matters import chain, evidence, notices
from ecoledger.matters.models import Evidence, Matter, Urgency
from ecoledger.monitoring import heartbeat
from ecoledger.registers.plan.target_evidence import TargetEvidence
from ecoledger.reports import opening

log = logging.getLogger(__name__)

_NAMED = 20  # of each sort, by name


def sweep() -> list[str]:
    """Check everything once; what does not hold, in words."""
    with override("zh-hans"):
        problems = list(_problems())
    heartbeat.integrity_problems = len(problems)
    if problems:
        log.error("integrity: %d problems, the first: %s", len(problems), problems[0])
        with transaction.atomic():
            audit.record(None, "integrity_broken", details={"problems": problems[:100]})
            for problem in problems[:_NAMED]:
                tell(problem)
    return problems


def tell(problem: str) -> None:
    """Leave word for the audit administrators."""
    notices.tell(
        grants.people_with((Role.AUDIT_ADMIN,)),
        noop("完整性校验不通过：%(problem)s") % {"problem": problem},
        urgency=Urgency.ESCALATED,
        link=reverse("audit") + "?verify=1",
        at=timezone.now(),
    )


def _problems() -> Iterator[str]:
    for name, broken in (
        (_("操作记录"), audit.first_broken()),
        (_("办理记录"), chain.first_broken_overall()),
    ):
        if broken is not None:
            yield f"{name}{_('：')}{broken.why}" + (
                _("（%s）") % f"#{broken.row_id}" if broken.row_id else ""
            )
    if (path := head_file()) is not None:
        yield from _beside_notes(path)
    for number in Matter.objects.filter(pk__in=chain.out_of_step()[:_NAMED]).values_list(
        "number", flat=True
    ):
        yield _("事项 %(number)s 的状态与最后一条办理记录不符") % {"number": number}
    files: Iterator[Evidence | TargetEvidence] = chain_of(
        Evidence.objects.order_by("pk").iterator(), TargetEvidence.objects.order_by("pk").iterator()
    )
    for proof in files:
        if not evidence.intact(proof):
            yield _("证据 #%(number)d “%(name)s”缺失或被改动") % {
                "number": proof.pk,
                "name": proof.name,
            }
    for document in opening.altered():
        yield _("已印发的“%(title)s”文件缺失或被改动") % {"title": document}


def _beside_notes(path: Path) -> Iterator[str]:
    try:
        for name, broken in (
            (_("操作记录"), audit.against_notes(path)),
            (_("办理记录"), chain.against_notes(path)),
        ):
            if broken is not None:
                yield f"{name}{_('：')}{broken.why}"
    except FileNotFoundError:
        pass  # nothing noted yet
    except OSError as error:
        yield _("外部存证文件读不出：%(error)s") % {"error": error.strerror}


def note() -> None:
    """Note the heads in the file the operator named, if any."""
    if (path := head_file()) is not None:
        note_heads(path)
