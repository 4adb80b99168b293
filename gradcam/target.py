"""What is explained: one number for each picture, and where the signal that explains it starts."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn import GraphError, LogSoftmax, Softmax, Tensor, find, one_hot

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

    A kind of target is a class with `begin`, `numbers`, `repeated` and `said`.  str(target) says what is
    explained.
    """

    @staticmethod
    def score(c: Any) -> Target:
        """The score of class c before softmax: dy_c/dx (Selvaraju et al. 2017, sec. 3).

        c: a class, or N for N pictures.
        """
        return OfClass(c)

    @staticmethod
    def probability(c: Any) -> Target:
        """p_c, p = softmax(y): dp_c/dx = p_c (dy_c/dx - sum_j p_j dy_j/dx), which vanishes as p_c -> 1."""
        return OfClass(c, "probability")

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

    def begin(self, y: Tensor) -> tuple[Tensor, np.ndarray]:
        """(tensor, signal) for `backward`: where the signal starts, and what it is there.

        y: the network's output.
        """
        raise NotImplementedError

    def numbers(self, y: np.ndarray) -> np.ndarray:
        """What is explained, as a number: outputs of M passes (M, N, classes) -> (M, N)"""
        raise GraphError(
            f"{self} is not at the network's output: only a method that uses gradients can explain it"
        )

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


@dataclass(frozen=True)
class OfClass(Target):
    """A class's score, probability or value."""

    c: Any
    start: str = "score"

    def __post_init__(self) -> None:
        if np.ndim(self.c) or isinstance(self.c, (tuple, list)):
            object.__setattr__(self, "c", tuple(_hashable(i) for i in self.c))

    def begin(self, y: Tensor) -> Start:
        if isinstance(y.op, (Softmax, LogSoftmax)):
            _warn(y)
        if self.start == "probability":
            y = Softmax()(y)
        signal = one_hot(y, self.c)
        return y, signal * y.data if self.start == "value" else signal

    def numbers(self, y: np.ndarray) -> np.ndarray:
        y = Softmax()(y) if self.start == "probability" else y
        one_hot(Tensor(y[0]), self.c)  # an error if there is no such class
        return y[:, np.arange(y.shape[1]), self.c]

    def plain(self) -> Target:
        return OfClass(self.c)

    def repeated(self, M: int) -> Target:
        return OfClass(self.c * M, self.start) if isinstance(self.c, tuple) else self

    def class_of(self, picture: int = 0) -> int | None:
        return self.c[picture] if isinstance(self.c, tuple) else int(self.c)

    def said(self, name: Callable[[int], str] = "class {}".format) -> str:
        what = "score, its signal times its value," if self.start == "value" else self.start
        return f"the {what} of " + (
            ", ".join(map(name, self.c)) if isinstance(self.c, tuple) else name(self.c)
        )


@dataclass(frozen=True)
class OfUnit(Target):
    """One unit of feature maps."""

    place: tuple[Any, ...]
    layer: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", tuple(_hashable(i) for i in self.place))

    def begin(self, y: Tensor) -> Start:
        y = find(y, self.layer) if self.layer else y
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

    def begin(self, y: Tensor) -> Start:
        y = find(y, self.layer) if self.layer else y
        if isinstance(y.op, Softmax):
            _warn(y)
        signal = np.ones_like(y.data) if self.weights is None else _fitting(self.weights, y)
        return y, signal * y.data if self.start == "value" else signal

    def numbers(self, y: np.ndarray) -> np.ndarray:
        if self.layer:
            return super().numbers(y)
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


def begin(y: Tensor, c: Any, start: str = "score") -> Start:
    """(tensor, signal) for `backward`.  y: the network's output;
    c: a class or any other target, see `Target.of`
    """
    if not isinstance(y, Tensor):
        raise GraphError(
            f"y is the tensor that net(Tensor(x)) returns; {type(y).__name__} remembers no operations"
        )
    return Target.of(c, start).begin(y)


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
    what = "its gradient mixes in every other class and vanishes when the network is sure"
    message = f"{y.name or 'y'} follows a softmax: {what}. Explain the scores in front of it"
    warnings.warn(message, stacklevel=5)
