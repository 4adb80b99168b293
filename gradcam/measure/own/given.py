"""Maps that were made elsewhere: those of a run, or .npy files of any library, called as their photos are."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from gradcam.measure.errors import DataError
from gradcam.runs import read_run
from gradcam.runs import settings as own
from gradcam.runs.layout import SETTINGS
from weights import Preprocessing, WeightsError
from weights.readers import npy

NAME = "given"


class GivenMaps:
    """`given.of(photo, c)` -> {name: map} of a photo and class.

    path   a folder of `gradcam explain --out` (its methods are the names), or of NAME.npy beside, or as, the
           photos: photos/a.jpg has a.npy (its map is called "given"), and METHOD/a.npy for several methods
    names  of the maps that there are.  DataError if there is none.
    """

    path: Path
    names: list[str]

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise DataError(f"{path}: maps are given as a folder: of a run, or of .npy files")
        if self.of_run:
            self.names = [f"{NAME} {method}" for method in self.run.methods]
            return
        folders = sorted({p.parent.name for p in self.path.glob("*/*.npy")})
        self.names = [*([NAME] if any(self.path.glob("*.npy")) else ()), *(f"{NAME} {f}" for f in folders)]
        if not self.names:
            raise DataError(f"{path}: there is no run in this folder, and no .npy file")

    @property
    def of_run(self) -> bool:
        """Whether they are the maps of a run."""
        return (self.path / SETTINGS).exists()

    @cached_property
    def run(self) -> Any:
        """The run."""
        return read_run(self.path)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """{photo: its number in the run}"""
        return {os.path.abspath(row["photo"]): k for k, row in enumerate(self.run.rows)}

    @cached_property
    def preprocessing(self) -> Preprocessing | None:
        """How the run's network sees a photo; None: these are no maps of a run."""
        if not self.of_run:
            return None
        said = own.read(self.path)["preprocessing"]
        return Preprocessing(**{k: tuple(v) if isinstance(v, list) else v for k, v in said.items()})

    def classes(self, photo: str) -> list[int]:
        """The classes that were explained of a photo; [] if that is not known."""
        row = (
            self.run.rows[self.numbers[os.path.abspath(photo)]] if self._in_run(photo) else {"explained": []}
        )
        return [c["class"] for c in row["explained"] if c["class"] is not None]

    def of(self, photo: str, c: int | None) -> dict[str, np.ndarray]:
        """{name: (h, w) or (C, H, W)}, those that there are.  DataError: a file that is no map."""
        if self.of_run:
            classes = self.classes(photo)
            if c not in classes:
                return {}
            at = self.numbers[os.path.abspath(photo)], classes.index(c)
            return {f"{NAME} {m}": np.array(self.run.array(m)[at]) for m in self.run.methods}
        stem, found = PurePath(photo).stem, {}
        for name in self.names:
            file = self.path / name.removeprefix(NAME).strip() / f"{stem}.npy"
            if file.exists():
                found[name] = _map(file)
        return found

    def _in_run(self, photo):
        return self.of_run and os.path.abspath(photo) in self.numbers

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "names": self.names}  # rows and arrays are read where they are needed


def _map(file):
    try:
        map = npy.from_bytes(file.read_bytes())
    except (OSError, WeightsError) as error:
        raise DataError(f"its map, {file}, cannot be read: {error}") from None
    map = map[0] if map.ndim == 4 and len(map) == 1 else map
    map = map[0] if map.ndim == 3 and len(map) == 1 else map
    if map.ndim not in (2, 3) or map.dtype.kind not in "biuf" or not np.isfinite(map).all():
        raise DataError(
            f"its map, {file}, is (h, w) or (C, H, W) of finite numbers, not {map.shape}, {map.dtype}"
        )
    return map.astype(np.float32) if map.dtype.kind != "f" else map
