"""Where the maps of words and answers point, scene by scene: on the shape that is spoken of, on another, or
on neither.

Each function yields rows: {"of": what was explained, "hit": on the shape meant, "near": within TOLERANCE of
it, "other": on another shape, "chance": how often a random point hits, "centre": whether the picture's centre
does, "shapes": how many there are}.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from gradcam.interpolation import upsample
from gradcam.language.sentences import explain_answer, explain_caption
from gradcam.measure.baselines import centre
from gradcam.measure.measures.pointing_game import chance, pointing_game
from minicnn.layer import Layer
from minicnn.training.augment import to_input
from weights.recipes.shapes_world import SIDE
from weights.recipes.shapes_world.colours import COLOURS
from weights.recipes.shapes_world.questions import ANSWERS, asked_of, questions
from weights.recipes.shapes_world.questions import numbered as question_numbered
from weights.recipes.shapes_world.sentences import numbered, told
from weights.recipes.train_shapes import normalise

TOLERANCE = 6  # pixels of 96, as 15 of 224


def of_words(net: Layer, numbers: Iterable[int], split: str, layer: str) -> Iterator[dict[str, Any]]:
    """The colour word and the kind word of every shape, and the whole sentence; the true sentence, whatever
    the network says.
    """
    for scene, said in told(numbers, split):
        e = explain_caption(net, _input(scene), numbered([word for word, _ in said]), layer)
        for (word, shape), map in zip(said, e.maps):
            if shape is not None:
                yield _row("colour word" if word in COLOURS else "kind word", map, scene, shape)
        yield _row("whole sentence", e.whole, scene, None)


def of_answers(net: Layer, numbers: Iterable[int], split: str, layer: str) -> Iterator[dict[str, Any]]:
    """The right answer to one question of each type that is about a shape."""
    for scene, asked in asked_of(numbers, split):
        for question in {q.type: q for q in asked if q.about is not None}.values():
            _, (map,) = explain_answer(
                net, _input(scene), question_numbered(question.words), [ANSWERS.index(question.answer)], layer
            )
            yield _row(question.type, map, scene, question.about)


def changed(net: Layer, numbers: Iterable[int], split: str, layer: str) -> Iterator[dict[str, Any]]:
    """What colour is this shape?  Maps of the right answer, of another shape's colour, of what speaks against
    the right answer (counted as hits if they point at the other shape); and of the right answer if the other
    shape is asked for.  Scenes of two shapes.
    """
    for scene, _ in told(numbers, split):
        if len(scene.shapes) < 2:
            continue
        asked, other = scene.shapes
        question, moved = (question_numbered(questions([s])["colour"][0].words) for s in (asked, other))
        right, wrong = ANSWERS.index(asked.colour), ANSWERS.index(other.colour)
        _, maps = explain_answer(net, _input(scene), question, [right, wrong], layer)
        _, (against,) = explain_answer(net, _input(scene), question, [right], layer, counterfactual=True)
        _, (asked_again,) = explain_answer(net, _input(scene), moved, [wrong], layer)
        yield _row("the right answer, on the shape asked for", maps[0], scene, asked)
        yield _row("the other shape's colour instead, on that other shape", maps[1], scene, other)
        yield _row("against the right answer, on the other shape", against, scene, other)
        yield _row("the other shape is asked for, on that other shape", asked_again, scene, other)


def _input(scene):
    return normalise(to_input(scene.picture[None]))


def _row(of, map, scene, shape):
    """shape: the one meant; None: any will do."""
    meant = [s for s in scene.shapes if shape is None or s is shape]
    nothing = np.zeros((SIDE, SIDE), bool)
    truth, others = (
        np.any([nothing, *(s.visible for s in some)], axis=0)
        for some in (meant, [s for s in scene.shapes if s not in meant])
    )
    large = upsample(np.asarray(map, np.float64), (SIDE, SIDE))
    return {
        "of": of,
        "hit": pointing_game(large, truth),
        "near": pointing_game(large, truth, TOLERANCE),
        "other": pointing_game(large, others),
        "chance": chance(truth),
        "centre": pointing_game(centre((SIDE, SIDE)), truth),
        "zero": not np.any(map),
        "shapes": len(scene.shapes),
    }
