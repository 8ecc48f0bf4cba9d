"""``ecoledger standards``: which rules the software judges by, of which edition, and how sure they are."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

import click

import ecoledger.standards
from ecoledger.standards import catalogue
from ecoledger.standards.catalogue import Edition, Mark

_MAX_CELLS = 12


def load_all() -> None:
    """Import every module of the standards, so that each has declared its rule sets."""
    for module in pkgutil.iter_modules(ecoledger.standards.__path__):
        importlib.import_module(f"ecoledger.standards.{module.name}")


def _dates(edition: Edition) -> str:
    begins = edition.effective_from.isoformat() if edition.effective_from else "…"
    ends = edition.effective_to.isoformat() if edition.effective_to else "…"
    return f"{begins} – {ends}"


def lines_of(content: Any, indent: int = 0) -> Iterator[str]:
    """What an edition holds, as indented lines: plain values, mappings, sequences, dataclasses."""
    pad = "  " * indent
    for key, value in _entries(content):
        if _plain(value):
            yield f"{pad}{key}: {_text(_marked(key, value))}"
        else:
            yield f"{pad}{key}:"
            yield from lines_of(value, indent + 1)


def _entries(content: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield _key(key), value
    elif is_dataclass(content) and not isinstance(content, type):
        for each in fields(content):
            yield each.name, getattr(content, each.name)
    elif isinstance(content, Sequence | Set) and not isinstance(content, str):
        ordered = sorted(content, key=str) if isinstance(content, Set) else content
        for number, value in enumerate(ordered, start=1):
            yield str(number), value
    elif hasattr(content, "__dict__"):
        for name, value in vars(content).items():
            if not name.startswith("_"):
                yield name, value


def _key(key: Any) -> str:
    return " / ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _plain(value: Any) -> bool:
    if value is None or isinstance(value, str | int | float | date):
        return True
    if isinstance(value, Mapping | Set) or is_dataclass(value):
        return isinstance(value, Set) and len(value) <= _MAX_CELLS
    if isinstance(value, Sequence):
        return all(isinstance(v, str | int | float | None) for v in value)
    return not hasattr(value, "__dict__")


def _marked(key: str, value: Any) -> Any:
    """How sure a fact is, as a mark: data files write it as a letter."""
    is_mark = key == "mark" or key.endswith("_mark")
    return Mark(value) if is_mark and isinstance(value, str) and value else value


def _text(value: Any) -> str:
    if isinstance(value, Mark):
        return f"{value.value} {value.label}"
    if isinstance(value, Set):
        value = sorted(value, key=str)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_text, value))
    return "" if value is None else str(value)


def _folded(name: str) -> str:
    return name.casefold().replace(" ", "")


@click.group()
def command() -> None:
    """Rule sets: list them, or show what one holds."""
    load_all()


@command.command("list")
@click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), help="Only editions that judge this day's data."
)
def list_rule_sets(on: Any) -> None:
    """Every rule set with its editions: standard, dates in force, mark (how sure its text is), clause."""
    for name in catalogue.rule_sets():
        known = [e for e in catalogue.editions(name) if on is None or e.covers(on.date())]
        if not known:
            continue
        click.echo(name)
        for e in known:
            click.echo(f"  {e.standard}  {_dates(e)}  [{e.mark.value}]  {e.title}  {e.clause}")


@command.command()
@click.argument("name")
def show(name: str) -> None:
    """What a rule set holds. NAME is a rule set, or a standard's number such as "HJ 633-2026"."""
    folded = _folded(name)
    found = [
        edition
        for rule_set in catalogue.rule_sets()
        for edition in catalogue.editions(rule_set)
        if folded in (_folded(rule_set), _folded(edition.standard))
    ]
    if not found:
        near = [n for n in catalogue.rule_sets() if folded in _folded(n)]
        hint = f"; perhaps {', '.join(near)}" if near else ""
        raise click.ClickException(
            f"no rule set or standard {name!r}{hint}; `ecoledger standards list` names them all"
        )
    for e in found:
        click.echo(f"{e.rule_set}: {e.standard} {e.title}")
        click.echo(f"  in force: {_dates(e)}")
        click.echo(f"  clause: {e.clause}")
        click.echo(f"  mark: {_text(e.mark)}")
        click.echo(f"  source: {e.source}")
        for line in lines_of(e.content, 1):
            click.echo(line)
        click.echo()
