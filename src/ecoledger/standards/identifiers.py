"""Identifiers that a bureau meets, taken apart and checked.

Each ``parse_*`` reads one code and returns a result with the parts it could read and the problems it
found, in words. A problem is an *error* when the text cannot be such a code, and a *warning* when it
can: real ledgers hold legacy codes whose check digit fails, and refusing them would lose the firm. No
``parse_*`` raises for any text.

Full-width characters, blanks, hyphens in the wrong place and lower case are put right first.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ecoledger.standards import catalogue
from ecoledger.standards.catalogue import Edition
from ecoledger.standards.rule_data import compiled, declare_each

RULE_SET_PREFIX = "identifier/"

# GB 32100-2015: no I, O, S, V, Z. The index is the character's value.
_CREDIT_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class Severity(StrEnum):
    """Whether the text can be the code at all."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong or odd, in Chinese, with the remedy."""

    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What every ``parse_*`` gives: the code as cleaned and the problems found."""

    code: str
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether the text can be such a code (warnings allowed)."""
        return all(problem.severity is not Severity.ERROR for problem in self.problems)

    @property
    def why(self) -> str:
        """Why the text cannot be such a code; "" where it can."""
        return "；".join(p.text for p in self.problems if p.severity is Severity.ERROR)


@dataclass(frozen=True, slots=True)
class Division(Parsed):
    """A division code: ``level`` is 省, 市, 县, 乡 or 村; ``province`` the province's name or ''."""

    level: str = ""
    province: str = ""
    province_code: str = ""
    city_code: str = ""
    county_code: str = ""


@dataclass(frozen=True, slots=True)
class CreditCode(Parsed):
    """A unified social credit code, or the older code that was given in its place (``kind``)."""

    kind: str = ""
    registrar: str = ""
    division: str = ""
    organisation_code: str = ""


@dataclass(frozen=True, slots=True)
class PermitNumber(Parsed):
    """A discharge permit number: holder's ``credit_code`` ('' if none), ``sequence``, last letter."""

    credit_code: str = ""
    sequence: str = ""
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Facility(Parsed):
    """A facility or outlet code: ``kind`` in Chinese and the permit number of a global code."""

    kind: str = ""
    permit_number: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Manifest(Parsed):
    """A hazardous-waste manifest number; ``year`` is 0 when it could not be read."""

    year: int = 0
    province: str = ""
    city_code: str = ""
    sequence: str = ""


@dataclass(frozen=True, slots=True)
class WasteCode(Parsed):
    """A hazardous-waste code: ``industry`` (3 digits), ``category`` (``"HW08"``)."""

    industry: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class EiaRegistration(Parsed):
    """Number of an environmental-impact registration form; ``year`` 0 when unreadable."""

    year: int = 0
    division: str = ""
    sequence: str = ""


@dataclass(frozen=True, slots=True)
class Mn(Parsed):
    """A device's MN; ``edition`` is 2005 for the 14-character form, else 2017."""

    edition: int = 0


@compiled("identifiers")
def _tables(content: dict[str, Any]) -> dict[str, Any]:
    declare_each(RULE_SET_PREFIX, content["standards"])
    return content


def standard(key: str) -> Edition:
    """The standard a kind of code follows, e.g. ``standard("credit-code")``."""
    _tables()
    return catalogue.editions(RULE_SET_PREFIX + key)[0]


def provinces() -> dict[str, str]:
    """Province names by the first two digits of the division code."""
    return dict(_tables()["provinces"])


def _error(text: str) -> Problem:
    return Problem(Severity.ERROR, text)


def _warning(text: str) -> Problem:
    return Problem(Severity.WARNING, text)


def _cleaned(text: str, keep: str = "") -> str:
    folded = unicodedata.normalize("NFKC", text).upper()
    folded = re.sub(r"[‐-―−]", "-", folded)
    return "".join(c for c in folded if not c.isspace() and (c not in "-_." or c in keep))


_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?E\+?\d{1,2}")


