"""What an operator of a graph is, for every importer: one table.

Each group ends in OPERATORS, a tuple of `Operator(name, build, onnx=..., aten=..., keras=...)`.  `build` is a
neutral function on tensors; an importer adapts arguments, and nothing else.  To add one: its operation in
minicnn/ops, and its line here in the group that it belongs to.
"""

from __future__ import annotations

from weights.graphs.operators import (
    activations,
    arithmetic,
    normalisation,
    products,
    recurrent,
    reductions,
    resizing,
    sampling,
    scattering,
    shapes,
    windows,
)
from weights.graphs.operators.operator import Operator, Table, spelled

GROUPS = (
    arithmetic,
    activations,
    normalisation,
    windows,
    shapes,
    reductions,
    products,
    resizing,
    recurrent,
    scattering,
    sampling,
)
OPERATORS: tuple[Operator, ...] = tuple(operator for group in GROUPS for operator in group.OPERATORS)

__all__ = ["OPERATORS", "Operator", "Table", "spelled"]
