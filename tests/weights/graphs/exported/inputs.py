"""What goes in: layouts, types, sizes, several inputs, pixels scaled inside."""

from __future__ import annotations

from tests.weights.graphs.exported.kinds import Kind, kind
from tests.weights.graphs.onnx_kinds import Drawn

NHWC = ("n", 16, 16, 3)
TO_NCHW, TO_NHWC = [0, 3, 1, 2], [0, 2, 3, 1]


def _turned(inputs=NHWC):
    net = Drawn({"input_1:0": inputs})
    return net, net.node("Transpose", ["input_1:0"], "turned", perm=TO_NCHW)


@kind
def nhwc_means_along_rows_and_columns():
    """tf2onnx: GlobalAveragePooling2D is a mean over axes 1 and 2, behind a transposition."""
    net, x = _turned()
    y = net.node("Transpose", [net.trunk(x)], "back", perm=TO_NHWC)
    y = net.node("ReduceMean", [y], "mean", axes=[1, 2], keepdims=0)
    y = net.node(
        "Add", [net.node("MatMul", [y, net.weight("W", 8, 4)], "matmul"), net.weight("b", 4)], "biased"
    )
    net.node("Softmax", [y], "Identity:0", axis=-1)
    return Kind(net.ends("Identity:0"), dict(layout="NHWC", kind="classes", ending="softmax", layer="relu2"))


@kind
def nhwc_padded_before_it_is_turned():
    """Keras' ZeroPadding2D stands in front of the transposition."""
    net = Drawn({"input": NHWC})
    y = net.node("Pad", ["input", net.constant("pads", [0, 3, 3, 0, 0, 3, 3, 0], "i8")], "padded")
    y = net.trunk(net.node("Transpose", [y], "turned", perm=TO_NCHW))
    net.head(y)
    return Kind(net.ends("scores"), dict(layout="NHWC", kind="classes", ending=None, layer="relu2"))


@kind
def nhwc_scaled_before_it_is_turned():
    """Keras' Rescaling: x / 127.5 - 1."""
    net = Drawn({"input": NHWC})
    y = net.node("Mul", ["input", net.constant("by", 1 / 127.5)], "scaled")
    y = net.node("Add", [y, net.constant("less", -1)], "shifted")
    net.head(net.trunk(net.node("Transpose", [y], "turned", perm=TO_NCHW)))
    return Kind(net.ends("scores"), dict(layout="NHWC", kind="classes", layer="relu2"))


@kind
def nhwc_colours_reversed_inside():
    """RGB in, a network that learnt BGR: Gather along the last axis, and a mean of each channel."""
    net = Drawn({"input": NHWC})
    y = net.node("Gather", ["input", net.constant("order", [2, 1, 0], "i8")], "bgr", axis=3)
    y = net.node("Sub", [y, net.constant("means", [103.9, 116.8, 123.7])], "centred")
    net.head(net.trunk(net.node("Transpose", [y], "turned", perm=TO_NCHW)))
    return Kind(net.ends("scores"), dict(layout="NHWC", layer="relu2"))


@kind
def nhwc_grey_by_a_reshape():
    """tf2onnx writes the transposition of one channel as a Reshape."""
    net = Drawn({"input": ("n", 16, 16, 1)})
    y = net.node("Reshape", ["input", net.constant("to", [-1, 1, 16, 16], "i8")], "turned")
    net.head(net.trunk(y, channels=1))
    return Kind(net.ends("scores"), dict(layout="NHWC", channels=1, size=(16, 16), layer="relu2"))


