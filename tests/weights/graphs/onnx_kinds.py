"""Small ONNX graphs, drawn with a fixed seed: a kind each of what people export."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PICTURE = (1, 3, 16, 16)


class Drawn:
    """A graph that grows node by node; every value is called by its node's name."""

    def __init__(self, inputs=None, seed=0):
        self.inputs = inputs or {"input": PICTURE}
        self.nodes, self.weights, self.outputs, self.metadata = [], [], {}, {}
        self.types, self.domains, self.functions = {}, {}, []  # of inputs; beside ONNX's own
        self.random = np.random.default_rng(seed)

    def constant(self, name, values, dtype="f4"):
        """A weight, a shape or a factor."""
        self.weights.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def weight(self, name, *shape):
        """A drawn weight."""
        return self.constant(name, self.random.standard_normal(shape) * (2 / np.prod(shape[1:])) ** 0.5)

    def node(self, op, inputs, name, outputs=None, **attributes):
        """A node; -> the name of its first value."""
        outputs = outputs or [name]
        self.nodes.append(helper.make_node(op, inputs, outputs, name=name, **attributes))
        return outputs[0]

    def trunk(self, x="input", channels=3, width=4):
        """Two convolutions with ReLU and pooling: (N, C, H, W) -> (N, 2 width, H/4, W/4)."""
        for k, (C, F) in enumerate(((channels, width), (width, 2 * width)), 1):
            weights = [self.weight(f"W{k}", F, C, 3, 3), self.weight(f"b{k}", F)]
            x = self.node("Conv", [x, *weights], f"conv{k}", pads=[1] * 4)
            x = self.node(
                "MaxPool",
                [self.node("Relu", [x], f"relu{k}")],
                f"pool{k}",
                kernel_shape=[2, 2],
                strides=[2, 2],
            )
        return x

    def head(self, x, out="scores", classes=4, width=8):
        """Global pooling and a linear layer: -> scores (N, classes)."""
        flat = self.node("Flatten", [self.node("GlobalAveragePool", [x], "gap")], "flat")
        return self.node(
            "Gemm", [flat, self.weight("Wfc", classes, width), self.weight("bfc", classes)], out, transB=1
        )

    def ends(self, *names, dtype=TensorProto.FLOAT):
        """Declare outputs."""
        self.outputs |= dict.fromkeys(names, dtype)
        return self

    def model(self, opset=13):
        """The model as onnx's own object."""
        values = [
            helper.make_tensor_value_info(
                n, helper.np_dtype_to_tensor_dtype(np.dtype(self.types.get(n, "float32"))), s
            )
            for n, s in self.inputs.items()
        ]
        outputs = [helper.make_tensor_value_info(n, t, None) for n, t in self.outputs.items()]
        graph = helper.make_graph(self.nodes, "drawn", values, outputs, self.weights)
        sets = [helper.make_opsetid(*pair) for pair in {"": opset, **self.domains}.items()]
        model = helper.make_model(graph, opset_imports=sets, ir_version=8, functions=self.functions)
        if self.metadata:
            helper.set_model_props(model, self.metadata)
        return model

    def save(self, path, opset=13):
        """Write it; -> path."""
        onnx.save(self.model(opset), path)
        return path


def plain():
    """Convolutions, global pooling, scores."""
    net = Drawn()
    net.head(net.trunk())
    return net.ends("scores")


def ended(*ops, classes=4):
    """plain, and behind its scores these operators."""
    net = Drawn()
    y = net.head(net.trunk(), classes=classes)
    for k, (op, more, attributes) in enumerate(ops):
        y = net.node(op, [y, *more], f"end{k}", **attributes)
    return net.ends(y)


def example(net):
    """An input for each of the graph's, smooth and without ties: {name: array}."""
    found = {}
    for name, shape in net.inputs.items():
        sizes = [n if isinstance(n, int) else (16 if k else 1) for k, n in enumerate(shape)]
        found[name] = np.sin(np.arange(np.prod(sizes)) * 0.37).reshape(sizes).astype(np.float32)
    return found


def reference(net, inputs, opset=13):
    """{output: array}, by ONNX's own reference implementation."""
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(net.model(opset))
    return dict(zip(evaluator.output_names, evaluator.run(None, inputs)))
