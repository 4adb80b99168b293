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

from gradcam.explore.drawn import as_maps, codes, percentile, top_maps
from gradcam.explore.errors import ExploreError
from gradcam.explore.experiments import built_up, covered, drawn_anew
from gradcam.explore.model import described, shape_of, steps
from gradcam.explore.signals import RULES, Signals, of_probability
from gradcam.explore.terms import backward_terms, forward_terms
from gradcam.explore.units import switched
from gradcam.explore.written import table as written
from gradcam.image import as_input
from gradcam.outputs import chosen, scores
from minicnn import MaxPool, ReLU, RuleError, RuleTable, Tensor

QUESTIONS = {
    "look", "trace", "maps", "counts", "values", "number", "extreme", "switches", "gradcam", "occlude",
    "randomise", "own",
}  # fmt: skip
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
    signals: Signals

    def __init__(self, net: Any, dtype: type = np.float32, layer: str | None = None) -> None:
        self.original = net.astype(dtype) if dtype != np.float32 else net
        self.original.card = net.card
        self.net, self.dtype, self.lock, self.rules = self.original, dtype, threading.Lock(), RULES
        rows, columns = net.card.preprocessing.sides
        self.size = (rows, columns)
        self._forward(np.zeros((rows, columns, 3), np.uint8))
        self.model = described(self.net, self.tensors, layer)
        self.drawn = ("x", *self.model["columns"])

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
        x, self.y = self._scores(pixels)
        if self.y.ndim != 2:
            raise ExploreError(f"the output {self.y.shape} is no row of scores, one for each class")
        self.tensors, self.pixels = steps(self.y, x), pixels
        self.signals = Signals(self.y, {}, self.rules, self.tensors, ())  # none came back yet

    def _scores(self, pixels):
        x = Tensor(as_input(pixels, self.net.card.preprocessing, self.dtype), "x")
        return x, scores(chosen(self.net(x)))

    def look(self, pixels: Any) -> dict[str, Any]:
        """See a picture, RGB of the network's own size, 0 to 255 -> scores; maps with the largest sums."""
        pixels = np.asarray(pixels, np.uint8)
        if pixels.size != 3 * math.prod(self.size):
            raise ExploreError(f"a picture for this network has {self.size[0]} x {self.size[1]} pixels, RGB")
        self._forward(pixels.reshape(*self.size, 3))
        self.tops = {name: top_maps(as_maps(self.tensors[name].data)) for name in self.drawn}
        return {"scores": self.y.data[0].astype(np.float64), "tops": self.tops}

    def trace(
        self, start: dict[str, Any], rules: Sequence[str], by: str = "score", sureness: float = 1.0
    ) -> dict[str, Any]:
        """Send a signal back from a region of a tensor, {"tensor": name, "region": [k, i0, j0, i1, j1]}, the
        last row and column included; by: "score" or "probability", of scores `sureness` times as large.
        """
        begin, from_ = time.perf_counter(), self._tensor(start["tensor"])
        k, i0, j0, i1, j1 = self._region(from_, start["region"])
        signal = np.zeros_like(from_.data)
        signal.reshape(1, *shape_of(from_))[0, k, i0 : i1 + 1, j0 : j1 + 1] = 1
        value = float((from_.data * signal).sum())
        if by == "probability":
            multi_label = self.model["multi_label"]
            signal = of_probability(from_.data, k, self.dtype(sureness), signal, multi_label)
        if unknown := [rule for rule in rules if not isinstance(rule, str) or rule not in self.rules]:
            raise ExploreError(f"there is no rule {str(unknown[0])[:40]}; there is {', '.join(self.rules)}")
        firsts = {r: signal * from_.data if r.startswith("lrp") else signal for r in rules}
        self.signals = Signals(from_, firsts, self.rules, self.tensors, self.drawn)
        return {"value": value, "refused": self.signals.refused, "ms": 1000 * (time.perf_counter() - begin)}

    def counts(self) -> dict[str, Any]:
        """What is counted of the last signals: see `Signals.counts`."""
        return self.signals.counts()

    def maps(self, tensor: str, what: str, after: bool = False) -> dict[str, Any]:
        """What is drawn of a tensor; top: what 99 in 100 of the numbers that are drawn do not exceed in size.

        Of the pixels, `maps`, the numbers themselves (C, H, W); of other tensors `codes`, a colour for each
        number of the maps with the largest sums (n, H, W).  after: the signal at the ReLU's input, which its
        gate let through, and not the one at its output.
        """
        at = self._below(tensor) if after else tensor
        values, (_, H, W) = self._values(at, what), shape_of(self._tensor(tensor))
        if values is None:
            return {"maps": None, "H": H, "W": W}
        maps = (values if tensor == "x" else values[self.tops[tensor]]).astype(np.float32)
        found = {"H": H, "W": W, "top": percentile(maps)}
        if tensor == "x":
            return found | {"maps": maps}
        return found | {"codes": codes(maps, found["top"], what != "forward")}

    def values(self, tensor: str, what: str) -> np.ndarray:
        """Every number of a tensor, (C, H, W); none if no signal reached it."""
        values = self._values(tensor, what)
        return np.zeros(0) if values is None else values.astype(np.float64).ravel()

    def number(self, tensor: str, unit: Sequence[int], what: str) -> dict[str, Any]:
        """A number, and the terms of the sum that it is: see `gradcam.explore.terms`."""
        at = self._region(self._tensor(tensor), [*unit, *unit[1:]])[:3]
        if what == "forward":
            return forward_terms(self.tensors, tensor, at)
        if what not in self.signals.all:
            return {"value": 0.0, "parts": []}
        return backward_terms(self.tensors, self.signals.all[what], tensor, at, what)

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
            k = int(as_maps(pool.op.inputs[0].data).sum(axis=(1, 2)).argmax())
        below, times = switched(self.tensors, tensor, int(k))
        whole = {what: self._values(below, what) for what in ("forward", *self.signals.all)}
        back = {what: v[int(k)].astype(np.float32) for what, v in whole.items() if v is not None}
        A = back.pop("forward")
        found = {"k": k, "below": below, "map": A, "times": times, "back": back}
        return found | {"H": A.shape[0], "W": A.shape[1]}

    def own(self, rule: str) -> dict[str, Any]:
        """Take a rule that the reader wrote, as `own`: see `gradcam.explore.written`."""
        self.rules = self.rules | {"own": written(rule)}
        return {}

    def gradcam(self, layer: str, c: int) -> dict[str, Any]:
        """Grad-CAM before its final ReLU: alpha (K,), map (h, w); the class's score and the last bias."""
        return built_up(self.y, c, self._tensor(layer))

    def occlude(self, side: int, c: int, places: Sequence[Sequence[int]]) -> dict[str, Any]:
        """The fall of class c's score when a grey square covers each place; places: top left corners."""
        if not 1 <= int(side) <= max(self.size) or len(places) > MOST_PLACES:
            raise ExploreError(
                f"an occluder has 1 to {max(self.size)} pixels, and {MOST_PLACES} places at most"
            )
        before = float(self.y.data[0, c])
        seen = (self._scores(pixels)[1] for pixels in covered(self.pixels, int(side), places))
        return {"falls": np.array([before - float(y.data[0, c]) for y in seen])}

    def randomise(self, count: int, seed: int) -> dict[str, Any]:
        """Draw the weights of the last `count` layers anew; layers: the names of all."""
        if not 0 <= int(count) <= len(self.tensors):
            raise ExploreError("give how many layers are drawn anew, from 0")
        self.net = self.original
        self._forward(self.pixels)
        layers, anew = drawn_anew(self.tensors, int(count), int(seed))
        if count:
            self.net = self.original.map(anew)
            self._forward(self.pixels)
        return {"layers": layers}

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
        values = tensor.data if what == "forward" else self.signals.at(name, what)
        return None if values is None else as_maps(values)

    def _region(self, tensor, region):
        (C, H, W), (k, i0, j0, i1, j1) = shape_of(tensor), map(int, region)
        if not (0 <= k < C and 0 <= i0 <= i1 < H and 0 <= j0 <= j1 < W):
            raise ExploreError(f"{region} is no place in maps of {C} x {H} x {W}")
        return k, i0, j0, i1, j1
