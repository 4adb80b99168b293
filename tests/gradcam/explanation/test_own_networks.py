"""A network of one's own, live or from a file, is asked and answers in the same words everywhere."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gradcam import Target, explain, explain_many, verify
from gradcam.targets import Region
from minicnn import Error, GraphError
from minicnn.layer import Sequential
from tests.gradcam.commands.test_explain_onnx import answer
from tests.support.small_nets import picture, small_vgg
from weights import Preprocessing
from weights.described import open_model

NAMES = ("dog", "cat", "bird", "fish", "newt")
SEEN = Preprocessing(size=16, crop=16)


def live():
    """A PyTorch model in training mode, whose blocks return what their last layer made, and x."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from torch import nn

    class Odd(nn.Module):
        """Several results of one operator, a pool whose size is recorded, an operator that is PyTorch's."""

        def forward(self, x):
            a, b = x.chunk(2, 1)
            y = nn.functional.adaptive_avg_pool2d(nn.functional.gelu(a) * torch.sigmoid(b), 4)
            return torch.special.i0e(y)

    torch.manual_seed(0)
    block = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.SiLU())
    model = nn.Sequential()
    for name, part in {"block": block, "odd": Odd(), "flat": nn.Flatten(), "fc": nn.Linear(64, 5)}.items():
        model.add_module(name, part)
    return model.train(), torch.rand(1, 3, 16, 16)


@pytest.fixture
def net():
    model, x = live()
    from weights.graphs.torch import from_torch

    net = from_torch(model, x)
    net.card = SimpleNamespace(classes=NAMES, layer=None, unit_layer=None, preprocessing=SEEN, title="live")
    return net


