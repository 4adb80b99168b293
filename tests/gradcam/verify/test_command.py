"""gradcam verify from files: words, exit status, reports; without PyTorch."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import weights
from gradcam import grad_cam, verify
from gradcam.cli import main
from gradcam.verify import VerifyError, files
from gradcam.verify.hypotheses.resizing_photos import COARSE, resized
from gradcam.verify.kit.writing import write_kit
from minicnn import Tensor, find
from tests.support import damaged


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    return write_kit(tmp_path_factory.mktemp("kit"))[0]


def ask(kit, result, *more, method="grad_cam", network="chain"):
    """-> exit status"""
    case = next(
        c for c in json.loads((kit / "manifest.json").read_text())["cases"] if c["network"] == network
    )
    at = kit / network
    return main(
        [
            "verify",
            "--onnx",
            str(at / "model.onnx"),
            "--input",
            str(at / "input.npy"),
            "--class",
            str(case["class"]),
            "--layer",
            "relu2",
            "--method",
            method,
            "--result",
            str(result),
            *map(str, more),
        ]
    )


@pytest.mark.parametrize(
    "rule, status, word",
    [
        ("the_last_of_equal_maxima", 0, "tie"),
        ("the_signal_is_split_among_equal_maxima", 0, "tie"),
        ("every_equal_maximum_gets_the_signal", 1, "differs"),
    ],
)
def test_a_tie_exits_0_where_the_choice_is_a_valid_one(kit, capsys, rule, status, word):
    assert (
        ask(
            kit,
            kit / "tied" / "expected" / f"gradient@tie_rule_{rule}.npy",
            method="gradient",
            network="tied",
        )
        == status
    )
    said = capsys.readouterr().out
    assert said.startswith(f"{word}: ") and f": tie rule: {rule.replace('_', ' ')}\n" in said
    assert ("DIFFERS" in said) == bool(status)


def test_help_says_what_every_verdict_exits_with(capsys):
    with pytest.raises(SystemExit):
        main(["verify", "--help"])
    said = capsys.readouterr().out.partition("Exit status:")[2]
    assert [line.split()[0] for line in said.splitlines()[1:8]] == [
        "0",
        "equal:",
        "convention:",
        "rounding:",
        "tie:",
        "1",
        "2",
    ]


def test_equal_differs_and_cannot(kit, capsys, tmp_path):
    at = kit / "chain" / "expected"
    assert ask(kit, at / "grad_cam.npy", "--scores", at / "scores.npy") == 0
    assert capsys.readouterr().out.startswith("equal: ")
    assert ask(kit, at / "grad_cam@upsampled_with_aligned_corners.npy") == 1
    said = capsys.readouterr().out
    assert (
        ", by a choice that others make, too: upsampled with aligned corners\n" in said
        and "theory: " in said
        and "fix: " in said
    )
    np.save(tmp_path / "zeros.npy", np.zeros((1, 3, 8, 4)))
    np.save(tmp_path / "small.npy", np.zeros((2, 2)))
    assert ask(kit, tmp_path / "small.npy") == 2
    assert "their result is (2, 2); the reference's is (1, 4, 2) or (1, 8, 4)" in capsys.readouterr().out


def test_json_and_html(kit, capsys, tmp_path):
    wrong = kit / "chain" / "expected" / "guided_backprop@divided_by_its_l2_norm.npy"
    assert ask(kit, wrong, "--json", "--html", tmp_path / "r.html", method="guided_backprop") == 0
    found = json.loads(capsys.readouterr().out)
    assert (
        found["verdict"] == "convention"
        and found["status"] == 0
        and "divided by its L2 norm" in {c["cause"] for c in found["causes"]}
    )
    page = (tmp_path / "r.html").read_text("utf-8")
    assert (
        page.count("<img ") == 3
        and page.count("data:image/png;base64,") == 3
        and "divided by its L2 norm" in page
    )
    assert "http" not in page


@pytest.mark.parametrize(
    "change, said",
    [
        (["--layer", "relu9"], "'relu9' is none; there is conv1, relu1"),
        (["--class", "9"], "class 9 is none of the network's 4"),
        (["--result", "missing.npy"], "missing.npy: No such file"),
        (["--method", "Shapley"], "no method is called 'Shapley'"),
        (["--scores", "{map}"], "your scores have 2 classes, the network 4"),
    ],
)
def test_mistakes_of_the_user_are_said_in_one_line(kit, capsys, change, said):
    right = kit / "chain" / "expected" / "grad_cam.npy"
    assert ask(kit, right, *(c.format(map=right) for c in change)) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


def test_a_network_that_ships_needs_no_file(capsys, tmp_path):
    net = weights.load("shapes")
    x = np.random.default_rng(0).normal(size=(1, 3, 96, 96))
    y = net.astype(np.float64)(Tensor(x, "x"))
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "map.npy", grad_cam(y, 4, find(y, net.card.layer)))
    words = [
        "verify",
        "--network",
        "shapes",
        "--input",
        tmp_path / "x.npy",
        "--class",
        4,
        "--result",
        tmp_path / "map.npy",
    ]
    assert main([str(w) for w in words]) == 0
    assert "equal" in capsys.readouterr().out


def test_nan_and_what_is_no_array(kit, capsys, tmp_path):
    np.save(tmp_path / "nan.npy", np.full((4, 2), np.nan))
    (tmp_path / "text.npy").write_text("no array")
    assert (
        ask(kit, tmp_path / "nan.npy") == 2 and "NaN or infinity at 8 of 8 places" in capsys.readouterr().err
    )
    assert (
        ask(kit, tmp_path / "text.npy") == 2
        and "this is no array saved by np.save" in capsys.readouterr().err
    )


def test_files_need_no_pytorch(kit):
    at = kit / "chain"
    case = next(
        c for c in json.loads((kit / "manifest.json").read_text())["cases"] if c["network"] == "chain"
    )
    code = (
        "import sys; sys.modules['torch'] = None; from gradcam.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [
        "verify",
        "--onnx",
        at / "model.onnx",
        "--input",
        at / "input.npy",
        "--class",
        case["class"],
        "--method",
        "saliency",
        "--result",
        at / "expected" / "saliency.npy",
    ]
    done = subprocess.run([sys.executable, "-c", code, *map(str, command)], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("equal"), done.stderr


def test_weights_find_their_network(tmp_path):
    made = weights.build("udacity_cifar").initialise(1).astype(np.float64)
    np.savez(tmp_path / "w.npz", **{name: t.data.astype(np.float32) for name, t in made.arrays().items()})
    net = files.network(weights=tmp_path / "w.npz")
    assert net.card.name == "udacity_cifar"
    x = np.random.default_rng(0).standard_normal((1, 3, 32, 32))
    right, plain = (
        verify.Question(net, x, 1, method).reference["result"] for method in ("guided_backprop", "gradient")
    )
    assert verify.assert_explains(net, x, 1, "guided_backprop", result=right.astype(np.float32)).kind in (
        "equal",
        "rounding",
    )
    with pytest.raises(AssertionError, match="has a mistake: the override did not fire"):
        verify.assert_explains(net, x, 1, "guided_backprop", result=plain)


def test_weights_that_fit_no_network_are_said_to(tmp_path):
    np.savez(tmp_path / "w.npz", a=np.zeros(3))
    with pytest.raises(verify.VerifyError, match="fit no network known here"):
        files.network(weights=tmp_path / "w.npz")


def test_another_way_of_resizing_a_photo_is_named(tmp_path, capsys):
    """A photo file, weights as a file, and somebody's map of the photo squashed by OpenCV's coarse bilinear
    filter.
    """
    made = weights.build("udacity_cifar").initialise(1).astype(np.float64)
    np.savez(tmp_path / "w.npz", **{name: t.data for name, t in made.arrays().items()})
    pixels = np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8).repeat(9, 0).repeat(9, 1)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    p = files.network("udacity_cifar", tmp_path / "w.npz").card.preprocessing
    x = resized(
        pixels,
        replace(p, resize="squash", size=p.crop),
        COARSE["bilinear without antialiasing (OpenCV)"],
    )
    np.save(tmp_path / "map.npy", verify.Question(made, x, 1, "saliency").reference["result"])
    command = [
        "verify",
        "--network",
        "udacity_cifar",
        "--weights",
        tmp_path / "w.npz",
        "--photo",
        tmp_path / "photo.png",
        "--class",
        1,
        "--method",
        "saliency",
        "--result",
        tmp_path / "map.npy",
        "--no-pairs",
    ]
    assert main(list(map(str, command))) == 1
    said = capsys.readouterr().out
    assert (
        "cause: another way of resizing the photo (" in said
        and "bilinear without antialiasing (OpenCV)" in said
    )


@pytest.mark.parametrize("result", ["[[[[1.0]]]]", "None"])
def test_a_live_model_without_pytorch_is_said_to_need_it(result):
    code = (
        "import sys; sys.modules['torch'] = None\nfrom gradcam import verify\n"
        f"try:\n    verify.torch(object(), [[[[1.0]]]], 0, 'gradient', result={result})\n"
        "except verify.VerifyError as e:\n    print(e)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.startswith("PyTorch is not installed: pip install 'minicnn-gradcam[verify]'"), (
        done.stderr
    )


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f8", "u1", "i4"])
def test_an_array_keeps_the_type_in_which_it_was_saved_and_is_no_view_of_the_file(tmp_path, dtype):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    np.save(tmp_path / "a.npy", np.asfortranarray(array))
    np.savez(tmp_path / "a.npz", map=array)
    np.savez_compressed(tmp_path / "b.npz", map=array)
    for name in ("a.npy", "a.npz", "b.npz"):
        found = files.array(tmp_path / name, "their map")
        (tmp_path / name).write_bytes(b"something else")
        assert found.dtype == array.dtype.newbyteorder("=") and np.array_equal(found, array)


@pytest.mark.parametrize("what", damaged.archives("map", np.arange(12.0).reshape(3, 4)))
def test_a_damaged_or_hostile_array_is_refused_by_name(tmp_path, what):
    path = tmp_path / "their.npz"
    path.write_bytes(damaged.archives("map", np.arange(12.0).reshape(3, 4))[what])
    with pytest.raises(VerifyError, match=r"their map \S+their.npz: \w") as said:
        files.array(path, "their map")
    assert len(str(said.value).splitlines()) == 1


def test_what_amplifies_or_is_no_file_is_no_array(tmp_path):
    np.savez_compressed(tmp_path / "many.npz", a=np.zeros(1 << 20), b=np.zeros(1 << 20))
    with pytest.raises(VerifyError, match=r"holds 2 arrays \(a, b\)"):
        files.array(tmp_path / "many.npz", "their map")
    for path in (tmp_path, "/dev/zero", "a\0b"):
        with pytest.raises(VerifyError, match="their map"):
            files.array(path, "their map")
