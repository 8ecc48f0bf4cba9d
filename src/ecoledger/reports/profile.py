"""What a bureau sets for its documents in ``profile/documents.toml``; everything has a default.

::

    [bulletin]
    copies_to = "市委办公室，市政府办公室"   # 抄送; without it there is no imprint
    office = "安澜市生态环境局办公室"         # 印发机关; the issuer without it

    [series]                               # 发文字号, by kind of document; one pattern counts together
    handover = "安环交办〔{year}〕{n}号"

    [fonts]                                # of official documents, by level
    title = "方正小标宋_GBK"
    body = "仿宋"
    heading = "黑体"
    subheading = "楷体"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from django.conf import settings

from ecoledger.reports.official_document import Fonts

FILE = "documents.toml"


class DocumentsError(ValueError):
    """The file says something that cannot be; the message names the place."""


@dataclass(frozen=True, slots=True)
class Documents:
    """The bureau's settings, checked."""

    copies_to: str = ""
    office: str = ""
    fonts: Fonts = field(default_factory=Fonts)
    series: dict[str, str] = field(default_factory=dict)


def documents() -> Documents:
    """The settings in force. Raises :class:`DocumentsError` when the file is wrong."""
    path = Path(settings.PROFILE) / FILE
    if not path.exists():
        return Documents()
    try:
        return parsed(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DocumentsError(f"{FILE}：无法读取，{error}") from error


def parsed(table: Mapping[str, Any]) -> Documents:
    """The settings a table says. Raises :class:`DocumentsError`."""
    known = {
        "bulletin": ("copies_to", "office"),
        "fonts": tuple(font.name for font in fields(Fonts)),
    }
    for part, entries in table.items():
        if part == "series" and isinstance(entries, dict):
            _check_series(entries)
            continue
        if part not in known or not isinstance(entries, dict):
            raise DocumentsError(f"{FILE}：不认识的部分 {part}；可写 [bulletin]、[series]、[fonts]")
        for name, value in entries.items():
            if name not in known[part]:
                raise DocumentsError(
                    f"{FILE}：[{part}] 中不认识 {name}；可写 {'、'.join(known[part])}"
                )
            if not isinstance(value, str) or not value.strip():
                raise DocumentsError(f"{FILE}：[{part}] 的 {name} 应为加引号的文字")
    return Documents(
        **table.get("bulletin", {}),
        fonts=Fonts(**table.get("fonts", {})),
        series=table.get("series", {}),
    )


def _check_series(entries: Mapping[str, Any]) -> None:
    """Number patterns name year and number, in the brackets of official documents."""
    for name, pattern in entries.items():
        try:
            tried = str(pattern).format(year=2026, n=1)
        except (KeyError, ValueError, IndexError):
            tried = ""
        if "〔2026〕1" not in tried:
            raise DocumentsError(
                f"{FILE}：[series] 的 {name} 应写成“环交办〔{{year}}〕{{n}}号”，括号用 〔 〕"
            )
