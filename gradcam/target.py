"""What is explained: one number for each picture, and where the signal that explains it starts."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcam.outputs import chosen, each, end_of, scores
from minicnn import GraphError, Op, Softmax, Tensor, find, one_hot
from minicnn.ops.sigmoid import sigmoid

STARTS = ("score", "probability", "value")
Start = tuple[Tensor, np.ndarray]  # where a signal starts, and what it is there


class Target:
    """What is explained, declared before a network has run.

    Every method takes one wherever it takes a class.

        grad_cam(y, Target.probability(3), A)
        explain(net, x, [Target.score(3), Target.unit(7, 4, 4, layer="conv4")])

        inside = np.zeros_like(y.data)                  # y (N, classes, h, w), of a network for segmentation:
        inside[:, c, 10:20, 5:30] = 1                   # the scores of class c in a rectangle
        grad_cam(y, Target.signal(inside), A)
        grad_cam(log_p, np.eye(5, dtype="f4"), A)       # log_p (5,), of five captions: maps (5, N, h, w)

        Target.score("cat") - Target.score("dog")       # why the one rather than the other; class names where
        -Target.score(3)                                # `explain` is asked, numbers everywhere

    `gradcam.targets` has more kinds: a region of a segmentation, a row of a detector, a step of a sequence,
    a number of a regression, any function of the outputs.  A kind of target is a class with `begin`,
    `numbers`, `repeated` and `said`.  str(target) says what is explained.
    """

    @staticmethod
    def score(c: Any, *, output: str | int | None = None) -> Target:
        """The score of class c before softmax: dy_c/dx (Selvaraju et al. 2017, sec. 3).

        c: a class, or N for N pictures; output: which one, of a network that has several.
        """
        return OfClass(c, output=output)

    @staticmethod
    def probability(c: Any, *, by: str | None = None, output: str | int | None = None) -> Target:
        """p_c, which vanishes as p_c -> 1:  dp_c/dx = p_c (dy_c/dx - sum_j p_j dy_j/dx), p = softmax(y), or
        p_c (1 - p_c) dy_c/dx, p_c = sigmoid(y_c).

        by: "softmax", or "sigmoid" where classes do not exclude one another; default: what the network ends
        in, sigmoid for a single output, else softmax.
        """
        return OfClass(c, "probability", by, output)

    @staticmethod
    def value(c: Any) -> Target:
        """The score, its signal y_c instead of 1 (Zeiler & Fergus 2014, sec. 2.1):
        the map is y_c times that of `score`.
        """
        return OfClass(c, "value")

    @staticmethod
    def unit(k: Any, i: Any, j: Any, *, layer: str | None = None) -> Target:
        """Map k, row i, column j of feature maps (N, K, h, w), each a number or N of them;
        layer: their name.
        """
        return OfUnit((k, i, j), layer)

    @staticmethod
    def signal(weights: np.ndarray | None, *, layer: str | None = None) -> Target:
        """The sum of a tensor's values, weighted by floats or bools of its shape; None: the plain sum.

        Signals stacked in front, (S, *shape), are explained in one pass.  layer: the tensor's name; default:
        the output.
        """
        return OfSignal(weights, layer)

    @staticmethod
    def of(c: Any, start: str = "score") -> Target:
        """The target that a method was given: a Target as it is; a class, a unit (k, i, j), a signal or None
        become one.

        start: where the signal starts, "score", "probability" or "value", as the constructors of these names
        say.
        """
        if start not in STARTS:
            raise GraphError(f"start is one of {', '.join(STARTS)}, not '{start}'")
        if not isinstance(c, Target):
            return OfSignal(c, start=start) if c is None or is_signal(c) else OfClass(c, start)
        if start != "score":
            raise GraphError(f"{c} is a target that says where its signal starts: leave out start='{start}'")
        return c

    def begin(self, y: Any) -> Start:
        """(tensor, signal) for `backward`: where the signal starts, and what it is there.

        y: what the network returned: a tensor, or several in a dict or a tuple.
        """
        raise NotImplementedError

    def numbers(self, y: Any) -> np.ndarray:
        """What is explained, as a number: outputs of M passes (M, N, classes) -> (M, N)"""
        raise GraphError(
            f"{self} is not at the network's output: only a method that uses gradients can explain it"
        )

    def settled(self, y: Any, by: str | None = None) -> Target:
        """The same target, with what it leaves open (which class, which pixels, by what a score becomes a
        probability) decided.

        y: what the network returned, its final softmax or sigmoid on it; by: which, if it has none on it.
        """
        return self

    def numbered(self, index: Callable[[str], int]) -> Target:
        """The same target, with every class that it names by a word as a number; index(word): which one."""
        return self

    def plain(self) -> Target:
        """The same number with a signal of 1: where relevance and CAM begin, whatever the start."""
        return self

    def repeated(self, M: int) -> Target:
        """The same target for M batches of the same pictures, one after the other."""
        return self

    def class_of(self, picture: int = 0) -> int | None:
        """The class whose number it is; None if it is no class's."""
        return None

    def said(self, name: Callable[[int], str] = "class {}".format) -> str:
        """What is explained, in one phrase; name(c): what class c is called."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.said()

    def __neg__(self) -> Target:
        """What speaks against it: -Target.score(c)."""
        return -1 * self

    def __add__(self, other: Target) -> Target:
        return OfSum((*_summands(self), *_summands(other))) if isinstance(other, Target) else NotImplemented

    def __sub__(self, other: Target) -> Target:
        """Why this rather than that: Target.score(a) - Target.score(b)."""
        return self + -other if isinstance(other, Target) else NotImplemented

    def __rmul__(self, factor: float) -> Target:
        if not np.isscalar(factor) or not np.isreal(factor):
            return NotImplemented
        return OfSum(tuple((float(factor) * w, part) for w, part in _summands(self)))


@dataclass(frozen=True)
class OfClass(Target):
    """A class's score, probability or value; of an output (N,), that one number is class 0."""

    c: Any
    start: str = "score"
    by: str | None = None
    output: str | int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "c", _hashable(self.c))
        if self.by not in (None, "softmax", "sigmoid"):
            raise GraphError(f"a probability comes by 'softmax' or by 'sigmoid', not by {self.by!r}")

    def begin(self, y: Any) -> Start:
        y = chosen(y, self.output)
        if self.start == "probability":
            if y.ndim > 2:
                raise GraphError(
                    f"a probability is of a table of scores (N, classes), not of {tuple(y.shape)}: "
                    "ask for a region, a box or a step (gradcam.targets)"
                )
            by = self._way(end_of(y), y.shape)
            y = scores(y)
            return y, slope(y.data, self._one(y), by)
        if end_of(y):
            _warn(y)
        signal = self._one(y)
        return y, signal * y.data if self.start == "value" else signal

    def numbers(self, y: Any) -> np.ndarray:
        y = chosen(y, self.output)
        self._one(Tensor(y[0]))  # an error if there is no such class
        if self.start == "probability":
            y = sigmoid(y) if self._way(None, y.shape[1:]) == "sigmoid" else Softmax()(y)
        return y if y.ndim == 2 else y[:, np.arange(y.shape[1]), self.c]

    def _one(self, y):
        """1 at the class, 0 elsewhere.  y (N, classes), or (N,)"""
        if y.ndim != 1:
            return one_hot(y, self.c)
        return one_hot(Tensor(y.data[:, None], y.name), self.c)[:, 0]

    def _way(self, end, shape):
        """By which function scores of this shape become probabilities; end: with which the network ends."""
        if end and self.by not in (None, end):
            raise GraphError(f"the network ends in a {end}: its probabilities do not come by {self.by}")
        return end or self.by or ("sigmoid" if len(shape) == 1 or shape[-1] == 1 else "softmax")

    def settled(self, y: Any, by: str | None = None) -> Target:
        if self.start != "probability":
            return self
        y = chosen(y, self.output)
        return replace(self, by=self._way(end_of(y) or (None if self.by else by), y.shape))

    def numbered(self, index: Callable[[str], int]) -> Target:
        c = tuple(map(index, self.c)) if isinstance(self.c, tuple) else index(self.c)
        return replace(self, c=c)

    def plain(self) -> Target:
        return OfClass(self.c, output=self.output)

    def repeated(self, M: int) -> Target:
        return replace(self, c=self.c * M) if isinstance(self.c, tuple) else self

    def class_of(self, picture: int = 0) -> int | None:
        return self.c[picture] if isinstance(self.c, tuple) else self.c

    def said(self, name: Callable[[int], str] = "class {}".format) -> str:
        what = "score, its signal times its value," if self.start == "value" else self.start
        each_c = self.c if isinstance(self.c, tuple) else (self.c,)
        whose = ", ".join(class_name(c, name) for c in each_c)
        return f"the {what} of {whose}{at_output(self.output)}"


