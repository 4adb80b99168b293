"""MODEL.toml as text: what is known of a network as keys, what was assumed as comments to be changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from weights.cards import INTERPOLATIONS, RESIZES
from weights.described.pixels import name_of, usual


def as_toml(net: Any, path: Path) -> str:
    """The description of a network that `open_model` opened; path: of its file."""
    d, p, known = net.description, net.card.preprocessing, net.known
    lines = [f"# What {path.name} is, and how its pictures are prepared; a line that begins with # was not",
             "# told by the file: it is assumed, or left to you."]  # fmt: skip
    lines += [f"# {name}: {what}" for name, (what, _) in known.found.items() if name in ("input", "output")]
    lines += ["", f"model = {_text(path.name)}"]
    lines += [_line("describe", known.describe or "what it is, in one line", bool(known.describe))]
    if net.card.classes and "labels" in known.found:
        whole = "metadata" if d.names and tuple(d.names) == tuple(net.card.classes) else net.card.classes
        lines.append(_line("labels", whole))
    elif "labels" in known.remains:
        lines.append(_line("labels", "names.txt", False, "a line for each class, or a list of them"))
    if net.card.layer:
        lines.append(_line("layer", net.card.layer))
    if len(d.outputs) > 1:
        lines.append(_line("output", d.output))
    if d.layout and d.channels in (1, 3):
        lines += ["", *_pixels(p, d, known)]
        one = d.size[0] if d.size[0] == d.size[1] else d.size
        lines.append(_line("crop", one, "crop" in known.found, "side of the input, or [rows, columns]"))
        lines.append(_line("resize", p.resize, "resize" in known.found, ", ".join(RESIZES)))
        if p.resize == "short":
            lines.append(_line("size", p.size, False, "the shorter side before the crop"))
        if p.resize == "letterbox":
            lines.append(_line("fill", p.fill, "resize" in known.found))
        said = "interpolation" in known.found
        lines.append(_line("interpolation", p.interpolation, said, ", ".join(INTERPOLATIONS)))
    return "\n".join(lines) + "\n"


def _pixels(p, d, known):
    name, said = name_of(p.scale, p.mean, p.std, p.channels), "pixels" in known.found
    if name:
        return [_line("pixels", name, said, ", ".join(usual(d.channels)))]
    return [_line(key, getattr(p, key), said) for key in ("channels", "scale", "mean", "std")]


def _line(key, value, said=True, choices=""):
    line = f"{'' if said else '# '}{key} = {_value(value)}"
    return f"{line:<40}  # {choices}" if choices else line


def _value(value):
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    return (
        _text(value) if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
    )


def _text(value):
    """A basic string of TOML, whose escapes are JSON's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
