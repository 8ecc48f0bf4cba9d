"""省级系统交换 (mechanism G7): the formats with their last exchange, sending and receiving, and the network under them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.accounts.models import Person
from ecoledger.listings.listing import Listing
from ecoledger.listings.refusals import Refused
from ecoledger.registers.network import exchanges
from ecoledger.registers.network.exchanges import EXCHANGES, LARGEST, Exchange, Format
from ecoledger.registers.network.private_network import NODES
from ecoledger.web.access import Request, needs
from ecoledger.web.books.finding import says_refusals


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """Every format with its last exchange; how much of the network stands."""
    last: dict[str, Exchange] = {}
    for row in EXCHANGES.visible_to(request.user).defer("content").order_by("at", "pk"):
        last[row.format] = row
    n = NODES.visible_to(request.user).aggregate(
        asked=Count("pk", filter=Q(required=True)),
        covered=Count("pk", filter=Q(required=True, connected=True)),
        joined=Count("pk", filter=Q(connected=True)),
        answering=Count("pk", filter=Q(connected=True, answers=True)),
        untried=Count("pk", filter=Q(connected=True, answers=None)),
    )
    context = {
        "formats": [
            _shown(layout, last.get(layout.key), request.user) for layout in exchanges.formats()
        ],
        "n": n,
        "coverage": 100 * n["covered"] / n["asked"] if n["asked"] else None,
        "connectivity": 100 * n["answering"] / n["joined"] if n["joined"] else None,
        "book": EXCHANGES,
        "nodes": NODES,
    }
    return render(request, "web/network/exchanges.html", context)


def _shown(layout: Format, last: Exchange | None, person: Person) -> dict[str, object]:
    fault = exchanges.fault_of(layout)
    sends = layout.direction == Exchange.Direction.EXPORT
    may = not fault and (
        person.may(layout.listing.see) if sends else layout.listing.may_open(person)
    )
    return {
        "format": layout,
        "book": None if fault else layout.listing,
        "fault": fault,
        "last": last,
        "sends": sends,
        "may": may and EXCHANGES.may_change(person),
        "headers": _headers(layout, None if fault else layout.listing),
    }


def _headers(layout: Format, book: Listing | None) -> list[str]:
    """The columns by our names, with the other system's where they are others."""
    labels = {c.name: _(str(c.ask.label)) for c in book.import_columns} if book else {}
    return [
        said if (said := labels.get(name, header)) == header else _("%(ours)s（%(theirs)s）") % {"ours": said, "theirs": header}
        for header, name, _code in layout.columns
    ]  # fmt: skip


def _format(key: str) -> Format:
    try:
        return exchanges.format_of(key)
    except KeyError:
        raise Http404 from None


@needs("see_cockpit")
@require_POST
@says_refusals
def send(request: Request, key: str) -> HttpResponse:
    """Write the file of an export format; it is kept, and downloaded from the log."""
    layout = _format(key)
    if layout.direction != Exchange.Direction.EXPORT or not EXCHANGES.may_change(request.user):
        raise Http404
    row = exchanges.export(layout, request.user)
    messages.success(
        request, _("已生成 %(file)s，共 %(rows)d 行。") % {"file": row.file_name, "rows": row.rows}
    )
    return redirect("exchanges")


@needs("see_cockpit")
@require_POST
@says_refusals
def receive(request: Request, key: str) -> HttpResponse:
    """Take in a file of an import format: on to the list's preview."""
    layout = _format(key)
    if layout.direction != Exchange.Direction.IMPORT or not EXCHANGES.may_change(request.user):
        raise Http404
    file = request.FILES.get("file")
    if file is None:
        raise Refused("file", _("没有选择文件。"), _("请选择 .xlsx、.xls 或 .csv 文件。"))
    if (file.size or 0) > LARGEST:
        raise Refused("file", _("文件超过 %d MB。") % (LARGEST >> 20), _("请分成几个文件导入。"))
    row = exchanges.receive(layout, file.name or layout.key, file.read(), request.user)
    return redirect("book-import-batch", layout.book, row.batch_id)


@needs("see_cockpit")
@require_GET
def file(request: Request, pk: int) -> HttpResponse:
    """A file as it was exchanged; one whose digest no longer fits is not given out."""
    row = EXCHANGES.visible_to(request.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    if not exchanges.may_read(row, request.user):
        raise PermissionDenied(_("这个文件含有您不能查看的内容。"))
    if not exchanges.whole(row):
        return HttpResponse(
            _("文件与登记的摘要不符，请通知审计管理员。"),
            status=409,
            content_type="text/plain; charset=utf-8",
        )
    kind = "application/json" if row.file_name.endswith(".json") else "text/csv; charset=utf-8"
    response = HttpResponse(bytes(row.content), content_type=kind)
    response["Content-Disposition"] = (
        content_disposition_header(True, row.file_name) or "attachment"
    )
    return response
