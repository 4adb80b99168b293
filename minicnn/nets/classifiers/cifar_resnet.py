"""Residual networks for CIFAR-10 (He et al. 2016, sec. 4.2), with shortcut A and the layer names of
Idelbayev's published files."""

from minicnn.layer import Apply, BatchNormLayer, ConvLayer, Layer, LinearLayer, Sequential, X
from minicnn.nets.classifiers.resnet import Residual
from minicnn.ops import GlobalAvgPool, Pad, ReLU, Slice


class ShortcutA(Layer):
    """Every second pixel of x, and zeros for the new channels, half of them on each side.

    (N, C, H, W) -> (N, 2C, H/2, W/2)
    """

    def forward(self, x: X) -> X:
        half = x.shape[1] // 2
        every_second = self.apply(
            Slice(slice(None), slice(None), slice(None, None, 2), slice(None, None, 2)), x
        )
        return self.apply(Pad((half, half), (0, 0), (0, 0)), every_second)


def block(name: str, C: int, F: int) -> Residual:
    """Two 3x3 convolutions; the first has stride 2 where the number of channels grows."""
    branch = Sequential(
        ConvLayer(f"{name}.conv1", C, F, kernel=3, stride=1 if C == F else 2, pad=1, bias=False),
        *(BatchNormLayer(f"{name}.bn1", F), Apply(f"{name}.relu1", ReLU)),
        *(ConvLayer(f"{name}.conv2", F, F, kernel=3, pad=1, bias=False), BatchNormLayer(f"{name}.bn2", F)),
    )
    return Residual(name, branch, None if C == F else ShortcutA(f"{name}.shortcut"))


def cifar_resnet(n: int, classes: int = 10) -> Sequential:
    """6n + 2 layers: three stages of n blocks with 16, 32 and 64 channels.

    x (N, 3, 32, 32) -> scores (N, classes)
    """
    steps, C = [], 16
    for stage, F in enumerate((16, 32, 64), start=1):
        for i in range(n):
            steps.append(block(f"layer{stage}.{i}", C, F))
            C = F
    return Sequential(
        *(
            ConvLayer("conv1", 3, 16, kernel=3, pad=1, bias=False),
            BatchNormLayer("bn1", 16),
            Apply("relu", ReLU),
        ),
        *steps,
        *(Apply("avgpool", GlobalAvgPool), LinearLayer("linear", 64, classes)),
    )


def resnet20(classes: int = 10) -> Sequential:
    """20 layers."""
    return cifar_resnet(3, classes)


def resnet56(classes: int = 10) -> Sequential:
    """56 layers."""
    return cifar_resnet(9, classes)
