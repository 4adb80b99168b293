# %% [markdown]
# # 11. A bias can shift zero anywhere: does "strongly active" mean anything?
#
# *Runs in about 6 seconds. Before this: lesson 10.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 11`.
#
# **What you will do.** Add a constant to every feature map and take it away again in
# the next layer: the same network, the same scores. Then see which explanations change.
#
# **What you will learn.** Which maps depend on where a feature map has its zero, and
# which do not; what no shift can touch; and what determines where zero is. A bias can
# shift zero anywhere: that is a good objection.
#
# **What you will need.** Lesson 10.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from gradcam import grad_cam, guided_backprop, saliency, upsample
from gradcam.method import weighted
from gradcam.methods.grad_cam import weights as alphas
from lessons import tiny
from lessons.exercises import check
from lessons.explorer import touch
from lessons.plots import picture, signed, style
from minicnn import (
    Add,
    Conv,
    GlobalAvgPool,
    Linear,
    ReLU,
    Tensor,
    backward,
    find,
    layer,
    one_hot,
    ops,
)

style()

# %% [markdown]
# ## Two signs make a map
#
# A place gets a positive value from feature map $k$ if $\alpha_k$ and $A^k_{ij}$ have
# the same sign:
#
# | | $A^k_{ij} > 0$: the feature is there | $A^k_{ij} < 0$: less than nothing |
# |---|---|---|
# | $\alpha_k > 0$: the class wants it | **+** it is here | − |
# | $\alpha_k < 0$: the class does not | − but it is here | **+** *this* is not here |
#
# After a ReLU the right column is empty. Before it, it is not. Which share of a map's
# positive values comes from there?

# %%
print(inspect.getsource(alphas), inspect.getsource(weighted), sep="\n")
net = tiny.trained()
x, classes, masks = tiny.pictures(60, seed=11, shapes=2)
photo, c = Tensor(x[4:5].astype(float), "x"), int(classes[4, 0])
y = net(photo)
for name in ("relu4", "conv4"):
    A = find(y, name)
    alpha = backward(y, one_hot(y, c), wrt=A).mean(axis=(-2, -1), keepdims=True)
    terms = alpha * A.data
    absent = (
        np.where((alpha < 0) & (A.data < 0), terms, 0).sum()
        / np.maximum(terms, 0).sum()
    )
    print(
        f"{name}: {absent:.0%} of what speaks for the class is the absence of something"
    )

# %% [markdown]
# ## The objection
#
# Choose any number $s_k$ for each map, and let the network compute with $A^k + s_k$
# instead of $A^k$. The next layer subtracts it again:
#
# $$y_c = \sum_k w_{ck} \frac1Z \sum_{ij} (A^k_{ij} + s_k) + b'_c, \qquad b'_c =
#   b_c - \sum_k w_{ck} s_k .$$
#
# It is the same function of the picture, to rounding. From pictures and scores alone
# nobody could tell the difference.
#
# ## Predict
#
# Which maps of this picture change? Saliency, guided backprop, Grad-CAM at $A + s$:
# one, two, or three of them?


# %%
def shifted(photo, s):
    """-> (scores, feature maps) of the network that computes with A + s."""
    A = Add()(find(net(photo), "relu4"), s[:, None, None])
    W, b = net["fc"].W.data, net["fc"].b.data
    return Linear()(GlobalAvgPool()(A), W, b - W @ s), A


