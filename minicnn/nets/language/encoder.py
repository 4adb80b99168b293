"""The encoder of the networks that speak: the convolutions of `shapes`, and the colours beside them."""

from __future__ import annotations

from minicnn.layer import Apply, Layer, Sequential, X
from minicnn.nets.classifiers.blocks import blocks
from minicnn.ops import AvgPool, Concat


class Encoder(Layer):
    """x (N, 3, H, W) -> feature maps (N, 80, H/8, W/8), under the name `sight`.

    `shapes` was trained to tell kinds, whatever their colour: at pool1 the colour of a place can be read off
    linearly, at relu4_2 no longer, and the kind only there.  So both are taken: the 16 maps of pool1,
    averaged over 4 x 4, and the 64 of relu4_2, which have a receptive field large enough for a whole shape.
    """

    features: int = 80
    first: Sequential
    others: Sequential
    shrink: Apply

    def __init__(self) -> None:
        super().__init__("sight")
        steps = blocks((1, 1, 2, 2), (16, 32, 48, 64), batchnorm=False)[:-1]
        self.first, self.others = Sequential(*steps[:3]), Sequential(*steps[3:])  # up to pool1; up to relu4_2
        self.shrink = Apply("colours", AvgPool, kernel=4, stride=4)

    def forward(self, x: X) -> X:
        pool1 = self.first(x)
        return self.apply(Concat(), self.shrink(pool1), self.others(pool1))
