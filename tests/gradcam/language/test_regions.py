"""Grad-CAM of what is said of regions: against PyTorch, against the truth, and from the command line."""

import argparse

import numpy as np
import pytest

from gradcam.cli import main
from gradcam.commands import _scene
from gradcam.language.regions import explain_regions
from gradcam.measure.measures.pointing_game import pointing_game
from gradcam.measure.statistics.intensity import intensity
from gradcam.measure.study.regions import OTHER, OWN, PLACES, RANDOM, average_precision, inside, maps
from gradcam.methods.grad_cam import grad_cam
from minicnn import Tensor, backward
from tests.support.compare import assert_close, relative
from weights import load
from weights.recipes.regions_found import figures, found
from weights.recipes.shapes_world import regions, scenes, sentences
from weights.recipes.train_shapes import normalise

UNSEEN = 24


@pytest.fixture(scope="module")
def net():
    return load("dense_captioner")


@pytest.fixture(scope="module")
def unseen():
    """Scenes of the stream test, and their inputs (N, 3, 96, 96)."""
    some = list(scenes(2000, UNSEEN, "test"))
    pictures = np.stack([s.picture for s in some]).transpose(0, 3, 1, 2).astype(np.float32) / 255
    return some, normalise(pictures)


def test_shapes_are_found_and_rightly_named(net, unseen):
    some, x = unseen
    truth = [[np.stack([f(s) for s in scene.shapes]) for scene in some] for f in (regions.box, regions.said)]
    got = figures(found(net, x), *truth)
    assert got["recall"] > 0.8 and got["precision"] > 0.8 and got["named"] > 0.8, got


def test_maps_lie_in_their_region_more_than_in_another(net, unseen):
    rows = [row for scene, x in zip(unseen[0], unseen[1]) for row in maps(net, scene, x[None])]

    def mean(name, figure):
        values = [row["values"][name][figure] for row in rows if name in row["values"]]
        assert len(values) > 20
        return np.mean(values)

    own, other, chance = (mean(name, "box_hit") for name in (OWN, OTHER, RANDOM))
    assert own > 0.85 and own > 5 * chance and own > 3 * other
    assert mean(OWN, "box_energy") > 0.6 and mean(OWN, "mask_energy") > 3 * mean(OTHER, "mask_energy")
    assert mean(PLACES, "box_hit") > 0.95 and mean(PLACES, "mask_hit") > 6 * mean(RANDOM, "mask_hit")


def test_all_regions_in_one_pass_are_each_alone(net, unseen):
    x = unseen[1][:1]
    boxes = np.array([[10, 10, 50, 50], [30, 40, 90, 80], [0, 0, 96, 96]], np.float32)
    together = explain_regions(net, x, boxes)
    for box, region in zip(boxes, together):
        (alone,) = explain_regions(net, x, box[None])
        assert alone.words.tolist() == region.words.tolist()
        assert_close(alone.map, region.map, 1e-4)
        assert alone.log_p == pytest.approx(region.log_p, abs=1e-4)


def test_another_sentence_has_another_map_and_is_less_probable(net, unseen):
    scene, x = unseen[0][0], unseen[1][:1]
    s = scene.shapes[0]
    other = next(kind for kind in ("star", "disk") if kind != s.kind)
    said = np.stack([sentences.numbered(f"a {s.colour} {kind}") for kind in (s.kind, other)])
    right, wrong = explain_regions(net, x, np.stack([regions.box(s)] * 2), said, relu=False)
    assert right.log_p > wrong.log_p + 1
    assert relative(wrong.map, right.map) > 0.1


def test_a_words_probability_is_its_share_of_the_sentences(net, unseen):
    A, *_ = net(Tensor(unseen[1][:2], "x"))
    boxes, picture = np.array([[8, 8, 40, 40], [20, 30, 70, 80]], np.float32), [0, 1]
    words = np.stack([sentences.numbered("a red star")] * 2)
    whole = net.log_probability(A, boxes, picture, words)
    each = net.log_probability(A, boxes, picture, words, each=True)
    assert_close(each.data.sum(axis=1), whole.data, 1e-5)
    assert not each.data[:, 4:].any()  # after the full stop nothing counts
    signal = np.zeros_like(each.data)
    signal[0, 1] = 1  # "red", of the first region
    first = grad_cam(each, signal, A)
    assert first[0].any() and not first[1].any()  # and the other picture has no part in it


