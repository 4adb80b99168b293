"""What networks and tensors show in a notebook."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

import weights
from minicnn import MaxPool, ReLU, Tensor
from minicnn.layer import Apply, BatchNormLayer, ConvLayer, Layer, LinearLayer, Sequential
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


OTHERS = [
    np.zeros((1, 3, 2, 2)),
    np.zeros((3, 4)),
    np.array(2.0),
    np.full((1, 3, 8, 8), np.nan),
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
    assert not scaled(np.ones((3, 2, 2))).any() and scaled(x).dtype == np.uint8
