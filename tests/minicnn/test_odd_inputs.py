"""Odd inputs and options: each gives what the same numbers in float64 give, or one sentence of ours."""

import inspect

import numpy as np
import pytest

from minicnn import Error, GraphError, LoadError, Tensor, backward, load, nets, one_hot, ops
from minicnn.layer import Apply, BatchNormLayer, ConvLayer, DropoutLayer, LinearLayer, Sequential
from minicnn.windows import out_size
from tests.support.cases import CASES

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NaN, infinity and float16


def odd(a):
    """Yield (what it is, something odd in place of the array a)."""
    yield "a list", a.tolist()
    yield "text", "photo.png"
    yield "objects", a.astype(object)
    yield "strings", a.astype(str)
    yield "a number", 2.0
    yield "an object", object()
    yield "one axis more", a[None]
    for dtype in ("u1", "i1", "i8", "f2", "?", "c8", "M8[s]"):
        yield dtype, abs(a * 10).astype(dtype)
    yield "big-endian", a.astype(a.dtype.newbyteorder(">"))
    if a.dtype.kind == "f":
        yield "NaN", a * np.nan
        yield "infinite", a * np.inf
    if a.ndim:
        yield "without axes", a.reshape(-1)[0]
        yield "empty", a[:0]
        yield "one axis less", a[0]
        yield "one more", np.concatenate([a, a[:1]])
        yield "cut short", a[..., :-1]
        yield "backwards", a[::-1]


def answer(f, *args):
    """What f gives; None if it is an error of ours, in one sentence."""
    try:
        return f(*args)
    except Error as error:
        assert len(str(error).splitlines()) == 1
        return None


def same(y, z, what):
    tolerance = {"f2": 2e-2, "big-endian": 1e-12}.get(what, 1e-6)
    finite = np.isfinite(y) & np.isfinite(z)  # float16 ends at 65504
    largest = abs(z[finite]).max(initial=1)
    return y.shape == z.shape and np.allclose(y[finite], z[finite], rtol=tolerance, atol=tolerance * largest)


def places(case):
    return [(i, what) for i, a in enumerate(case.inputs) for what, _ in odd(a)]


def test_there_are_many():
    assert sum(len(places(case)) for case in CASES) > 5000


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_operation_gives_what_float64_gives_or_one_sentence(case):
    for i, a in enumerate(case.inputs):
        for what, x in odd(a):
            args = case.arrays()
            args[i] = x
            y = answer(lambda: case.make()(*args))  # noqa: B023
            answer(sent_back, case, args)
            if y is None or y.dtype == bool or what in ("c8", "NaN", "infinite") or a.dtype.kind != "f":
                continue
            args[i] = np.asarray(x).astype(np.float64)
            assert same(y.astype(np.float64), case.make()(*args), what), f"{case.name}, input {i}, {what}"


def sent_back(case, args):
    inputs = [a if k in case.constants else Tensor(a) for k, a in enumerate(args)]
    y = case.make()(*inputs)
    return backward(y, np.ones(y.shape), [t for t in inputs if isinstance(t, Tensor)])


ODD = [0, -1, 2.5, -0.5, 1e9, np.nan, "x", None, (), (1, 2, 3), [[1]], object, True]
KINDS = [getattr(ops, name) for name in ops.__all__ if "__init__" in vars(getattr(ops, name))]
NEEDED = {("Einsum", "equation"): "ij,jk->ik", ("Clip", "low"): -1, ("Clip", "high"): 1}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_odd_options_are_an_answer_or_one_sentence(kind):
    options = [o for o in inspect.signature(kind).parameters.values() if o.kind is not o.VAR_POSITIONAL]
    needed = {o.name: NEEDED.get((kind.__name__, o.name), 2) for o in options if o.default is o.empty}
    for option in options:
        for value in ODD:
            for case in [case for case in CASES if type(case.make()) is kind][:2]:
                answer(lambda: kind(**{**needed, option.name: value})(*case.arrays()))  # noqa: B023


X, W = np.ones((2, 4, 6, 7)), np.ones((4, 4, 3, 3))


@pytest.mark.parametrize(
    "make",
    [
        lambda: ops.Conv(dilation=0)(X, W),
        lambda: ops.Conv(dilation=-1)(X, W),
        lambda: ops.Conv(stride=0)(X, W),
        lambda: ops.Conv(stride=(1, -2))(X, W),
        lambda: ops.Conv(pad=-1)(X, W),
        lambda: ops.Conv(groups=0)(X, W),
        lambda: ops.Conv(groups=-2)(X, W),
        lambda: ops.Conv()(X, np.ones((4, 4, 0, 3))),
        lambda: ops.ConvTranspose(stride=0)(X, W),
        lambda: ops.ConvTranspose(dilation=0)(X, W),
        lambda: ops.MaxPool(0)(X),
        lambda: ops.MaxPool(2, stride=0)(X),
        lambda: ops.MaxPool(2, pad=2)(X),
        lambda: ops.MaxPool(-1)(X),
        lambda: ops.AvgPool(2, pad=2, count_padding=False)(X),
        lambda: ops.AvgPool(2, stride=0)(X),
        lambda: ops.AvgPool(2, dilation=0)(X),
        lambda: ops.Dropout(2.0)(X),
        lambda: ops.Dropout(1.0)(X),
        lambda: ops.Dropout(-0.1)(X),
        lambda: ops.Dropout(np.nan)(X),
        lambda: ops.CrossEntropy()(np.ones((2, 3)), np.array([0, -1])),
        lambda: ops.CrossEntropy()(np.ones((2, 3)), np.array([0, 3])),
        lambda: ops.CrossEntropy()(np.ones((2, 3)), np.array([0.0, 1.0])),
        lambda: ops.AvgPool(2)(np.full((1, 1, 2, 2), 200, np.uint8)),
        lambda: ops.Softmax()(np.array([[1, 2]], np.uint8)),
        lambda: ops.Conv()(X.astype(np.uint8), W),
    ],
)
def test_what_was_taken_in_silence_is_refused(make):
    with pytest.raises(Error):
        make()