@pytest.mark.torch
def test_the_gradient_of_a_caption_as_in_pytorch(net, unseen):
    """Region features by grid_sample, words by torch's LSTM: nothing of the head is ours."""
    torch = pytest.importorskip("torch", reason="needs the extra 'verify'")
    net, x = net.astype(np.float64), unseen[1][:1].astype(np.float64)
    box, words = np.array([[20.0, 14.0, 61.0, 57.0]]), sentences.numbered("a blue ring", 4)[None]
    A, *_ = net(Tensor(x, "x"))
    log_p = net.log_probability(A, box, [0], words)
    ours = backward(log_p, np.ones(1), wrt=A)

    w = {name: torch.tensor(tensor.data) for name, tensor in net.arrays().items()}
    a = torch.tensor(A.data, requires_grad=True)
    part = (torch.arange(5, dtype=torch.float64) + 0.5) / 5
    across, down = ((start + part * (end - start)) / 96 * 2 - 1 for start, end in ((20, 61), (14, 57)))
    cut = torch.nn.functional.grid_sample(
        a, torch.stack(torch.meshgrid(across, down, indexing="xy"), -1)[None], align_corners=False
    )
    code = cut.mean((2, 3)) @ w["region.W"].T + w["region.b"]
    H = code.shape[1]
    lstm = torch.nn.LSTM(H, H, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(w["lstm.W"][:, :H])
        lstm.weight_hh_l0.copy_(w["lstm.W"][:, H:])
        lstm.bias_ih_l0.copy_(w["lstm.b"])
        lstm.bias_hh_l0.zero_()
    heard = torch.cat([code[:, None], w["words.W"][torch.tensor([[0, *words[0, :-1]]])]], 1)
    scores = lstm(heard)[0][0, 1:] @ w["next_word.W"].T + w["next_word.b"]
    theirs = torch.log_softmax(scores, -1)[torch.arange(4), torch.tensor(words[0])].sum()
    theirs.backward()
    assert_close(log_p.data, theirs.detach().numpy()[None], 1e-10)
    assert_close(ours, a.grad.numpy(), 1e-10)


def test_average_precision_of_known_lists():
    assert average_precision(np.array([True, True]), 2) == 1
    assert average_precision(np.array([False, True]), 1) == 0.5
    assert average_precision(np.array([True, False, True]), 4) == pytest.approx((1 + 2 / 3) / 4)


def test_the_pixels_inside_a_box():
    assert np.argwhere(inside((1, 0, 3, 1.4), (4, 4))).tolist() == [[0, 1], [0, 2]]
    assert np.argwhere(inside((1.6, 0.6, 3.6, 2.6), (4, 5))).tolist() == [[1, 2], [1, 3], [2, 2], [2, 3]]


def test_the_built_in_scene_is_that_of_the_other_speaking_networks_and_its_maps_lie_in_their_regions(
    net, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(["regions"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("The built-in scene") and "star" in said and "ring" in said
    scene = _scene.picture(argparse.Namespace(photo=None, scene=None))[0]
    every = explain_regions(net, normalise(scene.transpose(2, 0, 1)[None].astype(np.float32) / 255))
    assert len(every) == 2
    for region in every:
        assert pointing_game(intensity(region.map, scene.shape[:2]), inside(region.box, scene.shape[:2]))


def test_the_command_says_and_draws(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["regions", "--scene", "7"]) == 0
    said = capsys.readouterr().out
    assert " in (" in said and "these words" in said
    assert (tmp_path / "scene_regions.png").stat().st_size > 10_000


def test_the_command_takes_a_box_and_a_sentence(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["regions", "--box", "10", "10", "60", "60", "--words", "a red star"]) == 0
    assert "a red star" in capsys.readouterr().out


def test_the_command_draws_another_method(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for method in ("grad_cam", "hirescam"):
        assert main(["regions", "--method", method, "--out", f"{method}.png"]) == 0
    assert (tmp_path / "grad_cam.png").read_bytes() != (tmp_path / "hirescam.png").read_bytes()


@pytest.mark.parametrize(
    "more, said",
    [
        (["--words", "a red star"], "1 sentences need as many boxes"),
        (["--box", "10", "10", "60", "60", "--words", "a mauve star"], "no word 'mauve'"),
        (["--box", "10", "10", "60", "60", "--words", "a red star left of a red star of"], "has 9 words"),
        (["--box", "10", "10", "60", "60", "--words", "."], "has 0 words"),
        (["--box", "60", "10", "10", "60"], "has no inside"),
        (["--box", "nan", "1", "2", "3"], "has no inside"),
        (["--box", "10", "10", "60", "700"], "is not in the picture"),
        (["nothing.png"], "there is no such file"),
        (["nothing.png", "--scene", "3"], "not both"),
        (["--layer", "relu9"], "no tensor is called 'relu9'"),
        (["--weights", "nothing.npz"], "nothing.npz"),
        (["--method", "cam"], "grad_cam"),
        (["--scene", "-1"], "not -1"),
    ],
)
def test_mistakes_are_answered_in_one_line(more, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["regions", *more]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line
