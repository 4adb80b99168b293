"""Relevance: LRP is a table of rules on the way back to the input, excitation backprop one on the way to a layer."""

from gradcam.methods.excitation_backprop import EXCITATION
from gradcam.methods.lrp import LRP_ALPHA_BETA, LRP_EPSILON, LRP_GAMMA, by_share, flat, z_box
from gradcam.verify.reference.tape import consumers
from minicnn import Mean, names

WHOLE = {"lrp_epsilon": LRP_EPSILON, "lrp_gamma": LRP_GAMMA, "lrp_alpha_beta": LRP_ALPHA_BETA}
FIRST = {"lrp_z_box": lambda q: z_box(*q.pixels), "lrp_flat": lambda q: flat()}  # above LRP-gamma
METHODS = (*WHOLE, *FIRST)


def rules(q, v, method=None):
    """A method's table on this network."""
    method = method or q.method
    return averaged(WHOLE[method] if method in WHOLE else with_first(q, v, LRP_GAMMA, FIRST[method](q)))


def averaged(table, eps=1e-6):
    """The table on a model that writes a pooling as a mean: it hands relevance on by share, as every average does."""
    return {Mean: by_share(eps), **table}


def with_first(q, v, table, rule):
    """The table, with another rule for the operations that the picture goes into."""
    known = {tensor: name for name, tensor in names(v.y).items()}
    return table | {known[t]: rule for t in consumers(v.y)[q.input_of(v.y)]}


STEPS = {
    **{method: {"rules": rules} for method in METHODS},
    "excitation_backprop": {
        "cam_rules": lambda q, v: averaged(EXCITATION, eps=0.0),
        "signed": lambda q, v: v.gradient.sum(axis=-3),
    },
}
