"""What is known of an explanation method, said once, at the end of the method's own file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcam.target import Target
from minicnn import GraphError, Tensor

NO_DERIVATIVE = "No derivative of this score reaches a pixel."
ONE_EACH, FORWARD = "1 forward, 1 backward", "1 forward"


def _nowhere(*_: Any, **__: Any) -> Any:
    raise GraphError("one map alone is looked at here: nothing is computed at other inputs or layers")


@dataclass(frozen=True)
class Context:
    """What a method may use, for one class.

    net       the network; x: its input, a tensor (N, C, H, W); y: its output, a tensor, scores (N, classes)
              say
    targets   what is explained (`gradcam.target.Target`): all at once for a joint method; target: the only
              one otherwise
    A         the feature maps, a tensor (N, K, h, w), for a method that weighs a layer
    signals   {(rules, "x" or "A"): array}, those that the method declared, of this target
    pixels    (lowest, highest) value of an input; progress: whether to show a bar
    layers    the names of all layers that were asked for
    elsewhere f(method, x=None, layer=None) -> Context: the same question for another method, at other inputs
              (M N, C, H, W), M batches of the same N pictures, or at another layer
    """

    net: Any
    x: Tensor
    y: Tensor
    targets: tuple[Target, ...]
    A: Any
    signals: dict[tuple[str, str], np.ndarray]
    pixels: tuple[np.ndarray, np.ndarray]
    progress: bool
    layers: tuple[str, ...] = ()
    elsewhere: Callable[..., Context] = _nowhere

    @property
    def target(self) -> Target:
        """What is explained, for a method that is not joint."""
        return self.targets[0]


@dataclass(frozen=True)
class Method:
    """An explanation method.

    name      what `--method` takes; spellings: others that it takes
    title     above its picture; paper: authors and year; question: what it asks, in one line; cost: passes of
              the network, for one class
    equation  its formula, in one line, as the conformance kit states it; exact: whether that is free of
              roundoff for dyadic numbers
    compute   f(Context, **options) -> the map of one target; joint: of all targets, one after the other
    signals   what it is made from: pairs of (rules, where they arrive), all on one backward pass
    at_layer  whether it weighs feature maps; many_passes: whether it runs the network more than once;
              classic: in the first tables
    weights   f(g, A) -> the weights of the maps, for Grad-CAM's family (both (N, K, h, w)); relu: whether the
              sum is clipped
    drawn     "overlay", "heat" or "relief"; scaled_with: the method that it shares its scale with
    zero      why its map can be zero everywhere, {layer} in place of the layer's name; of_score: whether a
              score of 0 is reason enough
    peers     {library: its class for this method}
    end       f(y), which raises GraphError if the network of the scores y does not end as the method asks;
              see `fits`
    base      of a variant (`gradcam.methods.variants`): the name of the method that it is one of
    layer     the name of its own layer, where it is not the one that `explain` was given; fuses: whether it
              makes one map of several layers; upsamples: whether it has the option `upsampling`
    """

    name: str
    title: str
    paper: str
    question: str
    compute: Callable[..., Any]
    equation: str = ""
    exact: bool = True
    cost: str = ONE_EACH
    spellings: tuple[str, ...] = ()
    joint: bool = False
    signals: tuple[tuple[str, str], ...] = ()
    at_layer: bool = False
    many_passes: bool = False
    classic: bool = False
    weights: Callable[..., np.ndarray] | None = None
    relu: bool = True
    drawn: str = "relief"
    scaled_with: str = ""
    zero: str = NO_DERIVATIVE
    of_score: bool = True
    peers: dict[str, str] = field(default_factory=dict)
    end: Callable[[Tensor], Any] | None = None
    base: str = ""
    layer: str = ""
    fuses: bool = False
    upsamples: bool = False

    def map(self, context: Context, **options: Any) -> np.ndarray:
        """The map of the context's one target."""
        found = self.compute(context, **options)
        return found[0] if self.joint else found

    def fits(self, y: Tensor) -> bool:
        """Whether the method applies to the network that gave the scores y (N, classes)."""
        try:
            if self.end:
                self.end(y)
        except GraphError:
            return False
        return True


def space(A: np.ndarray) -> tuple[int, ...]:
    """The axes of places, from the right: (-2, -1) of maps A (N, K, h, w), one of a signal's (N, K, l), three
    of a volume's (N, K, d, h, w).
    """
    return tuple(range(2 - A.ndim, 0))


def in_rows(v: np.ndarray, axes: int) -> np.ndarray:
    """Maps with places along one axis or three, (..., K, l) or (..., K, d, h, w), as with two,
    (..., K, 1, places): the equations of Grad-CAM's family sum over all places, however they lie.
    """
    return v if axes == 2 else v.reshape(*v.shape[: v.ndim - axes], 1, -1)


def weighted(A: np.ndarray, weights: np.ndarray, relu: bool = True) -> np.ndarray:
    """L = sum_k w^k A^k, with a ReLU on the sum if the method has one.

    (..., N, K, h, w) -> (..., N, h, w)
    """
    L = (weights * A).sum(axis=-3)
    return np.maximum(L, 0) if relu else L


def cam_method(
    name: str, title: str, *, weights: Callable[..., np.ndarray], relu: bool = True, **said: Any
) -> Method:
    """A method of Grad-CAM's family: it differs from the others in its weights only."""

    def compute(context, relu=relu, **options):
        shape, axes = context.A.shape, context.A.ndim - 2
        A, g = (in_rows(v, axes) for v in (context.A.data, context.signals["backprop", "A"]))
        return weighted(A, weights(g, A, **options), relu).reshape(shape[0], *shape[2:])

    return Method(
        name,
        title,
        compute=compute,
        weights=weights,
        relu=relu,
        signals=(("backprop", "A"),),
        at_layer=True,
        drawn="overlay",
        **said,
    )


def pixel_range(x: np.ndarray, card: Any) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest value that an input can have, channel by channel -> (C, 1, 1) each;
    without a card, those that it has; so of signals and volumes.
    """
    of = getattr(card, "preprocessing", None)
    if of is None or x.ndim != 4:
        return tuple(f(axis=space(x), keepdims=True) for f in (x.min, x.max))
    mean, std = (np.asarray(v, x.dtype)[:, None, None] for v in (of.mean, of.std))
    return (0 - mean) / std, (of.scale - mean) / std
