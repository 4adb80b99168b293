# %% [markdown]
# # 13. Guided Grad-CAM: what each factor brings
#
# *Runs in about 20 seconds. Before this: lessons 9, 10 and 12.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 13`.
#
# **What you will do.** Multiply two maps, and measure what the product has that neither
# factor had alone.
#
# **What you will learn.** What each factor contributes: the class, or the detail. How
# far guided backprop knows the class by itself, which depends on the network. And which
# weaknesses of each the product inherits.
#
# **What you will need.** Lessons 9, 10 and 12.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from gradcam import GUIDED, grad_cam, guided_backprop, guided_grad_cam, upsample
from gradcam.measure import spearman
from gradcam.methods.guided_grad_cam import localise
from lessons.exercises import check
from lessons.measured import class_dependence, quoted
from lessons.plots import picture, signed, style
from lessons.scenes import hopper, network, scenes
from minicnn import Tensor, backward, find, one_hot

style()

# %% [markdown]
# ## One line
#
# $$M_{\text{GGC}} = M_{\text{guided}} \cdot \operatorname{up}(L_{\text{Grad-CAM}}),$$
#
# pixel by pixel, with the coarse map brought to the picture's size by bilinear
# interpolation (Selvaraju et al. 2017, sec. 3.1).

# %%
print(inspect.getsource(guided_grad_cam), inspect.getsource(localise), sep="\n")
net = network()
pictures, x, classes, masks = scenes(60, first=1300)


def three(net, x, c):
    """Grad-CAM at the picture's size, guided backprop and their product for class c of
    x (1, 3, H, W), each (H, W): of the three colours' values their sum.
    """
    p = Tensor(x, "x")
    y = net(p)
    A = find(y, net.card.layer)
    fine = guided_backprop(y, c, p), guided_grad_cam(y, c, A, p)
    return upsample(grad_cam(y, c, A), x.shape[2:])[0], *(
        M[0].sum(axis=0) for M in fine
    )


# %% [markdown]
# ## Predict
#
# Which of the three are different for the two classes in one picture? And which are as
# fine as pixels?
#
# | | knows the class | fine |
# |---|---|---|
# | Grad-CAM | ? | ? |
# | guided backprop | ? | ? |
# | the product | ? | ? |
#
# We measure the first by the rank correlation of $|M|$ for the two classes (1: the same
# map; low: it knows), once over the whole picture and once on the two shapes only, and
# by how much of $\sum |M|$ lies on the class's own shape rather than on the other; the
# second by the correlation of neighbouring pixels (low: it is fine).

# %%
names = ["Grad-CAM", "guided backprop", "Guided Grad-CAM"]
rows = []
for n in range(60):
    left, right = (
        class_dependence.magnitudes(net, x[n : n + 1], int(c)) for c in classes[n]
    )
    for name in names:
        M, other = left[name], right[name]
        own, wrong = (M[mask].sum() / M.sum() for mask in masks[n])
        on, everywhere, *_ = class_dependence.alike(M, other, masks[n].any(axis=0))
        smooth = np.corrcoef(M[:, 1:].ravel(), M[:, :-1].ravel())[0, 1]
        rows.append((name, everywhere, on, own, wrong, smooth))

