"""Rules for the backward pass whose signal is relevance R, not a gradient (Bach et al. 2015; Montavon et al.
2019, sec. 10.2).

    R_i = sum_j  x_i w_ij / z_j  R_j,     z_j = sum_i x_i w_ij + b_j

Every rule is this equation; they differ in which inputs and weights take part:

    epsilon      x and W as they are, and z a little further from zero
    gamma        W + gamma W+: what speaks for a unit weighs more
    alpha_beta   alpha times by what is positive in x W, minus beta times by what is negative
    z_box        pixels, which lie between `low` and `high`: x W - low W+ - high W-
    flat         x = W = 1: relevance is spread evenly

A ReLU passes relevance as it is, a max-pool to the winner; sums and averages by share.  Batchnorm in eval
mode is linear and has a rule of its own, by share as well: an epsilon rule in front of it then does what it
does after folding (`minicnn.nets.fold`), but rules that look at the sign of W want the folded network.  An
operation of which a table says nothing is an error.

Lesson 19.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minicnn import GraphError, Op, RuleError, RuleTable, Tensor
from minicnn.ops import (
    Add,
    Along,
    AvgPool,
    BatchNorm,
    Concat,
    Conv,
    ConvTranspose,
    CumSum,
    Dropout,
    Expand,
    GlobalAvgPool,
    Linear,
    LpPool,
    Maximum,
    MaxOver,
    MaxPool,
    Pad,
    ReLU,
    Reshape,
    Slice,
    Sub,
    Sum,
    Take,
    TopK,
    Transpose,
    Where,
)
from minicnn.replay import again

Rule = Callable[[Any, np.ndarray], Any]  # (operation, R at its output) -> R at its input
TINY = 1e-6


def table(
    conv: Rule,
    linear: Rule | None = None,
    elsewhere: Mapping[Any, Rule] | None = None,
    name: str | None = None,
) -> RuleTable:
    """The rules of a whole network: `conv` for convolutions, `linear` for linear layers (default: the same).

    elsewhere: for all other operations; default: `shares`.
    """
    return RuleTable({**(elsewhere or shares()), Conv: conv, Linear: linear or conv}, name=name)


# --- convolutions and linear layers


def epsilon(eps: float = TINY, rms: float = 0.0) -> Rule:
    """z + sign(z) (eps + rms * the root mean square of z): weak and contradictory evidence is absorbed."""
    return lambda op, R: share(op, R, [_inputs(op)], eps, rms)


def gamma(gamma: float = 0.25, eps: float = TINY) -> Rule:
    """Where z > 0, W + gamma W+; where z < 0, W + gamma W-;
    for x < 0 the other way round (Andéol et al. 2021).
    """

    def rule(op, R):
        x, W, b = _inputs(op)
        z = again(op).forward(x, W, b)
        up, down = W + gamma * pos(W), W + gamma * neg(W)
        b_up, b_down = (None, None) if b is None else (b + gamma * pos(b), b + gamma * neg(b))
        above = [(pos(x), up, b_up), (neg(x), down, None)]
        below = [(pos(x), down, b_down), (neg(x), up, None)]
        return share(op, R * (z > 0), above, eps) + share(op, R * (z < 0), below, eps)

    return rule


def alpha_beta(alpha: float = 2.0, beta: float = 1.0, eps: float = TINY) -> Rule:
    """alpha times by what is positive, minus beta times by what is negative;
    alpha - beta = 1 (Bach et al. 2015, eq. 60).
    """
    if not np.isclose(alpha - beta, 1):
        raise GraphError(f"alpha - beta must be 1, or relevance is not conserved; {alpha} - {beta} is not")

    def rule(op, R):
        x, W, b = _inputs(op)
        positive = [(pos(x), pos(W), pos(b)), (neg(x), neg(W), None)]
        negative = [(pos(x), neg(W), neg(b)), (neg(x), pos(W), None)]
        return alpha * share(op, R, positive, eps) - (beta * share(op, R, negative, eps) if beta else 0)

    return rule


def z_box(low: Any, high: Any, eps: float = TINY) -> Rule:
    """x W - low W+ - high W-, for pixels (Montavon et al. 2017, eq. 14).

    low, high: the least and the greatest value of a pixel, after preprocessing; they broadcast to x.
    """

    def rule(op, R):
        x, W, _ = _inputs(op)
        low_, high_ = (np.zeros_like(x) + np.asarray(v, x.dtype, like=x) for v in (low, high))
        return share(op, R, [(x, W, None), (-low_, pos(W), None), (-high_, neg(W), None)], eps)

    return rule


def flat(eps: float = TINY) -> Rule:
    """x = W = 1: every input of a unit gets the same (Lapuschkin et al. 2019)."""

    def rule(op, R):
        x, W, _ = _inputs(op)
        return share(op, R, [(np.ones_like(x), np.ones_like(W), None)], eps)

    return rule


def share(
    op: Op, R: np.ndarray, terms: list[tuple[Any, ...]], eps: float = TINY, rms: float = 0.0
) -> np.ndarray:
    """The equation: sum over terms of x * W^T (R / z), z = sum over terms of W x + b.  terms: [(x, W, b)]

    What is 0 everywhere costs nothing: no R, or a term without x, such as neg(x) behind a ReLU.
    """
    if not R.any():
        return np.zeros_like(terms[0][0])
    terms = [(x, W, b) for x, W, b in terms if x.any() or b is not None] or terms[:1]
    twins = [_with_other_weights(op) for _ in terms]
    z = sum(twin.forward(*term) for twin, term in zip(twins, terms))
    s = R / stabilised(z, eps, rms)
    return sum(x * twin.gx(s) for twin, (x, *_) in zip(twins, terms))


def stabilised(z: np.ndarray, eps: float = TINY, rms: float = 0.0) -> np.ndarray:
    """z + sign(z) (eps + rms * root mean square of each picture's z), sign(0) = 1.

    What would still be 0 is infinite: R is lost there.
    """
    if rms:
        eps = eps + rms * np.sqrt((z * z).mean(axis=tuple(range(1, z.ndim)), keepdims=True))
    z = z + np.where(z < 0, -1, 1).astype(z.dtype) * eps
    return np.where(z == 0, np.inf, z).astype(z.dtype)


# --- everything else


def as_it_is(op: Op, R: np.ndarray) -> np.ndarray:
    """R_i = R_i: of ReLUs and dropout in eval mode."""
    return R


def to_the_winner(op: Any, R: np.ndarray) -> Any:
    """Where the derivative already says who gets what: pooling by switches, cutting, joining, reshaping."""
    return op.gxs(R) if hasattr(op, "gxs") else op.gx(R)


def to_the_winner_of_two(op: Any, R: np.ndarray) -> Any:
    """Where each value of y is that of one of two inputs."""
    return op.gx(R), op.gz(R)


def by_share(eps: float = TINY) -> Rule:
    """R_i = x_i w_ij / z_j R_j of averages, sums, resizes and of batchnorm in eval mode."""

    def rule(op, R):
        twin, (x, *rest) = again(op), [_array(i) for i in op.inputs]
        return x * twin.gx(R / stabilised(twin.forward(x, *rest), eps))

    return rule


def by_summand(eps: float = TINY) -> Rule:
    """R x / (x + z) and R z / (x + z); of a difference, R x / (x - z) and -R z / (x - z)"""

    def rule(op, R):
        twin, (x, z) = again(op), [_array(i) for i in op.inputs]
        s = R / stabilised(twin.forward(x, z), eps)
        return x * twin.gx(s), z * twin.gz(s)

    return rule


def unknown(op: Op, R: np.ndarray) -> Any:
    """RuleError: the table says nothing of this kind of operation."""
    kind = type(op).__name__
    raise RuleError(f"no rule says how relevance passes through {kind}; give the table one for {kind}")


def shares(eps: float = TINY) -> dict[Any, Rule]:
    """The rules for everything but convolutions and linear layers."""
    return {
        **dict.fromkeys((ReLU, Dropout), as_it_is),
        **dict.fromkeys((MaxPool, Concat, Reshape, Slice, Pad, Transpose), to_the_winner),
        **dict.fromkeys((Take, Expand, TopK, MaxOver), to_the_winner),
        **dict.fromkeys((Maximum, Where), to_the_winner_of_two),
        **dict.fromkeys(
            (AvgPool, GlobalAvgPool, BatchNorm, Along, CumSum, Sum, ConvTranspose), by_share(eps)
        ),
        **dict.fromkeys((Add, Sub), by_summand(eps)),
        **dict.fromkeys((LpPool, Op), unknown),
    }


def pos(v: np.ndarray | None) -> np.ndarray | None:
    """max(v, 0); None stays None, as a bias that is not there."""
    return None if v is None else np.maximum(v, 0)


def neg(v: np.ndarray | None) -> np.ndarray | None:
    """min(v, 0); None stays None."""
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