s = np.random.default_rng(0).normal(size=32) * 2
y2, A2 = shifted(photo, s)
A = find(y, "relu4")
print(f"scores differ by {np.abs(y2.data - y.data).max():.0e}")
for name, one, two in [
    ("saliency", saliency(y, c, photo), saliency(y2, c, photo)),
    ("guided backprop", guided_backprop(y, c, photo), guided_backprop(y2, c, photo)),
    ("Grad-CAM", grad_cam(y, c, A), grad_cam(y2, c, A2)),
]:
    print(
        f"{name:15} differs by {np.linalg.norm(one - two) / np.linalg.norm(one):.1e} "
        "of its size"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# One: Grad-CAM. The function is the same, so its derivatives with respect to the
# picture are the same, and no gate of a ReLU has moved. The weights $\alpha_k$ are
# derivatives, too, and stay. But Grad-CAM multiplies them by $A^k + s_k$:
#
# $$L' = \sum_k \alpha_k (A^k + s_k) =
#   L + \underbrace{\sum_k \alpha_k s_k}_{\text{the same number everywhere}} .$$
#
# Before the final ReLU the whole map moves up or down. What the ReLU then sets to zero
# is different each time.
# </details>

# %%
alpha = backward(y, one_hot(y, c), wrt=A)[0].mean(axis=(-2, -1))
blank, top = tiny.network(seed=1)(photo), grad_cam(y, c, A).max()
figure, axes = plt.subplots(1, 5, figsize=(16, 3.9))
picture(axes[0], x[4, 0], f"class: {tiny.CLASSES[c]}, left", cmap="gray")
for ax, share in zip(axes[1:4], (-0.4, 0, 0.4)):
    same, A_s = shifted(photo, share * top * alpha / (alpha @ alpha))  # by that share
    map = upsample(grad_cam(same, c, A_s), (32, 32))[0]
    above = f"shifted by {share:.0%}", f"{(map > 0).mean():.0%} above 0"
    picture(ax, map, *above, cmap="inferno", vmin=0)
M = upsample(grad_cam(blank, c, find(blank, "relu4"), relu=False), (32, 32))[0]
signed(axes[4], M, "random weights", "before the ReLU")
plt.show()

# %% [markdown]
# Three Grad-CAM maps of one function. What they have in common is what a shift cannot
# touch: differences between places, and so the place of the maximum.
#
# There is more: the shift moves the map by $\sum_k \alpha_k s_k$ and the bias by
# $-\sum_k w_{ck} s_k$, and $\alpha_k = w_{ck}/Z$ here. So if every place also gets its
# equal share of the bias, nothing moves at all, and the places add up to the score:
#
# $$L_{ij} + \frac{b_c}{Z} = L'_{ij} + \frac{b'_c}{Z}, \qquad
#   \sum_{ij} \Big(L_{ij} + \frac{b_c}{Z}\Big) = y_c .$$

# %%
Z, b, W = A.shape[-1] * A.shape[-2], net["fc"].b.data, net["fc"].W.data
L, L2 = (grad_cam(v, c, at, relu=False)[0] for v, at in [(y, A), (y2, A2)])
whole, whole2 = L + b[c] / Z, L2 + (b - W @ s)[c] / Z
print(
    f"L and L' differ by {np.abs(L - L2).max():.2f}, with b/Z by "
    f"{np.abs(whole - whole2).max():.0e}"
)
print(f"sum over the places {whole.sum():.6f}, score {y.data[0, c]:.6f}")

# %% [markdown]
# This map is a property of the *function*, as far as the head is linear. It has no zero
# of its own either: a place that is empty gets $b_c/Z$. The place where "nothing" is
# worth nothing is what Grad-CAM's ReLU takes from the convention $A = 0$.
#
# ## A class that is recognised by absence
#
# Add a fifth class, "nothing there": its score is 20 minus the means of all feature
# maps, so every $\alpha_k$ is negative.
#
# The picture is blank, and the class is "nothing there". Where will Grad-CAM be hot?

# %%
empty = np.zeros((1, 1, 32, 32))
for name, given in [("blank picture", empty), ("picture above", photo.data)]:
    at = find(net(Tensor(given)), "relu4")
    score = Linear()(GlobalAvgPool()(at), -np.ones((1, 32)), np.array([20.0]))
    L = grad_cam(score, 0, at, relu=False)[0]
    print(
        f"{name}: score {score.data[0, 0]:5.2f}; Grad-CAM above 0 in "
        f"{(L > 0).mean():.0%} of the places, with b/Z in {(L + 20 / Z > 0).mean():.0%}"
    )

# %% [markdown]
# Nowhere: $\sum_k \alpha_k A^k$ with $\alpha_k < 0$ and $A^k \ge 0$ is nowhere
# positive, and the final ReLU leaves an empty map of a class that has a high score.
# What speaks for such a class stands in the bias, which no place of the map shows. "The
# map is empty" does not mean "the network has seen nothing".
#
# ## Inside the network
#
# The same between two convolutions: $A + s$ after `relu3`, and `conv4` subtracts it
# with $b'_f = b_f - \sum_{k,u,v} W_{fkuv}\, s_k$.
#
# ## Predict
#
# Are the outputs of `conv4` the same as before, at all places?
#
# - a) yes
# - b) all but those at the border
# - c) nowhere

# %%
A3, conv4, s3 = find(y, "relu3").data, net["conv4"], np.ones(32)
b4 = conv4.b.data - conv4.W.data.sum(axis=(-2, -1)) @ s3
before, after = (
    Conv(pad=1)(A3, conv4.W.data, conv4.b.data),
    Conv(pad=1)(A3 + 1, conv4.W.data, b4),
)
wrong = np.abs(after - before).max(axis=(0, 1)) > 1e-9
print("where the outputs differ\n", wrong.astype(int))
padded_with_s = np.pad(A3 + 1, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=1)
print(
    "padded with s instead of 0: off by",
    f"{np.abs(Conv()(padded_with_s, conv4.W.data, b4) - before).max():.0e}",
)

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). At the border a part of the kernel lies on the padding, which is 0 and was not
# shifted. The network's zero is *not* free there: zero padding says "outside of the
# picture every feature is off". Pad with $s$ instead, and the outputs are the same
# everywhere again.
# </details>
#
# ## So what determines the zero?
#
# The ReLU itself. We compensated *after* it. Before it:

