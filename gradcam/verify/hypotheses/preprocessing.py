"""The picture is not what the network was trained on."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.interpolation import upsample
from gradcam.verify.hypotheses.hypothesis import Hypothesis, Old, Variants
from gradcam.verify.hypotheses.resizing_photos import resized_otherwise
from gradcam.verify.hypotheses.values import quarters
from gradcam.verify.question import Question
from gradcam.verify.reference.pipelines import GATED, PATHS, but
from gradcam.verify.reference.run import Run
from minicnn import Tensor

MEAN, STD = (
    np.array(v)[:, None, None] for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
)  # torchvision's, RGB
CAFFE = np.array([103.939, 116.779, 123.68])[:, None, None]  # BGR


def stated(mean: list[float], std: list[float]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(mean)[:, None, None], np.array(std)[:, None, None]


Stated = dict[str, tuple[np.ndarray, np.ndarray]]
SETS: Stated = {  # (mean, deviation) of an RGB picture in 0..1 that people subtract and divide by
    "ImageNet": (MEAN, STD),
    "0.5": stated([0.5] * 3, [0.5] * 3),
    "CIFAR-10": stated([0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]),
    "CIFAR-10 (0.2023, 0.1994, 0.2010)": stated([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010]),
    "CIFAR-100": stated([0.5071, 0.4867, 0.4408], [0.2675, 0.2565, 0.2761]),
    "CLIP": stated([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]),
}
GREY = {  # of a picture with one channel
    "MNIST": stated([0.1307], [0.3081]),
    "FashionMNIST": stated([0.2860], [0.3530]),
    "0.5": stated([0.5], [0.5]),
}
CAFFES = {"Caffe": CAFFE, "Caffe (104, 117, 123)": np.array([104.0, 117.0, 123.0])[:, None, None]}
OF_CAFFE = {name: (mean / 255, np.full((3, 1, 1), 1 / 255)) for name, mean in CAFFES.items()}
FROM_CAFFE = "the weights come from Caffe"
AS_IT_IS = {"0 to 1": stated([0.0], [1.0]), "0 to 255": stated([0.0], [1 / 255])}
OVERSHOT, WIDE, WHOLE = 0.05, 0.5, 1e-2
LUMA = np.array([0.299, 0.587, 0.114])[:, None, None]  # how PIL and OpenCV make a picture grey

BEYOND_NORMALISATION = "the gradient on the other side of the picture's normalisation"


def preparation(q: Question) -> Any:
    """How x was made from its photo, if its card or photo says so."""
    return q.photo[1] if q.photo else getattr(getattr(q.net, "card", None), "preprocessing", None)


def meant(q: Question) -> Stated:
    """How x was normalised: as its card or photo says, else as leaves whole 255ths of a picture, else as
    people usually do where that leaves a picture; if it never does, all of the usual ways.
    """
    known, own = preparation(q), {}
    if known is not None:
        mean, std = (np.asarray(v, np.float64).reshape(-1, 1, 1) for v in (known.mean, known.std))
        own = {"its own": (mean / known.scale, std / known.scale)}
        if q.photo or is_picture(q.x, *own["its own"]):
            return own
    grey = q.x.shape[1] == 1
    every = (GREY if grey else SETS | OF_CAFFE) | AS_IT_IS
    usual = GREY if grey else {name: SETS[name] for name in ("ImageNet", "0.5")}
    exact = {n: of for n, of in every.items() if is_picture(q.x, *of, in_bytes=True)}
    likely = {n: of for n, of in every.items() if n not in SETS or n in usual}
    return exact or {n: of for n, of in likely.items() if is_picture(q.x, *of)} or usual | own


def is_picture(x: np.ndarray, mean: np.ndarray, std: np.ndarray, in_bytes: bool = False) -> bool:
    """Whether x, so normalised, was a picture in 0..1, but for what a filter overshoots, that takes most of
    that room; in_bytes: in whole 255ths.
    """
    p = x * std + mean
    if not (p.min() >= -OVERSHOT and p.max() <= 1 + OVERSHOT and np.ptp(p) > WIDE):
        return False
    return not in_bytes or bool(abs(255 * p - np.rint(255 * p)).max() < WHOLE)


def order_of(q: Question, name: str) -> str:
    """The order of x's channels."""
    if name == "its own":
        return preparation(q).channels
    return "BGR" if name in OF_CAFFE else "RGB"  # of the usual means


