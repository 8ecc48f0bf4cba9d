"""``ecoledger plan``: what a plan or summary promises and reports, proposed item by item."""

from __future__ import annotations

from pathlib import Path

import click

from ecoledger.indicators.plan.extraction import extract
from ecoledger.indicators.plan.reading import UnreadableError, read_text
from ecoledger.indicators.plan.words import BadWordsError


@click.group("plan", help=__doc__)
def command() -> None:
    pass


@command.command("extract")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--text",
    "text_to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the text in which start and end count (of .docx, .html and .pdf).",
)
@click.option(
    "--words",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Own dictionary, of the form of indicators/plan/words.toml, added to the shipped one.",
)
def extract_command(file: Path, text_to: Path | None, words: Path | None) -> None:
    """Propose targets, tasks and facts of FILE (.txt, .docx, .html, .pdf with text), one JSON line an item.

    The fields are explained in docs/plan_annotation.md. Nothing is stored and nothing is confirmed.
    """
    try:
        text = read_text(file)
        items = extract(text, words)
    except (UnreadableError, BadWordsError) as problem:
        raise click.ClickException(str(problem)) from problem
    if text_to is not None:
        text_to.write_text(text, encoding="utf-8", newline="\n")
    for item in items:
        click.echo(item.line())
