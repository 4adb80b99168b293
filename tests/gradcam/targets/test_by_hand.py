"""Targets of outputs of a few numbers, written out: which number, which share, which class."""

import numpy as np
import pytest

from gradcam import Target
from gradcam.outputs import chosen, each, ends, scores
from gradcam.target import OfSignal, OfSum, begin, named, strongest_unit
from gradcam.targets import Box, Finer, Function, Number, Region, Step
from gradcam.targets.arithmetic import Traced
from gradcam.targets.region import _alike, _inside, filled, overlap
from minicnn import GraphError, Sigmoid, Softmax, Sum, Tensor, backward


def begun(target, y):
    signal = target.begin(Tensor(y, "y"))[1]
    assert signal.shape == y.shape
    return signal


# --- classes, units, signals

SCORES = np.array([[1.0, 3.0, 0.0], [2.0, 2.0, 5.0]])


def test_classes_of_a_batch():
    both = Target.score((1, 2))
    assert begun(both, SCORES).tolist() == [[0, 1, 0], [0, 0, 1]]
    assert begun(Target.value((1, 2)), SCORES).tolist() == [[0, 3, 0], [0, 0, 5]]
    assert both.repeated(2).c == (1, 2, 1, 2) and Target.score(1).repeated(3).c == 1
    assert both.numbers(np.stack([SCORES, -SCORES])).tolist() == [[3, 5], [-3, -5]]
    assert [both.class_of(n) for n in (0, 1)] == [1, 2] and Target.score(2).class_of(1) == 2
    assert Target.value(1).plain() == Target.score(1) and Target.of(2, "value") == Target.value(2)
    index = {"a": 0, "b": 1}.get
    assert Target.score(("b", "a")).numbered(index).c == (1, 0) and Target.score("b").numbered(index).c == 1
    column = np.array([7.0, 8.0])
    assert (
        Target.score(0).numbers(column[None]).tolist() == [[7, 8]]
        and begun(Target.score(0), column).sum() == 2
    )
    assert str(both) == "the score of class 1, class 2"
    assert Target.value(0).said("no {}".format) == "the score, its signal times its value, of no 0"
    assert str(Target.probability(1, output="logits")) == "the probability of class 1 at output logits"


def test_probabilities_have_a_slope_by_softmax_or_by_sigmoid():
    p = np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True)
    slope = begun(Target.probability((1, 2)), SCORES)
    for n, c in ((0, 1), (1, 2)):
        expected = -p[n, c] * p[n]
        expected[c] = p[n, c] * (1 - p[n, c])
        np.testing.assert_allclose(slope[n], expected)
    sure = begun(Target.probability(1), np.array([[0.0, 40.0]]))  # whose 1 - p_c is no difference from 1
    assert sure[0] == pytest.approx([-np.exp(-40), np.exp(-40)], rel=1e-12, abs=0)
    s = 1 / (1 + np.exp(-SCORES))
    slope = begun(Target.probability((1, 2), by="sigmoid"), SCORES)
    np.testing.assert_allclose(slope, [[0, s[0, 1] * (1 - s[0, 1]), 0], [0, 0, s[1, 2] * (1 - s[1, 2])]])
    assert Target.probability(1).numbers(SCORES[None])[0] == pytest.approx(p[:, 1])
    assert Target.probability(1, by="sigmoid").numbers(SCORES[None])[0] == pytest.approx(s[:, 1])
    assert Target.probability(0).numbers(SCORES[None, :, :1])[0] == pytest.approx(s[:, 0])
    y = Tensor(SCORES, "y")
    assert Target.probability(0).settled(y).by == "softmax" and Target.score(0).settled(y) == Target.score(0)
    assert Target.probability(0).settled(y, "sigmoid").by == "sigmoid"
    assert Target.probability(0, by="softmax").settled(y, "sigmoid").by == "softmax"
    assert Target.probability(0).settled(Tensor(SCORES[:, :1], "y")).by == "sigmoid"
    assert Target.probability(0).settled(Sigmoid()(y)).by == "sigmoid"
    with pytest.raises(GraphError, match="the network ends in a softmax: its probabilities do not"):
        Target.probability(0, by="sigmoid").begin(Softmax()(y))
    with pytest.raises(GraphError, match="a probability comes by 'softmax' or by 'sigmoid', not by 'relu'"):
        Target.probability(0, by="relu")
    with pytest.raises(GraphError, match=r"a probability is of a table of scores .*, not of \(2, 3, 1\)"):
        Target.probability(0).begin(Tensor(SCORES[..., None], "y"))


