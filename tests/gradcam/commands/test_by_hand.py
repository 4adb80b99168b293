"""What commands make of their words and of what was found, piece by piece, without a network."""

import argparse
import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gradcam.asking import AskError, as_given, listed, one_word
from gradcam.commands import (
    _manner,
    _many,
    _model,
    _model_options,
    _own,
    _pictures,
    _places,
    _printing,
    _report,
    _words,
    describe,
    explain,
    explore,
    layers,
    measure,
    verify,
    weights,
)
from gradcam.commands._parser import count
from gradcam.files import SaveError
from gradcam.measure.measures import MEASURES
from gradcam.runs.manner import Manner
from gradcam.verify import VerifyError
from minicnn import ReLU, Tensor, Transpose
from tests.gradcam.show.test_show import CARD, made_up
from weights import Preprocessing

# --- words that are numbers

TAKEN = [
    (count, {"1": 1, "20": 20}, ["0", "-1", "1.5", "²", "٣", "", "one"]),
    (_many._panels, {"all": "all", "3": 3}, ["0", "none"]),
    (_manner._shard, {"1/1": (1, 1), "2/3": (2, 3), "3/3": (3, 3), "1/999999": (1, 999999)},
     ["0/3", "4/3", "1/0", "1", "1/2/3", "1/1000000", "a/b"]),
    (_model_options._pixels, {"1": 1, "224": 224}, ["0", "-3", "2.5", ""]),
    (_model_options._place, {"0": 0, "3": 3, "2:6": slice(2, 6), "999999999": 999999999},
     ["-1", "2:", "1000000000", "2:6:1", "x"]),
    (_model_options._number, {"0.5": 0.5, "-3": -3, "1e2": 100}, ["nan", "inf", "photo.jpg"]),
    (explore._port, {"1": 1, "8000": 8000, "65535": 65535}, ["0", "65536", "-1", "²", "http"]),
]  # fmt: skip


@pytest.mark.parametrize(("read", "taken", "refused"), TAKEN, ids=lambda v: getattr(v, "__name__", ""))
def test_numbers_as_they_are_typed(read, taken, refused):
    for text, value in taken.items():
        assert read(text) == value
    for text in refused:
        with pytest.raises(argparse.ArgumentTypeError):
            read(text)


def test_settings_are_numbers_words_or_arrays(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3))
    assert verify._setting("steps=20") == ("steps", 20) and type(verify._setting("steps=20")[1]) is int
    assert verify._setting("alpha=0.5") == ("alpha", 0.5) and verify._setting("rule=a=b") == ("rule", "a=b")
    name, array = verify._setting(f"baseline={tmp_path / 'a.npy'}")
    assert name == "baseline" and array.tolist() == [0, 1, 2]
    for wrong in ("steps", "=20", "steps="):
        with pytest.raises(VerifyError, match="write NAME=VALUE"):
            verify._setting(wrong)


def test_values_of_inputs_beside_the_picture(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3.0))
    (tmp_path / "a.jpg").write_bytes(b"")
    name, array = _model._value("meta=0.5,1")
    assert name == "meta" and array.tolist() == [0.5, 1]
    assert _model._value("a=b=7")[0] == "a=b"
    name, array = _model._value(f"meta={tmp_path / 'a.npy'}")
    assert name == "meta" and array.tolist() == [0, 1, 2]
    assert _model._value(f"right={tmp_path / 'a.jpg'}") == ("right", tmp_path / "a.jpg")
    assert _model._photos([f"right={tmp_path / 'a.jpg'}", "meta=1"]) == {"right": tmp_path / "a.jpg"}
    for wrong, said in (("meta", "write NAME=NUMBERS"), ("=1", "write NAME"), ("meta=", "write NAME"),
                        ("meta=one", "neither numbers")):  # fmt: skip
        with pytest.raises(AskError, match=said):
            _model._value(wrong)
    net = SimpleNamespace(picture="x", inputs={"x": (1, 3, 8, 8), "meta": (-1, 2, 4), "free": None})
    found = _model._values("m.onnx", net, ["free=5"], True)
    assert {name: value.tolist() for name, value in found.items()} == {"free": [5], "meta": [[[0] * 4] * 2]}
    assert _model._values("m.onnx", net, ["meta=1"], True)["free"].tolist() == [0]
    with pytest.raises(AskError, match=r"m\.onnx has 3 inputs: .* it needs 'meta' \(N x 2 x 4\)"):
        _model._values("m.onnx", net, ["free=5"], False)
    with pytest.raises(AskError, match=r"it needs 'free' \(of any shape\)"):
        _model._values("m.onnx", net, ["meta=5"], False)
    net.picture = "y"
    with pytest.raises(AskError, match="no input 'y'; there is x, meta, free"):
        _model._values("m.onnx", net, [], True)


# --- what stands where


def test_names_are_shortened_in_the_middle():
    name = "abcdefghijklmnopqrstuvwxyz"
    assert _printing.short(name, 26) == name
    assert _printing.short(name, 25) == "abcdef...klmnopqrstuvwxyz"
    assert _printing.short(name, 12) == "abc...uvwxyz"


def test_a_table_is_as_wide_as_need_be(capsys):
    _printing.say_table([("name", "n", "what"), ("a", "10", "b"), ("longer", "7")], right=(1,))
    assert capsys.readouterr().out == "name     n  what\na       10  b\nlonger   7\n"


def test_a_name_is_made_of_the_photos():
    assert _places.name_of("a/b.c.jpg", "explained") == "b.c_explained.png"
    assert _places.name_of(None, "answer") == "scene_answer.png"
    assert _places.name_of(None, "explained", "shapes") == "shapes_explained.png"
    for letter, left in (("a", 200), ("ä", 100)):
        assert _places.name_of(f"{letter * 201}.png", "x") == f"{letter * left}_x.png"
        assert _places.name_of(f"{letter * left}.png", "x") == f"{letter * left}_x.png"


def test_what_is_read_is_every_word_but_that_of_one_option():
    args = argparse.Namespace(out="o", photo="p", more=["a", None, "b"], none=None, n=3, empty=[])
    assert _places.inputs(args, but="out") == ["p", "a", "b", 3]
    assert _places.inputs(args, but="photo") == ["o", "a", "b", 3]


def drawn(**said):
    usual = {"out": None, "upsampled": False, "overlays": None, "colormap": None, "alpha": None,
             "threshold": 0.0}  # fmt: skip
    return argparse.Namespace(**usual | said)


