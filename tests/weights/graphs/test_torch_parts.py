"""Parts of the importer of live models, each alone, by numbers that can be counted: who is right, what lies
where in memory, PyTorch's choices at kinks, what is said of a network.
"""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")

from minicnn import GraphError, Tensor, backward  # noqa: E402
from weights import WeightsError  # noqa: E402
from weights.graphs.torch import gradients, operations, parting  # noqa: E402
from weights.graphs.torch.importing import from_torch  # noqa: E402
from weights.graphs.torch.memory import Memory, Place, overlap  # noqa: E402
from weights.graphs.torch.network import Step, TracedNetwork  # noqa: E402
from weights.graphs.torch.one_input import of_one_input  # noqa: E402
from weights.graphs.torch.operators.lacking import Lacking, need  # noqa: E402
from weights.graphs.torch.operators.windows import _sizes  # noqa: E402
from weights.graphs.torch.precision import in_double  # noqa: E402
from weights.graphs.torch.record import record  # noqa: E402
from weights.graphs.torch.trees import leaves, mapped, of_type  # noqa: E402

A = np.array


# --- three gradients


def test_how_far_two_answers_are_apart():
    of = gradients.difference
    assert (
        of(A([3.0, 4]), A([0.0, 0])) == 1 == of(A([0.0, 0]), A([3.0, 4]))
        and of(A([3.0, 4]), A([6.0, 8])) == 0.5
    )
    assert of(A([3.0, 4]), A([0.0, 0]), 50) == 0.1 and of(A([3.0, 4]), A([0.0, 0]), 4) == 1
    assert of(np.zeros(2), np.zeros(2)) == 0 == of(np.zeros(0), np.zeros(0)) and of(A([-4.0]), A([4.0])) == 2
    assert of(A([np.inf, 3, 4]), A([np.inf, 0, 0])) == 1 and of(A([np.inf]), A([-np.inf])) == np.inf
    assert of(A([np.nan]), A([np.nan])) == np.inf and of(A([1e300]), A([-1e300])) == 2


def test_what_is_nothing_but_the_rounding_of_a_zero():
    scores, gradient = gradients.least(A([3.0, -4]), A([1.0, 2, 2, -np.inf]), A([2.0, 0, 0, 0]))
    assert np.allclose([scores, gradient], [1e-4 * 8, 1e-4 * 2 * 8 / 5], rtol=1e-12)
    scores, gradient = gradients.least(A([3.0, -4]), A([30.0, 40]), A([0.0, 3]))
    assert np.allclose([scores, gradient], [1e-4 * 4 * 2**0.5, 1e-4 * 3 * 50 / 5], rtol=1e-12)
    assert gradients.least(np.zeros(2), A([30.0, 40]), A([0.0, 3])) == (0, 1e-4 * 150)


def test_what_central_differences_confirm():
    def of(g, *slopes):
        return gradients.confirms([(np.ones(len(g)), lambda step, s=s: s) for s in slopes], A(g))

    assert of([1.0] * 4, 4.0004) and of([1.0] * 4, 3.9996001) and not of([1.0] * 4, 4.00041)
    assert of([10.0, -10], 0.0014) and not of([10.0, -10], 0.0015) and not of([10.0, -10], -0.0015)
    assert of([1.0] * 4, 4, 4, 4) and not of([1.0] * 4, 4, 5, 4)
    asked = []

    def along(step):
        asked.append(step)
        return 4.0 if step == 1e-9 else 5.0

    assert gradients.confirms([(np.ones(4), along)], np.ones(4)) and asked == [1e-6, 1e-7, 1e-8, 1e-9]


class Square(torch.nn.Module):
    def forward(self, x):
        return x.flatten(1) ** 2


def test_slopes_are_those_of_the_scores():
    x, w = A([[[[1.0, -2, 0.5]]]]), A([[3.0, 5, 7]])
    random = np.random.default_rng(1)
    found = gradients.central_differences(Square(), x, w)
    assert len(found) == 3
    for d, along in found:
        assert np.array_equal(d, random.standard_normal(x.shape) * x.std())
        for step in (1e-3, 1e-6):
            assert np.isclose(along(step), (2 * x * w * d).sum(), rtol=1e-8)
    ((d, _),) = gradients.central_differences(Square(), np.ones_like(x), w, directions=1)
    assert np.array_equal(d, np.random.default_rng(1).standard_normal(x.shape))  # no deviation


