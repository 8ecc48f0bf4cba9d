"""Ways to the province's service hall and platform of visits (mechanism G10): addresses that the bureau sets, none invented."""

from __future__ import annotations

import re
from string import Formatter
from typing import Any
from urllib.parse import quote, urlsplit

from django.utils.translation import gettext as _

from ecoledger.listings import own_data, own_files

ROOM, NAME = "ecoledger.registers.enforcement", "service_hall"
PLACES = ("visit", "firm")
WORDS = ("uscc", "name", "code", "number")


def wrong(said: dict[str, Any]) -> list[str]:
    """What is no address of a page, or asks for a word that nobody knows."""
    faults = []
    for place in PLACES:
        address = str(said[place]["address"]).strip()
        if not address:
            continue
        try:
            parts = [part for part in Formatter().parse(address) if part[1] is not None]
            asked = {
                str(word) if not (spec or turn) else f"{word}:{spec}"
                for _text, word, spec, turn in parts
            }
        except ValueError:
            asked = {address}
        if unknown := sorted(asked - set(WORDS)):
            faults.append(
                _("%(place)s.address 的占位符不对：%(words)s")
                % {"place": place, "words": "、".join(f"{{{word}}}" for word in unknown)}
            )
        elif not _is_page(address):
            faults.append(
                _("%s.address 应为以 https:// 开头的完整网址，占位符不放在主机名里") % place
            )
    return faults


def _is_page(address: str) -> bool:
    """Whether it is a whole address of one fixed host."""
    try:
        parts = urlsplit(address)
        return (
            parts.scheme == "https"
            and parts.hostname is not None
            and parts.netloc == parts.netloc.strip("@ ")
            and not set(parts.netloc) & set("{}@")
            and (parts.port is None or parts.port > 0)
            and not re.search(r"\s", address)
        )
    except ValueError:
        return False


def link(place: str, entity: Any = None, number: str = "") -> dict[str, str] | None:
    """Label and address of the way from a page, filled for the firm and matter; none where the bureau set none."""
    said = own_data.read(ROOM, NAME)
    if wrong(said) or not (address := said[place]["address"].strip()):
        return None
    firm = getattr(entity, "enterprise", None)
    own = getattr(firm, "as_enterprise", firm)
    words = {
        "uscc": getattr(own, "uscc", ""), "name": getattr(firm, "name", "") or getattr(entity, "name", ""),
        "code": getattr(firm, "code", "") or getattr(entity, "code", ""), "number": number,
    }  # fmt: skip
    filled = address.format(
        **{name: quote(str(word or ""), safe="") for name, word in words.items()}
    )
    return {"label": said[place]["label"], "address": filled}


own_files.declare(own_files.Rules(ROOM, NAME, "省级政务服务大厅、检查平台入口", wrong=wrong))
