"""PyTorch's operators in our operations: ATen name -> f(arguments in ATen's order), tensors in, a tensor out.

The table of all importers, where only the order of the arguments differs, and adapters.  `Lacking` says that
this case has no counterpart.
"""

from weights.graphs.operators import OPERATORS as TABLE
from weights.graphs.operators import spelled
from weights.graphs.torch.operators import (
    arithmetic,
    elementwise,
    layers,
    normalisation,
    reductions,
    resizing,
    shapes,
    windows,
)
from weights.graphs.torch.operators.lacking import Lacking
from weights.graphs.torch.operators.order import in_atens_order

ROOMS = (windows, layers, normalisation, elementwise, arithmetic, reductions, shapes, resizing)
OPERATORS = {name: in_atens_order(f) for name, f in spelled(TABLE, "aten").items()}  # the first result
OPERATORS |= {name: f for room in ROOMS for name, f in room.OPERATORS.items()}
PARTS = shapes.PARTS  # f(which, ...): any of several results
SIZED = shapes.SIZED  # f(x, the result's shape, x's first size, both as recorded)
BOOLEAN = elementwise.BOOLEAN  # those that take or give True and False

__all__ = ["BOOLEAN", "OPERATORS", "PARTS", "SIZED", "Lacking"]
