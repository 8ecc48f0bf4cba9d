"""``ecoledger report``: what can be said of a summary before it is issued."""

from __future__ import annotations

from pathlib import Path

import click

from ecoledger.indicators.plan.checking import check
from ecoledger.indicators.plan.reading import UnreadableError, read_text


@click.group("report", help=__doc__)
def command() -> None:
    pass


@command.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--text",
    "text_to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the text in which the spans count (of .docx, .html and .pdf).",
)
def check_command(file: Path, text_to: Path | None) -> None:
    """Check whether the figures of FILE (.txt, .docx, .html, .pdf) agree, one JSON line a finding.

    Each line has span, text, kind (parts, ratio, change, valid_days, denominator, contradiction), what is
    stated, what the other figures come to, and under which condition both hold. No finding, no line.
    """
    try:
        text = read_text(file)
    except UnreadableError as problem:
        raise click.ClickException(str(problem)) from problem
    if text_to is not None:
        text_to.write_text(text, encoding="utf-8", newline="\n")
    for finding in check(text):
        click.echo(finding.line())
