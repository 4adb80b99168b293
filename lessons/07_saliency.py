# %% [markdown]
# # 7. Saliency: the first-order Taylor term
#
# *Runs in about 5 seconds. Before this: lessons 4 and 5.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 7`.
#
# **What you will do.** Replace a network by a straight line near one picture (its
# first-order *Taylor expansion*), and find out how far the line can be trusted.
#
# **What you will learn.** Which question a [*saliency map*](glossary.md#saliency-map)
# (the plain, or *vanilla*, gradient) answers exactly; and which question, often asked
# of it, it does not answer.
#
# **What you will need.** Lessons 4 and 5; the Taylor series.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from gradcam import gradient, saliency
from gradcam.measure import spearman
from gradcam.methods.saliency import largest_channel
from lessons import tiny
from lessons.exercises import check
from lessons.plots import BLUE, RED, picture, style
from minicnn import Tensor, history

style()

# %% [markdown]
# ## The line
#
# Near a picture $I_0$, a score is (Simonyan et al. 2013, eqs. 3 and 4)
#
# $$S_c(I) \approx S_c(I_0) + w^\top (I - I_0), \qquad w =
#   \frac{\partial S_c}{\partial I}\bigg|_{I_0},$$
#
# and the saliency map is the size of $w$, the largest over the colour channels:
# $M_{ij} = \max_k |w_{kij}|$.

# %%
print(inspect.getsource(saliency), inspect.getsource(largest_channel), sep="\n")
net = tiny.trained()
x, classes, masks = tiny.pictures(20, seed=7)
photo, c = Tensor(x[3:4].astype(float), "x"), int(classes[3, 0])
y = net(photo)
w = gradient(y, c, photo)
M = saliency(y, c, photo)
print(
    "class",
    tiny.CLASSES[c],
    " score",
    round(y.data[0, c], 2),
    " largest |w|",
    round(M.max(), 2),
)

# %% [markdown]
# ## Predict
#
# The network is made of convolutions, ReLUs, max-pools and means. We move in a random
# direction, by $10^{-6}$, and compare the score with the line. How large is the error?
#
# - a) about $10^{-12}$, the second-order term
# - b) zero, to rounding
# - c) about $10^{-6}$


# %%
def gates(y):
    """Every ReLU's gates and every max-pool's switches, as one array."""
    ops = [t.op for t in history(y) if t.op]
    return np.concatenate(
        [op.x.ravel() > 0 for op in ops if hasattr(op, "x") and op.activation]
        + [op.switches.ravel() for op in ops if hasattr(op, "switches")]
    )


def walk(direction, steps):
    """Along a direction: (score, what the line says, how many gates and switches are
    other ones), one row per step.
    """
    ends = [(t, net(Tensor(photo.data + t * direction))) for t in steps]
    return np.array(
        [
            (
                e.data[0, c],
                y.data[0, c] + t * (w * direction).sum(),
                (gates(e) != gates(y)).sum(),
            )
            for t, e in ends
        ]
    )


# %%
random = np.random.default_rng(0)
d = random.normal(size=w.shape)
score, line, flipped = walk(d / np.linalg.norm(d), [1e-6])[0]
print(f"error of the line {abs(score - line):.0e}, gates that flipped: {flipped:.0f}")

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). All those operations are *piecewise linear*: as long as no gate and no switch
# changes, the network **is** the line. There is no second-order term. The line ends
# where the first gate flips. So ask how near that is.
# </details>

# %%
steps = np.linspace(0, 3, 61)
along = {
    "along $w$": (walk(w / np.linalg.norm(w), steps), RED),
    "random": (walk(d / np.linalg.norm(d), steps), BLUE),
}
figure, axes = plt.subplots(1, 4, figsize=(16, 4.2), width_ratios=[1, 1, 1, 1.7])
picture(axes[0], x[3, 0], "picture", f"class: {tiny.CLASSES[c]}", cmap="gray")
picture(axes[1], M[0], "saliency", "trained", cmap="inferno")
blank = saliency(tiny.network(seed=1)(photo), c, photo)[0]
picture(axes[2], blank, "saliency", "random weights", cmap="inferno")
for name, (walked, colour) in along.items():
    axes[3].plot(steps, walked[:, 0], color=colour, label=f"score, {name}")
    axes[3].plot(steps, walked[:, 1], color=colour, linestyle=":", label="its line")
axes[3].set_xlabel("distance from the picture"), axes[3].legend(title="how far?")
plt.show()

