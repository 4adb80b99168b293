# %% [markdown]
# # 4. Linear, softmax, and the gradient of what?
#
# *Runs in about 4 seconds. Before this: lesson 3.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 4`.
#
# **What you will do.** Start the signal at a score, and then at a probability, and
# measure when the two maps are alike.
#
# **What you will learn.** "The gradient of the class" is ambiguous: the papers start at
# the score, some programs at the probability after the softmax. What the second map is
# made of, when it is like the first, and what becomes of it as the network becomes
# sure.
#
# **What you will need.** Lessons 1 to 3; the derivative of $e^x$.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from gradcam import grad_cam
from gradcam.measure import spearman
from lessons import tiny
from lessons.exercises import check
from lessons.explorer import touch
from lessons.measured import quoted
from lessons.plots import BLUE, RED, picture, signed, style
from minicnn import Linear, Softmax, Tensor, backward, find, one_hot

style()

# %% [markdown]
# ## Two operations
#
# The last two steps of a classifier: a [*linear*](glossary.md#linear-layer) (fully
# connected) layer gives the *scores*, or [*logits*](glossary.md#scores), $y = W x + b$,
# one for each class; *softmax* makes of them the
# [*probabilities*](glossary.md#probabilities) $p_i = e^{y_i} / \sum_j e^{y_j}$.

# %%
print(
    inspect.getsource(Linear.gx),
    inspect.getsource(Linear.gW),
    inspect.getsource(Softmax),
    sep="\n",
)

# %% [markdown]
# (`rows_times(gy, W)` is $g_y W$, a row for each picture.) Where the last line comes
# from: the derivatives of softmax, its *Jacobian*, are
# $\partial p_i / \partial y_j = p_i(\delta_{ij} - p_j)$, with $\delta_{ij} = 1$ for
# $i = j$ and 0 otherwise, so a signal $g$ at $p$ becomes
#
# $$g_{y_j} = \sum_i g_i\, p_i (\delta_{ij} - p_j) =
#   p_j \Big(g_j - \sum_i p_i g_i\Big).$$
#
# Start with 1 at $p_c$ and 0 elsewhere, and let $A$ be anything the scores depend on,
# pixels or feature maps. Then
#
# $$\frac{\partial p_c}{\partial A} =
#   p_c \Big(\frac{\partial y_c}{\partial A} -
#   \sum_j p_j \frac{\partial y_j}{\partial A}\Big).$$
#
# We try it on `tiny`, the small network of most lessons (lesson 6 trains one like it):
# a picture of $32 \times 32$ grey pixels goes in, scores for disk, ring, square and
# cross come out. `one_hot(y, c)` is the [*one-hot*](glossary.md#one-hot-signal) signal:
# 1 at class $c$ and 0 elsewhere. Given an array, networks and operations return an
# array; given a `Tensor`, they return a `Tensor` that remembers how it was made.
#
# ## Predict
#
# A network gives its class 99.9 % . Compared with the gradient of the score, how large
# is the gradient of the probability?
#
# - a) about the same
# - b) 0.999 of it
# - c) about a thousandth of it

# %%
net = tiny.trained()
x, classes, masks = tiny.pictures(300, seed=4)
sure = int(np.abs(Softmax()(net(x))[range(300), classes[:, 0]] - 0.999).argmin())
photo, c = Tensor(x[sure : sure + 1].astype(float), "x"), int(classes[sure, 0])
y = net(photo)
p = Softmax()(y)
of_score, of_probability = (
    backward(y, one_hot(y, c), wrt=photo),
    backward(p, one_hot(p, c), wrt=photo),
)
print(
    f"p = {p.data[0, c]:.4f}; sizes: {np.linalg.norm(of_score):.4f}, "
    f"{np.linalg.norm(of_probability):.6f}"
)
by_formula = p.data[0, c] * (
    of_score
    - sum(p.data[0, j] * backward(y, one_hot(y, j), wrt=photo) for j in range(4))
)
print(
    f"the formula for dp/dA is off by {np.abs(by_formula - of_probability).max():.0e}"
)

