"""DeepLIFT: differences from a baseline, handed back by a table of rules.

    C_i = m_i (x_i - x'_i)

    m_i = sum_j m_j dz_j/dx_i             of what is linear, and, the rescale rule,
    m_i = m_j (z - z') / (x_i - x'_i)     of an elementwise nonlinearity

x and x' pass through the network as one batch, x first: each rule sees both halves, and the signal m is the
same in both.  The contributions C add up to y_c(x) - y_c(x').
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.method import Method
from gradcam.target import Target
from minicnn import Op, RuleError, RuleTable, Tensor, backward, ops
from minicnn.replay import again

NEAR = 1e-10  # differences below this one are taken as none: the derivative stands in for their quotient


def rescale(op: Any, m: np.ndarray) -> np.ndarray:
    """m (z - z') / (x - x'), of elementwise nonlinearities (Shrikumar et al. 2017, sec. 3.5.2)"""
    dx, dz = (np.concatenate([d, d]) for d in _differences(op))
    far = abs(dx) >= NEAR
    return np.where(far, m * dz / np.where(far, dx, 1), op.gx(m))


def to_both_winners(op: Any, m: np.ndarray) -> np.ndarray:
    """Of a max-pool: what z rises above z' goes to the place where x wins, what it falls to where x' does,
    each over x - x' at that place.

    The paper has no rule for it; this one is Captum's, added up where windows overlap, so that contributions
    add up to m (z - z') there as well.
    """
    dx, _ = _differences(op)
    z, z_ = _halves(_values(op)[1])
    top = np.maximum(z, z_)
    back = sum(_halves(op.gx(m * np.concatenate([top - z_, z - top]))))
    far, plain = abs(dx) >= NEAR, _halves(op.gx(m))[0]
    found = np.where(far, back / np.where(far, dx, 1), plain)
    return np.concatenate([found, found])


def derivative(op: Any, m: np.ndarray) -> Any:
    """Of what is linear in its inputs."""
    if hasattr(op, "gxs"):
        return op.gxs(m)
    return (op.gx(m), op.gz(m)) if hasattr(op, "gz") else op.gx(m)


def by_means(op: Any, m: np.ndarray) -> Any:
    """Of a product: x z - x' z' = (x - x') (z + z') / 2 + (z - z') (x + x') / 2.

    It has no rule in the paper; this is the only one that is linear in both and treats them alike.
    """
    arrays = [_mean(i, len(m)) for i in op.inputs]
    twin = again(op)
    twin.forward(*arrays)
    ways = ("gA", "gB") if isinstance(op, ops.MatMul) else ("gx", "gz")
    return tuple(getattr(twin, way)(m) for way in ways)


def unknown(op: Op, m: np.ndarray) -> Any:
    """RuleError: the table says nothing of this kind of operation."""
    raise RuleError(f"DeepLIFT states no rule for {type(op).__name__}")


LINEAR = (
    ops.Add, ops.Along, ops.AvgPool, ops.BatchNorm, ops.Concat, ops.Conv, ops.ConvTranspose, ops.CumSum,
    ops.Dropout, ops.Expand, ops.GlobalAvgPool, ops.Linear, ops.Pad, ops.Reshape, ops.Slice, ops.Sub, ops.Sum,
    ops.Take, ops.Transpose,
)  # fmt: skip
ACTIVATIONS = (ops.Clip, ops.Formula, ops.LeakyReLU, ops.PReLU, ops.ReLU, ops.Sigmoid, ops.SiLU, ops.Tanh)
RESCALE = RuleTable(
    {
        **dict.fromkeys(LINEAR, derivative),
        **dict.fromkeys(ACTIVATIONS, rescale),
        **dict.fromkeys((ops.Mul, ops.MatMul), by_means),
        ops.MaxPool: to_both_winners,
        Op: unknown,
    },
    name="RESCALE",
)


def deep_lift(
    net: Any, x: Tensor | np.ndarray, c: Any, baseline: Any = 0.0, rules: Any = RESCALE
) -> np.ndarray:
    """DeepLIFT with the rescale rule (Shrikumar et al. 2017, sec. 3.5.2): what each value of x contributes to
    y_c(x) - y_c(x').

    net: maps a tensor (N, C, H, W) to scores (N, classes); x: input (N, C, H, W); c: class, or N of them ->
    (N, C, H, W).  baseline: x', after preprocessing: 0 is the mean colour; a number, or an array that
    broadcasts to x.  rules: another table, `RESCALE | {...}`.
    """
    x = x.data if isinstance(x, Tensor) else x
    reference = np.broadcast_to(np.asarray(baseline, x.dtype, like=x), x.shape)
    both = Tensor(np.concatenate([x, reference]), "x")
    y, m = Target.of(c).plain().repeated(2).begin(net(both))
    m = np.concatenate([m[: len(x)]] * 2)
    return backward(y, m, wrt=both, rules=rules)[: len(x)] * (x - reference)


def _values(op):
    """(x, z): the first input and the output, of both halves."""
    arrays = [i.data if isinstance(i, Tensor) else i for i in op.inputs]
    return arrays[0], again(op).forward(*arrays)


def _differences(op):
    """(x - x', z - z')"""
    return [first - second for first, second in map(_halves, _values(op))]


def _halves(v):
    return v[: len(v) // 2], v[len(v) // 2 :]


def _mean(i, both):
    """What stands in for a factor: the mean of its two halves; a constant stays as it is."""
    if not isinstance(i, Tensor) or not i.op or len(i.data) != both:
        return i.data if isinstance(i, Tensor) else i
    mean = sum(_halves(i.data)) / 2
    return np.concatenate([mean, mean])


METHOD = Method(
    "deep_lift", "DeepLIFT, rescale", "Shrikumar et al. 2017",
    "the difference from grey, handed back quotient by quotient",
    lambda it, **options: deep_lift(it.net, it.x, it.target, **options),
    cost="2 forward, 1 backward", spellings=("deeplift",), exact=False,
    equation="m x, m = 1 at y_c; derivatives times m elsewhere, m_x = m (z - z') / (x - x') at ReLUs, z' and "
             "x' those of an input of zeros, the derivative where |x - x'| < 1e-10; at max-pools m times "
             "(max(z, z') - z') at the place of max x, (z - max(z, z')) at that of max x', over x - x' there",
    zero="No value of the picture contributes to the difference from its baseline.",
)  # fmt: skip
