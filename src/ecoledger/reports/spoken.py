"""What most reports need to know of themselves: the division, the span, the title, who issues it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from ecoledger.accounts.models import Organisation
from ecoledger.entities.models import Area
from ecoledger.indicators.declaring import Span
from ecoledger.reports import spans
from ecoledger.reports.content import Bulletin, Section


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


def area_name(area_code: str) -> str:
    """A division's name, else its code."""
    return Area.objects.filter(code=area_code).values_list("name", flat=True).first() or area_code


def issuer(area_code: str) -> str:
    """The bureau of a division, by the name it has."""
    bureau = Organisation.objects.filter(kind="bureau", area_code=area_code).order_by("pk").first()
    return bureau.name if bureau else f"{area_name(area_code)}生态环境局"
