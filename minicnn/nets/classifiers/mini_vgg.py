"""A small VGG with global average pooling and one linear layer, so that CAM applies to it (Zhou et al. 2016):
1.18 million parameters.

Lesson 16.
"""

from minicnn.layer import Apply, LinearLayer, Sequential
from minicnn.nets.classifiers.blocks import blocks
from minicnn.ops import GlobalAvgPool


def mini_vgg(batchnorm: bool = False, classes: int = 10) -> Sequential:
    """Four blocks of two 3x3 convolutions with 32, 64, 128 and 256 filters.

    x (N, 3, H, W), H and W at least 16 -> scores (N, classes)

    batchnorm=True is the network in training; `fold` turns its weights into those of the network without.
    """
    head = [Apply("gap", GlobalAvgPool), LinearLayer("fc", 256, classes)]
    return Sequential(*blocks((2, 2, 2, 2), (32, 64, 128, 256), batchnorm), *head)
