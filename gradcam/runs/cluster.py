"""The photos of a run on the workers of a Dask cluster: the task is sent once, photos are read where they
are explained, and what a lost worker had is done again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from importlib.util import find_spec
from typing import Any

from gradcam.runs import record
from gradcam.runs.errors import RunError
from gradcam.runs.run import Explain
from gradcam.runs.task import Explained, Task
from gradcam.runs.workers import AHEAD, in_order
from minicnn.convolution.fast.memory import keep_memory

PATIENCE = 30  # seconds to find the scheduler


@contextlib.contextmanager
def on_dask(address: str) -> Iterator[Explain]:
    """What `explain_into(..., explained=)` takes, while the block runs.  address: of the scheduler, as
    tcp://host:8786.

    The workers need this package, of the same version, and the photos under the same names.  RunError: no
    scheduler or no worker answers, or `distributed` is not installed.
    """
    if not find_spec("distributed"):
        raise RunError("--dask needs the package distributed: pip install 'minicnn-gradcam[distributed]'")
    from distributed import Client

    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise RunError(f"{address}: no Dask scheduler answers there ({error})") from None
    with client:
        yield lambda task, photos: _explained(client, task, photos)


def _explained(client: Any, task: Task, photos: Iterable[tuple[int, str]]) -> Iterator[Explained]:
    threads = sum(client.nthreads().values())
    if not threads:
        raise RunError("the Dask scheduler has no workers yet: start some, dask worker ADDRESS --nthreads 1")
    sent = Sent(client, task)
    return in_order(lambda *one: Asked(sent, one), photos, AHEAD * threads)


class Sent:
    """A task that the workers have; `again` when all that had it are lost."""

    def __init__(self, client: Any, task: Task) -> None:
        self.client, self.task = client, task
        self.again()

    def again(self) -> None:
        """Send it to all workers there are."""
        self.future = self.client.scatter(self.task, broadcast=True, hash=False)

    def submit(self, one: tuple[int, str]) -> Any:
        """A future of one photo's result."""
        return self.client.submit(_one, self.future, *one, pure=False)


class Asked:
    """A photo that is being explained somewhere."""

    def __init__(self, sent: Sent, one: tuple[int, str]) -> None:
        self.sent, self.one, self.future = sent, one, sent.submit(one)

    def result(self) -> Explained:
        """Wait for it.  A photo whose workers die one after the other is given up: it is a row, too."""
        from distributed import KilledWorker

        while True:
            try:
                return self.future.result()
            except KilledWorker:
                done = Explained(*self.one, record.empty(self.one[1]))
                done.row["error"] = record.DIED
                return done
            except CancelledError:  # the task was lost with the last worker that had it
                self.sent.again()
                self.future = self.sent.submit(self.one)


def _one(task: Task, number: int, photo: str) -> Explained:
    keep_memory()
    return task(number, photo)
