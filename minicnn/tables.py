"""Tables of rules: {kind of operation or tensor name: rule}.

Which entry speaks of an operation, and which silence is an error.

Lesson 19.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from minicnn.errors import Error
from minicnn.graph import Op, Tensor, names

Rule = Callable[..., Any]  # (operation, gy) -> gx, or (g1, g2, ...) where several inputs carry signal


class RuleError(Error, ValueError):
    """A table of rules that does not fit the operations of the backward pass."""


class RuleTable(Mapping[Any, Rule]):
    """A table of rules: {kind of operation, or name of a tensor: rule}.

    It never changes; `|` makes a larger one of two.

        GUIDED = RuleTable({ReLU: ReLU.guided}, name="GUIDED")
        GUIDED | {LeakyReLU: my_rule}             a RuleTable again; where both speak, the right one does

    `backward` takes a plain dict just as well.  Two tables are equal, and hash alike, if they state the same
    rules.
    """

    def __init__(self, rules: Mapping[Any, Rule] = {}, name: str | None = None) -> None:
        self._rules, self._name = dict(rules), name

    @property
    def name(self) -> str | None:
        """What it is called, such as GUIDED; None for a table that somebody composed."""
        return self._name

    def __getitem__(self, entry: type[Op] | str) -> Rule:
        return self._rules[entry]

    def __iter__(self) -> Iterator[type[Op] | str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def __or__(self, other: Mapping[Any, Rule]) -> RuleTable:
        return RuleTable({**self, **other}) if isinstance(other, Mapping) else NotImplemented

    def __ror__(self, other: Mapping[Any, Rule]) -> RuleTable:
        return RuleTable({**other, **self}) if isinstance(other, Mapping) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self._rules.items()))

    def __repr__(self) -> str:
        """GUIDED = {ReLU: ReLU.guided}; kinds with the same rule stand together."""
        kinds: dict[str, list[str]] = {}
        for entry, rule in self._rules.items():
            kinds.setdefault(_said(rule), []).append(entry_name(entry))
        said = "; ".join(f"{', '.join(entries)}: {rule}" for rule, entries in kinds.items())
        return f"RuleTable({self._name + ' = ' if self._name else ''}{{{said}}})"


BACKPROP = RuleTable(name="BACKPROP")  # no rule but the derivative


def entry_name(entry: type[Op] | str) -> str:
    """An entry of a table as an error says it: ReLU, or 'relu5_3'."""
    return entry.__name__ if isinstance(entry, type) else repr(entry)


def _said(rule: Rule) -> str:
    """A rule by the name of its function; a rule that a function made, by that function's: epsilon(...)."""
    maker, inner, _ = getattr(rule, "__qualname__", repr(rule)).partition(".<locals>")
    return f"{maker}(...)" if inner else maker


class Names:
    """tensor -> name with its number (relu1:2), worked out only if somebody asks."""

    starts: list[Tensor]
    tensors: dict[str, Tensor | None] | None
    of_tensor: dict[Tensor, str]

    def __init__(self, starts: list[Tensor]) -> None:
        self.starts, self.tensors = starts, None

    def __call__(self, tensor: Tensor) -> str | None:
        if self.tensors is None:
            self.tensors = names(self.starts)
            self.of_tensor = {t: n for n, t in self.tensors.items() if t is not None}
        return self.of_tensor.get(tensor, tensor.name)

    def ambiguous(self, name: str) -> bool:
        """Whether two different makers gave this name to their output."""
        return name in self.tensors and self.tensors[name] is None


def rule_for(tensor: Tensor, table: Mapping[Any, Rule], known: Names) -> Rule | None:
    """The rule that the table states for the operation that made this tensor; None if it states none."""
    entry = _entry(tensor, table, known)
    return None if entry is None else table[entry]


def _entry(tensor, table, known):
    """The tensor's name, if the table speaks of it; or the operation's kind, or the nearest base class of it;
    or None."""
    if any(isinstance(k, str) for k in table) and known(tensor) in table:
        return known(tensor)
    return next((kind for kind in type(tensor.op).__mro__ if kind in table), None)


def check(table: Mapping[Any, Rule], path: Sequence[Tensor], known: Names, allow: Any) -> None:
    """RuleError for a table that would do nothing without a word, or that is silent where it must speak."""
    if not table:
        return
    for entry, rule in table.items():
        if not callable(rule):
            raise RuleError(
                f"the rule for {entry_name(entry)} is {rule!r}: give a function of (operation, gy), such "
                "as ReLU.guided"
            )
    allow = (allow,) if isinstance(allow, (str, type)) else tuple(allow)
    used = {_entry(tensor, table, known) for tensor in path} - {None}
    for name in table:
        if isinstance(name, str) and name in used and known.ambiguous(name):
            raise RuleError(
                f"the table has a rule for '{name}', but several operations gave that name to their output"
            )
        if isinstance(name, str) and name not in used and name not in allow:
            raise RuleError(
                f"the table has a rule for '{name}', but no operation of the backward pass has that name"
            )
    if not used and not all(k in allow for k in table):
        said = ", ".join(map(entry_name, table))
        there = ", ".join(dict.fromkeys(type(t.op).__name__ for t in path if t.op.activation))
        raise RuleError(
            f"nothing in the backward pass matches the table ({said}){there and f', but {there} is there'}: "
            f"if plain backprop is meant: allow=({said},)"
        )
    allowed_kinds = tuple(k for k in allow if isinstance(k, type))
    for tensor in path:
        silent = tensor.op.activation and _entry(tensor, table, known) is None
        if silent and known(tensor) not in allow and not isinstance(tensor.op, allowed_kinds):
            kind = type(tensor.op).__name__
            raise RuleError(
                f"{kind} '{known(tensor)}' is in the backward pass and the table states no rule for it; "
                f"for its derivative there: allow=({kind},) or allow=('{known(tensor)}',)"
            )
