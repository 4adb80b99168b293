"""One batched backward pass for all targets and all tables of rules that the methods asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from gradcam.method import Method
from gradcam.rules import BACKPROP, DECONVNET, GUIDED
from gradcam.target import Start
from minicnn import GraphError, RuleError, Tensor, backward, history
from minicnn.walk import check_rules

NAMES = {"deconvnet": "the deconvnet", "guided": "guided backprop"}
TABLES = {"backprop": BACKPROP, "deconvnet": DECONVNET, "guided": GUIDED}


def signals_of(
    methods: Iterable[Method],
    begun: dict[object, Start],
    end: Callable[[Method, str], Tensor],
    deconvnet_start: Start | None = None,
    allow: object = (),
) -> dict[tuple[Any, ...], np.ndarray]:
    """{(target, rules, tensor): the signal that arrives there}, for whatever the methods declare.

    begun {target: (tensor, signal)}: where each target's signal starts; end(method, "x" or "A"): the input,
    or the method's feature maps; deconvnet_start: (tensor, signal) that deconvnet starts from instead.  The
    stack has a row for each target and table:

        row   0: target 0, backprop     1: target 0, guided     2: target 1, backprop     3: target 1, guided

    and is (rows, *shape) at every tensor where one starts, zero in the rows that start elsewhere.
    """
    needs = dict.fromkeys((rules, end(method, at)) for method in methods for rules, at in method.signals)
    tables = list(dict.fromkeys(rules for rules, _ in needs))
    rows = [(target, rules) for target in begun for rules in tables]
    if not rows:
        return {}
    starts: dict[Tensor, np.ndarray] = {}
    for n, (target, rules) in enumerate(rows):
        at, signal = deconvnet_start if deconvnet_start and rules == "deconvnet" else begun[target]
        if at not in starts:
            starts[at] = np.zeros_like(at.data, shape=(len(rows), *at.shape))
        starts[at][n] = signal
    wrt = list(dict.fromkeys(tensor for _, tensor in needs))
    arrived = backward(
        list(starts), list(starts.values()), wrt, [TABLES[r] for _, r in rows], allow=allow
    )  # fmt: skip
    return {(*row, tensor): g[n] for tensor, g in zip(wrt, arrived) for n, row in enumerate(rows)}


def refusals(
    methods: Iterable[Method],
    y: Any,
    begun: dict[object, Start],
    end: Callable[[Method, str], Tensor],
    deconvnet_start: Start | None = None,
    allow: Any = (),
) -> dict[str, str]:
    """{method: why it says nothing of this network}, in a sentence each.

    A method that declares how a network must end, or whose table states no rule for an activation on the
    signal's path; the other arguments are those of `signals_of`.
    """
    starts = [deconvnet_start[0]] if deconvnet_start else [at for at, _ in begun.values()]
    plain = [at for at, _ in begun.values()]
    refused = {}
    for method in methods:
        for rules, where in method.signals:
            at = starts if rules == "deconvnet" else plain
            try:
                if TABLES[rules]:
                    check_rules(at, end(method, where), TABLES[rules], allow)
            except RuleError:
                refused[method.name] = _unpublished(rules, at)
        try:
            if method.end:
                method.end(y)
        except GraphError as error:
            refused[method.name] = f"{error}."
    return refused


def _unpublished(rules, starts):
    """Why a table does not do: of which activations it says nothing, or that there is none of its own."""
    activations = {type(t.op) for t in history(starts) if t.op and t.op.activation}
    silent = sorted(kind.__name__ for kind in activations if not issubclass(kind, tuple(TABLES[rules])))
    if not silent:
        return f"No ReLU lies between this number and the pixels, and {NAMES[rules]} changes nothing else."
    python = repr(silent[0]) if len(silent) == 1 else repr(silent)
    return (
        f"No rule of {NAMES[rules]} is published for {' and '.join(silent)}; to use the derivative there: "
        f"--allow {' '.join(silent)}, in Python allow={python}."
    )
