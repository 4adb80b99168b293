from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcam.method import Context, Method
from gradcam.methods.variants.fused import mean_of
from gradcam.methods.variants.variant import Variant
from minicnn import RuleError


def aug_smooth(
    method: Method,
    context: Context,
    factors: Sequence[float] = (0.9, 1.0, 1.1),
    upsampling: str = "half_pixel",
    eps: float = 0.0,
    **options: Any,
) -> np.ndarray:
    """The mean map of a picture, its mirror image, and both a little darker and brighter, each map stretched
    to 0 to 1, enlarged and mirrored back: pytorch-grad-cam's `aug_smooth=True` -> (N, H, W).

    factors: what the prepared picture is multiplied by.  Two passes for each of them.
    """
    if context.x.ndim != 4:
        raise RuleError("it mirrors pictures, and this input has no rows and columns")
    x, size = context.x.data, context.x.shape[-2:]
    total = np.zeros_like(x[:, 0])
    for way in (1, -1):
        for factor in factors:
            seen = context.elsewhere(method, x=float(factor) * x[..., ::way])
            total += mean_of([method.map(seen, **options)], size, upsampling, eps)[..., ::way]
    return total / (2 * len(factors))


VARIANT = Variant(
    "aug_smooth", "{}, aug_smooth", "Gildenblat 2021", "the mean map of a picture and its mirror image, "
    "darker and brighter",
    "mean over f in {0.9, 1, 1.1} and over mirroring of s(Up s(ReLU(M(f x)))), mirrored back, "
    "s(L) = (L - min L) / (max L - min L)", aug_smooth,
    cost="6 times the method's", of=lambda method: method.at_layer and method.drawn == "overlay",
    drawn="overlay", passes=True, upsamples=True, relu=True,
)  # fmt: skip
