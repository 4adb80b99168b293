from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.interpolation import upsample
from gradcam.method import Method
from gradcam.target import begin
from minicnn import BatchNorm, Conv, GraphError, Linear, Tensor, backward, history
from minicnn.ops import ConvTranspose, Mul

EACH = ("layer", "map")


def full_grad(
    y: Tensor,
    c: Any,
    x: Tensor,
    start: str = "score",
    rescale: str = "layer",
    upsampling: str = "half_pixel",
    eps: float = 0.0,
) -> np.ndarray:
    """FullGrad (Srinivas & Fleuret 2019, sec. 4):  psi(x dy_c/dx) + sum_l sum_k psi(f_lk), where f_l are the
    bias gradients of layer l, and psi(v) = Up s(|v|), s(v) = (v - min v) / (max v - min v).

    y: scores (N, classes), c: class, x: input (N, C, H, W) -> (N, H, W), >= 0.  rescale: whether s looks at
    all maps of a "layer" at once, as the authors' code, or at each "map" alone, as pytorch-grad-cam; layers
    without rows and columns are left out, as there.  upsampling: "corner_aligned" in the authors' code; eps:
    what libraries add to the denominator of s.
    """
    if rescale not in EACH:
        raise GraphError(f"rescale is one of {', '.join(EACH)}, not '{rescale}'")
    at_input, at_biases = full_gradient(y, c, x, start)
    return together([at_input, *at_biases], rescale, upsampling, eps)


def together(
    parts: list[np.ndarray], rescale: str = "layer", upsampling: str = "half_pixel", eps: float = 0.0
) -> np.ndarray:
    """psi of each part that has rows and columns, added up -> (N, H, W).  parts: as `full_gradient`, the
    input's first; options: of `full_grad`.
    """
    x = parts[0]
    axes, total = tuple(range(2 if rescale == "map" else 1, x.ndim)), 0
    for part in (f for f in parts if f.ndim == x.ndim):
        size = abs(part)
        low = size.min(axis=axes, keepdims=True)
        wide = size.max(axis=axes, keepdims=True) - low + eps
        psi = upsample((size - low) / np.where(wide > 0, wide, 1), x.shape[2:], upsampling)
        total = total + psi.sum(axis=1)
    return total


def full_gradient(y: Tensor, c: Any, x: Tensor, start: str = "score") -> tuple[np.ndarray, list[np.ndarray]]:
    """(x dy_c/dx, [b_l dy_c/dz_l of each layer l with a bias]), z_l its output: they add up to y_c (sec. 3,
    proposition 1), in networks of these layers, of ReLUs and their like, of pooling and of sums.

    An elementwise nonlinearity z = f(x) has the implicit bias f(x) - x f'(x) (sec. 3.2), 0 for a ReLU; so a
    product z = u v of two signals has -z.
    """
    y, gy = begin(y, c, start)
    biased = biases(y)
    g, *gs = backward(y, gy, wrt=[x, *(z for z, _ in biased)])
    return x.data * g, [b * gz for (_, b), gz in zip(biased, gs)]


def biases(y: Tensor) -> list[tuple[Tensor, np.ndarray]]:
    """(z_l, b_l): the outputs of y's history that have a bias, and the bias, broadcasting to it."""
    return [(z, b) for z in history(y) if z.op and (b := _bias(z)) is not None]


def _bias(z):
    """What z would be if its operation were linear and its input 0, broadcasting to z; None if nothing."""
    op, (x, *rest) = z.op, [i.data if isinstance(i, Tensor) else i for i in z.op.inputs]
    if isinstance(op, (Conv, ConvTranspose, Linear)):
        bias = rest[1] if len(rest) > 1 else None
    elif isinstance(op, BatchNorm):
        gamma, beta, mean, var = rest
        bias = beta - gamma * mean / np.sqrt(var + op.eps)
    elif op.activation:
        implicit = z.data - op.gx(x)
        return implicit if np.any(implicit) else None
    elif isinstance(op, Mul) and all(isinstance(i, Tensor) and i.op for i in op.inputs):
        return -z.data
    else:
        return None
    return None if bias is None else bias.reshape(-1, *[1] * (z.ndim - 2))


METHOD = Method(
    "full_grad", "FullGrad", "Srinivas & Fleuret 2019",
    "gradients of the input and of every bias, each times its value",
    lambda it, **options: full_grad(it.y, it.target, it.x, **options), spellings=("fullgrad",),
    equation="psi(x dy_c/dx) + sum over layers l and maps k of psi(b_lk dy_c/dz_lk), z_l = w x + b_l; "
             "psi(v) = Up s(|v|), s(v) = (v - min v) / (max v - min v) over a layer, Up bilinear with "
             "half-pixel centres; layers without rows and columns left out",
    exact=False, drawn="heat", upsamples=True, zero="No derivative of this score reaches a pixel or a bias.",
)  # fmt: skip
