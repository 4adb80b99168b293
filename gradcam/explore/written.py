"""A rule that a reader wrote, read as arithmetic: what the page's own worker runs as JavaScript.

Nothing is run: what is understood is g, x, numbers, + - * / % **, comparisons, && || !, a ? b : c, brackets,
and the functions below, with or without "Math." in front.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcam.explore.errors import ExploreError
from minicnn import ReLU, RuleTable

MOST_LETTERS = 200
WORD = re.compile(
    r"\s*(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+|(?:Math\.)?[A-Za-z]\w*|\*\*|[<>=!]=?=?|&&|\|\||[-+*/%?:(),])"
)
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs, "sign": np.sign, "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "tanh": np.tanh,
    "sin": np.sin, "cos": np.cos, "floor": np.floor, "ceil": np.ceil, "pow": np.power,
    "min": np.minimum, "max": np.maximum,
}  # fmt: skip
TWO = ("pow", "min", "max")
LEVELS: tuple[dict[str, Callable[..., Any]], ...] = (  # from what binds least to what binds most
    {"||": lambda a, b: np.where(_true(a), a, b)},
    {"&&": lambda a, b: np.where(_true(a), b, a)},
    dict.fromkeys(("==", "==="), np.equal) | dict.fromkeys(("!=", "!=="), np.not_equal),
    {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal},
    {"+": np.add, "-": np.subtract},
    {"*": np.multiply, "/": np.divide, "%": np.fmod},
)
Value = Callable[[Any, Any], Any]  # (g, x) -> number or array


def table(rule: str) -> RuleTable:
    """{ReLU: the rule}, where a signal comes.  ExploreError for what is not understood; what is then no
    number (log 0, say) is one when a signal is sent back.
    """
    value = read(rule)

    def own(op, gy):
        with np.errstate(all="ignore"):
            found = np.where(gy != 0, value(gy.astype(np.float64), op.x.astype(np.float64)), 0)
        if not np.isfinite(found).all():
            raise ExploreError(f"'{rule}' is not a number everywhere")
        return found.astype(gy.dtype)

    return RuleTable({ReLU: own}, name="OWN")


def read(rule: str) -> Value:
    """ "x > 0 ? g : 0" -> a function of g and x."""
    if not isinstance(rule, str) or not 0 < len(rule) <= MOST_LETTERS:
        raise ExploreError(f"a rule is an expression of g and x, of {MOST_LETTERS} letters at most")
    words, at = [], 0
    while rule[at:].strip():
        if not (found := WORD.match(rule, at)):
            raise ExploreError(f"'{rule[at:].strip()[0]}' is not understood; a rule is, say, x > 0 ? g : 0")
        words.append(found[1])
        at = found.end()
    reader = _Reader(words)
    value = reader.choice()
    if reader.next is not None:
        raise ExploreError(f"'{reader.next}' is not understood here")
    return value


class _Reader:
    """Recursive descent: a method for each kind of expression."""

    def __init__(self, words):
        self.words = [*reversed(words)]

    @property
    def next(self):
        return self.words[-1] if self.words else None

    def take(self, word):
        if self.next != word:
            raise ExploreError(
                f"'{word}' is missing" + (f" before '{self.next}'" if self.words else " at the end")
            )
        self.words.pop()

    def choice(self) -> Value:
        asked = self.chain(0)
        if self.next != "?":
            return asked
        self.take("?")
        yes = self.choice()
        self.take(":")
        no = self.choice()
        return lambda g, x: np.where(_true(asked(g, x)), yes(g, x), no(g, x))

    def chain(self, level) -> Value:
        if level == len(LEVELS):
            return self.power()
        value = self.chain(level + 1)
        while self.next in LEVELS[level]:
            value = _joined(LEVELS[level][self.words.pop()], value, self.chain(level + 1))
        return value

    def power(self) -> Value:
        if self.next in ("-", "+", "!"):
            sign, value = self.words.pop(), self.power()
            one = {"-": np.negative, "+": np.positive, "!": lambda v: ~_true(v)}[sign]
            return lambda g, x: one(1.0 * value(g, x))
        value = self.single()
        if self.next != "**":
            return value
        self.take("**")
        return _joined(np.power, value, self.power())

    def single(self) -> Value:
        if self.next is None:
            raise ExploreError("the rule ends too early")
        word = self.words.pop()
        if word == "(":
            value = self.choice()
            self.take(")")
            return value
        if word == "g":
            return lambda g, x: g
        if word == "x":
            return lambda g, x: x
        if word[0].isdigit() or word[0] == ".":
            return lambda g, x: float(word)
        name = word.removeprefix("Math.")
        if name not in FUNCTIONS:
            raise ExploreError(f"'{word}' is not understood; there are g, x, and {', '.join(FUNCTIONS)}")
        self.take("(")
        given = [self.choice()]
        for _ in range(name in TWO):
            self.take(",")
            given.append(self.choice())
        self.take(")")
        return lambda g, x: FUNCTIONS[name](*(1.0 * one(g, x) for one in given))


def _joined(join, left, right) -> Value:
    return lambda g, x: join(1.0 * left(g, x), 1.0 * right(g, x))


def _true(value):
    return (value != 0) & ~np.isnan(value)
