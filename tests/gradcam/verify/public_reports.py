"""Thirty public reports of maps that looked wrong, each made again in a few lines of our own: what the
verifier says.

    python -m tests.gradcam.verify.public_reports                               every report, its verdict
    python -m tests.gradcam.verify.public_reports --out tests/results/public_reports     .md and .json
    python -m tests.gradcam.verify.public_reports --first old.json --out ...    beside what an older verifier
                                                                                said

A report is right if the verdict holds `says`: the words that answer its author.
"""

import argparse
import copy
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from gradcam import verify
from tests.gradcam.verify.museum.right import (
    DECONVNET,
    GUIDED,
    Case,
    at_input,
    at_layer,
    enlarge,
    right,
    weigh,
)
from tests.weights.graphs.torch_nets import EVERY, draw

GITHUB = "https://github.com/"


@dataclass(frozen=True)
class Report:
    """where: owner/repository and its thread; about: in our words; make: f(case) -> their result, or a dict
    with more of theirs; says: words of the right answer, one of them; family, method, pictures: on which
    network and picture.
    """

    where: str
    about: str
    make: Callable
    says: tuple[str, ...]
    family: str = "VGG"
    method: str = "grad_cam"
    pictures: int = 1
    settings: dict = field(default_factory=dict, hash=False)
    target: Callable | None = None  # f(case) -> what is explained, if it is no class
    model: Callable | None = None  # f(model) -> the model that is handed over

    @property
    def url(self):
        repository, _, number = self.where.rpartition("#")
        kind = "pull" if repository.endswith(" pull") else "issues"
        return f"{GITHUB}{repository.removesuffix(' pull')}/{kind}/{number}"


def case_of(report):
    """Of a few draws the class whose map is positive in most places, and not everywhere."""
    cases = []
    for seed in range(3):
        model, x = draw(report.family, seed, pictures=report.pictures)
        model = report.model(model) if report.model else model
        cases += [Case(model, x, c, EVERY[report.family].layer, report.method) for c in range(5)]
    return max(cases, key=lambda case: balance(weigh(*at_layer(case))))


def balance(m):
    share = (m > 0).double().mean((-2, -1)).min()
    return float(min(share, 1 - share))


def asked(report):
    """-> (kind of the verdict, its words)"""
    case = case_of(report)
    theirs = report.make(case)
    theirs = theirs if isinstance(theirs, dict) else {"result": theirs}
    layer = case.layer if "cam" in report.method or report.method == "layercam" else None
    target = report.target(case) if report.target else case.c
    settings = report.settings(case) if callable(report.settings) else report.settings
    try:
        verdict = verify.torch(case.model, case.x, target, case.method, layer, theirs, settings=settings)
    except verify.VerifyError as error:
        return "VerifyError", str(error)
    except Exception as error:  # an older verifier's crash is a finding
        return "crash", f"{type(error).__name__}: {error}"
    return verdict.kind, str(verdict)


MEAN, STD = (
    torch.tensor(v, dtype=torch.float64).reshape(3, 1, 1)
    for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
)


def cam(case, **how):
    return weigh(*at_layer(case, **how))


def stretched(m):
    return (m - m.min()) / (m.max() - m.min())


def in_bytes(m):
    return np.uint8(255 * stretched(m.numpy()))


def probability(case, y):
    return y.softmax(1)[:, case.c].sum()


def first_maps_only(case):
    """mxnet: the picture's gradient has three channels, so three maps are weighed."""
    A, _ = at_layer(case)
    w = at_input(case, None).mean((2, 3))
    return in_bytes((1 + sum(w[:, i, None, None] * A[:, i] for i in range(3))).relu())


def path_from_zero(case):
    """alpha x, times x - baseline"""
    total, n = 0, 50
    places, shares = np.polynomial.legendre.leggauss(n)
    for a, share in zip((1 + places) / 2, shares / 2):
        total = total + share * at_input(case, None, x=a * case.x)
    return (case.x - 0.5) * total


