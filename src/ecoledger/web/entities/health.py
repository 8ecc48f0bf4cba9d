"""The health summary (环保体检) as pages draw it: one word, how many reasons, the reasons with the worst first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.entities import file
from ecoledger.entities.file import HealthItem, Mark

# New of the last days: what the summary says has changed.
LATELY = timedelta(days=30)


@dataclass(frozen=True)
class Health:
    """The summary as the page draws it."""

    items: list[HealthItem]

    @property
    def word(self) -> str:
        return file.word_of(self.items)

    @property
    def worst(self) -> int:
        return int(self.items[0].mark) if self.items else int(Mark.UNKNOWN)

    @property
    def counts(self) -> str:
        """How many items are bad, to be watched, and cannot be judged."""
        said = (
            (Mark.BAD, _("%d 项需处置")),
            (Mark.WATCH, _("%d 项需关注")),
            (Mark.UNKNOWN, _("%d 项不能判断")),
        )
        marks = [item.mark for item in self.items]
        return " · ".join(text % marks.count(mark) for mark, text in said if mark in marks)

    @property
    def lately(self) -> int:
        """How many of them are new in the last days."""
        since = timezone.localdate() - LATELY
        return sum(item.day is not None and item.day >= since for item in self.items)
