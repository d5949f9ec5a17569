"""Formulas over metrics: names, numbers and + - * /, computed exactly with fractions."""

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

_OPERATORS: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_LONGEST = 1000
_DEEPEST = 50


@dataclass(frozen=True)
class Formula:
    """A parsed formula. `text` is canonical: the same formula always has the same text."""

    text: str

    @cached_property
    def tree(self) -> ast.expr:
        """The formula as Python parses it."""
        return ast.parse(self.text, mode="eval").body

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The metrics it is made of, each once, in order."""
        return tuple(dict.fromkeys(_names(self.tree)))

    @cached_property
    def sides(self) -> "tuple[Formula, Formula] | None":
        """Numerator and denominator when the formula is a division, else None."""
        tree = self.tree
        if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div):
            return Formula(ast.unparse(tree.left)), Formula(ast.unparse(tree.right))
        return None

    def compute(self, values: Mapping[str, Fraction | None]) -> Fraction | None:
        """The exact value; None when a part is None or a divisor is 0."""
        return _compute(self.tree, values)


def parse_formula(text: str) -> Formula:
    """Reads a formula; ValueError says what else than names, numbers and + - * / it holds."""
    if len(text) > _LONGEST:
        msg = f"must have at most {_LONGEST} characters"
        raise ValueError(msg)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        msg = "is not a formula: expected names, numbers, parentheses and + - * /"
        raise ValueError(msg) from None
    _check(tree, 0)
    return Formula(ast.unparse(tree))


def _check(node: ast.expr, depth: int) -> None:
    if depth > _DEEPEST:
        msg = "is nested too deeply"
        raise ValueError(msg)
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            _check(left, depth + 1)
            _check(right, depth + 1)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand, depth + 1)
        case ast.Name():
            return
        case ast.Constant(value=int() | float() as number) if _is_number(number):
            return
        case _:
            msg = f"may hold names, numbers and + - * / only, not {ast.unparse(node)}"
            raise ValueError(msg)


def _is_number(value: float) -> bool:
    return not isinstance(value, bool) and math.isfinite(value)


def _names(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.BinOp(left=left, right=right):
            yield from _names(left)
            yield from _names(right)
        case ast.UnaryOp(operand=operand):
            yield from _names(operand)
        case ast.Name(id=name):
            yield name


def _compute(node: ast.expr, values: Mapping[str, Fraction | None]) -> Fraction | None:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            first, second = _compute(left, values), _compute(right, values)
            if first is None or second is None or (isinstance(op, ast.Div) and not second):
                return None
            return _OPERATORS[type(op)](first, second)
        case ast.UnaryOp(operand=operand):
            value = _compute(operand, values)
            return None if value is None else -value
        case ast.Name(id=name):
            return values[name]
        case ast.Constant(value=int() | float() as number):
            return Fraction(repr(number))
    raise AssertionError(ast.dump(node))
