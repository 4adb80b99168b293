"""Dense layers, shapes, borders and sizes; and what does nothing in eval mode."""

from __future__ import annotations

import numpy as np

from weights.errors import WeightsError
from weights.graphs.keras.building import Call, Value
from weights.graphs.keras.layers.activations import activated


def dense(layer: Call, x: Value) -> Value:
    """Along the last axis, which of maps are the channels: a convolution of 1 x 1."""
    W, *bias = layer.arrays(least=2 if layer.get("use_bias", True) else 1)
    if x.moved:
        y = layer("Conv", x, np.ascontiguousarray(W.T).reshape(*W.T.shape, *[1] * (x.ndim - 2)), *bias[:1])
    elif x.ndim == 2:
        y = layer("Gemm", x, W, *bias[:1])
    else:
        y = layer("MatMul", x, W)
        y = layer("Add", y, bias[0]) if bias else y
    return activated(layer, y, layer.get("activation"))


def flatten(layer: Call, x: Value) -> Value:
    """As Keras' axes lie; with channels first, they are put last before."""
    x = layer.as_keras(x)
    if layer.channels_first and x.ndim > 2:
        x = layer("Transpose", x, perm=[0, *range(2, x.ndim), 1])
    return layer("Flatten", x, ndim=2, moved=False)


def reshape(layer: Call, x: Value) -> Value:
    shape = [int(n) for n in layer.get("target_shape", layer.get("dims"))]
    return reshaped(layer, x, [0, *shape])


def reshaped(layer: Call, x: Value, shape: list[int]) -> Value:
    """shape: of Keras' axes; 0 in front keeps the number of pictures."""
    return layer("Reshape", layer.as_keras(x), np.asarray(shape, np.int64), ndim=len(shape), moved=False)


def permute(layer: Call, x: Value) -> Value:
    dims = [int(d) for d in layer.get("dims")]
    if sorted(dims) != [*range(1, x.ndim)]:
        raise WeightsError(f"{dims} is no order of the {x.ndim - 1} axes behind the pictures")
    return layer("Transpose", layer.as_keras(x), perm=[0, *dims])


def repeat_vector(layer: Call, x: Value) -> Value:
    """(N, D) -> (N, n, D)"""
    y = layer("Unsqueeze", x, np.asarray([1]), ndim=3)
    return layer("Tile", y, np.asarray([1, int(layer.get("n")), 1]))


def zero_padding(layer: Call, x: Value) -> Value:
    return _bordered(layer, x, _pairs(layer, "padding", x.ndim - 2))


def cropping(layer: Call, x: Value) -> Value:
    cut = _pairs(layer, "cropping", x.ndim - 2)
    x = layer.spatial(x)
    inside = [(before, -after if after else 2**31) for before, after in cut]
    return layer(
        "Slice", x, np.asarray([b for b, _ in inside]), np.asarray([a for _, a in inside]),
        np.arange(2, x.ndim),
    )  # fmt: skip


def _bordered(layer, x, pairs):
    x = layer.spatial(x)
    pads = [0, 0, *(b for b, _ in pairs), 0, 0, *(a for _, a in pairs)]
    return layer("Pad", x, np.asarray(pads, np.int64))


def _pairs(layer, key, n):
    """A number, a number for each axis, or two: (before, after) for each of n axes."""
    value = layer.get(key, 1)
    value = [value] * n if isinstance(value, int) else [*value]
    if n == 1 and len(value) == 2 and all(isinstance(v, int) for v in value):
        value = [value]
    found = [(v, v) if isinstance(v, int) else tuple(v) for v in value]
    if len(found) != n or not all(len(p) == 2 and all(type(v) is int and v >= 0 for v in p) for p in found):
        raise WeightsError(f"{key} {str(layer.get(key))[:80]} is not two whole numbers for each of {n} axes")
    return found


def upsampling(layer: Call, x: Value) -> Value:
    n = x.ndim - 2
    size = layer.get("size", layer.get("length", 2))
    size = [size] * n if isinstance(size, int) else [*size]
    x = layer.spatial(x)
    scales = np.asarray([1, 1, *map(float, size)], np.float64)
    return layer("Resize", x, None, scales, **_interpolation(layer, whole=True))


def resizing(layer: Call, x: Value) -> Value:
    """To a fixed size, all of the picture."""
    if layer.get("crop_to_aspect_ratio", False) or layer.get("pad_to_aspect_ratio", False):
        raise WeightsError("a resize that crops or pads to keep the picture's shape is not supported")
    x = layer.spatial(x)
    size = np.asarray([int(layer.get("height")), int(layer.get("width"))], np.int64)
    antialias = int(bool(layer.get("antialias", False)))
    return layer("Resize", x, None, None, size, axes=[2, 3], antialias=antialias, **_interpolation(layer))


def _interpolation(layer, whole=False):
    """As TensorFlow has it: pixels are areas; beyond the border nothing counts."""
    return interpolated(str(layer.get("interpolation", "nearest" if whole else "bilinear")).lower(), whole)


def interpolated(name: str, whole: bool = False) -> dict[str, str | float | int]:
    """Resize's settings for an interpolation of Keras.  whole: a value is copied a whole number of times."""
    match name:
        case "nearest":
            return {
                "mode": "nearest",
                "coordinate_transformation_mode": "asymmetric" if whole else "half_pixel",
                "nearest_mode": "floor" if whole else "round_prefer_ceil",
            }
        case "bilinear":
            return {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        case "bicubic":
            return {
                "mode": "cubic", "coordinate_transformation_mode": "half_pixel", "cubic_coeff_a": -0.5,
                "exclude_outside": 1,
            }  # fmt: skip
    raise WeightsError(
        f"the interpolation '{name[:80]}' is not supported; it is nearest, bilinear or bicubic"
    )


def embedding(layer: Call, x: Value) -> Value:
    """Whole numbers -> vectors: no signal passes, so words can only be an input beside the picture."""
    return layer("Gather", layer.arrays(least=1)[0], x, ndim=x.ndim + 1, moved=False, axis=0)


def nothing(layer: Call, x: Value, *others: object) -> Value:
    """Dropout, noise and augmentation: in eval mode they leave x as it is."""
    return x


def random_crop(layer: Call, x: Value) -> Value:
    raise WeightsError("RandomCrop resizes in eval mode, too, which is not supported: crop before the model")


EVAL = (
    "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout", "GaussianDropout",
    "GaussianNoise", "ActivityRegularization", "Identity", "StochasticDepth", "RandomFlip", "RandomRotation",
    "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness", "RandomSaturation", "RandomHue",
    "RandomSharpness", "RandomColorJitter", "RandomColorDegeneration", "RandomGrayscale", "RandomShear",
    "RandomPerspective", "RandomErasing", "RandomGaussianBlur", "RandomPosterization", "RandomInvert",
    "RandomElasticTransform", "RandomHeight", "RandomWidth", "RandAugment", "AugMix", "CutMix", "MixUp",
)  # fmt: skip
LAYERS = {
    "Dense": dense, "Flatten": flatten, "Reshape": reshape, "Permute": permute, "RepeatVector": repeat_vector,
    **{f"ZeroPadding{n}D": zero_padding for n in (1, 2, 3)}, **{f"Cropping{n}D": cropping for n in (1, 2, 3)},
    **{f"UpSampling{n}D": upsampling for n in (1, 2, 3)}, "Resizing": resizing, "Embedding": embedding,
    **dict.fromkeys(EVAL, nothing), "RandomCrop": random_crop,
}  # fmt: skip
