"""ONNX's operators, with its attributes and its words: each by NumPy's own functions."""

import numpy as np
import pytest

from minicnn import Tensor
from weights import WeightsError
from weights.graphs.onnx.operators import ADAPTERS, padding
from weights.graphs.operators import sampling, windows

RANDOM = np.random.default_rng(11)
X = RANDOM.standard_normal((2, 4, 5, 6))


def run(operator, *inputs, **attributes):
    """An operator's value; of a signal it is the same."""
    found = ADAPTERS[operator](*inputs, **attributes)
    if inputs and isinstance(inputs[0], np.ndarray) and inputs[0].dtype == np.float64:
        signal = ADAPTERS[operator](Tensor(inputs[0]), *inputs[1:], **attributes)
        for a, b in zip(*(v if isinstance(v, (tuple, list)) else (v,) for v in (found, signal)), strict=True):
            if a is not None:
                np.testing.assert_allclose(
                    getattr(b, "data", b), getattr(a, "data", a), rtol=1e-12, atol=1e-13
                )
    return found


def same(found, expected, dtype=None):
    assert np.shape(found) == np.shape(expected) and (dtype is None or found.dtype == dtype)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


# --- borders and windows


def test_what_pads_mean():
    of = padding.paddings
    assert of((5, 6), (3, 3), (1, 1), (1, 1), [1, 2, 3, 4], "NOTSET") == ((1, 3), (2, 4))
    assert of((5,), (3,), (1,), (1,), None, "") == ((0, 0),)
    assert of((5, 6), (3, 3), (1, 1), (1, 1), [1, 2, 3, 4], "VALID") == ((0, 0), (0, 0))
    sizes = (5, 6, 6, 5, 7), (3, 3, 3, 1, 4), (2, 2, 1, 2, 3), (1, 1, 2, 1, 1)
    assert of(*sizes, None, "SAME_UPPER") == ((1, 1), (0, 1), (2, 2), (0, 0), (1, 2))
    assert of(*sizes, None, "SAME_LOWER") == ((1, 1), (1, 0), (2, 2), (0, 0), (2, 1))
    with pytest.raises(WeightsError, match="auto_pad 'SAME' is not known"):
        of(*sizes, None, "SAME")


def test_convolutions_with_their_borders():
    W, b = RANDOM.standard_normal((6, 2, 2, 3)), RANDOM.standard_normal(6)
    how = {"stride": (2, 1), "dilation": (1, 2), "groups": 2}
    expected = windows.conv(np.pad(X, [(0, 0), (0, 0), (1, 0), (2, 1)]), W, b, **how)
    said = {"strides": [2, 1], "dilations": [1, 2], "group": 2}
    same(run("Conv", X, W, b, pads=[1, 2, 0, 1], **said), expected)
    upper = windows.conv(np.pad(X, [(0, 0), (0, 0), (0, 1), (2, 2)]), W, **how)
    same(run("Conv", X, W, auto_pad="SAME_UPPER", **said), upper)
    z = RANDOM.standard_normal(expected.shape)
    fused = lambda **more: run("com.microsoft.FusedConv", X, W, b, z, pads=[1, 2, 0, 1], **more, **said)  # noqa: E731
    same(fused(), expected + z)
    same(fused(activation="Relu"), np.maximum(expected + z, 0))
    leaky = np.where(expected + z > 0, 1, 0.25) * (expected + z)
    same(fused(activation="LeakyRelu", activation_params=[0.25]), leaky)
    same(fused(activation="Clip", activation_params=[-0.5, 1.0]), np.clip(expected + z, -0.5, 1))
    hard = np.clip(0.3 * (expected + z) + 0.4, 0, 1)
    same(fused(activation="HardSigmoid", activation_params=[0.3, 0.4]), hard)
    same(fused(activation="Tanh"), np.tanh(expected + z))
    same(fused(activation="Sigmoid"), 1 / (1 + np.exp(-expected - z)))
    same(fused(activation="HardSwish"), (expected + z) * np.clip((expected + z) / 6 + 0.5, 0, 1))
    with pytest.raises(WeightsError, match="an activation 'Elu' behind it"):
        fused(activation="Elu")


def spread(x, W, strides, dilations=(1, 1)):
    """A transposed convolution without a border, one product at a time.  W (C, F, kh, kw)"""
    (N, _, H, V), (_, F, kh, kw) = x.shape, W.shape
    (s, t), (d, e) = strides, dilations
    y = np.zeros((N, F, (H - 1) * s + d * (kh - 1) + 1, (V - 1) * t + e * (kw - 1) + 1))
    for i, j, k, n in np.ndindex(H, V, kh, kw):
        y[:, :, i * s + k * d, j * t + n * e] += x[:, :, i, j] @ W[:, :, k, n]
    return y


