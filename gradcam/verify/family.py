"""Grad-CAM and its relatives differ in their weights only: L = sum_k w^k A^k, and a ReLU on that where the method has one.

f(g, A), both (N, K, h, w) -> w, (N, K, 1, 1) or (N, K, h, w).
"""

import numpy as np


def grad_cam(g, A):
    """alpha_k = 1/Z sum_ij g_ij^k (Selvaraju et al. 2017, eq. 1)"""
    return g.mean(axis=(-2, -1), keepdims=True)


def grad_cam_pp(g, A, eps=0.0):
    """w_k = sum_ij ReLU(g) g^2 / (2 g^2 + sum_ab A_ab g^3) (Chattopadhay et al. 2018, eqs. 5 and 19)"""
    bend = 2 * g**2 + A.sum(axis=(-2, -1), keepdims=True) * g**3 + eps
    return (np.maximum(g, 0) * g**2 / np.where(bend == 0, 1, bend)).sum(axis=(-2, -1), keepdims=True)


def xgrad_cam(g, A, eps=0.0):
    """alpha_k = sum_ij A_ij g_ij / sum_ab A_ab (Fu et al. 2020, eq. 8)"""
    total = A.sum(axis=(-2, -1), keepdims=True) + eps
    return (A / np.where(total == 0, 1, total) * g).sum(axis=(-2, -1), keepdims=True)


def hirescam(g, A):
    """w_ij^k = g_ij^k (Draelos & Carin 2020, sec. 3); its map keeps both signs"""
    return g


def layercam(g, A):
    """w_ij^k = ReLU(g_ij^k) (Jiang et al. 2021, eq. 5)"""
    return np.maximum(g, 0)


WEIGHTS = {"grad_cam": grad_cam, "grad_cam++": grad_cam_pp, "xgrad_cam": xgrad_cam, "hirescam": hirescam, "layercam": layercam}
NAMES = {"grad_cam": "Grad-CAM", "grad_cam++": "Grad-CAM++", "xgrad_cam": "XGrad-CAM", "hirescam": "HiResCAM", "layercam": "LayerCAM",
         "eigen_cam": "Eigen-CAM", "score_cam": "Score-CAM", "ablation_cam": "Ablation-CAM"}  # fmt: skip
WITH_EPS = {"grad_cam++": grad_cam_pp, "xgrad_cam": xgrad_cam}  # methods with a division
UNCLIPPED = ("hirescam", "eigen_cam", "excitation_backprop")


def weights(method, g, A):
    """Those of a method; Guided Grad-CAM's are Grad-CAM's."""
    return WEIGHTS.get(method, grad_cam)(g, A)
