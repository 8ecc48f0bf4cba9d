"""Where a request comes from, as the trail keeps it."""

from __future__ import annotations

import ipaddress

from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """The address of a request; empty when the proxy names none."""
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR") or ""))
    except ValueError:
        return ""
