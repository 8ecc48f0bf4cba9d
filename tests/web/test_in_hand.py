"""The figures of work in hand are doors: the first page, a line and my work lead to all they count, and all are pushed from there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import lxml.html
import pytest
from django.test import Client
from django.utils import timezone

from ecoledger.accounts.models import Organisation, Person
from ecoledger.listings import catalogue
from ecoledger.matters import actions, register
from ecoledger.matters.actions import many
from ecoledger.matters.models import Event, Matter, Notice
from ecoledger.registers.problems.problem_ledger import REGISTER
from ecoledger.web.matters import in_hand

NORTH, SOUTH = "990101001", "990101002"


@pytest.fixture
def late(county, monkeypatch) -> list[Matter]:
    """Six overdue matters of two books and two towns, handed to their towns; one more waits for the dispatcher."""
    monkeypatch.setattr(catalogue, "_listings", dict(catalogue._listings))
    other = register.declare(replace(REGISTER, key="other_book", pattern="册〔{year}〕{n}号"))
    south = Organisation.objects.create(name="南镇人民政府", kind="town", area_code=SOUTH)
    clerk = Person(
        username="south", name="南镇干事", roles=["town"], area_codes=[SOUTH], organisation=south
    )
    clerk.set_password("correct horse battery")
    clerk.save()
    units = {NORTH: Organisation.objects.get(name="北镇人民政府"), SOUTH: south}
    rows = []
    for book in (REGISTER, other):
        for town in (NORTH, NORTH, SOUTH):
            values = {"title": f"{town}第{len(rows)}件", "area_code": town, "origin_kind": "self"}
            matter = actions.open_matter(book, values, by=county.person("officer"))
            form = {"owner_organisation": str(units[town].pk), "measures": "清运"}
            by = county.person("dispatcher")
            many.perform_many(book, [matter.pk], "hand_over", by=by, form=form)
            rows.append(matter)
    values = {"title": "还没有交办", "area_code": NORTH, "origin_kind": "self"}
    rows.append(actions.open_matter(REGISTER, values, by=county.person("officer")))
    Matter.objects.update(due=timezone.now() - timedelta(days=9))
    Notice.objects.all().delete()
    return rows


def page_of(client: Client, address: str) -> lxml.html.HtmlElement:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return lxml.html.fromstring(answer.content)


def titles(page: lxml.html.HtmlElement) -> set[str]:
    return {a.text_content() for a in page.xpath("//ul[contains(@class, 'due-rows')]//a")}


def test_each_figure_of_the_first_page_opens_what_it_counts(late, signed_in):
    client = signed_in("leader")
    home = page_of(client, "/")
    (all_late,) = home.xpath("//p[@class='brief']//a[contains(text(), '7 件')]/@href")
    assert titles(page_of(client, all_late)) == {m.title for m in late}
    rows = home.xpath("//section[@id='places']//tbody/tr")
    counted = {}
    for row in rows:
        (door,) = row.xpath("td[@data-label='超期']/a")
        counted[row.xpath("string(td[1])")] = int(door.text_content())
        assert len(titles(page_of(client, door.get("href")))) == int(door.text_content())
    assert sorted(counted.values()) == [2, 5]


def test_each_figure_of_a_line_opens_what_it_counts(late, signed_in):
    client = signed_in("leader")
    line = page_of(client, "/lines/rectification")
    doors = line.xpath("//p[@class='brief']//a[contains(@href, 'in-hand')]")
    assert len(doors) == 2
    for door in doors:
        number = int(door.text_content().split()[0])
        assert len(titles(page_of(client, door.get("href")))) == number
    units = line.xpath("//table//tr[td[contains(., '北镇人民政府')]]//a/@href")
    assert [len(titles(page_of(client, url))) for url in units] == [4, 4]


def test_all_overdue_towns_are_pushed_in_two_clicks_from_the_first_page(late, signed_in):
    """Every book at once; what waits for the one who pushes is left out, and those told are named."""
    client = signed_in("dispatcher")
    (door,) = page_of(client, "/").xpath("//p[@class='brief']//a[contains(text(), '7 件')]/@href")
    (form,) = page_of(client, door).xpath("//form[@method='post'][.//textarea]")
    sent = dict(form.form_values()) | {"all": "1", "text": "请于周五前报进展"}
    # What will be left out is said before, by the rule by which it will be.
    asked = lxml.html.fromstring(client.post(form.get("action"), sent).content)
    assert not Event.objects.filter(transition="urge").exists()
    assert "将通知：北镇人民政府、南镇人民政府。" in asked.text_content()
    (left_out,) = asked.xpath("//*[@id='left-out']/tbody/tr")
    cells = [td.text_content() for td in left_out.xpath("td")]
    assert cells == ["正等您自己办理，不用催办。", "1", late[-1].number]
    (sure,) = asked.xpath("//button[@name='sure']/@value")
    said = client.post(form.get("action"), sent | {"sure": sure}, follow=True).content.decode()
    assert "已催办 6 件，已通知：北镇人民政府、南镇人民政府。" in said
    assert f"{late[-1].number}：正等您自己办理，不用催办。" in said
    assert Event.objects.filter(transition="urge").count() == 6
    north, south = (Person.objects.get(username=name) for name in ("town", "south"))
    assert Notice.objects.filter(person=north, text__contains="周五前").count() == 4
    assert Notice.objects.filter(person=south, text__contains="周五前").count() == 2
    # The way back is the list that was narrowed.
    assert "超期" in said


def test_a_push_says_what_the_pusher_may_do_himself(late, signed_in, county):
    """Two dispatchers share what waits for dispatchers: who pushes learns that it waits for him too."""
    other = Person(username="other", name="调度乙", roles=["dispatcher"], area_codes=["990101"],
                   organisation=county.person("dispatcher").organisation)  # fmt: skip
    other.set_password("correct horse battery")
    other.save()
    sent = {"ids": [late[0].pk, late[-1].pk], "text": "请速办", "back": "due=overdue"}
    said = signed_in("dispatcher").post("/my-work/in-hand/urge", sent, follow=True).content.decode()
    assert f"其中 1 件也等您办理，您可以自己办：{late[-1].number}。" in said


def test_what_was_said_today_is_foretold_as_left_out(late, signed_in):
    """Pushed a second time with the same words, nobody would be told: the page says so and offers no button."""
    client = signed_in("dispatcher")
    sent = {"ids": [late[0].pk, late[3].pk], "text": "请速办", "back": "due=overdue"}
    client.post("/my-work/in-hand/urge", sent)
    told = Notice.objects.count()
    asked = lxml.html.fromstring(client.post("/my-work/in-hand/urge", sent).content)
    rows = [tr.text_content().split() for tr in asked.xpath("//*[@id='left-out']/tbody/tr")]
    both = {late[0].number, late[3].number}
    assert [(why, n, set(which.split("、"))) for why, n, which in rows] == [
        ("今天您已用同样的话催办过。", "2", both)
    ]
    assert not asked.xpath("//button[@name='sure']")
    assert Notice.objects.count() == told


def test_the_first_page_counts_apart_what_is_decided_and_what_is_done(late, signed_in, county):
    """A town's report waits for a dispatcher's check, which is a decision; handing over is work. Each count opens its rows."""
    book = late[0].register
    reported = Matter.objects.filter(pk__in=[late[0].pk, late[1].pk])
    reported.filter(register=book).update(state="close_check")
    client = signed_in("dispatcher")
    page = page_of(client, "/")
    (brief,) = page.xpath("//p[@class='brief']")
    doors = {
        a.text_content(): a.get("href") for a in brief.xpath(".//a") if "turn=" in a.get("href")
    }
    words = brief.text_content().split("。")[0]
    for turn, word in (("decide", "等您定"), ("do", "等您办")):
        (count,) = [text for text, url in doors.items() if f"turn={turn}" in url]
        assert f"{count} {word}" in words
        rows = page_of(client, f"/my-work?turn={turn}").xpath("//table//tbody/tr")
        assert f"{len(rows)} 件" == count


def test_only_the_ticked_are_pushed_and_only_within_ones_scope(late, signed_in):
    sent = {"ids": [late[0].pk, late[3].pk], "text": "", "back": "due=overdue"}
    signed_in("dispatcher").post("/my-work/in-hand/urge", sent)
    assert set(Event.objects.filter(transition="urge").values_list("matter", flat=True)) == {
        late[0].pk,
        late[3].pk,
    }
    town = signed_in("town")
    assert "催办" not in page_of(town, "/my-work/in-hand").text_content()
    refused = town.post("/my-work/in-hand/urge", sent, follow=True).content.decode()
    assert "催办由局领导、科长或调度人员办理" in refused
    assert Event.objects.filter(transition="urge").count() == 2
    assert titles(page_of(town, "/my-work/in-hand")) == {
        m.title for m in late if m.area_code == NORTH
    }


def test_my_work_counts_all_that_is_asked_and_each_count_narrows(late, signed_in, monkeypatch):
    """However many rows are shown at first, the counts are of all of them."""
    monkeypatch.setattr("ecoledger.web.matters.my_work.AT_ONCE", 2)
    client = signed_in("town")
    page = page_of(client, "/my-work")
    counts = {
        a.text_content().strip(): a.get("href")
        for a in page.xpath("//div[@class='card-header']/a[contains(@class, 'chip')]")
    }
    assert set(counts) == {"超期 4 件", "整改中 4"}
    assert len(page.xpath("//table//tbody/tr")) == 2
    chosen = page_of(client, "/my-work" + counts["整改中 4"])
    (more,) = chosen.xpath("//div[@class='pager']/a/@href")
    assert len(page_of(client, "/my-work" + more).xpath("//table//tbody/tr")) == 4


def test_the_menu_opens_what_its_number_counts_nearest_due_first(late, signed_in, county):
    """The number beside a book of matters is of those in hand; behind it stand those, not the closed ones."""
    Matter.objects.filter(pk=late[0].pk).update(phase="closed", state="closed")
    Matter.objects.filter(pk=late[1].pk).update(due=timezone.now() - timedelta(days=90))
    client = signed_in("leader")
    (entry,) = page_of(client, "/lines/rectification").xpath(
        "//nav//a[contains(@href, '/matters/problem')]"
    )
    shown = page_of(client, entry.get("href"))
    rows = [a.text_content() for a in shown.xpath("//table//a[@class='title']")]
    assert f" {len(rows)}" in " ".join(entry.text_content().split())
    assert rows[0] == late[1].title
    assert late[0].title not in rows
    (view,) = shown.xpath("//nav[@class='views']//a[@aria-current]")
    assert view.text_content() == "在办"


def test_pushing_more_than_fifty_asks_once_before_it_is_done(late, signed_in, monkeypatch):
    monkeypatch.setattr(in_hand, "ASK_ABOVE", 5)
    client = signed_in("leader")
    sent = {"back": "due=overdue", "all": "1", "text": "请尽快办理"}
    before = Notice.objects.count()
    asked = client.post("/my-work/in-hand/urge", sent)
    assert asked.status_code == 200
    assert Notice.objects.count() == before
    page = lxml.html.fromstring(asked.content)
    (form,) = page.xpath("//main//form")
    said = {f.get("name"): f.get("value") for f in form.xpath(".//input")}
    (button,) = form.xpath(".//button[@name='sure']")
    assert f"确认催办 {button.get('value')} 件" in button.text_content()
    done = client.post(form.get("action"), said | {"sure": button.get("value")}, follow=True)
    assert "已催办 " in done.content.decode()
    assert Notice.objects.count() > before
    # What was agreed to were so many: of another number it is asked anew.
    assert client.post("/my-work/in-hand/urge", sent | {"sure": "5"}).status_code == 200
