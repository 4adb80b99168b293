"""Tables of rules: {kind of operation or tensor name: rule}.  Which entry speaks of an operation, and which silence is an error.

Lesson 19.
"""

from minicnn.graph import names


class RuleError(ValueError):
    """A table of rules that does not fit the operations on the way back."""


class Names:
    """tensor -> name with its number (relu1:2), worked out only if somebody asks."""

    def __init__(self, starts):
        self.starts, self.tensors = starts, None

    def __call__(self, tensor):
        if self.tensors is None:
            self.tensors = names(self.starts)
            self.of_tensor = {t: n for n, t in self.tensors.items() if t is not None}
        return self.of_tensor.get(tensor, tensor.name)

    def ambiguous(self, name):
        return name in self.tensors and self.tensors[name] is None


def rule_for(tensor, table, known):
    """The rule that the table states for the operation that made this tensor; None if it states none."""
    entry = _entry(tensor, table, known)
    return None if entry is None else table[entry]


def _entry(tensor, table, known):
    """The tensor's name, if the table speaks of it; or the operation's kind, or the nearest base class of it; or None."""
    if any(isinstance(k, str) for k in table) and known(tensor) in table:
        return known(tensor)
    return next((kind for kind in type(tensor.op).__mro__ if kind in table), None)


def check(table, path, known, allow):
    """RuleError for a table that would do nothing without a word, or that is silent where it must speak."""
    if not table:
        return
    for entry, rule in table.items():
        if not callable(rule):
            name = repr(entry) if isinstance(entry, str) else entry.__name__
            raise RuleError(
                f"the rule for {name} is {rule!r}: give a function of (operation, gy), such as ReLU.guided"
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
                f"the table has a rule for '{name}', but no operation on the way back has that name"
            )
    if not used and not all(k in allow for k in table):
        said = ", ".join(repr(k) if isinstance(k, str) else k.__name__ for k in table)
        raise RuleError(
            f"nothing on the way back matches the table ({said}): if plain backprop is meant: allow=({said},)"
        )
    allowed_kinds = tuple(k for k in allow if isinstance(k, type))
    for tensor in path:
        silent = tensor.op.activation and _entry(tensor, table, known) is None
        if silent and known(tensor) not in allow and not isinstance(tensor.op, allowed_kinds):
            kind = type(tensor.op).__name__
            raise RuleError(
                f"{kind} '{known(tensor)}' is on the way back and the table states no rule for it; "
                f"for its derivative there: allow=({kind},) or allow=('{known(tensor)}',)"
            )
