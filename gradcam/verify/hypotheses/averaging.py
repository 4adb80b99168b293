"""Integrated Gradients and SmoothGrad: other pictures, another baseline, another mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.methods.integrated_gradients import quadrature
from gradcam.verify.hypotheses.hypothesis import Hypothesis, Old, Variants
from gradcam.verify.hypotheses.preprocessing import meant
from gradcam.verify.question import Question
from gradcam.verify.reference.averaged_gradients import from_baseline, mean_signal
from gradcam.verify.reference.pipelines import PATHS
from gradcam.verify.reference.run import Run
from gradcam.verify.reference.steps import arrived
from minicnn import Tensor

IG, SMOOTH = ("integrated_gradients",), ("smoothgrad",)
COUNTS = (10, 20, 25, 32, 50, 64, 100)


def left(m: int) -> Any:
    return np.arange(m) / m, np.full(m, 1 / m)


def trapezoid(m: int) -> Any:
    shares = np.full(m, 1.0)
    shares[[0, -1]] = 0.5
    return np.linspace(0, 1, m), shares / shares.sum()


def both_ends(m: int) -> Any:
    return np.linspace(0, 1, m), np.full(m, 1 / m)


RULES = {
    "Gauss-Legendre": lambda m: quadrature(m, "gauss"),
    "right: a = 1/m ... 1": lambda m: quadrature(m, "right"),
    "midpoint": lambda m: quadrature(m, "midpoint"),
    "left: a = 0 ... (m-1)/m": left,
    "trapezoid": trapezoid,
    "plain mean, both ends": both_ends,
}
OURS = {"gauss": "Gauss-Legendre", "right": "right: a = 1/m ... 1", "midpoint": "midpoint"}


def rules(q: Question, y: Tensor) -> Variants:
    m = q.settings["steps"]
    return {
        name: along(*f(m))
        for name, f in RULES.items()
        if name != OURS[q.settings["rule"]] and (m > 1 or name != "trapezoid")
    }


def counts(q: Question, y: Tensor) -> Variants:
    places = RULES[OURS[q.settings["rule"]]]
    return {f"{m} steps": along(*places(m)) for m in COUNTS if m != q.settings["steps"]}


def along(places: Any, shares: Any) -> Any:
    return lambda q, v, old: from_baseline(q, v, places, shares)


def from_zero(q: Question, y: Tensor) -> Variants:
    """The pictures a x of a path from zero, and the factor x - x' of another baseline."""
    if not np.any(q.settings["baseline"]):
        return {}

    def change(q, v, old):
        path = from_baseline(q, v, *quadrature(q.settings["steps"], q.settings["rule"]), 0.0)
        return path._replace(towards=v.input - q.settings["baseline"])

    return {"": change}


def by_pixels(q: Question, y: Tensor) -> Variants:
    """Multiplied by the picture as it was before its normalisation."""
    if q.x.shape[1] != 3:
        return {}
    found = {}
    for name, (mean, std) in meant(q).items():
        p = q.x * std + mean
        found[f"0 to 1, {name}"] = lambda q, v, old, p=p: p * v.signal
        found[f"0 to 255, {name}"] = lambda q, v, old, p=p: 255 * p * v.signal
    return found


def in_single(q: Question, v: Run, old: Old) -> Any:
    path = old()
    return path._replace(shares=path.shares.astype(np.float32).astype(np.float64))


def baselines_of(q: Question) -> dict[str, Any]:
    """What people start from but for what was given: a number, or one for each channel or picture."""
    low, high = q.pixels
    each = {"axis": (1, 2, 3), "keepdims": True}
    meant = {
        "zero": 0.0,
        "one": 1.0,
        "the picture's smallest value": q.x.min(**each),
        "the picture's largest value": q.x.max(**each),
        "the picture's mean": q.x.mean(**each),
        "the mean of each channel": q.x.mean(axis=(2, 3), keepdims=True),
        "black": low,
        "white": high,
    }
    given = np.broadcast_to(q.settings["baseline"], q.x.shape)
    return {n: b for n, b in meant.items() if not np.array_equal(np.broadcast_to(b, q.x.shape), given)}


