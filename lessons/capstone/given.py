"""What a student is given: the weights of SqueezeNet, one photo, and the milestones' texts."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np

import weights
from gradcam.image import prepare, restore
from lessons.capstone.milestones import milestones
from lessons.course import LessonError
from lessons.files import folder, write_new
from lessons.scenes import portrait
from lessons.texts import said

Arrays = dict[str, np.ndarray]


@cache
def shipped() -> Arrays:
    """{"fire2.squeeze1x1.W": array, ...}: the weights of the SqueezeNet that ships, float32."""
    net = weights.load("squeezenet")
    return {name.replace("/", "."): tensor.data for name, tensor in net.arrays().items()}


@cache
def photo() -> Arrays:
    """picture (227, 227, 3) uint8; x (1, 3, 227, 227) float32: what the network takes; c: the class with
    the largest score.
    """
    preprocessing = weights.card("squeezenet").preprocessing
    x = prepare(portrait(), preprocessing)
    c = weights.load("squeezenet")(x)[0].argmax()
    return {"picture": restore(x[0], preprocessing), "x": x, "c": np.asarray(c)}


def start(where: str | Path) -> list[Path]:
    """Write the texts, the weights and the photo -> the files.  LessonError where one of them is
    there already, and may have been changed; then nothing is written.
    """
    here = Path(where)
    texts = {"README.md": said("capstone.readme")} | {each.file: each.text for each in milestones()}
    arrays = {"squeezenet.npz": shipped(), "photo.npz": photo()}
    for name in (*texts, *arrays):
        if (here / name).exists():
            raise LessonError(said("capstone.there", path=here / name))
    folder(here)
    for name, text in texts.items():
        write_new(text, here / name)
    for name, held in arrays.items():
        packed = io.BytesIO()
        np.savez_compressed(packed, **held)
        (here / name).write_bytes(packed.getvalue())
    return [here / name for name in (*texts, *arrays)]