# %%
before = find(y, "conv4").data
for shift in (0.0, 0.5, 1.0):
    after = ReLU()(before + shift)
    scores = Linear()(GlobalAvgPool()(after), W, b - W @ np.full(32, shift))
    flipped = ((before + shift > 0) != (before > 0)).mean()
    print(
        f"shift {shift} before the ReLU: {flipped:4.0%} of the gates flip, scores "
        f"differ by {np.abs(scores - y.data).max():.2f}"
    )

# %% [markdown]
# Gates flip, and it is another function. A network that was trained with ReLUs has
# features whose zero means "below threshold, nothing is passed on", zero padding that
# agrees with it, and an optimiser that had no reason to shift anything. The zero is a
# convention of the *architecture*, not of the function. A map of the function alone can
# only show differences: from place to place, or from a reference picture (a
# [*baseline*](glossary.md#baseline)).
#
# And without a ReLU? Networks of today often have SiLU, $x \, \sigma(x)$, which is
# smooth and goes below zero. The same network with SiLU, trained for a few seconds:

# %%
smooth = layer.Sequential(
    *(
        layer.Apply(at.name, ops.SiLU) if "relu" in at.name else at
        for at in tiny.network().steps
    )
)
pictures, kinds, _ = tiny.pictures(600, seed=5)
tiny.train(smooth, pictures, tiny.targets(kinds), steps=80, batch=48, rate=8e-3)
ys = smooth(Tensor(x[4:5]))
As = find(ys, "relu4")
alpha = backward(ys, one_hot(ys, c), wrt=As).mean(axis=(-2, -1), keepdims=True)
terms = alpha * As.data
absent = np.where((alpha < 0) & (As.data < 0), terms, 0).sum()
print(
    f"{(As.data < 0).mean():.0%} of the feature maps is below 0; "
    f"{absent / np.maximum(terms, 0).sum():.0%} of what speaks for the class is a "
    "negative weight times a negative value"
)

# %% [markdown]
# There the table's right column is not empty: "0" means neither "off" nor "threshold",
# nothing fixes it, and a part of the map says "*this* is not here". Grad-CAM is defined
# all the same; its zero is a convention that nobody made.
#
# ## One-hot, or minus one-hot
#
# ## Predict
#
# Two networks start as mirror images (the last layer's weights and bias negated) and
# are trained on the same pictures, one so that its class gets the *largest* score, the
# other so that it gets the *smallest*. How do their Grad-CAM maps differ?
#
# - a) not at all
# - b) the signs of $\alpha$, and so of the sum, are exchanged
# - c) they have nothing in common


# %%
plus, mirror = tiny.network(seed=3), tiny.network(seed=3)
mirror["fc"].W.data = -mirror["fc"].W.data
pictures, kinds, _ = tiny.pictures(400, seed=5)
tiny.train(plus, pictures, tiny.targets(kinds), steps=12, batch=24)
tiny.train(
    layer.Sequential(mirror, tiny.Minus("minus")),
    pictures,
    tiny.targets(kinds),
    steps=12,
    batch=24,
)
photo32 = Tensor(x[4:5])
one, other = plus(photo32), mirror(photo32)
maps = [grad_cam(v, c, find(v, "relu4"), relu=False) for v in (one, other)]
print(
    "weights of conv1 apart by",
    np.abs(plus["conv1"].W.data - mirror["conv1"].W.data).max(),
)
print("scores", one.data[0].round(3), "and", other.data[0].round(3))
print(
    "sum of the maps before the ReLU, in shares of their size:",
    np.abs(maps[0] + maps[1]).max() / np.abs(maps[0]).max(),
)

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). The two trainings are the same training, bit for bit; only the last layer has the
# other sign. So Grad-CAM of the second network's score shows what speaks *against* the
# class, unless one starts with $-1$ at the score, which is the direction of *this*
# network's "yes". "Positive" in Grad-CAM means: raises the number that is explained,
# the [*target*](glossary.md#target). Which number that is, you choose.
# </details>
#
# ## Touch it
#
# Move zero: which of the two maps follows, and which stays?

# %%
touch(11)

# %% [markdown]
# ## On your own


# %%
def compensated(b, W, s):
    """The bias of a convolution W (F, C, kh, kw) whose input was shifted by s (C,): b'
    (F,), for places away from the border.
    """


def shifted_map(L, alpha, s):
    """Grad-CAM before its ReLU (h, w), weights alpha (K,), shifts s (K,) -> the map of
    the shifted network, before its ReLU.
    """


def scaled_map(A, dA, t):
    """A and dA (K, h, w): Grad-CAM before its ReLU of the same network computing with
    t_k A^k, t_k > 0, (h, w).  What changes?
    """


check("11.1", compensated)
check("11.2", shifted_map)
check("11.3", scaled_map)

# %% [markdown]
# ## Papers
#
# - Selvaraju et al. 2017, *Grad-CAM*, sec. 3, eqs. 1 and 2.
# - Kindermans et al. 2019, *The (un)reliability of saliency methods*: the same question
#   for a shift of the *input*.
