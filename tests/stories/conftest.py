"""A bureau whose people do their work through the running application: one server a module, pages, files, commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser import opened
from tests.path import county
from tests.path.conftest import built, house, visitor  # noqa: F401  # the small county
from tests.path.house import PATIENCE, House, Visitor
from tests.stories.pages import open_page, submit

BUREAU = "测试县生态环境局"
FIRST, OWN = "Qingxi-2026-he!", "Qingxi-2026-shan!"
expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened() as started:
        yield started


@pytest.fixture(scope="module")
def page_of(
    browser: Browser,
    house: House,  # noqa: F811
    visitor: Callable[[str], Visitor],  # noqa: F811
) -> Iterator[Callable[..., Page]]:
    """``page_of("officer")``: a page in that person's own browser, signed in; ``phone=True`` for a phone's."""
    contexts = []

    def page(username: str, *, phone: bool = False) -> Page:
        width, height = (390, 844) if phone else (1440, 900)
        context = browser.new_context(
            base_url=house.http,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport={"width": width, "height": height},
            has_touch=phone,
        )
        context.set_default_timeout(PATIENCE * 1000)
        session = visitor(username).cookies["sessionid"]
        context.add_cookies([{"name": "sessionid", "value": session, "url": house.http}])
        contexts.append(context)
        return context.new_page()

    yield page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def hired(
    house: House,  # noqa: F811
    visitor: Callable[[str], Visitor],  # noqa: F811
) -> Iterator[Callable[..., Visitor]]:
    """``hired("approver", "审批员甲")``: somebody of that role, put on record by the security administrator and signed in."""
    people: dict[str, Visitor] = {}

    def hire(
        role: str, name: str, *, area: str = county.COUNTY, organisation: str = BUREAU
    ) -> Visitor:
        if name not in people:
            username, security = f"{role}{len(people) + 1}", visitor("security")
            page = open_page(security, "/people/new")
            (unit,) = page.xpath(f"//option[normalize-space()='{organisation}']/@value")
            submit(security, "/people/new", "/people/new", {
                "username": username, "name": name, "organisation": unit, "roles": [role],
                "area_codes": area, "password": FIRST,
            })  # fmt: skip
            people[name] = with_own_password(Visitor(house, username, FIRST), FIRST)
        return people[name]

    yield hire
    for person in people.values():
        person.close()


def with_own_password(person: Visitor, first: str) -> Visitor:
    """Somebody who has signed in with the password he was given, once he has set one of his own."""
    own = {"old_password": first, "new_password1": OWN, "new_password2": OWN}
    page = open_page(person, "/account")
    form = next(form for form in page.forms if "new_password1" in form.fields)
    submit(person, "/account", form.action or "/account", own)
    return person
