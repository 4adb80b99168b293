"""The folder of a run, which can be killed at any moment (see `layout` for what lies in it).

Photos are written in their order.  Whoever goes on cuts off what stands behind the last whole line, so that
the bytes are those of a run that nobody interrupted.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from gradcam import files
from gradcam.runs import settings as own
from gradcam.runs.arrays import GrowingArray, described
from gradcam.runs.errors import RunError
from gradcam.runs.layout import LOCK, MAPS, PANELS, ROWS, SETTINGS, SHARDS, TIMINGS, map_file
from gradcam.runs.lines import grown, line_of, put, rows_in, whole
from gradcam.runs.sheet import write_sheet
from gradcam.runs.table import write_parquet
from gradcam.runs.task import Explained
from weights.lock import locked

UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.tmp")  # what `files.written` leaves behind when it is killed


class Folder:
    """Results on the disk.  done: how many photos are; errors: how many of those failed; count: of all."""

    path: Path
    settings: own.Settings
    first: int
    count: int
    done: int
    errors: int
    rows: BinaryIO
    timings: BinaryIO
    arrays: dict[str, GrowingArray]

    def __init__(self, path: Path, settings: own.Settings, first: int, count: int) -> None:
        self.path, self.settings, self.first, self.count = path, settings, first, count
        self.done = self.errors = 0
        for line in whole(path / ROWS):
            self.errors += _failed(path, line)
            self.done += 1
        self.rows, self.timings = (grown(path / name, self.done) for name in (ROWS, TIMINGS))
        self.arrays = {}
        if settings["maps"]:
            (path / MAPS).mkdir(exist_ok=True)
        if settings["maps"] and self.errors < self.done:
            self.arrays = {m: self._array(m, described(self._map(m))[0]) for m in settings["methods"]}

    def add(self, found: Explained) -> None:
        """Keep the next photo's results."""
        if found.maps and not self.arrays:
            self.arrays = {m: self._array(m, (self.count, *map.shape)) for m, map in found.maps.items()}
            for number in range(self.done):  # none of them has maps, or the arrays would be there
                self._write(number, {})
        self._write(self.done, found.maps)
        if found.panel is not None:
            (self.path / found.row["panel"]).parent.mkdir(exist_ok=True)
            with files.written(self.path / found.row["panel"]) as file:
                file.write(found.panel)
        times = {name: round(seconds, 6) for name, seconds in found.times.items()}
        put(self.timings, line_of({"photo": found.photo, **times}))
        put(self.rows, line_of(found.row))
        self.done += 1
        self.errors += found.error is not None

    def _write(self, number, maps):
        for method, array in self.arrays.items():
            array.write(number, maps.get(method))

    def _map(self, method):
        return self.path / MAPS / map_file(method)

    def _array(self, method, shape):
        return GrowingArray(self._map(method), shape, self.settings["maps"]["dtype"])

    def close(self) -> None:
        """Close all files."""
        for file in (self.rows, self.timings, *self.arrays.values()):
            file.close()


@contextlib.contextmanager
def opened(
    path: Path, settings: own.Settings, first: int, count: int, finish: Callable[[Path, own.Settings], object]
) -> Iterator[Folder]:
    """The folder of a run, new or gone on with, for this process alone.

    first, count: of the photos that belong there; finish: called when all are there.  RunError: it holds
    other results, something else, or another process is writing there; SaveError: it cannot be made; OSErrors
    of the block are told as RunErrors that say how far it came.
    """
    folder = None
    try:
        path.mkdir(parents=True, exist_ok=True)
        with locked(path / LOCK, lambda: busy(path)):
            _prepare(path, settings)
            folder = Folder(path, settings, first, count)
            with contextlib.closing(folder):
                yield folder
            if folder.done == count and not settings["shard"]:
                finish(path, settings)
    except FileExistsError:
        raise files.SaveError(f"{path}: this is no folder, and results need one: name another") from None
    except (OSError, files.SaveError) as error:
        why = getattr(error, "strerror", None) or error
        if folder is None:
            raise files.SaveError(f"{path}: results cannot be written there: {why}") from None
        raise RunError(
            f"{path}: results can no longer be written: {why}; {folder.done} of {count} photos are done. "
            "When there is room again, the same command goes on from there"
        ) from None


def finish(path: Path, settings: own.Settings) -> None:
    """What is made of the rows when all are there: rows.parquet, with pyarrow; index.html, with panels."""
    rows = lambda: rows_in(path / ROWS)  # noqa: E731
    write_parquet(path, settings["methods"], rows())
    if settings["panels"]:
        write_sheet(path, settings, rows())


def _prepare(path: Path, settings: own.Settings) -> None:
    for left in [*path.glob(".*.tmp"), *path.glob(f"{MAPS}/.*.tmp"), *path.glob(f"{PANELS}/.*.tmp")]:
        if UNFINISHED.fullmatch(left.name):
            left.unlink()
    if (path / SETTINGS).exists():
        own.check_same(path, settings)
        return
    if any(entry.name not in (LOCK, SHARDS) for entry in path.iterdir()):
        raise RunError(
            f"{path}: there are files in this folder, and no results: name a new one, or an empty one"
        )
    with files.written(path / SETTINGS) as file:
        file.write(own.written(settings))


def _failed(path, line):
    try:
        return json.loads(line)["error"] is not None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise RunError(
            f"{path / ROWS}: a line of it is no row of a run: name another folder, or remove this one"
        ) from None


def busy(path: Path) -> Any:
    """RunError: somebody else is at work there."""
    raise RunError(f"{path}: another process is writing results there; wait for it, or name another folder")
