"""What is known of a measure, said once, at the end of the measure's own file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gradcam.measure.asked import constant

PICTURES = "pictures"  # whole pictures, each with the place of its object
GRIDS = "grids"  # four pictures of four classes in one; the truth is the cell of the class that is asked for
RANDOM_WEIGHTS = "random weights"  # the same pictures, before and after layers got random weights


class Figure(NamedTuple):
    """One number that a measure gives.

    name: its key in a row; title: above its column; better: 1 if more is better, -1 if less is;
    percent: whether it is a share, shown in percent
    """

    name: str
    title: str
    better: int = 1
    percent: bool = False


@dataclass(frozen=True)
class Measure:
    """A measure of maps.

    name      what `gradcam measure` takes; title: its usual name; paper: authors and year;
              question: what it asks, in one line
    value     f(map, case) -> a number, or one for each figure.  map (H, W) >= 0, on the picture's pixels;
              case: a `gradcam.measure.case.Case`.  If it `asks`: f(map, case, method), method: a
              `gradcam.measure.asked.Asked`.  Of a measure that needs random weights: f(before, after), each
              a pair of the map as the method gave it and the map (H, W) >= 0
    figures   what these numbers are, a `Figure` each
    needs     what it is measured on: PICTURES, GRIDS or RANDOM_WEIGHTS
    chance    f(case) -> what a random point gets, if that is known exactly; if None, one is measured
    ordered   whether only the order of the values counts: a map of zeros, which has none, is given what a
              random point gets
    many_passes  whether one map takes many forward passes of the network
    truth     whether it must be known where the object is
    network   whether it asks the network; if not, the map and the truth are enough
    asks      whether it asks the method for its signed map, or for maps of other inputs or classes
    """

    name: str
    title: str
    paper: str
    question: str
    value: Callable[..., float | tuple[float, ...]]
    figures: tuple[Figure, ...]
    needs: str = PICTURES
    chance: Callable[[Any], float | tuple[float, ...]] | None = None
    ordered: bool = False
    many_passes: bool = False
    truth: bool = False
    asks: bool = False
    network: bool = True

    def of(self, map: np.ndarray, case: Any, method: Any = None) -> dict[str, float]:
        """{figure: number} of one map of a case.  method: whose it is; None: it looks at no picture."""
        if not self.asks:
            return self._named(self.value(map, case))
        return self._named(self.value(map, case, case.asked(method) if method else constant(map)))

    def of_random(self, case: Any) -> dict[str, float]:
        """{figure: number} of a random point."""
        return self._named(self.chance(case)) if self.chance else self.of(case.random, case)

    def _named(self, numbers):
        numbers = numbers if isinstance(numbers, tuple) else (numbers,)
        return {figure.name: float(number) for figure, number in zip(self.figures, numbers, strict=True)}
