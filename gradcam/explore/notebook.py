"""The Explorer in a notebook: the same page in a frame, with the engine of the kernel behind it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from gradcam.explore.bundle import text
from gradcam.explore.errors import ExploreError
from gradcam.explore.readers import Readers
from gradcam.explore.session import Session
from gradcam.explore.wire import packed, understood
from gradcam.explore.writing import framed
from gradcam.image import crop_shown, read
from minicnn import Error

NEEDS = "the Explorer in a notebook needs anywidget: pip install 'minicnn-gradcam[notebook]'"
TALL = 900  # pixels of the frame


def widget(net: Any, pictures: Any, place: str = "", layer: str | None = None, height: int = TALL) -> Any:
    """The Explorer of `net`, in a notebook; it asks the kernel, so it works for every network.

    net: a network with its card; pictures: a file, a PIL image or uint8 (H, W, 3), or several as
    {what to call it: picture}; place: what is shown at first, as the page's address says it ("only=cam" shows
    Grad-CAM alone); layer: of Grad-CAM, by default the card's; height: of the frame, in pixels.
    -> an anywidget.  ExploreError without anywidget, or for a network without a card.
    """
    if getattr(net, "card", None) is None:
        raise ExploreError(
            "this network has no description that says how pictures are prepared: set net.card"
        )
    several = pictures if isinstance(pictures, Mapping) else {"picture": pictures}
    images = {name: read(p) if isinstance(p, (str, Path)) else p for name, p in several.items()}
    shown = {name: crop_shown(image, net.card.preprocessing) for name, image in images.items()}
    session = Session(net, layer=layer)
    return _frame()(Readers(session), page=framed(session.model, shown, place), height=height)


@cache
def _frame():
    """The class, made when it is needed: without anywidget there is none."""
    try:
        import anywidget
        import traitlets
    except ModuleNotFoundError:
        raise ExploreError(NEEDS) from None

    class Frame(anywidget.AnyWidget):
        _esm = text("notebook.mjs")
        page = traitlets.Unicode().tag(sync=True)
        height = traitlets.Int(TALL).tag(sync=True)

        def __init__(self, readers, **more):
            super().__init__(**more)
            self.readers = readers
            self.on_msg(lambda _, asked, buffers: self.answer(asked))

        def answer(self, asked):
            try:
                found = packed(self.readers.answers(*understood(asked["questions"])))
            except LookupError:
                self.send({"id": asked["id"], "error": "this picture is not kept any more", "gone": True})
            except (Error, ValueError) as error:
                said = str(error) if isinstance(error, Error) else "that is no question"
                self.send({"id": asked["id"], "error": said})
            else:
                self.send({"id": asked["id"]}, [found])

    return Frame