@kind
def nhwc_same_borders():
    """Strides with TensorFlow's SAME borders, uneven at the ends."""
    net, x = _turned(("n", 15, 18, 3))
    y = net.node("Conv", [x, net.weight("W", 8, 3, 3, 3)], "conv", auto_pad="SAME_UPPER", strides=[2, 2])
    y = net.node("Relu", [y], "relu")
    net.head(net.node("MaxPool", [y], "pool", kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER"))
    return Kind(net.ends("scores"), dict(layout="NHWC", size=(15, 18), layer="relu"))


@kind
def nhwc_every_axis_free():
    net, x = _turned(("n", "h", "w", 3))
    net.head(net.trunk(x))
    return Kind(net.ends("scores"), dict(layout="NHWC", layer="relu2"), options={"crop": 16})


@kind
def nhwc_depthwise_between_transpositions():
    """Each layer turned there and back, as early tf2onnx left it."""
    net, x = _turned()
    y = net.node("Relu", [net.node("Conv", [x, net.weight("W", 8, 3, 3, 3)], "conv")], "relu")
    y = net.node("Transpose", [y], "there", perm=TO_NHWC)
    y = net.node("Add", [y, net.weight("bias", 8)], "biased")
    y = net.node("Transpose", [y], "again", perm=TO_NCHW)
    y = net.node("Conv", [y, net.weight("Wd", 8, 1, 3, 3)], "depthwise", group=8)
    y = net.node("Transpose", [y], "there2", perm=TO_NHWC)
    y = net.node("Clip", [y, net.constant("lo", 0), net.constant("hi", 6)], "relu6")
    net.head(net.node("Transpose", [y], "again2", perm=TO_NCHW))
    return Kind(net.ends("scores"), dict(layout="NHWC", layer="relu6"))


@kind
def bytes_in():
    """uint8 pixels, cast and scaled inside."""
    net = Drawn()
    net.types["input"] = "uint8"
    y = net.node("Cast", ["input"], "floats", to=1)
    y = net.node("Div", [net.node("Sub", [y, net.constant("mean", [[[120.0]], [[115]], [[100]]])], "centred"),
                         net.constant("std", [[[58.0]], [[57]], [[56]]])], "normalised")  # fmt: skip
    net.head(net.trunk(y))
    return Kind(net.ends("scores"), dict(layout="NCHW", kind="classes", layer="relu2"))


@kind
def bytes_in_rows_columns_channels():
    net = Drawn({"image": NHWC})
    net.types["image"] = "uint8"
    y = net.node("Mul", [net.node("Cast", ["image"], "floats", to=1), net.constant("by", 1 / 255)], "scaled")
    net.head(net.trunk(net.node("Transpose", [y], "turned", perm=TO_NCHW)))
    return Kind(net.ends("scores"), dict(layout="NHWC", kind="classes", layer="relu2"))


@kind
def one_picture_without_a_batch():
    """(C, H, W): the batch is made inside."""
    net = Drawn({"image": (3, 16, 16)})
    y = net.node("Unsqueeze", ["image", net.constant("axes", [0], "i8")], "batched")
    net.head(net.trunk(y))
    return Kind(net.ends("scores"), dict(refused="no axis for several pictures"))


@kind
def flat_pixels():
    """784 numbers a picture, as the first tutorials have it; a picture inside."""
    net = Drawn({"x": ("n", 256)})
    y = net.node("Reshape", ["x", net.constant("to", [-1, 1, 16, 16], "i8")], "picture")
    net.head(net.trunk(y, channels=1))
    return Kind(net.ends("scores"), dict(layout=None, kind="classes", layer="relu2"))


@kind
def grey_not_square():
    net = Drawn({"line": ("n", 1, 12, 40)})
    net.head(net.trunk("line", channels=1))
    return Kind(net.ends("scores"), dict(layout="NCHW", channels=1, size=(12, 40), layer="relu2"))


@kind
def width_free_height_fixed():
    """Text lines: 16 rows, any number of columns."""
    net = Drawn({"line": ("n", 3, 16, "w")})
    net.head(net.trunk("line"))
    return Kind(net.ends("scores"), dict(layout="NCHW", layer="relu2"), options={"crop": (16, 48)})


@kind
def weights_among_the_inputs():
    """Before IR 4 every weight was an input of the graph, too."""
    net = Drawn()
    net.head(net.trunk())
    net.inputs |= {w.name: tuple(w.dims) for w in net.weights}
    return Kind(net.ends("scores"), dict(layout="NCHW", inputs={"input": (1, 3, 16, 16)}, layer="relu2"))


@kind
def a_row_of_numbers_beside_the_picture():
    """Age and sex beside the scan."""
    net = Drawn({"clinical": ("n", 5), "scan": ("n", 1, 16, 16)})
    y = net.trunk("scan", channels=1)
    y = net.node("Flatten", [net.node("GlobalAveragePool", [y], "gap")], "flat")
    y = net.node("Concat", [y, "clinical"], "both", axis=1)
    net.node("Gemm", [y, net.weight("W", 4, 13)], "scores", transB=1)
    return Kind(net.ends("scores"), dict(picture="scan", kind="classes", layer="relu2"))


@kind
def two_pictures():
    """A Siamese pair: shared weights, a distance."""
    net = Drawn({"left": ("n", 3, 16, 16), "right": ("n", 3, 16, 16)})
    weight, ends = net.weight("W", 8, 3, 3, 3), []
    for side in ("left", "right"):
        y = net.node("Relu", [net.node("Conv", [side, weight], f"conv_{side}")], f"relu_{side}")
        ends.append(net.node("Flatten", [net.node("GlobalAveragePool", [y], f"gap_{side}")], f"flat_{side}"))
    y = net.node("Abs", [net.node("Sub", ends, "difference")], "distance")
    net.node("Sigmoid", [net.node("Gemm", [y, net.weight("Wd", 1, 8)], "logit", transB=1)], "same")
    return Kind(net.ends("same"), dict(picture="left", kind="yes or no", ending="sigmoid", layer="relu_left"))


@kind
def a_flag_that_is_a_whole_number():
    """A second input of int64, which chooses a row of a table."""
    net = Drawn({"image": ("n", 3, 16, 16), "domain": ("n",)})
    net.types["domain"] = "int64"
    y = net.trunk("image")
    y = net.node("Flatten", [net.node("GlobalAveragePool", [y], "gap")], "flat")
    y = net.node(
        "Add", [y, net.node("Gather", [net.weight("table", 200, 8), "domain"], "row", axis=0)], "sum"
    )
    net.node("Gemm", [y, net.weight("Wfc", 4, 8)], "scores", transB=1)
    return Kind(net.ends("scores"), dict(picture="image", kind="classes", layer="relu2"))


@kind
def frames():
    """(N, T, C, H, W): frames folded into the batch, and their mean."""
    net = Drawn({"clip": (1, 4, 3, 16, 16)})
    y = net.trunk(net.node("Reshape", ["clip", net.constant("fold", [-1, 3, 16, 16], "i8")], "frames"))
    y = net.node("Flatten", [net.node("GlobalAveragePool", [y], "gap")], "flat")
    y = net.node("Reshape", [y, net.constant("unfold", [-1, 4, 8], "i8")], "per_frame")
    y = net.node("ReduceMean", [y], "mean", axes=[1], keepdims=0)
    net.node("Gemm", [y, net.weight("Wfc", 4, 8)], "scores", transB=1)
    return Kind(net.ends("scores"), dict(kind="classes", layer="relu2"))


@kind
def volume():
    """A scan with three axes."""
    net = Drawn({"scan": (1, 1, 8, 12, 12)})
    y = net.node("Conv", ["scan", net.weight("W", 8, 1, 3, 3, 3)], "conv", pads=[1] * 6)
    y = net.node("MaxPool", [net.node("Relu", [y], "relu")], "pool", kernel_shape=[2] * 3, strides=[2] * 3)
    net.head(y)
    return Kind(net.ends("scores"), dict(layout=None, kind="classes", layer="relu"))


@kind
def spectrogram_of_a_signal():
    """A signal, (N, T), its windows by a convolution, then pictures."""
    net = Drawn({"wave": ("n", 256)})
    y = net.node("Unsqueeze", ["wave", net.constant("axes", [1], "i8")], "channel")
    y = net.node("Conv", [y, net.weight("basis", 16, 1, 32)], "windows", strides=[14])
    y = net.node("Add", [net.node("Mul", [y, y], "power"), net.constant("e", 1e-3)], "safe")
    y = net.node("Log", [y], "log")  # fmt: skip
    net.head(net.trunk(net.node("Unsqueeze", [y, "axes"], "picture"), channels=1))
    return Kind(net.ends("scores"), dict(layout=None, kind="classes", layer="relu2"))


@kind
def an_input_that_nothing_reads():
    """A switch for training, left over: nobody is asked for it."""
    net = Drawn({"training": (), "input": ("n", 3, 16, 16)})
    net.types["training"] = "bool"
    net.head(net.trunk())
    return Kind(net.ends("scores"), dict(picture="input", kind="classes", layer="relu2"))