def times_pixels(case):
    """The path is between normalised pictures, the factor the picture as it was read, 0 to 255."""
    black = (-MEAN / STD).expand_as(case.x)
    total, n = 0, 50
    places, shares = np.polynomial.legendre.leggauss(n)
    for a, share in zip((1 + places) / 2, shares / 2):
        total = total + share * at_input(case, None, x=black + a * (case.x - black))
    return 255 * (case.x * STD + MEAN) * total


def of_ones(case):
    """np.ones, resized, clipped, in bytes"""
    return in_bytes(enlarge(case, 1 + cam(case)).clamp(min=0))


def by_hooks(case):
    """Guided backprop by the hooks of pytorch-cnn-visualizations: forward output > 0, clamp(grad_in[0])."""
    model, outputs, handles = copy.deepcopy(case.model), [], []
    for module in model.modules():
        if isinstance(module, nn.ReLU):
            handles.append(module.register_forward_hook(lambda m, i, o: outputs.append(o.detach())))
            handles.append(
                module.register_full_backward_hook(
                    lambda m, gi, go: ((outputs.pop() > 0).to(gi[0]) * gi[0].clamp(min=0),)
                )
            )
    x = case.x.clone().requires_grad_()
    return torch.autograd.grad(model(x)[:, case.c].sum(), x)[0]


def not_a_number(case):
    m = torch.zeros_like(cam(case))
    return m / m.max()


def equal_weights(case):
    """softmax over an axis of length one: every map weighs 1"""
    A, _ = at_layer(case)
    return A.sum(1).relu()


def all_negative(case):
    """Of the class whose map is negative everywhere, rightly clipped to zeros."""
    m = cam(case)
    return torch.zeros_like(m)


class Pessimist(nn.Module):
    """Every score falls wherever the last maps rise."""

    def __init__(self, model):
        super().__init__()
        self.features, self.classes = model.features, 5

    def forward(self, x):
        return -self.features(x).mean((2, 3))[:, : self.classes]


def sure(model):
    """One class has probability 1, to within rounding."""
    with torch.no_grad():
        model.classifier[-1].bias[0] += 300
    return model


def coloured(case):
    """cv2.applyColorMap is BGR; shown as RGB, red and blue change places."""
    import matplotlib

    jet = matplotlib.colormaps["jet"]
    return np.uint8(255 * jet(stretched(enlarge(case, cam(case).relu())).numpy())[..., 2::-1])


def squares_for_cubes(case):
    """third = second: g^2 where the formula has g^3"""
    A, g = at_layer(case)
    alpha = g**2 / (2 * g**2 + A.sum((2, 3), keepdim=True) * g**2)
    return ((torch.where(g == 0, 0, alpha) * g.relu()).sum((2, 3), keepdim=True) * A).sum(1).relu()


def cubes_inside(case):
    A, g = at_layer(case)
    alpha = g**2 / (2 * g**2 + (A * g**3).sum((2, 3), keepdim=True) + 1e-7)
    return ((alpha * g.relu()).sum((2, 3), keepdim=True) * A).sum(1).relu()


def divided_by_own_sum(case):
    """alpha = 1[g > 0] / sum of the positive gradient"""
    A, g = at_layer(case)
    g = g.relu()
    size = g.sum((2, 3), keepdim=True)
    w = (g * torch.where(size > 0, (g > 0) / torch.where(size > 0, size, 1), 0)).sum((2, 3), keepdim=True)
    return (w * A).sum(1).relu()


def gated(case):
    A, g = at_layer(case)
    return weigh(A, g * (A > 0) * (g > 0))


def aliased(case):
    """The forward hook keeps the convolution's output by reference, which the in-place ReLU then changes."""
    A, g = at_layer(case)
    return weigh(A.relu(), g).relu()


def of_another_picture(case):
    """A global keeps the first picture's feature maps for all that follow."""
    A, _ = at_layer(Case(case.model, case.x.flip(-1) * 0.7, case.c, case.layer, case.method))
    _, g = at_layer(case)
    return {"result": weigh(A, g).relu(), "activations": A}


def dropped(case):
    torch.manual_seed(1)
    return weigh(*at_layer(case)).relu()


def in_training(model):
    return model.train()


