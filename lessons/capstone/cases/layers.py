"""Milestone 2: ReLU, convolution, pooling, concat and the mean."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lessons.capstone import engine
from lessons.capstone.case import Case
from minicnn import AvgPool, Op, Tensor


class OpenAtZero(Op):
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def gx(self, gy):
        return gy * (self.x >= 0)


class Shared(Op):
    """A max-pool that divides the signal of a tie among all that are largest."""

    def __init__(self, size, stride):
        self.size, self.stride = size, stride

    def forward(self, x):
        self.x = x
        self.y = engine.maxpool(x, self.size, self.stride)
        return self.y

    def gx(self, gy):
        g, (h, w), s = np.zeros_like(self.x), self.y.shape[2:], self.stride
        at = [
            np.s_[:, :, u : u + s * h : s, v : v + s * w : s]
            for u in range(self.size)
            for v in range(self.size)
        ]
        among = sum((self.x[each] == self.y).astype(float) for each in at)
        for each in at:
            g[each] += gy * (self.x[each] == self.y) / self.among(among)
        return g

    def among(self, ties):
        return ties


class Every(Shared):
    """One that hands the whole signal to each."""

    def among(self, ties):
        return 1


class Overwritten(Shared):
    """One in which a pixel keeps the last signal only."""

    def gx(self, gy):
        g, s = np.zeros_like(self.x), self.stride
        for n, f, i, j in np.ndindex(gy.shape):
            window = self.x[n, f, s * i : s * i + self.size, s * j : s * j + self.size]
            u, v = np.unravel_index(window.argmax(), window.shape)
            g[n, f, s * i + u, s * j + v] = gy[n, f, i, j]
        return g


class OneKept(Shared):
    """The same, where taps are gone through one after the other."""

    def gx(self, gy):
        g, (h, w), s = np.zeros_like(self.x), self.y.shape[2:], self.stride
        for u, v in np.ndindex(self.size, self.size):
            at = np.s_[:, :, u : u + s * h : s, v : v + s * w : s]
            g[at] = np.where(self.x[at] == self.y, gy, g[at])
        return g


class LastOne(Shared):
    """One in which the last of equal values gets the signal."""

    def gx(self, gy):
        g, s = np.zeros_like(self.x), self.stride
        for n, f, i, j in np.ndindex(gy.shape):
            window = self.x[n, f, s * i : s * i + self.size, s * j : s * j + self.size]
            u, v = np.argwhere(window == window.max())[-1]
            g[n, f, s * i + u, s * j + v] += gy[n, f, i, j]
        return g


def pool(kind: type[Shared]) -> dict[str, Callable]:
    return {"maxpool": lambda x, size, stride: kind(size, stride)(x)}


def turned(x, W, b, stride=1, pad=0):
    """With the kernel turned around."""
    return engine.conv(x, Tensor(W.data[:, :, ::-1, ::-1].copy()), b, stride, pad)


def without_bias(x, W, b, stride=1, pad=0):
    return engine.conv(x, W, Tensor(0 * b.data), stride, pad)


def without_pad(x, W, b, stride=1, pad=0):
    return engine.conv(x, W, b, stride)


def pad_after(x, W, b, stride=1, pad=0):
    """All the border at one end."""
    padded = np.pad(x.data, ((0, 0), (0, 0), (0, 2 * pad), (0, 2 * pad)))
    return engine.conv(Tensor(padded), W, b, stride)


def last_tap(x, W, b, stride=1, pad=0):
    """Each tap's product replaces the one before."""
    only = np.zeros_like(W.data)
    only[:, :, -1, -1] = W.data[:, :, -1, -1]
    return engine.conv(x, Tensor(only), b, stride, pad)


def no_step(x, W, b, stride=1, pad=0):
    """Slices u : u + h, without the stride."""
    h, w = engine.conv(x, W, b, stride, pad).shape[2:]
    return Tensor(engine.conv(x, W, b, 1, pad).data[:, :, :h, :w])


def averaged(x, size, stride):
    return AvgPool(size, stride)(x)


def rounded_up(x, size, stride):
    """A last window that reaches over the end."""
    over = [(0, -(n - size) % stride) for n in x.shape[2:]]
    return engine.maxpool(
        Tensor(np.pad(x.data, [(0, 0), (0, 0), *over], constant_values=-np.inf)), size, stride
    )


def total(x):
    """The sum in place of the mean."""
    return engine.mul(engine.gap(x), Tensor(np.full(x.shape[:2], x.data[0, 0].size, float)))


def other_way(a, b):
    return engine.concat(b, a)


