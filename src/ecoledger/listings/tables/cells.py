"""A workbook's first sheet with content as JSON values: what the confined child process runs.

Kept apart and small, for the child loads nothing else. Dates and times become ``{"date": ISO text}``; :func:`cell`
turns them back.
"""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from typing import Any

import python_calamine

MOST_CELLS = 5_000_000


def first_sheet(content: bytes) -> dict[str, Any] | None:
    """``name``, ``rows`` and ``merged`` (ranges of cells) of the first sheet that is not empty.

    Raises ``ValueError`` for what is no workbook, ``MemoryError`` for too many cells.
    """
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.total_height * max(sheet.total_width, 1) > MOST_CELLS:
                raise MemoryError
            rows = sheet.to_python(skip_empty_area=False)
            if any(value not in ("", None) for row in rows for value in row):
                return {
                    "name": name,
                    "rows": [[_plain(value) for value in row] for row in rows],
                    "merged": [[*first, *last] for first, last in sheet.merged_cell_ranges or ()],
                }
    except (python_calamine.CalamineError, OSError) as error:
        raise ValueError(str(error)) from error
    return None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return {type(value).__name__: value.isoformat()}
    if isinstance(value, timedelta):
        return {"timedelta": value.total_seconds()}
    return value


def cell(value: Any) -> Any:
    """The cell as it was read."""
    if not isinstance(value, dict):
        return value
    ((kind, text),) = value.items()
    match kind:
        case "datetime":
            return datetime.fromisoformat(text)
        case "date":
            return date.fromisoformat(text)
        case "time":
            return time.fromisoformat(text)
        case _:
            return timedelta(seconds=text)
