"""Numbers of matters: one series a register and year, written as the bureau writes it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ecoledger.matters.clocks import local
from ecoledger.matters.models import Matter, NumberSeries
from ecoledger.matters.profile import profile
from ecoledger.matters.register import Register


def next_number(register: Register, at: datetime) -> str:
    """The next number of the register's series in the year of ``at``; a rolled-back one is used again."""
    return next_numbers(register, at, 1)[0]


def next_numbers(register: Register, at: datetime, count: int) -> list[str]:
    """The next ``count`` numbers of the series, those already taken by imported matters left out."""
    pattern = profile().patterns.get(register.key, register.pattern)
    year = local(at).year
    numbers: list[str] = []
    with transaction.atomic():
        NumberSeries.objects.get_or_create(series=register.key, year=year)
        series = NumberSeries.objects.select_for_update().get(series=register.key, year=year)
        while len(numbers) < count:
            span = range(series.last + 1, series.last + 1 + count - len(numbers))
            wanted = [pattern.format(year=year, n=n) for n in span]
            # Numbers brought in by import may already stand in the series' way.
            taken = set()
            for start in range(0, len(wanted), _AT_ONCE):
                some = Matter.objects.filter(number__in=wanted[start : start + _AT_ONCE])
                taken |= set(some.values_list("number", flat=True))
            numbers += [number for number in wanted if number not in taken]
            series.last = span[-1]
        series.save()
    return numbers


# So many values are asked for in one query; a database takes no list without end.
_AT_ONCE = 500
