"""`gradcam explain --onnx`: what is said of a network of one's own must fit it."""

import json

import numpy as np
import pytest
from PIL import Image

from gradcam.cli import main
from tests.support.data import DATA

MODEL = DATA / "weights/mnist.onnx"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)).save("photo.png")


@pytest.mark.data
@pytest.mark.parametrize("names", [3, 1000])
def test_labels_are_as_many_as_scores(here, tmp_path, capsys, names):
    (tmp_path / "names.txt").write_text("\n".join(map(str, range(names))), "utf-8")
    assert main(["explain", "photo.png", "--onnx", str(MODEL), "--labels", "names.txt"]) == 2
    out, err = capsys.readouterr()
    assert (
        out == ""
        and err.count("\n") == 1
        and f"names.txt has {names} names, and {MODEL} gives 10 scores" in err
    )


@pytest.mark.data
def test_ten_names_and_empty_lines_after_them_will_do(here, tmp_path, capsys):
    (tmp_path / "names.txt").write_text("\n".join(f"digit {n}" for n in range(10)) + "\n\n", "utf-8")
    assert (
        main(["explain", "photo.png", "--onnx", str(MODEL), "--labels", "names.txt", "--method", "saliency"])
        == 0
    )
    assert "digit " in capsys.readouterr().out


@pytest.mark.data
def test_a_size_that_cannot_be_cropped_is_told(here, capsys):
    assert main(["explain", "photo.png", "--onnx", str(MODEL), "--size", "20"]) == 2
    assert "shorter side is 20 pixels cannot be cropped to 28" in capsys.readouterr().err


@pytest.fixture
def drawn(here):
    """The helper that draws small graphs; files and the photo are in the current folder."""
    pytest.importorskip("onnx", reason="ONNX's own package is not installed")
    from tests.weights.graphs import onnx_kinds

    return onnx_kinds


def answer(capsys, *words):
    """What a command prints: (its status, standard output, the one line of an error)."""
    capsys.readouterr()
    status = main([*words])
    out, err = capsys.readouterr()
    assert err.count("\n") <= 1
    return status, out, err


def turned(drawn):
    net = drawn.Drawn({"input": ("n", 16, 16, 3)})
    net.head(net.trunk(net.node("Transpose", ["input"], "turned", perm=[0, 3, 1, 2])))
    net.node("Softmax", ["scores"], "p")
    return net.ends("p")


def a_map(drawn):
    net = drawn.Drawn()
    net.node("Conv", [net.trunk(), net.weight("Wo", 3, 8, 1, 1)], "mask")
    return net.ends("mask")


def test_channels_last_is_said_in_a_line(drawn, capsys):
    turned(drawn).save("net.onnx")
    status, out, _ = answer(capsys, "explain", "photo.png", "--onnx", "net.onnx")
    assert status == 0 and out.count("NHWC") == 1
    assert "16 x 16 x 3 (NHWC): photos are fed so, and maps are shown as rows and columns." in out
    status, out, _ = answer(capsys, "explain", "photo.png", "--onnx", "net.onnx", "--json")
    told = json.loads(out)
    assert told["layer"] == "relu2" and told["explained"][0]["maps"]["grad_cam"]["shape"] == [8, 8]
    assert told["explained"][0]["maps"]["saliency"]["shape"] == [16, 16]


def test_a_layer_whose_maps_lie_last_is_refused(drawn, capsys, tmp_path):
    net = drawn.Drawn()
    y = net.node("Transpose", [net.trunk()], "turned", perm=[0, 2, 3, 1])
    y = net.node("Reshape", [y, net.constant("shape", [-1, 128], "i8")], "flat")
    net.node("MatMul", [y, net.weight("Wfc", 128, 4)], "scores")
    net.ends("scores").save("net.onnx")
    for layer in "turned", "TURNED":
        status, _, err = answer(capsys, "explain", "photo.png", "--onnx", "net.onnx", "--layer", layer)
        assert status == 2 and "the axes of layer 'turned' are rows, columns, maps" in err
    np.save("x.npy", np.ones((1, 3, 16, 16))), np.save("map.npy", np.ones((1, 4, 4)))
    command = ["verify", "--onnx", "net.onnx", "--input", "x.npy", "--class", "1", "--result", "map.npy"]
    status, _, err = answer(capsys, *command, "--layer", "turned")
    assert status == 2 and "the axes of layer 'turned' are rows, columns, maps" in err


