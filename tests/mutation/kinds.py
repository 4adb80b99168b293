"""The kinds of mistakes: each finds its places in a file and says what would stand there."""

import ast
import re
from dataclasses import dataclass

KINDS = ("comparison", "sign", "factor", "axis", "index", "order", "check", "name")
COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
EXCHANGED = {
    "min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "any": "all", "all": "any",
    "floor": "ceil", "ceil": "floor", "zeros_like": "ones_like", "ones_like": "zeros_like", "sum": "mean",
    "mean": "sum", "rows": "columns", "columns": "rows", "before": "after", "after": "before",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change: the characters start to stop of a file become `new`."""

    path: str
    line: int
    kind: str
    start: int
    stop: int
    old: str
    new: str

    @property
    def name(self) -> str:
        """What it is known by in the results."""
        return f"{self.path}:{self.line}:{self.kind}: {self.old} -> {' '.join(self.new.split())[:90]}"

    def applied(self, text: str) -> str:
        """The file with this change."""
        return text[: self.start] + self.new + text[self.stop :]


def mutants(path: str, text: str) -> list[Mutant]:
    """Every mutant of a Python file, or of the tables of names in a .toml file, in the order of the file."""
    found = _rows(path, text) if path.endswith(".toml") else _python(path, text)
    return sorted(found, key=lambda m: (m.start, m.kind, m.new))


def _python(path, text):
    tree, starts = ast.parse(text), _starts(text)
    place = lambda node: (  # noqa: E731
        _offset(text, starts, node.lineno, node.col_offset),
        _offset(text, starts, node.end_lineno, node.end_col_offset),
    )
    silent = {id(n) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for n in ast.walk(n)}
    silent |= {id(n) for n in ast.walk(tree) if _is_list_of_names(n) for n in ast.walk(n)}
    silent |= {id(n) for f in ast.walk(tree) for hint in _hints(f) for n in ast.walk(hint)}
    unordered = {id(n) for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler) for n in [n.type]}
    within = [n for n in ast.walk(tree) if isinstance(n, ast.Compare) and _is_in(n)]
    unordered |= {id(c) for n in within for c in n.comparators}
    unordered |= {id(n.args[1]) for n in ast.walk(tree) if _is_question(n)}
    unordered |= {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.keyword) and n.arg == "axis"}
    for node in ast.walk(tree):
        if id(node) in silent:
            continue
        for kind, new in _changes(node):
            if kind == "order" and id(node) in unordered:  # sets in all but name
                continue
            start, stop = place(node)
            # in brackets unless it is a statement: what stands around it stays around it
            said = (
                new if isinstance(new, str) else f"({ast.unparse(new)})" if _loose(new) else ast.unparse(new)
            )
            old = " ".join(text[start:stop].split())[:90]
            if text[start:stop] != said:
                yield Mutant(path, node.lineno, kind, start, stop, old, said)


def _changes(node):
    """Yield (kind, what stands there instead: a node or a text)."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARED:
        yield "comparison", ast.Compare(node.left, [COMPARED[type(node.ops[0])]()], node.comparators)
    if isinstance(node, ast.BinOp):
        signs, factors = {ast.Add: ast.Sub, ast.Sub: ast.Add}, {ast.Mult: ast.Div, ast.Div: ast.Mult}
        for kind, table in (("sign", signs), ("factor", factors)):
            if type(node.op) in table and not _is_text(node):
                yield kind, ast.BinOp(node.left, table[type(node.op)](), node.right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        constant = isinstance(node.operand, ast.Constant)
        if not constant or not isinstance(node.operand.value, int):
            yield "sign", node.operand
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "comparison", node.operand
    if isinstance(node, ast.BoolOp):
        yield "comparison", ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    if isinstance(node, ast.Constant) and type(node.value) is float and node.value:
        yield "factor", ast.Constant(node.value * 2)
    if isinstance(node, ast.keyword) and node.arg in ("axis", "axes") and _whole(node.value) is not None:
        yield (
            "axis",
            f"{node.arg}={_whole(node.value) - 1 if _whole(node.value) < 0 else _whole(node.value) + 1}",
        )
    if isinstance(node, ast.Subscript) and _whole(node.slice) is not None:
        by = -1 if _whole(node.slice) < 0 else 1
        yield "index", ast.Subscript(node.value, ast.Constant(_whole(node.slice) + by), node.ctx)
    if isinstance(node, ast.Slice) and _whole(node.upper) is not None:
        yield "index", ast.Slice(node.lower, ast.Constant(_whole(node.upper) - 1), node.step)
    if isinstance(node, (ast.Tuple, ast.List)) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
        first, second, *others = node.elts
        if not any(isinstance(e, (ast.Starred, ast.Slice)) for e in node.elts) and ast.dump(
            first
        ) != ast.dump(second):
            yield "order", type(node)([second, first, *others], node.ctx)
    if isinstance(node, ast.Dict) and len(node.keys) > 1 and None not in node.keys:
        one, other, *others = node.values
        if ast.dump(one) != ast.dump(other):
            yield "order", ast.Dict(node.keys, [other, one, *others])
    if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Raise) and not node.orelse:
        yield "check", "pass"
    if (
        isinstance(node, ast.Call)
        and len(node.args) > 1
        and all(isinstance(a, ast.Name) for a in node.args[:2])
    ):
        first, second, *others = node.args
        if first.id != second.id:
            yield "name", ast.Call(node.func, [second, first, *others], node.keywords)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in EXCHANGED:
        yield "name", EXCHANGED[node.id]
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in EXCHANGED:
        yield "name", ast.Attribute(node.value, EXCHANGED[node.attr], node.ctx)


def _rows(path, text):
    """In each table of names: two neighbours in a column exchanged, or two places in braces."""
    for table in re.finditer(r'^names = """\n(.*?)^"""', text, re.M | re.S):
        cells = list(re.finditer(r"\S+", table[1]))
        for cell in cells:
            at = table.start(1) + cell.start()
            inside = re.search(r"\{([^,{}]+),([^,{}]+)", cell[0])
            if inside and inside[1] != inside[2]:
                new = cell[0].replace(inside[0], "{" + inside[2] + "," + inside[1], 1)
                yield Mutant(path, text.count("\n", 0, at) + 1, "order", at, at + len(cell[0]), cell[0], new)
        rows = [list(re.finditer(r"\S+", row[0])) for row in re.finditer(r"[^\n]+", table[1])]
        lines = list(re.finditer(r"[^\n]+", table[1]))
        for (one, ones), (other, others) in zip(zip(lines[1:], rows[1:]), zip(lines[2:], rows[2:])):
            for a, b in list(zip(ones, others))[1:]:
                same_size = len(_listed(a[0])) == len(_listed(b[0]))
                if a[0] != b[0] and same_size and not {a[0], b[0]} & {"*", "-"}:
                    start, stop = table.start(1) + one.start(), table.start(1) + other.end()
                    new = (
                        one[0][: a.start()] + b[0] + one[0][a.end() :] + "\n"
                        + other[0][: b.start()] + a[0] + other[0][b.end() :]
                    )  # fmt: skip
                    line = text.count("\n", 0, start) + 1
                    yield Mutant(path, line, "order", start, stop, f"{a[0]} | {b[0]}", new)


def _listed(cell):
    return re.findall(r"[^,{}]+", cell) if "{" in cell else [cell]


def _hints(node):
    """The types that a node is annotated with: Python does not compute with them."""
    return [h for h in (getattr(node, "annotation", None), getattr(node, "returns", None)) if h is not None]


def _is_in(node):
    return all(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops)


def _is_question(node):
    """isinstance(x, (A, B)) and its like."""
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return named and node.func.id in ("isinstance", "issubclass") and len(node.args) == 2


def _is_list_of_names(node):
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("__all__", "__slots__")


def _is_text(node):
    return any(isinstance(n, ast.Constant) and isinstance(n.value, str) for n in ast.walk(node))


def _whole(node):
    """The whole number that stands there, or None."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError):
        return None
    return value if type(value) is int else None


def _loose(node):
    return isinstance(node, (ast.Compare, ast.BinOp, ast.BoolOp, ast.UnaryOp))


def _starts(text):
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _offset(text, starts, line, column):
    """Python counts columns in bytes."""
    start = starts[line - 1]
    return start + len(text[start : starts[line]].encode()[:column].decode())
