"""Anything can be explained: any scalar function of any tensor, of a segmentation, a detector,
several at once.
"""

import numpy as np
import pytest

import weights
from gradcam import counterfactual, explain, grad_cam, gradient, guided_backprop, guided_grad_cam, saliency
from gradcam.image import prepare
from minicnn import Exp, GraphError, LogSoftmax, Mul, ReLU, RuleError, Slice, Sum, Tensor, backward, find
from minicnn.layer import Apply, ConvLayer, Sequential
from tests.support.compare import assert_close, relative, same_bits
from tests.support.small_nets import picture, small_vgg
from weights.recipes import shapes_world

STAR = 4  # the class, and the kind of the shape that lies lowest


@pytest.fixture(scope="module")
def seen():
    """A scene, and the CNN of `shapes` up to relu4_2 with two random heads on it:
    scores (N, 8, 12, 12), and five numbers at every cell.
    """
    scene = shapes_world.scene(7, split="test", kinds=["star", "ring"])
    shapes = weights.load("shapes")
    steps = list(shapes.steps)
    trunk = steps[: [step.name for step in steps].index("relu4_2") + 1]
    heads = {
        "segmentation": [
            ConvLayer("seg5", 64, 16, 3, pad=1),
            Apply("relu_seg5", ReLU),
            ConvLayer("seg", 16, 8, 1),
        ],
        "detection": [ConvLayer("det", 64, 5, 3, pad=1)],
    }
    x = prepare(scene.picture, shapes.card.preprocessing).astype(np.float64)
    nets = {}
    for seed, (name, head) in enumerate(heads.items()):
        Sequential(*head).initialise(seed)
        nets[name] = Sequential(*trunk, *head).astype(np.float64)
    return nets, x, scene


def in_pytorch(torch, net, x):
    """The same network in PyTorch -> (x, A, y) with gradients wanted."""
    x = y = torch.tensor(x, requires_grad=True)
    for step in net.steps:
        if isinstance(step, ConvLayer):
            y = torch.nn.functional.conv2d(
                y, torch.tensor(step.W.data), torch.tensor(step.b.data), padding=step.options["pad"]
            )
        else:
            y = torch.relu(y) if step.name.startswith("relu") else torch.nn.functional.max_pool2d(y, 2)
        if step.name == "relu4_2":
            A = y
    return x, A, y


def weighed(A, dA):
    """Grad-CAM before its ReLU, from PyTorch's A and gradient."""
    return (dA.mean((2, 3), keepdim=True) * A).sum(1).detach().numpy()


@pytest.mark.torch
def test_the_scores_inside_a_mask_of_a_segmentation_as_in_pytorch(seen):
    torch = pytest.importorskip("torch", reason="needs the extra 'verify'")
    nets, data, scene = seen
    net = nets["segmentation"]
    x = Tensor(data, "x")
    y = net(x)
    A = find(y, "relu4_2")
    inside = np.zeros_like(y.data)
    inside[0, STAR] = (
        scene.shapes[0].visible.reshape(12, 8, 12, 8).mean(axis=(1, 3))
    )  # each cell as much as the star fills it
    their_x, their_A, their_y = in_pytorch(torch, net, data)
    target = (their_y[0, STAR] * their_y.new_tensor(inside[0, STAR])).sum()
    dA, dx = torch.autograd.grad(target, [their_A, their_x])

    assert_close(grad_cam(y, inside, A, relu=False), weighed(their_A, dA), 1e-10)
    assert_close(grad_cam(y, inside, A), np.maximum(weighed(their_A, dA), 0), 1e-10)
    assert_close(counterfactual(y, inside, A, relu=False), -weighed(their_A, dA), 1e-10)
    assert_close(gradient(y, inside, x), dx.numpy(), 1e-10)
    assert_close(saliency(y, inside, x), dx.abs().amax(1).numpy(), 1e-10)
    assert (
        relative(guided_backprop(y, inside, x), dx.numpy()) > 0.1
    )  # the rule is at work behind such a target, too
    assert_close(guided_grad_cam(y, inside, A, x), guided_grad_cam(y, inside[None], A, x)[0], 1e-12)