def own_statistics(case):
    other = copy.deepcopy(case.model)
    for m in other.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.train()
    return weigh(*at_layer(case, model=other)).relu()


def bgr(case):
    """cv2.imread, then torchvision's mean and deviation"""
    p = case.x * STD + MEAN
    return right(Case(case.model, (p.flip(1) - MEAN) / STD, case.c, case.layer, case.method))


REPORTS = [
    Report(
        "apache/mxnet#11895",
        "weights from the picture's gradient, a map started at ones, bytes",
        first_maps_only,
        ("recipe of mxnet's gradcam.py",),
    ),
    Report(
        "marcoancona/DeepExplain#23",
        "Integrated Gradients walks from zero, not from the baseline",
        path_from_zero,
        ("the path starts at zero",),
        "Functional",
        "integrated_gradients",
        settings={"baseline": 0.5},
    ),
    Report(
        "TianhongDai/integrated-gradient-pytorch#3",
        "the gradients are multiplied by the raw picture",
        times_pixels,
        ("multiplied by the picture before its normalisation",),
        "Functional",
        "integrated_gradients",
        settings=lambda case: {"baseline": (-MEAN / STD).expand_as(case.x).numpy()},
    ),
    Report(
        "keras-team/keras-io#370",
        "the gradient of the softmax",
        lambda case: cam(case, start=probability).relu(),
        ("softmax instead of scores",),
    ),
    Report(
        "fchollet/deep-learning-with-python-notebooks#107",
        "of the softmax, divided by its maximum",
        lambda case: (m := cam(case, start=probability).relu()) / m.max(),
        ("recipe of keras.io's example", "softmax instead of scores AND divided by its maximum"),
    ),
    Report(
        "KatherLab/STAMP pull#124",
        "probabilities, and the maps of a batch",
        lambda case: cam(case, start=probability).relu(),
        ("softmax instead of scores",),
        "Residual",
        pictures=2,
    ),
    Report(
        "meta-pytorch/captum#179",
        "LayerGradCam without its ReLU",
        cam,
        ("the final ReLU is missing",),
        "Functional",
    ),
    Report(
        "eclique/keras-gradcam#6",
        "no ReLU, enlarged",
        lambda case: enlarge(case, cam(case)),
        ("the final ReLU is missing",),
        "Pooled",
    ),
    Report(
        "jacobgil/pytorch-grad-cam#149",
        "stretched to 0..1 before the ReLU, which then does nothing",
        lambda case: stretched(cam(case)).relu(),
        ("map stretched to 0..1 before the ReLU",),
    ),
    Report(
        "utkuozbulak/pytorch-cnn-visualizations#14",
        "why np.ones?",
        of_ones,
        ("map started at ones",),
        "Functional",
    ),
    Report(
        "utkuozbulak/pytorch-cnn-visualizations#46",
        "the classifier's ReLUs have no hook",
        lambda case: at_input(case, GUIDED, which=lambda n, z: z.ndim == 4),
        ("only some of the ReLUs overridden",),
        method="guided_backprop",
    ),
    Report(
        "utkuozbulak/pytorch-cnn-visualizations#59",
        "is clamp(grad_in) guided backprop?  It is",
        by_hooks,
        ("your map is right",),
        method="guided_backprop",
    ),
    Report(
        "utkuozbulak/pytorch-cnn-visualizations#78",
        "guided backprop of a network with SiLU",
        lambda case: at_input(case, None),
        ("no rule is published",),
        "SiLU",
        "guided_backprop",
    ),
    Report(
        "kazuto1011/grad-cam-pytorch#2",
        "guided backprop looks like the gradient: F.relu has no hook",
        lambda case: at_input(case, None),
        ("the override did not fire",),
        "Functional",
        "guided_backprop",
    ),
    Report(
        "jacobgil/pytorch-grad-cam#108",
        "a map of NaN",
        not_a_number,
        ("division by the maximum of an all-zero map",),
    ),
    Report(
        "kazuto1011/grad-cam-pytorch#15",
        "zeros after the ReLU",
        all_negative,
        ("all zero after the final ReLU, rightly",),
        model=Pessimist,
    ),
    Report(
        "keras-team/keras#5881",
        "zeros from a softmax that is sure",
        lambda case: torch.zeros_like(cam(case)),
        ("saturated softmax",),
        model=sure,
    ),
    Report(
        "frgfm/torch-cam#141",
        "Score-CAM's softmax over the wrong axis",
        equal_weights,
        ("all maps weigh the same",),
        "Functional",
        "score_cam",
    ),
    Report(
        "jacobgil/pytorch-grad-cam pull#298",
        "a ReLU on every term of HiResCAM",
        lambda case: (lambda A, g: (A * g).relu().sum(1))(*at_layer(case)),
        ("ReLU on every term before the sum",),
        "VGG",
        "hirescam",
    ),
    Report(
        "Project-MONAI/tutorials#1796",
        "the heat map is inverted",
        lambda case: 1 - stretched(enlarge(case, cam(case).relu())),
        ("inverted: high where the map is low",),
    ),
    Report(
        "jacobgil/pytorch-grad-cam#114",
        "the colours are the opposite",
        coloured,
        ("what is red there is low",),
        "Functional",
    ),
    Report(
        "haofanwang/Score-CAM#19",
        "a right map in bytes: small values are lost",
        lambda case: in_bytes(enlarge(case, cam(case).relu())),
        ("your map is right",),
        "Residual",
    ),
    Report(
        "sicara/tf-explain#157",
        "standardised instead of stretched",
        lambda case: (lambda g: (g - g.mean()) / g.std(correction=0))(at_input(case, None).abs().amax(1)),
        ("mean 0, deviation 1",),
        "Pooled",
        "saliency",
    ),
    Report(
        "sicara/tf-explain#146",
        "the same heat map for every class: gated gradients, no ReLU",
        gated,
        ("recipe of tf-explain",),
        "Functional",
    ),
    Report(
        "sicara/tf-explain#153",
        "another map at every call",
        dropped,
        ("call model.eval()",),
        model=in_training,
    ),
    Report(
        "wielandbrendel/bag-of-local-features-models#17",
        "batchnorm in training mode",
        own_statistics,
        ("batchnorm uses the batch's statistics",),
        "Residual",
    ),
    Report(
        "salesforce/LAVIS pull#809",
        "the gradient is clamped before it is averaged",
        lambda case: (lambda A, g: weigh(A, g.relu()).relu())(*at_layer(case)),
        ("ReLU on the gradient before its mean",),
    ),
    Report(
        "innat/medic-ai pull#73",
        "only the first picture of a batch",
        lambda case: cam(case).relu()[:1].expand(2, -1, -1),
        ("only the first picture of the batch",),
        "Functional",
        pictures=2,
    ),
    Report(
        "albermax/innvestigate#246",
        "zeros for all pictures but the first",
        lambda case: torch.cat([(g := at_input(case, None))[:1], 0 * g[1:]]),
        ("only the first picture of the batch",),
        "Pooled",
        "gradient",
        2,
    ),
    Report(
        "albermax/innvestigate#143",
        "a scaled version of the gradient: it starts at the score",
        lambda case: at_input(case, GUIDED, start=lambda case, y: (y * y.detach())[:, case.c].sum()),
        ("score value as seed",),
        method="guided_backprop",
    ),
    Report(
        "totti0223/gradcamplusplus#1",
        "g^2 for g^3 in Grad-CAM++",
        squares_for_cubes,
        ("another denominator in Grad-CAM++",),
        "Functional",
        "grad_cam++",
    ),
    Report(
        "1Konny/gradcam_plus_plus-pytorch#2",
        "sum A g^3 for g^3 sum A",
        cubes_inside,
        ("another denominator in Grad-CAM++",),
        "Pooled",
        "grad_cam++",
    ),
    Report(
        "yizt/Grad-CAM.pytorch#35",
        "every weight of Grad-CAM++ becomes 1",
        divided_by_own_sum,
        ("another denominator in Grad-CAM++",),
        "Functional",
        "grad_cam++",
    ),
    Report(
        "frgfm/torch-cam pull#80",
        "an in-place ReLU behind the layer",
        aliased,
        ("in-place ReLU: activation after it, gradient before it",),
        "InPlace",
    ),
    Report(
        "jacobgil/pytorch-grad-cam#428",
        "a binary target with the other sign",
        lambda case: (-cam(case)).relu(),
        ("sign flipped",),
        "Residual",
    ),
    Report(
        "edhenry/chexnet#9",
        "the heat map of a picture that is no square is turned",
        lambda case: F.interpolate(cam(case).relu()[:, None], case.x.shape[:1:-1], mode="bilinear")[:, 0],
        ("enlarged to W rows and H columns, instead of H rows and W columns",),
        "Pooled",
    ),
    Report(
        "tensorpack/tensorpack#176",
        "BGR pictures, RGB means",
        bgr,
        ("colour channels in the other order",),
        "Functional",
        "gradient",
    ),
    Report(
        "shinkyo0513/Towards-Visually-Explaining-Video-Understanding-Networks-With-Perturbation#10",
        "feature maps of an earlier picture",
        of_another_picture,
        ("your feature maps are not the reference's",),
    ),
    Report(
        "jacobgil/pytorch-grad-cam#264",
        "a batch for segmentation: the second picture's map is zero",
        lambda case: at_input(case, None, start=lambda case, y: y[0, case.c]),
        ("only the first picture of the batch",),
        "Residual",
        "gradient",
        2,
    ),
    Report(
        "raghakot/keras-vis#23",
        "the layer that was found is another one",
        lambda case: weigh(*at_layer(case, layer="features.4")).relu(),
        ("another layer",),
    ),
    Report(
        "kazuto1011/grad-cam-pytorch#29",
        "a deconvnet's rule for guided backprop",
        lambda case: at_input(case, DECONVNET),
        ("deconvnet instead of guided backprop",),
        "Residual",
        "guided_backprop",
    ),
]


