# %% [markdown]
# # 9. Why does guided backprop show negative pixels?
#
# *Runs in about 20 seconds. Before this: lesson 8.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 9`.
#
# **What you will do.** Follow a guided signal layer by layer to the place where
# negative values come back; then change pixels by their sign and watch the scores.
#
# **What you will learn.** Where the negative pixels come from, and what they say:
# against the class, for another one, or something else. And what an often quoted
# sentence is really about: "negative pixels are likely to belong to other categories".
#
# **What you will need.** Lesson 8.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from gradcam import GUIDED, grad_cam, guided_backprop, upsample
from lessons.exercises import check
from lessons.explorer import touch
from lessons.plots import BLUE, picture, signed, style
from lessons.scenes import CLASSES, LAYER, network, scenes
from minicnn import ReLU, Tensor, backward, find, history, one_hot

style()

# %% [markdown]
# ## A rule without negative signals
#
# Guided backprop removes every negative signal at every ReLU:

# %%
print(inspect.getsource(ReLU.guided))
net = network(np.float64)
pictures, x, classes, masks = scenes(60, first=900, dtype=np.float64)
photo, c = Tensor(x[2:3], "x"), int(classes[2, 0])
y = net(photo)
M = guided_backprop(y, c, photo)[0]

# %% [markdown]
# ## Predict
#
# Is any of its pixels negative? (A pixel has three numbers here, one for each colour.)
#
# - a) no, negative signals were removed
# - b) yes, but only by rounding
# - c) yes, and not a few

# %%
print(
    f"{(M < 0).mean():.0%} of the pixels are negative; the largest is {M.max():.2f}, "
    f"the smallest {M.min():.2f}"
)

# %% [markdown]
# ## Where does the sign come back?
#
# One backward pass, and we look at the signal at every tensor that it passes: below
# each ReLU (its rule has just been applied) and below each convolution. (The
# [*head*](glossary.md#head) is everything after the last feature maps. Only signals
# that are not 0 are counted.)

# %%
maps = [
    t for t in reversed(history(y)) if t.ndim == 4 and t.op and "p" not in t.name
]  # the outputs of convolutions and ReLUs
signals = backward(y, one_hot(y, c), wrt=[*maps, photo], rules=GUIDED)
made_by = ["the head", *(t.name for t in maps)]  # what the signal just left
negative = [float((g < 0).sum() / max((g != 0).sum(), 1)) for g in signals]
for left, share in zip(made_by, negative):
    print(f"after going back through {left:8} {share:4.0%} of the signal is negative")

# %% [markdown]
# <details><summary>Explain</summary>
#
# c). Every linear layer brings negative values back, since its weights have both signs,
# and the next ReLU removes them. **Below the first convolution there is no ReLU any
# more.** Proof, in one line: the signal $g \ge 0$ that leaves the first ReLU arrives at
# the picture as the stamps of lesson 2, one kernel after the other ($W_f^\top g_f$: the
# stamps of kernel $f$, times the signals at its map),
#
# $$M = \sum_f W_f^\top g_f =
#   \underbrace{\sum_f \max(W_f, 0)^\top g_f}_{\ge 0} \;+\;
#   \underbrace{\sum_f \min(W_f, 0)^\top g_f}_{\le 0},$$
#
# so a negative pixel is a *positive* signal times a *negative weight*, and nothing else
# can make one.
# </details>
#
# To be sure, we take the negative weights of `conv1_1` out of the last step, and leave
# everything before it as it is.

# %%
conv1 = find(y, "conv1_1").op
W = conv1.W.copy()
parts = {}
for name, part in [
    ("all weights", W),
    ("positive weights", np.maximum(W, 0)),
    ("negative weights", np.minimum(W, 0)),
]:
    conv1.W = part
    parts[name] = conv1.gx(signals[-2])[0]
    print(
        f"{name:17} smallest pixel {parts[name].min():6.2f}, largest "
        f"{parts[name].max():6.2f}"
    )
conv1.W = W
print(
    "the two parts add up to the map:",
    np.allclose(parts["positive weights"] + parts["negative weights"], M),
)

# %%
figure, axes = plt.subplots(1, 4, figsize=(14, 4.2), width_ratios=[1.5, 1, 1, 1])
axes[0].barh(range(len(made_by)), negative, color=BLUE)
axes[0].set_yticks(range(len(made_by)), made_by, fontsize=11)
axes[0].set(
    title="share of the signal below zero",
    xlabel="the signal goes down this list",
    xlim=(0, 1),
)
axes[0].invert_yaxis()
picture(axes[1], pictures[2], "picture", f"class: {CLASSES[c]}")
signed(axes[2], M.sum(axis=0), "guided backprop", "blue: negative")
positive = parts["positive weights"].sum(axis=0)
signed(
    axes[3],
    positive,
    "without negative weights",
    "of the first convolution",
    top=np.percentile(np.abs(M.sum(axis=0)), 99),
)
plt.show()

# %% [markdown]
# ## Evidence against the class?
#
# In each picture take the 300 most positive and the 300 most negative numbers of the
# guided map (of 27,648). Make the picture a little brighter there, in that colour (by
# 0.2 of the network's input units, a twentieth of the way from black to white), or
# darker, or replace it by its mean, and look at the score of the class and of the other
# class that is there.
#
# What is random to be compared with? 300 pixels drawn anywhere lie on the background,
# mostly. So there are two *matched* controls: 300 drawn from the 600 numbers of the
# largest magnitude, whatever their sign; and 300 drawn on the class's own shape.
#
# ## Predict
#
# If negative pixels spoke *against* the class, wiping them out would raise its score.
# What does wiping them out do?
#
# - a) it raises the score
# - b) it lowers it, more than wiping out other pixels of the shape does
# - c) it lowers it, less than wiping out other pixels of the shape does


