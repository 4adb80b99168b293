"""Targets as people write them."""

import numpy as np
import pytest
from PIL import Image

from gradcam import Target
from gradcam.asking import class_index
from gradcam.targets import Box, Number, Step
from gradcam.targets.text import target
from minicnn import Error

NAMES = ["dog", "cat", "black-and-tan coonhound", "salt - and - pepper", "rule of thumb"]


def of(text):
    return target(text, lambda word: class_index(word, NAMES, 5))


@pytest.mark.parametrize(
    "text, meant",
    [
        ("dog", Target.score(0)),
        ("3", Target.score(3)),
        ("-dog", -Target.score(0)),
        ("minus dog", -Target.score(0)),
        ("minus dog - cat", -Target.score(0) - Target.score(1)),
        ("dog - cat", Target.score(0) - Target.score(1)),
        ("dog + cat - 4", Target.score(0) + Target.score(1) - Target.score(4)),
        ("-dog - cat", -Target.score(0) - Target.score(1)),
        ("black-and-tan coonhound", Target.score(2)),
        ("black-and-tan coonhound - dog", Target.score(2) - Target.score(0)),
        ("salt - and - pepper", Target.score(3)),
        ("rule of thumb", Target.score(4)),
        ("probability of rule of thumb", Target.probability(4)),
        ("probability of dog - probability of cat", Target.probability(0) - Target.probability(1)),
        ("unit:7,4,5", Target.unit(7, 4, 5)),
        ("unit:layer1:relu:7,4,5", Target.unit(7, 4, 5, layer="layer1:relu")),
        ("number:2", Number(2)),
        ("-number:2", -Number(2)),
        ("box:3", Box(3)),
        ("cat in box:3", Box(3, 1)),
        ("cat at step -1", Step(-1, 1)),
    ],
)
def test_what_a_text_means(text, meant):
    assert of(text) == meant


def test_regions(tmp_path):
    region = of("cat in box:0,0.25,1,1")
    assert region.c == 1 and region.box == (0, 0.25, 1, 1)
    mask = np.zeros((6, 8), np.uint8)
    mask[2:4, 1:5] = 255
    found = target("cat in mask:FILE", lambda w: class_index(w, NAMES, 5), lambda file: mask > 0)
    assert np.array_equal(found.mask, mask > 0) and found.c == 1
    Image.fromarray(mask).save(tmp_path / "ab.png")
    assert np.array_equal(of(f"mask:{tmp_path}/ab.png").mask, mask > 0)
    shades = np.uint8([[[255, 0, 0], [0, 128, 0], [0, 0, 0], [127, 127, 127], [0, 0, 200]]])
    Image.fromarray(shades).save(tmp_path / "colours.png")  # bright in any of its channels
    assert of(f"mask:{tmp_path}/colours.png").mask.tolist() == [[True, True, False, False, True]]


@pytest.mark.parametrize(
    "text, says",
    [
        ("wolf", "there is no class 'wolf'"),
        ("dog - wolf", "there is no class 'wolf'"),
        ("probability of wolf", "there is no class 'wolf'"),
        ("unit:1,2", "is no target; there is CLASS, 'minus CLASS'"),
        ("box:0,0,2,1", "in shares from 0 to 1"),
        ("mask:none.png", "there is no such file"),
        ("9", "there is no class 9; they are numbered 0 to 4: this network has 5 of them, '"),
    ],
)
def test_what_it_does_not_mean(text, says):
    with pytest.raises(Error) as found:
        of(text)
    assert says in str(found.value)
