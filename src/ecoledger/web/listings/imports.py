"""Bringing tables into a list: template, columns, words, rows, accept, error file, undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.accounts import scope
from ecoledger.accounts.models import Person
from ecoledger.accounts.visitors import address
from ecoledger.accounts.wording import numbered
from ecoledger.jobs import running
from ecoledger.listings import importing, words
from ecoledger.listings.importing.checking import earlier
from ecoledger.listings.importing.updating import SAME
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import lookup_among, lookup_of
from ecoledger.listings.models import ImportBatch
from ecoledger.listings.parts import Ask, Kind
from ecoledger.listings.personal import note_seen_in_table, open_texts
from ecoledger.listings.refusals import NotVisible, Refused
from ecoledger.listings.tables import reading
from ecoledger.listings.tables.book import Book
from ecoledger.web import scoped
from ecoledger.web.access import Request
from ecoledger.web.export import xlsx
from ecoledger.web.listings import long_work
from ecoledger.web.listings.finding import say, the_listing, way_back

ROWS = 100
LARGEST = 50 * 1024 * 1024
# Words of one column that a page asks about at a time, and values offered for one.
WORDS, OFFERED = 50, 500


def _importable(request: Request, key: str) -> Listing:
    listing = the_listing(request, key, to_enter=True)
    if not listing.imports or not listing.may_open(request.user):
        raise PermissionDenied(_("您的岗位不能向“%s”导入表格。") % _(str(listing.label)))
    return listing


def _batch(listing: Listing, pk: int, request: Request) -> ImportBatch:
    """The batch, for who may see it (:func:`_may_see`)."""
    rows = ImportBatch.objects.select_related("person")
    batch = rows.filter(pk=pk, listing=listing.key).first()
    if batch is None or not _may_see(listing, batch, request.user):
        raise Http404
    return batch


def _may_see(listing: Listing, batch: ImportBatch, person: Person) -> bool:
    """Who uploaded it, and managers whose scope holds all of the uploader's: no row lies outside that. What a command
    entered at the server, who enters rows of every division."""
    if batch.person_id == person.pk:
        return True
    if batch.person is None:
        return listing.may_open(person) and scoped.covers_everything(person)
    return listing.may_manage(person) and scope.covers_person(person, batch.person)


def page(request: Request, key: str) -> HttpResponse:
    """Upload a table; what was imported before."""
    listing = _importable(request, key)
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None:
                raise Refused("file", _("没有选择文件。"), _("请选择 .xlsx、.xls 或 .csv 文件。"))
            if (file.size or 0) > LARGEST:
                raise Refused(
                    "file", _("文件超过 %d MB。") % (LARGEST >> 20), _("请分成几个文件导入。")
                )
            history = request.POST.get("history") == "1"
            content = file.read()
            book = _book_of(content)
            if book is None:
                title = _("检查 %s") % file.name
                running.begin(
                    long_work.CHECK,
                    title,
                    request.user,
                    upload=content,
                    listing=key,
                    name=file.name or "",
                    history=history,
                )
                messages.info(
                    request, _("文件较大或正在读取其他文件，已转后台检查，完成后从这里进入预览。")
                )
                return redirect("jobs")
            made = importing.preview(
                listing, file.name or "", content,
                by=request.user, history=history, book_of=lambda _content: book,
            )  # fmt: skip
        except Refused as refused:
            say(request, refused)
        else:
            return redirect("book-import-batch", key, made.pk)
    batches = ImportBatch.objects.filter(listing=key).exclude(state=ImportBatch.State.DISCARDED)
    recent = batches.select_related("person").order_by("-pk")[:200]
    context = {
        "listing": listing,
        "way_back": way_back(request, listing),
        "batches": [one for one in recent if _may_see(listing, one, request.user)][:20],
        "takes_history": _takes_history(listing),
    }
    return render(request, "web/listings/import.html", context)


def _book_of(content: bytes) -> Book | None:
    """What a file holds; ``None`` where a job is to read it: it is large or long, or others' are being read."""
    if len(content) > long_work.LONG_FILE:
        return None
    try:
        book = reading.read_in_a_moment(content)
    except reading.NoTableError as error:
        raise Refused("file", words.no_table(error)) from error
    rows = sum(len(table.rows) for table in book.tables) if book else 0
    return book if rows <= long_work.LONG_IMPORT else None


