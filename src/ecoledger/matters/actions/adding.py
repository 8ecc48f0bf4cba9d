"""What everyone who sees a matter may add to it: remarks and files; and who may open the files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.models import Person
from ecoledger.listings.refusals import NotVisible, Refused
from ecoledger.matters import timeline
from ecoledger.matters.actions.access import find, locked
from ecoledger.matters.actions.bundling import beside
from ecoledger.matters.evidence import BadFile, Upload, stored
from ecoledger.matters.models import Event, Evidence, Matter
from ecoledger.matters.register import register_of
from ecoledger.matters.seeing import sees_all_events

# As a long text of any form.
MOST_LETTERS = 4000


def _said(text: str) -> str:
    """A remark as it is kept. Raises :class:`Refused` for one that would have to be cut."""
    text = text.strip()
    if len(text) > MOST_LETTERS:
        why = _("说明最多 %(most)d 字，现在有 %(n)d 字。") % {"most": MOST_LETTERS, "n": len(text)}
        raise Refused("form", why, _("请删减，或作为附件上传。"), fields={"text": [why]})
    return text


@transaction.atomic
def note(
    matter_id: int,
    text: str,
    *,
    by: Person | None,
    at: datetime | None = None,
) -> Event:
    """Add a remark to the timeline. Anyone who sees the matter may; enterprises see their own."""
    at = at or timezone.now()
    text = _said(text)
    if not text:
        raise Refused("form", _("说明是空的。"), fields={"text": [_("请填写")]})
    matter = locked(matter_id, by)
    return timeline.record(
        matter,
        name="note",
        label=noop("补充说明"),
        by=by,
        at=at,
        note=text,
    )


@transaction.atomic
def attach(
    matter_id: int,
    files: Sequence[Upload],
    *,
    by: Person | None,
    text: str = "",
    at: datetime | None = None,
    of_record: bool = False,
) -> list[Evidence]:
    """Add files as evidence. Raises :class:`Refused` when one cannot be taken; then none is.

    ``of_record``: what belongs to a record kept beside the matter, a signature or a drawing, is taken after its end too.
    """
    at, text = at or timezone.now(), _said(text)
    if not files:
        raise Refused("file", _("没有选择文件。"), fields={"files": [_("请选择文件")]})
    matter = locked(matter_id, by)
    if not of_record and not register_of(matter.register).takes_evidence(matter):
        raise Refused(
            "state", _("该事项已经办结，不再补充证据。"), _("有更正或新情况，请写补充说明。")
        )
    evidence = take_in(matter, files, by, at)
    timeline.record(
        matter,
        name="evidence",
        label=noop("上传证据"),
        by=by,
        at=at,
        note=text,
        evidence=evidence,
    )
    return evidence


def take_in(
    matter: Matter, files: Sequence[Upload], by: Person | None, at: datetime
) -> list[Evidence]:
    """Keep ``files`` as evidence of ``matter``; a file that cannot be taken is :class:`Refused`."""
    said = register_of(matter.register).said_openly
    openly = partial(said, matter, "title") if said is not None else str
    try:
        return [stored(f, matter=matter, by=by, at=at, openly=openly) for f in files]
    except BadFile as error:
        raise Refused("file", str(error), fields={"files": [str(error)]}) from error


def evidence_for(matter: Matter, person: Person) -> list[Evidence]:
    """The files of the matter and of those beside it that ``person`` may open.

    The caller has checked that they see the matter.
    """
    rows = Evidence.objects.filter(
        Q(matter=matter) | Q(matter__in=beside(matter, person).values("pk"))
    )
    if not sees_all_events(person):
        rows = rows.filter(shown_to_enterprise=True)
    closed = {file.pk for file in closed_to(matter, person)}
    return [file for file in rows.select_related("uploaded_by") if file.pk not in closed]


def closed_to(matter: Matter, person: Person) -> list[Evidence]:
    """The files with which the matter was entered, where they say what ``person`` may not know of it: also those that
    somebody who may know added before it was given on, as a letter is scanned after it was entered."""
    register = register_of(matter.register)
    right = register.entered_with
    if not right or person.may(right):
        return []
    entering = matter.events.filter(from_state__in=("", register.workflow.initial.name))
    keys = [
        file["id"]
        for event in entering.exclude(evidence=[]).select_related("person")
        if not event.from_state or (event.person is not None and event.person.may(right))
        for file in event.evidence
    ]
    return list(matter.evidence.filter(pk__in=keys)) if keys else []


def find_evidence(evidence_id: int, person: Person) -> Evidence:
    """The file, if ``person`` may open it. Raises :class:`NotVisible`."""
    evidence = Evidence.objects.filter(pk=evidence_id).first()
    if evidence is None:
        raise NotVisible(f"evidence {evidence_id}")
    matter = find(evidence.matter_id, person)
    outside = not sees_all_events(person) and not evidence.shown_to_enterprise
    if outside or evidence in closed_to(matter, person):
        raise NotVisible(f"evidence {evidence_id}")
    return evidence
