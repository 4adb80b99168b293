# %% [markdown]
# # 10. CAM, and Grad-CAM as its generalisation
#
# *Runs in about 12 seconds. Before this: lessons 4 and 5.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 10`.
#
# **What you will do.** Take a score apart into places, prove that Grad-CAM does the
# same where CAM exists, and measure how often the map points at the right shape.
#
# **What you will learn.** With *global average pooling* (the mean of each feature map)
# and one linear layer, the score *is* the mean of a map: the
# [*class activation map*](glossary.md#cam), CAM. Grad-CAM,
# [*gradient-weighted*](glossary.md#grad-cam) CAM, works for other networks, too. How
# the two are related, and what Grad-CAM gives up.
#
# **What you will need.** Lessons 4 and 5.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

import weights
from gradcam import cam, grad_cam, image, upsample
from gradcam.measure import chance, pointing_game
from gradcam.method import weighted
from gradcam.methods.grad_cam import weights as alphas
from lessons.exercises import check
from lessons.plots import picture, signed, style
from lessons.scenes import CLASSES, LAYER, network, portrait, scenes, untrained
from minicnn import Flatten, Linear, Tensor, backward, find, one_hot

# %% [markdown]
# ## A score that is a mean
#
# The last layers of `mini_vgg`, which knows ten classes of photos: feature maps $A^k$
# of $Z = 6 \times 6$ places, their means $F_k$, and a linear layer. Exchange the two
# sums:
#
# $$y_c = \sum_k w_{ck} \underbrace{\frac1Z \sum_{ij} A^k_{ij}}_{F_k} + b_c
#       = \frac1Z \sum_{ij} \underbrace{\sum_k w_{ck} A^k_{ij}}_{M_c(i,j)} + b_c .$$
#
# $M_c$ is the *class activation map* (Zhou et al. 2016, eq. 2): each place's own
# contribution to the score, of either sign. Our photo is the portrait of a naval
# officer. None of the ten classes is a person; we ask for the one with the largest
# score.

# %%
style()
vgg = weights.load("mini_vgg").astype(np.float64)
photo = image.prepare(portrait(), weights.card("mini_vgg").preprocessing).astype(
    np.float64
)
y = vgg(Tensor(photo, "x"))
c = int(y.data.argmax())
A, W, b = find(y, "pool4"), vgg["fc"].W.data, vgg["fc"].b.data
M = cam(A, W, c)
print(
    f"{weights.card('mini_vgg').classes[c]}: score {y.data[0, c]:.6f}; mean of the "
    f"map + bias {M.mean() + b[c]:.6f}"
)

# %% [markdown]
# ## Predict
#
# For this network, what is $\partial y_c / \partial A^k_{ij}$?
#
# - a) another number for each picture and place
# - b) the same number at all 36 places, for every picture

# %%
dA = backward(y, one_hot(y, c), wrt=A)
print(
    "spread over places:",
    np.ptp(dA, axis=(-2, -1)).max(),
    "  equal to w/Z:",
    np.allclose(dA[0, :, 0, 0], W[c] / 36),
)

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). $y_c$ depends on $A^k_{ij}$ through the mean alone, so the derivative is
# $w_{ck}/Z$, whatever the picture. That is the proof:
#
# $$\alpha^c_k = \frac1Z \sum_{ij} \frac{\partial y_c}{\partial A^k_{ij}} =
#   \frac{w_{ck}}{Z}
#   \qquad\Rightarrow\qquad \sum_k \alpha^c_k A^k = \frac1Z M_c .$$
#
# Grad-CAM (Selvaraju et al. 2017, eqs. 1 and 2) is CAM divided by $Z$, before its final
# ReLU. Some programs take the sum instead of the mean for $\alpha$, and get CAM itself.
# The factor makes no difference once a map is drawn on a scale of its own. (Drawn in
# colours, such a coarse map is a [*heat map*](glossary.md#heat-map-overlay); laid over
# the photo, an *overlay*.)
# </details>

# %%
print(inspect.getsource(alphas), inspect.getsource(weighted), sep="\n")
L = grad_cam(y, c, A, relu=False)
print(
    "CAM = Z x Grad-CAM, largest difference:",
    f"{np.abs(M - 36 * L).max():.0e}",
    " smallest value of the map:",
    f"{M.min():.1f}",
)

# %% [markdown]
# ## Without global average pooling
#
# `shapes` ends in a max-pool and two linear layers with a ReLU between: there is no
# CAM, but the gradient is there, and so is Grad-CAM. Each class weighs the same feature
# maps in its own way, so a picture with two shapes has two maps. Beside them are those
# of a network with random weights.

# %%
net, blank = network(), untrained()
pictures, x, classes, masks = scenes(100, first=1000)
figure, axes = plt.subplots(2, 4, figsize=(10.5, 5.6))
ways = [
    (net, False, "before the ReLU"),
    (net, True, "Grad-CAM"),
    (blank, False, "random weights"),
]
for line, c in zip(axes, classes[8].tolist()):
    picture(line[0], pictures[8], f"class: {CLASSES[c]}")
    for ax, (of, relu, title) in zip(line[1:], ways):
        y = of(Tensor(x[8:9]))
        M = upsample(grad_cam(y, c, find(y, LAYER), relu=relu), (96, 96))[0]
        picture(ax, M, title, cmap="inferno") if relu else signed(ax, M, title)