def _takes_history(listing: Listing) -> bool:
    """Whether its rows have an end, so that an earlier ledger can come in as it was."""
    return any(c.ask.stores == "closed_at" for c in listing.import_columns)


@require_GET
def template(request: Request, key: str) -> HttpResponse:
    listing = _importable(request, key)
    return xlsx(
        importing.template(listing, by=request.user), _("%s导入模板.xlsx") % _(str(listing.label))
    )


def batch(request: Request, key: str, pk: int) -> HttpResponse:
    """One import: its columns and words to point at, its rows; sent, it is checked again."""
    listing = _importable(request, key)
    found = _batch(listing, pk, request)
    if request.method == "POST":
        try:
            importing.recheck(listing, found, by=request.user, **_said(request, found))
        except Refused as refused:
            say(request, refused)
        return redirect("book-import-batch", key, pk)
    names = [name for name in dict.fromkeys(found.mapping.values()) if name]
    columns = {c.name: c.ask for c in listing.import_columns}
    names = [
        name
        for name in names
        if name in columns and listing.is_open(columns[name].stores or name, request.user)
    ]
    only = request.GET.get("only", "")
    rows = {"bad": found.bad, "warned": found.good.exclude(warnings=[])}.get(only, found.rows.all())
    shown = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    context = {
        "listing": listing,
        "batch": found,
        "good": found.good.count(),
        **_kept_as(found),
        "bad": found.bad.count(),
        "before": earlier(found),
        "only": only,
        "page": shown,
        "labels": [columns[name].label for name in names],
        "rows": [
            {"row": row, "cells": [_cell(row, texts, columns[name]) for name in names]}
            for row in shown
            for texts in [open_texts(listing, request.user, row)]
        ],
        "headers": [
            {"header": header, "column": column} for header, column in found.mapping.items()
        ],
        "columns": [{"name": c.name, "label": c.ask.label} for c in listing.import_columns],
        "words": [
            {
                "column": name,
                "label": columns[name].label,
                "words": words_of,
                "values": _offered(columns[name], request),
            }
            for name, words_of in _asked_words(found).items()
            if name in columns
        ],
        "left_out": [(sheet, row, words.left_out(why)) for sheet, row, why in found.left_out],
        "own": found.person_id == request.user.pk,
        "way_back": way_back(request, listing),
        "made": found.rows.exclude(made=None).exists(),
        "ended": found.rows.filter(values__ended=True).count(),
    }
    # Whether it is an earlier ledger is asked of what would be new: of what is on record that is settled.
    context["asks_history"] = (
        _takes_history(listing)
        and found.state == ImportBatch.State.PREVIEW
        and context["own"]
        and (found.history or context["fresh"] or context["ended"])
    )
    note_seen_in_table(listing, request.user, found, shown, address(request))
    return render(request, "web/listings/import_batch.html", context)


def _kept_as(found: ImportBatch) -> dict[str, int]:
    """Of the rows that can be taken in how many are new, change what is on record, and say nothing new of it."""
    known = found.good.exclude(changes=None)
    same = sum(
        any(SAME.items() <= warning.items() for warning in told)
        for told in known.values_list("warnings", flat=True)
    )
    later = known.count() - same
    return {"fresh": found.good.filter(changes=None).count(), "later": later, "same": same}


def _cell(row: Any, texts: Mapping[str, str], ask: Ask) -> dict[str, Any]:
    return {
        "text": texts.get(ask.name, ""),
        "label": ask.label,
        "wrong": any(e["column"] == ask.name for e in row.errors),
    }


def _asked_words(found: ImportBatch) -> dict[str, list[tuple[str, int | None, str]]]:
    """Column -> (word, in how many rows, what it was said to mean): what nobody knows first, then what was said."""
    asked: dict[str, list[tuple[str, int | None, str]]] = {}
    for column in found.unknown.keys() | found.words.keys():
        unknown, said = found.unknown.get(column, {}), found.words.get(column, {})
        asked[column] = [(word, count, "") for word, count in list(unknown.items())[:WORDS]]
        asked[column] += [(word, None, meant) for word, meant in list(said.items())[:WORDS]]
    return asked


