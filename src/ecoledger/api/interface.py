"""The JSON interface: what pages show, for other systems, under the same scope and by the same actions.

Sign in with the browser's session, or send ``Authorization: Bearer <key>`` with a key made on the account
page. The OpenAPI document is at ``/api/v1/openapi.json``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, NinjaAPI, Schema
from ninja.errors import HttpError
from ninja.security import HttpBearer, SessionAuth
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from ecoledger.accounts import audit
from ecoledger.accounts.keys import person_of
from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import visible
from ecoledger.accounts.visitors import address
from ecoledger.listings.refusals import NotVisible, Refused
from ecoledger.listings.selecting import select
from ecoledger.matters import actions
from ecoledger.matters.register import Register, all_registers, has_register, register_of
from ecoledger.monitoring.models import Alarm, Point
from ecoledger.monitoring.runtime import store
from ecoledger.store.interface import SERIES

MOST = 10_000
# The longest span that is read at once, by series: a wish for more is refused before anything is read.
SPANS = {
    "day": timedelta(days=7_400),
    "hour": timedelta(days=400),
    "computed-hour": timedelta(days=400),
}
OTHER_SPAN = timedelta(days=31)


class _Key(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> Person | None:
        person = person_of(token, address=address(request))
        if person is not None:
            request.user = person
        return person


api = NinjaAPI(
    title="EcoLedger",
    version="1",
    description=__doc__ or "",
    auth=[_Key(), SessionAuth(csrf=True)],
    docs_url=None,
)


class PointOut(Schema):
    id: int
    name: str
    kind: str
    area_code: str
    owner_code: str
    mn: str | None
    enabled: bool


class ObservationOut(Schema):
    """``start`` is the START of the period, China standard time; ``seconds`` its length."""

    parameter: str
    series: str
    start: datetime
    seconds: int
    value: float | None
    text: str | None
    flag: str | None
    layer: int


class AlarmOut(Schema):
    id: int
    rule: str = Field(alias="rule.name")
    point: int = Field(alias="point_id")
    parameter: str
    level: str
    state: str
    begin: datetime
    last: datetime
    end: datetime | None
    value: float | None
    limit: float | None
    text: str


class MatterOut(Schema):
    id: int
    number: str
    title: str
    state: str
    area_code: str
    opened_at: datetime
    due: datetime | None
    due_provisional: bool
    closed_at: datetime | None
    synthetic: bool


class MatterDetail(MatterOut):
    description: str
    revision: int
    transitions: list[str]


def _whole(text: str) -> str:
    """``text``, unless it holds half a character (one surrogate of two), which nothing can store."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        said = (
            f"第 {error.start + 1} 个字符只有半个（\\u{ord(text[error.start]):04x}），请改正编码。"
        )
        raise PydanticCustomError("half_character", said) from error
    return text


WholeText = Annotated[str, AfterValidator(_whole)]


class Act(Schema):
    """A transition: its form by field name, and the revision the caller saw."""

    form: dict[WholeText, WholeText] = {}
    note: WholeText = ""
    revision: int | None = None


def _person(request: HttpRequest, capability: str) -> Person:
    person = request.user
    if not isinstance(person, Person) or not person.may(capability):
        raise HttpError(403, "您的岗位不含此项权限。")
    return person


def _points(request: HttpRequest) -> QuerySet[Point]:
    return visible(
        Point.objects.all(), _person(request, "see_monitoring"), "area_code", "owner_code"
    )


def _register(key: str) -> Register:
    if not has_register(key):
        raise HttpError(404, f"没有名为 {key} 的台账。")
    return register_of(key)


@api.exception_handler(Refused)
def _refused(request: HttpRequest, refused: Refused) -> Any:
    content = {"code": refused.code, "why": refused.why, "remedy": refused.remedy}
    status = {"form": 422, "conflict": 409}.get(refused.code, 403)
    return api.create_response(request, {**content, "fields": refused.fields}, status=status)


@api.exception_handler(NotVisible)
def _not_visible(request: HttpRequest, missing: NotVisible) -> Any:
    return api.create_response(
        request, {"detail": "没有此事项，或不在您的数据范围内。"}, status=404
    )


@api.get("/points", response=list[PointOut])
def points(
    request: HttpRequest, kind: str = "", area: str = "", after: int = 0, limit: int = 500
) -> QuerySet[Point]:
    """Monitoring points in scope, by number; pass the last one's as ``after`` for the next page."""
    rows = _points(request).filter(pk__gt=after, area_code__startswith=area)
    if kind:
        rows = rows.filter(kind=kind)
    return rows.order_by("pk")[: max(1, min(limit, 2000))]


