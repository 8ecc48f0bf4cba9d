"""A matter's page leads to its form for whoever may change something of it, and the form says what stands and since when."""

from __future__ import annotations

import lxml.html
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from tests.path.house import PNG

from ecoledger.matters import actions
from ecoledger.matters.evidence import Upload
from ecoledger.registers.complaints.register import REGISTER as COMPLAINTS
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES
from ecoledger.registers.problems.city_problems import REGISTER as CITY_PROBLEMS

NORTH = "990101001"


@pytest.fixture
def complaint(bureau):
    values = {"channel": "phone", "area_code": NORTH, "description": "夜里有臭味", "target": "某厂"}
    return actions.open_matter(COMPLAINTS, values, by=bureau.people["dispatcher"])


def seen(client, person, address):
    client.force_login(person)
    return lxml.html.fromstring(client.get(address).content)


def doors(page, matter):
    return page.xpath(f"//a[@href='/b/{matter.register}/{matter.pk}/edit']")


def report(bureau, complaint):
    desk, officer = bureau.people["dispatcher"], bureau.people["officer"]
    unit = {"owner_organisation": officer.organisation.pk, "told": "已电话告知"}
    actions.perform(complaint.pk, "accept", by=desk, form=unit, files=[])
    told = {"verdict": "true", "findings": "属实"}
    return actions.perform(complaint.pk, "report", by=officer, form=told, files=[])


def test_a_matters_page_leads_who_may_change_it_to_its_form(client, bureau, complaint):
    page = f"/matters/complaint/{complaint.pk}"
    [door] = doors(seen(client, bureau.people["dispatcher"], page), complaint)
    assert client.get(door.get("href")).status_code == 200
    assert not doors(seen(client, bureau.people["officer"], page), complaint)


def test_what_is_settled_is_shown_with_the_step_it_stands_by(client, bureau, complaint):
    report(bureau, complaint)
    form = seen(
        client, bureau.people["dispatcher"], f"/b/complaint/{complaint.pk}/edit"
    ).text_content()
    assert f"以下内容自“上报调查处理情况”（{timezone.localdate()}）起不再修改" in form
    assert "某厂" in form
    assert "保存" in form


def test_where_nothing_is_left_there_is_no_door_and_nothing_to_save(client, bureau):
    desk, officer = bureau.people["dispatcher"], bureau.people["officer"]
    row = actions.open_matter(CITY_PROBLEMS, {"title": "问题", "area_code": NORTH}, by=desk)
    unit = {"owner_organisation": officer.organisation.pk}
    actions.perform(row.pk, "hand_over", by=desk, form=unit, files=[])
    proof = [Upload(SimpleUploadedFile("材料.pdf", b"%PDF-1.7 proof"))]
    actions.perform(row.pk, "report", by=officer, form={"result": "已改"}, files=proof)
    actions.perform(row.pk, "close", by=desk, form={"checked": "好"}, files=[])
    page = seen(client, desk, f"/matters/city_problem/{row.pk}")
    assert not doors(page, row)
    form = seen(client, desk, f"/b/city_problem/{row.pk}/edit")
    assert not form.xpath("//main//form//button")
    assert form.xpath(f"//main//form//a[@href='/matters/city_problem/{row.pk}']")


def test_a_partys_code_that_cannot_be_one_is_refused_and_a_false_check_character_is_said(
    client, bureau
):
    officer = bureau.people["officer"]
    values = {"title": "涉嫌超标排放案", "party": "某厂", "area_code": NORTH}
    case = actions.open_matter(CASES, values, by=officer)
    client.force_login(officer)

    def saved(code):
        said = {**values, "kind": "general", "source": "site", "party_kind": "organisation"}
        page = client.post(
            f"/b/penalty_case/{case.pk}/edit", said | {"party_code": code}, follow=True
        )
        case.refresh_from_db()
        return page.content.decode()

    assert "应为18位，现为17位" in saved("9135058200000000X")
    assert case.party_code == ""
    assert "校验码应为" in saved("91990101MA0000001X")
    assert case.party_code == "91990101MA0000001X"


# -- two people in one form -------------------------------------------------------------------------


def sent(page, **changes):
    """What a browser sends of a form as its page shows it, with what somebody typed."""
    form = page.xpath("//main//form[.//button]")[-1]
    return {name: (value or "").strip() for name, value in form.form_values()} | changes


def test_what_another_changed_meanwhile_stays_and_what_both_changed_is_refused(
    client, bureau, complaint
):
    address = f"/b/complaint/{complaint.pk}/edit"
    one, other = bureau.people["dispatcher"], bureau.people["leader"]
    other.roles = one.roles
    other.save()
    mine, later = seen(client, one, address), seen(client, one, address)
    theirs = seen(client, other, address)
    typed = sent(theirs, description="白天也有臭味")
    assert client.post(address, typed).status_code == 302

    client.force_login(one)
    assert client.post(address, sent(mine, target="另一厂")).status_code == 302
    complaint.refresh_from_db()
    assert (complaint.description, complaint.target) == ("白天也有臭味", "另一厂")

    answer = client.post(address, sent(later, description="凌晨有臭味"))
    refused = lxml.html.fromstring(answer.content)
    assert f"{other.name}已修改“举报内容”，现为“白天也有臭味”" in refused.text_content()
    complaint.refresh_from_db()
    assert complaint.description == "白天也有臭味"
    again = sent(refused)
    assert again["description"] == "凌晨有臭味", "what was typed is kept"
    assert client.post(address, again).status_code == 302
    complaint.refresh_from_db()
    assert complaint.description == "凌晨有臭味"


def test_a_page_that_comes_back_says_that_the_files_are_to_be_chosen_again(
    client, bureau, complaint
):
    client.force_login(bureau.people["dispatcher"])
    for address, sent in (
        (f"/matters/complaint/{complaint.pk}/do/accept", {"accept-told": ""}),
        ("/matters/complaint/new", {"description": ""}),
    ):
        for files, said in (({"files": SimpleUploadedFile("现场.png", PNG)}, True), ({}, False)):
            page = client.post(address, sent | files).content.decode()
            assert ("请改正后重新选择" in page) is said, address
