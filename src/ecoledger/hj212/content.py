"""The CP area of a data segment: its fields, and the values of its factors with flags and sample times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation

from .codes import CODE, FIELDS, PROTOCOL, STATISTICS, factor, flag_letter
from .faults import Faults, stripped, text_of, time_of
from .packet import Value
from .times import format_time

_STATISTIC_NAMES = {name.lower(): name for name in STATISTICS}
_FIELD_NAMES = {name.lower(): name for name in FIELDS}
_KINDS = {name: entry.kind for name, entry in STATISTICS.items()}
_MISSING = frozenset(Decimal(number) for number in PROTOCOL["missing"]["numbers"])
_ATTRIBUTES = {"flag": "Flag", "eflag": "EFlag", "sample_time": "SampleTime"}

_ITEM = re.compile(rb"([,;]?)((?:[^,;=]*=//.*?//[^,;]*)|[^,;]*)", re.DOTALL)
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_ODD_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
_MEAN = "Avg"  # what a factor's value is that comes without a field
_MARK = re.compile(r"[0-9A-Za-z]{1,4}")


class _Group:
    """The keys of one factor that belong together: one sample, one set of flags."""

    __slots__ = ("code", "eflag", "flag", "numbers", "sample_time", "statistics")

    def __init__(self, code: str) -> None:
        self.code = code
        self.statistics: set[str] = set()
        self.numbers: list[int] = []
        self.flag: str | None = None
        self.eflag: str | None = None
        self.sample_time: datetime | None = None


def _number(text: str, field: str, where: str, faults: Faults) -> Decimal | str | None:
    """The value of a text. Numbers keep their digits; what is not one gives None (or, for a field the
    standard does not know, the text itself)."""
    if _NUMBER.fullmatch(text) and len(text) <= 40:
        number = Decimal(text)
        if number in _MISSING:
            faults.warn("missing", f"{where}={text} stands for a missing value")
            return None
        return number
    if _ODD_NUMBER.fullmatch(text) and len(text) <= 40:
        try:
            number = Decimal(text)
        except InvalidOperation:  # pragma: no cover - the pattern admits only numbers
            return None
        faults.warn("unusual", f"{where}={text} is written unusually")
        return number
    if field not in _KINDS and text:
        return text
    faults.warn("value", f"{where}={text!r} is not a number")
    return None


def _items(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Items of a CP area with the separator before each; a text between // and // stays whole."""
    if b"//" not in content:
        parts = re.split(rb"([,;])", content)
        yield b"", parts[0]
        yield from zip(parts[1::2], parts[2::2], strict=True)
        return
    position = 0
    while position <= len(content):
        match = _ITEM.match(content, position)
        if match is None:  # pragma: no cover - the pattern matches the empty string
            return
        yield match[1], match[2]
        if match.end() == len(content):
            return
        position = match.end()


