"""One page enters things of every inventory: questions, boundaries from files, changes with a day."""

from __future__ import annotations

import json
from datetime import date

import lxml.html
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from ecoledger.entities import states
from ecoledger.entities.inventory import all_inventories
from ecoledger.entities.models import Area, Enterprise, Entity, River, Section

NORTH = "990101001"
CODE = "914403001922038216"
RING = [[118.5, 24.8], [118.7, 24.8], [118.7, 25.0], [118.5, 25.0], [118.5, 24.8]]


def file_of(geometry: dict) -> SimpleUploadedFile:
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    body = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    return SimpleUploadedFile("边界.geojson", body)


def test_every_inventory_has_its_form(county, signed_in):
    client = signed_in("monitor")
    for book in all_inventories():
        if not book.parents:
            page = client.get(reverse("entity-new", args=[book.key]))
            assert page.status_code == 200, book.key
            assert f"登记{book.label}" in page.content.decode()
    assert client.get(reverse("entity-new", args=["nothing"])).status_code == 404
    assert client.get(reverse("entity-new", args=["problem"])).status_code == 404


def test_a_code_in_use_is_asked_about_on_the_page(county, signed_in):
    client = signed_in("monitor")
    given = {"name": "甲厂", "area_code": NORTH, "uscc": CODE}
    client.post(reverse("enterprise-new"), given)
    page = client.post(reverse("enterprise-new"), given | {"name": "乙厂"}).content.decode()
    assert "信用代码已由“甲厂”" in page
    assert 'name="uscc_in_use" value="site"' in page
    assert not Enterprise.objects.filter(name="乙厂").exists()
    client.post(reverse("enterprise-new"), given | {"name": "乙厂", "uscc_in_use": "site"})
    assert Enterprise.objects.get(name="乙厂").parent.name == "甲厂"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"uscc": "9.1350582E+17"}, "科学计数法"),
        ({"others": "没有等号"}, "第 1 行"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "停用日期应不早于启用日期"),
        ({"lon": "118.6"}, "同时填写"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(county, signed_in, changes, why):
    given = {"name": "新厂", "area_code": NORTH} | changes
    page = signed_in("monitor").post(reverse("enterprise-new"), given).content.decode()
    assert why in page
    assert not Enterprise.objects.filter(name="新厂").exists()


def test_a_boundary_comes_as_a_file(county, signed_in):
    town = Area.objects.get(code=NORTH)
    client = signed_in("monitor")
    address = reverse("entity-edit", args=["area", town.pk])
    given = {"name": "北镇", "level": "town", "parent": "990101", "changed_on": ""}
    ring = {"type": "Polygon", "coordinates": [RING]}
    client.post(address, given | {"geometry": file_of(ring)})
    town.refresh_from_db()
    assert (town.west, town.north) == (118.5, 25.0)
    # Without a file the boundary stays.
    client.post(address, given | {"name": "北街道"})
    town.refresh_from_db()
    assert (town.name, town.geometry) == ("北街道", ring)
    page = client.post(address, given | {"geometry": SimpleUploadedFile("x.json", b"no")})
    assert "不是 GeoJSON" in page.content.decode()
    point = file_of({"type": "Point", "coordinates": [118.6, 24.9]})
    page = client.post(address, given | {"geometry": point})
    assert "边界应为面" in page.content.decode()


def test_a_number_too_large_for_a_map_is_refused_at_the_form(county, signed_in):
    drawn = '{"type":"Polygon","coordinates":[[[1' + "0" * 400 + ",1],[2,2],[3,1],[1,1]]]}"
    given = {"name": "某园区", "area_code": NORTH, "geometry": drawn}
    page = signed_in("approver").post("/b/park/new", given)
    assert "不是 GeoJSON" in page.content.decode()
    assert not Entity.objects.filter(name="某园区").exists()


def test_rivers_and_sections_are_changed_with_a_day(county, signed_in):
    section = Section.objects.get(code="S-1")
    client = signed_in("monitor")
    client.post(
        reverse("entity-edit", args=["section", section.pk]),
        {
            "name": section.name, "area_code": NORTH, "river": "R-1", "chainage_km": "12",
            "target_class": "2", "level": "省控", "changed_on": "2026-07-01",
        },
    )  # fmt: skip
    section.refresh_from_db()
    assert (section.target_class, section.level) == (2, "省控")
    assert states.on_day(section, date(2026, 6, 30))["target_class"] == 3
    line = {"type": "LineString", "coordinates": [[118.6, 25.0], [118.6, 24.9]]}
    client.post(
        reverse("entity-new", args=["river"]),
        {"name": "新溪", "area_code": "990101", "geometry": file_of(line), "flows_into": "R-1"},
    )
    assert River.objects.get(name="新溪").flows_into.code == "R-1"


def test_what_another_changed_of_a_thing_meanwhile_is_not_put_back(county, signed_in):
    client = signed_in("monitor")
    given = {"name": "甲厂", "area_code": NORTH, "uscc": CODE, "contact": "王"}
    client.post(reverse("enterprise-new"), given)
    firm = Enterprise.objects.get(name="甲厂")
    address = reverse("enterprise-edit", args=[firm.pk])
    shown = lxml.html.fromstring(client.get(address).content).xpath("//input[@name='shown']/@value")
    first = given | {"shown": shown[0], "changed_on": ""}
    client.post(address, first | {"contact": "李"})
    client.post(address, first | {"name": "甲二厂"})
    firm.refresh_from_db()
    assert (firm.name, firm.contact) == ("甲二厂", "李")
    page = client.post(address, first | {"contact": "赵"}).content.decode()
    assert "已修改“环保联系人”，现为“李”" in page


def test_a_boundary_that_another_drew_meanwhile_is_not_put_back(county, signed_in):
    client = signed_in("approver")
    west, east = (
        {"type": "Polygon", "coordinates": [[[x + lon, lat] for lon, lat in RING]]} for x in (0, 1)
    )
    given = {"name": "某园区", "area_code": NORTH, "geometry": json.dumps(west)}
    client.post("/b/park/new", given)
    park = Entity.objects.get(name="某园区")
    address = f"/b/park/{park.pk}/edit"
    page = lxml.html.fromstring(client.get(address).content)
    said = next(dict(form.fields) for form in page.forms if "shown" in form.fields)
    first = {n: value for n, value in said.items() if value is not None and n != "submission"}
    client.post(address, first | {"geometry": json.dumps(east)})
    client.post(address, first | {"name": "某开发区"})
    park.refresh_from_db()
    assert (park.name, park.geometry) == ("某开发区", east)
