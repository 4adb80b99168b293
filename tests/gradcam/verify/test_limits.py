"""How much is still called equal, kept in bytes, a multiple or a tie: each limit from both sides."""

import matplotlib
import numpy as np
import pytest

from gradcam import verify
from gradcam.verify.judging import multiple
from gradcam.verify.report.verdict import STATUS, Compared
from gradcam.verify.rounding.colours import jet, read_back
from gradcam.verify.rounding.differences import Difference, difference, precision, tolerance
from gradcam.verify.rounding.propagation import near_ties
from gradcam.verify.rounding.storage import like_bfloat16, like_bits, like_bytes, like_digits, storage
from minicnn import MaxPool, Tensor, history
from minicnn.layer import Apply
from tests.gradcam.verify.test_judge import X, net, question

NOISE = np.random.default_rng(2).uniform(0.5, 1, X.shape)


def test_what_rounding_does_to_a_number():
    assert tolerance("float64") == 1e-11 and tolerance("float32") == 2e-6
    assert tolerance("float32", 10) == pytest.approx(32 * 10 / 2**24)
    assert tolerance("float64", 1e6) == pytest.approx(32e6 / 2**53)


def off(by):
    right = question("gradient").reference["result"]
    return right + by * abs(right).max() * NOISE


@pytest.mark.parametrize(("by", "kind"), [(0, np.float64), (0.9e-11, np.float64), (1.5e-6, np.float32)])
def test_within_rounding_is_equal(by, kind):
    verdict = verify.judge(question("gradient", result=off(by).astype(kind)), pairs=False)
    assert verdict.kind == "equal", str(verdict)
    assert verdict.compared[0].tolerance < (2e-11 if kind is np.float64 else 2e-5)


@pytest.mark.parametrize(("by", "kind"), [(4e-11, np.float64), (1e-9, np.float64), (1e-4, np.float32)])
def test_beyond_rounding_is_not(by, kind):
    assert verify.judge(question("gradient", result=off(by).astype(kind)), pairs=False).kind != "equal"


def test_a_difference_in_three_measures():
    found = difference(np.array([[1.0, -5.0], [0.0, 4.0]]), np.array([[1.0, -2.0], [0.0, 8.0]]))
    assert (found.largest, found.relative, found.where) == (4, 0.5, (1, 1))
    assert found.l2 == pytest.approx(np.sqrt((9 + 16) / (1 + 4 + 64)))
    assert difference(np.zeros(2), np.zeros(2)).relative == 0
    assert difference(np.ones(2), np.zeros(2)).relative == np.inf
    assert difference(np.full(2, 3e200), np.full(2, 1e200)).l2 == pytest.approx(2)
    assert found.as_dict() == {"largest": 4, "relative": 0.5, "l2": found.l2, "where": [1, 1]}


def test_a_step_is_the_same_up_to_its_tolerance():
    at, above = (Compared("s", Difference(1, r, 1, (0,)), 0.1) for r in (0.1, 0.1001))
    assert (at.mark, at.differs, above.mark, above.differs) == ("same", False, "DIFFERS", True)
    at.explained("tie", 3.0), above.explained("tie", 3.0)
    assert (at.mark, at.moves, above.mark, above.moves) == ("same", 0, "tie", 3)
    assert {kind: status for kind, status in STATUS.items() if status != 1} == {
        "equal": 0, "convention": 0, "rounding": 0, "tie": 0, "imprecise": 2, "refused": 2,
    }  # fmt: skip


def test_a_multiple_is_one_to_five_digits():
    ours = np.array([1.0, 2.0, -4.0])
    assert multiple(3 * ours, ours) == pytest.approx(3) and multiple(-ours, ours) == -1
    assert multiple(ours, 0 * ours) is None
    beside = np.array([1, -0.5, 0])  # at a right angle to ours
    assert multiple(3 * ours + 12 * 0.9e-5 * beside, ours) == pytest.approx(3)
    assert multiple(3 * ours + 12 * 1.1e-5 * beside, ours) is None


def test_what_it_was_computed_in():
    fits, more = np.array([0.5, 0.1], np.float32).astype(float), np.array([0.5, 0.1])
    assert precision(fits) == "float32" and precision(more) == "float64"
    assert precision(more, "float16") == precision(more, "uint8") == "float32"


def test_what_looks_like_bytes():
    whole = np.array([0.0, 3.0, 200.0, 255.0])
    assert like_bytes(whole) and like_bytes(whole / 255) and like_bytes(whole + 0.9e-4 * (whole == 3))
    assert not like_bytes(whole + 1.2e-4 * (whole == 3)) and not like_bytes(whole + (whole == 255))
    assert not like_bytes(0 * whole)
    signed = np.array([-100.0, 3.0])
    assert like_bytes(signed) and not like_bytes(25.55 * signed)
    assert not like_bytes(np.array([-99.0, 3.0])) and like_bytes(np.array([-2550.0, 3.0]))
    assert not like_bytes(np.array([-2551.0, 3.0]))


