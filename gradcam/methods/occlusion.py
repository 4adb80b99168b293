"""Lesson 14."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from gradcam.method import Method
from gradcam.methods.batching import in_batches
from gradcam.outputs import each
from gradcam.target import Target, is_signal
from minicnn import GraphError, Tensor
from minicnn.windows import pair

AVERAGES = ("mean", "sum", "none")


def occlusion(
    net: Any,
    x: Tensor | np.ndarray,
    c: Any,
    window: Any = 15,
    stride: Any = 8,
    fill: Any = 0.0,
    start: str = "score",
    average: str = "mean",
    batch: int | None = None,
    progress: bool = False,
) -> np.ndarray:
    """Occlusion (Zeiler & Fergus 2014, sec. 4.2): how much the class's score falls when a window of the
    picture is covered.

    net: maps an array (N, C, H, W) to scores (N, classes); x: array (N, C, H, W); c: a class, or N of them,
    or another target; or a stack of these, (S, N) classes or a list of S targets.
    window, stride: pixels, a number or (rows, columns); the last window is cut at the edge so that every
    pixel is covered. fill: what covers, after preprocessing: 0 is the mean colour; a number, or an array that
    broadcasts to x (a blurred picture, say). start: "score" or "probability".  average: a pixel's value is
    the "mean" or the "sum" over the windows that cover it -> (..., N, H, W); "none" gives one value per
    window -> (..., N, rows, columns).  batch: covered pictures per pass (default: about 8 MB of input).
    """
    if average not in AVERAGES:
        raise GraphError(f"average is one of {', '.join(AVERAGES)}, not '{average}'")
    x = x.data if isinstance(x, Tensor) else x
    N, size = len(x), x.shape[2:]
    kernel, steps = (pair(v, len(size)) for v in (window, stride))
    if len(kernel) != len(size) or not all(0 < k <= n and s > 0 for k, n, s in zip(kernel, size, steps)):
        raise GraphError(f"a window of {kernel} every {steps} pixels does not fit a picture of {size}")
    counts = [math.ceil((n - k) / s) + 1 for n, k, s in zip(size, kernel, steps)]
    windows = [
        (..., *(slice(s * i, s * i + k) for i, k, s in zip(place, kernel, steps)))
        for place in itertools.product(*map(range, counts))
    ]
    batch = batch or max(1, 8 * 2**20 // (4 * x.size))
    fill = np.broadcast_to(np.asarray(fill, x.dtype, like=x), x.shape)
    stacked = (isinstance(c, list) and isinstance(c[0], Target)) or (np.ndim(c) == 2 and not is_signal(c))
    targets = [Target.of(one, start) for one in (c if stacked else [c])]

    def value(pictures):  # (M*N, C, H, W) -> (M, S, N)
        y = each(lambda y: y.reshape(-1, N, *y.shape[1:]), net(pictures))
        return np.stack([target.numbers(y) for target in targets], axis=1)

    whole, falls = value(x), []
    for batch_of in in_batches(len(windows), batch, "occlusion", progress):
        some = windows[batch_of]
        covered = np.stack([x] * len(some))
        for picture, at in zip(covered, some):
            picture[at] = fill[at]
        falls.append(whole - value(covered.reshape(-1, *x.shape[1:])))
    falls = np.concatenate(falls)  # (windows, S, N)
    falls = falls if stacked else falls[:, 0]
    if average == "none":
        return np.moveaxis(falls, 0, -1).reshape(*falls.shape[1:], *counts)
    total, covers = np.zeros_like(x, shape=(*falls.shape[1:], *size)), np.zeros_like(x, shape=size)
    for at, fall in zip(windows, falls):
        total[at] += fall.reshape(*fall.shape, *[1] * len(size))
        covers[at] += 1
    return total if average == "sum" else total / np.maximum(covers, 1)


def _maps(context, **options):
    """Windows of a seventh of the picture, half overlapping, unless the options say otherwise."""
    side = min(context.x.shape[2:])
    options = {"window": max(side // 7, 1), "stride": max(side // 14, 1)} | options
    return occlusion(context.net, context.x, list(context.targets), progress=context.progress, **options)


METHOD = Method(
    "occlusion", "Occlusion", "Zeiler & Fergus 2014", "how much the score falls when a window is covered",
    _maps, joint=True,
    cost="1 forward for each window", many_passes=True, classic=True, drawn="overlay", of_score=False,
    equation="y_c(x) - y_c(x with a window set to 0), windows 2 x 2 at every pixel; "
             "a pixel: the mean over its windows",
    zero="No window that was covered moved the score.", peers={"captum": "Occlusion"},
)  # fmt: skip
