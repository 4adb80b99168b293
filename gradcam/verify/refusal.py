"""When a comparison would test nothing."""

from __future__ import annotations

import numpy as np

from gradcam.verify.question import Question
from gradcam.verify.reference.pipelines import CAMS, PATHS, RULED
from gradcam.verify.reference.run import Run
from gradcam.verify.reference.without_gradients import gap, y_c
from gradcam.verify.rounding.differences import difference
from minicnn import BACKPROP, ReLU, Softmax, history

NOTHING = 1e-12


def refusal(q: Question) -> str:
    """Why this question cannot be answered; '' if it can."""
    v, theirs = q.reference, q.theirs["result"]
    others = [
        f"{type(t.op).__name__} at '{t.name}'"
        for t in history(v.y)
        if t.op and t.op.activation and not isinstance(t.op, ReLU)
    ]
    if q.method in RULED and others:
        return (
            f"{q.method} is defined for ReLUs; this network has "
            f"{', '.join(others[:4])}{' ...' if len(others) > 4 else ''}, "
            "for which no rule is published: libraries pass the plain derivative there without a word"
        )
    if not np.any(theirs) and q.c is not None and saturated(q):
        return (
            "your result is all zeros, and a class has probability 1 to within rounding: the gradient "
            "of a saturated softmax is 0, "
            "and says nothing. Take the gradient of the score"
        )
    if q.method == "eigen_cam" and gap(v.activation) < NOTHING:
        return (
            "the two largest singular values of the feature maps are equal: the first singular "
            "vector, and so the map, is not defined"
        )
    if q.method == "ablation_cam" and not np.all(y_c(v)):
        return (
            "the score is 0: the share of it that a map takes away, (y_c - y_c^k) / y_c, is not "
            "defined. Take another class or picture"
        )
    if q.method in CAMS and not np.any(v.signed):
        return (
            "the reference is zero before its final ReLU: any map of zeros would pass. Take another "
            "class, layer or picture"
        )
    if q.method in CAMS and not np.any(v.map) and not np.any(theirs):
        return (
            "both maps are all zero after the final ReLU, rightly: the evidence is negative everywhere. "
            "Compare the map before its ReLU (relu=False, or their activations and gradient)"
        )
    if "signal" in q.pipeline.steps and not np.any(v.signal):
        return (
            "the reference is zero everywhere: any map of zeros would pass. Are all ReLUs shut, or "
            "is the score a constant?"
        )
    if q.method in PATHS and not np.any(v.result):
        return "the picture is the baseline: Integrated Gradients is zero there, whatever the network"
    if q.method not in CAMS and not np.any(v.result):
        return (
            "the reference is zero everywhere: any map of zeros would pass. Take another picture, "
            "class or setting"
        )
    if q.method in RULED:
        plain = Run(q, (("plain", "rules", lambda q, v, old: BACKPROP),))
        if difference(v.signal, plain.signal).relative < NOTHING:
            return (
                f"the rule of {q.method} changes nothing on this network and input: plain backprop "
                "would pass as well"
            )
    return ""


def saturated(q):
    p = Softmax()(q.reference.y.data)
    return bool(np.all(1 - p.max(axis=1) < 2.0**-24))
