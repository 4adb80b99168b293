"""VGG (Simonyan & Zisserman 2015, table 1), with the layer names of the published Caffe files: conv5_3,
relu5_3, pool5, fc8.

Lesson 16.
"""

from minicnn.layer import Apply, DropoutLayer, LinearLayer, Sequential
from minicnn.nets.classifiers.blocks import blocks
from minicnn.ops import Flatten, GlobalAvgPool, ReLU

#                    convolutions per block; the blocks have 64, 128, 256, 512 and 512 filters
CONFIGURATIONS = {"A": (1, 1, 2, 2, 2), "B": (2, 2, 2, 2, 2), "D": (2, 2, 3, 3, 3), "E": (2, 2, 4, 4, 4)}


def vgg(configuration: str, batchnorm: bool = False, classes: int = 1000) -> Sequential:
    """Five blocks of 3x3 convolutions, each followed by a 2x2 max-pool, then three linear layers.

    x (N, 3, 224, 224) -> (N, classes)
    """
    head = [
        Apply("flatten", Flatten),
        *(LinearLayer("fc6", 512 * 7 * 7, 4096), Apply("relu6", ReLU), DropoutLayer("drop6")),
        *(LinearLayer("fc7", 4096, 4096), Apply("relu7", ReLU), DropoutLayer("drop7")),
        LinearLayer("fc8", 4096, classes),
    ]
    return Sequential(*_convolutions(configuration, batchnorm), *head)


def _convolutions(configuration, batchnorm=False):
    """Everything up to pool5."""
    return blocks(CONFIGURATIONS[configuration], (64, 128, 256, 512, 512), batchnorm, bias=True)


def vgg11(batchnorm: bool = False, classes: int = 1000) -> Sequential:
    """Configuration A: 8 convolutions."""
    return vgg("A", batchnorm, classes)


def vgg13(batchnorm: bool = False, classes: int = 1000) -> Sequential:
    """Configuration B: 10 convolutions."""
    return vgg("B", batchnorm, classes)


def vgg16(batchnorm: bool = False, classes: int = 1000) -> Sequential:
    """Configuration D: 13 convolutions, 138,357,544 parameters."""
    return vgg("D", batchnorm, classes)


def vgg19(batchnorm: bool = False, classes: int = 1000) -> Sequential:
    """Configuration E: 16 convolutions."""
    return vgg("E", batchnorm, classes)


def vgg16_convolutions() -> Sequential:
    """Configuration D up to pool5, as files without fc6 to fc8 hold it ("notop").

    x (N, 3, H, W) -> feature maps (N, 512, H/32, W/32)
    """
    return Sequential(*_convolutions("D"))


def vgg16_gap(classes: int = 10) -> Sequential:
    """The convolutions of configuration D up to relu5_3, their average, one linear layer, so that CAM applies
    to them: Zhou et al. 2016's VGG16-GAP, without the convolution that they add.

    x (N, 3, H, W) -> scores (N, classes)
    """
    head = [Apply("gap", GlobalAvgPool), LinearLayer("fc", 512, classes)]
    return Sequential(*_convolutions("D")[:-1], *head)
