"""Located before it is named: the reference runs on their own input, activation, gradient and weights."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcam.verify.hypotheses.hypothesis import DOES_NOT_APPLY
from gradcam.verify.reference.run import Change, Run
from gradcam.verify.rounding.differences import difference

SAID = {  # their steps: what their result says when the reference, given these, makes the very same
    ("input",): "your picture is prepared otherwise than the reference's; for the picture that you fed, your "
    "map is right",
    ("weights",): "your weights of the feature maps are not the reference's; the sum that you make with them "
    "is right",
    ("gradient",): "your gradient at the layer is not the reference's; what you make of it is right",
    ("signal",): "your gradient at the input is not the reference's; what you make of it is right",
    ("activation",): "your feature maps are not the reference's; what you make of them is right",
    ("activation", "gradient"): "your feature maps and your gradient at the layer are not the reference's; "
    "what you make of them is right",
    ("activation", "weights"): "your feature maps and weights are not the reference's; the sum is right",
}


def located(q: Any, limits: dict[str, float], scales: Sequence[Change], equal: Sequence[str]) -> str:
    """Where theirs leaves the reference, in words; '' if what they gave does not tell.

    limits: {step: relative}; scales: changes of the result that only rescale a map, which it may have
    undergone; equal: the steps that are the reference's.
    """
    for steps, said in SAID.items():
        if not set(steps) <= set(q.theirs) or set(steps) & set(equal) or not all(map(q.comparable, steps)):
            continue
        given = [(f"their {s}", s, _instead(q.theirs[s])) for s in steps]
        for scale in (None, *scales):
            run = Run(q, [*given, *([scale] if scale else [])])
            with np.errstate(all="ignore"), contextlib.suppress(*DOES_NOT_APPLY):
                if _same(q, run, limits["result"]):
                    return said + (f" ({scale[0]})" if scale else "")
    last = [s for s in ("input", "y", "signal", "activation", "gradient", "weights") if s in equal]
    return AFTER.get(last[-1], "") if last and set(equal) == set(q.theirs) - {"result"} else ""


AFTER = {  # the last step that is right: where the mistake then is
    "input": "your picture is right; the mistake comes after it",
    "y": "your scores are right: network and picture are the reference's; the mistake comes after them",
    "signal": "your gradient is right; what you make of it is not",
    "activation": "your feature maps are right; the mistake is in the gradient, the weights or the sum",
    "gradient": "your gradient is right; its mean, the weights, the sum or what follows is not",
    "weights": "your weights are right; your sum, its ReLU or what follows is not",
}


def _instead(array: np.ndarray) -> Callable[..., Any]:
    return lambda q, v, old: array


def _same(q, run, limit):
    value = run["result"]
    theirs = q.theirs["result"]
    return value.shape == theirs.shape and difference(theirs, value).relative <= limit