def slope(y: np.ndarray, one: np.ndarray, by: str = "softmax") -> np.ndarray:
    """dp_c/dy, the signal at the scores y (N, classes) that explains a probability; one: 1 at class c.

    softmax: dp_c/dy_i = p_c (1 - p_c) for i = c, -p_c p_i elsewhere, 1 - p_c being the sum of the others;
    sigmoid: s(y_c) s(-y_c).  Neither subtracts from 1, so that a network that is sure keeps its digits.
    """
    if by == "sigmoid":
        return one * sigmoid(y) * sigmoid(-y)
    p = Softmax()(y)
    p_c, others = (p * one).sum(axis=-1, keepdims=True), p * (1 - one)
    return p_c * (one * others.sum(axis=-1, keepdims=True) - others)


@dataclass(frozen=True)
class OfSum(Target):
    """A sum of targets, each times a number: a difference of two classes, a class counted negatively."""

    parts: tuple[tuple[float, Target], ...]

    def begin(self, y: Any) -> Start:
        begun = [(w, *part.begin(y)) for w, part in self.parts]
        tensors = list(dict.fromkeys(tensor for _, tensor, _ in begun))
        signals = [sum(w * g for w, tensor, g in begun if tensor is t) for t in tensors]
        if len(tensors) == 1:
            return tensors[0], signals[0]
        total = Weighing(signals)(*tensors)
        return total, np.ones_like(total.data)

    def numbers(self, y: Any) -> np.ndarray:
        return sum(w * part.numbers(y) for w, part in self.parts)

    def settled(self, y: Any, by: str | None = None) -> Target:
        return OfSum(tuple((w, part.settled(y, by)) for w, part in self.parts))

    def numbered(self, index: Callable[[str], int]) -> Target:
        return OfSum(tuple((w, part.numbered(index)) for w, part in self.parts))

    def plain(self) -> Target:
        return OfSum(tuple((w, part.plain()) for w, part in self.parts))

    def repeated(self, M: int) -> Target:
        return OfSum(tuple((w, part.repeated(M)) for w, part in self.parts))

    def said(self, name: Callable[[int], str] = "class {}".format) -> str:
        text = ""
        for w, part in self.parts:
            joint = "minus " if w < 0 else "plus " if text else ""
            times = "" if abs(w) == 1 else f"{abs(w):g} times "
            text += f" {joint}{times}{part.said(name)}"
        return text.strip()


