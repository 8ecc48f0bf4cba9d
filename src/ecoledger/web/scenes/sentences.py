"""The day in one sentence at the top of a home page: every figure in it is a door."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ecoledger.accounts.wording import numbered
from ecoledger.web.matters.in_hand import OVERDUE, WEEK, address
from ecoledger.web.matters.my_work import DECIDE, DO
from ecoledger.web.templatetags.faces import days_late, formula

Part = SafeString | str


def door(text: object, url: str) -> SafeString:
    """A figure of the sentence as a link."""
    return format_html('<a href="{}">{}</a>', url, text)


def joined(parts: Iterable[Part]) -> SafeString:
    """Clauses of one sentence with its comma and full stop."""
    return format_html(
        "{}{}", format_html_join(_("，"), "{}", ((part,) for part in parts)), _("。")
    )


def home(
    to_decide: int,
    to_do: int,
    standings: list[dict[str, Any]],
    totals: dict[str, Any],
    places: Any,
    filings: int = 0,
    *,
    unfinished: bool = False,
) -> list[SafeString]:
    """What waits for the person to decide and to do, how the first target stands, and who is late.

    ``unfinished``: the person may enter what a new bureau still lacks.
    """
    sentences = []
    mine: list[Part] = []
    if to_decide:
        mine.append(format_html(_("{} 等您定"), _counted(to_decide, DECIDE)))
    if to_do:
        mine.append(format_html(_("{} 等您办"), _counted(to_do, DO)))
    if filings:
        filed = door(numbered("%d 份申报", filings) % filings, f"{reverse('filings')}?waiting=1")
        mine.append(format_html(_("{} 等您确认"), filed))
    if mine:
        sentences.append(format_html(_("今天有 {}"), joined(mine)))
    elif unfinished:
        begin = door(_("开始使用"), reverse("beginning"))
        sentences.append(format_html(_("本站还缺必需的内容，请先到 {} 登记。"), begin))
    else:
        sentences.append(format_html("{}", _("今天要您办的都办完了。")))
    if standings:
        standing = standings[0]["standing"]
        name = formula(_(standing.indicator.name))
        clauses: list[Part] = [format_html("{} {}", name, door(standing.now, reverse("targets")))]
        if standing.rest_words:
            clauses.append(standing.rest_words)
        sentences.append(joined(clauses))
    if totals["overdue"]:
        sentences.append(joined(_late(totals, places)))
    elif totals["open"]:
        sentences.append(format_html("{}", _("没有超期事项。")))
    return sentences


def _counted(number: int, turn: str) -> SafeString:
    return door(_("%d 件") % number, f"{reverse('my-work')}?turn={turn}")


def _late(totals: dict[str, Any], places: Any) -> Iterable[Part]:
    # Of all that is in hand there, whoever has it: more than what waits for the person.
    late = door(_("%d 件") % totals["overdue"], address(due=OVERDUE))
    yield format_html(_("辖区在办超期 {}"), late)
    if len(places) > 1 and places[0]["overdue"]:
        worst = places[0]
        yield format_html(
            _("其中{}最多，{}"),
            worst["name"],
            door(_("%d 件") % worst["overdue"], worst["overdue_url"]),
        )
    if (oldest := totals["oldest"]) is not None:
        its_page = reverse("matter", args=[oldest.register, oldest.pk])
        yield format_html(
            _("全辖区最久 {}"),
            door(numbered("%d 天", days_late(oldest.due)) % days_late(oldest.due), its_page),
        )


def line(key: str, counts: dict[str, Any], oldest: Any) -> SafeString:
    """Work in hand of one line of business."""
    if not counts["open"]:
        return format_html("{}", _("现在没有在办事项。"))
    in_hand = door(_("%d 件") % counts["open"], address(line=key))
    clauses: list[Part] = [format_html(_("在办 {}"), in_hand)]
    if counts["overdue"]:
        late = door(_("%d 件") % counts["overdue"], address(line=key, due=OVERDUE))
        clauses.append(format_html(_("超期 {}"), late))
    if counts["week"]:
        soon = door(_("%d 件") % counts["week"], address(line=key, due=WEEK))
        clauses.append(format_html(_("7 天内到期 {}"), soon))
    if oldest is not None:
        its_page = reverse("matter", args=[oldest.register, oldest.pk])
        clauses.append(
            format_html(
                _("最久 {}：{}"),
                numbered("%d 天", days_late(oldest.due)) % days_late(oldest.due),
                door(oldest.title, its_page),
            )
        )
    return joined(clauses)
