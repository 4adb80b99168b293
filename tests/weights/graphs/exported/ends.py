"""What comes out: labels first, probabilities in pieces, maps, boxes, sequences, several heads."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from tests.weights.graphs.exported.kinds import Kind, kind
from tests.weights.graphs.onnx_kinds import Drawn

INT = TensorProto.INT64


@kind
def label_first():
    """An ArgMax, and behind it the probabilities."""
    net = Drawn()
    net.node("Softmax", [net.head(net.trunk())], "probabilities", axis=1)
    net.node("ArgMax", ["probabilities"], "label", axis=1, keepdims=0)
    net.ends("label", dtype=INT).ends("probabilities")
    return Kind(
        net, dict(output="probabilities", scores="scores", kind="classes", ending="softmax", layer="relu2")
    )


@kind
def best_five():
    """TopK at the end: values, and which."""
    net = Drawn()
    net.node("Softmax", [net.head(net.trunk())], "p", axis=1)
    net.node("TopK", ["p", net.constant("k", [4], "i8")], "top", outputs=["values", "indices"], axis=1)
    net.ends("values").ends("indices", dtype=INT)
    right = dict(output="values", scores="scores", kind="classes", ending="softmax", layer="relu2")
    return Kind(net, right, undone=lambda p: p[:, [2, 1, 3, 0]])


@kind
def zip_map():
    """Custom Vision and scikit-learn: a label, and a dict from each name to its probability."""
    net = Drawn()
    net.domains = {"ai.onnx.ml": 2}
    net.node("Softmax", [net.head(net.trunk())], "p", axis=1)
    net.node("ArgMax", ["p"], "best", axis=1, keepdims=0)
    net.node("ArrayFeatureExtractor", [net.constant("names", [7, 8, 9, 10], "i8"), "best"], "classLabel",
             domain="ai.onnx.ml")  # fmt: skip
    net.node("ZipMap", ["p"], "loss", domain="ai.onnx.ml", classlabels_strings=["cat", "dog", "bird", "fish"])
    net.ends("classLabel", dtype=INT).ends("loss")
    twin = Drawn()
    twin.node("Softmax", [twin.head(twin.trunk())], "p", axis=1)
    names = ("cat", "dog", "bird", "fish")
    return Kind(net, dict(output="loss", kind="classes", ending="softmax", names=names), twin=twin.ends("p"))


@kind
def exp_of_log_softmax():
    net = Drawn()
    net.node("Exp", [net.node("LogSoftmax", [net.head(net.trunk())], "log", axis=1)], "p")
    return Kind(net.ends("p"), dict(scores="scores", kind="classes", ending="softmax"))


@kind
def softmax_of_four_axes():
    """(N, K, 1, 1) through softmax and a Squeeze, as Caffe's heads are exported."""
    net = Drawn()
    y = net.node("GlobalAveragePool", [net.trunk()], "gap")
    y = net.node("Conv", [y, net.weight("Wk", 4, 8, 1, 1)], "logits")
    y = net.node("Softmax", [y], "soft", axis=1)
    net.node("Squeeze", [y, net.constant("axes", [2, 3], "i8")], "p")
    return Kind(net.ends("p"), dict(scores="logits", kind="classes", ending="softmax", layer="relu2"))


@kind
def softmax_by_hand_of_old():
    """exp / sum, no maximum, axes as attributes."""
    net = Drawn()
    e = net.node("Exp", [net.head(net.trunk())], "e")
    net.node("Div", [e, net.node("ReduceSum", [e], "sum", axes=[1], keepdims=1)], "p")
    return Kind(net.ends("p"), dict(scores="scores", kind="classes", ending="softmax"), opset=9)


@kind
def two_probabilities_of_one_sigmoid():
    """[1 - p, p]"""
    net = Drawn()
    p = net.node("Sigmoid", [net.head(net.trunk(), classes=1)], "p")
    net.node("Concat", [net.node("Sub", [net.constant("one", 1), p], "not_p"), p], "both", axis=1)
    return Kind(net.ends("both"), dict(kind="yes or no", ending="sigmoid", layer="relu2"),
                undone=lambda p: p[:, 1:])  # fmt: skip


