"""Reading the tables: text -> {source: {our layer: theirs}}."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

LEFT_OUT = "left_out"


@dataclass(frozen=True)
class Theirs:
    """One cell: the layer's name in the file; the role, where the file puts several kernels under one name
    (`name:role`); for the linear layer that follows a flattening, the (H, W, C) in whose order it counts
    its inputs (`name[7x7x512]`); and, where batchnorm is two layers, the name of the one that holds gamma
    and beta (`statistics+scale`).
    """

    layer: str
    role: str | None = None
    flattened: tuple[int, int, int] | None = None
    scale: str | None = None

    def holder(self, role: str) -> str:
        """The layer of the file that holds our role."""
        return self.scale if self.scale and role in ("gamma", "beta") else self.layer


def parse(text: str, layers: Sequence[str]) -> tuple[dict[str, dict[str, Theirs]], list[str]]:
    """text: a table (see weights.names); layers: our layers

    -> ({source: {our layer: Theirs}}, layers of the file that are left out)
    """
    header, *rows = [line.split() for line in text.strip().splitlines()]
    columns, left_out = {source: {} for source in header[1:]}, []
    for ours, *cells in rows:
        if ours == LEFT_OUT:
            left_out = [name for cell in cells for name in expand(cell)]
            continue
        for source, cell in zip(header[1:], cells):
            names = expand(ours) if ours != "*" else [n for n in layers if n not in columns[source]]
            parts = [expand(part) for part in cell.split("+")]
            theirs = ["+".join(names) for names in zip(*parts)] if cell != "*" else names
            if len(names) != len(theirs):
                raise ValueError(f"'{ours}' has {len(names)} names and '{cell}' {len(theirs)}")
            columns[source] |= {name: _cell(other) for name, other in zip(names, theirs)}
    return columns, left_out


def expand(pattern: str) -> list[str]:
    """'conv{1,2}_{a,b}' -> conv1_a conv1_b conv2_a conv2_b, as in a shell."""
    parts = re.split(r"\{([^}]*)\}", pattern)
    choices = [part.split(",") if i % 2 else [part] for i, part in enumerate(parts)]
    return ["".join(choice) for choice in product(*choices)]


def _cell(text):
    layer, _, sizes = text.rstrip("]").partition("[")
    layer, _, role = layer.partition(":")
    layer, _, scale = layer.partition("+")
    return Theirs(
        layer, role or None, tuple(int(n) for n in sizes.split("x")) if sizes else None, scale or None
    )
