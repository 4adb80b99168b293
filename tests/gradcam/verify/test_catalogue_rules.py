"""Which ReLUs a rule reaches, which layer and whose gradient were taken, and networks that compute other
scores: the catalogue's entries by hand.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from gradcam import verify
from gradcam.verify.hypotheses import relu_rules, wrong_layer
from gradcam.verify.hypotheses.catalogue import HYPOTHESES
from gradcam.verify.kit.networks import SHARED, Network, weights
from gradcam.verify.reference.run import Run
from minicnn import AvgPool, GlobalAvgPool, MaxPool, ReLU, RuleTable, Tensor
from minicnn.layer import Apply, BatchNormLayer, ConvLayer, LinearLayer, Sequential
from tests.gradcam.verify.test_catalogue_elsewhere import details, gives, made, question
from tests.gradcam.verify.test_catalogue_entries import (
    ALPHA,
    CAMS2,
    OF,
    RELU,
    A,
    C,
    G,
    S,
    cam,
    conv,
    conv_back,
    deconvnet,
    guided,
    mean,
    network,
)
from tests.gradcam.verify.test_judge import X

G1, G2 = G * (S.z1 > 0), OF["fc.W"][[C]][..., None, None] / 24 * np.ones_like(S.z2)  # at conv1, at relu2


def test_the_catalogue_begins_with_these():
    """Of causes that give the same numbers, the first in this order is said first."""
    rooms = {h.name: n for n, h in enumerate(HYPOTHESES)}
    begun = (
        "the override did not fire: plain gradient", "deconvnet instead of guided backprop",
        "another rule of LRP", "another epsilon",
        "softmax instead of scores", "sigmoid instead of scores",
        "another rule for the places between baseline and picture", "another number of steps",
        "in-place ReLU: activation after it, gradient before it",
        "in-place ReLU: activation before it, gradient after it",
        "the columns lose their mean first", "the singular vector has the other sign",
        "a sum instead of the mean over i, j", "the maximum instead of the mean over i, j",
        "the parts of FullGrad joined in another way", "the parts of FullGrad are not stretched",
        "upsampled with aligned corners", "upsampled by the nearest neighbour",
        "accumulated: the gradient of several calls", "absolute value",
        "recipe of pytorch-cnn-visualizations: started at ones, clipped, stretched, bytes, Lanczos",
        "stretched, kept in bytes, then enlarged by Lanczos",
        "another way of resizing the photo", "colour channels in the other order (RGB, BGR)",
        "train mode: batchnorm uses the batch's statistics", "another ceil mode of the max-pools",
    )  # fmt: skip
    assert sorted(begun, key=rooms.get) == list(begun)


# --- which ReLUs


def relus(*named):
    """A network of convolutions with these ReLUs: (name, origin), then a mean and one more, "c.last"."""
    steps, made = [], {}
    for n, (name, origin) in enumerate(named):
        relu = made.setdefault(name, Apply(name, ReLU))
        relu.origin = origin
        steps += [ConvLayer(f"conv{n}", 3, 3, 1), relu]
    return Sequential(*steps, Apply("pool", GlobalAvgPool), LinearLayer("fc", 3, 4), Apply("c.last", ReLU))


def reached(y):
    found = relu_rules.parts(None, y)
    return {name: list(f(None, None, lambda: {ReLU: "its rule"})) for name, f in found.items()}


def test_some_of_the_relus():
    model = relus(("r", "module"), ("f.a", "module"), ("f.b", "function"), ("f.a", "module"))
    y = model.initialise(0)(Tensor(X, "x"))
    r, a, b, again, last = "r", "f.a", "f.b", "f.a:2", "c.last"
    assert reached(y) == {
        "those of the feature maps": [r, a, b, again],
        "those of the classifier": [last],
        "nn.ReLU modules only: F.relu, torch.relu and clamp were not reached": [r, a, again],
        "those that are modules at the top level": [r],
        "the first call of a module that is called again": [r, a, b, last],
        "all but r": [a, b, again, last],
        "those up to f.a": [r, a],
        "all but f.a": [r, b, again, last],
        "those from f.a:2 on": [again, last],
        "those up to f.b": [r, a, b],
        "those from f.b on": [b, again, last],
        "all but f.b": [r, a, again, last],
    }
    assert list(reached(y))[-3:] == ["those up to f.b", "those from f.b on", "all but f.b"], "in the middle"
    assert relu_rules.silent(["x"])(None, None, lambda: {ReLU: "rule", MaxPool: "other"}) == {"x": "rule"}
    alone = relus(("r", "module"))
    assert list(reached(alone.initialise(0)(Tensor(X, "x")))) == [
        "those of the feature maps", "those of the classifier"
    ]  # fmt: skip


def test_the_first_and_the_last_relu_of_a_module():
    ends = lambda *names: [relu_rules._ends(list(names), n) for n in range(len(names))]  # noqa: E731
    assert ends("a.1", "a.2", "a.3", "b.1", "b.2", "b.3", "b.4") == [
        True,
        False,
        True,
        True,
        False,
        False,
        True,
    ]
    assert ends("a", "b", "c") == [True, False, True] and ends("a.1", "b.1", "a.2") == [True] * 3


@pytest.mark.parametrize("method", ["guided_backprop", "deconvnet"])
def test_hooks_on_a_tensor_that_a_skip_takes_too(method):
    """conv1, pool1, which goes into relu1, conv2 and the sum; the sum into relu2."""
    arrays = weights(SHARED, 5)
    x = np.random.default_rng(1).standard_normal((1, 3, 8, 4))
    q = verify.Question(Network(SHARED, arrays), x, 1, method)
    q = verify.Question(Network(SHARED, arrays), x, 1, method, theirs={"result": q.reference["result"]})
    z = conv(x, arrays["conv1.W"], arrays["conv1.b"])
    windows = z.reshape(1, 4, 4, 2, 2, 2).swapaxes(3, 4).reshape(1, 4, 4, 2, 4)
    pooled, first = windows.max(-1), np.eye(4)[windows.argmax(-1)]
    total = pooled + conv(RELU(pooled), arrays["conv2.W"], arrays["conv2.b"])
    rule = guided if method == "guided_backprop" else deconvnet
    g = rule(arrays["scores.W"][[1]][..., None, None] / 8 * np.ones_like(total), total)
    through = conv_back(g, arrays["conv2.W"])
    hooked = RELU(g + through * (pooled > 0)) if method == "guided_backprop" else RELU(through)
    apart = g + rule(through, pooled)

    def at_input(g):
        cells = (g[..., None] * first).reshape(1, 4, 4, 2, 2, 2).swapaxes(3, 4).reshape(1, 4, 8, 4)
        return conv_back(cells, arrays["conv1.W"])

    np.testing.assert_allclose(q.reference["result"], at_input(apart), atol=1e-12)
    assert abs(at_input(hooked) - at_input(apart)).max() > 1e-3
    name = "hook on a tensor that is shared with a skip"
    np.testing.assert_allclose(made(q, name), at_input(hooked), atol=1e-12)
    assert details(question("guided_backprop"), name) == []


def test_what_passes_at_exactly_zero():
    op = SimpleNamespace(x=np.array([-1.0, 0, 0, 1, 1]))
    op.gx = lambda gy: gy * (op.x > 0)
    gy = np.array([5.0, 5, -5, 0, -5])
    for method, right in (("gradient", [0, 5, -5, 0, -5]), ("guided_backprop", [0, 5, 0, 0, 0]),
                          ("guided_grad_cam", [0, 5, 0, 0, 0]), ("deconvnet", [5, 5, 0, 0, 0])):  # fmt: skip
        rule = relu_rules.output_gate(SimpleNamespace(method=method), None, None)[ReLU]
        assert rule(op, gy).tolist() == right, method
    at_zero = SimpleNamespace(x=np.zeros(1))
    for method, right in (("gradient", 1), ("saliency", 1)):
        rule = relu_rules.inverted(SimpleNamespace(method=method), None, None)[ReLU]
        assert rule(at_zero, np.ones(1)).tolist() == [right]
    assert rule(at_zero, -np.ones(1)).tolist() == [-1]


def test_who_gets_the_signal_of_a_tied_window():
    x = Tensor(np.array([[[[1.0, 1, 0, 7], [0, 1, 7, 7], [3, 3, 1, 2]]]]), "x")
    op = MaxPool(2, stride=(1, 2))
    op(x)
    gy = np.array([[[[6.0, 12], [5, 4]]]])
    for share, right in (
        (relu_rules.split, [[2, 2, 0, 4], [0, 2, 6, 6], [2.5, 2.5, 0, 0]]),
        (relu_rules.every, [[6, 6, 0, 12], [0, 6, 16, 16], [5, 5, 0, 0]]),
        (relu_rules.last, [[0, 0, 0, 0], [0, 6, 0, 16], [0, 5, 0, 0]]),
    ):
        rules = relu_rules.ties(share)(None, None, lambda: RuleTable({ReLU: "kept"}))
        assert rules[MaxPool](op, gy).tolist() == [[right]] and rules[ReLU] == "kept"
    padded = MaxPool(3, stride=2, pad=1)
    padded(Tensor(-np.ones((1, 1, 3, 3)), "x"))
    found = relu_rules.ties(relu_rules.split)(None, None, RuleTable)[MaxPool](
        padded, np.full((1, 1, 2, 2), 4.0)
    )
    assert found.tolist() == [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]
    assert "tie rule: the last of equal maxima" in {f.name for h in HYPOTHESES for f in h.forms(question())}
    bare = Sequential(ConvLayer("conv1", 3, 4, 3), Apply("pool", GlobalAvgPool)).initialise(0)
    assert relu_rules.tied(None)(None, bare(Tensor(X, "x"))) == {}


# --- whose layer, whose gradient


def test_both_sides_of_a_relu():
    gives(
        question("grad_cam", layer="conv1"),
        {
            "in-place ReLU: activation after it, gradient before it": cam(mean((2, 3), G1), A),
            "in-place ReLU: activation before it, gradient after it": cam(ALPHA, S.z1),
        },
    )
    kept = "in-place ReLU: what the hook kept is its output, no longer the layer's"
    cut = "ReLU on the feature maps, which go below zero here"
    before = "activation from before the ReLU, gradient from after it"
    q = question("grad_cam", layer="conv1")
    assert details(q, kept) == details(q, cut) == details(q, before) == []
    q.overwritten = True
    gives(q, {kept: cam(ALPHA)})
    assert details(q, "another layer than the one that is named") == ["pool1", "conv2", "relu2"]
    after = question("grad_cam")
    after.overwritten = True
    for name in (kept, "in-place ReLU: activation after it, gradient before it",
                 "in-place ReLU: activation before it, gradient after it"):  # fmt: skip
        assert details(after, name) == []
    assert details(after, "another layer than the one that is named") == ["conv1", "pool1", "conv2", "relu2"]
    assert details(after, cut) == details(after, before) == [""]
    gives(question("grad_cam", layer="pool1"), {
        cut: cam(mean((2, 3), conv_back(G2 * (S.z2 > 0), OF["conv2.W"])), S.p)
    })  # fmt: skip


def test_what_enters_a_layer_with_the_gradient_of_what_leaves_it():
    name = "the activation is the layer's input, the gradient its output's"
    q = question("grad_cam", layer="conv2")
    gives(q, {name: cam(mean((2, 3), G2 * (S.z2 > 0)), S.p)})
    assert not np.array_equal(made(q, name), q.reference["result"])
    assert details(question("grad_cam"), name) == [], "a ReLU has an entry of its own"
    assert details(question("grad_cam", layer="conv1"), name) == [], "three channels enter it, six leave it"


def test_layers_from_near_to_far():
    other = "another layer than the one that is named"
    assert details(question("grad_cam", layer="relu2"), other) == ["conv2", "pool1", "relu1", "conv1"]
    misfit = question("grad_cam", theirs=CAMS2.map)
    assert misfit.misfit and details(misfit, other) == ["pool1", "conv2", "relu2"]


@pytest.mark.parametrize("like", ["relu1", "conv1"])
def test_a_large_network_tries_near_layers_and_those_most_like_theirs(like, monkeypatch):
    monkeypatch.setattr(verify.Question, "large", property(lambda q: True))
    monkeypatch.setattr(wrong_layer, "NEIGHBOURS", 1)
    theirs = {"relu1": cam(ALPHA), "conv1": cam(mean((2, 3), G1), S.z1)}[like]
    q = question("grad_cam", layer="relu2", theirs=3 * theirs + 1)
    assert q.enlarged
    name = "another layer than the one that is named"
    assert details(q, name) == ["conv2", "pool1", like]
    gives(q, {f"{name}: {like}": theirs})
    assert details(question("eigen_cam", layer="relu2", theirs=theirs), name) == ["conv2", "pool1", "relu1"]
    blind = SimpleNamespace(method="grad_cam", theirs={})
    assert wrong_layer.alike(blind, None, ["a", "b"]) == ["a"]
    assert wrong_layer.alike(SimpleNamespace(method="grad_cam", theirs=["result"]), None, []) == []


def test_how_unlike_two_maps_are():
    a = np.array([[1.0, 2.0], [3.0, 6.0]])
    assert wrong_layer.unlike(a, 5 * a - 7) == pytest.approx(0) and wrong_layer.unlike(a, -a) == 2
    assert wrong_layer.unlike(a, np.array([[1.0, -1.0], [0.0, 0.0]])) == pytest.approx(1 + 1 / np.sqrt(28))
    assert wrong_layer.unlike(a, np.ones((2, 2))) == np.inf


def test_gradients_of_the_layers_size():
    name = "the gradient is another tensor's, the activation the layer's output"
    first = "of its input: grad_input[0] of a backward hook"
    assert details(question("grad_cam", layer="relu2"), name) == [first, "of pool1"]
    assert details(question("grad_cam", layer="pool1"), name) == ["of conv2", "of relu2"]
    assert details(question("grad_cam", layer="conv1"), name) == []
    at_conv2 = mean((2, 3), G2 * (S.z2 > 0))
    at_pool = mean((2, 3), conv_back(G2 * (S.z2 > 0), OF["conv2.W"]))
    q = question("grad_cam", layer="relu2")
    gives(q, {f"{name}: {first}": cam(at_conv2, CAMS2.A), f"{name}: of pool1": cam(at_pool, CAMS2.A)})
    gives(question("grad_cam", layer="pool1"), {f"{name}: of relu2": cam(mean((2, 3), G2), S.p)})
    gives(question("grad_cam", layer="conv2"), {f"{name}: {first}": cam(at_pool, S.z2)})


# --- other scores


def score_of(name, model, x=X):
    """[what the entry has for scores]; [] if it cannot be"""
    q = verify.Question(model, x, 0, "gradient", theirs={"result": np.ones_like(x)})
    (entry,) = (h for h in HYPOTHESES if h.name == name)
    return [Run(q, form.changes)["y"] for form in entry.forms(q)]


def test_batchnorm_by_its_own_statistics():
    model = Sequential(BatchNormLayer("bn1", 3), Apply("pool", GlobalAvgPool), LinearLayer("fc", 3, 4))
    model = model.initialise(2).astype(np.float64)
    model["bn1"].gamma.data[:], model["bn1"].beta.data[:] = [1, 2, 3], [4, 5, 6]
    model["bn1"].mean.data += 1
    name = "train mode: batchnorm uses the batch's statistics"
    x = X**2
    (found,) = score_of(name, model, x)  # a mean over all places leaves beta alone
    assert found == pytest.approx(np.array([[4.0, 5, 6]]) @ model["fc"].W.data.T + model["fc"].b.data)
    assert score_of(name, network()) == []


def pooled(kind, **options):
    model = Sequential(Apply("pool1", kind, **options), Apply("pool", GlobalAvgPool))
    return model.astype(np.float64)


def test_other_options_of_pools():
    x = -np.arange(1.0, 26).reshape(1, 1, 5, 5).repeat(2, 1)
    largest, average = "another ceil mode of the max-pools", "another ceil mode of the average pools"
    counted, zeros = "padding counted, or not, by the average pools", "max-pools padded with zeros"
    of = lambda name, kind, **options: [y[0, 0] for y in score_of(name, pooled(kind, **options), x)]  # noqa: E731
    first = np.array([-1, -3, -11, -13])
    assert of(largest, MaxPool, kernel=2) == [(first.sum() - 5 - 15 - 21 - 23 - 25) / 9]
    assert of(largest, MaxPool, kernel=2, ceil=True) == [first.mean()]
    assert of(average, MaxPool, kernel=2) == of(largest, AvgPool, kernel=2) == []
    means = np.array([-4, -6, -14, -16])
    assert of(average, AvgPool, kernel=2) == [(means.sum() - 7.5 - 17.5 - 21.5 - 23.5 - 25) / 9]
    assert of(average, AvgPool, kernel=2, ceil=True) == [means.mean()]
    assert (
        of(counted, AvgPool, kernel=2) == of(zeros, MaxPool, kernel=2) == of(zeros, AvgPool, kernel=2) == []
    )
    x = np.full((1, 1, 3, 3), -9.0)
    assert of(counted, AvgPool, kernel=3, stride=2, pad=1) == [-9.0]
    assert of(counted, AvgPool, kernel=3, stride=2, pad=1, count_padding=False) == [-4.0]
    assert of(zeros, MaxPool, kernel=3, stride=2, pad=1) == [0]
    assert of(zeros, MaxPool, kernel=2, stride=1, pad=((1, 0), (0, 0))) == [-6]


def test_a_max_pool_padded_with_zeros_hands_its_signal_back():
    x = np.full((1, 1, 3, 3), -9.0)
    x[0, 0, 1, 1] = 2
    q = verify.Question(pooled(MaxPool, kernel=3, stride=2, pad=1), x, 0, "gradient",
                        theirs={"result": x})  # fmt: skip
    assert made(q, "max-pools padded with zeros").tolist() == [[[[0, 0, 0], [0, 1, 0], [0, 0, 0]]]]
    x[0, 0] = [[-9, -9, -9], [-9, -9, -9], [-9, -9, 2]]
    q = verify.Question(pooled(MaxPool, kernel=3, stride=2, pad=1), x, 0, "gradient",
                        theirs={"result": x})  # fmt: skip
    assert made(q, "max-pools padded with zeros").tolist() == [[[[0, 0, 0], [0, 0, 0], [0, 0, 0.25]]]]
