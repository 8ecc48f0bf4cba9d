"""Every address × every role: enumerated from the resolver, so that a new one nobody classified fails here."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID
from zlib import crc32

import pytest
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from ecoledger.accounts.roles import CAPABILITIES, Role

pytestmark = pytest.mark.usefixtures("counted_once", "refusals_drawn_once")

# Beginning of the route -> what opens it: a capability; "signed": whoever has signed in, the page itself looks
# closer (own things, or what the declaration says); "open": strangers too. The longest beginning counts.
CLASSES = {
    "": "signed",  # the first page leads on
    "account": "signed",
    "act-for": "signed",
    "air": "see_cockpit",
    "alarms": "see_monitoring",
    "api/v1/": "signed",
    "approval/agencies": "see_cockpit",
    "approval/catalogue": "see_matters",
    "approval/filings": "draw_filings",
    "approval/permits": "see_monitoring",
    "approval/reviews": "see_cockpit",
    "archive": "signed",
    "books": "signed",
    "cockpit": "signed",
    "entities": "signed",
    "relations": "edit_registry",
    "successions": "edit_registry",
    "help": "signed",
    "wall": "see_cockpit",
    "my-status": "see_monitoring",
    "home": "signed",
    "lines": "signed",
    "search": "signed",
    "creation": "see_matters",
    "portraits": "see_cockpit",
    "soil": "see_cockpit",
    "system": "signed",
    "beginning": "signed",
    "waste": "see_cockpit",
    "water": "see_cockpit",
    "water/flood": "see_matters",
    "water/green": "see_monitoring",
    "water/plants": "see_monitoring",
    "water/traces": "see_matters",
    "water/upstream": "see_monitoring",
    "targets": "signed",
    "targets/book": "see_plans",
    "plans": "see_plans",
    "work-accounts": "see_plans",
    "own-rules": "edit_routing",
    "public/": "open",
    "publicity": "see_plans",
    "warnings": "see_plans",
    "api/v1/alarms": "see_monitoring",
    "api/v1/matters": "see_matters",
    "api/v1/openapi.json": "open",
    "api/v1/points": "see_monitoring",
    "api/v1/registers": "see_matters",
    "audit": "see_audit",
    "b/": "signed",
    "bulletins": "signed",
    "catalogue": "see_monitoring",
    "checklists": "signed",
    "chiefs": "signed",
    "cockpit/": "see_cockpit",
    "documents": "signed",
    "emergency": "see_cockpit",
    "emergency/command/": "see_matters",
    "enforcement": "see_matters",
    "enterprises": "see_monitoring",
    "evidence": "see_matters",
    "exchanges": "see_cockpit",
    "filings": "see_monitoring",
    "filings/new": "file_shutdown",
    "frames": "see_raw_frames",
    "hand-overs": "manage_people",
    "health": "open",
    "import": "import_observations",
    "jobs": "signed",
    "kept-text": "signed",
    "language": "open",
    "live": "see_monitoring",
    "lookup": "signed",
    "map": "see_monitoring",
    "matters": "see_matters",
    "metrics": "open",
    "my-work": "see_matters",
    "nature": "see_cockpit",
    "notices": "signed",
    "people": "manage_people",
    "people/changes": "confirm_administrators",
    "people/keys": "manage_people",
    "quarantine": "see_quarantine",
    "quarantine/dismissals": "replay_frames",
    "quarantine/replay": "replay_frames",
    "records": "see_cockpit",
    "report": "see_matters",
    "registry": "edit_registry",
    "routing": "edit_routing",
    "rules": "edit_rules",
    "sign-in": "open",
    "sign-out": "signed",
    "worker.js": "open",
    "stations": "see_monitoring",
}
_VALUES = {"int": "1", "slug": "problem", "str": "air", "uuid": str(UUID(int=1)), "path": "area"}


def routes() -> Iterator[str]:
    """Every route of the site as it is declared."""

    def walk(resolver: URLResolver, before: str) -> Iterator[str]:
        for entry in resolver.url_patterns:
            route = before + str(entry.pattern)
            if isinstance(entry, URLPattern):
                yield route
            else:
                yield from walk(entry, route)

    yield from walk(get_resolver(), "")


def class_of(route: str) -> str | None:
    fitting = [
        begin
        for begin in CLASSES
        if (
            begin
            and route.startswith(begin)
            and route[len(begin) : len(begin) + 1] in ("", "/", ".")
        )
        or (begin.endswith("/") and route.startswith(begin))
    ]
    if not fitting:
        return CLASSES[""] if route == "" else None
    return CLASSES[max(fitting, key=len)]


def address(route: str) -> str:
    """The route with something plausible in each place."""
    parts = route.split("<")
    filled = parts[0]
    for part in parts[1:]:
        inside, _, after = part.partition(">")
        kind = inside.partition(":")[0] if ":" in inside else "str"
        filled += _VALUES[kind] + after
    return "/" + filled


def test_every_route_is_classified():
    assert [route for route in routes() if class_of(route) is None] == []
    begins = tuple(begin for begin in CLASSES if begin)
    unused = [b for b in begins if not any(route.startswith(b) for route in routes())]
    assert unused == []
    assert set(CLASSES.values()) - set(CAPABILITIES) == {"signed", "open"}


def test_a_stranger_is_asked_who_he_is_everywhere(county, client):
    odd = []
    for route in routes():
        if class_of(route) == "open":
            continue
        for method in (client.get, client.post):
            answer = method(address(route))
            asked = (
                answer.status_code in (401, 403, 405)
                or route == "api/v1/"
                or (answer.status_code == 302 and answer["Location"].startswith("/sign-in"))
            )
            if not asked:
                odd.append((route, answer.status_code))
    assert odd == []


_opened: set[str] = set()


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_only_what_its_capabilities_open(county, signed_in, drawn_in_turn, role):
    """Without the capability neither a look nor a change; and nothing breaks.

    Of pages that a role may open a third is opened, another third by the next role, and each that nobody opened before.
    """
    number = list(Role).index(role)
    drawn_in_turn(number)
    client = signed_in(role.value)
    odd = []
    for route in routes():
        kind = class_of(route)
        if kind == "open" or route.startswith("live"):  # a stream does not end
            continue
        lacks = kind in CAPABILITIES and role not in CAPABILITIES[kind]
        if not lacks and route in _opened and (crc32(route.encode()) + number) % 3:
            continue
        answers = [("GET", client.get(address(route)))]
        if lacks:
            answers.append(("POST", client.post(address(route))))
        else:
            _opened.add(route)
        for method, answer in answers:
            # The interface reads its arguments before it looks at who asks.
            more = (400, 422) if route.startswith("api/") else ()
            refused = answer.status_code in (403, 404, 405, *more)
            if answer.status_code >= 500 or (lacks and not refused):
                odd.append((method, route, answer.status_code))
        if route.startswith(("sign-out", "act-for")):
            client = signed_in(role.value)
    assert odd == []


@pytest.mark.parametrize("who", ["town", "grid", "enterprise"])
def test_what_lies_elsewhere_is_not_there(county, signed_in, who):
    """Objects of the north, looked at by people of the south and of another firm."""
    person = county.person(who)
    if who == "enterprise":
        organisation = person.organisation
        organisation.entity_code = county.other_enterprise.code
        organisation.save()
    else:
        person.area_codes = ["990101002"]
        person.save()
    client = signed_in(who)
    north, firm = county.bureau.air[0].pk, county.bureau.enterprise.pk
    outlet = county.bureau.flue_gas.pk
    for path in (
        f"/stations/{north}",
        f"/stations/{outlet}",
        f"/stations/{outlet}/series.json",
        f"/stations/{outlet}/device",
        f"/stations/{outlet}/value",
        f"/enterprises/{firm}",
        f"/alarms/{county.alarms[0].pk}",
        f"/alarms/{county.alarms[0].pk}/series.json",
        f"/frames/{county.frame}",
        f"/api/v1/points/{outlet}/latest",
        f"/registry/points/{outlet}",
        f"/registry/enterprises/{firm}",
    ):
        assert client.get(path).status_code in (403, 404), path
        assert client.post(path).status_code in (403, 404, 405), path