def test_how_far_an_answer_moves_when_pixels_are_rounded():
    x = np.random.default_rng(0).standard_normal((1, 1, 4, 8))
    found = gradients.moved(Square(), record(Square(), x), np.ones((1, 32)))
    assert 1.8e-16 < found.gradient < 2.7e-16 and 3.6e-16 < found.scores < 5.4e-16  # 2^-52, and twice that


class Half(torch.nn.Module):
    """Scores of one half of the picture."""

    def forward(self, x):
        return 3 * x[:, :, :, :2].flatten(1)


def test_gradients_of_what_is_not_looked_at_are_zero():
    x, w = np.ones((1, 1, 1, 4)), A([[1.0, 2]])
    recording = record(Half(), x)
    assert gradients.gradient(TracedNetwork(recording), w).tolist() == [[[[3, 6, 0, 0]]]]
    other = torch.ones(5, requires_grad=True)
    mine, none = gradients.autograd(recording, w, [recording.x, other])
    assert mine.tolist() == [[[[3, 6, 0, 0]]]] and none.tolist() == [0] * 5
    assert gradients.autograd(recording, w, []) == []
    cut = SimpleNamespace(y=torch.ones(1, 2))
    assert gradients.autograd(cut, w, [torch.ones(3)])[0].tolist() == [0, 0, 0]


def test_signals_are_compared_in_shares(monkeypatch):
    monkeypatch.setattr(parting, "AT_ONCE", 100)

    def of(*sizes):
        known = {i: (Tensor(np.zeros(n, "f4")), None) for i, n in enumerate(sizes)}
        return [*parting._shares(known)]

    assert of(10, 15, 1, 24, 1) == [[0, 1], [2, 3], [4]] and of(30, 1, 1) == [[0], [1, 2]] and of() == []


# --- memory


def test_where_values_lie():
    t = torch.arange(24).reshape(2, 3, 4)
    for view in (
        t,
        t[1],
        t[:, 1:],
        t[:, :, ::2],
        t.permute(2, 0, 1),
        t[:, :1],
        t[0, 0, 0],
        t[:, :0],
        t[1:, 2].T,
    ):
        assert Place.of(view).numbers().tolist() == view.reshape(-1).tolist()
    assert Place.of(t[:1]).strides == (0, 4, 1) and Place.of(t[1]).offset == 12
    every, part = Place.of(t), Place.of(t[:, 1, ::3])
    mine, theirs = overlap(every, part)
    assert mine.tolist() == [4, 7, 16, 19] and theirs.tolist() == [0, 1, 2, 3]
    mine, theirs = overlap(part, Place.of(t[1].flatten()[3:8]))
    assert mine.tolist() == [2, 3] and theirs.tolist() == [1, 4]
    for a, b in ((every, Place.of(t[:, :0])), (Place.of(t[:, :0]), every), (Place.of(t[0]), Place.of(t[1]))):
        assert [len(part) for part in overlap(a, b)] == [0, 0]


def test_what_a_tensor_holds_after_changes():
    t = torch.zeros(4)
    memory = Memory(
        Place.of(t),
        "first",
        lambda old, _, new, where: f"{old}<{new}@{where.offset}>",
        lambda value, _, place: f"{value}[{place.offset}]",
    )
    part, late = t[1:3], t[2:]
    assert memory.read(t) == "first" and memory.read(part) == "first[1]"
    memory.write(part, "new")
    assert memory.read(part) == "new" and memory.read(t) == "first<new@1>" == memory.read(t)
    assert memory.read(late) == "first[2]<new@1>" and memory.read(t[1:3]) == "new"
    memory.write(late, "last")
    assert memory.read(t) == "first<new@1><last@2>" and memory.read(part) == "new<last@2>"
    twin = t[1:3]
    memory.is_also(twin, "own")
    assert memory.read(twin) == "own" and memory.read(part) == "new<last@2>"
    memory.forget(twin)
    assert memory.read(twin) == "new<last@2>"


