"""Region features: against their equation, one number at a time, against PyTorch, and what must hold."""

import numpy as np
import pytest

from minicnn import GraphError, RoIAlign, Tensor, backward
from tests.support.cases import draw
from tests.support.compare import assert_close

BOXES = np.array(
    [[3.0, 1.0, 16.1, 13.5], [-5.0, 4.2, 9.3, 21.0], [10.1, 2.7, 13.2, 20.4], [0.3, 0.0, 24.0, 19.2]]
)  # pixels of 24 x 20
PICTURE, P, SCALE = [1, 0, 1, 1], 3, 0.25
X = draw("maps", 2, 4, 5, 6)


def test_a_sample_is_its_equation():
    y = RoIAlign(P, SCALE, PICTURE)(X, BOXES)
    slow = np.zeros_like(y)
    for r, (x0, y0, x1, y1) in enumerate(BOXES):
        for u in range(P):
            for v in range(P):
                row, column = (
                    (start + (k + 0.5) / P * (end - start)) * SCALE - 0.5
                    for k, start, end in ((u, y0, y1), (v, x0, x1))
                )
                tent = np.array(
                    [
                        [max(0, 1 - abs(i - row)) * max(0, 1 - abs(j - column)) for j in range(6)]
                        for i in range(5)
                    ]
                )
                slow[r, :, u, v] = (X[PICTURE[r]] * tent).sum(axis=(1, 2))
    assert_close(y, slow, 1e-12)


@pytest.mark.torch
def test_samples_and_both_gradients_as_in_pytorch():
    """grid_sample, with a grid that is computed from the boxes."""
    torch = pytest.importorskip("torch", reason="needs the extra 'verify'")
    x, boxes = (torch.tensor(a, requires_grad=True) for a in (X, BOXES))
    part = (torch.arange(P, dtype=torch.float64) + 0.5) / P
    across = boxes[:, :1] + part * (boxes[:, 2:3] - boxes[:, :1])  # (R, P), pixels
    down = boxes[:, 1:2] + part * (boxes[:, 3:] - boxes[:, 1:2])
    grid = torch.stack(
        [
            (across[:, None, :].expand(-1, P, -1) / 24 * 2 - 1),
            (down[:, :, None].expand(-1, -1, P) / 20 * 2 - 1),
        ],
        dim=-1,
    )
    theirs = torch.nn.functional.grid_sample(
        x[PICTURE], grid, mode="bilinear", padding_mode="zeros", align_corners=False
    )
    gy = draw("gy", *theirs.shape)
    theirs.backward(torch.tensor(gy))

    ours = [Tensor(X), Tensor(BOXES)]
    y = RoIAlign(P, SCALE, PICTURE)(*ours)
    assert_close(y.data, theirs.detach().numpy())
    gx, gboxes = backward(y, gy, wrt=ours)
    assert_close(gx, x.grad.numpy())
    assert_close(gboxes, boxes.grad.numpy())


def test_where_maps_are_a_plane_a_sample_is_the_planes_value():
    """Bilinear samples of a + b column + c row are exact, inside."""
    rows, columns = np.mgrid[:8, :8]
    x = (1 + 2 * columns - 3 * rows)[None, None].astype(float)
    y = RoIAlign(2, 0.5, [0])(x, np.array([[4.0, 2.0, 12.0, 10.0]]))
    at = (
        np.array([4 + 2, 4 + 6]) * 0.5 - 0.5,
        np.array([2 + 2, 2 + 6]) * 0.5 - 0.5,
    )  # columns, rows of the samples
    assert_close(y[0, 0], 1 + 2 * at[0][None] - 3 * at[1][:, None])


def test_a_box_beyond_the_picture_sees_nothing_and_sends_nothing():
    x, boxes = Tensor(X), np.array([[40.0, 40.0, 60.0, 60.0]])
    y = RoIAlign(P, SCALE, [0])(x, boxes)
    assert not y.data.any()
    assert not backward(y, np.ones_like(y.data), wrt=x).any()


def test_a_signal_stays_in_its_own_picture():
    x = Tensor(X)
    y = RoIAlign(P, SCALE, PICTURE)(x, BOXES)
    only_second = np.zeros_like(y.data)
    only_second[1] = 1  # the one box of picture 0
    g = backward(y, only_second, wrt=x)
    assert g[0].any() and not g[1].any()


def test_no_boxes_at_all():
    assert RoIAlign(P, SCALE, np.zeros(0, int))(X, np.zeros((0, 4))).shape == (0, 4, P, P)


@pytest.mark.parametrize("picture", [[0, 1], [0, 1, 2, 0], [0, 0, 0, -1]])
def test_a_box_must_belong_to_a_picture(picture):
    with pytest.raises(GraphError, match="4 boxes need as many numbers of pictures, from 0 to 1"):
        RoIAlign(P, SCALE, picture)(X, BOXES)
