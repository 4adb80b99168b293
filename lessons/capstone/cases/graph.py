"""Milestone 1: add, mul and backward."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lessons.capstone import engine
from lessons.capstone.case import Case


def last_share_only(y, gy, wrt, rule="backprop"):
    """A second share replaces the first."""
    return _walked(y, gy, wrt, lambda old, new: new)


def at_once(y, gy, wrt, rule="backprop"):
    """Each share goes on at once, with all that has arrived so far, again and again."""
    signals = {id(y): gy}

    def pass_on(t):
        for each, share in zip(t.op.inputs, _shares(t, signals[id(t)])) if t.op else ():
            signals[id(each)] = signals[id(each)] + share if id(each) in signals else share
            pass_on(each)

    pass_on(y)
    return [signals.get(id(t), np.zeros_like(t.data)) for t in wrt]


def kept(at_y: bool) -> dict[str, Callable]:
    """backward that adds to the signals of its earlier calls; at_y: to that of y, too."""
    held: dict[int, tuple] = {}

    def arrive(t, share):
        held[id(t)] = (t, held[id(t)][1] + share if id(t) in held else share)

    def backward(y, gy, wrt, rule="backprop"):
        if not at_y:
            held.pop(id(y), None)
        arrive(y, gy)
        for t in reversed(engine.history(y)):
            for each, share in zip(t.op.inputs, _shares(t, held[id(t)][1])) if t.op else ():
                arrive(each, share)
        return [held[id(t)][1] if id(t) in held else np.zeros_like(t.data) for t in wrt]

    return {"backward": backward}


def _walked(y, gy, wrt, joined):
    signals = {id(y): gy}
    for t in reversed(engine.history(y)):
        for each, share in zip(t.op.inputs, _shares(t, signals[id(t)])) if t.op else ():
            signals[id(each)] = joined(signals[id(each)], share) if id(each) in signals else share
    return [signals.get(id(t), np.zeros_like(t.data)) for t in wrt]


def _shares(t, gy):
    a, b = t.op.inputs
    return (gy * b.data, gy * a.data) if type(t.op).__name__ == "Mul" else (gy, gy)


def own_factor(y, gy, wrt, rule="backprop"):
    """mul gives each factor the signal times itself."""
    return [gy * t.data for t in wrt]


def without_signal(y, gy, wrt, rule="backprop"):
    return engine.backward(y, np.ones_like(gy), wrt)


ONE = {"a second share replaces the first: they are added": {"backward": last_share_only}}
ORDER = {
    "a tensor passed its signal on before all its shares had arrived: it must come after all "
    "operations that used it": {"backward": at_once},
    **ONE,
}
ONCE = (
    "each tensor passes its signal on once, when all its shares have arrived: passed on share by share, "
    "the work doubles with each step"
)
STALE = "signals of an earlier call are still there{}: keep them in a dictionary of the call"
KEPT = {STALE.format(""): kept(at_y=False), STALE.format(", y's too"): kept(at_y=True)}
START = {"the walk starts with ones, not with the signal gy that was given": {"backward": without_signal}}


def cases() -> list[Case]:
    random = np.random.default_rng(1)
    x0, w0, v0, gy = random.integers(-9, 10, (4, 2, 3)) / 2 + 0.25
    xw = {"x0": x0, "w0": w0}
    three = {"x0": x0, "w0": w0, "gy": gy}
    made = "x, w = Tensor(x0), Tensor(w0)\n"
    swapped = {"each factor gets the signal times the *other* factor": {"backward": own_factor}}
    return [
        Case(
            "add and mul compute",
            "add",
            f"{made}s, p = add(x, w).data, mul(x, w).data",
            ("s", "p"),
            xw,
        ),
        Case(
            "a sum hands its signal to both",
            "add",
            f"{made}y = add(x, w)\ngx, gw = backward(y, gy, [x, w])",
            ("gx", "gw"),
            three,
            START,
        ),
        Case(
            "a factor gets the signal times the other factor",
            "mul",
            f"{made}y = mul(x, w)\ngx, gw = backward(y, gy, [x, w])",
            ("gx", "gw"),
            three,
            swapped | START,
        ),
        Case(
            "both factors may be the same tensor",
            "backward",
            "x = Tensor(x0)\ny = mul(x, x)\n(gx,) = backward(y, gy, [x])",
            ("gx",),
            {"x0": x0, "gy": gy},
            ONE,
        ),
        Case(
            "a tensor that is used twice gets two shares, added",
            "backward",
            f"{made}y = add(mul(x, w), x)\ngx, gw = backward(y, gy, [x, w])",
            ("gx", "gw"),
            three,
            ONE,
        ),
        Case(
            "a signal goes on when the last share has arrived",
            "backward",
            f"{made}a = mul(x, w)\nb = add(a, x)\nc = mul(b, a)\ny = add(c, a)\n"
            "gx, gw = backward(y, gy, [x, w])",
            ("gx", "gw"),
            three,
            ORDER,
        ),
        Case(
            "the same, forty times in a row",
            "backward",
            f"{made}y = x\nfor _ in range(40):\n    y = add(y, mul(y, w))\ngx, gw = backward(y, gy, [x, w])",
            ("gx", "gw"),
            {"x0": x0, "w0": w0 / 40, "gy": gy},
            ONE,
            late=ONCE,
        ),
        Case(
            "wrt may name a tensor in the middle, and y itself",
            "backward",
            f"{made}a = mul(x, w)\nb = mul(a, x)\ny = add(b, a)\nga, g_itself = backward(y, gy, [a, y])",
            ("ga", "g_itself"),
            three,
            ONE,
        ),
        Case(
            "a tensor that y was not made from gets zeros of its shape",
            "backward",
            f"{made}other = Tensor(v0)\ny = mul(x, w)\ngx, nothing = backward(y, gy, [x, other])\n"
            "after = mul(y, w)\n(gx_again,) = backward(y, gy, [x])",
            ("gx", "nothing", "gx_again"),
            {"v0": v0, **three},
            KEPT,
        ),
        Case(
            "backward may be asked twice, with another signal, and says the same as alone",
            "backward",
            f"{made}y = add(mul(x, w), x)\nfirst = backward(y, gy, [x])[0]\n"
            "second = backward(y, 2 * gy, [x])[0]\n"
            "third = backward(y, gy, [x])[0]",
            ("first", "second", "third"),
            three,
            KEPT,
        ),
        Case(
            "shares are added without a change in place: neither gy nor another share's array changes",
            "backward",
            f"{made}s = add(x, w)\ny = add(s, x)\ngx, gw = backward(y, gy, [x, w])",
            ("gx", "gw"),
            three,
            {
                "a share was added in place, to another tensor's array, too: write g = g + share": {
                    "backward": in_place
                },
                **ONE,
            },
        ),
    ]


def in_place(y, gy, wrt, rule="backprop"):
    """Shares are added to the arrays that arrived first."""
    signals = {id(y): gy.copy()}
    for t in reversed(engine.history(y)):
        for each, share in zip(t.op.inputs, _shares(t, signals[id(t)])) if t.op else ():
            if id(each) in signals:
                signals[id(each)] += share
            else:
                signals[id(each)] = share
    return [signals[id(t)] for t in wrt]
