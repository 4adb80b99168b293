"""python -m tests.gradcam.measure.witnesses: our measures beside Quantus, pytorch-grad-cam and Captum.

Two drawn pictures, a small network in PyTorch and here, three maps each; every measure by us and by the
library, on the same maps, sets of pixels and noise.  Writes tests/results/measures_witnesses.md and, for the
tests, which must not need these libraries, their numbers: tests/results/measures_witnesses.json.

    pip install --no-deps quantus==0.6.0    beside the extra `witnesses`
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import numpy as np

from gradcam.explanation import explain
from gradcam.interpolation import upsample
from gradcam.measure.measures import (
    adcc,
    average_drop,
    average_increase,
    completeness,
    complexity,
    faithfulness_correlation,
    infidelity,
    mask_auc,
    random_logit,
    relevance_rank_accuracy,
    road,
    sensitivity,
    sparseness,
)
from gradcam.measure.statistics.intensity import intensity
from minicnn import GlobalAvgPool, MaxPool, ReLU
from minicnn.layer import Apply, ConvLayer, LinearLayer, Sequential

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "tests" / "results" / "measures_witnesses.md"
NUMBERS = PAGE.with_suffix(".json")
SIDE, CLASSES = 32, 6


class Case(NamedTuple):
    """x (1, 3, SIDE, SIDE), c, truth (SIDE, SIDE); method; raw as it gave it; map (SIDE, SIDE) >= 0."""

    net: Sequential
    x: np.ndarray
    c: int
    truth: np.ndarray
    method: str
    raw: np.ndarray
    map: np.ndarray

    def again(self, x: np.ndarray, c: int | None = None) -> np.ndarray:
        """Maps of other pictures, or of another class."""
        return on_pixels(self.net, x, self.c if c is None else c, self.method)


def network() -> Sequential:
    """Two convolutions, a pool and a linear layer, with random weights, in float64."""
    net = Sequential(
        *(ConvLayer("conv1", 3, 8, 3, pad=1), Apply("relu1", ReLU), Apply("pool1", MaxPool, kernel=2)),
        *(ConvLayer("conv2", 8, 12, 3, pad=1), Apply("relu2", ReLU)),
        *(Apply("gap", GlobalAvgPool), LinearLayer("fc", 12, CLASSES)),
    ).initialise(5)
    net["fc"].b.data[:] = np.linspace(-0.2, 0.2, CLASSES)
    return net.astype(np.float64)


def cases() -> list[Case]:
    """Two pictures, three methods.  Pictures have few digits, as Quantus passes them on in float32."""
    net, found = network(), []
    for k in range(2):
        random = np.random.default_rng(k)
        x = random.standard_normal((1, 3, SIDE, SIDE))
        truth = np.zeros((SIDE, SIDE), bool)
        truth[4 + 3 * k : 20, 6:23] = True
        x[:, :, truth] += random.standard_normal((1, 3, 1))
        x = few_digits(x, 12)
        c = int(net(x)[0].argsort()[-1 - 3 * k])  # the first class, then the fourth
        for method in ("grad_cam", "saliency", "integrated_gradients"):
            raw = on_pixels(net, x, c, method)[0]
            found.append(Case(net, x, c, truth, method, raw, intensity(raw, (SIDE, SIDE))))
    return found


def few_digits(x: np.ndarray, bits: int) -> np.ndarray:
    """x in steps of 1 / 2^bits."""
    return np.rint(x * 2**bits) / 2**bits


def on_pixels(net: Sequential, x: np.ndarray, c: int, method: str) -> np.ndarray:
    """Signed maps of pictures, (n, SIDE, SIDE) or (n, 3, SIDE, SIDE)."""
    return upsample(explain(net, x, c, [method], layer="relu2")[method], (SIDE, SIDE))


def without_ties(map: np.ndarray) -> np.ndarray:
    """The map with a slope of nearly nothing: no two of its values are equal."""
    return map + 1e-6 * map.max() * np.arange(map.size).reshape(map.shape) / map.size


def noise_of(case: Case, seed: int) -> np.ndarray:
    """Five times noise, with few digits."""
    return few_digits(sensitivity.uniform(case.x, seed, 5), 20)


def ours(case: Case, seed: int) -> dict[str, float]:
    """{figure: number}: what the committed numbers hold."""
    net, x, c, truth, _, raw, map = case
    moved = sensitivity.sensitivities(case.again, x, raw, noise_of(case, seed))
    removed, subsets = infidelity.squares(x, seed, 12), faithfulness_correlation.drawn(map.size, seed, 20)
    other = random_logit.another(c, CLASSES, seed)
    drawn = lambda x, c=None: intensity(case.again(x, c)[0], (SIDE, SIDE))  # noqa: E731
    return {
        "max_sensitivity": moved.max(),
        "avg_sensitivity": moved.mean(),
        "infidelity": infidelity.infidelity(net, x, c, map, removed),
        "infidelity, not scaled": infidelity.infidelity(net, x, c, map, removed, scaled=False),
        "faithfulness_correlation": faithfulness_correlation.faithfulness_correlation(
            net, x, c, map, subsets
        ),
        "road": road.road(net, x, c, without_ties(map), noise=0),
        "average_drop": average_drop.average_drop(net, x, c, map),
        "average_increase": average_increase.average_increase(net, x, c, map),
        "adcc": adcc.adcc(net, x, c, map, drawn),
        "sparseness": sparseness.sparseness(map),
        "complexity": complexity.complexity(map),
        "completeness": completeness.completeness(net, x, c, raw),
        "random_logit": random_logit.random_logit(map, drawn(x, other)),
        "relevance_rank": relevance_rank_accuracy.relevance_rank_accuracy(map, truth),
        "mask_auc": mask_auc.mask_auc(map, truth),
    }


class Row(NamedTuple):
    """A line of the page: theirs(case, seed) -> the library's number; turned: ours -> what is compared."""

    figure: str
    library: str
    theirs: Callable[[Case, int], float]
    departs: str = ""
    turned: Callable[[float, Case], float] = lambda value, case: value