# %% [markdown]
# <details><summary>Explain</summary>
#
# c). Take class $c$ out of the sum: $p_c (1-p_c) \big(\frac{\partial y_c}{\partial A} -
# \sum_{j \ne c} \frac{p_j}{1 - p_c} \frac{\partial y_j}{\partial A}\big)$. The factor
# in front, $p_c (1 - p_c)$, goes to 0 as $p_c \to 1$: softmax *saturates*. The bracket
# does not: it is class $c$ *against its rivals*, each weighed by its share of the rest.
# </details>
#
# ## Sure, and surer
#
# Imagine the last layer's weights multiplied by a growing number: the *same* network,
# only surer. The map of the score keeps its form.
#
# ## Predict
#
# In single precision, the usual one: what is the gradient of the probability when the
# gap between the two best scores is 30?
#
# - a) tiny, but with the right form
# - b) exactly zero
# - c) tiny, and with another form

# %%
gaps = np.arange(2, 121, 2)
for kind in (np.float32, np.float64):
    signals = []
    for gap in gaps:
        op = Softmax()
        op(Tensor(np.array([[gap, 0, -1, -2]], kind)))
        signals.append(op.gx(np.array([[1, 0, 0, 0]], kind))[0])
    own, rivals = np.abs(signals)[:, 0], np.abs(signals)[:, 1:].max(axis=1)
    print(
        f"{kind.__name__}: exactly 0 at y_c from a gap of "
        f"{gaps[own == 0].min(initial=999)} on, at every rival from "
        f"{gaps[rivals == 0].min(initial=999)} on (999: not up to 120)"
    )

# %% [markdown]
# And the map? The network of this lesson, its last layer's weights multiplied until the
# gap of this picture is 30, in single precision beside double:

# %%
two = np.sort(y.data[0])[-2:]
surer, maps = tiny.trained(), []
surer["fc"].W.data *= 30 / (two[1] - two[0])
surer["fc"].b.data *= 30 / (two[1] - two[0])
for kind in (np.float32, np.float64):
    same = Tensor(photo.data.astype(kind))
    p30 = Softmax()(surer.astype(kind)(same))
    maps.append(backward(p30, one_hot(p30, int(p30.data.argmax())), wrt=same))
off = np.linalg.norm(maps[0] - maps[1]) / np.linalg.norm(maps[1])
print(
    f"largest: {np.abs(maps[0]).max():.0e}; not zero in {(maps[0] != 0).mean():.0%} of "
    f"the pixels; off by {off:.0%} of the right one's size"
)

# %% [markdown]
# <details><summary>Explain</summary>
#
# c). $g_c - \sum_i p_i g_i = 1 - p_c$, and $p_c$ rounds to exactly 1, in single
# precision from a gap of some 18 on: the class itself is lost. The signals to the
# *rivals* stay above 0 for much longer, so the map is nowhere zero, but the class's own
# part is missing: what is left speaks against the rivals, whatever the class is.
# Exactly zero it becomes where these underflow, beyond a gap of 100. Users report both,
# "my saliency map shows the wrong object" and "my map is all zero", and the cure is to
# start at the score. </details>
#
# ## How often are the two maps "quite similar"?
#
# Users report that it makes no difference. Let us count: Grad-CAM (lesson 10 explains
# it; here it is just some map of a class, over the feature maps `relu4`, the last ones,
# and before its final ReLU) from the score and from the probability, on pictures with
# two shapes and on pictures with one, compared by
# [*Spearman's rank correlation*](glossary.md#rank-correlation) (1: the same order of
# pixels).
#
# ## Predict
#
# On which pictures do the two maps agree better: with one shape, or with two?


# %%
def agreement(net, x, classes):
    """Rank correlation of the two maps for each picture's first class, and its
    probability -> (n, 2)
    """
    found = []
    for n, c in enumerate(classes[:, 0].tolist()):
        y = net(Tensor(x[n : n + 1].astype(float)))
        maps = [
            grad_cam(y, c, find(y, "relu4"), start=start, relu=False)
            for start in ("score", "probability")
        ]
        found.append((spearman(*maps), Softmax()(y.data)[0, c]))
    return np.array(found)


