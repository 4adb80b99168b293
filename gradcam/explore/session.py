"""What the page asks of an engine, answered by ours, for any network.

`web/engine/session.mjs` answers the same questions inside the page; the two must agree
(tests/gradcam/explore).  A tensor is known by its name, a unit by (k, i, j); `what` is "forward", or the rule
under which a signal came back.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcam.explore.errors import ExploreError
from gradcam.explore.lehmer import normals
from gradcam.explore.model import described, shape_of, steps
from gradcam.explore.terms import backward_terms, forward_terms, switched
from gradcam.explore.written import table as written
from gradcam.image import as_input
from gradcam.methods.lrp import LRP_EPSILON
from gradcam.methods.relevance import alpha_beta, table
from gradcam.outputs import chosen, scores
from gradcam.rules import BACKPROP, DECONVNET, GUIDED
from minicnn import MaxPool, ReLU, RuleError, RuleTable, Sigmoid, Softmax, Tensor, backward, history

RULES = {
    "backprop": BACKPROP,
    "deconvnet": DECONVNET,
    "guided": GUIDED,
    "lrp_epsilon": LRP_EPSILON,
    "lrp_zplus": table(alpha_beta(1, 0), name="LRP_ZPLUS"),
}
QUESTIONS = (
    *("look", "trace", "maps", "counts", "values", "number", "extreme", "switches", "gradcam", "occlude"),
    *("randomise", "own"),
)
STEPS = 127  # from 0 to the largest colour
TOP, LARGE, OF_LARGE = 16, 32 * 32, 9  # maps of a tensor that are shown, and how many if they are large
GREY = 127  # what an occluder is made of, 0 to 255
MOST_PLACES = 64  # of an occluder, in one question


class Session:
    """One reader's network and picture.  net: with its card; dtype: in which it computes; layer: of Grad-CAM,
    by default the card's.

    ask(question, arguments) -> a dict of numbers, strings and arrays, or one array.  ExploreError for a
    question that cannot be meant.  One question at a time: a lock sees to it.
    """

    net: Any
    original: Any
    dtype: type
    lock: threading.Lock
    size: tuple[int, int]
    model: dict[str, Any]
    y: Tensor
    tensors: dict[str, Tensor]
    pixels: np.ndarray
    rules: dict[str, RuleTable]
    shown: dict[str, dict[str, np.ndarray]]

    def __init__(self, net: Any, dtype: type = np.float32, layer: str | None = None) -> None:
        self.original = net.astype(dtype) if dtype != np.float32 else net
        self.original.card = net.card
        self.net, self.dtype, self.lock, self.rules = self.original, dtype, threading.Lock(), RULES
        rows, columns = net.card.preprocessing.sides
        self.size = (rows, columns)
        self._forward(np.zeros((rows, columns, 3), np.uint8))
        self.model = described(self.net, self.tensors, layer)

    def ask(self, question: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The answer to one of QUESTIONS."""
        if question not in QUESTIONS:
            raise ExploreError(f"there is no question '{str(question)[:40]}'")
        with self.lock:
            try:
                return getattr(self, question)(**arguments)
            except (TypeError, ValueError, KeyError, IndexError, OverflowError, AttributeError) as error:
                if isinstance(error, (ExploreError, RuleError)):
                    raise
                raise ExploreError(f"{question} cannot be answered for what was given") from error

    def _forward(self, pixels):
        x = Tensor(as_input(pixels, self.net.card.preprocessing, self.dtype), "x")
        self.y = scores(chosen(self.net(x)))
        if self.y.ndim != 2:
            raise ExploreError(f"the output {self.y.shape} is no row of scores, one for each class")
        self.tensors, self.pixels = steps(self.y, x), pixels
        self._forget()

    def look(self, pixels: Any) -> dict[str, Any]:
        """See a picture, RGB of the network's own size, 0 to 255 -> scores; maps with the largest sums."""
        pixels = np.asarray(pixels, np.uint8)
        if pixels.size != 3 * math.prod(self.size):
            raise ExploreError(f"a picture for this network has {self.size[0]} x {self.size[1]} pixels, RGB")
        self._forward(pixels.reshape(*self.size, 3))
        self.tops = {name: self._top(name) for name in ("x", *self.model["columns"])}
        return {"scores": self.y.data[0].astype(np.float64), "tops": self.tops}

    def _top(self, name):
        maps = _maps(self.tensors[name].data)
        most = OF_LARGE if maps[0].size > LARGE else TOP
        return np.argsort(-maps.sum(axis=(1, 2)), kind="stable")[:most].tolist()

    def trace(
        self, start: dict[str, Any], rules: Sequence[str], by: str = "score", sureness: float = 1.0
    ) -> dict[str, Any]:
        """Send a signal back from a region of a tensor, {"tensor": name, "region": [k, i0, j0, i1, j1]}, the
        last row and column included; by: "score" or "probability", of scores `sureness` times as large.
        """
        begin, from_ = time.perf_counter(), self._tensor(start["tensor"])
        where = self._region(from_, start["region"])
        signal = np.zeros_like(from_.data)
        view = signal.reshape(1, *shape_of(from_))
        k, i0, j0, i1, j1 = where
        view[0, k, i0 : i1 + 1, j0 : j1 + 1] = 1
        value = float((from_.data * signal).sum())
        if by == "probability":
            signal = self._of_probability(from_.data, k, self.dtype(sureness), signal)
        if unknown := [rule for rule in rules if not isinstance(rule, str) or rule not in self.rules]:
            raise ExploreError(f"there is no rule {str(unknown[0])[:40]}; there is {', '.join(self.rules)}")
        self._forget()
        self.start = from_, {r: signal * from_.data if r.startswith("lrp") else signal for r in rules}
        leads = set(history(from_))
        columns = {n: t for n in ("x", *self.model["columns"]) if (t := self.tensors[n]) in leads}
        self.shown, refused = self._sent_back(*self.start, columns)
        return {"value": value, "refused": refused, "ms": 1000 * (time.perf_counter() - begin)}

    def _forget(self):
        """No signal came back yet: neither to the tensors that are shown, nor to all."""
        self.start: tuple[Tensor, dict[str, np.ndarray]] | None = None
        self.shown, self.all = {}, None

    @property
    def signals(self) -> dict[str, dict[str, np.ndarray]]:
        """{rule: {tensor: signal}} of every tensor that the last signals reached.

        They are sent back to the tensors that are shown at first, which takes half the time, and to the
        others when somebody asks.
        """
        if self.all is None:
            self.all = {}
            if self.start:
                leads = set(history(self.start[0]))
                below = {n: t for n, t in self.tensors.items() if t in leads}
                self.all = self._sent_back(*self.start, below)[0]
                self.shown = {}
        return self.all

    def counts(self) -> dict[str, Any]:
        """Of the last signals: {signs: {rule: {tensor: how many are above 0 and below, and their sums}},
        gates: {ReLU: {rule: four cases}}}
        """
        signs = {rule: {n: _signs(g) for n, g in of.items()} for rule, of in self.signals.items()}
        return {"signs": signs, "gates": self._gates(signs)}

    def _sent_back(self, start, firsts, below):
        """-> ({rule: {tensor: signal}}, {rule: why it is not defined here}); in one pass, if all are."""
        tables = {r: self.rules[r] for r in firsts}
        try:
            rows = np.stack([*firsts.values()])
            found = backward(start, rows, [*below.values()], [*tables.values()], allow=ReLU)
            return {r: {n: g[s] for n, g in zip(below, found)} for s, r in enumerate(firsts)}, {}
        except RuleError as error:
            if len(firsts) == 1:
                return {}, dict.fromkeys(firsts, str(error))
        each = [self._sent_back(start, {r: first}, below) for r, first in firsts.items()]
        signals, refused = ({r: v for one in each for r, v in one[k].items()} for k in (0, 1))
        return signals, refused

    def _of_probability(self, y, k, s, signal):
        """dp_k/dy: s p_k (1[j = k] - p_j) of a softmax, s p_k (1 - p_k) of a sigmoid each."""
        if self.model["multi_label"]:
            p = Sigmoid()(y * s)
            return s * p * (1 - p) * signal
        p = Softmax()(y * s)
        return s * p[0, k] * (signal - p)

    def _gates(self, signs):
        """{ReLU: {rule: [open and g > 0, open and g < 0, closed and g > 0, closed and g < 0]}}"""
        found: dict[str, dict[str, list[int]]] = {}
        relus = {n: t.op.x > 0 for n, t in self.tensors.items() if isinstance(t.op, ReLU)}
        for rule, of in self.signals.items():
            for name in of.keys() & relus.keys():
                passed = np.where(relus[name], of[name], 0)
                up, down = int(np.count_nonzero(passed > 0)), int(np.count_nonzero(passed < 0))
                all_ = signs[rule][name]
                found.setdefault(name, {})[rule] = [up, down, all_["up"] - up, all_["down"] - down]
        return found

    def maps(self, tensor: str, what: str, after: bool = False) -> dict[str, Any]:
        """What is drawn of a tensor; top: what 99 in 100 of the numbers that are drawn do not exceed in size.

        Of the pixels, `maps`, the numbers themselves (C, H, W); of other tensors `codes`, a colour for each
        number of the maps with the largest sums (n, H, W): of an activation 127 v / top, of a signal
        127 sqrt(v / top), with its sign.  after: the signal at the ReLU's input, which its gate let through,
        and not the one at its output.
        """
        at = self._below(tensor) if after else tensor
        values, (_, H, W) = self._values(at, what), shape_of(self._tensor(tensor))
        if values is None:
            return {"maps": None, "H": H, "W": W}
        maps = (values if tensor == "x" else values[self.tops[tensor]]).astype(np.float32)
        found = {"H": H, "W": W, "top": percentile(maps)}
        if tensor == "x":
            return found | {"maps": maps}
        shares = maps / np.float32(found["top"] or 1)
        if what == "forward":
            codes = STEPS * shares.clip(0, 1) + 0.5
        else:
            codes = np.copysign(STEPS * np.sqrt(np.minimum(np.abs(shares), 1)) + 0.5, shares)
        return found | {"codes": codes.astype(np.int8)}

    def values(self, tensor: str, what: str) -> np.ndarray:
        """Every number of a tensor, (C, H, W); none if no signal reached it."""
        values = self._values(tensor, what)
        return np.zeros(0) if values is None else values.astype(np.float64).ravel()

    def number(self, tensor: str, unit: Sequence[int], what: str) -> dict[str, Any]:
        """A number, and the terms of the sum that it is: see `gradcam.explore.terms`."""
        at = self._region(self._tensor(tensor), [*unit, *unit[1:]])[:3]
        if what == "forward":
            return forward_terms(self.tensors, tensor, at)
        if what not in self.signals:
            return {"value": 0.0, "parts": []}
        return backward_terms(self.tensors, self.signals[what], tensor, at, what)

    def extreme(self, tensor: str, what: str, least: bool) -> dict[str, Any]:
        """Where a signal is smallest, or largest."""
        values = self._values(tensor, what)
        if values is None:
            raise ExploreError(f"no signal came back to {tensor}")
        flat = np.moveaxis(values, 0, -1).ravel()
        at = int(flat.argmin() if least else flat.argmax())
        (C, _, W) = values.shape
        return {"unit": [at % C, at // C // W, at // C % W], "value": float(flat[at])}

    def switches(self, tensor: str, k: int | None) -> dict[str, Any]:
        """A map of a max-pool's input (H, W), how often each place was the largest of a window, and what came
        back to it under each rule.  k: which one, None for the one with the largest sum.
        """
        pool = self._tensor(tensor)
        if k is None and isinstance(pool.op, MaxPool):
            k = int(_maps(pool.op.inputs[0].data).sum(axis=(1, 2)).argmax())
        below, times = switched(self.tensors, tensor, int(k))
        signals = {rule: of.get(below) for rule, of in self.signals.items()}
        back = {r: _maps(g)[int(k)].astype(np.float32) for r, g in signals.items() if g is not None}
        A = _maps(self.tensors[below].data)[int(k)].astype(np.float32)
        return {
            "k": k,
            "below": below,
            "map": A,
            "times": times,
            "H": A.shape[0],
            "W": A.shape[1],
            "back": back,
        }

    def own(self, rule: str) -> dict[str, Any]:
        """Take a rule that the reader wrote, as `own`: see `gradcam.explore.written`."""
        self.rules = self.rules | {"own": written(rule)}
        return {}

    def gradcam(self, layer: str, c: int) -> dict[str, Any]:
        """Grad-CAM before its final ReLU: alpha (K,), map (h, w); the class's score and the last bias."""
        A, signal = self._tensor(layer), np.zeros_like(self.y.data)
        signal[0, c] = 1
        dA, A = _maps(backward(self.y, signal, wrt=A)).astype(np.float64), _maps(A.data)
        alpha = dA.mean(axis=(1, 2))
        map, bias = (alpha[:, None, None] * A).sum(axis=0), getattr(self.y.op, "inputs", ())[2:]
        at = float(bias[0].data[c]) if bias and bias[0] is not None else 0.0
        found = {"alpha": alpha, "map": map, "H": map.shape[0], "W": map.shape[1]}
        return found | {"bias": at, "score": float(self.y.data[0, c])}

    def occlude(self, side: int, c: int, places: Sequence[Sequence[int]]) -> dict[str, Any]:
        """The fall of class c's score when a grey square covers each place; places: top left corners."""
        if not 1 <= int(side) <= max(self.size) or len(places) > MOST_PLACES:
            raise ExploreError(
                f"an occluder has 1 to {max(self.size)} pixels, and {MOST_PLACES} places at most"
            )
        falls = []
        for top, left in places:
            pixels = self.pixels.copy()
            pixels[
                max(0, int(top)) : max(0, int(top) + int(side)),
                max(0, int(left)) : max(0, int(left) + int(side)),
            ] = GREY
            x = as_input(pixels, self.net.card.preprocessing, self.dtype)
            falls.append(
                float(self.y.data[0, c]) - float(scores(chosen(self.net(Tensor(x, "x")))).data[0, c])
            )
        return {"falls": np.array(falls)}

    def randomise(self, count: int, seed: int) -> dict[str, Any]:
        """Draw the weights of the last `count` layers anew: W ~ N(0, 2/fan_in) (He et al. 2015), b = 0."""
        if not 0 <= int(count) <= len(self.tensors):
            raise ExploreError("give how many layers are drawn anew, from 0")
        layers = [
            (n, t.op.inputs[1:])
            for n, t in self.tensors.items()
            if t.op and len(getattr(t.op, "weights", ())) == 2
        ]
        fresh: dict[int, np.ndarray] = {}
        for n, (_, weights) in enumerate(layers):
            if n < len(layers) - int(count):
                continue
            W, *b = [w.data for w in weights if isinstance(w, Tensor)]
            fresh[id(W)] = (
                (normals(int(seed) * 1000 + n, W.size) * (2 / (W.size / W.shape[0])) ** 0.5)
                .reshape(W.shape)
                .astype(W.dtype)
            )
            fresh |= {id(v): np.zeros_like(v) for v in b}
        self.net = self.original.map(lambda a: fresh.get(id(a), a)) if count else self.original
        self._forward(self.pixels)
        return {"layers": [name for name, _ in layers]}

    def _tensor(self, name):
        if not isinstance(name, str) or name not in self.tensors:
            raise ExploreError(f"this network has no tensor '{str(name)[:40]}'")
        return self.tensors[name]

    def _below(self, name):
        op = self._tensor(name).op
        if not isinstance(op, ReLU):
            raise ExploreError(f"'{name}' is no ReLU")
        return next(n for n, t in self.tensors.items() if t is op.inputs[0])

    def _values(self, name, what):
        """(C, H, W), or None if no signal came back to it."""
        tensor = self._tensor(name)
        if what == "forward":
            return _maps(tensor.data)
        shown = name == "x" or name in self.model["columns"]
        found = self.shown if self.all is None and shown else self.signals
        values = found.get(what, {}).get(name)
        return None if values is None else _maps(values)

    def _region(self, tensor, region):
        (C, H, W), (k, i0, j0, i1, j1) = shape_of(tensor), map(int, region)
        if not (0 <= k < C and 0 <= i0 <= i1 < H and 0 <= j0 <= j1 < W):
            raise ExploreError(f"{region} is no place in maps of {C} x {H} x {W}")
        return k, i0, j0, i1, j1


def _maps(values):
    """(1, C, H, W) or (1, C) -> (C, H, W)"""
    return values[0] if values.ndim == 4 else values[0, :, None, None]


def _signs(g):
    up, down = int(np.count_nonzero(g > 0)), int(np.count_nonzero(g < 0))
    positive = float(np.maximum(g, 0).sum()) if up else 0.0
    negative = float(np.minimum(g, 0).sum()) if down else 0.0
    return {"up": up, "down": down, "positive": positive, "negative": negative}


def percentile(values: np.ndarray) -> float:
    """Of what is not 0, the size that 99 in 100 do not exceed; 0 if there is nothing."""
    sizes = np.abs(values[values != 0])
    at = int(0.99 * (len(sizes) - 1))
    return float(np.partition(sizes, at)[at]) if len(sizes) else 0.0