def rows() -> list[Row]:
    """Each measure by each library that has it."""
    from tests.support.torchvision_models import models  # noqa: F401, I001  (before what imports torchvision)

    import captum.metrics as captum
    import quantus
    import torch
    from pytorch_grad_cam.metrics import road as their_road
    from pytorch_grad_cam.metrics.cam_mult_image import DropInConfidence, IncreaseInConfidence
    from scipy.stats import hmean
    from skimage.metrics import structural_similarity
    from torch import nn

    class Twin(nn.Module):
        """The same network in PyTorch, float64; softmax: it gives probabilities."""

        def __init__(self, net, softmax=False):
            super().__init__()
            convolutions = (nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 12, 3, padding=1))
            self.layers = nn.Sequential(
                *(convolutions[0], nn.ReLU(), nn.MaxPool2d(2), convolutions[1], nn.ReLU()),
                *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, CLASSES)),
            ).double()
            for mine, other in zip(net.parameters().values(), self.parameters(), strict=True):
                other.data = torch.from_numpy(mine.data.copy()).reshape(other.shape)
            self.end = nn.Softmax(1) if softmax else nn.Identity()
            self.eval()

        def forward(self, x):
            return self.end(self.layers(x.double()))

    def probability(case, x):
        return float(Twin(case.net, True)(torch.from_numpy(x))[0, case.c])

    def of(metric, case, map=None, again=None, **how):
        """Quantus's number of a map."""
        map = case.map if map is None else map
        found = metric(abs=False, normalise=False, display_progressbar=False, disable_warnings=True, **how)(
            model=Twin(case.net),
            x_batch=case.x,
            y_batch=np.array([case.c]),
            a_batch=np.array(map if map.ndim == 3 else map[None], float)[None],
            s_batch=case.truth[None, None],
            explain_func=again or (lambda *_, **__: None),
            softmax=False,
            device="cpu",
        )
        return float(found[0])

    def as_quantus(maps):
        return maps if maps.ndim == 4 else maps[:, None]

    def sensitivities(metric, case, seed):
        noise = iter(noise_of(case, seed))
        moved = lambda arr, indices, **_: arr + next(noise).reshape(1, -1)  # noqa: E731
        again = lambda model, inputs, targets, **_: as_quantus(case.again(np.asarray(inputs, float)))  # noqa: E731
        return of(metric, case, case.raw, again, nr_samples=5, perturb_func=moved)

    def captums_sensitivity(case, seed):
        noise = torch.from_numpy(noise_of(case, seed))
        return captum.sensitivity_max(
            lambda inputs: (torch.from_numpy(case.again(inputs[0].numpy()).copy()),),
            torch.from_numpy(case.x),
            perturb_func=lambda inputs, radius: (inputs[0] + noise,),
            n_perturb_samples=5,
        ).item()

    def captums_infidelity(case, seed, normalize):
        removed = torch.from_numpy(infidelity.squares(case.x, seed, 12))
        return captum.infidelity(
            Twin(case.net),
            lambda inputs: (removed, inputs - removed),
            torch.from_numpy(case.x),
            torch.from_numpy(np.broadcast_to(case.map, case.x.shape).copy()),
            target=case.c,
            n_perturb_samples=12,
            normalize=normalize,
        ).item()

    def correlation(case, seed):
        subsets = iter(faithfulness_correlation.drawn(case.map.size, seed, 20))
        channels = case.map.size * np.arange(3)[:, None]

        def without(arr, indices, **_):
            arr = arr.copy()
            arr[:, indices[0]] = 0
            return arr

        with patch("numpy.random.choice", lambda *_, **__: (next(subsets) + channels).ravel()):
            return of(quantus.FaithfulnessCorrelation, case, nr_runs=20, subset_size=8, perturb_func=without)

    def roads(case, _):
        imputer, left = their_road.NoisyLinearImputer(noise=0), []
        x, map = torch.from_numpy(case.x[0]).float(), torch.from_numpy(without_ties(case.map))
        for kind in (their_road.RemoveLeastRelevantFirst, their_road.RemoveMostRelevantFirst):
            changed = [kind(percentile, imputer)(x, map) for percentile in range(10, 100, 10)]
            left.append(np.mean([probability(case, picture[None].numpy()) for picture in changed]))
        return (left[0] - left[1]) / 2

    def confidence(metric, case):
        share = (case.map / case.map.max())[None]
        asked = [lambda y: y[case.c]]
        return float(metric()(torch.from_numpy(case.x), share, asked, Twin(case.net, True))[0])

    def similarity(a, b, **_):
        a, b = (np.reshape(v, (SIDE, SIDE)) for v in (a, b))
        return [structural_similarity(a / a.max(), b / b.max(), data_range=1)]

    def other_class(case, seed):
        other = random_logit.another(case.c, CLASSES, seed)
        again = lambda model, inputs, targets, **_: intensity(  # noqa: E731
            case.again(np.asarray(inputs, float), other)[0], (SIDE, SIDE)
        )[None, None]
        return of(quantus.RandomLogit, case, None, again, similarity_func=similarity, num_classes=CLASSES)

    def complete(case, _):
        seen = []
        of(
            quantus.Completeness, case, case.raw,
            perturb_func=lambda arr, **_: np.zeros_like(arr),
            output_func=lambda difference: seen.append(float(difference[0])) or difference,
        )  # fmt: skip
        total = case.raw.sum()
        return abs(total - seen[0]) / max(abs(total), abs(seen[0]))

    def harmonic(case, _):
        cam = case.map / case.map.max()
        moved = intensity(case.again(case.x * cam)[0], (SIDE, SIDE))
        coherent = (np.corrcoef(cam.ravel(), moved.ravel())[0, 1] + 1) / 2
        drop = max(0, 1 - probability(case, case.x * cam) / probability(case, case.x))
        return float(hmean([coherent, 1 - np.linalg.norm(cam.ravel(), 1) / cam.size, 1 - drop]))

    return [
        Row("max_sensitivity", "Quantus", lambda *at: sensitivities(quantus.MaxSensitivity, *at)),
        Row("max_sensitivity", "Captum", captums_sensitivity),
        Row("avg_sensitivity", "Quantus", lambda *at: sensitivities(quantus.AvgSensitivity, *at)),
        Row(
            "infidelity", "Captum", lambda *at: captums_infidelity(*at, True),
            "Quantus takes square after square away and leaves those before it away, and knows no scale: "
            "not compared",
        ),
        Row("infidelity, not scaled", "Captum", lambda *at: captums_infidelity(*at, False)),
        Row("faithfulness_correlation", "Quantus", correlation),
        Row(
            "road", "pytorch-grad-cam", roads,
            "it cuts at a value, so that equal ones go together, and its noise is no option: compared on "
            "maps without ties, without noise; Quantus counts right answers over a data set: not compared",
        ),
        Row(
            "average_drop", "pytorch-grad-cam", lambda case, _: confidence(DropInConfidence, case),
            "it gives the fall Y - O, not its share of Y, which the paper averages: ours times Y is compared",
            lambda value, case: value * probability(case, case.x),
        ),
        Row("average_increase", "pytorch-grad-cam", lambda case, _: confidence(IncreaseInConfidence, case)),
        Row(
            "adcc", "SciPy", harmonic,
            "no library at hand has it: the paper's formula, with `scipy.stats.hmean` and `np.corrcoef`",
        ),
        Row(
            "sparseness", "Quantus", lambda case, _: of(quantus.Sparseness, case),
            "it adds 1e-7 to every value: compared with ours of the map to which that was added",
            lambda value, case: sparseness.sparseness(case.map + 1e-7),
        ),
        Row(
            "complexity", "Quantus", lambda case, _: of(quantus.Complexity, case),
            "it adds 1e-12 to every share inside the logarithm: less than 1e-6 here",
        ),
        Row(
            "completeness", "Quantus", complete,
            "it says only whether two floats are equal (`==`), which they never are: compared is the error "
            "that its two sides make",
        ),
        Row(
            "random_logit", "Quantus", other_class,
            "its SSIM is of flattened maps, in windows of 7 values of a row: it is given scikit-image's of "
            "(H, W) as `similarity_func`, and our other class",
        ),
        Row("relevance_rank", "Quantus", lambda case, _: of(quantus.RelevanceRankAccuracy, case)),
        Row("mask_auc", "Quantus", lambda case, _: of(quantus.AUC, case)),
    ]  # fmt: skip


