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
    pattern = profile().patterns.get(register.key, register.pattern)
    year = local(at).year
    with transaction.atomic():
        NumberSeries.objects.get_or_create(series=register.key, year=year)
        series = NumberSeries.objects.select_for_update().get(series=register.key, year=year)
        while True:
            series.last += 1
            number = pattern.format(year=year, n=series.last)
            # Numbers brought in by import may already stand in the series' way.
            if not Matter.objects.filter(number=number).exists():
                break
        series.save()
    return number
