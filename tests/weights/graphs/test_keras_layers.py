"""Keras' layers and functions, each alone in a model, by loops and NumPy's own functions.

Configurations and arrays are handed over as they are, so no HDF5 is needed.
"""

import itertools
import json
import math

import numpy as np
import pytest

from weights import WeightsError
from weights.graphs.keras.graph import model
from weights.graphs.keras.operators import OPERATORS
from weights.graphs.onnx.network import Network
from weights.readers.keras_h5 import Contents

RANDOM = np.random.default_rng(23)
X = RANDOM.standard_normal((2, 5, 6, 4))  # pictures: rows, columns, channels
S = RANDOM.standard_normal((2, 7, 4))  # sequences
V = RANDOM.standard_normal((2, 6))  # vectors
D = RANDOM.standard_normal((2, 3, 4, 5, 2))  # volumes
TENSOR = "__keras_tensor__"


def network(kind, *args, arrays=(), module="", version="3.8", kwargs=None, outputs=1, behind=(), **config):
    """A model of one layer, called with these arguments, of which arrays of floats are inputs; and those."""
    inputs = []

    def said(value):
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            inputs.append(value)
            return {"class_name": TENSOR, "config": {"keras_history": [f"x{len(inputs) - 1}", 0, 0]}}
        if isinstance(value, slice):
            parts = {"start": value.start, "stop": value.stop, "step": value.step}
            return {"class_name": "__slice__", "config": parts}
        if value is ...:
            return {"class_name": "__ellipsis__"}
        if isinstance(value, (list, tuple)):
            return [said(v) for v in value]
        return value.tolist() if isinstance(value, np.ndarray) else value

    node = {"args": [said(a) for a in args], "kwargs": {k: said(v) for k, v in (kwargs or {}).items()}}
    first = [
        {"class_name": "InputLayer", "name": f"x{i}", "config": {"batch_shape": [None, *x.shape[1:]]}}
        for i, x in enumerate(inputs)
    ]
    layer = {"class_name": kind, "name": "layer", "config": config, "module": module, "inbound_nodes": [node]}
    whole = {
        "name": "m", "layers": [*first, layer, *behind],
        "input_layers": [[f"x{i}", 0, 0] for i in range(len(inputs))],
        "output_layers": [[behind[-1]["name"] if behind else "layer", 0, i] for i in range(outputs)],
    }  # fmt: skip
    texts = {
        "model_config": json.dumps({"class_name": "Functional", "config": whole}),
        "keras_version": version,
    }
    contents = Contents(texts, {f"layer/a{i}": np.asarray(a) for i, a in enumerate(arrays)}, {})
    return Network(model(contents, False), OPERATORS), {f"x{i}": x for i, x in enumerate(inputs)}


def run(kind, *args, **how):
    """What a layer gives, as Keras has it: channels last."""
    net, inputs = network(kind, *args, **how)
    first = how.get("data_format") == "channels_first"
    found = [np.moveaxis(y, 1, -1) if y.ndim > 3 and not first else y for y in net.run(inputs)]
    return found if len(found) > 1 else found[0]


def same(found, expected):
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


def drawn(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape)


sigmoid = lambda v: 1 / (1 + np.exp(-v))  # noqa: E731
relu = lambda v: np.maximum(v, 0)  # noqa: E731


