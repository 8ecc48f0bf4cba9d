"""Roles and areas as rows: who holds what when, and who covers a place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from ecoledger.accounts import grants
from ecoledger.accounts.models import AreaGrant, Organisation, Person, RoleGrant
from ecoledger.accounts.roles import CAPABILITIES, Role

COUNTY, NORTH, SOUTH = "990101", "990101001", "990101002"


def names(*roles, **where):
    return {p.username for p in grants.people_with(roles, **where)}


def test_roles_and_areas_set_like_fields_become_rows_and_come_back(people):
    person = Person.objects.create(
        username="new", name="新人", roles=["officer", "monitor"], area_codes=[NORTH]
    )
    again = Person.objects.get(pk=person.pk)
    assert (again.roles, again.area_codes) == (["officer", "monitor"], [NORTH])
    assert again.has_role(Role.MONITOR)
    again.roles = ["monitor", "leader"]
    again.save()
    assert Person.objects.get(pk=person.pk).roles == ["monitor", "leader"]
    ended = RoleGrant.objects.get(person=person, role="officer")
    assert ended.until is not None
    # What stayed was not granted anew.
    assert RoleGrant.objects.filter(person=person, role="monitor").count() == 1


def test_saving_without_setting_them_changes_no_grant(people):
    officer = Person.objects.get(username="officer")
    officer.phone = "1"
    officer.save()
    officer.save(update_fields=["phone"])
    assert RoleGrant.objects.filter(person=officer).count() == 1


def test_a_grant_holds_from_its_beginning_until_its_end(people):
    officer, now = people["officer"], timezone.now()
    RoleGrant.objects.create(person=officer, role="leader", since=now + timedelta(hours=1))
    RoleGrant.objects.filter(person=officer, role="officer").update(until=now)
    assert Person.objects.get(pk=officer.pk).roles == []
    assert "officer" not in names(Role.OFFICER, Role.LEADER, area_code=NORTH)


def test_who_covers_a_place_is_one_query(people, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = names(Role.TOWN, Role.MONITOR, area_code=NORTH)
    assert found == {"town", "monitor"}
    assert names(Role.TOWN, Role.MONITOR, area_code=SOUTH) == {"monitor"}
    assert names(Role.MONITOR, area_code="99") == set()
    assert names(Role.MONITOR, area_code="990102") == set()
    Person.objects.filter(username="monitor").update(is_active=False)
    assert names(Role.MONITOR, area_code=NORTH) == set()


def test_a_section_chief_heads_a_line_of_business(people):
    for name, line in (("air_chief", "air"), ("water_chief", "water"), ("any_chief", "")):
        chief = Person.objects.create(username=name, name=name, area_codes=[COUNTY])
        RoleGrant.objects.create(person=chief, role=Role.SECTION_CHIEF, line=line)
    found = names(Role.SECTION_CHIEF, Role.LEADER, area_code=NORTH, line="air")
    assert found == {"air_chief", "any_chief", "section_chief", "leader"}
    chief = Person.objects.get(username="air_chief")
    assert chief.role_labels == ["科长"]
    assert chief.may("see_cockpit")
    assert not chief.may("manage_people")
    assert Role.SECTION_CHIEF in CAPABILITIES["make_reports"]


def test_an_enterprise_has_one_organisation(people):
    with pytest.raises(IntegrityError), transaction.atomic():
        Organisation.objects.create(
            name="冒名", kind="enterprise", area_code=NORTH, entity_code="E-1"
        )
    # A service provider may work for it under its code.
    Organisation.objects.create(name="运维", kind="third_party", area_code=NORTH, entity_code="E-1")


def test_an_area_grant_follows_its_division(bureau):
    from datetime import date

    from ecoledger.entities import succession

    north, south = bureau.towns
    succession.merge(bureau.monitor, north, south, date(2026, 7, 1))
    town = bureau.people["town"]
    assert AreaGrant.objects.get(person=town).area_code == SOUTH
