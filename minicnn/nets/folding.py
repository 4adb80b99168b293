"""Folding: a batchnorm in eval mode is linear, so the convolution in front of it can do its work."""

import numpy as np

from minicnn.errors import GraphError
from minicnn.graph import Array
from minicnn.layer import BatchNormLayer, ConvLayer, Sequential


def fold(net: Sequential) -> dict[str, Array]:
    """The weights of the same network without batchnorm: W gamma/sigma and beta + (b - mean) gamma/sigma,
    sigma = sqrt(var + eps).

    net: a Sequential in which every batchnorm directly follows a convolution; it is not changed.  ->
    {'conv1_1.W': array, ...}, for `load`. GraphError if a batchnorm stands anywhere else.
    """
    arrays = {name: tensor.data for name, tensor in net.arrays().items()}
    for before, at in zip([None, *net.steps], net.steps):
        if isinstance(at, BatchNormLayer):
            if not isinstance(before, ConvLayer):
                raise GraphError(
                    f"'{at.name}' cannot be folded: a convolution must stand directly in front of it"
                )
            gamma, beta, mean, var = (
                arrays.pop(f"{at.name}.{key}") for key in ("gamma", "beta", "mean", "var")
            )
            factor = gamma / np.sqrt(var + at.eps)
            b = arrays.get(f"{before.name}.b", 0)
            arrays[f"{before.name}.W"] = arrays[f"{before.name}.W"] * factor[:, None, None, None]
            arrays[f"{before.name}.b"] = beta + (b - mean) * factor
    return arrays
