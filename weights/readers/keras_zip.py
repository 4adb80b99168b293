"""Keras 3's .keras: a zip of the weights, an HDF5 file model.weights.h5, and the architecture."""

from __future__ import annotations

import os
import tempfile

import numpy as np

from weights.readers import keras_h5, zip_directory
from weights.readers.format import Format
from weights.readers.mapped_file import MappedFile

WEIGHTS = "model.weights.h5"


def fits(file: MappedFile) -> bool:
    """Whether a mapped file is a zip with the weights where Keras 3 puts them."""
    return zip_directory.is_zip(file) and WEIGHTS in zip_directory.members(file)


def read(file: MappedFile) -> dict[str, np.ndarray]:
    """{path of the dataset: array} of a mapped file; where the inner file is stored, which is how Keras
    writes it, arrays are views.
    """
    member = zip_directory.members(file)[WEIGHTS]
    if member.method == zip_directory.STORED:
        return keras_h5.read(file, member.start, member.size)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        path = os.path.join(directory, WEIGHTS)
        with open(path, "wb") as out:
            out.write(zip_directory.contents(file, member))
        with MappedFile(path) as inner:
            return keras_h5.read(inner)


FORMAT = Format("Keras 3 .keras", fits, read)
