"""Compile the translations, and say which texts of the interface still lack one.

    python scripts/compile_messages.py             compile the .po files of each language to its .mo
    python scripts/compile_messages.py --missing   print the untranslated texts as .po entries

The interface's texts are Chinese in the source; ``locale/en/LC_MESSAGES/`` holds the English, one .po file a
room or line of business, compiled into one catalogue. The same text has the same English in all of them.
Texts come from ``gettext`` calls in Python and templates, and from what models and tables of the
product name and pages show: choices, roles, parameters, levels.
"""

from __future__ import annotations

import ast
import csv
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "ecoledger"
LOCALE = PACKAGE / "locale"
ENGLISH = LOCALE / "en" / "LC_MESSAGES"

# Name of the function -> which arguments are texts, and which is the context.
CALLS: dict[str, tuple[tuple[int, ...], int | None]] = {
    "_": ((0,), None),
    "gettext": ((0,), None),
    "gettext_lazy": ((0,), None),
    "gettext_noop": ((0,), None),
    "noop": ((0,), None),  # as which it is imported beside "_"
    "ngettext": ((0, 1), None),
    "ngettext_lazy": ((0, 1), None),
    "pgettext": ((1,), 0),
    "pgettext_lazy": ((1,), 0),
    "numbered": ((0,), None),
}
# Parts of declarations that say their words themselves, plainly: first the name, then the label.
DECLARED = frozenset({"Statistic", "Breakdown", "share", "said"})
SAID = frozenset({"label", "note", "help", "unit"})
_TEMPLATE_CALL = re.compile(r"(?<![\w.])(?:gettext|pgettext|ngettext|_)\(")
# Signs of Chinese writing count as Chinese: an English sentence does not end with "。".
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")

# A text and its context, empty for none.
Message = tuple[str, str]


def _from_tree(tree: ast.AST) -> Iterator[Message]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        if name in DECLARED:
            words = [*(node.args if name == "Breakdown" else node.args[1:2])]
            words += [k.value for k in node.keywords if k.arg in SAID]
            words += [w for tuple_ in words if isinstance(tuple_, ast.Tuple) for w in tuple_.elts]
            yield from ((w.value, "") for w in words if _is_text(w))
        if name not in CALLS:
            continue
        places, context = CALLS[name]
        texts = [
            argument.value if isinstance(argument, ast.Constant) else None for argument in node.args
        ]
        for place in places:
            if place < len(texts) and isinstance(texts[place], str):
                about = texts[context] if context is not None else ""
                yield str(texts[place]), str(about or "")


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def in_python(path: Path) -> Iterator[Message]:
    """Texts of one Python file."""
    yield from _from_tree(ast.parse(path.read_text(encoding="utf-8")))


def in_template(path: Path) -> Iterator[Message]:
    """Texts of one template, by Django's own reading of its tags."""
    from django.utils.translation.template import templatize

    code = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    for call in _TEMPLATE_CALL.finditer(code):
        # The shortest stretch from here that is a whole expression.
        for end in re.finditer(r"\)", code[call.start() :]):
            try:
                tree = ast.parse(code[call.start() : call.start() + end.end()], mode="eval")
            except SyntaxError:
                continue
            yield from _from_tree(tree)
            break


