"""FullGrad, DeepLIFT and the variants of methods: what is left out, what is added, what is averaged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcam.interpolation import upsample
from gradcam.methods.deep_lift import RESCALE, derivative
from gradcam.methods.full_grad import biases, together
from gradcam.methods.score_cam import stretched
from gradcam.verify.hypotheses.averaging import baselines_of
from gradcam.verify.hypotheses.hypothesis import Hypothesis, Variants
from gradcam.verify.question import Question
from gradcam.verify.reference.full_gradient import to_baseline
from gradcam.verify.reference.pipelines import CAMS, those
from gradcam.verify.reference.variants import (
    TUNNELS,
    layer_maps,
    of_base,
    over_layers,
    over_noise,
    parts_of,
    six,
    smoothed,
)
from minicnn import BACKPROP, BatchNorm, MaxPool, Tensor, ops

FULL, LIFT = ("full_grad",), ("deep_lift",)


def variant(*names: str) -> Any:
    """All methods that are one of these variants of another."""
    return those(lambda name: name not in BASES and parts_of(name)[0] in names)


BASES = frozenset(those(lambda name: True))
AUG, FUSED, NOISY, GUIDED = variant("aug_smooth"), variant("fused"), variant(*TUNNELS), variant("guided")
EIGEN = variant("eigen_smooth")


def summed(q: Question, y: Tensor) -> Variants:
    """How libraries bring the parts to one map."""
    return {
        "each map rescaled by itself (pytorch-grad-cam)": lambda q, v, old: together(
            v.parts, "map", eps=1e-7
        ),
        "each map rescaled by itself": lambda q, v, old: together(v.parts, "map"),
        "enlarged with aligned corners (the authors' code)": lambda q, v, old: together(
            v.parts, upsampling="corner_aligned"
        ),
        "the same, plus an epsilon": lambda q, v, old: together(
            v.parts, upsampling="corner_aligned", eps=1e-7
        ),
        "plus an epsilon": lambda q, v, old: together(v.parts, eps=1e-7),
    }


def raw(q: Question, y: Tensor) -> Variants:
    """Added up without being stretched, or without their magnitude."""

    def added(f):
        def change(q, v, old):
            parts = [p for p in v.parts if p.ndim == q.x.ndim]
            return sum(upsample(f(p), q.size).sum(axis=1) for p in parts)

        return change

    return {"magnitudes, not stretched": added(abs), "with their signs": added(lambda p: p)}


def some(q: Question, y: Tensor) -> Variants:
    """Parts that are left out."""
    normed = [isinstance(z.op, BatchNorm) for z, _ in biases(y)]
    found = {
        "the input's alone": lambda q, v, old: old()[:1],
        "the biases' alone": lambda q, v, old: [0 * old()[0], *old()[1:]],
        "the last layer's left out": lambda q, v, old: old()[:-1],
    }
    if any(normed) and not all(normed):
        found["batchnorm's left out"] = lambda q, v, old: [
            old()[0], *(p for p, n in zip(old()[1:], normed) if not n)
        ]  # fmt: skip
    return found


def unmultiplied(q: Question, y: Tensor) -> Variants:
    """The gradients alone."""

    def safe(p, value):
        return np.where(value == 0, 0, p / np.where(value == 0, 1, value))

    def change(q, v, old):
        values = [v.input, *(b for _, b in biases(v.y))]
        return [safe(p, value) for p, value in zip(old(), values)]

    return {"": change}


def rules_of_lift(q: Question, y: Tensor) -> Variants:
    """The derivative where the quotient should stand."""
    plain = RESCALE | dict.fromkeys((ops.ReLU, ops.LeakyReLU, ops.Sigmoid, ops.Tanh), derivative)
    return {
        "everywhere: the gradient at x": lambda q, v, old: BACKPROP,
        "at the activations": lambda q, v, old: plain,
        "at the max-pools": lambda q, v, old: RESCALE | {MaxPool: derivative},
    }


def starts_of_lift(q: Question, y: Tensor) -> Variants:
    return {n: lambda q, v, old, b=b: to_baseline(q, v, b) for n, b in baselines_of(q).items()}


def one_alone(q: Question, y: Tensor) -> Variants:
    """The base method's own map of the picture."""

    def alone(step):
        return lambda q, v, old: getattr(of_base(q, v, "input", lambda q, v, old: old()), step)

    return {"": alone("result")} | ({"enlarged": alone("upsampled")} if q.method in CAMS else {})