@kind
def yes_or_no_without_an_axis():
    net = Drawn()
    p = net.node("Sigmoid", [net.head(net.trunk(), classes=1)], "sig")
    p = net.node("Cast", [net.node("Identity", [p], "same")], "cast", to=1)
    net.node("Reshape", [p, net.constant("row", [-1], "i8")], "p")
    return Kind(net.ends("p"), dict(kind="yes or no", ending="sigmoid", layer="relu2"))


@kind
def sigmoids_by_hand():
    """1 / (1 + exp(-s)) of four."""
    net = Drawn()
    e = net.node("Exp", [net.node("Neg", [net.head(net.trunk())], "minus")], "e")
    net.node("Reciprocal", [net.node("Add", [e, net.constant("one", 1)], "below")], "p")
    return Kind(net.ends("p"), dict(scores="scores", kind="labels", ending="sigmoid"))


@kind
def an_embedding():
    """A face's 128 numbers, here 8, divided by their length."""
    net = Drawn()
    y = net.head(net.trunk(), out="features", classes=8)
    length = net.node("ReduceL2", [y], "length", axes=[1], keepdims=1)
    net.node("Div", [y, net.node("Clip", [length, net.constant("least", 1e-12)], "safe")], "unit")
    return Kind(net.ends("unit"), dict(kind="classes", ending=None, layer="relu2"))


@kind
def features_beside_the_scores():
    """Two outputs: what no other is made from is explained."""
    net = Drawn()
    net.node("Flatten", [net.node("GlobalAveragePool", [net.trunk()], "gap")], "features")
    net.node("Gemm", ["features", net.weight("Wfc", 4, 8)], "scores", transB=1)
    return Kind(net.ends("features", "scores"), dict(output="scores", kind="classes", layer="relu2"))


@kind
def age_and_sex():
    """Two heads, one with probabilities."""
    net = Drawn()
    flat = net.node("Flatten", [net.node("GlobalAveragePool", [net.trunk()], "gap")], "flat")
    net.node("Gemm", [flat, net.weight("Wage", 1, 8)], "age", transB=1)
    net.node(
        "Softmax", [net.node("Gemm", [flat, net.weight("Wsex", 2, 8)], "logits", transB=1)], "sex", axis=1
    )
    return Kind(net.ends("age", "sex"), dict(output="sex", kind="classes", ending="softmax", layer="relu2"))


def _up(net, y, classes):
    y = net.node("ConvTranspose", [y, net.weight("Wup", 8, 8, 4, 4)], "up", strides=[4, 4])
    return net.node("Conv", [net.node("Relu", [y], "relu3"), net.weight("Wo", classes, 8, 1, 1)], "logits")


@kind
def segmentation_channels_last():
    """A Keras U-Net: (N, H, W, K), softmax over the last axis."""
    net = Drawn({"input": ("n", 16, 16, 3)})
    y = _up(net, net.trunk(net.node("Transpose", ["input"], "turned", perm=[0, 3, 1, 2])), 5)
    net.node("Softmax", [net.node("Transpose", [y], "back", perm=[0, 2, 3, 1])], "mask", axis=-1)
    return Kind(net.ends("mask"), dict(kind="map", ending="softmax", shape=(1, 5, 16, 16), layer="relu3"))


@kind
def segmentation_channels_last_one_class():
    net = Drawn({"input": ("n", 16, 16, 3)})
    y = _up(net, net.trunk(net.node("Transpose", ["input"], "turned", perm=[0, 3, 1, 2])), 1)
    net.node("Transpose", [net.node("Sigmoid", [y], "sig")], "mask", perm=[0, 2, 3, 1])
    return Kind(net.ends("mask"), dict(kind="map", ending="sigmoid", shape=(1, 1, 16, 16), layer="relu3"))


@kind
def segmentation_labels_only():
    """ArgMax at the end: labels, no scores, but the scores stand in front of it."""
    net = Drawn()
    net.node("ArgMax", [_up(net, net.trunk(), 5)], "labels", axis=1, keepdims=0)
    return Kind(net.ends("labels", dtype=INT), dict(refused="whole numbers.*logits"))


