"""Filling in the forms that a page shows, without a browser: what a page does not offer cannot be sent."""

from __future__ import annotations

import re
from typing import Any

import httpx
import lxml.html
from tests.path.house import Visitor


class NoSuchForm(AssertionError):  # noqa: N818 - the page does not offer it
    """The page shows no form of that address, or no field of that name."""


def _page(answer: httpx.Response) -> Any:
    # A form that was refused is shown again with what is wrong of it.
    assert answer.status_code in (200, 422), f"{answer.url}: {answer.status_code}"
    return lxml.html.fromstring(answer.text)


def _path(address: str) -> str:
    return re.split(r"[?#]", address)[0]


def open_page(visitor: Visitor, address: str) -> Any:
    """The page at ``address``, as the person sees it."""
    return _page(visitor.get(address, follow_redirects=True))


def submit(
    visitor: Visitor,
    address: str,
    action: str,
    values: dict[str, Any] | None = None,
    *,
    button: str = "",
    files: list[tuple[str, bytes, str]] | None = None,
) -> None:
    """Fill in the form whose address ends with ``action`` on the page at ``address``, and send it; it is taken.

    A field is named by the end of its name. ``button``: the value of the button that is pressed.
    """
    answer = _sent(visitor, address, action, values, button, files)
    assert answer.is_redirect, f"{action} was not taken: {_complaints(answer)}"


def page_after(
    visitor: Visitor,
    address: str,
    action: str,
    values: dict[str, Any] | None = None,
    *,
    button: str = "",
    files: list[tuple[str, bytes, str]] | None = None,
) -> Any:
    """As :func:`submit`; the page that comes next, also where the form was refused."""
    answer = _sent(visitor, address, action, values, button, files)
    while answer.next_request is not None:
        answer = visitor.send(answer.next_request)
    return _page(answer)


def _sent(
    visitor: Visitor,
    address: str,
    action: str,
    values: dict[str, Any] | None,
    button: str,
    files: list[tuple[str, bytes, str]] | None,
) -> httpx.Response:
    page = open_page(visitor, address)
    forms = [f for f in page.forms if _path(f.action or address).endswith(_path(action))]
    if not forms:
        raise NoSuchForm(f"{address} shows no form {action!r}: {[f.action for f in page.forms]}")
    form = forms[0]
    data: dict[str, Any] = {name: value for name, value in form.form_values() if value is not None}
    for name, value in (values or {}).items():
        fields = [n for n in form.fields if n and re.search(rf"(^|-){re.escape(name)}$", n)]
        if not fields:
            raise NoSuchForm(f"{action} asks no {name!r}: {sorted(filter(None, form.fields))}")
        data[fields[0]] = value
    if button:
        pressed = form.xpath(f".//button[@value='{button}']")
        if not pressed:
            raise NoSuchForm(f"{action} has no button {button!r}")
        data[pressed[0].get("name")] = button
    sent = [("files", file) for file in files or []]
    return visitor.post(form.action or address, data=data, files=sent or None)


def _complaints(answer: httpx.Response) -> str:
    """What the page says is wrong."""
    said = lxml.html.fromstring(answer.text or "<p>").xpath("//*[@role='alert']")
    return f"{answer.status_code} " + " ".join(text(alert) for alert in said)


def text(page: Any) -> str:
    """What the page says, white space folded."""
    body = page.xpath("//main | //*[@id='content']")
    return re.sub(r"\s+", " ", (body[0] if body else page).text_content())
