"""One packet of HJ 212, whatever edition it was written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from .codes import COMMANDS, Edition, Factor, factor

# Names of what may be wrong or was forgiven. A tolerant decoding puts into ``errors`` only what makes
# the content untrustworthy; a strict one also what deviates from the text of the standard.
ERRORS: Mapping[str, str] = {
    "crc": "the check code is wrong or missing",
    "crc_modbus": "the check code is CRC-16/Modbus, not that of annex A (strict)",
    "crc_case": "the check code is not in upper case (strict)",
    "length": "the stated length is not that of the data segment, or the segment is too long",
    "header": "a field of the header is missing, misplaced or malformed",
    "field": "a field of the CP area is malformed",
    "value": "a value is not a number (strict)",
    "time": "a time is malformed (strict)",
    "encoding": "text is not UTF-8 (strict)",
    "encrypted": "the CP area is encrypted and cannot be read with the key at hand",
    "tail": "the line end is not CR LF (strict)",
}

# In bit order for Batch.warnings. The second item: the error it is under strict reading, if any.
WARNINGS: Mapping[str, str | None] = {
    "crc_modbus": "crc_modbus",
    "crc_case": "crc_case",
    "length": "length",
    "size": "length",
    "tail": "tail",
    "header_order": "header",
    "header": "header",
    "qn": "header",
    "st": "header",
    "pw": "header",
    "mn": "header",
    "flag": "header",
    "packet_number": "header",
    "resend": "header",
    "cp": "header",
    "separator": "field",
    "case": "field",
    "space": "field",
    "empty_item": "field",
    "field": "field",
    "duplicate": "field",
    "code": "field",
    "common_flag": "field",
    "value": "value",
    "time": "time",
    "encoding": "encoding",
    "missing": None,
    "incomplete": None,
    "unusual": "value",
}


def plain(number: Decimal) -> str:
    """A number as the protocol writes it: all its digits, no exponent."""
    return format(number, "f")


@dataclass(frozen=True, slots=True)
class Value:
    """One value of one factor.

    ``value`` is a ``Decimal`` with the digits given, a ``str`` for texts (``Info``, ``SN``), or None when
    what was sent is not a number or stands for a missing one (``--``, empty, -99): then ``text`` alone
    holds it. ``flag``, ``eflag`` and ``sample_time`` are those of the factor. Times are China standard
    time.
    """

    code: str
    field: str
    value: Decimal | str | None
    flag: str | None = None
    eflag: str | None = None
    sample_time: datetime | None = None
    text: str = ""

    def __post_init__(self) -> None:
        if not self.text and self.value is not None:
            text = plain(self.value) if isinstance(self.value, Decimal) else self.value
            object.__setattr__(self, "text", text)

    @property
    def factor(self) -> Factor | None:
        """The factor of the code, None when unknown or of double meaning."""
        return factor(self.code)

    @property
    def name(self) -> str | None:
        known = factor(self.code)
        return known.name if known else None

    @property
    def unit(self) -> str | None:
        """The unit devices send this in; None when not known or when ``field`` has another dimension."""
        known = factor(self.code)
        if known is None:
            return None
        return known.unit_emission if self.field == "Cou" else known.unit


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet, decoded or to be encoded.

    ``flag`` is the number as sent (None: no Flag, which is the edition of 2005). ``fields`` are the fields
    of the CP area that belong to no factor, ``DataTime`` excepted, in their order. ``errors`` and
    ``warnings`` hold names of :data:`ERRORS` and :data:`WARNINGS`; ``notes`` say in words what and where.
    Two packets are equal when they say the same, whatever bytes and warnings they came with.
    """

    st: str
    cn: str
    mn: str
    pw: str = "123456"
    qn: str = ""
    flag: int | None = None
    packet_count: int | None = None
    packet_no: int | None = None
    resend: bool = False
    data_time: datetime | None = None
    values: tuple[Value, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=(), compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    encrypted: bool = field(default=False, compare=False)
    raw: bytes = field(default=b"", compare=False, repr=False)

    @property
    def ok(self) -> bool:
        return not self.errors

    @property
    def edition(self) -> Edition:
        """2005, 2017 or 2025 by the version bits of Flag (clause on Flag of each edition)."""
        version = (self.flag or 0) >> 2
        return 2005 if version == 0 else 2017 if version == 1 else 2025

    @property
    def ack(self) -> bool:
        """Whether the sender wants an answer."""
        return bool((self.flag or 0) & 1)

    @property
    def answers(self) -> str:
        """QN of the exchange this packet belongs to; devices of 2005 repeat it inside the CP area."""
        return self.qn or self.fields.get("QN", "")

    @property
    def is_reply(self) -> bool:
        known = COMMANDS.get(self.cn)
        return known is not None and known.kind == "reply"