def test_what_follows_a_softmax_is_warned_of():
    for end, said in (
        (Softmax(), "mixes in every other class and vanishes"),
        (Sigmoid(), "its gradient vanishes"),
    ):
        with pytest.warns(UserWarning, match=said):
            Target.score(0).begin(end(Tensor(SCORES, "y")))
    with pytest.warns(UserWarning, match="follows a softmax"):
        Target.signal(None).begin(Softmax()(Tensor(SCORES, "y")))


def test_units_and_signals():
    A = Tensor(np.arange(24.0).reshape(2, 3, 2, 2), "A")
    A.data[0, 1, 1, 0] = 99
    assert [i.tolist() for i in strongest_unit(A)] == [[1, 2], [1, 1], [0, 1]]
    wide = Tensor(np.arange(24.0).reshape(2, 2, 2, 3), "A")
    wide.data[0, 1, 0, 2] = 99
    assert [i.tolist() for i in strongest_unit(wide)] == [[1, 1], [0, 1], [2, 2]]
    unit = Target.unit((1, 2), 1, (0, 1))
    assert np.argwhere(begun(unit, A.data)).tolist() == [[0, 1, 1, 0], [1, 2, 1, 1]]
    assert unit.repeated(2).place == ((1, 2, 1, 2), 1, (0, 1, 0, 1))
    assert str(unit) == "unit ((1, 2), 1, (0, 1)) of the output"
    assert str(Target.unit(1, 2, 3, layer="conv4")) == "unit (1, 2, 3) of conv4"
    w = np.array([[1.0, 0, 2], [0, 3, 0]])
    weighted = Target.signal(w)
    assert begun(weighted, SCORES).tolist() == w.tolist() and begun(Target.signal(None), SCORES).sum() == 6
    assert Target.signal(None).numbers(np.stack([SCORES, -SCORES])).tolist() == [[4, 9], [-4, -9]]
    assert weighted.numbers(SCORES[None]).tolist() == [[1, 6]]
    assert (
        np.array_equal(weighted.repeated(2).weights, [*w, *w])
        and Target.signal(None).repeated(2).weights is None
    )
    assert OfSignal(w, start="value").begin(Tensor(SCORES, "y"))[1].tolist() == (w * SCORES).tolist()
    assert OfSignal(w, start="value").plain().start == "score"
    assert str(weighted) == "a weighted sum of all values of the output"
    assert str(Target.signal(None, layer="conv4")) == "the sum of all values of conv4"
    stack = np.ones((5, 2, 3), bool)
    assert Target.signal(stack).begin(Tensor(SCORES, "y"))[1].dtype == np.float64
    for wrong in (w.T, w[0, :2], w[:, :, None]):
        with pytest.raises(GraphError, match=r"a signal at y \(2, 3\) must have that shape"):
            Target.signal(wrong).begin(Tensor(SCORES, "y"))
    with pytest.raises(GraphError, match="a signal is an array of floats or bools, not list"):
        Target.signal([1.0])
    with pytest.raises(GraphError, match="is not at the network's output"):
        Target.unit(0, 0, 0).numbers(A.data[None])
    with pytest.raises(GraphError, match="a probability is asked for by its class"):
        Target.of(w, "probability")
    with pytest.raises(GraphError, match="is a target that says where its signal starts"):
        Target.of(weighted, "value")
    with pytest.raises(GraphError, match="start is one of score, probability, value, not 'logit'"):
        Target.of(1, "logit")
    with pytest.raises(GraphError, match="ndarray remembers no operations"):
        begin(SCORES, 1)


def test_a_tensor_by_its_name_among_those_of_all_outputs():
    x = Tensor(SCORES, "x")
    a, inner = Sum((1,))(x, name="a"), Softmax()(x, name="inner")
    b = Sum((0,))(inner, name="b")
    assert named({"a": a, "b": b}, "inner") is inner and named((a,), "x") is x and named(b, None) is b
    for outputs, of in ((a, "a"), ((a,), "a"), ((a, b), "y")):
        with pytest.raises(GraphError, match=f"no tensor is called 'no' among those that lead to {of};"):
            named(outputs, "no")


