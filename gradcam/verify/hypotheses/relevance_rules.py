"""LRP and excitation backprop: another rule, another stabiliser, no bias, another start; or no relevance at
all.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from gradcam.methods.excitation_backprop import excite_and_contrast
from gradcam.methods.relevance import (
    alpha_beta,
    by_share,
    epsilon,
    flat,
    gamma,
    neg,
    pos,
    share,
    shares,
    table,
    to_the_winner,
    to_the_winner_of_two,
    z_box,
)
from gradcam.rules import BACKPROP
from gradcam.verify.hypotheses.hypothesis import Hypothesis, Old, Variants
from gradcam.verify.question import Question
from gradcam.verify.reference import relevance_tables
from gradcam.verify.reference.pipelines import RELEVANCE, but
from gradcam.verify.reference.run import Run
from minicnn import (
    Add,
    Along,
    AvgPool,
    BatchNorm,
    Conv,
    GlobalAvgPool,
    Linear,
    MaxPool,
    Mean,
    Op,
    ReLU,
    Sub,
    Tensor,
    history,
)
from minicnn.replay import again

NOTHING = 1e-30  # an epsilon that moves no number
MEANS = (Mean, AvgPool, GlobalAvgPool, Along)
BOXED = tuple(relevance_tables.FIRST)
SMALL = (0.0, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.25, 1.0)
NAMES = {
    "lrp_epsilon": "epsilon",
    "lrp_gamma": "gamma",
    "lrp_alpha_beta": "alpha 2, beta 1",
    "lrp_z_box": "z-box below gamma",
    "lrp_flat": "flat below gamma",
}


def fixed(rules: Any) -> Any:
    """A table instead, and averages by share."""
    return lambda q, v, old: rules if rules is BACKPROP else relevance_tables.averaged(rules)


def others(q: Question, y: Tensor) -> Variants:
    return {
        NAMES[m]: lambda q, v, old, m=m: relevance_tables.rules_of(q, v, m)
        for m in RELEVANCE
        if m != q.method
    }


def tables(q: Question, eps: float, elsewhere: Any) -> Any:
    """The method's table with another stabiliser."""
    match q.method:
        case "lrp_epsilon":
            return table(epsilon(eps), elsewhere=elsewhere)
        case "lrp_alpha_beta":
            return table(alpha_beta(eps=eps), elsewhere=elsewhere)
    return table(gamma(eps=eps), epsilon(eps), elsewhere)


def stabilisers(q: Question, y: Tensor) -> Variants:
    def change(q, v, old, eps, elsewhere):
        rules = tables(q, eps, elsewhere)
        first = {"lrp_z_box": lambda: z_box(*q.pixels, eps=eps), "lrp_flat": lambda: flat(eps)}.get(q.method)
        rules = relevance_tables.averaged(rules, eps if elsewhere else 1e-6)
        return relevance_tables.with_first(q, v, rules, first()) if first else rules

    variants = {
        f"{eps:g}": partial(change, eps=eps, elsewhere=None)
        for eps in SMALL
        if eps != 1e-6 or q.method == "lrp_epsilon"
    }
    variants |= {
        f"{eps:g}, for sums and averages as well": partial(change, eps=eps, elsewhere=shares(eps))
        for eps in SMALL
        if eps != 1e-6
    }
    if q.method == "lrp_epsilon":
        variants |= {
            f"{rms:g} of the root mean square of z": fixed(table(epsilon(rms=rms)))
            for rms in (0.01, 0.05, 0.1, 0.2, 0.5)
        }
    return variants


def without_bias(q: Question, v: Run, old: Old) -> Any:
    """The rules of operations with weights see no bias."""

    def blind(rule):
        def without(op, R):
            twin = again(op)
            twin.inputs = op.inputs[:2]
            return rule(twin, R)

        return without

    return {
        kind: blind(rule) if kind in (Conv, Linear) or isinstance(kind, str) else rule
        for kind, rule in old().items()
    }


def strengths(q: Question, y: Tensor) -> Variants:
    gammas = {f"gamma {g:g}": table(gamma(g), epsilon()) for g in (0.1, 0.5, 1.0, 100.0)}
    gammas["gamma in linear layers as well"] = table(gamma())
    if q.method in BOXED:
        first = relevance_tables.FIRST[q.method](q)
        return {
            n: lambda q, v, old, t=t: relevance_tables.with_first(q, v, relevance_tables.averaged(t), first)
            for n, t in gammas.items()
        }
    if q.method == "lrp_gamma":
        return {n: fixed(t) for n, t in gammas.items()}
    return {
        "alpha 1, beta 0": fixed(table(alpha_beta(1, 0))),
        "alpha 1.5, beta 0.5": fixed(table(alpha_beta(1.5, 0.5))),
        "in convolutions alone": fixed(table(alpha_beta(), epsilon())),
    }


