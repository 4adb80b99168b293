"""Panels of signals, volumes and videos: what is drawn stands where the numbers say."""

import numpy as np
import pytest

from gradcam import explain
from gradcam.asking import AskError
from gradcam.show import panel, volume_widget
from gradcam.show.notebook import panel_jpeg
from gradcam.show.volumes import pixels, places_of, plane
from minicnn import ops

RNG = np.random.default_rng(2)


def explained(*size, methods=("grad_cam", "gradient"), channels=2, hidden=False):
    """hidden: whether a layer stands between the pooling and the scores."""
    n = len(size)
    W, head = abs(RNG.standard_normal((4, channels, *(3,) * n))), abs(RNG.standard_normal((2, 4)))

    def net(x):
        y = ops.ReLU()(ops.Conv()(x, W), name="maps")
        pooled = ops.Mean(tuple(range(2, 2 + n)))(y)
        if hidden:
            pooled = ops.ReLU()(ops.Linear()(pooled, np.eye(4)))
        return ops.Linear()(pooled, head, name="scores")

    return explain(net, abs(RNG.standard_normal((1, channels, *size))), 1, methods)


def drawn(figure):
    return [image.get_array() for ax in figure.axes for image in ax.images]


def texts(figure):
    found = [t.get_text() for t in figure.texts] + [t for ax in figure.axes for t in (ax.get_title("left"),)]
    return " ".join(found)


def test_curves_on_the_colours_of_their_map():
    e = explained(40)
    figure = panel(e)
    blocks = [ax for ax in figure.axes if ax.lines]
    assert len(blocks) == 2 and all(len(ax.lines) == 2 for ax in blocks)  # methods, leads
    cam, gradient = (ax.images[0].get_array() for ax in blocks)
    assert cam.shape == (1, 40) and gradient.shape == (2, 40)  # behind all leads; behind each its own
    np.testing.assert_allclose(np.asarray(gradient), e["gradient"][0])
    assert np.argmax(cam) * 38 // 40 in range(np.argmax(e["grad_cam"]) - 2, np.argmax(e["grad_cam"]) + 3)
    first = blocks[0].lines[0].get_ydata()
    assert np.argmax(first) == np.argmax(e.x[0, 0])
    assert "Grad-CAM, at maps:  the score of class 1" in texts(figure)


def test_three_planes_through_the_peak():
    e = explained(9, 11, 13, channels=1)
    planes = drawn(panel(e))
    assert [p.shape for p in planes] == [(11, 13, 3), (9, 13, 3), (9, 11, 3)] * 2
    map = places_of(e["grad_cam"][0], (9, 11, 13))
    d, r, c = np.unravel_index(map.argmax(), map.shape)
    seen = pixels(e.x[0])
    for found, (axis, at) in zip(planes, ((0, d), (1, r), (2, c))):
        np.testing.assert_allclose(found, plane(seen, map, axis, at, map.max()))
    assert f"depth {d} of 9" in texts(panel(e)) and f"column {c} of 13" in texts(panel(e))


@pytest.mark.parametrize(("size", "channels", "share"), [((12, 8, 40), 3, 8 / 40), ((4, 5, 20), 1, 4 / 5)])
def test_blocks_are_as_high_as_their_highest_picture(size, channels, share):
    figure = panel(explained(*size, channels=channels))
    for ax in figure.axes:
        at = ax.get_position(original=True)
        assert at.height * figure.get_figheight() == pytest.approx(share * at.width * figure.get_figwidth())


def test_a_video_is_drawn_as_frames():
    e = explained(12, 8, 9, channels=3)
    assert len(drawn(panel(e))) == 12 and "the peak" in texts(panel(e))


def test_a_map_that_there_is_not_says_why():
    for size in ((30,), (7, 8, 9)):
        # all weights are positive
        e = explained(*size, methods=["grad_cam", "cam", "counterfactual"], hidden=True)
        figure = panel(e)
        said = texts(figure) + " ".join(t.get_text() for ax in figure.axes for t in ax.texts)
        assert "CAM needs a network that ends in" in said and "Exactly zero" in said
        assert panel_jpeg(e).startswith(b"\xff\xd8")


def test_a_slider_through_a_volume():
    pytest.importorskip("ipywidgets", reason="the extra 'lessons' is not installed")
    box = volume_widget(explained(9, 11, 13, channels=1))
    (which, at), shown = box.children[0].children, box.children[1]
    before = bytes(shown.value)
    at.value = (at.value + 1) % 9
    assert bytes(shown.value) != before and at.max == 8
    with pytest.raises(AskError, match=r"for volumes \(N, C, D, H, W\), not for an input \(1, 2, 9, 11\)"):
        volume_widget(explained(9, 11))
    which.value = "column"
    assert at.max == 12 and bytes(shown.value).startswith(b"\x89PNG")
