"""The networks that ship: their files, and that they are as good as their cards say."""

import hashlib
import re
import socket

import numpy as np
import pytest

import weights
from gradcam.check.shipped import stated_sum
from gradcam.image import prepare, read
from minicnn import nets
from tests.support.data import DATA
from weights.recipes import check
from weights.recipes.command import SHIPPED
from weights.recipes.train_shapes import draw
from weights.zoo import network

MOST = {"shapes": 0.5e6, "mini_vgg": 3.0e6, "mini_resnet": 1.6e6}  # bytes
IMAGENETTE = DATA / "data" / "imagenette_96_jpeg.npz"


@pytest.mark.parametrize("name", MOST)
def test_the_file(name):
    path = SHIPPED / f"{name}.npz"
    assert path.stat().st_size <= MOST[name]
    with np.load(path, allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    assert {key: a.shape for key, a in arrays.items()} == {
        key: t.shape for key, t in getattr(nets, name)().arrays().items()
    }
    assert all(a.dtype == np.float16 and np.isfinite(a).all() and a.any() for a in arrays.values())


@pytest.mark.parametrize(
    "path", sorted([*SHIPPED.glob("*.npz"), *SHIPPED.glob("*.net")]), ids=lambda path: path.name
)
def test_no_file_drifts_from_its_card(path):
    """Whoever changes a shipped file measures it again, and says so in its card: `| sha256 | ... |`."""
    assert hashlib.sha256(path.read_bytes()).hexdigest() == stated_sum(path.stem)


def test_shapes_on_unseen_scenes():
    figures = check.measure_shapes(weights.load("shapes"), 500)
    assert figures["macro_f1"] >= 0.95 and figures["accuracy"] >= 0.80, figures
    assert figures == pytest.approx(stated("shapes"), abs=0.03)


def test_shapes_without_its_first_filters_is_no_good():
    net = weights.load("shapes")
    net["conv1_1"].W.data = np.roll(net["conv1_1"].W.data, 1, axis=0)
    assert check.train_shapes.measure(net, *draw(100, "test"))["accuracy"] < 0.5


@pytest.mark.data
@pytest.mark.skipif(
    not IMAGENETTE.exists(), reason=f"no {IMAGENETTE}: set MINICNN_DATA to the folder that holds data/"
)
def test_mini_vgg_on_some_of_val():
    figures = check.measure_photos(weights.load("mini_vgg"), IMAGENETTE, 400)
    said = stated("mini_vgg")["accuracy"]
    assert said >= 0.84
    assert figures["accuracy"] >= said - 3 * (said * (1 - said) / 400) ** 0.5  # three standard errors


def stated(name):
    """The figures in a model card's table: lines such as `| accuracy | 87.12 % |`."""
    card = (SHIPPED / f"{name}.md").read_text("utf-8")
    found = {
        key: float(value) / 100
        for key, value in re.findall(r"^\| (accuracy|macro_f1) \| ([\d.]+) %", card, re.MULTILINE)
    }
    assert found, f"{name}.md states no figure"
    return found


@pytest.mark.parametrize("name", ["captioner", "vqa", "dense_captioner"])
def test_networks_that_take_words_are_loaded_by_name(name):
    net = weights.load(name)
    assert net.card.name == name and "red" in net.card.words


def test_squeezenet_is_part_of_the_package(monkeypatch):
    """Its file is the published one, with its licence and commit beside it, and nothing is fetched."""

    def refuse(*_, **__):
        raise OSError("the network is cut")

    monkeypatch.setattr(socket, "create_connection", refuse)
    path, of = weights.where("squeezenet"), network("squeezenet").file
    assert path.parent == SHIPPED and path.stat().st_size == of.size < 1e6
    assert stated_sum("squeezenet") == of.sha256
    assert of.address.split("/")[-2] in (SHIPPED / "squeezenet.md").read_text("utf-8")
    assert "Redistributions in binary form" in (SHIPPED / "squeezenet.LICENSE.txt").read_text("utf-8")
    net = weights.load("squeezenet")
    assert net.card.source == "DeepCompression" and net["conv1"].W.data.shape == (96, 3, 7, 7)
    kept = sum(np.count_nonzero(t.data) for t in net.arrays().values())
    assert kept == 419_897 and sum(t.data.size for t in net.arrays().values()) == 1_248_424


@pytest.mark.data
@pytest.mark.skipif(
    not (DATA / "weights").exists(), reason="set MINICNN_DATA to the folder that holds weights/"
)
def test_its_scores_are_those_of_the_decoded_file():
    ours, decoded = (
        weights.load("squeezenet"),
        weights.load("squeezenet", DATA / "weights/squeezenet_v1_0.npz"),
    )
    x = prepare(read(DATA / "images/cat_dog.jpg"), ours.card.preprocessing)
    np.testing.assert_array_equal(ours(x), decoded(x))
    assert ours.card.classes[int(ours(x).argmax())] == "bull mastiff"
