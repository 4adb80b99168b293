"""What is said and asked of a scene is true, and exactly one thing is right."""

import itertools

import numpy as np
import pytest

from weights.recipes.shapes_world import COLOURS, KINDS, questions, scene, sentences
from weights.recipes.shapes_world.shape import shape
from weights.recipes.teaching import exchanged

SCENES = 60


def at(x, y, kind="ring", colour="red"):
    s = shape(kind, (x, y), 24, 0.0)
    object.__setattr__(s, "colour", colour)
    return s


@pytest.mark.parametrize(
    "dx, dy, where",
    [
        (-30, 0, "left of"),
        (30, 10, "right of"),
        (5, -30, "above"),
        (-10, 20, "below"),
        (20, 20, None),
        (10, 0, None),
        (-24, 20, None),
        (21, 14, "right of"),
        (21, 15, None),
        (0, 14, "below"),
    ],
)
def test_where_a_shape_is(dx, dy, where):
    assert sentences.place(at(48 + dx, 48 + dy), at(48, 48)) == where


def test_a_sentence_names_its_shapes_in_order_and_says_where_the_first_is():
    star, ring = at(20, 50, "star", "orange"), at(70, 48, "ring", "blue")
    said = sentences.sentence([star, ring])
    assert " ".join(word for word, _ in said) == "a blue ring right of an orange star"
    assert [s for _, s in said] == [None, ring, ring, None, None, None, star, star]
    assert sentences.sentence([ring])[1] == ("blue", ring)
    assert sentences.sentence([star, at(30, 60)]) is None


def test_every_scene_told_is_clear_and_its_words_come_back():
    told = list(sentences.told(range(SCENES), "validation"))
    assert 0.6 * SCENES < len(told) < SCENES
    for s, said in told:
        words = [word for word, _ in said]
        assert len(words) < sentences.LONGEST and set(words) <= set(sentences.WORDS)
        assert sentences.in_words(sentences.numbered(words)) == " ".join(words)
        spoken_of = {shape for _, shape in said} - {None}
        assert spoken_of == set(s.shapes)
        assert {(s.colour, s.kind) for s in spoken_of} == set(itertools.pairwise(words)) & {
            (c, k) for c in COLOURS for k in KINDS
        }


def test_a_mirror_exchanges_left_and_right_and_nothing_else():
    mirror = exchanged(sentences.WORDS, "left", "right")
    words = sentences.numbered("a red star left of a blue ring")
    assert sentences.in_words(mirror[words]) == "a red star right of a blue ring"
    assert np.array_equal(mirror[mirror], np.arange(len(sentences.WORDS)))


def test_every_question_has_one_answer_that_is_true_of_its_scene():
    seen = set()
    for number in range(SCENES):
        s = scene(number, "validation", size=sentences.SIZE)
        by_kind, by_colour = {t.kind: t for t in s.shapes}, {t.colour: t for t in s.shapes}
        for type, asked in questions.questions(s.shapes).items():
            for q in asked:
                words = q.words.split()
                assert q.answer in questions.ANSWERS and questions.numbered(q.words).shape == (
                    questions.LONGEST,
                )
                seen.add((type, q.answer) if type in ("is there", "how many") else type)
                if type == "colour":
                    assert by_kind[words[-1]].colour == q.answer
                elif type == "shape":
                    assert by_colour[words[-1]].kind == q.answer
                elif type == "is there":
                    assert (words[-1] in by_kind) == (q.answer == "yes")
                elif type == "how many":
                    assert {"one": 1, "two": 2, "three": 3}[q.answer] == len(s.shapes)
                else:
                    asked_for, where = by_kind[words[-1]], " ".join(words[2:-2])
                    there = [
                        t.kind
                        for t in s.shapes
                        if t is not asked_for and sentences.place(t, asked_for) == where
                    ]
                    assert there == [q.answer]
    assert seen == {
        "colour",
        "shape",
        "where",
        *(("is there", a) for a in ("yes", "no")),
        *(("how many", a) for a in questions.NUMBERS),
    }


def test_the_same_numbers_ask_the_same_and_yes_is_as_frequent_as_no():
    first, again = (
        [[q.words for q in asked] for _, asked in questions.asked_of(range(5), "train")] for _ in range(2)
    )
    assert first == again
    answers = [
        q.answer
        for _, asked in questions.asked_of(range(150), "train")
        for q in asked
        if q.type == "is there"
    ]
    assert 0.4 < answers.count("yes") / len(answers) < 0.6 and len(answers) > 100


@pytest.mark.parametrize(
    "words, said", [("what hue is the star", "'hue' is unknown"), ("", "1 to 6 words"), ("is " * 7, "not 7")]
)
def test_a_question_that_cannot_be_read_is_refused(words, said):
    with pytest.raises(ValueError, match=said):
        questions.numbered(words)


def test_it_is_what_the_shipped_networks_heard_and_were_asked():
    """Every choice, and the order of its random numbers, has its part in these."""
    assert questions.TYPES == ("colour", "shape", "is there", "how many", "where")
    assert sentences.PLACES == ("left of", "right of", "above", "below")
    said = [" ".join(word for word, _ in said) for _, said in sentences.told(range(6))]
    assert said == [
        "a green disk left of a yellow cross", "a red cross right of an orange heart", "a yellow square",
        "a green star below a pink crescent", "an orange disk above a white cross",
    ]  # fmt: skip
    first, second = ([(q.words, q.answer) for q in asked] for _, asked in questions.asked_of(range(2)))
    left, above = ("what is left of the cross", "disk"), ("what is above the cross", "triangle")
    green = ("what colour is the disk", "green")
    assert first == [
        *(green, green, left, ("what shape is green", "disk"), left, left, left),
        ("what shape is yellow", "cross"),
    ]
    left = ("what is left of the cross", "square")
    assert second == [
        *(left, ("is there a star", "no"), ("what shape is cyan", "cross"), above),
        *(("what colour is the cross", "cyan"), left, ("is there a disk", "no"), above),
    ]
    each = [(q.type, q.words, q.answer) for _, q in questions.one_of_each(range(2), "test")]
    assert each == [
        ("colour", "what colour is the star", "orange"), ("shape", "what shape is orange", "star"),
        ("is there", "is there a star", "yes"), ("how many", "how many shapes are there", "one"),
        ("colour", "what colour is the disk", "pink"), ("shape", "what shape is pink", "disk"),
        ("is there", "is there a crescent", "no"), ("how many", "how many shapes are there", "two"),
        ("where", "what is below the disk", "square"),
    ]  # fmt: skip
    pictures, words, answers, types = questions.batch(range(2))
    assert np.array_equal(pictures[1], scene(1, size=sentences.SIZE).picture)
    assert questions.WORDS[words[1, 1, -1]] == "?" and not words[1, 1, :2].any()
    assert [questions.WORDS[i] for i in words[1, 1, 2:-1]] == ["is", "there", "a", "star"]
    assert [questions.ANSWERS[i] for i in answers[0, :4]] == ["green", "green", "disk", "disk"]
    assert [questions.TYPES[i] for i in types[1, :4]] == ["where", "is there", "shape", "where"]
