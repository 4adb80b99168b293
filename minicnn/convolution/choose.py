"""Which way of computing a convolution is used when."""

import numpy as np

from minicnn.convolution import im2col, taps, winograd


def choose(x, W, geometry, precision):
    """The module whose forward, gx and gW compute this convolution.  precision="exact" rules out Winograd."""
    (F, C, *kernel), (h, w) = W.shape, x.shape[-2:]
    plain = geometry.stride == geometry.dilation == (1, 1) and geometry.groups == 1
    if not plain or not all(0 <= p < k for sides, k in zip(geometry.pad, kernel) for p in sides):
        return taps
    if kernel == [3, 3] and x.dtype == W.dtype == np.float32 and precision != "exact" and min(C, F) >= 16 and min(h, w) >= 4:
        return winograd
    return im2col
