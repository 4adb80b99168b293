"""Recurrent layers, step by step, made of the operations that everything is made of.

Weights as ONNX lays them out: W (directions, gates H, D), R (directions, gates H, H), B (directions, 2 gates
H), both biases one behind the other.  Gates: i, o, f, c of an LSTM, z, r, h of a GRU.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minicnn import Add, Clip, MatMul, Mul, Slice, Sub, Transpose, Where
from weights.errors import WeightsError
from weights.graphs.operators import activations as a
from weights.graphs.operators.operator import Operator
from weights.graphs.operators.shapes import cut, stack
from weights.graphs.operators.values import Value, ints, number

ACTIVATIONS: dict[str, Callable[..., Any]] = {
    "sigmoid": a.sigmoid, "tanh": a.tanh, "relu": a.relu, "softsign": a.softsign, "softplus": a.softplus,
    "hardsigmoid": a.hard_sigmoid, "leakyrelu": a.leaky_relu, "elu": a.elu, "thresholdedrelu": a.threshold,
}  # fmt: skip


def lstm(
    x: Value,
    W: Value,
    R: Value,
    B: Value | None = None,
    lengths: Value | None = None,
    h: Value | None = None,
    c: Value | None = None,
    P: Value | None = None,
    *,
    hidden_size: int,
    direction: str = "forward",
    activations: Sequence[str] | None = None,
    clip: float | None = None,
    input_forget: int = 0,
    layout: int = 0,
) -> tuple[Value, Value, Value]:
    """i, o, f = s(a_i + P_i c), s(a_o + P_o c'), s(a_f + P_f c);  c' = f c + i tanh(a_c);  h' = o tanh(c'),

    a = W x + R h + both biases (Hochreiter & Schmidhuber 1997; Gers et al. 2000).  x (T, N, D), or (N, T, D)
    with layout 1 -> all h (T, directions, N, H), the last h and the last c.  lengths (N,): of each sequence.
    """
    H = hidden_size

    def step(which, xa, h, c, R, b, f, g, out):
        a_i, a_o, a_f, a_c = _gates(_clipped(Add()(_plus(MatMul()(h, R), b), xa), clip), 4, H)
        p_i, p_o, p_f = (None,) * 3 if P is None else _gates(_at(P, which), 3, H)
        i = f(_plus(a_i, p_i, c))
        forget = Sub()(np.ones((), i.dtype), i) if input_forget else f(_plus(a_f, p_f, c))
        c = Add()(Mul()(forget, c), Mul()(i, g(a_c)))
        return Mul()(f(_plus(a_o, p_o, c)), out(c)), c

    names = activations or ["Sigmoid", "Tanh", "Tanh"]
    return _run(step, 4, x, W, R, B, lengths, h, c, H, direction, names, 3, layout)


def gru(
    x: Value,
    W: Value,
    R: Value,
    B: Value | None = None,
    lengths: Value | None = None,
    h: Value | None = None,
    *,
    hidden_size: int,
    direction: str = "forward",
    activations: Sequence[str] | None = None,
    clip: float | None = None,
    linear_before_reset: int = 0,
    layout: int = 0,
) -> tuple[Value, Value]:
    """z, r = s(a_z), s(a_r);  h~ = tanh(W_h x + R_h (r h) + b);  h' = (1 - z) h~ + z h  (Cho et al. 2014).

    linear_before_reset: r (R_h h + b) in place of R_h (r h) + b, as in cuDNN and PyTorch.
    """
    H = hidden_size

    def step(which, xa, h, c, R, b, f, g):
        x_z, x_r, x_h = _gates(xa, 3, H)
        R_zr, R_h = Slice(slice(None), slice(0, 2 * H))(R), Slice(slice(None), slice(2 * H, None))(R)
        b_zr = None if b is None else Slice(slice(0, 2 * H))(b)
        b_h = None if b is None else Slice(slice(2 * H, None))(b)
        h_z, h_r = _gates(_plus(MatMul()(h, R_zr), b_zr), 2, H)
        z, r = (f(_clipped(Add()(p, q), clip)) for p, q in ((x_z, h_z), (x_r, h_r)))
        if linear_before_reset:
            through = Mul()(r, _plus(MatMul()(h, R_h), b_h))
        else:
            through = _plus(MatMul()(Mul()(r, h), R_h), b_h)
        new = g(_clipped(Add()(x_h, through), clip))
        return Add()(Mul()(Sub()(np.ones((), z.dtype), z), new), Mul()(z, h)), None

    names = activations or ["Sigmoid", "Tanh"]
    return _run(step, 3, x, W, R, B, lengths, h, None, H, direction, names, 2, layout)[:2]


def rnn(
    x: Value,
    W: Value,
    R: Value,
    B: Value | None = None,
    lengths: Value | None = None,
    h: Value | None = None,
    *,
    hidden_size: int,
    direction: str = "forward",
    activations: Sequence[str] | None = None,
    clip: float | None = None,
    layout: int = 0,
) -> tuple[Value, Value]:
    """h' = tanh(W x + R h + both biases) (Elman 1990)"""

    def step(which, xa, h, c, R, b, f):
        return f(_clipped(Add()(_plus(MatMul()(h, R), b), xa), clip)), None

    names = activations or ["Tanh"]
    return _run(step, 1, x, W, R, B, lengths, h, None, hidden_size, direction, names, 1, layout)[:2]


