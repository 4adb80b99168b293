"""The self-check: our scores and our gradient against the model's own autograd, in float64, for every live
model.

Where they differ, central differences of the model decide who is right; nothing is given out that neither
confirms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from minicnn import Tensor
from weights.errors import WeightsError
from weights.finite import not_finite
from weights.graphs.torch.gradients import (
    CONFIRMED,
    autograd,
    central_differences,
    confirms,
    difference,
    gradient,
    least,
    moved,
)
from weights.graphs.torch.network import TracedNetwork
from weights.graphs.torch.parting import ROUNDING, choices, first_other_gradient, first_other_output
from weights.graphs.torch.record import Call, Recording, record

MOVES = 10  # times what PyTorch's own answer moves by


@dataclass(frozen=True)
class Check:
    """How a network was found to agree with the model that it was made from.

    kind: "equal", to rounding; "rounding", by less than central differences can tell: PyTorch takes some
    constants in float32, or its own answer moves by as much when every pixel is rounded once; "ties", equal
    beside the picture, where no kink or tie leaves the gradient to a choice; "framework", PyTorch's gradient
    is wrong or its backward pass fails, and central differences confirm ours; "by design", the model's
    gradient is not the derivative, because it says so.  where, operator: the module and the operator where
    the gradients part; difference: of the two gradients at the input, relative L2; says: one line for every
    result, "" where there is nothing to say.
    """

    kind: str
    where: str = ""
    operator: str = ""
    difference: float = 0.0
    says: str = ""


def checked(model: torch.nn.Module, recording: Recording, beside: bool = False) -> TracedNetwork:
    """The recording as a network that agrees with the model, its `check` filled in.

    WeightsError: it does not, with the first module and operator.  beside: the picture is already one beside
    the user's.
    """
    net, theirs = TracedNetwork(recording), recording.y.detach().numpy()
    w = np.random.default_rng(0).standard_normal(theirs.shape)
    small_score, small = least(net.x, theirs, w)
    y = net.values[net.output]
    if not isinstance(y, Tensor):
        raise WeightsError("the scores do not depend on the picture")
    if np.isnan(theirs).any():
        weights = (*model.named_parameters(), *model.named_buffers())
        found = not_finite({name: w.detach().double().numpy() for name, w in weights})
        why = f", and there are {found}" if found else ""
        raise WeightsError(f"the model's scores are NaN for this input{why}: nothing can be explained")
    moves = cache(lambda: moved(model, recording, w))
    off = difference(y.data, theirs, small_score)
    if off > ROUNDING and not (off <= CONFIRMED and off <= MOVES * moves().scores):
        raise WeightsError(_other_numbers(first_other_output(net, recording)))
    ours = gradient(net, w)
    try:
        theirs = autograd(recording, w, [recording.x])[0]
    except RuntimeError as error:
        net.check = _alone(model, recording, w, ours, error)
        return net.finished()
    apart = difference(ours, theirs, small)
    if apart <= ROUNDING:
        net.check = _read(model, recording, w, ours) or Check("equal", difference=apart)
        return net.finished()
    chosen = choices(recording.calls)
    own = TracedNetwork(recording, "model") if chosen else None
    if own is not None and difference(gradient(own, w), theirs, small) <= ROUNDING:
        return _by_design(net, own, chosen, apart)
    numeric = central_differences(model, recording.x.detach().numpy(), w)
    right, place = confirms(numeric, ours), first_other_gradient(net, recording, w)
    if right and chosen:
        return _by_design(net, None, chosen, apart)
    if right and confirms(numeric, theirs):
        net.check = Check("rounding", *_names(place), apart, _rounding(place, apart))
    elif right:
        net.check = Check("framework", *_names(place), apart, _framework(place, apart))
    elif apart <= CONFIRMED and apart <= MOVES * moves().gradient:
        net.check = Check("rounding", *_names(place), apart, _moves(place, apart, moves().gradient))
    elif not beside:
        net.check = _beside(model, recording, place, apart)
    else:
        raise WeightsError(_neither(place, apart))
    return net.finished()


def _read(model, recording, w, ours):
    """Values that the model reads are constants here, and for autograd; what is made of them may count."""
    decided, left = ", ".join(recording.decided), ", ".join(recording.left)
    if not decided and not left:
        return None
    if confirms(central_differences(model, recording.x.detach().numpy(), w), ours):
        return None
    if left:
        raise WeightsError(
            f"the model takes values into NumPy at {left}, where nobody can follow, and goes on with what "
            "comes back: this model is not taken"
        )
    says = (
        f"by design, the gradient is not the derivative of the scores: values read at {decided} are constants"
    )
    return Check("by design", recording.decided[0], "item", says=says)


def _by_design(net, own, chosen, apart):
    """own: the network with the model's gradient, if that could be had."""
    where, place = ", ".join(chosen), next(iter(chosen.values()))
    says = (
        f"by design ({where}), the model's gradient is not the derivative of its scores; the reference's is"
    )
    net.check = Check(
        "by design", *_names(place), apart, says + (", gradient='model' takes the model's" if own else "")
    )
    if own is not None:
        says = f"the gradient is the model's own, by design not the derivative of its scores ({where})"
        own.check = Check("by design", *_names(place), apart, says + "; gradient='mathematical' takes that")
        net.own = own.finished()
    return net.finished()


def _alone(model, recording, w, ours, error):
    """The model has no gradient of its own: its backward pass fails."""
    why = str(error).split(": ")[0].split(". ")[0]
    if not confirms(central_differences(model, recording.x.detach().numpy(), w), ours):
        raise WeightsError(
            f"the model's own backward pass fails, and central differences do not confirm ours: {why}"
        )
    says = f"PyTorch's own backward pass fails ({why}); central differences confirm the reference's"
    return Check("framework", says=says)


def _beside(model, recording, place, apart):
    """The same question a little beside the picture, where no max-pool window is tied and no ReLU stands at
    0.
    """
    x = recording.x.detach().numpy()
    noise = np.random.default_rng(2).standard_normal(x.shape) * (x.std() or 1)
    found = checked(model, record(model, x + 1e-2 * noise), beside=True).check
    if found.kind != "equal":
        return found
    says = f"ties and kinks at this picture leave the gradient to a choice (from {_at(place)} on)"
    return Check("ties", *_names(place), apart, says)


def _other_numbers(place: Call | None) -> str:
    if place is None:
        return "our scores are not the model's, though every operator's numbers are: this model is not taken"
    return f"our {_at(place)} gives other numbers than PyTorch's: this model is not taken"


def _rounding(place, apart):
    return (
        f"PyTorch's gradient and the reference's differ by {apart:.1g} from {_at(place)} on, "
        "less than central differences can tell"
    )


def _moves(place, apart, own):
    return (
        f"PyTorch's gradient and the reference's differ by {apart:.1g} from {_at(place)} on; PyTorch's own "
        f"moves by {own:.1g} when every pixel is rounded once"
    )


def _framework(place, apart):
    return (
        f"PyTorch's own gradient is wrong from {_at(place)} on, by {100 * apart:.0f} %: "
        "central differences of the model's scores confirm the reference's"
    )


def _neither(place, apart):
    return (
        f"the gradient of {_at(place)} is not PyTorch's (by {100 * apart:.2g} %), "
        "and central differences of the model's scores confirm neither: this model is not taken"
    )


def _names(call):
    return call.module, call.operator


def _at(call):
    return f"{call.operator} at {call.where}"
