"""The error function, and what is left of 1 beyond it, by Cody's rational approximations (1969,
"Rational Chebyshev approximations for the error function"), to the last digits of float64.
"""

import numpy as np

from minicnn.graph import Array
from minicnn.ops.formula import Formula

# |x| <= 0.46875: erf(x) = x P(x^2)/Q(x^2); |x| <= 4: erfc = e^-x^2 P(|x|)/Q(|x|); beyond, in 1/x^2
NEAR_P = (
    1.85777706184603153e-1,
    3.16112374387056560e0,
    1.13864154151050156e2,
    3.77485237685302021e2,
    3.20937758913846947e3,
)
NEAR_Q = (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3)
MID_P = (
    2.15311535474403846e-8,
    5.64188496988670089e-1,
    8.88314979438837594e0,
    6.61191906371416295e1,
    2.98635138197400131e2,
    8.81952221241769090e2,
    1.71204761263407058e3,
    2.05107837782607147e3,
    1.23033935479799725e3,
)
MID_Q = (
    1.0,
    1.57449261107098347e1,
    1.17693950891312499e2,
    5.37181101862009858e2,
    1.62138957456669019e3,
    3.29079923573345963e3,
    4.36261909014324716e3,
    3.43936767414372164e3,
    1.23033935480374942e3,
)
FAR_P = (
    1.63153871373020978e-2,
    3.05326634961232344e-1,
    3.60344899949804439e-1,
    1.25781726111229246e-1,
    1.60837851487422766e-2,
    6.58749161529837803e-4,
)
FAR_Q = (1.0, 2.56852019228982242e0, 1.87295284992346047e0, 5.27905102951428412e-1, 6.05183413124413191e-2,
         2.33520497626869185e-3)  # fmt: skip


def _polynomial(coefficients, x):
    y = coefficients[0]
    for c in coefficients[1:]:
        y = y * x + c
    return y


def erf(x: Array) -> Array:
    """2/sqrt(pi) times the integral of e^-t^2 from 0 to x."""
    small = np.clip(x, -0.46875, 0.46875)
    near = small * (_polynomial(NEAR_P, small**2) / _polynomial(NEAR_Q, small**2))
    return np.where(abs(x) <= 0.46875, near, np.sign(x) * (1 - _tail(abs(x))))


def erfc(x: Array) -> Array:
    """1 - erf(x), which keeps its digits where it is small."""
    tail = _tail(abs(x))
    return np.where(abs(x) <= 0.46875, 1 - erf(x), np.where(x < 0, 2 - tail, tail))


def _tail(x):
    """erfc of x > 0.46875, as e^-x^2 times a quotient; e^-x^2 in two steps, whose first exponent is exact."""
    dtype, x = x.dtype, np.minimum(x, 30)  # e^-900 is 0 in float64
    x = x.astype(np.float32) if dtype == np.float16 else x  # the coefficients are beyond it
    mid, inverse = np.clip(x, 0.46875, 4), 1 / np.maximum(x, 4) ** 2
    far = inverse * (_polynomial(FAR_P, inverse) / _polynomial(FAR_Q, inverse))
    far = (0.5641895835477563 - far) / np.maximum(x, 4)  # 1/sqrt(pi)
    coarse = np.floor(x * 16) / 16
    e = np.exp(-coarse * coarse) * np.exp(-(x - coarse) * (x + coarse))
    tail = e * np.where(x <= 4, _polynomial(MID_P, mid) / _polynomial(MID_Q, mid), far)
    return tail.astype(dtype)


class Erf(Formula):
    """y = erf(x), so dy/dx = 2/sqrt(pi) e^-x^2."""

    def value(self, x: Array) -> Array:
        return erf(x)

    def slope(self, x: Array) -> Array:
        return 1.1283791670955126 * np.exp(-(np.clip(x, -30, 30) ** 2))
