"""SqueezeNet, CIFAR's ResNet and mini_vgg as PyTorch modules, for the libraries that hook modules: each ReLU,
pool and sum is a module."""

import torch
from torch import nn


class Sum(nn.Module):
    """Along the last axis."""

    def forward(self, x):
        return x.sum(-1)


class Fire(nn.Module):
    def __init__(self, C, squeeze, expand):
        super().__init__()
        self.squeeze1x1, self.relu_squeeze1x1 = nn.Conv2d(C, squeeze, 1), nn.ReLU()
        self.expand1x1, self.relu_expand1x1 = nn.Conv2d(squeeze, expand, 1), nn.ReLU()
        self.expand3x3, self.relu_expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1), nn.ReLU()

    def forward(self, x):
        s = self.relu_squeeze1x1(self.squeeze1x1(x))
        return torch.cat([self.relu_expand1x1(self.expand1x1(s)), self.relu_expand3x3(self.expand3x3(s))], 1)


def squeezenet(published):
    """published: {'conv1.weight': array, ...}, Caffe's version 1.0"""
    net = nn.Sequential()
    net.add_module("conv1", nn.Conv2d(3, 96, 7, stride=2))
    net.add_module("relu_conv1", nn.ReLU())
    net.add_module("pool1", nn.MaxPool2d(3, 2, ceil_mode=True))
    C = 96
    for i, (squeeze, expand) in enumerate(
        [(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)], start=2
    ):
        net.add_module(f"fire{i}", Fire(C, squeeze, expand))
        C = 2 * expand
        if i in (4, 8):
            net.add_module(f"pool{i}", nn.MaxPool2d(3, 2, ceil_mode=True))
    net.add_module("conv10", nn.Conv2d(512, 1000, 1, padding=1))
    net.add_module("relu_conv10", nn.ReLU())
    net.add_module("pool10", nn.AdaptiveAvgPool2d(1))
    net.add_module("flatten", nn.Flatten())
    return _filled(net, published)


class Shortcut(nn.Module):
    """Every second pixel, and as many channels of zeros on each side as are missing."""

    def forward(self, x):
        half = x.shape[1] // 2
        return nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, half, half))


class Block(nn.Module):
    def __init__(self, C, F):
        super().__init__()
        self.conv1, self.bn1 = (
            nn.Conv2d(C, F, 3, stride=1 if C == F else 2, padding=1, bias=False),
            nn.BatchNorm2d(F),
        )
        self.conv2, self.bn2 = nn.Conv2d(F, F, 3, padding=1, bias=False), nn.BatchNorm2d(F)
        self.relu1, self.relu2, self.add = nn.ReLU(), nn.ReLU(), Sum()
        self.shortcut = nn.Identity() if C == F else Shortcut()

    def forward(self, x):
        z = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        return self.relu2(self.add(torch.stack([z, self.shortcut(x)], -1)))


def cifar_resnet(n, published):
    """published: the state dict of Idelbayev's files, 6n + 2 layers"""
    net, C = nn.Sequential(), 16
    net.add_module("conv1", nn.Conv2d(3, 16, 3, padding=1, bias=False))
    net.add_module("bn1", nn.BatchNorm2d(16))
    net.add_module("relu", nn.ReLU())
    for stage, F in enumerate((16, 32, 64), start=1):
        blocks = []
        for _ in range(n):
            blocks.append(Block(C, F))
            C = F
        net.add_module(f"layer{stage}", nn.Sequential(*blocks))
    net.add_module("pool", nn.AdaptiveAvgPool2d(1))
    net.add_module("flatten", nn.Flatten())
    net.add_module("linear", nn.Linear(64, 10))
    return _filled(net, {name.removeprefix("module."): value for name, value in published.items()})


def mini_vgg(arrays):
    """arrays: {'conv1_1.W': array, ...}, without batchnorm"""
    net, C = nn.Sequential(), 3
    for block, F in enumerate((32, 64, 128, 256), start=1):
        for i in (1, 2):
            net.add_module(f"conv{block}_{i}", nn.Conv2d(C, F, 3, padding=1))
            net.add_module(f"relu{block}_{i}", nn.ReLU())
            C = F
        net.add_module(f"pool{block}", nn.MaxPool2d(2))
    net.add_module("gap", nn.AdaptiveAvgPool2d(1))
    net.add_module("flatten", nn.Flatten())
    net.add_module("fc", nn.Linear(256, 10))
    roles = {"W": "weight", "b": "bias"}
    return _filled(net, {f"{name[:-2]}.{roles[name[-1]]}": a for name, a in arrays.items()})


def _filled(net, arrays):
    net.load_state_dict({name: torch.as_tensor(a) for name, a in arrays.items()})
    return net.double().eval().requires_grad_(False)