def averages(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda q, v, old: f(q, v)


def bare(maps: list[tuple[np.ndarray, int]], size: Any) -> np.ndarray:
    return np.mean([upsample(np.maximum(m, 0), size)[..., ::way] for m, way in maps], axis=0)


def of_six(q: Question, y: Tensor) -> Variants:
    """Other means of other maps."""
    size = q.size
    return {
        "not mirrored back": averages(lambda q, v: smoothed(q, v, back=False)),
        "the picture and its mirror image, no other brightness": averages(
            lambda q, v: smoothed(q, v, factors=(1.0,))
        ),
        "maps not stretched": averages(lambda q, v: bare(six(q, v), size)),
        "their mean stretched once more": averages(lambda q, v: stretched(smoothed(q, v)[:, None])[:, 0]),
        "mirrored top to bottom, too": averages(
            lambda q, v: (smoothed(q, v) + smoothed(q, v)[..., ::-1, :]) / 2
        ),
    }


def of_layers(q: Question, y: Tensor) -> Variants:
    """One layer, or another way to join them."""
    size = q.size

    def large(q, v):
        return [stretched(m[:, None])[:, 0] for m in (np.maximum(m, 0) for m in layer_maps(q, v))]

    found = {
        "their largest value": lambda q, v, old: np.max([upsample(m, size) for m in large(q, v)], axis=0),
        "their sum, not stretched again": lambda q, v, old: sum(upsample(m, size) for m in large(q, v)),
        "their mean, not stretched again": lambda q, v, old: np.mean(
            [upsample(m, size) for m in large(q, v)], axis=0
        ),
        "maps not stretched before": lambda q, v, old: np.mean(
            [upsample(np.maximum(m, 0), size) for m in layer_maps(q, v)], axis=0
        ),
        "their product": lambda q, v, old: np.prod([upsample(m, size) for m in large(q, v)], axis=0),
    }
    for n, name in enumerate(q.settings["layers"]):
        found[f"{name} alone"] = lambda q, v, old, n=n: stretched(upsample(large(q, v)[n], size)[:, None])[
            :, 0
        ]
    return found


def over_draws(q: Question, y: Tensor) -> Variants:
    """Another of the three, or a deviation."""
    mine = parts_of(q.method)[0]
    names = {"smoothgrad": "mean", "smoothgrad_sq": "mean of squares", "vargrad": "variance (VarGrad)"}
    found = {
        said: lambda q, v, old, f=TUNNELS[n]: f(over_noise(q, v)) for n, said in names.items() if n != mine
    }
    found["standard deviation"] = lambda q, v, old: over_noise(q, v).std(axis=0)
    found["mean of |.|"] = lambda q, v, old: abs(over_noise(q, v)).mean(axis=0)
    found["a sum"] = lambda q, v, old: over_noise(q, v).sum(axis=0)
    n = len(q.settings["noise"])
    if n > 1:
        found["the variance by n - 1"] = lambda q, v, old: over_noise(q, v).var(axis=0, ddof=1)
    return found


PSI = "psi(x dy_c/dx) + sum of psi(b dy_c/dz), psi(v) = Up s(|v|) (Srinivas & Fleuret 2019, sec. 4)"
QUOTIENT = "m (z - z') / (x - x') at nonlinearities, times x - x' at the picture (Shrikumar et al. 2017)"
CAUSES = [
    Hypothesis(
        name="the parts of FullGrad joined in another way",
        step="result",
        says=PSI,
        fix="state how maps are stretched (a layer's together, or each) and enlarged",
        variants=summed,
        methods=FULL,
        kind="convention",
    ),
    Hypothesis(
        name="the parts of FullGrad are not stretched",
        step="result",
        says=PSI,
        fix="take magnitudes, and stretch every layer's from 0 to 1, before they are added up",
        variants=raw,
        methods=FULL,
    ),
    Hypothesis(
        name="parts of FullGrad are missing",
        step="parts",
        says=PSI,
        fix="x times its gradient, and every bias times its own: those of convolutions and of batchnorm",
        variants=some,
        methods=FULL,
    ),
    Hypothesis(
        name="gradients that are not multiplied by input and biases",
        step="parts",
        says=PSI,
        fix="multiply the input's gradient by x, a bias's by the bias",
        variants=unmultiplied,
        methods=FULL,
    ),
    Hypothesis(
        name="the derivative instead of DeepLIFT's quotient",
        step="rules",
        says=QUOTIENT,
        fix="override every nonlinearity, and every call of it (functions, modules used twice)",
        variants=rules_of_lift,
        methods=LIFT,
    ),
    Hypothesis(
        name="another baseline of DeepLIFT",
        step="path",
        says=QUOTIENT,
        fix="state the baseline, after preprocessing",
        variants=starts_of_lift,
        methods=LIFT,
        kind="convention",
    ),
    Hypothesis(
        name="multipliers alone, not times x - x'",
        step="result",
        says=QUOTIENT,
        fix="multiply by x - x' (Captum: multiply_by_inputs=True)",
        change=lambda q, v, old: v.signal,
        methods=LIFT,
    ),
    Hypothesis(
        name="the map of the picture alone",
        step="result",
        says="a mean over several maps was asked for",
        fix="average over all of them",
        variants=one_alone,
        methods=those(lambda name: name in AUG or name in NOISY),
    ),
    Hypothesis(
        name="another mean over mirrored and brighter pictures",
        step="result",
        says="the mean of six maps, each stretched and mirrored back (pytorch-grad-cam's aug_smooth)",
        fix="mirror the maps back; state the factors",
        variants=of_six,
        methods=AUG,
    ),
    Hypothesis(
        name="the layers' maps joined in another way",
        step="result",
        says="the mean of the stretched, enlarged maps, stretched again (pytorch-grad-cam's target_layers)",
        fix="average them; state it",
        variants=of_layers,
        methods=FUSED,
    ),
    Hypothesis(
        name="an epsilon where maps are stretched",
        step="result",
        says="a map from its minimum to its maximum",
        fix="compare with the same epsilon",
        change=lambda q, v, old: (smoothed if parts_of(q.method)[0] == "aug_smooth" else over_layers)(
            q, v, eps=1e-7
        ),
        methods=those(lambda name: name in AUG or name in FUSED),
        kind="scale",
    ),
    Hypothesis(
        name="another mean over the noisy pictures",
        step="result",
        says="the mean of the maps, of their squares, or their variance",
        fix="state which",
        variants=over_draws,
        methods=NOISY,
        kind="convention",
    ),
    Hypothesis(
        name="the guided signal alone, without the map",
        step="result",
        says="guided backprop times the map (Selvaraju et al. 2017, sec. 3.1)",
        fix="multiply by the enlarged map",
        change=lambda q, v, old: v.signal,
        methods=GUIDED,
    ),
    Hypothesis(
        name="guided backprop times the stretched map",
        step="result",
        says="raw maps are compared; a normalised map has lost its magnitude",
        fix="multiply by the map as it is",
        change=lambda q, v, old: v.signal * stretched(v.upsampled[:, None]),
        methods=GUIDED,
        kind="convention",
    ),
    Hypothesis(
        name="the plain sum of the weighted maps, no projection",
        step="signed",
        says="eigen_smooth projects the weighted maps on their first principal component",
        fix="eigen_smooth=True, or ask for the method itself",
        change=lambda q, v, old: (v.weights * v.activation).sum(axis=-3),
        methods=EIGEN,
    ),
]
