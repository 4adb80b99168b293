"""Layer-wise relevance propagation (Bach et al. 2015), written as tables of rules for `backward`: the signal is relevance R, no gradient.

Every rule is one equation (Montavon et al. 2019, sec. 10.2), told apart by which inputs and weights take part:

    R_i = sum_j  x_i w_ij / z_j  R_j,     z_j = sum_i x_i w_ij + b_j

    epsilon      x and W as they are, and z a little further from zero
    gamma        W + gamma W+: what speaks for a unit weighs more
    alpha_beta   alpha times by what is positive in x W, minus beta times by what is negative (alpha - beta = 1; Bach et al. 2015, eq. 60)
    z_box        pixels, which lie between `low` and `high`: x W - low W+ - high W-  (Montavon et al. 2017, eq. 14)
    flat         x = W = 1: relevance is spread evenly

A ReLU passes relevance as it is, a max-pool to the winner; sums and averages by share.  Batchnorm in use is linear and has a rule of its
own, by share as well: what an epsilon rule in front of it then does is what it does after folding (`minicnn.nets.fold`), but rules that
look at the sign of W want the folded network.  An operation of which a table says nothing is an error.

Lesson 19.
"""

import numpy as np

from gradcam.method import Method
from gradcam.target import Target
from minicnn import GraphError, Op, RuleError, RuleTable, Tensor, backward, history, names
from minicnn.ops import (
    Add,
    AvgPool,
    BatchNorm,
    Concat,
    Conv,
    Dropout,
    GlobalAvgPool,
    Linear,
    MaxPool,
    Pad,
    ReLU,
    Reshape,
    Slice,
    Transpose,
)
from minicnn.replay import again

TINY = 1e-6


def lrp(y, c, x, rules, first=None):
    """Relevance of every value of x for class c, beginning with R = y_c.

    y: scores (N, classes), c: class, x: input (N, C, H, W), or feature maps on the way -> x's shape.  rules: a table as `table` makes it;
    first: another rule for the operation, or operations, that x goes into, as z_box and flat are meant to be.
    """
    y, gy = Target.of(c).plain().begin(y)
    R = gy * y.data
    if first is not None:
        rules = rules | dict.fromkeys(_into(y, x), first)
    return backward(y, R, wrt=x, rules=rules)


def table(conv, linear=None, elsewhere=None, name=None):
    """The rules of a whole network: `conv` for convolutions, `linear` for linear layers (default: the same), shares everywhere else."""
    return RuleTable({**(elsewhere or shares()), Conv: conv, Linear: linear or conv}, name)


# --- rules for convolutions and linear layers


def epsilon(eps=TINY, rms=0.0):
    """z + sign(z) (eps + rms * the root mean square of z): weak and contradictory evidence is absorbed."""
    return lambda op, R: share(op, R, [_inputs(op)], eps, rms)


def gamma(gamma=0.25, eps=TINY):
    """Where z > 0, W + gamma W+; where z < 0, W + gamma W-; for x < 0 the other way round (Andéol et al. 2021, for both signs)."""

    def rule(op, R):
        x, W, b = _inputs(op)
        z = again(op).forward(x, W, b)
        up, down = W + gamma * pos(W), W + gamma * neg(W)
        b_up, b_down = (None, None) if b is None else (b + gamma * pos(b), b + gamma * neg(b))
        above, below = (
            [(pos(x), up, b_up), (neg(x), down, None)],
            [(pos(x), down, b_down), (neg(x), up, None)],
        )
        return share(op, R * (z > 0), above, eps) + share(op, R * (z < 0), below, eps)

    return rule


def alpha_beta(alpha=2.0, beta=1.0, eps=TINY):
    if not np.isclose(alpha - beta, 1):
        raise GraphError(f"alpha - beta must be 1, or relevance is not conserved; {alpha} - {beta} is not")

    def rule(op, R):
        x, W, b = _inputs(op)
        positive = [(pos(x), pos(W), pos(b)), (neg(x), neg(W), None)]
        negative = [(pos(x), neg(W), neg(b)), (neg(x), pos(W), None)]
        return alpha * share(op, R, positive, eps) - (beta * share(op, R, negative, eps) if beta else 0)

    return rule


def z_box(low, high, eps=TINY):
    """low, high: the least and the greatest value that a pixel can have, after preprocessing; they broadcast to x."""

    def rule(op, R):
        x, W, _ = _inputs(op)
        low_, high_ = (np.zeros_like(x) + np.asarray(v, x.dtype, like=x) for v in (low, high))
        return share(op, R, [(x, W, None), (-low_, pos(W), None), (-high_, neg(W), None)], eps)

    return rule


def flat(eps=TINY):
    return lambda op, R: share(op, R, [tuple(np.ones_like(v) for v in _inputs(op)[:2])], eps)


def share(op, R, terms, eps=TINY, rms=0.0):
    """The equation: sum over terms of x * W^T (R / z), z = sum over terms of W x + b.  terms: [(x, W, b)]"""
    twins = [_with_other_weights(op) for _ in terms]
    z = sum(twin.forward(*term) for twin, term in zip(twins, terms))
    s = R / stabilised(z, eps, rms)
    return sum(x * twin.gx(s) for twin, (x, *_) in zip(twins, terms))


