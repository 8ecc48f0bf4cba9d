"""Major defects of a case file that a machine can see (mechanism E5): each makes legality 0, if a reviewer agrees.

生态环境行政执法案卷评查细则（2024年版）: what can be told from dates, people and records across the case and its papers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.matters.models import Event, Evidence
from ecoledger.registers.enforcement import paper_words, unread
from ecoledger.registers.enforcement.field_records import FieldRecord
from ecoledger.registers.enforcement.penalty_case import duties
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase
from ecoledger.standards import time_limits

# From this day the code stands in place of the laws before it (生态环境法典).
CODE_FROM = date(2026, 8, 15)


def of(case: Any) -> list[str]:
    """Every defect seen, in words; none: the machine sees none."""
    checks = (_officers, _parties, _heard, _hearing, _discussed, _same_hand, _reviewed, _too_late,
              _daily, _seizures, _basis, paper_words.of, unread.differing_scans)  # fmt: skip
    return [why for check in checks for why in check(case)]


def _records(case: Any) -> Any:
    matters = [case.pk, *([case.origin_matter_id] if case.origin_matter_id else [])]
    return FieldRecord.objects.filter(matter_id__in=matters).select_related("first", "second")


def _officers(case: Any) -> Iterator[str]:
    """Two officers, their certificates in force on the day of the record."""
    for record in _records(case):
        day = timezone.localtime(record.started_at).date()
        if record.first_id == record.second_id:
            yield _("%s只有一名执法人员。") % record
        for officer in {record.first, record.second}:
            if not officer.certified_on(day):
                yield _("%(record)s：%(officer)s的执法证在 %(day)s 不在有效期内。") % {
                    "record": record, "officer": officer.name, "day": day,
                }  # fmt: skip


def _parties(case: Any) -> Iterator[str]:
    """The party goes by one name in all papers."""
    for label, rows in (
        (_("责令改正"), case.orders.all()), (_("查封扣押"), case.seizures.all()),
        (_("移送"), case.transfers.all()), (_("限产停产"), case.production_orders.all()),
    ):  # fmt: skip
        for row in rows:
            if case.party and row.party and row.party != case.party:
                yield _("%(paper)s的当事人“%(other)s”与案件的“%(party)s”不一致。") % {
                    "paper": label, "other": row.party, "party": case.party,
                }  # fmt: skip


def _heard(case: Any) -> Iterator[str]:
    """Nothing is decided within the term of the defence."""
    if not (case.decided_on and case.notice_served_on):
        if case.decided_on and case.kind != PenaltyCase.Kind.ON_SPOT and not case.taken_over:
            yield _("作出决定前没有送达事先告知书。")
        return
    last = time_limits.deadline(case.notice_served_on, "penalty-statement").due_day
    if case.decided_on <= last:
        yield _("陈述申辩期到 %(last)s，决定作于 %(day)s。") % {
            "last": last,
            "day": case.decided_on,
        }
    if case.statement and not case.statement_answer:
        yield _("陈述申辩没有复核。")


def _hearing(case: Any) -> Iterator[str]:
    if case.hearing_asked_on and case.decided_on and not case.hearing_on:
        yield _("当事人申请了听证，没有举行即作出决定。")
    if case.hearing_on and case.hearing_told_on:
        late = duties.hearing_told_late(case.hearing_told_on, case.hearing_on)
        yield from [late] if late else []


def _discussed(case: Any) -> Iterator[str]:
    """The heads discuss after the party was told and heard."""
    if not case.decided_on:
        return
    if case.discussed_on is None:
        if grounds := duties.needs_discussion(case):
            yield _("没有集体讨论：%s。") % "；".join(grounds)
        return
    if case.notice_served_on and case.discussed_on <= case.notice_served_on:
        yield _("集体讨论在告知之前，之后没有再讨论。")
    if case.hearing_on and case.discussed_on < case.hearing_on:
        yield _("听证之后没有再集体讨论。")


def _same_hand(case: Any) -> Iterator[str]:
    """Who investigated neither reviews nor decides."""
    hands: dict[str, set[int]] = {}
    for name, person in Event.objects.filter(matter=case.pk).values_list("transition", "person"):
        if person is not None:
            hands.setdefault(name, set()).add(person)
    investigators = hands.get("finish_investigation", set())
    for name, label in (
        ("pass_review", _("案件审查")), ("legal_pass", _("法制审核")), ("decide", _("作出决定")),
    ):  # fmt: skip
        if investigators & hands.get(name, set()):
            yield _("调查人员参与了%s。") % label


def _reviewed(case: Any) -> Iterator[str]:
    """The legal review where it is required, and anew after new evidence."""
    if not case.decided_on:
        return
    if case.legal_reviewed_on is None:
        if grounds := duties.needs_legal_review(case):
            yield _("没有法制审核：%s。") % "；".join(grounds)
        return
    # The signed sheet of the discussion comes after the review and proves nothing of the act.
    sheets = [
        file["id"]
        for files in Event.objects.filter(matter=case.pk, transition="discuss").values_list(
            "evidence", flat=True
        )
        for file in files
    ]
    newer = Evidence.objects.filter(
        matter=case.pk,
        uploaded_at__date__gt=case.legal_reviewed_on,
        uploaded_at__date__lt=case.decided_on,
    ).exclude(pk__in=sheets)
    if newer.exists() or case.items.filter(obtained_on__gt=case.legal_reviewed_on).exists():
        yield _("法制审核后又取得证据，没有再审核。")


def _too_late(case: Any) -> Iterator[str]:
    if why := duties.prescribed(case):
        yield why


def _daily(case: Any) -> Iterator[str]:
    """按日连续处罚: an order, its re-check within thirty days, and a first decision before."""
    if case.kind != PenaltyCase.Kind.DAILY:
        return
    if not (case.daily_served_on and case.daily_found_on):
        yield _("按日连续处罚没有责令改正送达和复查记录。")
        return
    last = time_limits.deadline(case.daily_served_on, "daily-penalty-recheck").due_day
    if case.daily_found_on > last:
        yield _("复查在 %(day)s，超过送达后三十日（%(last)s）。") % {
            "day": case.daily_found_on, "last": last,
        }  # fmt: skip


def _seizures(case: Any) -> Iterator[str]:
    """A measure over its term without extension or release."""
    for seizure in case.seizures.exclude(seized_on=None):
        clock = seizure.clocks.filter(name="seizure").order_by("-id").first()
        granted = (
            [e.length for e in clock.extensions.filter(approved=True)] if clock is not None else []
        )
        last = time_limits.deadline(seizure.seized_on, "seizure", extensions=granted).due_day
        if (seizure.released_on or timezone.localdate()) > last:
            yield _("%(number)s查封扣押期限到 %(last)s，没有延期或解除。") % {
                "number": seizure.decision_no or seizure.number, "last": last,
            }  # fmt: skip


def _basis(case: Any) -> Iterator[str]:
    """A law behind the decision, and the law of the act's own time unless the new one is lighter."""
    if not case.decided_on or case.taken_over:
        return
    if not case.violated or not case.basis:
        yield _("没有写明违反条款或处罚依据。")
    elif case.act_until and case.act_until < CODE_FROM and "法典" in case.basis:
        yield (
            _("违法行为终了于 %s，早于生态环境法典施行，适用新法须说明从旧兼从轻。")
            % case.act_until
        )
