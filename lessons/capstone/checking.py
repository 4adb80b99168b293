"""A milestone's check: the student's program in a process of its own, the truths in this one."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from lessons.capstone.case import Case
from lessons.capstone.imports import OURS, foreign
from lessons.capstone.messages import different, differing, lines, not_numbers
from lessons.capstone.milestones import Milestone, milestones
from lessons.capstone.student import PROGRAM
from lessons.course import LessonError
from lessons.texts import said

SECONDS = 120  # of a milestone
MEMORY = 4 << 30  # bytes
STUDENT = Path(__file__).with_name("student.py")
SHOWN, PRINTED = 2000, "printed.txt"  # bytes of what a program prints; where they go
THREADS = {"OPENBLAS_NUM_THREADS": "4", "OMP_NUM_THREADS": "4"}  # each takes some of the memory


class Result(NamedTuple):
    """case; problem: what is wrong, as lines for the student, [] if nothing; answers: {name: array};
    hint: the milestone and the function that a hint may help with, or None; ran: whether the lines ran.
    """

    case: Case
    problem: list[str]
    answers: dict[str, np.ndarray]
    hint: tuple[int, str] | None = None
    ran: bool = True


class Checked(NamedTuple):
    """results: of the cases, up to the first that is not right; all: how many cases there are; printed: by
    the student's program.
    """

    results: list[Result]
    all: int
    printed: str

    @property
    def right(self) -> int:
        return sum(not each.problem for each in self.results)

    @property
    def done(self) -> bool:
        return self.right == self.all


class Ended(NamedTuple):
    """What was wrong with a process's end, in words; late: it was stopped."""

    words: str
    late: bool


def check(
    milestone: Milestone,
    folder: str | Path,
    seconds: int = SECONDS,
    memory: int = MEMORY,
) -> Checked:
    """Run a milestone's cases with the mycnn.py in `folder`.  LessonError where there is none."""
    here = Path(folder).resolve()
    if not (here / f"{PROGRAM}.py").is_file():
        raise LessonError(said("capstone.no_program", folder=folder))
    cases = milestone.cases()
    other = foreign(here / f"{PROGRAM}.py")
    if other:
        told = said("capstone.imports", **other._asdict())
        return Checked([Result(cases[0], [told], {}, ran=False)], len(cases), "")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as exchange:
        _write(cases, Path(exchange))
        process = _started(here, exchange, memory)
        truths = milestone.truths()  # while it runs
        ended = _ended(process, seconds, memory)
        printed = _printed(Path(exchange))
        answered = [_read(Path(exchange), n) for n in range(len(cases))]
    return Checked(list(_compared(milestone, truths, answered, ended)), len(cases), printed)


def _compared(milestone, truths, answered, ended) -> Iterator[Result]:
    for case, truth, answer in zip(milestone.cases(), truths, answered):
        result = _result(milestone, case, truth, answer, ended)
        yield result
        if result.problem:
            return


def _result(milestone, case, truth, answer, ended):
    about = (milestone.number, case.part)
    if answer is None:
        return Result(case, _unanswered(case, ended), {}, about, ran=ended is not None)
    words, answers = answer
    if "unread" in words:
        return Result(case, [said("capstone.error", error=str(words["unread"])[:500])], {}, ran=False)
    if "missing" in words:
        name = str(words["missing"])[:40]
        written = next((each.number for each in milestones() if name in each.hints), None)
        hint = (written, name) if written else about
        return Result(case, [said("capstone.missing", name=name)], {}, hint, ran=False)
    if "error" in words:
        error = str(words["error"])[:500]
        called = re.search(r"(\w+)\(\) (?:got|takes|missing) ", error)
        if called and called[1] in milestone.hints:
            about = (milestone.number, called[1])
        return Result(case, [said("capstone.error", error=error)], {}, about)
    strange = not_numbers(case, words, answers)
    wrong = [] if strange else differing(case, truth, answers)
    if wrong:
        part = case.parts.get(wrong[0], case.part)
        return Result(case, different(case, wrong, truth, answers), answers, (milestone.number, part))
    return Result(case, strange, answers, about)


def _unanswered(case, ended):
    """What is said of lines that did not come to their end; ended: what was wrong with the process's."""
    if ended is None:
        return [said("capstone.strange")]
    late = [case.late] if case.late and ended.late else []
    return [ended.words, *late, *lines(case)]


def _write(cases, exchange):
    """The cases as files for the student's process."""
    given = {}
    for n, case in enumerate(cases):
        for name, value in case.given.items():
            held = value.items() if isinstance(value, Mapping) else [(None, value)]
            given |= {f"{n}.{name}" if key is None else f"{n}.{name}|{key}": each for key, each in held}
    np.savez(exchange / "given.npz", **given)
    told = [
        {
            "code": case.code,
            "needs": case.needs,
            "asked": case.asked,
            "given": list(case.given),
        }
        for case in cases
    ]
    (exchange / "cases.json").write_text(json.dumps(told), "utf-8")


def _started(folder, exchange, memory):
    """The student's process: a Python that finds NumPy, and nothing else that is installed."""
    numpy = Path(np.__file__).parent
    beside = [str(numpy), f"{numpy}.libs"]
    ours = {
        str(Path(sys.modules[name].__file__ or "").resolve().parent) for name in OURS if name in sys.modules
    }
    installed = {os.path.realpath(sysconfig.get_path(kind)) for kind in ("purelib", "platlib")}
    closed = [[each, [str(folder) + os.sep, *beside]] for each in sorted(ours | installed)]
    told = [exchange, str(folder), str(numpy.parent), closed, memory]
    with open(Path(exchange) / PRINTED, "wb") as output:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", str(STUDENT), json.dumps(told)],
            env=THREADS | os.environ | {"PYTHONIOENCODING": "utf-8"},
            cwd=exchange,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _ended(process, seconds, memory):
    """Wait -> what was wrong with its end, or None; all that it started is ended."""
    try:
        process.wait(timeout=seconds)
        died = Ended(said("capstone.ended", memory=memory / 2**30), late=False)
        return None if process.returncode == 0 else died
    except subprocess.TimeoutExpired:
        return Ended(said("capstone.late", seconds=seconds), late=True)
    finally:
        with contextlib.suppress(OSError, AttributeError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()


def _printed(exchange):
    """The beginning of what it printed."""
    with open(exchange / PRINTED, "rb") as file:
        return file.read(SHOWN).decode("utf-8", errors="replace").strip()


def _read(exchange, n) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """What the student's process wrote of case n: words and arrays; None where that is not there, or no
    answer.  Nothing in it is believed, and nothing is unpickled.
    """
    try:
        words = json.loads((exchange / f"{n}.json").read_text("utf-8"))
        with np.load(exchange / f"{n}.npz", allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, TypeError, EOFError, KeyError, RecursionError, MemoryError, BadZipFile):
        return None
    return (words, arrays) if isinstance(words, dict) else None
