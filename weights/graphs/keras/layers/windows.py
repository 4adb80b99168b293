"""Convolutions and pools."""

from __future__ import annotations

import numpy as np

from weights.errors import WeightsError
from weights.graphs.keras.building import Call, Value
from weights.graphs.keras.layers.activations import activated


def conv(layer: Call, x: Value) -> Value:
    """Keras' kernels are (h, w, channels, filters), ours (filters, channels, h, w)."""
    W, *bias = layer.arrays(least=2 if layer.get("use_bias", True) else 1)
    n = _axes(W, x)
    y = layer(
        "Conv", layer.spatial(x), _filters_first(W), *bias[:1],
        strides=_each(layer, "strides", n), dilations=_each(layer, "dilation_rate", n),
        group=int(layer.get("groups", 1)), **_padding(layer, W.shape[:n], _each(layer, "dilation_rate", n)),
    )  # fmt: skip
    return activated(layer, y, layer.get("activation"))


def depthwise_conv(layer: Call, x: Value) -> Value:
    W, *bias = layer.arrays(least=2 if layer.get("use_bias", True) else 1)
    y = _depthwise(layer, x, W, *bias[:1])
    return activated(layer, y, layer.get("activation"))


def separable_conv(layer: Call, x: Value) -> Value:
    """Each channel on its own, then all of them at each place."""
    W, pointwise, *bias = layer.arrays(least=3 if layer.get("use_bias", True) else 2)
    y = layer("Conv", _depthwise(layer, x, W), _filters_first(pointwise), *bias[:1])
    return activated(layer, y, layer.get("activation"))


def _depthwise(layer, x, W, *bias):
    """W (h, w, channels, multiplier): filter number m of channel c is output c multiplier + m."""
    n = _axes(W, x)
    C, multiplier = W.shape[n:]
    filters = np.moveaxis(W, (n, n + 1), (0, 1)).reshape(C * multiplier, 1, *W.shape[:n])
    return layer(
        "Conv", layer.spatial(x), filters, *bias, strides=_each(layer, "strides", n),
        dilations=_each(layer, "dilation_rate", n), group=C,
        **_padding(layer, W.shape[:n], _each(layer, "dilation_rate", n)),
    )  # fmt: skip


def conv_transpose(layer: Call, x: Value) -> Value:
    """Keras' kernels are (h, w, filters, channels).  "same": the output has `strides` times as many rows."""
    W, *bias = layer.arrays(least=2 if layer.get("use_bias", True) else 1)
    n = _axes(W, x)
    strides, dilations = _each(layer, "strides", n), _each(layer, "dilation_rate", n)
    extra = layer.get("output_padding")
    extra = [None] * n if extra is None else _each(layer, "output_padding", n)
    cut = [_cut(layer, *of) for of in zip(W.shape, strides, dilations, extra)]
    y = layer(
        "ConvTranspose", layer.spatial(x), np.ascontiguousarray(np.moveaxis(W, (-1, -2), (0, 1))), *bias[:1],
        strides=strides, dilations=dilations, group=int(layer.get("groups", 1)),
        pads=[before for before, _ in cut] + [max(0, after) for _, after in cut],
        output_padding=[max(0, -after) for _, after in cut],
    )  # fmt: skip
    return activated(layer, y, layer.get("activation"))


def _cut(layer, k, stride, dilation, extra):
    """How much of each end of a transposed convolution's output is left out; below 0: zeros behind it."""
    k = (k - 1) * dilation + 1
    if _border(layer) == "valid":
        return 0, -(max(stride - k, 0) if extra is None else extra)
    added = stride + k - 2 if extra is None else k + k % 2 - 2 + extra
    before = min(added // 2 + added % 2, k - 1)
    return k - 1 - before, k - 1 - (added - before)


def _pool(op, n):
    def pool(layer: Call, x: Value) -> Value:
        size = _each(layer, "pool_size", n)
        strides = size if layer.get("strides") is None else _each(layer, "strides", n)
        if x.ndim != n + 2:
            raise WeightsError(f"it slides over {n} axes, and its input has {x.ndim - 2}")
        return layer(
            op, layer.spatial(x), kernel_shape=size, strides=strides, **_padding(layer, size, [1] * n)
        )

    return pool


def _global_pool(op):
    def pool(layer: Call, x: Value) -> Value:
        y = layer(op, layer.spatial(x))
        return y if layer.get("keepdims", False) else layer("Flatten", y, ndim=2, moved=False)

    return pool


def _adaptive(op):
    def pool(layer: Call, x: Value) -> Value:
        return layer(op, layer.spatial(x), size=_each(layer, "output_size", x.ndim - 2))

    return pool


def _border(layer):
    border = str(layer.get("padding", "valid")).lower()
    if border not in ("valid", "same", "causal"):
        raise WeightsError(f"padding '{border[:80]}' is not known")
    return border


def _padding(layer, kernel, dilations):
    match _border(layer):
        case "same":  # one more behind than in front where the border is odd
            return {"auto_pad": "SAME_UPPER"}
        case "causal":
            if len(kernel) != 1:
                raise WeightsError("causal padding is one for sequences")
            return {"pads": [int(dilations[0]) * (int(kernel[0]) - 1), 0]}
    return {}


def _each(layer, key, n):
    """A setting as n whole numbers, one for each axis."""
    value = layer.get(key, 1)
    found = [value] * n if isinstance(value, int) else [*value]
    if len(found) != n or not all(type(v) is int for v in found):
        raise WeightsError(f"{key} {str(value)[:80]} is not a whole number for each of {n} axes")
    return found


def _axes(W, x):
    if W.ndim != x.ndim:
        raise WeightsError(f"a kernel of {tuple(W.shape)} does not fit a signal with {x.ndim} axes")
    return x.ndim - 2


def _filters_first(W):
    return np.ascontiguousarray(np.moveaxis(W, (-1, -2), (0, 1)))


LAYERS = {
    **{f"Conv{n}D": conv for n in (1, 2, 3)}, **{f"Convolution{n}D": conv for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": conv_transpose for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": depthwise_conv for n in (1, 2)},
    **{f"SeparableConv{n}D": separable_conv for n in (1, 2)},
    **{f"MaxPooling{n}D": _pool("MaxPool", n) for n in (1, 2, 3)},
    **{f"AveragePooling{n}D": _pool("AveragePool", n) for n in (1, 2, 3)},
    **{f"GlobalAveragePooling{n}D": _global_pool("GlobalAveragePool") for n in (1, 2, 3)},
    **{f"GlobalMaxPooling{n}D": _global_pool("GlobalMaxPool") for n in (1, 2, 3)},
    **{f"AdaptiveAveragePooling{n}D": _adaptive("AdaptiveAveragePool") for n in (1, 2, 3)},
    **{f"AdaptiveMaxPooling{n}D": _adaptive("AdaptiveMaxPool") for n in (1, 2, 3)},
}  # fmt: skip
