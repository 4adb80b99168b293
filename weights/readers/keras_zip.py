"""Keras 3's .keras: a zip of the weights, an HDF5 file model.weights.h5, and the architecture."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace

import numpy as np

from weights.errors import WeightsError
from weights.readers import keras_h5, zip_directory
from weights.readers.format import Format
from weights.readers.mapped_file import MappedFile

WEIGHTS, CONFIG, METADATA = "model.weights.h5", "config.json", "metadata.json"


def fits(file: MappedFile) -> bool:
    """Whether a mapped file is a zip with the weights where Keras 3 puts them."""
    return zip_directory.is_zip(file) and WEIGHTS in zip_directory.members(file)


def read(file: MappedFile) -> dict[str, np.ndarray]:
    """{path of the dataset: array} of a mapped file; where the inner file is stored, which is how Keras
    writes it, arrays are views.
    """
    return dict(whole(file).named)


def whole(file: MappedFile) -> keras_h5.Contents:
    """The arrays of a mapped file, and its configuration as the text "model_config"."""
    weights = _weights(file)
    found = zip_directory.members(file)
    texts = {}
    for name, key in ((CONFIG, "model_config"), (METADATA, "metadata")):
        if name in found:
            if found[name].size > keras_h5.LONGEST_TABLE:
                raise WeightsError(f"its {name} has {found[name].size} bytes, more than any model's")
            texts[key] = bytes(zip_directory.contents(file, found[name])).decode("utf-8", "replace")
    return replace(weights, texts=texts)


def _weights(file):
    member = zip_directory.members(file)[WEIGHTS]
    if member.method == zip_directory.STORED:
        return keras_h5.whole(file, member.start, member.size)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        path = os.path.join(directory, WEIGHTS)
        with open(path, "wb") as out:
            out.write(zip_directory.contents(file, member))
        with MappedFile(path) as inner:
            return keras_h5.whole(inner)


FORMAT = Format("Keras 3 .keras", fits, read)
