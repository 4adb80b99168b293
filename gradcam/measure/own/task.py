"""One photo of one's own, measured: its maps, made here or elsewhere, beside its truth, make a row."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcam.measure.case import Case
from gradcam.measure.errors import DataError
from gradcam.measure.measures import MEASURES
from gradcam.measure.measures.localisation import box_around
from gradcam.measure.own.given import GivenMaps
from gradcam.measure.own.objects import Objects
from gradcam.measure.own.truths import Truths
from gradcam.measure.pictures.example import Example, squash
from gradcam.measure.study.one_picture import scores
from gradcam.measure.study.run import from_the_score
from gradcam.runs import record
from gradcam.runs.task import ONE_THREAD, Explained, Sendable
from weights import Preprocessing

OUTSIDE = "what is to be found lies outside of what the network sees of this photo"


@dataclass(frozen=True)
class MeasureTask(Sendable):
    """What is to be measured of each photo: `task(number, photo)` -> Explained, with a row and no maps.

    net       a network with its card; None: only what needs none is measured, on maps that cover their photo,
              or, if they are a run's, what its network saw of it
    measures, methods  names; truth: where the objects are; given: maps that were made elsewhere
    classes   {label of the truth: class of the network}
    c         the class of all photos, whatever their labels; None: as the label says, else as the given maps'
              run says, else the most probable
    """

    net: Any
    measures: tuple[str, ...]
    methods: tuple[str, ...] = ()
    truth: Truths | None = None
    given: GivenMaps | None = None
    classes: Mapping[str, int] | None = None
    c: int | None = None
    made_by: tuple[Callable[..., Any], tuple[Any, ...]] | None = None

    def __post_init__(self) -> None:
        """DataError: the given maps show another part of a photo than the network sees."""
        of_run = self.given.preprocessing if self.given else None
        if self.net is not None and of_run and _part(of_run) != _part(self.net.card.preprocessing):
            raise DataError(
                f"{self.given.path}: its maps are of another part of the photos than this network sees: "
                "measure them with the network that they were made of, or with none"
            )

    @property
    def preprocessing(self) -> Preprocessing | None:
        """How the maps' network sees a photo; None: whole."""
        if self.net is not None:
            return self.net.card.preprocessing
        return self.given.preprocessing if self.given else None

    def __call__(self, number: int, photo: str) -> Explained:
        """Measure one photo, once for each class.  What is wrong with it is said in its row."""
        from gradcam.image import ImageError  # Pillow is slow to import

        done = Explained(number, photo, empty(photo))
        try:
            with ONE_THREAD:
                self._measure(done)
        except (ImageError, DataError, MemoryError) as error:
            reason = "there is not enough memory for it" if isinstance(error, MemoryError) else str(error)
            done.row.update(measured=[], error=reason.removeprefix(f"{photo}: "))
        return done

    def _measure(self, done):
        from gradcam import image

        began = time.perf_counter()
        picture = image.read(done.photo)
        done.row.update(sha256=record.digest_of(done.photo), width=picture.width, height=picture.height)
        preprocessing = self.preprocessing
        seen = np.asarray(picture) if preprocessing is None else image.crop_shown(picture, preprocessing)
        fit = (lambda v: v) if preprocessing is None else lambda v: image.crop_values(v, preprocessing)
        objects = self.truth[done.photo] if self.truth else [Objects(None)]
        if not objects:
            raise DataError(f"{self.truth.path.name} says nothing of it")
        read = time.perf_counter()
        for of in objects:
            masks = [fit(mask) >= 0.5 for mask in of.masks(picture.size)] if self.truth else []
            masks = [mask for mask in masks if mask.any()]
            if self.truth and not masks:
                raise DataError(OUTSIDE)
            for c in self._classes_of(of, done.photo, seen, preprocessing):
                example = Example(seen, c, _together(masks, seen), _boxes(masks))
                done.row["measured"].append(self._of_class(example, done, of.label, fit))
        done.times = {"read": read - began, "measure": time.perf_counter() - read}

    def _classes_of(self, objects, photo, seen, preprocessing):
        if self.c is not None:
            return [self.c]
        if objects.label is not None and self.classes:
            return [self.classes[objects.label]]
        if self.given and (classes := self.given.classes(photo)):
            return classes
        if self.net is None:
            return [None]
        from gradcam.image import prepare

        return [int(self.net(prepare(seen, squash(preprocessing)))[0].argmax())]

    def _of_class(self, example, done, label, fit):
        net = self.net
        given = self.given.of(done.photo, example.c) if self.given else {}
        size = (done.row["height"], done.row["width"])
        if net is not None:
            sides = net.card.preprocessing.sides
            whole = {name: map.shape[-2:] == size != sides for name, map in given.items()}
            given = {name: fit(map) if whole[name] else map for name, map in given.items()}
            net = from_the_score(net)
        prepared = None if net is None else squash(net.card.preprocessing)
        case = Case(net, example, prepared, done.number, self.methods, given=given)
        values = scores(case, [MEASURES[name] for name in self.measures])
        missing = dict.fromkeys(set(self.given.names if self.given else ()) - set(given), "no map was given")
        names = None if net is None else net.card.classes
        return {
            "class": example.c,
            "name": names[example.c] if names and example.c is not None and example.c < len(names) else label,
            "rank": None if net is None else case.rank,
            "area": round(float(example.truth.mean()), 6) if self.truth else None,
            "values": {m: {f: round(v, 6) for f, v in of.items()} for m, of in values.items()},
            "zero": [m for m, map in case.maps.items() if not map.any()],
            "failed": {**dict(sorted(missing.items())), **case.failed},
        }


def _part(preprocessing):
    """Which part of a photo is seen, whatever is made of its numbers."""
    return preprocessing.resize, preprocessing.size, preprocessing.sides


def empty(photo: str) -> record.Row:
    """The row of a photo that is not measured yet."""
    return {"photo": photo, "sha256": None, "width": None, "height": None, "measured": [], "error": None}


def _together(masks, seen):
    return np.any([np.zeros(seen.shape[:2], bool), *masks], axis=0)


def _boxes(masks):
    return np.array([box_around(mask) for mask in masks]).reshape(-1, 4)