def test_a_panel_or_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(_pictures.out(drawn(), "a.png")) == "a.png"
    assert str(_pictures.out(drawn(out="b.pdf", alpha=0.5), "a.png")) == "b.pdf"
    assert str(_pictures.out(drawn(out="b.NPZ", upsampled=True), "a.png")) == "b.NPZ"
    assert str(_pictures.out(drawn(out="b.npy", alpha=0.5, overlays="f"), "a.png")) == "b.npy"
    with pytest.raises(AskError, match="--upsampled says how raw maps are saved"):
        _pictures.out(drawn(out="b.png", upsampled=True), "a.png")
    for option, value in (("colormap", "gray"), ("alpha", 0.5), ("threshold", 0.1)):
        with pytest.raises(AskError, match=f"--{option} is for pictures, and b.npz holds numbers"):
            _pictures.out(drawn(out="b.npz", **{option: value}), "a.png")
    with pytest.raises(SaveError, match=r"name ends in .*; the maps as numbers: \.npz"):
        _pictures.out(drawn(out="b.txt"), "a.png")
    with pytest.raises(SaveError, match=r"no folder nowhere; make it first$"):
        _pictures.out(drawn(out="nowhere/b.png"), "a.png")
    style = _pictures.style(drawn(colormap="gray", alpha=0.25, threshold=0.75))
    assert (style.colormap, style.alpha, style.threshold) == ("gray", 0.25, 0.75)


def test_a_report_is_a_page_that_overwrites_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.html", "a.HTM"):
        verify._check_report(argparse.Namespace(html=name))
    with pytest.raises(SaveError, match=r"a report's name ends in \.html"):
        verify._check_report(argparse.Namespace(html="a.txt"))


# --- what was found


def test_a_peak_is_its_place_in_shares_of_width_and_height():
    e = made_up([1], ["grad_cam", "gradient"])
    coarse, fine = np.zeros((1, 4, 10)), np.zeros((1, 3, 4, 10))
    coarse[0, 3, 6], fine[0, 1, 0, 9], fine[0, 2, 3, 6] = 2, -3, 1
    e.maps["grad_cam", 1], e.maps["gradient", 1] = coarse, fine
    e.notes["grad_cam", 1] = "a note"
    assert _report._map(e, "grad_cam", 1, 0) == {
        "shape": [4, 10], "min": 0, "max": 2, "peak": [0.65, 0.875], "note": "a note"
    }  # fmt: skip
    assert _report._map(e, "gradient", 1, 0) == {
        "shape": [3, 4, 10], "min": -3, "max": 1, "peak": [0.95, 0.125], "note": ""
    }  # fmt: skip
    e.maps["grad_cam", 1] = 0 * coarse
    assert _report._map(e, "grad_cam", 1, 0)["peak"] is None


def found():
    """Two pictures, of which the second is told: classes 3 and 0 are its first."""
    e = made_up([3, 0], ["grad_cam", "saliency"], n=2)
    e.scores[1], e.probabilities[1] = (2.5, -1, 0, 4), (0.25, 0.0125, 0.0375, 0.7)
    e.maps["saliency", 0][1] = 0
    e.undefined, e.prepared = {"cam": "It has no pooling.", "lrp_epsilon": "It has no pooling."}, "so"
    return e


def test_an_explanation_in_words(capsys):
    _report.in_words(found(), "a.jpg", "a.png", ["One more thing."], "The raw maps", n=1)
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "a.jpg, seen by A network of four classes:"
    width = max(map(len, CARD.classes))
    assert out[1:5] == [f"  {CARD.classes[c]:<{width}}  {p:>7}" for c, p in
                        ((3, "70.0 %"), (0, "25.0 %"), (2, "3.8 %"), (1, "1.2 %"))]  # fmt: skip
    assert out[5:] == [
        "One more thing.", "Prepared: so.", "Not drawn: CAM, LRP, epsilon. It has no pooling.",
        f"Saliency of {CARD.classes[0]} is exactly zero. {_report.why_zero('saliency', 2.5, 'relu5')}",
        f"The raw maps of {CARD.classes[3]} and {CARD.classes[0]} are in a.png",
    ]  # fmt: skip
    _report.in_words(made_up([3], ["saliency"]), "a.jpg", "a.png")
    assert capsys.readouterr().out.splitlines()[-1] == f"The panel of {CARD.classes[3]} is in a.png"


def test_an_explanation_for_programs(capsys):
    _report.as_json(found(), "a.jpg", "a.png", ["One more thing."], n=1)
    said = json.loads(capsys.readouterr().out)
    fields = {key: said[key] for key in ("photo", "network", "layer", "unit_layer", "prepared", "ends")}
    assert fields == {"photo": "a.jpg", "network": "net", "layer": "relu5", "unit_layer": "relu2",
                      "prepared": "so", "ends": "softmax"}  # fmt: skip
    assert [(c["class"], c["score"], c["probability"]) for c in said["top"]] == [
        (3, 4, 0.7), (0, 2.5, 0.25), (2, 0, 0.0375), (1, -1, 0.0125)
    ]  # fmt: skip
    assert [(c["class"], c["name"], c["target"]) for c in said["explained"]] == [
        (3, CARD.classes[3], f"the score of {CARD.classes[3]}"), (0, "tench", "the score of tench")
    ]  # fmt: skip
    assert [list(c["maps"]) for c in said["explained"]] == [["grad_cam", "saliency"]] * 2
    assert said["explained"][1]["maps"]["saliency"]["max"] == 0
    assert said["notes"] == ["One more thing."] and said["panel"] == "a.png" and "maps" not in said
    _report.as_json(found(), "a.jpg", "a.npz", what="The raw maps", n=1)
    said = json.loads(capsys.readouterr().out)
    assert said["maps"] == "a.npz" and "panel" not in said


def test_what_a_word_was_taken_for_is_said():
    card = SimpleNamespace(classes=("tiger, Panthera tigris", "tabby cat", "shop 7"))
    asked = {"tiger": 0, "cat": 1, "Tabby-Cat": 1, "1": 1, "class 2": 2, "shop": 2, "rule": "a target"}
    assert _report.taken(asked, card) == ["'cat' is taken for 'tabby cat'.", "'shop' is taken for 'shop 7'."]
    assert _report.taken({"tiger": 0}, SimpleNamespace(classes=None)) == []


