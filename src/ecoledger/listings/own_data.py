"""What ships as data and a bureau may change: a file of the same name in its profile takes the shipped one's place.

What it changes on a page goes through :func:`write`, with the texts before and after on the audit trail.
"""

from __future__ import annotations

<<<<<<< HEAD
import json
import tomllib
from collections.abc import Mapping
=======
import hashlib
import re
import tomllib
from dataclasses import dataclass
>>>>>>> c6ba1686 (Let a bureau read, confirm and change its rules on a page; hold messy exports and more clocks by tests)
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.listings.refusals import Refused

OWN_MARK = "P"

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person

# The mark of what a bureau has said itself.
OWN_MARK = "P"


def read(room: str, name: str, *, own_name: str = "") -> dict[str, Any]:
    """Content of ``<name>.toml``: the bureau's own, else the one in ``data/`` of ``room`` ("ecoledger.registers.air").

    ``own_name``: its name in the profile, where another room ships one of the same name. Raises
    ``tomllib.TOMLDecodeError`` when the bureau's own cannot be read.
    """
    own = Path(settings.PROFILE) / f"{own_name or name}.toml"
    if own.is_file():
        return _read(str(own), own.stat().st_mtime_ns)
    return _read(str(resources.files(room) / "data" / f"{name}.toml"), 0)


@lru_cache(maxsize=64)
def _read(path: str, _changed: int) -> dict[str, Any]:
    """A file's content; read again when it has changed."""
    return tomllib.loads(Path(path).read_text(encoding="utf-8"))


<<<<<<< HEAD
def write(name: str, said: Mapping[str, Any], *, by: Person) -> None:
    """Keep ``<name>.toml`` in the profile: whole or not at all."""
    folder = Path(settings.PROFILE)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    text = _toml(said)
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
    audit.record(
        by, "修改考核规则", None, details={"file": path.name, "before": before, "after": text}
    )


def _toml(said: Mapping[str, Any]) -> str:
    """Scalars, then tables of scalars and lists: what these files hold. JSON's strings and lists are TOML's."""
    lines = [
        f"{key} = {json.dumps(value, ensure_ascii=False)}"
        for key, value in said.items()
        if not isinstance(value, list)
    ]
    for key, tables in said.items():
        if isinstance(tables, list):
            for table in tables:
                lines += ["", f"[[{key}]]"]
                lines += [f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in table.items()]
    return "\n".join(lines) + "\n"
=======
# ---- edited on a page ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rules:
    """A file that a bureau reads and edits on the page 本局规则. ``room`` ships it under ``name``."""

    room: str
    name: str
    label: str
    own_name: str = ""

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
    if wrong := unlike(said, tomllib.loads(rules.shipped)):
        raise Refused("form", "；".join(wrong[:5]), _("请按原文件的写法修改。"))
    before = hashlib.sha256(rules.text.encode()).hexdigest()
    rules.own.parent.mkdir(parents=True, exist_ok=True)
    rules.own.write_text(text.rstrip() + "\n", encoding="utf-8")
    after = hashlib.sha256(text.encode()).hexdigest()
    audit.record(
        by, "own_rules.write", None, details={"rules": rules.name, "before": before, "after": after}
    )


def unlike(said: Any, shipped: Any, where: str = "") -> list[str]:
    """Where ``said`` lacks a key of ``shipped`` or holds another kind of value; rows of a list may be any number."""
    if isinstance(shipped, dict):
        if not isinstance(said, dict):
            return [_("%s 应为一组设置") % where]
        wrong = [_("缺少 %s") % f"{where}{key}" for key in shipped if key not in said]
        for key in shipped.keys() & said.keys():
            wrong += unlike(said[key], shipped[key], f"{where}{key}.")
        return wrong
    if isinstance(shipped, list):
        return [] if isinstance(said, list) else [_("%s 应为一列") % where.rstrip(".")]
    numbers = (int, float)
    same = type(said) is type(shipped) or (
        isinstance(said, numbers) and isinstance(shipped, numbers) and type(said) is not bool
    )
    return [] if same else [_("%s 的取值类型不对") % where.rstrip(".")]
>>>>>>> c6ba1686 (Let a bureau read, confirm and change its rules on a page; hold messy exports and more clocks by tests)
