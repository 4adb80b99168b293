"""An explanation's numbers as a file, or as a table."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcam.asking import AskError
from gradcam.explanation.answer import phrase
from gradcam.files import SaveError, written
from gradcam.interpolation import upsample

if TYPE_CHECKING:
    from gradcam.explanation import Explanation

KINDS = (".npz", ".npy")


def save(
    e: Explanation, path: str | os.PathLike[str], upsampled: bool = False, dtype: Any = np.float32
) -> Path:
    """Write the maps of an explanation, whole or not at all.  -> Path

    .npz   an array for each method, (targets, N, h, w) or (targets, N, C, H, W), and `targets` (what was
           explained, in words), `scores`, `probabilities` if there are any, `layer`
    .npy   the only map there is, (N, h, w) or (N, C, H, W)

    upsampled: maps of a layer come at the size of the input.  SaveError: another ending, or a place where it
    cannot be.
    """
    path, maps = Path(path), arrays(e, upsampled, dtype)
    if path.suffix.lower() not in KINDS:
        raise SaveError(
            f"{path}: maps are saved as {' or '.join(KINDS)}, not as {path.suffix or 'a bare name'}"
        )
    if path.suffix.lower() == ".npy" and len(maps) * len(e.classes) != 1:
        raise SaveError(
            f"{path}: an .npy file holds one map, and here are {len(maps) * len(e.classes)}: give a name "
            "in .npz"
        )
    with written(path) as file:
        if path.suffix.lower() == ".npy":
            np.save(file, next(iter(maps.values()))[0])
            return path
        said = [phrase(e, c) for c in e.classes]
        more = {"targets": np.array(said), "scores": e.scores, "layer": np.array(e.layer or "")}
        if e.probabilities is not None:
            more["probabilities"] = e.probabilities
        np.savez(file, **maps, **more)
    return path


def arrays(e: Explanation, upsampled: bool = False, dtype: Any = np.float32) -> dict[str, np.ndarray]:
    """{method: maps of all targets, (targets, N, ...)}; upsampled: all at the size of the input."""
    maps = {m: np.stack([e.maps[m, c] for c in e.classes]) for m in e.methods}
    size = e.x.shape[2:]
    if upsampled:
        maps = {m: v if v.shape[-len(size) :] == size else upsample(v, size) for m, v in maps.items()}
    return {m: v.astype(dtype) for m, v in maps.items()}


def frame(e: Explanation) -> Any:
    """A pandas.DataFrame, a row for each map of each picture: what was explained, its score and probability,
    the map's smallest and largest value, and where it is largest, in shares of height and width.
    """
    try:
        pandas = importlib.import_module("pandas")
    except ModuleNotFoundError:
        raise AskError("a table needs pandas: pip install pandas") from None
    return pandas.DataFrame(rows(e))


def rows(e: Explanation) -> list[dict[str, Any]]:
    """The rows of `frame`."""
    return [
        _row(e, method, c, n) for n in range(len(e.x)) for c in e.classes for method in e.methods
    ]  # fmt: skip


def _row(e, method, c, n):
    target, map = e.target(c), e.maps[method, c][n]
    index = target.class_of(n) if e.ends else None
    axes = e.x.ndim - 2
    size = abs(map).max(axis=0) if map.ndim > axes else map
    place = np.unravel_index(size.argmax(), size.shape)
    shares = [(i + 0.5) / length if np.any(map) else None for i, length in zip(place, size.shape)]
    *depth, row, column = [None] * (2 - axes) + shares
    return {
        "picture": n, "target": phrase(e, c), "method": method,
        "score": None if index is None else float(e.scores[n, index]),
        "probability": None if index is None or e.probabilities is None else float(e.probabilities[n, index]),
        "min": float(map.min()), "max": float(map.max()), "peak_row": row, "peak_column": column,
        **({"peak_depth": depth[0]} if depth else {}),
        "note": e.notes.get((method, c), ""),
    }  # fmt: skip