# %%
for name, (walked, _) in along.items():
    first = steps[np.argmax(walked[:, 2] > 0)]
    off = np.abs(walked[:, 0] - walked[:, 1])
    print(
        f"{name:9} some gate has flipped by step {first:.2f}, {walked[-1, 2]:.0f} by "
        f"step 3; the line is then off by {off[-1]:.1f}"
    )

# %% [markdown]
# The first gate flips within a distance of 0.05, and the line still fits at some
# tenths: one gate hardly bends the score, three thousand do. Along $w$, where the line
# predicts the largest rise, the score rises by only about a quarter of that at a
# distance of 3, and even there a pixel has changed by less than 0.1 on average, out
# of 1. (Random weights have a saliency map, too. Lesson 15 asks what that means.)
#
# ## Predict
#
# Does the map say which pixels *matter*? We change each pixel, alone, and compare the
# change of the score with what the line says, by rank correlation: once a little (0.001
# brighter), once completely (to the mean of the picture). Then the same with patches of
# $5 \times 5$ pixels. For which of the four is the line still right?


# %%
def rank(side, values):
    """Rank correlation of the line with the truth, when every patch of side x side
    pixels is changed: values(picture) -> picture.
    """
    truth, said = [], []
    for i, j in np.ndindex(32 // side, 32 // side):
        changed, at = (
            photo.data.copy(),
            np.s_[..., side * i : side * i + side, side * j : side * j + side],
        )
        changed[at] = values(photo.data)[at]
        truth.append(net(changed)[0, c] - y.data[0, c])
        said.append((w * (changed - photo.data)).sum())
    return spearman(np.array(truth), np.array(said))


for side in (1, 5):
    little, all_of_it = (
        rank(side, lambda p: p + 1e-3),
        rank(side, lambda p: np.full_like(p, p.mean())),
    )
    print(
        f"patches of {side} x {side}: a little brighter {little:.3f}, wiped out "
        f"{all_of_it:.3f}"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# For the small changes, of a pixel or of a patch. A pixel wiped out is a larger step,
# and a patch wiped out flips gates by the dozen. The derivative says nothing about what
# happens after the first of them. "Salient" means *sensitive*, not *important*. Lesson
# 14 covers patches and measures instead of differentiating.
# </details>
#
# ## Where is the score?
#
# If the map does not say what the score is made of, does $x \cdot w$, pixel by pixel
# ([*input times gradient*](glossary.md#input-times-gradient))? The sum over all pixels
# is what the line says that the score loses from here to the black picture:
# $S(x) - S(0) \approx w^\top x$.
#
# ## Predict
#
# $\sum_{ij} x_{ij} w_{ij}$ is the score minus ... what?

# %%
no_biases = net.map(
    lambda a: a if a.ndim > 1 else np.zeros_like(a)
)  # biases are the arrays of one axis
for name, of in [("with biases", net), ("all biases 0", no_biases)]:
    v = of(photo)
    print(
        f"{name:12}: sum of x w = {(photo.data * gradient(v, c, photo)).sum():.4f}, "
        f"score = {v.data[0, c]:.4f}"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# Minus what the biases bring. Without biases the network is homogeneous,
# $S(tI) = t\,S(I)$ for $t > 0$, and Euler's theorem says $w^\top I = S$. With biases a
# part of the score belongs to no pixel, and no map of products $x_{ij} w_{ij}$ can show
# it.
# </details>
#
# ## On your own


# %%
def my_saliency(w):
    """w (C, H, W) -> (H, W)."""


def taylor(s0, w, I0, I):
    """The first-order prediction of the score at I (C, H, W): a number."""


def integrated_gradients(gradient, I, I0, m):
    """(I - I0) times the mean of gradient(.) at the midpoints of m equal steps on the
    straight line from I0 to I: same shape as I.
    """


check("7.1", my_saliency)
check("7.2", taylor)
check("7.3", integrated_gradients)

# %% [markdown]
# ## Papers
#
# - Simonyan, Vedaldi & Zisserman 2013, *Deep inside convolutional networks: visualising
#   image classification models and saliency maps*, sec. 3, eqs. 3 to 5, and sec. 3.1.
# - Shrikumar, Greenside, Shcherbina & Kundaje 2016, *Not just a black box*, sec. 2:
#   input times gradient.
# - Sundararajan, Taly & Yan 2017, *Axiomatic attribution for deep networks*, ICML, eq.
#   1: the last exercise.
