"""The guided page leads everybody whom it offers a step to a page that opens."""

from __future__ import annotations

import lxml.html
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.small_county import COUNTY

from ecoledger.accounts.models import Organisation, Person
from ecoledger.entities.models import Area
from ecoledger.listings.models import ImportBatch


def _page(client):
    return lxml.html.fromstring(client.get("/beginning").content)


@pytest.mark.parametrize("role", ["system_admin", "security_admin", "monitor", "approver"])
def test_no_link_of_a_step_is_a_dead_end(client, bureau, people, store, role):
    client.force_login(people[role])
    links = {a.get("href") for a in _page(client).xpath("//ul[@id='steps']//a")}
    assert links
    dead = {
        link: code for link in links if (code := client.get(link).status_code) not in (200, 302)
    }
    assert dead == {}


def test_a_system_administrator_enters_a_table_and_is_led_back(client, bureau, people):
    client.force_login(people["system_admin"])
    table = SimpleUploadedFile("区划.csv", "代码,名称\n990101003,东镇\n".encode())
    batch_page = client.post("/b/area/import", {"file": table})["Location"]
    shown = client.get(batch_page)
    assert shown.status_code == 200
    assert 'href="/beginning"' in shown.content.decode()
    client.post(f"{batch_page}/accept")
    assert Area.objects.filter(code="990101003").exists()
    again = SimpleUploadedFile("区划二.csv", "代码,名称\n990101003,东镇\n990101004,西镇\n".encode())
    client.get(client.post("/b/area/import", {"file": again})["Location"])
    assert ImportBatch.objects.latest("pk").rows.get(number=2).wrong is False


def test_a_step_is_not_done_while_something_of_it_is_missing(client, bureau, people):
    Person.objects.filter(username__startswith="officer").update(is_active=False)
    client.force_login(people["security_admin"])
    (step,) = _page(client).xpath("//li[@id='step-person']")
    assert "没有执法人员" in step.text_content()
    assert "good" not in step.xpath(".//span[1]")[0].get("class")


def test_before_any_division_is_on_record_units_come_in_by_its_code(client, db):
    admin = Person.objects.create(
        username="admin", name="管", roles=["security_admin"], area_codes=[COUNTY]
    )
    client.force_login(admin)
    for written, taken in (("外县", False), ("880101", False), (COUNTY, True)):
        file = SimpleUploadedFile(
            "单位.csv", f"名称,类别,属地\n局{written},生态环境局,{written}\n".encode()
        )
        batch_page = client.post("/b/organisation/import", {"file": file})["Location"]
        row = ImportBatch.objects.latest("pk").rows.get()
        assert row.wrong is not taken
        if not taken:
            assert "还没有登记行政区划" in row.reason
    client.post(f"{batch_page}/accept")
    assert Organisation.objects.get().area_code == COUNTY
