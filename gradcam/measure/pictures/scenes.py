"""Scenes of the shapes world, drawn for this, with exact masks."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from gradcam.measure.errors import DataError
from gradcam.measure.measures.localisation import box_around
from gradcam.measure.pictures.example import Example, squash
from weights import Preprocessing


class Scenes:
    """n scenes that no training saw, of the shapes world's stream `test`; the truth of a scene is what can be
    seen of one of its shapes.

    card: the network's, `net.card`.  DataError if it does not know the kinds of the shapes world.
    """

    numbers: list[int]
    preprocessing: Preprocessing
    says: str = "scenes of the shapes world, stream test"
    digest: str = says
    classes: list[str]
    world: ModuleType

    def __init__(self, n: int, card: Any) -> None:
        from weights.recipes import shapes_world as world

        self.world, self.classes = world, list(card.classes or ())
        if sorted(self.classes) != sorted(world.KINDS):
            raise DataError(
                f"{card.name} does not know the kinds of the shapes world, {', '.join(world.KINDS)}: "
                "give photos with --data"
            )
        self.numbers, self.preprocessing = list(range(n)), squash(card.preprocessing)

    def __getitem__(self, number: int) -> Example:
        scene = self.world.scene(number, "test")
        chosen = scene.shapes[number % len(scene.shapes)]
        return Example(
            scene.picture, self.classes.index(chosen.kind), chosen.visible, box_around(chosen.visible)[None]
        )