def test_transposed_convolutions_with_their_borders():
    W, b = RANDOM.standard_normal((4, 3, 3, 2)), RANDOM.standard_normal(3)
    full = spread(X, W, (2, 3))  # 11 x 17
    of = lambda **more: run("ConvTranspose", X, W, strides=[2, 3], **more)  # noqa: E731
    same(of(), full)
    same(run("ConvTranspose", X, W, b), spread(X, W, (1, 1)) + b[:, None, None])
    same(run("ConvTranspose", X, W, dilations=[2, 1]), spread(X, W, (1, 1), (2, 1)))
    same(of(pads=[1, 2, 0, 3]), full[:, :, 1:, 2:-3])
    same(of(output_padding=[1, 2]), np.pad(full, [(0, 0), (0, 0), (0, 1), (0, 2)]))
    same(of(output_shape=[10, 14]), full[:, :, 1:, 2:-1])  # the larger part of an odd border comes first
    same(of(output_shape=[10, 14], auto_pad="SAME_UPPER"), full[:, :, :-1, 1:-2])
    same(of(output_shape=[2, 3, 12, 18]), np.pad(full, [(0, 0), (0, 0), (0, 1), (0, 1)]))
    same(of(auto_pad="SAME_UPPER"), np.pad(full, [(0, 0)] * 3 + [(0, 1)])[:, :, :-1])
    same(of(auto_pad="SAME_LOWER"), np.pad(full, [(0, 0)] * 3 + [(0, 1)])[:, :, 1:])
    same(of(auto_pad="VALID", pads=[1, 1, 1, 1]), full)