# --- PyTorch's choices


def sent(op, gy, *xs):
    tensors = [Tensor(x) for x in xs]
    y = op(*tensors)
    return [y.data, *backward(y, gy, wrt=tensors)]


def test_views_and_changes_by_places():
    x, gy = np.arange(6.0).reshape(2, 3), A([[1.0, 10], [100, 1000]])
    y, g = sent(operations.Take(A([1, 5, 1, 0]), (2, 2), 6), gy, x)
    assert y.tolist() == [[1, 5], [1, 0]] and g.tolist() == [[1000, 101, 0], [0, 0, 10]]
    op = operations.Take(A([1, 5, 1, 0]), (2, 2), 6)
    op.forward(x)
    assert op.gx(np.stack([gy, 2 * gy])).tolist() == [g.tolist(), (2 * g).tolist()]
    into, source = A([0, 4]), A([2, 1])
    v = A([7.0, 8, 9])
    grid = np.arange(1.0, 7).reshape(2, 3)
    y, gx, gv = sent(operations.Overwrite(into, source, [6, 3]), grid, x, v)
    assert y.tolist() == [[9, 1, 2], [3, 8, 5]] and x[0, 0] == 0
    assert gx.tolist() == [[0, 2, 3], [4, 0, 6]] and gv.tolist() == [0, 5, 1]
    op = operations.Overwrite(into, source, [6, 3])
    op.forward(x, v)
    both = np.stack([grid, -grid])
    assert op.gx(both)[1].tolist() == (-gx).tolist() and op.gv(both)[1].tolist() == (-gv).tolist()
    for wrong in ((operations.Take(A([0]), (1,), 5), x), (operations.Overwrite(into, source, [6, 4]), x, v)):
        with pytest.raises(GraphError, match=r"this operation was recorded for . values, not for"):
            wrong[0](*map(Tensor, wrong[1:]))


def test_derivatives_at_kinks():
    x, ones = A([-1.0, 0, 2]), np.ones(3)
    assert sent(operations.ReLUAtZero(0.5), ones, x)[1].tolist() == [0, 0.5, 1]
    assert sent(operations.ReLUAtZero(1), 3 * ones, x)[1].tolist() == [0, 3, 3]
    y, g = sent(operations.Clamp(0, 2), np.ones(5), A([-1.0, 0, 1, 2, 3]))
    assert y.tolist() == [0, 0, 1, 2, 2] and g.tolist() == [0, 1, 1, 1, 0]
    y, g = sent(operations.Stop(), ones, x)
    assert y.tolist() == x.tolist() and g.tolist() == [0, 0, 0]
    for module, op in (
        (torch.nn.Hardsigmoid(), operations.HardSigmoid(1 / 6)),
        (torch.nn.CELU(0.7), operations.CELU(0.7)),
    ):
        leaf = torch.linspace(-4, 4, 9, dtype=torch.float64, requires_grad=True)
        module(leaf).sum().backward()
        np.testing.assert_allclose(
            sent(op, np.ones(9), leaf.detach().numpy())[1], leaf.grad.numpy(), rtol=1e-12
        )


# --- what is said, and other small parts


def test_trees():
    tree = [1, (2, {"a": "b", "c": [3.0]}), None]
    assert [*leaves(tree)] == [1, 2, "b", 3.0, None] and of_type(int, tree) == [1, 2]
    assert mapped(lambda n: n + 1, int, tree) == [2, [3, {"a": "b", "c": [3.0]}], None]


def test_what_casts_to_a_narrower_type_casts_to_doubles():
    add, to = torch.ops.aten.add.Tensor, torch.ops.aten._to_copy.default
    half, whole = torch.ones(2, dtype=torch.float16), torch.ones(2, dtype=torch.int64)
    (a, b), _ = in_double(add, (half, whole), {})
    assert (a.dtype, b.dtype) == (torch.float64, torch.int64)
    for narrow, wide in (
        (torch.float16, torch.float64),
        (torch.bfloat16, torch.float64),
        (torch.float32, torch.float64),
        (torch.complex64, torch.complex128),
        (torch.int32, torch.int32),
    ):
        assert in_double(to, (half,), {"dtype": narrow})[1]["dtype"] == wide
    made = in_double(torch.ops.aten.zeros.default, ([2],), {"dtype": torch.float32})[1]
    assert made["dtype"] == torch.float32  # no tensor is read
    (kept, _), _ = in_double(torch.ops.aten.add_.Tensor, (half, half), {})
    assert kept is half  # it is written into


