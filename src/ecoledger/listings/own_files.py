"""The files of :mod:`.own_data` that a bureau reads, confirms and edits on the page 本局规则."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.listings.own_data import OWN_MARK
from ecoledger.listings.refusals import Refused


@dataclass(frozen=True, slots=True)
class Rules:
    """A file that a bureau reads and edits on the page 本局规则. ``room`` ships it under ``name``."""

    room: str
    name: str
    label: str
    own_name: str = ""
    # What else is wrong with a text that is written as the shipped one is.
    wrong: Callable[[dict[str, Any]], list[str]] | None = None

    @property
    def own(self) -> Path:
        """Where the bureau's own stands."""
        return Path(settings.PROFILE) / f"{self.own_name or self.name}.toml"

    @property
    def shipped(self) -> str:
        return (resources.files(self.room) / "data" / f"{self.name}.toml").read_text("utf-8")

    @property
    def text(self) -> str:
        """What is in force."""
        return self.own.read_text("utf-8") if self.own.is_file() else self.shipped

    @property
    def mark(self) -> str:
        """How sure its content is: the mark of the file, ``P`` once the bureau has made it its own."""
        said = re.search(r'^mark\s*=\s*"(.*?)"', self.text, re.M)
        return said[1] if said else ""

    @property
    def is_own(self) -> bool:
        return self.own.is_file()


_RULES: dict[str, Rules] = {}


def declare(rules: Rules) -> Rules:
    """Make a file known to the page."""
    _RULES[rules.own_name or rules.name] = rules
    return rules


def declared() -> dict[str, Rules]:
    return dict(_RULES)


def write(rules: Rules, text: str, *, by: Person) -> None:
    """Keep ``text`` as the bureau's own: what it says is the bureau's, its marks become :data:`OWN_MARK`.

    Raises :class:`Refused` where it is no TOML or lacks what the shipped one has.
    """
    text = re.sub(
        r'^mark\s*=\s*".*?"', f'mark = "{OWN_MARK}"', text.replace("\r\n", "\n"), flags=re.M
    )
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused(
            "form", _("不是正确的 TOML：%s") % error, _("请按原文件的写法修改。")
        ) from error
    wrong = unlike(said, tomllib.loads(rules.shipped))
    if rules.wrong is not None and not wrong:
        wrong = rules.wrong(said)
    if wrong:
        raise Refused("form", "；".join(wrong[:5]), _("请按原文件的写法修改。"))
    before, text = rules.text, text.rstrip() + "\n"
    rules.own.parent.mkdir(parents=True, exist_ok=True)
    part = rules.own.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(rules.own)
    details = {"file": rules.own.name, "before": before, "after": text}
    audit.record(by, "own_rules.write", None, details=details)


def unlike(said: Any, shipped: Any, where: str = "") -> list[str]:
    """Where ``said`` lacks a key of ``shipped``, holds another kind of value, or a number that is none of its size.

    Rows of a list may be any number; each is like one of the shipped rows.
    """
    if isinstance(shipped, dict):
        if not isinstance(said, dict):
            return [_("%s 应为一组设置") % where]
        wrong = [_("缺少 %s") % f"{where}{key}" for key in shipped if key not in said]
        for key in shipped.keys() & said.keys():
            wrong += unlike(said[key], shipped[key], f"{where}{key}.")
        return wrong
    if isinstance(shipped, list):
        if not isinstance(said, list):
            return [_("%s 应为一列") % where.rstrip(".")]
        lines: list[str] = []
        for n, row in enumerate(said, 1) if shipped else ():
            # The least that is wrong with it, beside any row that was shipped.
            beside: list[list[str]] = [unlike(row, like, f"{where}{n}.") for like in shipped]
            least = min(beside, key=len)
            lines += least
        return lines
    numbers = {type(said), type(shipped)} <= {int, float}
    if not numbers and type(said) is not type(shipped):
        return [_("%s 的取值类型不对") % where.rstrip(".")]
    # Days of such a number are counted by no calendar. What is no number is not less either.
    most = 100 * max(abs(shipped), 10) if numbers else 0
    floor = -most if numbers and shipped < 0 else 0
    if numbers and not floor <= said <= most:
        return [
            _("%(name)s 应在 %(least)s 到 %(most)s 之间")
            % {"name": where.rstrip("."), "least": floor, "most": most}
        ]
    return []
