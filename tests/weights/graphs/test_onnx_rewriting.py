"""Steps that are written as others before a graph is computed: activations in pieces as one, numbers of 8
bits on floats, functions and branches in place.  Steps are made here, without ONNX's own package.
"""

import math
from collections import Counter

import numpy as np
import pytest

from minicnn import Tensor
from tests.weights.graphs.onnx_steps import model, steps_of
from weights import WeightsError
from weights.graphs.onnx import functions
from weights.graphs.onnx.branches import by_sizes, still, taken
from weights.graphs.onnx.by_hand import in_one
from weights.graphs.onnx.functions import DEEPEST, written_out
from weights.graphs.onnx.model import Function, Graph, Step
from weights.graphs.onnx.network import Network
from weights.graphs.onnx.quantised import REWRITTEN, in_float

# --- activations in pieces

THREE = {"three": 3.0, "zero": 0.0, "six": 6.0, "sixth": 1 / 6}
ROOT, SECANT = math.sqrt(0.5), math.sqrt(2 / math.pi)
PIECES = {
    "Mul x s > y; Sigmoid x > s": ("Swish", {}),
    "Mul s x > y; Sigmoid x > s": ("Swish", {}),
    "Mul x s > y; HardSigmoid x > s": ("HardSwish", {"s": {"alpha": np.float32(1 / 6), "beta": 0.5}}),
    "Mul s x > y; HardSigmoid x > s": ("HardSwish", {"s": {"alpha": 1 / 6}}),  # beta is 0.5 unless said
    "Add x three > a; Clip a zero six > b; Mul b x > c; Div c six > y": ("HardSwish", {}),
    "Add three x > a; Clip a zero six > b; Mul x b > c; Mul sixth c > y": ("HardSwish", {}),
    "Add x three > a; Clip a > b; Div b six > c; Mul c x > y": ("HardSwish", {"b": {"min": 0.0, "max": 6.0}}),
    "Add x three > a; Clip a zero six > b; Mul b sixth > c; Mul x c > y": ("HardSwish", {}),
    "Softplus x > a; Tanh a > b; Mul b x > y": ("Mish", {}),
    "Div x root2 > a; Erf a > b; Add b one > c; Mul x half > d; Mul d c > y": ("Gelu", {}),
    "Mul x root > a; Erf a > b; Add one b > c; Mul c x > d; Mul half d > y": ("Gelu", {}),
    "Mul root x > a; Erf a > b; Add one b > c; Mul c half > d; Mul d x > y": ("Gelu", {}),
    "Pow x three > p; Mul p small > a; Add a x > b; Mul b secant > c; Tanh c > d; Add d one > e;"
    " Mul x half > f; Mul e f > y": ("Gelu", {}),
    "Mul x x > q; Mul q x > p; Mul small p > a; Add x a > b; Mul secant b > c; Tanh c > d; Add d one > e;"
    " Mul x e > f; Mul f half > y": ("Gelu", {}),
    "Max x zero > y": ("Relu", {}),
    "Max zero x > y": ("Relu", {}),
    "Mul tenth x > a; Max x a > y": ("LeakyRelu", {}),
}  # fmt: skip
NUMBERS = THREE | {"root2": math.sqrt(2), "root": ROOT, "half": 0.5, "one": 1.0, "small": 0.044715,
                   "secant": SECANT, "tenth": 0.1, "two": 2.0, "three_halves": 1.5}  # fmt: skip


def pieces(text, outputs=("y",), attributes=None, **more):
    return model(text, outputs=outputs, attributes=attributes,
                 **{name: np.float32(n) for name, n in (NUMBERS | more).items()})  # fmt: skip


