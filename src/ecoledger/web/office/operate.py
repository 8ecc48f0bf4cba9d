"""What operators and their tools look at: ``/health`` and ``/metrics``."""

from __future__ import annotations

import ipaddress
import os
import secrets

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ecoledger.accounts.models import Person
from ecoledger.monitoring import heartbeat
from ecoledger.monitoring.metrics import PENDING

_OF_PROXIES = ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via")


@login_not_required
@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """200 when all parts are well, else 503; the body says which is not and why, figures only to who may see them."""
    report = heartbeat.report()
    shown = report if _may_read_details(request) else heartbeat.outline(report)
    return JsonResponse(shown, status=200 if report["ok"] else 503)


@login_not_required
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Counters for Prometheus: to the machine itself, to a bearer of the token, to system administrators.

    The token is the environment variable ``ECOLEDGER_METRICS_TOKEN``.
    """
    if not _may_read_details(request):
        text = "仅限本机、持有令牌者或系统管理员查看"
        return HttpResponse(text, status=403, content_type="text/plain; charset=utf-8")
    state = heartbeat.report()
    PENDING.set(state["store"].get("pending", 0))
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _may_read_details(request: HttpRequest) -> bool:
    token = os.environ.get("ECOLEDGER_METRICS_TOKEN", "")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and secrets.compare_digest(given.encode(), token.encode()):
        return True
    if isinstance(request.user, Person) and request.user.may("operate"):
        return True
    # Behind a proxy every request comes from the machine itself: then only token or person count.
    if any(name in request.headers for name in _OF_PROXIES):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