def beyond_normalisation(q: Question, y: Tensor) -> Variants:
    """dy/dp of the picture p that x = (p - mean) / std was made of; or dy/dz of z = (x - mean) / std, which a
    network makes itself of a picture x.
    """
    if q.x.shape[1] not in (1, 3):
        return {}
    found = {}
    for name, (_, std) in meant(q).items():
        for top in (1, 255):
            if np.any(top * std != 1):
                found[f"of the pixels, 0 to {top}, {name}"] = lambda q, v, old, s=top * std: old() / s
        if name in AS_IT_IS:
            found |= {
                f"of the normalised picture, {n}": lambda q, v, old, s=s / std: old() * s
                for n, (_, s) in (SETS if q.x.shape[1] == 3 else GREY).items()
            }
    return found


def colours(q: Question, y: Tensor) -> Variants:
    """Turned after the normalisation, and before it: mean and deviation then stay as they were."""
    if q.x.shape[1] != 3:
        return {}
    orders = {name: order_of(q, name) for name in meant(q)}
    order = next(iter(orders.values()))
    known = "its own" in orders or order == "BGR"
    whole = f"{order[::-1]}, not {order}" if known else "BGR where x is RGB, or RGB where x is BGR"
    variants = {whole: lambda q, v, old: old()[:, ::-1]}
    for name, (mean, std) in meant(q).items():
        order, turned = orders[name], orders[name][::-1]
        if np.ptp(mean) or np.ptp(std):  # else it is the same
            variants[f"a {turned} picture, normalised by {order}'s mean and deviation: {name}"] = (
                lambda q, v, old, m=mean, s=std: ((old() * s + m)[:, ::-1] - m) / s
            )
            variants[f"a {order} picture, normalised by {turned}'s mean and deviation: {name}"] = (
                lambda q, v, old, m=mean, s=std: (old() * s + m - m[::-1]) / s[::-1]
            )
    return variants


def normalisations(q: Question, y: Tensor) -> Variants:
    """x is taken to be (p - mean) / std for a picture p in 0..1."""
    if q.x.shape[1] not in (1, 3):
        return {}
    found = {}
    for name, (mean, std) in meant(q).items():
        p = q.x * std + mean
        as_if = "" if name == "its own" else f" ({name}'s mean and deviation)"
        sets = SETS if q.x.shape[1] == 3 else GREY
        if name in OF_CAFFE or name in AS_IT_IS:
            instead = instead_of_caffe(p, name) if name in OF_CAFFE else instead_of_none(p, name, sets)
            found |= {n: lambda q, v, old, x=x: x for n, x in instead.items()}
            continue
        others = {
            "not normalised, 0 to 1": p,
            "not normalised, 0 to 255": 255 * p,
            "not divided by the deviation": p - mean,
            "divided by the deviation, no mean subtracted": p / std,
            "divided by the variance": (p - mean) / std**2,
            "normalised twice": (q.x - mean) / std,
            "/255 forgotten: a picture of 0 to 255, the mean and deviation of 0 to 1": (255 * p - mean) / std,
            "divided by 255 twice": (p / 255 - mean) / std,
        }
        if q.x.shape[1] == 3:
            others["Caffe's means, BGR, 0 to 255"] = 255 * p[:, ::-1] - CAFFE
            others["Caffe's means, but RGB, 0 to 255"] = 255 * p - CAFFE[::-1]
        found |= {f"{n}{as_if}": lambda q, v, old, x=x: x for n, x in others.items()}
        theirs = {n: (p - m) / s for n, (m, s) in sets.items() if n != name}
        found |= {f"{n} instead of {name}": lambda q, v, old, x=x: x for n, x in theirs.items()}
    return found


