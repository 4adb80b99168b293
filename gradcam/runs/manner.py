"""How many photos are worked through: by whom, and which of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gradcam.runs.task import Explained

Explain = Callable[[Any, Iterable[tuple[int, str]]], Iterator[Explained]]


@dataclass(frozen=True)
class Manner:
    """What `explain_into` and `measure_into` are told of the work; the results do not depend on it.

    workers   how many processes of this machine
    shard     (k, n): only the k-th of n blocks of the photos, in PATH/shards/K-of-N (see `merge`)
    progress  whether a bar shows rate, time left and errors so far
    by        who does it in place of worker processes: by(task, numbered photos) gives task(number, photo) of
              each, in order.  `gradcam.runs.cluster.on_dask` and `gradcam.runs.backends.by_joblib` are such
    """

    workers: int = 1
    shard: tuple[int, int] | None = None
    progress: bool = False
    by: Explain | None = None


ALONE = Manner()  # in this process, all photos, without a bar