def test_verify_takes_an_input_as_the_graph_does(drawn, capsys):
    from gradcam.methods.grad_cam import grad_cam
    from minicnn import Tensor, backward, find, one_hot
    from weights.graphs.onnx import describe, load

    turned(drawn).save("net.onnx")
    net = describe(load("net.onnx"), "net").astype(np.float64)
    x = np.random.default_rng(0).standard_normal((1, 16, 16, 3))
    y = net(mine := Tensor(x.transpose(0, 3, 1, 2), "x"))
    np.save("x.npy", x), np.save("map.npy", grad_cam(y, 1, find(y, "relu2")))
    command = ["verify", "--onnx", "net.onnx", "--input", "x.npy", "--class", "1", "--json"]
    status, out, _ = answer(capsys, *command, "--result", "map.npy")  # the layer is the network's own
    assert status == 0 and json.loads(out)["verdict"] == "equal"
    gradient = backward(y, one_hot(y, 1), wrt=mine).transpose(0, 2, 3, 1)
    np.save("gradient.npy", gradient), np.save("map.npy", abs(gradient).max(axis=3))
    more = ["--method", "saliency", "--result", "map.npy", "--gradient", "gradient.npy"]
    status, out, _ = answer(capsys, *command, *more)
    assert status == 0 and json.loads(out)["verdict"] == "equal"


def test_an_output_with_places_asks_for_one(drawn, capsys):
    a_map(drawn).save("net.onnx")
    status, out, err = answer(capsys, "explain", "photo.png", "--onnx", "net.onnx")
    assert (status, out) == (2, "") and "'mask' is a map, 3 scores at each of 4 x 4 places" in err
    assert "--at 2 2, or a region, --at 0:4 0:4" in err
    command = ["explain", "photo.png", "--onnx", "net.onnx", "--at"]
    assert answer(capsys, *command, "2", "2")[0] == answer(capsys, *command, "0:4", "1:3")[0] == 0
    status, _, err = answer(capsys, *command, "7", "2")
    assert status == 2 and "7:8 is no place among 0 to 3" in err
    assert "To explain it: the output 'mask' is a map" in answer(capsys, "layers", "--onnx", "net.onnx")[1]


def test_a_sum_over_places_has_no_percentage_and_says_where_it_is(drawn, capsys):
    a_map(drawn).save("net.onnx")
    command = ["explain", "photo.png", "--onnx", "net.onnx", "--class", "1", "--method", "grad_cam", "--at"]
    status, out, _ = answer(capsys, *command, "0:4", "1:3")
    assert status == 0 and "%" not in out
    assert "Its scores are summed over rows 0 to 3, columns 1 to 2: of these there is no percentage." in out
    assert "The panel of class 1, summed over rows 0 to 3, columns 1 to 2 is in" in out
    explained = json.loads(answer(capsys, *command, "0:4", "1:3", "--json")[1])["explained"][0]
    assert explained["probability"] is None
    assert explained["target"] == "the score of class 1, summed over rows 0 to 3, columns 1 to 2"
    out = answer(capsys, *command, "3", "1")[1]  # of one place, a softmax is what the network says
    assert out.count("%") == 3 and "The panel of class 1 at row 3, column 1 is in" in out
    status, _, err = answer(capsys, *command[:4], "--target", "probability of 1", "--at", "0:4", "1:3")
    assert status == 2 and "a probability is of one place" in err


