"""The table of operators, and its neutral functions: central differences without PyTorch, and PyTorch."""

from collections import Counter

import numpy as np
import pytest

from minicnn import Tensor, backward
from tests.support.cases import distinct, draw, positive
from tests.support.differences import assert_gradient, central
from weights import WeightsError
from weights.graphs.onnx.operators import ADAPTERS, regions
from weights.graphs.operators import (
    OPERATORS,
    arithmetic,
    products,
    recurrent,
    resizing,
    sampling,
    scattering,
    shapes,
    spelled,
    windows,
)  # fmt: skip
from weights.graphs.operators import normalisation as norms

X = (2, 4, 5, 6)


def resized(mode="linear", coordinates="half_pixel", **options):
    return lambda x: resizing.resize(
        x, axes=(2, 3), sizes=(9, 4), scales=(9 / 5, 4 / 6), mode=mode, coordinates=coordinates, **options
    )


def recurrent_arrays(gates, directions=2, D=3, H=4):
    made = [draw(f"x{gates}", 5, 2, D), draw(f"W{gates}", directions, gates * H, D)]
    return [*made, draw(f"R{gates}", directions, gates * H, H), draw(f"B{gates}", directions, 2 * gates * H)]


def sampled(**options):
    return lambda x, grid: sampling.grid_sample(x, grid, **options)


