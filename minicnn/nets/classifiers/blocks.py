"""What all VGGs are made of."""

from collections.abc import Sequence

from minicnn.layer import Apply, BatchNormLayer, ConvLayer, Layer
from minicnn.ops import MaxPool, ReLU


def blocks(
    convolutions: Sequence[int],
    filters: Sequence[int],
    batchnorm: bool,
    C: int = 3,
    bias: bool | None = None,
) -> list[Layer]:
    """Blocks of 3x3 convolutions, each with a ReLU (batchnorm between them, if asked), and a 2x2 max-pool
    after each block.

    convolutions, filters: how many convolutions, and filters in each, block by block.  bias: whether a
    convolution has one; default: where no batchnorm follows.  -> layers conv1_1, bn1_1, relu1_1, ..., pool1,
    ...
    """
    bias = not batchnorm if bias is None else bias
    steps: list[Layer] = []
    for block, (n, F) in enumerate(zip(convolutions, filters, strict=True), start=1):
        for i in range(1, n + 1):
            steps.append(ConvLayer(f"conv{block}_{i}", C, F, kernel=3, pad=1, bias=bias))
            if batchnorm:
                steps.append(BatchNormLayer(f"bn{block}_{i}", F))
            steps.append(Apply(f"relu{block}_{i}", ReLU))
            C = F
        steps.append(Apply(f"pool{block}", MaxPool, kernel=2, stride=2))
    return steps
