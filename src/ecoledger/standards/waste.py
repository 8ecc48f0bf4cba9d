"""Classes and codes of waste: what a code says, whether it fits its class, what a class is called.

A hazardous waste has a code ``nnn-nnn-nn`` of the national list whose last two digits are its class (HW01 to HW50;
HW41 to HW44 are of earlier lists). General industrial waste has ``nnn-nnn-Snn`` of the catalogue of 2024, its class
SW01 to SW59 standing in the last two digits likewise. The names lie in ``data/waste.toml`` with the mark of their
source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ecoledger.standards import catalogue
from ecoledger.standards.catalogue import Edition
from ecoledger.standards.identifiers import parse_waste_code
from ecoledger.standards.rule_data import compiled, declare_each

RULE_SET_PREFIX = "waste/"


@compiled("waste")
def _tables(content: dict[str, Any]) -> dict[str, Any]:
    declare_each(RULE_SET_PREFIX, content["standards"])
    return content


def standard(key: str) -> Edition:
    """The list that names are of: "hazardous", "general" or "methods"."""
    _tables()
    return catalogue.editions(RULE_SET_PREFIX + key)[0]


def hazardous_classes() -> dict[str, str]:
    """Names of the classes of hazardous waste, by HW number.

    >>> len(hazardous_classes()), hazardous_classes()["HW08"]
    (46, '废矿物油与含矿物油废物')
    """
    return dict(_tables()["hazardous"])


def general_classes() -> dict[str, str]:
    """Names of the classes of general industrial waste, by SW number."""
    return dict(_tables()["general"])


def methods() -> dict[str, str]:
    """Ways of recovery and disposal by the code that manifests and ledgers write."""
    return dict(_tables()["methods"])


@dataclass(frozen=True, slots=True)
class Code:
    """A code as it was read: in its present spelling with its class, or why it is none (``wrong``).

    ``odd``: what a person should look at; ``name``: what the class is called.
    """

    code: str
    category: str = ""
    name: str = ""
    wrong: str = ""
    odd: str = ""

    @property
    def ok(self) -> bool:
        return not self.wrong


def hazardous(text: str, category: str = "") -> Code:
    """Read a code of hazardous waste, and hold it against the class that was chosen beside it.

    ``category`` may be written HW08, 08 or "HW08 废矿物油与含矿物油废物"; empty where none was said. A code that an
    earlier list had is given as the present one (831-001-01 is 841-001-01), and said in ``odd``.

    >>> hazardous("900-249-08", "HW08").ok
    True
    >>> hazardous("900-249-08", "HW09").wrong
    '代码900-249-08的末两位是08，与所选类别HW09不一致'
    """
    parsed = parse_waste_code(text)
    if not parsed.ok:
        return Code(parsed.code, wrong=parsed.problems[0].text)
    names, code, odd = _tables()["hazardous"], parsed.code, ""
    if parsed.category not in names:
        return Code(code, parsed.category, wrong=f"现行名录没有{parsed.category}类")
    if present := _tables()["aliases"].get(code):
        odd, code = f"旧代码{code}，现为{present}", present
    said = _class_said(category)
    if category.strip() and said != parsed.category:
        shown = said or category.strip()
        wrong = f"代码{code}的末两位是{code[-2:]}，与所选类别{shown}不一致"
        return Code(code, parsed.category, names[parsed.category], wrong=wrong)
    return Code(code, parsed.category, names[parsed.category], odd=odd)


def _class_said(text: str) -> str:
    by_name = {name: number for number, name in _tables()["hazardous"].items()}
    if number := by_name.get(text.strip()):
        return str(number)
    match = re.match(r"\s*(?:HW)?\s*(\d{1,2})(?!\d)", text.upper())
    return f"HW{int(match[1]):02d}" if match else ""


def general(text: str) -> Code:
    """Read a code of general industrial waste: ``nnn-nnn-Snn``, or its class alone (SW17).

    >>> general("900-003-S17").category
    'SW17'
    >>> general("900-003-17").wrong
    '一般工业固体废物代码应为nnn-nnn-Snn，现为“900-003-17”'
    """
    written = "".join(text.upper().split()).replace("－", "-").replace("—", "-")
    match = re.fullmatch(r"(?:\d{3}-\d{3}-S|SW)(\d{2})", written)
    if not match:
        return Code(written, wrong=f"一般工业固体废物代码应为nnn-nnn-Snn，现为“{text.strip()}”")
    category = f"SW{match[1]}"
    name = _tables()["general"].get(category, "")
    if not name:
        return Code(written, category, wrong=f"目录中没有{category}类一般工业固体废物")
    return Code(written, category, name)


def declared_by(grade: str, end: date) -> date:
    """By when a producer of a grade declares a period that ends on ``end`` (HJ 1259-2022, mark M).

    Key producers ("key") a month by the 15th of the next, simplified ones ("simple") a quarter by the 15th of the
    month after it, registered ones ("registered") a year by 31 March.

    >>> declared_by("key", date(2026, 10, 31)), declared_by("registered", date(2026, 12, 31))
    (datetime.date(2026, 11, 15), datetime.date(2027, 3, 31))
    """
    after = end + timedelta(days=1)
    return date(after.year, 3, 31) if grade == "registered" else after.replace(day=15)
