"""gradcam caption and gradcam ask, as they are typed."""

import pytest
from PIL import Image

from gradcam.cli import main


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_caption_tells_the_built_in_scene_and_draws_every_word(capsys):
    assert main(["caption"]) == 0
    said = capsys.readouterr().out
    assert "a yellow ring right of a pink star" in said and "scene_caption.png" in said
    with Image.open("scene_caption.png") as image:
        assert image.width > 1000 and image.height > 700  # ten tiles in two rows


def test_a_wide_beam_lists_its_sentences_best_first(capsys):
    assert main(["caption", "--beam", "3", "--out", "beam.png"]) == 0
    shares = [
        float(line.split()[-2]) for line in capsys.readouterr().out.splitlines() if line.startswith("  ")
    ]
    assert len(shares) >= 2 and shares == sorted(shares, reverse=True)


def test_another_sentence_can_be_explained(capsys):
    assert main(["caption", "--say", "A pink star.", "--out", "said.png"]) == 0
    assert "  a pink star  " in capsys.readouterr().out


def test_ask_answers_and_says_how_sure_it_is(capsys):
    assert main(["ask", "What color is the star?", "--answer", "yellow"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1] == "what colour is the star?"
    assert said[2].split()[0] == "pink" and any(line.split()[0] == "yellow" for line in said[3:])
    with Image.open("scene_answer.png") as image:
        assert image.width > 1000


def test_ask_says_when_it_is_unsure(capsys):
    assert main(["ask", "what colour is the triangle?"]) == 0  # there is none
    said = capsys.readouterr().out
    assert "The network is unsure: it " in said and "0.0%" not in said
    assert main(["ask", "what colour is the star?"]) == 0
    said = capsys.readouterr().out
    assert "unsure" not in said and "< 0.1 %" in said


def test_a_photo_is_looked_at_with_a_warning(capsys):
    Image.new("RGB", (120, 80), (30, 90, 160)).save("sea.png")
    assert main(["ask", "how many shapes are there", "sea.png"]) == 0
    assert "knows the shapes world only" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words, said",
    [
        (
            ["ask", "what colour is the penguin?"],
            "the word 'penguin' is unknown; known are what, colour, shape",
        ),
        (["ask", "what colour is the sta?"], "do you mean 'star'?"),
        (["ask", "?"], "there is no word in '?'"),
        (
            ["ask", "is there a star a star a star"],
            "8 words, and this network was taught with no more than 6",
        ),
        (["ask", "is there a star", "--answer", "maybe"], "there is no answer 'maybe'"),
        (["ask", "is there a star", "--answer", "elephant"], "there is red, "),
        (["ask", "is there a star", "--layer", "fc6"], "is called 'fc6'"),
        (["ask", "is there a star", "sea.png", "--scene", "2"], "a photo or a scene's number, not both"),
        (["ask", "is there a star", "no.png"], "no.png: there is no such file"),
        (["caption", "--say", "a purple star"], "the word 'purple' is unknown"),
        (["caption", "--beam", "0"], "1 to 20 sentences wide, not 0"),
        (["caption", "--scene", "-1"], "must be a whole number from 0"),
        (["caption", "--weights", "none.npz"], "none.npz"),
        (["caption", "--out", "map.txt"], "a picture's name ends in one of"),
    ],
)
def test_mistakes_are_said_in_one_line(words, said, capsys):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_weights_of_another_network_are_refused(capsys):
    from weights.recipes.command import SHIPPED

    assert main(["caption", "--weights", str(SHIPPED / "shapes.npz")]) == 2
    err = capsys.readouterr().err
    assert "these are no weights of captioner" in err and "these are the weights of shapes" in err
    assert err.count("\n") == 1