def test_the_largest_of_unsigned_numbers():
    assert ops.TopK(2)(np.array([0, 255, 7], np.uint8)).tolist() == [255, 7]
    assert ops.TopK(2, largest=False)(np.array([0, 255, 7], np.uint8)).tolist() == [0, 7]
    assert ops.TopK(1)(np.array([-128, 5], np.int8)).tolist() == [5]


def network():
    return Sequential(
        ConvLayer("conv", 3, 4, 3, pad=1),
        BatchNormLayer("bn", 4),
        Apply("relu", ops.ReLU),
        Apply("pool", ops.MaxPool, kernel=2),
        Apply("flat", ops.Flatten),
        DropoutLayer("drop"),
        LinearLayer("fc", 4 * 4 * 4, 5),
    ).initialise()


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    "made", [network, lambda: nets.squeezenet().initialise(), lambda: nets.lenet().initialise()]
)
def test_a_network_gives_scores_or_one_sentence(made, training):
    net = made().train(training)
    shape = (
        (2, 1, 28, 28) if isinstance(net["conv1"] if made is not network else net["conv"], ConvLayer) else ()
    )
    for x in (
        [[1.0]],
        None,
        "photo.png",
        object(),
        np.uint8(3),
        np.ones(shape, np.uint8),
        np.ones((2, 3, 8, 8)),
    ):
        answer(net, x)
        answer(lambda: net(Tensor(x)))  # noqa: B023
    for _, x in odd(np.ones((2, 3, 8, 8), np.float32)):
        answer(net, x)


def test_a_class_that_is_none():
    y = Tensor(np.ones((2, 3)))
    for c in (-1, 3, 1.0, "a", None, [0, 1, 2], [0, -1], np.array([[0, 1]]), object()):
        assert answer(one_hot, y, c) is None


def test_an_empty_batch_gives_an_empty_table_of_scores():
    assert network()(np.ones((0, 3, 8, 8), np.float32)).shape == (0, 5)


def test_half_precision_keeps_its_digits():
    x = np.linspace(-6, 60, 200)
    for op in (ops.GELU, ops.Erf, ops.TanhGELU, ops.Softplus):
        assert same(op()(x.astype(np.float16)).astype(float), op()(x), "f2")


def test_load_takes_nothing_odd():
    arrays = {name: t.data for name, t in network().arrays().items()}
    for what, x in odd(arrays["fc.b"]):
        if what not in ("NaN", "infinite", "big-endian", "f2", "backwards"):
            with pytest.raises(LoadError, match=r"belong to another network:\n  fc\.b \w"):
                load(network(), {**arrays, "fc.b": x})


def test_words_are_whole_numbers():
    with pytest.raises(Error, match="words as whole numbers, not float64"):
        ops.Embedding()(np.array([0.0, 1.0]), np.ones((3, 2)))


def test_smoothing_spreads_its_share_of_the_target_over_all_classes():
    x, t = np.log([[0.5, 0.3, 0.2]]), np.array([1])
    expected = -(0.05 * np.log(0.5) + 0.90 * np.log(0.3) + 0.05 * np.log(0.2))
    assert ops.CrossEntropy(0.15)(x, t) == pytest.approx(expected, rel=1e-12)


def test_of_many_arrays_that_do_not_fit_twelve_are_named():
    net = Sequential(*(ConvLayer(f"conv{k:02}", 2, 2, 1) for k in range(1, 8)))
    arrays = {f"conv{k:02}.{key}": np.zeros((9, 9), "f4") for k in range(1, 8) for key in "Wb"}
    with pytest.raises(LoadError) as error:
        load(net, arrays)
    said = str(error.value).splitlines()
    assert len(said) == 14 and said[12].startswith("  conv06.b is (9, 9)") and said[13] == "  ... and 2 more"


def test_more_values_than_there_are():
    x = np.arange(6.0).reshape(2, 3)
    for k in (-1, 4):
        with pytest.raises(GraphError, match=f"there are 3 values, not {k}"):
            ops.TopK(k)(Tensor(x))
    assert ops.TopK(3)(Tensor(x)).data.tolist() == [[2, 1, 0], [5, 4, 3]]
    assert ops.TopK(0)(Tensor(x)).shape == (2, 0)


@pytest.mark.parametrize("wrong", [{"kernel": 0}, {"stride": 0}, {"dilation": 0}, {"pad": (-1, 3)}])
def test_a_window_that_makes_no_sense(wrong):
    with pytest.raises(GraphError, match="a window needs a kernel, a stride and a dilation of at least 1"):
        out_size(**{"size": 9, "kernel": 3, **wrong})
    assert out_size(9, 1, 1, (0, 0), 1) == 9