@pytest.mark.parametrize("text", PIECES)
def test_an_activation_in_pieces_is_one_step(text):
    op, attributes = PIECES[text]
    made = pieces(f"{text}; Neg y > z", ["z"], attributes)
    if "; Sigmoid" in text or "; HardSigmoid" in text:  # written backwards above
        made.steps = [made.steps[1], made.steps[0], *made.steps[2:]]
    found, last = in_one(made).steps
    assert (found.op, found.name, found.inputs, found.outputs, last.op) == (op, "Y", ["x"], ["y"], "Neg")
    expected = {"approximate": "tanh"} if "Tanh c" in text else {}
    if op == "LeakyRelu":
        expected = {"alpha": np.float32(0.1)}
    assert found.attributes == expected
    if "HardSigmoid" not in text:
        x = np.linspace(-4, 4, 12, dtype=np.float32).reshape(1, 3, 2, 2)
        whole, parts = (Network(m)(x) for m in (in_one(made), made))
        np.testing.assert_allclose(whole, parts, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("text", "attributes"), [
    ("Sigmoid x > s; Mul s z > y", {}),
    ("Sigmoid x > s; Add s x > y", {}),
    ("Sigmoid x > s; Mul s x > y; Neg s > z", {}),  # somebody else takes the sigmoid
    ("HardSigmoid x > s; Mul s x > y", {}),  # alpha 0.2
    ("HardSigmoid x > s; Mul s x > y", {"s": {"alpha": 1 / 6, "beta": 0.4}}),
    ("HardSigmoid x > s; Mul s x > y", {"s": {"alpha": 1 / 6 + 2e-6, "beta": 0.5}}),
    ("HardSigmoid x > s; Mul s x > y", {"s": {"alpha": 1 / 6 - 2e-6, "beta": 0.5}}),
    ("Add x three > a; Clip a > b; Div b six > c; Mul c x > y", {"b": {"min": 0.0}}),
    ("Add x three > a; Clip a > b; Div b six > c; Mul c x > y", {"b": {"max": 6.0}}),
    ("Add x three > a; Clip a six zero > b; Div b six > c; Mul c x > y", {}),
    ("Add x three > a; Clip a zero six > b; Div six b > c; Mul c x > y", {}),
    ("Add x two > a; Clip a zero six > b; Div b six > c; Mul c x > y", {}),
    ("Max x two > y", {}),
    ("Max x zero one > y", {}),
    ("Max one zero > y", {}),  # of numbers, not of a picture
    ("Mul x one > a; Max x a > y", {}),  # alpha 1, 0, 1.5
    ("Mul x zero > a; Max x a > y", {}),
    ("Mul x three_halves > a; Max x a > y", {}),
])  # fmt: skip
def test_what_only_looks_like_an_activation_stays(text, attributes):
    given = pieces(text, ["y"] + ["z"] * ("> z" in text), attributes)
    assert in_one(given) is given


def test_numbers_nearly_as_they_should_be():
    text = "Mul x root > a; Erf a > b; Add one b > c; Mul c x > d; Mul half d > y"
    for root, fits in ((ROOT * (1 + 9e-7), True), (ROOT * (1 - 9e-7), True), (float(np.float16(ROOT)), True),
                       (ROOT * (1 + 1.2e-6), False), (ROOT * (1 - 1.2e-6), False)):  # fmt: skip
        made = model(text, root=np.float64(root), half=np.float64(0.5), one=np.int64(1))
        assert len(in_one(made).steps) == (1 if fits else 5)
    made = model("Constant > zero; Max x zero > y", attributes={"zero": {"value_float": np.float32(0)}})
    assert [s.op for s in in_one(made).steps] == ["Constant", "Relu"]
    for zero in (np.zeros(3, "f4"), np.array(False), np.array("0")):
        assert in_one(made := model("Max x zero > y", zero=zero)) is made
    made = model("Sigmoid x > s; Mul s x > y", outputs=["y", "s"])  # the sigmoid is asked for, too
    assert in_one(made) is made
    made = model("Sigmoid x > s; Mul s x > y; If x > z", outputs=["y", "z"])
    made.steps[-1].attributes["then_branch"] = Graph(steps_of("Neg s > o"), {}, ["o"])
    assert in_one(made) is made


# --- numbers of 8 bits, on floats: (q - z) s


def computed(given, x):
    """The value of y, of the model rewritten, and its model."""
    made = in_float(given)
    return Network(made).run({"x": np.asarray(x, np.float32)}, ["y"])[0], made


X = np.arange(12, dtype=np.float32).reshape(1, 3, 2, 2) - 5
U, I8 = np.uint8, np.int8


