"""One batched backward pass for all targets and all tables of rules that the methods asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gradcam.method import Method
from gradcam.rules import BACKPROP, DECONVNET, GUIDED
from gradcam.target import Start
from minicnn import Tensor, backward

TABLES = {"backprop": BACKPROP, "deconvnet": DECONVNET, "guided": GUIDED}


def signals_of(
    methods: Iterable[Method],
    begun: dict[object, Start],
    ends: dict[str, Tensor | None],
    deconvnet_start: Start | None = None,
    allow: object = (),
) -> dict[tuple[Any, ...], np.ndarray]:
    """{(target, rules, end): the signal that arrives there}, for whatever the methods declare.

    begun {target: (tensor, signal)}: where each target's signal starts; ends {"x": the input, "A": the
    feature maps}; deconvnet_start: (tensor, signal) that deconvnet starts from instead.  The stack has a row
    for each target and table:

        row   0: target 0, backprop     1: target 0, guided     2: target 1, backprop     3: target 1, guided

    and is (rows, *shape) at every tensor where one starts, zero in the rows that start elsewhere.
    """
    needs = dict.fromkeys(need for method in methods for need in method.signals)
    tables = list(dict.fromkeys(rules for rules, _ in needs))
    rows = [(target, rules) for target in begun for rules in tables]
    if not rows:
        return {}
    if ("deconvnet", "x") not in needs:
        deconvnet_start = None
    starts: dict[Tensor, np.ndarray] = {}
    for n, (target, rules) in enumerate(rows):
        at, signal = deconvnet_start if deconvnet_start and rules == "deconvnet" else begun[target]
        if at not in starts:
            starts[at] = np.zeros_like(at.data, shape=(len(rows), *at.shape))
        starts[at][n] = signal
    names = [name for name in ends if any(end == name for _, end in needs)]
    arrived = backward(
        list(starts),
        list(starts.values()),
        [ends[n] for n in names],
        [TABLES[r] for _, r in rows],
        allow=allow,
    )
    return {(*row, name): g[n] for name, g in zip(names, arrived) for n, row in enumerate(rows)}
