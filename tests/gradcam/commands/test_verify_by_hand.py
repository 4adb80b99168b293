"""gradcam verify: what each option becomes, what is said where one is missing or two contradict."""

import argparse
import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gradcam import verify
from gradcam.asking import AskError
from gradcam.commands import _model
from gradcam.commands import verify as command
from gradcam.files import SaveError
from gradcam.verify import VerifyError
from gradcam.verify.kit import networks, onnx_file
from weights import Preprocessing

STEPS, X = networks.CHAIN, networks.picture(1, False)
ARRAYS = networks.weights(STEPS, 1)


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    """A folder with a model, an input and right results."""
    folder = tmp_path_factory.mktemp("verify")
    (folder / "model.onnx").write_bytes(onnx_file.model("chain", STEPS, ARRAYS, X.shape, 4))
    q = verify.Question(networks.Network(STEPS, ARRAYS), X, 0, "grad_cam", "relu2")
    steps = {"map": "result", "y": "y", "A": "activation", "dA": "gradient", "alpha": "weights"}
    for name, step in steps.items():
        np.save(folder / f"{name}.npy", q.reference[step])
    np.save(folder / "x.npy", X)
    np.save(folder / "one.npy", X[0])
    Image.fromarray(np.arange(96, dtype=np.uint8).reshape(4, 8, 3)).save(folder / "photo.png")
    return folder


def parsed(at, *words):
    """Words that name files of the folder become paths."""
    parser = argparse.ArgumentParser()
    command.register(parser.add_subparsers())
    return parser.parse_args(["verify", *(str(at / w) if (at / w).is_file() else w for w in words)])


ASKED = ("--onnx", "model.onnx", "--input", "x.npy", "--class", "0", "--layer", "relu2")


def test_all_that_is_theirs_is_compared(at, capsys):
    more = ("--their-input", "x.npy", "--scores", "y.npy", "--activations", "A.npy", "--gradient", "dA.npy")
    args = parsed(at, *ASKED, "--result", "map.npy", *more, "--alpha", "alpha.npy", "--json")
    assert command.run(args) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["verdict"] == "equal" and [c["stage"] for c in said["compared"]] == [
        "preprocessed input", "scores", "layer activation", "layer gradient", "channel weights", "result"
    ]  # fmt: skip
    assert command.run(parsed(at, *ASKED, "--result", "map.npy")) == 0
    assert capsys.readouterr().out.startswith("equal: your map is right")
    page = at / "report.HTM"
    assert command.run(parsed(at, *ASKED, "--result", "map.npy", "--html", str(page))) == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")


def captured(monkeypatch):
    """What the question is asked with, in place of an answer."""
    asked = {}

    def network(net, x, target, method, layer, theirs, photo, settings, **options):
        asked.update(locals())
        return "the verdict"

    monkeypatch.setattr(verify, "network", network)
    return asked


def test_what_the_options_become(at, monkeypatch):
    asked = captured(monkeypatch)
    words = ("--result", "map.npy", "--method", "occlusion", "--setting", "window=3", "stride=1", "--setting",
             f"fill={at / 'y.npy'}", "--seconds", "2.5", "--no-pairs")  # fmt: skip
    assert command._verdict(parsed(at, *ASKED, *words)) == "the verdict"
    assert (asked["target"], asked["method"], asked["layer"], asked["photo"]) == (
        0,
        "occlusion",
        "relu2",
        None,
    )
    assert asked["options"] == {"pairs": False, "seconds": 2.5, "progress": True}
    assert asked["settings"]["window"] == 3 and asked["settings"]["stride"] == 1
    assert asked["settings"]["fill"].shape == (1, 4) and list(asked["theirs"]) == ["result"]
    assert np.array_equal(asked["x"], X)
    command._verdict(parsed(at, "--model", "model.onnx", "--input", "one.npy", "--class", "1", "2",
                            "--result", "map.npy", "--alpha", "alpha.npy"))  # fmt: skip
    assert asked["target"] == [1, 2] and asked["x"].shape == X.shape and asked["layer"] == "relu2"
    assert asked["options"] == {"pairs": True, "seconds": None, "progress": True}
    assert list(asked["theirs"]) == ["result", "weights"] and asked["settings"] == {}
    assert asked["method"] == "grad_cam"


def test_what_is_missing_or_contradicts_itself(at):
    given = {"--result": "map.npy", "--class": "0", "--input": "x.npy", "--onnx": "model.onnx"}
    named = {"--result": "--result", "--class": "--class or --target", "--input": "--input or --photo",
             "--onnx": "--model, --network or --weights"}  # fmt: skip
    for option, name in named.items():
        words = [word for pair in given.items() if pair[0] != option for word in pair]
        with pytest.raises(VerifyError, match=f"^{name} is missing; there is nothing to compare without it"):
            command._verdict(parsed(at, *words))
    with pytest.raises(VerifyError, match=r"^--result is missing"):
        command._verdict(parsed(at, "--onnx", "model.onnx"))
    with pytest.raises(VerifyError, match=r"^--class or --target is missing"):
        command._verdict(parsed(at, "--result", "map.npy"))
    with pytest.raises(VerifyError, match=r"--onnx .* and --model .* are two networks: give one of them"):
        command._verdict(parsed(at, *ASKED, "--result", "map.npy", "--model", "model.onnx"))
    with pytest.raises(SaveError, match=r"report\.txt: a report's name ends in \.html"):
        command.run(parsed(at, *ASKED, "--result", "map.npy", "--html", str(at / "report.txt")))
    html = at / "x.html"
    html.write_text("mine")
    with pytest.raises(SaveError):
        command.run(parsed(at, *ASKED, "--result", str(html), "--html", str(html)))
    with pytest.raises(SaveError, match="a report's name ends in"):
        command.run(parsed(at, *ASKED, "--result", "map.npy", "--html", ""))


