"""The kinds: a graph each, with what should be found out about it.

KINDS[name]() -> Kind.  `expected` holds fields of `Description`, or "refused": a part of the sentence that
says why.  twin: the same network in ONNX's own operators, where the graph uses a runtime's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.weights.graphs.onnx_kinds import Drawn


@dataclass
class Kind:
    """A drawn graph; what is expected of it; how near its numbers must be, relative to the largest.

    options: for `describe`; undone: the file's output -> probabilities or scores as ours.
    """

    net: Drawn
    expected: dict[str, Any]
    opset: int = 13
    near: float = 1e-5
    twin: Drawn | None = None
    options: dict[str, Any] = field(default_factory=dict)
    undone: Callable[[np.ndarray], np.ndarray] = field(default=lambda y: y)


KINDS: dict[str, Callable[[], Kind]] = {}


def kind(make: Callable[[], Kind]) -> Callable[[], Kind]:
    """Enter a function by its name."""
    KINDS[make.__name__] = make
    return make


def values(kind: Kind) -> dict[str, np.ndarray]:
    """An input for each of the graph's, smooth and without ties, of the graph's types."""
    found, weights = {}, {w.name for w in kind.net.weights}
    for name, shape in kind.net.inputs.items():
        if name in weights:
            continue
        sizes = [n if isinstance(n, int) else (16 if k else 1) for k, n in enumerate(shape)]
        wave = np.sin(np.arange(np.prod(sizes)) * 0.37).reshape(sizes)
        dtype = np.dtype(kind.net.types.get(name, "float32"))
        found[name] = (np.round(127 + 120 * wave) if dtype.kind in "iu" else wave).astype(dtype)
    return found


def fits(found: str, wanted: str) -> bool:
    return re.search(wanted, found) is not None
