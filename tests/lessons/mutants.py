"""Wrong answers made of right ones: one comparison, operator, number, axis or call is changed.  A change
that does not matter, on the check's inputs of other seeds and on these rounded, where values tie, is no wrong
answer.

    python -m tests.lessons.mutants [--each N]

tries N of each exercise on the checks (default: all, which takes an hour) and prints what is accepted.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lessons.course import HERE, lessons
from lessons.exercises import Exercise, Stop, compared, exercises, watched

SOLUTIONS = Path(os.environ.get("MINICNN_SOLUTIONS", HERE / "instructor" / "solutions"))
COMMAND = "python -m tests.lessons.mutants"
OTHER_SEEDS = (100, 101)
MATTERS = 1e-4  # of the answer's size: beyond what the checks allow for rounding
SWAPPED: dict[type, tuple[type, ...]] = {
    ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE),
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,), ast.Div: (ast.Mult,), ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,), ast.FloorDiv: (ast.Mod,), ast.Mod: (ast.FloorDiv,),
}  # fmt: skip
CALLS = {
    "mean": "sum", "sum": "mean", "max": "min", "min": "max", "maximum": "minimum", "minimum": "maximum",
    "argmax": "argmin", "argmin": "argmax", "floor": "ceil", "ceil": "floor", "abs": "negative",
    "zeros": "ones", "sin": "cos", "cos": "sin", "repeat": "tile",
}  # fmt: skip


class Mutant(NamedTuple):
    """task: "2.1"; which: number of the right answer; change: what was changed, in words; f: the function"""

    task: str
    which: int
    change: str
    f: Any


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes to put in the place of this one."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for op in SWAPPED.get(type(node.ops[0]), ()):
            yield ast.Compare(node.left, [op()], node.comparators)
    elif isinstance(node, ast.BinOp):
        yield from (ast.BinOp(node.left, op(), node.right) for op in SWAPPED.get(type(node.op), ()))
        if isinstance(node.op, (ast.Add, ast.Sub, ast.Mult)):
            yield node.left
            yield node.right
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not, ast.Invert)):
        yield node.operand
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        steps = (node.value + 1, node.value - 1) if type(node.value) is int else (1.1 * node.value, 0.0)
        yield from (ast.Constant(value) for value in steps)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else None
        if name in CALLS:
            yield ast.Call(ast.Attribute(node.func.value, CALLS[name], ast.Load()), node.args, node.keywords)
        if name in ("maximum", "minimum", "abs", "sqrt", "exp", "tanh") and node.args:
            yield node.args[0]
        for k in range(len(node.keywords)):
            yield ast.Call(node.func, node.args, node.keywords[:k] + node.keywords[k + 1 :])
    elif isinstance(node, ast.Slice) and node.step is not None:
        yield ast.Slice(node.lower, node.upper, None)


def places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Every place of a node: its parent, the field, and where in it; not inside a `while`, which might not
    end, nor among the wrong answers.
    """
    for field, value in ast.iter_fields(tree):
        if isinstance(tree, ast.Dict) and field == "values":
            kept = [
                (k, v)
                for k, (key, v) in enumerate(zip(tree.keys, value))
                if not (isinstance(key, ast.Constant) and key.value == "wrong")
            ]
        else:
            kept = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for k, child in kept:
            if isinstance(child, ast.AST) and not isinstance(child, ast.While):
                yield tree, field, k
                yield from places(child)


Change = tuple[ast.AST, str, int | None, ast.AST, ast.AST]  # where, what was there, what is put there


def possible(tree: ast.AST) -> Iterator[Change]:
    """Every change of a file of solutions."""
    for parent, field, k in places(tree):
        value = getattr(parent, field)
        node = value if k is None else value[k]
        if not (isinstance(parent, ast.Dict) and field == "keys"):
            for other in changes(node):
                yield parent, field, k, node, ast.copy_location(copy.deepcopy(other), node)


def solutions_after(tree: ast.AST, change: Change, path: Path) -> dict[str, Any] | None:
    """The SOLUTIONS of the file with this one change; the tree stays as it was."""
    parent, field, k, node, other = change
    put(parent, field, k, other)
    try:
        return loaded(ast.fix_missing_locations(tree), path)
    finally:
        put(parent, field, k, node)


