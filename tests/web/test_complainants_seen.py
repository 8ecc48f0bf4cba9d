"""Who looks at a complainant's name or telephone stands on the trail; who may not see it leaves nothing there."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.test import Client

from ecoledger.accounts.models import AuditEntry
from ecoledger.listings import importing
from ecoledger.matters import actions
from ecoledger.registers.complaints.register import REGISTER

pytestmark = pytest.mark.django_db


@pytest.fixture
def complaint(bureau, people):
    given = {
        "title": "夜间异味",
        "description": "夜里有异味",
        "area_code": "990101001",
        "channel": REGISTER.derive.ask("channel").choices[1][0],
        "complainant": "某某某",
        "telephone": "13900000000",
    }
    return actions.open_matter(REGISTER, given, by=people["dispatcher"])


def seen():
    return list(AuditEntry.objects.filter(action="see_complainant").order_by("pk"))


def test_opening_a_complaint_with_its_complainant_is_recorded(complaint, people):
    client = Client(REMOTE_ADDR="10.1.2.3")
    client.force_login(people["dispatcher"])
    page = client.get(f"/matters/complaint/{complaint.pk}").content.decode()
    assert "13900000000" in page
    (entry,) = seen()
    assert (entry.person, entry.address) == (people["dispatcher"], "10.1.2.3")
    assert entry.object_id == str(complaint.pk)
    assert entry.details["rows"] == [complaint.number]


def test_who_may_not_see_it_is_shown_nothing_and_leaves_nothing(complaint, people):
    client = Client()
    client.force_login(people["leader"])
    page = client.get(f"/matters/complaint/{complaint.pk}").content.decode()
    assert "夜间异味" in page
    assert "13900000000" not in page
    assert seen() == []


def test_a_list_that_shows_them_is_recorded_with_its_rows(complaint, people):
    client = Client()
    client.force_login(people["dispatcher"])
    page = client.get("/matters/complaint").content.decode()
    shown = "13900000000" in page or "某某某" in page
    assert bool(seen()) is shown


def test_a_file_that_leaves_with_them_is_recorded_with_its_rows(complaint, people):
    client = Client(REMOTE_ADDR="10.1.2.3")
    client.force_login(people["dispatcher"])
    sent = client.get("/matters/complaint/export.xlsx")
    page = openpyxl.load_workbook(io.BytesIO(sent.content)).active
    assert any("13900000000" in map(str, row) for row in page.iter_rows(values_only=True))
    (entry,) = seen()
    assert (entry.person, entry.address) == (people["dispatcher"], "10.1.2.3")
    assert entry.details["rows"] == [complaint.number]
    # Who may not see them takes nothing of them out.
    client.force_login(people["leader"])
    page = openpyxl.load_workbook(
        io.BytesIO(client.get("/matters/complaint/export.xlsx").content)
    ).active
    cells = {str(cell) for row in page.iter_rows(values_only=True) for cell in row}
    assert complaint.number in cells
    assert not {"13900000000", "某某某"} & cells
    assert len(seen()) == 1


@pytest.mark.parametrize("place", ["timeline", "book.pdf", "edit", ""])
def test_every_page_that_shows_them_is_recorded_once(complaint, people, place):
    client = Client(REMOTE_ADDR="10.1.2.3")
    client.force_login(people["dispatcher"])
    at = f"/matters/complaint/{complaint.pk}/{place}".rstrip("/")
    at = f"/b/complaint/{complaint.pk}/edit" if place == "edit" else at
    assert client.get(at).status_code == 200
    (entry,) = seen()
    assert (entry.person, entry.address) == (people["dispatcher"], "10.1.2.3")
    client.force_login(people["leader"])
    client.get(at)
    assert len(seen()) == 1


def test_a_page_that_refuses_what_was_sent_is_recorded_too(complaint, people):
    client = Client()
    client.force_login(people["dispatcher"])
    at = f"/matters/complaint/{complaint.pk}"
    assert client.post(f"{at}/note", {"text": " "}).status_code == 422
    assert client.post(f"{at}/do/accept", {}).status_code == 422
    assert len(seen()) == 2


def test_a_table_being_brought_in_is_recorded_where_its_cells_are_shown(bureau, people):
    text = "工单编号,来电人,电话,主要内容,受理时间\nGD1,某某某,13900000000,夜间异味,无此日\n"
    batch = importing.preview(REGISTER, "单.csv", text.encode(), by=people["dispatcher"])
    client = Client(REMOTE_ADDR="10.1.2.3")
    client.force_login(people["dispatcher"])
    at = f"/b/complaint/import/{batch.pk}"
    assert "13900000000" in client.get(at).content.decode()
    (entry,) = seen()
    assert (entry.address, entry.details["file"]) == ("10.1.2.3", "单.csv")
    assert client.get(f"{at}/errors.xlsx").status_code == 200
    assert len(seen()) == 1 + batch.bad.exists()


def test_the_map_of_complaints_names_nobody(complaint, people):
    type(complaint).objects.filter(pk=complaint.pk).update(lon=118.5, lat=26.5)
    client = Client()
    client.force_login(people["dispatcher"])
    sent = client.get("/b/complaint/map.geojson")
    assert [one["id"] for one in sent.json()["features"]] == [complaint.pk]
    assert not any(secret in str(sent.json()) for secret in ("13900000000", "某某某"))
