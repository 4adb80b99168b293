"""What exporters write in pieces: shapes from sizes, activations and norms by hand, attention, old operator
sets, functions of the file's own, what a runtime fused.
"""

from __future__ import annotations

import numpy as np
from onnx import AttributeProto, helper

from tests.weights.graphs.exported.kinds import Kind, kind
from tests.weights.graphs.onnx_kinds import Drawn


def _with(name, build, **expected):
    """A trunk whose second activation is build(net, x, k): its last value is the layer."""
    net = Drawn()
    y = net.node("Conv", ["input", net.weight("W1", 8, 3, 3, 3)], "conv1", pads=[1] * 4)
    y = net.node("Conv", [build(net, y, 1), net.weight("W2", 8, 8, 3, 3)], "conv2", strides=[2, 2])
    net.head(build(net, y, 2))
    return Kind(net.ends("scores"), dict(kind="classes", layer="act2") | expected)


@kind
def silu_by_hand():
    return _with("silu", lambda net, x, k: net.node("Mul", [x, net.node("Sigmoid", [x], f"s{k}")], f"act{k}"),
                 operations={"SiLU"})  # fmt: skip


@kind
def hard_swish_by_hand():
    """x clip(x + 3, 0, 6) / 6, as Paddle and early PyTorch wrote it."""

    def act(net, x, k):
        y = net.node("Add", [x, net.constant(f"three{k}", 3)], f"plus{k}")
        y = net.node("Clip", [y, net.constant(f"lo{k}", 0), net.constant(f"hi{k}", 6)], f"clip{k}")
        return net.node("Div", [net.node("Mul", [x, y], f"times{k}"), net.constant(f"six{k}", 6)], f"act{k}")

    return _with("hard_swish", act, operations={"HardSwish"})


@kind
def hard_swish_of_a_hard_sigmoid():
    def act(net, x, k):
        return net.node("Mul", [x, net.node("HardSigmoid", [x], f"h{k}", alpha=1 / 6, beta=0.5)], f"act{k}")

    return _with("hard_swish", act, operations={"HardSwish"})


@kind
def mish_by_hand():
    def act(net, x, k):
        return net.node(
            "Mul", [x, net.node("Tanh", [net.node("Softplus", [x], f"sp{k}")], f"t{k}")], f"act{k}"
        )

    return _with("mish", act, operations={"Mish"})


@kind
def gelu_by_hand_half_first():
    """0.5 x (1 + erf(x / sqrt 2)), the half in front."""

    def act(net, x, k):
        y = net.node("Erf", [net.node("Mul", [x, net.constant(f"r{k}", 0.5**0.5)], f"d{k}")], f"e{k}")
        y = net.node("Add", [net.constant(f"one{k}", 1), y], f"q{k}")
        return net.node("Mul", [net.node("Mul", [net.constant(f"h{k}", 0.5), x], f"hx{k}"), y], f"act{k}")

    return _with("gelu", act, operations={"GELU"})


@kind
def gelu_by_hand_half_last():
    """PyTorch's exporter up to operator set 19."""

    def act(net, x, k):
        y = net.node("Erf", [net.node("Div", [x, net.constant(f"r{k}", 2**0.5)], f"d{k}")], f"e{k}")
        y = net.node("Mul", [x, net.node("Add", [y, net.constant(f"one{k}", 1)], f"q{k}")], f"m{k}")
        return net.node("Mul", [y, net.constant(f"h{k}", 0.5)], f"act{k}")

    return _with("gelu", act, operations={"GELU"})


@kind
def gelu_by_tanh_by_hand():
    """0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))"""

    def act(net, x, k):
        c = lambda name, value: net.constant(f"{name}{k}", value)  # noqa: E731
        y = net.node("Mul", [net.node("Pow", [x, c("three", 3)], f"cube{k}"), c("a", 0.044715)], f"ac{k}")
        y = net.node("Mul", [net.node("Add", [x, y], f"in{k}"), c("root", (2 / np.pi) ** 0.5)], f"scaled{k}")
        y = net.node("Add", [net.node("Tanh", [y], f"t{k}"), c("one", 1)], f"q{k}")
        return net.node("Mul", [net.node("Mul", [x, c("half", 0.5)], f"hx{k}"), y], f"act{k}")

    return _with("gelu", act, operations={"TanhGELU"})


