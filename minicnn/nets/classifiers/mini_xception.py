"""mini-Xception (Arriaga et al. 2017, fig. 4): separable convolutions, residual modules, and no linear layer
at all."""

from minicnn.layer import Apply, BatchNormLayer, ConvLayer, Layer, Sequential, X
from minicnn.ops import Add, GlobalAvgPool, MaxPool, ReLU


class Module(Layer):
    """y = pool(bn(sep(relu(bn(sep(x)))))) + bn(conv1x1(x)): both ways halve the maps.

    (N, C, size, size) -> (N, F, size/2, size/2)
    """

    branch: Sequential
    shortcut: Sequential

    def __init__(self, name: str, C: int, F: int, size: int) -> None:
        super().__init__(name)
        same = 1 if size % 2 else ((0, 1), (0, 1))  # how Keras's "same" pads a 3x3 window with stride 2
        self.branch = Sequential(
            *(_separable(f"{name}.sep1", C, F), _batchnorm(f"{name}.bn1", F), Apply(f"{name}.relu1", ReLU)),
            *(_separable(f"{name}.sep2", F, F), _batchnorm(f"{name}.bn2", F)),
            Apply(f"{name}.pool", MaxPool, kernel=3, stride=2, pad=same),
        )
        shortcut = ConvLayer(f"{name}.shortcut", C, F, kernel=1, stride=2, bias=False)
        self.shortcut = Sequential(shortcut, _batchnorm(f"{name}.bn3", F))

    def forward(self, x: X) -> X:
        return self.apply(Add(), self.branch(x), self.shortcut(x))


def mini_xception(classes: int = 7) -> Sequential:
    """x (N, 1, 64, 64) -> scores (N, classes)"""
    return Sequential(
        *(ConvLayer("conv1", 1, 8, kernel=3, bias=False), _batchnorm("bn1", 8), Apply("relu1", ReLU)),
        *(ConvLayer("conv2", 8, 8, kernel=3, bias=False), _batchnorm("bn2", 8), Apply("relu2", ReLU)),
        *(Module("module1", 8, 16, size=60), Module("module2", 16, 32, size=30)),
        *(Module("module3", 32, 64, size=15), Module("module4", 64, 128, size=8)),
        *(ConvLayer("conv7", 128, classes, kernel=3, pad=1), Apply("gap", GlobalAvgPool)),
    )


def _separable(name, C, F):
    """A 3x3 convolution within each channel, then a 1x1 across them (Chollet 2017, sec. 1.1)."""
    depthwise = ConvLayer(f"{name}.depthwise", C, C, kernel=3, pad=1, groups=C, bias=False)
    return Sequential(depthwise, ConvLayer(f"{name}.pointwise", C, F, kernel=1, bias=False))


def _batchnorm(name, C):
    return BatchNormLayer(name, C, eps=1e-3)
