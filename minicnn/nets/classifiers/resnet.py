"""Residual networks for ImageNet (He et al. 2016, table 1), with the layer names of torchvision's files:
layer4.1.conv2.

A block's output, after its last ReLU, carries the name of the block: layer4.1.

Lesson 17.
"""

from collections.abc import Callable, Sequence

from minicnn.layer import Apply, BatchNormLayer, ConvLayer, Layer, LinearLayer, Sequential, X
from minicnn.ops import Add, GlobalAvgPool, MaxPool, ReLU


class Residual(Layer):
    """y = relu(F(x) + shortcut(x)), eq. 1 and 2 of the paper.

    F: `branch`, a Sequential; shortcut: a layer, or None for x itself.
    """

    branch: Layer
    shortcut: Layer | None
    relu: Apply

    def __init__(self, name: str, branch: Layer, shortcut: Layer | None = None) -> None:
        super().__init__(name)
        self.branch, self.shortcut = branch, shortcut
        self.relu = Apply(name, ReLU)

    def forward(self, x: X) -> X:
        beside = self.shortcut(x) if self.shortcut else x
        return self.relu(self.apply(Add(), self.branch(x), beside, name=f"{self.name}.add"))


def basic_block(name: str, C: int, F: int, stride: int) -> Residual:
    """Two 3x3 convolutions (fig. 5, left).  C -> F channels."""
    branch = Sequential(
        *(
            ConvLayer(f"{name}.conv1", C, F, kernel=3, stride=stride, pad=1, bias=False),
            BatchNormLayer(f"{name}.bn1", F),
        ),
        Apply(f"{name}.relu1", ReLU),
        *(ConvLayer(f"{name}.conv2", F, F, kernel=3, pad=1, bias=False), BatchNormLayer(f"{name}.bn2", F)),
    )
    return Residual(name, branch, _projection(name, C, F, stride))


def bottleneck(
    name: str, C: int, F: int, stride: int, stride_first: bool = False, bias: bool = False, eps: float = 1e-5
) -> Residual:
    """1x1, 3x3, 1x1 (fig. 5, right).  C -> 4F channels.

    stride_first: the first 1x1 takes the stride, as in the paper, in Caffe and in Keras; in torchvision the
    3x3 does.
    """
    s1, s2 = (stride, 1) if stride_first else (1, stride)
    branch = Sequential(
        *(
            ConvLayer(f"{name}.conv1", C, F, kernel=1, stride=s1, bias=bias),
            BatchNormLayer(f"{name}.bn1", F, eps),
        ),
        Apply(f"{name}.relu1", ReLU),
        *(
            ConvLayer(f"{name}.conv2", F, F, kernel=3, stride=s2, pad=1, bias=bias),
            BatchNormLayer(f"{name}.bn2", F, eps),
        ),
        Apply(f"{name}.relu2", ReLU),
        *(
            ConvLayer(f"{name}.conv3", F, 4 * F, kernel=1, bias=bias),
            BatchNormLayer(f"{name}.bn3", 4 * F, eps),
        ),
    )
    return Residual(name, branch, _projection(name, C, 4 * F, stride, bias, eps))


def _projection(name, C, F, stride, bias=False, eps=1e-5):
    """Shortcut B: a 1x1 convolution where the shape changes, nothing elsewhere."""
    if C == F and stride == 1:
        return None
    conv = ConvLayer(f"{name}.downsample.0", C, F, kernel=1, stride=stride, bias=bias)
    return Sequential(conv, BatchNormLayer(f"{name}.downsample.1", F, eps))


def resnet(
    block: Callable[..., Layer],
    depths: Sequence[int],
    expansion: int,
    classes: int = 1000,
    bias: bool = False,
    eps: float = 1e-5,
    rounded_up: bool = False,
) -> Sequential:
    """Four stages of `depths` blocks with 64, 128, 256 and 512 (times expansion) channels.

    x (N, 3, 224, 224) -> scores (N, classes)

    bias: conv1 has one.  rounded_up: the pooling has no padding, and a last window that hangs over, as in
    Caffe.
    """
    steps, C = [], 64
    for stage, (depth, F) in enumerate(zip(depths, (64, 128, 256, 512)), start=1):
        for i in range(depth):
            steps.append(block(f"layer{stage}.{i}", C, F, stride=2 if stage > 1 and i == 0 else 1))
            C = expansion * F
    return Sequential(
        *(
            ConvLayer("conv1", 3, 64, kernel=7, stride=2, pad=3, bias=bias),
            BatchNormLayer("bn1", 64, eps),
            Apply("relu", ReLU),
        ),
        Apply("maxpool", MaxPool, kernel=3, stride=2, pad=0 if rounded_up else 1, ceil=rounded_up),
        *steps,
        *(Apply("avgpool", GlobalAvgPool), LinearLayer("fc", C, classes)),
    )


def resnet18(classes: int = 1000) -> Sequential:
    """18 layers."""
    return resnet(basic_block, (2, 2, 2, 2), 1, classes)


def resnet34(classes: int = 1000) -> Sequential:
    """34 layers."""
    return resnet(basic_block, (3, 4, 6, 3), 1, classes)


def resnet50(classes: int = 1000) -> Sequential:
    """50 layers, as torchvision publishes it (the stride is on the 3x3 convolutions)."""
    return resnet(bottleneck, (3, 4, 6, 3), 4, classes)


def resnet50_keras(classes: int = 1000) -> Sequential:
    """50 layers, as Keras publishes it: the stride is on the first 1x1, convolutions have a bias, eps is
    1.001e-5."""

    def block(name, C, F, stride):
        return bottleneck(name, C, F, stride, stride_first=True, bias=True, eps=1.001e-5)

    return resnet(block, (3, 4, 6, 3), 4, classes, bias=True, eps=1.001e-5)


def resnet50_caffe(classes: int = 1000) -> Sequential:
    """50 layers, as its authors published it: the stride is on the first 1x1, conv1 has a bias, the pooling
    is rounded up."""

    def block(name, C, F, stride):
        return bottleneck(name, C, F, stride, stride_first=True)

    return resnet(block, (3, 4, 6, 3), 4, classes, bias=True, rounded_up=True)