@kind
def relu_by_max_and_leaky_by_hand():
    def act(net, x, k):
        if k == 1:
            return net.node("Max", [x, net.constant("zero", 0)], "act1")
        return net.node("Max", [x, net.node("Mul", [x, net.constant("slope", 0.1)], "low")], "act2")

    return _with("max", act)


@kind
def sizes_read_from_the_picture():
    """x.view(x.size(0), -1): Shape, Gather, Unsqueeze, Concat, Reshape."""
    net = Drawn({"input": ("n", 3, 16, 16)})
    y = net.trunk()
    n = net.node("Gather", [net.node("Shape", [y], "shape"), net.constant("zero", 0, "i8")], "size", axis=0)
    n = net.node("Unsqueeze", [n, net.constant("axes", [0], "i8")], "as_row")
    y = net.node(
        "Reshape", [y, net.node("Concat", [n, net.constant("rest", [-1], "i8")], "to", axis=0)], "flat"
    )
    net.node("Gemm", [y, net.weight("Wfc", 4, 128)], "scores", transB=1)
    return Kind(net.ends("scores"), dict(kind="classes", layer="relu2"))


@kind
def squeezed_if_there_is_one():
    """x.squeeze(2) with free axes: an If on the size."""
    net = Drawn({"input": ("n", 3, "h", "w")})
    y = net.node("GlobalAveragePool", [net.trunk()], "gap")
    size = net.node(
        "Gather", [net.node("Shape", [y], "shape"), net.constant("two", [2], "i8")], "size", axis=0
    )
    one = net.node("Equal", [size, net.constant("one", [1], "i8")], "is_one")
    float_out = helper.make_tensor_value_info
    then = helper.make_graph([helper.make_node("Squeeze", [y, "two"], ["squeezed"], name="sq")], "then", [],
                             [float_out("squeezed", 1, None)])  # fmt: skip
    other = helper.make_graph([helper.make_node("Identity", [y], ["same"], name="same")], "else", [],
                              [float_out("same", 1, None)])  # fmt: skip
    y = net.node("If", [one], "maybe", then_branch=then, else_branch=other)
    y = net.node("Flatten", [y], "flat")
    net.node("Gemm", [y, net.weight("Wfc", 4, 8)], "scores", transB=1)
    return Kind(net.ends("scores"), dict(kind="classes", layer="relu2"), options={"crop": 16})


@kind
def as_many_as_there_are_chunks():
    """torch.chunk as a sequence: SplitToSequence, SequenceAt, ConcatFromSequence."""
    net = Drawn()
    y = net.trunk()
    s = net.node("SplitToSequence", [y, net.constant("four", 4, "i8")], "parts", axis=1)
    first, second = (net.node("SequenceAt", [s, net.constant(f"i{k}", k, "i8")], f"part{k}") for k in (0, 1))
    s = net.node("SequenceConstruct", [second, net.node("Relu", [first], "relu3")], "swapped")
    net.head(net.node("ConcatFromSequence", [s], "joined", axis=1))
    return Kind(net.ends("scores"), dict(kind="classes", layer="joined"))


@kind
def a_function_of_the_file():
    """What PyTorch 2.0 to 2.4 wrote: operators as functions that the file defines."""
    net = Drawn()
    net.domains = {"pkg.torch_lib": 1}
    relu = helper.make_function(
        "pkg.torch_lib", "aten_block", ["x", "w"], ["y"],
        [helper.make_node("Conv", ["x", "w"], ["inner"], name="conv", pads=[1] * 4),
         helper.make_node("aten_act", ["inner"], ["y"], name="act", domain="pkg.torch_lib")],
        [helper.make_opsetid("", 13), helper.make_opsetid("pkg.torch_lib", 1)])  # fmt: skip
    slope = helper.make_node("LeakyRelu", ["a"], ["b"], name="leaky")
    alpha = helper.make_attribute_ref("alpha", AttributeProto.FLOAT)
    alpha.ref_attr_name = "slope"
    slope.attribute.append(alpha)
    leaky = helper.make_function("pkg.torch_lib", "aten_act", ["a"], ["b"], [slope],
                                 [helper.make_opsetid("", 13)], ["slope"])  # fmt: skip
    net.functions = [leaky, relu]
    relu.node[1].attribute.append(helper.make_attribute("slope", 0.2))
    y = net.node("aten_block", ["input", net.weight("W1", 8, 3, 3, 3)], "block1", domain="pkg.torch_lib")
    y = net.node("aten_block", [y, net.weight("W2", 8, 8, 3, 3)], "block2", domain="pkg.torch_lib")
    net.head(y)
    return Kind(net.ends("scores"), dict(kind="classes", layer="block2"), opset=13)


