"""What the page's cards try on a network: Grad-CAM, an occluder, weights drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradcam.explore.drawn import as_maps
from gradcam.explore.lehmer import normals
from minicnn import Tensor, backward

GREY = 127  # what an occluder is made of, 0 to 255


def built_up(y: Tensor, c: int, A: Tensor) -> dict[str, Any]:
    """Grad-CAM before its final ReLU: alpha (K,), map (h, w); the class's score and the last bias."""
    signal = np.zeros_like(y.data)
    signal[0, c] = 1
    alpha = as_maps(backward(y, signal, wrt=A)).astype(np.float64).mean(axis=(1, 2))
    map, bias = (alpha[:, None, None] * as_maps(A.data)).sum(axis=0), getattr(y.op, "inputs", ())[2:]
    at = float(bias[0].data[c]) if bias and bias[0] is not None else 0.0
    found = {"alpha": alpha, "map": map, "H": map.shape[0], "W": map.shape[1]}
    return found | {"bias": at, "score": float(y.data[0, c])}


def covered(pixels: np.ndarray, side: int, places: Sequence[Sequence[int]]) -> Iterator[np.ndarray]:
    """Pixels (H, W, 3) with a grey square at each place, its top left corner [row, column]."""
    for top, left in places:
        hidden = pixels.copy()
        hidden[max(0, int(top)) : max(0, int(top) + side), max(0, int(left)) : max(0, int(left) + side)] = (
            GREY
        )
        yield hidden


def drawn_anew(
    tensors: Mapping[str, Tensor], count: int, seed: int
) -> tuple[list[str], Callable[[np.ndarray], np.ndarray]]:
    """Weights of the last `count` layers anew: W ~ N(0, 2/fan_in) (He et al. 2015), b = 0.

    -> (the names of all layers, what gives the new array for an old one: `net.map` takes it)
    """
    layers = {
        name: [w.data for w in t.op.inputs[1:] if isinstance(w, Tensor)]
        for name, t in tensors.items()
        if t.op and len(getattr(t.op, "weights", ())) == 2
    }
    fresh: dict[int, np.ndarray] = {}
    for n, weights in enumerate(layers.values()):
        if n >= len(layers) - count:
            W, *b = weights
            deviation = (2 / (W.size / W.shape[0])) ** 0.5
            fresh[id(W)] = (normals(seed * 1000 + n, W.size) * deviation).reshape(W.shape).astype(W.dtype)
            fresh |= {id(v): np.zeros_like(v) for v in b}
    return list(layers), lambda array: fresh.get(id(array), array)
