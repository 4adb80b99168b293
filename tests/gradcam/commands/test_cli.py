"""The command line: what it prints, what it writes, and one clear line for everything that cannot be done."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import weights
from gradcam.asking import AskError, class_index, one_of
from gradcam.cli import main, one_line
from gradcam.commands import _one, commands
from tests.support.data import DATA

NETWORK = "captum_cifar"  # the smallest of the zoo


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a photo, and random weights of a small network."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)).save("photo.jpg")
    net = weights.build(NETWORK).initialise(3)
    np.savez("net.npz", **{name: tensor.data for name, tensor in net.arrays().items()})
    return tmp_path


def explain(*more):
    return main(["explain", "photo.jpg", "--network", NETWORK, "--weights", "net.npz", *more])


def files(folder):
    return {p.name for p in folder.iterdir()}


def test_a_panel_has_room_for_so_many_classes(here, monkeypatch, capsys):
    assert _one.MOST == 12
    monkeypatch.setattr(_one, "MOST", 2)
    assert explain("--method", "saliency", "--class", "1", "2") == 0
    written = files(here)
    assert explain("--method", "saliency", "--class", "1", "2", "3") == 2
    assert "3 classes are too many for one panel: give at most 2" in capsys.readouterr().err
    assert files(here) == written


def test_it_prints_five_classes_and_writes_the_panel(here, capsys):
    assert explain() == 0
    out, err = capsys.readouterr()
    said = out.splitlines()
    assert said[0] == f"photo.jpg, seen by {weights.card(NETWORK).title}:" and err == ""
    shares = [float(line.split()[-2]) for line in said[1:6]]
    assert shares == sorted(shares, reverse=True) and 0 < sum(shares) <= 100.1
    assert {line.split()[0] for line in said[1:6]} <= set(weights.classes("cifar10"))
    assert said[-1].endswith("photo_explained.png")
    assert Image.open("photo_explained.png").size[0] > 1000
    assert files(here) == {"photo.jpg", "net.npz", "photo_explained.png"}


def test_json_has_the_numbers_of_the_explanation(here, capsys):
    from gradcam import explain as directly
    from gradcam.image import prepare, read

    assert explain("--class", "CAT", "9", "--method", "grad-cam", "saliency", "--json", "--out", "p.svg") == 0
    found = json.loads(capsys.readouterr().out)
    net = weights.load(NETWORK, "net.npz")
    e = directly(net, prepare(read("photo.jpg"), net.card.preprocessing), [3, 9], ["grad_cam", "saliency"])
    assert [c["name"] for c in found["explained"]] == ["cat", "truck"] and found["panel"] == "p.svg"
    for shown, c in zip(found["explained"], (3, 9)):
        assert shown["score"] == pytest.approx(float(e.scores[0, c]))
        assert shown["probability"] == pytest.approx(float(e.probabilities[0, c]))
        saliency, peak = e["saliency", c][0], shown["maps"]["saliency"]["peak"]
        assert shown["maps"]["saliency"]["max"] == pytest.approx(float(saliency.max())) and saliency.max() > 0
        assert saliency[int(peak[1] * 32), int(peak[0] * 32)] == saliency.max()
    assert found["top"][0]["probability"] == pytest.approx(float(e.probabilities.max()))


def test_a_zero_map_is_told(here, capsys):
    net = weights.build(NETWORK)  # all weights are zero, so no signal passes
    np.savez("net.npz", **{name: tensor.data for name, tensor in net.arrays().items()})
    assert explain("--method", "guided-grad-cam") == 0
    out = capsys.readouterr().out
    assert "Guided Grad-CAM of airplane is exactly zero" in out and "unsure" in out


def test_weights_that_hold_nan_are_told(here, capsys):
    arrays = dict(np.load("net.npz"))
    arrays["fc3.b"] = np.full_like(arrays["fc3.b"], np.nan)
    np.savez("net.npz", **arrays)
    assert explain() == 2
    assert "NaN or infinite numbers in fc3.b (10 of 10)" in capsys.readouterr().err and files(here) == {
        "photo.jpg",
        "net.npz",
    }


BAD = {
    "no such file": (["explain", "nothing.jpg", "--network", NETWORK], "there is no such file"),
    "a directory": (["explain", ".", "--network", NETWORK], "this is a directory"),
    "not an image": (["explain", "net.npz", "--network", NETWORK], "not a picture"),
    "a truncated image": (["explain", "cut.jpg", "--network", NETWORK], "damaged or cut off"),
    "no such network": (["explain", "photo.jpg", "--network", "captum-cifr"], "near: captum_cifar"),
    "no such class": (["--class", "hors"], "near: 7 horse"),
    "a class number too large": (["--class", "10"], "numbered 0 to 9"),
    "no such layer": (["--layer", "relu7"], "there is no layer with maps 'relu7'; near: relu"),
    "a layer without maps": (
        ["--layer", "fc1"],
        "layer 'fc1' gives 120 numbers and no map; the last with maps are",
    ),
    "no such unit layer": (["--method", "deconvnet", "--unit-layer", "relu7"], "relu7"),
    "no such method": (["--method", "guided_backprob"], "near: guided_backprop"),
    "a method that does not apply": (["--method", "cam"], "global average pooling"),
    "no weights there": (
        ["explain", "photo.jpg", "--network", NETWORK, "--weights", "no.npz"],
        "there is no such file",
    ),
    "weights of another network": (
        ["explain", "photo.jpg", "--network", "lenet", "--weights", "net.npz"],
        "no weights of lenet",
    ),
    "no weights at all": (
        ["explain", "photo.jpg", "--network", NETWORK, "--weights", "photo.jpg"],
        "photo.jpg",
    ),
    "no such folder": (["--out", "no/panel.png"], "there is no folder"),
    "a format unknown": (["--out", "panel.bmp"], ".png, .svg, .pdf"),
    "the photo itself": (["--out", "photo.jpg"], "overwrite"),
    "a folder": (["--out", "folder.png"], "directory"),
    "a photo after names": (["explain", "--class", "cat", "photo.jpg"], "write the photo first"),
    "a method's misspelt name": (["--method", "gradcampq"], "near: grad_cam, "),
    "a family of methods": (["--method", "lrp"], "lrp_gamma"),
    "no photo": (["explain", "--network", NETWORK], "give a photo"),
    "no photo for an ONNX file": (
        ["explain", "--onnx", "net.onnx", "--class", "star"],
        "give a photo for net.onnx",
    ),
    "two networks": (
        ["--onnx", "net.onnx"],
        "net.onnx is a network with its weights, and --network names others",
    ),
    "a description without its network": (["--mean", "1", "2"], "--mean describes a network of your own"),
    "labels without their network": (["--labels", "photo.jpg"], "--labels describes a network of your own"),
    "a size without its network": (["--size", "20"], "--size describes a network of your own"),
    "a deviation of zero": (
        ["explain", "photo.jpg", "--onnx", "net.onnx", "--std", "0"],
        "which must be above 0",
    ),
    "a class below zero": (["--class", "-1"], "there is no class -1; they are numbered 0 to 9"),
    "a class of no name": (["--class", "xyzzy"], "among the 10 of this network: airplane, automobile, bird"),
    "a class that squeezenet has": (
        ["--class", "tiger cat"],
        "squeezenet knows 'tiger cat': --network squeezenet",
    ),
    "weights of a network that was not named": (
        ["explain", "photo.jpg", "--weights", "net.npz"],
        f"add --network {NETWORK}",
    ),
    "weights that layers do not fit": (["layers", "--weights", "net.npz"], f"add --network {NETWORK}"),
    "two photos": (["explain", "photo.jpg", "net.npz"], "explained into a folder: add --out RUN/"),
    "layers of no network": (["layers", "--network", "vgg17"], "vgg16"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_gets_one_line_status_2_and_leaves_nothing(here, capsys, what):
    words, says = BAD[what]
    (here / "cut.jpg").write_bytes((here / "photo.jpg").read_bytes()[:1500])
    (here / "folder.png").mkdir()
    before = {p: p.read_bytes() for p in here.iterdir() if p.is_file()}
    assert (main(words) if words[0] in commands() else explain(*words)) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("gradcam: ") and err.count("\n") == 1 and says in err
    assert {p: p.read_bytes() for p in here.iterdir() if p.is_file()} == before


NO_COMMANDS = {
    "explain --colour red": "unrecognized arguments",
    "photo.jpg": "gradcam explain photo.jpg",
    "explian": "there is explain",
    "layers photo.jpg net.npz": "one file at a time: net.npz is one more",
    "explain photo.jpg --scale 3": "choose from 1, 255",
    "explain photo.jpg --mean nan": "no finite number",
    "explain photo.jpg --crop 0": "a number of pixels from 1, not '0'",
}


@pytest.mark.parametrize(("words", "says"), NO_COMMANDS.items())
def test_words_that_are_no_command_get_one_line_too(here, capsys, words, says):
    with pytest.raises(SystemExit) as end:
        main(words.split())
    err = capsys.readouterr().err
    assert end.value.code == 2 and err.count("\n") == 1 and says in err


def test_a_disk_that_is_full_leaves_no_file(here, capsys, monkeypatch):
    from matplotlib.figure import Figure

    def full(self, file, **_):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", full)
    assert explain() == 2
    assert "No space left" in capsys.readouterr().err and files(here) == {"photo.jpg", "net.npz"}


def test_an_error_of_ours_shows_its_traceback(here, monkeypatch):
    monkeypatch.setattr("gradcam.image.prepare", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        explain()


def test_layers_are_listed_with_shape_and_operation(here, capsys):
    assert main(["layers", "--network", "squeezenet"]) == 0
    out = capsys.readouterr().out
    *rows, _, last, _ = [line.split() for line in out.splitlines()]
    assert ["fire4", "256", "x", "55", "x", "55", "Concat", "35", "x", "35"] in rows
    default = ["155", "x", "155", "(Grad-CAM's", "default)"]
    assert ["fire9", "512", "x", "13", "x", "13", "Concat", *default] in rows
    assert rows[-1] == ["pool10", "1000", "GlobalAvgPool"] and " ".join(last).startswith(
        "Grad-CAM looks at fire9"
    )
    assert main(["layers", "squeezenet"]) == 0 and capsys.readouterr().out == out


def test_without_a_network_the_shipped_one_is_listed(capsys):
    assert main(["layers"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("SqueezeNet") and "fire9" in out


def test_every_layer_listed_with_rows_and_columns_is_a_layer_for_grad_cam(here, capsys):
    main(["layers", "--network", NETWORK, "--weights", "net.npz"])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    with_maps = [row[0] for row in rows if row[2:5:2] == ["x", "x"]]
    assert len(with_maps) >= 4
    for name in with_maps:
        assert explain("--method", "grad_cam", "--layer", name) == 0


@pytest.mark.parametrize("command", commands())
def test_every_command_teaches_by_examples(capsys, command):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    out = capsys.readouterr().out
    assert end.value.code == 0 and f"gradcam {command}" in out.split("\n\n", 1)[1]


def test_without_a_command_there_is_help(capsys):
    assert main([]) == 0
    assert "gradcam explain photo.jpg" in capsys.readouterr().out


def test_the_version_is_the_packages(capsys):
    from importlib.metadata import version

    assert main(["--version"]) == 0
    said = capsys.readouterr().out
    assert said == f"minicnn-gradcam {version('minicnn-gradcam')}\n"
    ran = subprocess.run([sys.executable, "-m", "gradcam", "--version"], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, said)


def test_methods_are_listed_with_paper_and_passes(capsys):
    from gradcam.methods import METHODS, VARIANTS

    assert main(["methods"]) == 0
    methods, variants = capsys.readouterr().out.split("\n\n")
    head, *lines = methods.splitlines()
    assert head.split()[0] == "method" and [line.split()[0] for line in lines] == list(METHODS)
    assert all(
        m.question in line and m.paper in line and m.cost in line for line, m in zip(lines, METHODS.values())
    )
    assert "Chattopadhay et al. 2018" in next(line for line in lines if line.startswith("grad_cam++ "))
    of = variants.splitlines()[2:]
    assert [line.split()[0] for line in of] == [f"{name}_METHOD" for name in VARIANTS]
    assert all(v.question in line and v.paper in line for line, v in zip(of, VARIANTS.values()))
    assert of[-1].endswith(f"{len(METHODS)} methods")


def test_methods_measured_on_the_built_in_scene(capsys):
    assert main(["methods", "--seconds"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.split("\n\n")[0].splitlines()}
    assert lines["grad_cam"].endswith(" 1.0") and lines["cam"].endswith("does not apply")
    assert float(lines["score_cam"].split()[-1]) > 2 and float(lines["smoothgrad"].split()[-1]) > 2


RELATIVES = (
    "gradcam++",
    "XGrad-CAM",
    "hires_cam",
    "layercam",
    "Eigen-CAM",
    "score-cam",
    "ablationcam",
    "smooth_grad",
    "LRP-gamma",
)


def test_relatives_are_found_by_how_they_are_written_elsewhere(here, capsys):
    assert explain("--class", "cat", "--json", "--method", *RELATIVES) == 0
    (found,) = json.loads(capsys.readouterr().out)["explained"]
    assert [m.replace("_", "") for m in found["maps"]] == [re.sub("[-_ ]", "", m).lower() for m in RELATIVES]
    assert all((m["max"] > m["min"]) != ("exactly zero" in m["note"]) for m in found["maps"].values())
    assert sum(m["max"] > 0 for m in found["maps"].values()) > 4


def test_help_does_not_wait_for_pictures_or_plots():
    loaded = "print([m for m in ('matplotlib', 'PIL', 'weights') if m in sys.modules])"
    program = f"import sys; from gradcam.cli import parser; parser(); {loaded}"
    assert (
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )


def test_python_m_gradcam_ends_with_the_status(here):
    done = subprocess.run(
        [sys.executable, "-m", "gradcam", "explain", "nothing.jpg", "--network", NETWORK],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        "gradcam: nothing.jpg: there is no such file\n",
    )


# --- names

NAMES = (
    "tench, Tinca tinca",
    "tiger cat",
    "Persian cat",
    "crane (bird)",
    "crane (machine)",
    "maillot",
    "maillot",
    "bull mastiff",
)


FOUND = {
    "tiger cat": 1,
    "Tiger_Cat": 1,
    "tigercat": 1,
    "tinca-tinca": 0,
    "TENCH": 0,
    "crane (bird)": 3,
    "bull": 7,
    "5": 5,
    " 2 ": 2,
}


@pytest.mark.parametrize(("asked", "c"), FOUND.items())
def test_a_class_is_found_by_name_synonym_word_or_number(asked, c):
    assert class_index(asked, NAMES, len(NAMES)) == c


OTHERS = {
    "cat": "may be 1 tiger cat, 2 Persian cat",
    "crane": "may be 3 crane .bird., 4 crane .machine.",
    "maillot": "may be 5 maillot, 6 maillot",
    "tigr cat": "near: 1 tiger cat",
    "bul": "near: 7 bull mastiff",
    "8": "numbered 0 to 7",
    "-1": "no class -1; they are numbered 0 to 7",
    "xyzzy": "among the 8 of this network: tench, Tinca tinca, tiger cat",
}


@pytest.mark.parametrize(("asked", "says"), OTHERS.items())
def test_other_names_get_candidates(asked, says):
    with pytest.raises(AskError, match=says):
        class_index(asked, NAMES, len(NAMES))


def test_digits_are_names_before_they_are_numbers_and_a_network_without_names_has_numbers():
    assert class_index("3", ("1", "3", "5"), 3) == 1
    assert class_index("3", None, 5) == 3
    with pytest.raises(AskError, match="no names"):
        class_index("cat", None, 5)


def test_one_of_ignores_spelling_and_lists_what_there_is():
    assert one_of("method", "Guided-Grad CAM", ["grad_cam", "guided_grad_cam"]) == "guided_grad_cam"
    with pytest.raises(AskError, match="there is no method 'x'; there is grad_cam, saliency"):
        one_of("method", "x", ["grad_cam", "saliency"])
    with pytest.raises(
        AskError,
        match=r"no method 'x'; there is 0, 1, 2, 3, 4, 5, 6, 7, \.\.\. \(all of them: gradcam methods\)",
    ):
        one_of("method", "x", list("0123456789"), "gradcam methods")
    with pytest.raises(
        AskError, match=r"no answer 'elephant'; there is crescent, no$"
    ):  # few are all named: the nearest is nowhere near
        one_of("answer", "elephant", ["crescent", "no"])


def test_a_long_message_becomes_one_line():
    assert one_line("wrong:\n  a\n  b\n  c\n ... and 9 more") == "wrong: a ... and 9 more"


# --- real networks


@pytest.mark.data
def test_the_main_job(tmp_path, monkeypatch, capsys):
    """Figure 1 of Grad-CAM: the dog at (0.50, 0.19) of width and height, the cat at (0.81, 0.73)."""
    monkeypatch.chdir(tmp_path)
    photo, file = str(DATA / "images/cat_dog.jpg"), str(DATA / "weights/squeezenet_v1_0.npz")
    command = [
        "explain",
        photo,
        "--network",
        "squeezenet",
        "--weights",
        file,
        "--class",
        "bull mastiff",
        "tiger cat",
        "--json",
    ]
    assert main([*command, "--method", "grad_cam"]) == 0
    found = json.loads(capsys.readouterr().out)
    top = {c["name"]: round(c["probability"], 3) for c in found["top"]}
    assert list(top.items())[:3] == [("bull mastiff", 0.867), ("boxer", 0.037), ("tiger cat", 0.02)]
    dog, cat = (c["maps"]["grad_cam"]["peak"] for c in found["explained"])
    assert np.allclose(dog, (0.50, 0.19), atol=0.01) and np.allclose(cat, (0.81, 0.73), atol=0.01)
    assert files(tmp_path) == {"cat_dog_explained.png"}


def test_with_no_argument_a_sample_photo_is_explained(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["explain"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("The sample photo, seen by SqueezeNet") and "bow tie" in out
    assert files(tmp_path) == {"grace_hopper_explained.png"}


def test_the_thousand_classes_are_known_offline(tmp_path, monkeypatch, capsys):
    from matplotlib.cbook import get_sample_data

    monkeypatch.chdir(tmp_path)
    photo = get_sample_data("grace_hopper.jpg", asfileobj=False)
    words = ["--class", "Windsor tie", "tabby", "--method", "grad_cam", "--json", "--out", "panel.png"]
    assert main(["explain", photo, *words]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [c["name"] for c in found["explained"]] == ["Windsor tie", "tabby"]
    assert found["top"][0]["name"] == "bow tie" and found["top"][0]["probability"] > 0.4
    x, y = found["explained"][0]["maps"]["grad_cam"]["peak"]
    assert 0.4 < x < 0.8 and y > 0.6  # where the tie is


def test_two_shapes_are_explained_for_the_network_of_shapes(tmp_path, monkeypatch, capsys):
    from gradcam.commands._scene import KINDS as SCENE_KINDS

    monkeypatch.chdir(tmp_path)
    assert main(["explain", "--network", "shapes", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [c["name"] for c in found["explained"]] == SCENE_KINDS
    assert all(c["probability"] > 0.5 for c in found["explained"]) and files(tmp_path) == {
        "shapes_explained.png"
    }


def test_the_first_class_is_the_one_with_the_highest_score(capsys, tmp_path, monkeypatch):
    """Both probabilities are 1 to the last digit of float32, or nearly; they need not add up to a hundred."""
    monkeypatch.chdir(tmp_path)
    assert main(["explain", "--network", "shapes", "--json", "--method", "saliency"]) == 0
    found = json.loads(capsys.readouterr().out)
    scores = [c["score"] for c in found["top"]]
    assert scores == sorted(scores, reverse=True) and "do not exclude each other" in found["notes"][0]


def test_what_was_taken_for_a_class_and_an_empty_picture_are_told(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (100, 100)).save("black.png")
    words = ["--network", "mini_vgg", "--class", "horn", "golf-ball", "0", "--method", "cam"]
    assert main(["explain", "black.png", *words]) == 0
    out = capsys.readouterr().out
    assert "'horn' is taken for 'French horn'." in out and out.count("is taken for") == 1
    assert "The picture is of one colour all over" in out
    assert main(["explain", "--network", "shapes", "--class", "star", "--method", "saliency"]) == 0
    out = capsys.readouterr().out
    assert "taken for" not in out and "one colour" not in out


@pytest.mark.skipif("mini_vgg" not in weights.available(), reason="mini_vgg is not trained yet")
def test_a_small_network_notices_strangers(tmp_path, monkeypatch, capsys):
    from matplotlib.cbook import get_sample_data

    monkeypatch.chdir(tmp_path)
    photo = get_sample_data("grace_hopper.jpg", asfileobj=False)
    assert main(["explain", photo, "--network", "mini_vgg"]) == 0
    out = capsys.readouterr().out
    assert "probably shows none of its classes" in out


@pytest.mark.parametrize("part", ["0/3", "4/3", "1", "1/3/2", "a/b", "1234567/1234567"])
def test_a_part_is_one_of_so_many(part, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["explain", "a.png", "b.png", "--shard", part, "--out", f"{tmp_path}/x/"])
    assert f"a part is K/N, from 1/N to N/N, not '{part}'" in capsys.readouterr().err


def test_measure_needs_a_network(capsys):
    assert main(["measure", "pointing_game"]) == 2
    assert "which network? --network NAME" in capsys.readouterr().err
