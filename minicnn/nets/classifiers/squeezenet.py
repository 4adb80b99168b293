"""SqueezeNet (Iandola et al. 2016, table 1): 1.0, the lighter 1.1, each as published for Caffe and for
torchvision.

All have a ReLU after every convolution, conv10 too, and the scores are global averages of relu_conv10, so
none is negative; pooling rounds up.  They differ in conv10, a 1x1 kernel that has padding 1 in Caffe's 1.0
alone, and in how a picture is prepared (weights/zoo.toml).

Lesson 17.
"""

from minicnn.layer import Apply, ConvLayer, DropoutLayer, Layer, Sequential, X
from minicnn.ops import Concat, GlobalAvgPool, MaxPool, ReLU


class Fire(Layer):
    """s = relu(squeeze1x1(x));  y = [relu(expand1x1(s)), relu(expand3x3(s))], side by side as channels."""

    squeeze1x1: ConvLayer
    relu_squeeze1x1: Apply
    expand1x1: ConvLayer
    relu_expand1x1: Apply
    expand3x3: ConvLayer
    relu_expand3x3: Apply

    def __init__(self, name: str, C: int, squeeze: int, expand: int) -> None:
        super().__init__(name)
        self.squeeze1x1 = ConvLayer(f"{name}/squeeze1x1", C, squeeze, kernel=1)
        self.relu_squeeze1x1 = Apply(f"{name}/relu_squeeze1x1", ReLU)
        self.expand1x1 = ConvLayer(f"{name}/expand1x1", squeeze, expand, kernel=1)
        self.relu_expand1x1 = Apply(f"{name}/relu_expand1x1", ReLU)
        self.expand3x3 = ConvLayer(f"{name}/expand3x3", squeeze, expand, kernel=3, pad=1)
        self.relu_expand3x3 = Apply(f"{name}/relu_expand3x3", ReLU)

    def forward(self, x: X) -> X:
        s = self.relu_squeeze1x1(self.squeeze1x1(x))
        one, three = self.relu_expand1x1(self.expand1x1(s)), self.relu_expand3x3(self.expand3x3(s))
        return Concat()(one, three, name=self.name, layer=self)


def squeezenet(classes: int = 1000, conv10_pad: int = 1) -> Sequential:
    """Version 1.0 as published for Caffe.  x (N, 3, 227, 227) -> scores (N, classes)"""
    return Sequential(
        *(ConvLayer("conv1", 3, 96, kernel=7, stride=2), Apply("relu_conv1", ReLU), _pool("pool1")),
        *(Fire("fire2", 96, 16, 64), Fire("fire3", 128, 16, 64), Fire("fire4", 128, 32, 128), _pool("pool4")),
        *(
            Fire("fire5", 256, 32, 128),
            Fire("fire6", 256, 48, 192),
            Fire("fire7", 384, 48, 192),
            Fire("fire8", 384, 64, 256),
        ),
        *(_pool("pool8"), Fire("fire9", 512, 64, 256)),
        *_scores(classes, conv10_pad),
    )


def squeezenet1_1(classes: int = 1000) -> Sequential:
    """Version 1.1, 2.4 times less to compute.  x (N, 3, 227, 227) -> scores (N, classes)"""
    return Sequential(
        *(ConvLayer("conv1", 3, 64, kernel=3, stride=2), Apply("relu_conv1", ReLU), _pool("pool1")),
        *(Fire("fire2", 64, 16, 64), Fire("fire3", 128, 16, 64), _pool("pool3")),
        *(Fire("fire4", 128, 32, 128), Fire("fire5", 256, 32, 128), _pool("pool5")),
        *(
            Fire("fire6", 256, 48, 192),
            Fire("fire7", 384, 48, 192),
            Fire("fire8", 384, 64, 256),
            Fire("fire9", 512, 64, 256),
        ),
        *_scores(classes, conv10_pad=0),
    )


def squeezenet1_0_torchvision(classes: int = 1000) -> Sequential:
    """Version 1.0 as torchvision publishes it: conv10 without padding.

    x (N, 3, 224, 224) -> scores (N, classes)
    """
    return squeezenet(classes, conv10_pad=0)


def squeezenet1_1_torchvision(classes: int = 1000) -> Sequential:
    """Version 1.1 as torchvision publishes it: the same layers as Caffe's.

    x (N, 3, 224, 224) -> scores (N, classes)
    """
    return squeezenet1_1(classes)


def _pool(name):
    return Apply(name, MaxPool, kernel=3, stride=2, ceil=True)


def _scores(classes, conv10_pad):
    conv10 = ConvLayer("conv10", 512, classes, kernel=1, pad=conv10_pad)
    return DropoutLayer("drop9"), conv10, Apply("relu_conv10", ReLU), Apply("pool10", GlobalAvgPool)