def test_a_sum_over_two_layers_is_one_number_for_each_picture():
    x = Tensor(np.arange(8.0).reshape(2, 2, 2), "x")
    y = Sum((2,))(x, name="y")
    total, signal = (2 * Target.signal(None, layer="x") - Target.score(1)).begin(y)
    # twice all of x, minus its second row
    assert total.data.tolist() == [2 * 6 - 5, 2 * 22 - 13] and signal.tolist() == [1, 1]
    assert backward(total, signal, wrt=x)[0].tolist() == [[2, 2], [1, 1]]
    target = 0.5 * (Target.score(1) - 2 * Target.score(0))
    assert str(target) == "0.5 times the score of class 1 minus the score of class 0"
    assert str(-target + Target.score(2)).startswith(
        "minus 0.5 times the score of class 1 plus the score of class 0"
    )
    assert (1 - 1) * Target.score(1) == OfSum(((0.0, Target.score(1)),))
    assert str(0 * Target.score(1)) == "0 times the score of class 1"
    with pytest.raises(TypeError):
        "2" * Target.score(1)
    with pytest.raises(TypeError):
        Target.score(1) - 2
    named = (Target.score("b") - Target.value("a")).numbered({"a": 0, "b": 1}.get)
    assert named.plain() == Target.score(1) - Target.score(0)
    assert (Target.score((1, 0)) - Target.score(2)).repeated(2).parts[0][1].c == (1, 0, 1, 0)


# --- regions


def test_shares_of_cells():
    assert overlap(2, 4).tolist() == [[0.5 * 2, 0], [1, 0], [0, 1], [0, 1]]
    assert overlap(4, 2).tolist() == [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]
    np.testing.assert_allclose(overlap(3, 2), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]])
    np.testing.assert_allclose(_inside(0.25, 0.875, 4), [0, 1, 1, 0.5])
    np.testing.assert_allclose(_inside(0.3, 0.4, 2), [0.2, 0])
    mask = np.array([[1.0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0], [1, 1, 0, 0]])
    assert filled(mask, (2, 2)).tolist() == [[0.25, 0.25], [0.5, 0]]
    assert _alike((8, 6), (4, 3)) and _alike((9, 6), (4, 3)) and not _alike((9, 3), (4, 3))
    assert not _alike((6, 8), (4, 3))


def test_a_region_weighs_the_cells_of_its_class():
    y = np.arange(2 * 3 * 2 * 4.0).reshape(2, 3, 2, 4)
    mask = np.zeros((2, 4), bool)
    mask[1, 2] = True
    signal = begun(Region(1, mask), y)
    assert np.argwhere(signal).tolist() == [[0, 1, 1, 2], [1, 1, 1, 2]]
    assert Region(1, mask).numbers(np.stack([y, 2 * y])).tolist() == [
        [y[0, 1, 1, 2], y[1, 1, 1, 2]], [2 * y[0, 1, 1, 2], 2 * y[1, 1, 1, 2]]
    ]  # fmt: skip
    box = begun(Region(2, box=(0.5, 0, 0.625, 0.75)), y)
    assert not box[:, :2].any() and box[1, 2].tolist() == [[0, 0, 0.5, 0], [0, 0, 0.25, 0]]
    each_own = np.stack([mask, ~mask])
    signal = begun(Region(0, each_own), y)
    assert (
        signal[0, 0].tolist() == mask.astype(float).tolist()
        and signal[1, 0, 1, 2] == 0 == signal[0, 1:].sum()
    )
    repeated = Region(0, each_own).repeated(2)
    assert (
        np.array_equal(repeated.mask, [mask, ~mask, mask, ~mask]) and Region(0, mask).repeated(2).mask is mask
    )
    assert begun(Region(None), y[:, 0]).sum() == 16 and begun(Region(None), y[:, :1]).sum() == 16
    predicted = Region(2, "predicted").settled(Tensor(y, "y"))
    assert predicted.mask.shape == (2, 2, 4) and predicted.mask.all()
    with pytest.raises(GraphError, match="nowhere is class 1 the strongest"):
        Region(1, "predicted").settled(Tensor(y, "y"))
    some = y.copy()
    some[:, 1, 0, 3] = 99
    assert np.argwhere(Region(1, "predicted").settled(Tensor(some, "y")).mask).tolist() == [
        [0, 0, 3],
        [1, 0, 3],
    ]
    with pytest.raises(GraphError, match="3 masks for 2 pictures"):
        begun(Region(0, np.ones((3, 2, 4))), y)
    with pytest.raises(GraphError, match="a mask of 4 x 2 would be stretched to the output's 2 x 4 places"):
        begun(Region(0, mask.T), y)
    for c in (3, -1, 1.0):
        with pytest.raises(GraphError, match=r"there is no class .*: the output \(2, 3, 2, 4\) has 3"):
            begun(Region(c), y)
    Region(0, box=(0, 0, 1, 1))
    for box in ((0, 0, 0, 1), (0, 1, 1, 1), (-0.1, 0, 1, 1), (0, 0, 1.1, 1), (0, -0.1, 1, 1), (0, 0, 1, 1.1),
                (0, 0, 1)):  # fmt: skip
        with pytest.raises(GraphError, match="a box is"):
            Region(0, box=box)


