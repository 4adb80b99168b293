"""Another network: its mode, its pools."""

import torch
from torch.nn import functional as F

from tests.gradcam.verify.museum.mistakes.making import Mistake, built, leaves, pools


def train(model):
    for m in leaves(model, torch.nn.BatchNorm2d):
        m.train()


def ceil(model):
    for m in leaves(model, torch.nn.MaxPool2d):
        m.ceil_mode = not m.ceil_mode


def average_ceil(model):
    for m in leaves(model, torch.nn.AvgPool2d):
        m.ceil_mode = not m.ceil_mode


def count(model):
    for m in leaves(model, torch.nn.AvgPool2d):
        m.count_include_pad = not m.count_include_pad


class ZeroPadded(torch.nn.Module):
    def __init__(self, pool):
        super().__init__()
        self.pool = pool

    def forward(self, x):
        p = self.pool
        return F.max_pool2d(F.pad(x, (p.padding,) * 4), p.kernel_size, p.stride, 0, ceil_mode=p.ceil_mode)


TABLE = [
    Mistake("train mode: batchnorm uses the batch's statistics", built(train), families=("Residual",)),
    Mistake("another ceil mode of the max-pools", built(ceil), families=("Pooled",)),
    Mistake("another ceil mode of the average pools", built(average_ceil), families=("Averaged",)),
    Mistake("padding counted, or not, by the average pools", built(count), families=("Pooled", "Averaged")),
    Mistake("max-pools padded with zeros", built(pools(ZeroPadded)), families=("Pooled",)),
]  # fmt: skip