def softmax(v, axis=-1):
    e = np.exp(v - v.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


# --- activations

GELU = np.vectorize(lambda v: v * (1 + math.erf(v / math.sqrt(2))) / 2)
NAMED = {
    "linear": lambda v: v, "relu": relu, "relu6": lambda v: np.clip(v, 0, 6), "tanh": np.tanh, "gelu": GELU,
    "sigmoid": sigmoid, "leaky_relu": lambda v: np.where(v > 0, v, 0.2 * v), "exponential": np.exp,
    "hard_sigmoid": lambda v: np.clip(v / 6 + 0.5, 0, 1),
    "hard_silu": lambda v: v * np.clip(v / 6 + 0.5, 0, 1),
    "hard_swish": lambda v: v * np.clip(v / 6 + 0.5, 0, 1), "hard_tanh": lambda v: np.clip(v, -1, 1),
    "hard_shrink": lambda v: np.where(abs(v) > 0.5, v, 0), "tanh_shrink": lambda v: v - np.tanh(v),
    "soft_shrink": lambda v: np.sign(v) * relu(abs(v) - 0.5), "silu": lambda v: v * sigmoid(v),
    "softmax": softmax, "log_softmax": lambda v: np.log(softmax(v)),
    "elu": lambda v: np.where(v > 0, v, np.expm1(v)), "softplus": lambda v: np.log1p(np.exp(v)),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_an_activation_by_name(name):
    x = 4 * X
    same(run("Activation", x, activation=name), NAMED[name](x))
    same(run("Activation", V, activation={"class_name": "function", "config": name}), NAMED[name](V))
    same(run("Activation", V, activation={"class_name": name}), NAMED[name](V))


def test_activations_with_settings():
    x = 3 * X
    same(run("Activation", x, activation="hard_sigmoid", version="2.15"), np.clip(0.2 * x + 0.5, 0, 1))
    layer = {"class_name": "LeakyReLU", "config": {"negative_slope": 0.1}}
    same(run("Activation", x, activation=layer), np.where(x > 0, x, 0.1 * x))
    same(run("Activation", x, activation={"class_name": "ReLU"}), relu(x))
    same(run("ReLU", x), relu(x))
    same(run("ReLU", x, max_value=2), np.clip(x, 0, 2))
    same(run("ReLU", x, negative_slope=0.25), np.where(x > 0, x, x / 4))
    same(run("ReLU", x, negative_slope=0.25, max_value=2.0), np.minimum(np.where(x > 0, x, x / 4), 2))
    same(run("ReLU", x, threshold=1.5), np.where(x > 1.5, x, 0))
    same(run("ReLU", x, threshold=1.5, max_value=3.0), np.minimum(np.where(x > 1.5, x, 0), 3))
    steep = np.where(x > 1.5, x, 0.25 * (x - 1.5))
    same(run("ReLU", x, threshold=1.5, negative_slope=0.25), steep)
    same(run("ReLU", x, threshold=1.5, negative_slope=0.25, max_value=3.0), np.minimum(steep, 3))
    same(run("LeakyReLU", x), np.where(x > 0, x, 0.3 * x))
    same(run("LeakyReLU", x, alpha=0.2), np.where(x > 0, x, 0.2 * x))
    same(run("LeakyReLU", x, alpha=0.2, negative_slope=0.1), np.where(x > 0, x, 0.1 * x))
    same(run("ELU", x), np.where(x > 0, x, np.expm1(x)))
    same(run("ELU", x, alpha=0.5), np.where(x > 0, x, np.expm1(x) / 2))
    same(run("ThresholdedReLU", x), np.where(x > 1, x, 0))
    same(run("ThresholdedReLU", x, theta=0.5), np.where(x > 0.5, x, 0))
    for shape, x in (((5, 6, 4), X), ((1, 1, 4), X), ((5, 1, 1), X), ((7, 4), S), ((1, 4), S), ((6,), V)):
        slope = 0.1 + drawn(*shape) ** 2
        same(run("PReLU", x, arrays=[slope]), np.where(x > 0, x, slope * x))
    for axis in (-1, 1, 2, 3, [2]):
        same(run("Softmax", X, axis=axis), softmax(X, axis if isinstance(axis, int) else axis[0]))
    same(run("Softmax", S), softmax(S))
    for how, words in (({"axis": [1, 2]}, "over several axes"), ({"kwargs": {"mask": S}}, "with a mask")):
        with pytest.raises(WeightsError, match=f"a softmax {words} is not supported"):
            run("Softmax", S, **how)
    for name, told in (
        ("odd", "odd"),
        ({"class_name": "Odd"}, "Odd"),
        ({"class_name": "f", "config": "g"}, "g"),
    ):
        with pytest.raises(WeightsError, match=f"Activation with the activation {told}"):
            run("Activation", X, activation=name)


# --- windows


def windows(x, W, strides, dilations=None, groups=1):
    """A convolution without a border, tap by tap.  x (N, ..., C), W (..., C / groups, F)"""
    *kernel, C, F = W.shape
    dilations = dilations or [1] * len(kernel)
    out = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[1:], kernel, strides, dilations)]
    y = np.zeros((len(x), *out, F))
    for place, tap in itertools.product(np.ndindex(*out), np.ndindex(*kernel)):
        at = tuple(p * s + t * d for p, s, t, d in zip(place, strides, tap, dilations))
        for g in range(groups):
            f = slice(g * F // groups, (g + 1) * F // groups)
            y[(slice(None), *place, f)] += x[(slice(None), *at, slice(g * C, (g + 1) * C))] @ W[tap][:, f]
    return y


def same_border(x, kernel, strides, dilations=None, value=0.0):
    """One more behind than in front where the border is odd."""
    pads = [(0, 0)]
    for n, k, s, d in zip(x.shape[1:], kernel, strides, dilations or [1] * len(kernel)):
        total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
        pads.append((total // 2, total - total // 2))
    return np.pad(x, [*pads, (0, 0)], constant_values=value)


def test_convolutions():
    W, b = drawn(3, 2, 4, 6), drawn(6)
    same(run("Conv2D", X, arrays=[W, b]), windows(X, W, (1, 1)) + b)
    same(run("Conv2D", X, arrays=[W], use_bias=False), windows(X, W, (1, 1)))
    same(run("Conv2D", X, arrays=[W, b], strides=[2, 3], activation="relu"), relu(windows(X, W, (2, 3)) + b))
    spread = {"dilation_rate": [1, 3], "padding": "same"}
    same(run("Conv2D", X, arrays=[W], use_bias=False, **spread),
         windows(same_border(X, (3, 2), (1, 1), (1, 3)), W, (1, 1), (1, 3)))  # fmt: skip
    same(run("Convolution2D", X, arrays=[W], use_bias=False, strides=2, padding="SAME"),
         windows(same_border(X, (3, 2), (2, 2)), W, (2, 2)))  # fmt: skip
    half = W[:, :, :2]
    same(run("Conv2D", X, arrays=[half, b], groups=2, strides=[1, 2]), windows(X, half, (1, 2), groups=2) + b)
    line = drawn(3, 4, 5)
    same(run("Conv1D", S, arrays=[line], use_bias=False, strides=2), windows(S, line, (2,)))
    late = np.pad(S, [(0, 0), (4, 0), (0, 0)])
    same(run("Conv1D", S, arrays=[line, drawn(5)], padding="causal", dilation_rate=[2]),
         windows(late, line, (1,), (2,)) + drawn(5))  # fmt: skip
    block = drawn(2, 3, 1, 2, 3)
    same(
        run("Conv3D", D, arrays=[block, drawn(3)], strides=[1, 1, 2]), windows(D, block, (1, 1, 2)) + drawn(3)
    )
    first = {"data_format": "channels_first"}
    same(run("Conv2D", X.transpose(0, 3, 1, 2).copy(), arrays=[W, b], **first),
         (windows(X, W, (1, 1)) + b).transpose(0, 3, 1, 2))  # fmt: skip
    old = {"version": "1.2", "subsample": [2, 3], "border_mode": "same", "bias": False, "atrous_rate": 1}
    same(run("Convolution2D", X, arrays=[W], **old), windows(same_border(X, (3, 2), (2, 3)), W, (2, 3)))
    for words, x, how in (
        ("padding 'odd' is not known", X, {"padding": "odd"}),
        ("causal padding is one for sequences", X, {"padding": "causal"}),
        ("strides .1, 2, 3. is not a whole number for each of 2", X, {"strides": [1, 2, 3]}),
        ("strides .1, 0.5. is not a whole number for each of 2", X, {"strides": [1, 0.5]}),
        (r"a kernel of \(3, 2, 4, 6\) does not fit a signal with 3 axes", S, {}),
    ):
        with pytest.raises(WeightsError, match=words):
            run("Conv2D" if x is X else "Conv1D", x, arrays=[W, b], **how)
    for kind, arrays in (("Conv2D", [W]), ("SeparableConv2D", [W, b]), ("DepthwiseConv2D", [W])):
        with pytest.raises(WeightsError, match=f"the file holds {len(arrays)} arrays for it"):
            run(kind, X, arrays=arrays)


def test_convolutions_of_each_channel_alone():
    W, P, b = drawn(3, 2, 4, 2), drawn(1, 1, 8, 3), drawn(8)
    apart = [windows(X[..., c : c + 1], W[:, :, c : c + 1], (2, 1)) for c in range(4)]
    expected = np.concatenate(apart, -1)  # filter m of channel c is 2 c + m
    how = {"strides": [2, 1]}
    same(run("DepthwiseConv2D", X, arrays=[W, b], **how), expected + b)
    same(run("DepthwiseConv2D", X, arrays=[W], use_bias=False, activation="relu", **how), relu(expected))
    same(run("SeparableConv2D", X, arrays=[W, P, b[:3]], **how), windows(expected, P, (1, 1)) + b[:3])
    same(run("SeparableConv2D", X, arrays=[W, P], use_bias=False, **how), windows(expected, P, (1, 1)))
    wide = same_border(X, (3, 2), (1, 1), (1, 2))
    apart = [windows(wide[..., c : c + 1], W[:, :, c : c + 1], (1, 1), (1, 2)) for c in range(4)]
    same(run("DepthwiseConv2D", X, arrays=[W, b], padding="same", dilation_rate=[1, 2]),
         np.concatenate(apart, -1) + b)  # fmt: skip
    line = drawn(3, 4, 1)
    apart = [windows(S[..., c : c + 1], line[:, c : c + 1], (1,)) for c in range(4)]
    same(run("DepthwiseConv1D", S, arrays=[line], use_bias=False), np.concatenate(apart, -1))


def spread_out(x, W, strides, dilations):
    """All of a transposed convolution.  W (..., F, C)"""
    n = W.ndim - 2
    out = [(m - 1) * s + d * (k - 1) + 1 for m, s, k, d in zip(x.shape[1:], strides, W.shape, dilations)]
    y = np.zeros((len(x), *out, W.shape[n]))
    for place, tap in itertools.product(np.ndindex(*x.shape[1:-1]), np.ndindex(*W.shape[:n])):
        at = tuple(p * s + t * d for p, s, t, d in zip(place, strides, tap, dilations))
        y[(slice(None), *at)] += x[(slice(None), *place)] @ W[tap].T
    return y


@pytest.mark.parametrize(("k", "stride", "dilation", "extra"), [
    (3, 2, 1, None), (4, 2, 1, None), (1, 3, 1, None), (2, 3, 1, None), (5, 1, 1, None), (5, 2, 1, None),
    (3, 1, 2, None), (3, 2, 1, 1), (3, 2, 1, 0), (4, 3, 1, 0), (4, 3, 1, 1),
])  # fmt: skip
def test_where_a_transposed_convolution_is_cut(k, stride, dilation, extra):
    W, wide = drawn(k, 3, 4), (k - 1) * dilation + 1
    full = spread_out(S, W, [stride], [dilation])
    how = {"strides": stride, "dilation_rate": dilation, "use_bias": False}
    how |= {} if extra is None else {"output_padding": extra}
    behind = max(stride - wide, 0) if extra is None else extra
    same(run("Conv1DTranspose", S, arrays=[W], **how), np.pad(full, [(0, 0), (0, behind), (0, 0)]))
    size = 7 * stride if extra is None else 6 * stride + wide - 2 * (wide // 2) + extra
    before = max(full.shape[1] - size, 0) // 2
    expected = np.pad(full[:, before:], [(0, 0), (0, size), (0, 0)])[:, :size]
    same(run("Conv1DTranspose", S, arrays=[W], padding="same", **how), expected)


def test_transposed_convolutions():
    W, b = drawn(3, 2, 5, 4), drawn(5)
    full = spread_out(X, W, (2, 3), (1, 1))
    behind = np.pad(full, [(0, 0), (0, 0), (0, 1), (0, 0)])  # a stride of 3 is longer than a kernel of 2
    same(run("Conv2DTranspose", X, arrays=[W, b], strides=[2, 3], activation="relu"), relu(behind + b))
    same(run("Conv2DTranspose", X, arrays=[W, b], dilation_rate=[1, 2]), spread_out(X, W, (1, 1), (1, 2)) + b)
    with pytest.raises(WeightsError, match="the file holds 1 arrays"):
        run("Conv2DTranspose", X, arrays=[W])


def test_pools():
    def pooled(x, f, size, strides):
        n = len(size)
        out = [(m - k) // s + 1 for m, k, s in zip(x.shape[1:], size, strides)]
        y = np.zeros((len(x), *out, x.shape[-1]))
        for place in np.ndindex(*out):
            part = x[(slice(None), *(slice(p * s, p * s + k) for p, s, k in zip(place, strides, size)))]
            y[(slice(None), *place)] = f(part, axis=tuple(range(1, n + 1)))
        return y

    same(run("MaxPooling2D", X, pool_size=[2, 3]), pooled(X, np.max, (2, 3), (2, 3)))
    same(run("MaxPooling2D", X, pool_size=2, strides=[1, 2]), pooled(X, np.max, (2, 2), (1, 2)))
    wide = same_border(X, (3, 2), (2, 1), value=np.nan)
    same(run("MaxPooling2D", X, pool_size=[3, 2], strides=[2, 1], padding="same"),
         pooled(wide, np.nanmax, (3, 2), (2, 1)))  # fmt: skip
    same(run("AveragePooling2D", X, pool_size=[3, 2], strides=[2, 1], padding="same"),
         pooled(wide, np.nanmean, (3, 2), (2, 1)))  # fmt: skip
    same(run("AveragePooling1D", S, pool_size=3), pooled(S, np.mean, (3,), (3,)))
    same(run("MaxPooling3D", D, pool_size=[2, 1, 2]), pooled(D, np.max, (2, 1, 2), (2, 1, 2)))
    for x, n in ((S, 1), (X, 2), (D, 3)):
        axes = tuple(range(1, n + 1))
        same(run(f"GlobalAveragePooling{n}D", x), x.mean(axes))
        same(run(f"GlobalMaxPooling{n}D", x), x.max(axes))
        same(run(f"GlobalMaxPooling{n}D", x, keepdims=True), x.max(axes, keepdims=True))
    spans = [[slice(i * n // N, -(-(i + 1) * n // N)) for i in range(N)] for n, N in ((5, 3), (6, 4))]
    for name, f in (("Average", np.mean), ("Max", np.max)):
        expected = [[f(X[:, r, c], axis=(1, 2)) for c in spans[1]] for r in spans[0]]
        same(run(f"Adaptive{name}Pooling2D", X, output_size=[3, 4]), np.moveaxis(expected, 2, 0))
    with pytest.raises(WeightsError, match="it slides over 2 axes, and its input has 1"):
        run("MaxPooling2D", S, pool_size=2)


# --- normalisation


def test_batchnorm():
    g, b, m, v = 1 + drawn(4) ** 2, drawn(1, 4)[0], drawn(2, 4)[0], 0.5 + drawn(3, 4)[0] ** 2
    of = lambda x, eps=1e-3: (x - m) / np.sqrt(v + eps)  # noqa: E731
    for x in (X, S, V[:, :4].copy()):
        same(run("BatchNormalization", x, arrays=[g, b, m, v]), g * of(x) + b)
    same(run("BatchNormalization", X, arrays=[g, m, v], center=False, epsilon=0.1, axis=[3]), g * of(X, 0.1))
    same(run("BatchNormalization", X, arrays=[b, m, v], scale=False), of(X) + b)
    same(run("BatchNormalization", X, arrays=[m, v], scale=False, center=False), of(X))
    five = [1 + drawn(5) ** 2, drawn(1, 5)[0], drawn(2, 5)[0], 0.5 + drawn(3, 5)[0] ** 2]
    rows = [a[:, None, None] for a in five]
    same(run("BatchNormalization", X, arrays=five, axis=1),
         rows[0] * (X - rows[2]) / np.sqrt(rows[3] + 1e-3) + rows[1])  # fmt: skip
    for axis, words in ((2, "batchnorm along axis 2"), ([1, 2], r"several axes, \[1, 2\]")):
        with pytest.raises(WeightsError, match=words):
            run("BatchNormalization", X, arrays=[g, b, m, v], axis=axis)
    for arrays, more in (
        ([g, b, m], {}),
        ([g, m], {"center": False}),
        ([m], {"center": False, "scale": False}),
    ):
        with pytest.raises(WeightsError, match=f"the file holds {len(arrays)} arrays"):
            run("BatchNormalization", X, arrays=arrays, **more)


def test_other_norms():
    def over(x, axes, eps):
        return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)

    g, b = 1 + drawn(4) ** 2, drawn(1, 4)[0]
    for x in (X, S):
        same(run("LayerNormalization", x, arrays=[g, b]), g * over(x, (-1,), 1e-3) + b)
        same(run("RMSNormalization", x, arrays=[g]), g * x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6))
        same(run("UnitNormalization", x), x / np.sqrt((x**2).sum(-1, keepdims=True)))
        same(run("LayerScale", x, arrays=[g]), g * x)
    same(run("LayerNormalization", X, arrays=[b], scale=False, epsilon=0.1), over(X, (-1,), 0.1) + b)
    same(run("LayerNormalization", X, arrays=[g], center=False), g * over(X, (-1,), 1e-3))
    two = drawn(6, 4)
    same(run("LayerNormalization", X, arrays=[two, two[::-1]], axis=[3, 2]),
         two * over(X, (2, 3), 1e-3) + two[::-1])  # fmt: skip
    same(run("RMSNormalization", X, arrays=[two], axis=[2, 3], epsilon=0.1),
         two * X / np.sqrt((X**2).mean((2, 3), keepdims=True) + 0.1))  # fmt: skip
    same(run("UnitNormalization", X, axis=1), X / np.sqrt((X**2).sum(1, keepdims=True)))
    with pytest.raises(WeightsError, match=r"over axes \[1, 3\] of 4, which are not the last"):
        run("LayerNormalization", X, arrays=[g, b], axis=[1, 3])
    with pytest.raises(WeightsError, match="rms_scaling is not supported"):
        run("LayerNormalization", X, arrays=[g, b], rms_scaling=True)
    grouped = over(X.reshape(2, 5, 6, 2, 2), (1, 2, 4), 1e-3).reshape(X.shape)
    same(run("GroupNormalization", X, arrays=[g, b], groups=2), g * grouped + b)
    same(run("GroupNormalization", X, arrays=[g], groups=2, center=False), g * grouped)
    same(run("GroupNormalization", X, arrays=[b], groups=2, scale=False), grouped + b)
    same(run("GroupNormalization", X, arrays=[g, b], groups=-1), g * over(X, (1, 2), 1e-3) + b)
    same(
        run("GroupNormalization", X, groups=1, scale=False, center=False, epsilon=0.1),
        over(X, (1, 2, 3), 0.1),
    )
    same(run("GroupNormalization", X, arrays=[drawn(5), drawn(1, 5)[0]], groups=1, axis=1),
         drawn(5)[:, None, None] * over(X, (1, 2, 3), 1e-3) + drawn(1, 5)[0][:, None, None])  # fmt: skip
    for how, words in (
        ({"axis": 2}, "along axis 2"),
        ({"groups": 2, "scale": False, "center": False}, "without"),
    ):
        with pytest.raises(WeightsError, match=f"group normalisation {words}"):
            run("GroupNormalization", X, arrays=[g, b], **how)


def test_scaling():
    four, mean, variance = [1.0, 2, 3, 4], [0.5, -1, 2, 7], [4.0, 9, 16, 1]
    for x in (X, S):
        same(run("Rescaling", x, scale=0.5, offset=-3.0), x / 2 - 3)
        same(run("Rescaling", x, scale=four, offset=mean), x * four + mean)
        same(run("Normalization", x, mean=mean, variance=variance), (x - mean) / np.sqrt(variance))
        same(
            run("Normalization", x, mean=mean, variance=variance, axis=[x.ndim - 1]),
            (x - mean) / np.sqrt(variance),
        )
    same(run("Rescaling", X), X)
    same(run("Normalization", X, mean=0.5, variance=4.0), (X - 0.5) / 2)
    same(run("Normalization", X, mean=mean, variance=variance, invert=True), X * np.sqrt(variance) + mean)
    same(run("Normalization", X, arrays=[mean, variance, np.array(7)]), (X - mean) / np.sqrt(variance))
    five = np.array([1.0, 4, 9, 16, 25])
    same(run("Normalization", X, arrays=[five, five], axis=[1]),
         (X - five[:, None, None]) / np.sqrt(five)[:, None, None])  # fmt: skip
    same(run("Normalization", X, mean=[0.0], variance=[0.0]), X / 1e-7)
    with pytest.raises(WeightsError, match="the file holds 1 arrays"):
        run("Normalization", X, arrays=[mean])
    turned = X.transpose(0, 3, 1, 2).copy()
    same(run("Rescaling", turned, scale=four, offset=mean, data_format="channels_first"),
         (X * four + mean).transpose(0, 3, 1, 2))  # fmt: skip


# --- shapes


def test_dense_layers_and_shapes():
    W, b = drawn(4, 3), drawn(3)
    for x in (V[:, :4].copy(), S, X, D[..., [0, 1, 0, 1]].copy()):
        same(run("Dense", x, arrays=[W, b]), x @ W + b)
        same(run("Dense", x, arrays=[W], use_bias=False, activation="relu"), relu(x @ W))
    with pytest.raises(WeightsError, match="the file holds 1 arrays"):
        run("Dense", S, arrays=[W])
    for x in (V, S, X, D):
        same(run("Flatten", x), x.reshape(2, -1))
    turned = np.moveaxis(X, -1, 1).copy()
    same(run("Flatten", turned, data_format="channels_first"), X.reshape(2, -1))
    same(run("Flatten", V, data_format="channels_first"), V)
    same(run("Reshape", X, target_shape=[3, -1]), X.reshape(2, 3, 40))
    same(run("Reshape", S, target_shape=[7, 2, 2]), S.reshape(2, 7, 2, 2))
    same(run("Reshape", X, dims=[120]), X.reshape(2, 120))
    same(run("Permute", X, dims=[3, 1, 2]), X.transpose(0, 3, 1, 2))
    same(run("Permute", S, dims=[2, 1]), S.swapaxes(1, 2))
    with pytest.raises(WeightsError, match=r"\[1, 3\] is no order of the 2 axes"):
        run("Permute", S, dims=[1, 3])
    same(run("RepeatVector", V, n=3), np.stack([V] * 3, 1))
    words = np.array([[0.0, 2, 1], [1, 1, 0]])
    found, _ = network("Embedding", words, arrays=[W])
    same(found.run({"x0": words.astype(np.int64)})[0], W[words.astype(int)])
    mean = {
        "class_name": "GlobalAveragePooling1D",
        "name": "mean",
        "config": {},
        "inbound_nodes": [[["layer", 0, 0, {}]]],
    }
    averaged, _ = network("Embedding", words, arrays=[W], behind=[mean])
    same(averaged.run({"x0": words.astype(np.int64)})[0], W[words.astype(int)].mean(1))
    for kind in ("Dropout", "GaussianNoise", "RandomFlip"):
        net, inputs = network(kind, S)
        assert net.run(inputs, net.outputs)[0] is inputs["x0"]


def test_borders():
    same(run("ZeroPadding2D", X, padding=[[1, 2], [3, 4]]), np.pad(X, [(0, 0), (1, 2), (3, 4), (0, 0)]))
    same(run("ZeroPadding2D", X, padding=[1, 2]), np.pad(X, [(0, 0), (1, 1), (2, 2), (0, 0)]))
    same(run("ZeroPadding2D", X), np.pad(X, [(0, 0), (1, 1), (1, 1), (0, 0)]))
    same(run("ZeroPadding1D", S, padding=[1, 2]), np.pad(S, [(0, 0), (1, 2), (0, 0)]))
    same(run("ZeroPadding1D", S, padding=2), np.pad(S, [(0, 0), (2, 2), (0, 0)]))
    same(run("ZeroPadding3D", D, padding=[[1, 0], [0, 2], [3, 0]]),
         np.pad(D, [(0, 0), (1, 0), (0, 2), (3, 0), (0, 0)]))  # fmt: skip
    same(run("Cropping2D", X, cropping=[[1, 2], [0, 3]]), X[:, 1:-2, :-3])
    same(run("Cropping2D", X, cropping=[[1, 0], [2, 0]]), X[:, 1:, 2:])
    same(run("Cropping1D", S, cropping=[1, 2]), S[:, 1:-2])
    first = {"data_format": "channels_first"}
    same(
        run("ZeroPadding2D", X, padding=[[1, 2], [3, 4]], **first),
        np.pad(X, [(0, 0), (0, 0), (1, 2), (3, 4)]),
    )
    same(run("Cropping2D", X, cropping=[[1, 2], [0, 3]], **first), X[:, :, 1:-2, :-3])
    for wrong in ([1, 2, 3], [[1], [2]], [[1, -1], [0, 0]], [[1, 0.5], [0, 0]], [[1, 2]]):
        with pytest.raises(WeightsError, match="is not two whole numbers for each of 2 axes"):
            run("ZeroPadding2D", X, padding=wrong)


def test_sizes():
    twice = X.repeat(2, 1).repeat(3, 2)
    same(run("UpSampling2D", X, size=[2, 3]), twice)
    same(run("UpSampling2D", X), X.repeat(2, 1).repeat(2, 2))
    same(run("UpSampling1D", S, size=3), S.repeat(3, 1))
    same(run("UpSampling1D", S, length=2), S.repeat(2, 1))
    same(run("UpSampling2D", X.transpose(0, 3, 1, 2).copy(), size=[2, 3], data_format="channels_first"),
         twice.transpose(0, 3, 1, 2))  # fmt: skip

    def linear(x, axis, size):
        n = x.shape[axis]
        at = np.clip((np.arange(size) + 0.5) * n / size - 0.5, 0, n - 1)
        low = np.floor(at).astype(int)
        share = (at - low).reshape([-1 if a == axis else 1 for a in range(x.ndim)])
        return x.take(low, axis) * (1 - share) + x.take(np.minimum(low + 1, n - 1), axis) * share

    same(run("UpSampling2D", X, size=2, interpolation="bilinear"), linear(linear(X, 1, 10), 2, 12))
    same(run("Resizing", X, height=7, width=4), linear(linear(X, 1, 7), 2, 4))
    nearest = [np.floor((np.arange(m) + 0.5) * n / m).astype(int) for n, m in ((5, 7), (6, 4))]
    same(run("Resizing", X, height=7, width=4, interpolation="nearest"), X[:, nearest[0]][:, :, nearest[1]])
    flat = run("Resizing", np.ones_like(X), height=7, width=4, interpolation="bicubic")
    same(flat, np.ones((2, 7, 4, 4)))
    cubic = run("Resizing", X, height=10, width=12, interpolation="bicubic")
    # half a pixel's quarter away, Keys' kernel with a = -0.5: weights of 0.75 and 0.25 pixels' distance
    w = np.array([-0.0234375, 0.2265625, 0.8671875, -0.0703125])
    inner = sum(k * X[:, i : i + 1] for k, i in zip(w, range(4)))
    inner = sum(k * inner[:, :, j : j + 1] for k, j in zip(w, range(4)))
    same(cubic[:, 4:5, 4:5], inner)
    assert not np.allclose(
        run("Resizing", X, height=3, width=3, antialias=True), run("Resizing", X, height=3, width=3)
    )
    for kind, how, words in (
        ("Resizing", {"crop_to_aspect_ratio": True}, "crops or pads"),
        ("Resizing", {"pad_to_aspect_ratio": True}, "crops or pads"),
        ("UpSampling2D", {"interpolation": "area"}, "the interpolation 'area' is not supported"),
        ("RandomCrop", {}, "crop before the model"),
    ):
        with pytest.raises(WeightsError, match=words):
            run(kind, X, height=3, width=3, **how)


# --- several inputs


def test_merging():
    A, B, C = X, X[::-1].copy(), 2 * X
    for kind, f in (("Add", sum), ("Average", lambda v: sum(v) / 3), ("Maximum", lambda v: np.max(v, 0)),
                    ("Minimum", lambda v: np.min(v, 0)), ("Multiply", lambda v: np.prod(v, 0))):  # fmt: skip
        same(run(kind, [A, B, C]), f([A, B, C]))
    same(run("Subtract", [A, B]), A - B)
    gate = drawn(2, 4)
    same(run("Multiply", [X, gate]), X * gate[:, None, None])
    same(run("Add", [gate, X]), X + gate[:, None, None])
    same(run("Subtract", [S, gate]), S - gate[:, None])
    for axis in (-1, 1, 2, 3):
        same(run("Concatenate", [A, B], axis=axis), np.concatenate([A, B], axis))
    same(run("Concatenate", [S, S[..., :2].copy()]), np.concatenate([S, S[..., :2]], -1))
    same(run("Concatenate", [S, S[:, :2].copy()], axis=1), np.concatenate([S, S[:, :2]], 1))
    same(run("CustomScaleLayer", [A, B], scale=0.25), A + B / 4)
    same(run("CustomScaleLayer", [A, B]), A + B)
    v, w = drawn(2, 5), drawn(2, 7, 5)
    same(run("Dot", [v, drawn(3, 5)[:2].copy()], axes=1), (v * drawn(3, 5)[:2]).sum(1, keepdims=True))
    same(run("Dot", [w, v], axes=[2, 1]), np.einsum("nad,nd->na", w, v))
    same(run("Dot", [v, w], axes=[-1, -1]), np.einsum("nd,nad->na", v, w))
    same(run("Dot", [w, drawn(2, 5, 6)], axes=[2, 1]), w @ drawn(2, 5, 6))
    same(run("Dot", [drawn(2, 5, 6), w], axes=[1, 2]), np.einsum("nka,nbk->nab", drawn(2, 5, 6), w))
    unit = lambda a, axis: a / np.sqrt((a**2).sum(axis, keepdims=True))  # noqa: E731
    same(run("Dot", [w, v], axes=[2, 1], normalize=True), np.einsum("nad,nd->na", unit(w, 2), unit(v, 1)))
    for xs, axes in (([w, v], [0, 1]), ([w, v], [2, 0]), ([X, X], 3)):
        with pytest.raises(WeightsError, match="a dot product of these axes is not supported"):
            run("Dot", xs, axes=axes)


def test_attention():
    H, d, e = 2, 3, 5
    Q, K = drawn(2, 3, 4), drawn(2, 6, 4)
    Wq, Wk, Wv, Wo = drawn(4, H, d), drawn(4, H, d) ** 2, drawn(4, H, e), drawn(H, e, 4)
    bq, bk, bv, bo = drawn(H, d), drawn(d, H).T, drawn(H, e), drawn(4)

    def slow(query, value, key, bias=1):
        y = np.zeros((2, 3, 4))
        for n, h in np.ndindex(2, H):
            q, k = query[n] @ Wq[:, h] + bias * bq[h], key[n] @ Wk[:, h] + bias * bk[h]
            y[n] += softmax(q @ k.T / np.sqrt(d)) @ (value[n] @ Wv[:, h] + bias * bv[h]) @ Wo[h]
        return y + bias * bo

    how = {"num_heads": H, "key_dim": d, "value_dim": e}
    arrays = [Wq, bq, Wk, bk, Wv, bv, Wo, bo]
    same(run("MultiHeadAttention", Q, K, arrays=arrays, **how), slow(Q, K, K))
    other = K[:, ::-1] ** 2
    same(run("MultiHeadAttention", Q, K, other, arrays=arrays, **how), slow(Q, K, other))
    same(run("MultiHeadAttention", Q, K, arrays=arrays[::2], use_bias=False, **how), slow(Q, K, K, 0))
    for more in (
        {"kwargs": {"attention_mask": K}},
        {"kwargs": {"return_attention_scores": True}},
        {"attention_axes": [2]},
    ):
        with pytest.raises(
            WeightsError, match="attention with a mask, its scores, or over more than one axis"
        ):
            run("MultiHeadAttention", Q, K, arrays=arrays, **how, **more)
    with pytest.raises(WeightsError, match="more than one axis"):
        run("MultiHeadAttention", X, X, arrays=arrays, **how)
    with pytest.raises(WeightsError, match="the file holds 7 arrays"):
        run("MultiHeadAttention", Q, K, arrays=arrays[1:], **how)
    same(run("Attention", [Q, K]), softmax(Q @ K.swapaxes(1, 2)) @ K)
    same(run("Attention", [Q, K, other]), softmax(Q @ other.swapaxes(1, 2)) @ K)
    for more in (
        {"use_scale": True},
        {"score_mode": "concat"},
        {"kwargs": {"return_attention_scores": True}},
    ):
        with pytest.raises(WeightsError, match="attention with a mask, its scores, or scaled"):
            run("Attention", [Q, K], **more)


# --- recurrent layers, by Keras' own equations


def step_of(kind, W, U, b, gate=sigmoid, inner=np.tanh, after=False):
    """(x, states) -> states; gates lie side by side: LSTM i f c o, GRU z r h."""
    n = U.shape[0]
    part = lambda M, g: M[..., g * n : (g + 1) * n]  # noqa: E731

    def step(x, s):
        if kind == "SimpleRNN":
            return (inner(x @ W + s[0] @ U + b),)
        if kind == "LSTM":
            i, f, c, o = (x @ part(W, g) + s[0] @ part(U, g) + part(b, g) for g in range(4))
            c = gate(f) * s[1] + gate(i) * inner(c)
            return gate(o) * inner(c), c
        mine, theirs = b if b.ndim == 2 else (b, 0 * b)
        z, r = (gate(x @ part(W, g) + part(mine, g) + s[0] @ part(U, g) + part(theirs, g)) for g in (0, 1))
        through = (
            r * (s[0] @ part(U, 2) + part(theirs, 2)) if after else (r * s[0]) @ part(U, 2) + part(theirs, 2)
        )
        h = inner(x @ part(W, 2) + part(mine, 2) + through)
        return (z * s[0] + (1 - z) * h,)

    return step


def in_time(step, x, H, states, backwards=False):
    """-> all h in the order in which they were computed, and the last states."""
    s, found = tuple(np.zeros((len(x), H)) for _ in range(states)), []
    for t in range(x.shape[1])[:: -1 if backwards else 1]:
        s = step(x[:, t], s)
        found.append(s[0])
    return np.stack(found, 1), s


GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}


@pytest.mark.parametrize("kind", GATES)
def test_recurrent_layers(kind):
    g, H, states = GATES[kind], 3, 1 + (kind == "LSTM")
    W, U, b = drawn(4, g * H), drawn(H, g * H), drawn(g * H)
    of = lambda *more, **how: run(kind, S, arrays=[W, U, *more], **how)  # noqa: E731
    ys, last = in_time(step_of(kind, W, U, b), S, H, states)
    same(of(b), last[0])
    same(of(), in_time(step_of(kind, W, U, 0 * b), S, H, states)[1][0])
    same(of(b, return_sequences=True), ys)
    for a, e in zip(
        of(b, return_sequences=True, return_state=True, outputs=1 + states), [ys, *last], strict=True
    ):
        same(a, e)
    ys, last = in_time(step_of(kind, W, U, b), S, H, states, True)
    same(of(b, go_backwards=True), last[0])
    same(of(b, go_backwards=True, return_sequences=True), ys)
    odd = step_of(kind, W, U, b, gate=lambda v: np.clip(0.2 * v + 0.5, 0, 1), inner=relu)
    how = {"activation": {"config": "relu"}, "recurrent_activation": "hard_sigmoid", "version": "2.15"}
    same(of(b, **how), in_time(odd, S, H, states)[1][0])
    if kind == "GRU":
        both = np.stack([b, b[::-1]])
        ys, last = in_time(step_of(kind, W, U, both, after=True), S, H, states)
        same(of(both, reset_after=True), last[0])
    for more, words in (({"stateful": True}, "is stateful"), ({"time_major": True}, "is time_major"),
                        ({"recurrent_activation": "odd"}, "the activation 'odd'")):  # fmt: skip
        with pytest.raises(WeightsError, match=words):
            of(b, **more)
    with pytest.raises(WeightsError, match="starts from a given state"):
        run(kind, S, drawn(2, H), arrays=[W, U, b])
    for wrong in ([W[:, 1:], U], [W, U[:, 1:]], [W[None], U]):
        with pytest.raises(WeightsError, match=f"are no {kind}'s"):
            run(kind, S, arrays=wrong)
    with pytest.raises(WeightsError, match="holds 1 arrays"):
        run(kind, S, arrays=[W])


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("every", [False, True])
def test_both_ways(kind, every):
    g, H, states = GATES[kind], 3, 1 + (kind == "LSTM")
    weights = [drawn(4, g * H), drawn(H, g * H), drawn(g * H)]
    other = [-(weights[0] ** 2), weights[1].copy()[::-1], weights[2][::-1].copy()]
    parts = [
        in_time(step_of(kind, *of), S, H, states, back) for of, back in ((weights, False), (other, True))
    ]
    ahead, back = (parts[0][0], parts[1][0][:, ::-1]) if every else (parts[0][1][0], parts[1][1][0])
    layer = {"class_name": kind, "config": {"return_sequences": every}}
    of = lambda **how: run("Bidirectional", S, arrays=[*weights, *other], layer=layer, **how)  # noqa: E731
    same(of(), np.concatenate([ahead, back], -1))
    for mode, expected in (("concat", np.concatenate([ahead, back], -1)), ("sum", ahead + back),
                           ("mul", ahead * back), ("ave", (ahead + back) / 2)):  # fmt: skip
        same(of(merge_mode=mode), expected)
    with pytest.raises(WeightsError, match="merged by 'odd' is not supported"):
        of(merge_mode="odd")
    with pytest.raises(WeightsError, match="a bidirectional layer is one of LSTM"):
        of(backward_layer={"class_name": "SimpleRNN" if kind == "LSTM" else "LSTM"})
    for wrong in (
        {"class_name": "Dense", "config": {}},
        {"class_name": kind, "config": {"return_state": True}},
    ):
        with pytest.raises(WeightsError, match="a bidirectional layer is one of LSTM"):
            run("Bidirectional", S, arrays=[*weights, *other], layer=wrong)


# --- functions without a layer


def op(kind, *args, **how):
    return run(kind, *args, module="keras.src.ops.numpy", **how)


def tf(name, *args, **kwargs):
    return run("TFOpLambda", *args, function=name, kwargs=kwargs, version="2.15")


def test_sums_and_products():
    row = np.array([1.0, 2, 4, 8])
    numbers = row.tolist()
    for x in (X, S):
        for kind, f in (
            ("Add", np.add),
            ("Subtract", np.subtract),
            ("Multiply", np.multiply),
            ("Divide", np.divide),
        ):
            for b in (2.0, numbers):
                same(op(kind, x, b), f(x, b))
                same(op(kind, b, x), f(b, x))
            same(op(kind, x, 2 + x**2), f(x, 2 + x**2))
            same(op(kind, 2 + x[..., :1] ** 2, x), f(2 + x[..., :1] ** 2, x))
    pair = drawn(2, 7, 4)  # as NumPy adds, from the last axis on
    same(op("Maximum", pair, S), np.maximum(pair, S))
    same(op("Minimum", pair, S), np.minimum(pair, S))
    for number in (0.0, 0.5, -0.5):
        same(op("Maximum", X, number), np.maximum(X, number))
        same(op("Maximum", number, X), np.maximum(X, number))
        same(op("Minimum", X, number), np.minimum(X, number))
    same(op("Square", X), X**2)
    same(op("Power", abs(X), 1.5), abs(X) ** 1.5)
    same(op("Matmul", S, drawn(2, 4, 5)), S @ drawn(2, 4, 5))
    same(op("Matmul", X, drawn(2, 5, 4, 3)), X @ drawn(2, 5, 4, 3))
    same(op("Matmul", X, drawn(4, 3)), X @ drawn(4, 3))
    same(tf("math.add_n", [S, S, S]), 3 * S)
    same(tf("nn.bias_add", X, numbers), X + row)
    same(tf("nn.bias_add", X, bias=numbers), X + row)
    same(tf("math.truediv", X, y=4.0), X / 4)
    same(tf("math.subtract", 1.0, y=X), 1 - X)
    for turned in ("transpose_a", "transpose_b"):
        with pytest.raises(WeightsError, match="a product of transposed matrices"):
            tf("linalg.matmul", S, S, **{turned: True})


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [-1, 1, [1, 2], [-1, 2], [1, 2, 3], 3])
def test_reductions(axis, keepdims):
    over = {"axis": tuple(axis) if isinstance(axis, list) else axis, "keepdims": keepdims}
    for kind, f in (("Mean", np.mean), ("Max", np.max), ("Min", np.min), ("Sum", np.sum)):
        same(op(kind, X, axis=axis, keepdims=keepdims), f(X, **over))
    same(tf("math.reduce_mean", X, axis=axis, keepdims=keepdims), X.mean(**over))
    same(tf("math.reduce_sum", X, axis, keepdims), X.sum(**over))
    if axis not in (3, [-1, 2], [1, 2, 3]):
        axis = [a for a in (axis if isinstance(axis, list) else [axis])]
        over["axis"] = tuple(axis)
        same(op("Sum", S, axis=axis, keepdims=keepdims), S.sum(**over))
    for wrong in (0, None, [0, 1]):
        with pytest.raises(WeightsError, match="over the pictures themselves"):
            tf("math.reduce_sum", X, wrong)


def test_shapes_by_functions():
    same(op("Reshape", X, newshape=[-1, 10, 12]), X.reshape(2, 10, 12))
    same(op("Reshape", X, newshape=[2, 10, -1]), X.reshape(2, 10, 12))
    same(op("Reshape", X, newshape=[-1, 10, 12, 1]), X.reshape(2, 10, 12, 1))
    same(op("Reshape", X, newshape=[None, 120]), X.reshape(2, 120))
    same(tf("reshape", X, [-1, 120]), X.reshape(2, 120))
    same(tf("reshape", X, shape=[-1, 120]), X.reshape(2, 120))
    same(op("Transpose", X, axes=[0, 3, 1, 2]), X.transpose(0, 3, 1, 2))
    same(tf("transpose", S, perm=[0, -1, 1]), S.swapaxes(1, 2))
    same(op("ExpandDims", S, axis=1), S[:, None])
    same(op("ExpandDims", S, axis=-1), S[..., None])
    same(tf("expand_dims", V, -1), V[..., None])
    same(op("Squeeze", X[:, :, :1].copy(), axis=2), X[:, :, 0])
    same(tf("squeeze", X[:, :1, :1].copy(), [1, 2]), X[:, 0, 0])
    same(op("Concatenate", [X, X], axis=1), np.concatenate([X, X], 1))
    same(tf("concat", [X, X], axis=-1), np.concatenate([X, X], -1))
    same(tf("concat", [S, S], 1), np.concatenate([S, S], 1))
    same(op("Stack", [S, 2 * S], axis=1), np.stack([S, 2 * S], 1))
    same(op("Stack", [S, 2 * S], axis=-1), np.stack([S, 2 * S], -1))
    same(tf("stack", [V, 2 * V], 1), np.stack([V, 2 * V], 1))
    for found, expected in (
        (op("Split", X, indices_or_sections=2, axis=-1, outputs=2), [X[..., :2], X[..., 2:]]),
        (op("Split", X, indices_or_sections=[1, 4], axis=1, outputs=3), [X[:, :1], X[:, 1:4], X[:, 4:]]),
        (run("TFOpLambda", X, function="split", version="2.1", outputs=2,
             kwargs={"num_or_size_splits": [1, 4], "axis": 1}), [X[:, :1], X[:, 1:]]),
        (run("TFOpLambda", X, [2, 4], function="split", version="2.1", outputs=2, kwargs={"axis": 2}),
         [X[:, :, :2], X[:, :, 2:]]),
    ):  # fmt: skip
        for a, b in zip(found, expected, strict=True):
            same(a, b)
    for x in (X, S):
        same(op("Normalize", x, axis=1), x / np.sqrt((x**2).sum(1, keepdims=True)))
        same(op("Normalize", x, order=1), x / abs(x).sum(-1, keepdims=True))
    with pytest.raises(WeightsError, match="a norm of order 3"):
        op("Normalize", X, order=3)
    widths = [[0, 0], [1, 2], [3, 0], [0, 1]]
    same(op("Pad", X, pad_width=widths), np.pad(X, widths))
    same(op("Pad", X, pad_width=widths, mode="reflect"), np.pad(X, widths, "reflect"))
    same(tf("pad", S, [[0, 0], [2, 1], [0, 0]], "CONSTANT", constant_values=4.0),
         np.pad(S, [(0, 0), (2, 1), (0, 0)], constant_values=4))  # fmt: skip
    same(op("Clip", X, x_min=-0.5, x_max=0.25), np.clip(X, -0.5, 0.25))
    same(op("Clip", X, -0.5, 0.25), np.clip(X, -0.5, 0.25))
    same(tf("clip_by_value", X, clip_value_min=-0.5, clip_value_max=0.25), np.clip(X, -0.5, 0.25))
    same(op("Resize", X, size=[10, 6], interpolation="nearest"), X.repeat(2, 1))
    same(tf("image.resize", X, [5, 12], method="nearest"), X.repeat(2, 2))


def test_parts_of_a_signal():
    whole = slice(None)
    for index in (
        (whole, slice(1, 3)), (whole, slice(None, None, 2)), (whole, slice(None, None, -1)), (whole, 2),
        (..., slice(None, None, -1)), (..., 0), (..., -1), (whole, slice(-2, None), slice(4, 1, -2)),
        (whole, 1, slice(2, None)), (whole, ..., slice(1, None), 3), (slice(None, None, 1), slice(None, 4)),
        (whole, slice(None, -1), 1),
    ):  # fmt: skip
        for x in (X, S) if len(index) < 4 else (X,):
            same(op("GetItem", x, list(index)), x[index])
    same(
        tf(
            "__operators__.getitem", X, slice_spec=[{"start": None, "stop": None, "step": None}, {"start": 1}]
        ),
        X[:, 1:],
    )
    for wrong in ([0], [whole, "x"], [whole] * 5):
        with pytest.raises(WeightsError, match="chosen in this way is not supported"):
            op("GetItem", X, wrong)


def test_activations_by_functions():
    same(op("Relu", X), relu(X))
    same(op("Relu6", 9 * X), np.clip(9 * X, 0, 6))
    same(tf("nn.relu", X, max_value=0.5), np.clip(X, 0, 0.5))
    same(tf("nn.relu", X, alpha=0.1, threshold=0.5), np.where(X > 0.5, X, 0.1 * (X - 0.5)))
    same(op("Softmax", X, axis=1), softmax(X, 1))
    same(tf("nn.softmax", S, 1), softmax(S, 1))
    same(tf("nn.softmax", S), softmax(S))
    same(op("LogSoftmax", X), np.log(softmax(X)))
    tanh = X * (1 + np.tanh(math.sqrt(2 / math.pi) * (X + 0.044715 * X**3))) / 2
    same(op("Gelu", X), tanh)
    same(op("Gelu", X, approximate=False), GELU(X))
    same(tf("nn.gelu", X), GELU(X))
    same(tf("nn.gelu", X, approximate=True), tanh)
    same(op("LeakyRelu", X, negative_slope=0.1), np.where(X > 0, X, 0.1 * X))
    same(tf("nn.leaky_relu", X, alpha=0.4), np.where(X > 0, X, 0.4 * X))
    same(op("HardSigmoid", X), np.clip(X / 6 + 0.5, 0, 1))
    same(op("HardSilu", X), X * np.clip(X / 6 + 0.5, 0, 1))
    same(op("Exp", X), np.exp(X))
    same(tf("math.exp", X), np.exp(X))
    assert np.array_equal(op("Cast", V), V) and np.array_equal(op("StopGradient", V), V)
