"""What most reports need to know of themselves: the division, the span, the title, who issues it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from ecoledger.accounts.models import Organisation
from ecoledger.indicators.declaring import Span
from ecoledger.listings.cells import area_name
from ecoledger.reports import spans
from ecoledger.reports.content import Bulletin, Section

# Digits of a county's code: what is below it has no bureau.
COUNTY = 6


@dataclass(frozen=True)
class Spoken:
    """A division and the days of a span that are over; ``words`` says them."""

    title: str
    number: str
    area_code: str
    name: str
    begin: date
    end: date
    whole_end: date
    words: str
    length: str
    """A key of ``spans.days``."""

    @property
    def this(self) -> str:
        return spans.THIS[self.length]

    @property
    def before(self) -> str:
        """How a text speaks of the same days a year ago."""
        return "上年同月" if self.length == "month" and self.complete else "上年同期"

    @property
    def span(self) -> Span:
        return Span(self.begin, self.end)

    @property
    def complete(self) -> bool:
        return self.end == self.whole_end

    def bulletin(self, kind: str, sections: tuple[Section, ...]) -> Bulletin:
        return Bulletin(
            kind, self.title, self.number, issuer(self.area_code), self.area_code,
            self.begin, self.end, sections,
        )  # fmt: skip


def spoken(area_code: str, span: str, day: date, title: str) -> Spoken:
    """The span that holds ``day``, up to today where it is under way; ``title`` may name ``{words}``."""
    begin, whole_end = spans.days(span, day)
    end = max(min(whole_end, timezone.localdate()), date.fromordinal(begin.toordinal() + 1))
    words = spans.words(begin, end, whole_end)
    name = area_name(area_code)
    called = title.format(words=spans.titled(begin, end, whole_end))
    return Spoken(f"{name}{called}", words, area_code, name, begin, end, whole_end, words, span)


def issuer(area_code: str) -> str:
    """The bureau of a division or of the one around it, by the name it has: a town has none of its own."""
    around = [area_code[:n] for n in range(len(area_code) + 1)]
    bureaus = Organisation.objects.filter(kind="bureau", area_code__in=around).order_by("pk")
    nearest = max(bureaus, key=lambda bureau: len(bureau.area_code), default=None)
    return nearest.name if nearest else f"{area_name(area_code[:COUNTY])}生态环境局"
