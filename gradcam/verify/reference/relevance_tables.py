"""Relevance: LRP is a table of rules between the scores and the input, excitation backprop one between the
scores and a layer.
"""

from __future__ import annotations

from typing import Any

from gradcam.methods.excitation_backprop import EXCITATION
from gradcam.methods.lrp import LRP_ALPHA_BETA, LRP_EPSILON, LRP_GAMMA
from gradcam.methods.relevance import by_share, flat, z_box
from gradcam.verify.reference.pipeline import BACK, Pipeline, the_map, unclipped
from gradcam.verify.reference.tape import consumers
from minicnn import Mean, names

WHOLE = {"lrp_epsilon": LRP_EPSILON, "lrp_gamma": LRP_GAMMA, "lrp_alpha_beta": LRP_ALPHA_BETA}
FIRST = {"lrp_z_box": lambda q: z_box(*q.pixels), "lrp_flat": lambda q: flat()}  # above LRP-gamma


def rules_of(q: Any, v: Any, method: str | None = None) -> Any:
    """A method's table on this network; default: the question's own."""
    method = method or q.method
    return averaged(WHOLE[method] if method in WHOLE else with_first(q, v, LRP_GAMMA, FIRST[method](q)))


def averaged(table: Any, eps: float = 1e-6) -> Any:
    """The table on a model that writes a pooling as a mean: it hands relevance on by share, as every average
    does.
    """
    return {Mean: by_share(eps), **table}


def with_first(q: Any, v: Any, table: Any, rule: Any) -> Any:
    """The table, with another rule for the operations that the picture goes into."""
    known = {tensor: name for name, tensor in names(v.y).items()}
    return table | {known[t]: rule for t in consumers(v.y)[q.input_of(v.y)]}


def score_at_class(q: Any, v: Any) -> Any:
    """R = y_c at the class (Bach et al. 2015, sec. 2)"""
    y, signal = q.target.plain().begin(v.y)
    return y, signal * y.data


LRP = Pipeline(BACK, {"start": score_at_class, "rules": rules_of, "result": lambda q, v: v.signal})
PIPELINES = {
    **dict.fromkeys((*WHOLE, *FIRST), LRP),
    "excitation_backprop": Pipeline(
        ("start", "cam_rules", "A", "gradient", "signed", "map", "upsampled"),
        {
            "cam_rules": lambda q, v: averaged(EXCITATION, eps=0.0),
            "signed": lambda q, v: v.gradient.sum(axis=-3),
            "map": unclipped,
            "result": the_map,
        },
    ),
}
