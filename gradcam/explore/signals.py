"""Signals that came back from one start, each under a rule of its own; and what is counted of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from gradcam.methods.lrp import LRP_EPSILON
from gradcam.methods.relevance import alpha_beta, table
from gradcam.rules import BACKPROP, DECONVNET, GUIDED
from minicnn import ReLU, RuleError, RuleTable, Sigmoid, Softmax, Tensor, backward, history

RULES = {
    "backprop": BACKPROP,
    "deconvnet": DECONVNET,
    "guided": GUIDED,
    "lrp_epsilon": LRP_EPSILON,
    "lrp_zplus": table(alpha_beta(1, 0), name="LRP_ZPLUS"),
}


class Signals:
    """start: the tensor where they start; firsts: {rule: what the signal is there}; rules: {rule: its table};
    tensors: {name: tensor} of the network; drawn: names of those that are drawn.

    They are sent back to the tensors that are drawn at first, which takes half the time, and to all others
    when somebody asks for one.  refused: {rule: why it is not defined here}.
    """

    few: dict[str, dict[str, np.ndarray]]
    refused: dict[str, str]

    def __init__(
        self,
        start: Tensor,
        firsts: Mapping[str, np.ndarray],
        rules: Mapping[str, RuleTable],
        tensors: Mapping[str, Tensor],
        drawn: Iterable[str],
    ) -> None:
        leads = set(history(start))
        self.start, self.firsts, self.rules = start, firsts, rules
        self.below = {name: tensor for name, tensor in tensors.items() if tensor in leads}
        self.drawn = {name for name in drawn if name in self.below}
        self.few, self.refused = self._sent_back(firsts, {name: self.below[name] for name in self.drawn})

    @cached_property
    def all(self) -> dict[str, dict[str, np.ndarray]]:
        """{rule: {tensor: signal}} of every tensor that they reached."""
        self.few, _ = self._sent_back(self.firsts, self.below)
        return self.few

    def at(self, name: str, rule: str) -> np.ndarray | None:
        """The signal at a tensor; None if none came there."""
        found = self.few if name in self.drawn else self.all
        return found.get(rule, {}).get(name)

    def counts(self) -> dict[str, Any]:
        """{signs: {rule: {tensor: how many numbers are above 0 and below, and their sums}},
        gates: {ReLU: {rule: [open and g > 0, open and g < 0, closed and g > 0, closed and g < 0]}}}
        """
        signs = {rule: {name: _signs(g) for name, g in of.items()} for rule, of in self.all.items()}
        gates: dict[str, dict[str, list[int]]] = {}
        relus = {name: t.op.x > 0 for name, t in self.below.items() if isinstance(t.op, ReLU)}
        for rule, of in self.all.items():
            for name in [name for name in of if name in relus]:
                passed, every = _signs(np.where(relus[name], of[name], 0)), signs[rule][name]
                up, down = passed["up"], passed["down"]
                gates.setdefault(name, {})[rule] = [up, down, every["up"] - up, every["down"] - down]
        return {"signs": signs, "gates": gates}

    def _sent_back(self, firsts, below):
        """-> ({rule: {tensor: signal}}, {rule: why it is not defined here}); in one pass, if all are."""
        if not firsts:
            return {}, {}
        try:
            rows, tables = np.stack([*firsts.values()]), [self.rules[rule] for rule in firsts]
            found = backward(self.start, rows, [*below.values()], tables, allow=ReLU)
            return {rule: {n: g[s] for n, g in zip(below, found)} for s, rule in enumerate(firsts)}, {}
        except RuleError as error:
            if len(firsts) == 1:
                return {}, dict.fromkeys(firsts, str(error))
        each = [self._sent_back({rule: first}, below) for rule, first in firsts.items()]
        signals, refused = ({rule: v for one in each for rule, v in one[k].items()} for k in (0, 1))
        return signals, refused


def of_probability(y: np.ndarray, k: int, s: Any, signal: np.ndarray, multi_label: bool) -> np.ndarray:
    """dp_k/dy of scores y times s: s p_k (1[j = k] - p_j) of a softmax, s p_k (1 - p_k) of a sigmoid each;
    signal: 1 at k.
    """
    if multi_label:
        p = Sigmoid()(y * s)
        return s * p * (1 - p) * signal
    p = Softmax()(y * s)
    return s * p[0, k] * (signal - p)


def _signs(g):
    up, down = int(np.count_nonzero(g > 0)), int(np.count_nonzero(g < 0))
    positive = float(np.maximum(g, 0).sum()) if up else 0.0
    negative = float(np.minimum(g, 0).sum()) if down else 0.0
    return {"up": up, "down": down, "positive": positive, "negative": negative}
