"""Activations that are one formula and its slope."""

from minicnn.graph import Array, Op


class Formula(Op):
    """y = f(x), value by value, so dy/dx = f'(x): a subclass says `value` (f) and `slope` (f').

    No rule but the derivative is published for these, so a table of rules that says nothing of one refuses it
    by name.
    """

    activation = True
    x: Array

    def value(self, x: Array) -> Array:
        """f(x)"""
        raise NotImplementedError

    def slope(self, x: Array) -> Array:
        """f'(x)"""
        raise NotImplementedError

    def forward(self, x: Array) -> Array:
        self.x = x
        return self.value(x)

    def gx(self, gy: Array) -> Array:
        return gy * self.slope(self.x)
