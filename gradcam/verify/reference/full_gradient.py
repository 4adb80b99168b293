"""FullGrad, and DeepLIFT: what the input and the biases contribute; what differs from a baseline.

parts    [x dy_c/dx, b_l dy_c/dz_l of each layer with a bias]           (FullGrad)
path     the baseline x', and x - x'                                    (DeepLIFT)
signal   the multipliers m, by the rescale rule                         (DeepLIFT)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.methods.deep_lift import RESCALE
from gradcam.methods.full_grad import biases, together
from gradcam.verify.reference.averaged_gradients import Path
from gradcam.verify.reference.pipeline import BACK, Pipeline
from minicnn import backward


def contributions(q: Any, v: Any) -> list[np.ndarray]:
    """[x dy_c/dx, b_l dy_c/dz_l ...] (Srinivas & Fleuret 2019, sec. 3)"""
    source, gy = v.start
    biased, x = biases(v.y), q.input_of(v.y)
    g, *gs = backward(source, gy, wrt=[x, *(z for z, _ in biased)], rules=v.rules, allow=q.allow(v))
    return [x.data * g, *(b * gz for (_, b), gz in zip(biased, gs))]


def to_baseline(q: Any, v: Any, baseline: Any = None) -> Path:
    """x', and x - x'"""
    towards = v.input - (q.settings["baseline"] if baseline is None else baseline)
    return Path((v.input - towards)[None], np.ones(1), towards)


def multipliers(q: Any, v: Any) -> np.ndarray:
    """m of x, where x and x' pass through the network as one batch (Shrikumar et al. 2017, sec. 3.5.2)"""
    N = len(v.input)
    both = v.elsewhere(np.concatenate([v.input[None], v.path.pictures]))
    y, m = both.start
    m = np.concatenate([m[:N]] * 2)
    return backward(y, m, wrt=q.input_of(both.y), rules=v.rules, allow=q.allow(v))[:N]


PIPELINES = {
    "full_grad": Pipeline(
        ("start", "rules", "parts"),
        {"parts": contributions, "result": lambda q, v: together(v.parts)},
    ),
    "deep_lift": Pipeline(
        ("path", *BACK),
        {
            "path": to_baseline,
            "rules": lambda q, v: RESCALE,
            "signal": multipliers,
            "result": lambda q, v: v.path.towards * v.signal,
        },
    ),
}
