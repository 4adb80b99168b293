"""Matplotlib's default settings while one of our figures is drawn, whatever the user's matplotlibrc says."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import matplotlib

KEPT = {"backend", "backend_fallback", "interactive", "toolbar", "timezone", "webagg.port", "webagg.address"}
DEFAULTS: dict[str, Any] = {
    name: value for name, value in dict.items(matplotlib.rcParamsDefault) if name not in KEPT
}
DEFAULTS["svg.hashsalt"] = "gradcam"  # names inside an SVG: the same figure, the same file
LOCK = (
    threading.RLock()
)  # the settings are one for the whole process: figures of several threads are drawn in turn


@contextlib.contextmanager
def own_settings() -> Iterator[None]:
    """A context, or a decorator, in which figures look alike for everybody; afterwards the user's settings
    are as before.

    image.origin, text.usetex, fonts, savefig.* and all others have Matplotlib's defaults inside, except the
    backend. Settings are read when an artist is made and when it is drawn: a figure of ours is made and saved
    inside.
    """
    with LOCK:
        now = matplotlib.rcParams
        others = {name: dict.get(now, name) for name in DEFAULTS if dict.get(now, name) != DEFAULTS[name]}
        dict.update(now, {name: DEFAULTS[name] for name in others})
        try:
            yield
        finally:
            dict.update(now, others)
