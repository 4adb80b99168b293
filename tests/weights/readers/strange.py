"""How well mini_vgg notices pictures that show none of its ten classes: `python -m
tests.weights.readers.strange` prints the table and keeps it.

Two statistics of a picture, the highest probability and the highest score, each with a threshold below
which the picture is warned against. Thresholds are set on the 400 pictures of Imagenette's `train` that
training left out, by the share of them that is warned against in vain. Which share may be warned against in
vain was chosen by the rows `choose`; the rows `test` hold other pictures, and chose nothing.  The two
statistics hardly differ, so the one that a reader sees was taken.
"""

import numpy as np

import weights
from gradcam.image import prepare, read
from minicnn import Softmax
from tests.support.data import DATA
from tests.support.report import RESULTS, Report
from weights.recipes import imagenette
from weights.recipes.shapes_world import scene

VAIN = (1, 2, 5, 10, 15, 20, 34)  # per cent
ITS_OWN = (0, 217, 482, 491, 497, 566, 569, 571, 574, 701)  # mini_vgg's classes, as ImageNet numbers them
N = 400


def known():
    """{what: pictures} of its classes; the first are those that set the threshold."""
    path = DATA / "data/imagenette_96_jpeg.npz"
    train, _ = imagenette.read(path, "train")
    return {
        "train, held out": train[imagenette.held_out(N, len(train))],
        "loc": imagenette.read(path, "loc")[0],
    }


def strange():
    """{(choose or test, what): pictures} of anything else."""
    samples = [
        p
        for p in sorted((DATA / "images/imagenet_samples").iterdir())
        if int(p.name.split("_")[0]) not in ITS_OWN
    ]
    lossless, cifar = (
        np.load(DATA / f"images/{name}.npz")["images"][:N]
        for name in ("cifar10_train_lossless_1000", "cifar10_test")
    )
    digits = np.load(DATA / "images/mnist_test.npz")["images"][..., None].repeat(3, axis=-1)
    return {
        ("choose", "photos of other classes"): [read(p) for p in samples[::2]],
        ("choose", "CIFAR-10, train"): lossless,
        ("choose", "scenes of shapes"): [scene(i, split="validation").picture for i in range(N)],
        ("choose", "digits"): digits[:N],
        ("test", "photos of other classes"): [read(p) for p in samples[1::2]],
        ("test", "CIFAR-10, test"): cifar,
        ("test", "scenes of shapes"): [scene(i, split="test").picture for i in range(N)],
        ("test", "digits"): digits[-N:],
    }


def statistics(net, pictures):
    """{"probability": the highest of each picture, "score": the highest}"""
    inputs = (prepare(picture, net.card.preprocessing) for picture in pictures)
    scores = np.concatenate([net(x) for x in inputs])
    return {"probability": Softmax()(scores).max(axis=1), "score": scores.max(axis=1)}


def main():
    report = Report("weights.strange", "Pictures that mini_vgg warns against, per cent", ["numpy"])
    report.file = RESULTS / "strange.txt"
    net = weights.load("mini_vgg")
    own = {what: statistics(net, pictures) for what, pictures in known().items()}
    others = {what: statistics(net, pictures) for what, pictures in strange().items()}
    calibration = next(iter(own.values()))
    for statistic, values in calibration.items():
        thresholds = np.percentile(values, VAIN)
        report.say(f"\n{f'highest {statistic} below':<44}" + "".join(f"{t:8.2f}" for t in thresholds))
        rows = {f"in vain: {what}": found for what, found in own.items()}
        rows |= {f"{use}: {what}": found for (use, what), found in others.items()}
        for what, found in rows.items():
            shares = [100 * np.mean(found[statistic] < t) for t in thresholds]
            report.say(f"{what:<36}{len(found[statistic]):>8}" + "".join(f"{share:8.1f}" for share in shares))
    least = net.card.strange
    report.say(f"\nas shipped, highest probability below {least:.2f}:")
    for what, found in rows.items():
        report.say(
            f"{what:<36}{len(found['probability']):>8}{100 * np.mean(found['probability'] < least):8.1f}"
        )
    report.save()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
