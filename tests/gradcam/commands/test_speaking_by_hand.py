"""gradcam ask, caption and regions with networks that say what is written here: every word, share and map in
its place."""

from types import SimpleNamespace

import numpy as np
import pytest

import gradcam.show.words
from gradcam.cli import main
from gradcam.methods.grad_cam import combine
from gradcam.methods.hirescam import combine as place_by_place
from weights.recipes.shapes_world import questions, sentences

PREPARED = SimpleNamespace(sides=(96, 96))


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """What is drawn, in place of a picture: {"heading", "tiles", "layer"}."""
    found = {}

    def words(photo, heading, seen, layer, *more, **also):
        found.update(photo=photo, heading=heading, tiles=seen, layer=layer)
        return "figure"

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gradcam.show.words, "words", words)
    monkeypatch.setattr("gradcam.show.save", lambda figure, out: found.update(out=str(out)))
    monkeypatch.setattr("gradcam.image.prepare", lambda picture, how: "x")
    monkeypatch.setattr("gradcam.image.crop_shown", lambda picture, how: "photo")
    return found


def test_an_answer_its_counterfactual_and_the_others_asked_for(drawn, monkeypatch, capsys):
    names = questions.ANSWERS
    scores = np.zeros(len(names))
    scores[[3, 5, 8]] = 4, 2, 3
    p = np.exp(scores) / np.exp(scores).sum()
    card = SimpleNamespace(preprocessing=PREPARED, classes=names, layer="sight", title="Of answers")

    class Net(SimpleNamespace):
        def __call__(self, x, question):
            assert question.shape == (1, 1, questions.LONGEST) and x == "x"
            return scores[None, None]

    def explain(net, x, question, answers, layer, counterfactual=False):
        assert layer == "sight"
        return scores, [(counterfactual, a) for a in answers]

    monkeypatch.setattr("weights.load", lambda name, path: Net(card=card))
    monkeypatch.setattr("gradcam.language.sentences.explain_answer", explain)
    assert main(["ask", "What COLOR is the star?", "--answer", names[7], names[3]]) == 0
    question = "what colour is the star?"
    assert (drawn["heading"], drawn["layer"], drawn["out"]) == (
        f"{question} {names[3]}",
        "sight",
        "scene_answer.png",
    )
    share = lambda c: f"{100 * p[c]:.1f} %"  # noqa: E731
    assert [(t.title, t.note, t.map) for t in drawn["tiles"]] == [
        ("the picture", "", None),
        (names[3], f"probability {share(3)}", (False, 3)),
        (f"against {names[3]}", "counterfactual", (True, 3)),
        (names[7], f"probability {share(7)}", (False, 7)),
        (f"against {names[7]}", "counterfactual", (True, 7)),
    ]  # fmt: skip
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == ["The built-in scene, seen by Of answers:", question]
    assert out[2:6] == [f"  {names[c]:<9} {share(c):>7}" for c in (3, 8, 5, 7)]
    assert out[-1] == "The maps of the answer are in scene_answer.png"


