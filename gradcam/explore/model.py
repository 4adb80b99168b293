"""A network as the page takes it: its steps, what it is told about itself, its weights to the last digit."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from gradcam.explore.errors import ExploreError
from minicnn import Op, Tensor, history, names
from minicnn.ops import Add, Concat, Conv, Flatten, GlobalAvgPool, Linear, MaxPool, ReLU
from minicnn.places import maps_in

BY_ITSELF = (
    Add,
    Conv,
    Linear,
    ReLU,
    MaxPool,
    GlobalAvgPool,
    Flatten,
    Concat,
)  # what the page's engine computes
COLUMNS = 7  # tensors that are shown side by side, at most
CODES = 256


def shape_of(tensor: Tensor) -> tuple[int, int, int] | None:
    """(C, H, W) of a tensor of one picture; None if it has no such shape."""
    if tensor.ndim not in (2, 4) or tensor.shape[0] != 1:
        return None
    C, *size = tensor.shape[1:]
    return (C, *size) if size else (C, 1, 1)


def steps(y: Tensor, x: Tensor) -> dict[str, Tensor]:
    """{name: tensor}: the input, and everything on the way to y that is maps, or a row of numbers.

    A tensor without a name of its own is called after its operation, "Add 12" say.
    """
    known = {tensor: name for name, tensor in names(y).items()}
    found = {"x": x}
    for n, tensor in enumerate(history(y)):
        if tensor.op and shape_of(tensor):
            found[known.get(tensor) or f"{type(tensor.op).__name__} {n}"] = tensor
    return found


def described(net: Any, found: dict[str, Tensor], layer: str | None = None) -> dict[str, Any]:
    """What the page is told of a network: its steps without their weights, its classes, how pictures are
    prepared, which tensors stand side by side; layer: of Grad-CAM, by default the card's.
    """
    card, place = net.card, {tensor: n for n, tensor in enumerate(found.values())}
    p = card.preprocessing
    out = [{"name": "x", "op": "input", "from": [], "shape": shape_of(found["x"])}]
    for name, tensor in list(found.items())[1:]:
        inputs = [place[i] for i in tensor.op.inputs if isinstance(i, Tensor) and i in place]
        kind = {"op": type(tensor.op).__name__, "activation": bool(tensor.op.activation)}
        out.append({"name": name, "from": inputs, "shape": shape_of(tensor)} | kind | _options(tensor.op))
    count = out[-1]["shape"][0]
    y = [*found.values()][-1]
    known = maps_in(y, found["x"])
    maps = [
        n for n, t in found.items()
        if n != "x" and t.ndim == 4 and min(t.shape[2:]) > 1 and (t not in known or known[t].plain)
    ]  # fmt: skip
    read = known.get(names(y).get(card.layer))
    layer = layer or (card.layer if read is None or read.plain else None)  # tokens have no rows here
    return {
        "name": card.name,
        "title": card.title,
        "classes": list(card.classes or (f"class {n}" for n in range(count)))[:count],
        "multi_label": bool(card.multi_label) or card.ends == "sigmoid",
        "layer": _layer(layer, maps),
        "preprocessing": {"channels": p.channels, "scale": p.scale, "mean": p.mean, "std": p.std},
        "steps": out,
        "columns": columns(out, layer),
    }


def _layer(asked, maps):
    if asked is not None and asked not in maps:
        raise ExploreError(f"there are no maps called '{asked}'; there is {', '.join(maps) or 'none'}")
    return asked or (maps[-1] if maps else None)


def columns(steps: list[dict[str, Any]], layer: str | None) -> list[str]:
    """Of all maps, those that are shown side by side: outputs of activations, or where branches join, on the
    main line, evenly chosen; the layer of Grad-CAM among them.
    """
    joined = [s["name"] for s in steps if s["op"] in ("Concat", "Add") and _is_maps(s)]
    gates = [n for n, step in enumerate(steps) if step.get("activation") and _is_maps(step)]
    main = [steps[n]["name"] for n in gates if not joined or _on_main_line(steps, n)]
    wide = [s["name"] for s in steps if s["name"] in {*joined, *main} and "squeeze" not in s["name"]]
    wide = wide or [s["name"] for s in steps[1:] if _is_maps(s)]
    if len(wide) <= COLUMNS:
        return wide
    chosen = {wide[round(n * (len(wide) - 1) / (COLUMNS - 1))] for n in range(COLUMNS)}
    if layer in wide and layer not in chosen:
        inner = [name for name in wide[1:-1] if name in chosen]
        near = min(inner, key=lambda name: abs(wide.index(name) - wide.index(layer)))
        chosen = (chosen - {near}) | {layer}
    return [name for name in wide if name in chosen]


def _is_maps(step):
    return min(step["shape"][1:]) > 1


def _on_main_line(steps, n):
    """Whether every path from the input to the scores runs through step n."""
    return not any(k < n for step in steps[n + 1 :] for k in step["from"])


def _options(op: Op) -> dict[str, Any]:
    if isinstance(op, Conv):
        g = op.geometry
        return {"stride": g.stride, "pad": [p for p, _ in g.pad], "dilation": g.dilation}
    if isinstance(op, MaxPool) and len(op.kernel) == 2:
        pad = [p for p, _ in op.pad]
        return {"kernel": op.kernel, "stride": op.stride, "pad": pad, "dilation": op.dilation}
    return {}


def exported(net: Any, found: dict[str, Tensor], layer: str | None = None) -> tuple[dict[str, Any], str]:
    """-> (the description with `arrays` and which of them each step takes, the weights in base64).

    ExploreError: an operation that the page's engine does not have.
    """
    model, blob, arrays = described(net, found, layer), bytearray(), []
    for step, tensor in zip(model["steps"][1:], list(found.values())[1:], strict=True):
        _check(step["name"], tensor, found)
        for part, weight in zip(
            ("W", "b"), tensor.op.inputs[1:] if isinstance(tensor.op, (Conv, Linear)) else ()
        ):
            if weight is not None:
                step[part] = len(arrays)
                arrays.append(_stored(np.asarray(weight.data), blob))
    return model | {"arrays": arrays}, base64.b64encode(blob).decode()


def _check(name, tensor, found):
    op, ours = tensor.op, set(found.values())
    lost = any(isinstance(i, Tensor) and i.op and i not in ours for i in op.inputs)
    odd = isinstance(op, Conv) and op.geometry.groups != 1
    odd = odd or (isinstance(op, MaxPool) and len(op.kernel) != 2)
    odd = odd or (isinstance(op, Add) and any(getattr(i, "shape", None) != tensor.shape for i in op.inputs))
    odd = odd or (isinstance(op, Concat) and op.axis not in (1, -3))
    if type(op) not in BY_ITSELF or lost or odd:
        raise ExploreError(
            f"the page alone cannot compute {type(op).__name__} '{name}': leave out --out, and the page asks "
            "the engine of this program"
        )


def _stored(array: np.ndarray, blob: bytearray) -> dict[str, Any]:
    """Append an array in the smallest form that keeps every digit."""
    blob.extend(bytes(-len(blob) % 8))
    kept: dict[str, Any] = {"shape": array.shape, "at": len(blob)}
    half = array.astype(np.float16)
    if np.array_equal(half, array):
        blob.extend(half.astype("<f2").tobytes())
        return kept | {"kind": "half"}
    single = array.astype(np.float32)
    if not np.array_equal(single, array):
        blob.extend(array.astype("<f8").tobytes())
        return kept | {"kind": "double"}
    values, codes = np.unique(single, return_inverse=True)
    if len(values) > CODES or math.prod(array.shape) < 4 * CODES:
        blob.extend(single.astype("<f4").tobytes())
        return kept | {"kind": "float"}
    blob.extend(np.pad(values, (0, CODES - len(values))).astype("<f4").tobytes())
    book, kept["at"] = kept["at"], len(blob)
    blob.extend(codes.astype(np.uint8).tobytes())
    return kept | {"kind": "code", "book": book}
