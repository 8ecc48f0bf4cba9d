"""The pages a declared list gets from its declaration alone."""

from __future__ import annotations

import io
from threading import Thread

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Enterprise
from ecoledger.listings import catalogue
from ecoledger.listings.listing import Column, Filter, Listing, View
from ecoledger.listings.models import SavedView, Submission, Taste
from ecoledger.listings.parts import Import
from ecoledger.registers.problems.problem_ledger import Problem
from ecoledger.web.listings import pages

FIRMS = Listing(
    key="firms-in-test",
    label="测试企业台账",
    model=Enterprise,
    columns=("code", Column("name", narrow=True), "area_code", "is_key", "phone"),
    lead="name",
    under=("code", "address"),
    filters=("area_code", "is_key", Filter("made", "登记时间", path="created_at"), "industry_code"),
    search=("name", "code", "phone"),
    fields=("code", "name", "area_code", "address", "is_key", "phone"),
    batch=("address",),
    hidden={"phone": "see_complainants"},
    views=(View("key", "重点", {"is_key": "1"}),),
    imports=Import(key=("code",), headers={"name": ("企业名称",), "area_code": ("镇街",)}),
    see="see_monitoring",
    enterprise="code",
    edit=frozenset({Role.MONITOR, Role.DISPATCHER}),
    empty="还没有测试企业。",
)


@pytest.fixture(autouse=True)
def declared(monkeypatch):
    monkeypatch.setitem(catalogue._listings, FIRMS.key, FIRMS)


@pytest.fixture
def at(client, bureau):
    """``at("monitor")`` signs in and gives a client."""

    def sign_in(role: str = "monitor") -> Client:
        client.force_login(bureau.people[role])
        return client

    return sign_in


def text(response) -> str:
    return response.content.decode()


def test_the_list_shows_filters_and_opens_rows(at, bureau):
    client = at()
    shown = text(client.get("/b/firms-in-test"))
    assert bureau.enterprise.name in shown
    assert "共 1 条" in shown
    assert "重点" in shown
    assert "联系电话" not in shown  # hidden from this role
    assert "联系电话" in text(at("dispatcher").get("/b/firms-in-test"))
    none = text(client.get("/b/firms-in-test?q=没有这家"))
    assert "清除条件" in none
    row = text(client.get(f"/b/firms-in-test/{bureau.enterprise.pk}"))
    assert bureau.enterprise.name in row


@pytest.mark.parametrize("query", ["", "?sort=name", "?sort=-code", "?page=9", "?exact=1", "?area_code=990101001&area_code=990101002",
                                   "?is_key=0&made_from=2020-01-01&made_to=x", "?sort=phone&q=%C2%B2", "?page=²"])  # fmt: skip
def test_any_address_of_the_list_is_answered(at, query):
    assert at().get(f"/b/firms-in-test{query}").status_code == 200


def test_who_may_not_see_it_knows_nothing_of_it(at, bureau):
    assert at("audit_admin").get("/b/firms-in-test").status_code == 404
    assert at("monitor").get("/b/no-such-list").status_code == 404
    assert at("enterprise").get("/b/firms-in-test/new").status_code == 403


def test_a_row_is_entered_and_changed_by_its_form(at, bureau):
    client = at()
    values = {
        "code": "E-50",
        "name": "新厂",
        "area_code": "北镇",
        "address": "一号路",
        "is_key": "1",
    }
    wrong = text(client.post("/b/firms-in-test/new", values | {"area_code": "外县"}))
    assert "外县" in wrong
    assert 'value="新厂"' in wrong  # kept as typed
    sent = client.post("/b/firms-in-test/new", values)
    firm = Enterprise.objects.get(code="E-50")
    assert sent["Location"] == f"/b/firms-in-test/{firm.pk}"
    assert (firm.area_code, firm.is_key) == ("990101001", True)
    client.post(f"/b/firms-in-test/{firm.pk}/edit", values | {"name": "新厂二部"})
    firm.refresh_from_db()
    assert firm.name == "新厂二部"


def test_a_form_sent_twice_makes_one_row_and_leads_to_it(at, bureau):
    client = at("dispatcher")
    form = text(client.get(reverse("matter-new", args=["problem"])))
    key = form.split('name="submission" value="')[1][:32]
    values = {"origin_kind": "self", "title": "一次", "area_code": "990101001", "submission": key}
    first = client.post(reverse("matter-new", args=["problem"]), values)
    second = client.post(reverse("matter-new", args=["problem"]), values)
    assert Problem.objects.filter(title="一次").count() == 1
    assert first["Location"] == second["Location"]
    # A form with a mistake is no sending: put right, it makes its row.
    bad = client.post(
        reverse("matter-new", args=["problem"]), {"title": "", "submission": "f" * 32}
    )
    assert bad.status_code == 200
    assert not Submission.objects.filter(key="f" * 32).exists()
    assert f'value="{"f" * 32}"' in text(bad)


