"""The commands of `gradcam`, one file each.

`register(subparsers)` describes a command; `run(args)` does it and returns the exit status.  A file put
here is a command; nothing else needs to know.  A name that begins with an underscore is not one.
"""

import pkgutil
from importlib import import_module
from types import ModuleType


def commands() -> dict[str, ModuleType]:
    """The modules of this folder that are commands, by name."""
    found = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    return {name: import_module(f"{__name__}.{name}") for name in found}