def _run(step, gates, x, W, R, B, lengths, h, c, H, direction, names, kinds, layout):
    """Every direction over all times -> all h, the last h, the last c."""
    x = Transpose((1, 0, 2))(x) if layout else x
    T, N, _ = x.shape
    ways = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}.get(direction)
    if ways is None:
        raise WeightsError(f"a recurrent layer runs forward, reverse or bidirectional, not '{direction}'")
    names = list(names) * (len(ways) if len(names) == kinds else 1)
    lengths = None if lengths is None else ints(number(lengths, "how long a sequence is"))
    lengths = None if lengths is None or min(lengths) == T else np.asarray(lengths)
    all_h, last_h, last_c = [], [], []
    for which, backwards in enumerate(ways):
        functions = [_activation(name) for name in names[which * kinds : (which + 1) * kinds]]
        own_h = _first(h, which, layout, N, H, x.dtype)
        own_c = _first(c, which, layout, N, H, x.dtype)
        Rt = Transpose((1, 0))(_at(R, which))
        b, b_h = (None, None) if B is None else _gates(_at(B, which), 2, gates * H)
        xa = _plus(MatMul()(x, Transpose((1, 0))(_at(W, which))), b)
        found = [None] * T
        for t in reversed(range(T)) if backwards else range(T):
            new_h, new_c = step(which, _at(xa, t), own_h, own_c, Rt, b_h, *functions)
            goes_on = None if lengths is None else (t < lengths)[:, None]
            own_h, own_c = _kept(goes_on, new_h, own_h), _kept(goes_on, new_c, own_c)
            found[t] = _kept(goes_on, new_h, np.zeros((), x.dtype))
        all_h.append(stack(*found, axis=0))
        last_h.append(own_h)
        last_c.append(own_c)
    Y = stack(*all_h, axis=1)
    Y_h, Y_c = stack(*last_h, axis=0), stack(*last_c, axis=0) if last_c[0] is not None else None
    if layout:
        Y, Y_h = Transpose((2, 0, 1, 3))(Y), Transpose((1, 0, 2))(Y_h)
        Y_c = None if Y_c is None else Transpose((1, 0, 2))(Y_c)
    return Y, Y_h, Y_c


def _first(state, which, layout, N, H, dtype):
    if state is None:
        return np.zeros((N, H), dtype)
    return cut(state, which, axis=1) if layout else _at(state, which)


def _kept(goes_on, new, old):
    return new if goes_on is None or new is None else Where()(goes_on, new, old)


def _at(v, i):
    return Slice(i)(v)


def _gates(v, n, H):
    """n parts of the last axis."""
    axis = (slice(None),) * (v.ndim - 1)
    return [Slice(*axis, slice(i * H, (i + 1) * H))(v) for i in range(n)]


def _plus(v, b, times=None):
    """v + b, or v + b times; b may be missing."""
    if b is None:
        return v
    return Add()(v, b if times is None else Mul()(b, times))


def _clipped(v, limit):
    return v if limit is None else Clip(-float(limit), float(limit))(v)


def _activation(name):
    f = ACTIVATIONS.get(name.lower())
    if f is None:
        raise WeightsError(f"a recurrent layer with {name} is not supported")
    return f


OPERATORS = (
    Operator("lstm", lstm, onnx="LSTM"),
    Operator("gru", gru, onnx="GRU"),
    Operator("rnn", rnn, onnx="RNN"),
)
