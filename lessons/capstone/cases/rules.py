"""Milestone 3: three rules for the ReLU."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lessons.capstone import engine
from lessons.capstone.case import Case
from minicnn import ReLU, RuleTable


def ruled(**rules: Callable) -> dict[str, Callable]:
    """backward, with these functions of (operation, signal) for some of the rules."""

    def backward(y, gy, wrt, rule="backprop"):
        if rule not in rules:
            return engine.backward(y, gy, wrt, rule)
        return [engine.walk(y, gy, wrt=t, rules=RuleTable({ReLU: rules[rule]})) for t in wrt]

    return {"backward": backward}


def always_backprop(y, gy, wrt, rule="backprop"):
    return engine.backward(y, gy, wrt)


def gated_at_the_end(y, gy, wrt, rule="backprop"):
    """A gate at the picture, too."""
    found = engine.backward(y, gy, wrt, rule)
    return found if rule == "backprop" else [np.maximum(each, 0) for each in found]


def first_rule_stays() -> dict[str, Callable]:
    """backward that keeps the rule of its last call with one."""
    last = ["backprop"]

    def backward(y, gy, wrt, rule=None):
        last[0] = rule or last[0]
        return engine.backward(y, gy, wrt, last[0])

    return {"backward": backward}


def positive(gy):
    return np.maximum(gy, 0)


def path_by_path(y, gy, wrt, rule="backprop"):
    """The gate looks at each share by itself: of the case below, whose y is mul(r, v) + mul(r, u)."""
    one, two = y.op.inputs
    return [
        sum(each) for each in zip(engine.backward(one, gy, wrt, rule), engine.backward(two, gy, wrt, rule))
    ]


MISTAKES = {
    "the rule has no effect: every ReLU passes what backprop passes": {"backward": always_backprop},
    "deconvnet looks at the signal alone; this one looks at the input, too": ruled(deconvnet=ReLU.guided),
    "deconvnet and guided are exchanged": ruled(deconvnet=ReLU.guided, guided=ReLU.deconvnet),
    "the gate is open where input and signal have the same sign: both must be positive": ruled(
        guided=lambda op, gy: gy * (op.x * gy > 0)
    ),
    "the size of the signal is passed, where the gate should close": ruled(
        deconvnet=lambda op, gy: abs(gy), guided=lambda op, gy: abs(gy) * (op.x > 0)
    ),
    "the gate is open where either is positive: both must be": ruled(
        guided=lambda op, gy: gy * ((op.x > 0) | (gy > 0))
    ),
    "negative values are cut off at the picture, too: there is no ReLU": {"backward": gated_at_the_end},
}
RULES = ("backprop", "deconvnet", "guided")


def asked(of: str, wrt: str = "x") -> tuple[str, tuple[str, ...]]:
    """Lines that ask for all three -> (lines, names)"""
    lines = [f'({rule},) = backward({of}, gy, [{wrt}], rule="{rule}")' for rule in RULES]
    return "\n".join(lines), RULES


def cases(seed: int = 4) -> list[Case]:
    random = np.random.default_rng(seed)
    figure = {
        "x0": np.array([[1.0, -1, 5], [2, -5, -7], [-3, 2, 4]]),
        "gy": np.array([[-2.0, 3, -1], [6, -3, 1], [2, -1, 3]]),
    }
    network = {
        "x0": random.normal(size=(1, 2, 7, 7)).round(2),
        "W0": random.normal(size=(4, 2, 3, 3)).round(2),
        "V0": random.normal(size=(3, 4, 2, 2)).round(2),
        "gy": random.normal(size=(1, 3)).round(2),
    }
    layers = (
        "x = Tensor(x0)\na = relu(conv(x, Tensor(W0), Tensor(np.zeros(4))))\n"
        "b = relu(conv(maxpool(a, 3, 2), Tensor(V0), Tensor(np.zeros(3))))\ny = gap(b)\n"
    )
    two = {name: random.normal(size=(3, 3)).round(2) for name in ("x0", "v0", "u0", "gy")}
    twice = (
        "x, v, u = Tensor(x0), Tensor(v0), Tensor(u0)\nr = relu(x)\ny = add(mul(r, v), mul(r, u))\n"
        '(deconvnet,) = backward(y, gy, [x], rule="deconvnet")\n'
        '(guided,) = backward(y, gy, [x], rule="guided")'
    )
    made = "x = Tensor(x0)\ny = relu(x)\n"
    lines, names = asked("y")
    path = "the gate looks at each share by itself: it belongs at the sum of the shares, which is the signal"
    return [
        Case(
            "without a rule, backward is what it was",
            "backward",
            f"{made}(gx,) = backward(y, gy, [x])",
            ("gx",),
            figure,
        ),
        Case(
            "one ReLU: the example of Springenberg et al., figure 1",
            "relu",
            f"{made}{lines}",
            names,
            figure,
            MISTAKES,
        ),
        Case(
            "two layers and a max-pool",
            "relu",
            f"{layers}{lines}",
            names,
            network,
            MISTAKES,
        ),
        Case(
            "the rule belongs to the call",
            "backward",
            f'{layers}backward(y, gy, [x], rule="guided")\n(gx,) = backward(y, gy, [x])\n'
            '(guided,) = backward(y, gy, [x], rule="guided")',
            ("gx", "guided"),
            network,
            {"the rule of an earlier call is still there": first_rule_stays()},
        ),
        Case(
            "a walk may start at feature maps",
            "backward",
            f"{layers}start = np.zeros_like(a.data)\nstart.flat[a.data.argmax()] = 1\n"
            '(gx,) = backward(a, start, [x], rule="deconvnet")',
            ("gx",),
            network,
        ),
        Case(
            "the gate looks at the whole signal",
            "backward",
            twice,
            ("deconvnet", "guided"),
            two,
            {path: {"backward": path_by_path}},
        ),
    ]