@kind
def segmentation_u_net():
    """Down and up, joined by Concat, resized by scales."""
    net = Drawn()
    y = net.trunk()
    y = net.node("Resize", [y, "", net.constant("by", [1, 1, 4, 4])], "up", mode="linear",
                 coordinate_transformation_mode="align_corners")  # fmt: skip
    y = net.node("Concat", [y, "relu1"], "joined", axis=1)
    net.node("Conv", [net.node("Relu", [net.node("Conv", [y, net.weight("W3", 8, 12, 3, 3)], "conv3",
             pads=[1] * 4)], "relu3"), net.weight("Wo", 5, 8, 1, 1)], "mask")  # fmt: skip
    return Kind(net.ends("mask"), dict(kind="map", ending=None, shape=(1, 5, 16, 16), layer="relu3"))


@kind
def depth_without_a_channel():
    """(N, H, W) metres."""
    net = Drawn()
    net.node("Squeeze", [_up(net, net.trunk(), 1), net.constant("axes", [1], "i8")], "depth")
    return Kind(net.ends("depth"), dict(kind="map", shape=(1, 1, 16, 16), layer="relu3"))


@kind
def super_resolution():
    """DepthToSpace at the end: a picture."""
    net = Drawn()
    y = net.node(
        "Relu", [net.node("Conv", ["input", net.weight("W", 8, 3, 3, 3)], "conv", pads=[1] * 4)], "relu"
    )
    y = net.node("Conv", [y, net.weight("Wo", 12, 8, 3, 3)], "last", pads=[1] * 4)
    net.node("DepthToSpace", [y], "large", blocksize=2, mode="CRD")
    return Kind(net.ends("large"), dict(kind="map", shape=(1, 3, 32, 32), layer="relu"))


def _boxes(net, y, rows_last):
    y = net.node("Conv", [y, net.weight("Wbox", 9, 8, 1, 1)], "heads")
    y = net.node("Reshape", [y, net.constant("to", [1, 9, -1], "i8")], "flattened")
    box, score = (
        net.node(
            "Slice",
            [y, *(net.constant(f"{n}{k}", [v], "i8") for n, v in zip(("from", "to", "axis"), ends))],
            f"part{k}",
        )
        for k, ends in enumerate([(0, 4, 1), (4, 9, 1)])
    )
    y = net.node("Concat", [box, net.node("Sigmoid", [score], "sig")], "joined", axis=1)
    return y if rows_last else net.node("Transpose", [y], "rows", perm=[0, 2, 1])


@kind
def boxes_in_rows():
    """YOLOv5's (N, boxes, 4 + classes)."""
    net = Drawn()
    return Kind(net.ends(_boxes(net, net.trunk(), False)), dict(kind="rows", shape=(1, 16, 9), layer="relu2"))


@kind
def boxes_in_columns():
    """YOLOv8's (N, 4 + classes, boxes)."""
    net = Drawn()
    return Kind(net.ends(_boxes(net, net.trunk(), True)), dict(kind="rows", shape=(1, 9, 16), layer="relu2"))


@kind
def boxes_and_scores():
    """SSD: boxes (N, n, 4), and a softmax for each (N, n, classes)."""
    net = Drawn()
    y = net.trunk()
    for name, k in (("boxes", 4), ("logits", 3)):
        z = net.node("Conv", [y, net.weight(f"W{name}", k, 8, 1, 1)], f"{name}_conv")
        z = net.node("Transpose", [z], f"{name}_turned", perm=[0, 2, 3, 1])
        net.node("Reshape", [z, net.constant(f"{name}_to", [1, -1, k], "i8")], name)
    net.node("Softmax", ["logits"], "scores", axis=2)
    return Kind(
        net.ends("boxes", "scores"), dict(output="scores", ending="softmax", shape=(1, 16, 3), layer="relu2")
    )


