"""What the networks that speak see with: the convolutions of `shapes`, and the colours beside them."""

from minicnn.layer import Apply, Layer, Sequential
from minicnn.nets.classifiers.blocks import blocks
from minicnn.ops import AvgPool, Concat


class Sight(Layer):
    """x (N, 3, H, W) -> feature maps (N, 80, H/8, W/8).

    `shapes` was trained to tell kinds, whatever their colour: at pool1 the colour of a place can be read off linearly, at relu4_2 no
    longer, and the kind only there.  So both are taken: the 16 maps of pool1, averaged over 4 x 4, and the 64 of relu4_2.
    """

    features = 80

    def __init__(self):
        super().__init__("sight")
        steps = blocks((1, 1, 2, 2), (16, 32, 48, 64), batchnorm=False)[:-1]
        self.first, self.others = Sequential(*steps[:3]), Sequential(*steps[3:])  # up to pool1; up to relu4_2
        self.shrink = Apply("colours", AvgPool, kernel=4, stride=4)

    def forward(self, x):
        pool1 = self.first(x)
        return self.apply(Concat(), self.shrink(pool1), self.others(pool1))
