# %% [markdown]
# # 5. The graph: one value, two uses
#
# *Runs in about 2 seconds. Before this: lesson 3.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 5`.
#
# **What you will do.** Send a signal back through networks in which a value is used
# twice, up to a residual block and a stack of thirty.
#
# **What you will learn.** What arrives at a value that is used twice in the
# *computational graph*, and in which order the backward pass must visit the operations.
# And whether a method that changes the rule of an *operation* may as well edit the
# signal at a *value*.
#
# **What you will need.** Lesson 1, and the adjoint of lesson 2.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from lessons.drawings.lesson_05 import residual_block
from lessons.exercises import check
from lessons.plots import GREY, RED, style
from minicnn import Add, Linear, Mul, ReLU, Tensor, backward, history

style()

# %% [markdown]
# ## Predict
#
# $y = x \cdot x$ with $x = 3$. The product of lesson 1 passes back "the other factor".
# What arrives at $x$?
#
# - a) 3
# - b) 6
# - c) 9

# %%
x = Tensor(np.array(3.0), "x")
y = Mul()(x, x)
print("at x:", backward(y, np.array(1.0), wrt=x))
print(inspect.getsource(Add))

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). $x$ is used twice, once as the left and once as the right factor. Nudging $x$
# moves $y$ along both paths, and to first order the two movements add: $\frac{dy}{dx} =
# \sum_{\text{uses } u} \frac{\partial y}{\partial u} = 3 + 3$. It is the chain rule of
# several variables, and the only rule about graphs there is.
# </details>
#
# In the backward pass `Add` becomes "copy": the signal goes to both inputs, unchanged.
# And a value that is used twice, a "copy" in the forward pass, becomes "add". The two
# are each other's adjoint, as in lesson 2.
#
# ## In which order?
#
# A value may pass its signal on only when the signals of *all* its uses have arrived.
# `history(y)` lists every value that $y$ was made from, each one after the values that
# it was made from itself (a [*topological order*](glossary.md#topological-order));
# going through this list from its end guarantees it. Consider $v_{k+1} = v_k + v_k$,
# thirty times.
#
# ## Predict
#
# A program does not wait: it passes each signal on at once, when it arrives, to both
# inputs. Is its gradient wrong?
#
# - a) yes, it is too small
# - b) no, but it takes far too long


# %%
def impatient(tensor, depth=0):
    """How many signals arrive at the input in all."""
    return 1 if tensor.op is None else sum(impatient(i) for i in tensor.op.inputs)


for n in (5, 10, 15):
    v = start = Tensor(np.array(1.0), "v")
    for _ in range(n):
        v = Add()(v, v)
    g = backward(v, np.array(1.0), wrt=start)
    print(
        f"{n} additions: gradient {g:.0f}; signals, if one waits: "
        f"{len(history(v)) - 1}, if not: {impatient(v)}"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). Every one of the $2^n$ paths is summed, one by one. For thirty additions that is a
# billion signals; with waiting it is thirty. Backpropagation (*reverse-mode automatic
# differentiation*) is not only the chain rule: it is the chain rule in the order in
# which each derivative is used once.
# </details>
#
# ## A residual block
#
# $$y = \max(x + F(x),\, 0), \qquad g_x =
#   g_z + \left(\frac{\partial F}{\partial x}\right)^{\!\top} g_z, \qquad g_z =
#   g_y\,[z > 0].$$
#
# $F$ is some layers with weights; the path around them, which has none, is the
# [*skip connection*](glossary.md#skip), or *shortcut*. In a stack of such blocks there
# is always one path from the output back to the input that crosses no weight at all.
# Here is the same stack of thirty layers, with and without the skip. (Without it each
# layer loses a part of the signal, and the losses multiply: the *vanishing gradient*.
# With it, $F$ is multiplied by 0.3, so that $x$ stays the larger part of the sum.)