def test_one_output_is_a_number_or_a_yes_or_no(drawn, capsys):
    drawn.ended(classes=1).save("net.onnx")
    status, out, _ = answer(capsys, "explain", "photo.png", "--onnx", "net.onnx")
    assert (
        status == 0 and "%" not in out and "Its output is a number, of which there is no percentage." in out
    )
    out = answer(capsys, "explain", "photo.png", "--onnx", "net.onnx", "--json")[1]
    assert json.loads(out)["top"][0]["probability"] is None
    drawn.ended(("Sigmoid", [], {}), classes=1).save("net.onnx")
    status, out, _ = answer(capsys, "explain", "photo.png", "--onnx", "net.onnx")
    assert status == 0 and "  yes  " in out and "exclude" not in out and "unsure" not in out


def test_methods_that_are_not_defined_are_said_and_the_others_drawn(drawn, capsys):
    net = drawn.Drawn()
    y = net.node("Conv", ["input", net.weight("W1", 8, 3, 3, 3)], "conv1")
    net.head(net.node("LeakyRelu", [y], "leaky", alpha=0.1))
    net.ends("scores").save("net.onnx")
    status, out, _ = answer(capsys, "explain", "photo.png", "--onnx", "net.onnx")
    assert status == 0
    assert (
        "Not drawn: Guided backprop, Guided Grad-CAM. No rule of guided backprop is published for LeakyReLU"
        in out
    )
    told = json.loads(answer(capsys, "explain", "photo.png", "--onnx", "net.onnx", "--json")[1])
    assert [*told["undefined"]] == ["deconvnet", "guided_backprop", "guided_grad_cam"]
    assert [*told["explained"][0]["maps"]] == ["saliency", "grad_cam"]
    command = ["explain", "photo.png", "--onnx", "net.onnx", "--method", "guided_backprop"]
    status, _, err = answer(capsys, *command)
    assert status == 2 and "No rule of guided backprop is published for LeakyReLU" in err
    assert answer(capsys, *command, "saliency")[0] == 0


def test_a_network_without_feature_maps(drawn, capsys):
    net = drawn.Drawn()
    y = net.node(
        "Gemm", [net.node("Flatten", ["input"], "flat"), net.weight("W1", 8, 768)], "hidden", transB=1
    )
    net.node("Gemm", [net.node("Relu", [y], "relu"), net.weight("W2", 4, 8)], "scores", transB=1)
    net.ends("scores").save("net.onnx")
    status, out, _ = answer(capsys, "explain", "photo.png", "--onnx", "net.onnx")
    assert status == 0 and "Not drawn: Grad-CAM, Guided Grad-CAM. It has no feature maps" in out
    status, _, err = answer(capsys, "explain", "photo.png", "--onnx", "net.onnx", "--method", "grad_cam")
    assert status == 2 and "Grad-CAM cannot be drawn of net.onnx" in err and "layer=" not in err


def test_sizes_outputs_and_metadata_are_said(drawn, capsys):
    net = drawn.Drawn({"input": ("n", 3, "h", "w")})
    net.head(net.trunk())
    net.metadata = {"names": "['a', 'b']"}
    net.ends("scores", "flat").save("net.onnx")
    status, out, _ = answer(capsys, "explain", "photo.png", "--onnx", "net.onnx", "--crop", "32")
    assert status == 0 and "free" not in out
    assert "Of its 2 outputs, scores is explained; another: --output flat." in out
    assert "Its metadata have 2 class names, which do not fit its scores" in out
    out = answer(capsys, "explain", "photo.png", "--onnx", "net.onnx", "--output", "flat")[1]
    assert "they are fed at 224 x 224, a guess: --crop sets it" in out


def test_not_square(drawn, capsys):
    net = drawn.Drawn({"input": (1, 3, 8, 24)})
    net.head(net.trunk())
    net.ends("scores").save("net.onnx")
    for resize in "short", "squash":
        out = answer(capsys, "explain", "photo.png", "--onnx", "net.onnx", "--resize", resize, "--json")[1]
        assert json.loads(out)["explained"][0]["maps"]["saliency"]["shape"] == [8, 24]


