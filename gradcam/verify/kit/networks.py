"""The kit's networks: lists of steps (name, operation, inputs, options), with weights and inputs that are
small dyadic numbers.

Sums and products of such numbers are exact in float64, in any order: who computes the same computes the same
bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import minicnn as m
from minicnn.layer import Layer

H, W, C, CLASSES = 8, 4, 4, 4  # powers of two: a mean is exact; not square: H and W cannot be exchanged
CONV = {"pad": 1}
CHAIN = [
    ("conv1", "Conv", ["x"], CONV),
    ("relu1", "Relu", ["conv1"], {}),
    ("pool1", "MaxPool", ["relu1"], {}),
    ("conv2", "Conv", ["pool1"], CONV),
    ("relu2", "Relu", ["conv2"], {}),
    ("pool", "GlobalAveragePool", ["relu2"], {}),
    ("scores", "Gemm", ["pool"], {}),
]
RESIDUAL = [
    ("conv1", "Conv", ["x"], CONV),
    ("relu1", "Relu", ["conv1"], {}),
    ("pool1", "MaxPool", ["relu1"], {}),
    ("conv2", "Conv", ["pool1"], CONV),
    ("relu2", "Relu", ["conv2"], {}),
    ("conv3", "Conv", ["relu2"], CONV),
    ("add", "Add", ["pool1", "conv3"], {}),
    ("relu3", "Relu", ["add"], {}),
    ("pool", "GlobalAveragePool", ["relu3"], {}),
    ("scores", "Gemm", ["pool"], {}),
]
SHARED = [
    ("conv1", "Conv", ["x"], CONV),
    ("pool1", "MaxPool", ["conv1"], {}),
    ("relu1", "Relu", ["pool1"], {}),
    ("conv2", "Conv", ["relu1"], CONV),
    ("add", "Add", ["pool1", "conv2"], {}),
    ("relu2", "Relu", ["add"], {}),
    ("pool", "GlobalAveragePool", ["relu2"], {}),
    ("scores", "Gemm", ["pool"], {}),
]
# name: (what it separates, how to write its ReLUs, its steps, Grad-CAM's layer, random seed, a flat picture?)
NETWORKS = {
    "chain": ("the plain case: all should agree", "module", CHAIN, "relu2", 1, False),
    "before_relu": (
        "a layer before its ReLU, whose gradient is not the same everywhere: Grad-CAM and its relatives part",
        "module",
        CHAIN,
        "conv2",
        7,
        False,
    ),
    "in_place": ("an in-place ReLU behind Grad-CAM's layer", "in-place", CHAIN, "conv2", 2, False),
    "functional": ("ReLUs that are functions, not modules", "function", CHAIN, "relu2", 3, False),
    "residual": ("an addition in front of a ReLU", "module", RESIDUAL, "relu3", 4, False),
    "shared": ("a tensor in front of a ReLU that also feeds a skip", "module", SHARED, "relu2", 5, False),
    "tied": ("a flat picture: max-pool windows with several maxima", "module", CHAIN, "relu2", 6, True),
}


def numbers(shape: Any, seed: Any, most: Any = 8) -> Any:
    """Reproducible n/16, -most <= n <= most: a linear congruential generator, so that no library's generator
    is needed.
    """
    state, values = seed * 7919 + 17, []
    for _ in range(int(np.prod(shape))):
        state = (1103515245 * state + 12345) % (1 << 31)
        values.append((state >> 16) % (2 * most + 1) - most)
    return np.array(values, np.float64).reshape(shape) / 16


def weights(steps: Any, seed: Any) -> Any:
    """{'conv1.W': array, ...} for the steps that have weights."""
    arrays, channels = {}, 3
    for n, (name, kind, _, _) in enumerate(steps):
        if kind == "Conv":
            arrays[f"{name}.W"], arrays[f"{name}.b"] = (
                numbers((C, channels, 3, 3), seed * 100 + n),
                numbers((C,), seed * 100 + n + 50),
            )
            channels = C
        elif kind == "Gemm":
            arrays[f"{name}.W"], arrays[f"{name}.b"] = (
                numbers((CLASSES, C), seed * 100 + n, 16),
                numbers((CLASSES,), seed * 100 + n + 50),
            )
    return arrays


def picture(seed: Any, flat: Any) -> Any:
    """The input (1, 3, 8, 4); flat: its lower half is one value."""
    x = numbers((1, 3, H, W), seed * 100 + 99, 16)
    if flat:
        x[:, :, 2:] = 0.5
    return x


MAKE = {
    "Conv": lambda o: m.Conv(pad=o["pad"]),
    "Relu": lambda o: m.ReLU(),
    "MaxPool": lambda o: m.MaxPool(2),
    "Add": lambda o: m.Add(),
    "GlobalAveragePool": lambda o: m.GlobalAvgPool(),
    "Gemm": lambda o: m.Linear(),
}


class Network(Layer):
    """The steps with their weights; maps a tensor to scores."""

    def __init__(self, steps: Any, arrays: Any) -> Any:
        super().__init__("kit")
        self.list, self.numbers = steps, arrays

    def forward(self, x: np.ndarray) -> Any:
        values = {"x": x}
        for name, kind, inputs, options in self.list:
            own = [self.numbers[f"{name}.{k}"] for k in ("W", "b") if f"{name}.{k}" in self.numbers]
            values[name] = MAKE[kind](options)(*[values[i] for i in inputs], *own, name=name)
        return values[self.list[-1][0]]

    def astype(self, dtype: Any) -> Any:
        return Network(self.list, {name: a.astype(dtype) for name, a in self.numbers.items()})
