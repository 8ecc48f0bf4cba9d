"""A document's way: drafted, reviewed, signed, numbered and issued by somebody else than its author.

Each step is checked, done, recorded and audited in one transaction. What cannot be done raises
:class:`~ecoledger.listings.refusals.Refused`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts import acting, audit, grants
from ecoledger.accounts.language import in_chinese
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import CAPABILITIES
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions, notices
from ecoledger.matters.models import Matter
from ecoledger.reports import locked, receipts, rendering, visible
from ecoledger.reports.declaration import SIGN, Document, Letter, Report, document_of
from ecoledger.reports.differences import between
from ecoledger.reports.models import Draft, DraftStep, IssuedDocument, LetterTemplate, Reply
from ecoledger.reports.numbers import next_number
from ecoledger.reports.profile import DocumentsError
from ecoledger.standards.written_dates import UnreadableDateError, read_day

_State = Draft.State
WRITTEN = "拟稿"
_SUBMITTED, _REVIEWED = "送审", "审核同意"


def begin_letter(
    letter: Letter, matter: Matter, *, by: Person, replaces: IssuedDocument | None = None
) -> Draft:
    """A draft of a letter about a matter, its words begun and its figures locked as they are now."""
    _may(by, letter.capability)
    if matter.register not in letter.registers:
        raise Refused("register", _("这本台账不发%s。") % letter.label)
    if letter.fits is not None and not letter.fits(matter):
        raise Refused("register", _("这一事项不用%s。") % letter.label)
    if replaces is None and not letter.may_begin(matter):
        raise Refused("state", _("该事项已经办结，不再拟%s。") % letter.label)
    words = {word.name: word.beginning(matter, by) for word in letter.words}
    if replaces is not None:
        words |= replaces.words
    draft = Draft(
        kind=letter.key,
        area_code=matter.area_code,
        matter=matter,
        title=f"{letter.label}：{matter.title}"[:200],
        content=rendering.values_of(letter, matter),
        words=words,
        author=by,
        replaces=replaces,
    )
    return _begun(draft, letter)


def begin_report(
    report: Report, area_code: str, day: date, *, by: Person, replaces: IssuedDocument | None = None
) -> Draft:
    """A draft of a report, its figures locked. A span that is not over is refused."""
    _may(by, report.capability)
    why, remedy = report.lacks() if report.lacks is not None else ("", "")
    if why:
        raise Refused("settings", why, remedy)
    bulletin, content = report.lock(area_code, day)
    if bulletin.end > timezone.localdate():
        raise Refused("period", _("该期间尚未结束，数字还会变化，不能印发。请在期间结束后印发。"))
    draft = Draft(
        kind=report.key,
        area_code=area_code,
        begin=bulletin.begin,
        title=bulletin.title.replace("\n", "")[:200],
        content=content,
        words={word.name: word.beginning(bulletin, by) for word in report.words}
        | (replaces.words if replaces else {}),
        author=by,
        replaces=replaces,
    )
    return _begun(draft, report)


def _begun(draft: Draft, document: Document) -> Draft:
    with transaction.atomic():
        draft.save()
        _record(draft, draft.author, WRITTEN)
        audit.record(draft.author, WRITTEN, draft, details={"kind": document.key})
    return draft


def write(draft: Draft, words: Mapping[str, str], *, by: Person) -> None:
    """Change the words of a draft that has not been submitted: who does is of those who wrote it."""
    document = document_of(draft.kind)
    with transaction.atomic():
        held = _held(draft, _State.DRAFT)
        _may(by, document.capability)
        before = held.words
        held.words = {
            word.name: words.get(word.name, before.get(word.name, "")).strip()
            for word in document.words
        }
        if held.words != before and not is_author(held, by):
            _record(held, by, WRITTEN)
            audit.record(by, WRITTEN, held)
        _keep(held)
    draft.refresh_from_db()


def renew(draft: Draft, *, by: Person) -> None:
    """Lock the figures anew, as they are now."""
    document = document_of(draft.kind)
    with transaction.atomic():
        held = _held(draft, _State.DRAFT)
        _may(by, document.capability)
        if isinstance(document, Report) and held.begin is not None:
            held.content = document.lock(held.area_code, held.begin)[1]
        elif isinstance(document, Letter) and held.matter is not None:
            held.content = rendering.values_of(document, held.matter)
        held.locked_at = timezone.now()
        _keep(held)
        _record(held, by, "更新锁定的数字")
    draft.refresh_from_db()


def submit(draft: Draft, *, by: Person) -> None:
    """Hand the draft on; every required word must be there."""
    document = document_of(draft.kind)
    missing = [w.name for w in document.words if w.required and not draft.words.get(w.name)]
    if missing:
        raise Refused(
            "words",
            _("还没有填：%s。") % "、".join(missing),
            fields={name: [_("请填写")] for name in missing},
        )
    _asks_in_time(draft, timezone.localdate())
    with transaction.atomic():
        held = _held(draft, _State.DRAFT)
        _may(by, document.capability)
        _ready(held)
        held.state = _following(document, _State.DRAFT)
        _keep(held)
        _record(held, by, _SUBMITTED)
        _tell_next(held, by)
    draft.refresh_from_db()


def approve(draft: Draft, *, by: Person, note: str = "") -> None:
    """Agree at the step the draft stands at: review or signature, never by its author."""
    document = document_of(draft.kind)
    with transaction.atomic():
        held = _held(draft, _State.REVIEW, _State.SIGN)
        signing = held.state == SIGN
        _may(by, "sign_documents" if signing else document.capability)
        _not_author(held, by)
        if signing:
            _not_reviewer(held, by)
            held.signer = by
        held.state = _following(document, held.state)
        _keep(held)
        _record(held, by, "签发" if signing else _REVIEWED, note)
        audit.record(by, noop("签发文书") if signing else noop("审核文书"), held)
        _tell_next(held, by)
    draft.refresh_from_db()


def waiting_for(person: Person, drafts: QuerySet[Draft]) -> list[Draft]:
    """Those of ``drafts`` that wait for ``person`` to review or to sign them: three queries, however many there are."""
    rows = drafts.filter(state__in=(_State.REVIEW, _State.SIGN)).order_by("pk")
    asked = [draft for draft in rows if person.may(_capability_at(draft))]
    own, looked = _written_by(asked, person), _reviewed_by(asked, person)
    return [
        draft
        for draft in asked
        if draft.pk not in own and not (draft.state == SIGN and draft.pk in looked)
    ]


def _capability_at(draft: Draft) -> str:
    """What the step that the draft stands at asks of a person."""
    return "sign_documents" if draft.state == SIGN else document_of(draft.kind).capability


def send_back(draft: Draft, *, by: Person, note: str) -> None:
    """Return the draft to its author with what is to be changed."""
    if not note.strip():
        raise Refused("note", _("请写明退回的意见。"), fields={"note": [_("请填写")]})
    document = document_of(draft.kind)
    with transaction.atomic():
        held = _held(draft, _State.REVIEW, _State.SIGN, _State.NUMBER)
        _may(by, "sign_documents" if held.state == SIGN else document.capability)
        held.state, held.signer = _State.DRAFT, None
        _keep(held)
        _record(held, by, "退回", note)
        _tell_next(held, by)
    draft.refresh_from_db()


def discard(draft: Draft, *, by: Person, note: str) -> None:
    """Give the draft up, with the reason; it is kept and takes no number. Its author and those it waited for are told."""
    if not note.strip():
        raise Refused("note", _("请写明作废的理由。"), fields={"note": [_("请填写")]})
    with transaction.atomic():
        held = _held(draft, _State.DRAFT, _State.REVIEW, _State.SIGN, _State.NUMBER)
        if not may_discard(held, by):
            raise Refused(
                "role",
                _("送审前由拟稿人作废，送审后由审核人、签发人作废。"),
                _("需要作废的，请联系他们。"),
            )
        waited = _waits_for(held)
        held.state = _State.DISCARDED
        _keep(held)
        _record(held, by, "作废", note)
        _tell({*waited, held.author}, held, by)
        audit.record(by, "作废文书草稿", held)
    draft.refresh_from_db()


def may_discard(draft: Draft, person: Person) -> bool:
    """Before it is submitted its author, or who signs; from then on who looks at it where it stands, never the author."""
    signs = person.may("sign_documents")
    if draft.state == _State.DRAFT:
        return signs or is_author(draft, person)
    looks = person.may(_capability_at(draft)) if draft.state == _State.REVIEW else signs
    return looks and not is_author(draft, person)


def issue(draft: Draft, *, by: Person, at: datetime | None = None) -> IssuedDocument:
    """Give the number, render the files and keep everything as it is now. Never by the author."""
    at = at or timezone.now()
    document = document_of(draft.kind)
    with transaction.atomic():
        held = _held(draft, _State.NUMBER)
        _may(by, document.capability)
        _not_author(held, by)
        _ready(held)
        _asks_in_time(held, timezone.localtime(at).date())
        try:
            number = _number(held, document, at)
            files = rendering.files(held, number, timezone.localtime(at).date())
        except DocumentsError as wrong:
            raise Refused(
                "settings",
                _("没有印发：%s。请系统管理员改正数据文件夹中的文件。") % wrong,
            ) from wrong
        issued = _kept(held, document, number, files, by, at)
        held.state, held.issued = _State.ISSUED, issued
        _keep(held)
        _record(held, by, "编号印发", number)
        _tell_next(held, by)
        _tell_addressees(issued, by)
        audit.record(by, noop("印发文书"), issued, details={"title": str(issued), "number": number})
        if held.matter is not None:
            said = f"印发{document.label} {number}。"
            actions.note(held.matter.pk, said, by=by, at=at)
            if isinstance(document, Letter):
                due = {"reply_by": f"{issued.reply_due}"} if issued.reply_due else {}
                _move(held.matter, document.sends, {**document.sent_as, **due}, by, at)
    draft.refresh_from_db()
    return issued


def _number(draft: Draft, document: Document, at: datetime) -> str:
    """A reissue keeps its number, as does what was numbered on the spot; a report without a series goes by its period."""
    if draft.replaces is not None:
        return draft.replaces.number
    if isinstance(document, Letter) and document.own_number and draft.matter is not None:
        number = document.own_number(draft.matter)
        if IssuedDocument.objects.filter(number=number).exists():
            raise Refused("number", _("文号%s已有文书，请核对事项上的文号。") % number)
        if number:
            return number
    if document.series:
        return next_number(document, timezone.localtime(at).year)
    return str(draft.content["number"])


def reply(document: IssuedDocument, text: str, received_on: date, *, by: Person) -> Reply:
    """Put on record what came back."""
    _may(by, document_of(document.kind).capability)
    if not text.strip():
        raise Refused("text", _("请填写反馈内容。"), fields={"text": [_("请填写")]})
    if not timezone.localdate(document.issued_at) <= received_on <= timezone.localdate():
        why = _("收到日期应在印发日和今天之间。")
        raise Refused("received_on", why, fields={"received_on": [why]})
    made = Reply.objects.create(
        document=document, received_on=received_on, text=text.strip(), recorded_by=by
    )
    audit.record(by, "登记反馈", document)
    kind = document_of(document.kind)
    if isinstance(kind, Letter) and document.matter is not None:
        _move(document.matter, kind.answers, {"reply": text.strip()}, by)
    return made


def _move(
    matter: Matter, transition: str, form: dict[str, str], by: Person, at: datetime | None = None
) -> None:
    """Take the step that the letter brings about, if the matter waits for it and ``by`` may take it."""
    if transition and any(t.name == transition for t in actions.available(matter, by)):
        actions.perform(matter.pk, transition, by=by, form=form, at=at)


def reply_day(draft: Draft) -> date | None:
    """The day by which a reply is asked for. Raises :class:`Refused` when it cannot be read."""
    written = draft.words.get("反馈期限", "")
    if not written:
        return None
    try:
        return read_day(written).day
    except UnreadableDateError as wrong:
        raise Refused(
            "words",
            _("反馈期限“%s”读不出日期，请写成 2026年12月5日。") % written,
            fields={"反馈期限": [_("请写成 2026年12月5日")]},
        ) from wrong


def _asks_in_time(draft: Draft, today: date) -> None:
    """Refuse a day for the reply that is over; what is issued anew under its number keeps the one it had."""
    day = reply_day(draft)
    if day is not None and day < today and draft.replaces is None:
        raise Refused(
            "words",
            _("反馈期限“%s”已经过去，请写今天或以后的日期。") % draft.words["反馈期限"],
            fields={"反馈期限": [_("请写今天或以后的日期")]},
        )


def _ready(draft: Draft) -> None:
    """Refuse a letter while its matter lacks what it is to say."""
    letter = document_of(draft.kind)
    if not isinstance(letter, Letter) or letter.unready is None or draft.matter is None:
        return
    if why := letter.unready(draft.matter, draft.locked_at):
        raise Refused("condition", why)


def _kept(
    draft: Draft,
    document: Document,
    number: str,
    files: rendering.Files,
    by: Person,
    at: datetime,
) -> IssuedDocument:
    bulletin = locked.again(draft.content) if isinstance(document, Report) else None
    issued = IssuedDocument(
        kind=draft.kind,
        area_code=draft.area_code,
        matter=draft.matter,
        begin=draft.begin,
        end=bulletin.end if bulletin else None,
        title=bulletin.title if bulletin else draft.title,
        number=number,
        addressee=(draft.words.get("主送") or getattr(document, "to", ""))[:200],
        copies_to=draft.words.get("抄送", "")[:400],
        reply_due=reply_day(draft),
        author=draft.author,
        signer=draft.signer,
        issued_at=at,
        issued_by=by,
        content=draft.content,
        words=draft.words,
        figures=rendering.figures_of(draft),
        template=LetterTemplate.objects.filter(kind=draft.kind).first(),
        replaces=draft.replaces,
    )
    if draft.replaces is not None:
        issued.differences = between(draft.replaces, issued)
    stem = f"{draft.kind}-{draft.pk}"
    for name, ending, content in files:
        getattr(issued, f"{name}_file").save(f"{stem}.{ending}", ContentFile(content), save=False)
        setattr(issued, f"{name}_sha256", hashlib.sha256(content).hexdigest())
    issued.save()
    return issued


def _following(document: Document, state: str) -> str:
    way = [_State.DRAFT.value, *document.steps, _State.NUMBER.value]
    return way[way.index(state) + 1]


def _tell_next(draft: Draft, by: Person) -> None:
    """Tell those the draft waits for now: who may take the step, or its author."""
    _tell(_waits_for(draft), draft, by)


def _waits_for(draft: Draft) -> list[Person]:
    if draft.state not in (_State.REVIEW, _State.SIGN, _State.NUMBER):
        return [draft.author]
    people = grants.people_with(CAPABILITIES[_capability_at(draft)], draft.area_code)
    return list(people.exclude(pk=draft.author_id))


@in_chinese
def _tell(people: Iterable[Person], draft: Draft, by: Person) -> None:
    text = noop("文书“%(title)s”：%(state)s") % {
        "title": draft.title,
        "state": draft.get_state_display(),
    }
    link = reverse("draft", args=[draft.pk])
    notices.tell(people, text, link=link, at=timezone.now(), but=by)


@in_chinese
def _tell_addressees(issued: IssuedDocument, by: Person) -> None:
    """Tell the people of the units outside the bureau to which it goes."""
    units = receipts.addressees(issued)
    people = Person.objects.filter(is_active=True, organisation__in=units)
    text = noop("收到文书“%(title)s”（%(number)s）") % {
        "title": issued.title.replace("\n", ""),
        "number": issued.number,
    }
    link = reverse("document", args=[issued.pk])
    read = [p for p in people if visible.documents(p).filter(pk=issued.pk).exists()]
    notices.tell(read, text, link=link, at=timezone.now(), but=by)


def _may(person: Person, capability: str) -> None:
    if not person.may(capability):
        raise Refused("role", _("您的岗位不能办这一步。"))


def is_author(draft: Draft, person: Person) -> bool:
    """Whether the draft is of the hand of ``person``: his own, his deputy's, or of whom he acts for."""
    return draft.pk in _written_by([draft], person)


