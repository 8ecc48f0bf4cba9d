"""The way from a page to the province's service hall, where the bureau has set its address."""

from __future__ import annotations

from typing import Any

from django import template

from ecoledger.registers.enforcement import service_hall

register = template.Library()


@register.simple_tag
def service_hall_link(place: str, matter: Any) -> dict[str, str] | None:
    """Label and address, or nothing: ``{% service_hall_link "firm" matter as hall %}``."""
    return service_hall.link(place, matter.entity, matter.number)
