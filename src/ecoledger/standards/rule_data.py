"""Rules compiled from a data file: built once, and built anew when an override is set.

The water, noise, soil and emission modules keep their limits in ``data/*.toml`` under
``[edition."GB ..."]`` tables. :func:`compiled` caches what a module makes of its file;
:func:`declare_editions` enters those tables in the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from ecoledger.standards import catalogue, data_files
from ecoledger.standards.catalogue import Edition, Mark

# From the surest to the least sure.
_SURENESS = (Mark.PRIMARY, Mark.TWO_PLACES, Mark.ONE_PLACE, Mark.MEMORY, Mark.DOUBTFUL)


T = TypeVar("T")


def compiled(name: str) -> Callable[[Callable[[dict[str, Any]], T]], Callable[[], T]]:
    """Decorate ``build(content)`` into a function of no arguments that returns its last result.

    The result is built again when :func:`ecoledger.standards.data_files.use_overrides` has made the
    file ``<name>.toml`` read differently.
    """

    def decorate(build: Callable[[dict[str, Any]], T]) -> Callable[[], T]:
        kept: list[tuple[dict[str, Any], T]] = []

        def current() -> T:
            content = data_files.read(name)
            if not kept or kept[0][0] is not content:
                kept[:] = [(content, build(content))]
            return kept[0][1]

        current.__doc__ = build.__doc__
        return current

    return decorate


def declare_editions(
    rule_set: str,
    tables: Mapping[str, Mapping[str, Any]],
    contents: Mapping[str, Any] | None = None,
) -> tuple[Edition, ...]:
    """Declare one edition for each table, keyed by its standard number.

    A table holds ``title``, ``clause``, ``mark``, ``source`` and optionally ``effective_from`` and
    ``effective_to`` (TOML dates). ``contents`` gives each edition's content, by the same keys;
    without it the content is the table itself.
    """
    return catalogue.declare(
        rule_set,
        [
            Edition(
                rule_set=rule_set,
                standard=standard,
                title=table["title"],
                clause=table["clause"],
                effective_from=_day(table.get("effective_from")),
                effective_to=_day(table.get("effective_to")),
                mark=Mark(table["mark"]),
                source=table["source"],
                content=table if contents is None else contents[standard],
            )
            for standard, table in tables.items()
        ],
    )


def declare_each(prefix: str, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Edition]:
    """Declare the one edition of each of the rule sets that a file keeps by their keys, ``prefix`` before each."""
    return {
        key: declare_editions(prefix + key, {table["standard"]: table})[0]
        for key, table in tables.items()
    }


def declare_file(rule_set: str, content: Mapping[str, Any]) -> Edition:
    """Declare the one edition that a data file describes in its table ``[basis]``; the rest of the file is
    the edition's content."""
    basis = content["basis"]
    rest = {name: table for name, table in content.items() if name != "basis"}
    return declare_editions(rule_set, {basis["standard"]: basis}, {basis["standard"]: rest})[0]


def _day(value: Any) -> date | None:
    if value is None or type(value) is date:
        return value
    raise ValueError(f"{value!r} is not a TOML date such as 2002-06-01")


def weakest(*marks: Mark) -> Mark:
    """The least sure of ``marks``: the mark that a figure resting on all of them carries."""
    return max(marks, key=_SURENESS.index)
