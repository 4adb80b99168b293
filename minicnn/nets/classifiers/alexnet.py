"""AlexNet in one column (Krizhevsky 2014, "One weird trick"), the variant that torchvision publishes: neither
groups nor normalisation.

Lesson 3.
"""

from minicnn.layer import Apply, ConvLayer, DropoutLayer, LinearLayer, Sequential
from minicnn.ops import Flatten, MaxPool, ReLU


def alexnet(classes: int = 1000) -> Sequential:
    """x (N, 3, 224, 224) -> scores (N, classes)"""

    def pool(name):
        return Apply(name, MaxPool, kernel=3, stride=2)

    return Sequential(
        *(ConvLayer("conv1", 3, 64, kernel=11, stride=4, pad=2), Apply("relu1", ReLU), pool("pool1")),
        *(ConvLayer("conv2", 64, 192, kernel=5, pad=2), Apply("relu2", ReLU), pool("pool2")),
        *(ConvLayer("conv3", 192, 384, kernel=3, pad=1), Apply("relu3", ReLU)),
        *(ConvLayer("conv4", 384, 256, kernel=3, pad=1), Apply("relu4", ReLU)),
        *(ConvLayer("conv5", 256, 256, kernel=3, pad=1), Apply("relu5", ReLU), pool("pool5")),
        Apply("flatten", Flatten),
        *(DropoutLayer("drop6"), LinearLayer("fc6", 256 * 6 * 6, 4096), Apply("relu6", ReLU)),
        *(DropoutLayer("drop7"), LinearLayer("fc7", 4096, 4096), Apply("relu7", ReLU)),
        LinearLayer("fc8", 4096, classes),
    )
