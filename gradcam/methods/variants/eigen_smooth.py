from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import Context, Method, in_rows
from gradcam.methods.eigen_cam import eigen_cam
from gradcam.methods.variants.variant import Variant


def eigen_smooth(method: Method, context: Context, relu: bool = True, **options: Any) -> np.ndarray:
    """What the weighted maps w^k A^k have in common, in place of their sum: the places, each map centred,
    projected on the first right singular vector, as pytorch-grad-cam's `eigen_smooth=True` does
    -> (N, h, w).

    The sign, which is left to the library for linear algebra there, is the one with which the vector's
    entries add up to something >= 0: the plain sum is a projection on (1, 1, ..., 1).
    """
    shape, axes = context.A.shape, context.A.ndim - 2
    A, g = (in_rows(v, axes) for v in (context.A.data, context.signals["backprop", "A"]))
    return eigen_cam(method.weights(g, A, **options) * A, centre=True, relu=relu).reshape(
        shape[0], *shape[2:]
    )


VARIANT = Variant(
    "eigen_smooth", "{}, eigen_smooth", "Gildenblat 2021", "the first principal component of a CAM",
    "ReLU(sum_k V_k (w_k A^k - mean_ij w_k A^k)), V the first right singular vector of the bracket as "
    "(places, k), its entries adding up to something >= 0", eigen_smooth,
    cost="the method's", of=lambda method: method.weights is not None, relu=True,
)  # fmt: skip