def stabilised(z, eps=TINY, rms=0.0):
    """z + sign(z) (eps + rms * root mean square of each picture's z), sign(0) = 1; what would still be 0 is infinite: R is lost there."""
    if rms:
        eps = eps + rms * np.sqrt((z * z).mean(axis=tuple(range(1, z.ndim)), keepdims=True))
    z = z + np.where(z < 0, -1, 1).astype(z.dtype) * eps
    return np.where(z == 0, np.inf, z).astype(z.dtype)


# --- rules for everything else


def as_it_is(op, R):
    return R


def to_the_winner(op, R):
    """Where the derivative already says who gets what: pooling by switches, cutting, joining, reshaping."""
    return op.gxs(R) if hasattr(op, "gxs") else op.gx(R)


def by_share(eps=TINY):
    """R_i = x_i w_ij / z_j R_j of averages and of batchnorm in use."""

    def rule(op, R):
        twin, (x, *rest) = again(op), [_array(i) for i in op.inputs]
        return x * twin.gx(R / stabilised(twin.forward(x, *rest), eps))

    return rule


def by_summand(eps=TINY):
    """R x / (x + z) and R z / (x + z)"""

    def rule(op, R):
        twin, (x, z) = again(op), [_array(i) for i in op.inputs]
        s = R / stabilised(twin.forward(x, z), eps)
        return x * twin.gx(s), z * twin.gz(s)

    return rule


def unknown(op, R):
    raise RuleError(
        f"no rule says how relevance passes through {type(op).__name__}: give the table one, {{{type(op).__name__}: rule}}"
    )


def shares(eps=TINY):
    """The rules for everything but convolutions and linear layers."""
    return {
        **dict.fromkeys((ReLU, Dropout), as_it_is),
        **dict.fromkeys((MaxPool, Concat, Reshape, Slice, Pad, Transpose), to_the_winner),
        **dict.fromkeys((AvgPool, GlobalAvgPool, BatchNorm), by_share(eps)),
        Add: by_summand(eps),
        Op: unknown,
    }


LRP_EPSILON = table(epsilon(rms=0.25), name="LRP_EPSILON")  # Montavon et al. 2019, sec. 10.3
LRP_GAMMA = table(gamma(), linear=epsilon(), name="LRP_GAMMA")
LRP_ALPHA_BETA = table(alpha_beta(), name="LRP_ALPHA_BETA")


def pos(v):
    return None if v is None else np.maximum(v, 0)


def neg(v):
    return None if v is None else np.minimum(v, 0)


def _array(i):
    return i.data if isinstance(i, Tensor) else i


def _inputs(op):
    """x, W, b of a convolution or a linear layer; b may be None."""
    x, W, *b = (_array(i) for i in op.inputs)
    return x, W, b[0] if b else None


def _with_other_weights(op):
    """An operation of the same kind, which leaves alone what the layer keeps of its own weights."""
    twin = again(op)
    if hasattr(twin, "kept"):
        twin.kept = None
    return twin


def _into(y, x):
    """The names of the outputs of the operations that x goes into."""
    known = {tensor: name for name, tensor in names(y).items()}
    found = [known.get(t) for t in history(y) if t.op and any(i is x for i in t.op.inputs)]
    if not found or None in found:
        raise GraphError(
            "the operations behind the input must have names of their own to get a rule of their own"
        )
    return found


_SHARE = "R_i = sum_j x_i w_ij / z_j R_j, z_j = sum_i x_i w_ij + b_j, z further from 0 by"
_POOLS = "means by share, z further from 0 by 1e-6; sums likewise; max-pools to the winner; ReLUs pass R as it is; R begins with y_c"


def _method(name, title, paper, question, equation, rules, first=lambda context: None, **said):
    def compute(context):
        return lrp(context.y, context.target, context.x, rules, first=first(context))

    return Method(name, title, paper, question, compute, equation, exact=False, **said)


METHODS = (
    _method("lrp_epsilon", "LRP, epsilon", "Bach et al. 2015", "the score handed down by share; weak evidence is absorbed",
            f"{_SHARE} sign(z) (1e-6 + 0.25 sqrt(mean z^2)), the mean over a layer; {_POOLS}", LRP_EPSILON, spellings=("lrp",)),
    _method("lrp_gamma", "LRP, gamma", "Montavon et al. 2019", "the same; what speaks for a unit weighs more",
            f"{_SHARE} sign(z) 1e-6; in convolutions w + w+ / 4 and b + b+ / 4 where z > 0, w + w- / 4 and b + b- / 4 where z < 0, "
            f"and w the other way round for x < 0; {_POOLS}", LRP_GAMMA),
    _method("lrp_alpha_beta", "LRP, alpha-beta", "Bach et al. 2015", "twice what speaks for a unit, minus what speaks against",
            f"{_SHARE} sign(z) 1e-6; twice for what is positive in x w and b, minus once for what is negative; {_POOLS}", LRP_ALPHA_BETA),
    _method("lrp_z_box", "LRP, z-box", "Montavon et al. 2017", "lrp_gamma; pixels lie between black and white",
            "lrp_gamma; in the first convolution x w - low w+ - high w- in place of x w, no b; low, high: of each channel of x", LRP_GAMMA,
            lambda context: z_box(*context.pixels)),
    _method("lrp_flat", "LRP, flat", "Lapuschkin et al. 2019", "lrp_gamma; evenly over the pixels that a first filter sees",
            "lrp_gamma; in the first convolution 1 in place of x w, no b", LRP_GAMMA, lambda context: flat()),
)  # fmt: skip
