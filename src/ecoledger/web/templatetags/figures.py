"""Figures in templates: the address of the records behind one, and what it is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from ecoledger.indicators import doors
from ecoledger.indicators.figures import Change, Figure, bare, plain, written
from ecoledger.standards import surface_water
from ecoledger.standards.water_periods import PeriodMean

register = template.Library()
# A cell with more characters than this may break over lines.
LONG = 20
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_COUNTERS = frozenset((*"件个家条份单只项起座户种张批处篇类次", "家次", "人次", "群次", "场次"))


@register.simple_tag
def records_url(figure: Figure) -> str:
    """Where the records of ``figure`` are shown."""
    return doors.address(figure.records)


@register.simple_tag
def shown_part(part: object) -> str | SafeString:
    """One part of a statement or table: text as it is, a figure as the door to its records."""
    if isinstance(part, Change):
        compared = gettext("%(now)s，上年同期 %(before)s") % {
            "now": part.now,
            "before": part.before,
        }
        return format_html(
            '<span class="ref-change" title="{} · {}">{}</span>', part.label, compared, part
        )
    if isinstance(part, Figure) and part.records:
        return format_html(
            '<a class="ref" href="{}" title="{}">{}</a>',
            records_url(part),
            figure_note(part),
            as_read(part),
        )
    return conditional_escape(as_read(part) if isinstance(part, Figure) else str(part))


def as_read(figure: Figure) -> str:
    """A figure as its reader writes numbers: thousands apart, the unit in his language. Documents stay as they are."""
    number = bare(figure).display
    if figure.value is None or not _NUMBER.fullmatch(number):
        return gettext(figure.display)
    # A column whose head or neighbour names the unit holds the number alone.
    unit = figure.unit if figure.display != number else ""
    return written(f"{Decimal(number):,}", unit_words(unit))


@register.filter
def unit_words(unit: str) -> str:
    """A unit in the reader's language; what Chinese counts by (个, 家) is said in no other, the label names it."""
    if (get_language() or "").startswith("zh") or not unit:
        return unit
    return "" if unit in _COUNTERS else gettext(unit)


@register.simple_tag
def shown_sentence(parts: Iterable[object]) -> SafeString:
    """The parts of a statement without a space between them."""
    return format_html_join("", "{}", ((shown_part(part),) for part in parts))


@register.filter
def figure_note(figure: Figure) -> str:
    """What a figure is and was made from: its name, parts or unrounded value, edition, or what is missing."""
    made = figure.parts
    if not made and figure.value is not None and figure.value.denominator != 1:
        made = f"{gettext('未修约')} {unrounded(figure)}"
    missing = gettext(figure.missing) if figure.missing else ""
    told = (gettext(figure.label), made, figure.standard, missing)
    return " · ".join(text for text in told if text)


@register.filter
def change(moved: Change) -> str:
    """How a figure has changed, in the reader's language and without the word for the period."""
    return moved.told(gettext)


@register.filter
def number(figure: Figure) -> str:
    """What is printed of a figure without its unit."""
    return bare(figure).display


@register.filter
def unrounded(figure: Figure) -> str:
    """The figure's exact value, as far as one reads it."""
    if figure.value is None:
        return "—"
    if figure.value.denominator == 1:
        return plain(figure.value)
    return f"{float(figure.value):.10g}"


@register.filter
def length_is_long(part: object) -> bool:
    """Whether a cell's text is so long that it should break over lines."""
    return len(str(part)) > LONG


@register.filter
def water_values(mean: PeriodMean | None) -> list[tuple[str, float]]:
    """The means of a section as pairs of the item's name and its rounded value."""
    if mean is None:
        return []
    return [(gettext(surface_water.item_name(key)), value) for key, value in mean.values.items()]
