"""index.html: all photos of a run on one page, to sort and filter, which opens from the folder and asks
nothing of any other place.

Names and words reach the page as data, and it writes them as text: none of them can be taken for HTML.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from gradcam.files import written
from gradcam.methods import METHODS
from gradcam.runs.layout import GAP, SHEET, SIDE


def write_sheet(folder: Path, settings: dict[str, Any], rows: Iterable[dict[str, Any]]) -> Path:
    """Write the page of a run into its folder.  SaveError if it cannot be."""
    before, after = (
        resources.files(__package__).joinpath("sheet.html").read_text("utf-8").split("RUN</script>")
    )
    layer = f"; layer {settings['layer']}" if settings["layer"] else ""
    about = {
        "title": f"{settings['photos']['count']} photos, seen by {settings['network']['title']}",
        "about": ", ".join(METHODS[m].title for m in settings["methods"]) + layer,
        "methods": [METHODS[m].title for m in settings["methods"]],
        "side": SIDE,
        "gap": GAP,
    }
    with written(folder / SHEET) as file:
        file.write(before.encode() + _data(about)[:-1] + b',"photos":[')
        for number, row in enumerate(rows):
            file.write(b",\n" * (number > 0) + _data(_photo(row)))
        file.write(b"]}</script>" + after.encode())
    return folder / SHEET


def _photo(row):
    classes = [
        {
            "name": _name(c),
            "p": c["probability"],
            "zero": [METHODS[m].title for m, said in c["maps"].items() if said["zero"]],
        }
        for c in row["explained"]
    ]
    seen = _name(row["top"][0]) if row["top"] else None
    return {
        "photo": row["photo"], "panel": row["panel"], "error": row["error"], "seen": seen, "classes": classes,
    }  # fmt: skip


def _name(c):
    return c["name"] or f"class {c['class']}"


def _data(found: Any) -> bytes:
    """JSON that stands inside a <script>: no sign of it begins or ends a tag."""
    text = json.dumps(found, allow_nan=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text.encode()
