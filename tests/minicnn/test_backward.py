"""The backward pass: rules, stacks, several starts, pruning, what is released and what is refused."""

import weakref

import numpy as np
import pytest

from minicnn import GraphError, Op, RuleError, Tensor, backward, find, one_hot
from minicnn.convolution.fast import threads
from minicnn.layer import Apply
from minicnn.ops import (
    Add,
    BatchNorm,
    Clip,
    Concat,
    Conv,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool,
    Mul,
    ReLU,
    Sigmoid,
    SiLU,
    Slice,
)
from tests.support.cases import draw, positive
from tests.support.compare import assert_close, relative, same_bits

DECONVNET, GUIDED = {ReLU: ReLU.deconvnet}, {ReLU: ReLU.guided}
TABLES = {"backprop": {}, "deconvnet": DECONVNET, "guided": GUIDED}


def net(x, seed="", activation=ReLU):
    """conv - activation - pool - conv - activation - linear.

    x (N, 2, 8, 10) -> (N, 4); every rule changes something here.
    """
    h = Conv(pad=1)(x, Tensor(draw("W1" + seed, 3, 2, 3, 3), "W1"), Tensor(draw("b1", 3), "b1"), name="conv1")
    h = MaxPool(2)(activation()(h, name="act1"), name="pool1")
    h = Conv(pad=1)(h, Tensor(draw("W2" + seed, 4, 3, 3, 3), "W2"), Tensor(draw("b2", 4), "b2"), name="conv2")
    h = Flatten()(activation()(h, name="act2"))
    return Linear()(h, Tensor(draw("W3" + seed, 4, 80), "W3"), Tensor(draw("b3", 4), "b3"), name="fc")


def picture(N=2):
    return Tensor(draw("photo", N, 2, 8, 10), "x")


# ---- several uses of one thing


def test_an_activation_with_two_consumers_gets_both_signals_before_its_rule():
    x, z1, z2 = Tensor(draw("x", 50)), draw("z1", 50), draw("z2", 50)
    a = ReLU()(x)
    y = Add()(Mul()(a, z1), Mul()(a, z2))
    gy = draw("gy", 50)
    gate, both = x.data > 0, gy * z1 + gy * z2
    for table, expected in (
        ({}, both * gate),
        (DECONVNET, both * (both > 0)),
        (GUIDED, both * gate * (both > 0)),
    ):
        assert_close(backward(y, gy, wrt=x, rules=table), expected, 1e-14)
    apart = GUIDED[ReLU](a.op, gy * z1) + GUIDED[ReLU](a.op, gy * z2)
    assert relative(apart, backward(y, gy, wrt=x, rules=GUIDED)) > 0.1, (
        "both orders agree here: nothing was tested"
    )


def test_a_tensor_before_the_relu_that_also_feeds_a_skip_keeps_the_skips_signal():
    x, gy = Tensor(draw("x", 60)), draw("gy", 60)
    y = Add()(ReLU()(x), x)
    assert_close(backward(y, gy, wrt=x, rules=GUIDED), gy * (x.data > 0) * (gy > 0) + gy, 1e-14)
    assert_close(backward(y, gy, wrt=x, rules=DECONVNET), gy * (gy > 0) + gy, 1e-14)


def test_one_input_used_twice_by_one_operation():
    x, gy = Tensor(draw("x", 5)), draw("gy", 5)
    assert_close(backward(Mul()(x, x), gy, wrt=x), 2 * x.data * gy, 1e-14)
    assert_close(backward(Concat(axis=0)(x, x, x), np.tile(gy, 3), wrt=x), 3 * gy, 1e-14)