def right_answer(report, said):
    answer = [line for line in said.splitlines() if not line.startswith("  ruled out")]
    return any(words in "\n".join(answer) for words in report.says)


def rows(reports=REPORTS):
    for report in reports:
        kind, said = asked(report)
        yield {
            "where": report.where,
            "url": report.url,
            "about": report.about,
            "verdict": kind,
            "headline": said.splitlines()[0].removeprefix(f"{kind}: "),
            "right": right_answer(report, said),
        }


def as_markdown(found, first):
    """first: {where: row} of an older verifier, or {}"""
    at_first = sum(first[r["where"]]["right"] for r in found if r["where"] in first)
    lines = [
        "# Public reports, made again",
        "",
        "Made by `python -m tests.gradcam.verify.public_reports`; the code of each is our own, a few lines "
        "there.  Networks are small, their weights drawn.",
        "",
        f"Right answers: {sum(r['right'] for r in found)} of {len(found)}"
        + (f"; before the catalogue grew by what they taught, {at_first} of {len(first)}." if first else "."),
        "",
        "| report | what it is about | the verdict's first line | right | at first |",
        "|---|---|---|---|---|",
    ]
    for r in found:
        old = first.get(r["where"])
        was = "" if old is None else "right" if old["right"] else f"{old['verdict']}: {old['headline'][:90]}"
        right_now = "yes" if r["right"] else "**no**"
        cells = (f"[{r['where']}]({r['url']})", r["about"], r["headline"], right_now, was)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def main(argv=None):
    prog = "python -m tests.gradcam.verify.public_reports"
    parser = argparse.ArgumentParser(prog=prog, description=__doc__)
    parser.add_argument("--first", metavar="FILE", help="the .json of an older verifier, to stand beside")
    parser.add_argument("--out", metavar="STEM", help="where the table goes: STEM.md and STEM.json")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    found = []
    for row in rows():
        print(f"{'ok   ' if row['right'] else 'WRONG'} {row['where']}: {row['headline'][:140]}", flush=True)
        found.append(row)
    if args.out:
        first = {r["where"]: r for r in json.loads(Path(args.first).read_text("utf-8"))} if args.first else {}
        Path(f"{args.out}.md").write_text(as_markdown(found, first), "utf-8")
        Path(f"{args.out}.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