def test_a_number_goes_to_8_bits_and_back():
    given = model("QuantizeLinear x s z > q; DequantizeLinear q s z > y", s=np.float32(0.5), z=U(4))
    found, made = computed(given, 20 * X)
    assert np.array_equal(found, np.clip(20 * X, -2, 0.5 * (255 - 4)))
    assert [(s.op, s.name, s.was) for s in made.steps[-1:]] == [("Clip", "Y", "DequantizeLinear")]
    given = model("QuantizeLinear x s > q; DequantizeLinear q s > y", s=np.float32(0.25))
    assert np.array_equal(computed(given, 20 * X)[0], np.clip(20 * X, 0, 255 / 4))
    given = model("QuantizeLinear x s z > y", s=np.float32(0.5), z=I8(3))
    found, made = computed(given, 20 * X)
    assert np.array_equal(found, np.clip(40 * X + 3, -128, 127))
    assert [s.name for s in made.steps] == ["y/divided", "y/shifted", "Y"]
    other = model(
        "QuantizeLinear x s z > q; DequantizeLinear q t z > y", s=np.float32(0.5), t=np.float32(2), z=I8(3)
    )
    assert np.array_equal(computed(other, X)[0], 2 * (2 * X + 3 - 3))


def test_what_each_channel_of_a_weight_stands_for():
    q, s, z = np.arange(6, dtype=I8).reshape(2, 3), np.array([1, 10], "f4"), np.array([1, 2], I8)
    expected = (q - np.array([[1], [2]])) * [[1], [10]]
    for axis in (0, -2):
        made = in_float(
            model("DequantizeLinear q s z > w; Neg w > y", q=q, s=s, z=z, attributes={"w": {"axis": axis}})
        )
        assert np.array_equal(made.constants["w"], expected) and [s.op for s in made.steps] == ["Neg"]
    three = {"s": np.array([1, 10, 100], "f4"), "z": np.array([1, 2, 3], I8)}
    made = in_float(model("DequantizeLinear q s z > w; Neg w > y", q=q, **three))  # axis 1
    assert np.array_equal(made.constants["w"], (q - [1.0, 2, 3]) * [1, 10, 100])
    found, made = computed(model("DequantizeLinear x s z > y", s=np.float32(3), z=U(2)), X)
    assert np.array_equal(found, 3 * (X - 2)) and [s.op for s in made.steps] == ["Sub", "Mul"]
    for text, more in (
        ("DequantizeLinear q s > w", {"w": {"block_size": 2}}),
        ("QuantizeLinear q three > w", {}),
        ("DequantizeLinear x three > w", {}),
        ("QuantizeLinear q s float > w", {}),
    ):
        given = model(text + "; Neg w > y", q=q, s=np.float32(1), three=three["s"], float=np.float32(0),
                      attributes=more)  # fmt: skip
        assert [s.op for s in in_float(given).steps] == [text.split()[0], "Neg"]
    constant = model("Constant > s; DequantizeLinear x s > y", attributes={"s": {"value": np.array(3, "f4")}})
    assert np.array_equal(computed(constant, X)[0], 3 * X)


def test_scales_that_follow_from_the_picture_are_one():
    given = model("DynamicQuantizeLinear x > q s z; Sub q z > a; Mul a s > y")
    assert np.array_equal(computed(given, X)[0], X)


