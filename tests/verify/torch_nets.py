"""Small PyTorch networks, one for each property that separates right from wrong.  All take (N, 3, 16, 12): not square."""

import torch
from torch import nn
from torch.nn import functional as F

SIZE = (16, 12)
CLASSES = 5


class VGG(nn.Module):
    """Convolutions, ReLU modules, max-pools, a classifier with a ReLU of its own; layer: the last ReLU of the feature maps."""

    layer, inplace = "features.6", False

    def __init__(self, c=6):
        super().__init__()
        relu = lambda: nn.ReLU(inplace=self.inplace)  # noqa: E731
        self.features = nn.Sequential(
            nn.Conv2d(3, c, 3, padding=1), relu(), nn.MaxPool2d(2), nn.Conv2d(c, c, 3, padding=1), relu(),
            nn.Conv2d(c, c, 3, padding=1), relu(),
        )  # fmt: skip
        self.classifier = nn.Sequential(nn.Linear(c * 8 * 6, 12), relu(), nn.Dropout(), nn.Linear(12, CLASSES))

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


class Dense(nn.Module):
    """Concatenation, as in DenseNet; batchnorm in front of the ReLU."""

    layer = "c"

    def __init__(self, c=4):
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, c, 3, padding=1), nn.Conv2d(c, c, 3, padding=1), nn.Conv2d(2 * c, c, 3, padding=1)
        self.bn, self.relu, self.pool, self.head = nn.BatchNorm2d(2 * c), nn.ReLU(), nn.MaxPool2d(2), nn.Linear(c * 8 * 6, CLASSES)

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


FAMILIES = {f.__name__: f for f in (VGG, InPlace, Residual, Functional, Shared, Tied, Pooled)}
DOZEN = {**FAMILIES, **{f.__name__: f for f in (Dense, Reused, Clamped, ReLU6, SiLU)}}
EVERY = {**DOZEN, "Faint": Faint}


def draw(family, seed):
    """-> (network in evaluation mode, input (1, 3, 16, 12)), float64, weights and input drawn from the seed."""
    net = EVERY[family]().double().eval()
    g = torch.Generator().manual_seed(seed)
    normal = lambda *shape: torch.randn(*shape, generator=g, dtype=torch.float64)  # noqa: E731
    with torch.no_grad():
        for name, p in net.named_parameters():
            p.copy_(normal(*p.shape) * ((2 / p[0].numel()) ** 0.5 if p.ndim > 1 else 0.1))
            if ".bn" in f".{name}" and name.endswith("weight"):
                p.copy_(1 + 0.2 * normal(*p.shape))
        for name, b in net.named_buffers():
            if b.ndim:
                b.copy_(0.2 * normal(*b.shape) if "mean" in name else 0.5 + normal(*b.shape) ** 2)
        if family == "Tied":
            for p in net.parameters():
                p.copy_((4 * p).round() / 4)
        if family == "Faint":
            net.classifier[-1].weight *= 1e-6
    x = normal(1, 3, *SIZE)
    if family == "Tied":
        x = (2 * x).round() / 2
        x[..., 4:, :] = 0.5
    return net, x