def test_a_picture_of_one_colour_is_dull():
    picture = np.full((3, 4, 3), 7, np.uint8)
    picture[..., 1] = 9
    assert len(_report.dull(picture)) == 1
    picture[2, 3, 2] = 8
    assert _report.dull(picture) == []


def test_words_are_those_that_the_network_knows():
    known = ("what", "is", "colour", "shape", "there", "star")
    typed = "What's the, colour. what COLOR colors colours? shape's there's"
    said = "what is colour what colour colour colour shape there is"
    assert _words.vocabulary(typed.replace("the, ", ""), known, 10) == said.split()
    with pytest.raises(AskError, match=r"that is 10 words, .* no more than 9"):
        _words.vocabulary(typed.replace("the, ", ""), known, 9)
    with pytest.raises(
        AskError, match=r"the word 'stars' is unknown \(do you mean 'star'\?\); known are what,"
    ):
        _words.vocabulary("stars", known, 9)
    with pytest.raises(AskError, match="the word 'xyz' is unknown; known are what"):
        _words.vocabulary("xyz", known, 9)
    with pytest.raises(AskError, match=r"there is no word in ' \?\.,'"):
        _words.vocabulary(" ?.,", known, 9)


def test_lists_and_what_was_given_are_cut_short():
    assert listed(["a", "b"], 2) == "a, b" and listed(["a", "b", "c"], 2) == "a, b, ..."
    assert as_given("x" * 57) == repr("x" * 57) and as_given("x" * 58) == repr("x" * 58)[:57] + "..."
    assert as_given(np.arange(2)) == "[0, 1]" and as_given(object()) == "a object"
    one_word("it", "a", ("a", "b"))
    for wrong in ("c", 1):
        with pytest.raises(AskError, match="it is one of a, b, not"):
            one_word("it", wrong, ("a", "b"))


# --- who does the work


def manner(args, photos, least):
    with _manner.asked(argparse.Namespace(**args), photos, least) as found:
        return found


def test_as_many_processes_as_there_is_work_for(monkeypatch):
    monkeypatch.setattr("gradcam.runs.workers.cores", lambda: 6)
    args = {"workers": None, "dask": None, "shard": None}
    for photos, workers in ((3, 1), (7, 1), (8, 2), (23, 5), (24, 6), (400, 6)):
        assert manner(args, range(photos), 4).workers == workers
    assert manner(args | {"workers": 9, "shard": (2, 3)}, range(3), 4) == Manner(9, (2, 3), False)
    with pytest.raises(AskError, match="give one of the two"):
        manner(args | {"workers": 2, "dask": "tcp://a:1"}, range(3), 4)


MANY = {"out": None, "exact": False, "maps": None, "dtype": None, "panels": None, "workers": None,
        "dask": None, "shard": None}  # fmt: skip


def test_many_photos_need_a_folder_and_one_needs_none(tmp_path):
    def given(*photos, **said):
        return _many.given(argparse.Namespace(photos=photos, **MANY | said))

    assert given("a.jpg", "b.jpg", out="run") and given("a.jpg", out="run/") and given(str(tmp_path), out="r")
    assert not given("a.jpg") and not given("a.jpg", out="run") and not given(out="run/")
    assert not _many.given(argparse.Namespace(photos=[str(tmp_path)], **MANY), one=True)
    with pytest.raises(AskError, match="many photos are explained into a folder: add --out RUN/"):
        given("a.jpg", "b.jpg")
    with pytest.raises(AskError, match="this is a directory; photos are explained into a folder"):
        given(str(tmp_path))
    for photos in (["a.jpg", "b.jpg"], ["a.jpg"]):
        with pytest.raises(AskError, match="--exact is for one photo"):
            given(*photos, out="run/", exact=True)
    for option in ("maps", "dtype", "panels", "workers", "dask", "shard"):
        with pytest.raises(AskError, match=f"--{option} is for many photos"):
            given("a.jpg", **{option: 1})


def test_what_became_of_many_photos(capsys):
    args, done = argparse.Namespace(json=False), SimpleNamespace(count=3, errors=2, path="RUN")
    _many._tell(args, done, {"cam": "It has no pooling."})
    assert capsys.readouterr().out.splitlines() == [
        "Left out: CAM. It has no pooling.",
        "3 photos; 2 could not be explained, and their rows say why: RUN/",
    ]
    _many._tell(args, SimpleNamespace(count=1, errors=0, path="RUN"), {})
    assert capsys.readouterr().out == "1 photo: RUN/\n"
    _many._tell(argparse.Namespace(json=True), done, {"cam": "why"})
    assert json.loads(capsys.readouterr().out) == {
        "folder": "RUN", "photos": 3, "errors": 2, "undefined": {"cam": "why"}
    }  # fmt: skip


# --- networks of one's own


def model(**said):
    usual = {"onnx": None, "keras": None, "model": None, "network": None, "weights": None, "photo": "a.jpg"}
    return argparse.Namespace(**dict.fromkeys(_model_options.OWN) | usual | said)


def test_a_file_is_settled_as_network_and_description(monkeypatch):
    monkeypatch.setattr("weights.described.model_of", lambda path: f"of {path}")
    for given, returned, onnx, description in (
        ({}, (None, None), None, None),
        ({"onnx": "a"}, ("--onnx", "a"), "a", None),
        ({"keras": "b", "model": "b.toml"}, ("--keras", "b"), "b", "b.toml"),
        ({"model": "c.onnx"}, (None, "c.onnx"), "c.onnx", None),
        ({"model": "c.TOML"}, (None, "of c.TOML"), "of c.TOML", "c.TOML"),
    ):
        args = model(**given)
        assert _model_options.settle(args) == returned and (args.onnx, args.model) == (onnx, description)
    with pytest.raises(AskError, match="--onnx a and --keras b are two networks"):
        _model_options.settle(model(onnx="a", keras="b"))
    _model_options.check(model())
    _model_options.check(model(model="c", std=[0.5, 1]))
    for wrong, said in (
        ({"size": 3}, "--size describes a network of your own"),
        ({"given": ["a=1"]}, "--given describes a network"),
        ({"model": "c", "network": "vgg16"}, "c is a network with its weights, and --network names others"),
        ({"model": "c", "weights": "w"}, "and --weights names others"),
        ({"model": "c", "photo": None}, "give a photo for c to look at: gradcam explain PHOTO --model c"),
        ({"model": "c", "std": [1, 0]}, "--std 1 0: each channel is divided by its number"),
    ):
        with pytest.raises(AskError, match=said):
            _model_options.check(model(**wrong))