def test_an_input_beside_the_picture_is_asked_for(drawn, capsys):
    net = drawn.Drawn({"input": drawn.PICTURE, "meta": (1, 2)})
    flat = net.node("Flatten", [net.node("GlobalAveragePool", [net.trunk()], "gap")], "flat")
    both = net.node("Concat", [flat, "meta"], "both", axis=1)
    net.node("Gemm", [both, net.weight("Wfc", 4, 10)], "scores", transB=1)
    net.ends("scores").save("net.onnx")
    command = ["explain", "photo.png", "--onnx", "net.onnx"]
    status, _, err = answer(capsys, *command)
    assert status == 2 and "beside the picture it needs 'meta' (1 x 2)" in err and "--given meta=0.5,1" in err
    np.save("meta.npy", np.array([[0.5, 1]]))
    first, second = (
        json.loads(answer(capsys, *command, "--json", "--given", f"meta={value}")[1])
        for value in ("0.5,1", "meta.npy")
    )
    assert first == second
    assert answer(capsys, *command, "--given", "meta=1,2,3")[0] == 2
    assert answer(capsys, *command, "--given", "meta=one")[0] == 2
    assert "both" in answer(capsys, "layers", "--onnx", "net.onnx")[1]


def test_layers_of_a_graph(drawn, capsys):
    net = drawn.Drawn()
    y = net.node("Transpose", [net.trunk()], "turned", perm=[0, 2, 3, 1])
    net.head(net.node("Transpose", [net.node("Relu", [y], "last")], "back", perm=[0, 3, 1, 2]))
    net.ends("scores").save("net.onnx")
    rows = {
        line.split()[0]: line
        for line in answer(capsys, "layers", "--onnx", "net.onnx")[1].splitlines()
        if line
    }
    assert "8 x 8 x 8  Relu" in rows["relu2"] and "default" not in rows["relu2"]
    assert "4 x 4 x 8  Relu       10 x 10  (Grad-CAM's default), axes: rows, columns, maps" in rows["last"]
    assert "axes" not in rows["back"]
    status, _, err = answer(capsys, "layers", "--onnx", "net.onnx", "--network", "vgg16")
    assert status == 2 and "give one of the two" in err
    status, _, err = answer(capsys, "layers", "--output", "scores")
    assert status == 2 and "--output describes a network of your own" in err


def test_long_names_are_shown_short_and_taken_so(drawn, capsys):
    net = drawn.plain()
    for node in net.nodes:
        if node.name == "relu2":
            node.name = "model/" * 40 + "relu"
    net.save("net.onnx")
    out = answer(capsys, "layers", "--onnx", "net.onnx")[1]
    assert max(map(len, out.splitlines())) < 120
    name = next(line.split()[0] for line in out.splitlines() if "default" in line)
    command = ["explain", "photo.png", "--onnx", "net.onnx", "--method", "grad_cam", "--json"]
    assert json.loads(answer(capsys, *command, "--layer", name)[1])["layer"] == "model/" * 40 + "relu"


def test_a_file_of_weights_is_no_graph(here, capsys):
    np.savez("net.npz", W=np.ones(3))
    for command in (
        ["explain", "photo.png"],
        ["layers"],
        ["verify", "--class", "1", "--input", "net.npz", "--result", "net.npz"],
    ):
        status, _, err = answer(capsys, *command, "--onnx", "net.npz")
        assert status == 2 and "net.npz: this is no ONNX model but a file of NumPy arrays" in err
    status, _, err = answer(capsys, "explain", "photo.png", "--weights", "net.npz")
    assert (
        status == 2
        and "fit no network known here" in err
        and "squeezenet" not in err
        and "--onnx MODEL" in err
    )


def test_a_class_of_a_graph_is_asked_for_by_its_names_only(drawn, capsys):
    net = drawn.plain()
    net.metadata = {"names": "['a', 'b', 'c', 'd']"}
    net.save("net.onnx")
    status, _, err = answer(capsys, "explain", "photo.png", "--onnx", "net.onnx", "--class", "tiger cat")
    assert status == 2 and "there is no class 'tiger cat' among the 4" in err and "squeezenet" not in err


