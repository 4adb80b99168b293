"""Exercises with honest checks.

A student's cell defines a function; the next cell says `check("2.1", conv_gx)`.  The
function is called with numbers drawn for the check, and what it returns is compared
with the truth: central differences, or a slow computation that shares no line with the
engine.

Checks live in lessons/checks/lesson_NN.py, each a generator that yields (what, what the
student's function returned, the truth) and is called several times, each time with
other random numbers:

    @exercise("2.1", "the backward pass to the input", hint="...")
    def conv_gx(f, random):
        gy, W = ...
        yield "gx", f(gy, W), central(...)
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lessons.course import HERE, chosen_folder
from lessons.texts import said, translated

Compare = Callable[[Callable, np.random.Generator], Iterator[tuple]]  # of an exercise
CASES = 3
BELOW = 1e-7  # of the largest true value: what rounding and central differences leave
SINGLE = 2e-5  # the same for answers in float32


@dataclass(frozen=True)
class Exercise:
    """number "2.1"; title; hint; compare: (f, random) -> yields (what, f's answer, the
    truth); below: the error that is allowed.
    """

    number: str
    title: str
    hint: str
    compare: Compare
    below: float = BELOW


class Outcome(NamedTuple):
    """state: "right", "wrong", "shape", "raised", "changed its inputs" or "not written
    yet"; message: one line for the student.
    """

    number: str
    state: str
    message: str


class Stop(Exception):
    """The student's function did not get as far as a number."""


def exercise(
    number: str, title: str, hint: str, below: float = BELOW
) -> Callable[[Compare], Exercise]:
    """Makes an Exercise of a generator function."""
    return lambda compare: Exercise(number, title, hint, compare, below)


def exercises(lesson: int) -> dict[str, Exercise]:
    """{number: Exercise} of one lesson; empty if it has none."""
    module = _checks(f"lesson_{lesson:02d}")
    if module is None:
        return {}
    found = [each for each in vars(module).values() if isinstance(each, Exercise)]
    return {
        each.number: replace(
            each,
            title=translated(f"exercises.{each.number}.title", each.title),
            hint=translated(f"exercises.{each.number}.hint", each.hint),
        )
        for each in sorted(found, key=lambda each: each.number)
    }


def _checks(name):
    """The module with the checks of a lesson, of another folder if it has one; or
    None.
    """
    there = chosen_folder() / "checks" / f"{name}.py"
    if chosen_folder() == HERE or not there.is_file():
        try:
            return import_module(f"lessons.checks.{name}")
        except ModuleNotFoundError:
            return None
    about = spec_from_file_location(f"checks_of_{there.parents[1].name}_{name}", there)
    module = module_from_spec(about)
    about.loader.exec_module(module)
    return module


def check(number: str, f: Callable) -> None:
    """Check the function f, the answer to exercise `number`, and print one line."""
    print(examine(number, f).message)


def examine(number: str, f: object) -> Outcome:
    """-> Outcome"""
    known = exercises(int(str(number).partition(".")[0]))
    if number not in known:
        raise ValueError(
            said(
                "exercise.unknown",
                number=number,
                known=", ".join(known) or said("exercise.none"),
            )
        )
    if not callable(f):
        return no_function(number, type(f).__name__)
    return compared(known[number], watched(f))


def no_function(number: str, kind: str) -> Outcome:
    """What is said of an answer that is no function; kind: what it is."""
    told = said("exercise.no_function", number=number, kind=kind)
    return Outcome(number, "raised", told)


def compared(task: Exercise, f: Callable, seed: int = 0) -> Outcome:
    """f: a function that is `watched`.  seed: the numbers that are drawn follow from
    it.
    """
    number, worst = task.number, {}
    try:
        for what, answer, truth in _cases(task, f, seed):
            error = _error(what, answer, truth)
            worst[what] = max(worst.get(what, 0.0), error)
            single = getattr(answer, "dtype", None) == np.float32
            below = max(task.below, SINGLE) if single else task.below
            if not error < below:
                told = said(
                    "exercise.wrong",
                    number=number,
                    what=what,
                    error=error,
                    below=below,
                    diagnosis=_diagnosis(answer, truth),
                    hint=task.hint,
                )
                return Outcome(number, "wrong", told)
    except Stop as stop:
        state, message = stop.args
        return Outcome(number, state, f"{number} {message}")
    errors = ", ".join(
        said("exercise.errors", what=what, error=error) for what, error in worst.items()
    )
    about = {"number": number, "errors": errors, "below": below, "title": task.title}
    return Outcome(number, "right", said("exercise.right", **about))