@pytest.mark.parametrize("name", TABLES)
def test_one_layer_applied_twice(name):
    relu, x, z = Apply("relu1", ReLU), Tensor(draw("x", 40)), draw("z", 40)
    y = relu(Add()(relu(x), z))
    f1, f2, gy = x.data, np.maximum(x.data, 0) + z, draw("gy", 40)
    rule = {
        "backprop": lambda f, g: g * (f > 0), "deconvnet": lambda f, g: g * (g > 0), "guided": lambda f,
        g: g * (f > 0) * (g > 0),
    }[name]  # fmt: skip
    assert_close(backward(y, gy, wrt=x, rules=TABLES[name]), rule(f1, rule(f2, gy)), 1e-14)
    if name == "guided":
        only_second = backward(y, gy, wrt=x, rules={"relu1:2": ReLU.guided}, allow=ReLU)
        assert_close(only_second, gy * (f1 > 0) * (f2 > 0) * (gy > 0), 1e-14)
        assert find(y, "relu1") is not find(y, "relu1:2")


def test_weights_used_twice_add_their_gradients():
    x, W = Tensor(draw("x", 2, 3, 5, 5)), Tensor(draw("W", 3, 3, 3, 3))
    h = Conv(pad=1)(x, W)
    y = Conv(pad=1)(h, W)
    gy = draw("gy", *y.shape)
    apart = y.op.gW(gy) + h.op.gW(y.op.gx(gy))
    assert_close(backward(y, gy, wrt=W), apart, 1e-14)


def test_interleaved_passes_give_what_each_gives_alone():
    x1, x2 = Tensor(draw("one", 1, 2, 8, 10)), Tensor(draw("two", 1, 2, 8, 10))
    alone = []
    for x in (x1, x2):
        y = net(x)
        alone.append(backward(y, one_hot(y, 1), wrt=x, rules=GUIDED))
    y1, y2 = net(x1), net(x2)
    assert same_bits(backward(y1, one_hot(y1, 1), wrt=x1, rules=GUIDED), alone[0])
    assert same_bits(backward(y2, one_hot(y2, 1), wrt=x2, rules=GUIDED), alone[1])
    assert same_bits(backward(y1, one_hot(y1, 1), wrt=x1, rules=GUIDED), alone[0])
    assert not same_bits(*alone)


# ---- tables of rules


def test_every_rule_changes_something_here():
    x = picture()
    y = net(x)
    g = [backward(y, one_hot(y, 2), wrt=x, rules=t) for t in TABLES.values()]
    assert min(relative(g[0], g[1]), relative(g[0], g[2]), relative(g[1], g[2])) > 0.1


def test_a_list_of_tables_is_the_tables_one_by_one():
    x = picture()
    y = net(x)
    start, A = one_hot(y, 2), find(y, "act1")
    gx, gA = backward(y, start, wrt=[x, A], rules=list(TABLES.values()))
    assert gx.shape == (3, *x.shape) and gA.shape == (3, *A.shape)
    for s, table in enumerate(TABLES.values()):
        assert_close(gx[s], backward(y, start, wrt=x, rules=table), 1e-13)
        assert_close(gA[s], backward(y, start, wrt=A, rules=table), 1e-13)


def test_a_list_of_tables_with_several_classes_each():
    x = picture()
    y = net(x)
    classes = np.stack([one_hot(y, 0), one_hot(y, 3)])
    g = backward(y, np.stack([classes, classes]), wrt=x, rules=[{}, GUIDED])
    assert g.shape == (2, 2, *x.shape)
    for s, table in enumerate([{}, GUIDED]):
        for k, c in enumerate((0, 3)):
            assert_close(g[s, k], backward(y, one_hot(y, c), wrt=x, rules=table), 1e-13)


def test_a_stack_of_the_wrong_size_is_refused():
    x = picture()
    y = net(x)
    with pytest.raises(GraphError, match="3 tables of rules need a stack of 3 signals, not 2"):
        backward(y, np.stack([one_hot(y, 0)] * 2), wrt=x, rules=list(TABLES.values()))


