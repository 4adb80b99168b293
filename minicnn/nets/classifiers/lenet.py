"""LeNet's descendants (LeCun et al. 1998, fig. 2), as three courses and examples publish them."""

from minicnn.layer import Apply, ConvLayer, DropoutLayer, LinearLayer, Sequential
from minicnn.ops import Flatten, MaxPool, ReLU


def lenet(classes: int = 10) -> Sequential:
    """Caffe's MNIST example: no ReLU after the convolutions.  x (N, 1, 28, 28) -> scores (N, classes)"""
    return Sequential(
        *(ConvLayer("conv1", 1, 20, kernel=5), _pool("pool1")),
        *(ConvLayer("conv2", 20, 50, kernel=5), _pool("pool2")),
        *(
            Apply("flatten", Flatten),
            LinearLayer("ip1", 800, 500),
            Apply("relu1", ReLU),
            LinearLayer("ip2", 500, classes),
        ),
    )


def captum_cifar(classes: int = 10) -> Sequential:
    """PyTorch's CIFAR-10 tutorial, and Captum's example.  x (N, 3, 32, 32) -> scores (N, classes)"""
    return Sequential(
        *(ConvLayer("conv1", 3, 6, kernel=5), Apply("relu1", ReLU), _pool("pool1")),
        *(
            ConvLayer("conv2", 6, 16, kernel=5),
            Apply("relu2", ReLU),
            _pool("pool2"),
            Apply("flatten", Flatten),
        ),
        *(
            LinearLayer("fc1", 400, 120),
            Apply("relu3", ReLU),
            LinearLayer("fc2", 120, 84),
            Apply("relu4", ReLU),
        ),
        LinearLayer("fc3", 84, classes),
    )


def keras1_conv(C: int, size: int, classes: int = 10) -> Sequential:
    """Two 3x3 convolutions, one pooling, two linear layers.  x (N, C, size, size) -> scores (N, classes)"""
    return Sequential(
        *(ConvLayer("conv1", C, 8, kernel=3, pad=1), Apply("relu1", ReLU)),
        *(
            ConvLayer("conv2", 8, 8, kernel=3, pad=1),
            Apply("relu2", ReLU),
            _pool("pool2"),
            Apply("flatten", Flatten),
        ),
        *(
            LinearLayer("fc3", 8 * (size // 2) ** 2, 28),
            Apply("relu3", ReLU),
            DropoutLayer("drop3"),
            LinearLayer("fc4", 28, classes),
        ),
    )


def keras1_mnist(classes: int = 10) -> Sequential:
    """For MNIST.  x (N, 1, 28, 28)"""
    return keras1_conv(1, 28, classes)


def keras1_cifar10(classes: int = 10) -> Sequential:
    """For CIFAR-10.  x (N, 3, 32, 32)"""
    return keras1_conv(3, 32, classes)


def _pool(name):
    return Apply(name, MaxPool, kernel=2, stride=2)
