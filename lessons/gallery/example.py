"""What an example declares, how it is trained, and its map by three ways."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gradcam import explain
from weights.graphs.onnx import describe, load
from weights.graphs.torch import from_torch


@dataclass(frozen=True)
class Example:
    """An example of the gallery, one file each.

    name: of its picture; title, question; code: the lines that a user writes
    model: makes the network; batch(rng, n) -> inputs and what to learn; loss(y, truth)
    layer: the module whose output is weighed; target(x, y): what is explained
    score(y, x): the same number in PyTorch's words, for autograd
    draw(x, explanation, y): its picture, a Matplotlib figure
    maps(A): the layer's output as (N, K, ...), where it lies otherwise
    names: of classes; others: inputs beside the first one; steps: of training
    """

    name: str
    title: str
    question: str
    code: str
    model: Callable[[], torch.nn.Module]
    batch: Callable[[Any, int], tuple[Any, ...]]
    loss: Callable[[Any, Any], torch.Tensor]
    layer: str
    target: Callable[[Any, Any], Any]
    score: Callable[[Any, Any], torch.Tensor]
    draw: Callable[[Any, Any, Any], Any]
    methods: tuple[str, ...] = ("grad_cam",)
    maps: Callable[[torch.Tensor], torch.Tensor] = lambda A: A
    names: tuple[str, ...] | None = None
    steps: int = 150

    def trained(self, steps: int | None = None) -> torch.nn.Module:
        """The network after a few steps of Adam, in eval mode, float32."""
        torch.manual_seed(0)
        model, rng = self.model(), np.random.default_rng(0)
        optimiser = torch.optim.Adam(model.parameters(), 6e-3)
        for _ in range(self.steps if steps is None else steps):
            *x, truth = (torch.as_tensor(v) for v in self.batch(rng, 8))
            optimiser.zero_grad()
            self.loss(model(*x), truth).backward()
            optimiser.step()
        return model.eval()

    def inputs(self) -> list[np.ndarray]:
        """One input, or a pair, that no training saw.  (1, C, ...), float32"""
        *x, _ = self.batch(np.random.default_rng(1234), 1)
        return [np.asarray(v, np.float32) for v in x]


class Beside(torch.nn.Module):
    """A network of several inputs as one of the first: the others stay as they are."""

    def __init__(self, model: torch.nn.Module, others: list[torch.Tensor]) -> None:
        super().__init__()
        self.model, self.others = model, others

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.model(x, *self.others)


def live(
    example: Example,
    model: Any,
    xs: list[np.ndarray],
    dtype: Any,
    methods: Any = None,
    relu: bool = True,
) -> Any:
    """Explained as a live PyTorch model."""
    model = copy.deepcopy(model).double()
    x, *others = (torch.as_tensor(v).double() for v in xs)
    if others:
        model = Beside(model, others)
    net = from_torch(model, x).astype(dtype)
    layer = f"model.{example.layer}" if others else example.layer
    return _explained(example, net, xs[0].astype(dtype), layer, methods, relu)


def from_file(
    example: Example,
    model: Any,
    xs: list[np.ndarray],
    dtype: Any,
    folder: Path,
    methods: Any = None,
    relu: bool = True,
) -> Any:
    """Explained from its ONNX file."""
    path = folder / f"{example.name}.onnx"
    names = ["x", "other"][: len(xs)]
    if not path.exists():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            given = tuple(map(torch.as_tensor, xs))
            torch.onnx.export(
                model,
                given,
                str(path),
                input_names=names,
                dynamo=False,
                training=torch.onnx.TrainingMode.PRESERVE,  # batchnorms stay batchnorms
            )
    given = dict(zip(names[1:], xs[1:]))
    net = describe(load(path), example.title, example.names, given=given).astype(dtype)
    layer = _named(net, example.layer)
    return _explained(example, net, xs[0].astype(dtype), layer, methods, relu)


def by_autograd(
    example: Example, model: Any, xs: list[np.ndarray], dtype: Any
) -> np.ndarray:
    """Grad-CAM by PyTorch alone, before its ReLU: a hook, one gradient.  -> (1, ...)"""
    model = copy.deepcopy(model).to(dtype)
    x, *others = (torch.as_tensor(v).to(dtype) for v in xs)
    calls = []  # of a module that two inputs share, the first one's is weighed

    def keep(module, given, A):  # returns nothing: what a hook returns replaces A
        calls.append(A)

    hook = model.get_submodule(example.layer).register_forward_hook(keep)
    y = model(x, *others)
    hook.remove()
    (g,) = torch.autograd.grad(example.score(y, xs[0]), calls[0])
    A, g = example.maps(calls[0]), example.maps(g)
    alpha = g.mean(tuple(range(2, g.ndim)), keepdim=True)
    return (alpha * A).sum(1).detach().numpy()


def _explained(example, net, x, layer, methods, relu):
    y = np.asarray(net(x))
    target = example.target(x, y)
    return explain(net, x, target, methods or ("grad_cam",), layer=layer, relu=relu)


def _named(net, path):
    """Which node of the file the module at `path` became: the last of its own."""
    *above, own = path.split(".")
    called = ("/".join([*above, path]), "/".join([".".join(above), own]))
    names = [node.name for node in net.nodes]
    return [n for n in names if any(n.startswith(f"/{one}/") for one in called)][-1]
