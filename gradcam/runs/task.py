"""One photo of a run, from its file to its row and maps: the same bits wherever, whenever and beside
whatever it is computed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from gradcam.asking import one_word
from gradcam.explanation import explain
from gradcam.explanation.finite import NotFiniteError
from gradcam.interpolation import upsample
from gradcam.runs import record
from gradcam.runs.errors import RunError

SIZES, DTYPES = ("layer", "photo"), ("float32", "float16")
NOT_FINITE = "the network's scores for it are not finite (NaN or infinite)"


@dataclass(repr=False)
class Explained:
    """What is known of one photo.

    photo     its path, as it was given; number: its place among the photos of the run
    row       sha256, size, top five, explained classes, and for each of their maps layer, min, max, zero,
              peak
    maps      {method: (classes, h, w), or (classes, C, H, W) of a method with colours}; empty if it failed
    scores    (classes,), before softmax
    times     seconds: read, explain;  panel: its picture, a JPEG file's bytes
    """

    number: int
    photo: str
    row: record.Row
    maps: dict[str, np.ndarray] = field(default_factory=dict)
    scores: np.ndarray | None = None
    times: dict[str, float] = field(default_factory=dict)
    panel: bytes | None = None

    @property
    def error(self) -> str | None:
        """Why there is no map of the photo, in one sentence; None if there is."""
        return self.row["error"]

    def __getitem__(self, method: str) -> np.ndarray:
        """The map of a method for the first class, (h, w) or (C, H, W).

        RunError for a photo that could not be explained; KeyError for a method that was not asked for.
        """
        if self.error:
            raise RunError(f"there is no map of this photo: {self.error}")
        return self.maps[method][0]

    def __repr__(self) -> str:
        return f"<Explained {self.photo!r}: {self.error or ', '.join(self.maps)}>"


class Sendable:
    """A task with a network that is made anew in another process, where `made_by` says how."""

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), **({"net": None} if vars(self)["made_by"] else {})}

    def __setstate__(self, state: dict[str, Any]) -> None:
        make, arguments = state["made_by"] or (lambda: state["net"], ())
        vars(self).update(state, net=make(*arguments))


@dataclass(frozen=True)
class Task(Sendable):
    """What is to be done with each photo: `task(number, photo)` -> Explained.

    classes: numbers or other targets, None for the most probable class of each photo; size: of the maps,
    "layer" as the method gives them, or "photo", at the pixels that the network saw; dtype: of the maps;
    panels: how many photos, the first ones, have a panel drawn; made_by: (function, arguments) that make the
    network in another process, where it is not to be sent.  The rest is as in `gradcam.explain`.
    """

    net: Any
    methods: tuple[str, ...]
    classes: tuple[Any, ...] | None = None
    layer: str | None = None
    unit_layer: str | None = None
    size: str = "layer"
    dtype: str = "float32"
    panels: int = 0
    allow: tuple[Any, ...] = ()
    made_by: tuple[Callable[..., Any], tuple[Any, ...]] | None = None

    def __post_init__(self) -> None:
        one_word("size", self.size, SIZES)
        one_word("dtype", self.dtype, DTYPES)

    def __call__(self, number: int, photo: str) -> Explained:
        """Explain one photo.  What is wrong with the photo is said in its row; what is wrong with the task,
        a method that does not fit the network say, is a `minicnn.Error`.
        """
        from gradcam.image import ImageError  # Pillow is slow to import

        done = Explained(number, photo, record.empty(photo))
        try:
            with ONE_THREAD:
                self._explain(done)
        except (ImageError, NotFiniteError, MemoryError) as error:
            reason = "there is not enough memory for it" if isinstance(error, MemoryError) else str(error)
            done.row.update(top=[], explained=[], panel=None, error=reason.removeprefix(f"{photo}: "))
            done.maps, done.panel = {}, None
        return done

    def _explain(self, done):
        from gradcam import image

        began = time.perf_counter()
        picture = image.read(done.photo)
        done.row.update(sha256=record.digest_of(done.photo), width=picture.width, height=picture.height)
        preprocessing = self.net.card.preprocessing
        x = image.prepare(picture, preprocessing)
        read = time.perf_counter()
        classes = list(self.classes) if self.classes else None
        e = explain(self.net, x, classes, self.methods, self.layer, self.unit_layer, allow=self.allow)
        for method, why in e.undefined.items():
            raise RunError(f"{method} has no map of this network: {why} Leave it out")
        if not np.isfinite(e.scores).all():
            raise image.ImageError(NOT_FINITE)
        done.maps = {m: np.stack([self._kept(e.maps[m, c][0], x) for c in e.classes]) for m in self.methods}
        done.scores = e.scores[0]
        done.row.update(top=record.seen(e), explained=record.explained(e, done.maps))
        if done.number < self.panels:
            from gradcam.runs.panels import name_of, strips  # Matplotlib's colours are slow to import

            done.row["panel"] = name_of(done.number)
            done.panel = strips(e, image.crop_shown(picture, preprocessing))
        done.times = {"read": read - began, "explain": time.perf_counter() - read}

    def _kept(self, map, x):
        if self.size == "photo" and map.shape[-2:] != x.shape[-2:]:
            map = upsample(map, x.shape[-2:])
        if self.dtype == "float16" and np.abs(map).max() > np.finfo(np.float16).max:
            raise RunError(f"a map reaches {np.abs(map).max():.3g}, more than float16 can hold: keep float32")
        return np.ascontiguousarray(map, self.dtype)


class _OneThread:
    """While anybody is inside, BLAS has one thread: results do not depend on how many cores there are."""

    def __init__(self) -> None:
        self.lock, self.inside, self.blas = threading.Lock(), 0, None

    def __enter__(self) -> None:
        with self.lock:
            if not self.inside:
                self.blas = self.blas or ThreadpoolController()
                self.limit = self.blas.limit(limits=1, user_api="blas")
            self.inside += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside:
                self.limit.restore_original_limits()


ONE_THREAD = _OneThread()
