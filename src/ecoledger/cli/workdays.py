"""``ecoledger workdays``: count working days by the announced holidays. One JSON line out."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import click

from ecoledger.standards import workdays
from ecoledger.standards.workdays import Calendar, CountResult, WorkdayResult


class Day(click.ParamType[date]):
    """A date written 2026-11-21."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return datetime.strptime(value, "%Y-%m-%d").date()
        except ValueError:
            self.fail(f"{value!r} is not a date; write it like 2026-11-21", param, ctx)


def _calendar(rest: tuple[date, ...], work: tuple[date, ...]) -> Calendar:
    try:
        return workdays.national().with_local(rest, work)
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def _print(answer: dict[str, Any], result: WorkdayResult | CountResult) -> None:
    answer |= {"provisional": result.provisional, "reason": result.reason}
    click.echo(json.dumps(answer, ensure_ascii=False))


_rest = click.option("--rest", type=Day(), multiple=True, help="A further local day off.")
_work = click.option("--work", type=Day(), multiple=True, help="A further local working day.")


@click.group("workdays", help=__doc__)
def command() -> None:
    pass


@command.command(context_settings={"ignore_unknown_options": True})
@click.argument("start", metavar="DATE", type=Day())
@click.argument("n", metavar="N", type=int)
@_rest
@_work
def add(start: date, n: int, rest: tuple[date, ...], work: tuple[date, ...]) -> None:
    """The N-th working day after DATE; DATE itself is not counted. N may be negative."""
    try:
        result = _calendar(rest, work).add_working_days(start, n)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    _print({"start": start.isoformat(), "n": n, "day": result.day.isoformat()}, result)


@command.command()
@click.argument("start", metavar="A", type=Day())
@click.argument("end", metavar="B", type=Day())
@_rest
@_work
def between(start: date, end: date, rest: tuple[date, ...], work: tuple[date, ...]) -> None:
    """Working days after A up to and including B; negative when B is before A."""
    try:
        result = _calendar(rest, work).working_days_between(start, end)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    answer = {"start": start.isoformat(), "end": end.isoformat(), "working_days": result.count}
    _print(answer, result)
