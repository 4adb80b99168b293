"""What CuPy offers, as CuPy itself states it: its functions, ufuncs and array methods with their parameters.

`python -m tests.support.cupy_api` writes `cupy_api.txt` from the installed CuPy, which can be imported
without a GPU; the tests read that file where CuPy is not installed.
"""

import inspect
import re
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("cupy_api.txt")


def signature(text):
    """'a, axis=None, *, dtype=None' -> inspect.Signature; types in front of names, as Cython writes them, are
    dropped."""
    parameters, kind = [], inspect.Parameter.POSITIONAL_OR_KEYWORD
    for part in filter(None, (p.strip() for p in text.replace("\\", "").split(","))):
        name = part.split("=")[0].split()[-1]
        if name == "/":
            parameters = [p.replace(kind=inspect.Parameter.POSITIONAL_ONLY) for p in parameters]
        elif name == "*":
            kind = inspect.Parameter.KEYWORD_ONLY
        elif name.startswith("**"):
            parameters.append(inspect.Parameter(name[2:], inspect.Parameter.VAR_KEYWORD))
        elif name.startswith("*"):
            parameters.append(inspect.Parameter(name[1:], inspect.Parameter.VAR_POSITIONAL))
            kind = inspect.Parameter.KEYWORD_ONLY
        else:
            default = None if "=" in part else inspect.Parameter.empty
            parameters.append(inspect.Parameter(name, kind, default=default))
    return inspect.Signature(parameters)


def stated():
    """{'function zeros_like': 'a, dtype=None, ...', 'ufunc exp': ..., 'method mean': ..., 'attribute shape':
    ''}"""
    return dict(
        line.split(": ", 1) if ": " in line else (line.rstrip(":"), "")
        for line in FILE.read_text().splitlines()[1:]
    )


def installed():
    """The same, from CuPy itself.  ImportError where there is none."""
    import cupy

    found = {}
    for name in sorted(set(dir(cupy)) & set(dir(np))):
        what = getattr(cupy, name)
        if isinstance(what, cupy.ufunc) or type(what).__name__ == "_GUFunc":
            found[f"ufunc {name}"] = (
                _from_doc(what.__doc__)
                or "*inputs, out=None, axes=None, axis=None, keepdims=False, dtype=None"
            )
        elif inspect.isfunction(what):
            found[f"function {name}"] = _plain(inspect.signature(what))
    for name in ("as_strided", "sliding_window_view"):
        found[f"function lib.stride_tricks.{name}"] = _plain(
            inspect.signature(getattr(cupy.lib.stride_tricks, name))
        )
    for name in sorted(n for n in dir(cupy.ndarray) if not n.startswith("_")):
        what = getattr(cupy.ndarray, name)
        found[f"method {name}" if callable(what) else f"attribute {name}"] = (
            _from_doc(what.__doc__) if callable(what) else ""
        )
    return found


def api():
    """From the installed CuPy, or else from the file."""
    try:
        return installed()
    except ImportError:
        return stated()


def _from_doc(doc):
    """The parameters in 'ndarray.mean(self, axis=None) -> ndarray', without self."""
    found = re.match(r"[\w.]+\((?:_ndarray_base |)(?:self(?:, )?)?(.*?)\)(?: ->.*)?\n", (doc or "") + "\n")
    return found.group(1) if found else ""


def _plain(s):
    keep = [
        p.replace(annotation=p.empty, default=p.empty if p.default is p.empty else None)
        for p in s.parameters.values()
    ]
    return str(inspect.Signature(keep))[1:-1]


if __name__ == "__main__":
    import cupy

    lines = (f"{name}: {parameters}".rstrip(": ") for name, parameters in installed().items())
    FILE.write_text(
        f"CuPy {cupy.__version__}, read from its own signatures and docstrings\n" + "\n".join(lines) + "\n"
    )
