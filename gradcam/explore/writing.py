"""The page as one file, which opens from a folder and computes by itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcam.explore.bundle import bundle, sha256, text
from gradcam.explore.model import exported, steps
from gradcam.image import as_input
from gradcam.outputs import chosen, scores
from minicnn import Tensor

POLICY = (  # what the page, and the workers that it makes, may reach: nothing
    "default-src 'none'; script-src {scripts}; worker-src blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:; connect-src {connect}; base-uri 'none'; form-action 'none'"
)


def page(net: Any, pictures: Mapping[str, np.ndarray], layer: str | None = None) -> str:
    """A self-contained page, HTML, that explores `net` by itself.

    net: a network with its card; pictures: {what to call it: RGB of the network's own size, uint8 (H, W, 3)},
    as `gradcam.image.crop_shown` cuts them; layer: of Grad-CAM, by default the card's.  ExploreError: an
    operation that the page's engine does not have.
    """
    first = next(iter(pictures.values()))
    x = Tensor(as_input(first, net.card.preprocessing), "x")
    model, weights = exported(net, steps(scores(chosen(net(x))), x), layer)
    return assembled(model, pictures, weights=weights)


def served(model: dict[str, Any], pictures: Mapping[str, np.ndarray], address: str) -> str:
    """The same page, which asks whoever answers at `address` instead."""
    return assembled(model, pictures, address=address)


def framed(model: dict[str, Any], pictures: Mapping[str, np.ndarray], place: str = "") -> str:
    """The same page, which asks the notebook in whose frame it stands; place: what it shows at first, as an
    address says it, "only=cam" say.
    """
    return assembled(model, pictures, notebook=True, place=place)


def assembled(model: dict[str, Any], pictures: Mapping[str, np.ndarray], **more: Any) -> str:
    """The page's text; more: `weights` in base64, or the `address` of an engine, or `notebook`."""
    alone = "weights" in more
    shown = [{"name": name, "pixels": base64.b64encode(p.tobytes()).decode()} for name, p in pictures.items()]
    script = _inside(bundle("page/main.mjs"))
    data = json.dumps({"model": model, "pictures": shown, **more}, separators=(",", ":"), allow_nan=False)
    parts = {
        "policy": POLICY.format(
            scripts=f"{sha256(script)} 'wasm-unsafe-eval'" if alone else sha256(script),
            connect="'self'" if "address" in more else "'none'",
        ),
        "title": _escaped(model["title"]),
        "style": text("style.css"),
        "where": "in this page; nothing leaves it" if alone else "by the program that shows this page",
        "alone": "in a worker that reaches no network" if alone else "as arithmetic, and nothing else",
        "data": data.replace("<", "\\u003c"),
        "engine": _inside(bundle("engine/worker.mjs")) if alone else "",
        "script": script,
    }
    whole = text("page.html")
    for name in parts:
        before, after = whole.split("{" + name + "}", 1)
        whole = before + "\0" + name + "\0" + after
    for name, part in parts.items():
        whole = whole.replace("\0" + name + "\0", part, 1)
    return whole


def _inside(script):
    """A script that can stand in a page: nothing in it ends the element."""
    return script.replace("</", "<\\/")


def _escaped(words):
    return words.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
