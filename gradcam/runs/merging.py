"""The parts of a run, made by --shard, put together: the bytes of a run that was never parted."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from gradcam import files
from gradcam.runs import settings as own
from gradcam.runs.arrays import described, header_of
from gradcam.runs.errors import RunError
from gradcam.runs.folder import busy, finish
from gradcam.runs.layout import LOCK, MAPS, PANELS, ROWS, SETTINGS, SHARDS, TIMINGS, map_file
from gradcam.runs.lines import rows_in, whole
from gradcam.runs.photos import block
from weights.lock import locked

Folders = Sequence[str | os.PathLike[str]]


def merge(
    folders: Folders,
    out: str | os.PathLike[str] | None = None,
    finish: Callable[[Path, own.Settings], object] = finish,
) -> Path:
    """Put all shards of a run together -> the folder.  The shards stay as they are.

    folders: runs that were made with `shard`, whose shards lie in FOLDER/shards, or shards themselves; out:
    where the whole goes, default: the only folder; finish: what is made of the rows.  RunError: a shard is
    missing, unfinished or of another run; SaveError: it cannot be written.
    """
    shards = _in_order([Path(f) for f in folders])
    if out is None and len(folders) > 1:
        raise RunError("of several folders, say which gets the whole: --out RUN/")
    place = Path(folders[0] if out is None else out)
    of_all = {**own.read(shards[0]), "shard": None}
    count = of_all["photos"]["count"]
    try:
        place.mkdir(parents=True, exist_ok=True)
        with locked(place / LOCK, lambda: busy(place)):
            if (place / SETTINGS).exists():
                own.check_same(place, of_all)
            elif any(
                entry.name not in (LOCK, SHARDS, MAPS, ROWS, TIMINGS, PANELS) for entry in place.iterdir()
            ):
                raise RunError(f"{place}: there are other files in this folder: name a new one, --out RUN/")
            if of_all["maps"]:
                (place / MAPS).mkdir(exist_ok=True)
            for method in of_all["methods"] if of_all["maps"] else ():
                _merge_maps(method, shards, place, count)
            for name in (TIMINGS, ROWS):
                _written(place / name, lambda file, name=name: [_copy(s / name, file) for s in shards])
            for panel in (panel for shard in shards for panel in sorted(shard.glob(f"{PANELS}/*.jpg"))):
                (place / PANELS).mkdir(exist_ok=True)
                _written(place / PANELS / panel.name, lambda file, panel=panel: _copy(panel, file))
            _written(place / SETTINGS, lambda file: file.write(own.written(of_all)))
            finish(place, of_all)
    except OSError as error:
        raise files.SaveError(
            f"{place}: results cannot be written there: {error.strerror or error}"
        ) from None
    return place


def settings_in(folders: Folders) -> own.Settings:
    """Of the first of all shards.  RunError: there is none."""
    return own.read(_in_order([Path(f) for f in folders])[0])


def _in_order(folders):
    """The folders of all shards, the first one first."""
    found = [shard for folder in folders for shard in _shards_in(folder)]
    if not found:
        raise RunError(f"{folders[0]}: there are no shards in it: gradcam explain ... --shard 1/4 makes them")
    first, shards = own.read(found[0]), {}
    for folder in found:
        settings = own.read(folder)
        k, n = settings["shard"]
        if k in shards:
            raise RunError(f"{folder} and {shards[k]} are both shard {k} of {n}: leave one out")
        shards[k] = folder
        own.check_same(folder, {**first, "shard": [k, first["shard"][1]]})
        done, asked = sum(1 for _ in whole(folder / ROWS)), len(block(settings["photos"]["count"], (k, n)))
        if done < asked:
            raise RunError(
                f"{folder}: {done} of {asked} photos are done: let it go on first, with --shard {k}/{n}"
            )
    n = first["shard"][1]
    if missing := [f"{k}/{n}" for k in range(1, n + 1) if k not in shards]:
        raise RunError(f"{folders[0]}: not all shards are there; missing: {', '.join(missing)}")
    return [shards[k] for k in sorted(shards)]


def _shards_in(folder: Path) -> Iterator[Path]:
    if (folder / SETTINGS).exists() and own.read(folder)["shard"]:
        yield folder
    else:
        yield from (path.parent for path in sorted(folder.glob(f"{SHARDS}/*-of-*/{SETTINGS}")))


def _merge_maps(method, shards, place, count):
    """One array of all; NaN for a shard that has none, as all of its photos failed."""
    parts = [shard / MAPS / map_file(method) for shard in shards]
    known = {(shape[1:], dtype) for shape, dtype, _ in (described(p) for p in parts if p.exists())}
    if len(known) > 1:
        raise RunError(f"{method}: the shards' maps are of several sizes, and one array cannot hold them")
    if not known:
        return
    ((shape, dtype),) = known
    nothing = np.full(shape, np.nan, dtype).tobytes()

    def together(file):
        file.write(header_of((count, *shape), dtype))
        for shard, part in zip(shards, parts):
            if part.exists():
                _copy(part, file, described(part)[2])
            else:
                file.writelines(nothing for _ in whole(shard / ROWS))

    _written(place / MAPS / map_file(method), together)


def _written(path: Path, write: Callable[[BinaryIO], object]) -> None:
    with files.written(path) as file:
        write(file)


def _copy(path, file, begin=0):
    with contextlib.closing(open(path, "rb")) as source:
        source.seek(begin)
        shutil.copyfileobj(source, file, 1 << 20)


def errors_in(folder: Path) -> tuple[int, int]:
    """(photos, those that failed) of a run."""
    failed = [row["error"] is not None for row in rows_in(folder / ROWS)]
    return len(failed), sum(failed)
