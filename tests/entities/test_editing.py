"""Entering things into the registry: what is refused, what is kept and said, what the trail holds."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from ecoledger.accounts.models import AuditEntry
from ecoledger.entities import editing, identifiers, shapes
from ecoledger.entities.inventory import UnansweredError
from ecoledger.entities.models import Area, Enterprise, Outlet, Station

CODE = "914403001922038216"
NORTH, SOUTH = "990101001", "990101002"
SQUARE = [[118.5, 24.8], [118.7, 24.8], [118.7, 25.0], [118.5, 25.0], [118.5, 24.8]]
HOLE = [[118.58, 24.88], [118.62, 24.88], [118.62, 24.92], [118.58, 24.92], [118.58, 24.88]]


def test_an_enterprise_gets_a_code_and_its_entry_is_on_the_trail(bureau):
    firm = Enterprise(name=" 新印染厂 ", area_code=NORTH)
    assert editing.save(bureau.monitor, firm) == []
    assert (firm.code, firm.name) == ("E-990101-0001", "新印染厂")
    entry = AuditEntry.objects.get(action="registry entered")
    assert (entry.person, entry.object_id) == (bureau.monitor, str(firm.pk))
    assert entry.details["after"]["name"] == "新印染厂"
    assert editing.next_code(Enterprise, NORTH) == "E-990101-0002"


def test_the_next_code_is_free_whatever_became_of_the_last(bureau):
    def entered(name):
        firm = Enterprise(name=name, area_code=NORTH)
        editing.save(bureau.monitor, firm)
        return firm.code

    assert [entered("甲"), entered("乙")] == ["E-990101-0001", "E-990101-0002"]
    Enterprise.objects.create(code="E-990101-0003", name="丙", area_code=NORTH)
    assert entered("丁") == "E-990101-0004"
    Enterprise.objects.filter(code__gt="E-990101-0001", code__lt="E-990101-0005").delete()
    assert entered("戊") == "E-990101-0002"
    Enterprise.objects.create(code="E-990101-10000", name="己", area_code=NORTH)
    Enterprise.objects.create(code="E-990101-0003", name="庚", area_code=NORTH)
    assert entered("辛") == "E-990101-10001"


def test_a_change_is_on_the_trail_with_what_was_and_no_change_is_not(bureau):
    firm = bureau.enterprise
    firm.industry = "印染"
    editing.save(bureau.monitor, firm, others=[("污染源编号", "350001")])
    entry = AuditEntry.objects.get(action="registry changed")
    assert entry.details == {
        "before": {"industry": "", "identifiers": []},
        "after": {"industry": "印染", "identifiers": [["污染源编号", "350001"]]},
    }
    editing.save(bureau.monitor, firm, others=[("污染源编号", "350001")])
    editing.save(bureau.monitor, firm)
    assert AuditEntry.objects.filter(action="registry changed").count() == 1
    editing.save(bureau.monitor, firm, others=[])
    assert identifiers.valid(firm) == []
    assert firm.identifiers.get().value == "350001", "what it was called stays on record"


def test_an_odd_credit_code_is_kept_and_said(bureau):
    # The right last character is 6.
    odd = editing.save(
        bureau.monitor, Enterprise(name="甲", area_code=NORTH, uscc="914403001922038217")
    )
    assert any("校验码应为“6”" in text for text in odd)


def test_a_code_that_a_spreadsheet_damaged_is_refused(bureau):
    with pytest.raises(ValidationError, match="科学计数法"):
        editing.save(bureau.monitor, Enterprise(name="甲", area_code=NORTH, uscc="9.1350582E+17"))


def test_a_code_in_use_asks_what_it_means(bureau):
    first = Enterprise(name="甲", area_code=NORTH, uscc=CODE)
    editing.save(bureau.monitor, first)

    def second(answers: dict[str, str] | None = None) -> Enterprise:
        firm = Enterprise(name="乙", area_code=NORTH, uscc=CODE)
        editing.save(bureau.monitor, firm, answers=answers)
        return firm

    with pytest.raises(UnansweredError) as asked:
        second()
    question = asked.value.questions["uscc_in_use"]
    assert "“甲”" in question.text
    assert [answer for answer, _words in question.choices] == ["same", "site", "mistake"]
    with pytest.raises(ValidationError, match="不要重复登记"):
        second({"uscc_in_use": "same"})
    with pytest.raises(ValidationError, match="请按证照改正"):
        second({"uscc_in_use": "mistake"})
    site = second({"uscc_in_use": "site"})
    assert site.parent is not None
    assert site.parent.pk == first.pk
    assert [(row.value, row.site) for row in identifiers.valid(site)] == [(CODE, 1)]
    holder = identifiers.holder("统一社会信用代码", CODE)
    assert holder is not None
    assert holder.pk == first.pk
    # Settled: a later change of the site does not ask again.
    site.industry = "印染"
    editing.save(bureau.monitor, site)


@pytest.mark.parametrize(
    ("fields", "field", "why"),
    [
        ({"name": ""}, "name", ""),
        ({"lon": 118.6}, "lat", "同时填写"),
        ({"area_code": "990101999"}, "area_code", "没有行政区划"),
        ({"code": "E-1"}, "code", ""),
    ],
)
def test_what_cannot_be_is_refused_by_field(bureau, fields, field, why):
    firm = Enterprise(**({"name": "新厂", "area_code": NORTH} | fields))
    with pytest.raises(ValidationError) as refused:
        editing.save(bureau.monitor, firm)
    assert why in "".join(refused.value.message_dict[field])
    assert not AuditEntry.objects.filter(action__startswith="registry").exists()


def test_the_code_of_what_is_registered_stays(bureau):
    bureau.enterprise.code = "E-9"
    with pytest.raises(ValidationError, match="不能修改"):
        editing.save(bureau.monitor, bureau.enterprise)


def test_only_those_who_may_and_only_in_their_divisions(bureau):
    bureau.monitor.area_codes = [SOUTH]
    with pytest.raises(PermissionDenied):
        editing.save(bureau.monitor, Enterprise(name="新厂", area_code=NORTH))
    # Nor is a thing of another division pulled into one's own.
    bureau.enterprise.area_code = SOUTH
    with pytest.raises(PermissionDenied):
        editing.save(bureau.monitor, bureau.enterprise)
    with pytest.raises(PermissionDenied):
        editing.save(bureau.officer, Enterprise(name="新厂", area_code=NORTH))


def test_an_outlet_follows_its_enterprise_and_its_number_is_its_own(bureau):
    outlet = Outlet(parent=bureau.enterprise, number="da002", name="二号烟囱", medium="gas")
    editing.save(bureau.approver, outlet)
    assert (outlet.code, outlet.number, outlet.area_code) == ("E-1-DA002", "DA002", NORTH)
    twin = Outlet(parent=bureau.enterprise, number="DA002", name="又二号", medium="gas")
    with pytest.raises(ValidationError, match="已有排放口"):
        editing.save(bureau.approver, twin)
    bureau.enterprise.area_code = SOUTH
    editing.save(bureau.approver, bureau.enterprise)
    outlet.refresh_from_db()
    assert outlet.area_code == SOUTH


def test_only_a_water_station_stands_at_a_section(bureau):
    station = Station(
        name="新站", area_code=NORTH, medium="air", level="county", section=bureau.section
    )
    with pytest.raises(ValidationError, match="断面"):
        editing.save(bureau.monitor, station)
    station.medium = "water"
    assert editing.save(bureau.monitor, station) == []


def test_a_place_outside_the_boundary_is_kept_and_said(bureau):
    Area.objects.filter(code="990101").update(
        geometry={"type": "Polygon", "coordinates": [SQUARE, HOLE]}
    )

    def odd(lon: float, lat: float) -> list[str]:
        return editing.save(
            bureau.monitor, Enterprise(name=f"厂{lon}{lat}", area_code=NORTH, lon=lon, lat=lat)
        )

    assert odd(118.55, 24.9) == []
    assert "不在“测试县”边界内" in odd(118.75, 24.9)[0]
    assert "不在“测试县”边界内" in odd(118.6, 24.9)[0]
    assert "填反" in odd(24.9, 118.55)[0]


def test_several_polygons_are_one_division():
    far = [[[x + 1, y] for x, y in SQUARE]]
    both = {"type": "MultiPolygon", "coordinates": [[SQUARE], far]}
    assert shapes.contains(both, 119.6, 24.9) is True
    assert shapes.contains(both, 119.0, 24.9) is False
    assert shapes.contains({"type": "Point", "coordinates": [1, 2]}, 1, 2) is None
