"""The book of penalty cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import CAPABILITIES, Role
from ecoledger.entities.models import Enterprise
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.matters import timeline
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Compared
from ecoledger.matters.models import Circulation
from ecoledger.matters.reasons import Reason
from ecoledger.matters.register import Register, declare
from ecoledger.registers.enforcement.penalty_case import duties, statistics
from ecoledger.registers.enforcement.penalty_case.models import (
    EvidenceItem,
    Instalment,
    PenaltyCase,
)
from ecoledger.registers.enforcement.penalty_case.workflow import OFFICERS, WORKFLOW
from ecoledger.standards import identifiers, time_limits

_PUNISHED = ~Q(heaviest=PenaltyCase.Heaviest.NONE)


class Cases(Register):
    """The book; its list knows ``?filed=1``, ``?decided=1`` and ``?remedied=1``."""

    def conditions(self, query: Mapping[str, str], person: Person, now: datetime) -> Q:
        rows = super().conditions(query, person, now)
        if query.get("filed") == "1":
            rows &= statistics.FILED
        if query.get("decided") == "1":
            rows &= Q(decided_on__isnull=False) & _PUNISHED
        if query.get("remedied") == "1":
            rows &= ~Q(remedy="")
        return rows

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        said = values.get("party_code", "")
        code = _unified(values.get("party_kind", ""), said)
        if code is None or code.ok:
            return {}
        # What stands from before, as an earlier ledger had it, keeps nobody from going on.
        there = PenaltyCase.objects.filter(pk=values.get("pk") or 0, party_code=said)
        return {} if there.exists() else {"party_code": code.why}

    def odd_of(self, row: Any) -> Sequence[str]:
        code = _unified(row.party_kind, row.party_code) if row is not None else None
        label = _("统一社会信用代码")
        return [f"{label}{_('：')}{problem.text}" for problem in code.problems] if code else []


def _unified(party: str, text: str) -> identifiers.CreditCode | None:
    """The unified code of a party; a person's number and a trader's are of other kinds."""
    if not text or (party or PenaltyCase.Party.ORGANISATION) != PenaltyCase.Party.ORGANISATION:
        return None
    return identifiers.parse_credit_code(text)


def _code_of(entity: Any) -> str:
    """The unified code of the firm that a thing is or belongs to, as the registry has it."""
    firm = entity.enterprise
    rows = Enterprise.objects.filter(pk=firm.pk) if firm is not None else Enterprise.objects.none()
    return rows.values_list("uscc", flat=True).first() or ""


def prepare(case: PenaltyCase) -> None:
    """Undecided, few may know of it. A case of an earlier ledger goes on in the state it had there."""
    entity = case.entity
    if entity is not None:
        case.party = case.party or entity.name
        case.party_address = case.party_address or entity.address
        case.party_code = case.party_code or _code_of(entity)
    case.circulation = Circulation.STAFF if case.decided_on else Circulation.RESTRICTED
    if case.import_batch_id is None:
        return
    case.taken_over = True
    case.found_on = case.found_on or case.filed_on
    if case.decided_on:
        case.heaviest = case.heaviest or PenaltyCase.Heaviest.FINE
        case.filed_on = case.filed_on or case.decided_on
    if case.history:
        return
    if case.served_on:
        case.state = "performing"
        case.pay_by = time_limits.deadline(case.served_on, "penalty-payment").due_day
        case.remedies_end = duties.remedies_end(case.served_on)
    elif case.decided_on:
        case.state = "decided"
    elif case.filed_on:
        case.state = "investigating"


def _cases(person: Person | None) -> Any:
    """The cases a person may choose: none whose existence they may not know of."""
    every = PenaltyCase.objects.filter(withdrawn_at=None)
    return (
        every if person is None else every.filter(pk__in=REGISTER.visible_to(person).values("pk"))
    )


declare_lookup(
    Lookup(
        key="penalty_case",
        model=PenaltyCase,
        label="处罚案件",
        rows=_cases,
        exact=("number", "decision_no"),
        begins=("number",),
        contains=("party", "title"),
        under=lambda row: row.party,
    )
)


def _settled(case: Any) -> frozenset[str]:
    """What was found is what is told, decided and performed; to find out more the case goes back to its investigation, which
    is of whom it was filed against."""
    if not timeline.judged(case):
        return frozenset()
    if case.state in ("investigating", "suspended"):
        return frozenset(name for name in ("entity", "party", "party_code") if getattr(case, name))
    return REGISTER.judged


REGISTER = declare(Cases(
    key="penalty_case", label="行政处罚案件", line="enforcement", tab="checks",
    reason=Reason("行政处罚", days=365), model=PenaltyCase, workflow=WORKFLOW,
    pattern="环立〔{year}〕{n}号",
    labels={"number": "立案号", "title": "案由", "description": "简要案情", "entity": "涉案对象",
            "area_code": "案发地", "address": "案发地址", "owed": "未缴 元"},
    columns=("number", "title", "party", "state", "due", "filed_on", "decision_no", "decided_on", "fine",
             "paid", "disclosed_on", "kind", "source"),
    filters=("state", "filed_on", "decided_on", "area_code", "heaviest", "source", "kind", "closing",
             "opened_at"),
    search=("number", "title", "party", "decision_no", "description", "entity__name"),
    fields=("title", "kind", "source", "found_on", "entity", "party_kind", "party", "party_code",
            "party_address", "party_head", "area_code", "address", "act_from", "act_until", "description"),
    batch=("owner",),
    details=("kind", "source", "found_on", "party", "party_kind", "party_code", "party_head", "act_from",
             "act_until", "harmful", "public_interest", "complicated", "violated", "basis", "filed_on",
             "proposed_fine", "notice_no", "notice_served_on", "notified_fine", "statement",
             "statement_answer", "hearing_on", "legal_reviewed_on", "legal_opinion", "discussed_on",
             "discussion", "decision_no", "decided_on", "heaviest", "fine", "confiscated", "other_penalty",
             "served_on", "serve_mode", "reported_on", "collected", "handed_in_on", "pay_by",
             "instalments_asked_on", "instalments_granted_on", "paid", "surcharge", "surcharge_waived", "owed",
             "remedy", "remedy_from", "remedy_result", "remedies_end", "demanded_on", "court",
             "court_applied_on", "court_refused_on", "court_accepted_on", "court_ruling", "court_ruled_on",
             "court_result", "corrected_on", "disclosed_on", "disclosure_withdrawn_on", "credit_noted_on",
             "closing", "taken_over", "remade_from", "remake_by", "set_aside_for_procedure"),
    views=(View("undecided", "未决定", {"state": "clue,filing_check,investigating,suspended,reviewing,telling,"
                                     "defence,hearing,legal_review,deciding"}),
           View("on_spot", "当场处罚", {"kind": "on_spot"}),
           View("unpaid", "履行中", {"state": "performing,demanded,court"})),
    lines=(
        Lines(key="items", label="证据清单", model=EvidenceItem,
              columns=("name", "copies", "obtained_on", "provider", "proves")),
        Lines(key="instalments", label="分期缴纳", model=Instalment, columns=("due", "amount")),
    ),
    imports=Import(
        key=("party", "title", "filed_on"), instead={"area_code": "party"},
        columns=(Ask("number", required=False), "title", "party", "entity", "area_code", "address", "source",
                 "found_on", "filed_on", "description", "decision_no", "decided_on", "heaviest", "fine", "confiscated",
                 "other_penalty", "served_on", "paid", "disclosed_on"),
        headers={"title": ("违法行为", "案件名称"), "party": ("当事人名称", "被处罚单位", "行政相对人名称"),
                 "number": ("立案编号", "立案文号", "案件编号", "案号"), "entity": ("企业名称",), "filed_on": ("立案时间",),
                 "decision_no": ("处罚决定书文号", "行政处罚决定文书号", "处罚决定文号"),
                 "decided_on": ("处罚决定日期", "处罚决定时间", "决定时间", "作出决定日期", "作出决定时间"), "fine": ("罚款金额", "罚款金额（元）"),
                 "heaviest": ("处罚类别",), "area_code": ("所在镇街",), "paid": ("已缴金额",),
                 "disclosed_on": ("公开时间",)},
        examples={"title": "涉嫌超标排放水污染物案", "party": "某某印染厂", "filed_on": "2026-03-02",
                  "area_code": "北镇", "decided_on": "2026-05-20", "fine": "150000"},
        future=(),
    ),
    edit=OFFICERS, manage=frozenset({Role.LEADER, Role.OFFICER}),
    circle=CAPABILITIES["see_undecided_penalties"], begins="filed_on",
    settled=_settled, loose=("instalments", "party_address", "party_head"),
    statistics=statistics.figures, breakdowns=statistics.tables, prepare=prepare,
    compared=(Compared(noop("立案"), "filed_on"), Compared(noop("作出处罚决定"), "decided_on", _PUNISHED, "decided=1"),
              Compared(noop("罚款 万元"), "decided_on", _PUNISHED, "decided=1", "fine", 10_000)),
    detail_template="web/enforcement/penalty_case.html",
    empty=noop("还没有案件。从检查、投诉或线索立案，或导入现有台账。"),
))  # fmt: skip
