"""Filling a network with arrays, strictly."""

import difflib
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from minicnn.errors import Error

Network = TypeVar("Network", bound=Any)  # a Layer; what comes in goes out


class LoadError(Error, ValueError):
    """Arrays that do not fit the network."""


def load(net: Network, arrays: Mapping[str, Any]) -> Network:
    """Fill a network's weights from {'conv1_1.W': array, ...}; every name and shape must match, both ways.

    -> net

    LoadError says which do not; nothing is changed then.  Arrays keep their dtype if it is floating, and are
    not copied.
    """
    slots, wrong = net.arrays(), []
    extra = sorted(arrays.keys() - slots.keys())
    for name in sorted(slots.keys() - arrays.keys()):
        near = "".join(f" (near: {n})" for n in difflib.get_close_matches(name, extra, n=1))
        wrong.append(f"the network needs {name} {slots[name].shape}; the arrays lack it{near}")
    wrong += [
        f"the arrays hold {name} {getattr(arrays[name], 'shape', '')}; the network has no such weight"
        for name in extra
    ]
    for name in [name for name in slots if name in arrays]:
        if not hasattr(arrays[name], "dtype"):
            wrong.append(f"{name} is {type(arrays[name]).__name__} in the arrays, not an array")
        elif tuple(arrays[name].shape) != tuple(slots[name].shape):
            wrong.append(
                f"{name} is {tuple(arrays[name].shape)} in the arrays and {tuple(slots[name].shape)} in "
                "the network"
            )
        elif arrays[name].dtype.kind != "f":
            wrong.append(f"{name} holds {arrays[name].dtype} instead of floating-point numbers")
    if wrong:
        more = f"\n  ... and {len(wrong) - 12} more" if len(wrong) > 12 else ""
        raise LoadError("these weights belong to another network:\n  " + "\n  ".join(wrong[:12]) + more)
    for name, tensor in slots.items():
        tensor.data = arrays[name] if arrays[name].dtype != np.float16 else arrays[name].astype(np.float32)
    return net