class Weighing(Op):
    """y = sum_k <w_k, x_k> for each picture, of tensors of any shapes (N, ...) -> (N,)"""

    def __init__(self, weights: list[np.ndarray]) -> None:
        self.weighing = weights

    def forward(self, *xs: np.ndarray) -> np.ndarray:
        return sum((w * x).reshape(len(x), -1).sum(axis=1) for w, x in zip(self.weighing, xs))

    def gxs(self, gy: np.ndarray) -> list[np.ndarray]:
        return [gy.reshape(*gy.shape, *(1,) * (w.ndim - 1)) * w for w in self.weighing]


@dataclass(frozen=True)
class OfUnit(Target):
    """One unit of feature maps."""

    place: tuple[Any, ...]
    layer: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", tuple(_hashable(i) for i in self.place))

    def begin(self, y: Any) -> Start:
        y = named(y, self.layer)
        return y, one_hot(y, self.place)

    def repeated(self, M: int) -> Target:
        return OfUnit(tuple(i * M if isinstance(i, tuple) else i for i in self.place), self.layer)

    def said(self, name: Callable[[int], str] = "class {}".format) -> str:
        return f"unit ({', '.join(map(str, self.place))}) of {self.layer or 'the output'}"


@dataclass(frozen=True, eq=False)
class OfSignal(Target):
    """A sum of a tensor's values, weighted by a signal; None: each counts once."""

    weights: Any
    layer: str | None = None
    start: str = "score"

    def __post_init__(self) -> None:
        if self.start == "probability":
            raise GraphError(
                "a probability is asked for by its class; "
                "with a signal of your own, start it at the softmax's output"
            )
        if self.weights is not None and not is_signal(self.weights):
            raise GraphError(f"a signal is an array of floats or bools, not {type(self.weights).__name__}")

    def begin(self, y: Any) -> Start:
        y = named(y, self.layer)
        if isinstance(y.op, Softmax):
            _warn(y)
        signal = np.ones_like(y.data) if self.weights is None else _fitting(self.weights, y)
        return y, signal * y.data if self.start == "value" else signal

    def numbers(self, y: Any) -> np.ndarray:
        if self.layer:
            return super().numbers(y)
        y = chosen(y)
        return (y if self.weights is None else y * self.weights).sum(axis=tuple(range(2, y.ndim)))

    def plain(self) -> Target:
        return OfSignal(self.weights, self.layer)

    def repeated(self, M: int) -> Target:
        if self.weights is None:
            return self
        return OfSignal(np.concatenate([self.weights] * M), self.layer, self.start)

    def said(self, name: Callable[[int], str] = "class {}".format) -> str:
        which = "the" if self.weights is None else "a weighted"
        return f"{which} sum of all values of {self.layer or 'the output'}"


