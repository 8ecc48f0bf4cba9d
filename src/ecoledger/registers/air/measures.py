"""What a measure of the emergency list comes to: the share of an emission that its words take away."""

from __future__ import annotations

import re
from decimal import Decimal

_FROM_TO = re.compile(
    r"由\s*(\d+(?:\.\d+)?)[^\d，,；;]*?(?:降低|降|减少|压减|减)(?:至|到)\s*(\d+(?:\.\d+)?)"
)
_PERCENT = re.compile(
    r"(?:减排|限产|压减|降低|减少|减产|停产)(?:比例)?\D{0,8}?(\d+(?:\.\d+)?)\s*[%％]"
)
_SHARE_STOPPED = re.compile(r"停(?:产|用|运)\s*(\d+)\s*[/／]\s*(\d+)")
_STOPPED = re.compile(r"全部停产|全厂停产|停止生产|停产|停用|停运")
_OF_OWN_WILL = re.compile(r"自主减排|自主采取|不停产|不限产|维持|正常生产|豁免")


def percent_of(measure: str) -> Decimal | None:
    """Percent of the emission that a measure takes away; ``None`` where its words do not say.

    >>> percent_of("原料日投料量由960吨降低到768吨及以下")
    Decimal('20.0')
    >>> percent_of("涂装工序停产"), percent_of("限产30%"), percent_of("自主减排"), percent_of("错峰运输")
    (Decimal('100.0'), Decimal('30.0'), Decimal('0.0'), None)
    """
    if match := _FROM_TO.search(measure):
        base, target = Decimal(match[1]), Decimal(match[2])
        return _tenth(100 * (base - target) / base) if base > 0 and target <= base else None
    if match := _PERCENT.search(measure):
        share = Decimal(match[1])
        return _tenth(share) if share <= 100 else None
    if match := _SHARE_STOPPED.search(measure):
        part, whole = int(match[1]), int(match[2])
        return _tenth(Decimal(100 * part) / whole) if 0 < part <= whole else None
    if _OF_OWN_WILL.search(measure):
        return Decimal("0.0")
    return Decimal("100.0") if _STOPPED.search(measure) else None


def _tenth(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"))