WRITTEN = np.array([[[0, 2], [-1, 2]], [[1, 0], [1, 1]]])  # two of them twice
GRID = np.random.default_rng(4).uniform(-1.4, 1.4, (2, 3, 4, 2))  # outside, too, and beside the kinks
BOXES = np.array([[1.0, 2.0, 9.0, 8.0], [-3.0, 0.5, 4.0, 13.0], [5.0, 5.0, 5.5, 6.0]])  # one partly outside
OFFSETS = np.random.default_rng(5).uniform(-1.4, 1.4, (2, 24, 4, 3))
UNPOOLED = np.array([[[[1, 2, 5], [18, 15, 22]]], [[[24, 33, 28], [36, 44, 41]]]])
# name: (function, its arrays, which of them carry signal)
COMPOSED = {
    "layer_norm": (norms.layer_norm, [draw("ln", *X), draw("g", 6), draw("b", 6)]),
    "group_norm": (lambda *a: norms.group_norm(*a, groups=2), [draw("gn", *X), draw("g", 4), draw("b", 4)]),
    "instance_norm": (norms.instance_norm, [draw("in", *X), draw("g", 4), draw("b", 4)]),
    "rms_norm": (norms.rms_norm, [draw("rms", *X), draw("g", 6)]),
    "lp_normalise": (lambda x: norms.lp_normalise(x, axis=1), [draw("lp", *X)]),
    "attention": (products.attention, [draw("Q", 2, 3, 4), draw("K", 2, 5, 4), draw("V", 2, 5, 6)]),
    "attention, causal": (
        lambda *a: products.attention(*a, causal=True),
        [draw("Q", 2, 3, 4), draw("K", 2, 5, 4), draw("V", 2, 5, 6)]),
    "einsum of a diagonal": (lambda x, z: products.einsum(x, z, equation="...ii,ij->...j"),
        [draw("ex", 2, 3, 3), draw("ez", 3, 4)]),
    "einsum, broadcast": (lambda x, z: products.einsum(x, z, equation="...ij,...jk"),
        [draw("ex", 2, 1, 3, 4), draw("ez", 5, 4, 2)]),
    "vector times matrix": (products.matmul, [draw("v", 4), draw("M", 2, 4, 3)]),
    "resize, linear": (resized(), [draw("r", *X)]),
    "resize, cubic": (resized("cubic", "align_corners"), [draw("r", *X)]),
    "resize, antialias": (resized(antialias=True), [draw("r", *X)]),
    "resize, nearest": (resized("nearest"), [draw("r", *X)]),
    "adaptive average": (lambda x: windows.adaptive_average_pool(x, size=(3, 4)), [draw("a", *X)]),
    "adaptive maximum": (lambda x: windows.adaptive_max_pool(x, size=(3, 4)), [distinct("a", *X)]),
    "pad, reflect": (lambda x: shapes.pad(x, widths=[(2, 1), (0, 3)], mode="reflect"), [draw("p", *X)]),
    "pad, edge, cut": (lambda x: shapes.pad(x, widths=[(2, -1), (0, 3)], mode="edge"), [draw("p", *X)]),
    "pad, wrap": (lambda x: shapes.pad(x, widths=[(2, 1), (7, 3)], mode="wrap"), [draw("p", *X)]),
    "tile": (lambda x: shapes.tile(x, repeats=(2, 1, 3)), [draw("t", *X)]),
    "roll": (lambda x: shapes.roll(x, shifts=(2, -1), axes=(1, 3)), [draw("t", *X)]),
    "pixel shuffle": (lambda x: shapes.pixel_shuffle(x, factor=2), [draw("t", *X)]),
    "take elements": (lambda x: shapes.take_elements(x, np.array([[0, 2, 2], [1, 0, 1]]), axis=1),
        [draw("t", 2, 3)]),
    "take blocks": (lambda x: shapes.take_blocks(x, np.array([[0, 2], [1, 0], [0, 2]])),
        [draw("t", 2, 3, 4)]),
    "write elements": (lambda x, v: scattering.write_elements(x, WRITTEN, v, axis=1),
        [draw("t", 2, 3, 2), draw("v", 2, 2, 2)]),
    "add elements": (lambda x, v: scattering.write_elements(x, WRITTEN, v, axis=1, reduction="add"),
        [draw("t", 2, 3, 2), draw("v", 2, 2, 2)]),
    "write blocks": (lambda x, v: scattering.write_blocks(x, np.array([[0, 2], [1, 0], [0, 2]]), v),
        [draw("t", 2, 3, 4), draw("v", 3, 4)]),
    "grid sample": (sampled(), [draw("t", *X), GRID]),
    "grid sample, corners, border": (sampled(border="border", align_corners=True), [draw("t", *X), GRID]),
    "grid sample, reflection": (sampled(border="reflection"), [draw("t", *X), GRID]),
    "grid sample, nearest": (lambda x: sampling.grid_sample(x, GRID, mode="nearest"), [draw("t", *X)]),
    "affine grid": (lambda t: sampling.affine_grid(t, size=(2, 1, 3, 4)), [draw("t", 2, 2, 3)]),
    "affine grid of a volume": (
        lambda t: sampling.affine_grid(t, size=(2, 1, 3, 4, 2), align_corners=True), [draw("t", 2, 3, 4)]),
    "regions": (lambda x: sampling.roi_align(x, BOXES, np.array([1, 0, 1]), size=(2, 3), scale=0.5),
        [draw("t", *X)]),
    "deformed convolution": (
        lambda x, W, offset, b, mask: sampling.deformed_conv(
            x, W, offset, b, mask, stride=(1, 2), pad=[(1, 0), (1, 1)], dilation=(2, 1), groups=2,
            offset_groups=2),
        [draw("t", *X), draw("W", 6, 2, 2, 3), OFFSETS, draw("b", 6), draw("mask", 2, 12, 4, 3)]),
    "unpooling": (lambda x: regions.max_unpool(x, UNPOOLED, kernel_shape=(2, 2), strides=(2, 2)),
        [draw("t", 2, 1, 2, 3)]),
    "windows apart": (lambda x: windows.windows_apart(x, kernel=(2, 3), stride=(1, 2), pad=(1, 0)),
        [draw("t", *X)]),
    "windows together": (
        lambda x: windows.windows_together(x, size=(5, 7), kernel=(2, 3), stride=(1, 2), pad=(1, 0)),
        [draw("t", 2, 12, 18)]),
    "binary logarithm": (arithmetic.binary_logarithm, [positive("t", 2, 3)]),
    "lstm": (lambda *a: recurrent.lstm(*a, hidden_size=4, direction="bidirectional")[0], recurrent_arrays(4)),
    "gru": (lambda *a: recurrent.gru(*a, hidden_size=4, direction="reverse")[0], recurrent_arrays(3, 1)),
    "gru, as PyTorch": (
        lambda *a: recurrent.gru(*a, hidden_size=4, linear_before_reset=1)[1], recurrent_arrays(3, 1)),
    "rnn of unequal lengths": (
        lambda *a: recurrent.rnn(*a, np.array([5, 3]), hidden_size=4, direction="bidirectional")[0],
        recurrent_arrays(1)),
}  # fmt: skip