@kind
def group_norm_by_instance_norm():
    net = Drawn()
    y = net.trunk()
    y = net.node("Reshape", [y, net.constant("to", [0, 2, -1], "i8")], "grouped")
    ones, zeros = net.constant("ones", np.ones(2)), net.constant("zeros", np.zeros(2))
    y = net.node("InstanceNormalization", [y, ones, zeros], "normed")
    y = net.node("Reshape", [y, net.constant("back", [1, 8, 4, 4], "i8")], "ungrouped")
    y = net.node("Mul", [y, net.weight("gamma", 8, 1, 1)], "scaled")
    y = net.node("Add", [y, net.weight("beta", 8, 1, 1)], "affine")  # fmt: skip
    net.head(net.node("Relu", [y], "relu3"))
    return Kind(net.ends("scores"), dict(kind="classes", layer="relu3"))


@kind
def layer_norm_over_channels_last():
    """ConvNeXt: turned, normalised by hand, two linear layers, turned back, added."""
    net = Drawn()
    y = x = net.node("Conv", ["input", net.weight("W1", 8, 3, 4, 4)], "stem", strides=[4, 4])
    y = net.node("Conv", [y, net.weight("Wd", 8, 1, 3, 3)], "depthwise", group=8, pads=[1] * 4)
    y = net.node("Transpose", [y], "turned", perm=[0, 2, 3, 1])
    centred = net.node("Sub", [y, net.node("ReduceMean", [y], "mean", axes=[-1])], "centred")
    var = net.node("ReduceMean", [net.node("Pow", [centred, net.constant("two", 2)], "sq")], "var", axes=[-1])
    root = net.node("Sqrt", [net.node("Add", [var, net.constant("eps", 1e-6)], "safe")], "root")
    y = net.node("MatMul", [net.node("Div", [centred, root], "normed"), net.weight("Wa", 8, 16)], "up")
    y = net.node("Relu", [y], "hidden")
    y = net.node("MatMul", [y, net.weight("Wb", 16, 8)], "down")
    y = net.node("Add", [x, net.node("Transpose", [y], "back", perm=[0, 3, 1, 2])], "block")
    net.head(y)
    return Kind(net.ends("scores"), dict(kind="classes", layer="block"))


@kind
def vision_transformer():
    """A patch convolution, a class token, one attention, the token's head."""
    net = Drawn()
    y = net.node("Conv", ["input", net.weight("Wp", 8, 3, 4, 4)], "patches", strides=[4, 4])
    y = net.node("Reshape", [y, net.constant("to", [1, 8, 16], "i8")], "flat")
    y = net.node("Transpose", [y], "tokens", perm=[0, 2, 1])
    y = net.node("Concat", [net.weight("cls", 1, 1, 8), y], "with_class", axis=1)
    y = x = net.node("Add", [y, net.weight("position", 1, 17, 8)], "placed")
    q, k, v = (net.node("MatMul", [y, net.weight(f"W{n}", 8, 8)], n) for n in "qkv")
    s = net.node("MatMul", [q, net.node("Transpose", [k], "kT", perm=[0, 2, 1])], "products")
    s = net.node(
        "Softmax", [net.node("Div", [s, net.constant("root", 8**0.5)], "scaled")], "attention", axis=-1
    )
    y = net.node("Add", [x, net.node("MatMul", [s, v], "looked_up")], "block1")
    y = net.node("Gather", [y, net.constant("first", 0, "i8")], "token", axis=1)
    net.node("Gemm", [y, net.weight("Wfc", 4, 8)], "scores", transB=1)
    return Kind(net.ends("scores"), dict(kind="classes"))


