from minicnn.graph import Array
from minicnn.ops.formula import Formula


class Softsign(Formula):
    """y = x / (1 + |x|), so dy/dx = 1 / (1 + |x|)^2."""

    def value(self, x: Array) -> Array:
        return x / (1 + abs(x))

    def slope(self, x: Array) -> Array:
        return (1 / (1 + abs(x))) ** 2
