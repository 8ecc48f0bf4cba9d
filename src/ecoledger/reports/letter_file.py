"""The .docx of a letter: its variables checked when it is uploaded, filled when it is issued.

A template may hold variables, loops and conditions, nothing that computes: what is uploaded is run.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from typing import Any

from docx import Document
from docxtpl.template import DocxTemplate
from jinja2 import StrictUndefined, meta, nodes
from jinja2.exceptions import TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment
from lxml import etree

from ecoledger.listings.word.package import NotADocumentError, Package
from ecoledger.reports.typesetting import features, pdf

# What an expression of a template may consist of.
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.For,
    nodes.If,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Compare,
    nodes.Operand,
    nodes.Filter,
    nodes.Getattr,
)
_FILTERS = frozenset({"default", "join", "length", "trim"})
# Of ``loop`` and of nothing else.
_LOOP = frozenset({"index", "first", "last", "length"})

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Findings:
    """What is wrong with a template (``errors``: it is refused) and what its PDF will not show."""

    errors: tuple[str, ...] = ()
    uncarried: tuple[str, ...] = ()
    missing_fonts: tuple[str, ...] = ()


@cache
def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)


def check(content: bytes, examples: Values, own_fonts: str = "") -> Findings:
    """Whether a template can be used with the variables of ``examples``, tried by filling it with them."""
    try:
        Package(content)
        errors = _errors(content, set(examples), columns(examples))
        if errors:
            return Findings(tuple(errors))
        filled = fill(content, examples)
        pdf.render(filled, own_fonts)
    except (NotADocumentError, pdf.TypesettingError) as wrong:
        return Findings((str(wrong),))
    except TemplateError as wrong:
        return Findings((f"用示例数据试填时出错：{wrong.message}",))
    return Findings(
        (),
        tuple(features.uncarried(content)),
        tuple(features.missing_fonts(filled, own_fonts)),
    )


def fill(content: bytes, values: Values) -> bytes:
    """The letter with its variables filled in."""
    template = DocxTemplate(BytesIO(content))
    template.render(dict(values), jinja_env=_environment(), autoescape=True)
    buffer = BytesIO()
    template.save(buffer)
    return buffer.getvalue()


def columns(examples: Values) -> frozenset[str]:
    """The columns of rows that a template may repeat over: {{ 行.指标 }}."""
    return frozenset(
        column
        for value in examples.values()
        if isinstance(value, list)
        for row in value
        if isinstance(row, Mapping)
        for column in row
    )


@lru_cache(maxsize=64)  # each draft asks it of the same few files
def variables(content: bytes) -> frozenset[str]:
    """The variables that a template names."""
    found: set[str] = set()
    for source in _sources(content):
        found |= meta.find_undeclared_variables(_environment().parse(source))
    return frozenset(found)


def _place(content: bytes, name: str) -> str:
    """Where a name stands, so that who edits the file finds it."""
    marked = re.compile(r"\{[{%][^{}]*" + re.escape(name))
    words = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    for number, paragraph in enumerate(
        Document(BytesIO(content)).element.body.iter(f"{words}p"), 1
    ):
        text = "".join(node.text or "" for node in paragraph.iter(f"{words}t"))
        if match := marked.search(text):
            around = text[max(match.start() - 12, 0) : match.end() + 6]
            return f"（第{number}段“{around}”）"
    return ""


def _errors(content: bytes, known: set[str], of_rows: frozenset[str]) -> list[str]:
    """Unknown variables with the nearest known ones and their place, and what a template may not say."""
    said: dict[str, None] = {}
    for source in _sources(content):
        try:
            tree = _environment().parse(source)
        except TemplateSyntaxError as wrong:
            said[f"模板标记写法有误：{wrong.message}"] = None
            continue
        own = {"loop"} | {
            name.name for loop in tree.find_all(nodes.For) for name in _targets(loop.target)
        }
        for node in _nodes(tree):
            for words, name in _of_node(node, known, own, of_rows):
                said[words + (_place(content, name) if name else "")] = None
    return list(said)


def _sources(content: bytes) -> Iterable[str]:
    """Every part of the file that is run as a template: text, headers, notes, properties."""
    package = Package(content)
    patch: Callable[[str], str] = DocxTemplate(BytesIO(content)).patch_xml
    properties = [
        target
        for kind, target in package.relations("").values()
        if kind.endswith("/core-properties") and package.has(target)
    ]
    for part in (*package.parts(), *properties):
        yield patch(etree.tostring(package.xml(part), encoding="unicode"))


def _targets(target: nodes.Node) -> list[nodes.Name]:
    return [target] if isinstance(target, nodes.Name) else list(target.find_all(nodes.Name))


def _nodes(tree: nodes.Node) -> Iterable[nodes.Node]:
    yield tree
    for child in tree.iter_child_nodes():
        yield from _nodes(child)


def _of_node(
    node: nodes.Node, known: set[str], own: set[str], of_rows: frozenset[str]
) -> list[tuple[str, str]]:
    """What is wrong with one node, and the name that is to be looked for."""
    match node:
        case nodes.Name(name=name) if name not in known | own and node.ctx == "load":
            near = difflib.get_close_matches(name, known, 2, 0.4)
            hint = f"，是不是“{'”或“'.join(near)}”" if near else ""
            return [(f"没有变量“{name}”{hint}", name)]
        case nodes.Getattr(node=nodes.Name(name="loop"), attr=attr) if attr in _LOOP:
            return []
        case nodes.Getattr(node=nodes.Name(name=row), attr=attr) if row in own and attr in of_rows:
            return []
        case nodes.Getattr(attr=attr):
            return [(f"不能写“.{attr}”：模板中只能用变量、循环和条件", attr)]
        case nodes.Filter(name=name) if name not in _FILTERS:
            return [(f"不能用过滤器“{name}”：可用 {'、'.join(sorted(_FILTERS))}", name)]
        case _ if not isinstance(node, _ALLOWED):
            return [("模板中只能用变量、循环和条件，不能计算或调用", "")]
    return []