def test_pools_and_where_their_maxima_stood():
    how = {"kernel_shape": [2, 3], "strides": [2, 2], "pads": [1, 0, 0, 1]}
    padded = np.pad(X, [(0, 0), (0, 0), (1, 0), (0, 1)], constant_values=-np.inf)
    seen = np.lib.stride_tricks.sliding_window_view(padded, (2, 3), (2, 3))[:, :, ::2, ::2]
    most = seen.max((-1, -2))
    same(run("MaxPool", X, **how), most)
    y, at = ADAPTERS["MaxPool"](X, outputs=2, **how)
    same(y, most)
    same(X.reshape(-1)[at], most, np.float64)
    turned = ADAPTERS["MaxPool"](Tensor(X), outputs=2, storage_order=1, **how)[1]
    same(X.swapaxes(2, 3).reshape(-1)[turned], most)
    apart = ADAPTERS["MaxPool"](X, kernel_shape=[2, 2], dilations=[2, 3], outputs=2)
    same(X.reshape(-1)[apart[1]], apart[0])
    whole = np.where(np.isinf(seen), 0, seen).sum((-1, -2))
    same(run("AveragePool", X, count_include_pad=1, **how), whole / 6)
    same(run("AveragePool", X, **how), whole / np.isfinite(seen).sum((-1, -2)))
    same(run("LpPool", X, p=3, **how), (abs(np.where(np.isinf(seen), 0, seen)) ** 3).sum((-1, -2)) ** (1 / 3))
    assert run("MaxPool", X, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1).shape == (2, 4, 3, 3)
    assert run("MaxPool", X, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER").shape == (2, 4, 3, 3)
    with pytest.raises(WeightsError, match="need 1 axes of pixels"):
        run("MaxPool", X, kernel_shape=[2])
    bytes_, places = ADAPTERS["MaxPool"]((9 * X).astype(np.int8), outputs=2, **how)
    assert bytes_.dtype == np.int8 and places.dtype == np.int64
    small = X[:1, :1, :2, :2]
    back = np.zeros((1, 1, 5, 4))
    back[0, 0, [0, 1, 3, 4], [1, 2, 0, 3]] = small.reshape(-1)
    places = np.array([1, 6, 12, 19]).reshape(1, 1, 2, 2)
    same(run("MaxUnpool", small, places, kernel_shape=[3, 2], strides=[2, 2]), back)
    larger = np.zeros((1, 1, 6, 7))
    larger[:, :, :5, :4] = back
    shape = np.array([1, 1, 6, 7])
    same(run("MaxUnpool", small, places, shape, kernel_shape=[3, 2], strides=[2, 2]), larger)
    same(
        run("MaxUnpool", small, np.array([[[[0, 1], [2, 3]]]]), kernel_shape=[2, 2], pads=[1, 0, 0, 1]), small
    )


def test_regions_and_taps_that_are_moved():
    boxes, of = np.array([[1.0, 1, 4, 4]]), np.array([1])
    how = {"size": (2, 1), "samples": 2, "scale": 0.5}
    said = {"output_height": 2, "sampling_ratio": 2, "spatial_scale": 0.5}
    middle, corner = (sampling.roi_align(X, boxes, of, middle=m, **how) for m in (True, False))
    assert not np.allclose(middle, corner)
    same(run("RoiAlign", X, boxes, of, **said), middle)
    same(run("RoiAlign", X, boxes, of, opset=15, **said), corner)
    same(run("RoiAlign", X, boxes, of, coordinate_transformation_mode="output_half_pixel", **said), corner)
    same(run("RoiAlign", X, boxes, of, opset=15, coordinate_transformation_mode="half_pixel", **said), middle)
    with pytest.raises(WeightsError, match="by means, not by maxima"):
        run("RoiAlign", X, boxes, of, mode="max")
    W = RANDOM.standard_normal((3, 4, 2, 2))
    none = np.zeros((2, 8, 3, 5))
    expected = windows.conv(np.pad(X, [(0, 0), (0, 0), (1, 0), (0, 0)]), W, stride=(2, 1))
    same(run("DeformConv", X, W, none, pads=[1, 0, 0, 0], strides=[2, 1]), expected)
    columns = RANDOM.standard_normal((2, 16, 20))
    back = windows.windows_together(columns, size=(5, 6), kernel=(2, 2), stride=1, pad=((0, 0), (0, 0)))
    same(run("Col2Im", columns, image_shape=[5, 6], block_shape=[2, 2]), back)
    how = {"pads": [1, 0, 0, 1], "strides": [2, 2], "dilations": [1, 2]}
    pad = {"pad": ((1, 0), (0, 1)), "stride": (2, 2), "dilation": (1, 2)}
    columns = RANDOM.standard_normal((2, 16, 9))
    back = windows.windows_together(columns, size=(5, 6), kernel=(2, 2), **pad)
    same(run("Col2Im", columns, image_shape=[5, 6], block_shape=[2, 2], **how), back)


# --- along axes


def test_reductions_and_what_is_not_reduced():
    same(run("ReduceSum", X), X.sum(keepdims=True))
    same(run("ReduceSum", X, axes=np.array([1]), keepdims=0), X.sum(1))
    same(run("ReduceSum", X, noop_with_empty_axes=1), X)
    same(run("ReduceMean", X, axes=np.array([], int)), X.mean(keepdims=True))
    flat = np.exp(X.reshape(8, 30))
    same(run("Softmax", X, axis=2, opset=11), (flat / flat.sum(1, keepdims=True)).reshape(X.shape))
    long = np.exp(X.reshape(2, 120))
    same(run("Softmax", X, opset=12), (long / long.sum(1, keepdims=True)).reshape(X.shape))
    same(run("Softmax", X), np.exp(X) / np.exp(X).sum(-1, keepdims=True))
    same(run("LogSoftmax", X, axis=1), X - np.log(np.exp(X).sum(1, keepdims=True)))
    a = np.array([[3.0, 1, 3, 2], [0, 5, 5, -1]])
    same(run("ArgMax", a), [[0, 1, 1, 0]])
    same(run("ArgMax", a, axis=1, select_last_index=1, keepdims=0), [2, 2])
    same(run("ArgMin", a, axis=-1, keepdims=0), [1, 3])
    same(run("Hardmax", a), [[1, 0, 0, 0], [0, 1, 0, 0]])
    same(run("TopK", a, k=np.array([1]), largest=0)[0], [[1], [-1]])
    over = X.mean((0, 2, 3), keepdims=True), X.std((0, 2, 3), keepdims=True)
    same(run("MeanVarianceNormalization", X), (X - over[0]) / over[1])


def test_numbers_made_of_nothing():
    same(run("Constant", value_float=0.5), 0.5, np.float32)
    same(run("Constant", value_floats=[0.5, 1]), [0.5, 1], np.float32)
    same(run("Constant", value_int=3), 3, np.int64)
    same(run("Constant", value_ints=[3, 4]), [3, 4], np.int64)
    assert run("Constant", value_string="a") == "a" and run(
        "Constant", value_strings=["a", "b"]
    ).tolist() == ["a", "b"]
    same(run("Constant", value=X), X)
    same(run("ConstantOfShape", np.array([2, 3])), np.zeros((2, 3)), np.float32)
    same(run("ConstantOfShape", np.array([2]), value=np.array([7], np.int8)), [7, 7], np.int8)
    same(run("Shape", X), [2, 4, 5, 6], np.int64)
    same(run("Shape", X, start=1, end=-1), [4, 5])
    same(run("Size", X), 240, np.int64)
    one = lambda n: np.array(n, np.int32)  # noqa: E731
    same(ADAPTERS["Range"](start=one(7), limit=one(1), delta=one(-2)), [7, 5, 3], np.int32)
    same(run("EyeLike", X[0, 0], k=1), np.eye(5, 6, 1), np.float64)
    same(run("EyeLike", X[0, 0], dtype=7), np.eye(5, 6), np.int64)
    values, depth = np.array([2.0, 9.0]), np.array([3])
    same(run("OneHot", np.array([0, -1]), depth=depth, values=values), [[9, 2, 2], [2, 2, 9]])
    same(run("OneHot", np.array([0, 2]), depth=depth, values=values, axis=0), [[9, 2], [2, 2], [2, 9]])
    two = run("OneHot", np.array([[0, 1], [2, 0]]), depth=depth, values=values, axis=1)
    same(two, [[[9, 2], [2, 9], [2, 2]], [[2, 9], [2, 2], [9, 2]]])
    same(run("NonZero", np.array([[0, 1], [2, 0]])), [[0, 1], [1, 0]], np.int64)


def test_operators_of_old():
    from weights.graphs.onnx.operators.older import OPERATORS as OLD

    z = RANDOM.standard_normal((4, 5))
    same(OLD["Add"](X, z, axis=1, broadcast=1), X + z[..., None])
    same(OLD["Sub"](X, z, axis=-3), X - z[..., None])
    same(OLD["Mul"](X, z[0, :1], axis=0), X * z[0, 0])
    same(OLD["Div"](X, np.array(2.0), axis=1), X / 2)
    same(OLD["Pow"](X, np.array(2.0)), X**2)
    A, B, C = X[0, 0], X[0, 1], np.ones(5)
    same(OLD["Gemm"](A, B, C, alpha=0.5, beta=2.0, transB=1, broadcast=1), 0.5 * A @ B.T + 2)
    same(OLD["Gemm"](A, B, transA=1), A.T @ B)


# --- shapes


def test_shapes_and_parts():
    same(run("Reshape", X, shape=np.array([0, -1, 6])), X.reshape(2, 20, 6))
    assert run("Reshape", np.zeros((0, 3)), shape=np.array([3, 0]), allowzero=1).shape == (3, 0)
    part = lambda s, e, **more: run("Slice", X, starts=np.array(s), ends=np.array(e), **more)  # noqa: E731
    same(part([1, 0], [2, -1]), X[1:2, 0:-1])
    same(part([4], [-99], axes=np.array([-1]), steps=np.array([-2])), X[..., 4::-2])
    same(part([-1], [0], axes=np.array([3]), steps=np.array([-1])), X[..., -1:0:-1])
    same(part([5], [-6], axes=np.array([3]), steps=np.array([-1])), X[..., 5:-6:-1])
    for found, sizes in (
        (run("Split", X, np.array([1, 4, 1]), axis=3), [1, 4, 1]),
        (run("Split", X, axis=-1, split=[2, 4]), [2, 4]),
        (run("Split", X, axis=2, outputs=2), [3, 2]),
        (run("Split", X, axis=3, num_outputs=4), [2, 2, 2, 0]),
    ):
        axis = next(a for a in (2, 3) if found[0].shape[a] != X.shape[a])
        assert [p.shape[axis] for p in found] == sizes
        same(np.concatenate(found, axis), X)
    with pytest.raises(WeightsError, match="it has 3 outputs, and is to split into 2"):
        run("Split", X, num_outputs=2, outputs=3)
    pads = np.array([1, 0, 2, 3])
    same(run("Pad", X, pads=pads, axes=np.array([1, -1])), np.pad(X, [(0, 0), (1, 2), (0, 0), (0, 3)]))
    eight = np.array([0, 1, 0, 0, 1, 0, 0, 2])
    wide = [(0, 1), (1, 0), (0, 0), (0, 2)]
    same(run("Pad", X, pads=eight, mode="edge"), np.pad(X, wide, "edge"))
    same(run("Pad", X, pads=eight, value=3.0), np.pad(X, wide, constant_values=3))
    same(run("Pad", X, pads=eight, constant_value=np.array([4.0])), np.pad(X, wide, constant_values=4))
    same(run("Trilu", X), np.triu(X))
    same(run("Trilu", X, k=np.array(-1), upper=0), np.tril(X, -1))


def test_sizes_as_onnx_says_them():
    x = np.arange(8.0).reshape(1, 1, 2, 4)
    near = x[:, :, :, [0, 0, 1, 1, 2, 2, 3, 3]]
    same(run("Resize", x, scales=np.array([1, 1, 1, 2.0])), near)
    same(run("Resize", x, roi=np.array([1, 1, 1, 2.0]), opset=10), near)
    same(run("Upsample", x, scales=np.array([1, 1, 1, 2.0])), near)
    linear = run("Upsample", x, scales=np.array([1, 1, 1, 2.0]), mode="bilinear")
    same(linear[0, 0, 0], [0, 0.5, 1, 1.5, 2, 2.5, 3, 3])
    same(run("Resize", x, sizes=np.array([3, 8]), axes=np.array([2, 3]))[0, 0], near[0, 0, [0, 0, 1]])
    lower = {"sizes": np.array([4, 6]), "axes": np.array([-2, -1])}
    assert run("Resize", x, keep_aspect_ratio_policy="not_larger", **lower).shape == (1, 1, 3, 6)
    assert run("Resize", x, keep_aspect_ratio_policy="not_smaller", **lower).shape == (1, 1, 4, 8)
    assert run("Resize", x, scales=np.array([1, 1, 1.4, 1.2])).shape == (1, 1, 2, 4)
    half = {"scales": np.array([0.5]), "axes": np.array([3])}
    same(run("Resize", x, **half)[0, 0, 0], [0, 2])
    same(run("Resize", x, nearest_mode="ceil", **half)[0, 0, 0], [1, 3])
    same(
        run("Resize", x, coordinate_transformation_mode="align_corners", mode="linear", **half)[0, 0, 0],
        [0, 3],
    )
    wide = np.array([1.0, 1, 1, 2])
    keys = run("Resize", x, scales=wide, mode="cubic", cubic_coeff_a=-0.5, exclude_outside=1)
    assert not np.allclose(keys, run("Resize", x, scales=wide, mode="cubic", cubic_coeff_a=-0.5))
    assert not np.allclose(keys, run("Resize", x, scales=wide, mode="cubic", exclude_outside=1))
    same(run("Resize", x, mode="linear", antialias=1, **half)[0, 0, 0], [0.625, 2.375])
    roi = np.array([0, 0, 0, 0.5, 1, 1, 1, 1.5])
    crop = run("Resize", x, roi=roi, sizes=np.array([1, 1, 2, 3]), mode="linear",
               coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=-9.0)  # fmt: skip
    same(crop[0, 0], [[1.5, 3, -9], [5.5, 7, -9]])
    assert run("Resize", x.astype(np.uint8), scales=wide, mode="linear").dtype == np.uint8
    with pytest.raises(WeightsError, match="a resize needs scales or sizes"):
        run("Resize", x)
    grid = RANDOM.uniform(-1.2, 1.2, (1, 2, 3, 2))
    border = sampling.grid_sample(x, grid, border="border", align_corners=True)
    same(run("GridSample", x, grid, mode="bilinear", padding_mode="border", align_corners=1), border)


def test_lists_of_values():
    parts = run("SplitToSequence", X, axis=3, split=np.array(4))
    assert [p.shape[3] for p in parts] == [4, 2]
    assert [p.shape for p in run("SplitToSequence", X, axis=1, keepdims=0)] == [(2, 5, 6)] * 4
    assert [p.shape for p in run("SplitToSequence", X, axis=1)] == [(2, 1, 5, 6)] * 4
    sizes = run("SplitToSequence", X, axis=3, split=np.array([1, 5]), keepdims=0)
    assert [p.shape[3] for p in sizes] == [1, 5]
    a, b, c = (np.full(2, v) for v in (1.0, 2.0, 3.0))
    made = ADAPTERS["SequenceConstruct"](a, b)
    assert ADAPTERS["SequenceLength"](made) == 2 and ADAPTERS["SequenceEmpty"]() == []
    assert ADAPTERS["SequenceAt"](made, position=np.array(-1)) is b
    assert [v[0] for v in ADAPTERS["SequenceInsert"](made, c)] == [1, 2, 3]
    assert [v[0] for v in ADAPTERS["SequenceInsert"](made, c, position=np.array(1))] == [1, 3, 2]
    assert [v[0] for v in ADAPTERS["SequenceErase"]([a, b, c])] == [1, 2]
    assert [v[0] for v in ADAPTERS["SequenceErase"]([a, b, c], position=np.array(-3))] == [2, 3]
    same(ADAPTERS["ConcatFromSequence"]([a, b], axis=0), [1, 1, 2, 2])
    same(ADAPTERS["ConcatFromSequence"]([a, b], axis=1, new_axis=1), [[1, 2], [1, 2]])


# --- scores


def test_normalisation_with_more_outputs():
    g, b, mean, var = RANDOM.random((4, 4)) + 0.5
    C = lambda v: v[:, None, None]  # noqa: E731
    normed = C(g) * (X - C(mean)) / np.sqrt(C(var) + 0.01) + C(b)
    same(run("BatchNormalization", X, g, b, mean, var, epsilon=0.01), normed)
    over = X.mean((0, 2, 3)), X.var((0, 2, 3))
    batch = C(g) * (X - C(over[0])) / np.sqrt(C(over[1]) + 0.01) + C(b)
    how = {"epsilon": 0.01, "training_mode": 1}
    same(run("BatchNormalization", X, g, b, mean, var, **how), batch)
    y, m, v = run("BatchNormalization", X, g, b, mean, var, momentum=0.8, outputs=3, **how)
    same(y, batch)
    same(m, 0.8 * mean + 0.2 * over[0])
    same(v, 0.8 * var + 0.2 * over[1])
    with pytest.raises(WeightsError, match="per pixel"):
        run("BatchNormalization", X, g, b, mean, var, spatial=0)
    y, m, inverse = run("LayerNormalization", X, axis=2, epsilon=0.1, outputs=3)
    sigma = np.sqrt(X.var((2, 3), keepdims=True) + 0.1)
    same(y, (X - X.mean((2, 3), keepdims=True)) / sigma)
    same(m, X.mean((2, 3), keepdims=True))
    same(inverse, 1 / sigma)
    six = RANDOM.random(6)
    same(
        run("RMSNormalization", X, six, epsilon=0.3), six * X / np.sqrt((X**2).mean(-1, keepdims=True) + 0.3)
    )
    grouped = X.reshape(2, 2, 60)
    grouped = (grouped - grouped.mean(-1, keepdims=True)) / np.sqrt(grouped.var(-1, keepdims=True) + 1e-5)
    same(run("GroupNormalization", X, g, b, num_groups=2), C(g) * grouped.reshape(X.shape) + C(b))
    skip, bias = X[::-1].copy(), RANDOM.random(6)
    total = X + skip + bias
    y, *none, found = run("com.microsoft.SkipLayerNormalization", X, skip, six, None, bias, outputs=4)
    same(found, total)
    same(y, six * (total - total.mean(-1, keepdims=True)) / np.sqrt(total.var(-1, keepdims=True) + 1e-12))
    assert none == [None, None]
    alone = run("com.microsoft.SkipLayerNormalization", X, skip, six, bias)
    total = X + skip
    same(
        alone,
        six * (total - total.mean(-1, keepdims=True)) / np.sqrt(total.var(-1, keepdims=True) + 1e-12) + bias,
    )


def test_numbers_that_a_node_leaves_out_are_those_of_the_specification():
    from weights.graphs.onnx.operators import OPERATORS

    small = X / 1000  # an epsilon counts
    of = lambda name, *inputs, **how: OPERATORS[name](*inputs, **how)  # noqa: E731

    def over(x, axes, eps=1e-5):
        return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)

    ones, nothing, four, six = np.ones(4), np.zeros(4), np.arange(1.0, 5), np.arange(1.0, 7)
    C = lambda v: v[:, None, None]  # noqa: E731
    var = np.full(4, 1e-5)
    same(of("BatchNormalization", small, four, ones, nothing, var), C(four) * small / np.sqrt(2e-5) + 1)
    batch = C(four) * over(small, (0, 2, 3))
    y, m, v = of("BatchNormalization", small, four, nothing, ones, ones, training_mode=1, outputs=3)
    same(y, batch)
    same(m, 0.9 + 0.1 * small.mean((0, 2, 3)))
    same(v, 0.9 + 0.1 * small.var((0, 2, 3)))
    same(of("InstanceNormalization", small, four, ones), C(four) * over(small, (2, 3)) + 1)
    same(of("LayerNormalization", small, six), six * over(small, (3,)))
    same(of("RMSNormalization", small, six), six * small / np.sqrt((small**2).mean(-1, keepdims=True) + 1e-5))
    grouped = over(small.reshape(2, 2, 60), (2,)).reshape(X.shape)
    same(of("GroupNormalization", small, four, ones, num_groups=2), C(four) * grouped + 1)
    skipped = of("com.microsoft.SkipLayerNormalization", small, 0 * small, six)
    same(skipped, six * over(small, (3,), 1e-12))
    around = np.stack([(X[:, max(0, c - 1) : c + 2] ** 2).sum(1) for c in range(4)], 1)
    same(of("LRN", X, size=3), X / (1 + 1e-4 / 3 * around) ** 0.75)
    same(of("LeakyRelu", X), np.where(X > 0, X, 0.01 * X))
    same(of("Elu", X), np.where(X > 0, X, np.expm1(X)))
    same(of("Celu", X), np.where(X > 0, X, np.expm1(X)))
    selu = np.where(X > 0, X, 1.67326319217681884765625 * np.expm1(X))
    np.testing.assert_allclose(of("Selu", X), 1.05070102214813232421875 * selu, rtol=1e-6)
    same(of("HardSigmoid", X), np.clip(0.2 * X + 0.5, 0, 1))
    same(of("ThresholdedRelu", X), np.where(X > 1, X, 0))
    same(of("Shrink", X), np.where(abs(X) > 0.5, X, 0))
    same(of("Swish", X), X / (1 + np.exp(-X)))
    A, B, D = X[0, 0], X[1, 0].T, np.arange(5.0)
    for name in ("Gemm", "com.microsoft.FusedGemm"):
        same(of(name, A, B, D), A @ B + D)
    same(of("com.microsoft.FusedMatMul", A, B), A @ B)
    same(
        of("com.microsoft.FusedGemm", A, B, D, activation="LeakyRelu"),
        np.where(A @ B + D > 0, 1, 0.01) * (A @ B + D),
    )
    hard = of("com.microsoft.FusedGemm", A, B, D, activation="HardSigmoid")
    same(hard, np.clip(0.2 * (A @ B + D) + 0.5, 0, 1))
    boxes, which = np.array([[0.5, 0.5, 3.5, 3.5]]), np.array([0])
    same(
        of("RoiAlign", X, boxes, which),
        of(
            "RoiAlign",
            X,
            2 * boxes,
            which,
            spatial_scale=0.5,
            output_height=1,
            output_width=1,
            sampling_ratio=0,
            mode="avg",
            coordinate_transformation_mode="half_pixel",
        ),
    )
    wide = {"scales": np.array([1.0, 1, 1, 2]), "mode": "cubic"}
    same(of("Resize", X, **wide), of("Resize", X, cubic_coeff_a=-0.75, **wide))
    assert not np.allclose(of("Resize", X, **wide), of("Resize", X, cubic_coeff_a=-0.5, **wide))
    same(of("Hardmax", X), np.equal(X, X.max(-1, keepdims=True)) * 1.0)
    same(of("Softmax", X), np.exp(X) / np.exp(X).sum(-1, keepdims=True))
    same(of("Flatten", X), X.reshape(2, -1))
    same(of("Concat", A, A, axis=0), np.concatenate([A, A]))
    same(of("Gather", A, np.array([1, 0])), A[[1, 0]])
    same(of("LpNormalization", X), X / np.sqrt((X**2).sum(-1, keepdims=True)))
    same(of("GlobalLpPool", X), np.sqrt((X**2).sum((2, 3), keepdims=True)))


