"""What every method declares and shares: axes, rows, weighted sums, the range of pixels."""

from types import SimpleNamespace

import numpy as np
import pytest

from gradcam.method import Context, Method, cam_method, in_rows, pixel_range, space, weighted
from minicnn import GraphError, Tensor
from weights import Preprocessing


def context(A, g=None, targets=("first", "second")):
    signals = {} if g is None else {("backprop", "A"): g}
    return Context(None, None, None, targets, Tensor(A), signals, (None, None), False)


def test_places_from_the_right():
    assert space(np.zeros((1, 2, 3))) == (-1,) and space(np.zeros((1, 2, 3, 4))) == (-2, -1)
    assert space(np.zeros((1, 2, 3, 4, 5))) == (-3, -2, -1)


def test_places_however_they_lie_as_rows():
    line = np.arange(24.0).reshape(2, 3, 4)
    assert in_rows(line, 2) is line and np.array_equal(in_rows(line, 1)[..., 0, :], line)
    assert in_rows(line, 1).shape == (2, 3, 1, 4) and in_rows(np.ones((7, 2, 3, 4)), 1).shape == (
        7,
        2,
        3,
        1,
        4,
    )
    assert in_rows(np.ones((7, 2, 3, 4, 5, 6)), 3).shape == (7, 2, 3, 1, 120)


def test_maps_are_weighed_and_summed():
    A, w = np.arange(12.0).reshape(1, 2, 2, 3), np.array([-2.0, 1.0]).reshape(1, 2, 1, 1)
    assert weighted(A, w, relu=False).tolist() == [[[6, 5, 4], [3, 2, 1]]]
    assert weighted(-A, w).tolist() == [[[0] * 3] * 2] and weighted(A, w).max() == 6


@pytest.mark.parametrize("shape", [(1, 2, 6), (1, 2, 2, 3), (1, 2, 1, 2, 3)])
def test_a_method_of_grad_cams_family(shape):
    A, g = np.arange(12.0).reshape(shape) - 8, np.arange(12.0).reshape(shape) - 3
    said = {"paper": "p", "question": "q"}
    method = cam_method("a", "A", weights=lambda g, A: g.mean(axis=(-2, -1), keepdims=True), **said)
    expected = np.tensordot([-0.5, 5.5], A.reshape(2, 6), 1).reshape(1, *shape[2:])
    assert np.allclose(method.compute(context(A, g), relu=False), expected)
    assert np.allclose(method.map(context(A, g)), np.maximum(expected, 0)) and expected.min() < 0
    bare = cam_method("a", "A", relu=False, weights=lambda g, A: -np.ones_like(A), **said)
    assert np.allclose(bare.map(context(A, g)), -A.sum(axis=1))
    assert method.at_layer and method.drawn == "overlay" and method.signals == (("backprop", "A"),)


def test_a_joint_method_gives_the_map_of_the_first_target():
    told = {"name": "a", "title": "A", "paper": "p", "question": "q", "compute": lambda context: [1, 2]}
    assert Method(**told).map(context(None)) == [1, 2] and Method(**told, joint=True).map(context(None)) == 1
    assert context(None).target == "first"
    with pytest.raises(GraphError, match="nothing is computed at other inputs"):
        context(None).elsewhere("grad_cam")


def test_a_method_fits_if_the_network_ends_as_it_asks():
    def end(y):
        if y != "right":
            raise GraphError("no")

    told = {"name": "a", "title": "A", "paper": "p", "question": "q", "compute": None}
    assert Method(**told).fits("any") and Method(**told, end=end).fits("right")
    assert not Method(**told, end=end).fits("wrong")


def test_the_range_of_pixels_is_that_of_the_card_or_that_of_the_input():
    card = SimpleNamespace(
        preprocessing=Preprocessing(scale=255.0, mean=(10.0, 20.0, 30.0), std=(1.0, 2.0, 5.0))
    )
    low, high = pixel_range(x := np.arange(48.0).reshape(2, 3, 2, 4), card)
    assert low.ravel().tolist() == [-10, -10, -6] and high.ravel().tolist() == [245, 117.5, 45]
    assert low.shape == high.shape == (3, 1, 1)
    low, high = pixel_range(x, None)
    assert low.shape == (2, 3, 1, 1) and low.ravel().tolist() == [0, 8, 16, 24, 32, 40]
    assert high.ravel().tolist() == [7, 15, 23, 31, 39, 47]
    low, high = pixel_range(x[..., 0], card)  # a signal has no pixels
    assert low.shape == (2, 3, 1) and low.ravel().tolist() == [0, 8, 16, 24, 32, 40]
