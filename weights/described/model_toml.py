"""MODEL.toml: what its user knows of a network and its file does not say.

    describe = "ResNet-18, trained on tiles of leaves"
    pixels = "imagenet"          # or scale, mean and std
    resize = "letterbox"
    crop = [480, 640]            # rows, columns
    labels = "leaves.txt"

Every key may be left out, and none is unknown.
"""

from __future__ import annotations

import difflib
import math
import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from weights.cards import INTERPOLATIONS, RESIZES
from weights.described.pixels import GREY, USUAL
from weights.errors import WeightsError
from weights.labels import read_labels

MOST_BYTES = 2**20  # of such a file: class names may stand in it
MOST_DOTS = 200  # of a line, outside of its texts
TEXTS = re.compile(r'"[^"]*"|\'[^\']*\'')
ENDS = ("softmax", "sigmoid", "number")
PIXELS = tuple(dict.fromkeys((*USUAL, *GREY)))


@dataclass(frozen=True)
class ModelToml:
    """What a MODEL.toml says; None, or left out of `preprocessing`, where it says nothing.

    path: of the file; model: of the network's file, if it names one; describe: what the network is, in one
    line; labels: class names, in the order of the scores, or "metadata": those in the network's file;
    pixels: one of the usual ways, by name; preprocessing: fields of `Preprocessing`; layer: whose maps
    Grad-CAM weighs; output: which of several; ends: by what scores become probabilities, "softmax",
    "sigmoid", or "number" where they become none.
    """

    path: Path
    model: Path | None = None
    describe: str | None = None
    labels: tuple[str, ...] | str | None = None
    pixels: str | None = None
    preprocessing: dict[str, Any] = field(default_factory=dict)
    layer: str | None = None
    output: str | None = None
    ends: str | None = None


def read_model_toml(path: str | os.PathLike[str]) -> ModelToml:
    """The description in a file.  WeightsError, in one line: it is no such file, or says what is not known;
    the message names the key, what was expected and, for an unknown key, the nearest.
    """
    path = Path(path)
    said = _table(path)
    for key in said:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1)
            meant = f"did you mean '{near[0]}'?  There" if near else "there"
            raise WeightsError(f"{path}: no key is called '{key}'; {meant} is {', '.join(KEYS)}")
        expected, fits = KEYS[key]
        if not fits(said[key]):
            raise WeightsError(f"{path}: {key} is {expected}, not {_short(said[key])}")
    if "pixels" in said and (both := [k for k in ("scale", "mean", "std") if k in said]):
        raise WeightsError(f"{path}: pixels stands for scale, mean and std: leave out pixels, or {both[0]}")
    if "fill" in said and said.get("resize") != "letterbox":
        raise WeightsError(f'{path}: fill is the ground of a letterbox: add resize = "letterbox"')
    prepared = {key: _plain(value) for key, value in said.items() if key in PREPARED}
    if isinstance(prepared.get("size"), tuple):  # rows and columns: the size of the input itself
        if "crop" in prepared:
            raise WeightsError(
                f"{path}: crop is the input's rows and columns, size the photo's shorter side before it is "
                "cropped: one number"
            )
        prepared["crop"], prepared["size"] = prepared["size"], min(prepared["size"])
    labels = said.get("labels")
    if isinstance(labels, str) and labels != "metadata":
        labels = read_labels(path.parent / labels)
    model = path.parent / said["model"] if "model" in said else None
    named = {key: said[key] for key in ("describe", "pixels", "layer", "output", "ends") if key in said}
    return ModelToml(
        path, model, labels=tuple(labels) if isinstance(labels, list) else labels, preprocessing=prepared,
        **named,
    )  # fmt: skip


def beside(model: str | os.PathLike[str]) -> Path:
    """Where the description of a network's file lies: net.onnx -> net.toml"""
    return Path(model).with_suffix(".toml")


def _table(path):
    """The keys and values of a TOML file."""
    try:
        if not path.exists():
            raise WeightsError(f"{path}: there is no such file")
        if not path.is_file():
            raise WeightsError(f"{path}: this is no ordinary file")
        if path.stat().st_size > MOST_BYTES:
            raise WeightsError(f"{path}: no description of a network has more than {MOST_BYTES:,} bytes")
        text = path.read_bytes().decode("utf-8")
        if any(TEXTS.sub("", line).count(".") > MOST_DOTS for line in text.splitlines()):  # takes minutes
            raise WeightsError(f"{path}: a key of more than {MOST_DOTS} parts: this is no description")
        return tomllib.loads(text)
    except UnicodeDecodeError:
        raise WeightsError(f"{path}: this is no UTF-8 text, as a description in TOML is") from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise WeightsError(f"{path}: this is no TOML: {_short(error, 120)}") from None
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read: {error.strerror or error}") from None


def _number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _side(value: Any) -> bool:
    return type(value) is int and 0 < value <= 2**14


def _sides(value: Any) -> bool:
    return _side(value) or (isinstance(value, list) and len(value) == 2 and all(map(_side, value)))


def _line(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable() and len(value) <= 1000


def _numbers(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 64 and all(map(_number, value))


def _one_of(*words: str) -> tuple[str, Callable[[Any], bool]]:
    return "one of " + ", ".join(words), lambda value: isinstance(value, str) and value in words


KEYS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "describe": ("one line of text", _line),
    "model": ("the name of the network's file", _line),
    "labels": (
        "a file of class names, a list of them, or 'metadata'",
        lambda v: _line(v) or (isinstance(v, list) and bool(v) and all(map(_line, v))),
    ),
    "pixels": _one_of(*PIXELS),
    "scale": (
        "what a white pixel becomes, 1 or 255, say: a number above 0",
        lambda v: _number(v) and v > 0,
    ),
    "mean": ("a list of numbers, one for each channel", _numbers),
    "std": (
        "a list of numbers above 0, one for each channel",
        lambda v: _numbers(v) and min(v) > 0,
    ),
    "channels": _one_of("RGB", "BGR", "L"),
    "resize": _one_of(*RESIZES),
    "size": (
        "pixels of the photo's shorter side before it is cropped, or the input's [rows, columns]",
        _sides,
    ),
    "crop": ("the side of the input in pixels, or its [rows, columns]", _sides),
    "fill": (
        "a colour, [red, green, blue] from 0 to 255",
        lambda v: isinstance(v, list) and len(v) == 3 and all(type(n) is int and 0 <= n < 256 for n in v),
    ),
    "interpolation": _one_of(*INTERPOLATIONS),
    "layer": ("the name of a layer (see: gradcam layers MODEL)", _line),
    "output": ("the name of an output", _line),
    "ends": _one_of(*ENDS),
}
PREPARED = ("scale", "mean", "std", "channels", "resize", "size", "crop", "fill", "interpolation")


def _plain(value):
    return tuple(value) if isinstance(value, list) else value


def _short(value, longest=60):
    text = " ".join((repr(value) if not isinstance(value, Exception) else str(value)).split())
    return text if len(text) <= longest else text[: longest - 3] + "..."