def test_casts_and_what_is_left_as_it_is():
    y, kept = ADAPTERS["Dropout"](X)
    assert y is X and kept.shape == X.shape and kept.all() and ADAPTERS["Identity"](X) is X
    with pytest.raises(WeightsError, match="dropout in training"):
        ADAPTERS["Dropout"](X, training_mode=np.array(True))
    assert ADAPTERS["ai.onnx.ml.ZipMap"](X) is X
    assert [ADAPTERS["Cast"](X, to=n).dtype.name for n in (1, 7, 9, 10, 11)] == [
        "float32",
        "int64",
        "bool",
        "float16",
        "float64",
    ]
    signal = Tensor(X)
    assert ADAPTERS["Cast"](signal, to=1) is signal and ADAPTERS["CastLike"](signal, np.float32(1)) is signal
    same(ADAPTERS["Cast"](signal, to=7).data, X.astype(int))
    same(ADAPTERS["CastLike"](signal, np.int64(1)).data, X.astype(int))
    assert ADAPTERS["CastLike"](X, np.int8(1)).dtype == np.int8
    for wrong in (8, 99):
        with pytest.raises(WeightsError, match="a cast to ONNX's type"):
            ADAPTERS["Cast"](X, to=wrong)
    same(run("Clip", X, min=np.array(-1.0), max=np.array(0.5)), np.clip(X, -1, 0.5))
    same(run("com.microsoft.QuickGelu", X), X / (1 + np.exp(-1.702 * X)))
    six = RANDOM.random(6)
    same(run("com.microsoft.BiasGelu", X, six), run("com.microsoft.Gelu", X + six))
    same(run("com.microsoft.FastGelu", X, six), run("com.microsoft.FastGelu", X + six))
    assert not np.allclose(run("com.microsoft.FastGelu", X), run("com.microsoft.Gelu", X), atol=1e-6)


