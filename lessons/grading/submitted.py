"""One student's file: its cells run by nbclient, its exercises checked from here."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from typing import Any, NamedTuple

from lessons import exercises
from lessons.course import LessonError
from lessons.exercises import Outcome, Stop
from lessons.grading.submissions import Submission, lesson_of
from lessons.grading.wire import Other, WireError, packed, receive, send, unpacked
from lessons.notebook import cells
from lessons.texts import said

SECONDS = 30  # of a cell
STARTUP = 120  # of the kernel, and of the cell that is ours
CELLS = 4  # a file gets the time of this many cells that use theirs up
MEMORY = 4 << 30  # bytes
STATES = ("raised", "shape", "changed its inputs", "not written yet")  # not "right"
QUIET = ["--log-level=CRITICAL", "--HistoryManager.enabled=False"]
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # in our memory
TIMEOUT = {"ename": "Timeout", "evalue": "it took too long", "traceback": []}


class Graded(NamedTuple):
    """A submission; an Outcome for each exercise of its lesson, none if there is no
    telling which it is; and what was wrong with other cells, or with the file.
    """

    submission: Submission
    outcomes: list[Outcome]
    problems: list[str]


def grade_all(
    submissions: Sequence[Submission], workers: int | None = None, **options: int
) -> Iterator[Graded]:
    """Grade many, several at a time; in their order.  options: those of `grade`."""
    workers = workers or min(4, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(lambda each: grade(each, **options), submissions)


def grade(
    submission: Submission,
    seconds: int = SECONDS,
    memory: int = MEMORY,
    seed: int | None = None,
) -> Graded:
    """seconds: of a cell; memory: bytes; seed: of the numbers that the checks draw, by
    default others at each call.  Whatever the file does ends as a row.  LessonError
    without Jupyter.
    """
    try:
        number, code = lesson_of(submission.path), _code(submission.path)
    except LessonError as error:
        return Graded(submission, [], [str(error)])
    seed = secrets.randbits(32) if seed is None else seed
    with Checks(number, seed) as checks:
        problems = _run(code, checks, seconds, memory)
    outcomes = [
        checks.heard.get(n, Outcome(n, "missing", said("grading.missing", number=n)))
        for n in exercises.exercises(number)
    ]
    return Graded(submission, outcomes, [*problems, *checks.problems])


class Checks:
    """Answers the kernel that connects: a thread, which holds the truths.

    heard: {number: Outcome}, the last of each exercise of the lesson.
    """

    def __init__(self, lesson: int, seed: int) -> None:
        self.known, self.seed = exercises.exercises(lesson), seed
        self.heard: dict[str, Outcome] = {}
        self.problems: list[str] = []
        self.key = secrets.token_bytes(32)
        self.listener = Listener(("127.0.0.1", 0), authkey=self.key)

    def __enter__(self) -> Checks:
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()
        self.thread.join(timeout=5)

    def _serve(self) -> None:
        ends = contextlib.suppress(OSError, EOFError, WireError, AuthenticationError)
        with ends, self.listener.accept() as channel:
            while True:
                self._check(channel, receive(channel))

    def _check(self, channel: Connection, message: dict[str, Any]) -> None:
        number = str(message.get("check"))[:20]
        if number not in self.known:
            told = said("grading.foreign", number=number)
            self.problems.append(told)
        elif message.get("callable") is not True:
            outcome = exercises.no_function(number, str(message.get("kind"))[:40])
            self.heard[number], told = outcome, outcome.message
        else:
            answers = Answers(channel)
            outcome = exercises.compared(self.known[number], answers, self.seed)
            self.heard[number], told = outcome, outcome.message
        send(channel, said=told)


class Answers:
    """A student's function, from here: called there."""

    def __init__(self, channel: Connection) -> None:
        self.channel, self.functions = channel, []

    def __call__(self, *inputs: Any) -> Any:
        send(self.channel, call=packed(inputs, self._numbered))
        while True:
            message = receive(self.channel)
            if "invoke" in message:
                send(self.channel, **self._invoked(message))
            elif "stop" in message:
                state, said = message["stop"]
                raise Stop(state if state in STATES else "raised", str(said)[:1000])
            else:
                return _numbers(unpacked(message.get("answer")))

    def _numbered(self, function):
        self.functions.append(function)
        return len(self.functions) - 1

    def _invoked(self, message):
        try:
            function = self.functions[int(message["invoke"])]
            value = function(*unpacked(message["inputs"]))
        except Exception as error:  # of what the student handed to our function
            return {"raised": f"{type(error).__name__}: {error}"[:300]}
        return {"value": packed(value)}