def _written_by(drafts: Sequence[Draft], person: Person) -> set[int]:
    """Of ``drafts`` those of the hand of ``person``."""
    hand = acting.hand(person)
    wrote = audit.hands_on(drafts, WRITTEN)
    return {
        draft.pk for draft in drafts if not hand.isdisjoint(wrote[draft.pk] | {draft.author_id})
    }


def _not_author(draft: Draft, person: Person) -> None:
    if is_author(draft, person):
        raise Refused("author", _("拟稿人不能审核、签发或印发自己的文书，请由他人办理。"))


def is_reviewer(draft: Draft, person: Person) -> bool:
    """Whether the review of the round that is under way is of the hand of ``person``."""
    return draft.pk in _reviewed_by([draft], person)


def _reviewed_by(drafts: Sequence[Draft], person: Person) -> set[int]:
    """Of ``drafts`` those that the hand of ``person`` reviewed in the round under way."""
    hand, reviewed = acting.hand(person), set()
    steps = DraftStep.objects.filter(draft__in=drafts, label__in=(_SUBMITTED, _REVIEWED))
    for draft, who, label in steps.order_by("pk").values_list("draft", "person", "label"):
        if label == _SUBMITTED:
            reviewed.discard(draft)
        elif who in hand:
            reviewed.add(draft)
    return reviewed