def instead_of_caffe(p: np.ndarray, name: str) -> dict[str, np.ndarray]:
    """What is fed to weights that come from Caffe, of their picture p: BGR, 0 to 1."""
    rgb, mean = p[:, ::-1], CAFFES[name]
    fed = {
        "not normalised, 0 to 1": rgb,
        "not normalised, 0 to 255": 255 * rgb,
        "not normalised, BGR, 0 to 1": p,
        "not normalised, BGR, 0 to 255": 255 * p,
        "Caffe's means, but a picture of 0 to 1": p - mean,
        "Caffe's means, but RGB": 255 * rgb - mean[::-1],
        "Caffe's means divided by 255": p - mean / 255,
    }
    found = {f"{n} ({FROM_CAFFE})": x for n, x in fed.items()}
    found |= {f"{n} instead of {name}": 255 * p - m for n, m in CAFFES.items() if n != name}
    return found | {f"{n} instead of {name}": (rgb - m) / s for n, (m, s) in SETS.items()}


def instead_of_none(p: np.ndarray, name: str, sets: Stated) -> dict[str, np.ndarray]:
    """What is fed to a network that takes a picture as it is, of their picture p: 0 to 1."""
    there = f"where the network takes {name}"
    found = {f"{n}'s, {there}": (p - m) / s for n, (m, s) in sets.items()}
    if p.shape[1] == 3:
        found[f"Caffe's, BGR, {there}"] = 255 * p[:, ::-1] - CAFFE
    return found


def shades(q: Question, y: Tensor) -> Variants:
    """A picture without its colours, or its negative."""
    if q.x.shape[1] not in (1, 3):
        return {}
    found = {}
    for name, (mean, std) in meant(q).items():
        p = q.x * std + mean
        found[f"a negative: white for black ({name})"] = lambda q, v, old, p=p, m=mean, s=std: (1 - p - m) / s
        if q.x.shape[1] == 3:
            luma = LUMA if order_of(q, name) == "RGB" else LUMA[::-1]
            grey = (luma * p).sum(axis=1, keepdims=True)
            found[f"in grey ({name})"] = lambda q, v, old, g=grey, m=mean, s=std: (g - m) / s
    return found


def ranges(q: Question, y: Tensor) -> Variants:
    return {
        "255 times too large": lambda q, v, old: 255 * old(),
        "255 times too small": lambda q, v, old: old() / 255,
    }


def exchanged(q: Question, v: Run, old: Old) -> Any:
    return old().swapaxes(-1, -2)


def square(q: Question) -> Any:
    return q.x.shape[-1] == q.x.shape[-2]


def turned(q: Question, y: Tensor) -> Variants:
    """A network that takes any size also takes a picture that is not square; its map is (W, H), too."""
    return {"": exchanged} if square(q) or q.exchanged else {}


def turned_otherwise(q: Question, y: Tensor) -> Variants:
    found = {
        "upside down": lambda q, v, old: old()[..., ::-1, :],
        "by 180 degrees": lambda q, v, old: old()[..., ::-1, ::-1],
    }
    return found | ({f"by 90 degrees {side}": turn for side, turn in quarters().items()} if square(q) else {})


def resizes(q: Question, y: Tensor) -> Variants:
    if q.photo is None:
        return {}
    return {name: lambda q, v, old, make=make: make() for name, make in resized_otherwise(q.photo).items()}


OWN = "transforms.Normalize(mean, std), with the mean and deviation that the network was trained with"
FIXES = {  # how a detail begins: what to do
    "not normalised, 0 to 1": f"normalise as in training: {OWN}",
    "not normalised, 0 to 255": f"divide by 255 (ToTensor does, of bytes), then {OWN}",
    "not divided by the deviation": "divide by the deviation, too: transforms.Normalize(mean, std)",
    "divided by the deviation, no mean": "subtract the mean, too: transforms.Normalize(mean, std)",
    "divided by the variance": "divide by the standard deviation, not by its square",
    "normalised twice": "normalise once: leave transforms.Normalize out where the model, a wrapper of it, or "
    "another transform already normalises",
    "/255 forgotten": "divide by 255 before you normalise: ToTensor does so for PIL pictures and uint8 "
    "arrays alone, a float array or torch.from_numpy(np.asarray(photo)) stays 0 to 255",
    "divided by 255 twice": "divide by 255 once: ToTensor does it already, of bytes",
    "Caffe's means": f"those are for weights that come from Caffe (Keras' VGG and ResNet50); here {OWN}",
}