def test_no_name_stands_twice_and_every_adapter_is_declared():
    assert max(Counter(operator.name for operator in OPERATORS).values()) == 1
    for framework in ("onnx", "aten", "keras"):
        names = [name for operator in OPERATORS for name in operator.spelled(framework)]
        assert max(Counter(names).values()) == 1
    numbers = {"Constant", "ConstantOfShape", "Shape", "Size", "Range", "EyeLike", "OneHot", "NonZero",
        "Cast", "CastLike", "Identity", "Dropout"}  # fmt: skip
    lists = {"SplitToSequence", "ConcatFromSequence", "ai.onnx.ml.ZipMap",
        *(f"Sequence{of}" for of in ("Construct", "Empty", "Insert", "Erase", "At", "Length"))}  # fmt: skip
    assert ADAPTERS.keys() - spelled(OPERATORS, "onnx").keys() == numbers | lists


@pytest.mark.parametrize("name", COMPOSED)
def test_gradients_are_central_differences(name):
    f, arrays = COMPOSED[name]
    tensors = [Tensor(a) for a in arrays]
    y = f(*tensors)
    gy = draw("gy" + name, *y.shape)
    plain = f(*arrays)
    np.testing.assert_allclose(plain, y.data, rtol=1e-12, atol=1e-14)
    for i, g in enumerate(backward(y, gy, wrt=tensors)):
        assert_gradient(g, central(lambda *a: np.asarray(f(*a)), arrays, i, gy))


def torch_pairs():
    torch = pytest.importorskip("torch")
    F = torch.nn.functional

    def interpolated(mode, align, **options):
        return lambda x: F.interpolate(x, size=(9, 4), mode=mode, align_corners=align, **options)

    return {
        "resize, linear": interpolated("bilinear", False),
        "resize, cubic": interpolated("bicubic", True),
        "layer_norm": lambda x, g, b: F.layer_norm(x, (6,), g, b),
        "group_norm": lambda x, g, b: F.group_norm(x, 2, g, b),
        "instance_norm": lambda x, g, b: F.instance_norm(x, None, None, g, b),
        "attention": F.scaled_dot_product_attention,
        "adaptive average": lambda x: F.adaptive_avg_pool2d(x, (3, 4)),
        "adaptive maximum": lambda x: F.adaptive_max_pool2d(x, (3, 4)),
        "pad, reflect": lambda x: F.pad(x, (0, 3, 2, 1), mode="reflect"),
        "pixel shuffle": lambda x: F.pixel_shuffle(x, 2),
        "grid sample": lambda x, g: F.grid_sample(x, g, align_corners=False),
        "grid sample, corners, border": lambda x, g: F.grid_sample(
            x, g, padding_mode="border", align_corners=True
        ),
        "grid sample, reflection": lambda x, g: F.grid_sample(
            x, g, padding_mode="reflection", align_corners=False
        ),
        "affine grid": lambda t: F.affine_grid(t, (2, 1, 3, 4), align_corners=False),
        "affine grid of a volume": lambda t: F.affine_grid(t, (2, 1, 3, 4, 2), align_corners=True),
        "windows apart": lambda x: F.unfold(x, (2, 3), padding=(1, 0), stride=(1, 2)),
        "windows together": lambda x: F.fold(x, (5, 7), (2, 3), padding=(1, 0), stride=(1, 2)),
        "add elements": lambda x, v: x.scatter_add(1, torch.tensor(WRITTEN % 3), v),
        "roll": lambda x: torch.roll(x, (2, -1), (1, 3)),
    }


