"""The bureau's own rules of rating: whose scoring holds here, what counts as which behaviour, what a level means in a draw."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.listings import own_data, own_files
from ecoledger.standards import credit, credit_repair

ROOM = "ecoledger.registers.credit"
# The colours of levels as the standards name them, and as they are kept.
COLOURS = {"绿": "green", "蓝": "blue", "黄": "yellow", "红": "red", "黑": "black"}
FROM = ("penalty", "problem", "self_check")


def _wrong(said: dict[str, Any]) -> list[str]:
    """What is wrong with a text that is written as the shipped one is."""
    if said["place"] not in credit.places():
        return [_("没有“%s”的计分标准") % said["place"]]
    known = set(credit.rules(said["place"], timezone.localdate()).behaviours)
    wrong = []
    for number, row in enumerate(said["feed"], 1):
        if row.get("from") not in FROM:
            wrong.append(_("第 %d 条记分来源：from 只能是 penalty、problem、self_check") % number)
        if row.get("behaviour") not in known:
            wrong.append(_("第 %d 条记分来源：计分标准里没有这种行为") % number)
        if row.get("class") not in ("", "minor", "general", "serious"):
            wrong.append(_("第 %d 条记分来源：class 只能是 minor、general、serious 或空") % number)
    return wrong


own_files.declare(own_files.Rules(ROOM, "credit_rating", "信用评价记分来源和应用", wrong=_wrong))


def said() -> dict[str, Any]:
    """The rules in force."""
    return own_data.read(ROOM, "credit_rating")


def place() -> str:
    """Whose scoring rules hold here."""
    return str(said()["place"])


def rules_on(day: date) -> credit.Rules:
    """The scoring rules in force on ``day``."""
    return credit.rules(place(), day)


def behaviours() -> tuple[tuple[str, str], ...]:
    """Code and name of every behaviour that the rules of today list."""
    return tuple((b.code, b.name) for b in rules_on(timezone.localdate()).behaviours.values())


def levels() -> tuple[credit.Level, ...]:
    """The levels of today's rules, best first."""
    return rules_on(timezone.localdate()).levels


def level_called(words: str) -> credit.Level | None:
    """The level that is called so, in full or as people say it (诚信, 良好, 蓝)."""
    words = words.strip()
    for level in levels():
        short = level.name.removeprefix("环保").removesuffix("企业")
        if words and words in (level.name, short, level.colour, f"{level.colour}色"):
            return level
    return None


def window(key: str, document: date, on: date) -> credit_repair.Window | None:
    """The days of a record's repair; ``None`` where it has no class or no rule is on file."""
    try:
        return credit_repair.window(key, document, on) if key else None
    except LookupError:
        return None


def drawn_as(colour: str) -> str:
    """What a level's colour is in the list of objects of random checks; "" where the rules do not say."""
    return str(said()["draw"].get(colour, ""))
