"""What networks and tensors show in a notebook: a table of layers; a line of facts and a small picture."""

import base64
import html
import io
from typing import Any

import numpy as np

from minicnn.device import to_cpu
from minicnn.graph import Tensor, history
from minicnn.layer import Layer

SIDES = (
    224,
    28,
    32,
    48,
    64,
    96,
    128,
    227,
    299,
)  # of a picture, tried in this order where nothing says what a network expects
SMALL = 160  # pixels: a smaller picture is enlarged to about this
MOST = 16  # feature maps in one picture
ALIGNED = {"layer": "left", "operation": "left", "output": "right", "weights": "right"}


def layers(net: Layer) -> tuple[tuple[int, ...] | None, list[tuple[Any, ...]]]:
    """The steps of a network, for one picture -> (shape of the input or None, [(name, operation, shape of the
    output, weights), ...])

    Each weight is counted once, where it is first used.  Layers with weights that a picture alone does not
    reach come last, without a shape: all of them, if no picture fits.
    """
    x, rows, counted = _input(net), [], set[int]()
    for tensor in history(net(Tensor(x))) if x is not None else []:
        if tensor.op:
            new = {
                id(i): i.data
                for i in tensor.op.inputs
                if isinstance(i, Tensor) and i.op is None and i.data is not x
            }
            rows.append(
                (
                    tensor.name,
                    type(tensor.op).__name__,
                    tensor.shape[1:],
                    _numbers(new[i] for i in new.keys() - counted),
                )
            )
            counted |= new.keys()
    for at in net.layers():
        new = {id(t): t.data for t in _learned(at) if id(t) not in counted}
        if new:
            rows.append((at.name, type(at).__name__.removesuffix("Layer"), None, _numbers(new.values())))
            counted |= new.keys()
    return None if x is None else x.shape[1:], rows


def network_html(net: Layer) -> str:
    """A network, or one layer, as a table."""
    shape, rows = layers(net)
    learned = _numbers(t.data for t in net.parameters().values())
    what = (
        f"for a picture of {_times(shape)}"
        if shape
        else "no picture of a usual size fits it, so the shapes are not known"
    )
    title = net.title or type(net).__name__
    head = "".join(f'<th style="text-align:{side}">{name}</th>' for name, side in ALIGNED.items())
    body = "".join(
        _row(name or "", kind, _times(out) if out else "", f"{n:,}" if n else "")
        for name, kind, out, n in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    table = f'<div style="max-height:32em; overflow:auto">{table}</div>'
    return f"<b>{html.escape(title)}</b>, {learned:,} weights, {what}{table}"


def tensor_html(tensor: Tensor) -> str:
    """A tensor: its name, shape, maker and range, and its picture if it looks like one."""
    values = np.asarray(to_cpu(tensor.data))
    made = f", made by {type(tensor.op).__name__}" if tensor.op else ""
    name, shape = html.escape(tensor.name or "unnamed"), _times(tensor.shape) or "a number"
    facts = f"<b>{name}</b> {shape}, {tensor.dtype}{made}"
    if values.size:
        facts += f"; {values.min():.4g} to {values.max():.4g}, mean {values.mean():.4g}"
    return f"{facts}{_picture(tensor.name, values)}"


def scaled(image: np.ndarray) -> np.ndarray:
    """(1 or 3, H, W), any numbers -> uint8 (H, W, 3), from the smallest (black) to the largest (white)"""
    low, high = float(image.min()), float(image.max())
    shades = (image - low) / (high - low) if high > low else np.zeros(image.shape)
    return np.broadcast_to(np.moveaxis(np.round(255 * shades).astype(np.uint8), 0, -1), (*image.shape[1:], 3))


def png(pixels: np.ndarray) -> bytes:
    """uint8 (H, W, 3) -> the bytes of a PNG file"""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG")
    return file.getvalue()


def _row(*cells):
    return (
        "<tr>"
        + "".join(
            f'<td style="text-align:{side}">{html.escape(c)}</td>' for c, side in zip(cells, ALIGNED.values())
        )
        + "</tr>"
    )


def _times(shape):
    return " × ".join(map(str, shape))


def _numbers(arrays):
    return sum(int(a.size) for a in arrays)


def _learned(layer):
    """The tensors that this layer itself holds and training changes."""
    fixed = getattr(layer, "statistics", ())
    return [
        t for key, t in vars(layer).items() if hasattr(t, "op") and hasattr(t, "data") and key not in fixed
    ]


def _input(net):
    """Zeros of a shape that the network takes, for one picture; None if none is found."""
    first = next((t.data for t in net.arrays().values() if t.data.ndim in (2, 4)), None)
    if first is None:
        return None
    if first.ndim == 2:
        shapes = [(1, first.shape[1])]
    else:
        crop = getattr(getattr(getattr(net, "card", None), "preprocessing", None), "crop", None)
        groups = next(
            (
                at.options.get("groups", 1)
                for at in net.layers()
                if getattr(getattr(at, "W", None), "data", None) is first
            ),
            1,
        )
        shapes = [(1, first.shape[1] * groups, side, side) for side in ([crop] if crop else SIDES)]
    return next((x for shape in shapes if _takes(net, x := np.zeros_like(first, shape=shape))), None)


def _takes(net, x):
    try:
        net(x)
    except Exception:  # whatever a network says to a picture of the wrong size
        return False
    return True


def _picture(name, values):
    """The first picture of (N, 1 or 3, H, W), or a mosaic of its first feature maps (N, K, h, w); nothing for
    other shapes."""
    if values.ndim != 4 or min(values.shape[-2:]) < 4 or not values.size or not np.isfinite(values[0]).all():
        return ""
    first = values[0].astype(np.float64)
    if len(first) in (1, 3):
        shown, what = first, "picture 0"
    else:
        maps = np.pad(first[:MOST], ((0, 0), (0, 1), (0, 1)), constant_values=first[:MOST].max())
        across = -(-len(maps) // 2) if len(maps) > 4 else len(maps)
        maps = np.concatenate([maps, np.zeros((-len(maps) % across, *maps.shape[1:])) + maps.max()])
        shown = np.vstack([np.hstack(row) for row in maps.reshape(-1, across, *maps.shape[1:])])[None]
        what = f"feature maps 0 to {min(len(first), MOST) - 1} of picture 0"
    times = max(SMALL // shown.shape[-2], 1)
    source = base64.b64encode(png(scaled(shown))).decode()
    about = html.escape(
        f"{what} of {name or 'the tensor'}, black at the smallest value and white at the largest"
    )
    style = f"display:block; max-width:100%; width:{times * shown.shape[-1]}px; image-rendering:pixelated"
    return f'<img alt="{about}" title="{about}" style="{style}" src="data:image/png;base64,{source}">'


Tensor._repr_html_ = tensor_html  # type: ignore[attr-defined]  # what a notebook shows
Layer._repr_html_ = network_html  # type: ignore[attr-defined]
