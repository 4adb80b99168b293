# %% [markdown]
# # 1. One neuron by hand
#
# *Runs in about 2 seconds. Before this: nothing.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 1`.
#
# **What you will do.** Send numbers forward through one neuron (the
# [*forward pass*](glossary.md#forward-pass)), send a signal back through it (the
# [*backward pass*](glossary.md#backward-pass)), and compare every derivative with one
# that needs no calculus at all.
#
# **What you will learn.** Backpropagation, the chain rule applied to a program, is one
# sentence: *each operation multiplies the signal that arrives by its own derivative and
# hands it to its inputs.* Every picture in this course that explains a network is that
# sentence, some with one factor changed.
#
# **What you will need.** NumPy, and what a derivative is. Words in *italics* are those
# of the field; the [glossary](glossary.md) explains most of them, with the names that
# PyTorch gives them.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from lessons.drawings.lesson_01 import neuron as draw_neuron
from lessons.exercises import check
from lessons.plots import GREY, RED, style
from minicnn import Add, Mul, ReLU, Sum, Tensor, backward

style()

# %% [markdown]
# ## Forward
#
# A neuron multiplies each *input* by a [*weight*](glossary.md#weight-bias), adds the
# products up with a *bias*, and lets the sum through if it is positive. This last step
# is the [*activation function*](glossary.md#relu) ReLU, *rectified linear unit*:
#
# $$z = \sum_d w_d x_d + b, \qquad y = \max(z, 0).$$

# %%
x = np.array([2.0, -1.0, 0.5])
w = np.array([0.5, 1.0, 3.0])
b = 0.25


def neuron(x, w, b):
    return np.maximum((w * x).sum() + b, 0)


print("products  w x =", w * x)
print("sum         z =", (w * x).sum() + b)
print("output      y =", neuron(x, w, b))

# %% [markdown]
# ## Predict
#
# Nudge one of the three *weights* by a tiny amount. For which one does $y$ move most?
#
# - a) $w_3 = 3$, the largest weight
# - b) $w_2 = 1$, the one in the middle
# - c) $w_1 = 0.5$, the smallest weight
#
# ## Backward
#
# Write $[z > 0]$ for the number that is 1 where $z > 0$ and 0 elsewhere, $p_d$ for the
# products $w_d x_d$, and $g_v$ for $\partial y / \partial v$, the signal that arrives
# at $v$ (elsewhere called the [*upstream gradient*](glossary.md#signal)). It starts as
# $g_y = 1$ and meets one operation after the other:
#
# | operation | derivative | what it passes back |
# |---|---|---|
# | $y = \max(z, 0)$ | 1 if $z > 0$, else 0 | $g_z = g_y \cdot [z > 0]$ |
# | $z = \sum_d p_d + b$ | 1 for each summand | $g_{p_d} = g_z$, and $g_b = g_z$ |
# | $p_d = w_d x_d$ | other factor | $g_{x_d} = g_{p_d} w_d, g_{w_d} = g_{p_d} x_d$ |

# %%
z = (w * x).sum() + b
gy = 1.0
gz = gy * (z > 0)
gx, gw, gb = gz * w, gz * x, gz
print("gx =", gx, "  gw =", gw, "  gb =", gb)
print("the weight that moves y most is w", np.abs(gw).argmax() + 1)

# %% [markdown]
# <details><summary>Explain</summary>
#
# c), since $x_1 = 2$ is the largest input in magnitude. A weight matters as much as
# *what it multiplies*: $g_{w_d} = g_z x_d$. And an
# input matters as much as its weight: $g_{x_d} = g_z w_d$. The two roles are exchanged
# in the backward pass. This is why a gradient with respect to the picture shows the
# network's weights, and a gradient with respect to the weights shows the pictures.
# </details>
#
# ## A check without calculus
#
# Move one number a little up and a little down, look at how $y$ moves, and divide:
#
# $$\frac{\partial f}{\partial v} \approx \frac{f(v + h) - f(v - h)}{2h}.$$
#
# These are [*central differences*](glossary.md#central-differences), and comparing with
# them is a *gradient check*. They use none of our formulas, so they can reveal any
# mistake in them.


# %%
def central(f, v, h=1e-5):
    steps = h * np.eye(len(v))
    return np.array([(f(v + step) - f(v - step)) / (2 * h) for step in steps])


print("gx error", np.abs(central(lambda x: neuron(x, w, b), x) - gx).max())
print("gw error", np.abs(central(lambda w: neuron(x, w, b), w) - gw).max())

# %% [markdown]
# ## Predict
#
# Make the bias very negative, $b = -5$, so that $z < 0$. What is the gradient with
# respect to the inputs now?
#
# - a) the same, the bias does not appear in $g_x$
# - b) all negative
# - c) zero, for every input

# %%
closed = -5.0
print("y =", neuron(x, w, closed), "  gx =", central(lambda x: neuron(x, w, closed), x))

