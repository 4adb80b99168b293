"""In a notebook an explanation shows its panel."""

import io

import numpy as np
import pytest
from PIL import Image

import weights
from gradcam import explain, image, show
from gradcam.show.notebook import panel_jpeg, png, small_jpeg
from weights.recipes import shapes_world


@pytest.fixture(scope="module")
def net():
    return weights.load("shapes")


@pytest.fixture(scope="module")
def photo():
    return shapes_world.scene(7, split="test", kinds=["star", "ring"]).picture


def pixels(data):
    with Image.open(io.BytesIO(data)) as opened:
        return np.asarray(opened.convert("RGB")).astype(float)


def test_an_explanation_shows_its_panel(net, photo):
    x = image.prepare(photo, net.card.preprocessing)
    one, two = explain(net, x, 4), explain(net, x, [4, 1])
    assert pixels(one._repr_jpeg_()).std() > 10
    tall, flat = (np.divide(*pixels(e._repr_jpeg_()).shape[:2]) for e in (two, one))
    assert tall > 1.25 * flat, "a row for each class"


def test_a_panel_takes_no_more_than_150_kilobytes():
    """Of a photo whose every pixel is another: nothing compresses worse."""
    net = weights.load("squeezenet")
    photo = np.random.default_rng(0).integers(0, 256, (227, 227, 3), dtype=np.uint8)
    e = explain(net, photo, [1, 2, 3], ["saliency", "guided_backprop", "grad_cam"])
    assert 20_000 < len(e._repr_jpeg_()) < 150_000 < len(png(show.panel(e, photo)))
    assert (
        len(small_jpeg(Image.fromarray(photo))) < 150_000 < len(small_jpeg(Image.fromarray(photo), 1e9)) * 5
    )


def test_without_a_description_of_the_network():
    from lessons import tiny

    x = tiny.pictures(2, seed=8)[0].astype(np.float32)
    e = explain(tiny.trained(), x, layer="relu4")
    assert e.card is None and pixels(e._repr_jpeg_()).std() > 10
    assert not np.array_equal(pixels(panel_jpeg(e, 0)), pixels(panel_jpeg(e, 1)))


def test_without_a_map_there_is_no_picture(net, photo):
    e = explain(net, image.prepare(photo, net.card.preprocessing), methods="saliency")
    assert e._repr_jpeg_() is not None
    e.maps.clear()
    assert e._repr_jpeg_() is None