def begin(y: Any, c: Any, start: str = "score") -> Start:
    """(tensor, signal) for `backward`.  y: the network's output, or its outputs in a dict or a tuple;
    c: a class or any other target, see `Target.of`
    """
    each(_check_remembers, y)
    return Target.of(c, start).begin(y)


def _check_remembers(y):
    if not isinstance(y, Tensor):
        raise GraphError(
            f"y is the tensor that net(Tensor(x)) returns; {type(y).__name__} remembers no operations"
        )


def named(y: Any, layer: str | None) -> Tensor:
    """The tensor of this name in the history of the outputs y; without a name, the only output."""
    if layer is None:
        return chosen(y)
    outputs: list[Tensor] = []
    each(outputs.append, y)
    return find(outputs[0] if len(outputs) == 1 else outputs, layer)


def at_output(output: str | int | None) -> str:
    """' at output logits', for a phrase; '' for the only one."""
    return "" if output is None else f" at output {output}"


def _summands(target):
    return target.parts if isinstance(target, OfSum) else ((1.0, target),)


def class_name(c: Any, name: Callable[[int], str]) -> str:
    """A class in a phrase: by its name; a word that stands for one, as it is."""
    return c if isinstance(c, str) else name(c)


def is_signal(c: Any) -> bool:
    """Whether it is a signal, floats or bools, and not a class or a unit, which are whole numbers."""
    return getattr(getattr(c, "dtype", None), "kind", None) in ("f", "b")


def strongest_unit(A: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(k, i, j) of the largest value of feature maps A (N, K, h, w), N of each:
    where a deconvnet signal may start.
    """
    N, _, h, w = A.shape
    largest = A.data.reshape(N, -1).argmax(axis=1)
    return largest // (h * w), largest // w % h, largest % w


def _fitting(signal, y):
    """The signal in y's dtype, if its shape fits."""
    if tuple(signal.shape[max(signal.ndim - y.ndim, 0) :]) != tuple(y.shape):
        where = f"a signal at {y.name or 'y'} {tuple(y.shape)}"
        raise GraphError(f"{where} must have that shape, with any axes before it, not {tuple(signal.shape)}")
    return signal.astype(y.dtype)


def _hashable(i):
    """A coordinate: a number, or a tuple of N."""
    i = np.asarray(i).tolist()
    return tuple(i) if isinstance(i, list) else i


def _warn(y):
    mixes = "mixes in every other class and " if end_of(y) == "softmax" else ""
    what = f"its gradient {mixes}vanishes when the network is sure"
    message = f"{y.name or 'y'} follows a {end_of(y)}: {what}. Explain the scores in front of it"
    warnings.warn(message, stacklevel=5)
