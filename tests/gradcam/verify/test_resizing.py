"""Ways to enlarge that others use, as matrices: by hand, by their kernels, and against PIL."""

import numpy as np
import pytest
from PIL import Image

from gradcam.verify.reference.resizing import as_opencv, bilinear, by_kernel, cubic, lanczos, places, spline


def test_where_new_values_lie():
    assert places(2, 4).tolist() == [-0.25, 0.25, 0.75, 1.25] and places(4, 2).tolist() == [0.5, 2.5]
    assert places(3, 5, corners=True).tolist() == [0, 0.5, 1, 1.5, 2] and places(
        3, 1, corners=True
    ).tolist() == [0]


def test_shares_by_a_kernel():
    box = lambda d: np.where(abs(d) < 1, 1 - abs(d), 0)  # noqa: E731
    assert bilinear(2, 4).tolist() == [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]
    assert by_kernel(2, 4, box, 1, renormalise=True).tolist() == bilinear(2, 4).tolist()
    keys = cubic(5, 10, -0.75, renormalise=False)  # at 2.25: -5/256 a of Keys' kernel, by hand
    d = np.array([1.25, 0.25, 0.75, 1.75])
    near, far = 1.25 * d**3 - 2.25 * d**2 + 1, -0.75 * (d**3 - 5 * d**2 + 8 * d - 4)
    assert keys[5] == pytest.approx([0, far[0], near[1], near[2], far[3]])
    first = np.array([-0.25 - k for k in (-2, -1, 0, 1)])
    share = np.where(abs(first) <= 1, 1.25 * abs(first) ** 3 - 2.25 * first**2 + 1,
                     -0.75 * (abs(first) ** 3 - 5 * first**2 + 8 * abs(first) - 4))  # fmt: skip
    assert keys[0] == pytest.approx([share[:3].sum(), share[3], 0, 0, 0])  # beyond the end, the end again
    inside = share[2:] / share[2:].sum()
    assert cubic(5, 10, -0.75, renormalise=True)[0] == pytest.approx([*inside, 0, 0, 0])
    corners = cubic(3, 5, -0.5, renormalise=False, corners=True)
    assert corners[::2].tolist() == np.eye(3).tolist()
    assert corners[1] == pytest.approx([-0.0625 + 0.5625, 0.5625, -0.0625])


@pytest.mark.parametrize(("n", "N"), [(5, 9), (4, 11)])
def test_as_pil_enlarges(n, N):
    v = np.random.default_rng(0).random(n).astype(np.float32)
    of = lambda kind: np.asarray(Image.fromarray(v[None]).resize((N, 1), kind))[0]  # noqa: E731
    assert lanczos(n, N) @ v == pytest.approx(of(Image.LANCZOS), abs=1e-6)
    assert cubic(n, N, -0.5, renormalise=True) @ v == pytest.approx(of(Image.BICUBIC), abs=1e-6)
    assert bilinear(n, N) @ v == pytest.approx(of(Image.BILINEAR), abs=1e-6)


def test_splines_go_through_the_old_values():
    assert spline(2, 4) == pytest.approx(
        np.array([[1, 0], [20, 7], [7, 20], [0, 1]]) / [[1], [27], [27], [1]]
    )
    for n, N in ((5, 9), (4, 10)):
        R = spline(n, N)
        assert R[:: (N - 1) // (n - 1)] == pytest.approx(np.eye(n)) and R.sum(1) == pytest.approx(np.ones(N))
        assert R[::-1, ::-1] == pytest.approx(R)
    # between two values of a row 0 0 1 0 0, mirrored at its ends: the cardinal spline, solved by hand
    knots = np.linalg.solve(np.array([[4, 2, 0, 0, 0], [1, 4, 1, 0, 0], [0, 1, 4, 1, 0], [0, 0, 1, 4, 1],
                                      [0, 0, 0, 2, 4]]) / 6, np.eye(5)[2])  # fmt: skip
    assert spline(5, 9)[3, 2] == pytest.approx((knots[0] + 23 * knots[1] + 23 * knots[2] + knots[3]) / 48)
    assert spline(1, 3).tolist() == [[1], [1], [1]]


def test_opencv_cuts_bits_off():
    pixels = np.array([[[0], [200]], [[100], [255]]], np.uint8)
    assert as_opencv(pixels, (2, 2)).tolist() == pixels.tolist()
    found = as_opencv(pixels, (4, 4))[..., 0]
    exact = bilinear(2, 4) @ pixels[..., 0] @ bilinear(2, 4).T
    assert abs(found - exact).max() < 1 and found.tolist() == [
        [0, 50, 150, 200], [25, 72, 167, 214], [75, 117, 200, 241], [100, 139, 216, 255],
    ]  # fmt: skip
