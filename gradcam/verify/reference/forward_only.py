"""Weights that no gradient gives: of the maps themselves, or of what the network says to other pictures and other maps.

masks   Score-CAM      s(Up(A^k)), what the picture is seen through (N, K, H, W)
        Ablation-CAM   what stands in for a map (N, K, 1, 1): zero
seen    both           y_c then, once for each map (N, K)
"""

import numpy as np

from gradcam.batching import batch_size, in_batches
from gradcam.interpolation import upsample
from minicnn import Softmax, Tensor
from minicnn.replay import replay


def singular(A, centre=False):
    """V_1 (N, K, 1, 1), the first right singular vector of the maps as columns, its entries adding up to something >= 0."""
    M = A.reshape(*A.shape[:2], -1).swapaxes(-1, -2)
    if centre:
        M = M - M.mean(axis=-2, keepdims=True)
    V_1 = np.linalg.svd(M, full_matrices=False)[2][:, 0]
    return (V_1 * np.where(V_1.sum(axis=-1, keepdims=True) < 0, -1, 1))[..., None, None]


def gap(A):
    """How far the second singular value is from the first, relative, in the picture where it is nearest: at 0, V_1 is not defined."""
    S = np.linalg.svd(A.reshape(*A.shape[:2], -1), compute_uv=False)
    return float(min((1 - s[1] / s[0] if s[0] else 0.0) for s in S)) if S.shape[1] > 1 else 1.0


def stretched(H, eps=0.0):
    """(H - min H) / (max H - min H) of every map, 0 where a map is constant."""
    low, high = (f(axis=(-2, -1), keepdims=True) for f in (H.min, H.max))
    wide = high - low + eps
    return (H - low) / np.where(wide > 0, wide, 1)


def masks(q, v, how="half_pixel"):
    return stretched(upsample(v.activation, v.input.shape[-2:], how))


def y_c(v):
    """What the signal would start from, as a number for each picture: the score, or what a hypothesis has in its place."""
    source, gy = v.start
    return (source.data * gy).sum(axis=-1)


def through_masks(q, v):
    """y_c( x * mask ), map by map (Wang et al. 2020, eq. 5)"""
    found = []
    for some in in_batches(v.masks.shape[1], batch_size(v.input), "", False):
        pictures = v.masks[:, some].swapaxes(0, 1)[:, :, None] * v.input
        found.append(y_c(v.elsewhere(pictures)).reshape(len(pictures), -1))
    return np.concatenate(found).T


def without_maps(q, v):
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


def lost(q, v):
    """w_k = (y_c - y_c^k) / y_c (Desai & Ramaswamy 2020, eq. 3)"""
    whole = y_c(v)[:, None]
    return ((whole - v.seen) / np.where(whole == 0, 1, whole))[..., None, None]


def softened(q, v):
    """alpha = softmax over the maps of y_c seen through them (Wang et al. 2020, algorithm 1)"""
    return Softmax()(v.seen)[..., None, None]


STEPS = {
    "eigen_cam": {"weights": lambda q, v: singular(v.activation)},
    "score_cam": {"masks": masks, "seen": through_masks, "weights": softened},
    "ablation_cam": {
        "masks": lambda q, v: np.zeros((*v.A.shape[:2], 1, 1), v.A.data.dtype),
        "seen": without_maps,
        "weights": lost,
    },
}
