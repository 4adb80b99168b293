from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcam.interpolation import upsample
from gradcam.method import Context, Method, in_rows
from gradcam.methods.score_cam import stretched
from gradcam.methods.variants.variant import Variant
from minicnn import GraphError


def fused(
    method: Method,
    context: Context,
    upsampling: str = "half_pixel",
    eps: float = 0.0,
    **options: Any,
) -> np.ndarray:
    """The mean of a method's maps of several layers, each stretched to 0 to 1 and enlarged, as
    pytorch-grad-cam makes it of several `target_layers` -> (N, H, W), from 0 to 1.

    The layers are those that `explain` was given, layer=["conv3", "conv4"].
    """
    if len(context.layers) < 2:
        raise GraphError(
            f"fused_{method.name} averages the maps of several layers: name them, layer=['conv3', 'conv4'], "
            "or --layer conv3 --layer conv4"
        )
    maps = [method.map(context.elsewhere(method, layer=name), **options) for name in context.layers]
    return mean_of(maps, context.x.shape[2:], upsampling, eps)


def mean_of(
    maps: Sequence[np.ndarray], size: tuple[int, ...], upsampling: str = "half_pixel", eps: float = 0.0
) -> np.ndarray:
    """s( mean_l Up s(ReLU(M_l)) ), s(L) = (L - min L) / (max L - min L).  Maps (N, h, w) -> (N, H, W)

    eps: what libraries add to the denominator, 1e-7 in pytorch-grad-cam.
    """
    larger = [upsample(_stretched(np.maximum(L, 0), eps), size, upsampling) for L in maps]
    return _stretched(np.mean(larger, axis=0), eps)


def _stretched(L, eps):
    """s of each picture's map, whatever axes its places have."""
    return stretched(in_rows(L, L.ndim - 1), eps).reshape(L.shape)


VARIANT = Variant(
    "fused", "{}, fused", "Gildenblat 2021", "the mean of a method's maps of several layers",
    "s(mean over layers of Up s(ReLU(M))), s(L) = (L - min L) / (max L - min L), Up bilinear with "
    "half-pixel centres", fused,
    cost="1 forward, 1 backward for each layer",
    of=lambda method: method.at_layer and method.drawn == "overlay", drawn="overlay",
    passes=True, fuses=True, upsamples=True, relu=True,
)  # fmt: skip
