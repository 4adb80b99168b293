"""torchvision's models, without its compiled operators, which the CPU build of PyTorch cannot load."""

import importlib.util
import pathlib
import re

import torch


def _placeholders():
    """Schemas for the operators that `import torchvision` looks up; none of the models calls one."""
    package = pathlib.Path(importlib.util.find_spec("torchvision").origin).parent
    found = re.findall(
        r'register_meta\("(\w+)"\)|torchvision::(\w+)',
        (package / "_meta_registrations.py").read_text("utf-8"),
    )
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in sorted({a or b for a, b in found}):
        if not hasattr(torch.ops.torchvision, name):
            library.define(f"{name}(Tensor a) -> Tensor")
    return library


if importlib.util.find_spec("torchvision") is None:
    raise ImportError("torchvision is not installed")
_library = _placeholders()

from torchvision import models  # noqa: E402

__all__ = ["models"]
