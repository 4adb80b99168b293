"""What is computed value by value, on threads where there are many values: large maps, and signals on their
way through an activation."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from minicnn.convolution.fast.memory import empty_like
from minicnn.convolution.fast.threads import LARGE, in_shares


def maximum(x: np.ndarray, low: float) -> np.ndarray:
    """np.maximum(x, low)"""
    if x.size < LARGE or x.ndim < 3:
        return np.maximum(x, low)
    y = empty_like(x)
    in_shares(lambda rows: np.maximum(x[..., rows, :], low, out=y[..., rows, :]), x)
    return y


def can_be_shared(op: Any, g: np.ndarray, rules: list[Any]) -> bool:
    """Whether a signal g passes an operation value by value, and threads are worth their start.

    A rule that is not the operation's own may look at the whole signal, so it is given the whole.
    """
    own = vars(type(op)).values()
    return (
        op.activation
        and hasattr(op, "gx")
        and g.size >= LARGE
        and all(rule is None or rule in own for rule in rules)
    )


def passed_in_shares(
    op: Any, g: np.ndarray, rules: Any, derivative: Callable[..., Any], shape: tuple[int, ...]
) -> np.ndarray:
    """The signal before an activation: each thread sends some rows of pixels, straight to their place in the
    stack.

    g (..., *shape); rules: one rule, or a list of one for each row of the stack; None stands for the
    derivative.
    """
    sent = empty_like(g)

    def send(rows):
        part, some, into = copy.copy(op), g[..., rows, :], sent[..., rows, :]
        remembered = {k: v[..., rows, :] for k, v in vars(op).items() if getattr(v, "shape", None) == shape}
        vars(part).update(remembered)
        for rule, gi, to in zip(rules, some, into) if isinstance(rules, list) else [(rules, some, into)]:
            to[...] = (rule or derivative)(part, gi)

    in_shares(send, sent)
    return sent