def bounds(q: Question, y: Tensor) -> Variants:
    """Of a pixel, after preprocessing."""
    low, high = (f(axis=(-2, -1), keepdims=True) for f in (q.x.min, q.x.max))
    of_all = q.x.min(axis=(1, 2, 3), keepdims=True), q.x.max(axis=(1, 2, 3), keepdims=True)
    meant = {
        "0 to 1": (0.0, 1.0),
        "-1 to 1": (-1.0, 1.0),
        "-3 to 3": (-3.0, 3.0),
        "0 to 255": (0.0, 255.0),
        "what each channel has": (low, high),
        "what the picture has": of_all,
    }
    return {
        n: lambda q, v, old, b=b: relevance_tables.with_first(q, v, old(), z_box(*b))
        for n, b in meant.items()
    }


def times_input(q: Question, v: Run, old: Old) -> Any:
    return v.input * v.signal


def one(q: Question, v: Run, old: Old) -> Any:
    return q.target.plain().begin(v.y)


def pool_by_share(op: Op, R: np.ndarray) -> Any:
    """Relevance is shared out over the window by value, instead of going to the winner."""
    from minicnn.windows import cut_padding, pad_to_fit, taps

    x = op.inputs[0].data
    padded = pad_to_fit(x, op.kernel, op.stride, op.pad, op.dilation, op.windows, value=0)
    where = [index for *_, index in taps(op.kernel, op.stride, op.dilation, op.windows)]
    z = sum(padded[w] for w in where)
    s = R / np.where(z == 0, 1, z + np.where(z < 0, -1, 1) * 1e-6)
    found = np.zeros_like(padded, shape=(*R.shape[:-2], *padded.shape[-2:]))
    for w in where:
        found[w] += padded[w] * s
    return cut_padding(found, op.size, op.pad)


def once_for_both(q: Question, y: Tensor) -> Variants:
    """An adaptive average is one sum over rows and columns elsewhere: one stabiliser for both."""
    if not any(map(_rows_of_columns, history(y))):
        return {}

    def change(q, v, old):
        first = {t.op.inputs[0].op for t in history(v.y) if _rows_of_columns(t)}
        rules = old()
        return {**rules, Along: lambda op, R: (by_share(NOTHING) if op in first else rules[Along])(op, R)}

    return {"": change}


def _functional_relu(t):
    return isinstance(t.op, ReLU) and getattr(t.layer, "origin", None) != "module"


def _rows_of_columns(t):
    source = t.op.inputs[0] if isinstance(t.op, Along) else None
    return isinstance(source, Tensor) and isinstance(source.op, Along)


def underived(q: Question, y: Tensor) -> Variants:
    """Hooks on modules do not see a sum, a mean or a ReLU that is written as a function."""
    sums, means = dict.fromkeys((Add, Sub), to_the_winner_of_two), dict.fromkeys(MEANS, to_the_winner)
    tables = {
        "sums": sums,
        "means": means,
        "sums and means": sums | means,
        "batchnorm, sums and means": {BatchNorm: to_the_winner} | sums | means,
    }
    some = [type(t.op) for t in history(y) if t.op]
    fits = {n: rules for n, rules in tables.items() if any(issubclass(s, tuple(rules)) for s in some)}
    found = {n: lambda q, v, old, rules=rules: {**old(), **rules} for n, rules in fits.items()}
    if not any(map(_functional_relu, history(y))):
        return found

    def with_relus(q, v, old):
        functions, rules = {t.op for t in history(v.y) if _functional_relu(t)}, old()
        relu = lambda op, R: (to_the_winner if op in functions else rules[ReLU])(op, R)  # noqa: E731
        return {**rules, **sums, **means, ReLU: relu}

    return found | {"sums, means, and ReLUs that are functions": with_relus}


def contrast(q: Question, v: Run, old: Old) -> Any:
    return old() | {Linear: excite_and_contrast}


def squared(op: Op, P: np.ndarray) -> Any:
    """By x w without its sign."""
    x, W = (i.data for i in op.inputs[:2])
    return share(op, P, [(pos(x), pos(W), None), (pos(x), -neg(W), None)], eps=0.0)


