"""What somebody finds who looks everywhere: pages, the interface, exports, search, the map, notices, look-ups."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from urllib.parse import quote

from django.test import Client
from pypdf import PdfReader


def signed_in(people: dict[str, Any], names: tuple[str, ...]) -> dict[str, Client]:
    """A browser of each, signed in."""
    clients = {}
    for name in names:
        clients[name] = Client(raise_request_exception=True)
        clients[name].force_login(people[name])
    return clients


def places(register: str, pk: int, words: str, number: str, entity: int | None = None) -> list[str]:
    """Addresses under which a matter, its number or its words may show."""
    word, book = quote(words), f"/matters/{register}"
    found = [
        book, f"{book}?q={word}", f"{book}/{pk}", f"{book}/{pk}/timeline", f"{book}/statistics",
        f"{book}/export.xlsx", f"{book}/map.geojson", f"{book}?merged=all&sort=number",
        f"{book}/{pk}/book.pdf", f"{book}/{pk}/print", f"{book}/export.csv", "/documents/drafts", "/help",
        f"/api/v1{book}", f"/api/v1{book}/{pk}", "/my-work", "/my-work/list", "/", "/notices",
        f"/search?q={word}", f"/search/hits?q={word}", f"/search/hits?q={quote(number)}",
        "/map.geojson?layers=matters", f"/lookup/{register}?q={word}", "/documents", "/cockpit",
        "/lines/enforcement", "/archive", "/public/draws", "/own-rules",
    ]  # fmt: skip
    if register == "penalty_case":
        found += [f"/enforcement/cases/{pk}/discretion", f"/enforcement/cases/{pk}/book.pdf",
                  f"{book}/{pk}/lines/items", "/matters/correction_order", "/matters/file_review",
                  "/matters/production_order", "/b/credit_entry", "/enforcement/reviews/draw"]  # fmt: skip
    if entity is not None:
        found.append(f"/entities/{entity}")
    return found


def told(client: Client, address: str, asked: str = "") -> str:
    """All that an answer says, whatever its kind; what was typed into the address is not told."""
    answer = client.get(address)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"".join(book.read(name) for name in book.namelist())
    if content[:4] == b"%PDF":
        # Pages hold their letters packed.
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
        content += text.encode()
    said = content.decode("utf-8", "replace")
    # A search page repeats the question.
    return said.replace(asked, "") if asked else said
