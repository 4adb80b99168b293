"""Figure 1 of the Grad-CAM paper (Selvaraju et al. 2017): a dog and a cat; which methods tell them apart?

Its photo is images/cat_dog.jpg of the authors' repository, github.com/ramprs/grad-cam.  It is theirs to
publish, so it is asked for.
"""

import sys

import numpy as np

from gradcam.check.agreement import fitting
from gradcam.check.rows import Row
from gradcam.explanation import explain
from gradcam.image import crop_shown, prepare, read
from gradcam.interpolation import upsample
from minicnn import Tensor

DOGS, CATS = (242, 243), (281, 282)  # boxer, bull mastiff; tabby, tiger cat: what networks see in the two
SIZE = (640, 480)  # of that photo
PLACES = {  # of the animals in its central square: (left, top, right, bottom), in shares of the side
    "dog": {(0.28, 0.00, 0.68, 0.68), (0.68, 0.25, 0.86, 0.53)},
    "cat": {(0.69, 0.53, 0.92, 0.70), (0.05, 0.69, 1.00, 1.00)},
}
KNOWN = {  # of the published file: the dog's probability, Grad-CAM's peaks, cosines between the classes
    "squeezenet": {
        "probability": 0.867,
        "dog": (0.50, 0.19),
        "cat": (0.81, 0.73),
        "gradient": 0.25,
        "guided_backprop": 0.75,
    },
}


def figure_1(net, photo, out):
    """Draw the figure, a row per animal and a column per method, to the file `out`; yield its numbers."""
    from gradcam.show import panel, save

    picture = read(photo)
    known = KNOWN.get(net.card.name, {}) if picture.size == SIZE else {}
    x = prepare(picture, net.card.preprocessing)
    y = net(Tensor(x))
    scores = y.data[0]
    dog, cat = (max(animals, key=lambda c: scores[c]) for animals in (DOGS, CATS))
    methods = fitting(y)
    e = explain(net, x, [dog, cat], methods, progress=sys.stderr.isatty())
    yield _seen(e, dog, cat, known)
    for method in methods:
        yield _compared(e, method, dog, cat, known, judged=picture.size == SIZE)
    yield Row("  picture", str(save(panel(e, crop_shown(picture, net.card.preprocessing)), out)))


def _seen(e, dog, cat, known):
    """What the network sees: the two classes, with their places among all."""
    order, p = np.argsort(-e.scores[0], kind="stable").tolist(), e.probabilities[0]
    said = ", ".join(f"{e.card.classes[c]} {100 * p[c]:.1f} % (no. {order.index(c) + 1})" for c in (dog, cat))
    if not known:
        return Row("Figure 1", said, "the dog or the cat first", order[0] in (*DOGS, *CATS))
    holds = order[0] == dog and abs(p[dog] - known["probability"]) < 0.001
    return Row("Figure 1", said, f"the dog first, {100 * known['probability']:.1f} %", bool(holds))


def _compared(e, method, dog, cat, known, judged):
    """Where the maps of the two classes are largest, and how alike they are.

    Grad-CAM's must lie on their animals; others need not.
    """
    peaks = {animal: peak(e[method, c]) for animal, c in (("dog", dog), ("cat", cat))}
    alike = cosine(e[method, dog], e[method, cat])
    found = ", ".join(
        f"{animal} ({at[0]:.2f}, {at[1]:.2f})" if at else f"{animal} zero" for animal, at in peaks.items()
    )
    found += f", cosine {alike:.2f}" if alike is not None else ""
    if method == "grad_cam" and known:
        holds = all(at and np.allclose(at, known[animal], atol=0.01) for animal, at in peaks.items())
        return Row(f"  {method}", found, f"{known['dog']}, {known['cat']}", bool(holds))
    if method == "grad_cam" and judged:
        return Row(
            f"  {method}", found, "each on its animal", all(on(animal, at) for animal, at in peaks.items())
        )
    if method in known:
        return Row(
            f"  {method}",
            found,
            f"cosine {known[method]:.2f}",
            alike is not None and abs(alike - known[method]) < 0.01,
        )
    return Row(f"  {method}", found)


def peak(map):
    """Where a map (1, h, w) or (1, C, H, W) is largest in magnitude -> (x, y), shares of width and height."""
    if not np.any(map):
        return None
    flat = abs(map[0]).max(axis=0) if map.ndim == 4 else upsample(map[0].astype(np.float64), (256, 256))
    i, j = np.unravel_index(flat.argmax(), flat.shape)
    return float((j + 0.5) / flat.shape[1]), float((i + 0.5) / flat.shape[0])


def on(animal, at):
    """Whether a place is on the animal."""
    return at is not None and any(
        left <= at[0] <= right and top <= at[1] <= bottom for left, top, right, bottom in PLACES[animal]
    )


def cosine(a, b):
    """Between two maps; None if one of them is zero."""
    a = a.astype(np.float64).ravel()
    b = b.astype(np.float64).ravel()
    norms = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / norms) if norms else None
