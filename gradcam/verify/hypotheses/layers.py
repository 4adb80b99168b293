"""Grad-CAM's layer: another one, or its activation from one side of a ReLU and its gradient from the other."""

import numpy as np

from gradcam.verify.hypotheses.hypothesis import CAMS, GRADED, Hypothesis
from gradcam.verify.reference.tape import consumers
from minicnn import ReLU, backward, find, history, names

NEIGHBOURS = 3


def relu_after(q, y):
    """The ReLU that takes the layer's output, or None."""
    A = find(y, q.layer)
    return next((t for t in consumers(y).get(A, ()) if isinstance(t.op, ReLU)), None)


def _back_to(q, v, t):
    source, gy = v.start
    return backward(source, gy, wrt=t, rules=v.cam_rules, allow=q.allow(v))


def mixed_activation(q, y):
    """The in-place ReLU has changed the stored activation; the gradient is the convolution's."""
    return {"": lambda q, v, old: relu_after(q, v.y).data} if relu_after(q, y) else {}


def mixed_gradient(q, y):
    return {"": lambda q, v, old: _back_to(q, v, relu_after(q, v.y))} if relu_after(q, y) else {}


def before_relu(q, y):
    """The layer is a ReLU: the activation is taken before it, the gradient after it."""
    A = find(y, q.layer)
    return {"": lambda q, v, old: v.A.op.inputs[0].data} if isinstance(A.op, ReLU) else {}


def neighbours(q, y):
    """The named feature maps next to the layer on the tape, before and after."""
    known = {t: n for n, t in names(y).items() if t is not None}
    maps = [t for t in history(y) if t in known and t.op and t.ndim == 4]
    at = maps.index(find(y, q.layer))
    near = maps[max(at - NEIGHBOURS, 0) : at] + maps[at + 1 : at + 1 + NEIGHBOURS]
    return {f"{known[t]}": lambda q, v, old, n=known[t]: find(v.y, n) for t in near}


def guided_gate(q, v, old):
    g = old()
    return g * (v.activation > 0) * (g > 0)


EQ1 = "A^k and dy_c/dA^k are of one tensor (eq. 1)"
CLONE = "clone the activation in the hook, or make the ReLU not in-place"
TABLE = [
    Hypothesis("in-place ReLU: activation after it, gradient before it", "activation", EQ1, CLONE, ways=mixed_activation, methods=CAMS),
    Hypothesis("in-place ReLU: activation before it, gradient after it", "gradient", EQ1, CLONE, ways=mixed_gradient, methods=GRADED),
    Hypothesis("activation from before the ReLU, gradient from after it", "activation", EQ1, CLONE, ways=before_relu, methods=CAMS),
    Hypothesis("another layer (off by one, or after an in-place ReLU)", "A", EQ1,
               "compare the shape and the values of the activation first",
               ways=neighbours, methods=CAMS),
    Hypothesis("gradient gated as in guided backprop", "gradient", "alpha is the mean of the whole gradient (eq. 1)",
               "switch off use_guided_grads", guided_gate, methods=GRADED),
    Hypothesis("ReLU on the gradient before its mean", "gradient", "alpha is the mean of the whole gradient (eq. 1)",
               "clip the map, nothing before it",
               lambda q, v, old: np.maximum(old(), 0), methods=GRADED),
    Hypothesis("absolute value of the gradient before its mean", "gradient", "alpha is signed (eq. 1)", "leave out abs",
               lambda q, v, old: abs(old()), methods=GRADED),
]  # fmt: skip
