"""Units as ledgers write them: 青岭镇人民政府, 青岭镇政府 and 青岭镇; 市住建局 for 市住房和城乡建设局; two in one cell.

Names are compared by a key (:func:`unit_key`): what the county, a tail or a short form adds or leaves out is gone from it.
Vocabulary: ``data/ledger_words.toml``. Practice of administrative tables; no standard governs it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from ecoledger.standards.rule_data import compiled
from ecoledger.standards.written_names import plain

_UNSEEN = re.compile(r"[\s\u200b-\u200f\u2060\ufeff\u00ad]+")
_BRACKETED = re.compile(r"\([^()]*\)")


@dataclass(frozen=True, slots=True)
class _Words:
    town_tails: tuple[str, ...]
    town_ends: tuple[str, ...]
    lead: re.Pattern[str]
    assist: re.Pattern[str]
    offices: tuple[tuple[str, str], ...]  # (a name, the office's own name), the longest first


def _longest_first(words: Any) -> tuple[str, ...]:
    return tuple(sorted(words, key=len, reverse=True))


@compiled("ledger_words")
def _words(content: dict[str, Any]) -> _Words:
    units = content["units"]
    offices = [
        (name, office) for office, others in units["offices"].items() for name in (office, *others)
    ]
    return _Words(
        _longest_first(units["town_tails"]),
        _longest_first(units["town_ends"]),
        re.compile("|".join(_longest_first(units["lead_marks"]))),
        re.compile("|".join(_longest_first(units["assist_marks"]))),
        tuple(sorted(offices, key=lambda pair: -len(pair[0]))),
    )


def unit_key(name: Any) -> str:
    """What tells a unit from another, however its name is written; "" for an empty name.

    A town is its name without 镇, 街道 and 人民政府, so that a town made a sub-district (撤镇设街道) is still found; an
    office is its full official name without the county before it.

    >>> unit_key("青岭镇党委、政府") == unit_key("青岭镇") == unit_key("青岭街道办事处")
    True
    >>> unit_key("市住建局") == unit_key("安澜市住房和城乡建设局")
    True
    """
    words = _words()
    text = plain(name)
    bare = _BRACKETED.sub("", text) or text
    for tail in words.town_tails:
        if bare.endswith(tail) and len(bare) - len(tail) >= 2:
            bare = bare[: -len(tail)]
            break
    for called, office in words.offices:
        if bare.endswith(called) and len(bare) - len(called) <= 8 and not _is_town(bare, words):
            return office
    for end in words.town_ends:
        if bare.endswith(end) and len(bare) - len(end) >= 1:
            return re.sub(r"^.{2,4}?[市县区](?=.{2})", "", bare[: -len(end)])
    return bare


def _is_town(text: str, words: _Words) -> bool:
    return text.endswith(words.town_ends)


# The comma inside one name.
_ONE = (("党委、政府", "党委政府"), ("党工委、办事处", "党工委办事处"), ("党委、人民政府", "党委人民政府"), ("党工委、管委会", "党工委管委会"))  # fmt: skip
_MARK_BEHIND = re.compile(r"\((牵头|主办|主责|配合|协办|协助)(?:单位)?\)")
_MARKED_BRACKET = re.compile(r"\(((?:牵头|主办|配合|协办|协助|指导|监管)[^()]*)\)")
_APART = re.compile(r"[、,，;；/|\n\r]+|(?<=[局镇乡委道府处会院])[和与及](?=.{2,})")


@dataclass(frozen=True, slots=True)
class Units:
    """Who answers and who helps, as they are written in a cell."""

    lead: str = ""
    assisting: tuple[str, ...] = ()


def split_units(cell: Any) -> Units:
    """The units of a cell: the one that leads, and the others.

    >>> split_units("市住建局、青岭镇党委、政府")
    Units(lead='市住建局', assisting=('青岭镇党委政府',))
    >>> split_units("配合单位：市水利局；牵头单位：石桥镇")
    Units(lead='石桥镇', assisting=('市水利局',))
    """
    words = _words()
    text = unicodedata.normalize("NFKC", str(cell or "")).strip()
    for written, kept in _ONE:
        text = text.replace(written, kept)
    text = _MARK_BEHIND.sub(r"\1", text)
    text = _MARKED_BRACKET.sub(r"；\1", text)
    leads: list[str] = []
    assisting: list[str] = []
    rest: list[str] = []
    now = rest
    for part in _APART.split(text):
        part = _UNSEEN.sub("", part)
        marked = part
        if words.assist.search(part):
            marked, now = words.assist.sub("", part), assisting
        elif words.lead.search(part):
            marked, now = words.lead.sub("", part), leads
        name = marked.strip(":()。. ")
        if not name:
            continue
        now.append(name)
        # 市住建局(牵头)、青岭镇: what follows a leader that was marked behind its name is not marked.
        if now is leads and not re.match(r"[^:]{2,6}:", part):
            now = rest
    ordered = [*leads, *rest, *assisting]
    return Units(ordered[0], tuple(dict.fromkeys(ordered[1:]))) if ordered else Units()
