"""GoogLeNet (Szegedy et al. 2015, table 1): as torchvision publishes it, and as published for Caffe; each
under its own layer names.

torchvision's has batchnorm after every convolution, no local response normalisation, and 3x3 kernels where
the paper has 5x5; its training heads (aux1, aux2; loss1, loss2 in Caffe) take no part in the scores and are
left out.

Lesson 17.
"""

from minicnn.layer import Apply, BatchNormLayer, ConvLayer, DropoutLayer, Layer, LinearLayer, Sequential, X
from minicnn.ops import Concat, GlobalAvgPool, LocalResponseNorm, MaxPool, ReLU

#          1x1   3x3 reduce, 3x3   5x5 reduce, 5x5   pool proj.
TABLE_1 = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


class Inception(Layer):
    """y = the outputs of four branches side by side as channels (fig. 2b): 1x1; 1x1 then 3x3; 1x1 then 5x5;
    pooling then 1x1."""

    one: Layer
    three: Layer
    five: Layer
    pooled: Layer

    def __init__(self, name: str, one: Layer, three: Layer, five: Layer, pooled: Layer) -> None:
        super().__init__(name)
        self.one, self.three, self.five, self.pooled = one, three, five, pooled

    def forward(self, x: X) -> X:
        return Concat()(self.one(x), self.three(x), self.five(x), self.pooled(x), name=self.name, layer=self)


def googlenet(classes: int = 1000) -> Sequential:
    """As torchvision publishes it.  x (N, 3, 224, 224) -> scores (N, classes)"""

    def conv(name, C, F, kernel, pad=0, stride=1):
        layer = ConvLayer(f"{name}.conv", C, F, kernel, stride, pad, bias=False)
        return Sequential(layer, BatchNormLayer(f"{name}.bn", F, eps=1e-3), Apply(f"{name}.relu", ReLU))

    def inception(which, C):
        name, (one, reduce3, three, reduce5, five, pooled) = f"inception{which}", TABLE_1[which]
        return Inception(
            name,
            conv(f"{name}.branch1", C, one, 1),
            Sequential(
                conv(f"{name}.branch2.0", C, reduce3, 1), conv(f"{name}.branch2.1", reduce3, three, 3, pad=1)
            ),
            Sequential(
                conv(f"{name}.branch3.0", C, reduce5, 1), conv(f"{name}.branch3.1", reduce5, five, 3, pad=1)
            ),
            Sequential(_pool(f"{name}.branch4.0", stride=1, pad=1), conv(f"{name}.branch4.1", C, pooled, 1)),
        )

    return Sequential(
        *(conv("conv1", 3, 64, 7, pad=3, stride=2), _pool("maxpool1")),
        *(conv("conv2", 64, 64, 1), conv("conv3", 64, 192, 3, pad=1), _pool("maxpool2")),
        *_stages(inception, _pool("maxpool3"), Apply("maxpool4", MaxPool, kernel=2, stride=2, ceil=True)),
        *(Apply("avgpool", GlobalAvgPool), DropoutLayer("dropout", 0.2), LinearLayer("fc", 1024, classes)),
    )


def googlenet_caffe(classes: int = 1000) -> Sequential:
    """As published for Caffe (bvlc_googlenet).  x (N, 3, 224, 224) -> scores (N, classes)"""

    def conv(name, C, F, kernel, pad=0, stride=1):
        folder, _, last = name.rpartition("/")
        return Sequential(ConvLayer(name, C, F, kernel, stride, pad), Apply(f"{folder}/relu_{last}", ReLU))

    def inception(which, C):
        name, (one, reduce3, three, reduce5, five, pooled) = f"inception_{which}", TABLE_1[which]
        return Inception(
            f"{name}/output",
            conv(f"{name}/1x1", C, one, 1),
            Sequential(
                conv(f"{name}/3x3_reduce", C, reduce3, 1), conv(f"{name}/3x3", reduce3, three, 3, pad=1)
            ),
            Sequential(
                conv(f"{name}/5x5_reduce", C, reduce5, 1), conv(f"{name}/5x5", reduce5, five, 5, pad=2)
            ),
            Sequential(_pool(f"{name}/pool", stride=1, pad=1), conv(f"{name}/pool_proj", C, pooled, 1)),
        )

    return Sequential(
        *(
            conv("conv1/7x7_s2", 3, 64, 7, pad=3, stride=2),
            _pool("pool1/3x3_s2"),
            Apply("pool1/norm1", LocalResponseNorm),
        ),
        *(conv("conv2/3x3_reduce", 64, 64, 1), conv("conv2/3x3", 64, 192, 3, pad=1)),
        *(Apply("conv2/norm2", LocalResponseNorm), _pool("pool2/3x3_s2")),
        *_stages(inception, _pool("pool3/3x3_s2"), _pool("pool4/3x3_s2")),
        *(
            Apply("pool5/7x7_s1", GlobalAvgPool),
            DropoutLayer("pool5/drop_7x7_s1", 0.4),
            LinearLayer("loss3/classifier", 1024, classes),
        ),
    )


def _pool(name, stride=2, pad=0):
    return Apply(name, MaxPool, kernel=3, stride=stride, pad=pad, ceil=True)


def _stages(inception, pool3, pool4):
    """The nine inception modules; each takes the channels that the one before it puts out."""
    steps, C = [], 192
    for which, (one, _, three, _, five, pooled) in TABLE_1.items():
        steps.append(inception(which, C))
        C = one + three + five + pooled
    return [*steps[:2], pool3, *steps[2:7], pool4, *steps[7:]]