def in_declarations() -> Iterator[Message]:
    """Words that pages translate as they show them: names of things, choices, roles, factors, levels."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecoledger.settings")
    import django

    django.setup()
    from django.apps import apps

    from ecoledger.accounts.roles import Role
    from ecoledger.hj212 import codes
    from ecoledger.indicators.declaring import all_indicators
    from ecoledger.reports.declaration import all_documents
    from ecoledger.standards import aqi

    for role in Role:
        yield role.label, ""
    for indicator in all_indicators():
        yield str(indicator.name), ""
        yield str(indicator.unit), ""
    for document in all_documents():
        yield document.label, ""
        for word in document.words:
            yield word.name, ""
            yield word.help, ""
    for level in aqi.levels():
        yield level.category, ""
    for model in apps.get_models():
        if model.__module__.startswith("ecoledger."):
            yield str(model._meta.verbose_name), ""
            for field in model._meta.get_fields():
                for _value, label in getattr(field, "choices", None) or ():
                    yield str(label), ""
    yield from ((text, "") for text in in_books())
    yield from ((word, "") for word in codes.ANALYSER_STATES.values())
    table = PACKAGE / "monitoring" / "data" / "parameters.csv"
    for row in csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"))):
        yield row["symbol"] or row["name"], ""
        yield row["name"], ""


def in_books() -> Iterator[str]:
    """Labels of every declared list, most of them its model's; states, steps and clocks of its workflow."""
    from ecoledger.listings.catalogue import all_listings
    from ecoledger.matters.register import all_registers

    for listing in all_listings():
        asks = [*listing.fields, *listing.batch, *(c.ask for c in listing.import_columns)]
        parts = [*listing.columns, *listing.details, *listing.filters, *listing.views]
        parts += listing.given_views()
        yield from map(str, (listing.label, listing.empty, getattr(listing, "holder", "")))
        for register in all_registers():
            if register is listing:
                for step in register.workflow.transitions:
                    asks += register.asks_of(step)
                    parts.append(step)
                    yield str(step.help)
                parts += [*register.workflow.states, *register.workflow.clocks]
                yield from register.workflow.stages
                parts += register.lines
                asks += [ask for lines in register.lines for ask in lines.asks]
        for part in (*parts, *asks):
            yield str(part.label)
            yield from (str(label) for _value, label in getattr(part, "choices", ()))
        for ask in asks:
            yield from map(str, (ask.help, ask.unit))


def messages() -> dict[Message, str]:
    """Every Chinese text of the interface, and where it was first seen."""
    found: dict[Message, str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" not in path.parts:
            for message in in_python(path):
                found.setdefault(message, str(path.relative_to(PACKAGE)))
    for path in sorted(PACKAGE.rglob("templates/**/*.html")):
        for message in in_template(path):
            found.setdefault(message, str(path.relative_to(PACKAGE)))
    for message in in_declarations():
        found.setdefault(message, "declarations")
    return {message: where for message, where in found.items() if CHINESE.search(message[0])}


def _catalogue(folder: Path) -> Catalog:
    """The entries of every .po file in ``folder``. Raises ``ValueError`` where two files disagree."""
    whole = Catalog(locale=folder.parent.name)
    for source in sorted(folder.glob("*.po")):
        with source.open("rb") as file:
            part = read_po(file, locale=folder.parent.name)
        for entry in part:
            if not entry.id:
                continue
            known = whole.get(entry.id, entry.context)
            if known and known.string != entry.string:
                raise ValueError(f"{source.name}: {entry.id!r} has another translation elsewhere")
            whole[entry.id] = entry
    return whole


def translated() -> dict[Message, str]:
    """Text -> English, of the entries that have one and are not marked fuzzy."""
    return {
        (entry.id if isinstance(entry.id, str) else entry.id[0], entry.context or ""): (
            # Of a text with a number, the form for several.
            entry.string if isinstance(entry.string, str) else entry.string[-1]
        )
        for entry in _catalogue(ENGLISH)
        if entry.id and entry.string and not entry.fuzzy
    }


def missing() -> dict[Message, str]:
    """Texts without English, and where they stand."""
    known = translated()
    return {message: where for message, where in messages().items() if message not in known}


def compile_all() -> None:
    for folder in LOCALE.glob("*/LC_MESSAGES"):
        with (folder / "django.mo").open("wb") as file:
            write_mo(file, _catalogue(folder))


def main(arguments: list[str]) -> int:
    if "--missing" in arguments:
        left = missing()
        for (text, context), where in left.items():
            quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            about = f'msgctxt "{context}"\n' if context else ""
            sys.stdout.write(f'#: {where}\n{about}msgid "{quoted}"\nmsgstr ""\n\n')
        return 1 if left else 0
    compile_all()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