@kind
def einsum_head():
    net = Drawn()
    y = net.node("ReduceMean", [net.trunk()], "mean", axes=[-2, -1], keepdims=0)
    net.node("Einsum", [y, net.weight("Wfc", 8, 4)], "scores", equation="nc,ck->nk")
    return Kind(net.ends("scores"), dict(kind="classes", layer="relu2"))


@kind
def pooled_by_a_window_as_large():
    """AveragePool over all of it; then a convolution as the head."""
    net = Drawn()
    y = net.node("AveragePool", [net.trunk()], "pool", kernel_shape=[4, 4])
    y = net.node("Conv", [y, net.weight("Wk", 4, 8, 1, 1), net.weight("bk", 4)], "head")
    net.node("Flatten", [y], "scores")
    return Kind(net.ends("scores"), dict(kind="classes", layer="relu2"))


@kind
def scores_for_each_place_averaged():
    """SqueezeNet's and NiN's head: a convolution to the classes, then the mean."""
    net = Drawn()
    y = net.node("Relu", [net.node("Conv", [net.trunk(), net.weight("Wk", 4, 8, 1, 1)], "conv10")], "relu10")
    net.node(
        "Reshape", [net.node("GlobalAveragePool", [y], "pool"), net.constant("to", [1, -1], "i8")], "scores"
    )
    return Kind(net.ends("scores"), dict(kind="classes", layer="relu10"))


@kind
def generalised_mean_pooling():
    """GeM: clip, power, mean, root."""
    net = Drawn()
    y = net.node("Clip", [net.trunk(), net.constant("lo", 1e-6)], "safe")
    y = net.node("Pow", [y, net.constant("p", 3)], "powers")  # fmt: skip
    y = net.node("Pow", [net.node("GlobalAveragePool", [y], "mean"), net.constant("inverse", 1 / 3)], "gem")
    net.node("Gemm", [net.node("Flatten", [y], "flat"), net.weight("Wfc", 4, 8)], "scores", transB=1)
    return Kind(net.ends("scores"), dict(kind="classes"))


@kind
def local_response_and_groups():
    """AlexNet's: LRN, grouped convolutions, a large head."""
    net = Drawn()
    y = net.node("LRN", [net.trunk()], "lrn", size=5, alpha=1e-2, beta=0.75, bias=1.0)
    y = net.node("Relu", [net.node("Conv", [y, net.weight("W3", 8, 4, 3, 3)], "conv3", group=2)], "relu3")
    y = net.node("Dropout", [net.node("Flatten", [y], "flat")], "drop")
    net.node("Gemm", [y, net.weight("Wfc", 4, 32)], "scores", transB=1)
    return Kind(net.ends("scores"), dict(kind="classes", layer="relu3"))


@kind
def weights_that_are_computed():
    """Weight norm: g v / |v|, and a transposed head."""
    net = Drawn()
    v = net.weight("v", 8, 3, 3, 3)
    length = net.node("ReduceL2", [v], "length", axes=[1, 2, 3], keepdims=1)
    w = net.node("Mul", [net.weight("g", 8, 1, 1, 1), net.node("Div", [v, length], "unit")], "w")
    y = net.node("Relu", [net.node("Conv", ["input", w], "conv")], "relu")
    y = net.node("Flatten", [net.node("GlobalAveragePool", [y], "gap")], "flat")
    net.node("MatMul", [y, net.node("Transpose", [net.weight("Wfc", 4, 8)], "WT", perm=[1, 0])], "scores")
    return Kind(net.ends("scores"), dict(kind="classes", layer="relu"))


@kind
def joined_at_odd_sizes():
    """A resize to another tensor's size, its sizes read and joined."""
    net = Drawn()
    y = net.trunk()
    sizes = net.node("Slice", [net.node("Shape", ["relu1"], "shape"), net.constant("two", [2], "i8"),
                     net.constant("four", [4], "i8")], "hw")  # fmt: skip
    all_sizes = net.node("Concat", [net.constant("nc", [1, 8], "i8"), sizes], "sizes", axis=0)
    y = net.node("Resize", [y, "", "", all_sizes], "up", mode="nearest", nearest_mode="floor",
                 coordinate_transformation_mode="asymmetric")  # fmt: skip
    net.head(net.node("Concat", [y, "relu1"], "joined", axis=1), width=12)
    return Kind(net.ends("scores"), dict(kind="classes", layer="joined"))