def test_rules_are_found_by_name_before_kind_and_by_base_class():
    class MyReLU(ReLU):
        pass

    x, gy = Tensor(draw("x", 30)), draw("gy", 30)
    y = MyReLU()(x, name="special")
    assert same_bits(backward(y, gy, wrt=x, rules=DECONVNET), gy * (gy > 0))
    assert same_bits(
        backward(y, gy, wrt=x, rules={ReLU: ReLU.deconvnet, MyReLU: ReLU.guided}),
        gy * ((x.data > 0) & (gy > 0)),
    )
    by_name = {ReLU: ReLU.deconvnet, "special": lambda op, g: 7 * g}
    assert same_bits(backward(y, gy, wrt=x, rules=by_name), 7 * gy)


def test_a_rule_may_replace_any_operation_and_never_reaches_a_weight():
    x = picture()
    y = net(x)
    W1, gy = find(y, "W1"), one_hot(y, 1)
    halved = {Conv: lambda op, g: op.gx(g) / 2}
    gx, gW = backward(y, gy, wrt=[x, W1], rules=halved, allow=ReLU)
    plain_x, plain_W = backward(y, gy, wrt=[x, W1])
    assert_close(gx, plain_x / 4, 1e-14)  # two convolutions lead to x
    assert_close(gW, plain_W / 2, 1e-14)  # one leads to W1, whose own gradient the rule leaves alone


def test_a_rule_for_an_operation_with_two_signals():
    x, z, gy = Tensor(draw("x", 4)), Tensor(draw("z", 4)), draw("gy", 4)
    y = Add()(x, z)
    gx, gz = backward(y, gy, wrt=[x, z], rules={Add: lambda op, g: (g, -g)})
    assert same_bits(gx, gy) and same_bits(gz, -gy)
    assert same_bits(backward(y, gy, wrt=z, rules={Add: lambda op, g: (g, -g)}), -gy)
    with pytest.raises(RuleError, match="a rule for Add must return 2 signals, not 3"):
        backward(y, gy, wrt=[x, z], rules={Add: lambda op, g: (g, g, g)})


def test_a_rule_that_returns_another_shape_is_refused():
    x = Tensor(draw("x", 4, 5), "x")
    y = ReLU()(x, name="relu1")
    with pytest.raises(RuleError, match=r"ReLU 'relu1' sent back a signal \(5,\); its input takes \(4, 5\)"):
        backward(y, np.ones((4, 5)), wrt=x, rules={ReLU: lambda op, g: g[0]})


def test_rules_change_nothing_on_a_network_without_relu():
    x = picture()
    y = net(x, activation=lambda: Clip(-1e9, 1e9))
    gy = one_hot(y, 2)
    plain = backward(y, gy, wrt=x)
    assert np.any(plain)
    for table in (GUIDED, DECONVNET):
        assert same_bits(backward(y, gy, wrt=x, rules=table, allow=(ReLU, Clip)), plain)


# ---- silence is refused


@pytest.mark.parametrize(
    "kind", [LeakyReLU, lambda: Clip(0, 6), SiLU, Sigmoid], ids=["LeakyReLU", "Clip", "SiLU", "Sigmoid"]
)
def test_an_activation_of_which_the_table_does_not_speak(kind):
    x = Tensor(draw("x", 20))
    h = kind()(ReLU()(x), name="odd")
    y = ReLU()(h)
    name = type(h.op).__name__
    with pytest.raises(
        RuleError, match=rf"{name} 'odd' is in the backward pass.*allow=\({name},\) or allow=\('odd',\)"
    ):
        backward(y, np.ones(20), wrt=x, rules=GUIDED)
    with pytest.raises(RuleError, match=name):
        backward(y, np.ones((2, 20)), wrt=x, rules=[{}, GUIDED])
    by_kind = backward(y, np.ones(20), wrt=x, rules=GUIDED, allow=type(h.op))
    assert np.any(by_kind) and same_bits(
        by_kind, backward(y, np.ones(20), wrt=x, rules=GUIDED, allow=["odd"])
    )
    assert np.any(backward(y, np.ones(20), wrt=x)), "backprop needs no permission"


