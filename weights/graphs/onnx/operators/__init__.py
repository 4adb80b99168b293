"""ONNX's operators, each a function on tensors or arrays, with ONNX's own names for attributes
(github.com/onnx/onnx, docs/Operators.md).

Signals and weights stand before the star, in the order of the node's inputs; settings stand after it, and
may arrive as inputs or, in older versions, as attributes: Clip's min and max, Slice's starts.  What changed
its meaning between versions asks for `opset`.
"""

from weights.graphs.onnx.operators import elementwise, joining, layers, numbers, pooling, shapes

OPERATORS = (
    layers.OPERATORS
    | pooling.OPERATORS
    | elementwise.OPERATORS
    | joining.OPERATORS
    | shapes.OPERATORS
    | numbers.OPERATORS
)