def _damaged(text: str) -> list[Problem]:
    """A long code that a spreadsheet turned into a number has lost digits for good."""
    folded = unicodedata.normalize("NFKC", text).strip().upper()
    if _SCIENTIFIC.fullmatch(folded) and ("E+" in folded or "." in folded):
        return [_error(f"“{text}”已被表格软件转成科学计数法，尾数丢失；请将该列设为文本后重新填写")]
    return []


def credit_check_character(first_17: str) -> str:
    """The 18th character of a unified social credit code (GB 32100-2015).

    Raises ``ValueError`` for anything but 17 of its characters.

    >>> credit_check_character("91440300192203821")
    '6'
    """
    if len(first_17) != 17:
        raise ValueError(f"17 characters are needed, {len(first_17)} were given")
    total = sum(
        _CREDIT_CHARACTERS.index(c) * w for c, w in zip(first_17, _CREDIT_WEIGHTS, strict=True)
    )
    return _CREDIT_CHARACTERS[(31 - total % 31) % 31]


def organisation_check_character(first_8: str) -> str:
    """The 9th character of an organisation code (GB 11714-1997); ``ValueError`` as above.

    >>> organisation_check_character("71526726")
    'X'
    """
    if len(first_8) != 8:
        raise ValueError(f"8 characters are needed, {len(first_8)} were given")
    total = sum(
        _ORGANISATION_CHARACTERS.index(c) * w
        for c, w in zip(first_8, _ORGANISATION_WEIGHTS, strict=True)
    )
    check = 11 - total % 11
    return {10: "X", 11: "0"}.get(check, str(check))


def parse_credit_code(text: str) -> CreditCode:
    """Read a unified social credit code (18 characters, GB 32100-2015).

    An organisation code (9) or a business registration number (15) standing in its place is accepted
    with a warning, and so is a wrong check character.
    """
    damaged = _damaged(text)
    code = _cleaned(text)
    if damaged:
        return CreditCode(code, tuple(damaged))
    if len(code) == 9 and re.fullmatch(r"[0-9A-Z]{8}[0-9X]", code):
        return _legacy_organisation(code)
    if re.fullmatch(r"\d{15}", code):
        problem = _warning("15位工商注册号（旧码），请补登统一社会信用代码")
        return CreditCode(code, (problem,), kind="工商注册号")
    if len(code) != 18:
        return CreditCode(code, (_error(f"统一社会信用代码应为18位，现为{len(code)}位"),))
    wrong = [(place, c) for place, c in enumerate(code, 1) if c not in _CREDIT_CHARACTERS]
    if wrong:
        listed = "、".join(f"第{place}位“{c}”" for place, c in wrong)
        return CreditCode(
            code,
            (_error(f"{listed}不在代码字符集内（不用I、O、S、V、Z），请核对是否误写0、1、2、5"),),
        )
    problems = []
    if not re.fullmatch(r"\d{6}", code[2:8]):
        problems.append(_error(f"第3至8位应为6位行政区划数字，现为“{code[2:8]}”"))
    elif code[2:4] not in provinces() and code[2:8] != "100000":
        problems.append(_warning(f"行政区划“{code[2:8]}”的省级代码不存在，请核对"))
    if code[0] not in _tables()["registrars"]:
        problems.append(_warning(f"第1位登记管理部门代码“{code[0]}”未见规定，请核对"))
    expected = credit_check_character(code[:17])
    if code[17] != expected:
        problems.append(
            _warning(f"校验码应为“{expected}”，现为“{code[17]}”；存量代码可能如此，请与证照核对")
        )
    organisation = code[8:17]
    if organisation_check_character(organisation[:8]) != organisation[8]:
        problems.append(_warning(f"其中组织机构代码“{organisation}”的校验码不符，请核对"))
    return CreditCode(
        code,
        tuple(problems),
        kind="统一社会信用代码",
        registrar=_tables()["registrars"].get(code[0], ""),
        division=code[2:8],
        organisation_code=organisation,
    )


def _legacy_organisation(code: str) -> CreditCode:
    problems = [_warning("9位组织机构代码（旧码），请补登统一社会信用代码")]
    expected = organisation_check_character(code[:8])
    if code[8] != expected:
        problems.append(_warning(f"组织机构代码校验码应为“{expected}”，现为“{code[8]}”"))
    return CreditCode(code, tuple(problems), kind="组织机构代码", organisation_code=code)


