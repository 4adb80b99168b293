"""More of them: networks that fewer people have, or that one mistake needs."""

import torch
from torch import nn

from tests.weights.graphs.torch_nets.usual import CLASSES, VGG


class Dense(nn.Module):
    """Concatenation, as in DenseNet; batchnorm in front of the ReLU."""

    layer = "c"

    def __init__(self, c=4):
        super().__init__()
        self.a, self.b, self.c = (
            nn.Conv2d(3, c, 3, padding=1),
            nn.Conv2d(c, c, 3, padding=1),
            nn.Conv2d(2 * c, c, 3, padding=1),
        )
        self.bn, self.relu, self.pool, self.head = (
            nn.BatchNorm2d(2 * c),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Linear(c * 8 * 6, CLASSES),
        )

    def forward(self, x):
        x = self.pool(self.relu(self.a(x)))
        x = self.c(self.relu(self.bn(torch.cat([x, self.b(x)], 1))))
        return self.head(torch.flatten(self.relu(x), 1))


class Reused(nn.Module):
    """One in-place ReLU and one pool for every layer."""

    layer = "c"

    def __init__(self, c=6):
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(n, c, 3, padding=1) for n in (3, c, c))
        self.relu, self.pool, self.head = nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Linear(c * 12, CLASSES)

    def forward(self, x):
        x = self.pool(self.relu(self.a(x)))
        x = self.pool(self.relu(self.b(x)))
        return self.head(torch.flatten(self.relu(self.c(x)), 1))


class Clamped(VGG):
    """ReLUs written as clamp(min=0)."""

    layer = "features.5"

    def forward(self, x):
        f, c = self.features, self.classifier
        x = f[2](f[0](x).clamp(min=0))
        x = f[5](f[3](x).clamp(min=0)).clamp(min=0)
        return c[3](c[0](torch.flatten(x, 1)).clamp(min=0))


class ReLU6(VGG):
    """Another activation: the rules of guided backprop and deconvnet are not defined for it."""

    activation = nn.ReLU6

    def __init__(self, c=6):
        super().__init__(c)
        for part in (self.features, self.classifier):
            for n, m in enumerate(part):
                if isinstance(m, nn.ReLU):
                    part[n] = self.activation()


class SiLU(ReLU6):
    """EfficientNet's activation: no rule for it either."""

    activation = nn.SiLU


class Faint(VGG):
    """A classifier with tiny weights: gradients that float16 cannot hold."""


class Confident(VGG):
    """One class has nearly all of the probability."""


class Saturated(VGG):
    """One class has all of it, to within float32."""


class Averaged(nn.Module):
    """Average pools, one in ceil mode with a window that hangs over, one with padding."""

    layer = "c"

    def __init__(self, c=6):
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(n, c, 3, padding=1) for n in (3, c, c))
        self.first, self.second = nn.AvgPool2d(3, 2, ceil_mode=True), nn.AvgPool2d(3, 1, 1)
        self.relu, self.out, self.head = nn.ReLU(), nn.AdaptiveAvgPool2d((3, 2)), nn.Linear(c * 6, CLASSES)

    def forward(self, x):
        x = self.first(self.relu(self.a(x)))
        x = self.second(self.relu(self.b(x)))
        return self.head(torch.flatten(self.out(self.relu(self.c(x))), 1))
