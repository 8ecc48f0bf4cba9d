"""Formulas as data: arithmetic over named quantities, written by a bureau and computed exactly.

Only numbers, names, ``+ - * /``, brackets, ``min`` and ``max``; nothing is called, read or changed. What a formula
asks for is told by :func:`names`, so that a form can ask for it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import isfinite

from ecoledger.standards.percent import Number, exact

_CALLS: dict[str, Callable[..., Fraction]] = {"min": min, "max": max}
# Longer formulas than anybody writes are refused before they are read.
_LONGEST = 500


class FormulaError(ValueError):
    """A formula that cannot be read or computed; the message says why."""


def _parsed(text: str) -> ast.expr:
    if len(text) > _LONGEST:
        raise FormulaError(f"the formula is longer than {_LONGEST} characters")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise FormulaError(f"{text!r} is no formula") from error
    for node in ast.walk(tree):
        _check(node)
    return tree


def _check(node: ast.AST) -> None:
    match node:
        case ast.Constant(value=float() as value) if isfinite(value):
            return
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _CALLS and node.args:
            return
        case (
            ast.Name() | ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div())
            | ast.UnaryOp(op=ast.USub() | ast.UAdd())
        ):  # fmt: skip
            return
        case ast.operator() | ast.unaryop() | ast.expr_context():
            return
    raise FormulaError(
        f"a formula has no {ast.unparse(node) if isinstance(node, ast.expr) else node!r}"
    )


def names(text: str) -> tuple[str, ...]:
    """The quantities that a formula asks for, in order. Raises :class:`FormulaError` for what is no formula.

    >>> names("flow * (before - after) / 100")
    ('flow', 'before', 'after')
    """
    tree = _parsed(text)
    said = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id not in _CALLS]
    said.sort(key=lambda n: n.col_offset)
    return tuple(dict.fromkeys(n.id for n in said))


def worded(text: str, labels: Mapping[str, str]) -> str:
    """A formula with its quantities by their labels and the signs that people write.

    >>> worded("flow * (before - after) / 100", {"flow": "水量", "before": "进水", "after": "出水"})
    '水量 × (进水 － 出水) ÷ 100'
    """
    wanted = set(names(text))
    signs = {"*": "×", "/": "÷", "-": "－"}

    def said(match: re.Match[str]) -> str:
        word = match[0]
        return labels.get(word, word) if word in wanted else signs.get(word, word)

    return re.sub(r"[^\W\d]\w*|[*/-]", said, text)


def value(text: str, quantities: Mapping[str, Number]) -> Fraction:
    """What a formula comes to, exactly. Raises :class:`FormulaError` for a missing quantity and a division by nought.

    >>> value("flow * (before - after) / 100", {"flow": 365, "before": 200, "after": 30})
    Fraction(1241, 2)
    """
    return _value(_parsed(text), quantities)


def _value(node: ast.expr, quantities: Mapping[str, Number]) -> Fraction:
    match node:
        case ast.Constant(value=number):
            return Fraction(str(number))
        case ast.Name(id=name):
            if name not in quantities:
                raise FormulaError(f"{name} is not given")
            return exact(quantities[name])
        case ast.Call(func=ast.Name(id=name), args=args):
            return _CALLS[name](*(_value(arg, quantities) for arg in args))
        case ast.UnaryOp(op=op, operand=operand):
            inner = _value(operand, quantities)
            return -inner if isinstance(op, ast.USub) else inner
        case ast.BinOp(left=left, op=op, right=right):
            return _joined(op, _value(left, quantities), _value(right, quantities))
    raise FormulaError(f"a formula has no {ast.unparse(node)}")


def _joined(op: ast.operator, left: Fraction, right: Fraction) -> Fraction:
    match op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
    if not right:
        raise FormulaError("a division by nought")
    return left / right
