"""A row that points at a matter tells of it to those alone who may see it: in lists, on its page, in exports, on maps."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest
from django.utils import timezone

from ecoledger.accounts.models import Organisation
from ecoledger.books.models import Drive
from ecoledger.entities.models import Station
from ecoledger.listings import cells, veil
from ecoledger.listings.catalogue import all_listings, listing_of
from ecoledger.matters import actions, notices
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import register_of
from ecoledger.registers.air_sources.patrols import Patrol
from ecoledger.registers.complaints.proposals import Repeat

NORTH, SOUTH = "990101001", "990101002"
SECRET = "只有知情人知道的事"


def opened(key: str, *, restricted: bool = False, area: str = SOUTH) -> Matter:
    matter = actions.open_matter(register_of(key), {"title": SECRET, "area_code": area}, by=None)
    if restricted:
        Matter.objects.filter(pk=matter.pk).update(circulation=Circulation.RESTRICTED)
        matter.refresh_from_db()
    return matter


def faces(client, person, key: str) -> str:
    """All that a book shows a person: the list, each row's page, the map and the workbook."""
    book = listing_of(key)
    rows = list(book.visible_to(person))
    shown = [client.get(f"/b/{key}/{row.pk}", follow=True).content.decode() for row in rows]
    shown += [client.get(path).content.decode() for path in (f"/b/{key}", f"/b/{key}/map.geojson")]
    made = cells.workbook(book, person, book.visible_to(person), title="x")
    shown += [str(list(sheet.values)) for sheet in openpyxl.load_workbook(io.BytesIO(made))]
    return "".join(shown)


def sweep(cause: Matter) -> None:
    day = date(2026, 11, 1)
    Drive.objects.create(
        book="sweep", name="同类排查", area_code=NORTH, begin=day, end=day, cause=cause
    )


def patrol(begets: Matter) -> None:
    station = Station.objects.filter(area_code=NORTH).first()
    Patrol.objects.create(
        book="air_patrol", entity=station, area_code=NORTH, found="dust", begets=begets,
        at=timezone.now(), lon=118.6, lat=24.9,
    )  # fmt: skip


def repeat(complaint: Matter) -> None:
    original = opened("complaint", area=NORTH)
    Repeat.objects.create(complaint=complaint, original=original, reasons="同一地址")


@pytest.mark.parametrize(("key", "point"), [("sweep", sweep), ("air_patrol", patrol)])
def test_a_restricted_matter_is_named_to_its_circle_alone(bureau, signed_in, key, point):
    secret = opened("problem", restricted=True)
    point(secret)
    people = bureau.people
    circle = [n for n, p in people.items() if register_of("problem").visible_to(p).exists()]
    assert circle
    for name in ("town", "monitor", "third_party", *circle):
        assert listing_of(key).visible_to(people[name]).exists(), name
        shown = faces(signed_in(name), people[name], key)
        for told in (secret.title, secret.number):
            assert (told in shown) is (name in circle), name


@pytest.mark.parametrize(("key", "point"), [("sweep", sweep), ("air_patrol", patrol)])
def test_what_the_row_would_mean_nothing_without_is_told(bureau, signed_in, key, point):
    """What is swept for, what a patrol's own words became: the number, though another town keeps the matter."""
    cause = opened("problem")
    point(cause)
    people = bureau.people
    people["town"].area_codes = [NORTH]
    people["town"].save()
    assert not register_of("problem").visible_to(people["town"]).exists()
    assert cause.title in faces(signed_in("town"), people["town"], key)


def test_who_sees_no_complaints_is_shown_no_likeness_of_two(bureau, signed_in):
    here = opened("complaint", area=NORTH)
    repeat(here)
    people = bureau.people
    assert here.number in faces(signed_in("complaint"), people["complaint"], "complaint_repeat")
    for name in ("third_party", "enterprise"):
        assert here.number not in faces(signed_in(name), people[name], "complaint_repeat")


def test_the_original_elsewhere_is_not_named_to_the_town_of_the_repeat(bureau, signed_in):
    here = opened("complaint", area=NORTH)
    elsewhere = opened("complaint", area=SOUTH)
    Matter.objects.filter(pk=elsewhere.pk).update(title="别的镇的投诉")
    Repeat.objects.create(complaint=here, original=elsewhere, reasons="同一人")
    town = bureau.people["town"]
    town.area_codes = [NORTH]
    town.save()
    shown = faces(signed_in("town"), town, "complaint_repeat")
    assert here.number in shown
    assert elsewhere.number not in shown
    assert "别的镇的投诉" not in shown
    assert "别的镇的投诉" in faces(
        signed_in("dispatcher"), bureau.people["dispatcher"], "complaint_repeat"
    )


def test_every_reference_to_a_matter_is_guarded():
    """Of every declared list: a new column that points at a matter is veiled without anybody thinking of it."""
    for book in all_listings():
        for part in (*book.columns, *book.details):
            head = part.name.split("__")[0]
            names = {f.name: f for f in book.model._meta.get_fields()}
            remote = getattr(names.get(head), "related_model", None)
            one = getattr(names.get(head), "many_to_one", False)
            if one and remote and issubclass(remote, Matter):
                assert head in veil._guarded(book), f"{book.key}.{part.name}"
        assert set(book.tells) <= set(veil._guarded(book)), book.key


def test_a_contractor_is_told_of_what_it_was_given_alone(bureau):
    """A step that waits for contractors is told to those who may see the matter, not to all of the area."""
    person = bureau.people["third_party"]
    unit = Organisation.objects.create(name="运维公司", kind="third_party", area_code=NORTH)
    person.organisation = unit
    person.save()
    connection = opened("connection", area=NORTH)
    waiting = register_of("connection").state_of(connection).waits_for
    assert "third_party" in waiting
    assert person not in notices.whose_turn(connection)
    assert bureau.people["monitor"] in notices.whose_turn(connection)
    Matter.objects.filter(pk=connection.pk).update(owner_organisation=unit)
    connection.refresh_from_db()
    assert person in notices.whose_turn(connection)
