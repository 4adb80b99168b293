"""Which of timm's architectures are tried: of every line of a family the smallest.

A line is what remains of a name without its numbers and its words of size, within a module of timm's:
resnet10t, resnet14t and resnet26t are one, resnet50_gn is another.  `python -m tests.zoo.timm_names` asks the
installed timm, and writes names and parameters to timm_names.json, the smallest first.
"""

from __future__ import annotations

import json
import pathlib
import re
import warnings

FILE = pathlib.Path(__file__).with_suffix(".json")
SIZES = {
    "atto", "femto", "pico", "nano", "zepto", "xxtiny", "xtiny", "tiny", "ti", "xxs", "xs", "xsmall", "s",
    "sm", "small", "m", "med", "medium", "mediumd", "mini", "b", "base", "l", "large", "x", "xl", "xlarge",
    "xx", "xxl", "xxlarge", "h", "huge", "g", "giant", "gigantic", "giantopt", "wee", "dwee", "pwee", "dpwee",
    "little", "dlittle", "betwixt", "intern", "plus", "enormous",
}  # fmt: skip


def line(name: str) -> str:
    """resnetv2_50d_evos -> resnetv2_d_evos"""
    words = (re.sub(r"(?<![vV])\d+", "", word) for word in name.split("_"))
    return "_".join(word for word in words if word and word not in SIZES)


def smallest() -> dict[str, int]:
    """{name: parameters} of the smallest of each line; timm's own miniatures for its tests are left out."""
    import timm
    import torch

    found: dict[tuple[str, str], tuple[int, str]] = {}
    for name in timm.list_models():
        try:
            with torch.device("meta"):
                model = timm.create_model(name, num_classes=10)
        except Exception:  # what cannot be made without memory: counted last
            size = 1 << 40
        else:
            size = sum(p.numel() for p in model.parameters())
        if not name.startswith("test_"):
            key = timm.models.model_entrypoint(name).__module__, line(name)
            found[key] = min(found.get(key, (1 << 50, "")), (size, name))
    return {name: size for size, name in sorted(found.values())}


def names() -> dict[str, int]:
    return json.loads(FILE.read_text("utf-8"))


if __name__ == "__main__":
    from tests.support import torchvision_models  # noqa: F401  (timm imports torchvision)

    warnings.simplefilter("ignore")
    FILE.write_text(json.dumps(smallest(), indent=0) + "\n", "utf-8")
