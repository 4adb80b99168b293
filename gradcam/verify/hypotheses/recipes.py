"""Whole scripts and libraries that many use: several deviations at once, under the library's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from gradcam.interpolation import upsample
from gradcam.methods.relevance import epsilon, table
from gradcam.verify.hypotheses.hypothesis import DoesNotApply, Hypothesis, Old, Variants
from gradcam.verify.hypotheses.relevance_rules import SHARE, once_for_both, underived
from gradcam.verify.hypotheses.starts import LOGIT, softmax
from gradcam.verify.hypotheses.without_gradient import centred
from gradcam.verify.question import Question
from gradcam.verify.reference.pipelines import MAPS, WEIGHED
from gradcam.verify.reference.relevance_tables import averaged
from gradcam.verify.reference.resizing import cubic
from gradcam.verify.reference.run import Run
from gradcam.verify.reference.steps import arrived
from minicnn import BACKPROP, Tensor

CAM = ("grad_cam",)
FACTORS = (0.9, 1.0, 1.1)  # of aug_smooth


def in_bytes(m: np.ndarray, low: float, high: float) -> np.ndarray:
    """np.uint8(255 * (m - low) / (high - low))"""
    if not high > low:
        raise DoesNotApply("a constant map cannot be stretched")
    return np.uint8(255 * (m - low) / (high - low))


def enlarged(m: np.ndarray, q: Question, how: int) -> np.ndarray:
    """Bytes (h, w) by PIL to the size of an enlarged map, then 0 to 1."""
    H, W = q.size
    return np.asarray(Image.fromarray(m).resize((W, H), how)) / 255


def only_enlarged(q: Question) -> None:
    """Only an enlarged map can be this recipe's."""
    if not q.enlarged:
        raise DoesNotApply("it enlarges")


def stretched(m: np.ndarray, eps: float = 0.0) -> np.ndarray:
    """Every map (..., h, w) from 0 to 1."""
    m = m - m.min(axis=(-2, -1), keepdims=True)
    top = m.max(axis=(-2, -1), keepdims=True) + eps
    return m / np.where(top > 0, top, 1)


