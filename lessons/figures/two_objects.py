"""The README's first picture, in the manner of Figure 1 of Selvaraju et al. 2017: one
picture, two classes; which method tells them apart?

    python -m lessons.figures.two_objects

Two photos that scikit-image ships (pip install scikit-image), side by side: Chelsea the
cat (Stefan van der Walt) and a cup of coffee (Rachel Michetti), both CC0.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

import weights
from gradcam import explain, image, show
from gradcam.interpolation import upsample

OUT = Path(__file__).with_name("two_objects.png")
SIDE, CAT = 454, 272  # pixels: the whole square, and the width of the cat's part
CLASSES = [285, 967]  # Egyptian cat, espresso
METHODS = ["guided_backprop", "grad_cam", "guided_grad_cam"]


def picture():
    """Each photo fills its part of the square; what is too wide is cut off."""
    from skimage import data

    both = Image.new("RGB", (SIDE, SIDE))
    for photo, left, right in ((data.chelsea(), 0, CAT), (data.coffee(), CAT, SIDE)):
        both.paste(
            ImageOps.fit(Image.fromarray(photo), (right - left, SIDE)), (left, 0)
        )
    return both


def on_its_photo(map, c):
    """The share of a map's sizes that lies on the photo of class c."""
    size = abs(map[0]).sum(axis=0) if map.ndim == 4 else map[0]
    size = upsample(size, (SIDE, SIDE))
    seam = round(
        SIDE * (0.5 + (CAT / SIDE - 0.5) * 256 / 227)
    )  # of 256 pixels 227 are seen
    at = np.s_[:, :seam] if c == CLASSES[0] else np.s_[:, seam:]
    return float(size[at].sum() / size.sum())


def main():
    net = weights.load("squeezenet")
    photo = picture()
    x = image.prepare(photo, net.card.preprocessing)
    explanation = explain(net, x, CLASSES, METHODS)
    shown = image.crop_shown(photo, net.card.preprocessing)
    show.save(show.panel(explanation, shown), OUT, dpi=80)
    for method in METHODS:
        shares = (on_its_photo(explanation[method, c], c) for c in CLASSES)
        print(method, *(f"{100 * share:.0f} %" for share in shares))
    print(f"wrote {OUT}")


if __name__ == "__main__":
    main()
