"""Exponential linear units, and their relatives that scale themselves or join smoothly."""

import numpy as np

from minicnn.graph import Array, GraphError
from minicnn.ops.formula import Formula
from minicnn.ops.options import number


class ELU(Formula):
    """y = scale x where x > 0, scale alpha (e^(rate x) - 1) elsewhere (Clevert et al. 2016: both are 1).

    dy/dx = scale where x > 0, scale alpha rate e^(rate x) elsewhere.
    """

    alpha: float
    scale: float
    rate: float

    def __init__(self, alpha: float = 1.0, scale: float = 1.0, rate: float = 1.0) -> None:
        self.alpha, self.scale, self.rate = number(alpha), number(scale), number(rate)

    def value(self, x: Array) -> Array:
        return self.scale * np.where(x > 0, x, self.alpha * np.expm1(self.rate * np.minimum(x, 0)))

    def slope(self, x: Array) -> Array:
        below = self.alpha * self.rate * np.exp(self.rate * np.minimum(x, 0))
        return self.scale * np.where(x > 0, np.ones_like(x), below)


class SELU(ELU):
    """ELU with the scale and alpha that keep mean 0 and variance 1 (Klambauer et al. 2017)."""

    def __init__(self, alpha: float = 1.6732632423543772, scale: float = 1.0507009873554805) -> None:
        super().__init__(alpha, scale)


class CELU(ELU):
    """y = x where x > 0, alpha (e^(x/alpha) - 1) elsewhere: slope 1 on both sides of 0 (Barron 2017)."""

    def __init__(self, alpha: float = 1.0) -> None:
        if number(alpha) == 0:
            raise GraphError("the alpha of CELU divides, and cannot be 0")
        super().__init__(alpha, rate=1 / number(alpha))
