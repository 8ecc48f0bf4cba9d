"""Every change of a matter: checked, done, recorded and told in one transaction.

Pages, API, import and schedule all come through here. ``by`` is the person; ``None`` is the schedule
or a rule. What cannot be done raises :class:`Refused`; what may not be known of raises
:class:`NotVisible`. ``at`` is now unless history is being entered (import, demonstration).
"""

from ecoledger.listings.refusals import NotVisible, Refused
from ecoledger.matters.actions.access import (
    entered_itself,
    find,
    is_counterpart,
    refusal_as_settled,
    refusal_to_change,
    settled,
    stepped,
    why_settled,
)
from ecoledger.matters.actions.adding import attach, closed_to, evidence_for, find_evidence, note
from ecoledger.matters.actions.amending import amend, refuse_owner
from ecoledger.matters.actions.assigning import ask_transfer, assign, decline_transfer
from ecoledger.matters.actions.batch import batch_edit, undo_batch_edit
from ecoledger.matters.actions.bundling import beside, bundle, unbundle
from ecoledger.matters.actions.following import follow, may_follow, only_followed
from ecoledger.matters.actions.lining import set_lines
from ecoledger.matters.actions.linking import link, linked, merge, unmerge
from ecoledger.matters.actions.opening import open_matter, restore, withdraw
from ecoledger.matters.actions.opening_many import Opening, open_many
from ecoledger.matters.actions.performing import available, perform, refusal, reopen
from ecoledger.matters.actions.review import count_for_review, draw_for_review
from ecoledger.matters.actions.timing import decide_extension, extend, resume, suspend
from ecoledger.matters.evidence import Upload

__all__ = [
    "NotVisible",
    "Opening",
    "Refused",
    "Upload",
    "amend",
    "ask_transfer",
    "assign",
    "attach",
    "available",
    "batch_edit",
    "beside",
    "bundle",
    "closed_to",
    "count_for_review",
    "decide_extension",
    "decline_transfer",
    "draw_for_review",
    "entered_itself",
    "evidence_for",
    "extend",
    "find",
    "find_evidence",
    "follow",
    "is_counterpart",
    "link",
    "linked",
    "may_follow",
    "merge",
    "note",
    "only_followed",
    "open_many",
    "open_matter",
    "perform",
    "refusal",
    "refusal_as_settled",
    "refusal_to_change",
    "refuse_owner",
    "reopen",
    "restore",
    "resume",
    "set_lines",
    "settled",
    "stepped",
    "suspend",
    "unbundle",
    "undo_batch_edit",
    "unmerge",
    "why_settled",
    "withdraw",
]