def test_notes():
    def of(**said):
        plain = {"borrowed": Counter(), "decided": [], "hooks": [], "check": None}
        return TracedNetwork.notes.fget(SimpleNamespace(**plain | said))

    assert of() == [] == of(check=SimpleNamespace(says=""))
    assert of(borrowed=Counter({"gelu": 2})) == ["gelu x2 is PyTorch's own, not the reference's"]
    found = of(
        borrowed=Counter({"a": 1, "b": 3, "c": 1}),
        decided=["here", "there", "here"],
        hooks=["conv", "fc"],
        check=SimpleNamespace(says="ties"),
    )
    assert found == [
        "b x3, a x1, c x1 are PyTorch's own, not the reference's",
        "recorded for this picture: the model decides by values at here, there",
        "the hooks of 'conv', 'fc' are left out: what they return is not in this network's answers",
        "ties",
    ]


def test_names_of_steps():
    net = SimpleNamespace(_names={"relu", "relu_2", "block.add"})

    def of(module, operator, names=()):
        call = SimpleNamespace(module=module, operator=operator)
        return TracedNetwork._name(net, call, SimpleNamespace(names=[*names]))

    assert (
        of("", "relu") == "relu_3"
        and of("block", "add") == "block.add_2"
        and of("block", "mul") == "block.mul"
    )
    assert of("block", "add", ["block", "outer"]) == "block" and of("", "add") == "add"


@pytest.mark.parametrize(
    ("shape", "last"),
    [
        ((1, 8, 9, 3), True),
        ((1, 3, 9, 3), False),
        ((1, 8, 9, 5), False),
        ((1, 1, 9, 1), False),
        ((1, 8, 3), False),
        ((1, 2, 9, 4), True),
    ],
)
def test_channels_that_lie_last(shape, last):
    net = SimpleNamespace(x=np.zeros(shape), seen=[])
    net._channels_last = lambda: TracedNetwork._channels_last(net)
    assert net._channels_last() is last
    net._takes_any = lambda: False
    net._run = lambda x: x
    if last:
        turned = np.random.default_rng(0).random((1, shape[3], shape[1], shape[2]))
        assert np.array_equal(TracedNetwork.forward(net, turned), turned.transpose(0, 2, 3, 1))
        as_it_is = np.zeros(shape)
        assert TracedNetwork.forward(net, as_it_is) is as_it_is


@pytest.mark.parametrize(
    ("f", "direct"),
    [
        (lambda x: 2 * x, True),
        (lambda x: x - x.mean(), False),
        (lambda x: x.sum(0, keepdims=True), False),
        (lambda x: x + 1e-13 * x[::-1], True),
    ],
)
def test_whether_pictures_side_by_side_give_what_they_give_alone(f, direct):
    net = SimpleNamespace(_direct=None, x=np.arange(1.0, 7).reshape(1, 6), dtype=np.dtype("f8"), _run=f)
    assert TracedNetwork._takes_any(net) is direct is net._direct

    def fails(x):
        if len(x) > 1:
            raise ValueError
        return x

    assert (
        TracedNetwork._takes_any(SimpleNamespace(_direct=None, x=net.x, dtype=net.dtype, _run=fails)) is False
    )


def test_a_step_in_another_precision():
    call = SimpleNamespace(module="m", origin="o", inplace=False)
    step = Step("n", lambda a, b, c: a * b + c, [np.float64([2.0]), A([3])], {"c": np.float64([0.5])}, call)
    other = step.astype(np.float32)
    assert [a.dtype.name for a in (*other.args, other.kwargs["c"])] == ["float32", "int64", "float32"]
    assert step.args[0].dtype == np.float64 and other.forward([]) == 6.5 and other.module == "m"