def put(parent, field, k, node):
    if k is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[k] = node


def loaded(tree: ast.AST, path: Path) -> dict[str, Any] | None:
    """The SOLUTIONS of a file, or None if it cannot be run."""
    space = {"__name__": "solutions", "__file__": str(path)}
    try:
        exec(compile(tree, str(path), "exec"), space)
    except Exception:  # a change to what runs at import
        return None
    return space["SOLUTIONS"]


def inputs(task: Exercise, right: Any) -> list[tuple]:
    """What a check calls an answer with, for other seeds; and the same, rounded."""
    found = []

    def recorded(*given):
        found.append(copy.deepcopy(given))
        return right(*given)

    for seed in OTHER_SEEDS:
        compared(task, recorded, seed)
    return found + [tuple(map(rounded, given)) for given in found]


def rounded(value: Any) -> Any:
    whole = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return np.round(2 * value) / 2 if whole else value


def told(f: Any, given: tuple) -> list[np.ndarray] | None:
    """What f answers, as arrays, or None where it raises or is no number."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            answer = f(*copy.deepcopy(given))
        parts = answer if isinstance(answer, (tuple, list)) else [answer]
        arrays = [np.asarray(part, float) for part in parts]
    except Exception:  # whatever a changed program does
        return None
    return arrays if all(np.isfinite(a).all() for a in arrays) else None


def alike(a: list | None, b: list | None) -> bool:
    if a is None or b is None or len(a) != len(b):
        return False
    return all(
        p.shape == q.shape and np.abs(p - q).max(initial=0) <= MATTERS * max(np.abs(q).max(initial=0), 1e-9)
        for p, q in zip(a, b)
    )


def mutants(number: int, each: int | None = None) -> Iterator[Mutant]:
    """Wrong answers to the exercises of a lesson, at most `each` to one, always the same."""
    path, tasks = SOLUTIONS / f"{number:02d}.py", exercises(number)
    source = path.read_text("utf-8")
    rights = {task: given["right"] for task, given in loaded(ast.parse(source), path).items()}
    cases: dict[str, list] = {}
    for task, functions in rights.items():
        answers = [
            (given, [told(f, given) for f in functions]) for given in inputs(tasks[task], functions[0])
        ]
        cases[task] = [
            (given, said[0]) for given, said in answers if all(alike(one, said[0]) for one in said)
        ]  # on rounded numbers right answers may differ: then nobody knows
    tree = ast.parse(source)
    every, taken = list(possible(tree)), Counter()
    for k in np.random.default_rng(number).permutation(len(every)).tolist():
        if each is not None and all(taken[task] >= each for task in rights):
            return
        if (found := solutions_after(tree, every[k], path)) is None:
            continue
        *_, node, other = every[k]
        change = f"line {node.lineno}: {ast.unparse(node)}  ->  {ast.unparse(other)}"
        for task, functions in rights.items():
            for which in range(len(functions)):
                if each is not None and taken[task] >= each:
                    continue
                f = found[task]["right"][which]
                said = [told(f, given) for given, _ in cases[task]]
                if None not in said and not all(alike(a, b) for a, (_, b) in zip(said, cases[task])):
                    taken[task] += 1
                    yield Mutant(task, which, change, f)


def accepted(mutant: Mutant) -> bool:
    """Does the check take it for right?"""
    task = exercises(int(mutant.task.partition(".")[0]))[mutant.task]
    try:
        with np.errstate(all="ignore"):
            return compared(task, watched(mutant.f)).state == "right"
    except Stop:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, metavar="N", help="of each exercise (default: all)")
    args = parser.parse_args()
    tried, holes = Counter(), []
    for number in [each.number for each in lessons() if exercises(each.number)]:
        started = time.monotonic()
        for mutant in mutants(number, args.each):
            tried[mutant.task] += 1
            if accepted(mutant):
                holes.append(mutant)
        print(f"lesson {number}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    print(f"run by: {COMMAND}")
    print(f"{sum(tried.values())} wrong answers to {len(tried)} exercises, {len(holes)} accepted")
    print("of an exercise:", ", ".join(f"{task} {n}" for task, n in tried.items()))
    for each in holes:
        print(f"accepted: {each.task}, right answer {each.which}, {each.change}")


if __name__ == "__main__":
    main()
