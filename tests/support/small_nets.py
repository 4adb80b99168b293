"""Small random networks with names like VGG's, for tests of the explanation methods."""

import numpy as np

from minicnn import Flatten, GlobalAvgPool, MaxPool, ReLU, Tensor
from minicnn.layer import Apply, ConvLayer, LinearLayer, Sequential


def small_vgg(seed=0, classes=5, dtype=np.float64, gap=False):
    """Two blocks on 3 x 12 x 16 pixels; gap: global average pooling and one linear layer instead of two
    linear layers."""
    head = [Apply("gap", GlobalAvgPool), LinearLayer("fc", 8, classes)]
    if not gap:
        head = [
            Apply("flatten", Flatten),
            LinearLayer("fc6", 8 * 3 * 4, 10),
            Apply("relu6", ReLU),
            LinearLayer("fc8", 10, classes),
        ]
    net = Sequential(
        *(ConvLayer("conv1_1", 3, 6, 3, pad=1), Apply("relu1_1", ReLU), Apply("pool1", MaxPool, kernel=2)),
        *(ConvLayer("conv2_1", 6, 8, 3, pad=1), Apply("relu2_1", ReLU), Apply("pool2", MaxPool, kernel=2)),
        *head,
    ).initialise(seed)
    random = np.random.default_rng(seed)
    for name, tensor in net.arrays().items():
        if name.endswith(".b"):
            tensor.data = 0.1 * random.standard_normal(tensor.shape)
    return net.astype(dtype)


def picture(seed=0, N=2, dtype=np.float64):
    """x (N, 3, 12, 16)."""
    return Tensor(np.random.default_rng(seed).standard_normal((N, 3, 12, 16)).astype(dtype), "x")
