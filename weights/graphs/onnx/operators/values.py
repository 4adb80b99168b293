"""What flows along the edges of a graph."""

from weights.graphs.operators.values import Ints, Value

__all__ = ["Ints", "Value"]