# %%
x2, classes2, masks2 = tiny.pictures(100, seed=44, shapes=2)
found = {
    "one shape": agreement(net, x[:100], classes[:100]),
    "two shapes": agreement(net, x2, classes2),
}
for name, (rank, _) in ((name, f.T) for name, f in found.items()):
    print(
        f"{name:10} median {np.median(rank):.2f}, smallest {rank.min():.2f}; above "
        f"0.9 in {np.mean(rank > 0.9):.0%} of the pictures"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# With one shape. Then the rivals' maps are weak or alike, and subtracting their mean
# changes little: the reports are right, *on such pictures*. With two shapes the rival
# has a map of its own, and the probability's map is the map of the one class minus that
# of the other. It is often alike even so, because both say "here, and not there"; and
# sometimes it has nothing to do with the score's map. The figure shows the picture on
# which the two agree least.
# </details>

# %%
worst = int(found["two shapes"][:, 0].argmin())
c, y = int(classes2[worst, 0]), net(Tensor(x2[worst : worst + 1].astype(float)))
A, said = find(y, "relu4"), f"{tiny.CLASSES[c]}, p = {Softmax()(y.data)[0, c]:.2f}"
figure, axes = plt.subplots(1, 4, figsize=(15, 4.3), width_ratios=[1, 1, 1, 1.3])
picture(axes[0], x2[worst, 0], "picture", f"class: {said}", cmap="gray")
for ax, start in zip(axes[1:], ("score", "probability")):
    signed(ax, grad_cam(y, c, A, start=start, relu=False)[0], f"from the {start}")
for (name, points), colour in zip(found.items(), (BLUE, RED)):
    axes[3].scatter(*points.T[::-1], s=24, color=colour, alpha=0.6, label=name)
axes[3].set(xlabel="probability of the class", ylabel="rank correlation", ylim=(0, 1))
axes[3].legend(title="are the maps alike?", loc="lower right")
plt.show()

# %% [markdown]
# And on photos, which mostly show one thing? Counted once, on 400 photos (of the data
# set Imagenette) that the networks were not trained on; for the best class of each, by
# how sure the network is. `mini_vgg` (lesson 10) tells ten classes apart, as unlike as
# a church and a golf ball; SqueezeNet a thousand, among them 118 breeds of dogs:

# %%
print(quoted("scores_or_probabilities.txt"))

# %% [markdown]
# Among ten unlike classes the reports are right, in nine photos of ten, and not because
# softmax did not matter: with a single object there is nothing that the rivals' maps
# could point at. Among a thousand they are wrong: the rivals of a springer spaniel are
# other spaniels, whose maps lie on the same dog. Subtracting their mean takes away what
# all spaniels share, and leaves what tells *this* one apart.
#
# Explaining a probability means explaining a *contrast*, which may be what you want:
# "why this and not that?" Then say so, and choose the rival yourself: start with 1 at
# one score and $-1$ at the other.
#
# ## Touch it
#
# Make the network surer with the slider, and watch the signal of its probability
# vanish, while that of its score stays.

# %%
touch(4)

# %% [markdown]
# ## On your own


# %%
def softmax_gx(p, gy):
    """p, gy (N, K): the signal at the scores, (N, K)."""


def cross_entropy_gx(y, classes):
    """y (N, K) scores, classes (N,): the gradient at y of the mean over N of -ln
    p_class, (N, K).
    """


check("4.1", softmax_gx)
check("4.2", cross_entropy_gx)


# %%
def linear_gx_gW_gb(x, W, gy):
    """y = x W^T + b, x (N, D), W (F, D), gy (N, F) -> the three gradients."""


def probability_map(maps, y, c):
    """maps (K, h, w): dy_j/dA for every class; y (K,) scores -> dp_c/dA, (h, w)."""


check("4.3", linear_gx_gW_gb)
check("4.4", probability_map)

# %% [markdown]
# ## Papers
#
# - Simonyan, Vedaldi & Zisserman 2013, *Deep inside convolutional networks*, sec. 2:
#   unnormalised scores are used, since a probability can be raised by lowering the
#   other classes.
# - Selvaraju et al. 2017, *Grad-CAM*, sec. 3: "the score for class c, $y^c$ (before the
#   softmax)".
# - Bridle 1990, *Probabilistic interpretation of feedforward classification network
#   outputs*: the name softmax, and its derivative.