def test_what_is_explained_in_a_phrase():
    name, mask = "no {}".format, np.ones((2, 2), bool)
    for target, said in (
        (Region(1), "the sum of the scores of no 1 everywhere"),
        (Region(1, mask), "the sum of the scores of no 1 inside a mask"),
        (Region(None, "predicted"), "the sum of the scores of the output inside a mask"),
        (Region("cat", box=(0, 0.25, 0.5, 1), output="seg"),
         "the sum of the scores of cat inside the box 0, 0.25, 0.5, 1 at output seg"),
        (Box(3), "the score of its strongest class in box 3"), (Box(3, 1), "the score of no 1 in box 3"),
        (Box(0, (1, 2), output=0), "the score of no 1, no 2 in box 0 at output 0"),
        (Step(-1, 2), "the score of no 2 at step -1"), (Finer(1, (0,)), "what tells no 1 from no 0"),
        (Finer("cat", output="a"), "what tells cat from those like it at output a"),
        (Number(1, output="age"), "no 1 at output age, upwards"),
    ):  # fmt: skip
        assert target.said(name) == said
    index = {"a": 0, "b": 1}.get
    assert Region("b").numbered(index).c == 1 and Region(None).numbered(index).c is None
    assert Box(2, "b").numbered(index).c == 1 and Box(2).numbered(index).c is None
    assert Step(0, "b").numbered(index) == Step(0, 1)
    assert Finer("b", ("a",)).numbered(index) == Finer(1, (0,)) and Finer("b").numbered(index) == Finer(1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mask": np.ones((2, 2)), "box": (0, 0, 1, 1)}, "by a mask or by a box, not by both"),
        ({"mask": "cat"}, "a mask is an array .* or 'predicted', not 'cat'"),
        ({"mask": np.zeros((2, 2))}, "with something in it"),
        ({"mask": np.ones(4)}, "with something in it"),
        ({"mask": np.ones((1, 1, 2, 2))}, "with something in it"),
        ({"mask": np.array([["a"]])}, "with something in it"),
    ],
)
def test_what_is_no_region(given, said):
    with pytest.raises(GraphError, match=said):
        Region(0, **given)


# --- boxes, steps, numbers


def test_the_score_of_a_row_of_a_detector():
    y = np.arange(2 * 3 * 7.0).reshape(2, 3, 7)
    y[1, 2, 4] = 99  # the strongest class of the second picture's third row is its first
    assert np.argwhere(begun(Box(2, 1), y)).tolist() == [[0, 2, 5], [1, 2, 5]]
    assert np.argwhere(begun(Box(2), y)).tolist() == [[0, 2, 6], [1, 2, 4]]
    assert np.argwhere(begun(Box(2, 1, columns=5), y)).tolist() == [[0, 2, 6], [1, 2, 6]]
    turned = np.ascontiguousarray(y.swapaxes(1, 2))
    assert np.argwhere(begun(Box(2, 1, axis=2), turned)).tolist() == [[0, 5, 2], [1, 5, 2]]
    assert Box(2, 1).numbers(np.stack([y, -y])).tolist() == [
        [y[0, 2, 5], y[1, 2, 5]],
        [-y[0, 2, 5], -y[1, 2, 5]],
    ]
    assert Box(2).settled(Tensor(y, "y")).c == (2, 0) and Box(2).settled(Tensor(y[:1], "y")).c == 2
    assert Box(2, (2, 0)).repeated(2).c == (2, 0, 2, 0) and Box(2, 1).repeated(2).c == 1
    for wrong, said in ((Box(3, 1), "there is no box 3: .* has 0 to 2"), (Box(-1, 1), "there is no box -1"),
                        (Box(0, 3), "there is no class 3: a row has 3"), (Box(0, -1), "there is no class -1"),
                        (Box(0, 0, columns=7), "no class score is left of 7 numbers"),
                        (Box(0, 0, columns=3, axis=2), "no class score is left of 3 numbers"),
                        (Box(0, 0, axis=3), "a row of a detector is of an output")):  # fmt: skip
        with pytest.raises(GraphError, match=said):
            begun(wrong, y)