SHARE = (
    "R_i = sum_j x_i w_ij / z_j R_j, z_j = sum_i x_i w_ij + b_j (Bach et al. 2015; Montavon et al. "
    "2019, sec. 10.2)"
)
EQ8 = "P_i = sum_j x_i w_ij+ / (sum_i x_i w_ij+) P_j (Zhang et al. 2016, eq. 8)"
EB = ("excitation_backprop",)
CAUSES = [
    Hypothesis(
        name="another rule of LRP",
        step="rules",
        says=SHARE,
        fix="call the rule by its own name; see that the first layer has its own",
        variants=others,
        methods=RELEVANCE,
    ),
    Hypothesis(
        name="another epsilon",
        step="rules",
        says=f"{SHARE}, and z a little further from zero",
        fix="state epsilon, and whether it grows with z",
        variants=stabilisers,
        methods=RELEVANCE,
        kind="convention",
    ),
    Hypothesis(
        name="the bias is left out of the denominator",
        step="rules",
        says=SHARE,
        fix="z is what the layer gives, its bias included",
        change=without_bias,
        methods=RELEVANCE,
        kind="convention",
    ),
    Hypothesis(
        name="one epsilon for both axes of an adaptive average",
        step="rules",
        says=f"{SHARE}, and z a little further from zero, along each axis",
        fix="state epsilon, and where it is added",
        variants=once_for_both,
        methods=RELEVANCE,
        kind="convention",
    ),
    Hypothesis(
        name="another gamma, alpha or beta",
        step="rules",
        says=SHARE,
        fix="state them, and in which layers",
        variants=strengths,
        methods=but(RELEVANCE, "lrp_epsilon"),
        kind="convention",
    ),
    Hypothesis(
        name="another range of pixels in the z-box",
        step="rules",
        says="x w - low w+ - high w- (Montavon et al. 2017, eq. 14)",
        fix="give the least and greatest value of a pixel, after preprocessing",
        variants=bounds,
        methods=("lrp_z_box",),
        kind="convention",
    ),
    Hypothesis(
        name="max-pools share relevance out",
        step="rules",
        says="a max-pool is its winner, who gets all",
        fix="pass by the switches",
        change=lambda q, v, old: old() | {MaxPool: pool_by_share},
        methods=RELEVANCE,
        kind="convention",
    ),
    Hypothesis(
        name="a sum or a mean passes the plain derivative",
        step="rules",
        says=f"{SHARE}, of sums and averages as well",
        fix="a module for every + and every mean, with a rule of its own",
        variants=underived,
        methods=RELEVANCE,
        kind="convention",
    ),
    Hypothesis(
        name="input times gradient instead of LRP",
        step="rules",
        says=f"{SHARE}: the rules did not fire, or epsilon is 0 and there is no bias",
        fix="check that every layer has its rule",
        change=fixed(BACKPROP),
        also={"start": one, "result": times_input},
        methods=RELEVANCE,
    ),
    Hypothesis(
        name="the gradient instead of relevance",
        step="rules",
        says=f"{SHARE}: the rules did not fire",
        fix="check that every layer has its rule",
        change=fixed(BACKPROP),
        also={"start": one},
        methods=RELEVANCE,
    ),
    Hypothesis(
        name="the gradient instead of excitation backprop",
        step="cam_rules",
        says=f"{EQ8}: the rules did not fire",
        fix="check that every layer has its rule",
        change=fixed(BACKPROP),
        methods=EB,
    ),
    Hypothesis(
        name="a sum or a mean passes the plain derivative, no probability",
        step="cam_rules",
        says=f"{EQ8}, of sums and averages as well",
        fix="a module for every + and every mean, with a rule of its own",
        variants=underived,
        methods=EB,
        kind="convention",
    ),
    Hypothesis(
        name="the contrastive map",
        step="cam_rules",
        says=f"{EQ8}; the contrast takes away who would excite the opposite (sec. 3.3)",
        fix="compare with contrast=True",
        change=contrast,
        also={"map": lambda q, v, old: np.maximum(v.signed, 0)},
        methods=EB,
        kind="convention",
    ),
    Hypothesis(
        name="negative weights take part",
        step="cam_rules",
        says=f"{EQ8}: only w+ excite",
        fix="clip the weights at 0",
        change=lambda q, v, old: {**old(), Conv: squared, Linear: squared},
        methods=EB,
    ),
    Hypothesis(
        name="the maximum over the maps instead of their sum",
        step="signed",
        says="the map is the sum over k of P^k (sec. 3)",
        fix="sum",
        change=lambda q, v, old: v.gradient.max(axis=-3),
        methods=EB,
    ),
]