def _cases(task, f, seed):
    """Stop where a check cannot calculate with what the function returned."""
    for case in range(CASES):
        told = _told(f)
        steps = task.compare(told, np.random.default_rng(seed + case))
        while True:
            try:
                step = next(steps, None)
            except (TypeError, ValueError, IndexError) as error:
                kind = type(told.last).__name__
                words = said("exercise.nothing", kind=kind, error=error)
                raise Stop("raised", words) from error
            if step is None:
                break
            yield step


class _told:
    """A function that remembers what it returned last."""

    def __init__(self, f):
        self.f, self.last = f, None

    def __call__(self, *inputs):
        self.last = self.f(*inputs)
        return self.last


def central(
    f: Callable, x: ArrayLike, gy: ArrayLike = 1.0, h: float = 1e-5
) -> np.ndarray:
    """d <gy, f(x)> / dx by central differences, element by element: (f(x + h) - f(x -
    h)) / 2h.
    """
    x, numeric = np.array(x, np.float64), np.zeros(np.shape(x))
    for at in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[at] += h
        below[at] -= h
        numeric[at] = np.sum(gy * (np.asarray(f(above)) - np.asarray(f(below)))) / (
            2 * h
        )
    return numeric


def watched(f: Callable) -> Callable:
    """f, which must return something, must not raise, and must leave its inputs as they
    were.
    """

    def call(*inputs):
        given = [
            np.array(i, copy=True) if isinstance(i, np.ndarray) else i for i in inputs
        ]
        try:
            answer = f(*given)
        except Stop:
            raise
        except (Exception, KeyboardInterrupt, SystemExit) as error:
            told = {"kind": type(error).__name__, "where": _where(f), "error": error}
            raise Stop("raised", said("exercise.raised", **told)) from error
        if answer is None or answer is ...:
            raise Stop("not written yet", said("exercise.not_written"))
        if any(
            isinstance(i, np.ndarray) and not np.array_equal(i, g)
            for i, g in zip(inputs, given)
        ):
            raise Stop("changed its inputs", said("exercise.changed"))
        return answer

    return call


def _where(f):
    """The line of the student's own file that raised, in words; nothing where it never
    got there, as with too few arguments.
    """
    file = getattr(getattr(f, "__code__", None), "co_filename", None)
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(sys.exc_info()[2])
        if frame.filename == file
    ]
    return said("exercise.where", line=lines[-1]) if lines else ""


def parts(answer: object, *names: str) -> list:
    """What a function returned that gives back several things, one for each name: no
    fewer, which a zip would let pass, and no more.
    """
    found = (
        list(answer)
        if isinstance(answer, (tuple, list)) or np.ndim(answer)
        else [answer]
    )
    if len(found) != len(names):
        number = len(found) if isinstance(answer, (tuple, list)) else 1
        told = {"n": len(names), "names": ", ".join(names), "number": number}
        raise Stop("shape", said("exercise.results", **told))
    return found


def _error(what, answer, truth):
    """The largest difference, in shares of the largest true value."""
    truth = np.asarray(truth, np.float64)
    size = np.abs(truth).max()
    if not size > 0:
        raise ValueError(f"the true {what} is zero: such a check tests nothing")
    try:
        answer = np.asarray(answer, np.float64)
    except (TypeError, ValueError):
        told = said("exercise.numbers", kind=type(answer).__name__)
        told = said("exercise.of_what", what=what, told=told)
        raise Stop("raised", told) from None
    if answer.shape != truth.shape:
        shapes = {"shape": answer.shape, "expected": truth.shape}
        raise Stop("shape", said("exercise.shape", what=what, **shapes))
    return (
        float(np.abs(answer - truth).max() / size)
        if np.isfinite(answer).all()
        else np.inf
    )


def _diagnosis(answer, truth):
    """What is wrong, where it can be seen from outside."""
    answer, truth = np.asarray(answer, np.float64), np.asarray(truth, np.float64)
    factor = (answer * truth).sum() / (truth * truth).sum()
    if np.allclose(answer, -truth):
        return said("exercise.sign")
    if (
        abs(factor) > 1e-3
        and abs(factor - 1) > 1e-3
        and not (truth == 1).all()
        and np.allclose(answer, factor * truth)
    ):
        return said("exercise.factor", factor=factor)
    if (
        truth.ndim == 2
        and truth.shape[0] == truth.shape[1]
        and np.allclose(answer, truth.T)
    ):
        return said("exercise.transposed")
    return ""
