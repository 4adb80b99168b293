"""What a student is told of a case that is not right: the lines that ran, what they were given,
what came out and should have, and where the two part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lessons.capstone.case import Case
from lessons.texts import said

SMALL, FEW = 40, 12  # values of an array that is shown whole; the same, where the mistake is known
Arrays = Mapping[str, np.ndarray]


def not_numbers(case: Case, words: dict[str, Any], answers: Arrays) -> list[str]:
    """What is wrong with the kinds of what came back, as lines."""
    changed, kinds = words.get("changed") or [], words.get("kinds") or {}
    if changed:
        return [said("capstone.changed", name=str(changed[0])[:40]), *lines(case)]
    for name in case.asked:
        if name not in answers:
            kind = str(dict(kinds).get(name, "nothing"))[:40]
            return [said("capstone.kind", name=name, kind=kind), *lines(case)]
    return []


def differing(case: Case, truth: Arrays, answers: Arrays) -> list[str]:
    """The names of what is not right, in the order of the lines."""
    return [name for name in case.asked if not _alike(answers[name], truth[name], case.below)]


def different(case: Case, wrong: list[str], truth: Arrays, answers: Arrays) -> list[str]:
    """What is said of the first that is wrong, as lines."""
    name = wrong[0]
    known = _known(case, wrong, answers)
    return [
        *_difference(name, answers[name], truth[name], case.below),
        *known,
        *lines(case),
        *_values(case, name, answers[name], truth[name], FEW if known else SMALL),
    ]


def _alike(mine, truth, below):
    if mine.shape != truth.shape or not np.isfinite(mine).all():
        return False
    return float(np.abs(mine - truth).max(initial=0)) <= below * (np.abs(truth).max(initial=0) or 1)


def _difference(name, mine, truth, below) -> Iterator[str]:
    if mine.shape != truth.shape:
        yield said("capstone.shape", name=name, shape=mine.shape, expected=truth.shape)
        return
    if not np.isfinite(mine).all():
        yield said("capstone.infinite", name=name, at=_place(~np.isfinite(mine)))
        return
    apart = np.abs(mine - truth) > below * np.abs(truth).max()
    at = tuple(int(i) for i in np.argwhere(apart)[0])
    yield said(
        "capstone.first",
        name=name,
        at=", ".join(map(str, at)),
        mine=_written(mine[at], truth[at]),
        truth=_written(truth[at], mine[at]),
        wrong=int(apart.sum()),
        all=apart.size,
    )
    if not mine.any():
        yield said("capstone.zero")
        return
    if mine.dtype == np.float32 or _near(mine, truth, 1e-6 if below < 1e-6 else 1e-2):
        yield said("capstone.single")
        return
    factor = float((mine * truth).sum() / ((truth * truth).sum() or 1))
    if abs(factor) > 1e-6 and _alike(mine, factor * truth, 1e-6):
        yield said("capstone.sign") if abs(factor + 1) < 1e-6 else said("capstone.factor", factor=factor)


def _near(mine, truth, below):
    """The same but for roundoff; in a deep network a gate may open or close by it."""
    return float(np.linalg.norm(mine - truth)) <= below * float(np.linalg.norm(truth))


def _written(value, other):
    """A number, with as many digits as tell it from the other one."""
    digits = next((n for n in (6, 9, 12) if f"{value:.{n}g}" != f"{other:.{n}g}"), 17)
    return f"{value + 0:.{digits}g}"  # + 0: no -0


def _known(case, wrong, answers):
    """The mistake of which all that is wrong comes out, in words."""
    for words, functions in case.mistakes.items():
        theirs = case.truth(functions)
        if all(_alike(answers[name], theirs[name], 1e-6) for name in wrong):
            return [said("capstone.mistaken", mistake=words)]
    return []


def lines(case: Case) -> list[str]:
    """The lines of a case that were run, for the student."""
    return [
        "",
        said("capstone.ran"),
        *(f"    {line}" for line in case.code.splitlines()),
    ]


def _values(case, name, mine, truth, small):
    """Arrays that are small enough to be looked at; of others their shapes."""
    arrays = {n: a for n, a in case.given.items() if isinstance(a, np.ndarray)}
    if all(array.size <= small for array in arrays.values()):
        for given, array in arrays.items():
            yield from _shown("capstone.given", given, array)
    else:
        shapes = ", ".join(f"{given} {array.shape}" for given, array in arrays.items())
        yield said("capstone.given_shapes", shapes=shapes)
    if truth.size <= small and mine.size <= small:
        yield from _shown("capstone.expected", name, truth)
        yield from _shown("capstone.yours", name, mine)


def _shown(key, name, array):
    if array.dtype.kind == "f":
        array = array.round(4) + 0  # no -0.
    with np.printoptions(precision=4, suppress=True, linewidth=90):
        first, *more = str(array).splitlines() or [""]
    text = said(key, name=name, value=first)
    return [text, *(" " * text.index(first) + line for line in more)]


def _place(where):
    return ", ".join(str(int(i)) for i in np.argwhere(where)[0])