class Two(torch.nn.Module):
    def forward(self, a, b, factor=1):
        return factor * (a - 2 * b)


def test_one_input_of_several():
    a, b = torch.ones(2), 5 * torch.ones(2)
    for inputs, which, x, expected in (
        ((a, b), 0, a, 3 - 10),
        ([a, b.numpy()], 1, b, 1 - 6),
        ({"b": b, "a": a, "factor": 3}, "a", a, 3 * (3 - 10)),
    ):
        model, given = of_one_input(Two(), inputs, which)
        assert torch.equal(given, x) and model(torch.full((2,), 3.0)).tolist() == [expected] * 2
    model, _ = of_one_input(Two(), (a, b), 0)
    assert model(torch.ones(2, dtype=torch.float64)).dtype == torch.float64
    with pytest.raises(WeightsError, match="which input is explained is one of 0, 1, not 2"):
        of_one_input(Two(), (a, b), 2)


def test_what_an_operator_lacks_is_an_error():
    need(True, "nothing")
    with pytest.raises(Lacking, match="complex numbers"):
        need(False, "complex numbers")


# --- what is recorded


class Of(torch.nn.Module):
    """A model that is a function of its input."""

    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, x):
        return self.f(x)


def test_what_is_drawn_in_place_is_a_constant():
    def drawn(x):
        noise = x.clone()
        noise.uniform_(1, 2)
        return (x * noise).flatten(1)

    x = np.arange(1.0, 5).reshape(1, 4)
    recording = record(Of(drawn), x)
    net, first = TracedNetwork(recording), recording.y.detach().numpy()
    assert ((first / x > 1) & (first / x < 2)).all() and np.array_equal(net(x), first)
    assert np.allclose(net(3 * x), 3 * first, rtol=1e-12)
    (call,) = recording.calls[-1:]
    assert call.operator == "mul" and [c.operator for c in recording.calls].count("uniform_") == 0


@pytest.mark.parametrize(
    ("f", "said"),
    [
        (lambda x: torch.zeros(1, 2), "the scores do not depend on the picture"),
        (lambda x: [x], r"the model must return scores \(N, classes\), not list"),
        (lambda x: {"pooled": x}, r"the model must return scores \(N, classes\), not dict"),
        (lambda x: x @ torch.ones(7, 2), r"the model does not run on an input \(1, 4\): "),
        (
            lambda x: torch.bernoulli(x.sigmoid()),
            "draws random numbers in eval mode: give the model a fixed noise",
        ),
        (lambda x: torch._foreach_mul_([x.clone()[0]], 2.0) or x, "changes several tensors at once"),
        (lambda x: x.to_sparse().to_dense(), "a tensor at the top level is sparse"),
    ],
)
def test_what_cannot_be_recorded(f, said):
    with pytest.raises(WeightsError, match=said):
        record(Of(f), np.ones((1, 4)))


def test_scores_may_be_logits_of_an_output():
    x = np.arange(4.0).reshape(1, 4)
    for f in (lambda x: {"logits": 2 * x}, lambda x: SimpleNamespace(logits=2 * x, other=x)):
        assert record(Of(f), x).y.detach().tolist() == [[0, 2, 4, 6]]


def test_where_values_are_read_and_where_autograd_begins_anew():
    def forks(x):
        if x.sum().item() > 0:
            x = x + float(x.detach().numpy().max())
        with torch.no_grad():
            y = 3 * x
        return x.detach() + y + 2 * x

    recording = record(Of(forks), np.arange(4.0).reshape(1, 4))
    assert recording.decided == ["the top level"] == recording.left
    assert [(c.operator, c.cut) for c in recording.calls] == [
        ("add", ""), ("mul", "no_grad"), ("add", ""), ("mul", ""), ("add", ""),
    ]  # fmt: skip
    assert {*parting.choices(recording.calls)} == {"no_grad at the top level", "detach at the top level"}


