"""What the exports of the platform and of the 12345 line write, as a complaint's fields.

Words stand in ``data/words.toml``; a ``complaint_words.toml`` in the bureau's profile takes its place. What a
word does not tell is left open, and the cell's own text stays on the import row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from ecoledger.accounts.models import Organisation
from ecoledger.entities.models import Area, Enterprise
from ecoledger.listings import own_data
from ecoledger.listings.tables.headers import bare, fold
from ecoledger.listings.unchanged import same
from ecoledger.matters import actions
from ecoledger.matters.models import Matter
from ecoledger.registers.complaints.complaint import Complaint
from ecoledger.registers.complaints.placing import Gazetteer, Placed, locate
from ecoledger.standards.completion import Course, read_completion

_UNKNOWN = ("不详", "未知", "无", "/", "-", "—")


@lru_cache(maxsize=1)
def words() -> dict[str, dict[str, list[str]]]:
    """Column → value → words."""
    said = own_data.read(__package__, "words", own_name="complaint_words")
    return {k: v for k, v in said.items() if isinstance(v, dict)}


def meant(column: str, said: Any) -> str:
    """The value a word of ``column`` means; "" where nobody knows it."""
    text = fold(said or "")
    if not text:
        return ""
    for value, names in words()[column].items():
        if text in {fold(name) for name in names}:
            return value
    return ""


def state_of(said: Any) -> str:
    """Where a complaint stands by the words of 办理状态: the platform's own, else as 完成情况 is read; "" where nobody
    can tell."""
    text = bare(said)
    if not text or text in _UNKNOWN:
        return ""
    if state := meant("state", said) or meant("state", text):
        return state
    completion = read_completion(text)
    if completion is None:
        return ""
    return "done" if completion.course is Course.CLOSED else "handling"


def pollution_of(said: Any) -> list[str]:
    """Every kind of pollution a cell names."""
    text, kinds = fold(said or ""), []
    for value, names in words()["pollution"].items():
        if any(fold(name) in text for name in names):
            kinds.append(value)
    if "air" in kinds and "水" not in text and "water" in kinds:
        kinds.remove("water")
    return kinds or (["other"] if text else [])


class Register:
    """Names that a file may use for what is on record: divisions, units, firms. Read once an import."""

    def __init__(self) -> None:
        areas = list(Area.objects.values_list("code", "name"))
        names = [(name, code) for code, name in areas]
        # 望江街道 is also written 望江; the longest name that fits decides.
        names += [(short, c) for name, c in list(names) if (short := _short(name)) and len(c) >= 9]
        self.areas = sorted(names, key=lambda pair: (-len(pair[1]), -len(pair[0])))
        self.places = Gazetteer(areas)
        # The bureau's own, where those above it are on record as well.
        own = list(Organisation.objects.filter(kind="bureau").values_list("area_code", flat=True))
        self.county = min(own or [code for code, _name in areas], key=len, default="")
        self.organisations: dict[str, int] = {}
        for pk, name in Organisation.objects.exclude(kind="enterprise").values_list("pk", "name"):
            self.organisations[fold(name)] = pk
        self.firms: dict[str, tuple[int, float | None, float | None]] = {}
        rows = Enterprise.objects.values_list("name", "pk", "lon", "lat")
        for name, pk, lon, lat in rows.iterator(chunk_size=5000):
            self.firms[fold(name)] = (pk, lon, lat)

    def area_of(self, *texts: Any) -> str:
        """Code of the town that the first of ``texts`` with one names; else of the county."""
        for text in texts:
            said = str(text or "")
            for name, code in self.areas:
                if len(code) >= 9 and name in said:
                    return code
        return self.county

    def organisation_of(self, text: Any) -> int | None:
        """The unit that goes by ``text``, where exactly one does."""
        said = fold(text or "")
        if not said:
            return None
        if said in self.organisations:
            return self.organisations[said]
        near = [pk for name, pk in self.organisations.items() if said in name or name in said]
        return near[0] if len(near) == 1 else None


def _short(name: str) -> str:
    stem = re.sub(r"(街道|镇|乡)$", "", name)
    return stem if len(stem) >= 2 and stem != name else ""


def complaint_of(
    values: dict[str, Any], said: Mapping[str, Any], known: Register
) -> dict[str, Any]:
    """The fields of a row: ``values`` by attribute as cleaned, ``said`` the words of its other columns."""
    row = dict(values)
    if row.get("target", "") in _UNKNOWN:
        row.pop("target", None)
    text = row.get("description", "") or said.get("subject", "")
    row["description"] = text
    row["area_code"] = known.area_of(said.get("town"), row.get("address"), text)
    row["channel"] = meant("channel", said.get("way")) or _by_number(row.get("source_no", ""))
    row["pollution"] = pollution_of(said.get("kinds") or said.get("class"))
    row["refusal"] = _refusal(said.get("why_refused"))
    for name in ("verdict", "satisfaction"):
        row[name] = meant(name, said.get(name))
    if pk := known.organisation_of(row.get("handled_by")):
        row["owner_organisation_id"] = pk
    if firm := known.firms.get(fold(row.get("target", ""))):
        row["entity_id"] = row["enterprise_id"] = firm[0]
        if row.get("lon") is None and firm[1] is not None:
            row["lon"], row["lat"], row["placed"] = *firm[1:], Placed.FIRM
    locate(row, known.places)
    mask(row)
    row["title"] = title_of(row)
    _place_in_flow(row, state_of(said.get("status")))
    row["number"] = row.get("source_no", "")
    return {name: value for name, value in row.items() if value not in (None, "", [])}


def without_taken(rows: Iterable[dict[str, Any]]) -> None:
    """Take the number of the platform out of rows where another matter has it."""
    by_number = {row["number"]: row for row in rows if row.get("number")}
    numbers = list(by_number)
    for start in range(0, len(numbers), 500):
        taken = Matter.objects.filter(number__in=numbers[start : start + 500])
        for number in taken.values_list("number", flat=True):
            by_number[number].pop("number")


def title_of(row: Mapping[str, Any]) -> str:
    """What a list calls the complaint: whom it is about and what of, or its first words."""
    about = row.get("target", "")
    labels = dict(Complaint.Pollution.choices)
    kinds = "、".join(str(labels[c]) for c in row.get("pollution") or () if c in labels)
    if about:
        return f"{about}{kinds}问题"[:200]
    return (row.get("description") or row.get("address") or "信访投诉")[:40]


def _by_number(number: str) -> str:
    """The platform's numbers begin with the way they came."""
    first = {"D": "phone", "W": "wechat", "N": "web", "L": "message", "X": "letter"}
    return first.get(number[:1].upper(), "other")


