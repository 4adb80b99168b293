"""A verdict as one HTML file: words, and pictures of theirs, ours and the difference."""

from __future__ import annotations

import base64
import html
import io
from typing import Any

import numpy as np
from PIL import Image

from gradcam.show.colour import signed
from gradcam.verify.report.text import headline, how_far, not_named
from gradcam.verify.report.verdict import picture

SIDE = 280  # pixels of a picture
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
body { color: #222; background: #fff }
h1 span { padding: .1em .5em; border-radius: .3em; color: #fff; background: #a33 }
h1 span.equal, h1 span.convention, h1 span.rounding { background: #276 }
h1 span.tie, h1 span.refused, h1 span.imprecise { background: #a70 }
h1 span.unknown { background: #737 }
figure { display: inline-block; margin: 0 1rem 1rem 0 }
img { image-rendering: pixelated; border: 1px solid #ccc }
table { border-collapse: collapse }
td, th { text-align: left; padding: .2em 1em .2em 0; border-bottom: 1px solid #ddd }
dt { font-weight: bold }
"""


def as_html(verdict: Any) -> Any:
    """-> the file's text; nothing else is needed to show it."""
    said, where = html.escape, not_named(verdict) if verdict.kind == "located" else verdict.located
    parts = [
        "<!doctype html><meta charset=utf-8><title>gradcam verify: "
        f"{verdict.kind}</title><style>{STYLE}</style>",
        f"<h1><span class={verdict.kind}>{verdict.kind}</span></h1>",
        f"<p><strong>{said(headline(verdict))}</strong></p>",
        *(f"<p>{said(note)}</p>" for note in (where, how_far(verdict), *verdict.notes) if note),
        f"<p>Asked: {said(verdict.question)}</p>",
        *figures(verdict),
    ]
    for n, cause in enumerate(verdict.causes):
        which = "Or, with the same numbers" if n else "Cause"
        parts.append(
            f"<h2>{which}: "
            f"{said(str(cause))}</h2><dl><dt>theory<dd>{said(cause.theory)}<dt>fix<dd>{said(cause.fix)}</dl>"
        )
    if verdict.confidence:
        parts.append(f"<p>Confidence: {said(verdict.confidence)}</p>")
    if verdict.compared:
        rows = "".join(
            f"<tr><td>{said(c.stage)}<td>{said(c.mark)}<td>{c.difference.relative:.1e}<td>{c.tolerance:.1e}<td>{c.difference.l2:.1e}"
            f"<td>{f'{c.moves:.1e}' if c.moves else ''}"
            for c in verdict.compared
        )
        parts.append(
            "<h2>Compared</h2><table><tr><th>stage<th><th>difference<th>rounding<th>L2<th>near ties "
            f"move it by{rows}</table>"
        )
        parts.append(
            "<p>Difference and rounding relative to the largest value, the others in the L2 norm.</p>"
        )
    if verdict.ruled_out:
        rows = "".join(f"<tr><td>{said(name)}<td>{left:.2g}" for name, left in verdict.ruled_out)
        parts.append(f"<h2>Ruled out</h2><table><tr><th>cause<th>leaves (relative L2){rows}</table>")
    return "\n".join(parts) + "\n"


def figures(verdict: Any) -> Any:
    """Theirs and ours on one scale, the difference on its own."""
    if not verdict.maps or verdict.maps["theirs"].shape != verdict.maps["ours"].shape:
        return
    theirs, ours = (picture(verdict.maps[k]) for k in ("theirs", "ours"))
    if theirs.ndim < 2:
        theirs, ours = theirs[None], ours[None]
    top = max(abs(theirs).max(), abs(ours).max())
    apart = theirs - ours
    for name, map, limit in (
        ("theirs", theirs, top),
        ("ours", ours, top),
        ("theirs - ours", apart, abs(apart).max()),
    ):
        yield (
            f"<figure><img alt='{name}' src='{png(map, limit)}'><figcaption>{name}, full colour at "
            f"{limit:.3g}</figcaption></figure>"
        )


def png(map: Any, top: Any) -> Any:
    """A map (H, W) as a data address; red positive, blue negative."""
    colours = (255 * signed(map, top or 1.0)).round().astype(np.uint8)
    scale = max(1, round(SIDE / max(map.shape)))
    file = io.BytesIO()
    Image.fromarray(colours.repeat(scale, 0).repeat(scale, 1)).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
