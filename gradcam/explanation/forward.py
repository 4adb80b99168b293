"""The forward pass that is explained: whose, in which precision, and what the network says of itself."""

from __future__ import annotations

import os
from typing import Any

from gradcam.asking import AskError, as_given
from gradcam.outputs import each
from minicnn import Tensor


def network_of(net: Any) -> Any:
    """A network as it was given: itself, or the path of a model, ONNX, Keras or MODEL.toml, which is opened.
    AskError: it is none.
    """
    if isinstance(net, (str, os.PathLike)):
        from weights.described import open_model

        return open_model(net)
    if hasattr(net, "state_dict") and hasattr(net, "named_parameters"):
        raise AskError(
            "this is a PyTorch model: weights.graphs.torch.from_torch(model, x) makes a network of it"
        )
    if not callable(net):
        raise AskError(f"a network maps an input to scores, and {as_given(net)} cannot be called")
    return net


def in_its_precision(x: Tensor, net: Any) -> Tensor:
    """The input in the precision of a live model's network: numbers of float32 in between would make a map of
    float64 that is no more exact than float32.
    """
    wanted = getattr(net, "dtype", None)
    return x if wanted is None or x.dtype == wanted else Tensor(x.data.astype(wanted), x.name)


def output_of(net: Any, x: Tensor) -> Any:
    """What a network returns for x.  AskError if it returns no tensor."""
    y = net(x)
    remembered: list[bool] = []
    each(lambda output: remembered.append(isinstance(output, Tensor) and output.ndim > 0), y)
    if not remembered or not all(remembered):
        raise AskError(
            f"the network returned {type(y).__name__} instead of a tensor that remembers its operations: it "
            "must compute with minicnn's, on net(Tensor(x))"
        )
    return y


def notes_of(net: Any) -> list[str]:
    """What a live model's network says of itself, in sentences."""
    notes = list(getattr(net, "notes", ()))
    if getattr(net, "trained", False):
        notes.append("the model was in training mode, and is explained in eval mode")
    names = getattr(net, "borrowed", ())  # of operators, as they are
    return [f"{note if note.split()[0] in names else note[:1].upper() + note[1:]}." for note in notes]