def test_what_looks_like_few_digits_or_bits():
    assert like_digits(np.array([1.23456, 0.000123456, -123456.0, 0]))
    assert not like_digits(np.array([1.234567])) and like_digits(np.array([12.34]), 4)
    assert not like_digits(np.array([12.345]), 4)
    assert like_bits(np.array([0.75, -3.25, 12.0]), 4) and not like_bits(np.array([17.0]), 4)
    assert like_bfloat16(np.array([1.0, 1.0078125])) and not like_bfloat16(np.array([1.00390625]))
    random = np.random.default_rng(0).random(50)
    assert storage(np.round(255 * random), random) == "8 bits" and storage(random, random) == ""
    assert storage(np.float64(np.float16(random)), random) == "float16"
    assert storage(random, random, "uint8") == "8 bits"
    assert storage(np.float64(np.float16(random)), np.float64(np.float16(random))) == ""


def test_opencvs_jet_by_its_corners():
    table = np.round(255 * jet())
    assert table[[0, 255]].tolist() == [[0, 0, 128], [128, 0, 0]]
    np.testing.assert_allclose(jet()[::-1, ::-1], jet(), atol=1e-12)  # read from the other end, red is blue
    for colour, middle in ((2, 63.75), (1, 127.5), (0, 191.25)):
        full = np.flatnonzero(table[:, colour] == 255)
        assert full.mean() == pytest.approx(middle, abs=0.5) and len(full) == 64


@pytest.mark.parametrize("exchanged", [False, True])
@pytest.mark.parametrize("name", ["inferno", "viridis"])
def test_a_picture_in_colours_is_read_back(name, exchanged):
    steps = np.random.default_rng(0).permutation(256).reshape(1, 16, 16)
    picture = matplotlib.colormaps[name](np.arange(256), bytes=True)[:, :3][steps]
    values, found = read_back(picture[..., ::-1] if exchanged else picture)
    assert abs(values - (steps + 0.5) / 256).max() < 4 / 256
    assert found.startswith(name) and ("exchanged" in found) == exchanged
    for by, known in ((1, True), (7, False)):
        moved = np.clip(picture.astype(int) + by * (picture < 200), 0, 255).astype(np.uint8)
        assert (read_back(moved) is not None) == known


def test_other_pictures():
    steps = np.arange(256).reshape(1, 16, 16)
    values, found = read_back(np.repeat(steps[..., None], 3, axis=-1).astype(np.uint8))
    assert found == "grey" and np.array_equal(values * 255, steps)
    rows = np.uint8(np.round(255 * jet()))[steps]
    values, found = read_back(np.moveaxis(rows, -1, -3))
    assert found == "jet" and abs(values - (steps + 0.5) / 256).max() < 4 / 256
    assert read_back(steps) is None and read_back(steps[..., None] * np.ones(5)) is None
    noise = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), dtype=np.uint8)
    assert read_back(noise) is None and read_back(np.float64(rows) - 20) is None


def test_near_ties_of_gates_and_of_windows():
    model = net()
    y = verify.Question(model, X, 1, "gradient").reference.y
    assert near_ties(y, 0.0) == []
    t = next(t for t in history(y) if t.name == "relu1")
    sizes = np.sort(abs(t.op.x[t.op.x != 0]).ravel()) / abs(t.op.x).max()
    share = sizes[2]
    found = [f for f in near_ties(y, share * (1 + 1e-12)) if f[0] is t]
    assert len(found) == 3 and all(abs(t.op.x[at]) == abs(to) and t.op.x[at] == -to for _, at, to in found)
    assert len([f for f in near_ties(y, share * (1 - 1e-9)) if f[0] is t]) == 2
    x = np.zeros((1, 1, 2, 4))
    x[0, 0] = [[1.0, 0.9, 5.0, 1.0], [0.5, 0.95, 5.0, 0.0]]
    pooled = Apply("pool", MaxPool, kernel=2)(Tensor(x, "x"))
    assert [(at, tap) for _, at, tap in near_ties(pooled, 0.011)] == [((0, 0, 0, 0), 3)]
    assert [(at, tap) for _, at, tap in near_ties(pooled, 0.021)] == [((0, 0, 0, 0), 1), ((0, 0, 0, 0), 3)]
    exact = near_ties(pooled, 1e-9, exact=True)
    assert [(at, tap) for _, at, tap in exact] == [((0, 0, 0, 1), 2)]
