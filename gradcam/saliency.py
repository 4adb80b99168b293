"""Lesson 7."""

from gradcam.gradient import gradient


def saliency(y, c, x, seed="score"):
    """Saliency map (Simonyan et al. 2013, sec. 3.1).  y: scores (N, classes), c: class, x: input (N, C, H, W) -> (N, H, W), >= 0"""
    w = gradient(y, c, x, seed)  # w = dy_c/dx
    return largest_channel(w)


def largest_channel(w):
    """M_ij = max over channels of |w_kij|.  (..., C, H, W) -> (..., H, W)"""
    return abs(w).max(axis=-3)
