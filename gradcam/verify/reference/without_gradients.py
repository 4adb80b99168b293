"""What no gradient gives: weights of the network itself, of the maps, or of what it says to other pictures
and other maps.

masks   Score-CAM      s(Up(A^k)), what the picture is seen through (N, K, H, W)
        Ablation-CAM   what stands in for a map (N, K, 1, 1): zero
seen    both           y_c then, once for each map (N, K)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.interpolation import upsample
from gradcam.methods.ablation_cam import lost
from gradcam.methods.batching import batch_size, in_batches
from gradcam.methods.cam import cam_head
from gradcam.methods.eigen_cam import columns, singular_vector
from gradcam.methods.occlusion import occlusion
from gradcam.methods.score_cam import stretched
from gradcam.verify.reference.pipeline import SUM, Pipeline, the_map, unclipped
from minicnn import Softmax, Tensor, backward
from minicnn.replay import replay


def singular(A: np.ndarray, n: int = 0, centre: bool = False) -> np.ndarray:
    """V_n of the maps as columns, as weights (N, K, 1, 1).  A (N, K, h, w)"""
    return singular_vector(columns(A, centre), n)[..., None, None]


def gap(A: np.ndarray) -> float:
    """How far the second singular value is from the first, relative, in the picture where it is nearest.

    At 0, the first vector is not defined.
    """
    S = np.linalg.svd(A.reshape(*A.shape[:2], -1), compute_uv=False)
    return float(min((1 - s[1] / s[0] if s[0] else 0.0) for s in S)) if S.shape[1] > 1 else 1.0


def y_c(v: Any) -> np.ndarray:
    """What the signal would start from, as a number for each picture: the score, or what a hypothesis has in
    its place.
    """
    source, gy = v.start
    return (source.data * gy).reshape(len(gy), -1).sum(axis=1)


def through_masks(q: Any, v: Any) -> Any:
    """y_c( x * mask ), map by map (Wang et al. 2020, eq. 5)"""
    found = []
    for some in in_batches(v.masks.shape[1], batch_size(v.input), "", False):
        pictures = v.masks[:, some].swapaxes(0, 1)[:, :, None] * v.input
        found.append(y_c(v.elsewhere(pictures)).reshape(len(pictures), -1))
    return np.concatenate(found).T


def without_maps(q: Any, v: Any) -> Any:
    """y_c with one map replaced, map by map (Desai & Ramaswamy 2020, sec. 3)"""
    A, found = v.A.data, []
    for some in in_batches(A.shape[1], batch_size(A), "", False):
        ks = range(*some.indices(A.shape[1]))
        changed = np.stack([A] * len(ks))
        for n, k in enumerate(ks):
            changed[n, :, k] = v.masks[:, k]
        y = Tensor(replay(v.y, v.A, changed.reshape(-1, *A.shape[1:])), "y")
        found.append(y_c(v.elsewhere(scores=y)).reshape(len(ks), -1))
    return np.concatenate(found).T


def head_weights(q: Any, v: Any) -> Any:
    """W_ck of the linear layer (Zhou et al. 2016, eq. 2), from the signal at the scores -> (N, K, 1, 1)"""
    source, gy = v.start
    W = cam_head(v.y)[1]
    W = W.data if isinstance(W, Tensor) else W
    return (backward(source, gy, wrt=v.y) @ W)[..., None, None]


def covered(q: Any, v: Any, **options: Any) -> np.ndarray:
    """How much the score falls when windows are covered; options: of `occlusion`, in place of the settings ->
    (N, H, W)
    """
    options = q.settings | options
    start = options.pop("start")

    def net(pictures):
        there = v.elsewhere(pictures.reshape(-1, *v.input.shape))
        if start == "score" or there.question.c is None:
            return y_c(there)[:, None]
        p = Softmax()(there.y.data)
        return p[np.arange(len(p)), there.question.c][:, None]

    return occlusion(net, v.input, 0, **options)


AT_LAYER, MASKED = ("A", "activation", *SUM), ("start", "A", "activation", "masks", "seen", *SUM)
PIPELINES = {
    "cam": Pipeline(
        ("start", *AT_LAYER),
        {
            "A": lambda q, v: cam_head(v.y)[0],
            "weights": head_weights,
            "map": unclipped,
            "result": the_map,
        },
    ),
    "eigen_cam": Pipeline(
        AT_LAYER,
        {"weights": lambda q, v: singular(v.activation), "map": unclipped, "result": the_map},
    ),
    "score_cam": Pipeline(
        MASKED,
        {
            "masks": lambda q, v: stretched(upsample(v.activation, v.input.shape[-2:])),
            "seen": through_masks,
            "weights": lambda q, v: Softmax()(v.seen)[
                ..., None, None
            ],  # over the maps (Wang et al. 2020, algorithm 1)
            "result": the_map,
        },
    ),
    "ablation_cam": Pipeline(
        MASKED,
        {
            "masks": lambda q, v: np.zeros((*v.A.shape[:2], 1, 1), v.A.data.dtype),
            "seen": without_maps,
            "weights": lambda q, v: lost(y_c(v)[:, None], v.seen)[..., None, None],
            "result": the_map,
        },
    ),
    "occlusion": Pipeline(("start",), {"result": covered}),
}
