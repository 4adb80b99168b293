"""The networks that speak: what ships of them, with their vocabulary.

They take words beside a picture, so they are no classifiers and have a `load` of their own:

    net = speakers.load("captioner")                  # net.card, net.words; net.answers, if it gives answers
"""

from minicnn import LoadError
from minicnn import load as fill
from minicnn.nets.language.captioner import captioner
from minicnn.nets.language.vqa import vqa
from weights.cards import Card, Preprocessing
from weights.errors import WeightsError
from weights.names.guessing import guess, shapes
from weights.reading import read
from weights.recipes.command import SHIPPED
from weights.recipes.shapes_world import questions, sentences
from weights.zoo import preprocessings

#   name       built by   title                                                         Grad-CAM's layer   words            answers
SPEAKERS = {
    "captioner": (
        captioner,
        "captioner, which says what is in a scene of the shapes world",
        "sight",
        sentences.WORDS,
        None,
    ),
    "vqa": (
        vqa,
        "vqa, which answers questions about a scene of the shapes world",
        "relu5_1",
        questions.WORDS,
        questions.ANSWERS,
    ),
}


def load(name, path=None):
    """The network called `name`, filled with its weights.  path: another file of them.  WeightsError if there is none."""
    if name not in SPEAKERS:
        raise WeightsError(f"no network that speaks is called '{name}'; there is {', '.join(SPEAKERS)}")
    build, title, layer, words, answers = SPEAKERS[name]
    path = path or SHIPPED / f"{name}.npz"
    arrays = read(path)
    try:
        net = fill(build(), arrays)
    except LoadError as error:
        raise WeightsError(f"{path}: {error}{guess(shapes(arrays))}") from None
    net.card = Card(name, title, Preprocessing(**preprocessings()["shapes"]), layer, answers)
    net.words, net.answers = words, answers
    return net
