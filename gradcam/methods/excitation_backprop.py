from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import Method
from gradcam.methods.relevance import neg, pos, share, shares, table
from gradcam.target import Target
from minicnn import Conv, GraphError, Linear, Tensor, backward, history, names


def excite(op: Any, P: np.ndarray) -> np.ndarray:
    """P_i = sum_j  x_i w_ij+ / (sum_i x_i w_ij+)  P_j: who excited the winner?  (Zhang et al. 2016, eq. 8;
    x >= 0, no bias.)
    """
    x, W = (i.data for i in op.inputs[:2])
    return share(op, P, [(pos(x), pos(W), None)], eps=0.0)


def excite_and_contrast(op: Any, P: np.ndarray) -> np.ndarray:
    """The same, minus who would excite a unit with the opposite weights (sec. 3.3)."""
    x, W = (i.data for i in op.inputs[:2])
    return excite(op, P) - share(op, P, [(pos(x), -neg(W), None)], eps=0.0)


EXCITATION = table(excite, elsewhere=shares(eps=0.0), name="EXCITATION")


def excitation_backprop(
    y: Tensor, c: Any, A: Tensor, contrast: bool = False, rules: Any = EXCITATION
) -> np.ndarray:
    """Excitation backprop (Zhang et al. 2016, sec. 3): how probably a winner, chosen unit by unit from c
    downwards, stands at a place.

    y: scores (N, classes), c: class, A: feature maps (N, K, h, w) -> (N, h, w), the sum over the maps; it
    adds up to 1 where every unit in between was excited by something.  contrast=True: the contrastive map
    (sec. 3.3), which begins at the last weights, without what is negative.
    """
    y, P = Target.of(c).plain().begin(y)
    if contrast:
        rules = rules | {_last_weights(y): excite_and_contrast}
    found = backward(y, P, wrt=A, rules=rules).sum(axis=1)
    return np.maximum(found, 0) if contrast else found


def _last_weights(y):
    """The name of the last layer with weights, that leads to y."""
    known = {tensor: name for name, tensor in names(y).items()}
    name = next((known.get(t) for t in reversed(history(y)) if isinstance(t.op, (Conv, Linear))), None)
    if name is None:
        raise GraphError(
            "the contrast begins at the last layer with weights, and that has no name of its own"
        )
    return name


METHOD = Method(
    "excitation_backprop", "Excitation backprop", "Zhang et al. 2016",
    "where winners stand, chosen from the class downwards",
    lambda context, **options: excitation_backprop(context.y, context.target, context.A, **options),
    at_layer=True, relu=False, exact=False,
    equation="sum_k P^k, P_i = sum_j x_i w_ij+ / (sum_i x_i w_ij+) P_j, x clipped at 0, no b; "
             "sums and means by share; P = 1 at c",
    drawn="overlay", zero="No unit from the class down to {layer} was excited by another.",
    peers={"zennit": "ExcitationBackprop"},
)  # fmt: skip
