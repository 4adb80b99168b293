# %% [markdown]
# # 19. Your own rule: LRP in ten lines
#
# *Runs in about 9 seconds. Before this: lessons 7, 8 and 15.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 19`.
#
# **What you will do.** Write
# [*layer-wise relevance propagation*](glossary.md#relevance-lrp) (LRP) as a table of
# rules for `backward`, measure what it conserves and what it loses, and put it to the
# checks of the earlier lessons.
#
# **What you will learn.** A method with papers of its own is one more entry in the
# table: $\{\text{kind of operation: rule}\}$. And whether a map that conserves the
# score is a better map.
#
# **What you will need.** Lessons 7, 8 and 15.

# %%
import copy
import inspect

import matplotlib.pyplot as plt
import numpy as np

from gradcam import input_times_gradient
from gradcam.measure import randomised, spearman
from lessons.exercises import check
from lessons.plots import picture, signed, style
from lessons.scenes import CLASSES, network, scenes
from minicnn import Conv, Linear, ReLU, Tensor, backward, find, one_hot, tables

style()

# %% [markdown]
# ## The idea
#
# The score is an amount of *relevance*, and flows back to the pixels like water through
# pipes: each operation gives what it has to its inputs, in shares (Bach et al. 2015).
# For $z_j = \sum_i w_{ji} x_i + b_j$ the natural share of input $i$ is its part of the
# sum:
#
# $$R_i = \sum_j \frac{x_i\, w_{ji}}{z_j + \epsilon\,\mathrm{sign}(z_j)}\, R_j
#      = x_i \sum_j w_{ji}\, \frac{R_j}{z_j + \epsilon\,\mathrm{sign}(z_j)} .$$
#
# Read the right side again: divide, propagate back **as the gradient does**, multiply
# by $x$. A ReLU passes $R$ as it is; a max-pool gives all to its maximum, as always.
# This is LRP-$\epsilon$; the variant LRP-$\gamma$ uses the weights
# $w + \gamma \max(w, 0)$, which favours what speaks for the class.


# %%
def lrp(gamma=0.0, epsilon=0.01, biases=True):
    """LRP-epsilon (gamma = 0) and LRP-gamma (Montavon et al. 2019, sec. 10.2) for Conv
    and Linear; epsilon in shares of z's size.
    """

    def rule(op, R):
        W, b = (p.data + gamma * np.maximum(p.data, 0) for p in op.inputs[1:])
        twin = copy.copy(op)
        z = twin.forward(op.x, W, b if biases else None)
        z = z + epsilon * np.where(z < 0, -1, 1) * np.sqrt((z**2).mean())
        return op.x * twin.gx(R / z)

    return {Conv: rule, Linear: rule, ReLU: lambda op, R: R}


# %% [markdown]
# `backward` looks the rule up at each operation, by name or by kind:

# %%
print(inspect.getsource(tables.rule_for), inspect.getsource(tables._entry), sep="\n")
net = network(np.float64)
pictures, x, classes, masks = scenes(20, first=1900, dtype=np.float64)
photo, c = Tensor(x[4:5], "x"), int(classes[4, 0])
y = net(photo)


def relevance(y, c, table, at="x"):
    """The score of class c, sent back by a table of rules."""
    return backward(y, one_hot(y, c) * y.data, wrt=find(y, at), rules=table)


# %% [markdown]
# ## Predict
#
# Let $\epsilon \to 0$ (and $\gamma = 0$). Which map, known for longer, does LRP become?
#
# - a) guided backprop
# - b) input times gradient
# - c) none

# %%
known = input_times_gradient(y, c, photo)
for epsilon in (1, 1e-1, 1e-3, 1e-6, 1e-9):
    R = relevance(y, c, lrp(epsilon=epsilon))
    print(
        f"epsilon {epsilon:.0e}: differs from input x gradient by "
        f"{np.linalg.norm(R - known) / np.linalg.norm(known):.0e} of its size"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). Behind an open ReLU the next layer's $x_j$ *is* $z_j$: the factor $x_j$ of one
# layer cancels the division by $z_j$ of the one below. What remains is $x$ at the
# pixels times the product of all weights and gates, and that product is the gradient
# (Shrikumar et al. 2016 noticed it). So without $\epsilon$ and $\gamma$ LRP is nothing
# new; what is new comes from these two numbers.
# </details>
#
# ## Predict
#
# "The relevances of all pixels add up to the score":
# [*conservation*](glossary.md#conservation), or *completeness*. For which of these is
# that so?
#
# - a) $\epsilon \to 0$
# - b) $\gamma$ = 0.25
# - c) $\gamma$ large, and the biases left out of $z$