CONV = {
    "the kernel is turned around: here it is not": {"conv": turned},
    "the bias is missing": {"conv": without_bias},
    "the border of zeros is missing": {"conv": without_pad},
    "the border stands at one end only: it belongs on all four sides": {"conv": pad_after},
    "each tap's product replaces the one before: y += ..., not y = ...": {"conv": last_tap},
    "the slice has no step: u : u + stride * h : stride": {"conv": no_step},
}
KEPT = {
    "a pixel that is the largest of two windows keeps one signal only: they are added": pool(OneKept),
    "a pixel that is the largest of two windows keeps the last window's signal only: they are added": pool(
        Overwritten
    ),
}
TIES = {
    "a tie gives the whole signal to each: it goes to the first one": pool(Every),
    "a tie divides the signal: it goes to the first one": pool(Shared),
    "a tie gives the signal to the last one: it goes to the first": pool(LastOne),
}
MADE = "x, W, b = Tensor(x0), Tensor(W0), Tensor(b0)\n"


def cases() -> list[Case]:
    random = np.random.default_rng(2)
    x0 = random.normal(size=(2, 2, 6, 7)).round(2)
    W0, b0 = random.normal(size=(3, 2, 3, 2)).round(2), random.normal(size=3).round(2)
    numbers = {"x0": x0, "W0": W0, "b0": b0}
    r0 = np.array([[-2.0, 0.0, 3.0], [0.5, -0.5, 0.0]])
    small = np.arange(12, dtype=float).reshape(1, 1, 3, 4)
    edge = {"x0": small, "W0": np.array([[[[1.0, 0], [0, 10]]]]), "b0": np.array([0.5])}

    def signal(*shape):
        return random.normal(size=shape).round(2)

    def conv(how, gy, asked="gx, gW, gb", wrt="x, W, b"):
        code = f"{MADE}y = conv(x, W, b{how})\n{asked} = backward(y, gy, [{wrt}])"
        return code, tuple(asked.strip("(,)").split(", ")), {**numbers, "gy": gy}

    pooled = {
        "x0": random.permutation(70).reshape(1, 2, 5, 7) - 35.0,
        "gy": signal(1, 2, 2, 3),
    }
    ties = np.zeros((1, 1, 5, 5))
    ties[0, 0, 1, 1:4] = 2
    pooling = "x = Tensor(x0)\ny = maxpool(x, 3, 2)\n"
    whole = (
        "x, W, b = Tensor(x0), Tensor(W0), Tensor(b0)\n"
        "a = relu(conv(x, W, b, stride=1, pad=1))\nm = maxpool(a, 3, 2)\ny = gap(concat(m, relu(m)))\n"
        "gm, ga, gx, gW, gb = backward(y, gy, [m, a, x, W, b])\na, m, y = a.data, m.data, y.data"
    )
    return [
        Case(
            "relu cuts off what is negative",
            "relu",
            "y = relu(Tensor(x0)).data",
            ("y",),
            {"x0": r0},
        ),
        Case(
            "relu passes the signal where x > 0, and nowhere else",
            "relu",
            "x = Tensor(x0)\n(gx,) = backward(relu(x), gy, [x])",
            ("gx",),
            {"x0": r0, "gy": np.array([[1.0, 2, -3], [4, 5, 6]])},
            {"where x is exactly 0 the gate is open: it must be closed": {"relu": lambda x: OpenAtZero()(x)}},
        ),
        Case(
            "conv, forward, on numbers that you can check by hand",
            "conv",
            "y = conv(Tensor(x0), Tensor(W0), Tensor(b0)).data",
            ("y",),
            edge,
            CONV,
        ),
        Case(
            "conv, forward: two pictures, two channels, three kernels that are not square",
            "conv",
            "y = conv(Tensor(x0), Tensor(W0), Tensor(b0)).data",
            ("y",),
            numbers,
            CONV,
        ),
        Case(
            "conv, forward, with a stride and a border",
            "conv",
            "y = conv(Tensor(x0), Tensor(W0), Tensor(b0), stride=2, pad=1).data",
            ("y",),
            numbers,
            CONV,
        ),
        Case(
            "conv: the share of the picture",
            "conv",
            *conv("", signal(2, 3, 4, 6), "(gx,)", "x"),
            GX,
        ),
        Case(
            "conv: the shares of the weights and of the bias",
            "conv",
            *conv("", signal(2, 3, 4, 6), "gW, gb", "W, b"),
            GW,
        ),
        Case(
            "conv: all three, with a stride and a border",
            "conv",
            *conv(", stride=2, pad=1", signal(2, 3, 3, 4)),
            GX | GW,
        ),
        Case(
            "maxpool, forward: windows that overlap, and no zeros around them",
            "maxpool",
            f"{pooling}y = y.data",
            ("y",),
            {"x0": -1 - np.abs(pooled["x0"])},
            {"the mean of each window is taken, not the largest value": {"maxpool": averaged}},
        ),
        Case(
            "maxpool, forward: as many windows as fit, also where they do not reach the end",
            "maxpool",
            f"{pooling}y = y.data",
            ("y",),
            {"x0": random.permutation(48).reshape(1, 1, 6, 8) - 24.0},
            {"the rows of windows are rounded up: here down": {"maxpool": rounded_up}},
        ),
        Case(
            "maxpool: the signal goes to where the largest value was; two windows' signals are added",
            "maxpool",
            f"{pooling}(gx,) = backward(y, gy, [x])",
            ("gx",),
            pooled,
            KEPT,
        ),
        Case(
            "maxpool: of equal values the first one gets the signal",
            "maxpool",
            f"{pooling}(gx,) = backward(y, gy, [x])",
            ("gx",),
            {"x0": ties, "gy": np.array([[[[1.0, 2], [4, 8]]]])},
            TIES,
        ),
        Case(
            "concat puts channels side by side, and each gets its own signal",
            "concat",
            "a, b = Tensor(a0), Tensor(b0)\ny = concat(a, b)\nga, gb = backward(y, gy, [a, b])\ny = y.data",
            ("y", "ga", "gb"),
            {
                "a0": signal(2, 1, 2, 2),
                "b0": signal(2, 3, 2, 2),
                "gy": signal(2, 4, 2, 2),
            },
            {"the second one's channels stand in front": {"concat": other_way}},
        ),
        Case(
            "gap is a mean, and shares its signal in equal parts",
            "gap",
            "x = Tensor(x0)\ny = gap(x)\n(gx,) = backward(y, gy, [x])\ny = y.data",
            ("y", "gx"),
            {"x0": x0, "gy": signal(2, 2)},
            {"a sum is taken: divide by the number of places": {"gap": total}},
        ),
        Case(
            "all of them, one after the other",
            "conv",
            whole,
            ("a", "m", "y", "gm", "ga", "gx", "gW", "gb"),
            {**numbers, "gy": signal(2, 6)},
            parts={"m": "maxpool", "y": "concat", "gm": "concat", "ga": "maxpool"},
        ),
    ]


