"""captioner and vqa, as they ship: their files, what they get right on unseen scenes, and where their
maps point.
"""

import re

import numpy as np
import pytest

from gradcam.measure.study import captions, spoken
from weights import WeightsError, build, load
from weights.recipes import train_captioner, train_vqa
from weights.recipes.command import SHIPPED
from weights.recipes.shapes_world import questions, sentences

each = pytest.mark.parametrize("name", ["captioner", "vqa"])


@each
def test_the_file(name):
    path = SHIPPED / f"{name}.npz"
    assert path.stat().st_size <= 1e6
    with np.load(path, allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    assert {key: a.shape for key, a in arrays.items()} == {
        key: t.shape for key, t in build(name).arrays().items()
    }
    assert all(a.dtype == np.float16 and np.isfinite(a).all() and a.any() for a in arrays.values())


def test_sentences_about_unseen_scenes():
    pictures, truth = sentences.batch(range(200), "test")
    right = train_captioner.measure(load("captioner"), pictures, truth)["accuracy"]
    assert right >= 0.85 and right == pytest.approx(stated("captioner"), abs=0.06)
    assert (
        train_captioner.measure(load("captioner"), pictures[:, :, ::-1], truth)["accuracy"] < right - 0.1
    )  # left is right


def test_answers_about_unseen_scenes():
    net = load("vqa")
    found = train_vqa.measure(net, *questions.batch(range(150), "test"))
    assert found["accuracy"] >= 0.9 and found["accuracy"] == pytest.approx(stated("vqa"), abs=0.04)
    pictures, words, answers, types = questions.batch(range(150), "test")
    assert (
        train_vqa.measure(net, pictures, np.roll(words, 1, axis=0), answers, types)["accuracy"] < 0.6
    )  # asked of the wrong scenes


def test_words_point_at_what_they_speak_of():
    net = load("captioner")
    rows = [r for r in spoken.of_words(net, range(60), "test", net.card.layer) if r["shapes"] > 1]
    for of in ("colour word", "kind word"):
        some = [r for r in rows if r["of"] == of]
        hit, other, chance = (np.mean([r[key] for r in some]) for key in ("hit", "other", "chance"))
        assert hit > 5 * chance and hit > 2 * other, (of, hit, other, chance)


def test_a_changed_answer_moves_the_map():
    net = load("vqa")
    rows = list(spoken.changed(net, range(60), "test", net.card.layer))
    asked_again = [r for r in rows if r["of"].startswith("the other shape is asked for")]
    assert np.mean([r["hit"] for r in asked_again]) > 5 * np.mean([r["chance"] for r in asked_again])


def test_the_page_of_measures_is_made_of_what_was_measured():
    page = captions.page(load("captioner"), load("vqa"), scenes=12, pointing=8, validation=4)
    assert "sentences, greedily" in page and page.count("\n| colour word |") == 1
    assert not re.search(r"nan|None", page)


def test_a_file_that_holds_something_else_is_refused(tmp_path):
    (tmp_path / "text.npz").write_text("no weights")
    with pytest.raises(WeightsError, match=r"text\.npz"):
        load("captioner", tmp_path / "text.npz")


def stated(name):
    """The accuracy in a model card's table."""
    return (
        float(
            re.search(
                r"^\| accuracy \| ([\d.]+) %", (SHIPPED / f"{name}.md").read_text("utf-8"), re.MULTILINE
            )[1]
        )
        / 100
    )
