"""帮助: made from the declarations, of what a person may open, found by words, in both languages."""

from __future__ import annotations

import lxml.html
import pytest
from django.test import Client

from ecoledger.accounts.roles import Role
from ecoledger.listings.catalogue import all_listings
from ecoledger.web.help.words import MAY, OF_KINDS, PAGE_TYPES
from ecoledger.web.navigation import KINDS
from ecoledger.web.urls import urlpatterns

pytestmark = pytest.mark.django_db


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    page = lxml.html.fromstring(answer.content)
    return " ".join(page.find(".//main").text_content().split())


@pytest.fixture
def as_(people):
    def sign_in(name):
        client = Client()
        client.force_login(people[name])
        return client

    return sign_in


def test_a_role_is_told_its_steps_its_terms_and_its_books(as_):
    said = text(as_("town"), "/help/role/town")
    assert "问题一本账" in said
    assert "销号" in said
    assert "没有信号也能填写" in said


def test_a_book_is_told_from_its_declaration(as_):
    said = text(as_("dispatcher"), "/help/book/problem")
    assert "→ 交办" in said
    assert "个工作日" in said
    assert "也认得：" in said
    assert "照常填写提交" in said


def test_what_one_may_not_open_one_is_not_told_of(as_):
    client = as_("enterprise")
    assert client.get("/help/book/discipline_problem").status_code == 404
    assert client.get("/help/role/leader").status_code == 404
    assert "巡察整改台账" not in text(client, "/help")
    # Who a complainant is stands only in the help of those who may know it.
    assert "举报人 " not in text(as_("officer"), "/help/book/complaint").partition("登记时填")[2]


def test_every_role_page_and_book_has_its_help_in_both_languages(as_, people):
    client = as_("dispatcher")
    for one in PAGE_TYPES:
        assert len(text(client, f"/help/page/{one.key}")) > 60
    opened = [one for one in all_listings() if people["dispatcher"].may(one.see)]
    for listing in opened:
        assert client.get(f"/help/book/{listing.key}").status_code in (200, 404), listing.key
    client.cookies["django_language"] = "en"
    pages = [f"/help/page/{one.key}" for one in PAGE_TYPES]
    said = " ".join(text(client, address) for address in (*pages, "/help/role/dispatcher"))
    # The name of the bureau at the head of what is printed is data.
    said = said.replace("测试县生态环境局", "").replace("调度人员甲", "")
    chinese = {letter for letter in said if "一" <= letter <= "鿿"}
    assert chinese == set()
    assert client.get("/help/handbook").status_code == 200


def test_it_is_searched(as_):
    client = as_("town")
    assert "没有信号" in text(client, "/help?q=没有信号")
    assert "问题一本账" in text(client, "/help?q=问题一本账+销号")
    assert "帮助里没有“大熊猫”" in text(client, "/help?q=大熊猫")


def test_each_page_leads_to_its_own_help(as_):
    client = as_("dispatcher")
    for address, help_address in (
        ("/matters/problem", "/help/book/problem"),
        ("/my-work", "/help/page/my-work"),
        ("/map", "/help/page/map"),
        ("/account", "/help"),
    ):
        page = lxml.html.fromstring(client.get(address).content)
        assert page.xpath("//a[contains(@class,'help-here')]/@href") == [help_address]


def test_the_declared_kinds_rights_and_addresses_are_all_in_the_help():
    names = {pattern.name for pattern in urlpatterns if getattr(pattern, "name", None)}
    assert set(OF_KINDS) == set(KINDS) - {"Page"}
    from ecoledger.accounts.roles import CAPABILITIES

    assert set(MAY) == set(CAPABILITIES)
    assert {n for one in PAGE_TYPES for n in one.of if "-" not in n and n in names}
    assert {role.value for role in Role}
