"""Occlusion by loops, its conventions, and Captum's on the same windows."""

import numpy as np
import pytest

from gradcam import occlusion
from minicnn import Softmax
from tests.support.compare import assert_close
from tests.support.small_nets import picture, small_vgg

C = 2


def by_loops(net, x, c, window, stride, fill):
    """The mean over covering windows of the fall of the score, one picture and one window at a time."""
    N, _, H, W = x.shape
    total, covers = np.zeros((N, H, W)), np.zeros((N, H, W))
    top = 0
    while True:
        left = 0
        while True:
            covered = x.copy()
            covered[:, :, top : top + window, left : left + window] = fill
            fall = net(x)[:, c] - net(covered)[:, c]
            total[:, top : top + window, left : left + window] += fall[:, None, None]
            covers[:, top : top + window, left : left + window] += 1
            if left + window >= W:
                break
            left += stride
        if top + window >= H:
            break
        top += stride
    return total / np.maximum(covers, 1)


@pytest.mark.parametrize("window, stride", [(4, 4), (5, 3), (3, 1), (12, 5)])
def test_by_loops(window, stride):
    net, x = small_vgg(), picture().data
    assert_close(occlusion(net, x, C, window, stride, fill=0.5), by_loops(net, x, C, window, stride, 0.5))


def test_the_batch_changes_nothing_and_classes_stack():
    net, x = small_vgg(), picture().data
    one = occlusion(net, x, C, 4, 3, batch=1)
    assert_close(occlusion(net, x, C, 4, 3, batch=7), one)
    stacked = occlusion(net, x, np.array([[0, 1], [C, C]]), 4, 3)
    assert_close(stacked[1], one)
    assert_close(stacked[0, 1], occlusion(net, x, 1, 4, 3)[1])


def test_conventions():
    net, x = small_vgg(), picture().data
    falls = occlusion(net, x, C, 4, 4, average="none")
    assert falls.shape == (2, 3, 4)
    assert_close(occlusion(net, x, C, 4, 4)[:, ::4, ::4], falls)
    ones = occlusion(net, x, C, 6, 3, average="sum")
    assert abs(ones).max() > abs(occlusion(net, x, C, 6, 3)).max()
    p = occlusion(net, x, C, 4, 4, start="probability", average="none")
    covered = x.copy()
    covered[:, :, 4:8, 8:12] = 0
    assert_close(p[:, 1, 2], (Softmax()(net(x)) - Softmax()(net(covered)))[:, C])
    with pytest.raises(ValueError, match="does not fit"):
        occlusion(net, x, C, window=13)
    with pytest.raises(ValueError, match="average is one of"):
        occlusion(net, x, C, average="median")


@pytest.mark.torch
@pytest.mark.parametrize("window, stride", [(4, 4), (5, 3)])
def test_captum(window, stride):
    import torch
    from captum.attr import Occlusion

    net, x = small_vgg(), picture().data
    theirs = Occlusion(lambda t: torch.from_numpy(net(t.numpy()))).attribute(
        torch.from_numpy(x),
        sliding_window_shapes=(3, window, window),
        strides=(3, stride, stride),
        target=C,
        baselines=0.25,
    )
    assert_close(
        occlusion(net, x, C, window, stride, fill=0.25), theirs.numpy()[:, 0], 1e-6
    )  # Captum returns float32