def short_division(code: str) -> str:
    """A division's code without the noughts that fill it to six digits (GB/T 2260) or twelve (统计用区划代码).

    What lies in a division begins with it then. Any other text stays as it is.

    >>> short_division("350500"), short_division("350526100000"), short_division("350526")
    ('3505', '350526100', '350526')
    """
    for length, filling in ((12, "000"), (9, "000"), (6, "00"), (4, "00")):
        if len(code) == length and code.isdecimal():
            code = code.removesuffix(filling)
    return code


_LEVELS = {2: "省", 4: "市", 6: "县", 9: "乡", 12: "村"}


def parse_division(text: str) -> Division:
    """Read a division code: 6 digits (GB/T 2260), 9 for a township or 12 for a village."""
    code = _cleaned(text)
    if not re.fullmatch(r"\d{6}|\d{9}|\d{12}", code):
        return Division(code, (_error(f"行政区划代码应为6、9或12位数字，现为“{code}”"),))
    province, city, county = code[:2], code[2:4], code[4:6]
    problems = []
    name = provinces().get(province, "")
    if not name:
        problems.append(_error(f"省级代码“{province}”不存在"))
    if city == "00" and county != "00":
        problems.append(_error(f"“{code[:6]}”有县级码而无市级码"))
    return Division(
        code,
        tuple(problems),
        level=_LEVELS[len(short_division(code))],
        province=name,
        province_code=province + "0000",
        city_code=code[:4] + "00" if city != "00" else "",
        county_code=code[:6] if county != "00" else "",
    )


def parse_permit_number(text: str) -> PermitNumber:
    """Read a discharge permit number (HJ 608-2017): 18-character holder, 3 digits, one letter.

    A holder without a credit code is written ``H9`` and its division. The last letter is not computed:
    texts disagree on what it means, and several occur.
    """
    damaged = _damaged(text)
    code = _cleaned(text)
    if damaged:
        return PermitNumber(code, tuple(damaged))
    if not re.fullmatch(r"[0-9A-Z]{18}\d{3}[0-9A-Z]", code):
        hint = f"，现为{len(code)}位" if len(code) != 22 else "，请核对第19至21位数字"
        return PermitNumber(
            code, (_error(f"排污许可证编号应为22位：信用代码18位、顺序码3位、标识码1位{hint}"),)
        )
    holder = code[:18]
    problems: tuple[Problem, ...] = ()
    if holder.startswith("H9"):
        if holder[2:4] not in provinces():
            problems = (_warning(f"无信用代码单位编码中的区划“{holder[2:8]}”不存在，请核对"),)
        holder = ""
    else:
        problems = parse_credit_code(holder).problems
    return PermitNumber(code, problems, holder, code[18:21], code[21])


_FACILITIES = (
    (r"MF\d{4}", "生产设施"),
    (r"TA\d{3}", "废气治理设施"),
    (r"TW\d{3}", "废水治理设施"),
    (r"TN\d{3}", "噪声治理设施"),
    (r"TS\d{3}", "固体废物治理设施"),
    (r"DA\d{3}", "废气排放口"),
    (r"DW\d{3}", "废水排放口"),
)


def parse_facility(text: str) -> Facility:
    """Read a facility or outlet code (HJ 608-2017), alone (``DW001``) or after its permit number."""
    code = _cleaned(text)
    for pattern, kind in _FACILITIES:
        if match := re.fullmatch(rf"(?P<permit>[0-9A-Z]{{22}})?(?P<number>{pattern})", code):
            permit = match["permit"] or ""
            problems = parse_permit_number(permit).problems if permit else ()
            return Facility(code, problems, kind, permit, match["number"])
    local = re.fullmatch(r"[A-Z]{2,4}\d{2,4}", code)
    if local:
        return Facility(
            code, (_warning(f"“{code}”不是国家编码，按地方或企业内部编号保存"),), "其他"
        )
    return Facility(
        code,
        (_error("应为MF加4位、TA/TW/TN/TS加3位、DA/DW加3位数字，或其前加22位许可证编号"),),
    )


