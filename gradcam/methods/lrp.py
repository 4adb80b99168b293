"""Layer-wise relevance propagation (Bach et al. 2015): the score, handed back operation by operation as
relevance.

Its rules, an equation each, are those of `gradcam.methods.relevance`; a method is a table of them.

Lesson 19.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcam.method import Method
from gradcam.methods.relevance import Rule, alpha_beta, epsilon, flat, gamma, table, z_box
from gradcam.target import Target
from minicnn import GraphError, Tensor, backward, history, names

LRP_EPSILON = table(epsilon(rms=0.25), name="LRP_EPSILON")  # Montavon et al. 2019, sec. 10.3
LRP_GAMMA = table(gamma(), linear=epsilon(), name="LRP_GAMMA")
LRP_ALPHA_BETA = table(alpha_beta(), name="LRP_ALPHA_BETA")


def lrp(y: Tensor, c: Any, x: Tensor, rules: Mapping[Any, Rule], first: Rule | None = None) -> np.ndarray:
    """Relevance of every value of x for class c, beginning with R = y_c.

    y: scores (N, classes), c: class, x: input (N, C, H, W), or feature maps -> x's shape.  rules: a table
    such as LRP_EPSILON, see `gradcam.methods.relevance.table`; first: another rule for the operations that x
    goes into, z_box or flat say.
    """
    y, gy = Target.of(c).plain().begin(y)
    R = gy * y.data
    if first is not None:
        rules = rules | dict.fromkeys(_into(y, x), first)
    return backward(y, R, wrt=x, rules=rules)


def _into(y, x):
    """The names of the outputs of the operations that x goes into."""
    known = {tensor: name for name, tensor in names(y).items()}
    found = [known.get(t) for t in history(y) if t.op and any(i is x for i in t.op.inputs)]
    if not found or None in found:
        raise GraphError(
            "the operations that take the input need names of their own to get a rule of their own"
        )
    return found


_SHARE = "R_i = sum_j x_i w_ij / z_j R_j, z_j = sum_i x_i w_ij + b_j, z further from 0 by"
_POOLS = (
    "means by share, z further from 0 by 1e-6; sums likewise; max-pools to the winner; "
    "ReLUs pass R as it is; R begins with y_c"
)


def _method(name, title, paper, question, equation, rules, first=lambda context: None, **more):
    def compute(context):
        return lrp(context.y, context.target, context.x, rules, first=first(context))

    return Method(name, title, paper, question, compute, equation, exact=False, **more)


METHODS = (
    _method(
        "lrp_epsilon", "LRP, epsilon", "Bach et al. 2015",
        "the score handed down by share; weak evidence is absorbed",
        f"{_SHARE} sign(z) (1e-6 + 0.25 sqrt(mean z^2)), the mean over a layer; {_POOLS}",
        LRP_EPSILON, peers={"zennit": "Epsilon"},
    ),
    _method(
        "lrp_gamma", "LRP, gamma", "Montavon et al. 2019", "the same; what speaks for a unit weighs more",
        f"{_SHARE} sign(z) 1e-6; in convolutions w + w+ / 4 and b + b+ / 4 where z > 0, "
        f"w + w- / 4 and b + b- / 4 where z < 0, and w the other way round for x < 0; {_POOLS}",
        LRP_GAMMA, peers={"zennit": "Gamma"},
    ),
    _method(
        "lrp_alpha_beta", "LRP, alpha-beta", "Bach et al. 2015",
        "twice what speaks for a unit, minus what speaks against",
        f"{_SHARE} sign(z) 1e-6; twice for what is positive in x w and b, "
        f"minus once for what is negative; {_POOLS}",
        LRP_ALPHA_BETA, peers={"zennit": "AlphaBeta"},
    ),
    _method(
        "lrp_z_box", "LRP, z-box", "Montavon et al. 2017", "lrp_gamma; pixels lie between black and white",
        "lrp_gamma; in the first convolution x w - low w+ - high w- in place of x w, no b; "
        "low, high: of each channel of x",
        LRP_GAMMA, lambda context: z_box(*context.pixels), peers={"zennit": "ZBox"},
    ),
    _method(
        "lrp_flat", "LRP, flat", "Lapuschkin et al. 2019",
        "lrp_gamma; evenly over the pixels that a first filter sees",
        "lrp_gamma; in the first convolution 1 in place of x w, no b",
        LRP_GAMMA, lambda context: flat(), peers={"zennit": "Flat"},
    ),
)  # fmt: skip
