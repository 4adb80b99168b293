"""One picture, its truth, and the maps of all methods for it: what measures measure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np

from gradcam.explanation import NoMapError, explain
from gradcam.explanation.finite import NotFiniteError
from gradcam.image import prepare
from gradcam.measure.asked import Asked
from gradcam.measure.baselines import random_point
from gradcam.measure.errors import MeasureError
from gradcam.measure.measures.deletion_insertion import few
from gradcam.measure.measures.rank_correlation import spread
from gradcam.measure.pictures.example import Example
from gradcam.measure.statistics.intensity import intensity
from gradcam.methods import METHODS
from gradcam.methods.occlusion import METHOD as OCCLUSION
from gradcam.methods.occlusion import occlusion
from minicnn import GraphError, RuleError
from minicnn.layer import Layer
from weights import Preprocessing

NOT_FINITE = "the map is not finite"


def parsed(method: str) -> tuple[str, str | None]:
    """'grad_cam@conv10' -> ('grad_cam', 'conv10'): a method, and the layer it looks at or starts from.

    Without a layer: None, the network's own.  MeasureError if there is no such method.
    """
    name, _, layer = method.partition("@")
    if name not in METHODS:
        raise MeasureError(f"no method is called '{name}'; there is {', '.join(METHODS)}")
    return name, layer or None


class Case:
    """One picture of a class, and every method's map of it.

    number: which picture; c: the class that is explained; x (1, C, H, W): the input;
    truth (H, W) bool, boxes (B, 4): where c is;
    overlap: how many of occlusion's windows cover a place, in a row;
    maps {method: map (H, W) >= 0, on the picture's pixels}; raw {method: the map as the method gave it};
    failed {method: why there is none}; given {name: map}: maps that were made elsewhere
    """

    net: Layer
    number: int
    overlap: int
    c: int
    x: np.ndarray
    truth: np.ndarray
    boxes: np.ndarray
    size: tuple[int, int]
    raw: dict[str, np.ndarray]
    failed: dict[str, str]
    given: frozenset[str]
    maps: dict[str, np.ndarray]

    def __init__(
        self,
        net: Layer,
        example: Example,
        preprocessing: Preprocessing,
        number: int,
        methods: Iterable[str],
        overlap: int = 2,
        given: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        self.net, self.number, self.overlap = net, number, overlap
        self.c, self.truth, self.boxes = example.c, example.truth, example.boxes
        self.x = None if net is None else prepare(example.picture, preprocessing)
        self.size = example.picture.shape[:2] if net is None else self.x.shape[-2:]
        self.raw, self.failed, self.given = {}, {}, frozenset(given or ())
        for name, map in (given or {}).items():
            self._keep_map(name, map)
        self._explain(methods)
        wanted = [*(given or {}), *methods]  # in their order: a set has another one in each process
        self.maps = {m: intensity(self.raw[m], self.size) for m in wanted if m in self.raw}

    @cached_property
    def scores(self) -> np.ndarray:
        """(classes,)"""
        return self.net(self.x)[0]

    @property
    def rank(self) -> int:
        """How many classes score higher than the picture's own."""
        return int((self.scores > self.scores[self.c]).sum())

    @property
    def window(self) -> tuple[int, int]:
        """Side of occlusion's windows, a seventh of the picture, and the step between them, pixels."""
        side = min(self.size)
        return max(side // 7, 1), max(side // (7 * self.overlap), 1)

    @cached_property
    def falls(self) -> np.ndarray:
        """How much the score falls when a window is covered, (rows, columns)."""
        return occlusion(self.net, self.x, self.c, *self.window, average="none", batch=few(self.x))[0]

    @cached_property
    def random(self) -> np.ndarray:
        """The map of the baseline "random point"."""
        return random_point(self.size, self.number)

    def asked(self, method: str) -> Asked:
        """A method whose map is there, to be asked once more."""
        return Asked(self.raw[method], self.size, None if method in self.given else self._again(method))

    def _again(self, method):
        name, layer = parsed(method)

        def covered(x, c):
            falls = occlusion(self.net, x, c, *self.window, average="none", batch=few(x))
            return np.stack([spread(f, self.size, *self.window) for f in falls])

        def again(x, c=None):
            c = self.c if c is None else c
            if name == OCCLUSION.name:
                return covered(x, c)
            return explain(self.net, x, c, [name], layer, layer)[name]

        return again

    def _explain(self, methods):
        layers = {}
        for method in methods:
            name, layer = parsed(method)
            if name == OCCLUSION.name:
                self._keep_map(method, spread(self.falls, self.size, *self.window))
            else:
                layers.setdefault(layer, {})[name] = method
        for layer, named in layers.items():
            try:
                self._keep(named, layer)
            except (GraphError, RuleError, NoMapError, NotFiniteError):
                for name, method in named.items():
                    try:
                        self._keep({name: method}, layer)
                    except NotFiniteError:
                        self.failed[method] = NOT_FINITE
                    except (GraphError, RuleError, NoMapError) as error:
                        self.failed[method] = str(error)

    def _keep(self, named, layer):
        found = explain(self.net, self.x, self.c, list(named), layer, layer)
        for name, method in named.items():
            self._keep_map(method, found[name][0])

    def _keep_map(self, method, map):
        if np.isfinite(map).all():
            self.raw[method] = map
        else:
            self.failed[method] = NOT_FINITE


def unfit(
    net: Layer, example: Example, preprocessing: Preprocessing, methods: Iterable[str]
) -> dict[str, str]:
    """{method: why this network has no such map, whatever the picture}, found by trying."""
    tried = Case(net, example, preprocessing, 0, [m for m in methods if parsed(m)[0] != OCCLUSION.name])
    return {m: why for m, why in tried.failed.items() if why != NOT_FINITE}
