"""What networks and tensors show in a notebook."""

import base64
import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import weights
from minicnn import MaxPool, ReLU, Tensor
from minicnn.layer import Apply, BatchNormLayer, ConvLayer, Layer, LinearLayer, Sequential
from minicnn.notebook.curves import Curves
from minicnn.notebook.display import layers, scaled


@pytest.mark.parametrize(
    "name",
    ["shapes", "resnet18", "squeezenet", "googlenet", "resnet20", "captum_cifar", "lenet", "mini_xception"],
)
def test_the_table_counts_every_weight_once(name):
    net = weights.build(name)
    shape, rows = layers(net)
    assert sum(n for *_, n in rows) == sum(p.data.size for p in net.parameters().values())
    y = net(np.zeros((1, *shape), np.float32))
    assert rows[-1][2] == y.shape[1:]


def test_a_layer_used_twice_is_counted_once():
    conv = ConvLayer("conv", 3, 3, 3, pad=1)
    shape, rows = layers(Sequential(conv, Apply("relu", ReLU), conv))
    assert [n for *_, n in rows] == [84, 0, 0] and shape == (3, 224, 224)


def test_a_network_with_its_description():
    net = weights.load("shapes")
    shown = net._repr_html_()
    assert net.card.title in shown and "173,224 weights" in shown and "for a picture of 3 × 96 × 96" in shown
    assert len(re.findall("<tr>", shown)) == len(layers(net)[1]) + 1
    assert '<td style="text-align:left">relu1_1</td><td style="text-align:left">ReLU</td>' in shown


def test_grouped_convolutions_vectors_and_single_layers():
    assert layers(Sequential(ConvLayer("a", 8, 4, 3, groups=4)))[0] == (8, 224, 224)
    assert layers(LinearLayer("fc", 7, 2))[1] == [("fc", "Linear", (2,), 16)]


def test_a_network_that_no_picture_fits_still_shows_its_weights():
    class Two(Layer):
        def __init__(self):
            super().__init__("two")
            self.conv, self.norm, self.fc = (
                ConvLayer("conv", 3, 4, 3),
                BatchNormLayer("bn", 4),
                LinearLayer("fc", 5, 2),
            )

        def forward(self, x):
            raise ValueError("two inputs are needed")

    shape, rows = layers(Two())
    assert shape is None and rows == [
        ("conv", "Conv", None, 112),
        ("bn", "BatchNorm", None, 8),
        ("fc", "Linear", None, 12),
    ]
    assert "shapes are not known" in Two()._repr_html_()
    assert "no picture" in Apply("pool", MaxPool, kernel=2)._repr_html_()


def test_weights_that_a_picture_alone_does_not_reach_come_last():
    class Speaks(Sequential):
        def __init__(self):
            super().__init__(ConvLayer("conv", 3, 4, 3))
            self.words = LinearLayer("words", 5, 2)
            self.again = self.words

        def forward(self, x):
            return self.steps[0](x)

    assert layers(Speaks())[1] == [("conv", "Conv", (4, 222, 222), 112), ("words", "Linear", None, 12)]


def test_names_are_escaped():
    assert "<b>&lt;script&gt;</b>" in Tensor(np.zeros(2), "<script>")._repr_html_()


