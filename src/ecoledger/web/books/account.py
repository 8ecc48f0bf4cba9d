"""Holdings of an account, a holding's statement, writing a posting and reversing one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.accounts.scope import visible
from ecoledger.books import account as accounts
from ecoledger.books.account import Account
from ecoledger.books.models import Holding, Posting
from ecoledger.entities.models import Entity
from ecoledger.listings import asked
from ecoledger.listings.cells import area_name
from ecoledger.listings.refusals import Refused
from ecoledger.web.access import Request
from ecoledger.web.books.finding import book_of, needs_editor, row_of, says_refusals


def _holdings(request: Request, book: Account) -> QuerySet[Holding]:
    return visible(Holding.objects.filter(book=book.key).select_related("entity"), request.user)


@require_GET
def holdings(request: Request, key: str) -> HttpResponse:
    """What every holder has on a day, by item."""
    book = book_of(Account, key, request)
    day = asked.day(request.GET.get("on", "")) or timezone.localdate()
    held = _holdings(request, book).filter(outside=False)
    if (about := asked.number(request.GET.get("about", ""))) is not None:
        held = held.filter(entity__in=Entity.with_parts(about))
    area, group = request.GET.get("area_code", ""), request.GET.get("group", "")
    had, days = (
        accounts.balances_on(held.filter(area_code__startswith=area), day),
        book.longest_days,
    )
    had = [(row, balance) for row, balance in had if not group or book.group(row.item) == group]
    old = {row.pk: kept for row, kept in accounts.all_held_longer(held, day, days)} if days else {}
    rows = [
        {
            "holding": holding,
            "item": book.item(holding.item),
            "area": area_name(holding.area_code),
            "balance": balance,
            "too_long": old.get(holding.pk) if balance else None,
        }
        for holding, balance in had
    ]
    return render(
        request,
        "web/books/holdings.html",
        {
            "book": book,
            "rows": rows,
            "total": _total(rows),
            "area": area and area_name(area),
            "group": group,
            "day": day,
            "may_change": book.may_change(request.user),
            "broken": accounts.first_broken(book),
        },
    )


def _total(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """What the rows come to, where all are counted in one unit."""
    items = [row["item"] for row in rows]
    if not items or len({item.unit for item in items}) > 1:
        return None
    return {"item": items[0], "balance": sum(row["balance"] for row in rows)}


@require_GET
def statement(request: Request, key: str, pk: int) -> HttpResponse:
    """A holding's statement of a period: opening, in, out, closing, and every line with its balance."""
    book = book_of(Account, key, request)
    holding = row_of(_holdings(request, book), pk)
    today = timezone.localdate()
    first = asked.day(request.GET.get("from", "")) or date(today.year, 1, 1)
    last = asked.day(request.GET.get("to", "")) or today
    return render(
        request,
        "web/books/statement.html",
        {
            "book": book,
            "holding": holding,
            "item": book.item(holding.item),
            "area": area_name(holding.area_code),
            "statement": accounts.statement(holding, first, last),
            "today": today,
            "first": first,
            "last": last,
            "vouchers": [v for v in book.vouchers if book.may_enter(request.user, v.key)],
            "paper": book.labels.get("voucher_no", "凭据文号"),
            "within": any(voucher.within for voucher in book.vouchers),
            "reversible": {v.key for v in book.vouchers if book.may_enter(request.user, v.key)},
            "others": _holdings(request, book)
            .filter(item=holding.item, outside=False)
            .exclude(pk=pk),
            "may_change": book.may_change(request.user),
        },
    )


@require_POST
@says_refusals
def post(request: Request, key: str, pk: int) -> HttpResponse:
    """Write a posting that begins or ends at this holding."""
    book = book_of(Account, key, request)
    needs_editor(book, request)
    holding = row_of(_holdings(request, book), pk)
    said = request.POST
    try:
        voucher = book.voucher(said.get("kind", ""))
    except KeyError:
        raise Refused("form", _("没有选择类别。"), _("请选择入账或出账的类别。")) from None
    if not book.may_enter(request.user, voucher.key):
        raise Refused("role", _("这类凭证不由您的岗位登记。"))
    try:
        quantity = Decimal(said.get("quantity", "").strip())
    except InvalidOperation:
        raise Refused("form", _("数量不是数。"), _("请填写数字，如 1.24。")) from None
    if not quantity.is_finite() or quantity <= 0:
        raise Refused("form", _("数量须大于零。"), _("出账请选择出账的类别。"))
    on = asked.day(said.get("on", "")) or timezone.localdate()
    text = said.get("text", "").strip()
    if not text:
        raise Refused("form", _("没有摘要。"), _("请写明来由。"))
    posting = accounts.post(
        book,
        voucher.key,
        _moves(request, book, voucher, holding, quantity),
        on=on,
        text=text,
        voucher_no=said.get("voucher_no", "").strip(),
        by=request.user,
    )
    messages.success(request, _("已记账，凭证 %d。") % posting.number)
    return redirect("statement", book.key, holding.pk)


def _moves(
    request: Request, book: Account, voucher: Any, holding: Holding, quantity: Decimal
) -> dict[Holding, Decimal]:
    if voucher.source:
        outside = book.outside(holding.item, voucher.source, holding.area_code)
        return {holding: quantity, outside: -quantity}
    if voucher.sink:
        outside = book.outside(holding.item, voucher.sink, holding.area_code)
        return {holding: -quantity, outside: quantity}
    other = asked.number(request.POST.get("other", ""))
    rows = _holdings(request, book).filter(item=holding.item, outside=False)
    target = rows.filter(pk=other or 0).first()
    if target is None or target == holding:
        raise Refused("form", _("没有对方。"), _("请选择调入的一方。"))
    return {holding: -quantity, target: quantity}


@require_POST
@says_refusals
def reverse(request: Request, key: str, pk: int) -> HttpResponse:
    """Reverse a posting, with the reason."""
    book = book_of(Account, key, request)
    rows = Posting.objects.filter(entries__holding__in=_holdings(request, book)).distinct()
    posting = row_of(rows, pk)
    reason = request.POST.get("reason", "").strip()
    accounts.may_reverse(book, posting, reason, request.user)
    right = accounts.reverse(book, posting, on=timezone.localdate(), reason=reason, by=request.user)
    messages.success(
        request,
        _("凭证 %(old)d 已由凭证 %(new)d 冲正。") % {"old": posting.number, "new": right.number},
    )
    back = request.POST.get("back", "")
    return redirect(back if back.startswith("/b/") else "/")
