"""The self-check: our scores and our gradient against the model's own autograd, in float64, for every live
model.

Where they differ, central differences of the model decide who is right; nothing is given out that neither
confirms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from minicnn import Error, Tensor, backward, history
from weights.errors import WeightsError
from weights.graphs.torch.memory import Value
from weights.graphs.torch.network import TracedNetwork
from weights.graphs.torch.precision import InDouble
from weights.graphs.torch.record import Call, Recording, Stopped, record, scores_of
from weights.graphs.torch.trees import leaves
from weights.graphs.torch.untouched import exact_copy, surroundings

ROUNDING = 1e-8  # relative, of float64 through a deep network
CONFIRMED = 1e-4  # relative, of central differences


@dataclass(frozen=True)
class Check:
    """How a network was found to agree with the model that it was made from.

    kind: "equal", to rounding; "ties", equal beside the picture, where no kink or tie leaves the gradient to
    a choice; "framework", PyTorch's gradient is wrong and central differences confirm ours; "by design", the
    model's gradient is not the derivative, because it says so.  where, operator: the module and the operator
    where the gradients part; difference: of the two gradients at the input, relative L2; says: one line for
    every result, "" where there is nothing to say.
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
    net = TracedNetwork(recording)
    if difference(_data(net.values[net.output]), recording.y.detach().numpy()) > ROUNDING:
        raise WeightsError(_other_numbers(net, recording))
    w = np.random.default_rng(0).standard_normal(recording.y.shape)
    ours, theirs = gradient(net, w), autograd(recording, w)
    apart = difference(ours, theirs)
    if apart <= ROUNDING:
        net.check = Check("equal", difference=apart)
        return net.finished()
    chosen = choices(recording.calls)
    own = TracedNetwork(recording, "model") if chosen else None
    numeric = None
    if own is None or difference(gradient(own, w), theirs) > ROUNDING:
        numeric = central_differences(model, recording.x.detach().numpy(), w)
    if numeric is None or (own is not None and confirms(numeric, ours)):
        return _by_design(net, own, chosen, apart)
    place = _where_gradients_part(net, recording, w)
    if confirms(numeric, ours) and not confirms(numeric, theirs):
        net.check = Check("framework", *_names(place), apart, _framework(place, apart))
    elif confirms(numeric, ours):
        net.check = Check("equal", *_names(place), apart, f"rounding moves the gradient by {apart:.1g}")
    elif not beside:
        net.check = _beside(model, recording, place, apart)
    else:
        raise WeightsError(_neither(place, apart))
    return net.finished()


# --- the two gradients, and the judge between them


def gradient(net: TracedNetwork, w: np.ndarray) -> np.ndarray:
    """d(sum of w y)/dx by our backward pass."""
    x, y = net.values[0], net.values[net.output]
    if not isinstance(y, Tensor) or x not in history(y):
        return np.zeros_like(net.x)
    try:
        return backward(y, w, wrt=x)
    except Error as error:
        raise WeightsError(f"no gradient passes back through this model: {error}") from error


def autograd(recording: Recording, w: np.ndarray) -> np.ndarray:
    """d(sum of w y)/dx by the model's own autograd; zeros where it says that there is none."""
    return _autograd(recording, w, [recording.x])[0]


def central_differences(model, x: np.ndarray, w: np.ndarray, directions: int = 3, step: float = 1e-6) -> list:
    """-> [(direction, derivative of the sum of w y along it)], from the model's scores alone."""
    random, found = np.random.default_rng(1), []
    for _ in range(directions):
        d = random.standard_normal(x.shape) * (x.std() or 1)
        high, low = (float((w * _scores(model, x + e * d)).sum()) for e in (step, -step))
        found.append((d, (high - low) / (2 * step)))
    return found


def confirms(numeric: list, g: np.ndarray) -> bool:
    """Whether the gradient is the one that central differences show."""
    return all(
        abs((g * d).sum() - slope) <= CONFIRMED * max(abs(slope), np.linalg.norm(g * d))
        for d, slope in numeric
    )


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """||ours - theirs|| over the larger norm."""
    scale = max(np.linalg.norm(ours), np.linalg.norm(theirs))
    return float(np.linalg.norm(ours - theirs) / scale) if scale else 0.0


