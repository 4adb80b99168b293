"""Circular and hyperbolic functions, and their inverses."""

import numpy as np

from minicnn.graph import Array
from minicnn.ops.formula import Formula


class Sin(Formula):
    """y = sin x, so dy/dx = cos x."""

    def value(self, x: Array) -> Array:
        return np.sin(x)

    def slope(self, x: Array) -> Array:
        return np.cos(x)


class Cos(Formula):
    """y = cos x, so dy/dx = -sin x."""

    def value(self, x: Array) -> Array:
        return np.cos(x)

    def slope(self, x: Array) -> Array:
        return -np.sin(x)


class Tan(Formula):
    """y = tan x, so dy/dx = 1 / cos^2 x."""

    def value(self, x: Array) -> Array:
        return np.tan(x)

    def slope(self, x: Array) -> Array:
        return 1 / np.cos(x) ** 2


class Arcsin(Formula):
    """y = arcsin x, so dy/dx = 1 / sqrt((1 - x)(1 + x))."""

    def value(self, x: Array) -> Array:
        return np.arcsin(x)

    def slope(self, x: Array) -> Array:
        return 1 / np.sqrt((1 - x) * (1 + x))


class Arccos(Formula):
    """y = arccos x, so dy/dx = -1 / sqrt((1 - x)(1 + x))."""

    def value(self, x: Array) -> Array:
        return np.arccos(x)

    def slope(self, x: Array) -> Array:
        return -1 / np.sqrt((1 - x) * (1 + x))


class Arctan(Formula):
    """y = arctan x, so dy/dx = 1 / (1 + x^2)."""

    def value(self, x: Array) -> Array:
        return np.arctan(x)

    def slope(self, x: Array) -> Array:
        return 1 / (1 + x**2)


class Sinh(Formula):
    """y = sinh x, so dy/dx = cosh x."""

    def value(self, x: Array) -> Array:
        return np.sinh(x)

    def slope(self, x: Array) -> Array:
        return np.cosh(x)


class Cosh(Formula):
    """y = cosh x, so dy/dx = sinh x."""

    def value(self, x: Array) -> Array:
        return np.cosh(x)

    def slope(self, x: Array) -> Array:
        return np.sinh(x)


class Arcsinh(Formula):
    """y = arsinh x, so dy/dx = 1 / sqrt(x^2 + 1)."""

    def value(self, x: Array) -> Array:
        return np.arcsinh(x)

    def slope(self, x: Array) -> Array:
        return 1 / np.hypot(x, np.ones_like(x))


class Arccosh(Formula):
    """y = arcosh x, so dy/dx = 1 / (sqrt(x - 1) sqrt(x + 1))."""

    def value(self, x: Array) -> Array:
        return np.arccosh(x)

    def slope(self, x: Array) -> Array:
        return 1 / (np.sqrt(x - 1) * np.sqrt(x + 1))


class Arctanh(Formula):
    """y = artanh x, so dy/dx = 1 / ((1 - x)(1 + x))."""

    def value(self, x: Array) -> Array:
        return np.arctanh(x)

    def slope(self, x: Array) -> Array:
        return 1 / ((1 - x) * (1 + x))