# %%
print(f"{'':16} both classes alike: everywhere, on the shapes   on its own shape")
for name in names:
    mean = np.mean([row[1:] for row in rows if row[0] == name], axis=0)
    everywhere, on, own, wrong, smooth = mean
    print(
        f"{name:16} {everywhere:30.2f} {on:15.2f} {own:11.0%}, other {wrong:.0%}; "
        f"neighbours alike {smooth:.2f}"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# Grad-CAM's neighbours are almost equal (it has 144 values for 9216 pixels), guided
# backprop's are not, and the product keeps the detail. More of the product lies on the
# right shape than of either factor: what is bright must be bright in both.
#
# Does guided backprop know the class? Over the whole picture its two maps look alike,
# but that is mostly the order of a weak background, which is the same for both. On the
# shapes themselves they are half alike: *this* network passes some of the class on to
# guided backprop. So the answer depends on where one looks, and on the network.
# </details>
#
# Where does this network's guided map have its class from? The network ends in a global
# *max*-pool, so the signal of a class goes back through the few places at which its
# maxima are. Take the places away: spread the signal at the last feature maps evenly,
# as average pooling would, and go on with the rule of guided backprop.


# %%
def spread(n, c):
    """|M| (H, W): guided backprop of class c of picture n; but at the feature maps each
    signal becomes its mean, the same at all places.
    """
    p = Tensor(x[n : n + 1], "x")
    y = net(p)
    A = find(y, net.card.layer)
    g = backward(y, one_hot(y, int(c)), wrt=A, rules=GUIDED)
    even = np.full_like(g, g.mean(axis=(2, 3), keepdims=True))
    return np.abs(backward(A, even, wrt=p, rules=GUIDED)[0]).sum(axis=0)


evenly = [
    class_dependence.alike(*(spread(n, c) for c in classes[n]), masks[n].any(axis=0))
    for n in range(60)
]
print(
    "signal spread evenly: both classes alike, on the shapes "
    f"{np.mean(evenly, axis=0)[0]:.2f}"
)

# %% [markdown]
# Most of the class was in the *places* of the maxima; what is left of it is in which
# feature maps the signal enters, and the rule of guided backprop draws nearly the same
# from any of them.
#
# ## Where guided backprop does not know the class
#
# The same statistic on sixty scenes and sixty photos; of a photo, for its own class and
# the best of all others, on the boxes around its objects. `random`: the same network
# with random weights.

# %%
print(quoted("class_dependence.txt"))

# %%
real, blank, shown, seen, best = hopper()
figure, axes = plt.subplots(2, 5, figsize=(11.5, 4.9))
by_class = [three(real, seen, c) for c in best]
for line, c, (L, guided, product) in zip(axes, best, by_class):
    picture(line[0], shown, f"class: {real.card.classes[c]}")
    picture(line[1], L, "Grad-CAM", cmap="inferno")
    signed(line[2], guided, "guided backprop")
    signed(line[3], product, "the product")
    signed(line[4], three(blank, seen, c)[2], "the product", "random weights")
plt.show()

# %%
for name in names:
    M = (class_dependence.magnitudes(real, seen, c)[name] for c in best)
    print(f"{name:16} of the two classes: rank correlation {spearman(*M):.2f}")

# %% [markdown]
# On photos the three networks, which all end in global *average* pooling, give nearly
# the same guided map for two classes, on the object, too: 0.93 for `mini_vgg`, 0.96 for
# SqueezeNet, 0.98 for the published convolutions of VGG-16 with a last layer for ten
# classes (`vgg16_gap`). There guided backprop does *not* know the class, and Guided
# Grad-CAM is needed: with Grad-CAM as a factor the two maps fall to 0.18, to 0.68 and
# to -0.11. How far they fall is up to Grad-CAM. It tells the ten unlike classes of the
# first and the last network apart, and SqueezeNet's thousand less well: there the
# second class is often a near relative of the first, so that equal maps are partly
# right.
#
# The figure shows such a case: guided backprop draws the same face, collar and buttons
# for bow tie and for suit, and the product is cut out by each class's own Grad-CAM.
# Where guided backprop has no idea of the class, all that the product knows of it comes
# from Grad-CAM.
#
# ## Predict
#
# Guided backprop has a sign, Grad-CAM (after its ReLU) has none. Whose sign has the
# product, and what does it say?
#
# - a) positive: for the class, negative: against it
# - b) guided backprop's: brighter, or darker, would raise the signal

# %%
signs = []
for n in range(60):
    _, guided, product = three(net, x[n : n + 1], int(classes[n, 0]))
    signs.append((np.sign(product) == np.sign(guided))[product != 0].mean())
print(
    "where the product is not zero, its sign is guided backprop's in "
    f"{np.mean(signs):.0%} of the pixels"
)

# %% [markdown]
# <details><summary>Explain</summary>
#
# b), always, since the other factor is nowhere negative. So lesson 9 holds here, too: a
# negative pixel is no evidence against the class. What *was* against the class,
# Grad-CAM's ReLU has removed, and it is zero in the product.
# </details>
#
# ## Predict
#
# How well does the product do in the sanity check of lesson 15, in which the last layer
# is replaced by random numbers?
#
# - a) as badly as guided backprop
# - b) as well as Grad-CAM
# - c) in between

# %%
headless = net.map(np.copy)
headless.card = net.card
noise = (
    np.random.default_rng(0).normal(size=headless["fc7"].W.shape)
    * net["fc7"].W.data.std()
)
headless["fc7"].W.data = noise.astype(np.float32)
for k, name in enumerate(names):
    alike = [
        spearman(
            abs(three(net, x[n : n + 1], int(classes[n, 0]))[k]),
            abs(three(headless, x[n : n + 1], int(classes[n, 0]))[k]),
        )
        for n in range(40)
    ]
    print(
        f"{name:16} rank correlation with the map of the network without its last "
        f"layer: {np.mean(alike):.2f}"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# c), and nearer to Grad-CAM: the product is zero wherever Grad-CAM is. But *inside* the
# region that Grad-CAM leaves, all detail is guided backprop's, and lesson 15 shows
# where that comes from: from the picture.
# </details>
#
# ## On your own


# %%
def product(guided, L):
    """guided (C, H, W), L (H, W) -> Guided Grad-CAM, (C, H, W)."""


def upsample_line(values, N):
    """Bilinear interpolation along a line: values (n,) -> (N,). New pixel i, at (i +
    1/2) n/N - 1/2, lies between two old ones; beyond the first and the last old pixel
    the value stays that of the end.
    """


def drawn(M):
    """Signed M (C, H, W) -> what a panel shows: 0.5 + 0.5 M / max|M|, (C, H, W), so
    that grey is 0.
    """


check("13.1", product)
check("13.2", upsample_line)
check("13.3", drawn)

# %% [markdown]
# ## Papers
#
# - Selvaraju et al. 2017, *Grad-CAM*, sec. 3.1 (Guided Grad-CAM) and fig. 1.
# - Springenberg et al. 2015, *Striving for simplicity*, sec. 3.4. Adebayo et al. 2018,
#   *Sanity checks for saliency maps*, sec. 4.