plt.show()

# %% [markdown]
# ## Predict
#
# In 100 scenes with two shapes, how often is the largest value of the class's map on
# the class's own shape? This measure is the
# [*pointing game*](glossary.md#pointing-game). A random point hits in one picture of
# eighteen.


# %%
def hits(net, layer, n=100):
    """The share of pictures in which the map of the first shape's class is largest on
    that shape (Zhang et al. 2016).
    """
    found = []
    for photo, c, mask in zip(x[:n], classes[:n, 0].tolist(), masks[:n, 0]):
        y = net(Tensor(photo[None]))
        found.append(
            pointing_game(upsample(grad_cam(y, c, find(y, layer)), (96, 96))[0], mask)
        )
    return np.mean(found)


print(f"trained {hits(net, LAYER):.0%}, random weights {hits(blank, LAYER):.0%}")
print(f"a random point {np.mean([chance(mask[0]) for mask in masks]):.0%}")

# %% [markdown]
# <details><summary>Explain</summary>
#
# Compare the three numbers that were printed. The trained network's map hits far more
# often than both others: the map depends on what was learned and on the class that is
# asked for. (It is not always right, either: the largest value may lie just beside a
# shape, where the background next to an edge is part of what the network looks at.)
# </details>
#
# ## Other layers
#
# A gradient exists at every layer, so Grad-CAM can be taken anywhere. Is it as good
# everywhere? (`LAYER`, so far, was `relu4_2`. Here with the first 50 scenes.)

# %%
for layer in ("relu1_1", "relu2_1", "relu3_2", "relu4_2", "relu5_1"):
    print(f"{layer}: {hits(net, layer, 50):.0%}")

# %% [markdown]
# No. In the first layers a feature map is an edge or a colour, and one weight for the
# whole map cannot say which edge belongs to the class. `relu5_1`, the last one, where
# the paper takes its maps, is coarse here: $6 \times 6$ places, 16 pixels apart. Which
# layer is best depends on the network, and with 50 pictures a difference of a few
# percent means nothing.
#
# ## What the mean gives up
#
# The large VGG networks (lesson 16), other than `mini_vgg`, have no global pooling: the
# head sees *where* a feature is. Here is such a head, one feature map $A$ and weights
# that are $+1$ in the left half and $-1$ in the right half: "the feature must be on the
# left".
#
# ## Predict
#
# The feature is on the left, so the score is high. What does Grad-CAM show?
#
# - a) the left half
# - b) nothing at all

# %%
A1 = Tensor(np.array([[[[2.0, 1, 0, 0], [3, 1, 0, 0]]]]))
y1 = Linear()(Flatten()(A1), np.array([[1.0, 1, -1, -1] * 2]))
print("score", y1.data[0, 0], "\nGrad-CAM", grad_cam(y1, 0, A1)[0].tolist())
print(
    "A * dA, place by place",
    (A1.data * backward(y1, one_hot(y1, 0), wrt=A1))[0, 0].tolist(),
)

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). $\alpha$ is the *mean* of $+1$ and $-1$, which is 0, and the map is 0 although
# every place that contributes is known. Multiplying place by place instead,
# $\sum_k A^k \frac{\partial y_c}{\partial A^k}$, keeps it (Draelos & Carin 2020 call it
# HiResCAM), at the price of a noisier map. For `mini_vgg` the two are the same.
# </details>
#
# ## On your own


# %%
def my_cam(A, W, c):
    """A (K, h, w), W (classes, K) -> the class activation map, (h, w)."""


def my_grad_cam(A, dA):
    """A and dy_c/dA, both (K, h, w) -> Grad-CAM, (h, w), with the mean and the final
    ReLU.
    """


def alpha_two_layers(A, U, V, c):
    """y = V max(U F, 0), F_k = mean of A^k; A (K, h, w), U (E, K), V (classes, E):
    Grad-CAM's weights for class c, (K,).
    """


check("10.1", my_cam)
check("10.2", my_grad_cam)
check("10.3", alpha_two_layers)

# %% [markdown]
# ## Papers
#
# - Zhou, Khosla, Lapedriza, Oliva & Torralba 2016, *Learning deep features for
#   discriminative localization*, CVPR, eqs. 1 and 2.
# - Selvaraju et al. 2017, *Grad-CAM*, ICCV, eqs. 1 and 2, and the section "Grad-CAM
#   generalizes CAM".
# - Zhang et al. 2016, *Top-down neural attention by excitation backprop*, ECCV: the
#   pointing game.
# - Draelos & Carin 2020, *Use HiResCAM instead of Grad-CAM for faithful explanations of
#   convolutional neural networks*.