def picture(shown):
    """The picture in a tensor's HTML, as an array (H, W, 3)."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(re.search('base64,([^"]+)', shown)[1]))))


def test_a_picture_shows_itself():
    x = np.random.default_rng(0).normal(size=(2, 3, 20, 30))
    shown = Tensor(x, "x")._repr_html_()
    assert (
        "<b>x</b> 2 × 3 × 20 × 30, float64" in shown
        and f"{x.min():.4g} to {x.max():.4g}, mean {x.mean():.4g}" in shown
    )
    assert 'alt="picture 0 of x' in shown
    expected = 255 * (x[0] - x[0].min()) / np.ptp(x[0])
    assert np.abs(picture(shown) - np.moveaxis(expected, 0, -1)).max() <= 0.5 + 1e-9


@pytest.mark.parametrize(("K", "rows", "columns"), [(2, 1, 2), (6, 2, 3), (7, 2, 4), (40, 2, 8)])
def test_feature_maps_show_a_mosaic(K, rows, columns):
    A = np.arange(K * 30.0).reshape(1, K, 5, 6)
    shown = Tensor(A, "relu")._repr_html_()
    assert picture(shown).shape == (rows * 6, columns * 7, 3)
    assert picture(shown)[0, 0, 0] == 0 and picture(shown)[0, 7, 0] > 0
    assert f"feature maps 0 to {min(K, 16) - 1} of picture 0" in shown


@pytest.mark.parametrize(("K", "across"), [(2, 2), (4, 4), (5, 3), (7, 4), (17, 8)])
def test_every_pixel_of_a_mosaic(K, across):
    """Maps row by row, each with a white edge at its right and below it; white where none is left."""
    A = np.random.default_rng(0).random((1, K, 4, 5))
    A[0, 0, 0, :2], A[0, -1] = (-1, 1), -1  # the last map is black
    K = min(K, 16)
    down = -(-K // across)
    expected = np.ones((5 * down, 6 * across))
    for k in range(K):
        i, j = 5 * (k // across), 6 * (k % across)
        expected[i : i + 4, j : j + 5] = A[0, k]
    found = picture(Tensor(A, "relu")._repr_html_())
    assert np.abs(found - 255 * (expected[..., None] + 1) / 2).max() <= 0.5 + 1e-9


@pytest.mark.parametrize(("shape", "width"), [((4, 5), 40 * 5), ((100, 8), 8), ((161, 9), 9), ((80, 4), 8)])
def test_a_small_picture_is_enlarged(shape, width):
    shown = Tensor(np.zeros((1, 1, *shape)))._repr_html_()
    assert f"width:{width}px" in shown and picture(shown).shape == (*shape, 3)
    said = "picture 0 of the tensor, black at the smallest value and white at the largest"
    assert f'<img alt="{said}" title="{said}"' in shown


def test_a_network_as_a_table_to_the_letter():
    net = Sequential(ConvLayer("a<b", 3, 400, 2), Apply("", ReLU))
    cell = lambda name, side: f'<td style="text-align:{side}">{name}</td>'  # noqa: E731
    row = lambda *cells: (  # noqa: E731
        "<tr>" + "".join(map(cell, cells, ("left", "left", "right", "right"))) + "</tr>"
    )
    shown = net._repr_html_()
    assert shown.startswith("<b>Sequential</b>, 5,200 weights, for a picture of 3 × 224 × 224<div")
    body = row("a&lt;b", "Conv", "400 × 223 × 223", "5,200") + row("", "ReLU", "400 × 223 × 223", "")
    assert f"<tbody>{body}</tbody>" in shown
    head = shown.split("<thead>")[1].split("</thead>")[0]
    assert re.findall(r"text-align:(\w+)[^>]*>(\w+)<", head) == [
        ("left", "layer"), ("left", "operation"), ("right", "output"), ("right", "weights"),
    ]  # fmt: skip


def test_the_picture_that_a_network_is_tried_with():
    """Of the card's size; else of the first usual size that fits, 224 and 28 before the others."""
    sides = []

    class Picky(Sequential):
        def __call__(self, x):
            sides.append(x.shape[-1])
            if x.shape[-1] in (224, 28, 32) or np.any(x.data):  # zeros are tried
                raise ValueError("no such size")
            return super().__call__(x)

    net = Picky(ConvLayer("a", 2, 4, 3))
    assert layers(net)[0] == (2, 48, 48) and sides == [224, 28, 32, 48, 48]
    sides.clear()
    net.card = SimpleNamespace(preprocessing=SimpleNamespace(crop=33))
    assert layers(net)[0] == (2, 33, 33) and sides == [33, 33]
    grouped = Sequential(ConvLayer("a", 4, 6, 3, groups=2), ConvLayer("b", 6, 3, 1, groups=3))
    assert layers(grouped)[0] == (4, 224, 224)


