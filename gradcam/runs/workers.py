"""Many photos at once, and their results in order.

A worker is a Python process of ours with one BLAS thread, fed through a pipe: it ends when the pipe does,
so that nothing is left behind when the program is killed; and a worker that is killed is replaced.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from gradcam.runs import record
from gradcam.runs.errors import RunError
from gradcam.runs.task import Explained, Task

AHEAD = 4  # photos for each worker that may be done before their turn: memory stays flat
DEATHS = 4  # of workers at the same photo, before the photo is given up
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
Photos = Iterable[tuple[int, str]]


def cores() -> int:
    """How many processes this one may keep busy."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def explained(task: Task, photos: Photos, workers: int = 1) -> Iterator[Explained]:
    """task of each (number, photo), in order; in this process, or in as many others as `workers`.  RunError:
    they are no number from 1.
    """
    if not isinstance(workers, int) or workers < 1:
        raise RunError(f"workers are a number of processes, from 1, not {workers!r}")
    return (task(*one) for one in photos) if workers == 1 else _by_others(task, photos, workers)


def _by_others(task, photos, workers):
    with Processes(task, workers) as pool:
        yield from in_order(pool.submit, photos, AHEAD * workers)


def in_order(submit: Callable[..., Any], work: Iterable[tuple[Any, ...]], most: int) -> Iterator[Any]:
    """The results of submit(*one), which gives futures, in order; at most `most` are in work."""
    waiting = deque()
    for one in work:
        waiting.append(submit(*one))
        if len(waiting) >= most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


class Processes:
    """Worker processes, each with a thread here that feeds it."""

    recipe: bytes
    pool: ThreadPoolExecutor
    mine: threading.local
    all: list[Worker]
    closed: bool

    def __init__(self, task: Task, workers: int) -> None:
        self.recipe = pickle.dumps(_pickled(task))  # bytes, which can be read whatever is in them
        self.pool = ThreadPoolExecutor(workers, thread_name_prefix="gradcam-run")
        self.mine, self.all, self.closed = threading.local(), [], False

    def submit(self, number: int, photo: str) -> Future[Explained]:
        """A future of the photo's result."""
        return self.pool.submit(self._ask, number, photo)

    def _ask(self, number, photo):
        for _ in range(DEATHS):
            worker = getattr(self.mine, "worker", None) or self._hire()
            try:
                answer, error = worker.ask((number, photo))
            except (EOFError, OSError, pickle.UnpicklingError):
                self.mine.worker = None
                if self.closed:
                    break
                continue
            if error is not None:
                raise error
            return answer
        if not worker.ready:
            raise RunError("no worker process could be started: try it with one, --workers 1")
        died = Explained(number, photo, record.empty(photo))
        died.row["error"] = record.DIED
        return died

    def _hire(self):
        self.mine.worker = worker = Worker(self.recipe)
        self.all.append(worker)
        return worker

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True
        self.pool.shutdown(wait=False, cancel_futures=True)
        for worker in self.all:
            worker.end()
        self.pool.shutdown()


class Worker:
    """One process; `ask` waits for its answer."""

    process: subprocess.Popen[bytes]
    recipe: bytes
    ready: bool

    def __init__(self, recipe: bytes) -> None:
        paths = os.pathsep.join(os.path.abspath(path) for path in sys.path)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gradcam.runs.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": paths},
        )
        self.recipe, self.ready = recipe, False

    def ask(self, one: tuple[int, str]) -> tuple[Explained, Exception | None]:
        """The worker's answer and error, one of them None.  EOFError, OSError: it has died."""
        into, out = self.process.stdin, self.process.stdout
        if not self.ready:
            into.write(self.recipe)
        pickle.dump(one, into)
        into.flush()
        if not self.ready:
            pickle.load(out)  # it has read the recipe
            self.ready = True
        return pickle.load(out)

    def end(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()


def _pickled(task):
    try:
        return pickle.dumps(task)
    except Exception as error:  # whatever the parts of somebody's network raise
        raise RunError(
            f"the network cannot be sent to other processes ({error}): define it in a module of its own, or "
            "leave workers at 1"
        ) from None