def parse_manifest(text: str) -> Manifest:
    """Read a manifest number: 14 digits, year, province and city of the sender, sequence."""
    damaged = _damaged(text)
    code = _cleaned(text)
    if damaged:
        return Manifest(code, tuple(damaged))
    if re.fullmatch(r"\d{10}|\d{12}|\d{13}", code):
        return Manifest(
            code, (_warning(f"{len(code)}位数字，可能是2022年前的旧版联单编号，请核对"),)
        )
    if not re.fullmatch(r"\d{14}", code):
        return Manifest(code, (_error(f"联单编号应为14位数字，现为“{code}”（{len(code)}位）"),))
    problems = []
    year = int(code[:4])
    if not 2000 <= year <= 2099:
        problems.append(_error(f"前4位应为年份，现为“{code[:4]}”"))
    elif year < 2022:
        problems.append(_warning(f"{year}年早于14位统一编号启用（2022年），请核对"))
    province = provinces().get(code[4:6], "")
    if not province:
        problems.append(_error(f"移出地省级代码“{code[4:6]}”不存在"))
    return Manifest(code, tuple(problems), year, province, code[4:8] + "00", code[8:])


def parse_waste_code(text: str) -> WasteCode:
    """Read a hazardous-waste code ``nnn-nnn-nn``, with or without its category before it.

    >>> parse_waste_code("HW08 900-249-08").category
    'HW08'
    """
    code = _cleaned(text, keep="-")
    match = re.fullmatch(
        r"(?:HW(?P<given>\d{2})[-:：]?)?(?P<n>\d{3})-?(?P<s>\d{3})-?(?P<c>\d{2})", code
    )
    if not match:
        return WasteCode(code, (_error(f"危险废物代码应为nnn-nnn-nn（8位数字），现为“{text}”"),))
    problems = []
    category = match["c"]
    if not "01" <= category <= "50":
        problems.append(_error(f"末两位“{category}”不是废物类别（HW01至HW50）"))
    elif category in ("41", "42", "43", "44"):
        problems.append(_warning(f"HW{category}为旧名录类别，现行名录已不用"))
    if match["given"] not in (None, category):
        problems.append(_error(f"类别HW{match['given']}与代码末两位“{category}”不一致"))
    return WasteCode(
        f"{match['n']}-{match['s']}-{category}", tuple(problems), match["n"], f"HW{category}"
    )


def parse_eia_registration(text: str) -> EiaRegistration:
    """Read the number of a registration form (备案号): year, county division, 8-digit sequence."""
    damaged = _damaged(text)
    code = _cleaned(text)
    if damaged:
        return EiaRegistration(code, tuple(damaged))
    if not re.fullmatch(r"\d{18}", code):
        return EiaRegistration(code, (_error(f"登记表备案号应为18位数字，现为{len(code)}位"),))
    problems = []
    year = int(code[:4])
    if not 2017 <= year <= 2099:
        problems.append(_warning(f"前4位年份“{code[:4]}”早于网上备案（2017年），请核对"))
    division = parse_division(code[4:10])
    problems += [_warning(f"备案地：{problem.text}") for problem in division.problems]
    return EiaRegistration(code, tuple(problems), year, code[4:10], code[10:])


def parse_mn(text: str) -> Mn:
    """Read a device's MN: 24 hexadecimal digits (HJ 212-2017 and 2025) or 14 characters (2005)."""
    damaged = _damaged(text)
    code = _cleaned(text)
    if damaged:
        return Mn(code, tuple(damaged))
    if re.fullmatch(r"[0-9A-F]{24}", code):
        return Mn(code, (), 2017)
    if re.fullmatch(r"[0-9A-Z]{14}", code):
        return Mn(code, (_warning("14位MN为2005版编码，设备更新后请换用24位"),), 2005)
    if len(code) == 24:
        return Mn(code, (_error("24位MN只能由0-9、A-F组成，请改正"),))
    return Mn(code, (_error(f"MN应为24位（2005版14位），现为{len(code)}位"),))


_tables()