def test_products_that_a_runtime_fused():
    A, B = X[0], X[1]
    how = {"alpha": 0.5, "transB": 1}
    same(run("com.microsoft.FusedMatMul", A, B, **how), 0.5 * A @ B.swapaxes(-1, -2))
    same(run("com.microsoft.FusedMatMul", A, B, transA=1), A.swapaxes(-1, -2) @ B)
    for turned in ("transBatchA", "transBatchB"):
        with pytest.raises(WeightsError, match="batches that are turned"):
            run("com.microsoft.FusedMatMul", A, B, **{turned: 1})
    C = RANDOM.standard_normal(5)
    y = 0.5 * A[0] @ B[0].T + 2 * C
    how = {"alpha": 0.5, "beta": 2.0, "transB": 1}
    same(run("com.microsoft.FusedGemm", A[0], B[0], C, **how), y)
    leaky = run("com.microsoft.FusedGemm", A[0], B[0], C, activation="LeakyRelu", activation_alpha=0.3, **how)
    same(leaky, np.where(y > 0, y, 0.3 * y))
    hard = {"activation": "HardSigmoid", "activation_alpha": 0.3, "activation_beta": 0.4}
    same(run("com.microsoft.FusedGemm", A[0], B[0], C, **hard, **how), np.clip(0.3 * y + 0.4, 0, 1))
    same(run("com.microsoft.FusedGemm", A[0], B[0], transA=1), A[0].T @ B[0])


