"""Keras's HDF5 files (Keras 1 and 2: weights or whole models; Keras 3: .weights.h5).

The HDF5 library is written in C, so it runs in a child process with limits (_h5_child.py), which only says
where the arrays lie. Those that lie in one piece, which is how Keras writes them, are then mapped from the
file itself.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import numpy as np

from weights.errors import WeightsError
from weights.readers.format import Format
from weights.readers.mapped_file import MappedFile, dtype_named

CHILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_h5_child.py")
SECONDS = 120
LONGEST_TABLE = 64 * 2**20


def fits(file: MappedFile) -> bool:
    """Whether a mapped file begins as HDF5 does."""
    return bytes(file.map[:8]) == b"\x89HDF\r\n\x1a\n"


def read(file: MappedFile, start: int = 0, size: int | None = None) -> dict[str, np.ndarray]:
    """{path of the dataset: array} of the HDF5 file at bytes [start, start + size) of a mapped file (by
    default all of it).

    Paths are those below `model_weights` (whole models) or the root; the optimiser's state is left out.
    float16 becomes float32.
    """
    return dict(whole(file, start, size).named)


@dataclass(frozen=True)
class Contents:
    """What an HDF5 file of Keras holds.  texts: {"model_config": ..., "keras_version": ...} of its root;
    named: {path of the dataset: array}, with the names that layers state; placed: the same arrays, with the
    keys of their groups.
    """

    texts: dict[str, str]
    named: dict[str, np.ndarray]
    placed: dict[str, np.ndarray]


def whole(file: MappedFile, start: int = 0, size: int | None = None) -> Contents:
    """The arrays and the texts of the HDF5 file at bytes [start, start + size) of a mapped file."""
    if importlib.util.find_spec("h5py") is None:
        raise WeightsError("reading HDF5 needs h5py: pip install 'minicnn-gradcam[keras]'")
    size = file.size - start if size is None else size
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        _run_child(file.path, start, size, directory)
        table, texts = (_json(os.path.join(directory, f"{name}.json")) for name in ("table", "texts"))
        copies = os.path.join(directory, "copies.raw")
        copied = file.beside(copies) if os.path.getsize(copies) else None
        arrays = [_array(file if entry["place"] == "file" else copied, entry) for entry in table]
        named, placed = ({e[key]: a for e, a in zip(table, arrays)} for key in ("name", "path"))
        return Contents(texts, named, placed)


def _run_child(path, start, size, directory):
    environment = os.environ | {
        "HDF5_PLUGIN_PRELOAD": "::",
        "OPENBLAS_NUM_THREADS": "1",
    }  # no filters from elsewhere, one thread
    command = [sys.executable, "-I", CHILD, os.path.abspath(path), str(start), str(size), directory]
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise WeightsError(
            f"the HDF5 library was still busy with it after {SECONDS} s: it was stopped"
        ) from None
    if done.returncode:
        said = (done.stdout or done.stderr).decode("utf-8", "replace").strip().split("\n")[-1][:300]
        raise WeightsError(
            f"the HDF5 library cannot read it: {said or f'it was stopped by signal {-done.returncode}'}"
        )


def _json(path):
    """What the child wrote. The child has read a hostile file: what it says is checked like a file."""
    if os.path.getsize(path) > LONGEST_TABLE:
        raise WeightsError("its table of arrays, or its configuration, is too long")
    with open(path, encoding="utf-8") as text:
        return json.load(text)


def _array(place, entry):
    what, dtype = f"array {entry['name'][:80]!r}", entry["dtype"]
    if place is None and 0 not in entry["shape"]:
        raise WeightsError(f"{what} is missing")
    plain = dtype if dtype == "bfloat16" else _dtype(dtype, what)
    return place.array(entry["start"], plain, tuple(entry["shape"]), what)


def _dtype(text, what):
    dtype = np.dtype(text)
    dtype_named(dtype.name, what)
    return dtype


FORMAT = Format("Keras HDF5", fits, read)