def test_products_of_whole_numbers():
    W = np.arange(18, dtype=I8).reshape(2, 3, 3, 1)[:, :, :1]
    given = model("ConvInteger x W z v > y", W=W, z=U(2), v=np.array([1, 5], I8))
    expected = np.einsum("fc,nchw->nfhw", W[:, :, 0, 0] - [[1.0], [5]], X - 2)
    assert np.array_equal(computed(given, X)[0], expected)
    assert np.array_equal(computed(model("ConvInteger x W > y", W=W), X)[0],
                          np.einsum("fc,nchw->nfhw", W[:, :, 0, 0].astype(float), X))  # fmt: skip
    M = np.arange(6, dtype=I8).reshape(2, 3)
    given = model("MatMulInteger x M z v > y", M=M, z=U(2), v=np.array([1, 3, 5], I8))
    assert np.array_equal(computed(given, X)[0], (X - 2) @ (M - [1.0, 3, 5]))
    b, two = (
        np.array([1000, -60], np.int32),
        {"s": np.float32(0.5), "z": U(2), "t": np.float32(2), "u": I8(-7)},
    )
    given = model(
        "QLinearConv x s z W r v t u b > y", W=W, r=np.array([1, 4], "f4"), v=np.array([1, 5], I8), b=b, **two
    )
    real = np.einsum("fc,nchw->nfhw", (W[:, :, 0, 0] - [[1.0], [5]]) * [[1], [4]], (X - 2) * 0.5)
    y = real + (b * 0.5 * [1, 4]).reshape(1, 2, 1, 1)
    found, made = computed(given, X)
    np.testing.assert_allclose(found, np.clip(y / 2 - 7, -128, 127), rtol=1e-6)
    assert {s.was for s in made.steps} == {"QLinearConv"} and abs(y / 2 - 7).max() > 128
    given.steps[0].inputs.pop()
    np.testing.assert_allclose(computed(given, X)[0], np.clip(real / 2 - 7, -128, 127), rtol=1e-6)
    given = model(
        "QLinearMatMul x s z M r v t u > y",
        M=M,
        r=np.array([1, 2, 4], "f4"),
        v=np.array([1, 3, 5], I8),
        **two,
    )
    expected = ((X - 2) * 0.5) @ ((M - [1.0, 3, 5]) * [1, 2, 4]) / 2 - 7
    np.testing.assert_allclose(computed(given, X)[0], np.clip(expected, -128, 127), rtol=1e-6)


def test_operations_of_onnxruntime_on_8_bits():
    s = {"s": np.float32(0.5), "z": U(2), "t": np.float32(2), "u": I8(-7), "r": np.float32(3), "v": U(1)}
    micro = "com.microsoft.QLinear"
    W = np.arange(4, dtype=U).reshape(2, 2)
    a, b = (X - 2) * 0.5, (W - 1.0) * 3
    round_trip = lambda y: np.clip(y / 2 - 7, -128, 127)  # noqa: E731
    of = lambda text, **more: computed(model(text, **s, **more), X)[0]  # noqa: E731
    near = lambda found, y: np.testing.assert_allclose(found, y, rtol=1e-6)  # noqa: E731
    near(of(f"{micro}Add x s z W r v t u > y", W=W), round_trip(a + b))
    near(of(f"{micro}Mul x s z x r v t u > y"), round_trip(a * (X - 1) * 3))
    near(of(f"{micro}Add x s z W r v > y", W=W), a + b)
    near(of(f"{micro}GlobalAveragePool x s z t u > y"), round_trip(a.mean((2, 3), keepdims=True)))
    near(
        of(f"{micro}LeakyRelu x s z t u > y", attributes={"y": {"alpha": 0.25}}),
        round_trip(np.where(a > 0, a, a / 4)),
    )
    near(of(f"{micro}Sigmoid x s z t u > y"), round_trip(1 / (1 + np.exp(-a))))
    near(of(f"{micro}AveragePool x s z t u > y", attributes={"y": {"kernel_shape": [2, 1]}}),
         round_trip(a.mean(2, keepdims=True)))  # fmt: skip
    near(of(f"{micro}ReduceMean x s z t u > y", attributes={"y": {"axes": [1], "keepdims": 1}}),
         round_trip(a.mean(1, keepdims=True)))  # fmt: skip
    near(of(f"{micro}Concat t u x s z W r v > y", W=W[None, None], attributes={"y": {"axis": 1}}),
         round_trip(np.concatenate([a, b[None, None]], 1)))  # fmt: skip
    M, c = np.arange(6, dtype=U).reshape(2, 3), np.array([10, 20, 30], np.int32)
    gemm = model(
        "Reshape x sh > flat; com.microsoft.QGemm flat s z M r v c t u > y",
        M=M,
        c=c,
        sh=np.array([6, 2]),
        **s,
    )
    y = a.reshape(6, 2) @ ((M - 1.0) * 3)
    near(computed(gemm, X)[0], round_trip(y + c * 0.5 * 3))
    gemm.steps[1].inputs[6] = ""
    near(computed(gemm, X)[0], round_trip(y))
    gemm.steps[1].inputs[7:] = []
    near(computed(gemm, X)[0], y)
    last = model(f"{micro}AveragePool x s z t u > y", attributes={"y": {"channels_last": 1}}, **s)
    assert in_float(last).steps[0].op == f"{micro}AveragePool"  # which no operator is called
    assert in_float(plain := model("Neg x > y")) is plain and len(REWRITTEN) == 16


