"""Whole scripts that were copied many times: several deviations at once, under one name."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from gradcam.verify.hypotheses.hypothesis import DoesNotApply, Hypothesis, Old
from gradcam.verify.question import Question
from gradcam.verify.reference.run import Run


def in_bytes(m: np.ndarray, low: float, high: float) -> np.ndarray:
    """np.uint8(255 * (m - low) / (high - low))"""
    if not high > low:
        raise DoesNotApply("a constant map cannot be stretched")
    return np.uint8(255 * (m - low) / (high - low))


def enlarged(m: np.ndarray, q: Question, how: int) -> np.ndarray:
    """Bytes (h, w) by PIL to the picture's size, then 0 to 1."""
    H, W = q.x.shape[-2:]
    return np.asarray(Image.fromarray(m).resize((W, H), how)) / 255


def from_ones(q: Question, v: Run, old: Old) -> Any:
    """utkuozbulak/pytorch-cnn-visualizations, src/gradcam.py"""
    if not q.at_input_size:
        raise DoesNotApply("it enlarges")
    maps = np.maximum(1 + v.signed, 0)
    return np.stack([enlarged(in_bytes(m, m.min(), m.max()), q, Image.LANCZOS) for m in maps])


def of_largest(q: Question, v: Run, old: Old) -> Any:
    """The same from zeros: ReLU, divided by the largest value, bytes, Lanczos."""
    if not q.at_input_size:
        raise DoesNotApply("it enlarges")
    maps = np.maximum(v.signed, 0)
    return np.stack([enlarged(in_bytes(m, m.min(), m.max()), q, Image.LANCZOS) for m in maps])


def in_steps(v: Run) -> float:
    """A value that rounding puts into the next byte, and what the filter makes of it."""
    return 1.5 / 255


CAUSES = [
    Hypothesis(
        name="recipe of pytorch-cnn-visualizations: started at ones, clipped, stretched, bytes, Lanczos",
        step="result",
        says="L = ReLU(sum_k alpha_k A^k) (eq. 2): the sum starts at zero, and no value is stretched",
        fix="np.zeros instead of np.ones; compare before normalising and before bytes",
        change=from_ones,
        brings=in_steps,
        alone=True,
        methods=("grad_cam",),
    ),
    Hypothesis(
        name="stretched, kept in bytes, then enlarged by Lanczos",
        step="result",
        says="raw maps are compared; a map in 256 steps has lost its magnitude and its small values",
        fix="enlarge before you turn a map into bytes; compare raw maps",
        change=of_largest,
        brings=in_steps,
        alone=True,
        methods=("grad_cam",),
        kind="convention",
    ),
]