def _numbers(answer):
    """What is no number is told by its name, as where it was made."""
    if isinstance(answer, Other):
        raise Stop("raised", said("exercise.numbers", kind=answer.kind))
    if isinstance(answer, (tuple, list)):
        return type(answer)(map(_numbers, answer))
    return answer


def _code(path):
    return [text for kind, text in cells(path) if kind == "code"]


def _run(code, checks, seconds, memory):
    """Run the cells in a kernel -> [what was wrong with a cell]"""
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellTimeoutError, DeadKernelError
    except ModuleNotFoundError as missing:
        raise LessonError(said("grading.needs", package=missing.name)) from None
    hello = (
        "import matplotlib\nmatplotlib.use('Agg')\n"
        "from lessons.grading.student import connect as _c\n"
        f"_c({checks.listener.address!r}, {checks.key.hex()!r}, {memory})\ndel _c"
    )
    new = nbformat.v4
    notebook = new.new_notebook(cells=[new.new_code_cell(c) for c in [hello, *code]])
    problems = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as here:
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout_func=lambda cell: STARTUP if cell is notebook.cells[0] else seconds,
            startup_timeout=STARTUP,
            allow_errors=True,
            interrupt_on_timeout=True,
            error_on_timeout=TIMEOUT,
            record_timing=False,
            extra_arguments=QUIET,
            resources={"metadata": {"path": here}},
        )
        at, late = [0], set()
        client.on_cell_execute = lambda cell, cell_index: at.__setitem__(0, cell_index)
        client.on_cell_executed = lambda cell, cell_index, execute_reply: (
            late.add(cell_index) if _is_late(execute_reply) else None
        )
        alarm = threading.Timer(CELLS * seconds + 60, _killed, [client])
        alarm.daemon = True
        alarm.start()
        try:
            client.execute(env=os.environ | ENVIRONMENT)
        except (DeadKernelError, CellTimeoutError):
            problems.append(said("grading.ended", cell=at[0]))
        except Exception as error:  # a kernel's messages are in the student's hands
            told = f"{type(error).__name__}: {error}"
            problems.append(said("grading.error", cell=at[0], error=told)[:300])
        finally:
            alarm.cancel()
            _killed(client)
    return _problems(notebook.cells, late, seconds) + problems


def _is_late(reply):
    return reply["content"].get("ename") == TIMEOUT["ename"]


def _problems(run, late, seconds):
    """Errors of the student's cells, counted from 1."""
    found = []
    for n, cell in enumerate(run):
        if n in late:
            found.append(said("grading.late", cell=n, seconds=seconds))
            continue
        for each in cell.get("outputs", []):
            if each["output_type"] == "error":
                told = f"{each['ename']}: {each['evalue']}"
                found.append(said("grading.error", cell=n, error=told)[:300])
    return found


def _killed(client):
    """End a kernel, and whatever it has started."""
    process = getattr(getattr(client.km, "provisioner", None), "process", None)
    group = getattr(getattr(client.km, "provisioner", None), "pgid", None)
    with contextlib.suppress(OSError, AttributeError):
        if group and group != os.getpgrp():
            os.killpg(group, signal.SIGKILL)
        elif process is not None:
            process.kill()
