"""Where a framework's own gradient is wrong, and a transparent reference says so.

python -m tests.weights.graphs.framework_gradients writes tests/results/framework_gradients.md
"""

from __future__ import annotations

import pathlib

import numpy as np
import torch
from torch import nn

from tests.gradcam.verify.museum.framework import framework
from weights.graphs.torch import from_torch
from weights.graphs.torch.gradients import difference, gradient
from weights.graphs.torch.network import TracedNetwork
from weights.graphs.torch.record import record

PAGE = pathlib.Path(__file__).parents[2] / "results" / "framework_gradients.md"
SHAPES = ((1, 4, 3, 3), (2, 4, 3, 3), (1, 8, 14, 14), (1, 32, 7, 7))


class Tokens(nn.Module):
    """Batchnorm, and pixels as tokens: flatten, transpose, as transformers have it."""

    def __init__(self, channels: int):
        super().__init__()
        self.bn = nn.BatchNorm2d(channels)
        random = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for p, low, high in ((self.bn.weight, 0.5, 2), (self.bn.running_var, 0.3, 3)):
                p.uniform_(low, high, generator=random)
            self.bn.running_mean.normal_(generator=random)

    def forward(self, x):
        return self.bn(x).flatten(2).transpose(1, 2).flatten(1)


def case(shape: tuple[int, ...], dtype: torch.dtype) -> dict[str, float]:
    """How far each gradient is from central differences along one direction, and PyTorch's from ours."""
    random = np.random.default_rng(0)
    x, h = random.standard_normal(shape), random.standard_normal(shape)
    w = random.standard_normal((shape[0], int(np.prod(shape[1:]))))
    model = Tokens(shape[1]).double().eval()
    total = lambda e: float((model(torch.from_numpy(x + e * h)).detach().numpy() * w).sum())  # noqa: E731
    slope = (total(1e-6) - total(-1e-6)) / 2e-6
    ours = gradient(TracedNetwork(record(model, x)), w)
    found = {"reference": _off(ours, h, slope)}
    N, C = shape[:2]
    as_tokens = lambda model, x: (model(x), w)  # noqa: E731
    as_maps = lambda model, x: (model.bn(x), w.reshape(N, -1, C).swapaxes(1, 2).reshape(shape).copy())  # noqa: E731
    for name, score in (("flatten, transpose", as_tokens), ("contiguous", as_maps)):
        theirs = _autograd(Tokens(C).to(dtype).eval(), x, score, dtype)
        found[name] = _off(theirs, h, slope)
        found[f"{name}, from the reference"] = difference(theirs, ours)
    return found


def _off(g, h, slope):
    return abs(float((g * h).sum()) - slope) / abs(slope)


def _autograd(model, x, score, dtype):
    leaf = torch.from_numpy(x).to(dtype).requires_grad_()
    y, w = score(model, leaf)
    return torch.autograd.grad((y * torch.from_numpy(w).to(dtype)).sum(), leaf)[0].double().numpy()


HEAD = """# Where the framework's gradient is wrong

`python -m tests.weights.graphs.framework_gradients`, PyTorch {version}, CPU.

`nn.BatchNorm2d` in eval mode, then `flatten(2).transpose(1, 2)`: the pixels as tokens, and a weighted sum
of them.  The same sum is written twice for PyTorch: *as tokens*, and *as maps*, straight from the batchnorm,
with the weights in the order of its maps.  Central differences of the sum are the judge, along one direction.
With one picture, PyTorch's gradient as tokens is wrong, in silence; with two it is right.

| input | type | as tokens, off ours | as tokens, off judge | as maps, off judge | ours, off judge |
|---|---|---|---|---|---|
"""
TAIL = """
What `from_torch` says of it, for every map of such a model:

> {says}

Such maps are a room of the museum of `gradcam verify` (`--framework`): {named} of
{asked} are answered so, and no cause is named.

No hook and no test of scores shows this: the forward pass is right, and the map looks like a map.  It shows
where a second implementation stands beside the first, and a third judge, that knows neither, beside both.
"""


def main() -> None:
    torch.set_num_threads(1)
    lines = [HEAD.format(version=torch.__version__.split("+")[0])]
    for shape in SHAPES:
        for dtype in (torch.float64, torch.float32):
            found = case(shape, dtype)
            numbers = (
                found["flatten, transpose, from the reference"], found["flatten, transpose"],
                found["contiguous"], found["reference"],
            )  # fmt: skip
            size = " x ".join(map(str, shape))
            lines.append(f"| {size} | {str(dtype)[6:]} | {' | '.join(f'{n:.2g}' for n in numbers)} |\n")
    x = torch.from_numpy(np.random.default_rng(0).standard_normal(SHAPES[2]))
    says = from_torch(Tokens(SHAPES[2][1]).double().eval(), x).check.says
    outcomes = [outcome.named for seed in range(4) for outcome in framework(seed)]
    tail = TAIL.format(says=says, named=sum(outcomes), asked=len(outcomes))
    PAGE.write_text("".join(lines) + tail, "utf-8")
    print(PAGE.read_text("utf-8"))


if __name__ == "__main__":
    main()
