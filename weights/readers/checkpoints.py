"""From what a checkpoint holds to names and arrays: opens nested checkpoints and whole saved modules, drops
`module.` prefixes.

A leaf is anything with a method `array()` (a stored tensor or array). Names are joined with dots, as
PyTorch's state_dict does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from weights.errors import WeightsError
from weights.readers.pickles import Record

STATE_KEYS = (
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "params",
)  # what people call the weights in a checkpoint
NOT_STATE = ("optim", "scheduler", "lr_scheduler", "scaler")  # and what stands beside them
WRAPPERS = ("module.", "_orig_mod.")  # DataParallel, torch.compile
DEEPEST_CHECKPOINT = 4
DEEPEST = 100
LONGEST_NAME = 1000
MOST_PARTS = 1_000_000
MOST_TRANSIENT = 1000


def arrays(value: Any, size: int) -> dict[str, np.ndarray]:
    """{name: array} of the tensors in an unpickled value, in the order of the file; `size` is the pickle's,
    in bytes.
    """
    leaves = _leaves(_weights_in(value))
    if sum({id(leaf): leaf.own_bytes for leaf in leaves.values()}.values()) > size:
        raise WeightsError(
            "its arrays add up to more bytes than the file has: they overlap, which no framework writes"
        )
    return {name: leaf.array() for name, leaf in _unwrapped(leaves).items()}


def _weights_in(value, depth=0):
    """The part of a checkpoint that holds the weights.

    {'state_dict': ..., 'epoch': ...} is opened, to a few levels.
    """
    if isinstance(value, dict) and depth < DEEPEST_CHECKPOINT:
        for key in STATE_KEYS:
            if isinstance(value.get(key), (dict, Record)) and _holds_arrays(value[key]):
                return _weights_in(value[key], depth + 1)
    return value


def _holds_arrays(value):
    return bool(_leaves(value))


def _leaves(value):
    """{name: leaf} of all stored arrays below a value. Iterative and counted: a forged checkpoint may
    contain itself, or share its parts so often that a walk would never end.
    """
    leaves, pending, seen = {}, [("", value, 0)], 0
    while pending:
        prefix, value, depth = pending.pop()
        if depth > DEEPEST:
            raise WeightsError(f"its parts are nested deeper than {DEEPEST}: this is no file of weights")
        if hasattr(value, "array"):
            name = prefix or "value"
            if name in leaves:
                raise WeightsError(f"two arrays are called {name[:80]!r}")
            leaves[name] = value
        elif isinstance(value, (dict, list, tuple, Record)):
            children = []
            for key, child in _children(value):
                seen += 1
                if seen > MOST_PARTS:
                    raise WeightsError(f"it holds more than {MOST_PARTS} parts: this is no file of weights")
                named = isinstance(key, (str, int))
                if named and (isinstance(child, (dict, list, tuple, Record)) or hasattr(child, "array")):
                    children.append((_joined(prefix, key), child, depth + 1))
            pending += reversed(children)
    return leaves


def _joined(prefix, key):
    name = str(key)
    if len(prefix) + len(name) > LONGEST_NAME:
        raise WeightsError(f"it holds a name of more than {LONGEST_NAME} characters: {name[:80]!r}...")
    return f"{prefix}.{name}" if prefix else name


def _children(value):
    """(name, child) pairs of a dict, a list, or a saved module; what a module keeps besides its weights is
    None, so that it is counted.
    """
    if isinstance(value, Record):
        yield from _module_children(value.attributes)
        yield from value.items.items()
    elif isinstance(value, dict):
        for key, child in value.items():
            yield key, None if isinstance(key, str) and key.startswith(NOT_STATE) else child
    else:
        yield from enumerate(value)


def _module_children(attributes):
    """Parameters, then buffers, then sub-modules: the order and the names of `Module.state_dict()`.

    TorchScript keeps plain attributes.
    """
    if not isinstance(attributes.get("_modules"), dict):
        for key, child in attributes.items():
            yield key, child if hasattr(child, "array") or isinstance(child, Record) else None
        return
    transient = attributes.get("_non_persistent_buffers_set")
    if isinstance(transient, list) and len(transient) > MOST_TRANSIENT:
        raise WeightsError(
            f"a module with more than {MOST_TRANSIENT} passing buffers: this is no file of weights"
        )
    for group in ("_parameters", "_buffers", "_modules"):
        members = attributes.get(group)
        for key, child in members.items() if isinstance(members, dict) else ():
            passing = group == "_buffers" and isinstance(transient, list) and key in transient
            yield key, None if passing else child


def _unwrapped(leaves):
    """Names without the wrapper that all of them share."""
    for wrapper in WRAPPERS:
        while leaves and all(name.startswith(wrapper) and name != wrapper for name in leaves):
            leaves = {name.removeprefix(wrapper): leaf for name, leaf in leaves.items()}
    return leaves