# %% [markdown]
# <details><summary>Explain</summary>
#
# c). The bias is not in the formula, but it decides whether the *gate* $[z > 0]$ is
# open. While the gate is closed, no small change of the inputs reaches the output.
# Remember the gate: lesson 8 is about what else one could put there.
# </details>
#
# ## The engine does the same
#
# In `minicnn`, the engine of this course, each operation is one small class with a
# `forward`, and one method for each input, named after it: what is passed back to `x`
# is `gx`. The product calls its two factors `x` and `z`; `sum_to` matters only where
# NumPy has repeated one of them by broadcasting (exercise 5.4). These are the engine's
# own lines for the product and for the gate:

# %%
print(
    inspect.getsource(Mul.gx),
    inspect.getsource(Mul.gz),
    inspect.getsource(ReLU.gx),
    sep="\n",
)

# %% [markdown]
# A `Tensor` remembers the operation that made it; together these memories are the
# [*computational graph*](glossary.md#graph). `backward` goes through it in reverse.
# (`ReLU()` makes an operation, the second pair of parentheses applies it.
# `Tensor(x, "x")` gives the value a name. `backward` takes the end, the signal that
# starts there, and in `wrt`, *with respect to*, the values whose signals we want.)

# %%
tx, tw, tb = Tensor(x, "x"), Tensor(w, "w"), Tensor(np.array(b), "b")
y = ReLU()(Add()(Sum()(Mul()(tx, tw)), tb))
engine = backward(y, np.array(1.0), wrt=[tx, tw, tb])
print(y, "\ngx =", engine[0], "  gw =", engine[1], "  gb =", engine[2])
assert all(np.array_equal(ours, by_hand) for ours, by_hand in zip(engine, (gx, gw, gb)))

# %% [markdown]
# ## Predict
#
# Central differences have a step $h$. The smaller it is, the nearer we are to the true
# derivative. Which $h$ gives the smallest error in double precision, where numbers
# carry about 16 digits?
#
# - a) the smallest, $10^{-12}$
# - b) about $10^{-5}$
# - c) it makes no difference
#
# To see it we need a function that is curved: $f(v) = \tanh v$ at $v = 0.7$.

# %%
v, h = 0.7, 10.0 ** np.arange(-13, 0.01, 0.25)
truth = 1 - np.tanh(v) ** 2
two_sided = np.abs((np.tanh(v + h) - np.tanh(v - h)) / (2 * h) - truth)
one_sided = np.abs((np.tanh(v + h) - np.tanh(v)) / h - truth)
print(
    f"smallest error {two_sided.min():.0e} at h = {h[two_sided.argmin()]:.0e}; "
    f"one-sided: {one_sided.min():.0e}"
)

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(13, 4.6))
draw_neuron(left, x, w, z, neuron(x, w, b), gx)
right.loglog(h, two_sided, color=RED, label="central: $(f(v+h) - f(v-h))/2h$")
right.loglog(h, one_sided, color=GREY, label="one-sided: $(f(v+h) - f(v))/h$")
right.set(
    xlabel="step $h$",
    ylabel="error",
    title="too small a step, too large a step",
    ylim=(1e-13, 1),
)
right.legend()
plt.show()

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). On the right of the valley the error falls with $h^2$ (one-sided: only with $h$),
# because the curve is not a straight line. On the left it *rises* as $h$ shrinks:
# $f(v+h)$ and $f(v-h)$ agree in almost all of their digits, and dividing what is left
# by $2h$ magnifies the rounding, to about $10^{-16}/h$. The two meet near
# $h = 10^{-5}$.
# </details>
#
# ## On your own
#
# Write each function; the cell after it compares your results with central differences
# or with an independent computation.


# %%
def neuron_gx(x, w, b, gy):
    """The signal towards x, (D,), when the signal gy, a number, arrives at y = max(w x
    + b, 0).
    """


def neuron_gw_gb(x, w, b, gy):
    """The signals towards w, (D,), and b, a number: return both."""


check("1.1", neuron_gx)
check("1.2", neuron_gw_gb)


# %% [markdown]
# Two layers: $y = \max(v\, \tanh(w x), 0)$ with numbers $v, w, x$. The derivative of
# $\tanh u$ is $1 - \tanh^2 u$.


# %%
def two_layers_gw(x, w, v, gy):
    """The signal towards w, a number, when gy arrives at y."""


def my_central(f, v):
    """d f / d v by central differences, v of shape (D,), f gives a number."""


check("1.3", two_layers_gw)
check("1.4", my_central)

# %% [markdown]
# ## Papers
#
# - Rumelhart, Hinton & Williams 1986, *Learning representations by back-propagating
#   errors*, Nature 323, 533-536: eqs. 4 to 7 are the table above, for a sigmoid instead
#   of a ReLU.
# - Nair & Hinton 2010, *Rectified linear units improve restricted Boltzmann machines*:
#   the gate $[z > 0]$.