def test_the_score_at_a_step():
    y = np.arange(2 * 4 * 3.0).reshape(2, 4, 3)
    assert np.argwhere(begun(Step(1, 2), y)).tolist() == [[0, 1, 2], [1, 1, 2]]
    assert np.argwhere(begun(Step(-1, 0), y)).tolist() == [[0, 3, 0], [1, 3, 0]]
    assert Step(-4, 1).numbers(y[None]).tolist() == [[1, 13]]
    for wrong in (y[0], y[..., None]):
        with pytest.raises(GraphError, match="a step of a sequence is of an output"):
            begun(Step(0, 0), wrong)
    for t in (4, -5):
        with pytest.raises(GraphError, match=f"there is no step {t}: .* has 4 of them"):
            begun(Step(t, 0), y)


def test_a_number_up_or_down():
    y = np.array([[1.0, 5.0], [2.0, 7.0]])
    assert (
        begun(Number(1), y).tolist() == [[0, 1], [0, 1]] and begun(Number(1, downwards=True), y).sum() == -2
    )
    assert Number(1).numbers(y[None]).tolist() == [[5, 7]]
    assert Number(1, True).numbers(y[None]).tolist() == [[-5, -7]] and Number(1).class_of() == 1
    assert Number(1).said() == "number 1, upwards" and Number(0, True).said("age".format) == "age, downwards"


def test_what_tells_a_class_from_others():
    y = np.array([[1.0, 4.0, 2.5, -1.0, 0.5]])
    target = Finer(0).settled(Tensor(y, "y"))
    assert target.others == (4, 2, 3)  # 0.5, 1.5 and 2 from it
    w = np.exp(y[0, [4, 2, 3]]) / np.exp(y[0, [4, 2, 3]]).sum()
    assert Finer(0).numbers(y[None]) == pytest.approx(1 - w @ y[0, [4, 2, 3]])
    assert Finer(0, alpha=0.25).numbers(y[None]) == pytest.approx(1 - 0.25 * w @ y[0, [4, 2, 3]])
    assert Finer(0, (1,)).numbers(y[None]) == pytest.approx(1 - 4)
    for wrong, said in ((Finer(5), "there is no class 5"), (Finer(0, (1, -1)), "there is no class -1")):
        with pytest.raises(GraphError, match=said):
            wrong.settled(Tensor(y, "y"))
    with pytest.raises(GraphError, match="differs from picture to picture"):
        Finer(0).settled(Tensor(np.concatenate([y, y]), "y"))
    assert Finer(0).said() == "what tells class 0 from those like it"
    assert Finer(0, (1, 2)).said() == "what tells class 0 from class 1, class 2"


# --- functions