# --- functions that a file defines


def test_a_call_becomes_the_functions_own_steps():
    inner = steps_of("Mul a b > m; Add m k > o")
    inner[0].asked = {"alpha": "gain", "beta": "nothing"}
    inner[0].name = "times"
    inner[1].name = ""
    function = Function(["a", "b", "c"], ["o"], inner, {"gain": 2, "other": 7})
    call = Step("F", "call", ["x", "W"], ["y"])
    first, second = written_out([call], {"F": function})
    assert (first.op, first.name, first.inputs, first.outputs) == ("Mul", "y/times", ["x", "W"], ["y/m"])
    assert (second.op, second.name, second.inputs, second.outputs) == ("Add", "call", ["y/m", "k"], ["y"])
    assert first.attributes == {"alpha": 2} and first.asked == {}
    call.attributes["gain"] = 5
    assert written_out([call], {"F": function})[0].attributes == {"alpha": 5}
    call.name = ""
    assert written_out([call], {"F": function})[1].name == "y/y"
    both = Function(["a"], ["o"], [Step("F", "f", ["a", "a"], ["t"]), Step("F", "g", ["t", "c"], ["o"])], {})
    found = written_out(
        [Step("G", "call", ["x"], ["y"]), *steps_of("Relu y > z")], {"F": function, "G": both}
    )
    assert [s.outputs for s in found] == [["y/t/m"], ["y/t"], ["y/m"], ["y"], ["z"]]
    assert [s.name for s in found] == ["y/t/times", "y/f", "y/times", "call", "Z"]
    absent = Function(["a", "b"], ["o"], steps_of("Clip a b > o"), {})
    assert written_out([Step("F", "", ["x"], ["y"])], {"F": absent})[0].inputs == ["x", ""]
    unread = Function(["a"], ["o", "p"], steps_of("Neg a > p; Relu a > o"), {})
    found = written_out([Step("F", "call", ["x"], ["", "y"])], {"F": unread})
    assert [(s.name, s.outputs) for s in found] == [("call", ["y"]), ("y/O", [""])]


def test_functions_without_an_end(monkeypatch):
    def chain(n):
        calls = [[Step(f"F{k + 1}", "", ["a"], ["o"])] for k in range(n)]
        return {f"F{k}": Function(["a"], ["o"], steps, {}) for k, steps in enumerate(calls)}

    assert len(written_out([Step("F0", "", ["x"], ["y"])], chain(DEEPEST))) == 1
    with pytest.raises(WeightsError, match=f"more than {DEEPEST} deep"):
        written_out([Step("F0", "", ["x"], ["y"])], chain(DEEPEST + 1))
    monkeypatch.setattr(functions, "MOST", 6)
    many = {"F": Function(["a"], ["o"], [Step("Neg", "", ["a"], ["o"])] * 3, {})}
    assert len(written_out([Step("F", "", ["x"], ["y"])] * 2, many)) == 6
    with pytest.raises(WeightsError, match="more than 6 steps"):
        written_out([Step("F", "", ["x"], ["y"])] * 2 + steps_of("Neg y > z"), many)
    asked = Counter()

    class Counted(dict):
        def get(self, name):
            asked[name] += 1
            return super().get(name)

    doubling = {
        f"F{k}": Function(["a"], ["o"], [Step(f"F{k + 1}", "", ["a"], ["o"])] * 2, {}) for k in range(9)
    }
    with pytest.raises(WeightsError, match="more than 6 steps"):
        written_out([Step("F0", "", ["x"], ["y"])], Counted(doubling))
    assert asked.total() < 30  # 2^9 steps were never made
    branch = Step("If", "", ["a"], ["o"], {"then_branch": Graph([], {}, ["o"])})
    with pytest.raises(WeightsError, match="chooses between branches"):
        written_out([Step("F", "", ["x"], ["y"])], {"F": Function(["a"], ["o"], [branch], {})})