def test_operators_are_those_of_modules_and_only_those_that_lead_to_the_scores():
    model = torch.nn.Sequential(torch.nn.ReLU(), Of(lambda x: (x.exp(), x * 2)[1]), torch.nn.Tanh())
    calls = record(model, np.ones((1, 3))).calls
    assert [(c.operator, c.module, c.origin) for c in calls] == [
        ("relu", "0", "module"), ("mul", "1", "function"), ("tanh", "2", "module"),
    ]  # fmt: skip
    assert [c.where for c in calls] == ["'0'", "'1'", "'2'"]
    twice = torch.nn.ReLU()
    again = record(torch.nn.Sequential(twice, torch.nn.Tanh(), twice), np.ones((1, 3)))
    assert [value.names for c in again.calls for value in c.results] == [["0"], ["1"], ["0@2"]]


def test_a_network_parts_from_its_model_at_the_first_other_number(monkeypatch):
    recording = record(Of(lambda x: (2 * x).exp().flatten(1)), np.ones((1, 3)))
    net = TracedNetwork(recording)
    assert parting.first_other_output(net, recording) is None
    for apart, found in ((parting.ROUNDING, None), (1.01 * parting.ROUNDING, "mul")):
        monkeypatch.setattr(parting, "difference", lambda a, b, apart=apart: apart)
        call = parting.first_other_output(net, recording)
        assert (call and call.operator) == found


def test_a_gradient_parts_from_autograds_at_the_operator_that_sends_it_wrong(monkeypatch):
    """exp sends back twice what it should, so that what arrives before it is wrong as well."""
    recording = record(Of(lambda x: (2 * x).exp().flatten(1) + 1), np.arange(3.0).reshape(1, 3))
    net, right = TracedNetwork(recording), parting.sent_back
    before = {net.values[0], net.values[net.numbers[recording.calls[0].results[0]]]}

    def twice(y, w, tensors):
        exp_lies_between = y not in before
        return [g * (1 + (exp_lies_between and t in before)) for t, g in zip(tensors, right(y, w, tensors))]

    monkeypatch.setattr(parting, "sent_back", twice)
    assert parting.first_other_gradient(net, recording, np.ones((1, 3))).operator == "exp"


def test_what_a_hook_of_a_tensor_returns_is_the_models_own_gradient():
    def hooked(x):
        y = 2 * x
        y.register_hook(lambda g: 10 * g)
        return y.flatten(1)

    x = Tensor(np.ones((1, 3)), "x")
    for asked, factor in (("mathematical", 2), ("model", 20)):
        net = from_torch(Of(hooked), x.data, asked)
        assert backward(net(x), np.ones((1, 3)), wrt=x).tolist() == [[factor] * 3]


@pytest.mark.parametrize(
    ("model", "how", "said"),
    [
        (len, {}, "the model is a torch.nn.Module, not builtin_function_or_method$"),
        ({"W": 1}, {}, "not dict; its weights alone are no model"),
        (torch.nn.ReLU(), {"gradient": "exact"}, "gradient is 'mathematical' or 'model', not 'exact'"),
        (torch.nn.ReLU(), {"which": 0}, "which=0 is for several inputs"),
    ],
)
def test_what_is_no_model_or_no_question(model, how, said):
    with pytest.raises(WeightsError, match=said):
        from_torch(model, np.ones((1, 3)), **how)


def test_which_gradient_is_asked_and_in_which_mode_the_model_was():
    model = Of(lambda x: x * x.detach())
    x = Tensor(np.array([[2.0, 3.0]]), "x")
    for gradient, factor in (("mathematical", 2), ("model", 1)):
        net = from_torch(model, x.data, gradient)
        assert net.trained and backward(net(x), np.ones((1, 2)), wrt=x).tolist() == [[2 * factor, 3 * factor]]
    assert from_torch(model.eval(), x.data).trained is False
    rows = from_torch(torch.nn.ReLU(), [[1.0, -2.0]])  # rows of numbers are one input
    assert rows(np.array([[-1.0, 5.0]])).tolist() == [[0, 5]]


def test_a_size_that_is_left_open_is_the_pictures_own():
    assert _sizes(np.zeros((2, 3, 5, 7)), (None, 2)) == [5, 2]
    assert _sizes(np.zeros((3, 5, 7)), (4, None)) == [4, 7], "without a batch"