def test_an_output_with_places_is_described_by_them():
    at = lambda kind, *shape: _model.places(SimpleNamespace(kind=kind, output="y", shape=shape))  # noqa: E731
    assert at("map", 1, 3, 8, 6).startswith("the output 'y' is a map, 3 scores at each of 8 x 6 places: ")
    assert "--at 4 3, or a region, --at 0:8 0:6 (rows, columns)" in at("map", 1, 3, 8, 6)
    assert "1 score at each of" in at("map", 1, 1, 8, 6)
    for shape in ((1, 5, 100), (1, 100, 5)):
        assert "is a table of 100 rows with 5 numbers each" in at("rows", *shape)
        assert "choose a row, --at 50, or --target box:50" in at("rows", *shape)
    assert "is a sequence, 5 steps with 100 scores each" in at("steps", 1, 5, 100)
    assert "--at 2, or several, --at 0:5, or --target 'CLASS at step 2'" in at("steps", 1, 5, 100)
    y = np.zeros((1, 3, 8))
    for kind, classes in (("rows", 8), ("steps", 8), ("map", 3), ("classes", 3)):
        assert _model.count(SimpleNamespace(description=SimpleNamespace(kind=kind)), y) == classes
    for kind, shape, axis in (("rows", (1, 5, 9), 2), ("rows", (1, 9, 5), 1), ("rows", (1, 5, 5), 1),
                              ("map", (1, 5, 9, 9), 1)):  # fmt: skip
        assert (
            _model.axis_of_boxes(SimpleNamespace(description=SimpleNamespace(kind=kind, shape=shape))) == axis
        )


def test_what_somebody_should_know_of_a_network():
    usual = {"layout": "NCHW", "size": (8, 6), "channels": 3, "free": False, "stated": None,
             "outputs": ("y",), "output": "y", "unfit_names": 0, "precision": "float32"}  # fmt: skip

    def lines(**said):
        return list(_model.lines(SimpleNamespace(description=SimpleNamespace(**usual | said))))

    assert lines() == []
    assert "rows x columns x channels, 8 x 6 x 3 (NHWC)" in lines(layout="NHWC")[0]
    assert "they are fed at 8 x 6, a guess: --crop" in lines(free=True)[0]
    assert "they are fed at 8 x 6, as its metadata say" in lines(free=True, stated="metadata")[0]
    assert lines(free=True, stated="user") == lines(free=True, layout=None) == []
    assert lines(outputs=("a", "y", "b")) == [
        "Of its 3 outputs, y is explained; another: --output a, --output b."
    ]
    assert lines(unfit_names=7)[0].startswith("Its metadata have 7 class names")
    assert "quantised to 8 bits" in lines(precision="int8")[0]
    assert "stored as float16" in lines(precision="float16")[0]


def test_methods_without_feature_maps_are_left_out(monkeypatch):
    monkeypatch.setattr("weights.feature_maps.default_layer", lambda y, x: (None, ""))
    net = SimpleNamespace(card=SimpleNamespace(layer=None, title="A net"))
    why = "It has no feature maps: none of its layers has rows and columns."
    asked = ["grad_cam", "saliency"]
    assert _model.check_maps(net, [], asked, None, None) == (["saliency"], {"grad_cam": why})
    assert _model.check_maps(net, ["relu"], asked, None, None) == (asked, {})
    with pytest.raises(AskError, match=r"^Grad-CAM cannot be drawn of A net: none of its layers"):
        _model.check_maps(net, [], ["grad_cam"], None, None)
    net.card.layer = "relu"
    assert _model.check_maps(net, [], asked, None, None) == (asked, {})


def test_layers_whose_maps_lie_otherwise(monkeypatch):
    """Verify refuses all of them; `explain`, which lays them out, a mere transposition of another one."""
    turned, conv = Tensor(np.zeros(1), "l"), Tensor(np.zeros(1), "l")
    turned.op, conv.op = Transpose((0,)), ReLU()
    maps = SimpleNamespace(whole=True, tokens=False, plain=False, channel=3, space=(1, 2))
    monkeypatch.setattr("minicnn.names", lambda y: {"turned": turned, "conv": conv})
    monkeypatch.setattr("minicnn.places.maps_in", lambda y, x: {turned: maps, conv: maps})
    said = "the axes of layer 'l' are rows, columns, maps, and not maps, rows, columns"
    for layer, only_plain in (("turned", True), ("turned", False), ("conv", True)):
        with pytest.raises(AskError, match=said):
            _model.check_layers("m.onnx", "y", "x", [None, layer], only_plain)
    with pytest.raises(AskError, match=said):
        _model.check_layers("m.onnx", "y", "x", ["conv"])
    _model.check_layers("m.onnx", "y", "x", ["conv", "nothing"], only_plain=False)
    for change in ({"plain": True}, {"tokens": True}, {"whole": False}):
        vars(maps).update({"whole": True, "tokens": False, "plain": False} | change)
        _model.check_layers("m.onnx", "y", "x", ["turned", "conv"])


def test_a_network_that_looks_at_photos(monkeypatch, tmp_path):
    """What is asked of its file, and what is said of one that takes none."""
    asked, usual = [], {"layout": "NCHW", "channels": 3, "kind": "classes", "inputs": {"x": (-1, 3, 8, 8)}}
    card = SimpleNamespace(axes=4, preprocessing=Preprocessing(size=9, crop=(8, 6)))
    net = SimpleNamespace(card=card, given={}, channels_last=False)

    def described(*given, **options):
        asked.append((given, options))
        return net

    def opened(**said):
        net.description = SimpleNamespace(**usual | {"picture": "x"} | said)
        return _model.network(model(onnx="m.onnx", targets=None, layer=["a", "b"], **asks))

    monkeypatch.setattr(_model, "described", described)
    asks = {"crop": [8], "mean": [0.5], "labels": "l.txt", "output": "y", "at": [1]}
    assert opened() is net
    assert asked[-1] == (
        ("m.onnx", None, "l.txt", "a", "y", None, [1]),
        {"mean": [0.5], "crop": 8, "picture": None},
    )
    asks = {"crop": [8, 6], "given": None}
    assert opened(channels=1) is net and asked[-1][1]["crop"] == (8, 6)
    for said, why in (
        ({"layout": None}, r"m.onnx takes \? x 3 x 8 x 8 numbers, and no pictures, signals or volumes"),
        ({"layout": None, "inputs": {"x": (0, 3)}}, "m.onnx takes 0 x 3 numbers"),
        ({"channels": 4}, "m.onnx takes pictures of 4 channels"), ({"channels": 2}, "of 2 channels"),
        ({"kind": "map", "output": "y", "shape": (1, 2, 4, 4)}, "m.onnx: the output 'y' is a map, 2 scores"),
    ):  # fmt: skip
        with pytest.raises(AskError, match=why):
            opened(**said)
    card.axes = 3
    assert opened(layout=None) is net
    card.axes, card.preprocessing = 4, Preprocessing(size=5, crop=(8, 6))
    with pytest.raises(AskError, match="shorter side is 5 pixels cannot be cropped to 6"):
        opened()
    card.preprocessing = Preprocessing(size=6, crop=(8, 6))
    assert opened() is net
    asks = {"crop": [1, 2, 3]}
    with pytest.raises(AskError, match="--crop 1 2 3: give a side, or rows and columns"):
        opened()


