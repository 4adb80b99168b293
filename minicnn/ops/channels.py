import numpy as np

from minicnn.convolution.fast.threads import matmul
from minicnn.graph import Array


def sum_per_channel(v: Array, axes: int = 2) -> Array:
    """Sum over pictures and pixels: (..., N, C, H, W) -> (..., C); axes: how many hold pixels.

    Pixels first, as a product with ones: quick and accurate in any memory order, where a plain sum over
    channels-last memory is neither.
    """
    pixels = v.reshape(*v.shape[:-axes], -1)
    return matmul(pixels, np.ones_like(v, shape=pixels.shape[-1])).sum(axis=-2)
