"""The backward pass through broadcasting: where a value was used many times, its signals add."""

from minicnn.graph import Array


def sum_to(gy: Array, shape: tuple[int, ...], ndim: int) -> Array:
    """gy (..., *y.shape), y with ndim axes -> (..., *shape): summed over every axis along which `shape` was
    stretched to y's."""
    lead = gy.ndim - ndim
    new = ndim - len(shape)
    stretched = [lead + new + i for i, n in enumerate(shape) if n == 1 and gy.shape[lead + new + i] != 1]
    g = gy.sum(axis=(*range(lead, lead + new), *stretched)) if new or stretched else gy
    return g.reshape((*gy.shape[:lead], *shape))
