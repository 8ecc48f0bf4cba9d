"""Chains of rows: each row's seal covers its content and the row before it, and a head knows the last.

A seal is an HMAC-SHA-256 under a key that lies outside the database (``settings.CHAIN_KEY``), so that who can write
the database alone cannot make a removed or changed row look right. The heads are also written to a file that the
operator names (:func:`note_heads`), on a disk or machine where the platform cannot take back what it wrote: then not
even the key helps to cut the end off (:func:`against_notes`).
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone

from ecoledger.accounts.models import ChainHead

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a chain does not hold. ``row_id`` is empty when rows are missing at its end."""

    row_id: int | None
    why: str


# Made once: in bulk a row is encoded in less time than an encoder is made.
_STORED = DjangoJSONEncoder()
_SEALED = DjangoJSONEncoder(sort_keys=True, ensure_ascii=False)
# What JSON gives back as it was.
_PLAIN = frozenset((str, int, bool, type(None)))


def as_stored(value: Any) -> Any:
    """Through JSON once, so that the seal is of what a later reader gets back."""
    if type(value) in _PLAIN:
        return value
    if type(value) is dict and all(type(key) is str for key in value):
        return {key: as_stored(kept) for key, kept in value.items()}
    if type(value) is list:
        return [as_stored(kept) for kept in value]
    return json.loads(_STORED.encode(value))


def seal(content: Any) -> str:
    """The seal of a row's content, its predecessors among it, as hexadecimal."""
    text = _SEALED.encode(content)
    return hmac.digest(settings.CHAIN_KEY, text.encode(), "sha256").hex()


def locked_head(name: str) -> ChainHead:
    """The head of a chain, locked until the transaction ends: two writers make one chain."""
    heads = ChainHead.objects.select_for_update()
    try:
        return heads.get(name=name)
    except ChainHead.DoesNotExist:
        ChainHead.objects.get_or_create(name=name)
        return heads.get(name=name)


def first_broken(
    name: str,
    rows: Iterable[Row],
    links: Callable[[Row], tuple[int, str, str]],
    sealed: Callable[[Row], str],
) -> Broken | None:
    """Where a chain breaks, its end included; ``None`` when it holds.

    ``links`` gives a row's number, the seal it names as the one before it, and its own; ``sealed`` the seal it
    should have.
    """
    previous, count = "", 0
    for row in rows:
        number, before, own = links(row)
        if before != previous:
            return Broken(number, "与上一条记录不衔接")
        if own != sealed(row):
            return Broken(number, "内容与校验值不符")
        previous, count = own, count + 1
    head = ChainHead.objects.filter(name=name).first()
    if (head.hash, head.count) != (previous, count) if head else count:
        return Broken(None, "末尾的记录缺失")
    return None


# -- heads outside ---------------------------------------------------------------------------------


def head_file() -> Path | None:
    """Where the heads are noted, as the operator set it with ``ECOLEDGER_HEAD_FILE``."""
    return Path(name) if (name := os.environ.get("ECOLEDGER_HEAD_FILE")) else None


def note_heads(path: Path) -> None:
    """Add one line with all heads as they are now. Raises ``OSError``."""
    with transaction.atomic():
        heads = {head.name: [head.count, head.hash] for head in ChainHead.objects.order_by("name")}
    line = json.dumps({"at": timezone.now().isoformat(), "heads": heads}, ensure_ascii=False)
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def noted(path: Path) -> Iterator[tuple[str, int, str]]:
    """Name, length and last seal of every chain on every line of a head file. Raises ``OSError``."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            try:
                heads = json.loads(line)["heads"]
            except (ValueError, KeyError):  # cut short by a kill
                continue
            for name, (count, last) in heads.items():
                yield name, count, last


def against_notes(path: Path, name: str, seals: Iterable[str]) -> Broken | None:
    """Whether a chain still holds what was noted of it: at every noted length, the noted seal."""
    wanted = {
        count: last for noted_name, count, last in noted(path) if noted_name == name and count
    }
    longest, count = max(wanted, default=0), 0
    for count, own in enumerate(seals, 1):
        if count in wanted and wanted[count] != own:
            return Broken(None, f"第 {count} 条与外部存证不符")
    if count < longest:
        return Broken(None, f"外部存证有 {longest} 条，库中只有 {count} 条")
    return None
