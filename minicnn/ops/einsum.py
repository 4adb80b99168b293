import numpy as np

from minicnn.graph import Array, GraphError, Op


class Einsum(Op):
    """y = the sum over all indices that y has not, of the product of the inputs: "nqd,nkd->nqk" is Q K^T.

    The signal at one input is a sum of the same kind, over what that input has not: gx_1 = sum gy x_2.
    equation: each index once in each input, and the output stated.
    """

    mixes: bool = True
    terms: list[str]
    result: str
    xs: tuple[Array, ...]

    def __init__(self, equation: str) -> None:
        if not isinstance(equation, str):
            raise GraphError(f"an equation is a text such as 'ij,jk->ik', not {equation!r}")
        left, arrow, self.result = equation.replace(" ", "").partition("->")
        self.terms = left.split(",")
        if not arrow or "." in equation or any(len(set(t)) < len(t) for t in (*self.terms, self.result)):
            raise GraphError(f"'{equation}' must state the output, with an index once in each place")

    def forward(self, *xs: Array) -> Array:
        self.xs = xs
        return self._sum(self.terms, self.result, xs)

    def gxs(self, gy: Array) -> list[Array]:
        return [self._towards(i, gy) for i in range(len(self.xs))]

    def _towards(self, i, gy):
        terms = [t for n, t in enumerate(self.terms) if n != i]
        others = [x for n, x in enumerate(self.xs) if n != i]
        known = set(self.result).union(*terms)
        wanted, mine = "".join(t for t in self.terms[i] if t in known), self.terms[i]
        g = self._sum(["..." + self.result, *terms], "..." + wanted, [gy, *others])
        lead = g.shape[: g.ndim - len(wanted)]
        sizes = dict(zip(mine, self.xs[i].shape))
        ones = [sizes[t] if t in known else 1 for t in mine]  # an index that only this input has: summed over
        return np.broadcast_to(g.reshape(*lead, *ones), (*lead, *self.xs[i].shape))

    def _sum(self, terms, result, xs):
        return np.einsum(f"{','.join(terms)}->{result}", *xs, optimize=len(xs) > 1)