# --- curves


def test_curves_are_kept_and_read_back():
    curves = Curves([3, 1, 2], [0, 0.5, 1], [{"epoch": 1, "accuracy": 0.5}])
    kept = curves.arrays()
    assert kept["loss"].tolist() == [3, 1, 2] and kept["hits"].tolist() == [0, 0.5, 1]
    again = Curves.from_arrays(kept)
    assert (again.loss, again.hits, again.validation) == (curves.loss, curves.hits, curves.validation)
    assert curves.recent(2) == (1.5, 0.75) and curves.recent() == (2, 0.5)
    assert Curves().validation == []


def test_curves_as_a_picture(monkeypatch, tmp_path):
    """Twenty steps an epoch: each point is the mean of two steps, and the last step is in none."""
    drawn, saved = [], []

    class Axes:
        def __init__(self):
            self.said = {}

        def plot(self, x, y, style="-", **how):
            drawn.append((self, np.round(x, 9).tolist(), list(y), style, how["label"]))

        def set(self, **said):
            self.said = said

        def grid(self, alpha):
            assert alpha == 0.3

        legend = staticmethod(lambda: None)

    class Figure:
        def __init__(self, figsize, layout):
            assert figsize[0] > 2 * figsize[1]

        def subplots(self, rows, columns):
            assert (rows, columns) == (1, 2)
            return left, right

        def savefig(self, path, dpi):
            saved.append(path)

    left, right = Axes(), Axes()
    monkeypatch.setattr("matplotlib.figure.Figure", Figure)
    validation = [{"epoch": 1, "accuracy": 0.25}, {"epoch": 2, "accuracy": 0.75}]
    Curves([1, 3, 5, 7, 9], [0, 1, 1, 1, 0], validation).picture(tmp_path / "c.png", 20)
    assert drawn == [
        (left, [0.05, 0.15], [2, 6], "-", "training"),
        (right, [0.05, 0.15], [0.5, 1], "-", "training"),
        (right, [1, 2], [0.25, 0.75], "o-", "validation"),
    ]
    assert left.said == {"xlabel": "epoch", "ylabel": "loss"} and right.said["ylabel"] == "accuracy"
    drawn.clear()
    Curves([1, 3], [0, 1]).picture(tmp_path / "c.png", 4)  # a point for each step
    assert drawn[0][1:3] == ([0.125, 0.375], [1, 3]) and saved == [tmp_path / "c.png"] * 2


OTHERS = [
    np.zeros((1, 3, 3, 8)),
    np.zeros((1, 3, 8, 3)),
    np.zeros((3, 4)),
    np.array(2.0),
    np.full((1, 3, 8, 8), np.nan),
    np.pad(np.zeros((1, 3, 7, 8)), ((0, 0), (0, 0), (1, 0), (0, 0)), constant_values=np.inf),
    np.zeros((0, 3, 8, 8)),
]


@pytest.mark.parametrize("data", OTHERS)
def test_other_tensors_show_facts_alone(data):
    shown = Tensor(data, "t")._repr_html_()
    assert "<img" not in shown and "float64" in shown


def test_the_maker_is_named():
    assert "made by ReLU" in ReLU()(Tensor(np.ones((1, 1))), name="relu")._repr_html_()


def test_scaled_goes_from_black_to_white():
    x = np.array([[[-3.0, 1.0], [-1.0, -3.0]]])
    assert scaled(x)[..., 0].tolist() == [[0, 255], [128, 0]]
    with np.errstate(all="raise"):
        assert not scaled(np.ones((3, 2, 2))).any() and scaled(x).dtype == np.uint8