def test_a_sentence_and_each_of_its_words(drawn, monkeypatch, capsys):
    words = sentences.numbered("a red star")
    card = SimpleNamespace(preprocessing=PREPARED, words=sentences.WORDS, layer="sight", title="Of sentences")
    found = [(np.log(0.5), words), (np.log(0.25), sentences.numbered("a red ring")), (np.log(0.1), words)]
    asked = []

    def explain(net, x, said, layer):
        asked.append((sentences.in_words(said), layer))
        log_p = np.log(np.where(np.arange(len(said)) < 3, np.arange(1, len(said) + 1) / 10, 1))
        return SimpleNamespace(
            words=said, log_p=log_p, whole="whole", maps=[f"map {k}" for k in range(len(said))]
        )

    monkeypatch.setattr("weights.load", lambda name, path: SimpleNamespace(card=card))
    monkeypatch.setattr("minicnn.nets.language.decoding.beam", lambda net, x, longest, width: found)
    monkeypatch.setattr("gradcam.language.sentences.explain_caption", explain)
    assert main(["caption", "--beam", "2"]) == 0
    assert asked == [("a red star", "sight")] and drawn["heading"] == "a red star"
    assert [(t.title, t.note, t.map) for t in drawn["tiles"]] == [
        ("the picture", "", None), ("all of it", "probability 0.6 %", "whole"),
        ("a", "probability 10.0 %", "map 0"), ("red", "probability 20.0 %", "map 1"),
        ("star", "probability 30.0 %", "map 2"),
    ]  # fmt: skip
    assert capsys.readouterr().out.splitlines() == [
        "The built-in scene, described by Of sentences:", "  a red star  50.0 %", "  a red ring  25.0 %",
        "A map for every word is in scene_caption.png",
    ]  # fmt: skip
    assert main(["caption", "--say", "a blue ring"]) == 0
    assert asked[-1][0] == "a blue ring" and "  a blue ring  0.6 %" in capsys.readouterr().out
    for width in ("0", "21"):
        assert main(["caption", "--beam", width]) == 2
        assert f"a beam is 1 to 20 sentences wide, not {width}" in capsys.readouterr().err
    found.clear()
    assert main(["caption", "--beam", "20"]) == 2
    assert f"no sentence ended within {sentences.LONGEST} words" in capsys.readouterr().err


def test_regions_their_boxes_and_how_sure_they_are(drawn, monkeypatch, capsys):
    card = SimpleNamespace(preprocessing=PREPARED, layer="relu5", title="Of regions")
    said = [sentences.numbered(text) for text in ("a red star", "a blue ring")]
    every = [
        SimpleNamespace(box=np.array([1.4, 20, 30.6, 40]), probability=0.9, words=said[0], log_p=np.log(0.5)),
        SimpleNamespace(
            box=np.array([50.0, 60, 70, 80]), probability=np.nan, words=said[1], log_p=np.log(0.25)
        ),
    ]
    asked = []

    def explain(net, x, boxes, words, layer, weigh):
        asked.append((boxes, words, layer, weigh))
        return every

    monkeypatch.setattr("weights.load", lambda name, path: SimpleNamespace(card=card))
    monkeypatch.setattr("gradcam.language.regions.explain_regions", explain)
    monkeypatch.setattr("gradcam.show.regions.regions_panel", lambda *given: drawn.update(panel=given))
    assert main(["regions", "--scene", "3", "--out", "r.png"]) == 0
    assert asked[-1] == (None, None, None, combine) and drawn["out"] == "r.png"
    assert drawn["panel"] == ("photo", every, ["a red star", "a blue ring"], "relu5", "Grad-CAM")
    assert capsys.readouterr().out.splitlines() == [
        "Scene 3, seen by Of regions:",
        "  a red star           in (1, 20) to (31, 40); a shape: 90.0 %, these words: 50.0 %",
        "  a blue ring          in (50, 60) to (70, 80); these words: 25.0 %",
        "The regions and their maps are in r.png",
    ]
    words = [
        "--box",
        "0",
        "1",
        "95.5",
        "96",
        "--words",
        "a red star .",
        "--method",
        "HiResCAM",
        "--layer",
        "l",
    ]
    assert main(["regions", *words]) == 0
    boxes, numbers, layer, weigh = asked[-1]
    assert boxes == [[0, 1, 95.5, 96]] and (layer, weigh) == ("l", place_by_place)
    assert np.array_equal(numbers, said[:1]) and drawn["panel"][3:] == ("l", "HiResCAM")
    capsys.readouterr()
    every.clear()
    assert main(["regions"]) == 0
    assert "No region was found; the picture is in scene_regions.png" in capsys.readouterr().out
    for box, why in (
        *(("5 5 5 9", "has no inside"), ("5 9 6 9", "has no inside")),
        *((box, "is not in the picture") for box in ("-1 0 5 5", "0 -1 5 5", "0 0 96.5 5", "0 0 5 97")),
    ):
        assert main(["regions", "--box", *box.split()]) == 2
        assert f"--box {box} {why}" in capsys.readouterr().err
    assert main(["regions", "--box", "0", "0", "9", "9", "--words", "a star", "--words", "a ring"]) == 2
    assert "2 sentences need as many boxes" in capsys.readouterr().err