class Content:
    """The CP area, read."""

    def __init__(self, content: bytes, fields: dict[str, str], faults: Faults) -> None:
        self.fields = fields
        self.faults = faults
        self._times: list[datetime] = []
        self._values: list[tuple[_Group, str, Decimal | str | None, str]] = []
        self._groups: list[_Group] = []
        self._current: dict[str, _Group] = {}
        self._last_code = ""
        self._unflagged: set[str] = set()  # factors whose flag nobody can read
        # Whether the item before was a value, which a piece without a name goes on, and those pieces.
        self._open = False
        self._pieces: list[str] = []
        if content:
            for separator, item in _items(content):
                self._read(separator, item)
        self._close()
        self._settle_flags()
        self._settle_doubles()

    @property
    def data_time(self) -> datetime | None:
        """None also where the packet names two times: which of them is meant, nobody can tell."""
        return self._times[0] if len(set(self._times)) == 1 else None

    def _read(self, separator: bytes, item: bytes) -> None:
        faults = self.faults
        if not item.strip():
            faults.warn("empty_item", "an empty item")
            return
        name, equals, data = item.partition(b"=")
        key = text_of(stripped(name, faults), faults, "a field name")
        text = text_of(stripped(data, faults), faults, key)
        if not equals:
            self._nameless(separator, key)
            return
        self._close()
        code, hyphen, suffix = key.rpartition("-")
        if not hyphen and (factor(key) or CODE.fullmatch(key.lower())):
            faults.warn("field", f"{key} has no field; read as {_MEAN}")
            code, suffix = key, _MEAN
        elif not hyphen or not code:
            self._field(key, text)
            self._last_code = ""
            return
        field = _STATISTIC_NAMES.get(suffix.lower(), suffix)
        if field not in _KINDS:
            faults.warn("field", f"{suffix} is not a field of a factor")
        elif field != suffix:
            faults.warn("case", f"{suffix} for {field}")
        code = self._mended(code, separator)
        first = separator != b","
        if first and code == self._last_code and not self._repeats(code, field):
            faults.warn("separator", f"; between the fields of {code}")
        elif not first and self._last_code and code != self._last_code:
            faults.warn("separator", f", between {self._last_code} and {code}")
        self._last_code = code
        kind = _KINDS.get(field, "number")
        if kind in _ATTRIBUTES:
            self._attribute(code, kind, text, key, first)
        else:
            self._value(code, field, kind, text)

    def _nameless(self, separator: bytes, piece: str) -> None:
        """A piece without a name: after a comma the rest of the value before it (``3,8``), which then is no
        number; elsewhere (``a34004:33``) what it says is lost."""
        self.faults.warn("field", f"{piece!r} has no value")
        if separator != b"," or not self._open:
            self.faults.warn("value", f"{piece!r} cannot be read")
            return
        self._pieces.append(piece)

    def _close(self) -> None:
        """The value before has all its pieces: they are put together once, however many there are."""
        self._open = False
        if not self._pieces:
            return
        group, field, value, text = self._values[-1]
        whole = ",".join((text, *self._pieces))
        self._pieces.clear()
        if isinstance(value, str):
            self._values[-1] = (group, field, whole, whole)
            return
        self.faults.warn("value", f"{group.code}-{field}={whole!r} is not a number")
        self._values[-1] = (group, field, None, whole)

    def _mended(self, code: str, separator: bytes) -> str:
        """``01018`` within an item of ``w01018`` is w01018 (a slip in the standard's own annex C)."""
        last = self._last_code
        if separator == b"," and len(code) == 5 and code.isdigit() and last[1:] == code:
            self.faults.warn("code", f"{code} read as {last}")
            return last
        return code

    def _repeats(self, code: str, field: str) -> bool:
        group = self._current.get(code)
        return group is not None and (
            field in group.statistics or (field == "SampleTime" and bool(group.statistics))
        )

    def _start(self, code: str) -> _Group:
        group = self._current[code] = _Group(code)
        self._groups.append(group)
        return group

    def _field(self, key: str, text: str) -> None:
        name = _FIELD_NAMES.get(key.lower(), key)
        if name != key and name != "Ctime":  # the standard itself writes both Ctime and CTime
            self.faults.warn("case", f"{key} for {name}")
        if name == "DataTime" and (time := time_of(text, self.faults, "DataTime")) is not None:
            self._times.append(time)
            if len(self._times) == 1:
                return
        if name == "Flag":
            self.faults.warn("common_flag", f"one Flag={text} for all factors")
        elif name not in FIELDS:
            self.faults.warn("field", f"{name} is not a field of the standard")
        if name in self.fields or (name == "DataTime" and self._times):
            self.faults.warn("duplicate", f"{name} twice")
        self.fields.setdefault(name, text)

    def _attribute(self, code: str, kind: str, text: str, key: str, first: bool) -> None:
        content: str | datetime | None
        if kind == "sample_time":
            content = time_of(text, self.faults, key)
        else:
            content = self._mark(text, kind, key)
        if not text and kind != "sample_time":
            return  # as if there were no flag
        if content is None:
            self.fields.setdefault(f"{code}-{_ATTRIBUTES[kind]}", text)
            if kind == "flag":
                self._unflagged.add(code)
            return
        group = self._current.get(code)
        if group is not None and getattr(group, kind) == content and not first:
            return  # said again for a further value of the same sample
        if (
            group is None
            or getattr(group, kind) is not None
            or (kind == "sample_time" and first and group.statistics)
        ):
            group = self._start(code)
        setattr(group, kind, content)

    def _mark(self, text: str, kind: str, key: str) -> str | None:
        """A flag: a mark of at most four letters, or the letter of the word written for it."""
        if _MARK.fullmatch(text):
            return text
        if not text:
            self.faults.warn("field", f"{key} is empty")
            return None
        letter = flag_letter(text) if kind == "flag" else None
        if letter is None:
            self.faults.warn("value", f"{key}={text!r} is not a flag")
        else:
            self.faults.warn("unusual", f"{key}={text!r} read as {letter}")
        return letter

    def _value(self, code: str, field: str, kind: str, text: str) -> None:
        group = self._current.get(code)
        if group is None:
            group = self._start(code)
        elif field in group.statistics:
            if group.sample_time is None:
                self.faults.warn("duplicate", f"{code}-{field} twice")
            group = self._start(code)
        group.statistics.add(field)
        value = text if kind == "text" else _number(text, field, f"{code}-{field}", self.faults)
        group.numbers.append(len(self._values))
        self._values.append((group, field, value, text))
        self._open = True

    def _settle_flags(self) -> None:
        """Give flags that came apart from their values to the factor's earlier values."""
        latest: dict[str, _Group] = {}
        common = self.fields.get("Flag")
        for group in self._groups:
            if group.numbers:
                latest[group.code] = group
                continue
            owner = latest.get(group.code)
            for kind, name in _ATTRIBUTES.items():
                content = getattr(group, kind)
                if content is None:
                    continue
                if owner is not None and getattr(owner, kind) in (None, content):
                    setattr(owner, kind, content)
                    continue
                if owner is not None and kind == "flag":
                    self.faults.warn("value", f"{group.code} is both {owner.flag} and {content}")
                    self._withhold(owner.numbers)
                text = format_time(content) if isinstance(content, datetime) else content
                self.fields.setdefault(f"{group.code}-{name}", text)
        mark = self._mark(common, "flag", "Flag") if common else None
        for group in self._groups:
            group.flag = group.flag or mark
            if group.code in self._unflagged or (common and not mark):
                self._withhold(group.numbers)

    def _settle_doubles(self) -> None:
        """Of values that one packet gives a factor twice: what is the same is one, what differs is none."""
        doubles: dict[tuple[str, str], list[int]] = {}
        for number, (group, field, value, _text) in enumerate(self._values):
            if group.sample_time is None and not isinstance(value, str):
                doubles.setdefault((group.code, field), []).append(number)
        for (code, field), numbers in doubles.items():
            if len(numbers) == 1:
                continue
            groups = [self._values[number][0] for number in numbers]
            flags = {group.flag for group in groups} - {None}
            if len({self._values[number][2] for number in numbers}) == 1 and len(flags) < 2:
                for group in groups:
                    group.flag = next(iter(flags), None)
                continue
            self.faults.warn("value", f"{code}-{field} twice, with another value or flag")
            self._withhold(numbers)

    def _withhold(self, numbers: list[int]) -> None:
        """Keep of values only what was written."""
        for number in numbers:
            group, field, _value, text = self._values[number]
            self._values[number] = (group, field, None, text)

    def values(self) -> tuple[Value, ...]:
        return tuple(
            Value(group.code, field, value, group.flag, group.eflag, group.sample_time, text)
            for group, field, value, text in self._values
        )
