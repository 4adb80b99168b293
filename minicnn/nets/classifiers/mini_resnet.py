"""A small residual network for photos of 96 pixels (He et al. 2016), so that a trained one ships: 0.70
million parameters.

Lesson 17.
"""

from minicnn.layer import Apply, BatchNormLayer, ConvLayer, LinearLayer, Sequential
from minicnn.nets.classifiers.resnet import basic_block
from minicnn.ops import GlobalAvgPool, ReLU

FILTERS = (16, 32, 64, 128)


def mini_resnet(classes: int = 10) -> Sequential:
    """Four stages of two basic blocks with 16, 32, 64 and 128 filters, under the names of ResNet-18.

    x (N, 3, H, W), H and W at least 16 -> scores (N, classes)

    ResNet-18's first layers would leave 3 x 3 places of a picture of 96 pixels at layer4; here a 3x3
    convolution of stride 2 stands in their place, and 6 x 6 are left.
    """
    steps, C = [], FILTERS[0]
    for stage, F in enumerate(FILTERS, start=1):
        for i in range(2):
            steps.append(basic_block(f"layer{stage}.{i}", C, F, stride=2 if stage > 1 and i == 0 else 1))
            C = F
    return Sequential(
        *(
            ConvLayer("conv1", 3, FILTERS[0], kernel=3, stride=2, pad=1, bias=False),
            BatchNormLayer("bn1", FILTERS[0]),
            Apply("relu", ReLU),
        ),
        *steps,
        *(Apply("avgpool", GlobalAvgPool), LinearLayer("fc", C, classes)),
    )
