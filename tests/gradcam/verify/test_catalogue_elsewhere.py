"""Entries of the catalogue that speak of batches, of square or turned pictures, of channels, or of other
settings; and where an entry has nothing to say.  The numbers are made as in test_catalogue_entries.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gradcam import verify
from gradcam.methods.deep_lift import derivative
from gradcam.target import Target
from gradcam.targets import Region
from gradcam.verify.hypotheses import averaging, combining, contributions, starts, values, without_gradient
from gradcam.verify.hypotheses.catalogue import HYPOTHESES
from gradcam.verify.hypotheses.hypothesis import DoesNotApply
from gradcam.verify.reference.run import Run
from minicnn import GlobalAvgPool, ReLU, Tensor, ops
from minicnn.layer import Apply, BatchNormLayer, ConvLayer, LinearLayer, Sequential
from tests.gradcam.verify.test_catalogue_entries import (
    ALPHA,
    CAMS2,
    DRAWS,
    EACH,
    GUIDED,
    GX,
    NOISE,
    OF,
    PARTS,
    RELU,
    SETTINGS,
    A,
    C,
    G,
    S,
    Y,
    aligned,
    back,
    cam,
    cells,
    conv_back,
    enlarged,
    forward,
    gauss,
    half_pixel,
    keys,
    nearest,
    network,
    path,
    pil,
    score,
    six,
    softmax,
    spread,
    uncells,
    unit,
    without,
)
from tests.gradcam.verify.test_judge import X

TWO = np.concatenate([X, 0.5 * X[..., ::-1] + 0.1])
SQUARE = X[..., 2:10, :]


def question(method="gradient", x=X, layer="relu1", c=C, theirs=None, **settings):
    """The right map, or theirs, under the question."""
    asked, given = (network(), x, c, method, layer), settings or SETTINGS.get(method)
    if theirs is None:
        theirs = verify.Question(*asked, settings=given).reference["result"]
    return verify.Question(*asked, {"result": theirs}, settings=given)


def made(q, name, step="result"):
    """What the entry of that name, which is there once, makes of the reference."""
    (form,) = (f for h in HYPOTHESES for f in h.forms(q) if f.name == name)
    return Run(q, form.changes)[step]


def details(q, name):
    (entry,) = (h for h in HYPOTHESES if h.name == name)
    return [form.detail for form in entry.forms(q)]


def gives(q, expected):
    """expected: {name: the result}"""
    for name, result in expected.items():
        found = made(q, name)
        assert found.shape == result.shape, name
        np.testing.assert_allclose(found, result, rtol=0, atol=1e-9 * abs(result).max(), err_msg=name)


# --- several pictures


def test_entries_of_a_batch():
    q, R = question(x=TWO, c=[1, 2]), back(forward(TWO), np.eye(4)[[1, 2]])[1]
    first = "only the first picture of the batch is explained: "
    expected = {
        "normalised over the whole batch, by its maximum": R / R.max(),
        "normalised over the whole batch, from minimum to maximum": (R - R.min()) / np.ptp(R),
        "divided by its maximum": np.stack([m / m.max() for m in R]),
        first + "its map for every picture": np.stack([R[0], R[0]]),
        first + "zeros for the others": np.stack([R[0], 0 * R[0]]),
        "the batch's mean score instead of its sum": R / 2,
        "another class: the next one": back(forward(TWO), np.eye(4)[[2, 3]])[1],
        "another class: the one before": back(forward(TWO), np.eye(4)[[0, 1]])[1],
        "another class: class 0": back(forward(TWO), np.eye(4)[[0, 0]])[1],
        "every channel scaled by itself: divided by its maximum": R / R.max((2, 3), keepdims=True),
    }
    gives(q, expected)
    alone = {form.name for h in HYPOTHESES for form in h.forms(question())}
    assert alone & expected.keys() == {
        "divided by its maximum", "every channel scaled by itself: divided by its maximum"
    } and not [name for name in alone if "batch" in name]  # fmt: skip


def test_means_over_a_batch():
    g, _ = back(forward(TWO))
    maps = forward(TWO).A
    gives(
        question("grad_cam", TWO),
        {
            "the gradient is averaged along another axis: the batch as well: dim=(0, 2, 3)":
                cam(g.mean((0, 2, 3), keepdims=True), maps),
            "the gradient is averaged along another axis: the batch alone":
                cam(g.mean(0, keepdims=True), maps),
        },
    )  # fmt: skip
    seen = np.array(
        [[score(x[None] * m)[0] for m in unit(forward(x[None]).A)[0][:, None, None]] for x in TWO]
    )
    name = "all maps weigh the same: softmax over the wrong axis: softmax over the batch"
    gives(question("score_cam", TWO), {name: cam(softmax(seen, 0)[..., None, None], maps)})


def test_another_class_along_a_path_of_several_pictures():
    draws = [back(forward(TWO + noise), np.eye(4)[[2, 3]])[1] for noise in NOISE]
    gives(question("smoothgrad", TWO, c=[1, 2]), {"another class: the next one": np.mean(draws, axis=0)})


# --- rows and columns


def test_entries_of_a_square_picture():
    R = back(forward(SQUARE))[1]
    of = lambda x: back(forward(x))[1]  # noqa: E731
    turned = "picture turned or upside down: "
    gives(
        question(x=SQUARE),
        {
            "H and W exchanged": R.swapaxes(2, 3),
            "map turned by 90 degrees: to the left": np.rot90(R, 1, (2, 3)),
            "map turned by 90 degrees: to the right": np.rot90(R, -1, (2, 3)),
            "picture with H and W exchanged": of(SQUARE.swapaxes(2, 3)),
            turned + "upside down": of(SQUARE[:, :, ::-1]),
            turned + "by 180 degrees": of(SQUARE[:, :, ::-1, ::-1]),
            turned + "by 90 degrees to the left": of(np.rot90(SQUARE, 1, (2, 3))),
            turned + "by 90 degrees to the right": of(np.rot90(SQUARE, -1, (2, 3))),
        },
    )
    assert details(question(x=SQUARE), "a map (H, W) read as (W, H)") == []
    for name in ("H and W exchanged", "map turned by 90 degrees", "picture with H and W exchanged"):
        assert details(question(), name) == []
    assert details(question(), "picture turned or upside down") == ["upside down", "by 180 degrees"]


def test_entries_of_a_map_whose_rows_are_our_columns():
    q = question(theirs=np.ones((1, 3, 8, 12)))
    assert q.exchanged
    gives(
        q,
        {
            "H and W exchanged": GX.swapaxes(2, 3),
            "map turned by 90 degrees: to the left": np.rot90(GX, 1, (2, 3)),
            "map turned by 90 degrees: to the right": np.rot90(GX, -1, (2, 3)),
            "a map (H, W) read as (W, H)": GX.reshape(1, 3, 8, 12),
            "picture with H and W exchanged": back(forward(X.swapaxes(2, 3)))[1],
        },
    )
    q = question("grad_cam", layer="relu2", theirs=np.ones((1, 8, 12)))

    def to(way):
        """(6, 4) -> 8 rows, 12 columns"""
        rows, columns = (np.stack([way(e, N) for e in np.eye(n)], 1) for n, N in ((6, 8), (4, 12)))
        return rows @ CAMS2.map @ columns.T

    ways = {"": half_pixel, ": corners aligned": aligned, ": nearest neighbour": nearest,
            ": cubic, OpenCV": keys(-0.75)}  # fmt: skip
    name = "enlarged to W rows and H columns, instead of H rows and W columns"
    gives(q, {name + detail: to(way) for detail, way in ways.items()})
    for detail, kind in ((": cubic, PIL", Image.BICUBIC), (": Lanczos, PIL", Image.LANCZOS)):
        np.testing.assert_allclose(made(q, name + detail), to(pil(kind)), atol=2e-6 * CAMS2.map.max())
    assert details(question("grad_cam", layer="relu2", theirs=np.ones((1, 12, 8))), name) == []
    turned = forward(X.swapaxes(2, 3))
    small = RELU((OF["fc.W"][C][:, None, None] / 24 * RELU(turned.z2)).sum(1))
    rows, columns = (np.stack([half_pixel(e, N) for e in np.eye(n)], 1) for n, N in ((4, 8), (6, 12)))
    gives(q, {"picture with H and W exchanged": rows @ small @ columns.T})


# --- channels


def test_entries_of_a_result_with_channels():
    by = lambda f: np.stack([[f(m) for m in GX[0]]])  # noqa: E731
    apart = "every channel scaled by itself: "
    over = "inverted: high where the map is low: "
    gives(
        question(),
        {
            apart + "stretched from minimum to maximum": by(lambda m: (m - m.min()) / np.ptp(m)),
            apart + "divided by its maximum": by(lambda m: m / m.max()),
            apart + "divided by its largest magnitude": by(lambda m: m / abs(m).max()),
            apart + "mean 0, deviation 1": by(
                lambda m: (m - m.mean()) / np.sqrt(((m - m.mean()) ** 2).mean())
            ),
            over + "1 - every channel, stretched": by(lambda m: (m.max() - m) / np.ptp(m)),
            over + "the largest value of every channel minus the channel": by(lambda m: m.max() - m),
        },
    )
    for method, theirs in (("smoothgrad", DRAWS.mean(0).sum(0)[None, None]), ("saliency", None)):
        q = question(method, theirs=theirs)
        assert details(q, apart[:-2]) == [] and len(details(q, over[:-2])) == 5


def test_scales_of_what_has_no_scale():
    below, flat = np.array([-4.0, -2.0]), np.array([3.0, 3.0])
    assert values.over_max(below) is below and values.over_max(0 * below).tolist() == [0, 0]
    assert values.over_largest(below).tolist() == [-1, -0.5] and not values.over_largest(0 * below).any()
    assert values.min_max(flat) is flat and values.min_max(below).tolist() == [0, 1]
    assert values.min_max_guarded(below).tolist() == [0, 2 / (2 + 1e-7)]
    assert values.min_max_barely_guarded(below).tolist() == [0, 2 / (2 + 1e-8)]
    assert not values.min_max_guarded(flat).any() and not values.min_max_barely_guarded(flat).any()


# --- where the signal starts


def near_one(p, c=1, theirs=("result",), precision="float32", stored="", start=lambda q, v, p_c: p_c):
    q = SimpleNamespace(c=c, theirs=theirs, precision=lambda step: precision, stored=lambda step: stored)
    return {name: f(q, None, None) for name, f in starts.near_one(q, np.array(p), start).items()}


def test_probabilities_that_float32_may_have_had():
    ulp, p = 2.0**-24, 1 - 8 * 2.0**-24
    found = near_one([[1 - p, p]])
    assert list(found.values()) == [p - 2 * ulp, p - ulp, p, p + ulp, p + 2 * ulp]
    assert next(iter(found)) == f"in float32, with p = {p - 2 * ulp:.8f}"
    assert list(near_one([[0.0, 1.0]]).values()) == [1 - 2 * ulp, 1 - ulp, 1]
    assert near_one([[0.02, 0.98]]) == {} != near_one([[0.0199, 0.9801]])
    assert near_one([[p, 1 - p]]) == {} != near_one([[p, 1 - p]], c=0)
    assert near_one([[1 - p, p]] * 2) == near_one([[1 - p, p]], theirs=()) == {}
    assert near_one([[1 - p, p]], precision="float64") == near_one([[1 - p, p]], stored="8 bits") == {}
    assert near_one([[1 - p, p]], stored="the colours of a colour map") == {}
    assert len(near_one([[1 - p, p]], stored="float16")) == 5


def test_derivatives_with_a_probability_of_our_own():
    y = Tensor(np.log(np.array([[1.0, 2.0, 1.0]])), "y")
    v, q = SimpleNamespace(y=y), SimpleNamespace(c=1)
    source, signal = starts.by_hand(q, v, 0.75)  # p = (1/4, 3/4, 1/4)
    assert source is y and signal == pytest.approx(np.array([[-0.1875, 0.1875, -0.1875]]))
    sure = SimpleNamespace(y=Tensor(np.array([[0.0, 16.0]]), "y"))
    q = SimpleNamespace(
        c=1, theirs=["result"], precision=lambda step: "float32", stored=lambda step: "float16"
    )
    p = 1 / (1 + np.exp(-16.0))
    for of, both in ((starts.probabilities, True), (starts.of_sigmoid, False)):
        found = of(q, sure.y)
        assert next(iter(found)) == "" and len(found) > 3
        p_c = float(np.float32(p))
        source, signal = found[f"in float32, with p = {p_c:.8f}"](q, sure, None)
        slope = p_c * (1 - p_c)
        assert signal[0, 1] == pytest.approx(slope, rel=1e-9) and source is sure.y
        assert (signal[0, 0] != 0) == both


def test_classes_that_may_have_been_taken_instead():
    y = SimpleNamespace(data=np.array([[0.0, 3, 1, 2, -1]]), shape=(1, 5))
    assert list(starts.others(SimpleNamespace(c=3), y)) == [
        "class 4, the next one", "class 2, the one before", "class 1, the most probable one", "class 0",
    ]  # fmt: skip
    assert list(starts.others(SimpleNamespace(c=1), y)) == [
        "class 2, the next one", "class 0, the one before", "class 3", "class 4"
    ]  # fmt: skip
    assert next(iter(starts.others(SimpleNamespace(c=4), y))) == "class 3, the one before"
    many = SimpleNamespace(data=np.arange(21.0)[None] * [[1]], shape=(1, 21))
    assert list(starts.others(SimpleNamespace(c=7), many)) == [
        "class 8, the next one", "class 6, the one before", "class 20, the most probable one", "class 0",
        "class 19", "class 18", "class 17", "class 16",
    ]  # fmt: skip
    few = SimpleNamespace(data=many.data[:, :20], shape=(1, 20))
    assert len(starts.others(SimpleNamespace(c=7), few)) == 19
    both = SimpleNamespace(data=np.concatenate([many.data, -many.data]), shape=(2, 21))
    assert list(starts.others(SimpleNamespace(c=np.array([3, 3])), both)) == [
        "class 4, the next one", "class 2, the one before", "the most probable one", "class 0",
    ]  # fmt: skip
    assert list(starts.others(SimpleNamespace(c=np.array([20, 3])), both)) == [
        "the one before", "the most probable one", "class 0"
    ]  # fmt: skip


def test_gradients_that_were_not_emptied_in_between():
    name = "accumulated: the gradient of another class as well"
    found = details(question(c=3), name)
    assert found == ["class 0 and class 3", "class 1 and class 3", "class 2 and class 3", "classes 0 to 3"]
    expected = sum(back(forward(X), np.eye(4)[[c]])[1] for c in range(4))
    gives(question(c=3), {f"{name}: classes 0 to 3": expected})
    assert details(question(x=TWO, c=[1, 2]), name) == []
    many = SimpleNamespace(data=np.arange(21.0)[None], shape=(1, 21))
    assert list(starts.with_another(SimpleNamespace(c=20), many)) == [
        f"class {d} and class 20" for d in (19, 18, 17, 16)
    ]
    assert starts.with_another(SimpleNamespace(c=0), SimpleNamespace(shape=(1, 1))) == {}


def test_a_loss_of_a_single_score():
    y = Tensor(np.array([[0.5], [-2.0]]), "y")
    q, v = SimpleNamespace(c=0), SimpleNamespace(y=y)
    ((detail, change),) = starts.losses(q, y).items()
    assert detail == "binary, of this score alone"
    np.testing.assert_allclose(change(q, v, None)[1], 1 / (1 + np.exp(-y.data)) - 1)


@pytest.mark.parametrize("head, times", [
    (lambda y: ops.Div()(y, np.array(4.0)), lambda z: 4.0), (lambda y: ops.Mul()(y, 0.5), lambda z: 2.0),
    (lambda y: ops.Tanh()(y), lambda z: np.cosh(z) ** 2),
    (lambda y: ops.Softmax()(ops.Div()(y, np.array(4.0))), lambda z: 4.0),
])  # fmt: skip
def test_the_number_that_the_last_operation_takes(head, times):
    class Ends:
        def astype(self, dtype):
            return self

        def __call__(self, x):
            return head(network()(x))

    right = EACH[C]
    q = verify.Question(Ends(), X, C, "gradient", theirs={"result": right})
    np.testing.assert_allclose(right, times(Y[0, C]) * q.reference["result"], rtol=1e-9)
    name = "the number before the network's last operation"
    (detail,) = details(q, name)
    gives(q, {f"{name}: {detail}": right})
    verdict = verify.judge(q, pairs=False)
    assert verdict.kind == "convention" and verdict.names(name)
    assert details(question(), name) == []
    shifted = SimpleNamespace(op=None), ops.Add()(network()(Tensor(X, "x")), np.array(1.0))
    assert [starts.before_last(None, y) for y in shifted] == [{}, {}]


def test_gradients_beyond_a_normalisation_that_the_network_makes_itself():
    pixels = np.random.default_rng(0).integers(0, 256, X.shape) / 255
    g = back(forward(pixels))[1]
    name = "the gradient on the other side of the picture's normalisation"
    std = np.reshape([0.229, 0.224, 0.225], (3, 1, 1))
    gives(question(x=pixels), {
        f"{name}: of the normalised picture, ImageNet": g * std,
        f"{name}: of the pixels, 0 to 255, 0 to 1": g / 255,
    })  # fmt: skip
    g = back(forward(255 * pixels))[1]
    gives(question(x=255 * pixels), {f"{name}: of the normalised picture, ImageNet": g * 255 * std})
    five = verify.Question(network(), X, C, "gradient")
    five.x = np.ones((1, 5, 12, 8))
    assert details(five, name) == []


def test_numbers_that_may_have_been_explained_instead():
    mask = np.ones((12, 8))
    many = SimpleNamespace(shape=(1, 25, 12, 8))
    named = lambda target, y: list(  # noqa: E731
        starts.other_targets(SimpleNamespace(asked=str(target), target=target, c=None), y)
    )
    every, softmaxed = "all values of the output, summed", "the probability, by softmax"
    assert named(Target.of(1), SimpleNamespace(shape=(1, 3))) == [every, softmaxed]
    assert named(Target.of(1), SimpleNamespace(shape=(1, 1))) == [every]
    assert named(Target.probability(1), SimpleNamespace(shape=(1, 3))) == [every, "the score itself"]
    assert named("", None) == [] and named(Target.unit(1, 2, 3, layer="relu1"), many) == [every]
    found = named(Region(3, mask), many)
    assert found[:4] == [
        every, "the whole map of the class", "every class inside the region",
        "outside the region instead of inside",
    ]  # fmt: skip
    assert found[4:] == [f"the region, for class {d}" for d in range(20) if d != 3]
    assert len(named(Region(3, mask), SimpleNamespace(shape=(1, 6, 12, 8)))) == 4 + 5
    signal = np.array([[[[0, 3.0], [1, 0]], [[0, 0], [0, 0]], [[0, 0], [0, -2.0]]]])
    q = SimpleNamespace(target=Region(1, mask))
    found = {n: f(q, None, lambda: ("y", signal)) for n, f in starts.in_the_mean(q, None).items()}
    assert all(y == "y" for y, _ in found.values())
    assert {name: found[name][1].sum() for name in found} == {
        "over the region": 2 / 6, "over a whole map": 2 / 4, "over the whole output": 2 / 12
    }  # fmt: skip
    assert starts.in_the_mean(SimpleNamespace(target=Target.of(1)), None) == {}
    y = Tensor(np.array([[0.5, -2.0]]), "y")
    assert starts.all_scores(SimpleNamespace(method="gradient"), SimpleNamespace(y=y), None)[1].tolist() == [
        [1, 1]
    ]
    assert starts.all_scores(SimpleNamespace(method="lrp_gamma"), SimpleNamespace(y=y), None)[1] is y.data


# --- paths and covers


def test_a_path_from_another_baseline_by_another_rule():
    q = question("integrated_gradients", steps=3, rule="right", baseline=0.7)
    places, shares = np.array([1, 2, 3]) / 3, [1 / 3] * 3
    bare = path(places, shares, 0.7, multiplied=False)
    gives(
        q,
        {
            "another rule for the places between baseline and picture: Gauss-Legendre": path(*gauss(3), 0.7),
            "another number of steps: 20 steps": path(np.arange(1, 21) / 20, [0.05] * 20, 0.7),
            "another baseline: zero": path(places, shares),
            "another baseline: black": path(places, shares, X.min((2, 3), keepdims=True)),
            "another baseline: white": path(places, shares, X.max((2, 3), keepdims=True)),
            "multiplied by x instead of x - x'": X * bare,
            "not multiplied by x - x'": bare,
            "the path starts at zero, the factor x - x' at the baseline":
                (X - 0.7) * path(places, shares, multiplied=False),
            "the weights of the steps are rounded to float32":
                path(places, [float(np.float32(1 / 3))] * 3, 0.7),
        },
    )  # fmt: skip
    rule, steps = "another rule for the places between baseline and picture", "another number of steps"
    ours = ["midpoint", "left: a = 0 ... (m-1)/m", "trapezoid", "plain mean, both ends"]
    assert details(q, rule) == ["Gauss-Legendre", *ours]
    assert details(question("integrated_gradients", steps=1, rule="right"), rule) == [
        "Gauss-Legendre", ours[0], ours[1], ours[3]
    ]  # fmt: skip
    assert details(question("integrated_gradients", steps=2, rule="midpoint"), rule) == [
        "Gauss-Legendre", "right: a = 1/m ... 1", *ours[1:]
    ]  # fmt: skip
    assert details(question("integrated_gradients", steps=25), steps) == [
        f"{m} steps" for m in (10, 20, 32, 50, 64, 100)
    ]
    zero = question("integrated_gradients", steps=3, rule="right")
    assert details(zero, "the path starts at zero, the factor x - x' at the baseline") == []
    one = question("integrated_gradients", steps=3, rule="right", baseline=1.0)
    names = ["the picture's smallest value", "the picture's largest value", "the picture's mean",
             "the mean of each channel", "black", "white"]  # fmt: skip
    assert details(one, "another baseline") == ["zero", *names]
    assert details(zero, "another baseline") == ["one", *names]
    assert averaging.by_pixels(SimpleNamespace(x=np.zeros((1, 4, 2, 2))), None) == {}


def test_windows_that_fit_the_picture():
    windows = "another window, or another step from one to the next"
    assert details(question("occlusion", window=4, stride=2), windows) == [
        "side by side", "at every pixel", "half as large", "twice as large"
    ]  # fmt: skip
    assert details(question("occlusion", window=4, stride=4), windows) == [
        "at every pixel", "half as large", "twice as large"
    ]  # fmt: skip
    assert details(question("occlusion", window=1, stride=1), windows) == ["twice as large"]
    of = lambda x, **settings: without_gradient.windows(SimpleNamespace(x=x, settings=settings), None)  # noqa: E731
    wide = of(np.zeros((1, 3, 15, 40)), window=(6, 30), stride=(2, 3))
    assert list(wide) == ["side by side", "at every pixel", "half as large", "15 pixels, every 8"]
    assert "15 pixels, every 8" not in of(np.zeros((1, 3, 14, 40)), window=(6, 7), stride=(2, 3))
    covered = "covered with something else"
    usual = ["black", "white", "halfway between black and white", "the picture's mean",
             "the mean of each channel", "zero", "one half", "one"]  # fmt: skip
    assert details(question("occlusion", window=4, stride=2, fill=0.5), covered) == [
        name for name in usual if name != "one half"
    ]
    q = question("occlusion", window=6, stride=6, fill=0.5)
    low, high = X.min((2, 3), keepdims=True), X.max((2, 3), keepdims=True)
    for name, fill in (("black", low), ("white", high), ("halfway between black and white", (low + high) / 2),
                       ("zero", 0.0)):  # fmt: skip
        x = X.copy()
        x[:, :, :6, :6] = fill[..., :1, :1] if np.ndim(fill) else fill
        found = made(q, f"{covered}: {name}")
        assert found[0, 0, 0] == pytest.approx((score(X) - score(x)).item())
    summed = question("occlusion", window=4, stride=2, average="sum")
    assert details(summed, "the windows of a pixel joined in another way") == ["their mean"]


def test_what_stands_in_for_a_map():
    least = A.min()
    far = np.where(least == 0, 0, least - 1e7 * (1 + np.arange(6)))
    other = "something else than zero for a map: "
    assert least == 0  # behind a ReLU: nothing lies below
    gives(
        question("ablation_cam"),
        {
            other + "of pytorch-grad-cam: far below the smallest value of all maps":
                cam((Y[0, C] - without(far)) / Y[0, C]),
            other + "its smallest value": cam((Y[0, C] - without(A[0].min((1, 2)))) / Y[0, C]),
            other + "the smallest value of all maps": cam((Y[0, C] - without(least)) / Y[0, C]),
        },
    )  # fmt: skip
    a = np.array([3.0, -2.0, 5.0]).reshape(1, 3, 1, 1)
    below = without_gradient.far_below(None, SimpleNamespace(A=Tensor(a)), lambda: 0 * a)
    assert below.ravel().tolist() == [-2 - 1e7, -2 - 2e7, -2 - 3e7]
    a = np.ones((1, 33, 1, 1))
    below = without_gradient.far_below(None, SimpleNamespace(A=Tensor(a)), lambda: 0 * a)
    assert below[0, 31, 0, 0] == 1 - 32e7 and below[0, 32, 0, 0] == 1 - 1e7
    assert without_gradient._norm(np.array([[[3.0, 4.0]], [[0.0, 0.0]]])).tolist() == [5, 1]


def test_masks_with_something_in_the_denominator():
    made_by = {
        name: f(None, SimpleNamespace(activation=A, input=X), None)
        for name, f in without_gradient.enlarged(None, None).items()
    }
    bend = lambda e: (A - A.min((2, 3), keepdims=True)) / (np.ptp(A, axis=(2, 3), keepdims=True) + e)  # noqa: E731
    for eps, note in ((0, ""), (1e-8, "1e-08"), (1e-7, "1e-07"), (1e-6, "1e-06")):
        behind = note and f", {note} in the denominator"
        names = [f"enlarged corner to corner{behind}", f"enlarged by the nearest neighbour{behind}",
                 f"brought to 0..1 before they are enlarged{behind}"]  # fmt: skip
        for name in names + [f"{note} in the denominator"] * bool(note):
            np.testing.assert_allclose(made_by.pop(name), bend(eps), rtol=1e-12, err_msg=name)
    assert list(made_by) == ["not brought to 0..1", "all maps brought to 0..1 together"]
    small = forward(X).A[..., ::2, ::2]
    v = SimpleNamespace(activation=small, input=X)
    names = without_gradient.enlarged(None, None)
    found = names["brought to 0..1 before they are enlarged"](None, v, None)
    rows, columns = (np.stack([half_pixel(e, N) for e in np.eye(n)], 1) for n, N in ((6, 12), (4, 8)))
    np.testing.assert_allclose(found, rows @ unit(small) @ columns.T, atol=1e-12)
    rows, columns = (np.stack([aligned(e, N) for e in np.eye(n)], 1) for n, N in ((6, 12), (4, 8)))
    found = names["enlarged corner to corner"](None, v, None)
    np.testing.assert_allclose(found, unit(rows @ small @ columns.T), atol=1e-12)


# --- sums of maps


def test_relatives_whose_weights_are_defined_here():
    relatives = {"Grad-CAM++", "XGrad-CAM", "HiResCAM", "LayerCAM", "Eigen-CAM", "Score-CAM", "Ablation-CAM"}
    known = relatives | {"Grad-CAM", "Counterfactual", "CAM"}

    def family(method, layer="relu1"):
        return known.intersection(details(question(method, layer=layer), "another method of the family"))

    assert family("grad_cam") == family("guided_grad_cam") == relatives
    assert family("grad_cam", "relu2") == relatives
    assert family("hirescam") == (relatives - {"HiResCAM"}) | {"Grad-CAM", "Counterfactual"}
    assert family("hirescam", "relu2") == family("hirescam") | {"CAM"}
    gives(question("hirescam", layer="relu2"), {
        "another method of the family: CAM": RELU((OF["fc.W"][C][:, None, None] * CAMS2.A).sum(1))
    })  # fmt: skip
    q = question("hirescam")
    assert combining.possible("grad_cam", q, None) and combining.possible("score_cam", q, None)
    with pytest.raises(DoesNotApply, match="CAM's layer is the one in front of the pooling"):
        combining.as_if("cam", q, q.reference)
    q.affords = lambda passes: passes < 6
    assert not combining.possible("score_cam", q, None) and combining.possible("xgrad_cam", q, None)


def test_parts_of_a_sum():
    gives(
        question("guided_grad_cam"),
        {"a sum instead of the mean over i, j":
            back(S, rule2=lambda g, z: RELU(g) * (z > 0))[1] * cam(G.sum((2, 3), keepdims=True))[:, None]},
    )  # fmt: skip
    weights = np.array([1000.0, 1000.0 + np.log(3)]).reshape(1, 2, 1, 1)
    assert combining.rows(None, None, lambda: weights).ravel() == pytest.approx([0.25, 0.75])
    flat = SimpleNamespace(gradient=np.zeros((1, 2, 1, 1)), activation=np.ones((1, 2, 1, 1)))
    for name, f in combining.denominators(None, None).items():
        assert not f(None, flat, None).any(), name
    assert list(combining.denominators(None, None)) == [
        "none", "sum A g^3 instead of g^3 sum A", "sum A g^3 instead of g^3 sum A, plus 1e-7",
        "g^2 sum A instead of g^3 sum A", "the sum of the positive gradient: every map weighs 1",
    ]  # fmt: skip
    assert made(question("grad_cam"), "ReLU on every term before the sum") == pytest.approx(
        RELU(ALPHA * A).sum(1)
    )


def full(parts):
    total = 0
    for p in map(abs, parts):
        total = total + spread((p - p.min()) / (np.ptp(p) or 1)).sum(1)
    return total


def test_parts_of_full_grad():
    lost = "parts of FullGrad are missing: "
    q = question("full_grad")
    gives(
        q,
        {
            lost + "the input's alone": full(PARTS[:1]),
            lost + "the biases' alone": full(PARTS[1:]),
            "gradients that are not multiplied by input and biases":
                full([GX, *(p / OF[f"{n}.b"][:, None, None] for p, n in zip(PARTS[1:], ("conv1", "conv2")))]),
        },
    )  # fmt: skip
    assert details(q, lost[:-2]) == ["the input's alone", "the biases' alone", "the last layer's left out"]
    assert len(made(q, lost + "the last layer's left out", "parts")) == 3 == len(q.reference.parts) - 1
    normed = Sequential(
        ConvLayer("conv1", 3, 6, 3, pad=1), BatchNormLayer("bn1", 6), Apply("relu1", ReLU),
        Apply("pool", GlobalAvgPool), LinearLayer("fc", 6, 4),
    ).initialise(3).astype(np.float64)  # fmt: skip
    some = contributions.some(None, normed(Tensor(X, "x")))
    left = some["batchnorm's left out"](None, None, lambda: ["x", "conv1", "bn1", "fc"])
    assert left == ["x", "conv1", "fc"]
    only = Sequential(BatchNormLayer("bn1", 3), Apply("pool", GlobalAvgPool)).initialise(3)
    assert "batchnorm's left out" not in contributions.some(None, only.astype(np.float64)(Tensor(X, "x")))


# --- differences from a baseline, and variants


def lift(base, relu=True, pool=True):
    """DeepLIFT's multipliers: quotients (z - z') / (x - x') at ReLUs and pool, or derivatives."""
    s, t = forward(X), forward(np.broadcast_to(base, X.shape))

    def slope(z, z_):
        return (RELU(z) - RELU(z_)) / (z - z_) if relu else z > 0

    of = OF["fc.W"][[C]][..., None, None] / 24
    g, g_ = (  # two signals: derivatives at x and at x'
        conv_back(of * slope(*zs), OF["conv2.W"])[..., None] for zs in ((s.z2, t.z2), (t.z2, s.z2))
    )
    wins, won = (np.eye(4)[cells(r.A).argmax(-1)] for r in (s, t))
    top, apart = np.maximum(s.p, t.p), cells(s.A) - cells(t.A)
    moved = g * (top - t.p)[..., None] * wins + g_ * (s.p - top)[..., None] * won
    g = np.where(abs(apart) > 1e-9, moved / np.where(apart, apart, 1), g * wins) if pool else g * wins
    return conv_back(uncells(g) * slope(s.z1, t.z1), OF["conv1.W"])


def test_quotients_and_derivatives_of_deep_lift():
    of, base = "the derivative instead of DeepLIFT's quotient: ", 0.4 * X[..., ::-1] + 0.2
    q, towards = question("deep_lift", baseline=base), X - base
    gives(
        q,
        {
            of + "everywhere: the gradient at x": towards * GX,
            of + "at the activations": towards * lift(base, relu=False),
            of + "at the max-pools": towards * lift(base, pool=False),
            "multipliers alone, not times x - x'": lift(base),
            "another baseline of DeepLIFT: zero": X * lift(0.0),
        },
    )
    np.testing.assert_allclose(q.reference["result"], towards * lift(base), atol=1e-12)
    tables = contributions.rules_of_lift(None, None)
    plain = tables["at the activations"](None, None, None)
    assert all(plain[kind] is derivative for kind in (ops.ReLU, ops.LeakyReLU, ops.Sigmoid, ops.Tanh))


def test_entries_of_variants():
    one, other = unit(cam(ALPHA)), enlarged(half_pixel, unit(CAMS2.map))
    barely = lambda m: (m - m.min((-2, -1), keepdims=True)) / (np.ptp(m, axis=(-2, -1), keepdims=True) + 1e-7)  # noqa: E731
    name = "an epsilon where maps are stretched"
    nearly = barely((barely(cam(ALPHA)) + enlarged(half_pixel, barely(CAMS2.map))) / 2)
    assert abs(nearly - unit((one + other) / 2)).max() > 1e-8
    np.testing.assert_allclose(made(question("fused_grad_cam"), name), nearly, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        made(question("aug_smooth_grad_cam", layer="relu2"), name), six(barely), rtol=0, atol=1e-12
    )
    draws = np.stack([abs(d).max(0) for d in DRAWS])
    three = {"smoothgrad": draws.mean(0), "smoothgrad_sq": (draws**2).mean(0), "vargrad": draws.var(0)}
    for name_of, right in three.items():
        of_draws = question(f"{name_of}_saliency", noise=NOISE).reference["result"]
        np.testing.assert_allclose(of_draws, right[None], rtol=1e-9, atol=1e-15)
    noisy = "another mean over the noisy pictures: "
    gives(
        question("smoothgrad_saliency"),
        {
            noisy + "the variance by n - 1": draws.var(0, ddof=1)[None],
            noisy + "standard deviation": draws.std(0)[None],
            noisy + "mean of |.|": draws.mean(0)[None],
            noisy + "a sum": draws.sum(0)[None],
            "the map of the picture alone": abs(GX).max(1),
        },
    )
    single = question("vargrad_saliency", noise=NOISE[:2])
    assert details(single, noisy[:-2]) == [
        "mean", "mean of squares", "standard deviation", "mean of |.|", "a sum", "the variance by n - 1"
    ]  # fmt: skip
    q = SimpleNamespace(method="smoothgrad_sq_gradient", settings={"noise": NOISE[:1]})
    assert list(contributions.over_draws(q, None)) == [
        "mean", "variance (VarGrad)", "standard deviation", "mean of |.|", "a sum"
    ]  # fmt: skip
    gives(question("guided_layercam"), {
        "guided backprop times the stretched map": GUIDED * unit(cam(RELU(G)))[:, None]
    })  # fmt: skip
