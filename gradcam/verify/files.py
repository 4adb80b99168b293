"""Results that came as files, from any framework that can save arrays; PyTorch is not needed."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from gradcam.verify.errors import VerifyError


def network(name: str | None = None, weights: Any = None, onnx: Any = None) -> Any:
    """The network in a file: an ONNX graph, or weights of a network we know.  name: which; default: the only
    one whose weights fit.
    """
    from weights import WeightsError

    try:
        if onnx:
            from weights.graphs.onnx import describe, load

            return describe(load(onnx), os.path.basename(onnx))
        import weights as known

        if name:
            return known.load(name, weights)
        return _fitting(known, weights)
    except WeightsError as error:
        raise VerifyError(str(error)) from None


def _fitting(known, path):
    known.read(path)  # a damaged file is said to be one
    names = known.available("classifier")
    for name in names:
        try:
            return known.load(name, path)
        except known.WeightsError:
            continue
    raise VerifyError(
        f"{path}: these weights fit no network known here ({', '.join(names)}); "
        "export the model as ONNX instead"
    )


def array(path: str | os.PathLike[str], what: str) -> np.ndarray:
    """The array in an .npy file, or the only one in an .npz file."""
    try:
        loaded = np.load(os.fspath(path), allow_pickle=False)
    except OSError as error:
        raise VerifyError(f"{what} {path}: {error.strerror or 'there is no such file'}") from None
    except (ValueError, EOFError) as error:
        raise VerifyError(f"{what} {path}: this is no array saved by np.save: {error}") from None
    if isinstance(loaded, np.lib.npyio.NpzFile):
        if len(loaded.files) != 1:
            raise VerifyError(
                f"{what} {path}: it holds {len(loaded.files)} arrays ({', '.join(loaded.files[:6])}); "
                "save one"
            )
        loaded = loaded[loaded.files[0]]
    return loaded
