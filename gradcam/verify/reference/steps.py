"""The steps from an input to a result: what each holds, what it is made from, and how it is computed unless a
method says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from gradcam.interpolation import upsample
from gradcam.method import weighted
from minicnn import BACKPROP, backward, find


@dataclass(frozen=True)
class Step:
    """A quantity that the reference computes on its way to the result, and that a hypothesis may replace.

    name; needs: the steps that it is made from, for any method; title: what a report calls it
    compute: f(question, run) -> its value; None where every method that takes the step has its own
    """

    name: str
    needs: tuple[str, ...]
    compute: Callable[..., Any] | None
    title: str


def arrived(q: Any, v: Any, at: Any, rules: Any) -> Any:
    """What the signal of a run is at one of its tensors, under a table of rules."""
    source, gy = v.start
    return backward(source, gy, wrt=at, rules=rules, allow=q.allow(v))


STEPS = {
    step.name: step
    for step in (
        # x (N, C, H, W), as the network takes it
        Step("input", (), lambda q, v: q.x, "preprocessed input"),
        # `Path`: the pictures of an averaged gradient, and their shares
        Step("path", ("input",), None, "pictures that are averaged over"),
        # the scores (N, classes), a tensor that remembers the forward pass
        Step("y", ("input",), lambda q, v: q.tape(v.input), "scores"),
        # (tensor, signal): where the backward pass begins, and with what
        Step("start", ("y",), lambda q, v: q.target.begin(v.y), "where the signal starts"),
        # the table of rules between the start and the input
        Step("rules", ("y",), lambda q, v: BACKPROP, "rule of the backward pass"),
        # what arrives at the input (N, C, H, W)
        Step(
            "signal",
            ("start", "rules", "path"),
            lambda q, v: arrived(q, v, q.input_of(v.y), v.rules),
            "signal at the input",
        ),
        # FullGrad: the input's gradient and every bias's, each times its value
        Step("parts", ("start", "rules"), None, "contributions of the input and the biases"),
        # the table of rules between the start and the layer
        Step("cam_rules", ("y",), lambda q, v: BACKPROP, "rule of the backward pass"),
        # the layer, a tensor of the forward pass
        Step("A", ("y",), lambda q, v: find(v.y, q.layer), "layer"),
        # A^k (N, K, h, w)
        Step("activation", ("A",), lambda q, v: v.A.data, "layer activation"),
        # dy_c/dA^k (N, K, h, w)
        Step(
            "gradient",
            ("start", "A", "cam_rules"),
            lambda q, v: arrived(q, v, v.A, v.cam_rules),
            "layer gradient",
        ),
        # what is changed for each map: Score-CAM's masks (N, K, H, W), what Ablation-CAM puts in a map's
        # place (N, K, 1, 1)
        Step("masks", ("activation", "input"), None, "what is changed for each map"),
        # y_c then (N, K)
        Step("seen", ("masks", "start", "A"), None, "scores then"),
        # alpha_k (N, K, 1, 1), or one for each place (N, K, h, w)
        Step("weights", ("gradient", "activation", "seen"), None, "channel weights"),
        # sum_k alpha_k A^k (N, h, w)
        Step(
            "signed",
            ("weights", "activation", "gradient"),
            lambda q, v: weighted(v.activation, v.weights, relu=False),
            "map before its ReLU",
        ),
        # ReLU of that
        Step("map", ("signed",), lambda q, v: np.maximum(v.signed, 0), "map before upsampling"),
        # (N, H, W)
        Step("upsampled", ("map",), lambda q, v: upsample(v.map, q.size), "upsampled map"),
        # what the method returns
        Step("result", ("signal", "upsampled", "map", "path", "parts"), None, "result"),
    )
}


@cache
def upstream(step: str) -> frozenset[str]:
    """The names of a step and of all that it is made from."""
    return frozenset([step]).union(*(upstream(s) for s in STEPS[step].needs))