def test_what_was_explained(at):
    of = lambda known, *words: command._target(parsed(at, *words), known)  # noqa: E731
    assert of(None, "--class", "3") == 3 and of(None, "--class", "3", "0") == [3, 0]
    assert str(of(None, "--target", "probability of 3")) == str(of(None, "--target", "probability of  3"))
    assert of(None, "--target", "3").c == 3 and of(["cat", "dog"], "--target", "dog").c == 1
    with pytest.raises(VerifyError, match="--class and --target both say what was explained: give one"):
        of(None, "--target", "3", "--class", "3")
    with pytest.raises(VerifyError, match=r"the classes of this network have no names here: .* for 'dog'"):
        of(None, "--target", "dog")
    with pytest.raises(VerifyError):
        of(["cat", "dog"], "--target", "bird")


def test_a_setting_is_a_number_an_array_or_a_word(at):
    assert command._setting("steps=20") == ("steps", 20) and type(command._setting("steps=20")[1]) is int
    assert command._setting("fill=2.5") == ("fill", 2.5)
    assert command._setting("rule=right=1") == ("rule", "right=1")
    name, value = command._setting(f"fill={at / 'y.npy'}")
    assert name == "fill" and value.shape == (1, 4)
    for wrong in ("steps", "steps=", "=20"):
        with pytest.raises(VerifyError, match=f"--setting '{wrong}': write NAME=VALUE, as in steps=20"):
            command._setting(wrong)


def test_a_photo_is_prepared_as_the_network_wants_it(at):
    p = Preprocessing(size=4, crop=4, mean=(0.5,) * 3, std=(0.25,) * 3)
    described = SimpleNamespace(
        card=SimpleNamespace(preprocessing=p), known=SimpleNamespace(toml="MODEL.toml")
    )
    for words in (("--network", "shapes"), ("--model", "model.onnx"), ("--weights", "w.npz")):
        x, (picture, prepared) = command._input(parsed(at, *words, "--photo", "photo.png"), described)
        assert prepared is p and x.shape == (1, 3, 4, 4) and x.dtype == np.float64
        middle = np.arange(96).reshape(4, 8, 3)[:, 2:6].transpose(2, 0, 1)[None]
        np.testing.assert_allclose(x, (middle / 255 - 0.5) / 0.25, atol=1e-9)
        assert np.asarray(picture).shape == (4, 8, 3)
    bare = SimpleNamespace(known=SimpleNamespace(toml=None))
    for words in (("--onnx", "model.onnx"), ("--model", "model.onnx")):
        with pytest.raises(VerifyError, match="how this network wants its photos is not known"):
            command._input(parsed(at, *words, "--photo", "photo.png"), bare)


def test_pictures_as_a_graph_stores_them():
    last = SimpleNamespace(layout="NHWC", size=(8, 4), channels=3)
    stored = np.arange(2 * 96.0).reshape(2, 8, 4, 3)
    turned = command._channels_first(last, stored)
    assert np.array_equal(turned, np.moveaxis(stored, -1, 1))
    for other in (stored[0], stored.swapaxes(1, 2), stored[..., :2]):
        assert command._channels_first(last, other) is other
    first = SimpleNamespace(layout="NCHW", size=(8, 4), channels=3)
    assert command._channels_first(first, stored) is stored
    both = command._all_channels_first(last, {"result": stored, "y": stored[0]})
    assert (
        list(both) == ["result", "y"]
        and both["result"].shape == (2, 3, 8, 4)
        and both["y"].shape == (8, 4, 3)
    )


@pytest.mark.parametrize(("op", "layer", "checked"), [("Transpose", "relu2", 1), ("Conv", "relu2", 0),
                                                      ("Transpose", None, 0)])  # fmt: skip
def test_a_layer_of_a_graph_that_transposes_is_looked_at(at, monkeypatch, op, layer, checked):
    asked, seen = captured(monkeypatch), []
    net = networks.Network(STEPS, ARRAYS)
    net.description, net.steps = (
        SimpleNamespace(layout="NCHW"),
        [SimpleNamespace(op="Relu"), SimpleNamespace(op=op)],
    )
    net.card = SimpleNamespace(layer="relu1", classes=["a", "b", "c", "dog"])
    monkeypatch.setattr(verify.files, "network", lambda *words: net)
    monkeypatch.setattr(_model, "check_layers", lambda *given: seen.append(given))
    two = at / "two.npy"
    np.save(two, np.concatenate([X, 0 * X]))
    words = ("--input", "two.npy", "--target", "dog", "--result", "map.npy")
    command._verdict(parsed(at, "--model", "model.onnx", *words, *(["--layer", layer] if layer else [])))
    assert len(seen) == checked and asked["layer"] == (layer or "relu1") and asked["target"].c == 3
    for path, y, x, layers in seen:
        assert path == str(at / "model.onnx") and layers == ["relu2"]
        assert np.array_equal(x.data, X) and x.name == "x" and y.shape == (1, 4)


def test_writing_the_kit(tmp_path, monkeypatch, capsys):
    from gradcam.verify.kit import writing

    monkeypatch.setattr(writing, "write_kit", lambda place: (place, 12, 3456789))
    assert command.run(SimpleNamespace(kit=["kit", str(tmp_path / "new")])) == 0
    said = capsys.readouterr().out
    assert said.startswith("12 files, 3.46 MB, in ") and "new: begin with" in said and "README.md" in said
    for words in (["kit"], ["kit", "a", "b"], ["kits", "a"]):
        with pytest.raises(
            AskError, match=f"there is no 'verify {' '.join(words)}'; to write the conformance"
        ):
            command.run(SimpleNamespace(kit=words))