def _offered(ask: Ask, request: Request) -> list[tuple[str, str]]:
    """The values a word of the column can mean."""
    if ask.choices:
        return [(value, _(str(label))) for value, label in ask.choices]
    if ask.kind is Kind.AREA or ask.to is not None:
        lookup = lookup_of("area") if ask.to is None else lookup_among(ask.among, ask.to)
        rows = lookup.open_rows(request.user)[:OFFERED]
        return [(str(lookup.value_of(row)), str(row)) for row in rows]
    return []


def _said(request: Request, found: ImportBatch) -> dict[str, Any]:
    """What the form says of headers and words: columns by header, values by word and column."""
    headers = {
        header: request.POST[f"header:{n}"]
        for n, header in enumerate(found.mapping)
        if f"header:{n}" in request.POST and request.POST[f"header:{n}"] != found.mapping[header]
    }
    meanings = {
        column: {
            word: value
            for n, (word, _count, meant) in enumerate(asked)
            if (value := request.POST.get(f"word:{column}:{n}", "")) and value != meant
        }
        for column, asked in _asked_words(found).items()
    }
    history = {"0": False, "1": True}.get(request.POST.get("history", ""))
    return {"columns": headers, "words": meanings, "history": history}


@require_GET
def errors(request: Request, key: str, pk: int) -> HttpResponse:
    listing = _importable(request, key)
    found = _batch(listing, pk, request)
    note_seen_in_table(listing, request.user, found, found.bad, address(request))
    return xlsx(
        importing.error_file(listing, found, by=request.user), _("未导入的行_%s.xlsx") % found.pk
    )


@require_POST
def act(request: Request, key: str, pk: int, action: str) -> HttpResponse:
    """accept, undo, redo, discard."""
    listing = _importable(request, key)
    found = _batch(listing, pk, request)
    try:
        match action:
            case "accept":
                again = request.POST.get("again") == "1"
                if long_work.is_long(found):
                    title = _("导入 %s") % found.file_name
                    running.begin(
                        long_work.ACCEPT, title, request.user, listing=key, batch=pk, again=again
                    )
                    messages.info(request, _("行数较多，正在后台导入，可以离开此页。"))
                    return redirect("jobs")
                made, left = importing.accept(listing, pk, by=request.user, again=again)
                later = found.rows.filter(changed=True).count()
                if fresh := made - later:
                    messages.success(request, numbered("已导入 %d 件。", fresh) % fresh)
                if later:
                    messages.success(request, numbered("已更新 %d 件。", later) % later)
                if same := found.unchanged.count():
                    messages.info(request, numbered("%d 行已在台账中，没有新内容。", same) % same)
                if left:
                    messages.warning(
                        request,
                        numbered("%d 行没有导入，可下载未导入的行，改正后重新上传。", left) % left,
                    )
            case "undo" if long_work.was_long(found):
                title = _("撤销导入 %s") % found.file_name
                running.begin(long_work.UNDO, title, request.user, listing=key, batch=pk)
                messages.info(request, _("行数较多，正在后台撤销，可以离开此页。"))
                return redirect("jobs")
            case "undo":
                kept = importing.undo(listing, pk, by=request.user)
                taken = found.rows.exclude(made=None).count() - len(kept)
                if taken > 0:
                    messages.success(request, numbered("已撤销 %d 件。", taken) % taken)
                if kept:
                    names = _("、").join(str(row) for row in kept[:10])
                    messages.warning(request, _("已经办理过或已生效的没有撤销：%s") % names)
                if later := found.rows.filter(changed=True).count():
                    messages.info(
                        request, numbered("更新过的 %d 件保持更新后的内容。", later) % later
                    )
            case "redo":
                count = importing.redo(listing, pk, by=request.user)
                messages.success(request, numbered("已恢复 %d 件。", count) % count)
            case "discard":
                importing.discard(listing, pk, by=request.user)
                return redirect("book-import", key)
            case _:
                raise Http404
    except NotVisible as error:
        raise Http404 from error
    except Refused as refused:
        say(request, refused)
    return redirect("book-import-batch", key, pk)