# %%
layers = ["fc6", "conv5_1", "conv4_1", "conv3_1", "conv2_1", "conv1_1", "x"]
tried = {
    "epsilon -> 0": lrp(epsilon=1e-9),
    "epsilon 0.25": lrp(epsilon=0.25),
    "gamma 0.25": lrp(0.25),
    "epsilon -> 0, no biases": lrp(epsilon=1e-9, biases=False),
    "gamma 10, no biases": lrp(10, 1e-9, biases=False),
}
print(
    f"score {y.data[0, c]:.2f}; sum of R at {'':5}",
    *(f"{layer:>8}" for layer in layers),
    "  sum of |R|",
)
for name, table in tried.items():
    at = [relevance(y, c, table, layer) for layer in layers]
    print(
        f"{name:30}", *(f"{R.sum():8.2f}" for R in at), f"{np.abs(at[-1]).sum():11.2g}"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# Only c), to all the digits that are shown. With biases in $z$, a part of the score
# belongs to the biases and reaches no pixel (lesson 7: $w^\top x$ is not the score
# either). Without them, nothing is lost in any single step; but where a sum $z$ is near
# zero, the shares are huge numbers of both signs that cancel. Look at the last column
# of the fourth line: values that add up, without their signs, to a billion times the
# score, and with their signs nearly to the score. Conservation is a check of the
# arithmetic and no more.
# </details>
#
# ## A rule for one place
#
# At the picture, $x$ is not an activation: it has both signs, and black does not mean
# that something is absent. There LRP uses another rule: shares by $w^2$, whatever the
# pixel (Montavon et al. 2017). In the table, the name of a layer takes precedence over
# a kind of operation.


# %%
def squares(op, R):
    """R_i = sum_j w_ji^2 R_j / sum_i w_ji^2"""
    twin = copy.copy(op)
    z = twin.forward(np.ones_like(op.x), op.W**2)
    return twin.gx(R / z)


maps = {"input x gradient": lrp(epsilon=1e-9), "LRP-epsilon 0.25": lrp(epsilon=0.25)}
maps |= {
    f"LRP-gamma {gamma}": lrp(gamma) | {"conv1_1": squares} for gamma in (0.25, 10)
}

# %%
lost = list(randomised(net, "cascading"))[3]  # the last four layers drawn anew
figure, axes = plt.subplots(2, 5, figsize=(11, 4.6))
for row, of, title in [
    (axes[0], net, "trained"),
    (axes[1], lost, "last 4 layers random"),
]:
    scores = of(Tensor(x[4:5], "x"))
    picture(row[0], pictures[4], f"class: {CLASSES[c]}", title)
    for ax, (name, table) in zip(row[1:], maps.items()):
        signed(ax, relevance(scores, c, table)[0].sum(axis=0), name)
plt.show()

# %% [markdown]
# ## Predict
#
# Two measurements on 20 scenes: which share of $\sum |R|$ lies on the class's own shape
# (lesson 13), and how alike is the map if the last four layers are random numbers
# (lesson 15; low is good)? Which $\gamma$ wins which?

# %%
for name, table in maps.items():
    own, other, alike = [], [], []
    for n in range(20):
        pair = [of(Tensor(x[n : n + 1], "x")) for of in (net, lost)]
        M, random = (
            np.abs(relevance(scores, int(classes[n, 0]), table)[0].sum(axis=0))
            for scores in pair
        )
        own.append(M[masks[n, 0]].sum() / M.sum())
        other.append(M[masks[n, 1]].sum() / M.sum())
        alike.append(spearman(M, random))
    print(
        f"{name:17} {np.median(own):4.0%} on its shape, {np.median(other):4.0%} on "
        f"the other; like the random one's {np.mean(alike):.2f}"
    )
print(f"{'':17} {masks[:, 0].mean():4.0%} of the picture is its shape")

# %% [markdown]
# <details><summary>Explain</summary>
#
# A little $\gamma$ gives by far the cleanest map, and one that depends on what was
# learned nearly as much as with $\epsilon$. A large one removes the negative weights
# from the backward pass; then every layer only spreads what arrives over what is
# active, and what remains is a picture of what is active. Its ranks hardly change when
# the upper half of the network is random (Sixt et al. 2020 prove why: products of
# matrices without negative entries soon all point the same way). What does change, as
# the figure shows, is which shape gets more: rank correlation does not show that, so
# look at the maps, too. By both measurements the large $\gamma$, which conserved best,
# explains worst.
# </details>
#
# ## On your own


# %%
def lrp_linear(x, W, b, R, epsilon):
    """x (D,), W (F, D), b (F,), R (F,): LRP-epsilon with the biases in z and epsilon
    added with the sign of z (+ at 0) -> (D,).
    """


def lrp_gamma_linear(x, W, R, gamma):
    """x (D,) >= 0, W (F, D), R (F,): LRP-gamma without biases and without epsilon ->
    (D,).
    """


def lrp_add(a, b, R):
    """y = a + b, as in a residual block, any shape, y nowhere 0: the relevance of each
    -> two arrays.
    """


def lrp_squares(W, R):
    """W (F, D), R (F,): the rule w^2 -> (D,)."""


check("19.1", lrp_linear)
check("19.2", lrp_gamma_linear)
check("19.3", lrp_add)
check("19.4", lrp_squares)

# %% [markdown]
# ## Papers
#
# - Bach et al. 2015, *On pixel-wise explanations for non-linear classifier decisions by
#   layer-wise relevance propagation*, eqs. 50 to 58.
# - Montavon et al. 2017, *Explaining nonlinear classification decisions with deep
#   Taylor decomposition*, sec. 4.1: the rule $w^2$.
# - Montavon et al. 2019, *Layer-wise relevance propagation: an overview*, sec. 10.2:
#   LRP-0, LRP-$\epsilon$, LRP-$\gamma$.
# - Shrikumar et al. 2016, *Not just a black box*; Sixt, Granz & Landgraf 2020, *When
#   explanations lie*.
