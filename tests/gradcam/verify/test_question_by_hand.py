"""A question: what is remembered of it, how layers, signals and other outputs are read, and what theirs may
look like.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from gradcam import verify
from gradcam.target import Target
from gradcam.targets import Function, Region
from gradcam.verify import VerifyError
from gradcam.verify import question as room
from gradcam.verify.reference.run import Run
from gradcam.verify.wrappers import OfOutput, OfSignals, OfTarget
from minicnn import Add, Conv, GlobalAvgPool, Linear, Op, ReLU, Reshape, Sigmoid, Softmax, Tensor, Transpose
from minicnn.layer import Apply, ConvLayer, Layer, Sequential
from tests.gradcam.verify.test_judge import X, net, question
from tests.gradcam.verify.test_targets import MASK, Segmenter, by_hand, inside

TWO = np.concatenate([X, -X])


# --- what is remembered


def test_other_questions_of_the_same_run():
    q = question("grad_cam", x=TWO, c=[1, 2], result=np.ones((2, 6, 4)))
    right = q.reference
    right["result"], right["signal"]
    asked = {key[0] for key in q.values}
    assert {"y", "A", "activation", "start", "input", "weights", "map", "result"} <= asked
    hires = q.of_method("hirescam")
    assert {key[0] for key in hires.values} == {"input", "y", "start", "A", "activation"}
    assert hires.reference.y is right.y and (hires.method, q.method) == ("hirescam", "grad_cam")
    cam = q.of_method("cam")  # whose layer is its own
    assert "A" not in {key[0] for key in cam.values} and cam.reference.y is right.y
    other = q.of_class(np.array([0, 3]))
    assert other.values == {} and other.target.c == (0, 3) and other.c.tolist() == [0, 3]
    assert np.argwhere(other.reference.start[1]).tolist() == [[0, 0], [1, 3]]
    three = q.times(3)
    assert three.method == "gradient" and three.c.tolist() == [1, 2, 1, 2, 1, 2] and three.values == {}
    assert question("gradient").times(3).c == 1
    pictures = np.arange(3.0).reshape(3, 1, 1, 1, 1) + TWO
    found = right.elsewhere(pictures)
    assert found.question.c.tolist() == [1, 2] * 3 and found["input"].shape == (6, 3, 12, 8)
    changes = (
        ("twice", "input", lambda q, v, old: 2 * old()), ("rules", "rules", lambda q, v, old: "guided"),
        ("scores", "y", lambda q, v, old: Tensor(old().data)), ("w", "weights", lambda q, v, old: 0),
    )  # fmt: skip
    there = Run(q, changes).elsewhere(pictures)  # these are the pictures, whatever was done to the first
    assert np.array_equal(there["input"], pictures.reshape(6, 3, 12, 8)) and there.rules == "guided"
    assert [name for name, *_ in there.changes] == ["elsewhere", "rules", "scores"]
    given = Tensor(np.zeros((4, 4)))
    by_scores = Run(q, changes).elsewhere(scores=given)
    assert by_scores.y is given and [name for name, *_ in by_scores.changes] == [
        "elsewhere",
        "twice",
        "rules",
    ]
    low = q.low
    assert low is q.low and low.x.dtype == np.float32 and low.reference["y"].dtype == np.float32
    assert low.values is not q.values and q.x.dtype == np.float64
    assert low.theirs is q.theirs


def test_only_the_reference_and_the_newest_of_large_passes_are_kept(monkeypatch):
    q = question("gradient")
    y = q.reference.y
    q.reference["signal"]
    kept = set(q.values)
    for n in range(70):
        q.remember(("y", (f"n{n}",)), y)
    assert sum(key[0] == "y" for key in q.values) == 65
    q.forget()
    assert set(q.values) == kept
    monkeypatch.setattr(room, "LARGE", 0)
    q.remember(("y", ("a",)), y)
    for key in (
        ("start", ("a",)),
        ("A", ("a", "c")),
        ("weights", ("a",)),
        ("start", ("b",)),
        ("input", ("a",)),
    ):
        q.remember(key, y)
    q.remember(("y", ("b",)), y)
    assert set(q.values) - kept == {
        ("y", ("b",)), ("weights", ("a",)), ("start", ("b",)), ("input", ("a",))
    }  # fmt: skip
    assert ("y", ()) in q.values
    q.remember(("y", ("b", "c")), y)
    assert ("y", ("b", "c")) in q.values and ("y", ("b",)) not in q.values


def test_what_is_large(monkeypatch):
    q = question("gradient")
    size = room._bytes(q.reference.y)
    y = q.reference.y
    weights = 6 * (3 * 9 + 1) + 6 * (6 * 9 + 1) + 4 * (6 + 1)
    assert size == 8 * (3 * 96 + 2 * 6 * 96 + 3 * 6 * 24 + 6 + 4 + weights)
    assert q.affords(1) and not q.large
    for limit, three in ((3 * size, True), (3 * size - 1, False)):
        monkeypatch.setattr(room, "LARGE", limit)
        assert q.affords(3) is three and q.affords(2)
    for slow, large in ((size, False), (size - 1, True)):
        monkeypatch.setattr(room, "SLOW", slow)
        assert question("gradient").large is large
    assert q.allow(q.reference) == () and q.allow(Run(q, (("a", "y", None),))) == (Op,)
    x, bias = Tensor(np.ones((1, 2)), "x"), Tensor(np.ones((1, 2)), "bias")
    assert q.input_of(Add()(bias, x)) is x and q.input_of(y).name == "x" and q.base == "gradient"
    assert q.input_of(ReLU()(Add()(bias, x), name="x")) is x
    assert verify.Question(net(), X, 1, "guided_layercam", "relu1").base == "layercam"


def test_how_theirs_was_computed_and_kept():
    right = question("grad_cam").reference["result"]
    q = question("grad_cam", result=right.astype(np.float32))
    assert q.given == {"result": "float32"} and q.precision("result") == "float32"
    q = question("grad_cam", result=right)
    assert q.precision("result") == "float64" and q.stored("result") == ""
    q = question("grad_cam", result=np.uint8(np.round(255 * right / right.max())))
    assert q.stored("result") == "8 bits" and q.precision("result") == "float32"
    torch_like = SimpleNamespace(detach=lambda: torch_like, cpu=lambda: torch_like, numpy=lambda: right,
                                 resolve_conj=lambda: torch_like,
                                 dtype="torch.float16", shape=right.shape)  # fmt: skip
    q = question("grad_cam", result=torch_like, gradient=None)
    assert q.given == {"result": "float16"} and list(q.theirs) == ["result"]
    assert not q.exchanged and q.comparable("result")


# --- what is asked of what


def test_a_fused_map_is_asked_at_its_last_layer():
    fused = lambda layer=None: verify.Question(  # noqa: E731
        net(), X, 1, "fused_grad_cam", layer, settings={"layers": ["relu1", "relu2"]}
    )
    assert fused().layer == "relu2" and fused("relu1").layer == "relu1"
    assert verify.Question(net(), X, 1, "grad_cam").layer == "relu2"
    assert verify.Question(net(), X, 1, "cam", "relu1").layer == "relu2"
    assert verify.Question(net(), X, 1, "gradient", "fc").layer == "fc"
    called = verify.Question(net(), X, 1, "grad_cam", "theirs", names_of={"theirs": "relu1"}.get)
    assert called.layer == "relu1"
    low, high = question("gradient").pixels
    assert np.array_equal(low, X.min((0, 2, 3))[:, None, None].reshape(low.shape)) and (high > low).all()
    assert verify.Question(net(), X, 1, "lrp_z_box", settings={"pixels": (-9, 9)}).pixels == (-9, 9)
    q = verify.Question(net(), X, Target.probability(1), "gradient")
    assert q.asked == str(Target.probability(1)) and q.c == 1 and question("gradient").asked == ""


class Ends(Layer):
    """Scores of two classes behind other operations: f(scores)."""

    def __init__(self, end, dtype=np.float64):
        self.end, self.W, self.dtype = end, np.arange(6.0).reshape(2, 3), dtype

    def __call__(self, x):
        y = GlobalAvgPool()(ReLU()(x, name="relu"))
        return self.end(Linear()(y, self.W.astype(self.dtype), name="scores"))

    def astype(self, dtype):
        return Ends(self.end, dtype)


def flat(y):
    return Reshape((-1,))(y)


def test_the_scores_are_what_stands_before_a_softmax_and_a_squeeze():
    right = RELU_MEANS @ np.arange(6.0).reshape(2, 3).T
    for end in (
        lambda y: y, lambda y: Softmax()(y), flat,
        lambda y: flat(Softmax()(y)), lambda y: flat(Sigmoid()(y)), lambda y: Softmax()(flat(y)),
    ):  # fmt: skip
        q = verify.Question(Ends(end), X, 1, "gradient")
        np.testing.assert_allclose(q.reference["y"], right, err_msg=str(end))
    y = verify.Question(Ends(lambda y: Reshape((1, 2))(flat(y))), X, 1, "gradient").reference.y
    assert isinstance(y.op, Reshape)
    inner = Softmax()(Tensor(np.zeros((1, 2))))
    assert room._of_one_shape(flat(inner)) and not room._of_one_shape(inner)
    assert not room._of_one_shape(flat(Tensor(np.zeros((1, 2)))))
    assert not room._of_one_shape(flat(ReLU()(Tensor(np.zeros((1, 2))))))
    with pytest.raises(VerifyError, match=r"returns \(1, 4, 12, 8\), and a class has a score where"):
        verify.Question(Segmenter(), X, 1, "gradient")


RELU_MEANS = np.maximum(X, 0).mean((2, 3))


def test_outputs_of_which_one_or_a_function_is_explained():
    one = verify.Question(Segmenter(two=True), X, Target.score(7, output="flat"), "gradient")
    assert isinstance(one.net, OfOutput) and one.c == 7 and one.target.output is None
    several = verify.Question(Segmenter(two=True), X, Region(1, MASK, output="map"), "gradient")
    assert isinstance(several.net, OfTarget) and several.c == 0 and several.reference["y"].shape == (1, 1)
    assert several.reference["y"].item() == pytest.approx((Segmenter()(X)[0, 1] * MASK).sum())
    np.testing.assert_allclose(several.reference["result"], by_hand(inside), atol=1e-12)
    of_function = verify.Question(Segmenter(), X, Function(lambda y: y[:, 1, 2, 3]), "gradient")
    assert isinstance(of_function.net, OfTarget) and of_function.c == 0
    plain = verify.Question(Segmenter(), X, Region(1, MASK), "gradient")
    assert isinstance(plain.net, Segmenter) and plain.c is None
    N = verify.Question(Segmenter(), TWO, Region(1, MASK, output=None), "gradient").net
    assert isinstance(N, Segmenter)
    both = OfTarget(Segmenter(), Region(1, MASK), 2)
    four = np.concatenate([TWO, 2 * TWO])
    np.testing.assert_allclose(both(four)[:, 0], (Segmenter()(four)[:, 1] * MASK).sum((1, 2)))
    assert both(four).shape == (4, 1) and both(Tensor(four)).name == str(Region(1, MASK))
    assert both.astype(np.float32)(four.astype(np.float32)).dtype == np.float32


# --- signals


class OfLength(Layer):
    """A network of signals (N, 3, L)."""

    def __init__(self, dtype=np.float64):
        r = np.random.default_rng(3)
        self.A, self.B, self.dtype = r.standard_normal((4, 3, 1, 3)), r.standard_normal((2, 4)), dtype

    def __call__(self, x):
        assert x.ndim == 3 and x.shape[1] == 3
        x = Reshape((x.shape[0], 3, 1, x.shape[2]))(x)
        a = ReLU()(Conv(pad=((0, 0), (1, 1)))(x, self.A.astype(self.dtype)), name="relu1")
        return Linear()(GlobalAvgPool()(a), self.B.astype(self.dtype))

    def astype(self, dtype):
        return OfLength(dtype)


def test_signals_are_one_row_high():
    x = np.random.default_rng(1).standard_normal((2, 3, 7))
    q = verify.Question(OfLength(), x, 1, "gradient", theirs={"result": np.ones((2, 3, 7)), "input": x})
    assert isinstance(q.net, OfSignals) and q.x.shape == (2, 3, 1, 7) and q.reference["y"].shape == (2, 2)
    assert q.theirs["result"].shape == q.theirs["input"].shape == (2, 3, 1, 7)
    assert np.array_equal(q.theirs["input"][:, :, 0], x)
    for theirs in (np.arange(7.0), np.arange(7.0)[None], np.arange(7.0)[None, None]):
        cam = verify.Question(OfLength(), x[:1], 1, "grad_cam", "relu1", {"result": theirs})
        assert cam.theirs["result"].shape == (1, 1, 7)
    one = verify.Question(OfLength(), x, 1, "grad_cam", "relu1")
    for step, given, read in (
        ("result", (3,), (1, 3)), ("result", (2, 3), (2, 1, 3)), ("result", (2, 1, 3), (2, 1, 3)),
        ("activation", (2, 7), (2, 7)), ("activation", (2, 4, 7), (2, 4, 7)), ("weights", (2, 7), (2, 7)),
        ("signal", (2, 3, 7), (2, 3, 1, 7)), ("signal", (2, 3, 1, 7), (2, 3, 1, 7)),
        ("signal", (2, 3, 6), (2, 3, 6)),
    ):  # fmt: skip
        assert one._read(step, np.zeros(given)).shape == read, (step, given)
    lower = OfSignals(OfLength()).astype(np.float32)(x[:, :, None].astype(np.float32))
    assert lower.dtype == np.float32 and lower.shape == (2, 2)
    with pytest.raises(VerifyError, match=r"must be \(N, C, H, W\) or \(N, C, L\), not \(1, 1, 1, 3, 7\)"):
        verify.Question(OfLength(), x[None, None, :1], 1, "gradient")


# --- how theirs lies


def test_channels_last_are_brought_first():
    q = question("gradient", result=np.ones_like(X) * np.arange(8))
    read = lambda step, *shape: q._read(step, np.zeros(shape)).shape  # noqa: E731
    assert read("result", 1, 12, 8, 3) == (1, 3, 12, 8) and read("result", 12, 8, 3) == (3, 12, 8)
    assert read("result", 1, 8, 12, 3) == (1, 3, 8, 12) and read("result", 8, 12, 3) == (3, 8, 12)
    assert read("input", 1, 12, 8, 3) == read("signal", 1, 12, 8, 3) == (1, 3, 12, 8)
    assert read("input", 1, 8, 12, 3) == (1, 8, 12, 3) and read("signal", 8, 12, 3) == (8, 12, 3)
    assert read("result", 1, 12, 8, 1) == (1, 12, 8, 1) and read("result", 2, 12, 8, 3) == (2, 12, 8, 3)
    q = question("grad_cam", result=np.ones((1, 6, 4)) * np.arange(4))
    assert read("activation", 1, 6, 4, 6) == (1, 6, 6, 4) and read("gradient", 6, 4, 6) == (6, 6, 4)
    assert read("activation", 1, 6, 6, 4) == (1, 6, 6, 4) and read("weights", 1, 6, 4, 6) == (1, 6, 4, 6)
    assert read("result", 1, 6, 4, 1) == (1, 6, 4) and read("result", 1, 12, 8, 3) == (1, 12, 8, 3)
    assert read("result", 1, 1, 6, 4) == (1, 1, 6, 4)
    values = np.arange(1 * 6 * 4 * 6.0).reshape(1, 6, 4, 6)
    assert np.array_equal(q._read("activation", values), np.moveaxis(values, -1, 1))


def test_which_shape_a_result_has_is_known_without_a_backward_pass():
    small = question("gradient", x=X[:, :, :3, :3])
    same = np.arange(27.0).reshape(1, 3, 3, 3)
    assert small._read("result", same) is same, "not taken for channels last"
    for method, shape in {
        "gradient": (1, 3, 12, 8), "saliency": (1, 12, 8), "smoothgrad": (1, 3, 12, 8),
        "occlusion": (1, 12, 8),
        "lrp_gamma": (1, 3, 12, 8), "grad_cam": (1, 6, 4), "guided_grad_cam": (1, 3, 12, 8),
    }.items():  # fmt: skip
        noise = {"noise": np.zeros((2, *X.shape[1:]))} if method == "smoothgrad" else None
        q = verify.Question(net(), X, 1, method, "relu2", settings=noise)
        assert q._shape("result") == shape, method
        assert not {key[0] for key in q.values if not key[1]} & {"signal", "gradient", "weights"}, method
    assert q._shape("weights") == (1, 6, 1, 1) and q._shape("signal") == q._shape("input") == X.shape
    with pytest.raises(VerifyError, match=r"'fc' is none; there is conv1, relu1, pool1, conv2, relu2$"):
        verify.Question(net(), X, 1, "grad_cam", "fc")


def test_the_only_output_of_several_names():
    class One(Segmenter):
        def __call__(self, x):
            return {"flat": Reshape((len(x.data), -1))(super().__call__(x))}

        def astype(self, dtype):
            return One(False, dtype)

    q = verify.Question(One(), X, Target.score(7), "gradient")
    assert isinstance(q.net, One) and q.c == 7


def test_a_layer_that_lies_otherwise_is_read_as_maps():
    model = Sequential(
        ConvLayer("conv1", 3, 5, 3, pad=1), Apply("last", Transpose, order=(0, 2, 3, 1)), Apply("relu", ReLU),
        Apply("back", Transpose, order=(0, 3, 1, 2)), Apply("pool", GlobalAvgPool),
    ).initialise(0).astype(np.float64)  # fmt: skip
    A = verify.Question(model, X, 1, "grad_cam", "back").reference["activation"]
    given = {"result": np.ones((1, 12, 8)) * np.arange(8), "activations": np.moveaxis(A, 1, -1)}
    q = verify.Question(model, X, 1, "grad_cam", "relu", given)
    assert q.layout[0] == "relu" and q.raw_shape == (1, 12, 8, 5) and q.layer.startswith("relu, read as (N")
    np.testing.assert_allclose(q.reference["activation"], A)
    np.testing.assert_allclose(q.theirs["activation"], A)
    assert q.comparable("activation") and q.comparable("result")


def test_what_has_another_shape():
    joined = np.random.default_rng(0).random((1, 12, 8))
    q = question("gradient", result=joined)
    assert q.theirs["result"].shape == (1, 1, 12, 8)
    assert q.misfit == "their result is (1, 12, 8); the reference's is (1, 3, 12, 8)"
    both = question("gradient", x=TWO, result=np.concatenate([joined, joined + 1]))
    assert both.theirs["result"].shape == (2, 1, 12, 8) and both.theirs["result"][1].min() >= 1
    narrow = question("gradient", x=TWO, result=np.random.default_rng(0).random((2, 8, 12)))
    assert narrow.theirs["result"].shape == (1, 2, 8, 12)
    q = question("grad_cam", result=np.random.default_rng(0).random((1, 1, 5, 4)))
    assert q.theirs["result"].shape == (1, 5, 4)
    other = np.random.default_rng(0).random((2, 5, 4))
    assert question("grad_cam", result=other).theirs["result"].shape == (1, 2, 5, 4)
    assert question("grad_cam", x=TWO, result=other).theirs["result"].shape == (2, 5, 4)
    assert question("grad_cam", x=TWO, result=other[0]).theirs["result"].shape == (1, 5, 4)
    flat_map = np.random.default_rng(0).random((1, 24))
    assert question("grad_cam", result=flat_map).theirs["result"].shape == (1, 1, 24)
    for step, what in (("input", "input"), ("gradient", "gradient"), ("activations", "feature maps")):
        q = question("grad_cam", result=np.ones((1, 6, 4)), **{step: np.zeros((1, 2, 5, 9))})
        (message,) = q.misfits.values()
        assert message.startswith(f"their {what} is (1, 2, 5, 9); the reference's is (1, ")
    with pytest.raises(VerifyError, match=r"their result is a single number; the reference's is \(1, 6, 4\)"):
        question("grad_cam", result=np.array(3.0))
    with pytest.raises(VerifyError, match=r"their result is \(24,\); the reference's is \(1, 6, 4\)"):
        question("grad_cam", result=np.zeros(24))
    large = question("grad_cam", result=np.random.default_rng(0).random((12, 8)))
    assert large.enlarged and ("result", ()) not in large.values
    assert not question("grad_cam", result=np.random.default_rng(0).random((6, 4))).enlarged
    turned = question("grad_cam", result=np.random.default_rng(0).random((8, 12)))
    assert turned.enlarged and turned.exchanged and turned.theirs["result"].shape == (1, 8, 12)


@pytest.mark.parametrize("size", [(24, 16), (20, 9)])
def test_a_map_of_a_size_of_its_own_is_compared_at_that_size(size):
    rows, columns = (
        np.stack([np.interp((np.arange(N) + 0.5) * n / N - 0.5, np.arange(n), e) for e in np.eye(n)], 1)
        for n, N in zip((6, 4), size)
    )
    right = rows @ question("grad_cam", result=np.ones((6, 4))).reference["map"] @ columns.T
    q = question("grad_cam", result=right[0])
    assert q.size == size and q.enlarged and not q.misfit
    np.testing.assert_allclose(q.reference["result"], right, rtol=0, atol=1e-12 * right.max())
    verdict = verify.judge(q)
    (note,) = verdict.notes
    assert verdict.kind == "equal" and note.startswith("your map is {} x {}, the input 12 x 8".format(*size))
    assert ("it must become 12 x 8" in note) == (size == (20, 9))
    assert verify.judge(question("grad_cam", result=right[..., ::-1])).names("map mirrored")
    assert question("grad_cam", x=TWO, result=np.ones((2, 1, *size))).size == size
    draw = np.random.default_rng(0).random
    for other in ((1, 3, *size), (2, *size), (5, 9), (8, 12), (24, 3)):
        assert question("grad_cam", result=draw(other)).size == (12, 8), other


def test_a_map_in_the_colours_of_a_colour_map_is_read_back():
    from matplotlib import colormaps

    steps = np.random.default_rng(0).permutation(96).reshape(12, 8) * 2
    picture = colormaps["viridis"](np.arange(256), bytes=True)[:, :3][steps]
    q = question("grad_cam", result=picture)
    assert q.colours.startswith("viridis") and q.given["result"] == "colours" and q.enlarged
    assert abs(q.theirs["result"] - (steps + 0.5) / 256).max() < 4 / 256 and not q.misfit
    assert q.stored("result") == "the colours of a colour map"
    of_gradient = question("gradient", result=np.random.default_rng(0).random((1, 5, 8, 3)))
    assert of_gradient.colours == "" and of_gradient.misfit
