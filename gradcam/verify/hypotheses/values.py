"""The result's values: scales, signs, normalisation, orientation, precision."""

import numpy as np

from gradcam.verify.hypotheses.hypothesis import CAMS, PATHS, RELEVANCE, SIGNED, Hypothesis

RAW = "raw maps are compared; a normalised map has lost its magnitude"
COMPARE = "compare raw maps, or normalise both"


def each(f):
    """f(picture's values) for every picture of the batch."""
    return lambda q, v, old: np.stack([f(m) for m in old()])


def over_max(m):
    return m / m.max() if m.max() > 0 else m


def over_largest(m):
    return m / abs(m).max() if np.any(m) else m


def min_max(m):
    low, high = m.min(), m.max()
    return (m - low) / (high - low) if high > low else m


def min_max_guarded(m):
    m = m - m.min()
    return m / (1e-7 + m.max())


def z_score(m):
    return (m - m.mean()) / m.std()


def unit_norm(m):
    return m / np.sqrt((m**2).sum())


def channels(q, y):
    """Other ways from (N, C, H, W) to (N, H, W)."""
    return {
        "sum of |.|": lambda q, v, old: abs(v.signal).sum(axis=-3),
        "mean of |.|": lambda q, v, old: abs(v.signal).mean(axis=-3),
        "L2 norm": lambda q, v, old: np.sqrt((v.signal**2).sum(axis=-3)),
        "|sum|": lambda q, v, old: abs(v.signal.sum(axis=-3)),
        "|mean|": lambda q, v, old: abs(v.signal.mean(axis=-3)),
        "maximum without |.|": lambda q, v, old: v.signal.max(axis=-3),
        "sum without |.|": lambda q, v, old: v.signal.sum(axis=-3),
    }


def joined(q, y):
    """A map (N, 1, H, W) of what is signed and has channels."""
    return {
        "summed": lambda q, v, old: old().sum(axis=1, keepdims=True), "their mean": lambda q, v, old: old().mean(axis=1, keepdims=True),
        "sum of |.|": lambda q, v, old: abs(old()).sum(axis=1, keepdims=True),
        "mean of |.|": lambda q, v, old: abs(old()).mean(axis=1, keepdims=True),
        "|sum|": lambda q, v, old: abs(old().sum(axis=1, keepdims=True)),
        "largest |.|": lambda q, v, old: abs(old()).max(axis=1, keepdims=True),
    }  # fmt: skip


def repeated(q, y):
    return {f"{n} times": lambda q, v, old, n=n: n * old() for n in (2, 3, 4)}


def normalised_before_relu(f):
    return lambda q, v, old: np.stack([f(m) for m in v.signed])


def together(f):
    """One normalisation over the whole batch."""
    return lambda q, y: {"": lambda q, v, old: f(old())} if len(q.x) > 1 else {}


def cam_in_product(f):
    return lambda q, v, old: np.stack([f(m) for m in old()])


def transposed(q, y):
    H, W = q.reference.result.shape[-2:]
    if H == W:
        return {"": lambda q, v, old: old().swapaxes(-1, -2)}
    return {"": lambda q, v, old: old()} if q.swapped else {}


def reshaped(q, y):
    """The values of an (H, W) map read as (W, H), or its rows as columns."""
    return {
        "": lambda q, v, old: (
            old().reshape(*old().shape[:-2], old().shape[-1], old().shape[-2]).swapaxes(-1, -2)
        )
    }


def mirrored(q, y):
    return {
        "left and right": lambda q, v, old: old()[..., ::-1], "top and bottom": lambda q, v, old: old()[..., ::-1, :],
        "both: turned by 180 degrees": lambda q, v, old: old()[..., ::-1, ::-1],
    }  # fmt: skip


