"""Gradients averaged over many pictures: between a baseline and x (Integrated Gradients), or around x
(SmoothGrad).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gradcam.methods.batching import batch_size, in_batches
from gradcam.methods.integrated_gradients import quadrature
from gradcam.verify.reference.pipeline import BACK, Pipeline


class Path(NamedTuple):
    """The pictures of an average.

    pictures (M, N, C, H, W); shares (M,), which add up to 1; towards: what the mean is multiplied by: x - x',
    or 1
    """

    pictures: np.ndarray
    shares: np.ndarray
    towards: Any


def from_baseline(q: Any, v: Any, places: Any = None, shares: Any = None, baseline: Any = None) -> Path:
    """x' + a (x - x') at the places a (Sundararajan et al. 2017, eq. 3)."""
    if places is None:
        places, shares = quadrature(q.settings["steps"], q.settings["rule"])
    towards = v.input - (q.settings["baseline"] if baseline is None else baseline)
    return Path(np.stack([v.input - (1 - a) * towards for a in places]), np.asarray(shares), towards)


def around(q: Any, v: Any) -> Path:
    """x + noise, as it was given (Smilkov et al. 2017, sec. 2.1)."""
    noise = q.settings["noise"]
    return Path(v.input + noise, np.full(len(noise), 1 / len(noise)), 1.0)


def mean_signal(q: Any, v: Any, f: Callable[..., Any] = lambda g: g) -> np.ndarray:
    """sum_m share_m f(dy_c/dx at picture m) -> (N, C, H, W)"""
    pictures, shares, _ = v.path
    total = np.zeros_like(v.input)
    for some in in_batches(len(pictures), batch_size(v.input), "", False):
        g = v.elsewhere(pictures[some]).signal.reshape(pictures[some].shape)
        total = total + np.tensordot(shares[some], f(g), 1)
    return total


AVERAGED = ("path", *BACK)
PIPELINES = {
    "integrated_gradients": Pipeline(
        AVERAGED,
        {"path": from_baseline, "signal": mean_signal, "result": lambda q, v: v.path.towards * v.signal},
    ),
    "smoothgrad": Pipeline(
        AVERAGED, {"path": around, "signal": mean_signal, "result": lambda q, v: v.signal}
    ),
}
