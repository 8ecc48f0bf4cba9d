"""Figures in templates: the address of the records behind one."""

from __future__ import annotations

from django import template

from ecoledger.indicators.figures import Figure
from ecoledger.web import records

register = template.Library()


@register.simple_tag
def records_url(figure: Figure) -> str:
    """Where the records of ``figure`` are shown."""
    return records.address(figure.records)