@pytest.mark.parametrize(
    "name",
    ["resize, linear", "resize, cubic", "layer_norm", "group_norm", "instance_norm", "attention",
     "adaptive average", "adaptive maximum", "pad, reflect", "pixel shuffle", "roll", "grid sample",
     "grid sample, corners, border", "grid sample, reflection", "affine grid", "affine grid of a volume",
     "windows apart", "windows together",
     "add elements"],
)  # fmt: skip
def test_as_pytorch_has_it(name):
    import_torch = pytest.importorskip("torch")
    f, arrays = COMPOSED[name]
    tensors = [Tensor(a) for a in arrays]
    theirs = [import_torch.tensor(a, requires_grad=True) for a in arrays]
    y, expected = f(*tensors), torch_pairs()[name](*theirs)
    np.testing.assert_allclose(y.data, expected.detach().numpy(), rtol=1e-11, atol=1e-13)
    gy = draw("gy" + name, *y.shape)
    gradients = import_torch.autograd.grad(expected, theirs, import_torch.tensor(gy))
    for ours, other in zip(backward(y, gy, wrt=tensors), gradients):
        np.testing.assert_allclose(ours, other.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_recurrent_layers_are_pytorchs(kind):
    torch = pytest.importorskip("torch")
    gates = {"LSTM": [0, 3, 1, 2], "GRU": [1, 0, 2], "RNN": [0]}[kind]  # ONNX's order, in PyTorch's
    net = getattr(torch.nn, kind)(3, 4, bidirectional=True).double()
    x = draw(kind, 5, 2, 3)

    def laid_out(name):
        found = [getattr(net, name + end).detach().numpy() for end in ("_l0", "_l0_reverse")]
        return np.stack([np.concatenate([np.split(v, len(gates))[g] for g in gates]) for v in found])

    B = np.concatenate([laid_out("bias_ih"), laid_out("bias_hh")], axis=1)
    options = {"linear_before_reset": 1} if kind == "GRU" else {}
    tensor = Tensor(x, "x")
    y, last, *_ = getattr(recurrent, kind.lower())(
        tensor, laid_out("weight_ih"), laid_out("weight_hh"), B, hidden_size=4, direction="bidirectional",
        **options,
    )  # fmt: skip
    tx = torch.tensor(x, requires_grad=True)
    expected, h = net(tx)
    together = y.data.transpose(0, 2, 1, 3).reshape(5, 2, 8)
    np.testing.assert_allclose(together, expected.detach().numpy(), rtol=1e-11)
    np.testing.assert_allclose(last.data, (h[0] if kind == "LSTM" else h).detach().numpy(), rtol=1e-11)
    gy = draw("gy", 5, 2, 8)
    (theirs,) = torch.autograd.grad(expected, tx, torch.tensor(gy))
    ours = backward(y, gy.reshape(5, 2, 2, 4).transpose(0, 2, 1, 3), wrt=tensor)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-10, atol=1e-13)


def test_what_would_fill_the_memory_is_refused():
    x = Tensor(positive("x", 1, 1, 1, 1), "x")
    for make in (
        lambda: shapes.expand(x, shape=(1 << 16, 1 << 16, 1, 1)),
        lambda: shapes.tile(x, repeats=(1 << 16, 1 << 16)),
        lambda: shapes.pad(x, widths=[(1 << 16, 0), (1 << 16, 0)]),
        lambda: resizing.resize(
            Tensor(np.ones((1, 1, 1 << 15, 1))), axes=(2,), sizes=(1 << 15,), scales=(1.01,), mode="linear"
        ),
    ):
        with pytest.raises(WeightsError, match=r"\d,\d{3}"):
            make()