# %%
def norms(skip, layers=30, width=64):
    """The size of the signal at each layer's input, first layer first."""
    random = np.random.default_rng(0)
    v, seen = Tensor(random.normal(size=(1, width))), []
    for _ in range(layers):
        seen.append(v)
        F = Linear()(v, random.normal(size=(width, width)) * width**-0.5)
        v = ReLU()(Add()(v, Mul()(F, 0.3)) if skip else F)
    return [np.linalg.norm(g) for g in backward(v, np.ones_like(v.data), wrt=seen)]


# %%
plain, short = norms(skip=False), norms(skip=True)
print(
    "first layer's signal, in shares of the last one's: plain "
    f"{plain[0] / plain[-1]:.0e}, residual {short[0] / short[-1]:.1f}"
)
figure, (left, right) = plt.subplots(1, 2, figsize=(13, 4.6))
residual_block(left)
right.semilogy(range(1, 31), plain, color=GREY, label="plain")
right.semilogy(range(1, 31), short, color=RED, label="with the skip")
right.set(
    xlabel="layer (the signal comes from the right)",
    ylabel="size of the signal",
    title="thirty layers",
    ylim=(1e-5, 1e4),
)
right.legend()
plt.show()

# %% [markdown]
# ## A rule for an operation is not an edit of a value
#
# Lesson 8 will change what a ReLU passes back: *guided backprop* drops negative signals
# at every ReLU. Here is a network in which the input $z$ of the ReLU is used a second
# time, by a skip:
#
# $$y = \max(z, 0) + \tfrac12 z .$$
#
# ## Predict
#
# Many tools install the rule as a [*hook at the value $z$*](glossary.md#hook) (PyTorch:
# `register_hook`): "when the gradient at $z$ is ready, drop what is negative". The
# engine asks the *ReLU* instead. A signal of $-1$ arrives at $y$, and $z > 0$. What
# arrives at $z$?
#
# - a) $-\tfrac12$ with both
# - b) $-\tfrac12$ by the operation's rule, 0 by the hook
# - c) 0 with both

# %%
z = Tensor(np.array([2.0, 2.0, -2.0]), "z")
y = Add()(ReLU()(z), Mul()(z, 0.5))
signal = np.array([1.0, -1.0, -1.0])
by_operation = backward(y, signal, wrt=z, rules={ReLU: ReLU.guided})
by_hook = np.maximum(
    backward(y, signal, wrt=z), 0
)  # the hook sees the sum of both paths
print(
    "signal at y   ",
    signal,
    "\nby operation  ",
    by_operation,
    "\nby a hook at z",
    by_hook,
)

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). When the gradient "at $z$" is ready, the two paths have been added, and the hook
# throws away what came along the skip, which never met a ReLU. Wherever a skip starts
# before a ReLU, a tool that hooks the value gives maps of guided backprop and of
# deconvnet that differ from the papers' rule, without a warning. In this engine a rule
# is looked up for the *operation*, during the backward pass:
#
#     g = backward(y, signal, wrt=x, rules={ReLU: ReLU.guided})
# </details>
#
# ## On your own


# %%
def product_gx(x, gy):
    """y = x tanh(x), elementwise: the signal at x, when gy arrives at y; both (D,)."""


def residual_gx(x, W, V, gy):
    """y = max(x + V max(W x, 0), 0), W (E, D), V (D, E): the signal at x, (D,)."""


check("5.1", product_gx)
check("5.2", residual_gx)


# %%
def shared_gW(x, W, gy):
    """y = W (W x): one matrix used twice, x and y (D,): the signal at W, (D, D)."""


def broadcast_gb(gy):
    """y = x + b with x (N, C, h, w) and b (C,), one number per channel: the signal at
    b, (C,).
    """


check("5.3", shared_gW)
check("5.4", broadcast_gb)

# %% [markdown]
# ## Papers
#
# - Linnainmaa 1976, *Taylor expansion of the accumulated rounding error*, BIT 16:
#   reverse accumulation, each derivative used once.
# - He, Zhang, Ren & Sun 2016, *Identity mappings in deep residual networks*, ECCV, eqs.
#   4 and 5: the term in which no weight occurs.
# - Springenberg et al. 2015, *Striving for simplicity*, sec. 3.4: guided backprop is a
#   rule for the ReLU.
