"""Records made on the spot: written on a phone, signed on the screen, read as PDF."""

from __future__ import annotations

import base64
import binascii
import io
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ecoledger.accounts.models import Person
from ecoledger.books import campaign as campaigns
from ecoledger.listings import asked
from ecoledger.listings.lookups import NoSuchRow, lookup_of
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.actions import NotVisible, Upload
from ecoledger.registers.enforcement import field_records, inspections, special_action
from ecoledger.registers.enforcement.field_records import FieldRecord
from ecoledger.registers.enforcement.officers import officer_of
from ecoledger.reports import case_book
from ecoledger.web.access import Request, needs
from ecoledger.web.books import checklist_form
from ecoledger.web.books.finding import says_refusals
from ecoledger.web.listings.once import once
from ecoledger.web.matters.finding import the_matter
from ecoledger.web.matters.posted import say_files_are_gone, uploads

_WRITES = inspections.OFFICERS
MOST_BYTES = 400_000


def _own(request: Request, pk: int) -> FieldRecord:
    record = get_object_or_404(
        FieldRecord.objects.select_related("matter", "signature", "drawing"), pk=pk
    )
    try:
        actions.find(record.matter_id, request.user)
    except NotVisible as error:
        raise Http404 from error
    if not request.user.has_role(*_WRITES) and not request.user.may("see_undecided_penalties"):
        raise Http404
    return record


@needs("see_matters")
@require_http_methods(["GET", "POST"])
@says_refusals
@once
def new(request: Request, key: str, pk: int, kind: str) -> HttpResponseBase:
    """A record of a visit or a case, to fill in."""
    _register, matter = the_matter(request, key, pk)
    if key not in field_records.REGISTERS or kind not in FieldRecord.Kind.values:
        raise Http404
    if not request.user.has_role(*_WRITES):
        raise Refused("role", _("笔录由执法人员制作。"))
    now = timezone.localtime()
    said: dict[str, Any] = {
        "place": matter.address or str(matter.entity or ""),
        "started_at": f"{now:%Y-%m-%dT%H:%M}",
        "ended_at": "",
        "first": getattr(officer_of(request.user), "certificate_no", ""),
        "second": getattr(getattr(matter, "second", None), "certificate_no", ""),
    }
    wrong: dict[str, list[str]] = {}
    if request.method == "POST":
        said = {name: request.POST.get(name, "").strip() for name in request.POST}
        said.pop("signature", None)
        try:
            with transaction.atomic():
                files = uploads(request)
                drawing = _drawn(request, "drawing", _("现场勘察平面图"))
                if drawing is None and kind == FieldRecord.Kind.MAP and files:
                    drawing, *files = files
                record = field_records.write(
                    matter,
                    _values(said, kind),
                    by=request.user,
                    client_id=said.get("client_id") or None,
                    drawing=drawing,
                )
                if files:
                    actions.attach(pk, files, by=request.user, text=str(record), of_record=True)
                # Read to the party and signed on the spot, it is final when it arrives.
                signature = _drawn(request, "signature", f"{record}签名")
                if signature is not None or said.get("refused"):
                    field_records.sign(
                        record,
                        by=request.user,
                        signature=signature,
                        refused=said.get("refused", ""),
                    )
        except Refused as refused:
            wrong = refused.fields
            messages.error(request, f"{refused.why}{refused.remedy}")
            say_files_are_gone(request)
        else:
            return redirect("field-record", record.pk)
    return render(
        request,
        "web/enforcement/record_new.html",
        {
            "matter": matter,
            "key": key,
            "kind": kind,
            "label": FieldRecord.Kind(kind).label,
            "said": said,
            "wrong": wrong,
            "relations": FieldRecord.Relation.choices,
        },
        status=422 if wrong else 200,
    )


