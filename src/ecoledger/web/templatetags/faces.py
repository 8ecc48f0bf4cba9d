"""What the faces of many pages share: formulas, progress bars, days overdue, where a person lands."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from ecoledger.web.help.pages import help_of
from ecoledger.web.navigation import first_page
from ecoledger.web.templatetags.show import aqi_tone

register = template.Library()

# Formulas with their figures set below the line.
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
FORMULA = re.compile(r"(?<![A-Za-z])(PM2\.5|PM10|SO2|NO2|NOx|O3|CO2|NH3|H2S)(?![A-Za-z0-9])")


@register.filter
def formula(text: str) -> str:
    """PM2.5 as PM₂.₅, SO2 as SO₂: one unbreakable word, subscripts that any font of ours has.

    >>> formula("PM2.5年均浓度")
    'PM₂.₅年均浓度'
    """
    return FORMULA.sub(
        lambda match: match[1].translate(SUBSCRIPTS).replace("NOx", "NOₓ"), str(text)
    )


@register.simple_tag(takes_context=True)
def help_here(context: dict[str, Any]) -> str:
    """Address of the help for the page that is drawn."""
    return help_of(context["request"]) if "request" in context else "/help"


@register.simple_tag
def pace_bar(pace: dict[str, Any] | None) -> SafeString:
    """A progress bar to its target: what is reached, what exceeds a limit, and where the target stands."""
    if pace is None:
        return mark_safe('<span class="quiet">—</span>')
    return format_html(
        '<svg class="pace" viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" y="4.5" width="100" height="5"/>'
        '<rect class="{}" y="4.5" width="{}" height="5"/>'
        '<rect class="missed" x="{}" y="4.5" width="{}" height="5"/>'
        '<rect class="end" x="{}" y="1" width="1" height="12"/></svg>',
        "fill" if pace["met"] or pace["over"] else "behind",
        round(pace["fill"], 1),
        round(pace["fill"], 1),
        round(pace["over"], 1),
        round(pace["end"], 1),
    )


@register.filter
def days_late(due: datetime | None) -> int:
    """Whole days since ``due``, at least one."""
    if due is None:
        return 0
    return max((timezone.localdate() - timezone.localdate(due)).days, 1)


@register.filter
def landing(person: Any) -> str:
    """Where the person lands after signing in."""
    return first_page(person)


@register.simple_tag
def late_bar(share: float) -> SafeString:
    """How much is late beside the place with most, in red."""
    return format_html(
        '<svg class="bar bad" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="6"/></svg>',
        round(share * 100, 1),
    )


@register.filter
def aqi_tone_of(value: float | None) -> str:
    """CSS class of an index value's level."""
    return aqi_tone(value)


@register.filter
def due_date(due: datetime | None) -> str:
    """A date to work towards: 11-27, or with its year in another year."""
    if due is None:
        return ""
    day = timezone.localdate(due)
    return f"{day:%m-%d}" if day.year == timezone.localdate().year else f"{day:%Y-%m-%d}"
