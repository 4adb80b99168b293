"""The dense captioner that ships: it takes boxes and words beside a picture, so it is no classifier and has a `load` of its own."""

import numpy as np

from minicnn import load as fill
from minicnn import nets
from weights.cards import Card, Preprocessing
from weights.errors import WeightsError
from weights.recipes.command import SHIPPED
from weights.recipes.shapes_world import sentences
from weights.zoo import preprocessings

TITLE = "dense_captioner, which finds the regions of a scene and says what each shows"


def load(path=SHIPPED / "dense_captioner.npz"):
    """The network with its weights; net.card describes it, net.words are its vocabulary.  WeightsError if the file is not to be read."""
    try:
        with np.load(path, allow_pickle=False) as file:
            net = fill(nets.dense_captioner(), {key: file[key] for key in file.files})
    except (OSError, ValueError, EOFError) as error:
        raise WeightsError(f"{path}: {error}") from None
    net.card = Card("dense_captioner", TITLE, Preprocessing(**preprocessings()["shapes"]), "relu5")
    net.words = sentences.WORDS
    return net