def _values(said: dict[str, Any], kind: str) -> dict[str, Any]:
    """The form's texts as values. Raises :class:`Refused` for officers and times that cannot be read."""
    wrong: dict[str, list[str]] = {}
    values: dict[str, Any] = {"kind": kind, "told": said.get("told") == "1"}
    for name in ("place", "name", "identity", "post", "phone", "text", "orientation"):
        values[name] = said.get(name, "")
    values["relation"] = said.get("relation") or FieldRecord.Relation.STAFF
    for name in ("first", "second"):
        try:
            values[name] = lookup_of("law_officer").resolve(said.get(name, ""), None)
        except NoSuchRow as error:
            wrong[name] = [str(error)]
    for name in ("started_at", "ended_at"):
        moment = asked.moment(said.get(name, ""))
        if moment is None:
            wrong[name] = [_("请填写时间")]
        else:
            values[name] = timezone.make_aware(moment)
    if wrong:
        raise Refused("form", _("笔录没有填对。"), _("请按各项提示修改。"), wrong)
    return values


@needs("see_matters")
@require_http_methods(["GET", "POST"])
@says_refusals
@once
def record(request: Request, pk: int) -> HttpResponseBase:
    """The record to read to the party, and to sign."""
    row = _own(request, pk)
    if request.method == "POST":
        field_records.sign(
            row,
            by=request.user,
            signature=_drawn(request, "signature", f"{row}签名"),
            refused=request.POST.get("refused", ""),
        )
        messages.success(request, _("已签毕，不能再改。"))
        return redirect("field-record", pk)
    return render(request, "web/enforcement/record.html", {"record": row, "matter": row.matter})


def _drawn(request: Request, name: str, caption: str) -> Upload | None:
    """What was drawn on the screen as a file; none where nothing was."""
    text = request.POST.get(name, "")
    if not text:
        return None
    try:
        content = base64.b64decode(text.partition("base64,")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("form", _("签名没有收到。"), _("请重新签名。")) from error
    if len(content) > MOST_BYTES:
        raise Refused("form", _("签名图太大。"), _("请重新签名。"))
    file = InMemoryUploadedFile(
        io.BytesIO(content), name, f"{caption}.png", "image/png", len(content), None
    )
    return Upload(file, caption)


@needs("see_matters")
@require_GET
def record_file(request: Request, pk: int) -> HttpResponse:
    """The record as PDF."""
    row = _own(request, pk)
    return HttpResponse(case_book.record_pdf(row), content_type="application/pdf")


@needs("see_matters")
@require_http_methods(["GET", "POST"])
@says_refusals
@once
def checklist(request: Request, pk: int) -> HttpResponseBase:
    """The checklists of all actions that one visit serves, filled in at once."""
    _register, visit = the_matter(request, inspections.REGISTER.key, pk)
    tasks = list(visit.tasks.select_related("drive__checklist", "entity"))
    parts = [(task, campaigns.questions_of(task.drive.checklist)) for task in tasks]
    wrong: checklist_form.Wrong = {}
    if request.method == "POST":
        own = officer_of(request.user)
        if own is None or own not in visit.inspectors or visit.state not in ("on_site", "handling"):
            raise Refused("role", _("检查表由本次检查的执法人员在现场填写。"))
        try:
            # All of one visit or none of it.
            with transaction.atomic():
                for task, questions in parts:
                    if task.state == task.State.TODO:
                        task.answers = checklist_form.answers(request, questions, _before(task))
                        _visited(task, request.user)
        except Refused as refused:
            wrong = checklist_form.shown_again(request, refused)
        else:
            messages.success(request, _("检查表已记录。"))
            return redirect("matter", inspections.REGISTER.key, pk)
    return render(
        request,
        "web/enforcement/checklist.html",
        {
            "visit": visit,
            "parts": [
                (task, checklist_form.rows(questions, task.answers, wrong, _before(task)))
                for task, questions in parts
            ],
        },
        status=422 if wrong else 200,
    )


def _visited(task: Any, by: Person) -> None:
    """Keep what was answered of one action; what is wrong of it stands under the names of the form's fields."""
    try:
        campaigns.visit(special_action.ACTIONS, task, task.answers, by=by)
    except Refused as refused:
        refused.fields = {f"{_before(task)}{name}": said for name, said in refused.fields.items()}
        raise


def _before(task: Any) -> str:
    """Begins the names of an action's fields on the one form of them all."""
    return f"t{task.pk}-"
