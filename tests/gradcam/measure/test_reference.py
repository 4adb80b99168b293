"""The reference figures: PyTorch's maps of SqueezeNet v1.0 on 500 photos with boxes, by the pointing game, in
percent.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import weights
from gradcam.measure import Photos
from gradcam.measure.baselines import centre
from gradcam.measure.measures.pointing_game import chance, pointing_game
from tests.support.data import DATA

TABLE = Path(__file__).parents[2] / "results/measures.json"
#                         all 500, objects on less than a third of the picture
REFERENCE = {
    "random point": (44.1, 16.1),
    "picture centre": (79.8, 52.5),
    "saliency": (79.8, 59.9),
    "grad_cam": (88.4, 77.2),
    "grad_cam@relu_conv10": (89.6, 78.2),
}


@pytest.mark.data
def test_boxes_are_read_as_the_reference_reads_them():
    data = Photos(DATA / "data/imagenette_loc_224_jpeg.npz", weights.card("squeezenet"))
    truths = [data[number].truth for number in range(500)]
    area = np.array([chance(t) for t in truths])
    hits = np.array([pointing_game(centre(t.shape), t) for t in truths])
    small = area < 1 / 3
    assert small.sum() == 202
    assert (100 * area.mean(), 100 * area[small].mean()) == pytest.approx(REFERENCE["random point"], abs=0.05)
    assert (100 * hits.mean(), 100 * hits[small].mean()) == pytest.approx(
        REFERENCE["picture centre"], abs=0.05
    )


@pytest.mark.parametrize("method", REFERENCE)
def test_the_committed_table_reproduces_the_reference(method):
    if not TABLE.exists():
        pytest.skip("the table is not made yet: python -m gradcam.measure.study")
    figures = json.loads(TABLE.read_text("utf-8")).get("squeezenet", {})
    if "maps" not in figures:
        pytest.skip("the table has no SqueezeNet yet: python -m gradcam.measure.study --only squeezenet_maps")
    assert (100 * figures["accuracy"]["top1"], 100 * figures["accuracy"]["top5"]) == pytest.approx(
        (57.2, 81.6), abs=0.05
    )
    everywhere, on_small = (figures[kind][method] for kind in ("maps", "small"))
    assert (everywhere["n"], on_small["n"]) == (500, 202)
    assert (100 * everywhere["hit"][0], 100 * on_small["hit"][0]) == pytest.approx(REFERENCE[method], abs=1)
    low, high = everywhere["hit"][1:]
    assert 0 < low < everywhere["hit"][0] < high < 1