def renormalised(detail: str) -> str:
    if FROM_CAFFE in detail or "instead of Caffe" in detail:
        return "weights that come from Caffe take BGR from 0 to 255, the means subtracted, not divided by 255"
    if "where the network takes" in detail:
        return "leave transforms.Normalize out: the network takes a picture as it is"
    return next((fix for start, fix in FIXES.items() if detail.startswith(start)), OWN)


def prepared(detail: str) -> str:
    """The picture, in the first line of a verdict."""
    if detail.startswith("/255"):
        return detail
    return f"the picture is {'normalised with mean and deviation of ' * detail.endswith(OF_ANOTHER)}{detail}"


OF_ANOTHER = (
    *(f"instead of {name}" for name in (*SETS, *GREY, *OF_CAFFE, "its own")),
    *(f"where the network takes {name}" for name in AS_IT_IS),
)
WHY = "a network computes its scores for the preprocessing that it was trained with"
CAUSES = [
    Hypothesis(
        name=BEYOND_NORMALISATION,
        step="signal",
        says="a map is the gradient of the network's input x; with x = (p - mean) / std, that of p is 1/std "
        "times as large, another factor for every channel",
        fix="take x.grad of the x that you give here; or multiply, or divide, yours by std",
        variants=beyond_normalisation,
        methods=but(GATED, *PATHS),
        kind="convention",
    ),
    Hypothesis(
        name="another way of resizing the photo",
        step="input",
        says=WHY,
        headline=lambda detail: f"the photo is resized otherwise: {detail}",
        fix="resize as in training, usually PIL's Image.resize((width, height), Image.BILINEAR) (its default "
        "is BICUBIC), as torchvision's Resize of a PIL picture does: they average over what a new pixel "
        "covers; cv2.resize (INTER_LINEAR) does not, nor F.interpolate without antialias=True",
        variants=resizes,
    ),
    Hypothesis(
        name="colour channels in the other order (RGB, BGR)",
        step="input",
        says=WHY,
        headline=lambda detail: f"colour channels in the other order: {detail}",
        fix="picture = cv2.imread(path)[..., ::-1] before anything else, if the network wants RGB",
        variants=colours,
    ),
    Hypothesis(
        name="another mean and deviation",
        step="input",
        says=WHY,
        headline=prepared,
        fix=renormalised,
        variants=normalisations,
        rare=("CIFAR", "CLIP"),
    ),
    Hypothesis(
        name="other shades: a picture in grey, or a negative",
        step="input",
        says=WHY,
        fix="Image.open(path).convert('RGB'); black is 0",
        variants=shades,
    ),
    Hypothesis(
        name="another range of pixel values",
        step="input",
        says=WHY,
        fix="divide by 255 once, as ToTensor does: not never, and not twice",
        variants=ranges,
    ),
    Hypothesis(
        name="picture with H and W exchanged",
        step="input",
        says="x is (N, C, H, W)",
        fix="transpose (W, H) arrays once, on reading",
        variants=turned,
        also={"upsampled": lambda q, v, old: upsample(v.map, v.input.shape[-2:])},
    ),
    Hypothesis(
        name="picture mirrored",
        step="input",
        says="x is the picture as it was read",
        fix="switch off augmentation (flips): the map of a mirrored picture, mirrored back, is still "
        "another one",
        change=lambda q, v, old: old()[..., ::-1],
    ),
    Hypothesis(
        name="picture turned or upside down",
        step="input",
        says="x is the picture as it was read",
        fix="switch off augmentation (flips, rotations); ImageOps.exif_transpose(photo) turns a phone's "
        "photo upright, as other programs do",
        variants=turned_otherwise,
        rare=("",),
    ),
]
