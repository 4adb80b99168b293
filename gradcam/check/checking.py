"""Is a network's file what it should be?  Its checksum, photos, PyTorch, Figure 1 of the Grad-CAM paper."""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import weights
from gradcam.check.agreement import agreement
from gradcam.check.convolutions import published
from gradcam.check.figure_1 import figure_1
from gradcam.check.rows import Row
from gradcam.check.shipped import accuracy, stated, stated_sum
from gradcam.image import prepare, read
from gradcam.show.saving import check as check_place
from weights.zoo import network

HAVE = "MINICNN_DATA"  # a folder with images/imagenet_samples and images/cat_dog.jpg, for those who keep one


def check(
    net,
    path: str | os.PathLike,
    photos: str | os.PathLike | None = None,
    photo: str | os.PathLike | None = None,
    out: str | os.PathLike | None = None,
) -> Iterator[Row]:
    """What the file at `path` is and does: a row for each thing that is looked at, as soon as it is known.

    net      the network of the zoo that the file was loaded into: weights.load(name, path)
    photos   a folder of pictures named by the number of their class, 281_tabby.jpg
    photo    that of Figure 1 of the Grad-CAM paper; out: where the figure goes
    Both default to what the folder in MINICNN_DATA holds.  WeightsError, ImageError or SaveError, before any
    work, for photos that cannot be used and a figure that cannot be written.
    """
    name, data = net.card.name, os.environ.get(HAVE)
    thousand = net.card.classes == weights.classes("imagenet")
    if thousand and data:
        photos, photo = photos or _there(data, "imagenet_samples"), photo or _there(data, "cat_dog.jpg")
    if net.card.classes is None and (photos or photo):
        raise weights.WeightsError(
            f"{path} holds the convolutions of {name} and not its last layers: without scores, neither "
            "--photos nor --photo can be judged"
        )
    pictures = _pictures(photos, net.card) if photos else []
    if photo:
        if not thousand:
            raise weights.WeightsError(
                f"{name} knows neither the dog nor the cat of Figure 1: --photo needs ImageNet's 1000 classes"
            )
        out = check_place(out or f"{name}_figure_1.png")
        read(photo)
    return _rows(name, path, net, pictures, photo, out, data, thousand)


def _rows(name, path, net, pictures, photo, out, data, thousand):
    """All that can be looked at, one after the other."""
    yield _sum(name, path, net.card.classes is None or network(name).head)
    if row := published(net):
        yield row
    measured = network(name).file.shipped and stated(name)
    if measured:
        yield from accuracy(net, data)
    if pictures:
        yield _recognised(net, pictures, network(name).file.accuracy or "")
    elif net.card.classes is None:
        yield Row("fc6 to fc8", "not in this file", "nothing is said of scores")
    elif not measured:
        yield Row("photos", "none given", "--photos FOLDER")
    yield from agreement(net, pictures)
    if photo:
        yield from figure_1(net, photo, out)
    elif thousand:
        yield Row("Figure 1", "no photo given", "--photo cat_dog.jpg")


def _there(data, kept):
    path = Path(data, "images", kept)
    return path if path.exists() else None


def _pictures(folder, card):
    """The pictures of a folder whose names begin with the number of a class of this network."""
    if not Path(folder).is_dir():
        raise weights.WeightsError(f"{folder}: there is no such folder of photos")
    found = sorted(p for p in Path(folder).iterdir() if re.match(r"\d+_", p.name))
    if not found:
        raise weights.WeightsError(
            f"{folder}: no picture's name there begins with the number of its class, as 281_tabby.jpg does"
        )
    strangers = [p.name for p in found if _label(p) >= len(card.classes)]
    if strangers:
        last = len(card.classes) - 1
        own = f"{card.name} has {last + 1} classes of its own, numbered 0 ({card.classes[0]}) to {last}"
        raise weights.WeightsError(
            f"{folder}: {strangers[0]} begins with another network's number; {own} ({card.classes[-1]})"
        )
    return found


def _label(picture):
    return int(picture.name.split("_")[0])


def _sum(name, path, part):
    """part: only the convolutions are used, and a file in which others wrap them is as good."""
    file = network(name).file
    expected, kind = (stated_sum(name), "sha256") if file.shipped else file.sum or (None, "sha256")
    with open(path, "rb") as opened:
        found = hashlib.file_digest(opened, kind).hexdigest()
    if not expected:
        return Row(kind, f"{found[:16]}...", "none is published")
    same = found.startswith(expected)
    if part and not same:
        return Row(kind, f"{found[:16]}..., another file than the published one", expected[:16])
    return Row(
        kind,
        f"{found[:16]}..., {'as published' if same else 'not the published file'}",
        expected[:16],
        same,
    )


def _recognised(net, pictures, stated):
    """stated: "71.592 % top-1 on ImageNet", or nothing; a sample may be three standard errors worse."""
    top1 = top5 = 0
    for picture in pictures:
        best = np.argsort(-net(prepare(read(picture), net.card.preprocessing))[0])[:5].tolist()
        label = _label(picture)
        top1, top5 = top1 + (label == best[0]), top5 + (label in best)
    n = len(pictures)
    found = f"{top1} of {n} recognised ({100 * top1 / n:.1f} %), {top5} in the first five"
    if not (of_all := re.match(r"([\d.]+) % top-1 on ImageNet", stated)):
        return Row("photos", found)
    share = float(of_all[1]) / 100
    least = share - 3 * (share * (1 - share) / n) ** 0.5
    if least <= 0:
        return Row("photos", found, f"{of_all[1]} % of all; too few to judge")
    return Row("photos", found, f"at least {100 * least:.0f} % ({of_all[1]} % of all)", top1 / n >= least)
