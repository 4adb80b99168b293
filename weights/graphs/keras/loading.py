"""From a file of Keras to a network."""

from __future__ import annotations

import os

from weights.errors import WeightsError
from weights.graphs.keras.graph import model
from weights.graphs.keras.operators import OPERATORS
from weights.graphs.onnx.checking import check_explainable
from weights.graphs.onnx.network import Network
from weights.graphs.onnx.other_files import kind_of
from weights.readers import keras_h5, keras_zip
from weights.readers.mapped_file import MappedFile


def load(path: str | os.PathLike[str]) -> Network:
    """The network in a .keras file, or in a whole model that Keras 2 or 3 saved as HDF5, its weights mapped
    from the file.

    It takes x as the model's own input is, (N, H, W, C) say; once it is described, (N, C, H, W).  Values have
    the names of layers, "outer/inner" for one inside of a model used as a layer, "layer:1" for the
    second time that one is applied; a convolution in front of its own activation is "layer/Conv".  Nothing
    of the file is run.  WeightsError: this is no such file, or a damaged one; or it has layers that are not
    known, all of which the message names.
    """
    refuse_others(path)
    try:
        with MappedFile(path) as file:
            in_places = keras_zip.fits(file)
            contents = (keras_zip if in_places else keras_h5).whole(file)
        found = model(contents, in_places)
        check_explainable(found)
        return Network(found, OPERATORS)
    except WeightsError as error:
        raise WeightsError(f"{path} (Keras): {error}") from error.__cause__
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    except MemoryError:
        raise WeightsError(f"{path}: there is not enough memory to read it") from None


def refuse_others(path: str | os.PathLike[str]) -> None:
    """Nothing, if the file at `path` may be one of Keras.  WeightsError: what it is instead."""
    kind, meant = kind_of(path, ".keras")
    if kind == "onnx":
        raise WeightsError(f"{path}: this is no file of Keras but an ONNX model: give it with --onnx")
    if kind != "keras":
        raise WeightsError(f"{path}: this is no file of Keras (.keras, .h5) but {meant}")