FUNCTIONS = {
    "a sum of slices": (lambda y: y[:, 1] - 2 * y[:, 0] + 3, [[-2, 1, 0]]),
    "a product": (lambda y: y[:, 0] * y[:, 2], [[5, 0, 2]]),
    "a ratio": (lambda y: y[:, 0] / y[:, 1], [[1 / 4, -2 / 16, 0]]),
    "over an array": (lambda y: 8 / y[:, 0] - y[:, 2] / 2, [[-2, 0, -0.5]]),
    "a power": (lambda y: y[:, 1] ** 3, [[0, 48, 0]]),
    "a power of powers": (lambda y: y[:, 0] ** y[:, 1], [[4 * 2**3, 16 * np.log(2), 0]]),
    "the largest": (lambda y: y.max(axis=1), [[0, 0, 1]]),
    "the smallest": (lambda y: y.min(axis=1), [[1, 0, 0]]),
    "a mean": (lambda y: y.mean(axis=1), [[1 / 3] * 3]),
    "the larger of two": (lambda y: np.maximum(y[:, 0], 3 - y[:, 1] + 3), [[1, 0, 0]]),
    "the smaller of two": (lambda y: np.minimum(y[:, 0], y[:, 1]), [[1, 0, 0]]),
    "logarithms": (lambda y: np.log(y[:, 1]) + np.log1p(y[:, 0]), [[1 / 3, 1 / 4, 0]]),
    "roots": (lambda y: np.sqrt(y[:, 1]) - np.square(y[:, 0]), [[-4, 1 / 4, 0]]),
    "taken twice": (lambda y: y[:, [2, 2, 0]].sum(axis=1), [[1, 0, 2]]),
    "a matrix": (lambda y: (y @ np.array([[1.0], [2], [3]])).sum(axis=1), [[1, 2, 3]]),
    "subtracted from": (lambda y: 7 - y[:, 2] - abs(-y[:, 1]), [[0, -1, -1]]),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_functions_derivative(name):
    f, slope = FUNCTIONS[name]
    y = Tensor(np.array([[2.0, 4.0, 5.0]]), "y")
    tensor, signal = Function(f).begin(y)
    np.testing.assert_allclose(backward(tensor, signal, wrt=y), slope, rtol=1e-12)
    assert tensor.data.ravel() == pytest.approx(f(y.data))
    assert Function(f).numbers(y.data[None]).ravel() == pytest.approx(f(y.data))


def test_of_equal_numbers_the_first_gets_the_signal():
    y = Tensor(np.array([[3.0, 3.0, 1.0], [0.0, 2.0, 2.0]]), "y")
    for f, slope in (
        (lambda v: v.max(axis=1), [[1, 0, 0], [0, 1, 0]]), (lambda v: v.max(axis=0), [[1, 1, 0], [0, 0, 1]]),
        (lambda v: v.max(axis=-1), [[1, 0, 0], [0, 1, 0]]), (lambda v: v.max(), [[1, 0, 0], [0, 0, 0]]),
        (lambda v: np.maximum(v[:, 0], v[:, 1]), [[1, 0, 0], [0, 1, 0]]),
        (lambda v: np.minimum(v[:, 1], v[:, 2]), [[0, 0, 1], [0, 1, 0]]),
    ):  # fmt: skip
        tensor = f(Traced(y)).tensor
        assert backward(tensor, np.ones_like(tensor.data), wrt=y).tolist() == slope


# --- outputs


def test_which_of_several_outputs():
    a, b = Tensor(np.zeros((1, 2)), "a"), Tensor(np.zeros((1, 3)), "b")
    assert chosen(a) is a and chosen(a, 0) is a and chosen({"one": a}) is a and chosen([a]) is a
    assert (
        chosen({"one": a, "two": b}, "two") is b
        and chosen((a, b), 1) is b
        and chosen({"a": None, "b": b}) is b
    )
    for outputs, name, said in (
        (a, 1, "the network has one output, and no output 1"),
        ((a, b), None, r"2 outputs, 0 \(1, 2\), 1 \(1, 3\): say"), ((a, b), 2, "and none is called 2"),
        ({"one": a, "two": b}, "three", "and none is called 'three'"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            chosen(outputs, name)
    assert each(len, {"x": [1], "y": [1, 2]}) == {"x": 1, "y": 2}
    assert each(np.shape, (a.data, b.data)) == ((1, 2), (1, 3))
    p, s = Softmax()(a), Sigmoid()(b)
    assert ends({"p": p, "s": s, "a": a}) == ["softmax", "sigmoid", None]
    assert scores(p) is a and scores(s) is b and scores(a) is a


def test_sums_of_targets_are_weighed():
    y = np.array([[1.0, 10.0, 100.0]])
    target = Target.score(1) - Target.score(2) + Target.score(0) - Target.score(1)
    assert target.numbers(y[None]).tolist() == [[-99]]
    tensor, signal = (-Target.score(2)).begin(Tensor(y, "y"))
    assert (signal * tensor.data).sum() == -100


def test_a_function_gives_a_number_for_each_picture():
    y = np.arange(12.0).reshape(1, 3, 4)  # one list of three pictures
    assert Function(lambda y: y[:, 1]).numbers(y).tolist() == [[1, 5, 9]]
    assert Function(lambda y: y[:, :2]).numbers(y).tolist() == [[1, 9, 17]]
    for f in (lambda y: y[0], lambda y: y[:2, 0], lambda y: y.sum()):
        with pytest.raises(GraphError, match=r"must give a number for each picture \(3,\), not \("):
            Function(f).numbers(y)


def test_what_a_function_is_called_is_words():
    double = Function(lambda y: 2 * y[:, 0], "twice the first")
    y = Tensor(np.float64([[3, 4], [5, 6]]), "y")
    assert double.phrase == "twice the first" and double.begin(y)[0].data.ravel().tolist() == [6, 10]
    for f, words in ((3, "a number"), (np.sum, 3)):
        with pytest.raises(GraphError, match="Function takes a function of the output, and"):
            Function(f, words)
