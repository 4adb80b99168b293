"""The page of the study of regions."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcam.measure.baselines import CENTRE, RANDOM
from gradcam.measure.statistics.intervals import interval
from gradcam.measure.study.markdown import plain
from weights.recipes.regions_found import ENOUGH

OWN, OTHER, EMPTY = (
    "Grad-CAM of its caption",
    "Grad-CAM of another region's caption",
    "Grad-CAM of its caption, random weights",
)
PLACES = "HiResCAM of its caption"
COLUMNS = {
    "box_hit": "pointing game: in the region",
    "box_energy": "energy in the region",
    "mask_hit": "pointing game: on the shape",
    "mask_energy": "energy on the shape",
}

PAGE = """\
# Regions: dense captioning, and Grad-CAM of what is said of each

Made by `python -m gradcam.measure.study.regions`: {scenes} scenes of the shapes world's stream `test`, \
which no training saw, with {shapes}
shapes.  A box finds a shape if their intersection over union is {iou} or more; each shape is found once.

| figure | value |
| --- | ---: |
| shapes found (recall) | {recall:.1%} |
| boxes that find a shape (precision) | {precision:.1%} |
| captions exactly right, of the shapes found | {named:.1%} |
| captions exactly right, given the true boxes | {at_truth:.1%} |
| ... the best constant answer | {constant:.1%} |
| shapes found and rightly named | {accuracy:.1%} |
| average precision of boxes | {ap:.3f} |
| average precision of boxes with the right caption | {ap_named:.3f} |

## Where Grad-CAM of a caption lies

Of the log-probability of the caption, at relu5, from which the regions are cut; for each of {regions} \
regions that find a shape.  In
brackets: 95 % intervals (Wilson's for hits and misses, else the bootstrap over regions).  *Random point* \
and *picture centre* never look at
the picture; *another region's caption*: whether the map belongs to the region or to the picture, where a \
scene has several regions.

{table}

Of maps divided by their maximum, the mean inside the region is {ratio:.1f} times the mean outside \
(Selvaraju et al. 2017 compare captions
of boxes so; a map that says nothing has 1).  The caption is exactly right for {right:.1%} of these regions.

The signal enters relu5 inside the region only.  Grad-CAM then takes its mean over the picture, so that \
nothing in its formula keeps the map
in the region: it shows wherever the same feature maps are active.  That they are active there and on no \
other shape is a property of this
network, which was taught that its words are the less sure, the more of another place is mixed into a region
([how](../../weights/recipes/train_dense_captioner.py)).  An earlier network, taught without
mixtures and without the penalty on active maps, a convolution shorter and with a ReLU behind the region's \
mean, named 96.9 % of the shapes
that it found rightly, too, but pointed into the region for 52.0 % of them (energy 32.9 %).  HiResCAM \
weighs place by
place and cannot leave the region by more than a cell: that it points into the region says nothing, that it \
points onto the shape does.

![regions](regions_22.png)
![regions](regions_41.png)
![regions](regions_7.png)
"""


def page(n: int, said: dict[str, float], rows: list[dict[str, Any]]) -> str:
    """-> Markdown"""
    ratio = np.mean([row["inside"] for row in rows]) / np.mean([row["outside"] for row in rows])
    right = np.mean([row["right"] for row in rows])
    return PAGE.format(
        scenes=n, iou=ENOUGH, regions=len(rows), table=table_of_maps(rows), ratio=ratio, right=right, **said
    )


def table_of_maps(rows: list[dict[str, Any]]) -> str:
    """A line for each map, a column for each figure, with its 95 % interval."""
    lines = [["map", *COLUMNS.values(), "n", "zero maps"], ["---", *["---:"] * (len(COLUMNS) + 2)]]
    for name in (RANDOM, CENTRE, OWN, OTHER, EMPTY, PLACES):
        values = [row["values"][name] for row in rows if name in row["values"]]
        if values:
            cells = [
                "{:.1f} % ({:.1f} to {:.1f})".format(*(100 * v for v in interval([of[f] for of in values])))
                for f in COLUMNS
            ]
            lines.append([name, *cells, str(len(values)), str(sum(name in row["zero"] for row in rows))])
    return plain(lines)