def _refusal(said: Any) -> str:
    text = fold(said or "")
    if not text:
        return ""
    for value, names in words()["refusal"].items():
        if any(fold(name) in text for name in names):
            return value
    return "other"


# What names nobody in particular.
_ANYBODY = ("匿名", "群众", "市民", "居民", "村民", "网民", "热心")
# Between the digits of a number, and of one that is known in advance.
_GAP, _GAPS = r"[ \-‐-―]?", r"[\s\-‐-―]*"
_TELEPHONES = (
    # Of a mobile, in one or in the groups in which it is read aloud, with or without the country's.
    rf"(?<!\d)(?:(?:\+|00)?86\)?{_GAP})?(?:1\d{{10}}|1[3-9]\d{_GAP}(?:\d{{4}}{_GAP}\d{{4}}|\d{{3}}{_GAP}\d{{5}})"
    rf"|1[3-9]\d\d{_GAP}\d{{3}}{_GAP}\d{{4}}|1(?:[ \-]\d){{10}})(?!\d)",
    # Of a landline: its area's apart, or after the word for it.
    r"(?<!\d)(?:0\d{2,3}[ \-‐-―]{1,2}|\(0\d{2,3}\) ?)\d{3,4}[ \-]?\d{4}(?!\d)",
    r"(?<=电话)[^\d\n。;,，；]{0,3}(?P<number>0\d{9,11}|[2-8]\d{6,7})(?!\d)",
)
_TELEPHONE = tuple(re.compile(form) for form in _TELEPHONES)
# Of an identity card: division, day of birth, order and check; of the first generation two digits of the year and no
# check. A credit code begins with a 9.
_DAY_OF_BIRTH = rf"(?:0[1-9]|1[0-2]){_GAP}(?:0[1-9]|[12]\d|3[01])"
_IDENTITY_CARD = re.compile(
    rf"(?<!\d)[1-8]\d{{5}}{_GAP}(?:(?:19|20)\d\d{_GAP}{_DAY_OF_BIRTH}{_GAP}\d{{3}}{_GAP}[\dXx]"
    rf"|\d\d{_GAP}{_DAY_OF_BIRTH}{_GAP}\d{{3}})(?!\d)"
)
# Of the complainant: read by few.
IDENTITY = ("complainant", "telephone", "as_told")
# Texts that everybody reads who sees a complaint: what was told, and what was found and said about it.
TOLD, WRITTEN = (
    ("title", "description", "target", "address", "wanted", "industry"),
    ("findings", "answer", "remark", "handled_by", "transferred_to", "urgency"),
)


def mask(row: dict[str, Any]) -> None:
    """Take the complainant's name, telephone and card out of what everybody reads; the words as told are kept apart."""
    text = str(row.get("description") or "")
    for name in (*TOLD, *WRITTEN):
        if row.get(name):
            # The word in its place may be longer than the name.
            length = getattr(Complaint._meta.get_field(name), "max_length", None)
            row[name] = openly_said(row, name, str(row[name]))[:length]
    if row.get("description", "") != text and not row.get("as_told"):
        row["as_told"] = text