@pytest.fixture
def photos(tmp_path):
    for k in range(3):
        pixels = np.random.default_rng(k).integers(0, 256, (20, 16, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{k}.png")
    return tmp_path


def test_a_live_network_can_be_sent(net):
    x = np.random.default_rng(0).random((2, 3, 16, 16))
    assert net.borrowed
    sent = pickle.loads(pickle.dumps(net))
    assert np.array_equal(np.asarray(sent(x)), np.asarray(net(x)))
    assert np.array_equal(
        explain(sent, x[:1], 1, "grad_cam", "block")["grad_cam"],
        explain(net, x[:1], 1, "grad_cam", "block")["grad_cam"],
    )


def test_many_photos_of_a_live_network_in_two_processes(net, photos):
    alone, several = (
        [e["hirescam"] for e in explain_many(net, photos, "HiResCAM", "dog - cat", "block", workers=workers)]
        for workers in (1, 2)
    )
    assert len(alone) == 3 and all(np.array_equal(a, b) and a.any() for a, b in zip(alone, several))


@pytest.mark.parametrize("kind", ["onnx", "keras"])
def test_many_photos_of_a_model_by_its_path(kind, photos, tmp_path):
    if kind == "onnx":
        pytest.importorskip("onnx", reason="ONNX's own package is not installed")
        from tests.weights.graphs import onnx_kinds

        onnx_kinds.plain().save(str(path := tmp_path / "net.onnx"))
    else:
        pytest.importorskip("h5py", reason="the extra 'keras' is not installed")
        from tests.weights.graphs.keras_fixtures import read, write

        path = write(read()["tutorial, Keras 3"], ".keras", tmp_path / "net.keras", "float32")
    files = [str(photos / f"{k}.png") for k in range(3)]
    found = [
        e["grad_cam"] for e in explain_many(path, files, ["grad_cam"], workers=2 if kind == "onnx" else 1)
    ]
    sent = pickle.loads(pickle.dumps(open_model(path)))
    assert len(found) == 3
    for map, file in zip(found, files):
        assert np.array_equal(explain(sent, file, methods="grad_cam")["grad_cam"][0], map)


def test_many_photos_need_a_description(photos):
    with pytest.raises(Error, match="no description that says how photos are prepared"):
        explain_many(small_vgg(), photos)


def test_many_photos_at_several_layers(net, photos):
    (first, *_) = explain_many(net, photos, ["hirescam", "saliency"], 1, ["block", "block.0"])
    assert list(first.maps) == ["hirescam@block", "hirescam@block.0", "saliency"]
    e = explain(net, photos / "0.png", 1, "hirescam", ["block", "block.0"])
    assert np.array_equal(first["hirescam@block"], e["hirescam@block"][0].astype("f4"))
    with pytest.raises(Error, match="for one photo at a time"):
        explain_many(net, photos, "fused_hirescam", 1, ["block", "block.0"])


def test_a_block_is_a_layer(net):
    x = np.random.default_rng(0).random((1, 3, 16, 16))
    e = explain(net, x, 1, ["grad_cam", "fused_grad_cam"], layer=["block", "block.0"])
    whole = explain(net, x, 1, "grad_cam", layer=net.name_of("block"))
    assert net.name_of("block") != "block"
    assert np.array_equal(e["grad_cam@block"], whole["grad_cam"])
    assert np.array_equal(e["grad_cam@block.0"], explain(net, x, 1, "grad_cam@block.0")["grad_cam@block.0"])


def test_what_a_live_network_says_of_itself(net):
    e = explain(net, np.ones((1, 3, 16, 16)), 1, ["saliency", "guided_backprop"])
    said = " ".join(e.remarks)
    assert "The model was in training mode, and is explained in eval mode." in e.remarks
    assert "are PyTorch's own" in said or "is PyTorch's own" in said
    assert "There is no map of guided_backprop: No rule of guided backprop is published for" in said
    assert "--allow GELU SiLU" in said and "allow=['GELU', " in said
    assert "no map of guided_backprop (see remarks)" in repr(e)


def test_weights_alone_are_no_model():
    model, x = live()
    from weights.graphs.torch import from_torch

    with pytest.raises(Error, match="not OrderedDict; its weights alone are no model"):
        from_torch(model.state_dict(), x)


@pytest.mark.parametrize(
    "text, meant",
    [
        ("dog - cat", Target.score(0) - Target.score(1)),
        ("minus 3", -Target.score(3)),
        ("probability of bird", Target.probability(2)),
        ("class 4", Target.score(4)),
        ("fish from others", None),
    ],
)
def test_targets_as_text_from_python(text, meant):
    net, x = small_vgg(), picture(1, 1).data
    net.card = SimpleNamespace(classes=NAMES, layer="relu2_1", unit_layer=None)
    e = explain(net, x, text, "hirescam")
    if meant is not None:
        assert np.array_equal(e["hirescam"], explain(net, x, meant, "hirescam")["hirescam"])
    assert e["HiResCAM"].any()


def test_a_mask_in_a_text_is_cut_as_the_photo_is(tmp_path):
    inside = np.zeros((20, 16), np.uint8)
    inside[2:12, :8] = 255
    Image.fromarray(inside).save(tmp_path / "mask.png")
    net = Sequential(*small_vgg().steps[:2])  # its output: maps
    net.card = SimpleNamespace(classes=None, layer=None, unit_layer=None, preprocessing=SEEN)
    photo = np.random.default_rng(0).integers(0, 256, (20, 16, 3), np.uint8)
    found = explain(net, photo, f"1 in mask:{tmp_path / 'mask.png'}", "gradient")
    meant = Region(1, inside[2:18] > 0)
    assert np.array_equal(found["gradient"], explain(net, found.x, meant, "gradient")["gradient"])


def test_a_mask_of_another_shape_is_not_stretched():
    y = np.ones((1, 3, 96, 96))
    with pytest.raises(GraphError, match="a mask of 50 x 96 would be stretched to the output's 96 x 96"):
        Region(1, np.ones((50, 96))).numbers(y[None])
    for size in ((48, 48), (192, 192), (383, 384)):
        assert Region(1, np.ones(size)).numbers(y[None])[0, 0] == pytest.approx(96 * 96)


def test_verify_takes_a_live_models_default_layer():
    model, x = live()
    from weights.graphs.torch import from_torch

    map = explain(from_torch(model, x), x, 1, "hirescam")["hirescam"]
    verdict = verify.torch(model.eval(), x, 1, "hirescam", None, map)
    assert verdict.status == 0


def test_verify_takes_a_model_and_its_description(tmp_path, photos, capsys, monkeypatch):
    pytest.importorskip("onnx", reason="ONNX's own package is not installed")
    from tests.weights.graphs import onnx_kinds

    monkeypatch.chdir(tmp_path)
    onnx_kinds.plain().save("net.onnx")
    (tmp_path / "net.toml").write_text('pixels = "unit"\n')
    e = explain("net.onnx", "0.png", 1, "grad_cam")
    np.save("map.npy", e["grad_cam"]), np.save("x.npy", e.x)
    command = ["verify", "--model", "net.onnx", "--class", "1", "--result", "map.npy"]
    assert answer(capsys, *command, "--input", "x.npy")[0] == 0
    assert answer(capsys, *command, "--photo", "0.png")[0] == 0
    status, _, err = answer(capsys, *command, "--input", "x.npy", "--onnx", "net.onnx")
    assert status == 2 and "are two networks" in err