def baselines(q: Question, y: Tensor) -> Variants:
    """Paths from the others."""
    places = quadrature(q.settings["steps"], q.settings["rule"])
    return {n: lambda q, v, old, b=b: from_baseline(q, v, *places, b) for n, b in baselines_of(q).items()}


def by_input(q: Question, v: Run, old: Old) -> Any:
    return v.input * v.signal


def at_the_picture(q: Question, v: Run, old: Old) -> Any:
    """One gradient, at x."""
    return arrived(q, v, q.input_of(v.y), v.rules)


def of_draws(q: Question, y: Tensor) -> Variants:
    return {
        "mean of squares": lambda q, v, old: mean_signal(q, v, np.square),
        "mean of |.|": lambda q, v, old: mean_signal(q, v, abs),
        "variance (VarGrad)": lambda q, v, old: mean_signal(q, v, np.square) - mean_signal(q, v) ** 2,
        "standard deviation": lambda q, v, old: np.sqrt(
            np.maximum(mean_signal(q, v, np.square) - mean_signal(q, v) ** 2, 0)
        ),
        "a sum": lambda q, v, old: mean_signal(q, v) * len(v.path.shares),
    }


EQ1 = "(x - x') * the integral of dy_c/dx from x' to x (Sundararajan et al. 2017, eq. 1)"
CAUSES = [
    Hypothesis(
        name="another rule for the places between baseline and picture",
        step="path",
        says=f"{EQ1}; every rule nears it as the steps grow",
        fix="state the rule and the number of steps",
        variants=rules,
        methods=IG,
        kind="convention",
    ),
    Hypothesis(
        name="another number of steps",
        step="path",
        says=f"{EQ1}; every number of steps is another sum",
        fix="state the rule and the number of steps",
        variants=counts,
        methods=IG,
        kind="convention",
    ),
    Hypothesis(
        name="the weights of the steps are rounded to float32",
        step="path",
        says="they add up to 1",
        fix="compute them in float64",
        change=in_single,
        methods=IG,
        kind="convention",
    ),
    Hypothesis(
        name="another baseline",
        step="path",
        says=f"{EQ1}; x' is a choice",
        fix="state the baseline, after preprocessing",
        variants=baselines,
        methods=IG,
        kind="convention",
    ),
    Hypothesis(
        name="not multiplied by x - x'",
        step="result",
        says=EQ1,
        fix="multiply by x - x'; without it, the map does not add up to y_c(x) - y_c(x')",
        change=lambda q, v, old: v.signal,
        methods=IG,
    ),
    Hypothesis(
        name="multiplied by x instead of x - x'",
        step="result",
        says=EQ1,
        fix="subtract the baseline",
        change=by_input,
        methods=IG,
    ),
    Hypothesis(
        name="the path starts at zero, the factor x - x' at the baseline",
        step="path",
        says=EQ1,
        fix="walk from the baseline: x' + a (x - x'), not a x",
        variants=from_zero,
        methods=IG,
    ),
    Hypothesis(
        name="multiplied by the picture before its normalisation",
        step="result",
        says=EQ1,
        fix="multiply by what the network gets, minus the baseline, both after preprocessing",
        variants=by_pixels,
        methods=IG,
    ),
    Hypothesis(
        name="the gradient at x alone",
        step="signal",
        says="the mean is over many pictures",
        fix="average over all of them",
        change=at_the_picture,
        methods=PATHS,
    ),
    Hypothesis(
        name="another mean over the draws",
        step="signal",
        says="1/n sum of dy_c/dx (Smilkov et al. 2017, sec. 2.1)",
        fix="average the signed gradients",
        variants=of_draws,
        methods=SMOOTH,
        kind="convention",
    ),
]
