"""The photos of a run on the workers of a Dask cluster: the task is sent once, photos are read where they
are explained, some at a time, as the scheduler has work with each; and what a lost worker had is done again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from importlib.util import find_spec
from itertools import chain, islice
from typing import Any

from gradcam.runs import record
from gradcam.runs.errors import RunError
from gradcam.runs.manner import Explain
from gradcam.runs.task import Explained, Task
from gradcam.runs.workers import in_order
from minicnn.convolution.fast.memory import keep_memory

PATIENCE = 30  # seconds to find the scheduler
SOME, AHEAD = 16, 2  # photos that are asked for together; of such parts for each thread, before their turn


@contextlib.contextmanager
def on_dask(address: str) -> Iterator[Explain]:
    """What a `Manner` takes as `by`, while the block runs.  address: of the scheduler, as
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
    sent, left = Sent(client, task), iter(photos)
    parts = ((some,) for some in iter(lambda: list(islice(left, SOME)), []))
    return chain.from_iterable(in_order(lambda some: Asked(sent, some), parts, AHEAD * threads))


class Sent:
    """A task that the workers have; `again` when all that had it are lost."""

    client: Any
    task: Task
    future: Any

    def __init__(self, client: Any, task: Task) -> None:
        self.client, self.task = client, task
        self.again()

    def again(self) -> None:
        """Send it to all workers there are."""
        self.future = self.client.scatter(self.task, broadcast=True, hash=False)

    def submit(self, some: list[tuple[int, str]]) -> Any:
        """A future of some photos' results."""
        return self.client.submit(_each, self.future, some, pure=False)


class Asked:
    """Some photos that are being explained somewhere."""

    sent: Sent
    some: list[tuple[int, str]]
    future: Any

    def __init__(self, sent: Sent, some: list[tuple[int, str]]) -> None:
        self.sent, self.some, self.future = sent, some, sent.submit(some)

    def result(self) -> list[Explained]:
        """Wait for them.  If workers die of them one after the other, each is asked for alone; a photo whose
        workers die is given up: it is a row, too.
        """
        from distributed import KilledWorker

        while True:
            try:
                return self.future.result()
            except KilledWorker:
                if len(self.some) > 1:
                    return [Asked(self.sent, [one]).result()[0] for one in self.some]
                ((number, photo),) = self.some
                done = Explained(number, photo, record.empty(photo))
                done.row["error"] = record.DIED
                return [done]
            except CancelledError:  # the task was lost with the last worker that had it
                self.sent.again()
                self.future = self.sent.submit(self.some)


def _each(task: Task, some: list[tuple[int, str]]) -> list[Explained]:
    keep_memory()
    return [task(*one) for one in some]
