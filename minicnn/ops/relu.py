"""Lessons 1, 8 and 9."""

from minicnn.convolution.fast.elementwise import maximum
from minicnn.graph import Array, Op


class ReLU(Op):
    """y = max(x, 0), elementwise, any shape; and three rules for the backward pass (Springenberg et al. 2015,
    fig. 1)."""

    activation = True

    def forward(self, x: Array) -> Array:
        self.x = x
        return maximum(x, 0)

    def gx(self, gy: Array) -> Array:  # backprop:        pass where the input was positive
        return gy * (self.x > 0)

    def deconvnet(self, gy: Array) -> Array:  # deconvnet:       pass where the signal is positive
        return gy * (gy > 0)

    def guided(self, gy: Array) -> Array:  # guided backprop: pass where both are
        return gy * ((self.x > 0) & (gy > 0))