@kind
def boxes_that_were_chosen():
    """NonMaxSuppression inside: what stands in front of it is explained."""
    net = Drawn()
    y = _boxes(net, net.trunk(), False)
    parts = [
        net.node(
            "Slice",
            [y, *(net.constant(f"{n}{k}_", v, "i8") for n, v in zip(("from", "to", "axis"), ends))],
            f"half{k}",
        )
        for k, ends in enumerate([([0], [4], [2]), ([4], [9], [2])])
    ]
    scores = net.node("Transpose", [parts[1]], "scores_turned", perm=[0, 2, 1])
    net.node("NonMaxSuppression", [parts[0], scores, net.constant("most", [5], "i8")], "selected")
    return Kind(net.ends("selected", dtype=INT).ends("half1"), dict(output="half1", kind="rows"))


@kind
def only_boxes_that_were_chosen():
    net = boxes_that_were_chosen().net
    del net.outputs["half1"]
    return Kind(net, dict(refused="NonMaxSuppression"))


@kind
def heat_maps():
    """CenterNet: a sigmoid for each place, sizes beside it."""
    net = Drawn()
    y = net.trunk()
    net.node("Sigmoid", [net.node("Conv", [y, net.weight("Wh", 3, 8, 1, 1)], "heat")], "hm")
    net.node("Conv", [y, net.weight("Ws", 2, 8, 1, 1)], "wh")
    return Kind(net.ends("hm", "wh"), dict(output="hm", kind="map", ending="sigmoid", shape=(1, 3, 4, 4)))


@kind
def a_line_of_text():
    """CRNN: columns as steps, (T, N, symbols)."""
    net = Drawn({"line": (1, 1, 16, 64)})
    y = net.trunk("line", channels=1)
    y = net.node("ReduceMean", [y], "column", axes=[2], keepdims=0)
    y = net.node("Transpose", [y], "steps", perm=[2, 0, 1])
    y = net.node("LSTM", [y, net.weight("Wx", 2, 20, 8), net.weight("Wh", 2, 20, 5)], "lstm", hidden_size=5,
                 direction="bidirectional")  # fmt: skip
    y = net.node("Transpose", [y], "joined", perm=[0, 2, 1, 3])
    y = net.node("Reshape", [y, net.constant("to", [0, 0, 10], "i8")], "both")
    net.node("LogSoftmax", [net.node("MatMul", [y, net.weight("Wo", 10, 7)], "symbols")], "logp", axis=2)
    return Kind(
        net.ends("logp"), dict(kind="steps", ending="softmax", shape=(1, 16, 7), layer="relu2"), undone=np.exp
    )


@kind
def text_of_fixed_length():
    """Captchas: five symbols, (N, 5, symbols)."""
    net = Drawn()
    y = net.head(net.trunk(), out="flat_logits", classes=50)
    y = net.node("Reshape", [y, net.constant("to", [-1, 5, 10], "i8")], "logits")
    net.node("Softmax", [y], "p", axis=2)
    return Kind(net.ends("p"), dict(kind="steps", ending="softmax", shape=(1, 5, 10), layer="relu2"))


@kind
def landmarks():
    """Five points: ten numbers."""
    net = Drawn()
    net.node("Reshape", [net.head(net.trunk(), classes=10), net.constant("to", [-1, 5, 2], "i8")], "points")
    return Kind(net.ends("points"), dict(kind="rows", shape=(1, 5, 2), layer="relu2"))


@kind
def a_constant_beside_the_scores():
    """An output that the picture does not reach: anchors."""
    net = Drawn()
    net.head(net.trunk())
    net.node("Identity", [net.weight("anchor_table", 6, 4)], "anchors")
    return Kind(net.ends("anchors", "scores"), dict(output="scores", kind="classes", layer="relu2"))


@kind
def squeezed_with_its_pictures():
    """`x.squeeze()`, exported with one picture: scores (classes,)."""
    net = Drawn()
    y = net.node("GlobalAveragePool", [net.trunk()], "gap")
    y = net.node("Conv", [y, net.weight("Wfc", 5, 8, 1, 1)], "fc")
    net.node("Squeeze", [y], "scores")
    return Kind(net.ends("scores"), dict(kind="classes", shape=(1, 5), layer="relu2"))


@kind
def a_score_without_axes():
    """A quality, `x.squeeze()` of a single score."""
    net = Drawn()
    net.node("Squeeze", [net.head(net.trunk(), "row", classes=1)], "quality")
    return Kind(net.ends("quality"), dict(kind="number", shape=(1, 1), layer="relu2"))
