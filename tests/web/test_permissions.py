"""Who may open which page, and that an address alone never opens what lies outside one's scope."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from django.urls import URLPattern, get_resolver, reverse

from ecoledger.accounts.roles import CAPABILITIES, Role
from ecoledger.monitoring.models import Filing
from ecoledger.web.scenes import map_layers

# Name -> (how to find its argument in the county, query, capability that opens it).
PAGES = {
    "cockpit-part": (lambda c: ["air"], "", "see_cockpit"),
    "map": (lambda c: [], "", "see_monitoring"),
    "map-layer": (lambda c: ["air"], "", "see_monitoring"),
    "stations": (lambda c: [], "", "see_monitoring"),
    "alarms": (lambda c: [], "", "see_monitoring"),
    "filings": (lambda c: [], "", "see_monitoring"),
    "filing-new": (lambda c: [], "", "file_shutdown"),
    "enterprises": (lambda c: [], "", "see_monitoring"),
    "enterprise": (lambda c: [c.bureau.enterprise.pk], "", "see_monitoring"),
    "catalogue": (lambda c: [], "", "see_monitoring"),
    "quarantine": (lambda c: [], "", "see_quarantine"),
    "import": (lambda c: [], "", "import_observations"),
    "station": (lambda c: [c.bureau.flue_gas.pk], "", "see_monitoring"),
    "station-series": (lambda c: [c.bureau.flue_gas.pk], "", "see_monitoring"),
    "alarm": (lambda c: [c.alarms[0].pk], "", "see_monitoring"),
    "alarm-series": (lambda c: [c.alarms[0].pk], "", "see_monitoring"),
    "rules": (lambda c: [], "", "edit_rules"),
    "rule": (lambda c: [c.alarms[0].rule_id], "", "edit_rules"),
    "own-rules": (lambda c: [], "", "edit_routing"),
    "own-rules-edit": (lambda c: ["self_checks"], "", "edit_routing"),
    "routing": (lambda c: [], "", "edit_routing"),
    "routing-new": (lambda c: [], "", "edit_routing"),
    "catalogue-export": (lambda c: [], "", "see_monitoring"),
    "quarantine-export": (lambda c: [], "", "see_quarantine"),
    "people": (lambda c: [], "", "manage_people"),
    "person-new": (lambda c: [], "", "manage_people"),
    "person": (lambda c: [c.person("officer").pk], "", "manage_people"),
    "audit": (lambda c: [], "", "see_audit"),
}
# Anyone who has signed in has these; what they show is the person's own.
OWN = ("account", "notices", "bell")
OPEN = {
    "public-draws",
    "public-draw",
    "public-draw-file",
    "worker",
    "sign-on",
    "sign-on-back",
    "sign-in",
    "language",
    "health",
    "metrics",
}


@pytest.mark.usefixtures("counted_once", "refusals_drawn_once")
def test_each_page_opens_for_exactly_the_roles_that_hold_its_capability(
    county, signed_in, drawn_in_turn
):
    # Oversight roles belong to a county too; what they lack is the capability, not the area.
    wrong = []
    for number, role in enumerate(Role):
        drawn_in_turn(number)
        client = signed_in(role.value)
        for name, (arguments, query, capability) in PAGES.items():
            address = reverse(name, args=arguments(county)) + query
            expected = 200 if role in CAPABILITIES[capability] else 403
            status = client.get(address).status_code
            if status != expected:
                wrong.append((role.value, address, status, expected))
        wrong += [
            (role.value, name) for name in OWN if client.get(reverse(name)).status_code != 200
        ]
    assert wrong == []


def test_every_address_asks_a_stranger_to_sign_in(county, client):
    values = {"int": 1, "slug": "alarm_case", "str": "air", "uuid": UUID(int=1)}
    strangers = []
    for pattern in get_resolver("ecoledger.web.urls").url_patterns:
        if not isinstance(pattern, URLPattern) or pattern.name in OPEN:
            continue
        kinds = {
            name: values.get(
                type(converter).__name__.removesuffix("Converter").lower().replace("string", "str"),
                1,
            )
            for name, converter in pattern.pattern.converters.items()
        }
        address = reverse(pattern.name, kwargs=kinds)
        response = client.get(address)
        if response.status_code != 302 or not response["Location"].startswith("/sign-in"):
            strangers.append((address, response.status_code))
    assert strangers == []


def test_the_cockpit_sends_those_without_it_to_their_first_page(county, signed_in):
    assert signed_in("leader").get("/").status_code == 200
    assert signed_in("security_admin").get("/")["Location"] == "/people"
    assert signed_in("audit_admin").get("/")["Location"] == "/audit"
    assert signed_in("enterprise").get("/")["Location"] == "/my-status"


def test_a_town_sees_its_own_stations_and_no_others(county, signed_in):
    town = signed_in("town")
    own, other = county.bureau.air[0], county.bureau.air[2]
    for name in ("station", "station-series"):
        assert town.get(reverse(name, args=[own.pk])).status_code == 200
        assert town.get(reverse(name, args=[other.pk])).status_code == 404
    year = f"?year={county.hour.year}"
    assert town.get(reverse("station-calendar", args=[own.pk]) + year).status_code == 200
    assert town.get(reverse("station-calendar", args=[other.pk]) + year).status_code == 404
    assert town.get(reverse("value", args=[own.pk]), county.reported).status_code == 200
    assert town.get(reverse("value", args=[other.pk]), county.reported).status_code == 404
    assert town.get(reverse("alarm", args=[county.alarms[1].pk])).status_code == 404
    assert town.get(reverse("alarm-series", args=[county.alarms[1].pk])).status_code == 404
    assert town.get(reverse("enterprise", args=[county.other_enterprise.pk])).status_code == 404
    listed = town.get(reverse("stations")).content.decode()
    assert own.name in listed
    assert other.name not in listed
    # The county's own index is public; its stations outside the town are not on the town's map.
    names = [f["properties"]["name"] for f in _features(town)]
    assert own.name in names
    assert other.name not in names
    assert county.other_enterprise.name not in names


def test_a_firm_sees_its_own_file_and_nobody_elses(county, signed_in):
    firm = signed_in("enterprise")
    assert firm.get(reverse("enterprise", args=[county.bureau.enterprise.pk])).status_code == 200
    assert firm.get(reverse("enterprise", args=[county.other_enterprise.pk])).status_code == 404
    assert firm.get(reverse("station", args=[county.bureau.flue_gas.pk])).status_code == 200
    assert firm.get(reverse("station", args=[county.bureau.air[0].pk])).status_code == 404
    assert firm.get(reverse("station", args=[county.area.pk])).status_code == 404
    layers = {f["properties"]["layer"] for f in _features(firm)}
    assert "air" not in layers
    assert "enterprise" in layers


def test_a_firm_cannot_touch_anothers_filing(county, signed_in):
    theirs = Filing.objects.create(
        entity=county.other_enterprise,
        kind="shutdown",
        begin=county.filing.begin,
        reason="停产",
        filed_by=county.person("monitor"),
        area_code=county.other_enterprise.area_code,
    )
    firm = signed_in("enterprise")
    assert firm.post(reverse("filing-withdraw", args=[theirs.pk])).status_code == 404
    theirs.refresh_from_db()
    assert theirs.withdrawn_at is None
    answer = firm.post(
        reverse("filing-new"),
        {
            "entity": county.other_enterprise.pk,
            "kind": "shutdown",
            "begin": "2026-11-21T08:00",
            "reason": "停产",
        },
    )
    assert answer.status_code == 200
    assert Filing.objects.filter(entity=county.other_enterprise).count() == 1


def test_raw_frames_stay_with_those_whose_points_they_are(county, signed_in):
    officer = signed_in("officer")
    assert officer.get(reverse("frame", args=[county.frame])).status_code == 200
    # A frame of no known point belongs to the quarantine's keepers alone.
    assert officer.get(reverse("frame", args=[county.quarantined])).status_code == 404
    assert signed_in("monitor").get(reverse("frame", args=[county.quarantined])).status_code == 200
    assert signed_in("town").get(reverse("frame", args=[county.frame])).status_code == 403
    northern = county.person("officer")
    northern.area_codes = ["990101001"]
    northern.save()
    assert officer.get(reverse("frame", args=[county.southern_frame])).status_code == 404


@pytest.mark.parametrize("role", ["officer", "town", "enterprise", "third_party", "leader"])
def test_only_monitoring_staff_change_observations(county, signed_in, store, role):
    point = county.bureau.flue_gas if role == "enterprise" else county.bureau.air[0]
    before = store.counts().observations
    given = county.reported | {"value": "1", "flag": "N", "reason": "试"}
    assert signed_in(role).post(reverse("correct", args=[point.pk]), given).status_code == 403
    assert (
        signed_in(role).post(reverse("replay"), {"frame": [county.quarantined]}).status_code == 403
    )
    assert store.counts().observations == before


def test_a_notice_opens_only_for_whom_it_is_meant(county, signed_in):
    from ecoledger.matters.models import Notice

    notice = Notice.objects.create(person=county.person("officer"), text="轮到您", link="/alarms")
    assert signed_in("monitor").post(reverse("notice", args=[notice.pk])).status_code == 404
    assert signed_in("officer").post(reverse("notice", args=[notice.pk]))["Location"] == "/alarms"


def _features(client) -> list[dict]:
    """Everything that the map's layers draw for somebody."""
    return [
        feature
        for layer in map_layers.LAYERS
        for feature in json.loads(client.get(reverse("map-layer", args=[layer.key])).content)[
            "features"
        ]
    ]
