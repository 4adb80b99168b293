"""SqueezeNet v1.0 (Iandola et al. 2016, table 1) as published for Caffe: a ReLU after every convolution, conv10 too, whose 1x1 kernel has
padding 1; pooling rounds up; the scores are global averages of relu_conv10, so none is negative."""

from minicnn.layer import Apply, ConvLayer, DropoutLayer, Layer, Sequential
from minicnn.ops import Concat, GlobalAvgPool, MaxPool, ReLU


class Fire(Layer):
    """s = relu(squeeze1x1(x));  y = [relu(expand1x1(s)), relu(expand3x3(s))], side by side as channels."""

    def __init__(self, name, C, squeeze, expand):
        super().__init__(name)
        self.squeeze1x1 = ConvLayer(f"{name}/squeeze1x1", C, squeeze, kernel=1)
        self.relu_squeeze1x1 = Apply(f"{name}/relu_squeeze1x1", ReLU)
        self.expand1x1 = ConvLayer(f"{name}/expand1x1", squeeze, expand, kernel=1)
        self.relu_expand1x1 = Apply(f"{name}/relu_expand1x1", ReLU)
        self.expand3x3 = ConvLayer(f"{name}/expand3x3", squeeze, expand, kernel=3, pad=1)
        self.relu_expand3x3 = Apply(f"{name}/relu_expand3x3", ReLU)

    def forward(self, x):
        s = self.relu_squeeze1x1(self.squeeze1x1(x))
        one, three = self.relu_expand1x1(self.expand1x1(s)), self.relu_expand3x3(self.expand3x3(s))
        return Concat()(one, three, name=self.name, layer=self)


def squeezenet(classes=1000):
    """x (N, 3, 227, 227) -> scores (N, classes)"""

    def pool(name):
        return Apply(name, MaxPool, kernel=3, stride=2, ceil=True)

    return Sequential(
        *(ConvLayer("conv1", 3, 96, kernel=7, stride=2), Apply("relu_conv1", ReLU), pool("pool1")),
        *(Fire("fire2", 96, 16, 64), Fire("fire3", 128, 16, 64), Fire("fire4", 128, 32, 128), pool("pool4")),
        *(Fire("fire5", 256, 32, 128), Fire("fire6", 256, 48, 192), Fire("fire7", 384, 48, 192), Fire("fire8", 384, 64, 256)),
        pool("pool8"),
        *(Fire("fire9", 512, 64, 256), DropoutLayer("drop9")),
        *(ConvLayer("conv10", 512, classes, kernel=1, pad=1), Apply("relu_conv10", ReLU), Apply("pool10", GlobalAvgPool)),
    )
