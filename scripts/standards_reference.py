"""Write docs/standards.md: every rule set with its editions, clauses and dates, and the modules' functions.

python scripts/standards_reference.py           write the page
python scripts/standards_reference.py --check   exit 1 when the page is out of date
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

import ecoledger.standards
from ecoledger.cli.standards import load_all
from ecoledger.standards import catalogue
from ecoledger.standards.catalogue import Edition, Mark

PAGE = Path(__file__).resolve().parent.parent / "docs" / "standards.md"

HEAD = """\
# Standards reference · 标准规则一览

Written by `scripts/standards_reference.py`; do not edit. 本页由程序生成，请勿手改。

The rules are chosen by the date of the **data**. 按**数据日期**选用标准版本，不按运行日期。

| Mark 标记 | Meaning 含义 |
|---|---|
{marks}

Override any data file key by key with a file of the same name in the folder that `ECOLEDGER_STANDARDS`
names. 用 `ECOLEDGER_STANDARDS` 所指文件夹中的同名文件逐键覆盖随附数据。
"""
MARKS = {
    Mark.PRIMARY: "read in the standard's own text",
    Mark.TWO_PLACES: "two independent places agree",
    Mark.ONE_PLACE: "one place only",
    Mark.MEMORY: "not checked; compare with the standard's text",
    Mark.DOUBTFUL: "doubtful; compare with the standard's text",
}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _edition_row(edition: Edition) -> str:
    begins = edition.effective_from.isoformat() if edition.effective_from else "—"
    ends = edition.effective_to.isoformat() if edition.effective_to else "—"
    cells = (edition.standard, edition.title, edition.clause, begins, ends, edition.mark.value)
    return "| " + " | ".join(_cell(cell) for cell in (*cells, edition.source)) + " |"


def _rule_sets() -> list[str]:
    lines = ["## Rule sets · 规则集", ""]
    for name in catalogue.rule_sets():
        lines += [
            f"### `{name}`",
            "",
            "| Standard 标准 | Title 名称 | Clause 条款 | From 起 | To 止 | Mark | Source 来源 |",
            "|---|---|---|---|---|---|---|",
            *[_edition_row(edition) for edition in catalogue.editions(name)],
            "",
        ]
    return lines


def _first_sentence(thing: object) -> str:
    text = inspect.getdoc(thing) or ""
    paragraph = " ".join(text.split("\n\n")[0].split())
    for role in (":class:", ":func:", ":data:", ":mod:"):
        paragraph = paragraph.replace(role, "")
    return paragraph.replace("``", "`")


def _functions(module: ModuleType) -> list[str]:
    return [
        f"- `{name}`: {_first_sentence(member)}"
        for name, member in sorted(vars(module).items())
        if inspect.isfunction(member)
        and member.__module__ == module.__name__
        and not name.startswith("_")
    ]


def _modules() -> list[str]:
    lines = ["## Modules · 模块", ""]
    for found in sorted(pkgutil.iter_modules(ecoledger.standards.__path__), key=lambda m: m.name):
        module = importlib.import_module(f"ecoledger.standards.{found.name}")
        lines += [f"### `ecoledger.standards.{found.name}`", "", _first_sentence(module), ""]
        if functions := _functions(module):
            lines += [*functions, ""]
    return lines


def render() -> str:
    """The page's text."""
    load_all()
    marks = "\n".join(f"| {m.value} | {english} · {m.label} |" for m, english in MARKS.items())
    body = "\n".join([*_rule_sets(), *_modules()])
    return f"{HEAD.format(marks=marks)}\n{body.rstrip()}\n"


def main() -> int:
    """Write the page, or check it."""
    text = render()
    if "--check" in sys.argv[1:]:
        if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text:
            return 0
        sys.stderr.write(f"{PAGE.name} is out of date: run python scripts/{Path(__file__).name}\n")
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