def first_only(q, y):
    """Code for one picture, given a batch."""
    if len(q.x) == 1:
        return {}
    shown = np.arange(len(q.x)) == 0
    return {
        "its map for every picture": lambda q, v, old: np.repeat(old()[:1], len(q.x), axis=0),
        "zeros for the others": lambda q, v, old: old() * shown.reshape(-1, *[1] * (old().ndim - 1)),
    }


def half(q, v, old):
    with np.errstate(over="ignore", under="ignore"):
        return old().astype(np.float16).astype(np.float64)


TABLE = [
    Hypothesis("accumulated: the gradient of several calls", "result", "a map is the signal of one way back",
               "zero .grad before, copy it after",
               ways=repeated),
    Hypothesis("absolute value", "result", "the signal is signed", "leave out abs", lambda q, v, old: abs(old())),
    Hypothesis("negative values clipped away", "result", "the signal is signed", "leave out the last clip",
               lambda q, v, old: np.maximum(old(), 0),
               methods=SIGNED),
    Hypothesis("sign flipped", "result", "the signal starts at +1", "check the sign of the loss", lambda q, v, old: -old(),
               methods=SIGNED),
    Hypothesis("channels joined in another way", "result", "M_ij = max over channels of |w_kij| (Simonyan et al. 2013, sec. 3.1)",
               "take the largest magnitude", ways=channels, methods=("saliency",), kind="convention"),
    Hypothesis("channels joined into one map", "result", "the signal has the input's channels: (N, C, H, W)",
               "compare before they are joined", ways=joined, methods=(*PATHS, *RELEVANCE), kind="convention"),
    Hypothesis("divided by its maximum", "result", RAW, COMPARE, each(over_max), kind="convention"),
    Hypothesis("divided by its largest magnitude", "result", RAW, COMPARE, each(over_largest), kind="convention"),
    Hypothesis("stretched from minimum to maximum", "result", RAW, COMPARE, each(min_max), kind="convention"),
    Hypothesis("stretched from minimum to maximum, plus 1e-7", "result", RAW, COMPARE, each(min_max_guarded), kind="convention"),
    Hypothesis("map stretched to 0..1, plus 1e-7, before upsampling", "map", RAW, COMPARE, each(min_max_guarded), methods=CAMS,
               kind="convention"),
    Hypothesis("map divided by its maximum before the product", "upsampled", RAW, COMPARE, each(over_max),
               methods=("guided_grad_cam",), kind="convention"),
    Hypothesis("map stretched to 0..1 before the ReLU", "map", "stretching makes every value positive, so the ReLU does nothing",
               "ReLU first",
               normalised_before_relu(min_max), methods=CAMS),
    Hypothesis("mean 0, deviation 1", "result", RAW, COMPARE, each(z_score), kind="convention"),
    Hypothesis("divided by its L2 norm", "result", RAW, COMPARE, each(unit_norm), kind="convention"),
    Hypothesis("normalised over the whole batch, by its maximum", "result", "f(batch)[i] = f(x_i)", "normalise picture by picture",
               ways=together(over_max)),
    Hypothesis("normalised over the whole batch, from minimum to maximum", "result", "f(batch)[i] = f(x_i)", "normalise picture by picture",
               ways=together(min_max)),
    Hypothesis("only the first picture of the batch is explained", "result", "f(batch)[i] = f(x_i)", "explain one picture at a time",
               ways=first_only),
    Hypothesis("map mirrored", "result", "row 0 is the top of the picture, column 0 its left",
               "undo flips of the picture in the map; draw with the origin at the top", ways=mirrored),
    Hypothesis("H and W exchanged", "result", "a map is (H, W): rows first", "resize to (W, H) in OpenCV and PIL; transpose once",
               ways=transposed, turns=True),
    Hypothesis("a map (H, W) read as (W, H)", "result", "a map is (H, W): rows first", "keep the shape", ways=reshaped, turns=True),
    Hypothesis("float16: small values are lost", "result", "below 6e-8 a float16 is 0", "compute in float32, or scale the signal", half),
]  # fmt: skip
