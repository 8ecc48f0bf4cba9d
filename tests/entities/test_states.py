"""What an entity was on a date: states, former names and numbers, kept from the first change on."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from ecoledger.accounts.models import AuditEntry
from ecoledger.entities import editing, identifiers, states, succession
from ecoledger.entities.models import Enterprise, Identifier, Succession

JUNE, JULY, AUGUST = date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)


def test_a_change_leaves_what_was_before_it(bureau):
    firm = bureau.enterprise
    assert states.on_day(firm, JUNE)["industry"] == ""
    firm.industry = "印染"
    editing.save(bureau.monitor, firm, on=JULY, source="变更登记")
    firm.performance_grade = "B"
    editing.save(bureau.monitor, firm, on=AUGUST)
    seen = [
        (values["industry"], values["performance_grade"])
        for values in (states.on_day(firm, day) for day in (JUNE, JULY, date(2026, 7, 31), AUGUST))
    ]
    assert seen == [("", ""), ("印染", ""), ("印染", ""), ("印染", "B")]
    assert [(s.since, s.until) for s in firm.states.order_by("id")] == [
        (None, date(2026, 6, 30)),
        (JULY, date(2026, 7, 31)),
        (AUGUST, None),
    ]
    assert firm.states.get(since=JULY).source == "变更登记"


def test_a_correction_makes_no_state_and_mends_the_last(bureau):
    firm = bureau.enterprise
    firm.contact = "错名"
    editing.save(bureau.monitor, firm)
    assert not firm.states.exists()
    firm.industry = "印染"
    editing.save(bureau.monitor, firm, on=JULY)
    firm.industry = "制革"
    editing.save(bureau.monitor, firm)
    assert states.on_day(firm, AUGUST)["industry"] == "制革"
    assert states.on_day(firm, JUNE)["industry"] == ""
    assert AuditEntry.objects.filter(action="registry changed").count() == 3


def test_a_change_dated_before_the_last_is_refused(bureau):
    firm = bureau.enterprise
    firm.industry = "印染"
    editing.save(bureau.monitor, firm, on=JULY)
    firm.industry = "制革"
    with pytest.raises(ValidationError, match="不能早于"):
        editing.save(bureau.monitor, firm, on=JUNE)
    assert Enterprise.objects.get(pk=firm.pk).industry == "印染"


def test_many_things_on_a_day_in_one_query(bureau, django_assert_num_queries):
    firm = bureau.enterprise
    firm.industry = "印染"
    editing.save(bureau.monitor, firm, on=JULY)
    other = Enterprise.objects.create(code="E-2", name="乙厂", area_code="990101001")
    with django_assert_num_queries(1):
        known = states.known_on([firm, other], JUNE)
    assert [known[firm.pk]["industry"], known[other.pk]["name"]] == ["", "乙厂"]


def test_a_number_that_changes_is_written_with_its_dates(bureau):
    firm = bureau.enterprise
    permits = ("913505826929876433001P", "913505826929876433001V")
    firm.permit_no = permits[0]
    editing.save(bureau.monitor, firm, on=JUNE)
    firm.permit_no = permits[1]
    editing.save(bureau.monitor, firm, on=JULY)
    rows = Identifier.objects.filter(entity=firm, scheme="排污许可证编号").order_by("since")
    assert [(row.value, row.since, row.until) for row in rows] == [
        (permits[0], JUNE, date(2026, 6, 30)),
        (permits[1], JULY, None),
    ]
    assert identifiers.holder("排污许可证编号", permits[0], JUNE).pk == firm.pk
    assert identifiers.holder("排污许可证编号", permits[0], JULY) is None


def test_a_renamed_firm_is_found_by_its_old_name(bureau):
    firm, old = bureau.enterprise, bureau.enterprise.name
    succession.rename(bureau.monitor, firm, "测试新材料有限公司", JULY, note="营业执照变更")
    row = Succession.objects.get(old=firm)
    assert (row.how, row.on, row.note) == ("renamed", JULY, "营业执照变更")
    assert row.details == {"before": {"name": old}, "after": {"name": "测试新材料有限公司"}}
    assert identifiers.holder(identifiers.FORMER_NAME, old, JUNE).pk == firm.pk
    firm.refresh_from_db()
    assert states.names_of(firm) == [old]
    assert identifiers.others(firm) == []


def test_a_thing_that_moved_takes_its_parts_along(bureau):
    firm = bureau.enterprise
    succession.move(bureau.monitor, firm, JULY, lon=118.7, lat=24.8, area_code="990101002")
    outlets = {part.area_code for part in firm.children.all()}
    assert outlets == {"990101002"}
    row = Succession.objects.get(old=firm)
    assert row.how == "moved"
    assert row.details["before"] == {"area_code": "990101001", "lat": 24.92, "lon": 118.63}
    assert states.on_day(firm, JUNE)["lon"] == 118.63
