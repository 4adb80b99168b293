"""One live model: what it became, and whether its scores and maps are those of PyTorch in float64."""

from __future__ import annotations

import copy
import resource
import time

import numpy as np
import torch
from torch import nn

from gradcam import GUIDED
from gradcam.methods.grad_cam import combine
from minicnn import Conv, Einsum, MatMul, RuleError, Tensor, backward, find, history, one_hot
from tests.zoo import reference
from tests.zoo.models import build
from tests.zoo.weights import calibrated, drawn
from weights.errors import WeightsError
from weights.graphs.torch import from_torch
from weights.graphs.torch.gradients import difference
from weights.graphs.torch.precision import InDouble

EQUAL = 1e-10  # relative L2; what differs more is stated beside what PyTorch's own answer moves by
GUIDED_EQUAL = 1e-8
ONE_ROUNDING = 2.0**-52


class Scores(nn.Module):
    """The first tensor that a model returns, as scores (N, classes): maps by their means."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        y = self.net(x)
        while not isinstance(y, torch.Tensor):
            if isinstance(y, dict):
                wanted = [key for key in ("out", "scores", "pool") if key in y]
                y = y[wanted[0] if wanted else next(iter(y))]
            else:
                y = y[0]
        return y.flatten(2).mean(2) if y.ndim > 2 else y.reshape(len(x), -1)


def examine(name: str, group: str, largest: float) -> dict:
    """Import one, and compare its answers with those of a plain float64 copy of the model."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model, shapes = build(name)
    row = {"name": name, "group": group, "parameters": sum(p.numel() for p in model.parameters())}
    if row["parameters"] > 1e6 * largest:
        return row | {"kind": "larger"}
    model, x = runs(Scores(drawn(model)), shapes)
    row["input"] = "x".join(map(str, x.shape))
    began = time.process_time()
    try:
        net = from_torch(model, x)
    except WeightsError as error:
        return row | {"kind": "refused", "says": str(error)}
    row |= {"kind": net.check.kind, "says": net.check.says, "borrowed": dict(net.borrowed)}
    row["seconds"] = round(time.process_time() - began, 2)
    row |= compared(net, copy.deepcopy(model).double().requires_grad_(False), x.double(), net.check.kind)
    row["GB"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 1)
    return row


def runs(model: nn.Module, shapes: list[tuple[int, ...]]) -> tuple[nn.Module, torch.Tensor]:
    """The model, calibrated, and the first input that it takes."""
    for shape in shapes:
        try:
            return calibrated(model, shape), torch.randn(shape, generator=torch.Generator().manual_seed(2))
        except (RuntimeError, AssertionError, ValueError, TypeError) as error:
            last = error
    raise last


def compared(net, plain: nn.Module, x: torch.Tensor, kind: str) -> dict:
    """Scores, saliency (a class score's gradient), Grad-CAM and guided backprop, ours against PyTorch's.

    kind: where it is "framework", PyTorch's own gradient is wrong for one picture alone: it gets two.  Where
    the answers differ because the model makes constants in float32 whatever its own precision, its answers
    with those in float64 are taken, and "float32" says by how much its scores differ from these.
    """
    ask = lambda x: _theirs(plain, torch.cat([x, x]) if kind == "framework" else x)  # noqa: E731
    theirs = ask(x)
    source = Tensor(x.numpy(), "x")
    y = net(source)
    row = _made_of(y)
    if difference(y.data, theirs["scores"]) > EQUAL:
        row["float32"], plain = difference(y.data, theirs["scores"]), _InDouble(plain)
        theirs = ask(x)
    c = theirs["class"]
    row["scores"] = difference(y.data, theirs["scores"])
    if theirs["path"] is None:
        g, row["grad_cam"] = backward(y, one_hot(y, c), wrt=source), "no feature maps (N, K, h, w)"
    else:
        row["layer"] = theirs["path"].removeprefix("plain.")
        A = find(y, net.name_of(row["layer"]))
        g, dA = backward(y, one_hot(y, c), wrt=[source, A])
        row["grad_cam"] = difference(combine(dA, A.data, relu=False)[0], theirs["grad_cam"])
    row["saliency"] = difference(g[0], theirs["saliency"])
    apart = [key for key in ("scores", "saliency", "grad_cam") if _differs(row[key])]
    if apart:
        moved = [ask(beside) for beside in _rounded(x)]
        row["conditioning"] = {key: max(difference(m[key], theirs[key]) for m in moved) for key in apart}
    return row | _guided(y, c, source, plain, x)


def _rounded(x):
    """Every pixel rounded once, up or down: three draws."""
    for seed in (3, 4, 5):
        sign = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed)).sign().double()
        yield x * (1 + ONE_ROUNDING * sign)


class _InDouble(nn.Module):
    """The model, with the constants that it makes as it runs in float64."""

    def __init__(self, plain):
        super().__init__()
        self.plain = plain

    def forward(self, x):
        with InDouble():
            return self.plain(x)


def _made_of(y):
    """How many convolutions (of more than a pixel, but patches side by side), and products of two signals."""
    convolutions = products = 0
    for t in history(y):
        kernel = t.op.inputs[1].shape[2:] if isinstance(t.op, Conv) else ()
        convolutions += max(kernel, default=1) > 1 and tuple(t.op.geometry.stride) != tuple(kernel)
        made = [v for v in getattr(t.op, "inputs", ()) if isinstance(v, Tensor) and v.op is not None]
        products += isinstance(t.op, (MatMul, Einsum)) and len(made) > 1
    return {"convolutions": convolutions, "products": products}


def _differs(value):
    return not isinstance(value, str) and value > EQUAL


def _theirs(plain, x):
    """PyTorch's answers, for the first picture, at the largest score whose Grad-CAM is not zero."""
    x = x.clone().requires_grad_()
    y, maps = reference.watched(plain, x)
    c = int(y[0].argmax())
    found = {"class": c, "scores": y[:1].detach().numpy(), "path": None}
    for place in maps:
        A = reference.grad_cam(y, c, place.tensor)
        if A is not None and np.abs(A).max() > 0:
            found |= {"path": place.path, "grad_cam": A}
            break
    return found | {"saliency": reference.gradient(y, c, x)[0].numpy()}


def _guided(y, c, source, plain, x):
    """The difference, or the operation that has no guided rule.

    PyTorch's batchnorm may be wrong for one picture alone, with the signal that guided backprop sends: where
    the two differ, it is asked with two pictures, and "guided_alone" is by how much they differed;
    "guided_conditioning" by how much its own answer moves.
    """
    try:
        ours = backward(y, one_hot(y, c), wrt=source, rules=GUIDED)[0]
    except RuleError as error:
        return {"guided": str(error)}
    alone = difference(ours, reference.guided(plain, x, c))
    if alone <= GUIDED_EQUAL:
        return {"guided": alone}
    theirs = reference.guided(plain, torch.cat([x, x]), c)
    row = {"guided": difference(ours, theirs), "guided_alone": alone}
    if row["guided"] > GUIDED_EQUAL:
        moved = [reference.guided(plain, torch.cat([v, v]), c) for v in _rounded(x)]
        row["guided_conditioning"] = max(difference(m, theirs) for m in moved)
    return row