def test_a_table_of_which_nothing_is_on_the_way():
    x = Tensor(draw("x", 3, 4), "x")
    y = Linear()(x, draw("W", 2, 4), name="fc")
    with pytest.raises(
        RuleError, match=r"nothing in the backward pass matches the table \(ReLU\).*allow=\(ReLU,\)"
    ):
        backward(y, one_hot(y, 0), wrt=x, rules=GUIDED)
    assert same_bits(
        backward(y, one_hot(y, 0), wrt=x, rules=GUIDED, allow=ReLU), backward(y, one_hot(y, 0), wrt=x)
    )


def test_a_table_that_matches_nothing_is_told_which_activations_are_there():
    x = Tensor(draw("x", 3, 4), "x")
    y = LeakyReLU()(LeakyReLU()(x))
    with pytest.raises(RuleError, match=r"matches the table \(ReLU\), but LeakyReLU is there: if"):
        backward(y, one_hot(y, 0), wrt=x, rules=GUIDED)


def test_only_what_lies_between_y_and_wrt_is_on_the_way():
    x = picture()
    y = net(x)
    with pytest.raises(RuleError, match="nothing in the backward pass"):
        backward(y, one_hot(y, 0), wrt=find(y, "act2"), rules=GUIDED)  # the ReLU that made act2 is not passed
    h = LeakyReLU()(x, name="leaky")
    y = ReLU()(h)
    assert np.any(backward(y, np.ones(y.shape), wrt=h, rules=GUIDED))  # nor is this LeakyReLU


def test_a_name_in_a_table_must_be_on_the_way_and_unambiguous():
    x = Tensor(draw("x", 4))
    y = ReLU()(ReLU()(x, name="relu1"), name="relu2")
    with pytest.raises(
        RuleError, match="a rule for 'relu9', but no operation of the backward pass has that name"
    ):
        backward(y, np.ones(4), wrt=x, rules={ReLU: ReLU.guided, "relu9": ReLU.guided})
    y = ReLU()(ReLU()(x, name="same"), name="same")
    with pytest.raises(RuleError, match="a rule for 'same', but several operations"):
        backward(y, np.ones(4), wrt=x, rules={"same": ReLU.guided}, allow=ReLU)


# ---- starts


def test_signals_that_start_at_several_tensors_with_zero_rows():
    x = picture()
    y = net(x)
    A = find(y, "act2")
    at_y, at_A = np.zeros((2, *y.shape)), np.zeros((2, *A.shape))
    at_y[0], at_A[1] = one_hot(y, 1), one_hot(A, (2, 1, 3))
    g = backward([y, A], [at_y, at_A], wrt=x, rules=[{}, DECONVNET])
    assert_close(g[0], backward(y, one_hot(y, 1), wrt=x), 1e-13)
    assert_close(g[1], backward(A, one_hot(A, (2, 1, 3)), wrt=x, rules=DECONVNET), 1e-13)
    reverse = backward([A, y], [at_A, at_y], wrt=x, rules=[{}, DECONVNET])
    assert_close(reverse, g, 1e-14)


def test_one_signal_serves_every_table_and_meets_a_stack():
    x = picture()
    y = net(x)
    g = backward(y, one_hot(y, 1), wrt=x, rules=[{}, GUIDED])
    assert g.shape == (2, *x.shape) and relative(g[0], g[1]) > 0.1
    A = find(y, "act2")
    together = backward([y, A], [one_hot(y, 1), np.zeros((3, *A.shape))], wrt=x)
    assert together.shape == (3, *x.shape) and all(relative(row, g[0]) < 1e-13 for row in together)


def test_the_signal_at_the_start_itself():
    x = picture()
    y = net(x)
    gy = one_hot(y, 1)
    at_y, at_x = backward(y, gy, wrt=[y, x])
    assert same_bits(at_y, gy) and not np.shares_memory(at_y, gy)
    assert same_bits(at_x, backward(y, gy, wrt=x))