# %%
def changes(n, random):
    """{(pixels, change): (change of the class's score, of the other's)}, picture n."""
    p = x[n : n + 1]
    y = net(Tensor(p, "x"))
    order = guided_backprop(y, int(classes[n, 0]), find(y, "x")).ravel().argsort()
    mean, found = np.broadcast_to(p.mean(axis=(2, 3), keepdims=True), p.shape), {}
    for name, at in {
        "positive": order[-300:],
        "negative": order[:300],
        "large, any sign": random.permutation(np.r_[order[-300:], order[:300]])[:300],
        "on the shape": random.permutation(
            np.flatnonzero(np.tile(masks[n, 0], (3, 1, 1)))
        )[:300],
    }.items():
        for change, to in {
            "brighter": p + 0.2,
            "darker": p - 0.2,
            "wiped": mean,
        }.items():
            q = p.copy()
            q.flat[at] = to.flat[at]
            found[name, change] = (net(q) - y.data)[0, classes[n]]
    return found


# %%
random = np.random.default_rng(0)
found = [changes(n, random) for n in range(60)]
for case in found[0]:
    own, other = np.array([f[case] for f in found]).T
    print(
        "{:15} {:8}:".format(*case),
        f"class {np.median(own):+6.2f} (falls in {(own < 0).mean():3.0%}),",
        f"other class {np.median(other):+.2f} (medians, 60 pictures)",
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# c). Wiping out *any* 300 numbers of the shape lowers the score, random ones the most:
# it makes a hole where the class is. So that column says nothing about signs, and
# negative pixels are not against the class. What the sign says is in the other two:
# *brighter* lowers the score at negative pixels and raises it at positive ones,
# *darker* the other way round, and where signs are mixed, hardly anything happens. A
# negative pixel says "less of this colour would raise the score", a positive one "more
# would".
#
# What stands, and what does not. That negative pixels come from negative weights of the
# first convolution is proved. That their sign is a direction, and no vote, holds in
# most of these 60 pictures, and far from all (the shares); the changes are small beside
# those of wiping out; and it was one network and drawn scenes.
#
# And for another class? The other class's score hardly moves. Guided backprop's signs
# say nothing about categories.
# </details>
#
# ## Another kind of negative: Grad-CAM's final ReLU
#
# Grad-CAM (lesson 10) has a map with signs, too, one value for each *place*:
# $\sum_k \alpha_k A^k$. The authors set what is negative to zero, and say why:
# "negative pixels are likely to belong to other categories in the image" (Selvaraju et
# al. 2017, sec. 3). Of *that* map it is true. Count where the negative mass lies (at
# the feature maps `relu4_2`):

# %%
where = {"Grad-CAM before its ReLU": [], "guided backprop": []}
for n in range(60):
    y = net(Tensor(x[n : n + 1], "x"))
    L = upsample(grad_cam(y, int(classes[n, 0]), find(y, LAYER), relu=False), (96, 96))[
        0
    ]
    for name, M in [
        ("Grad-CAM before its ReLU", L[None]),
        ("guided backprop", guided_backprop(y, int(classes[n, 0]), find(y, "x"))[0]),
    ]:
        below = np.minimum(M, 0).sum(axis=0)
        where[name].append([below[mask].sum() / below.sum() for mask in masks[n]])
for name, shares in where.items():
    own, other = np.mean(shares, axis=0)
    print(
        f"{name:24} of its negative mass {own:.1%} lie on the class's shape, "
        f"{other:.1%} on the other shape"
    )
print(
    "each shape covers",
    "{:.1%} and {:.1%} of the picture".format(*masks.mean(axis=(0, 2, 3))),
)

# %% [markdown]
# The other shape covers 5 % of the picture and holds 17 % of Grad-CAM's negative mass,
# the class's own shape almost none: so far the sentence is right, though most of this
# mass lies on the background. Guided backprop's negative mass lies on the
# class's *own* shape, more than a third of it, and little on the other.
#
# Two maps, two meanings of "negative": Grad-CAM's is about *whether what is here*
# speaks for the class, guided backprop's about *in which direction* a pixel should
# change.
#
# ## Touch it
#
# Follow guided backprop, the violet line, from the start to the pixels: where do its
# negative numbers come back?

# %%
touch(9)

# %% [markdown]
# ## On your own


# %%
def two_parts(g, W):
    """g (F, h, w) >= 0 at the first convolution, W (F, 1, kh, kw), stride 1, no padding
    -> the positive and the negative part of M, 2-D.
    """


def sign_test(f, x, pixels, h):
    """How f(x), a number, moves when x (H, W) gets brighter by h at `pixels` (H, W) of
    bool, and when darker: (f+ - f-)/2h.
    """


def share_on(map, mask):
    """Of the negative mass of map (H, W), the share that lies in mask (H, W) of bool: a
    number, 0 to 1.
    """


check("9.1", two_parts)
check("9.2", sign_test)
check("9.3", share_on)

# %% [markdown]
# ## Papers
#
# - Springenberg et al. 2015, *Striving for simplicity: the all convolutional net*, sec.
#   3.4 and fig. 1.
# - Selvaraju et al. 2017, *Grad-CAM*, sec. 3, eq. 2 and the paragraph before it: why
#   the ReLU, for *that* map.
# - Nie, Zhang & Patel 2018, *A theoretical explanation for perplexing behaviors of
#   backpropagation-based visualizations*, ICML: guided backprop recovers edges whatever
#   the class. Lesson 15 measures it.
