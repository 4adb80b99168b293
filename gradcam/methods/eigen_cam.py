from __future__ import annotations

import numpy as np

from gradcam.method import FORWARD, Method
from minicnn import Tensor, to_cpu
from minicnn.device import moved


def eigen_cam(A: Tensor | np.ndarray, centre: bool = False, relu: bool = False) -> np.ndarray:
    """Eigen-CAM (Muhammad & Yeasin 2020, sec. III):  L = A V_1, the places projected on the first right
    singular vector of A = U S V^T.

    A: feature maps (N, K, h, w), as a matrix with a row for each place and a column for each map
    -> (N, h, w).  No class takes part. The sign of V_1 is open in the paper and in every library for linear
    algebra; here its entries add up to something >= 0, so that maps behind a ReLU give a map that is nowhere
    negative. centre: each column loses its mean first, as in principal components.
    """
    A = A.data if isinstance(A, Tensor) else A
    M = columns(A, centre)
    L = (M @ moved(singular_vector(M)[..., None], M)).reshape(A.shape[0], *A.shape[2:])
    return np.maximum(L, 0) if relu else L


def columns(A: np.ndarray, centre: bool = False) -> np.ndarray:
    """A with a row for each place and a column for each map.  (N, K, h, w) -> (N, h w, K)"""
    M = A.reshape(*A.shape[:2], -1).swapaxes(-1, -2)
    return M - M.mean(axis=-2, keepdims=True) if centre else M


def singular_vector(M: np.ndarray, n: int = 0) -> np.ndarray:
    """V_n, the n-th right singular vector, its entries adding up to something >= 0.

    (N, places, K) -> (N, K)
    """
    _, _, V = np.linalg.svd(to_cpu(M), full_matrices=False)
    V_n = V[:, n]
    return V_n * np.where(V_n.sum(axis=-1, keepdims=True) < 0, -1, 1).astype(M.dtype)


METHOD = Method(
    "eigen_cam", "Eigen-CAM", "Muhammad & Yeasin 2020", "what feature maps have in common; asks for no class",
    lambda context, **options: eigen_cam(context.A, **options), cost=FORWARD, spellings=("eigencam",),
    at_layer=True, relu=False, exact=False,
    equation="sum_k V_1k A^k, V_1 the first right singular vector of A as (places, k), "
             "its entries adding up to something >= 0",
    drawn="overlay", of_score=False, zero="The feature maps at {layer} are zero.",
    peers={"pytorch-grad-cam": "EigenCAM"},
)  # fmt: skip