def test_a_second_photo_is_prepared_as_the_first_is(monkeypatch, tmp_path):
    Image.new("RGB", (4, 2), (255, 0, 0)).save(tmp_path / "b.png")
    card = SimpleNamespace(axes=4, preprocessing=Preprocessing(size=2, crop=(2, 4)))
    net = SimpleNamespace(card=card, given={"b": np.zeros((1, 3, 2, 4)), "n": 5}, channels_last=False)
    net.description = SimpleNamespace(layout="NCHW", channels=3, kind="classes", picture="x")
    monkeypatch.setattr(_model, "described", lambda *given, **options: net)
    asks = {"onnx": "m.onnx", "targets": None, "layer": None, "crop": None}
    asks["given"] = [f"b={tmp_path / 'b.png'}", "n=5"]
    first = _model.network(model(**asks)).given["b"]
    assert first.shape == (1, 3, 2, 4) and first[0, 0].min() > first[0, 1].max() and net.given["n"] == 5
    net.channels_last, net.given["b"] = True, np.zeros((1, 2, 4, 3))
    assert np.array_equal(_model.network(model(**asks)).given["b"], first.transpose(0, 2, 3, 1))
    net.given["b"] = np.zeros((1, 3, 2, 5))
    with pytest.raises(AskError, match=r"the input b is 1 x 3 x 2 x 5, and no picture as large .*b\.png"):
        _model.network(model(**asks))


def test_where_places_lie():
    def lie(**said):
        usual = {"plain": False, "whole": True, "tokens": False, "before": 0, "behind": 0}
        return layers._lie(SimpleNamespace(maps=SimpleNamespace(**usual | said)))

    assert layers._lie(SimpleNamespace(maps=None)) == lie(plain=True) == lie(whole=False) == ""
    assert lie(tokens=True, sizes=(7, 5)) == "tokens: 7 x 5 places"
    assert lie(tokens=True, sizes=(7, 5), before=1, behind=4) == "tokens: 7 x 5 places and 5 more, left out"
    assert lie(channel=3, space=(1, 2)) == "axes: rows, columns, maps"
    assert lie(channel=2, space=(3, 1)) == "axes: columns, maps, rows"
    assert lie(channel=4, space=(1, 2, 3)) == "axes: d, h, w, maps"


