"""Gaussian error linear units (Hendrycks & Gimpel 2016)."""

import numpy as np

from minicnn.graph import Array
from minicnn.ops.erf import erfc
from minicnn.ops.formula import Formula
from minicnn.ops.sigmoid import sigmoid


class GELU(Formula):
    """y = x P(x), P the normal distribution, so dy/dx = P(x) + x p(x), p its density e^(-x^2/2) / sqrt(2 pi).

    P(x) = erfc(-x / sqrt 2) / 2.
    """

    def value(self, x: Array) -> Array:
        return x * (0.5 * erfc(x * -(0.5**0.5)))

    def slope(self, x: Array) -> Array:
        near = np.clip(x, -40, 40)  # beyond, p(x) is 0
        density = 0.3989422804014327 * np.exp(-0.5 * near**2)
        return 0.5 * erfc(x * -(0.5**0.5)) + near * density


class TanhGELU(Formula):
    """y = x/2 (1 + tanh u), u = sqrt(2/pi) (x + 0.044715 x^3), which is x s(2u), s(x) = 1 / (1 + e^-x).

    So dy/dx = s(2u) (1 + x s(-2u) 2 du/dx).
    """

    def value(self, x: Array) -> Array:
        return x * sigmoid(self._twice_u(np.clip(x, -50, 50)))  # beyond, s is 0 or 1

    def slope(self, x: Array) -> Array:
        x = np.clip(x, -50, 50)
        u2 = self._twice_u(x)
        du2 = 1.5957691216057308 * (1 + 0.134145 * x**2)
        return sigmoid(u2) * (1 + x * sigmoid(-u2) * du2)

    def _twice_u(self, x):
        return 1.5957691216057308 * (x + 0.044715 * x**3)  # 2 sqrt(2/pi)
