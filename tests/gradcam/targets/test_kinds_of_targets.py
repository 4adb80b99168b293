"""Every kind of target: its gradient by central differences and by autograd, its number by a method without
gradients, and what it says of itself.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from gradcam import Target, explain, gradient, occlusion
from gradcam.outputs import WithoutEnd, scores
from gradcam.target import slope
from gradcam.targets import Box, Finer, Function, Number, Region, Step
from gradcam.targets.arithmetic import PAIRS, SLOPES, Traced
from gradcam.targets.region import filled
from minicnn import Error, LogSoftmax, Reshape, Sigmoid, Softmax, Tensor, Transpose, backward
from minicnn.layer import Apply, ConvLayer, Sequential
from tests.support.compare import assert_close, relative, same_bits
from tests.support.small_nets import picture, small_vgg

MASK = np.zeros((6, 8), bool)
MASK[1:4, 2:7] = True


def maps():
    """(N, 3, 6, 8), of a segmentation."""
    parts = small_vgg().steps[:3]
    return Sequential(*parts, ConvLayer("seg", 6, 3, 1)).initialise(1).astype(np.float64)


VGG, ONE, SEG = small_vgg(), small_vgg(classes=1), maps()


def one_number(x):
    """(N,)"""
    return Reshape((-1,))(ONE(x))


def across(x):
    """(N, 3, 48), of a detector."""
    return Reshape((-1, 3, 48))(SEG(x))


def rows(x):
    """(N, 48, 3), of a detector or a sequence."""
    return Transpose((0, 2, 1))(across(x))


def heads(x):
    y = VGG(x)
    return {"logits": y, "aux": Sigmoid()(y)}


def pair(x):
    return tuple(heads(x).values())


lse = Function(lambda y: y[:, 3] - np.log(np.exp(y).sum(axis=1)), "the log-probability of class 3")
difference = Target.score(2) - Target.score(1)
KINDS = {
    "score": (small_vgg(), Target.score(2), lambda t, y: y[:, 2]),
    "of each": (small_vgg(), Target.score((2, 4)), lambda t, y: t.stack([y[0, 2], y[1, 4]])),
    "probability": (small_vgg(), Target.probability(2), lambda t, y: t.softmax(y, 1)[:, 2]),
    "by sigmoid": (small_vgg(), Target.probability(2, by="sigmoid"), lambda t, y: t.sigmoid(y)[:, 2]),
    "yes or no": (small_vgg(classes=1), Target.probability(0), lambda t, y: t.sigmoid(y)[:, 0]),
    "one number": (one_number, Target.probability(0), lambda t, y: t.sigmoid(y)),
    "upwards": (one_number, Number(), lambda t, y: y),
    "downwards": (small_vgg(), Number(3, downwards=True), lambda t, y: -y[:, 3]),
    "difference": (small_vgg(), difference, lambda t, y: y[:, 2] - y[:, 1]),
    "negative": (small_vgg(), -Target.score(2), lambda t, y: -y[:, 2]),
    "mixed": (
        small_vgg(), Target.probability(2) - 0.5 * Target.score(1),
        lambda t, y: t.softmax(y, 1)[:, 2] - 0.5 * y[:, 1],
    ),
    "mask": (maps(), Region(1, MASK), lambda t, y: (y[:, 1] * t.tensor(MASK)).sum((1, 2))),
    "finer mask": (
        maps(), Region(1, MASK.repeat(2, 0).repeat(2, 1)), lambda t, y: (y[:, 1] * t.tensor(MASK)).sum((1, 2))
    ),
    "box": (maps(), Region(0, box=(0.25, 0.5, 1, 1)), lambda t, y: y[:, 0, 3:, 2:].sum((1, 2))),
    "everywhere": (maps(), Region(2), lambda t, y: y[:, 2].sum((1, 2))),
    "no class": (
        lambda x: Reshape((-1, 18, 8))(SEG(x)), Region(None, box=(0, 0, 0.5, 0.5)),
        lambda t, y: y[:, :9, :4].sum((1, 2)),
    ),
    "row": (rows, Box(7, 1, columns=1), lambda t, y: y[:, 7, 2]),
    "row across": (across, Box(7, 0, columns=1, axis=2),
                   lambda t, y: y[:, 1, 7]),
    "strongest": (rows, Box(7, columns=0), lambda t, y: y[:, 7].max(1).values),
    "step": (rows, Step(-2, 1), lambda t, y: y[:, 46, 1]),
    "function": (small_vgg(), lse, lambda t, y: t.log_softmax(y, 1)[:, 3]),
    "finer": (
        small_vgg(), Finer(2, (0, 3), 0.6),
        lambda t, y: y[:, 2] - 0.6 * (t.softmax(y[:, [0, 3]], 1) * y[:, [0, 3]]).sum(1),
    ),
    "of a dict": (heads, Target.score(2, output="logits"), lambda t, y: y["logits"][:, 2]),
    "of a tuple": (pair, Target.score(2, output=0), lambda t, y: y[0][:, 2]),
    "the sigmoid of a dict": (
        heads, Target.probability(2, output="aux"), lambda t, y: t.sigmoid(y["logits"])[:, 2]
    ),
    "two outputs": (
        heads, Target.score(1, output="logits") - Target.probability(2, output="aux"),
        lambda t, y: y["logits"][:, 1] - t.sigmoid(y["logits"])[:, 2],
    ),
    "function of a dict": (
        heads, Function(lambda y: (y["logits"] ** 2).sum(axis=1) - y["aux"][:, 0]),
        lambda t, y: (y["logits"] ** 2).sum(1) - t.sigmoid(y["logits"])[:, 0],
    ),
}  # fmt: skip


def number(net, target, x):
    """Of each picture, without a gradient.  x (N, C, H, W) -> (N,)"""
    y = net(x)
    if isinstance(y, dict):
        return target.numbers({name: v[None] for name, v in y.items()})[0]
    return target.numbers(tuple(v[None] for v in y) if isinstance(y, tuple) else y[None])[0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_that_of_central_differences(kind):
    net, target, _ = KINDS[kind]
    x = picture()
    y = net(x)
    if kind in ("the sigmoid of a dict", "two outputs"):  # an array cannot say that it is a sigmoid
        net, target = WithoutEnd(net), target.settled(y)
    g = gradient(y, target, x)
    random, h = np.random.default_rng(1), 1e-5
    for _ in range(3):
        v = random.standard_normal(x.shape)
        slope = (number(net, target, x.data + h * v) - number(net, target, x.data - h * v)) / (2 * h)
        assert_close((g * v).sum(axis=(1, 2, 3)), slope, 1e-5)


@pytest.mark.torch
@pytest.mark.parametrize("kind", KINDS)
def test_the_signal_at_the_outputs_is_autograds(kind):
    """At the scores: from there on, backward is the same for every target."""
    torch = pytest.importorskip("torch", reason="needs the extra 'verify'")
    net, target, theirs = KINDS[kind]
    y = net(picture())
    at, signal = target.begin(y)
    if isinstance(y, (dict, tuple)):
        first = scores(y["logits"] if isinstance(y, dict) else y[0])
        leaf = torch.tensor(first.data, requires_grad=True)
        value = theirs(torch, {"logits": leaf, "aux": None} if isinstance(y, dict) else (leaf, None))
        begun, ours = leaf, first
    else:
        begun = torch.tensor(y.data, requires_grad=True)
        value, ours = theirs(torch, begun), y
    (reference,) = torch.autograd.grad(value.sum(), begun)
    assert_close(backward(at, signal, ours) if at is not ours else signal, reference.numpy(), 1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_target_says_itself_in_one_phrase(kind):
    said = str(KINDS[kind][1])
    assert said and "\n" not in said and "<" not in said and len(said) < 90


@pytest.mark.parametrize(
    "target, said",
    [
        (difference, "the score of class 2 minus the score of class 1"),
        (-Target.score(2), "minus the score of class 2"),
        (Target.score(2, output="aux"), "the score of class 2 at output aux"),
        (Number(0, downwards=True), "number 0, downwards"),
        (Region(3, box=(0, 0.25, 1, 1)), "the sum of the scores of class 3 inside the box 0, 0.25, 1, 1"),
        (Box(3), "the score of its strongest class in box 3"),
        (Step(-1, "dog"), "the score of dog at step -1"),
    ],
)
def test_what_it_says(target, said):
    assert str(target) == said


# --- probabilities, taken off and put back alike


@pytest.mark.parametrize("Op, by", [(Softmax, "softmax"), (LogSoftmax, "softmax"), (Sigmoid, "sigmoid")])
def test_a_probability_is_the_same_with_and_without_the_networks_last_operation(Op, by):
    x, net = picture(), small_vgg()
    y = net(x)
    assert same_bits(
        gradient(Op()(y), Target.probability(2), x), gradient(y, Target.probability(2, by=by), x)
    )


@pytest.mark.parametrize("by", ["softmax", "sigmoid"])
def test_near_saturation_a_probability_keeps_its_digits(by):
    """p -> 1: 1 - p is 0 to the last digit of float32, and the slope is not."""
    y = np.array([[30.0, 1.0, -2.0], [24.0, 0.5, 3.0]])
    one = np.zeros_like(y)
    one[:, 0] = 1
    small = slope(y.astype("f4"), one.astype("f4"), by)
    assert small.dtype == np.float32
    e = np.exp(-y[:, 0]) if by == "sigmoid" else np.exp(y[:, 1:] - y[:, :1]).sum(axis=1)
    assert_close(small[:, 0], e / (1 + e) ** 2, 1e-5)


def test_a_way_that_the_network_does_not_take_is_refused():
    y = Sigmoid()(small_vgg()(picture()))
    with pytest.raises(Error, match="ends in a sigmoid"):
        gradient(y, Target.probability(2, by="softmax"), picture())
    with pytest.raises(Error, match="by 'softmax' or by 'sigmoid'"):
        Target.probability(2, by="tanh")


def test_the_only_class_of_a_map_needs_no_name():
    net, x = Sequential(ConvLayer("conv", 3, 1, 3)).initialise(0).astype(np.float64), picture()
    box = (0.2, 0.2, 0.7, 0.7)
    one, named = (gradient(net(x), Region(c, box=box), x) for c in (None, 0))
    assert np.any(one) and np.array_equal(one, named)
    assert np.array_equal(Region(None, box=box).numbers(net(x).data[None]),
                          Region(0, box=box).numbers(net(x).data[None]))  # fmt: skip


# --- what does not fit


@pytest.mark.parametrize(
    "target, net, says",
    [
        (Target.score(2), heads, "the network has 2 outputs, 'logits' (2, 5), 'aux' (2, 5): say which"),
        (Target.score(2, output="out"), heads, "none is called 'out'"),
        (Target.score(2, output="out"), small_vgg(), "the network has one output"),
        (Target.score(1), one_number, "1 is no index into 1"),
        (Region(5), maps(), "there is no class 5"),
        (Finer(9), small_vgg(), "there is no class 9"),
        (Finer(1), small_vgg(), "name them, others="),
        (Finer(1, (2,)), maps(), "are told apart in an output (N, classes)"),
        (Region(1), small_vgg(), "a region is of an output (N, classes, H, W), not (2, 5)"),
        (Region(1, np.ones((3, 4, 4))), maps(), "3 masks for 2 pictures"),
        (Box(99), rows, "there is no box 99"),
        (Box(0, 9, columns=0), rows, "there is no class 9"),
        (Box(0), rows, "no class score is left of 3 numbers"),
        (Step(99, 0), rows, "there is no step 99"),
        (Step(0, 7), rows, "7 is no index into 3"),
        (Function(lambda y: 3.0), small_vgg(), "does not depend on the output"),
        (Function(lambda y: np.sort(y)), small_vgg(), "np.sort has no derivative here"),
        (Function(lambda y: np.arctan(y)), small_vgg(), "np.arctan has no derivative here"),
        (Function(lambda y: np.asarray(y)), small_vgg(), "is no array"),
    ],
)
def test_what_does_not_fit_is_one_sentence(target, net, says):
    x = picture()
    with pytest.raises(Error) as found:
        gradient(net(x), target, x)
    assert says in str(found.value) and "\n" not in str(found.value)


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda: Region(1, MASK, (0, 0, 1, 1)), "by a mask or by a box"),
        (lambda: Function(None), "takes a function of the output"),
        (lambda: Region(1, "seen"), "'predicted'"),
        (lambda: Region(1, np.zeros((3, 3))), "with something in it"),
        (lambda: Region(1, box=(0, 0, 2, 1)), "in shares from 0 to 1"),
    ],
)
def test_a_region_that_cannot_be(make, says):
    with pytest.raises(Error, match=says):
        make()


def test_a_region_where_the_network_says_the_class():
    net, x = maps(), picture()
    net.steps[-1].b.data -= net(x).data.mean(axis=(0, 2, 3))  # so that no class is the strongest everywhere
    y = net(x)
    c = y.data[0, :, 2, 3].argmax()
    inside = y.data.argmax(axis=1) == c
    assert inside.any(axis=(1, 2)).all() and not inside.all()
    assert same_bits(gradient(y, Region(c, "predicted"), x), gradient(y, Region(c, inside), x))
    net.steps[-1].b.data[2] -= 1000
    with pytest.raises(Error, match="nowhere is class 2 the strongest"):
        gradient(net(x), Region(2, "predicted"), x)


def test_a_cell_counts_as_much_as_the_mask_fills_it():
    mask = np.random.default_rng(0).random((2, 10, 6)) > 0.5
    assert_close(filled(mask, (5, 3)), mask.reshape(2, 5, 2, 3, 2).mean(axis=(2, 4)))
    assert_close(filled(mask, (20, 12)), mask.repeat(2, 1).repeat(2, 2))
    assert_close(filled(mask, (7, 5)).mean(axis=(1, 2)), mask.mean(axis=(1, 2)))


@pytest.mark.torch
def test_finer_cam_is_that_of_pytorch_grad_cam():
    torch = pytest.importorskip("torch", reason="needs the extra 'verify'")
    pytest.importorskip("tests.support.torchvision_models", reason="torchvision is not installed")
    targets = pytest.importorskip(
        "pytorch_grad_cam.utils.model_targets", reason="needs the extra 'witnesses'"
    )
    x = picture(N=1)
    y = VGG(x)
    c = int(y.data[0].argmax())
    others = Finer(c, alpha=0.6).settled(y).others
    by_nearness = np.argsort(abs(y.data[0] - y.data[0, c]))
    assert others == tuple(by_nearness[1:4].tolist())
    leaf = torch.tensor(y.data, requires_grad=True)
    (theirs,) = torch.autograd.grad(targets.FinerWeightedTarget(c, others, 0.6)(leaf).sum(), leaf)
    at, signal = Finer(c, alpha=0.6).begin(y)
    assert_close(backward(at, signal, y), theirs.numpy(), 1e-7)  # theirs adds 1e-9 to a denominator
    e = explain(described(VGG), x.data, Finer(c, alpha=0.6), "grad_cam", "relu2_1")
    assert relative(e["grad_cam"], explain(VGG, x.data, c, "grad_cam", "relu2_1")["grad_cam"]) > 0.01
    assert same_bits(gradient(y, Finer(c, alpha=0), x), gradient(y, c, x))


# --- arithmetic that remembers


@pytest.mark.parametrize("f", [*SLOPES, *PAIRS], ids=lambda f: f.__name__)
def test_functions_of_numpy_have_their_derivative(f):
    random = np.random.default_rng(2)
    x = Tensor(random.random((3, 3)) + 0.5, "x")
    other = random.random((3, 3)) + 0.5
    arguments = (Traced(x),) if f in SLOPES else (Traced(x), 2.5 if f is np.power else other)
    y = f(*arguments).tensor
    assert_close(y.data, f(x.data, *arguments[1:]))
    gy, v, h = random.standard_normal(y.shape), random.standard_normal(x.shape), 1e-6
    up, down = (f(x.data + s * h * v, *arguments[1:]) for s in (1, -1))
    assert_close((backward(y, gy, x) * v).sum(), (gy * (up - down)).sum() / (2 * h), 1e-7)


def test_a_stack_of_signals_passes_through():
    x = Tensor(np.random.default_rng(0).standard_normal((2, 4)), "x")
    y = (
        np.exp(Traced(x))[:, [0, 0, 3]].max(axis=1) / Traced(x).min(axis=1) + 1 - Traced(x).mean(axis=1)
    ).tensor
    gy = np.random.default_rng(1).standard_normal((3, *y.shape))
    assert_close(backward(y, gy, x), np.stack([backward(y, g, x) for g in gy]))


# --- in one call of explain


def described(net, **said):
    net.card = SimpleNamespace(**({"classes": None, "layer": "relu1_1", "unit_layer": None} | said))
    return net


def test_targets_with_names_of_classes():
    net = described(small_vgg(), classes=["a", "b", "cat", "dog", "e"])
    x = picture().data
    e = explain(net, x, Target.score("dog") - Target.score("cat"), "gradient")
    assert_close(
        e["gradient"], explain(net, x, 3, "gradient")["gradient"] - explain(net, x, 2, "gradient")["gradient"]
    )
    assert "the score of dog minus the score of cat" in repr(e)


@pytest.mark.parametrize("end", [Softmax, Sigmoid])
def test_a_networks_end_is_taken_off(end):
    bare = described(small_vgg())
    net = described(Sequential(*bare.steps, Apply("end", end)))
    x = picture().data
    few = {"smoothgrad": {"n": 2}}
    methods = ["grad_cam", "occlusion", "smoothgrad", "lrp_epsilon"]
    e, plain = (explain(n, x, 2, methods, options=few) for n in (net, bare))
    for m in methods:
        assert same_bits(e[m], plain[m])
    assert_close(e.probabilities, net(x))
    by = "sigmoid" if end is Sigmoid else "softmax"
    p = explain(net, x, Target.probability(2), "occlusion")
    assert_close(p["occlusion"], occlusion(bare, x, Target.probability(2, by=by), 1, 1), 1e-6)


def test_what_the_network_is_asked_decides_what_it_says():
    one = described(small_vgg(classes=1))
    x = picture().data
    e = explain(one, x, methods="grad_cam")
    assert e.probabilities is None and e.classes == [0]
    e = explain(described(small_vgg(classes=1), ends="sigmoid"), x, methods="grad_cam")
    assert_close(e.probabilities, 1 / (1 + np.exp(-e.scores)))
    assert explain(one, x, Target.probability(0), "grad_cam").probabilities is not None
    assert explain(one, x, Number(0), "grad_cam").probabilities is None


def test_outputs_of_all_shapes():
    x = picture().data
    e = explain(described(maps()), x, Region(1, MASK), ["grad_cam", "saliency", "occlusion"])
    assert e["grad_cam"].shape == (2, 12, 16) and e.probabilities is None and np.any(e["occlusion"])
    e = explain(one_number, x, None, ["saliency"])
    assert e.classes == [0] and np.any(e["saliency"])
    two = explain(heads, x, Target.score(2, output="logits"), ["saliency", "occlusion"])
    one = explain(small_vgg(), x, 2, ["saliency", "occlusion"])
    both = [
        explain(n, x, t, "ablation_cam", "relu2_1")
        for n, t in ((heads, Target.score(2, output="logits")), (small_vgg(), 2))
    ]
    assert same_bits(*(e["ablation_cam"] for e in both))
    with pytest.raises(Error, match="CAM needs a network that ends in global average pooling"):
        explain(heads, x, Target.score(2, output="logits"), "cam")
    assert same_bits(two["saliency"], one["saliency"]) and same_bits(two["occlusion"], one["occlusion"])
    assert_close(two.scores, one.scores)
    with pytest.raises(Error, match="the network has 2 outputs"):
        explain(heads, x, None, "saliency")
    with pytest.raises(Error, match="is no table of scores"):
        explain(maps(), x, None, "saliency")
    assert relative(explain(rows, x, Box(7, columns=0), "occlusion")["occlusion"], np.ones((2, 12, 16))) > 0
