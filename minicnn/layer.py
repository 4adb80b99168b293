"""Layers: operations together with their weights and a name.

Calling a network never changes it: modes are attributes of its layers, and what batchnorm saw in training is
taken from the graph afterwards (`BatchNormLayer.follow`), so two threads may use one network.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable
from typing import Any, Self, TypeVar

import numpy as np

from minicnn.convolution import Kept
from minicnn.device import moved
from minicnn.graph import Array, GraphError, Op, Tensor
from minicnn.ops import BatchNorm, BatchNormTraining, Conv, Dropout, Linear
from minicnn.windows import Pair, Sides, pair

X = TypeVar("X", Tensor, Array)  # a tensor in, a tensor out; an array in, an array out


class Layer:
    """A named step of a network.

    Subclasses set `self.<weight>` to tensors, `self.<part>` to other layers, and define forward(x).
    """

    training = False
    precision = "fast"

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    def __call__(self, x: X) -> X:
        """A tensor in, a tensor out; an array in, an array out, and nothing is remembered."""
        y = self.forward(x)
        if isinstance(y, Tensor) and y.name is None:
            y.name = self.name
        return y

    @property
    def title(self) -> str | None:
        """What a reader calls it: the title on its card, if it has one (see `weights`), or its name."""
        return getattr(getattr(self, "card", None), "title", None) or self.name

    def __repr__(self) -> str:
        """<SqueezeNet 1.0: Sequential of 57 layers, conv1 to pool10; 1,248,424 weights>"""
        inside = [at for at in self.layers() if not at.parts()] if self.parts() else []
        of = f" of {len(inside)} layers, {inside[0].name} to {inside[-1].name}" if inside else ""
        weights = sum(t.data.size for t in self.parameters().values())
        return f"<{f'{self.title}: ' if self.title else ''}{type(self).__name__}{of}; {weights:,} weights>"

    def forward(self, x: Any) -> Any:
        """What this layer computes; subclasses define it, and callers call the layer itself."""
        raise NotImplementedError

    def apply(self, op: Op, x: X, *weights: Any, name: str | None = None) -> X:
        """op(x, *weights) under this layer's name; weights stay plain arrays when x is one."""
        if not isinstance(x, Tensor):
            weights = tuple(w.data if isinstance(w, Tensor) else w for w in weights)
        return op(x, *weights, name=name or self.name, layer=self)

    def parts(self) -> list[Layer]:
        """The layers directly inside this one, in order."""
        inside = (p for v in vars(self).values() for p in (v if isinstance(v, list) else [v]))
        return [p for p in inside if isinstance(p, Layer)]

    def layers(self) -> list[Layer]:
        """This layer and every layer inside, in order."""
        return [self, *(inner for part in self.parts() for inner in part.layers())]

    def arrays(self) -> dict[str, Tensor]:
        """{'conv1_1.W': tensor, ...}: everything that `load` fills, running statistics included."""
        return {
            f"{at.name}.{key}": value
            for at in self.layers()
            for key, value in vars(at).items()
            if isinstance(value, Tensor)
        }

    def parameters(self) -> dict[str, Tensor]:
        """{'conv1_1.W': tensor, ...}: everything that training changes by its gradient."""
        fixed = {f"{at.name}.{key}" for at in self.layers() for key in getattr(at, "statistics", ())}
        return {name: tensor for name, tensor in self.arrays().items() if name not in fixed}

    def map(self, f: Callable[[Array], Array]) -> Self:
        """A copy of this network whose every array is f(array); a layer used at two places stays one.

        The network is not changed.
        """
        tensors = [v for at in self.layers() for v in vars(at).values() if isinstance(v, Tensor)]
        return copy.deepcopy(self, {id(t.data): f(t.data) for t in tensors})

    def astype(self, dtype: Any) -> Self:
        """A copy of this network that computes in another dtype, say np.float64."""
        return self.map(lambda a: a.astype(dtype))

    def train(self, training: bool = True) -> Self:
        """Dropout drops and batchnorm uses the batch's statistics, here and inside.  -> self"""
        for at in self.layers():
            at.training = training
        return self

    def eval(self) -> Self:
        """The opposite of train().  -> self"""
        return self.train(False)

    def compute(self, precision: str) -> Self:
        """How convolutions are computed from now on, here and inside: "fast", or "exact", which allows no
        Winograd (net.astype(np.float64) rounds less still).  -> self"""
        for at in self.layers():
            at.precision = precision
        return self

    def initialise(self, seed: int = 0) -> Self:
        """Draw the weights anew: He et al. 2015, eq. 10, W ~ N(0, 2/fan_in); biases 0.  -> self"""
        random = np.random.default_rng(seed)
        for at in self.layers():
            if hasattr(at, "W"):
                W = at.W.data
                deviation = np.float32((2 / (W.size // W.shape[0])) ** 0.5)
                at.W.data = moved(random.standard_normal(W.shape, dtype=np.float32) * deviation, W).astype(
                    W.dtype, copy=False
                )
                if at.b is not None:
                    at.b.data = np.zeros_like(at.b.data)
        return self


class Sequential(Layer):
    """Layers one after the other.  net["relu5_3"] is one of them."""

    steps: list[Layer]

    def __init__(self, *steps: Layer, name: str | None = None) -> None:
        super().__init__(name)
        self.steps = list(steps)

    def forward(self, x: X) -> X:
        for step in self.steps:
            x = step(x)
        return x

    def __getitem__(self, name: str) -> Layer:
        for at in self.layers():
            if at.name == name:
                return at
        raise GraphError(
            f"no layer is called '{name}'; near: "
            f"{difflib.get_close_matches(name, [str(at.name) for at in self.layers()])}"
        )


class Apply(Layer):
    """A layer without weights: Apply("pool1", MaxPool, kernel=2)."""

    op: type[Op]
    options: dict[str, Any]

    def __init__(self, name: str, op: type[Op], **options: Any) -> None:
        super().__init__(name)
        self.op, self.options = op, options

    def forward(self, x: X) -> X:
        return self.apply(self.op(**self.options), x)


def _weight(name, *shape, value=0):
    data = (
        np.full(shape, value, np.float32) if value else np.zeros(shape, np.float32)
    )  # untouched zeros take no memory
    return Tensor(data, name)


class ConvLayer(Layer):
    """F filters on C channels; `kernel` one number or (rows, columns); other options as in Conv."""

    options: dict[str, Any]
    b: Tensor | None
    kept: Kept

    def __init__(
        self,
        name: str,
        C: int,
        F: int,
        kernel: Pair,
        stride: Pair = 1,
        pad: Sides = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__(name)
        kh, kw = pair(kernel)
        self.options = {"stride": stride, "pad": pad, "dilation": dilation, "groups": groups}
        self.W = _weight(f"{name}.W", F, C // groups, kh, kw)
        self.b = _weight(f"{name}.b", F) if bias else None
        self.kept = Kept()

    def forward(self, x: X) -> X:
        return self.apply(Conv(**self.options, precision=self.precision, kept=self.kept), x, self.W, self.b)

    def map(self, f: Callable[[Array], Array]) -> Self:
        """As Layer.map; the copy keeps transformed weights of its own."""
        twin = super().map(f)
        twin.kept = Kept()
        return twin


class LinearLayer(Layer):
    """D inputs, F outputs."""

    b: Tensor | None

    def __init__(self, name: str, D: int, F: int, bias: bool = True) -> None:
        super().__init__(name)
        self.W = _weight(f"{name}.W", F, D)
        self.b = _weight(f"{name}.b", F) if bias else None

    def forward(self, x: X) -> X:
        return self.apply(Linear(), x, self.W, self.b)


class BatchNormLayer(Layer):
    """Batch normalisation of C channels, with running statistics `mean` and `var`."""

    statistics: tuple[str, ...] = ("mean", "var")
    eps: float
    momentum: float
    gamma: Tensor
    beta: Tensor
    mean: Tensor
    var: Tensor

    def __init__(self, name: str, C: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(name)
        self.eps, self.momentum = eps, momentum
        self.gamma, self.beta = _weight(f"{name}.gamma", C, value=1), _weight(f"{name}.beta", C)
        self.mean, self.var = _weight(f"{name}.mean", C), _weight(f"{name}.var", C, value=1)

    def forward(self, x: X) -> X:
        if self.training:
            return self.apply(BatchNormTraining(self.eps), x, self.gamma, self.beta)
        return self.apply(BatchNorm(self.eps), x, self.gamma, self.beta, self.mean.data, self.var.data)

    def follow(self, op: Any) -> None:
        """Move the running statistics towards those that a BatchNormTraining saw (var unbiased, as in
        PyTorch)."""
        unbiased = op.var * (op.count / max(op.count - 1, 1))
        self.mean.data = (1 - self.momentum) * self.mean.data + self.momentum * op.mean
        self.var.data = (1 - self.momentum) * self.var.data + self.momentum * unbiased


class DropoutLayer(Layer):
    """Dropout in training mode, nothing in eval mode.

    random: the Generator that it draws from, seeded by whoever trains.
    """

    p: float
    random: np.random.Generator

    def __init__(self, name: str, p: float = 0.5) -> None:
        super().__init__(name)
        self.p, self.random = p, np.random.default_rng(0)

    def forward(self, x: X) -> X:
        return self.apply(Dropout(self.p, self.random), x) if self.training else x