# --- branches


def choice(by=("yes",), outputs=("y",), **of):
    """An If whose then doubles x and whose else subtracts a constant of its own."""
    inside = Graph(steps_of("Neg t > w; Add w x > o"), {}, ["o"])
    deeper = Step("If", "d", ["yes"], ["deep"], {"then_branch": inside})
    then = Graph([*steps_of("Add x x > t"), deeper], {"c": np.ones(1), "k": np.zeros(2)}, ["t"])
    other = Graph(steps_of("Sub x k > t"), {"k": np.full(1, 7.0)}, ["t"])
    return Step("If", "choice", [*by], [*outputs], {"then_branch": then, "else_branch": other} | of)


def test_the_branch_that_a_constant_takes():
    for true in (np.array(True), np.array([[1]])):
        found = taken(choice(), true)
        assert [(s.op, s.inputs, s.outputs) for s in found.steps] == [
            ("Add", ["x", "x"], ["y/t"]),
            ("If", ["yes"], ["y/deep"]),
            ("Identity", ["y/t"], ["y"]),
        ]
        inner = found.steps[1].attributes["then_branch"]
        assert [(s.inputs, s.outputs) for s in inner.steps] == [(["y/t"], ["w"]), (["w", "x"], ["o"])]
        assert (
            [*found.constants] == ["y/c", "y/k"]
            and found.constants["y/c"].size == 1
            and found.outputs == ["y"]
        )
    found = taken(choice(), np.array(False), by_size=True)
    assert [(s.op, s.inputs, s.outputs) for s in found.steps] == [
        ("Sub", ["x", "y/k"], ["y/t"]), ("If", ["y/t", "yes"], ["y"])]  # fmt: skip
    assert found.steps[1].attributes == {"then": 0} and found.constants["y/k"] == 7
    assert taken(choice(), np.array(True), by_size=True).steps[-1].attributes == {"then": 1}
    assert [s.outputs for s in taken(choice(outputs=["y"]), np.array(False)).steps] == [["y/t"], ["y"]]
    for condition in (None, np.array([True, True]), np.array([], bool)):
        with pytest.raises(WeightsError, match=r"'choice' \(If\) chooses its branch by the picture"):
            taken(choice(), condition)
    for step in (choice(then_branch=3), choice(outputs=["y", "z"])):
        with pytest.raises(WeightsError, match="lacks a branch, or its branch an output"):
            taken(step, np.array(True))
    assert still(X, np.array([1]), then=1) is X and still(X, np.array(0), then=0) is X
    for condition, then in ((np.array(True), 0), (np.array([0]), 1)):
        with pytest.raises(WeightsError, match="take another branch of the graph"):
            still(X, condition, then=then)


def test_what_follows_from_sizes_alone():
    steps = steps_of("Shape x > s; Gather s one > n; Equal n - one > even; Relu x > r; ReduceMax r > m;"
                     " Greater m one > bright; Add n m > both; Size r > z; Not z > none")  # fmt: skip
    found = {v: by_sizes(steps, v) for v in ("n", "even", "none", "bright", "both", "x", "one", "z")}
    assert found == {"n": True, "even": True, "none": True, "bright": False, "both": False, "x": False,
                     "one": False, "z": True}  # fmt: skip


def test_a_branch_by_size_is_asked_again_for_each_size():
    given = model(
        "Shape x > s; Gather s three > w; Equal w two > yes",
        three=np.array(3),
        two=np.array(2),
        k=np.zeros(1),
    )
    then, other = Graph(steps_of("Neg x > o"), {}, ["o"]), Graph(steps_of("Abs x > o"), {}, ["o"])
    given.steps.append(Step("If", "", ["yes"], ["y"], {"then_branch": then, "else_branch": other}))
    given.inputs = {"x": (1, 3, -1, 2)}
    net = Network(given)
    assert np.array_equal(net(Tensor(X)).data, -X)
    given.inputs = {"x": (1, 3, -1, -1)}
    assert np.array_equal(Network(given)(np.ones((1, 3, 2, 4), "f4")), np.ones((1, 3, 2, 4)))  # 224 is not 2
    with pytest.raises(WeightsError, match="take another branch"):
        Network(given)(X)