@kind
def unpooled():
    """SegNet: MaxPool's places, MaxUnpool."""
    net = Drawn()
    y = net.node(
        "Relu", [net.node("Conv", ["input", net.weight("W", 8, 3, 3, 3)], "conv", pads=[1] * 4)], "relu"
    )
    net.node("MaxPool", [y], "pool", outputs=["pooled", "places"], kernel_shape=[2, 2], strides=[2, 2])
    y = net.node("MaxUnpool", ["pooled", "places"], "unpooled", kernel_shape=[2, 2], strides=[2, 2])
    net.node("Conv", [y, net.weight("Wo", 4, 8, 3, 3)], "mask", pads=[1] * 4)
    return Kind(net.ends("mask"), dict(kind="map", shape=(1, 4, 16, 16), layer="relu"))


@kind
def warped():
    """A spatial transformer: AffineGrid and GridSample."""
    net = Drawn()
    t = net.node("Gemm", [net.node("Flatten", [net.node("GlobalAveragePool", ["input"], "means")], "row"),
                 net.weight("Wt", 6, 3), net.constant("bt", [1, 0, 0.1, 0, 1, -0.1])],
                 "theta", transB=1)  # fmt: skip
    t = net.node("Reshape", [t, net.constant("as", [1, 2, 3], "i8")], "matrix")
    g = net.node("AffineGrid", [t, net.constant("size", [1, 3, 16, 16], "i8")], "grid")
    net.head(net.trunk(net.node("GridSample", ["input", g], "sampled")))
    return Kind(net.ends("scores"), dict(kind="classes", layer="relu2"), opset=20)


@kind
def regions_of_fixed_boxes():
    """RoiAlign of constant boxes: a detector's head."""
    net = Drawn()
    boxes, batch = net.constant("boxes", [[1, 2, 11, 12], [3, 1, 14, 9]]), net.constant("batch", [0, 0], "i8")
    y = net.node("RoiAlign", [net.trunk(), boxes, batch], "aligned", output_height=3, output_width=3,
                 sampling_ratio=2, spatial_scale=0.25,
                 coordinate_transformation_mode="half_pixel")  # fmt: skip
    y = net.node("Reshape", [y, net.constant("to", [1, 2, 72], "i8")], "rows")
    net.node("MatMul", [y, net.weight("Wc", 72, 3)], "scores")
    return Kind(net.ends("scores"), dict(kind="rows", shape=(1, 2, 3), layer="relu2"), opset=16)


@kind
def deformable_convolution():
    net = Drawn()
    y = net.trunk()
    offsets = net.node("Conv", [y, net.weight("Woff", 18, 8, 3, 3)], "offsets", pads=[1] * 4)
    y = net.node("DeformConv", [y, net.weight("Wd", 8, 8, 3, 3), offsets], "deformed", pads=[1] * 4)
    net.head(net.node("Relu", [y], "relu3"))
    return Kind(net.ends("scores"), dict(kind="classes", layer="relu3"), opset=19)


@kind
def attention_as_one_operator():
    """Operator set 23's Attention, as PyTorch's newest exporter writes it."""
    net = Drawn()
    y = net.node("Conv", ["input", net.weight("Wp", 8, 3, 4, 4)], "patches", strides=[4, 4])
    y = net.node("Reshape", [y, net.constant("to", [1, 8, 16], "i8")], "flat")
    y = net.node("Transpose", [y], "tokens", perm=[0, 2, 1])  # fmt: skip
    q, k, v = (net.node("MatMul", [y, net.weight(f"W{n}", 8, 8)], n) for n in "qkv")
    y = net.node(
        "Add", [y, net.node("Attention", [q, k, v], "looked_up", q_num_heads=2, kv_num_heads=2)], "sum"
    )
    y = net.node("ReduceMean", [y, net.constant("axes", [1], "i8")], "mean", keepdims=0)
    net.node("Gemm", [y, net.weight("Wfc", 4, 8)], "scores", transB=1)
    return Kind(net.ends("scores"), dict(kind="classes"), opset=23)


