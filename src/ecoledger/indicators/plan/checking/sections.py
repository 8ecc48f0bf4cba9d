"""River sections by class against their number, and the share of good ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from ecoledger.indicators.plan.checking.said import Finding, Said, finding, rounded, shown
from ecoledger.indicators.plan.folding import Line

_WHOLE = re.compile(r"(?<!\d)(?P<n>\d{1,3})个[^,;。\d]{0,12}断面(?:中|,|水质)")
_CLASS = re.compile(
    r"(?P<class>[ⅠI一][-~—至到、](?:Ⅱ类?、)?[ⅢI三]{1,3}类|优良|劣Ⅴ类|[ⅠⅡⅢⅣⅤ]类)(?:水质)?(?:断面)?(?:有|为|共)?(?P<n>\d{1,3})个"
)
_SHARE = re.compile(
    r"(?:优良|优Ⅲ|Ⅲ类以上)(?:水质|断面|水体)*(?:比例|率|占比)(?:为|达到?)?(?P<n>\d+(?:\.\d+)?)%"
)
_GOOD = re.compile(r"优良|^[ⅠI一][-~—至到、]|^[ⅠⅡⅢ]类")


def sections(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``16个断面中,Ⅰ—Ⅲ类14个、Ⅳ类2个,优良比例87.5%``."""
    text = line.text
    for whole in _WHOLE.finditer(text):
        end = text.find("。", whole.end())
        end = len(text) if end < 0 else end
        counts = list(_CLASS.finditer(text, whole.end() - 1, end))
        number = int(whole["n"])
        if len(counts) < 2 or not number:
            continue
        total = sum(int(m["n"]) for m in counts)
        last = counts[-1].end()
        if total > number or (total < number and re.search(r"劣Ⅴ|其余", text[whole.end() : end])):
            yield finding(
                source, line, whole.start(), last, "parts", whole["n"], str(total),
                "各类断面之和不等于断面总数",
            )  # fmt: skip
            continue
        good = sum(int(m["n"]) for m in counts if _GOOD.search(m["class"]))
        share = _SHARE.search(text, last, end)
        if share is None or not good:
            continue
        decimals = len(share["n"].partition(".")[2])
        computed = rounded(Decimal(100 * good) / number, decimals)
        if computed != Decimal(share["n"]):
            yield finding(
                source, line, whole.start(), share.end(), "ratio", f"{share['n']}%",
                f"{shown(computed)}%", f"{good}/{number}",
            )  # fmt: skip