def test_which_network_is_meant_by_a_word(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").write_text("")

    def which(**said):
        args = model(**{"file": None} | said)
        layers._which(args)
        return args.network, args.onnx, args.model

    assert which(file="vgg16") == ("vgg16", None, None)
    for file in ("a.onnx", "folder/a", "there"):
        assert which(file=file) == (None, file, None)
    assert which(file="a.onnx", model="b.toml") == (None, "a.onnx", "b.toml")
    for other in ("onnx", "keras", "network"):
        with pytest.raises(AskError, match="vgg16 and b are two networks"):
            which(file="vgg16", **{other: "b"})


def test_says_of_scores_what_they_say():
    def says(scores, kind="classes", **card):
        usual = {"classes": ("a", "b", "c"), "multi_label": False, "ends": None}
        net = SimpleNamespace(card=SimpleNamespace(**usual | card), description=SimpleNamespace(kind=kind))
        return describe._says(net, np.array(scores))

    assert says([0, np.log(4), np.log(3)]) == "50.0 % b, 37.5 % c"
    for card in ({"multi_label": True}, {"ends": "sigmoid"}):
        assert says([0, np.log(4), np.log(3)], **card) == "80.0 % b, 75.0 % c"
    assert says([-1.23456], "number") == "-1.235"
    assert says([np.log(3)], "yes or no", classes=("no", "dog")) == "75.0 % dog"
    assert says([np.log(3)], "yes or no", classes=None) == "75.0 % yes"
    assert says([0, np.nan]) == "numbers that are not finite"


def test_the_layers_of_a_file_are_those_of_its_own_input(monkeypatch, capsys):
    d = SimpleNamespace(layout="NCHW", size=(8, 6), example=(1, 3, 8, 6), kind="map")
    net = SimpleNamespace(description=d, card=SimpleNamespace(title="A net"))
    asked = []
    monkeypatch.setattr(_model, "described", lambda *given, **options: asked.append((given, options)) or net)
    monkeypatch.setattr(_model, "lines", lambda net: ["a note"])
    monkeypatch.setattr(_model, "places", lambda d: "choose one")
    monkeypatch.setattr(layers, "_table", lambda *given: asked.append(given) or 0)
    args = model(file="m.onnx", output="y", given=["a=1"], picture="x")
    assert layers.run(args) == 0
    assert asked == [(("m.onnx", None), {"output": "y", "given": ["a=1"], "picture": "x", "blank": True}),
                     (net, net.card, (1, 3, 8, 6), "A net, for a picture of 8 x 6")]  # fmt: skip
    assert capsys.readouterr().out == "a note\nTo explain it: choose one.\n"
    d.layout, d.kind, d.example = None, "classes", (1, 2, 90)
    assert layers.run(model(file="m.onnx")) == 0
    assert asked[-1] == (net, net.card, (1, 2, 90), "A net, for an input of 2 x 90")
    assert capsys.readouterr().out == "a note\n"
    for option in ("output", "picture", "given"):
        with pytest.raises(AskError, match=f"--{option} describes a network of your own"):
            layers.run(model(file=None, network="vgg16", **{option: "y"}))


def test_pictures_that_the_explorer_shows(tmp_path):
    Image.fromarray(np.full((4, 5, 3), 9, np.uint8)).save(tmp_path / "a.png")
    ((name, picture),) = explore._images(str(tmp_path / "a.png"), "shapes").items()
    assert name == "a.png" and picture.size == (5, 4)
    assert list(explore._images(None, "shapes")) == [f"scene {n}" for n in (22, 7, 3, 11, 5)]
    assert list(explore._images(None, "squeezenet")) == ["Grace Hopper"]
    with pytest.raises(AskError, match="give a photo for mini_vgg to look at"):
        explore._images(None, "mini_vgg")


def test_a_model_is_described_by_what_is_found_assumed_and_left(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    known = SimpleNamespace(
        describe=1, found={"input": ("8 x 6", "the graph"), "output": ("4 scores", "its metadata")},
        assumed={"resize": "short"}, remains=("labels", "crop"),
    )  # fmt: skip
    net = SimpleNamespace(
        known=known, card=SimpleNamespace(title="A net"), description=SimpleNamespace(kind="map")
    )
    asked = []
    monkeypatch.setattr(_model, "described", lambda *given, **options: asked.append((given, options)) or net)
    monkeypatch.setattr(_model, "lines", lambda net: ["a note"])
    monkeypatch.setattr(_model, "places", lambda d: "choose one")
    monkeypatch.setattr(
        describe, "_tried", lambda net, photo: [("unit", "90 % cat", "Keras"), ("byte", "dog", "TF")]
    )
    usual = {"file": "m.onnx", "model": "d.toml", "photo": None, "output": "y", "given": None, "picture": "x",
             "write": False, "json": False}  # fmt: skip
    assert describe.run(argparse.Namespace(**usual)) == 0
    assert asked == [(("m.onnx", "d.toml"), {"output": "y", "given": None, "picture": "x", "blank": True})]
    assert capsys.readouterr().out.splitlines() == [
        "A net", "", "Found", "  input   8 x 6     (the graph)", "  output  4 scores  (its metadata)",
        "", "Assumed, as nobody says it", "  resize  short",
        "", "Left to you", f"  labels  {describe._ask('labels')}", f"  crop    {describe._ask('crop')}",
        "", "What it would say of the sample photo, by how its pixels are prepared",
        "  unit  90 % cat  (Keras)", "  byte  dog       (TF)",
        "", "a note", "To explain it: choose one.",
        "", "gradcam describe m.onnx --write makes m.toml, where all of this can be said.",
    ]  # fmt: skip
    assert describe.run(argparse.Namespace(**usual | {"json": True})) == 0
    assert json.loads(capsys.readouterr().out) == {
        "model": "m.onnx", "describe": 1, "assumed": {"resize": "short"}, "remains": ["labels", "crop"],
        "found": {"input": {"is": "8 x 6", "by": "the graph"},
                  "output": {"is": "4 scores", "by": "its metadata"}},
        "tried": [{"pixels": "unit", "says": "90 % cat"}, {"pixels": "byte", "says": "dog"}], "written": None,
    }  # fmt: skip
    monkeypatch.setattr("weights.described.as_toml", lambda net, path: f"of {path}")
    assert describe.run(argparse.Namespace(**usual | {"write": True})) == 0
    assert (tmp_path / "m.toml").read_text() == "of m.onnx"
    assert capsys.readouterr().out.endswith(
        "The description is in m.toml: change what is wrong, gradcam explain reads it.\n"
    )
    net.description.kind, known.assumed, known.remains = "classes", {}, ()
    assert describe.run(argparse.Namespace(**usual)) == 0
    out = capsys.readouterr().out
    assert out.endswith("\n\na note\n") and "Assumed" not in out and "Left to you" not in out


def test_a_photo_stands_in_front_of_the_options(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "m.onnx"):
        (tmp_path / name).write_bytes(b"")
    first = lambda *photos, **said: explain._photo_first(  # noqa: E731
        argparse.Namespace(**{"photos": photos, "classes": None, "methods": None} | said)
    )
    first(), first("a.png"), first("none.onnx"), first("a.png", classes=["a.png"]), first(classes=["dog"])
    with pytest.raises(
        AskError, match=r"m\.onnx is a model, and no photo: gradcam explain PHOTO --model m\.onnx"
    ):
        first("a.png", "m.onnx")
    for said in ({"classes": ["dog", "a.png"]}, {"methods": ["cam", "a.png"]}):
        with pytest.raises(
            AskError, match=r"'a\.png' stands where a name was expected: .* gradcam explain a\.png"
        ):
            first(**said)


# --- measures


def own(**said):
    usual = dict.fromkeys(("photos", "truth", "maps", "c", "workers", "dask", "shard", "onnx", "model",
                           "rows", "processors", "n", "network", "out", "methods"))  # fmt: skip
    return argparse.Namespace(**usual | said)


def test_options_for_photos_of_ones_own_and_for_others():
    good = [{"network": "a"}, {"network": "a", "rows": "r", "n": 3, "methods": ["m"], "out": "c.png"},
            {"photos": ["p"], "out": "r", "maps": "m"}, {"photos": ["p"], "out": "r", "network": "a"},
            {"photos": ["p"], "out": "r", "onnx": "a"}, {"photos": ["p"], "out": "r", "model": "a", "c": "3"},
            {"photos": ["p"], "out": "r", "network": "a", "methods": ["m"]},
            {"photos": ["p"], "out": "r", "onnx": "a", "methods": ["m"]},
            {"photos": ["p"], "out": "r", "model": "a", "methods": ["m"]}]  # fmt: skip
    for said in good:
        _own.check(own(**said))
    bad = [({"network": "a", option: "x"}, f"--{'class' if option == 'c' else option} is for photos of yours")
           for option in _own.FOR_PHOTOS]  # fmt: skip
    photos = {"photos": ["p"], "out": "r", "network": "a"}
    bad += [(photos | {option: 1}, f"--{option} is for --data") for option in _own.NOT_FOR_PHOTOS]
    bad += [
        ({}, "which network"), ({"photos": ["p"], "network": "a"}, r"add --out RESULTS/"),
        ({"photos": ["p"], "out": "r", "maps": "m", "methods": ["m"]}, "--method explains here"),
        ({"photos": ["p"], "out": "r"}, "whose maps"),
    ]  # fmt: skip
    for said, why in bad:
        with pytest.raises(AskError, match=why):
            _own.check(own(**said))


def test_measures_that_fit_what_is_known():
    net, truth = SimpleNamespace(), SimpleNamespace()
    every = ["pointing_game", "grid_pointing_game", "sparseness", "average_drop"]

    def fitting(net=None, truth=None, asked=every, words=("all",)):
        return _own._fitting_measures(asked, net, truth, None, words)

    assert fitting(net, truth) == ("pointing_game", "sparseness", "average_drop")
    assert fitting(None, truth) == ("pointing_game", "sparseness")
    assert fitting(net, None) == ("sparseness", "average_drop")
    for name, said in (("pointing_game", "pointing_game needs to know where the objects are"),
                       ("grid_pointing_game", "grid_pointing_game is measured on --data or --world"),
                       ("average_drop", "average_drop asks the network")):  # fmt: skip
        with pytest.raises(AskError, match=said):
            fitting(asked=[name], words=[name])
    with pytest.raises(AskError, match="none of these measures can be measured so"):
        fitting(asked=["average_drop"])


def test_classes_of_labels():
    net = SimpleNamespace(card=SimpleNamespace(classes=("cat", "dog", "owl"), name="net"))
    truth = SimpleNamespace(labels=lambda: ["owl", "cat"])
    args = argparse.Namespace(c=None, truth="t.csv")
    assert _own._classes(args, net, truth) == (None, {"owl": 2, "cat": 0})
    assert _own._classes(args, net, None) == (None, {}) and _own._classes(args, None, truth) == (None, None)
    assert _own._classes(argparse.Namespace(c="dog", truth="t.csv"), net, truth) == (1, None)
    bare = SimpleNamespace(card=SimpleNamespace(classes=None, name="net"))
    assert _own._classes(argparse.Namespace(c="70000", truth=None), bare, None) == (70000, None)
    truth = SimpleNamespace(labels=lambda: ["owl", "cow", "ant"])
    with pytest.raises(
        AskError, match=r"2 of the 3 labels in t.csv are no classes of net; the first: .*'cow'"
    ):
        _own._classes(args, net, truth)


def test_a_method_at_a_layer_as_it_is_measured():
    assert measure._named("Grad-CAM@conv10") == ("grad_cam", "conv10")
    assert measure._named("saliency") == ("saliency", None)
    assert measure._named("deconvnet@fire4") == ("deconvnet", "fire4")
    with pytest.raises(AskError, match="saliency looks at no layer: write it without @conv10"):
        measure._named("saliency@conv10")


def test_on_which_pictures_is_measured(monkeypatch):
    parser = argparse.ArgumentParser()
    measure.register(parser.add_subparsers())
    asked, net = [], SimpleNamespace(card="card")
    of = lambda *words: measure.run(parser.parse_args(["measure", *words, "--network", "shapes"]))  # noqa: E731
    for name, stub in {
        "gradcam.commands._network.loaded": lambda network, weights: net if weights == "w" else None,
        "gradcam.measure.pictures.photos.Photos": lambda *given: ("photos", *given),
        "gradcam.measure.pictures.scenes.Scenes": lambda *given: ("scenes", *given),
    }.items():
        monkeypatch.setattr(name, stub)
    monkeypatch.setattr(measure, "_measure", lambda args, *given: asked.append(given))
    monkeypatch.setattr(measure, "_fitting", lambda net, data: ["what fits"])
    monkeypatch.setattr(measure, "at_layers", lambda named, net: [name for name, _ in named])
    monkeypatch.setattr(_own, "run", lambda args, asked, at_layers: (asked, at_layers(net)))
    assert of("pointing_game", "pointing_game", "--world", "shapes", "--weights", "w") == 0
    of("all", "--data", "p.npz", "--weights", "w", "--method", "cam", "--n", "3")
    of("sparseness", "--world", "shapes", "--weights", "w", "--n", "3")
    assert asked == [
        (net, ("scenes", 100, "card"), ["pointing_game"], ["what fits"]),
        (net, ("photos", "p.npz", "card"), list(MEASURES), ["cam"]),
        (net, ("scenes", 3, "card"), ["sparseness"], ["what fits"]),
    ]
    own = of("sparseness", "--photos", "a.png", "--out", "r/", "--method", "cam")
    assert own == (["sparseness"], ["cam"])
    with pytest.raises(AskError, match="on which pictures"):
        of("sparseness")
    with pytest.raises(AskError, match="--out is for the curves of sanity_check"):
        of("sparseness", "--world", "shapes", "--out", "a.png")
    places = []
    monkeypatch.setattr(_places, "place", lambda args, out: places.append(out))
    of("sanity_check", "--world", "shapes", "--weights", "w", "--out", "a.png")
    assert places == ["a.png"] and len(asked) == 4


def test_each_kind_of_measure_has_its_pictures_its_rows_and_its_table(monkeypatch, capsys, tmp_path):
    from gradcam.measure.study import run

    asked = []

    def rows(kind, values):
        return [{"area": area, "zero": [], "failed": {"cam": kind}, "values": {"saliency": values}}
                for area in (0.1, 0.5, 0.9)]  # fmt: skip

    def over(net, data, measures, methods, n, path, **options):
        asked.append((data.says, measures, methods, n, path and path.name, options))
        return rows(data.says, {"hit": 1.0, "sparse": 0.5, "cell": 0.25, "sparseness": 0.5})

    def sanity(net, data, methods, n, path, **options):
        asked.append(("sanity", methods, n, path and path.name))
        return rows("sanity", {"cascading": [[0, 0.25, 0.75]], "independent": [[0, 0.25, 0.75]]})

    monkeypatch.setattr(run, "over", over)
    monkeypatch.setattr(run, "sanity", sanity)
    monkeypatch.setattr(run, "grids", lambda net, data, n, **o: SimpleNamespace(says=f"{n} grids"))
    monkeypatch.setattr(
        "gradcam.measure.study.sanity_curves.table_of_likeness", lambda found: f"{len(found)}!"
    )
    args = argparse.Namespace(rows="rows.jsonl", n=None, processors=2, out=None)
    data = SimpleNamespace(says="scenes")
    measure._measure(args, None, data, ["sparseness", "grid_pointing_game", "sanity_check", "pointing_game"],
                     ["saliency"])  # fmt: skip
    options = {"workers": 2, "progress": False}
    assert asked == [
        ("scenes", ["sparseness", "pointing_game"], ["saliency"], None, "rows_maps.jsonl", options),
        ("100 grids", ["grid_pointing_game"], ["saliency"], None, "rows_grid.jsonl", options),
        ("sanity", ["saliency"], None, "rows_sanity.jsonl"),
    ]
    out = capsys.readouterr().out
    titles = (
        "3 pictures, scenes\n",
        "1 of them: objects on less than a third of the picture\n",
        "3 100 grids\n",
        "3 pictures: maps before and after weights are drawn anew\n\n3!\n",
    )
    places = [out.index(title) for title in titles]
    assert places == sorted(places)
    assert [out.count(f"cam: {kind}\n") for kind in ("scenes", "100 grids", "sanity")] == [1, 1, 1]
    args.n = 7
    measure._measure(args, None, data, ["grid_pointing_game"], ["saliency"])
    assert asked[-1][0] == "7 grids" and asked[-1][4] == "rows.jsonl"
    args.rows = None
    measure._measure(args, None, data, ["grid_pointing_game"], ["saliency"])
    assert asked[-1][4] is None


# --- verify


def asked_to_verify(**said):
    usual = dict.fromkeys(("result", "classes", "target", "input", "photo", "onnx", "model", "network",
                           "weights", *verify.THEIRS))  # fmt: skip
    return argparse.Namespace(**usual | said)


def test_what_is_missing_is_named():
    whole = {"result": "r.npy", "classes": [1], "input": "x.npy", "model": "m"}
    for left, said in (("result", "--result is missing"), ("classes", "--class or --target is missing"),
                       ("input", "--input or --photo is missing"),
                       ("model", "--model, --network or --weights is missing")):  # fmt: skip
        with pytest.raises(VerifyError, match=said):
            verify._verdict(asked_to_verify(**{k: v for k, v in whole.items() if k != left}))


def test_two_networks_are_one_too_many(tmp_path):
    np.save(tmp_path / "r.npy", np.zeros((2, 2)))
    said = {"result": str(tmp_path / "r.npy"), "classes": [0], "input": "x.npy"}
    with pytest.raises(VerifyError, match=r"--onnx a\.onnx and --model b\.toml are two networks"):
        verify._verdict(asked_to_verify(**said, onnx="a.onnx", model="b.toml"))


def test_what_was_explained():
    one, several = (
        argparse.Namespace(target=None, classes=[3]),
        argparse.Namespace(target=None, classes=[3, 1]),
    )
    assert verify._target(one, None) == 3 and verify._target(several, None) == [3, 1]
    with pytest.raises(VerifyError, match="give one of them"):
        verify._target(argparse.Namespace(target="3", classes=[3]), None)
    named = argparse.Namespace(target="probability of dog", classes=None)
    assert verify._target(named, ("cat", "dog")).c == 1
    with pytest.raises(VerifyError, match="have no names here: give a number for 'dog'"):
        verify._target(named, None)
    assert verify._target(argparse.Namespace(target="probability of 7", classes=None), None).c == 7


def test_channels_come_first_where_a_graph_has_them_last():
    d = SimpleNamespace(layout="NHWC", size=(4, 5), channels=3)
    x = np.arange(2 * 4 * 5 * 3).reshape(2, 4, 5, 3)
    found = verify._all_channels_first(d, {"a": x, "b": x[0], "c": x[:, :3]})
    assert found["a"][1, 2, 3, 4] == x[1, 3, 4, 2] and found["a"].shape == (2, 3, 4, 5)
    assert found["b"].shape == (4, 5, 3) and found["c"].shape == (2, 3, 5, 3)
    d.layout = "NCHW"
    assert verify._channels_first(d, x) is x


@pytest.mark.parametrize("words", [["kit"], ["kits", "folder"], ["kit", "a", "b"]])
def test_a_kit_is_written_by_two_words(words):
    with pytest.raises(AskError, match=f"there is no 'verify {' '.join(words)}'"):
        verify._kit(words)


# --- files of weights


def test_sizes_for_people():
    sizes = {999: "999 bytes", 1000: "1 kB", 553_433_881: "553.4 MB", 999_999: "1000 kB", 10**6: "1 MB",
             10**9: "1 GB", 2.5e12: "2500 GB"}  # fmt: skip
    for n, said in sizes.items():
        assert weights._size(n) == said
    file = lambda size, bytes: SimpleNamespace(size=size, bytes=bytes)  # noqa: E731
    assert weights._stated(file(None, 46_830_571)) == "47 MB"
    assert weights._stated(file(46_830_571, 46_830_571)) == "46.83 MB"
    assert weights._stated(file(None, None)) == "size unknown"


def test_where_a_file_is_looked_for(monkeypatch, tmp_path, capsys):
    import weights as rooms
    from weights import zoo

    file = SimpleNamespace(address="https://a.org/net.pth", size=5, bytes=5_000_000, sum=("0" * 32, "md5"))
    monkeypatch.setattr(rooms, "where", lambda name: {"alexnet": tmp_path / "net.pth"}.get(name))
    monkeypatch.setattr(zoo, "network", lambda name: SimpleNamespace(file=file))
    asked = argparse.Namespace(what="alexnet")
    assert weights.run_where(asked) == 0
    path, said = capsys.readouterr().out.splitlines()
    assert path == str(tmp_path / "net.pth")
    assert said == "is not there yet; it is https://a.org/net.pth, 5 MB, md5 " + "0" * 32
    for sum, told in ((("0a1b", "sha256"), "sha256 0a1b..."), (None, "sum unknown...")):
        file.sum = sum
        weights.run_where(asked)
        assert capsys.readouterr().out.rstrip().endswith(f"5 MB, {told}")
    (tmp_path / "net.pth").write_bytes(b"")
    assert weights.run_where(asked) == 0 and capsys.readouterr().out == f"{path}\n"
    asked.what = "squeezenet"
    with pytest.raises(rooms.WeightsError, match="squeezenet: no published address is known"):
        weights.run_where(asked)


def test_a_row_of_a_check_is_as_wide_as_its_columns(capsys):
    weights._row(SimpleNamespace(what="a" * 23, found="b" * 70, expected="c"), "holds")
    weights._row(SimpleNamespace(what="a", found="b", expected="c"), "-")
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{'a' * 23} {'b' * 70} c{' ' * 35}holds"
    assert second == f"a{' ' * 23}b{' ' * 59}c{' ' * 35}-"