@pytest.mark.parametrize(
    "gy, said",
    [
        (np.ones(4), r"a signal at fc \(2, 4\) must have that shape"),
        (np.ones((2, 5)), r"must have that shape, with any axes before it, not \(2, 5\)"),
        (1.0, r"a signal at fc \(2, 4\) must be an array of that shape, not a float"),
        ([np.ones((2, 4))] * 2, "1 tensors to start from need 1 signals, not 2"),
    ],
)
def test_a_signal_that_does_not_fit_is_refused(gy, said):
    x = picture()
    with pytest.raises(GraphError, match=said):
        backward(net(x), gy, wrt=x)


def test_stacks_of_different_sizes_are_refused():
    x = picture()
    y = net(x)
    A = find(y, "act2")
    with pytest.raises(
        GraphError, match=r"stacks that start together must have the same axes in front.*\(2,\).*\(3,\)"
    ):
        backward([y, A], [np.zeros((2, *y.shape)), np.zeros((3, *A.shape))], wrt=x)


# ---- ends


def test_a_wrt_that_y_does_not_depend_on():
    x, other = picture(), Tensor(draw("other", 3), "other")
    y = net(x)
    with pytest.raises(GraphError, match=r"fc does not depend on other \(3,\)"):
        backward(y, one_hot(y, 0), wrt=other)
    with pytest.raises(GraphError, match="fc does not depend on other"):
        backward(y, one_hot(y, 0), wrt=[x, other])
    A = find(y, "act1")
    with pytest.raises(GraphError, match="act1 does not depend on fc"):
        backward(A, np.ones(A.shape), wrt=y)


def test_a_wrt_to_which_no_gradient_leads():
    x, mean = Tensor(draw("x", 4, 3)), Tensor(draw("mean", 3), "mean")
    y = BatchNorm()(x, draw("g", 3), draw("b", 3), mean, positive("v", 3))
    with pytest.raises(GraphError, match="no signal passes back to mean"):
        backward(y, np.ones((4, 3)), wrt=mean)


def test_wrt_one_tensor_gives_an_array_and_a_list_gives_a_list():
    x = picture()
    y = net(x)
    one, several = backward(y, one_hot(y, 0), wrt=x), backward(y, one_hot(y, 0), wrt=[x, find(y, "W2"), x])
    assert isinstance(one, np.ndarray) and isinstance(several, list)
    assert (
        same_bits(one, several[0]) and same_bits(several[0], several[2]) and several[1].shape == (4, 3, 3, 3)
    )


def test_an_explanation_computes_no_weight_gradient_and_nothing_beyond_wrt(monkeypatch):
    def forbidden(self, gy):
        raise AssertionError("computed in vain")

    x = picture()
    y = net(x)
    A = find(y, "act2")
    for kind, methods in {Conv: ("gW", "gb"), Linear: ("gW", "gb")}.items():
        for method in methods:
            monkeypatch.setattr(kind, method, forbidden)
    assert np.any(backward(y, one_hot(y, 0), wrt=x, rules=GUIDED))
    monkeypatch.setattr(Conv, "gx", forbidden)
    assert np.any(backward(y, one_hot(y, 0), wrt=A))
    with pytest.raises(AssertionError, match="in vain"):
        backward(y, one_hot(y, 0), wrt=x)


def test_training_does_not_send_signals_to_the_photo(monkeypatch):
    x = picture()
    y = net(x)
    conv1 = find(y, "conv1").op
    monkeypatch.setattr(
        Conv, "gx", lambda self, gy, gx=Conv.gx: pytest.fail("in vain") if self is conv1 else gx(self, gy)
    )
    backward(y, one_hot(y, 0), wrt=[find(y, "W1"), find(y, "W2")])


def test_a_branch_that_does_not_lead_to_wrt_is_not_entered(monkeypatch):
    x, z = Tensor(draw("x", 4)), Tensor(draw("z", 4))
    y = Add()(ReLU()(x, name="here"), Slice(slice(None))(z, name="there"))
    monkeypatch.setattr(Slice, "gx", lambda self, gy: pytest.fail("in vain"))
    assert np.any(backward(y, np.ones(4), wrt=x))