@pytest.mark.django_db(transaction=True)
def test_two_sendings_at_once_make_one_row(bureau):
    values = {"code": "E-60", "name": "同时", "area_code": "990101001", "submission": "a" * 32}
    answers = []

    def send() -> None:
        client = Client()
        client.force_login(bureau.people["monitor"])
        answers.append(client.post("/b/firms-in-test/new", values))
        connection.close()

    threads = [Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [a.status_code for a in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Enterprise.objects.filter(name="同时").count() == 1


def test_many_rows_are_changed_at_once(at, bureau):
    ids = [
        Enterprise.objects.create(code=f"E-7{n}", name=f"厂{n}", area_code="990101001").pk
        for n in (1, 2)
    ]
    at().post("/b/firms-in-test/batch", {"ids": ids, "address": "新路"})
    assert set(Enterprise.objects.filter(pk__in=ids).values_list("address", flat=True)) == {"新路"}


def test_the_list_leaves_as_a_workbook_with_its_columns(at, bureau):
    sent = at().get("/b/firms-in-test/export.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(sent.content), read_only=True)
    heads = next(book.active.iter_rows(min_row=2, max_row=2, values_only=True))
    assert heads[:2] == ("对象编码", "名称")
    assert "联系电话" not in heads


def test_the_map_gets_the_rows_with_a_place(at, bureau):
    Enterprise.objects.filter(pk=bureau.enterprise.pk).update(lon=118.6, lat=24.9)
    layer = at().get("/b/firms-in-test/map.geojson").json()
    assert [f["properties"]["url"] for f in layer["features"]] == [
        f"/b/firms-in-test/{bureau.enterprise.pk}"
    ]


def test_a_view_and_columns_are_kept_for_their_person(at, bureau):
    client = at()
    before = text(client.get("/b/firms-in-test"))
    client.post("/b/firms-in-test/views", {"name": "北镇的", "back": "area_code=990101001"})
    assert "北镇的" in text(client.get("/b/firms-in-test"))
    client.post(
        "/b/firms-in-test/taste", {"columns": ["name", "phone"], "compact": "1", "back": ""}
    )
    assert Taste.objects.get().columns == ["name"]  # a hidden column is not to be had this way
    shown = text(client.get("/b/firms-in-test"))
    assert "table-sm" in shown
    assert 0 < shown.count("<th") < before.count("<th")
    assert "北镇的" not in text(at("dispatcher").get("/b/firms-in-test"))
    client = at()
    client.post("/b/firms-in-test/views", {"delete": SavedView.objects.get().pk})
    assert not SavedView.objects.exists()


def test_a_shared_view_stays_within_its_organisation(at, people):
    """Its name and its conditions may tell what a firm or a town is not to know."""
    shared = {"name": "拟立案", "back": "q=拟立案的一家", "shared": "1"}
    at("monitor").post("/b/firms-in-test/views", shared)
    house = Organisation.objects.create(name="青溪县局", kind="bureau", area_code="990101")
    other = Organisation.objects.create(name="北镇", kind="town", area_code="990101001")
    for name, organisation in (("monitor", house), ("dispatcher", house), ("grid", other)):
        Person.objects.filter(pk=people[name].pk).update(organisation=organisation)
    assert "拟立案" in text(at("dispatcher").get("/b/firms-in-test"))
    assert "拟立案" not in text(at("grid").get("/b/firms-in-test"))
    Person.objects.update(organisation=None)  # nobody's house is no house of all
    assert "拟立案" not in text(at("dispatcher").get("/b/firms-in-test"))


def test_a_person_keeps_only_so_many_views(at):
    for n in range(pages.MOST_VIEWS + 1):
        at().post("/b/firms-in-test/views", {"name": f"视图{n}", "back": ""})
    assert SavedView.objects.count() == pages.MOST_VIEWS


def test_words_longer_than_any_name_are_no_fault(at):
    assert at().get("/b/firms-in-test", {"q": "a" * 60_000}).status_code == 200


def test_a_table_is_imported_with_preview_and_taken_back(at, bureau):
    client = at()
    file = io.BytesIO("对象编码,企业名称,镇街\nE-80,甲厂,北镇\nE-81,,北镇\n".encode())
    file.name = "企业.csv"
    sent = client.post("/b/firms-in-test/import", {"file": file})
    assert "甲厂" in text(client.get(sent["Location"]))
    assert not Enterprise.objects.filter(code="E-80").exists()
    client.post(f"{sent['Location']}/accept")
    assert Enterprise.objects.get(code="E-80").name == "甲厂"
    assert client.get(f"{sent['Location']}/errors.xlsx").status_code == 200
    client.post(f"{sent['Location']}/undo")
    assert not Enterprise.objects.filter(code="E-80").exists()
    assert client.get("/b/firms-in-test/import/template.xlsx").status_code == 200


def test_rows_are_offered_while_one_types(at, bureau):
    Organisation.objects.create(name="石桥镇人民政府", kind="town", area_code="990101")
    client = at()
    assert "石桥镇人民政府" in text(client.get("/lookup/organisation?owner_organisation_text=石桥"))
    assert "没有找到" in text(client.get("/lookup/organisation?q=火星"))
    assert bureau.enterprise.name in text(client.get(f"/lookup/entity?q={bureau.enterprise.code}"))
    assert client.get("/lookup/nothing").status_code == 404


def test_an_empty_list_does_not_deny_what_lies_outside_the_persons_scope(at):
    address = reverse("book", args=[FIRMS.key])
    own = Enterprise.objects.filter(area_code__startswith="990101001")
    own.update(area_code="990101002")
    page = at("town").get(address).content.decode()
    assert "您的范围内没有内容。" in page
    assert "还没有测试企业" not in page