@kind
def operator_set_six():
    """Add and Mul with broadcast=1 and an axis; batchnorm and dropout with is_test."""
    net = Drawn()
    y = net.node("Conv", ["input", net.weight("W", 8, 3, 3, 3)], "conv", pads=[1] * 4)
    y = net.node("Add", [y, net.weight("b", 8)], "biased", broadcast=1, axis=1)
    ones = [net.constant(n, np.linspace(0.5, 1.5, 8)) for n in ("gamma", "beta", "mu", "var")]
    y = net.node("BatchNormalization", [y, *ones], "bn", is_test=1, epsilon=1e-5)
    y = net.node("Relu", [net.node("Mul", [y, net.constant("two", 2)], "doubled", broadcast=1)], "relu")
    y = net.node("Dropout", [net.node("AveragePool", [y], "pool", kernel_shape=[16, 16])], "drop", is_test=1)
    y = net.node("Reshape", [y, net.constant("to", [1, 8], "i8")], "flat")
    net.node("Gemm", [y, net.weight("Wfc", 4, 8), net.weight("bfc", 4)], "scores", transB=1, broadcast=1)
    twin = operator_set_six_today()
    return Kind(net.ends("scores"), dict(kind="classes", layer="relu"), opset=6, twin=twin)


def operator_set_six_today():
    net = Drawn()
    y = net.node("Conv", ["input", net.weight("W", 8, 3, 3, 3)], "conv", pads=[1] * 4)
    b = net.node("Reshape", [net.weight("b", 8), net.constant("column", [8, 1, 1], "i8")], "b_column")
    ones = [net.constant(n, np.linspace(0.5, 1.5, 8)) for n in ("gamma", "beta", "mu", "var")]
    y = net.node("BatchNormalization", [net.node("Add", [y, b], "biased"), *ones], "bn")
    y = net.node("Relu", [net.node("Mul", [y, net.constant("two", 2)], "doubled")], "relu")
    y = net.node("Flatten", [net.node("GlobalAveragePool", [y], "pool")], "flat")
    net.node("Gemm", [y, net.weight("Wfc", 4, 8), net.weight("bfc", 4)], "scores", transB=1)
    return net.ends("scores")


@kind
def operator_set_twenty_one():
    """The newest that most runtimes take: axes as inputs, a Gelu, GroupNormalization."""
    net = Drawn()
    y = net.node(
        "GroupNormalization", [net.trunk(), net.weight("gamma", 8), net.weight("beta", 8)], "gn", num_groups=2
    )
    y = net.node(
        "ReduceMean", [net.node("Gelu", [y], "gelu"), net.constant("axes", [2, 3], "i8")], "mean", keepdims=0
    )
    net.node("Gemm", [y, net.weight("Wfc", 4, 8)], "scores", transB=1)
    return Kind(net.ends("scores"), dict(kind="classes", layer="gelu"), opset=21)


@kind
def what_a_runtime_fused():
    """onnxruntime's optimised model, saved: FusedConv, FusedMatMul, Gelu, of com.microsoft."""
    net, ms = Drawn(), {"domain": "com.microsoft"}
    net.domains = {"com.microsoft": 1}
    y = net.node("FusedConv", ["input", net.weight("W1", 8, 3, 3, 3), net.weight("b1", 8)], "conv1", **ms,
                 activation="Relu", pads=[1] * 4)  # fmt: skip
    y = net.node("FusedConv", [y, net.weight("W2", 8, 8, 3, 3), net.weight("b2", 8)], "conv2", **ms,
                 activation="LeakyRelu", activation_params=[0.1])  # fmt: skip
    y = net.node("Gelu", [y], "gelu", **ms)
    y = net.node("Flatten", [net.node("GlobalAveragePool", [y], "gap")], "flat")
    net.node("FusedMatMul", [y, net.weight("Wfc", 4, 8)], "scores", transB=1, alpha=0.5, **ms)
    twin = Drawn()
    y = twin.node("Conv", ["input", twin.weight("W1", 8, 3, 3, 3), twin.weight("b1", 8)], "c1", pads=[1] * 4)
    y = twin.node(
        "Conv", [twin.node("Relu", [y], "r1"), twin.weight("W2", 8, 8, 3, 3), twin.weight("b2", 8)], "c2"
    )
    y = twin.node("LeakyRelu", [y], "r2", alpha=0.1)
    y = twin.node("Gelu", [y], "gelu")
    y = twin.node("Flatten", [twin.node("GlobalAveragePool", [y], "gap")], "flat")
    twin.node("Gemm", [y, twin.weight("Wfc", 4, 8)], "scores", transB=1, alpha=0.5)
    return Kind(net.ends("scores"), dict(kind="classes", layer="gelu"), opset=20, twin=twin.ends("scores"))