def choices(calls: list[Call]) -> dict[str, Call]:
    """Where the model tells autograd what to do: "detach at 'head'", "the autograd function Reverse at
    'domain'".
    """
    found, cut = {}, set()
    for call in calls:
        read = [a for a in leaves((call.args, call.kwargs)) if isinstance(a, (Value, Stopped))]
        stopped = [a for a in read if isinstance(a, Stopped)]
        if call.inside is not None:
            found.setdefault(f"the autograd function {call.operator} at {call.where}", call)
        elif call.function:
            continue
        elif call.cut:
            found.setdefault(f"{call.cut} at {call.where}", call)
        elif any(a.value not in cut for a in stopped):
            found.setdefault(f"detach at {call.where}", call)
        if call.cut or (stopped and len(stopped) == len(read)):
            cut.update(call.results)
    return found


# --- where


def _other_numbers(net, recording):
    """The first operator whose output is not PyTorch's."""
    for call in recording.calls:
        for result, (t, version) in zip(call.results, call.tensors):
            if result in net.numbers and not t.is_inference() and t._version == version:
                apart = difference(_data(net.values[net.numbers[result]]), t.detach().numpy())
                if apart > ROUNDING:
                    return (
                        f"our {_at(call)} gives other numbers than PyTorch's (by {apart:.1g}): "
                        "this model is not taken, as its maps would be wrong"
                    )
    return "our scores are not the model's, though every operator's numbers are: this model is not taken"


def _where_gradients_part(net, recording, w):
    """The call from which, on the backward pass, our signal and autograd's are no longer the same."""
    known = [
        (result, t)
        for call in recording.calls
        for result, (t, version) in zip(call.results, call.tensors)
        if t.requires_grad
        and t._version == version
        and isinstance(net.values[net.numbers.get(result, 0)], Tensor)
    ]
    y = net.values[net.output]
    path = set(history(y)) if isinstance(y, Tensor) else set()
    known = [(r, t) for r, t in known if net.values[net.numbers[r]] in path] if path else []
    ours = backward(y, w, wrt=[net.values[net.numbers[r]] for r, _ in known]) if known else []
    theirs = _autograd(recording, w, [t for _, t in known])
    apart = {r: difference(a, b) > ROUNDING for (r, _), a, b in zip(known, ours, theirs)}
    wrong = {recording.source, *(r for r, differs in apart.items() if differs)}
    for call in reversed(recording.calls):
        read = [a.value if isinstance(a, Stopped) else a for a in leaves((call.args, call.kwargs))]
        if call.inside is None and wrong.intersection(v for v in read if isinstance(v, Value)):
            return call
    return recording.calls[-1]


def _autograd(recording, w, tensors):
    got = [None] * len(tensors)
    if recording.y.requires_grad and tensors:
        try:
            with torch.enable_grad():
                score = (recording.y * torch.from_numpy(w)).sum()
                got = torch.autograd.grad(score, tensors, retain_graph=True, allow_unused=True)
        except RuntimeError as error:
            raise WeightsError(f"the model's own backward pass fails: {error}") from error
    return [np.zeros(tuple(t.shape)) if g is None else g.numpy() for g, t in zip(got, tensors)]


def _scores(model, x):
    with surroundings(), InDouble():
        return scores_of(exact_copy(model)(torch.from_numpy(x))).numpy()


def _data(y):
    return y.data if isinstance(y, Tensor) else y


# --- what is said


def _by_design(net, own, chosen, apart):
    where, place = ", ".join(chosen), next(iter(chosen.values()))
    net.check = Check(
        "by design",
        *_names(place),
        apart,
        f"the model's own gradient is not the derivative of its scores, by design ({where}); "
        "the derivative is taken here, gradient='model' takes the model's",
    )
    own.check = Check(
        "by design",
        *_names(place),
        apart,
        f"the gradient is the model's own, by design not the derivative of its scores ({where}); "
        "gradient='mathematical' takes that",
    )
    net.own = own.finished()
    return net.finished()


def _beside(model, recording, place, apart):
    """The same question a little beside the picture, where no max-pool window is tied and no ReLU stands at 0."""
    x = recording.x.detach().numpy()
    noise = np.random.default_rng(2).standard_normal(x.shape) * (x.std() or 1)
    found = checked(model, record(model, x + 1e-2 * noise), beside=True).check
    if found.kind != "equal":
        return found
    says = f"ties and kinks at this picture leave the gradient to a choice (from {_at(place)} on)"
    return Check("ties", *_names(place), apart, says)


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
