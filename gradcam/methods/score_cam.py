from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.interpolation import upsample
from gradcam.method import Method, in_rows, weighted
from gradcam.methods.batching import batch_size, in_batches, numbers
from minicnn import Softmax, Tensor, to_cpu


def score_cam(
    net: Any,
    x: Tensor | np.ndarray,
    c: Any,
    A: Tensor | np.ndarray,
    upsampling: str = "half_pixel",
    relu: bool = True,
    batch: int | None = None,
    progress: bool = False,
) -> np.ndarray:
    """Score-CAM (Wang et al. 2020, eqs. 5-8 and algorithm 1): each map weighs what the network says to the
    picture seen through it alone.

    net: maps an array (N, C, H, W) to scores (N, classes); x: input (N, C, H, W); c: class, or N of them; A:
    feature maps (N, K, h, w) of x -> (N, h, w).  A forward pass for each map that is not constant, in batches
    of `batch` maps (default: about 8 MB of input).  The score of the empty picture, which the paper
    subtracts, drops out of the softmax.
    """
    x, A = (v.data if isinstance(v, Tensor) else v for v in (x, A))
    maps, place = told_apart(A)
    scores = []
    for some in in_batches(len(maps), batch or batch_size(x), "Score-CAM", progress):
        H = upsample(A[:, maps[some]], x.shape[2:], upsampling)
        H = stretched(in_rows(H, A.ndim - 2)).reshape(H.shape)  # eq. 6
        scores.append(numbers(net, H.swapaxes(0, 1)[:, :, None] * x, c))  # eq. 5   y_c( x * s(Up(A^k)) )
    alpha = Softmax()(np.concatenate(scores)[place].T)  # (N, K): over the maps
    L = weighted(
        in_rows(A, A.ndim - 2), alpha[..., None, None], relu
    )  # eq. 8   L = ReLU( sum_k alpha_k A^k )
    return L.reshape(A.shape[0], *A.shape[2:])


def told_apart(A: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A (N, K, h, w) -> (the maps to look through, for each of K which of these): constant maps hide all of
    the picture (eq. 6), so that one stands for all of them.
    """
    places = tuple(range(2, A.ndim))
    constant = to_cpu((A.max(axis=places) == A.min(axis=places)).all(axis=0))
    return np.unique(np.where(constant, constant.argmax(), np.arange(len(constant))), return_inverse=True)


def stretched(H: np.ndarray, eps: float = 0.0) -> np.ndarray:
    """s(H) = (H - min H) / (max H - min H) of every map (eq. 6), 0 where one is constant;
    eps: some add it below.
    """
    low, high = (f(axis=(-2, -1), keepdims=True) for f in (H.min, H.max))
    wide = high - low + eps
    return (H - low) / np.where(wide > 0, wide, 1)


METHOD = Method(
    "score_cam", "Score-CAM", "Wang et al. 2020",
    "feature maps, weighed by the score of what is seen through them",
    lambda it, **options: score_cam(it.net, it.x, it.target, it.A, progress=it.progress, **options),
    cost="1 + up to K forward", spellings=("scorecam",), at_layer=True, many_passes=True, exact=False,
    equation="ReLU(sum_k alpha_k A^k), alpha = softmax over k of y_c(x s(Up A^k)), "
             "s(H) = (H - min H) / (max H - min H), "
             "Up bilinear with half-pixel centres",
    drawn="overlay", of_score=False, zero="The feature maps at {layer} are zero.",
    peers={"pytorch-grad-cam": "ScoreCAM", "torch-cam": "ScoreCAM"},
)  # fmt: skip