# ---- memories


def test_backward_may_be_asked_many_times():
    x = picture()
    y = net(x)
    first = backward(y, one_hot(y, 0), wrt=x, rules=GUIDED)
    bytes_then = first.tobytes()
    backward(y, one_hot(y, 1), wrt=x)
    again = backward(y, one_hot(y, 0), wrt=x, rules=GUIDED)
    again *= 0
    assert first.tobytes() == bytes_then == backward(y, one_hot(y, 0), wrt=x, rules=GUIDED).tobytes()


def test_the_signal_that_was_given_is_not_changed():
    x = picture()
    y = net(x)
    gy = np.stack([one_hot(y, c) for c in (0, 1, 2)])
    before = gy.copy()
    gy.flags.writeable = False
    backward(y, gy, wrt=[x, y], rules=list(TABLES.values()))
    assert same_bits(gy, before)


def test_released_memories_are_gone_and_say_so():
    x = picture()
    y = net(x)
    expected = backward(y, one_hot(y, 0), wrt=x)
    op = find(y, "conv1").op
    assert same_bits(backward(y, one_hot(y, 0), wrt=x, release=True), expected)
    for ask in (lambda: backward(y, one_hot(y, 0), wrt=x), lambda: find(y, "conv1")):
        with pytest.raises(GraphError, match="released by backward"):
            ask()
    with pytest.raises(GraphError, match="applied already"):
        op(x.data, draw("W", 3, 2, 3, 3))


def test_memories_die_on_the_way():
    class Watch(Op):
        """y = x; in the backward pass, reports whether what came after it is still remembered."""

        def forward(self, x):
            return x.copy()

        def gx(self, gy):
            self.seen.append(self.after() is None)
            return gy

    for release in (True, False):
        x = picture()
        watch = Watch()
        watch.seen = seen = []
        y = net(watch(x))
        watch.after = weakref.ref(find(y, "conv2").data)
        backward(y, one_hot(y, 0), wrt=x, release=release)
        assert seen == [release]


def large_relu(rules, seed=3):
    """A ReLU large enough to be passed in shares, and what arrives at its input; channels last, as
    convolutions leave them."""
    random = np.random.default_rng(seed)
    x = Tensor(np.moveaxis(random.standard_normal((2, 90, 61, 48)).astype(np.float32), -1, 1), "x")
    y = ReLU()(x)
    gy = np.moveaxis(random.standard_normal((len(rules), 2, 90, 61, 48)).astype(np.float32), -1, 2)
    assert gy.size >= threads.LARGE
    return x, y, gy, backward(y, gy, x, rules)


def test_a_large_activation_is_its_equation_for_every_row():
    x, _, gy, arrived = large_relu([{}, {ReLU: ReLU.deconvnet}, {ReLU: ReLU.guided}])
    gate = x.data > 0
    for found, expected in zip(arrived, (gy[0] * gate, np.maximum(gy[1], 0), np.maximum(gy[2], 0) * gate)):
        assert same_bits(found + 0, expected + 0) and found.any()  # + 0: no sign of zero


def test_a_rule_of_ones_own_sees_the_whole_signal_however_large():
    def threshold(op, gy):
        return gy * (abs(gy) > 0.5 * abs(gy).max())

    _, _, gy, arrived = large_relu([{ReLU: threshold}, {}])
    assert (
        same_bits(arrived[0], threshold(None, gy[0])) and 0 < np.count_nonzero(arrived[0]) < 0.5 * gy[0].size
    )


def test_a_large_activation_remembers_what_it_did():
    x, y, gy, first = large_relu([{}, {ReLU: ReLU.guided}])
    assert y.op.x is x.data
    assert all(same_bits(a, b) for a, b in zip(first, backward(y, gy, x, [{}, {ReLU: ReLU.guided}])))
