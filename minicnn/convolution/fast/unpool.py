"""Unpooling, the fast way; ops/maxpool.py says what it is."""

import numpy as np

from minicnn.convolution.fast.memory import empty_like


def unpool(gy, switches, size, kernel, stride):
    """Add every signal to the place that its switch names, wherever that is in memory.

    gy (..., N, C, h, w); switches (N, C, h, w), tap numbers of windows kernel (kh, kw), stride (rows, columns), on maps of `size` (H, W)
    -> g (..., N, C, H, W).  Signals that meet are added in the order of memory, so the same call gives the same bits.
    """
    (N, C, h, w), (H, W) = switches.shape, size
    channels_last = gy.strides[-3] == gy.itemsize
    order, steps = ((1, 2, 0), (1, W * C, C)) if channels_last else ((0, 1, 2), (H * W, W, 1))
    along = [step * np.arange(0, s * n, s) for step, n, s in zip(steps, (C, h, w), (1, *stride))]
    first, second, third = (along[axis] for axis in order)
    corners = first[:, None, None] + second[:, None] + third
    taps = (steps[1] * np.arange(kernel[0])[:, None] + steps[2] * np.arange(kernel[1])).ravel()
    rows = gy.reshape(-1, N, C, h, w)
    g = empty_like(gy, shape=(len(rows), N, C * H * W), order="C")
    g[...] = 0
    for n in range(N):
        places = (taps[switches[n].transpose(order)] + corners).ravel()
        for row, to in zip(rows, g):
            np.add.at(to[n], places, row[n].transpose(order).ravel())
    if channels_last:
        g = np.moveaxis(g.reshape(len(rows), N, H, W, C), -1, 2)
    return g.reshape(*gy.shape[:-2], H, W)