@kind
def what_a_runtime_fused_of_a_transformer():
    """SkipLayerNormalization, BiasGelu, LayerNormalization in ONNX's own domain."""
    net, ms = Drawn(), {"domain": "com.microsoft"}
    net.domains = {"com.microsoft": 1}
    twin = Drawn()
    for g in (net, twin):
        y = g.node("Conv", ["input", g.weight("Wp", 8, 3, 4, 4)], "patches", strides=[4, 4])
        y = g.node("Reshape", [y, g.constant("to", [1, 8, 16], "i8")], "flat")
        x = g.node("Transpose", [y], "tokens", perm=[0, 2, 1])
        y = g.node("MatMul", [x, g.weight("W1", 8, 8)], "up")
        names = [g.weight(n, 8) for n in ("bias", "gamma", "beta")]
        if g is net:
            y = g.node("BiasGelu", [y, names[0]], "bias_gelu", **ms)
            y = g.node("SkipLayerNormalization", [x, y, *names[1:]], "skip", epsilon=1e-5, **ms)
        else:
            y = g.node("Gelu", [g.node("Add", [y, names[0]], "biased")], "gelu")
            y = g.node("LayerNormalization", [g.node("Add", [x, y], "sum"), *names[1:]], "skip", epsilon=1e-5)
        y = g.node("ReduceMean", [y, g.constant("axes", [1], "i8")], "mean", keepdims=0)
        g.node("Gemm", [y, g.weight("Wfc", 4, 8)], "scores", transB=1)
        g.ends("scores")
    return Kind(net, dict(kind="classes"), opset=20, twin=twin)


@kind
def statistics_of_the_batch():
    """A batchnorm that keeps none: its operator in training mode."""
    net = Drawn()
    y = net.trunk()
    ones = [net.constant(n, np.linspace(0.5, 1.5, 8)) for n in ("gamma", "beta", "mean", "var")]
    net.node(
        "BatchNormalization", [y, *ones], "bn", outputs=["normed", "new_mean", "new_var"], training_mode=1
    )
    net.head(net.node("Relu", ["normed"], "relu3"))
    net.ends("scores")
    return Kind(net, dict(kind="classes", layer="relu3"), opset=15, twin=statistics_computed_in_front(20).net)


@kind
def statistics_computed_in_front(opset=15):
    """The same, its mean and variance written out in front, as PyTorch's newer exporter has it."""
    net = Drawn()
    y = net.trunk()
    axes = net.constant("axes", [0, 2, 3], "i8")
    more, said = ([axes], {}) if opset > 17 else ([], {"axes": [0, 2, 3]})
    mean = net.node("ReduceMean", [y, *more], "mean", keepdims=1, **said)
    apart = net.node("Sub", [y, mean], "apart")
    var = net.node("ReduceMean", [net.node("Mul", [apart, apart], "sq"), *more], "var", keepdims=0, **said)
    row = net.node("Squeeze", [mean, axes], "row")
    ones = [net.constant(n, np.linspace(0.5, 1.5, 8)) for n in ("gamma", "beta")]
    y = net.node("BatchNormalization", [y, *ones, row, var], "normed")
    net.head(net.node("Relu", [y], "relu3"))
    return Kind(net.ends("scores"), dict(kind="classes", layer="relu3"), opset=15)
