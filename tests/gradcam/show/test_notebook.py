"""In a notebook: an explanation shows its panel,
and the widget follows its controls (no front end is needed to turn them).
"""

import io
import sys

import numpy as np
import pytest
from PIL import Image

import weights
from gradcam import DECONVNET, GUIDED, explain, grad_cam, guided_backprop, image, show
from gradcam.show.notebook import panel_jpeg, png, small_jpeg
from gradcam.show.viewer import cut, maps
from minicnn import Tensor, backward, find, one_hot
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


def test_the_widgets_maps_are_the_methods_own(net, photo):
    x = Tensor(image.prepare(photo, net.card.preprocessing), "x")
    y = net(x)
    A = find(y, net.card.layer)
    L, g = maps(y, 4, A, x, GUIDED)
    assert np.abs(L).max() > 0 and np.allclose(L, grad_cam(y, 4, A)[0], rtol=1e-6)
    assert np.abs(g).max() > 0 and np.array_equal(g, guided_backprop(y, 4, x)[0])
    assert np.array_equal(
        maps(y, 4, A, x, DECONVNET)[1], backward(y, one_hot(y, 4), wrt=x, rules=DECONVNET)[0]
    )


def test_the_threshold_is_a_share_of_the_maximum():
    L = np.array([0.0, 1.0, 2.0, 4.0])
    assert (
        cut(L, 0).tolist() == [0, 1, 2, 4]
        and cut(L, 0.5).tolist() == [0, 0, 2, 4]
        and cut(L, 0.95).tolist() == [0, 0, 0, 4]
    )
    assert cut(0 * L, 0.5).tolist() == [0, 0, 0, 0]


def test_the_widget_follows_its_controls(net, photo):
    pytest.importorskip(
        "ipywidgets", reason="the widget needs ipywidgets: pip install 'minicnn-gradcam[lessons]'"
    )
    box = show.widget(net, photo)
    controls, picture, words = box.children
    which, layer, rule, threshold = controls.children
    assert [c.description for c in controls.children] == ["class", "layer", "rule of the ReLU", "threshold"]
    assert which.options[0][1] == int(net(image.prepare(photo, net.card.preprocessing)).argmax())
    assert layer.value == net.card.layer
    seen = {"as it opens": pixels(picture.value)}
    for name, control, value in [
        ("another class", which, which.options[1][1]), ("another layer", layer, "relu2_1"), ("another rule",
        rule, "deconvnet"),
        ("a threshold", threshold, 0.5),
    ]:  # fmt: skip
        before = words.value
        control.value = value
        assert all(np.abs(pixels(picture.value) - other).max() > 0 for other in seen.values()), name
        assert (words.value != before) == (name != "another rule"), name
        seen[name] = pixels(picture.value)
    assert "above 50% of its maximum" in words.value and "relu2_1" in words.value
    which.value, layer.value, rule.value, threshold.value = which.options[0][1], net.card.layer, "guided", 0
    assert np.array_equal(pixels(picture.value), seen["as it opens"])


def test_the_widget_takes_files_and_inputs(net, photo, tmp_path):
    pytest.importorskip(
        "ipywidgets", reason="the widget needs ipywidgets: pip install 'minicnn-gradcam[lessons]'"
    )
    Image.fromarray(np.asarray(photo)).save(tmp_path / "scene.png")
    x = image.prepare(photo, net.card.preprocessing)
    drawn = [
        show.widget(net, given).children[1].value
        for given in (photo, str(tmp_path / "scene.png"), tmp_path / "scene.png", x)
    ]
    assert all(np.array_equal(pixels(drawn[0]), pixels(other)) for other in drawn[1:])
    with pytest.raises(ValueError, match="one picture at a time"):
        show.widget(net, np.concatenate([x, x]))


def test_the_widget_of_a_network_without_description():
    pytest.importorskip(
        "ipywidgets", reason="the widget needs ipywidgets: pip install 'minicnn-gradcam[lessons]'"
    )
    from lessons import tiny

    x = tiny.pictures(1, seed=8)[0].astype(np.float32)
    box = show.widget(tiny.trained(), x)
    assert box.children[0].children[0].options[0][0].startswith("class ")
    assert pixels(box.children[1].value).std() > 10
    with pytest.raises(ValueError, match="no description"):
        show.widget(tiny.trained(), "photo.png")


def test_without_ipywidgets_it_says_what_to_install(net, photo, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ImportError, match=r"pip install 'minicnn-gradcam\[lessons\]'"):
        show.widget(net, photo)