def corners(m: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return upsample(m, size, "corner_aligned")


def of_pil(m: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Cubic, as Image.resize enlarges floats."""
    rows, columns = (cubic(n, N, -0.5, renormalise=True) for n, N in zip(m.shape[-2:], size))
    return rows @ m @ columns.T


def from_ones(q: Question, v: Run, old: Old) -> Any:
    """utkuozbulak/pytorch-cnn-visualizations, src/gradcam.py"""
    only_enlarged(q)
    return ones_in_bytes(q, v)


def ones_in_bytes(q: Question, v: Run) -> np.ndarray:
    maps = np.maximum(1 + v.signed, 0)
    return np.stack([enlarged(in_bytes(m, m.min(), m.max()), q, Image.LANCZOS) for m in maps])


def of_largest(q: Question, v: Run, old: Old) -> Any:
    """The same from zeros: ReLU, divided by the largest value, bytes, Lanczos."""
    only_enlarged(q)
    maps = np.maximum(v.signed, 0)
    return np.stack([enlarged(in_bytes(m, m.min(), m.max()), q, Image.LANCZOS) for m in maps])


def in_steps(v: Run) -> float:
    """A value that rounding puts into the next byte, and what the filter makes of it."""
    return 1.5 / 255


def twice_stretched(q: Question, v: Run, old: Old) -> Any:
    """pytorch_grad_cam/base_cam.py: ReLU, scale_cam_image, a mean over the layers, scale_cam_image"""
    only_enlarged(q)
    return of_pytorch_grad_cam(q, np.maximum(v.signed, 0))


def of_pytorch_grad_cam(q: Question, m: np.ndarray) -> np.ndarray:
    return stretched(upsample(stretched(m, 1e-7), q.size), 1e-7)


def smoothed(q: Question, v: Run, old: Old) -> Any:
    """aug_smooth=True: the mean of six maps, of the picture and its mirror image, each times 0.9, 1, 1.1."""
    only_enlarged(q)
    found = []
    for mirror in (False, True):
        for factor in FACTORS:

            def change(q, v, old, mirror=mirror, factor=factor):
                x = old()
                return factor * (x[..., ::-1] if mirror else x)

            there = Run(q, (*v.changes, (f"mirrored {mirror}, times {factor}", "input", change)))
            m = of_pytorch_grad_cam(q, np.maximum(there.signed, 0))
            found.append(m[..., ::-1] if mirror else m)
    return np.mean(found, axis=0)


def projected(q: Question, v: Run, old: Old) -> Any:
    """eigen_smooth=True: the first principal component of the weighed maps, instead of their sum."""
    found = []
    for terms in v.weights * v.activation:
        M = terms.reshape(len(terms), -1).T
        M = M - M.mean(axis=0)
        found.append((M @ np.linalg.svd(M, full_matrices=False)[2][0]).reshape(terms.shape[1:]))
    return np.stack(found)


def either_sign(f: Callable[..., Any]) -> Any:
    """A singular vector has no sign: both are tried."""
    return lambda q, y: {
        "": lambda q, v, old: f(q, v, old),
        "the vector with the other sign": lambda q, v, old: -f(q, v, old),
    }


def gated(q: Question, v: Run, old: Old) -> Any:
    """tf_explain/core/grad_cam.py: use_guided_grads, on by default"""
    g = old()
    return g * (v.activation > 0) * (g > 0)


def cubes_inside(q: Question, v: Run, old: Old) -> Any:
    """1Konny/gradcam_plus_plus-pytorch, gradcam.py: sum A g^3, 1e-7, and exp(y_c) in front of the ReLU"""
    g, A = v.gradient, v.activation
    bend = 2 * g**2 + (A * g**3).sum(axis=(-2, -1), keepdims=True)
    y_c = v.y.data[np.arange(len(g)), np.broadcast_to(np.asarray(q.c), len(g))].reshape(-1, 1, 1, 1)
    # relu(exp(y_c) g) = exp(y_c) relu(g)
    return (g**2 / (bend + 1e-7) * np.exp(y_c) * np.maximum(g, 0)).sum(axis=(-2, -1), keepdims=True)


def of_the_picture(q: Question, v: Run, old: Old) -> Any:
    """apache/mxnet, example/cnn_visualization/gradcam.py of 2018: the gradient at the picture is averaged, so
    that only as many maps count as the picture has channels.
    """
    g = arrived(q, v, q.input_of(v.y), BACKPROP)
    w = np.zeros_like(old())
    n = min(g.shape[-3], w.shape[-3])
    w[..., :n, :, :] = g[..., :n, :, :].mean(axis=(-2, -1), keepdims=True)
    return w


def of_zennit(q: Question, y: Tensor) -> Variants:
    """Its epsilon does not grow with z, and what is no module has no rule."""
    rules, others = averaged(table(epsilon(1e-6))), underived(q, y)
    if averages := once_for_both(q, y):
        others["adaptive averages"] = averages[""]
    return {n: lambda q, v, old, f=f: f(q, v, lambda: rules) for n, f in others.items()}


RAW = "raw maps are compared; a library's picture of a map is stretched and enlarged"
KEEP = "compare its raw map, before it is normalised and enlarged"


def recipe(name: str, change: Callable[..., Any] | None = None, **options: Any) -> Hypothesis:
    """name: whose, and what is done otherwise there."""
    whose, _, what = name.partition(": ")
    options = {"step": "result", "says": RAW, "fix": KEEP, "methods": MAPS, "alone": True, **options}

    def headline(detail):
        return f"{what}{f', {detail}' if detail else ''} (as in the recipe of {whose})"

    return Hypothesis(name=f"recipe of {name}", headline=headline, change=change, **options)


CAUSES = [
    recipe(
        "pytorch-cnn-visualizations: started at ones, clipped, stretched, bytes, Lanczos",
        from_ones,
        says="L = ReLU(sum_k alpha_k A^k) (eq. 2): the sum starts at zero, and no value is stretched",
        fix="np.zeros instead of np.ones; compare before normalising and before bytes",
        brings=in_steps,
        methods=CAM,
    ),
    Hypothesis(
        name="stretched, kept in bytes, then enlarged by Lanczos",
        step="result",
        says="raw maps are compared; a map in 256 steps has lost its magnitude and its small values",
        fix="enlarge before you turn a map into bytes; compare raw maps",
        change=of_largest,
        brings=in_steps,
        alone=True,
        methods=CAM,
        kind="convention",
    ),
    recipe(
        "pytorch-cnn-visualizations: guided backprop times its map of bytes, started at ones",
        lambda q, v, old: v.signal * ones_in_bytes(q, v)[:, None],
        says="L * the guided gradient (Selvaraju et al. 2017, sec. 3.2): the map starts at zero",
        fix="np.zeros instead of np.ones; multiply by the map as it is",
        brings=in_steps,
        methods=("guided_grad_cam",),
    ),
    recipe(
        "kazuto1011/grad-cam-pytorch: guided backprop times the stretched map",
        lambda q, v, old: v.signal * stretched(v.upsampled)[:, None],
        methods=("guided_grad_cam",),
        kind="convention",
    ),
    recipe(
        "pytorch-grad-cam: stretched, enlarged, stretched again", twice_stretched, kind="scale", alone=False
    ),
    recipe(
        "pytorch-grad-cam with aug_smooth: the mean of six maps",
        smoothed,
        says="one picture has one map; a mean over mirrored and brighter ones is another picture's, too",
        fix="aug_smooth=False, or say so beside the map",
        kind="convention",
    ),
    recipe(
        "pytorch-grad-cam with eigen_smooth: the first principal component of the weighed maps",
        variants=either_sign(projected),
        step="signed",
        says="L = ReLU(sum_k alpha_k A^k) (eq. 2): a sum over the maps, not a projection",
        fix="eigen_smooth=False, or say so beside the map",
        methods=WEIGHED,
        kind="convention",
        alone=False,
    ),
    recipe(
        "pytorch-grad-cam's Eigen-CAM: the columns lose their mean, and a ReLU follows",
        variants=centred,
        step="signed",
        also={"map": lambda q, v, old: np.maximum(v.signed, 0)},
        says="the projection of the maps on their first singular vector (Muhammad & Yeasin 2020, sec. III)",
        fix="compare with centre=True before a ReLU, or say so beside the map",
        methods=("eigen_cam",),
        kind="convention",
        alone=False,
    ),
    recipe(
        "zennit: an epsilon of 1e-6, and what is no module passes the plain derivative",
        variants=of_zennit,
        step="rules",
        says=f"{SHARE}, of sums and averages as well",
        fix="a module for every +, mean and ReLU (zennit.layer.Sum, nn.AdaptiveAvgPool2d, nn.ReLU); state "
        "epsilon",
        methods=("lrp_epsilon",),
        kind="convention",
        alone=False,
    ),
    recipe(
        "torch-cam's overlay: stretched, then enlarged by PIL's cubic filter",
        lambda q, v, old: of_pil(stretched(v.map, 1e-8), q.size),
        step="upsampled",
        fix="F.interpolate(cam, size, mode='bilinear'), or compare the map before it is enlarged",
        says="a map is enlarged linearly, as it is; a cubic filter overshoots",
        kind="convention",
    ),
    recipe(
        "tf-explain: gradient gated as in guided backprop, no final ReLU",
        step="map",
        change=lambda q, v, old: v.signed,
        also={"gradient": gated},
        says="alpha is the mean of the whole gradient (eq. 1), and negative values are clipped (eq. 2)",
        fix="explain(..., use_guided_grads=False), and clip the map at 0",
        methods=CAM,
        alone=False,
    ),
    recipe(
        "tf-explain, of a model that ends in softmax: probabilities, gated gradient, no final ReLU",
        step="map",
        change=lambda q, v, old: v.signed,
        also={"start": softmax, "gradient": gated},
        says="y_c is the score before softmax (sec. 3), alpha the mean of the whole gradient (eq. 1)",
        fix="a model without its last softmax, use_guided_grads=False, and clip the map at 0",
        methods=CAM,
        alone=False,
        of_class=True,
    ),
    recipe(
        "tf-keras-vis: enlarged corner to corner, stretched, plus 1e-7",
        lambda q, v, old: only_enlarged(q) or stretched(corners(v.map, q.size), 1e-7),
        kind="convention",
    ),
    recipe(
        "keras.io's example: softmax instead of scores, divided by the maximum",
        lambda q, v, old: old() / max(old().max(), 1e-300),
        also={"start": softmax},
        says="y_c is the score before softmax (Selvaraju et al. 2017, sec. 3)",
        fix=LOGIT,
        methods=CAM,
        of_class=True,
    ),
    recipe(
        "1Konny/gradcam_plus_plus-pytorch: sum A g^3 in the denominator, 1e-7, exp(y_c)",
        cubes_inside,
        step="weights",
        says="alpha = g^2 / (2 g^2 + g^3 sum A) (Chattopadhay et al. 2018, eq. 19)",
        fix="multiply g^3 by the sum of A; leave exp(y_c) out of a map of the score",
        methods=("grad_cam++",),
        of_class=True,
        alone=False,
    ),
    recipe(
        "Captum's LayerGradCam and LayerAttribution.interpolate as they come: no ReLU, nearest neighbour",
        lambda q, v, old: only_enlarged(q) or upsample(v.signed, q.size, "nearest"),
        says="L = ReLU(sum_k alpha_k A^k) (eq. 2)",
        fix="relu_attributions=True; interpolate(..., interpolate_mode='bilinear')",
        methods=CAM,
        kind="convention",
    ),
    recipe(
        "mxnet's gradcam.py: weights from the gradient at the picture, started at ones",
        of_the_picture,
        step="weights",
        also={"signed": lambda q, v, old: 1 + old()},
        says="alpha_k = 1/Z sum_ij dy_c/dA^k_ij (eq. 1): of the layer, not of the picture",
        fix="average the gradient of the layer's output",
        methods=CAM,
        alone=False,
    ),
]