PAGE_HEAD = """\
# Measures beside Quantus, pytorch-grad-cam and Captum

Made by `python -m tests.gradcam.measure.witnesses` ({versions}).  {count} cases: two pictures, maps of \
Grad-CAM, saliency
and Integrated Gradients, a small network in float64 here and in PyTorch; the same map, noise and sets of \
pixels on both sides.  *Apart*: the
largest difference of two numbers.  `tests/gradcam/measure/test_witnesses.py` repeats it without the \
libraries, from their numbers in
[measures_witnesses.json](measures_witnesses.json).

| measure | library | smallest to largest | apart | what departs |
|---|---|---|--:|---|
"""


def main() -> None:
    """Compare, and write the page and the numbers.  AssertionError if a measure is not the library's."""
    lines, numbers = [], []
    found = [ours(case, seed) for seed, case in enumerate(cases())]
    for row in rows():
        pairs = [
            (float(row.turned(mine[row.figure], case)), row.theirs(case, seed))
            for seed, (case, mine) in enumerate(zip(cases(), found))
        ]
        apart = max(abs(a - b) for a, b in pairs)
        print(f"{row.figure:26s} {row.library:18s} {apart:.1e}", flush=True)
        assert apart < 1e-6, pairs
        assert len({round(b, 6) for _, b in pairs}) > 1, "all cases have one number: nothing is compared"
        of_all = f"{min(b for _, b in pairs):.4f} to {max(b for _, b in pairs):.4f}"
        lines.append(
            f"| {row.figure} | {row.library} | {of_all} | {f'{apart:.0e}' if apart else 0} | {row.departs} |"
        )
        numbers.append({"figure": row.figure, "library": row.library, "theirs": [b for _, b in pairs]})
    versions = ", ".join(f"{name} {version(name)}" for name in ("quantus", "grad-cam", "captum"))
    PAGE.write_text(PAGE_HEAD.format(versions=versions, count=len(found)) + "\n".join(lines) + "\n", "utf-8")
    NUMBERS.write_text(json.dumps(numbers, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