def test_attention_in_heads():
    Q, K, V = (RANDOM.standard_normal((2, n, d)) for n, d in ((3, 8), (5, 4), (5, 6)))
    mask = RANDOM.random((3, 5)) > 0.5
    mask[1] = False

    def slow(seen, added=0.0, scale=0.5**0.5):
        y = np.zeros((2, 3, 4, 3))  # four heads of queries, two of keys
        for n, h in np.ndindex(2, 4):
            q, k, v = (
                Q[n, :, 2 * h : 2 * h + 2],
                K[n, :, 2 * (h // 2) :][:, :2],
                V[n, :, 3 * (h // 2) :][:, :3],
            )
            s = np.where(seen, q @ k.T * scale + added, -np.inf)
            e = np.where(seen, np.exp(s - np.maximum(s.max(1, keepdims=True), -99)), 0)
            y[n, :, h] = e / np.maximum(e.sum(1, keepdims=True), 1e-300) @ v
        return y.reshape(2, 3, 12)

    of = lambda *more, **how: run("Attention", Q, K, V, *more, q_num_heads=4, kv_num_heads=2, **how)  # noqa: E731
    all_of_it, later = np.ones((3, 5), bool), np.tril(np.ones((3, 5), bool))
    same(of(), slow(all_of_it))
    same(of(scale=1.5), slow(all_of_it, scale=1.5))
    same(of(is_causal=1), slow(later))
    same(of(mask), slow(mask))
    same(of(mask, is_causal=1), slow(mask & later))
    same(of(X[0, 0, :3, :5]), slow(all_of_it, X[0, 0, :3, :5]))
    same(of(X[0, 0, :3, :5], is_causal=1), slow(later, X[0, 0, :3, :5]))
    halves, added = [M.astype(np.float16) for M in (Q, K, V)], X[0, 0, :3, :5].astype(np.float16)
    for more, expected in (
        ((), slow(all_of_it)), ((mask,), slow(mask)), ((added,), slow(all_of_it, added.astype(float))),
    ):  # fmt: skip
        half = ADAPTERS["Attention"](*halves, *more, q_num_heads=4, kv_num_heads=2)
        assert half.dtype == np.float16
        np.testing.assert_allclose(half, expected, rtol=0.01, atol=0.01)
    with pytest.raises(WeightsError, match="must say how many heads"):
        run("Attention", Q, K, V)
    for how in ({"softcap": 2.0}, {"outputs": 2}, {"past_key": K}, {"nonpad_kv_seqlen": np.array([1, 2])}):
        with pytest.raises(WeightsError, match="is not supported"):
            of(**how)


def test_an_lstm_knows_its_size():
    W, R = RANDOM.standard_normal((1, 12, 6)), RANDOM.standard_normal((1, 12, 3))
    one, other = run("LSTM", X[0], W, R), run("LSTM", X[0], W, R, hidden_size=3)
    for a, b in zip(one, other):
        same(a, b)
    back = run("LSTM", X[0], W, R, direction="reverse")
    same(back[0][::-1], run("LSTM", X[0, ::-1].copy(), W, R)[0])
