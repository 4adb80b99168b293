"""Lesson 7."""

from gradcam.seed import seed as start
from minicnn import backward


def gradient(y, c, x, seed="score"):
    """dy_c/dx, what backprop leaves at the input.  y: scores (N, classes), c: class, x: input (N, C, H, W) -> (N, C, H, W)"""
    y, gy = start(y, c, seed)
    return backward(y, gy, wrt=x)


def input_times_gradient(y, c, x, seed="score"):
    """x * dy_c/dx: each pixel's share of the first-order Taylor term (Shrikumar et al. 2016, sec. 2) -> (N, C, H, W)"""
    return x.data * gradient(y, c, x, seed)
