"""Small PyTorch networks, one for each property that separates right from wrong, on (N, 3, 16, 12)."""

import torch
from torch import nn
from torch.nn import functional as F

CLASSES = 5


class VGG(nn.Module):
    """Convolutions, ReLU modules, max-pools, a classifier with its own ReLU; layer: the maps' last ReLU."""

    layer, inplace = "features.6", False

    def __init__(self, c=6):
        super().__init__()
        relu = lambda: nn.ReLU(inplace=self.inplace)  # noqa: E731
        self.features = nn.Sequential(
            nn.Conv2d(3, c, 3, padding=1), relu(), nn.MaxPool2d(2), nn.Conv2d(c, c, 3, padding=1), relu(),
            nn.Conv2d(c, c, 3, padding=1), relu(),
        )  # fmt: skip
        self.classifier = nn.Sequential(
            nn.Linear(c * 8 * 6, 12), relu(), nn.Dropout(), nn.Linear(12, CLASSES)
        )

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


class InPlace(VGG):
    """The same with in-place ReLUs, as torchvision builds it; layer: the last convolution."""

    layer, inplace = "features.5", True


class Residual(nn.Module):
    """Batchnorm, two blocks with an add, one ReLU module used several times, global average pooling."""

    layer = "two"

    def __init__(self, c=6):
        super().__init__()
        self.stem, self.bn = nn.Conv2d(3, c, 3, padding=1, bias=False), nn.BatchNorm2d(c)
        self.relu, self.pool = nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        self.one, self.two = Block(c), Block(c)
        self.head = nn.Linear(c, CLASSES)

    def forward(self, x):
        x = self.pool(self.relu(self.bn(self.stem(x))))
        return self.head(self.two(self.one(x)).mean((-2, -1)))


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Conv2d(c, c, 3, padding=1), nn.Conv2d(c, c, 3, padding=1)
        self.bn, self.relu = nn.BatchNorm2d(c), nn.ReLU()

    def forward(self, x):
        return self.relu(x + self.bn(self.b(self.relu(self.a(x)))))


class Functional(nn.Module):
    """ReLUs that are no modules: F.relu, torch.relu, clamp; one module among them."""

    layer = "c"

    def __init__(self, c=6):
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(n, c, 3, padding=1) for n in (3, c, c))
        self.relu, self.head = nn.ReLU(), nn.Linear(c * 4, CLASSES)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.a(x)), 2)
        x = self.relu(self.b(x))
        x = torch.relu(self.c(x)).clamp(min=0)
        return self.head(torch.flatten(F.adaptive_avg_pool2d(x, 2), 1))


class Shared(nn.Module):
    """A tensor in front of a ReLU also feeds a skip (pre-activation), so a hook on it catches both."""

    layer = "c"

    def __init__(self, c=6):
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(n, c, 3, padding=1) for n in (3, c, c))
        self.relu_a, self.relu_b, self.relu_c = nn.ReLU(), nn.ReLU(), nn.ReLU()
        self.pool, self.head = nn.MaxPool2d(2), nn.Linear(c * 8 * 6, CLASSES)

    def forward(self, x):
        z = self.pool(self.a(x))
        z = z + self.b(self.relu_a(z))
        z = z + self.c(self.relu_b(z))
        return self.head(torch.flatten(self.relu_c(z), 1))


class Tied(VGG):
    """Weights n/4 and flat pictures: whole windows hold one value."""

    layer = "features.6"


class Pooled(nn.Module):
    """Pools with padding and ceil mode, average and maximum, overlapping."""

    layer = "c"

    def __init__(self, c=6):
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(n, c, 3, padding=1) for n in (3, c, c))
        self.max = nn.MaxPool2d(3, 2, 1, ceil_mode=True)
        self.avg = nn.AvgPool2d(3, 2, 1, count_include_pad=False)
        self.relu, self.out, self.head = nn.ReLU(), nn.AdaptiveAvgPool2d((2, 3)), nn.Linear(c * 6, CLASSES)

    def forward(self, x):
        x = self.max(self.a(x))
        x = self.avg(self.relu(self.b(self.relu(x))))
        return self.head(torch.flatten(self.out(self.relu(self.c(x))), 1))
