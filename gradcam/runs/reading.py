"""The results of a run, read back."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from gradcam.runs import arrays
from gradcam.runs import settings as own
from gradcam.runs.errors import RunError
from gradcam.runs.layout import MAPS, ROWS, map_file
from gradcam.runs.lines import rows_in
from gradcam.runs.table import lines


class NoPhotoError(RunError, KeyError):
    """Maps were asked for that a run does not have: of another photo or method, or of a photo that failed."""

    def __str__(self) -> str:
        return str(self.args[0])


class OfPhoto(dict[str, np.ndarray]):
    """{method: maps}, which says what there is where another is asked for."""

    def __missing__(self, method: str) -> np.ndarray:
        raise NoPhotoError(f"no maps of '{method}'; there is {', '.join(self)}")


class Maps(Mapping[str, dict[str, np.ndarray]]):
    """maps["a.jpg"]["grad_cam"]: (classes, h, w), read when it is asked for; the photos that have maps."""

    run: Run
    at: dict[str, int]

    def __init__(self, run: Run) -> None:
        self.run = run
        self.at = {row["photo"]: number for number, row in enumerate(run.rows)}

    def __getitem__(self, photo: str | os.PathLike[str]) -> dict[str, np.ndarray]:
        """The maps of a photo, by its name in the rows.  NoPhotoError, a KeyError: it is none, or failed."""
        if (name := os.fspath(photo)) not in self.at:
            same = (path for path in self.at if os.path.basename(path) == os.path.basename(name))
            there = next(same, None) or next(iter(self.at), "none")
            raise NoPhotoError(f"{self.run.path}: no photo is called '{name}'; there is {there}, say")
        number = self.at[name]
        if reason := self.run.rows[number]["error"]:
            raise NoPhotoError(f"{photo}: there is no map of it: {reason}")
        return OfPhoto({method: self.run.array(method)[number] for method in self.run.methods})

    def __iter__(self) -> Iterator[str]:
        return (photo for photo, number in self.at.items() if not self.run.rows[number]["error"])

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Run:
    """A run in a folder, finished or not.

    settings  as in settings.json; rows: a dict for each photo, as in rows.jsonl
    table     a line for each photo and explained class: a pandas DataFrame, or without pandas a list of dicts
    maps      {photo: {method: (classes, h, w), or (classes, C, H, W) of a method with colours}}
    """

    path: Path
    settings: dict[str, Any]
    rows: list[dict[str, Any]]
    arrays: dict[str, np.ndarray]

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.settings = own.read(self.path)
        self.rows = list(rows_in(self.path / ROWS))
        self.arrays = {}

    @property
    def methods(self) -> list[str]:
        """The methods, in the order in which they were asked for."""
        return self.settings["methods"]

    def array(self, method: str) -> np.ndarray:
        """All maps of a method, (photos, classes, h, w), in the order of the rows; NaN where a photo failed.

        It stays on the disk until it is used (a memory map).  RunError if there is none.
        """
        if method not in self.methods:
            raise RunError(f"{self.path}: no maps of '{method}'; there is {', '.join(self.methods)}")
        if method not in self.arrays:
            self.arrays[method] = arrays.blocks(self.path / MAPS / map_file(method), len(self.rows))
        return self.arrays[method]

    @cached_property
    def table(self) -> Any:
        """The rows as a table."""
        found = list(lines(self.rows, self.methods))
        if not find_spec("pandas"):
            return found
        import pandas

        return pandas.DataFrame(found)

    @cached_property
    def maps(self) -> Maps:
        """The maps of each photo."""
        return Maps(self)

    def __repr__(self) -> str:
        failed = sum(row["error"] is not None for row in self.rows)
        done = f"{len(self.rows)} photos" + (f", {failed} failed" if failed else "")
        return f"<Run {self.path}: {done}; {', '.join(self.methods)}>"


def read_run(path: str | os.PathLike[str]) -> Run:
    """The results in the folder of a run: rows, a table, and the maps of each photo.

    RunError if it is no such folder.
    """
    return Run(path)
