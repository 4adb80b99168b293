"""A small network of fire modules, for lesson 17."""

from __future__ import annotations

from minicnn import GlobalAvgPool, ReLU
from minicnn.layer import Apply, ConvLayer, Sequential
from minicnn.nets.classifiers.resnet import Residual
from minicnn.nets.classifiers.squeezenet import Fire

__all__ = ["Fire", "Residual", "small"]


def small(
    seed: int, squeeze: int = 4, lean: float = 0.2, shortcut: bool = False
) -> Sequential:
    """Four fire modules with random weights: 64 maps, squeezed to few.  x (N, 3, H, W)
    -> scores (N, 10)

    lean: that share of their deviation is subtracted from all weights; shortcut: each
    module adds to what goes past it.
    """
    fires = [Fire(f"fire{i}", 64, squeeze, 32) for i in range(2, 6)]
    net = Sequential(
        *(ConvLayer("conv1", 3, 64, kernel=3, pad=1), Apply("relu1", ReLU)),
        *(
            Residual(f"block{i}", fire) if shortcut else fire
            for i, fire in enumerate(fires, start=2)
        ),
        *(
            ConvLayer("conv10", 64, 10, kernel=1),
            Apply("relu10", ReLU),
            Apply("gap", GlobalAvgPool),
        ),
    ).initialise(seed)
    return net.map(lambda W: W - lean * W.std() if W.ndim > 1 else W)
