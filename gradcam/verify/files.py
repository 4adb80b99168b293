"""Results that came as files, from any framework that can save arrays; PyTorch is not needed."""

from __future__ import annotations

import os
import stat
from typing import Any

import numpy as np

from gradcam.verify.errors import VerifyError
from weights import WeightsError
from weights.readers import npy, zip_directory
from weights.readers.mapped_file import MappedFile


def network(name: str | None = None, weights: Any = None, onnx: Any = None, model: Any = None) -> Any:
    """The network in a file: an ONNX graph, a model (ONNX, Keras or MODEL.toml), or weights of a network we
    know.  name: which; default: the only one whose weights fit.
    """
    try:
        if model:
            from weights.described import open_model

            return open_model(model)
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
    """The array in an .npy file, or the only one in an .npz file, in the type that it was saved in; a map in
    a .csv file, or in the grey or the colours of a .png file.

    what: it is, for people.  VerifyError if it is not there, is something else or is damaged.
    """
    path = os.fspath(path)
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise WeightsError("this is no ordinary file")
        if path.lower().endswith(".csv"):
            return np.loadtxt(path, delimiter=",", ndmin=2)
        if path.lower().endswith(".png"):
            from PIL import Image

            with Image.open(path) as picture:
                return np.asarray(picture if picture.mode in ("L", "RGB") else picture.convert("RGB"))
        with MappedFile(path) as file:
            return _only_array(file)
    except WeightsError as error:
        said = str(error).removeprefix(f"{path}: ")
    except (OSError, ValueError) as error:  # ValueError: a zero byte in its name
        said = getattr(error, "strerror", None) or str(error)
    except MemoryError:
        said = "there is not enough memory to read it"
    raise VerifyError(f"{what} {path}: {said}")


def _only_array(file):
    if npy.fits(file):
        member, data = "array", file.bytes(0, file.size)
    elif zip_directory.is_zip(file):
        members = [m for m in zip_directory.members(file).values() if m.name.endswith(".npy")]
        if len(members) != 1:
            names = ", ".join(m.name.removesuffix(".npy") for m in members[:6])
            raise WeightsError(f"it holds {len(members)} arrays ({names}); save one")
        member, data = members[0].name, zip_directory.contents(file, members[0])
    else:
        raise WeightsError("this is no array saved by np.save or np.savez")
    try:
        stored, *_ = npy.header(data)
        return npy.from_bytes(data).astype(stored.newbyteorder("="))  # a copy: the file may change
    except WeightsError as error:
        raise WeightsError(f"{member}: {error}") from None