def a_pair(drawn):
    """Two pictures, through one convolution: what tells them apart."""
    net = drawn.Drawn({"left": (1, 3, 16, 16), "right": (1, 3, 16, 16)})
    weight, bias = net.weight("W", 6, 3, 3, 3), net.weight("b", 6)
    seen = []
    for side in ("left", "right"):
        conv = net.node("Conv", [side, weight, bias], f"conv_{side}", pads=[1, 1, 1, 1])
        seen.append(net.node("Relu", [conv], f"relu_{side}"))
    apart = net.node("Sub", seen, "apart")
    net.head(net.node("Mul", [apart, apart], "squared"), width=6)
    return net.ends("scores")


def test_one_of_two_pictures_is_explained(drawn, capsys, tmp_path):
    a_pair(drawn).save("net.onnx")
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)).save("other.png")
    explain = ("explain", "photo.png", "--onnx", "net.onnx", "--method", "gradient", "--class", "1")
    both = ("--out", "left.npz", "--given", "right=other.png"), ("--out", "right.npz", "--picture", "right")
    assert answer(capsys, *explain, *both[0])[0] == 0
    assert answer(capsys, "explain", "other.png", *explain[2:], *both[1], "--given", "left=photo.png")[0] == 0
    left, right = (np.load(f"{side}.npz") for side in ("left", "right"))
    assert np.allclose(left["scores"], right["scores"], rtol=1e-5)  # the same pair, seen from either side
    assert np.any(left["gradient"]) and not np.allclose(left["gradient"], right["gradient"])
    for words, says in (
        ((), "beside the picture it needs 'right' (1 x 3 x 16 x 16)"),
        (("--given", "right=none.png"), "nor a photo"),
        (("--picture", "up"), "has no input 'up'; there is left, right"),
    ):
        status, _, err = answer(capsys, *explain, *words)
        assert status == 2 and says in err


def test_targets_of_an_output_that_is_a_map(drawn, capsys):
    a_map(drawn).save("net.onnx")
    status, _, err = answer(capsys, "explain", "photo.png", "--onnx", "net.onnx")
    assert status == 2 and "--target 'CLASS in mask:FILE'" in err
    mask = np.zeros((16, 16), np.uint8)
    mask[:8, 4:12] = 255
    Image.fromarray(mask).save("mask.png")
    box = "1 in box:0.25,0,0.75,0.5"
    words = ("explain", "photo.png", "--onnx", "net.onnx", "--method", "gradient", "--out", "maps.npz")
    assert answer(capsys, *words, "--target", "1 in mask:mask.png", box)[0] == 0
    with np.load("maps.npz") as found:
        inside, boxed = found["gradient"]
        assert np.any(inside) and np.allclose(inside, boxed, rtol=1e-5, atol=1e-9)
    rows = answer(capsys, *words[:-2], "--target", box, "--out", "RUN/")
    assert rows[0] == 0
    row = json.loads(open("RUN/rows.jsonl").read())  # noqa: SIM115
    assert row["explained"][0]["name"] == "the sum of the scores of class 1 inside the box 0.25, 0, 0.75, 0.5"


def over(drawn, axes, size, channels=2):
    """A network of signals, or of volumes."""
    kernel = [3] * axes
    net = drawn.Drawn({"input": ("n", channels, *size)})
    y = net.node("Conv", ["input", net.weight("W", 4, channels, *kernel)], "conv", pads=[1] * 2 * axes)
    y = net.node("Relu", [y], "relu")
    return net.ends(net.head(y, classes=3, width=4))


