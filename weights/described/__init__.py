"""A network of one's own, described once: in MODEL.toml beside its file.

    net = open_model("net.onnx")           # reads net.toml, too, if there is one; net.card is its description
    net.known.assumed                      # what nobody said: {"pixels": "unit", ...}

model_toml.py reads the file, pixels.py has the preprocessings that people use, opening.py puts together what
the network's own file tells, what the description says, and what is assumed.
"""

from weights.described.model_toml import ModelToml, read_model_toml
from weights.described.opening import Known, card_for, model_of, open_model
from weights.described.pixels import USUAL, usual
from weights.described.writing import as_toml

__all__ = [
    "USUAL",
    "Known",
    "ModelToml",
    "as_toml",
    "card_for",
    "model_of",
    "open_model",
    "read_model_toml",
    "usual",
]
