from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import Method, in_rows, weighted
from gradcam.methods.batching import batch_size, in_batches
from gradcam.outputs import each
from gradcam.target import Target
from minicnn import Tensor
from minicnn.replay import replay


def ablation_cam(
    y: Tensor, c: Any, A: Tensor, relu: bool = True, batch: int | None = None, progress: bool = False
) -> np.ndarray:
    """Ablation-CAM (Desai & Ramaswamy 2020, eqs. 3-4): a map weighs the share of the score that is lost when
    it is set to zero.

    y: scores (N, classes), c: class, or N of them, A: feature maps (N, K, h, w)
    -> (N, h, w).  No gradient: the layers behind A are run K times, in batches of `batch` maps, and remember
    nothing.
    """
    K, target = A.shape[1], Target.of(c)
    y_c = target.numbers(each(lambda y: y.data[None], y)).T  # (N, 1)
    without = []
    for some in in_batches(K, batch or batch_size(A.data), "Ablation-CAM", progress):
        ks = range(*some.indices(K))
        ablated = np.stack([A.data] * len(ks))
        for n, k in enumerate(ks):
            ablated[n, :, k] = 0
        ablated = ablated.reshape(-1, *A.shape[1:])
        scores = each(lambda y: replay(y, A, ablated).reshape(-1, *y.shape), y)  # noqa: B023
        without.append(target.numbers(scores))
    w = lost(y_c, np.concatenate(without).T)
    L = weighted(in_rows(A.data, A.ndim - 2), w[..., None, None], relu)  # eq. 4   L = ReLU( sum_k w_k A^k )
    return L.reshape(A.shape[0], *A.shape[2:])


def lost(y_c: np.ndarray, without: np.ndarray) -> np.ndarray:
    """w_k = (y_c - y_c^k) / y_c (eq. 3).  y_c: the score (N, 1); without: y_c^k of all maps (N, K)
    -> (N, K)
    """
    return (y_c - without) / np.where(y_c == 0, 1, y_c)


METHOD = Method(
    "ablation_cam", "Ablation-CAM", "Desai & Ramaswamy 2020",
    "feature maps, weighed by the score lost without them",
    lambda it, **options: ablation_cam(it.y, it.target, it.A, progress=it.progress, **options),
    cost="1 forward, K from A onwards", spellings=("ablationcam",), at_layer=True, many_passes=True,
    exact=False,
    equation="ReLU(sum_k w_k A^k), w_k = (y_c - y_c with A^k = 0) / y_c",
    drawn="overlay", zero="No feature map at {layer} is missed by this score.",
    peers={"pytorch-grad-cam": "AblationCAM"},
)  # fmt: skip
