"""torchvision, and what imports it, beside a CPU build of PyTorch: with its compiled operators stubbed, where they do not load."""

import contextlib
import importlib
import sys

from tests.support.data import DATA


def available():
    """Whether torchvision imports, with the stubs if need be."""
    sys.path.append(str(DATA / "peers"))
    try:
        with contextlib.suppress(ImportError):
            importlib.import_module("torchvision_on_cpu")
        importlib.import_module("torchvision")
        return True
    except (ImportError, RuntimeError):
        return False
    finally:
        sys.path.remove(str(DATA / "peers"))
