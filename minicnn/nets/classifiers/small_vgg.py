"""Small networks in the manner of VGG, as two courses publish them: 3x3 convolutions between 2x2 poolings."""

from minicnn.layer import Apply, ConvLayer, DropoutLayer, Layer, LinearLayer, Sequential, X
from minicnn.ops import Flatten, MaxPool, Mul, ReLU


class Scale(Layer):
    """y = factor * x"""

    def __init__(self, name: str, factor: float) -> None:
        super().__init__(name)
        self.factor = factor

    def forward(self, x: X) -> X:
        return self.apply(Mul(), x, self.factor)


def udacity_cifar(classes: int = 10) -> Sequential:
    """Udacity's deep-learning course, CIFAR-10.  x (N, 3, 32, 32) -> scores (N, classes)"""
    return Sequential(
        *(ConvLayer("conv1", 3, 16, kernel=3, pad=1), Apply("relu1", ReLU), _pool("pool1")),
        *(ConvLayer("conv2", 16, 32, kernel=3, pad=1), Apply("relu2", ReLU), _pool("pool2")),
        *(ConvLayer("conv3", 32, 64, kernel=3, pad=1), Apply("relu3", ReLU), _pool("pool3")),
        *(
            Apply("flatten", Flatten),
            DropoutLayer("drop3", 0.25),
            LinearLayer("fc1", 1024, 500),
            Apply("relu4", ReLU),
        ),
        *(DropoutLayer("drop4", 0.25), LinearLayer("fc2", 500, classes)),
    )


def deep_convnet(classes: int = 10) -> Sequential:
    """The book "Deep learning from scratch", ch. 8, MNIST: the fourth convolution has padding 2, and outputs
    are halved where dropout halves them in training.  x (N, 1, 28, 28) -> scores (N, classes)"""
    return Sequential(
        *_convolution(1, 1, 16), *_convolution(2, 16, 16), _pool("pool1"),
        *_convolution(3, 16, 32), *_convolution(4, 32, 32, pad=2), _pool("pool2"),
        *_convolution(5, 32, 64), *_convolution(6, 64, 64), _pool("pool3"),
        *(Apply("flatten", Flatten), LinearLayer("fc7", 1024, 50), Apply("relu7", ReLU), Scale("half7", 0.5)),
        *(LinearLayer("fc8", 50, classes), Scale("half8", 0.5)),
    )  # fmt: skip


def _convolution(i, C, F, pad=1):
    return ConvLayer(f"conv{i}", C, F, kernel=3, pad=pad), Apply(f"relu{i}", ReLU)


def _pool(name):
    return Apply(name, MaxPool, kernel=2, stride=2)
