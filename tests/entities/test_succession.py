"""Mergers and splits: everything that pointed at the old points at the new, is on record, and comes back."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from ecoledger.accounts.models import AuditEntry, Organisation, Person
from ecoledger.entities import charges, relations, succession
from ecoledger.entities.models import Area, Charge, Enterprise, Entity, Relation, Succession
from ecoledger.live import times
from ecoledger.matters import actions
from ecoledger.monitoring.models import Filing, Point
from ecoledger.registers.credit.subsidies import SUBSIDIES
from ecoledger.registers.problems.problem_ledger import REGISTER

JULY = date(2026, 7, 1)
NORTH, SOUTH = "990101001", "990101002"


@pytest.fixture
def firms(bureau):
    """The firm of the bureau with work, a filing and a relation; and the firm it merges into."""
    old = bureau.enterprise
    new = Enterprise.objects.create(code="E-2", name="集团公司", area_code=SOUTH)
    bureau.filing = Filing.objects.create(
        entity=old,
        kind="shutdown",
        begin=times.aware(datetime(2026, 6, 1)),
        reason="检修",
        filed_by=bureau.people["enterprise"],
        area_code=NORTH,
    )
    relations.relate(bureau.monitor, old, "member_of", bureau.river)
    charges.appoint(
        bureau.monitor, Charge(entity=old, role="grid_worker", person=bureau.people["grid"])
    )
    values = {"title": "废气问题", "area_code": NORTH, "entity": old, "origin_kind": "self"}
    actions.open_matter(REGISTER, values, by=bureau.people["officer"])
    return old, new


def pointing_at(thing: Entity) -> dict[str, int]:
    return {name: len(part.moved) for name, part in succession.parts_of(thing)}


def test_all_that_pointed_at_the_old_points_at_the_new(bureau, firms):
    old, new = firms
    before = pointing_at(old)
    assert before["entities.entity.parent"] == 2  # its outlets
    assert before["monitoring.point.entity"] == 2  # its power meters
    assert before["monitoring.filing.entity"] == 1
    assert before["matters.matter.entity"] == before["matters.matter.enterprise"] == 1
    succession.merge(bureau.monitor, old, new, JULY, note="市监登记")
    assert pointing_at(old) == {}
    assert pointing_at(new) == before
    # Codes follow too: of the firm's points, and of the organisation its people belong to.
    assert set(Point.objects.filter(kind="power").values_list("owner_code", flat=True)) == {"E-2"}
    assert Organisation.objects.get(entity_code="E-2").people.count() == 1
    old.refresh_from_db()
    assert old.until == date(2026, 6, 30)
    assert not old.exists_on(JULY)
    assert succession.current(old).pk == new.pk
    assert old.charges.get().until == date(2026, 6, 30), "who answered in June is still known"


def test_what_was_approved_stays_with_the_name_it_was_approved_for(
    bureau, firms, tmp_path, settings
):
    settings.MEDIA_ROOT = tmp_path
    old, new = firms
    clerk, kind = bureau.approver, SUBSIDIES.model.Kind.values[0]
    values = {"entity": old, "area_code": NORTH, "year": 2026, "kind": kind, "asked": 30}
    approved, asked = (actions.open_matter(SUBSIDIES, values, by=clerk) for _n in range(2))
    proof = [actions.Upload(SimpleUploadedFile("材料.pdf", b"%PDF-1.7 proof"))]
    actions.perform(approved.pk, "recommend", by=clerk, form={"opinion": "好"}, files=proof)
    actions.perform(approved.pk, "approve", by=bureau.leader, form={"granted": "30"})
    moves = succession.preview(lambda: succession.merge(bureau.monitor, old, new, JULY))
    told = next(m for m in moves if m.model._meta.label_lower == "matters.matter" and m.kept)
    assert told.kept == (approved.pk,)
    old = Enterprise.objects.get(pk=old.pk)
    row = succession.merge(bureau.monitor, old, new, JULY)
    firms_of = dict(SUBSIDIES.model.objects.values_list("pk", "entity__code"))
    assert firms_of == {approved.pk: "E-1", asked.pk: "E-2"}
    # Who goes on in its place reads both.
    assert set(SUBSIDIES.model.objects.values_list("enterprise__code", flat=True)) == {"E-2"}
    succession.undo(bureau.approver, row)
    assert set(SUBSIDIES.model.objects.values_list("entity", "enterprise")) == {(old.pk, old.pk)}


def test_each_row_is_on_the_trail(bureau, firms):
    old, new = firms
    row = succession.merge(bureau.monitor, old, new, JULY)
    moved = sum(len(numbers) for _label, _field, numbers in row.details["moved"])
    entries = AuditEntry.objects.filter(action="registry repointed")
    assert entries.count() == moved
    filing = entries.get(object_type="monitoring.filing")
    assert filing.details == {"entity": ["E-1", "E-2"], "succession": row.pk}


def test_a_preview_changes_nothing_and_says_what_would_be(bureau, firms):
    old, new = firms
    before = pointing_at(old)
    moves = succession.preview(lambda: succession.merge(bureau.monitor, old, new, JULY))
    assert {f"{m.model._meta.label_lower}.{m.field}": len(m.moved) for m in moves}.items() >= (
        before.items()
    )
    old = Enterprise.objects.get(pk=old.pk)
    assert pointing_at(old) == before
    assert old.until is None
    assert not Succession.objects.exists()
    assert not AuditEntry.objects.filter(action="registry repointed").exists()


def test_undoing_brings_back_what_still_points_at_the_new(bureau, firms):
    old, new = firms
    before = pointing_at(old)
    row = succession.merge(bureau.monitor, old, new, JULY)
    # What came after the merger stays.
    Point.objects.create(entity=new, kind="noise", name="厂界噪声", area_code=SOUTH)
    succession.undo(bureau.approver, row)
    old = Enterprise.objects.get(pk=old.pk)
    assert pointing_at(old) == before
    assert pointing_at(new) == {"monitoring.point.entity": 1}
    assert old.until is None
    assert old.charges.get().until is None
    row.refresh_from_db()
    assert row.undone_by == bureau.approver
    assert succession.current(old).pk == old.pk
    with pytest.raises(ValidationError, match="已撤销"):
        succession.undo(bureau.approver, row)


def test_a_row_the_new_one_has_already_stays_and_is_named(bureau):
    north, south = bureau.towns
    for town in (north, south):
        Point.objects.create(kind="area", name=town.name, area_code=town.code)
    row = succession.merge(bureau.monitor, north, south, JULY)
    points = next(
        m for m in succession.moves_of(row.details) if (m.model, m.field) == (Point, "area_code")
    )
    assert [Point.objects.get(pk=pk).name for pk in points.left] == ["北镇"]
    assert Point.objects.filter(area_code=NORTH).count() == 1


def test_a_town_that_joins_another_brings_its_things_people_and_land(bureau):
    north, south = bureau.towns
    for n, town in enumerate((north, south)):
        x = 118.5 + 0.1 * n
        ring = [[x, 24.8], [x + 0.1, 24.8], [x + 0.1, 25.0], [x, 25.0], [x, 24.8]]
        town.geometry = {"type": "Polygon", "coordinates": [ring]}
        town.save()
    local = bureau.people["town"]
    assert local.area_codes == [NORTH]
    row = succession.merge(bureau.monitor, north, south, JULY, note="撤镇设街道")
    assert not Entity.objects.filter(area_code=NORTH).exclude(pk=north.pk).exists()
    local.refresh_from_db()
    assert local.area_codes == [SOUTH]
    south.refresh_from_db()
    assert (south.west, south.east) == pytest.approx((118.5, 118.7))
    succession.undo(bureau.monitor, row)
    assert Person.objects.get(pk=local.pk).area_codes == [NORTH]
    assert Area.objects.get(pk=south.pk).west == pytest.approx(118.6)
    assert Entity.objects.filter(area_code=NORTH).count() > 3


def test_a_firm_splits_and_a_part_goes_with_the_new_one(bureau, firms):
    old, new = firms
    outlet = bureau.flue_gas.entity
    row = succession.split(bureau.monitor, old, new, JULY, {"entities.entity.parent": [outlet.pk]})
    outlet.refresh_from_db()
    assert outlet.parent_id == new.pk
    assert old.children.count() == 1
    assert Enterprise.objects.get(pk=old.pk).until is None
    assert row.how == "split"
    with pytest.raises(ValidationError, match="没有这样的关联"):
        succession.split(bureau.monitor, old, new, JULY, {"accounts.person.name": [1]})


def test_relations_that_had_ended_stay_with_the_old(bureau, firms):
    old, new = firms
    ended = relations.relate(
        bureau.monitor, old, "discharges_into", bureau.river, until=date(2026, 5, 31)
    )
    succession.merge(bureau.monitor, old, new, JULY)
    assert Relation.objects.get(pk=ended.pk).a_id == old.pk
    assert Relation.objects.get(kind="member_of").a_id == new.pk


def test_who_may_and_what_may_not_be_merged(bureau, firms):
    old, new = firms
    with pytest.raises(PermissionDenied):
        succession.merge(bureau.officer, old, new, JULY)
    with pytest.raises(ValidationError, match="同类"):
        succession.merge(bureau.monitor, old, bureau.river, JULY)
    succession.merge(bureau.monitor, old, new, JULY)
    with pytest.raises(ValidationError, match="已停用"):
        succession.merge(bureau.monitor, Enterprise.objects.get(pk=old.pk), new, JULY)
