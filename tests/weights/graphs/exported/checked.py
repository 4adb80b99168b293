"""Is it found out, and are the scores right?"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np

from minicnn import Sigmoid, Softmax, Tensor, history
from tests.weights.graphs.exported.kinds import Kind, fits, values
from weights import WeightsError
from weights.graphs.onnx import describe, load
from weights.graphs.onnx.network import Network

RIGHT = pathlib.Path(__file__).with_name("outputs.json")
MOST = 24  # numbers that are kept of an output


def found(kind: Kind, path: pathlib.Path) -> Network | str:
    """The network, described, or the sentence that refuses it."""
    given = values(kind)
    picture = kind.expected.get("picture", next(iter(given)))
    try:
        net = load(kind.net.save(path, kind.opset))
        others = {name: given[name] for name in net.inputs if name != picture}
        return describe(net, "net", given=others, **kind.options)
    except WeightsError as error:
        return str(error)


def right(name: str) -> dict[str, np.ndarray] | None:
    """{output: array} as onnxruntime gave them, of large ones a part, NaN elsewhere."""
    found = json.loads(RIGHT.read_text("utf-8"))[name]
    return {output: _whole(**part) for output, part in found.items()}


def _whole(shape, every, values):
    whole = np.full(int(np.prod(shape)), np.nan)
    whole[::every] = values
    return whole.reshape(shape)


def part(array: np.ndarray) -> dict[str, Any]:
    """What `right` reads."""
    array = np.asarray(array, np.float64)
    every = max(1, array.size // MOST)
    values = [float(f"{v:.7g}") for v in array.reshape(-1)[::every]]
    return {"shape": [*array.shape], "every": every, "values": values}


def problems(kind: Kind, opened: Network | str, theirs: dict[str, Any] | None) -> list[str]:
    """What is not as expected, a sentence each; theirs: the right outputs."""
    expected = dict(kind.expected)
    refused = expected.pop("refused", None)
    if isinstance(opened, str):
        return [] if refused and fits(opened, refused) else [f"refused: {opened}"]
    if refused:
        return ["not refused"]
    d, told = opened.description, []
    operations = expected.pop("operations", set())
    x = values(kind)[d.picture].astype(np.float32)
    y = opened(Tensor(x.transpose(0, 3, 1, 2) if opened.channels_last else x, "x"))
    missing = operations - {type(t.op).__name__ for t in history(y)}
    told += [f"no operation {name}" for name in missing]
    for name, wanted in expected.items():
        if getattr(d, name) != wanted:
            told.append(f"{name} is {getattr(d, name)!r}, not {wanted!r}")
    if theirs is not None and not told:
        told += _differing(kind, d, y.data, theirs)
    return told


def _differing(kind, d, y, theirs):
    """The outputs made of our scores beside the right ones."""
    ours = Softmax(1 if d.kind == "map" else -1)(y) if d.ending == "softmax" else y
    ours = Sigmoid()(y) if d.ending == "sigmoid" else ours
    y = np.asarray(theirs[d.output] if d.output in theirs else [*theirs.values()][-1], np.float64)
    y = kind.undone(y)
    if d.kind == "map" and y.shape != ours.shape and y.ndim == 4:
        y = y.transpose(0, 3, 1, 2)
    if d.kind == "steps" and y.shape != ours.shape:
        y = y.transpose(1, 0, 2)
    largest = np.nanmax(abs(y))
    if y.size != ours.size or not largest:
        return [f"outputs {ours.shape} beside {y.shape}"]
    apart = np.nanmax(abs(ours.reshape(-1) - y.reshape(-1))) / largest
    return [f"scores differ by {apart:.0e}"] if not apart <= kind.near else []
