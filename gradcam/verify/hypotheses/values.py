"""The result's values: scales, signs, normalisation, orientation, precision."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from gradcam.verify.hypotheses.hypothesis import Hypothesis, Old, Variants
from gradcam.verify.question import Question
from gradcam.verify.reference.pipelines import CAMS, MAPS, PATHS, RELEVANCE, SIGNED
from gradcam.verify.reference.run import Run
from minicnn import Tensor

RAW = "raw maps are compared; a normalised map has lost its magnitude"
COMPARE = "compare raw maps, or normalise both"
CLIPPED, IN_BYTES = "clipped", "0 to 255"
PERCENTILES = (95, 98, 99, 99.9)
SHARES = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)


def each(f: Callable[..., Any]) -> Any:
    """f(picture's values) for every picture of the batch."""
    return lambda q, v, old: np.stack([f(m) for m in old()])


def over_max(m: np.ndarray) -> Any:
    return m / m.max() if m.max() > 0 else m


def over_largest(m: np.ndarray) -> Any:
    return m / abs(m).max() if np.any(m) else m


def min_max(m: np.ndarray) -> Any:
    low, high = m.min(), m.max()
    return (m - low) / (high - low) if high > low else m


def min_max_guarded(m: np.ndarray) -> Any:
    m = m - m.min()
    return m / (1e-7 + m.max())


def min_max_barely_guarded(m: np.ndarray) -> Any:
    m = m - m.min()
    return m / (1e-8 + m.max())


def turned_over(q: Question, y: Tensor) -> Variants:
    """High where the map is low."""
    found = {
        "1 - the stretched map": each(lambda m: 1 - min_max(m)),
        "1 - the map divided by its maximum": each(lambda m: 1 - over_max(m)),
        "255 - the map in bytes": each(lambda m: 255 - 255 * min_max(m)),
        "the largest value minus the map": each(lambda m: m.max() - m),
        "1 - the map": each(lambda m: 1 - m),
    }
    if in_channels(q):
        found["1 - every channel, stretched"] = by_channel(lambda m: 1 - min_max(m))
        found["the largest value of every channel minus the channel"] = by_channel(lambda m: m.max() - m)
    return found


def in_channels(q: Question) -> bool:
    """Whether the result has several channels (N, C, H, W)."""
    theirs = q.theirs["result"].shape
    return len(theirs) == 4 and theirs[1] > 1


def by_channel(f: Callable[..., Any]) -> Any:
    """f(values) for every channel of every picture."""
    return lambda q, v, old: np.stack([[f(channel) for channel in m] for m in old()])


def channels_apart(q: Question, y: Tensor) -> Variants:
    """A scale of its own for every channel."""
    if not in_channels(q):
        return {}
    return {
        "stretched from minimum to maximum": by_channel(min_max),
        "divided by its maximum": by_channel(over_max),
        "divided by its largest magnitude": by_channel(over_largest),
        "mean 0, deviation 1": by_channel(z_score),
    }


def z_score(m: np.ndarray) -> Any:
    return (m - m.mean()) / m.std()


def unit_norm(m: np.ndarray) -> Any:
    return m / np.sqrt((m**2).sum())


def unit_sum(m: np.ndarray) -> Any:
    return m / abs(m).sum()


def softmax_over_places(m: np.ndarray) -> Any:
    e = np.exp(m - m.max())
    return e / e.sum()


def cut_off(q: Question, y: Tensor) -> Variants:
    """Few values decide how a map looks: the largest are clipped, or the small ones left out."""
    stretched = "from the smallest value to the {}th percentile"
    divided = "at the {}th percentile of the magnitudes, and divided by it"
    captum = "where the magnitudes up to it are {} % of their sum, and divided by it (Captum's outlier_perc)"
    found = {stretched.format(p): each(partial(to_percentile, p=p)) for p in PERCENTILES}
    found |= {divided.format(p): each(partial(over, top=np.percentile, p=p)) for p in PERCENTILES}
    found |= {captum.format(p): each(partial(over, top=share_of_sum, p=p)) for p in (98, 99)}
    found |= {
        f"below {share:.0%} of the largest value, to zero": each(partial(shown, share=share))
        for share in SHARES
    }
    if q.method == "saliency" or q.reference["result"].ndim == 4:
        found["over channels, summed magnitudes, " + stretched.format(99)] = drawn
    return found


def drawn(q: Question, v: Run, old: Old) -> Any:
    """As SmoothGrad's authors draw a gradient."""
    joined = q.method == "saliency"
    m = abs(v.signal if joined else old()).sum(axis=1, keepdims=not joined)
    return np.stack([to_percentile(one, 99) for one in m])


def to_percentile(m: np.ndarray, p: float) -> Any:
    """(m - min) / (percentile - min), as SmoothGrad's authors draw maps."""
    low, high = m.min(), np.percentile(m, p)
    return np.clip((m - low) / (high - low), 0, 1) if high > low else m


def over(m: np.ndarray, top: Callable[..., Any], p: float) -> Any:
    """m / top, clipped at -1 and 1"""
    high = top(abs(m), p)
    return np.clip(m / high, -1, 1) if high > 0 else m


def share_of_sum(m: np.ndarray, p: float) -> Any:
    """The value up to which all are at least p % of the sum."""
    ordered = np.sort(m, axis=None)
    sums = np.cumsum(ordered)
    return ordered[np.searchsorted(sums, sums[-1] * p / 100)]


def shown(m: np.ndarray, share: float) -> Any:
    return np.where(m < share * m.max(), 0, m)


def channels(q: Question, y: Tensor) -> Variants:
    """(N, C, H, W) to (N, H, W), otherwise."""
    return {
        "sum of |.|": lambda q, v, old: abs(v.signal).sum(axis=-3),
        "mean of |.|": lambda q, v, old: abs(v.signal).mean(axis=-3),
        "L2 norm": lambda q, v, old: np.sqrt((v.signal**2).sum(axis=-3)),
        "|sum|": lambda q, v, old: abs(v.signal.sum(axis=-3)),
        "|mean|": lambda q, v, old: abs(v.signal.mean(axis=-3)),
        "maximum without |.|": lambda q, v, old: v.signal.max(axis=-3),
        "sum without |.|": lambda q, v, old: v.signal.sum(axis=-3),
    }


def joined(q: Question, y: Tensor) -> Variants:
    """A map (N, 1, H, W) of what is signed and has channels."""
    return {
        "summed": lambda q, v, old: old().sum(axis=1, keepdims=True),
        "their mean": lambda q, v, old: old().mean(axis=1, keepdims=True),
        "sum of |.|": lambda q, v, old: abs(old()).sum(axis=1, keepdims=True),
        "mean of |.|": lambda q, v, old: abs(old()).mean(axis=1, keepdims=True),
        "|sum|": lambda q, v, old: abs(old().sum(axis=1, keepdims=True)),
        "largest |.|": lambda q, v, old: abs(old()).max(axis=1, keepdims=True),
    }


def repeated(q: Question, y: Tensor) -> Variants:
    return {f"{n} times": lambda q, v, old, n=n: n * old() for n in (2, 3, 4)}


def normalised_before_relu(f: Callable[..., Any]) -> Any:
    return lambda q, v, old: np.stack([f(m) for m in v.signed])


def together(f: Callable[..., Any]) -> Any:
    """One normalisation over the whole batch."""
    return lambda q, y: {"": lambda q, v, old: f(old())} if len(q.x) > 1 else {}


def cam_in_product(f: Callable[..., Any]) -> Any:
    return lambda q, v, old: np.stack([f(m) for m in old()])


def transposed(q: Question, y: Tensor) -> Variants:
    H, W = q.reference.result.shape[-2:]
    return {"": lambda q, v, old: old().swapaxes(-1, -2)} if H == W or q.exchanged else {}


def reshaped(q: Question, y: Tensor) -> Variants:
    """The values of an (H, W) map read as (W, H), and perhaps turned back."""
    H, W = q.reference.result.shape[-2:]
    if H == W:
        return {}

    def read(m):
        return m.reshape(*m.shape[:-2], m.shape[-1], m.shape[-2])

    return {"": lambda q, v, old: read(old()) if q.exchanged else read(old()).swapaxes(-1, -2)}


def mirrored(q: Question, y: Tensor) -> Variants:
    return {
        "left and right": lambda q, v, old: old()[..., ::-1],
        "top and bottom": lambda q, v, old: old()[..., ::-1, :],
        "both: turned by 180 degrees": lambda q, v, old: old()[..., ::-1, ::-1],
    }


def turned(q: Question, y: Tensor) -> Variants:
    H, W = q.reference.result.shape[-2:]
    return quarters() if H == W or q.exchanged else {}


def quarters() -> Variants:
    """np.rot90 of what it was, either way round."""
    return {
        "to the left": lambda q, v, old: np.rot90(old(), 1, (-2, -1)),
        "to the right": lambda q, v, old: np.rot90(old(), -1, (-2, -1)),
    }


def first_only(q: Question, y: Tensor) -> Variants:
    """Code for one picture, given a batch."""
    if len(q.x) == 1:
        return {}
    shown = np.arange(len(q.x)) == 0
    return {
        "its map for every picture": lambda q, v, old: np.repeat(old()[:1], len(q.x), axis=0),
        "zeros for the others": lambda q, v, old: old() * shown.reshape(-1, *[1] * (old().ndim - 1)),
    }


def half(q: Question, v: Run, old: Old) -> Any:
    with np.errstate(over="ignore", under="ignore"):
        return old().astype(np.float16).astype(np.float64)


def rescaled(name: str, f: Callable[..., Any]) -> Hypothesis:
    """f(map) in the place of every finished map."""
    change = each(f)
    return Hypothesis(name=name, step="result", says=RAW, fix=COMPARE, change=change, kind="scale")


def before_upsampling(name: str, f: Callable[..., Any]) -> Hypothesis:
    """f(map) in the place of every map that is not enlarged yet, 0 to 1 or 0 to 255."""

    def variants(q, y):
        return {"": each(f), IN_BYTES: each(lambda m: 255 * f(m))}

    return Hypothesis(
        name=name, step="map", says=RAW, fix=COMPARE, variants=variants, methods=MAPS, kind="scale"
    )


CAUSES = [
    Hypothesis(
        name="accumulated: the gradient of several calls",
        step="result",
        says="a map is the signal of one backward pass",
        fix="zero .grad before, copy it after",
        variants=repeated,
    ),
    Hypothesis(
        name="absolute value",
        step="result",
        says="the signal is signed",
        fix="leave out abs",
        change=lambda q, v, old: abs(old()),
    ),
    Hypothesis(
        name="negative values clipped away",
        step="result",
        says="the signal is signed",
        fix="leave out the last clip",
        change=lambda q, v, old: np.maximum(old(), 0),
        methods=SIGNED,
    ),
    Hypothesis(
        name="sign flipped",
        step="result",
        says="the signal starts at +1",
        fix="check the sign of the loss",
        change=lambda q, v, old: -old(),
        methods=SIGNED,
    ),
    Hypothesis(
        name="channels joined in another way",
        step="result",
        says="M_ij = max over channels of |w_kij| (Simonyan et al. 2013, sec. 3.1)",
        fix="take the largest magnitude: x.grad.abs().amax(1) of (N, C, H, W)",
        variants=channels,
        methods=("saliency",),
        kind="convention",
    ),
    Hypothesis(
        name="channels joined into one map",
        step="result",
        says="the signal has the input's channels: (N, C, H, W)",
        fix="compare before they are joined",
        variants=joined,
        methods=(*PATHS, *RELEVANCE),
        kind="convention",
    ),
    rescaled("divided by its maximum", over_max),
    rescaled("divided by its largest magnitude", over_largest),
    rescaled("stretched from minimum to maximum", min_max),
    rescaled("stretched from minimum to maximum, plus 1e-7", min_max_guarded),
    rescaled("stretched from minimum to maximum, plus 1e-8", min_max_barely_guarded),
    Hypothesis(
        name="inverted: high where the map is low",
        step="result",
        says="the largest value is where the evidence is strongest",
        fix="leave out 1 - map (MONAI's default_normalizer makes it), or 255 - map; if blue looks hot in a "
        "picture that OpenCV coloured, its colours are BGR: convert them to RGB",
        variants=turned_over,
    ),
    Hypothesis(
        name="every channel scaled by itself",
        step="result",
        says="the channels of a signal have one unit: scaled apart, they cannot be compared any more",
        fix="normalise with one number for all channels of a picture: m.amin((-3, -2, "
        "-1), keepdim=True), not m.amin((-2, -1), keepdim=True)",
        variants=channels_apart,
    ),
    before_upsampling("map divided by its maximum before upsampling", over_max),
    before_upsampling("map stretched to 0..1 before upsampling", min_max),
    before_upsampling("map stretched to 0..1, plus 1e-7, before upsampling", min_max_guarded),
    Hypothesis(
        name="map divided by its maximum before the product",
        step="upsampled",
        says=RAW,
        fix=COMPARE,
        change=each(over_max),
        methods=("guided_grad_cam",),
        kind="convention",
    ),
    Hypothesis(
        name="map stretched to 0..1 before the ReLU",
        step="map",
        says="stretching makes every value positive, so the ReLU does nothing",
        fix="ReLU first",
        change=normalised_before_relu(min_max),
        methods=CAMS,
    ),
    rescaled("stretched from minimum to maximum, 0 to 255", lambda m: 255 * min_max(m)),
    rescaled("divided by its maximum, 0 to 255", lambda m: 255 * over_max(m)),
    rescaled("mean 0, deviation 1", z_score),
    rescaled("divided by its L2 norm", unit_norm),
    rescaled("divided by the sum of its magnitudes", unit_sum),
    Hypothesis(
        name="softmax over the places",
        step="result",
        says="a map is not a probability: softmax bends it, and of small values leaves next to none apart",
        fix="leave out softmax; to normalise, divide by the largest value",
        change=each(softmax_over_places),
        methods=CAMS,
    ),
    Hypothesis(
        name=CLIPPED,
        step="result",
        says="raw maps are compared; a clipped map has lost what was clipped",
        fix="compare before it is clipped to be drawn",
        variants=cut_off,
        kind="convention",
        alone=True,
    ),
    Hypothesis(
        name="normalised over the whole batch, by its maximum",
        step="result",
        says="f(batch)[i] = f(x_i)",
        fix="normalise picture by picture",
        variants=together(over_max),
    ),
    Hypothesis(
        name="normalised over the whole batch, from minimum to maximum",
        step="result",
        says="f(batch)[i] = f(x_i)",
        fix="normalise picture by picture",
        variants=together(min_max),
    ),
    Hypothesis(
        name="only the first picture of the batch is explained",
        step="result",
        says="f(batch)[i] = f(x_i)",
        fix="explain one picture at a time",
        variants=first_only,
    ),
    Hypothesis(
        name="map mirrored",
        step="result",
        says="row 0 is the top of the picture, column 0 its left",
        fix="undo flips of the picture in the map; draw with the origin at the top",
        variants=mirrored,
    ),
    Hypothesis(
        name="map turned by 90 degrees",
        step="result",
        says="row 0 is the top of the picture, column 0 its left",
        fix="leave out rot90 and the like: a map lies as the picture lay that was fed",
        variants=turned,
    ),
    Hypothesis(
        name="H and W exchanged",
        step="result",
        says="a map is (H, W): rows first",
        fix="a map has H rows and W columns: leave out .T, or transpose once more; OpenCV and PIL resize to "
        "(width, height)",
        variants=transposed,
    ),
    Hypothesis(
        name="a map (H, W) read as (W, H)",
        step="result",
        says="a map is (H, W): rows first",
        fix="keep the shape: reshape(H, W), not reshape(W, H); to turn a map, transpose it",
        variants=reshaped,
    ),
    Hypothesis(
        name="float16: small values are lost",
        step="result",
        says="below 6e-8 a float16 is 0",
        fix="compute in float32, or scale the signal",
        change=half,
    ),
]