@pytest.mark.torch
def test_the_area_of_a_detected_box_as_in_pytorch(seen):
    """exp(width) exp(height) at one cell: a scalar that no score says."""
    torch = pytest.importorskip("torch", reason="needs the extra 'verify'")
    nets, data, _ = seen
    net = nets["detection"]
    x = Tensor(data, "x")
    told = net(x)
    width, height = (Exp()(Slice(slice(None), channel)(told)) for channel in (3, 4))
    area = Mul()(width, height)
    A = find(area, "relu4_2")
    cell = np.zeros_like(area.data)
    cell[0, 5, 6] = 1
    their_x, their_A, their_y = in_pytorch(torch, net, data)
    dA, dx = torch.autograd.grad(their_y[0, 3:5, 5, 6].sum().exp(), [their_A, their_x])

    assert_close(grad_cam(area, cell, A, relu=False), weighed(their_A, dA), 1e-10)
    assert_close(gradient(area, cell, x), dx.numpy(), 1e-10)


def test_several_targets_travel_as_a_stack(seen):
    """Every one of 144 cells in one pass, as each alone."""
    nets, data, _ = seen
    y = nets["detection"](Tensor(data, "x"))
    A, scores = find(y, "relu4_2"), Slice(slice(None), 0)(y)
    every = np.eye(144).reshape(144, 1, 12, 12)
    maps = grad_cam(scores, every, A, relu=False)
    assert maps.shape == (144, 1, 12, 12)
    for n in (0, 77, 143):
        assert_close(maps[n], grad_cam(scores, every[n], A, relu=False), 1e-12)
    assert_close(
        maps.sum(axis=0), grad_cam(scores, None, A, relu=False), 1e-10
    )  # before its ReLU, Grad-CAM is linear in the target
    assert_close(saliency(scores, every[77], find(y, "x")), saliency(scores, every, find(y, "x"))[77], 1e-12)


def test_a_target_of_one_class_is_that_class():
    x = picture()
    y = small_vgg()(x)
    A = find(y, "relu2_1")
    only = np.zeros(y.shape, bool)
    only[:, 3] = True
    assert same_bits(grad_cam(y, only, A), grad_cam(y, 3, A))
    assert same_bits(grad_cam(y, only, A, start="value"), grad_cam(y, 3, A, start="value"))
    assert same_bits(grad_cam(y, np.array([3, 3]), A), grad_cam(y, 3, A))  # whole numbers are classes


def test_a_scalar_itself_is_a_target():
    """None: all of it."""
    x = picture()
    y = small_vgg()(x)
    A, whole = find(y, "relu2_1"), Sum()(Mul()(y, y))
    assert_close(grad_cam(whole, None, A), grad_cam(y, 2 * y.data, A), 1e-12)
    assert_close(backward(whole, np.ones(()), wrt=x), gradient(whole, None, x), 1e-15)


def test_a_log_probability_may_be_asked_for_by_a_signal_of_ones_own(recwarn):
    x = picture()
    y = small_vgg()(x)
    log_p = LogSoftmax()(y)
    signal = np.zeros(log_p.shape)
    signal[:, 1] = 1
    p = np.exp(log_p.data)
    assert_close(gradient(log_p, signal, x), gradient(y, signal - p, x), 1e-10)
    assert not recwarn


@pytest.mark.parametrize(
    "signal, said",
    [
        (np.ones((2, 4)), "shape"),
        (np.ones((5, 2)), "shape"),
        (np.ones(5), "shape"),
        (np.ones((3, 2, 4)), "any axes before"),
    ],
)
def test_a_signal_of_another_shape_is_refused(signal, said):
    x = picture()
    y = small_vgg()(x)
    with pytest.raises(GraphError, match=said):
        grad_cam(y, signal, find(y, "relu2_1"))


def test_a_probability_takes_a_class():
    x = picture()
    y = small_vgg()(x)
    with pytest.raises(ValueError, match="by its class"):
        grad_cam(y, np.ones(y.shape), find(y, "relu2_1"), start="probability")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_input_that_is_not_finite_is_refused(bad):
    x = np.zeros((1, 3, 12, 16))
    x[0, 1, 2, 3] = bad
    with pytest.raises(GraphError, match="the input holds numbers that are not finite"):
        explain(small_vgg(), x, 0, ["saliency"])


def test_a_rule_that_is_no_function_is_refused():
    y = small_vgg()(picture())
    with pytest.raises(
        RuleError, match=r"the rule for ReLU is 'guided': give a function of \(operation, gy\)"
    ):
        backward(y, np.ones_like(y.data), wrt=find(y, "relu1_1"), rules={ReLU: "guided"})