def test_a_signal_is_explained(drawn, capsys):
    over(drawn, 1, (50,)).save("net.onnx")
    rows = np.random.default_rng(0).standard_normal((50, 2))
    np.savetxt("x.csv", rows, header="I,II", comments="", delimiter=",")
    np.save("x.npy", rows.T)
    told = []
    for file in "x.csv", "x.npy":
        words = ["explain", file, "--onnx", "net.onnx", "--method", "grad_cam", "gradient", "--json"]
        status, out, _ = answer(capsys, *words)
        told.append(json.loads(out)["explained"])
        assert status == 0 and told[-1][0]["maps"]["grad_cam"]["shape"] == [50]
        assert told[-1][0]["maps"]["gradient"]["shape"] == [2, 50]
    assert told[0][0]["score"] == pytest.approx(told[1][0]["score"], rel=1e-5)
    np.save("x.npy", rows.T[:, :40])
    status, _, err = answer(capsys, "explain", "x.npy", "--onnx", "net.onnx")
    assert status == 2 and "the input 'input' must be (N, 2, 50), not (1, 2, 40)" in err
    status, _, err = answer(capsys, "explain", "photo.png", "--onnx", "net.onnx")
    assert status == 2 and "a signal is a .csv, .wav or .npy file" in err
    status, _, err = answer(capsys, "explain", "x.csv", "--onnx", "net.onnx", "--overlays", ".")
    assert status == 2 and "--overlays are pictures of a photo" in err


def test_a_volume_is_explained(drawn, capsys):
    over(drawn, 3, ("d", "h", "w"), channels=1).save("net.onnx")
    np.save("x.npy", np.random.default_rng(0).standard_normal((6, 8, 10)))
    status, out, _ = answer(
        capsys, "explain", "x.npy", "--onnx", "net.onnx", "--method", "grad_cam", "--json"
    )
    assert status == 0 and json.loads(out)["explained"][0]["maps"]["grad_cam"]["shape"] == [6, 8, 10]
    status, out, _ = answer(capsys, "layers", "net.onnx")
    assert status == 0 and "3 x 3 x 3" in out and "Grad-CAM looks at relu where no layer is named" in out


def test_a_folder_of_frames_is_one_video(drawn, capsys, tmp_path):
    net = drawn.Drawn({"input": (1, 3, 4, 8, 8)})
    y = net.node("Relu", [net.node("Conv", ["input", net.weight("W", 4, 3, 1, 3, 3)], "conv")], "relu")
    flat = net.node("Flatten", [net.node("GlobalAveragePool", [y], "gap")], "flat")
    net.node("Gemm", [flat, net.weight("Wfc", 2, 4)], "scores", transB=1)
    net.ends("scores").save("net.onnx")
    (tmp_path / "frames").mkdir()
    for k in range(4):
        pixels = np.random.default_rng(k).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "frames" / f"{k}.png")
    command = ["explain", "frames", "--model", "net.onnx", "--method", "grad_cam", "--out"]
    status, out, _ = answer(capsys, *command, "maps.npz")
    assert status == 0 and "Prepared: 4 frames, from 0 to 1." in out
    assert np.load("maps.npz")["grad_cam"].shape == (1, 1, 4, 6, 6)
    assert "one at a time" in answer(capsys, *command, "RUN/")[2]


def test_no_of_a_yes_or_no_and_files_of_no_kind(drawn, capsys):
    drawn.ended(("Sigmoid", [], {}), classes=1).save("net.onnx")
    command = ["explain", "photo.png", "--onnx", "net.onnx", "--method", "gradient", "--out"]
    assert answer(capsys, *command, "no.npy", "--class", "no")[0] == 0
    assert answer(capsys, *command, "yes.npy", "--class", "yes")[0] == 0
    assert np.array_equal(np.load("no.npy"), -np.load("yes.npy")) and np.load("no.npy").any()
    status, _, err = answer(capsys, *command, "maps.txt")
    assert status == 2 and ".npz, or .npy" in err
    status, _, err = answer(capsys, "explain", "net.onnx")
    assert status == 2 and "is a model, and no photo: gradcam explain PHOTO --model net.onnx" in err
    status, _, err = answer(capsys, *command, "a.npy", "--target", "probability of no")
    assert status == 2 and "'minus 0'" in err
