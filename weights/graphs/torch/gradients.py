"""Three gradients of one model: ours, PyTorch's autograd, and central differences, the judge between them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import torch

from minicnn import Error, Tensor, backward, history
from weights.errors import WeightsError
from weights.graphs.torch.network import TracedNetwork
from weights.graphs.torch.precision import InDouble
from weights.graphs.torch.record import Recording, record, scores_of
from weights.graphs.torch.untouched import exact_copy, surroundings

CONFIRMED = 1e-4  # relative, of central differences
STEPS = (1e-6, 1e-7, 1e-8, 1e-9)  # relative to x's deviation
ONE_ROUNDING = 2.0**-52
NOTHING = 1e-4  # relative to what comes in, and to score / x


def gradient(net: TracedNetwork, w: np.ndarray) -> np.ndarray:
    """d(sum of w y)/dx by our backward pass, x's shape.  WeightsError: an operator has no derivative."""
    x, y = net.values[0], net.values[net.output]
    if not isinstance(y, Tensor) or x not in history(y):
        return np.zeros_like(net.x)
    try:
        return sent_back(y, w, [x])[0]
    except Error as error:
        raise WeightsError(f"no gradient passes back through this model: {error}") from error


def sent_back(y: Tensor, w: np.ndarray, tensors: list[Tensor]) -> list[np.ndarray]:
    """The signal w at y, sent back to tensors that y depends on; zeros where no gradient leads."""
    no_signal = [np.broadcast_to(np.zeros((), w.dtype), t.shape) for t in tensors]
    return backward([y, *tensors], [w, *no_signal], wrt=tensors)


def autograd(recording: Recording, w: np.ndarray, tensors: list[torch.Tensor]) -> list[np.ndarray]:
    """d(sum of w y)/d(each tensor) by the model's own autograd; zeros where it says that there is none.

    RuntimeError, PyTorch's: its backward pass fails.
    """
    got = [None] * len(tensors)
    if recording.y.requires_grad and tensors:
        with torch.enable_grad():
            score = (recording.y * torch.from_numpy(w)).sum()
            got = torch.autograd.grad(score, tensors, retain_graph=True, allow_unused=True)
    return [
        np.zeros(tuple(t.shape)) if g is None else g.resolve_conj().resolve_neg().numpy()
        for g, t in zip(got, tensors)
    ]


def central_differences(
    model: torch.nn.Module, x: np.ndarray, w: np.ndarray, directions: int = 3
) -> list[tuple[np.ndarray, Callable[[float], float]]]:
    """-> [(direction, derivative of the sum of w y along it, of a step's length)], from the model's scores
    alone; each is computed when it is asked for."""
    random = np.random.default_rng(1)
    drawn = [random.standard_normal(x.shape) * (x.std() or 1) for _ in range(directions)]
    return [(d, _slope(model, x, w, d)) for d in drawn]


def _slope(model, x, w, d):
    @cache
    def along(step):
        high, low = (float((w * _scores(model, x + e * d)).sum()) for e in (step, -step))
        return (high - low) / (2 * step)

    return along


def confirms(numeric: list[tuple[np.ndarray, Callable[[float], float]]], g: np.ndarray) -> bool:
    """Whether the gradient is the one that central differences show: a long step rounds least, a short one
    meets the fewest kinks."""

    def close(d, slope):
        return abs((g * d).sum() - slope) <= CONFIRMED * max(abs(slope), np.linalg.norm(g * d))

    return all(any(close(d, along(step)) for step in STEPS) for d, along in numeric)


class Moved(NamedTuple):
    """By how much an answer moves, relative L2."""

    scores: float
    gradient: float


def moved(model: torch.nn.Module, recording: Recording, w: np.ndarray) -> Moved:
    """How far the model's own scores and gradient move when every pixel is rounded once, up or down: the most
    of three draws."""
    x, y, g = (
        recording.x.detach().numpy(),
        recording.y.detach().numpy(),
        autograd(recording, w, [recording.x])[0],
    )
    most = Moved(0.0, 0.0)
    for seed in range(3):
        sign = np.random.default_rng(seed).choice([-1, 1], x.shape)
        beside = record(model, x * (1 + ONE_ROUNDING * sign))
        scores = difference(beside.y.detach().numpy(), y)
        gradient = difference(autograd(beside, w, [beside.x])[0], g)
        most = Moved(max(scores, most.scores), max(gradient, most.gradient))
    return most


def difference(ours: np.ndarray, theirs: np.ndarray, least: float = 0.0) -> float:
    """||ours - theirs|| over the larger norm, or over `least` if both are smaller.  Equal infinite values do
    not count; others, and NaN, are infinitely far apart."""
    if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        same = np.isinf(ours) & (ours == theirs)
        ours, theirs = (np.where(same, 0, v) for v in (ours, theirs))
    largest = max(np.abs(ours).max(initial=0), np.abs(theirs).max(initial=0))
    if not np.isfinite(largest):
        return np.inf
    if not largest:
        return 0.0
    ours, theirs = ours / largest, theirs / largest  # whose squares do not overflow
    scale = max(np.linalg.norm(ours), np.linalg.norm(theirs), least / largest)
    return float(np.linalg.norm(ours - theirs) / scale)


def least(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[float, float]:
    """The norms below which scores, and a gradient at x, are nothing but rounding of a zero."""
    incoming = float(np.abs(x).max(initial=0)) * y.size**0.5
    score = np.linalg.norm(w) * max(np.linalg.norm(_finite(y)), incoming)
    return NOTHING * incoming, NOTHING * float(score / (np.linalg.norm(x) or 1))


def _finite(y):
    """Scores, where a masked class, -inf, counts nothing."""
    return np.where(np.isfinite(y), y, 0)


def _scores(model, x):
    with surroundings(grad=True), InDouble():  # with a history, as the model may ask for one
        leaf = torch.from_numpy(x).requires_grad_()
        return _finite(scores_of(exact_copy(model)(leaf.clone())).detach().numpy())
