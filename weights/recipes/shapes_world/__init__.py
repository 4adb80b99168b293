"""The shapes world: pictures of which the whole truth is known, drawn by equations, in any number.

A scene is 96 x 96 pixels: a textured background, some clutter that means nothing, and one to three shapes.
Each shape has a kind, a named colour, a centre, a size, an angle, and the exact set of pixels it covers,
before and after others lie on top of it.

    from weights.recipes import shapes_world as world
    s = world.scene(7, split="test")                            # scene number 7 of the test stream
    s.picture, s.labels                                         # (96, 96, 3) uint8, (8,) float32
    s.shapes[0].kind, s.shapes[0].visible                       # 'star', (96, 96) bool
    world.scene(7, kinds=["star", "ring"])                      # a star below, a ring above it
    images, labels = world.batch(range(64))                     # (64, 96, 96, 3) uint8, (64, 8) float32

What is promised of every scene, and enforced while it is drawn:

- no kind (unless asked for by name) and no colour name occurs twice; every kind is equally frequent;
- a shape lies wholly inside the picture, `SIZE` pixels across (diameter of the circle around it), at any
  angle;
- at least `MIN_VISIBLE` of its pixels, and no fewer than `MIN_PIXELS`, can be seen: later shapes cover
  earlier ones;
- at least `SEEN` of the pixels next to it, whatever lies there, differ from its colour by `CONTRAST` or
  more (Oklab distance);
- clutter lies below the shapes and is made of strokes at most 4 pixels thick.
"""

from .asked import SPLITS
from .colours import COLOURS, CONTRAST, SEEN
from .composing import MIN_PIXELS, MIN_VISIBLE, SIZE, Scene, scene
from .kinds import KINDS
from .series import batch, scenes
from .shape import SIDE, Shape
from .textures import TEXTURES

__all__ = [
    "COLOURS",
    "CONTRAST",
    "KINDS",
    "MIN_PIXELS",
    "MIN_VISIBLE",
    "SEEN",
    "SIDE",
    "SIZE",
    "SPLITS",
    "TEXTURES",
    "Scene",
    "Shape",
    "batch",
    "scene",
    "scenes",
]
