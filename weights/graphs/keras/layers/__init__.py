"""Keras' layers, each written as steps of a graph: f(call, x, ...) -> its output."""

from weights.graphs.keras.layers import (
    activations,
    attention,
    merging,
    normalisation,
    operations,
    recurrent,
    shapes,
    windows,
)

GROUPS = (activations, windows, normalisation, shapes, merging, recurrent, attention)
LAYERS = {name: f for group in GROUPS for name, f in group.LAYERS.items()}
OPERATIONS = operations.OPERATIONS
FUNCTIONS_OF_TENSORFLOW = operations.FUNCTIONS_OF_TENSORFLOW

__all__ = ["FUNCTIONS_OF_TENSORFLOW", "LAYERS", "OPERATIONS"]