def _not_reviewer(draft: Draft, person: Person) -> None:
    """Review and signature are two looks: not both by one hand."""
    if is_reviewer(draft, person):
        raise Refused("reviewer", _("审核和签发须由两人办理，请由他人签发。"))


def signs_alone(draft: Draft, person: Person) -> bool:
    """Whether nobody but ``person`` may sign it: reviewed by him it would wait for a signature that nobody gives."""
    others = grants.people_with(CAPABILITIES["sign_documents"], draft.area_code)
    others = others.exclude(pk__in=(draft.author_id, person.pk))
    return person.may("sign_documents") and not others.exists()


def _held(draft: Draft, *states: str) -> Draft:
    """The draft, held for one step; refused when it stands elsewhere by now, or is another than ``draft`` was."""
    held = Draft.objects.select_for_update().get(pk=draft.pk)
    if held.state not in states:
        raise Refused("state", _("文书现在是“%s”，不能办这一步。") % held.get_state_display())
    if held.revision != draft.revision:
        raise Refused(
            "conflict", _("在您打开此页之后，他人已改动这份文书。"), _("请看过现在的内容再办理。")
        )
    return held


def _keep(draft: Draft) -> None:
    draft.revision += 1
    draft.save()


def _record(draft: Draft, person: Person | None, label: str, note: str = "") -> None:
    DraftStep.objects.create(draft=draft, person=person, label=label, note=note.strip())