@api.get("/points/{point_id}/observations", response=list[ObservationOut])
def observations(
    request: HttpRequest,
    point_id: int,
    begin: datetime,
    end: datetime,
    parameter: str = "",
    series: str = "hour",
) -> list[dict[str, Any]]:
    """Accepted values with ``begin <= start < end``, China standard time without zone."""
    if series not in SERIES:
        raise HttpError(422, f"series 应为 {', '.join(SERIES)} 之一。")
    if begin.tzinfo or end.tzinfo:
        raise HttpError(422, "begin、end 请用不带时区的北京时间，如 2026-11-20T08:00:00。")
    if not _points(request).filter(pk=point_id).exists():
        raise HttpError(404, "没有此监测点，或不在您的数据范围内。")
    longest = SPANS.get(series, OTHER_SPAN)
    if not timedelta(0) < end - begin <= longest:
        raise HttpError(422, f"end 应晚于 begin，{series} 一次最长 {longest.days} 天：请缩短时段。")
    rows = store().read([point_id], [parameter] if parameter else None, series, begin, end)
    if rows.height > MOST:
        raise HttpError(422, f"共 {rows.height} 条，一次最多 {MOST} 条：请缩短时段或指定因子。")
    return rows.to_dicts()


@api.get("/points/{point_id}/latest", response=list[ObservationOut])
def latest(request: HttpRequest, point_id: int) -> list[dict[str, Any]]:
    """The latest accepted value of every parameter and series of a point."""
    if not _points(request).filter(pk=point_id).exists():
        raise HttpError(404, "没有此监测点，或不在您的数据范围内。")
    return store().latest([point_id]).to_dicts()


@api.get("/alarms", response=list[AlarmOut])
def alarms(
    request: HttpRequest, state: str = "", area: str = "", before: int = 0, limit: int = 200
) -> QuerySet[Alarm]:
    """Alarms in scope, newest number first; pass the last one's as ``before`` for the next page."""
    person = _person(request, "see_monitoring")
    rows = visible(Alarm.objects.all(), person, "area_code", "owner_code")
    rows = rows.filter(area_code__startswith=area).select_related("rule")
    if state:
        rows = rows.filter(state=state)
    if before:
        rows = rows.filter(pk__lt=before)
    return rows.order_by("-pk")[: max(1, min(limit, 1000))]


@api.get("/registers", response=list[dict[str, str]])
def registers(request: HttpRequest) -> list[dict[str, str]]:
    """The registers and their names."""
    _person(request, "see_matters")
    return [{"key": r.key, "label": str(r.label)} for r in all_registers()]


@api.get("/matters/{key}", response=list[MatterOut])
def matters(request: HttpRequest, key: str, limit: int = 100, offset: int = 0) -> Any:
    """Matters of a register; every filter of its list may be given by name (``open=1``, ``area_code=…``)."""
    person, register = _person(request, "see_matters"), _register(key)
    rows = select(register, person, request.GET)
    if register.on_trail:
        said = {"listing": str(register.label), "query": request.GET.dict()}
        audit.record(person, "open_restricted", details=said, address=address(request))
    first = min(max(0, offset), 2**31)
    return rows.order_by("-opened_at", "-id")[first : first + max(1, min(limit, 500))]


@api.get("/matters/{key}/{matter_id}", response=MatterDetail)
def matter(request: HttpRequest, key: str, matter_id: int) -> dict[str, Any]:
    """One matter, and what this person may do with it now."""
    person = _person(request, "see_matters")
    _register(key)
    found = actions.find(matter_id, person)
    if register_of(found.register).on_trail:
        audit.record(person, "open_restricted", found, address=address(request))
    return _detail(found, person)


@api.post("/matters/{key}/{matter_id}/do/{name}", response=MatterDetail)
def act(request: HttpRequest, key: str, matter_id: int, name: str, given: Act) -> dict[str, Any]:
    """Do a transition: the same action, checks and event as on the page. Evidence goes in by the page."""
    person = _person(request, "see_matters")
    _register(key)
    actions.find(matter_id, person)
    try:
        done = actions.perform(
            matter_id,
            name,
            by=person,
            form=given.form,
            note=given.note,
            revision=given.revision,
        )
    except KeyError as unknown:
        raise HttpError(404, f"该台账没有名为 {name} 的环节。") from unknown
    return _detail(done, person)


def _detail(found: Any, person: Person) -> dict[str, Any]:
    fields = {name: getattr(found, name) for name in MatterOut.model_fields}
    return {
        **fields,
        "description": found.description,
        "revision": found.revision,
        "transitions": [t.name for t in actions.available(found, person)],
    }


# Who is not signed in gets an answer in JSON, not the sign-in page.
urls = api.urls
for _pattern in urls[0]:
    if _pattern.callback is not None:
        _pattern.callback = login_not_required(_pattern.callback)
