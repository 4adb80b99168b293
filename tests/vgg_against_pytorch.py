"""VGG-16 of full size, He-initialised, 224 pixels: minicnn against PyTorch and Captum.  python -m
tests.vgg_against_pytorch"""

import warnings

import numpy as np
import torch

from tests.support import vgg_agreement as agreement
from tests.support.agreement import MAPS, distances
from tests.support.compare import relative
from tests.support.report import Report


def main():
    warnings.filterwarnings("ignore", message="Setting backward hooks")
    report = Report(
        "vgg_against_pytorch",
        "VGG-16, 138,357,544 He-initialised weights, 224 x 224: relative L2 distance from float64 PyTorch "
        "(independent code) and Captum",
        ["numpy", "torch", "captum"],
    )
    truth, run = agreement.reference(torch.float64)
    net, net64 = agreement.network(np.float32), agreement.network(np.float64)
    double = distances(agreement.signals(net64, np.float64, run), truth)
    replayed = distances(agreement.signals(net, np.float32, run, replay=True), truth)
    single = distances(agreement.signals(net, np.float32, run), truth)
    exact = distances(agreement.signals(net.compute("exact"), np.float32, run), truth)
    theirs = distances(agreement.reference(torch.float32, like=run)[0], truth)
    report.say()
    report.say(
        f"windows with ties: {', '.join(run.ties) or 'none'}; "
        "replayed: through the gates and switches of PyTorch float64"
    )
    report.say(
        "float32: convolutions as they come, 3x3 by Winograd; exact: net.compute('exact'), without Winograd"
    )
    head = ["", "float64", "f32 replayed", "float32", "float32 exact", "PyTorch f32"]
    report.table(
        head, {name: [d[name] for d in (double, replayed, single, exact, theirs)] for name in double}
    )

    captum, ours = agreement.captums(torch.float64), agreement.as_captum(net64, np.float64)
    against_captum = {name: relative(ours[name], captum[name]) for name in captum}
    report.table(["Captum", "float64"], {name: [d] for name, d in against_captum.items()})
    without_kinks = [name for name in double if name == "scores" or name.startswith("Grad-CAM")]
    claims = {
        "float64 within 1e-10 of PyTorch, no ties": not run.ties and max(double.values()) <= 1e-10,
        "float64 within 1e-10 of Captum": max(against_captum.values()) <= 1e-10,
        "float32 scores and Grad-CAM within 1e-4": max(single[name] for name in without_kinks) <= 1e-4,
        "float32 maps within 1e-4, replayed": max(replayed[name] for name in MAPS) <= 1e-4,
        "float32 exact: maps no further from float64 than 3 x PyTorch float32": all(
            exact[name] <= 3 * theirs[name] for name in MAPS
        ),
        "float32: maps no further than that, or within 1e-5": all(
            single[name] <= max(3 * theirs[name], 1e-5) for name in MAPS
        ),
    }
    for claim, holds in claims.items():
        report.say(f"{'holds' if holds else 'FAILS'}: {claim}")
    report.save()
    raise SystemExit(not all(claims.values()))


if __name__ == "__main__":
    main()
