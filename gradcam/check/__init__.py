"""Does a network's file do what it should?  Its sum, real photos, and PyTorch, if that is installed, on every method.  -> a table"""

import hashlib
import importlib.util
import re
from pathlib import Path

import numpy as np

import weights
from gradcam.grad_cam import grad_cam
from gradcam.image import prepare, read
from gradcam.rules import BACKPROP, DECONVNET, GUIDED
from minicnn import Tensor, backward, find, one_hot

LIMIT = 1e-10  # float64, relative to the norm


def check(name, path, photos=None):
    """Print what the file at `path` is and does.  photos: a folder of pictures named by the number of their class, 281_tabby.jpg.

    -> 0 if nothing is wrong, else 1.
    """
    net = weights.load(name, path)
    print(f"{net.card.title}, {sum(t.data.size for t in net.parameters().values()):,} parameters, {net.card.source}'s names: {path}")
    holds = [_sum(name, path)]
    pictures = sorted(p for p in Path(photos).iterdir() if re.match(r"\d+_", p.name)) if photos else []
    if photos and not pictures:
        raise weights.WeightsError(f"{photos}: no picture's name there begins with the number of its class, as 281_tabby.jpg does")
    if pictures:
        _recognised(net, pictures)
    else:
        print("photos          none given: --photos FOLDER")
    holds.append(_pytorch(net, pictures[0] if pictures else None))
    return 0 if all(holds) else 1


def _sum(name, path):
    expected = weights.zoo.entry(name).get("sha256")
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    same = expected is None or found.startswith(expected)
    said = "as published" if expected and same else f"not the published file's, {expected}" if expected else "none is published"
    print(f"sha256          {found[:16]}...: {said}")
    return same


def _recognised(net, pictures):
    top1 = top5 = 0
    for picture in pictures:
        best = np.argsort(-net(prepare(read(picture), net.card.preprocessing))[0])[:5]
        label = int(picture.name.split("_")[0])
        top1, top5 = top1 + (label == best[0]), top5 + (label in best)
    n = len(pictures)
    print(f"photos          {top1} of {n} recognised ({100 * top1 / n:.1f} %), {top5} among the first five ({100 * top5 / n:.1f} %)")


def _pytorch(net, picture):
    """Every method, in float64, against the same network in PyTorch."""
    if importlib.util.find_spec("torch") is None:
        print("PyTorch         is not installed: pip install 'minicnn-gradcam[verify]'")
        return True
    from gradcam.check.mirror import mirror

    side = net.card.preprocessing.crop
    C = len(net.card.preprocessing.mean)
    x = prepare(read(picture), net.card.preprocessing) if picture else np.random.default_rng(0).standard_normal((1, C, side, side))
    net, x = net.astype(np.float64), x.astype(np.float64)
    y = net(mine := Tensor(x, "x"))
    c, A = int(y.data[0].argmax()), find(y, net.card.layer)
    far = {}
    for method, rules in (("gradient", BACKPROP), ("deconvnet", DECONVNET), ("guided_backprop", GUIDED)):
        scores, dx, dA, theirs = mirror(y, mine, A, c, method)
        far[method] = _apart(backward(y, one_hot(y, c), wrt=mine, rules=rules), dx)
        if method == "gradient":
            far["scores"] = _apart(y.data, scores)
            far["grad_cam"] = _apart(grad_cam(y, c, A), np.maximum((dA.mean((2, 3), keepdims=True) * theirs).sum(1), 0))
    for what, distance in far.items():
        ties = "" if distance is None or distance <= LIMIT else "  (ties among pool windows may be the reason)"
        print(f"{what:<16}" + ("exactly zero, here and in PyTorch" if distance is None else f"{distance:.1e} from PyTorch{ties}"))
    return all(far[what] is not None and far[what] <= LIMIT for what in ("scores", "grad_cam"))


def _apart(found, expected):
    """The distance, relative to the norm; None if both are zero, which says nothing."""
    norm = np.linalg.norm(expected)
    if not norm:
        return None if not np.any(found) else float("inf")
    return float(np.linalg.norm(found - expected) / norm)
