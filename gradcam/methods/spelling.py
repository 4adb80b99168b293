"""Methods as people write them: in any spelling, as variants of one another, at a layer of their own."""

from __future__ import annotations

import re

from gradcam.methods import METHODS, VARIANTS


def spelled(asked: str) -> str | None:
    """'Guided LayerCAM' -> 'guided_layercam', 'Grad-CAM@conv4' -> 'grad_cam@conv4'; None: no method is meant.

    Letters and digits count, and the + of Grad-CAM++; capitals, hyphens, spaces and underscores do not.
    """
    words, at, layer = asked.partition("@")
    name = _variant(_bare(words))
    return None if name is None else f"{name}{at}{layer}"


def members(asked: str) -> list[str]:
    """'LRP' -> ['lrp_epsilon', 'lrp_gamma', ...]: the methods of a family, where several are called so, and
    more; else [].
    """
    found = [name for name in METHODS if _bare(name.partition("_")[0]) == _bare(asked) and "_" in name]
    return found if len(found) > 1 and spelled(asked) is None else []


def _variant(asked):
    known = {_bare(s): name for name, m in METHODS.items() for s in (*m.spellings, name)}
    if asked in known:
        return known[asked]
    for variant in VARIANTS:
        rest = _variant(asked.removeprefix(_bare(variant))) if asked.startswith(_bare(variant)) else None
        if rest and f"{variant}_{rest}" in METHODS:
            return f"{variant}_{rest}"
    return None


def _bare(name):
    return "".join(re.findall(r"[^\W_]+|\+", name.casefold()))
