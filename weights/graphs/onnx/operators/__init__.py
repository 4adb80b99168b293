"""ONNX's operators (github.com/onnx/onnx, docs/Operators.md): the table of all importers, and adapters.

An adapter has ONNX's own names for attributes and calls a neutral function of `weights.graphs.operators`.
Signals and weights stand before the star, in the order of the node's inputs; settings stand after it, and may
arrive as inputs or, in older versions, as attributes: Clip's min and max, Slice's starts.  What changed its
meaning between versions asks for `opset`.
"""

from weights.graphs.onnx.branches import still
from weights.graphs.onnx.operators import (
    axes,
    fused,
    numbers,
    older,
    regions,
    scoring,
    sequences,
    shapes,
    windows,
)
from weights.graphs.operators import OPERATORS as TABLE
from weights.graphs.operators import Table, spelled

GROUPS = (axes, scoring, windows, shapes, numbers, sequences, regions, fused, older)
ADAPTERS = {name: function for group in GROUPS for name, function in group.OPERATORS.items()}
OPERATORS = Table(__name__, spelled(TABLE, "onnx") | ADAPTERS | {"If": still})
