"""What is kept of one photo: a row of numbers and words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcam.explanation import Explanation
from gradcam.methods import METHODS
from gradcam.target import Target

TOP = 5
DIED = "the processes that explained it died, one after the other (is there too little memory?)"
Row = dict[str, Any]


def empty(photo: str) -> Row:
    """The row of a photo of which nothing is known yet."""
    return {
        "photo": photo, "sha256": None, "width": None, "height": None,
        "top": [], "explained": [], "panel": None, "error": None,
    }  # fmt: skip


def digest_of(photo: str) -> str:
    """The SHA-256 of a file, in hexadecimal digits.  OSError if it cannot be read."""
    with open(photo, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seen(e: Explanation) -> list[Row]:
    """The most probable classes of the only picture of e, the first most so; none of what has no classes."""
    if np.ndim(e.scores) != 2:
        return []
    order = np.argsort(-e.scores[0], kind="stable")[:TOP]
    return [_class(e, int(c)) for c in order]


def explained(e: Explanation, kept: Mapping[str, np.ndarray]) -> list[Row]:
    """What was explained: a class each, with the numbers of its maps.  kept: {method: (classes, ...)}"""
    return [
        {**_class(e, c), "maps": {m: {"layer": _layer(e, m), **numbers(maps[k])} for m, maps in kept.items()}}
        for k, c in enumerate(e.classes)
    ]


def numbers(map: np.ndarray) -> Row:
    """min, max, whether it is zero everywhere, and its peak: where its magnitude is largest, (x, y) in shares
    of width and height.  map: (h, w) or (C, H, W)
    """
    size = np.abs(map).max(axis=0) if map.ndim == 3 else np.abs(map)
    zero = not size.any()
    row, column = np.unravel_index(size.argmax(), size.shape)
    peak = [round((column + 0.5) / size.shape[1], 4), round((row + 0.5) / size.shape[0], 4)]
    return {"min": _nine(map.min()), "max": _nine(map.max()), "zero": zero, "peak": None if zero else peak}


def _class(e, c):
    index = e.target(c).class_of(0) if isinstance(c, Target) else c
    names = getattr(e.card, "classes", None) or ()
    name = names[index] if index is not None and index < len(names) else None
    if isinstance(c, Target):
        name = c.said(lambda k: names[k] if k < len(names) else f"class {k}")
    known = index is not None and np.ndim(e.scores) == 2
    return {
        "class": index, "name": name,
        "score": _nine(e.scores[0, index]) if known else None,
        "probability": _nine(e.probabilities[0, index]) if known and e.probabilities is not None else None,
    }  # fmt: skip


def _layer(e, method):
    return (
        METHODS[method].layer or e.layer
        if METHODS[method].at_layer
        else e.unit_layer
        if method == "deconvnet"
        else None
    )


def _nine(value):
    """Nine digits, which tell every float32 from every other."""
    return float(f"{float(value):.9g}")
