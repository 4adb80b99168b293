"""An operator that we lack, as one operation whose forward and backward pass are PyTorch's own."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch

import minicnn as m
from minicnn import GraphError
from weights.graphs.torch.trees import leaves, mapped
from weights.graphs.torch.untouched import surroundings

ACTIVATIONS = {
    "gelu", "elu", "celu", "selu", "mish", "softplus", "hardswish", "hardsigmoid", "prelu", "_prelu_kernel",
    "rrelu_with_noise", "log_sigmoid_forward", "glu", "softshrink", "hardshrink", "threshold", "erf", "clamp",
    "clamp_min", "clamp_max", "maximum", "logit",
}  # fmt: skip


class Signal:
    """In the arguments: the next input goes here."""


class Borrowed(m.Op):
    """y = func(*args, **kwargs), PyTorch's; where args say Signal, the inputs stand.  Its gradients are
    PyTorch's vjp.

    which: the number of the result, of those that func returns.  What PyTorch says has no derivative (whole
    numbers, comparisons) sends back zeros.
    """

    def __init__(self, func: Any, args: Any, kwargs: Any, which: Any) -> None:
        self.func, self.args, self.kwargs, self.which = func, args, kwargs, which

    def forward(self, *xs: Any) -> Any:
        self.xs = xs
        with surroundings():
            y = self._run([_tensor(x) for x in xs])
        self.y_ndim = y.ndim
        return _array(y, self._precision(xs))

    def gxs(self, gy: Any) -> Any:
        lead = gy.shape[: gy.ndim - self.y_ndim]
        rows = gy.reshape(-1, *gy.shape[len(lead) :])
        with surroundings(grad=True):
            xs = [_tensor(x, follow=True) for x in self.xs]
            y = self._run([x.clone() for x in xs])  # a copy each, as some operators change their input
            found = [self._vjp(y, xs, _tensor(row)) for row in rows]
        stacked = [np.stack([row[i] for row in found]) for i in range(len(xs))]
        return [g.reshape((*lead, *g.shape[1:])) for g in stacked]

    def _vjp(self, y, xs, gy):
        wanted = [x for x in xs if x.requires_grad]
        given = {}
        if y.requires_grad and wanted:
            try:
                got = torch.autograd.grad(y, wanted, gy.to(y.dtype), retain_graph=True, allow_unused=True)
            except RuntimeError as error:
                raise GraphError(
                    f"PyTorch has no derivative of its {type(self).__name__}: {error}"
                ) from error
            given = {id(x): g for x, g in zip(wanted, got) if g is not None}
        nothing = gy.numpy().dtype
        return [_plain(given[id(x)]) if id(x) in given else np.zeros(x.shape, nothing) for x in xs]

    def _run(self, xs):
        given, dtype = iter(xs), next((x.dtype for x in xs if x.is_floating_point()), torch.float64)
        args, kwargs = (
            mapped(lambda a: self._filled(a, given, dtype), _FILLED, t) for t in (self.args, self.kwargs)
        )
        result = self.func(*args, **kwargs)
        return list(leaves(result))[self.which]

    @staticmethod
    def _filled(a, given, dtype):
        if isinstance(a, Signal):
            return next(given)
        if isinstance(a, torch.dtype):  # recorded in float64
            return dtype if a == torch.float64 else a
        t = _tensor(a)
        return t.to(dtype) if t.is_floating_point() else t.clone()

    @staticmethod
    def _precision(xs):
        return next((x.dtype for x in xs if x.dtype.kind == "f"), None)


_FILLED = (Signal, np.ndarray, torch.dtype)


def borrowed(name: str, func: Any, args: Any, kwargs: Any, which: int) -> Any:
    """Apply PyTorch's operator; a Tensor among the arguments is a signal."""
    signals = [a for a in leaves((args, kwargs)) if isinstance(a, m.Tensor)]
    args, kwargs = (mapped(lambda a: Signal(), m.Tensor, tree) for tree in (args, kwargs))
    op = kind_of(name)(func, args, kwargs, which)
    return op(*signals) if signals else op.forward()


@cache
def kind_of(name: str) -> type[Borrowed]:
    """A kind of its own for each operator, so that rule tables and messages can name it."""
    return type(name, (Borrowed,), {"activation": name in ACTIVATIONS, "__doc__": Borrowed.__doc__})


def _tensor(x, follow=False):
    t = torch.from_numpy(np.array(x, order="C"))
    return t.requires_grad_() if follow and (t.is_floating_point() or t.is_complex()) else t


def _plain(t):
    return t.detach().resolve_conj().resolve_neg().numpy()


def _array(y, dtype):
    y = _plain(y)
    return y.astype(dtype, copy=False) if dtype is not None and y.dtype.kind == "f" else y