def changed(**functions):
    """backward, with the signal of a convolution's x, W or b made by f(the right one, W, gy, operation)."""

    def backward(y, gy, wrt, rule="backprop"):
        x, W, b = y.op.inputs
        right = dict(zip("xWb", engine.backward(y, gy, [x, W, b])))
        found = right | {name: f(right[name], W, gy, y.op) for name, f in functions.items()}
        return [found["xWb"[[x, W, b].index(t)]] for t in wrt]

    return {"backward": backward}


def _replaced(right, W, gy, op):
    """The signal at the picture and its border, where each tap's share replaces what is there."""
    (kh, kw), (h, w), s = W.shape[2:], gy.shape[2:], op.options[0]
    gp = np.zeros(_around(right, op))
    for u, v in np.ndindex(kh, kw):
        share = np.einsum("fc,nfhw->nchw", W.data[:, :, u, v], gy)
        gp[:, :, u : u + s * h : s, v : v + s * w : s] = share
    return gp


def _bordered(right, W, gy, op):
    """The signal at the picture and its border."""
    x = Tensor(np.zeros(_around(right, op)))
    y = engine.conv(x, W, Tensor(np.zeros(len(W.data))), op.options[0])
    return engine.backward(y, gy, [x])[0]


def _around(right, op):
    return (*right.shape[:2], *(n + 2 * op.options[1] for n in right.shape[2:]))


def _cut(gp, right, at):
    return gp[:, :, at : at + right.shape[2], at : at + right.shape[3]]


GX = {
    "the kernel is turned around in the backward pass only: here it is not": changed(
        x=lambda right, W, gy, op: (
            _spread(gy, W.data[:, :, ::-1, ::-1])
            if gy.shape[2] + W.shape[2] - 1 == right.shape[2]
            else right * np.nan
        )
    ),
    "a tap's share replaces another's where they meet: += on the slice, not =": changed(
        x=lambda right, W, gy, op: _cut(_replaced(right, W, gy, op), right, op.options[1])
    ),
    "the border is cut off at the lower right end only: gp[:, :, pad : pad + H, pad : pad + W]": changed(
        x=lambda right, W, gy, op: _cut(_bordered(right, W, gy, op), right, 0)
    ),
    "the border is cut off at the upper left end only: gp[:, :, pad : pad + H, pad : pad + W]": changed(
        x=lambda right, W, gy, op: _cut(_bordered(right, W, gy, op), right, 2 * op.options[1])
    ),
}
GW = {
    "of the bias's signal only the first picture is counted": changed(
        b=lambda right, W, gy, op: gy[0].sum(axis=(1, 2))
    ),
    "a mean over the pictures is taken: the sum is right": changed(
        W=lambda r, W, gy, op: r / len(gy), b=lambda r, W, gy, op: r / len(gy)
    ),
    "a mean over the places is taken: the sum is right": changed(
        b=lambda right, W, gy, op: gy.mean(axis=(0, 2, 3))
    ),
}


def _spread(gy, W):
    """The signal at the picture of a convolution with these weights, stride 1, no border."""
    N, _, h, w = gy.shape
    x = Tensor(np.zeros((N, W.shape[1], h + W.shape[2] - 1, w + W.shape[3] - 1)))
    return engine.backward(engine.conv(x, Tensor(W.copy()), Tensor(np.zeros(len(W)))), gy, [x])[0]
