"""A room of its own: the map is what PyTorch gives, made without a mistake, and PyTorch's gradient is wrong.

Version 2.13 on the CPU, one picture: batchnorm in eval mode, in front of pixels that become tokens.  What
comes from there is nobody's mistake, and the verifier has to say whose it is.
"""

import numpy as np
import torch
from torch import nn

from gradcam.verify import torch as verify
from tests.gradcam.verify.museum.right import Case, right
from tests.gradcam.verify.museum.run import Outcome, shows

TRUTH = "PyTorch's own gradient is wrong"
CLASSES = 5


class Located(Outcome):
    """Named where the verdict says whose gradient it is, and no cause of the user's."""

    @property
    def named(self):
        return self.verdict.kind == "located" and TRUTH in self.verdict.located and not self.verdict.causes

    def outcome(self):
        """It is judged already."""
        return self


class Tokens(nn.Module):
    """Convolution, ReLU, batchnorm; then one linear layer over every pixel, as transformers have it."""

    def __init__(self, channels, narrow):
        super().__init__()
        self.conv, self.relu = nn.Conv2d(3, channels, 3), nn.ReLU()
        self.norm, self.narrow = nn.BatchNorm2d(channels), nn.Linear(channels, 4) if narrow else nn.Identity()
        self.head = nn.LazyLinear(CLASSES)

    def forward(self, x):
        tokens = self.norm(self.relu(self.conv(x))).flatten(2).transpose(1, 2)
        return self.head(self.narrow(tokens).flatten(1))


class Rows(Tokens):
    """The same without a convolution in front: the picture itself is normalised."""

    def forward(self, x):
        return self.head(self.norm(self.conv(x)).flatten(2).transpose(-1, -2).flatten(1))


def drawn(kind, random, narrow=False):
    """(a model with random weights and statistics, in float64 and eval mode; one picture)"""
    model = kind(random.choice((4, 6, 8)), narrow).double().eval()
    x = torch.from_numpy(random.standard_normal((1, 3, *random.integers(6, 10, 2))))
    model(x)  # the lazy layer takes its size
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.from_numpy(random.standard_normal(p.shape) / max(p[0].numel(), 4) ** 0.5))
        model.norm.weight.copy_(torch.from_numpy(random.uniform(0.5, 2, model.norm.weight.shape)))
        model.norm.running_var.copy_(torch.from_numpy(random.uniform(0.3, 3, model.norm.weight.shape)))
        model.norm.running_mean.copy_(torch.from_numpy(random.standard_normal(model.norm.weight.shape)))
    return model, x


def in_order(module, inputs, y):
    """A hook after the batchnorm: the signal arrives with its numbers in the usual order of memory, and there
    PyTorch's gradient is right."""
    y.register_hook(lambda g: g.contiguous())


ROWS = [
    (Tokens, "gradient"),
    (Rows, "gradient"),
    (Tokens, "saliency"),
    (Tokens, "guided_backprop"),
    (Rows, "saliency"),
]


def framework(seed):
    """Yield one Outcome for every network and method whose map PyTorch gets wrong; none, if it does not."""
    for n, (kind, method) in enumerate(ROWS):
        random = np.random.default_rng([seed, n])
        model, x = drawn(kind, random, narrow=bool(n % 2))
        found = Case(model, x, int(random.integers(CLASSES)), "conv", method)
        theirs = right(found)
        handle = model.norm.register_forward_hook(in_order)
        truth = right(found)
        handle.remove()
        if shows(theirs, truth):
            verdict = verify(model, x, found.c, method, result=theirs.detach().numpy(), pairs=False)
            yield Located(TRUTH, f"{kind.__name__}, {method}", verdict)
