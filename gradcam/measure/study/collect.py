"""Rows for many pictures: on all cores, with a progress bar, and kept as they come, so that a run that was
cut off goes on where it was.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits
from tqdm import tqdm

from gradcam.measure.study.rows_file import append, opened


def collect(
    path: str | os.PathLike[str] | None,
    settings: dict[str, Any],
    numbers: Sequence[int],
    row: Callable[[int], dict[str, Any]],
    workers: int | None = None,
    progress: bool = True,
    name: str | None = None,
) -> list[dict[str, Any]]:
    """One row for each number, those included that the file has already -> list of rows, in the order of
    `numbers`.

    path: a file of rows, JSON, one line each, to which every new row is added as soon as it is there (None:
    keep none); its first line says with which settings.  DataError if those were others.  row: number ->
    dict, called in `workers` threads (default: one for each core), each with its own matrix products on one
    core.  Few rows are on their way at any time, however many are asked for.
    """
    rows = opened(Path(path), settings) if path else {}
    missing = [n for n in numbers if n not in rows]
    todo, workers = iter(missing), workers or os.cpu_count() or 1
    bar = tqdm(
        desc=name,
        total=len(numbers),
        initial=len(numbers) - len(missing),
        unit="picture",
        disable=not progress,
    )

    def keep(found):
        rows[found["number"]] = found
        if path:
            append(path, found)
        bar.update()

    with bar, threadpool_limits(1, "blas"), ThreadPoolExecutor(workers) as pool:
        waiting = {pool.submit(row, n) for n in islice(todo, 2 * workers)}
        try:
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in sorted(done, key=lambda f: f.exception() is not None):  # keep, then raise
                    waiting.remove(future)
                    keep(future.result())
                waiting |= {pool.submit(row, n) for n in islice(todo, len(done))}
        except (
            BaseException
        ):  # an interruption, too: what is not begun is not begun, what is running is finished and kept
            pool.shutdown(cancel_futures=True)
            for future in waiting:
                if not future.cancelled() and not future.exception():
                    keep(future.result())
            raise
    return [rows[n] for n in numbers]
