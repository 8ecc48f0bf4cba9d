"""What a cell 完成情况 means: 已完成 is closed, 基本完成, 已完成80%, 预计年底完成 and 未达到序时进度 are not.

Vocabulary: ``data/ledger_words.toml``, read from above to below. Practice of rectification ledgers; no standard
governs it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from ecoledger.standards.rule_data import compiled


class Course(StrEnum):
    """How far a piece of work is."""

    CLOSED = "closed"
    NEARLY = "nearly"
    ON_SCHEDULE = "on_schedule"
    MOVING = "moving"
    BEHIND = "behind"
    ALWAYS = "always"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Course.CLOSED: "已完成",
    Course.NEARLY: "基本完成",
    Course.ON_SCHEDULE: "达到序时进度",
    Course.MOVING: "正在推进",
    Course.BEHIND: "未达到序时进度",
    Course.ALWAYS: "长期坚持",
}


@dataclass(frozen=True, slots=True)
class Completion:
    """What a cell says: the course, the percent done (0–100) and the day of the end, where it says them.

    ``month`` is the latest month that stands beside a completion, by its first day.
    """

    course: Course
    percent: int | None = None
    finished: date | None = None
    month: date | None = None


@compiled("ledger_words")
def _meanings(content: dict[str, Any]) -> list[tuple[Course | None, re.Pattern[str]]]:
    meanings = []
    for entry in content["completion"]:
        parts = [f"^(?:{word})$" for word in entry.get("whole", ())] + list(entry.get("any", ()))
        course = Course(entry["course"]) if entry["course"] else None
        meanings.append((course, re.compile("|".join(parts))))
    return meanings


_UNSEEN = re.compile(r"[\s\u200b-\u200f\u2060\ufeff\u00ad]+")
# What stands in brackets about an annex or a document says nothing of the course.
_ANNEX = re.compile(
    r"\((?:见|详见|附|含)?(?:附件|附表|附图|照片|佐证|材料|文号|.{0,6}号文)[^()]*\)"
)
_LONG = 60
_KEPT = 4096
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)%")
_DONE_OF_ALL = re.compile(r"(?:已?完成|整改|销号)?(\d{1,4})/(\d{1,4})(?:[个处家项件]|$)")
_MONTH = re.compile(r"(20\d{2})(?:年(?:(\d{1,2})月)?|[./\-](\d{1,2})(?=[./\-]))")
_DAY = re.compile(
    r"(\d{4})[年./\-](\d{1,2})[月./\-](\d{1,2})日?|(?<!\d)(20\d{2})(\d{2})(\d{2})(?!\d)"
)


def read_completion(cell: Any, today: date | None = None) -> Completion | None:
    """What a cell 完成情况 says; ``None`` for an empty cell and for words that tell nothing.

    A number between 0 and 1 or up to 100 is a share done; a date alone is the day of the end. Nothing that stands
    in a month after ``today`` is completed: 2027年6月完成整改 may be a plan or a slip.

    >>> read_completion("基本完成，待验收").course, read_completion("已完成80%").percent
    (<Course.NEARLY: 'nearly'>, 80)
    >>> read_completion("已完成，2022年12月4日通过验收").finished
    datetime.date(2022, 12, 4)
    """
    if not isinstance(cell, str):
        return _read(cell)
    known = _known()
    if cell not in known:
        if len(known) >= _KEPT:
            known.clear()
        known[cell] = _read(cell)
    said = known[cell]
    return None if said and said.month and today and said.month > today else said


@compiled("ledger_words")
def _known(_words: dict[str, Any]) -> dict[str, Completion | None]:
    """What was read lately: a ledger says the same in row after row."""
    return {}


def _read(cell: Any) -> Completion | None:
    if cell is None or isinstance(cell, bool):
        return None if cell is None else Completion(Course.CLOSED if cell else Course.BEHIND)
    if isinstance(cell, date):  # a datetime too
        return Completion(Course.CLOSED, None, date(cell.year, cell.month, cell.day))
    if isinstance(cell, str) and re.fullmatch(r"\s*0?\.\d+\s*", cell):
        cell = float(cell)
    if isinstance(cell, int | float):
        share = cell * 100 if 0 <= cell <= 1 else cell
        return _of_percent(share) if 0 <= share <= 100 else None
    text = _ANNEX.sub("", _UNSEEN.sub("", unicodedata.normalize("NFKC", str(cell))).casefold())
    text = text.strip("。.;,、-—/")
    if not text:
        return None
    sentences = [part for part in re.split(r"[。;]", text) if part]
    if (
        len(text) > _LONG and len(sentences) > 1
    ):  # the last sentence of an account that says something
        said = [read_completion(part) for part in sentences]
        return next((meant for meant in reversed(said) if meant is not None), None)
    days = _days(text)
    if len(days) == 1 and re.fullmatch(_DAY, text):
        return Completion(Course.CLOSED, None, days[0])
    course = next((course for course, meant in _meanings() if meant.search(text)), None)
    percent = [float(n) for n in _PERCENT.findall(text)]
    if (part := _DONE_OF_ALL.search(text)) and int(part[2]) and not days:
        percent.append(100 * int(part[1]) / int(part[2]))
    if percent and course in (None, Course.CLOSED, Course.MOVING, Course.NEARLY):
        least = min(percent)
        if least < 100 and course is not Course.NEARLY:
            return Completion(Course.MOVING, int(least))
        if least >= 100 and course is None:
            course = Course.CLOSED
    if course is None:
        return None
    finished = days[-1] if course is Course.CLOSED and days else None
    if course is not Course.CLOSED:
        return Completion(course, _whole(percent))
    return Completion(course, 100, finished, max(_months(text), default=None))


def _of_percent(share: float) -> Completion:
    course = Course.CLOSED if share >= 100 else Course.MOVING if share > 0 else Course.BEHIND
    return Completion(course, int(share))


def _whole(percent: list[float]) -> int | None:
    return int(min(percent)) if percent and min(percent) < 100 else None


def _months(text: str) -> list[date]:
    months = ((int(m[1]), int(m[2] or m[3] or 1)) for m in _MONTH.finditer(text))
    return [date(year, month, 1) for year, month in months if 1 <= month <= 12]


def _days(text: str) -> list[date]:
    days = []
    for match in _DAY.finditer(text):
        year, month, day = (int(n) for n in match.groups() if n)
        try:
            days.append(date(year, month, day))
        except ValueError:
            continue  # 2022年13月4日 is no day of the end
    return days