def openly(cells: Mapping[str, str]) -> dict[str, str]:
    """The cells of a row of a table, by column, as :func:`mask` leaves what is kept of them."""
    return {
        name: text
        if name in IDENTITY
        else openly_said(cells, "title" if name == "subject" else name, text)
        for name, text in cells.items()
    }


def openly_said(of: Mapping[str, Any], name: str, text: str) -> str:
    """What stands under ``name`` with the complaint ``of``, as everybody may read it."""
    text = _without(without_person(text, of), _IDENTITY_CARD, "［身份证号］")
    return without_telephones(text) if name in TOLD else text


def without_telephones(text: str) -> str:
    for pattern in _TELEPHONE:
        text = _without(text, pattern, "［电话］")
    return text


def without_person(text: str, of: Mapping[str, Any]) -> str:
    """``text`` without the telephone and the name of whom the complaint ``of`` is from."""
    for pattern in _patterns(str(of.get("telephone") or ""), str(of.get("complainant") or "")):
        text = _without(text, pattern, "［举报人］")
    return text


@lru_cache(maxsize=500)
def _patterns(telephones: str, name: str) -> tuple[re.Pattern[str], ...]:
    """What finds the numbers and the name however they are spaced."""
    result = []
    for told in re.split(r"[、,;/\n]", _folded(telephones)):
        digits = re.sub(r"\D", "", told)
        digits = digits[2:] if len(digits) == 13 and digits.startswith("861") else digits
        if len(digits) >= 5:
            result.append(re.compile(rf"(?<!\d)(?:\+?86)?{_GAPS.join(digits)}(?!\d)"))
        elif len(told.strip()) >= 2:
            result.append(re.compile(re.escape(told.strip())))
    letters = "".join(_folded(name).split())
    if len(letters) >= 2 and not any(word in letters for word in _ANYBODY):
        result.append(re.compile(r"\s*".join(map(re.escape, letters)), re.IGNORECASE))
    return tuple(result)


def _folded(text: str) -> str:
    """``text`` with its wide letters, digits and blanks as plain ones, each at its place."""
    if text.isascii():
        return text
    plain = ((c, unicodedata.normalize("NFKC", c)) for c in text)
    return "".join(one if len(one) == 1 else c for c, one in plain)


def _without(text: str, pattern: re.Pattern[str], word: str) -> str:
    """``text`` with ``word`` for what ``pattern`` finds in its folded form: the rest stays as it was written."""
    parts, end = [], 0
    for match in pattern.finditer(_folded(text)):
        begin, until = match.span("number" if "number" in pattern.groupindex else 0)
        parts += [text[end:begin], word]
        end = until
    return "".join([*parts, text[end:]]) if parts else text


def _place_in_flow(row: dict[str, Any], state: str) -> None:
    """Where the complaint stands: over (with its day), in work, or waiting to be accepted."""
    if not state:
        state = "done" if row.get("closed_at") else "handling" if row.get("accepted_at") else "new"
    if state in ("done", "refused"):
        ends = (row.get("closed_at"), row.get("accepted_at"), row.get("opened_at"))
        row["closed_at"] = next((day for day in ends if day), None)
        if row["closed_at"] is None:  # it says that it is over and not when
            state = "handling"
    else:
        row.pop("closed_at", None)
    row["state"] = state
    if state == "done" and row.get("satisfaction") not in (None, "", "not_asked"):
        row["state"] = "visited"


# How far a state is on: a later export moves a complaint on, never back.
_ON = {"new": 0, "handling": 1, "answering": 2, "review": 3, "supervised": 3,
       "refused": 4, "transferred": 4, "done": 4, "visited": 5}  # fmt: skip
# What this bureau knows better than the platform: who has it, where it lies, which firm it is about.
_OWN = ("number", "title", "origin", "area_code", "owner_organisation_id", "entity_id", "enterprise_id",
        "lon", "lat", "placed", "opened_at", "channel", "source_no")  # fmt: skip


def later(complaint: Complaint, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a later export of the same number says anew, its state among it where that is further on."""
    changed = {
        name: value
        for name, value in values.items()
        if name not in (*_OWN, "state", "closed_at") and not same(getattr(complaint, name), value)
    }
    # What this house writes out as the unit that has it is no word of the platform.
    if changed.get("handled_by") == str(complaint.owner_organisation or ""):
        del changed["handled_by"]
    # Once it was taken up by a step here, this bureau knows better when, and who was given it.
    taken_up = complaint.accepted_at is not None and not actions.only_followed(complaint)
    if taken_up:
        changed.pop("accepted_at", None)
    elif not complaint.owner_organisation_id and values.get("owner_organisation_id"):
        changed["owner_organisation_id"] = values["owner_organisation_id"]
    here, there = complaint.state, str(values.get("state") or "")
    if _ON.get(here, 0) < min(_ON.get(there, 0), _ON["refused"]):
        changed["state"] = there
        if values.get("closed_at"):
            changed["closed_at"] = values["closed_at"]
    return changed
