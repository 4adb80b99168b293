# %% [markdown]
# # 10. CAM, and Grad-CAM as its generalisation
#
# *About 5 seconds. Before this: lessons 4 and 5.*
#
# **What you will do.** Take a score apart into places, prove that Grad-CAM does the same where CAM exists, and measure how often the
# map points at the right shape.
#
# **What you will learn.** With global average pooling and one linear layer, the score *is* the mean of a map. Grad-CAM reads the same
# weights off the gradient, so it needs no such network; what it gives up for that is knowledge of position.
#
# **What you will need.** Lessons 4 and 5.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from gradcam import cam, grad_cam, upsample
from gradcam.grad_cam import combine
from gradcam.measure.pointing_game import chance, pointing_game
from lessons import tiny
from lessons.exercises import check
from lessons.plots import picture, signed
from minicnn import Flatten, Linear, Tensor, backward, find, one_hot

# %% [markdown]
# ## A score that is a mean
#
# The last layers of `tiny`: feature maps $A^k$ of $Z = 8 \times 8$ places, their means $F_k$, and a linear layer. Exchange the two sums:
#
# $$y_c = \sum_k w_{ck} \underbrace{\frac1Z \sum_{ij} A^k_{ij}}_{F_k} + b_c
#       = \frac1Z \sum_{ij} \underbrace{\sum_k w_{ck} A^k_{ij}}_{M_c(i,j)} + b_c .$$
#
# $M_c$ is the *class activation map* (Zhou et al. 2016, eq. 2): each place's own contribution to the score, of either sign.

# %%
net = tiny.trained()
x, classes, masks = tiny.pictures(200, seed=10, shapes=2)
photo, c = Tensor(x[8:9].astype(float), "x"), int(classes[8, 0])
y = net(photo)
A, W, b = find(y, "relu4"), net["fc"].W.data, net["fc"].b.data
M = cam(A, W, c)
print(f"score {y.data[0, c]:.6f}; mean of the map + bias {M.mean() + b[c]:.6f}")

# %% [markdown]
# ## Predict
#
# For this network, what is $\partial y_c / \partial A^k_{ij}$?
#
# a) another number for each picture and place  b) the same number at all 64 places, for every picture

# %%
dA = backward(y, one_hot(y, c), wrt=A)
print("spread over places:", np.ptp(dA, axis=(-2, -1)).max(), "  equal to w/Z:", np.allclose(dA[0, :, 0, 0], W[c] / 64))

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). $y_c$ depends on $A^k_{ij}$ through the mean alone, so the derivative is $w_{ck}/Z$, whatever the picture. That is the proof:
#
# $$\alpha^c_k = \frac1Z \sum_{ij} \frac{\partial y_c}{\partial A^k_{ij}} = \frac{w_{ck}}{Z}
#   \qquad\Rightarrow\qquad \sum_k \alpha^c_k A^k = \frac1Z M_c .$$
#
# Grad-CAM (Selvaraju et al. 2017, eqs. 1 and 2) is CAM divided by $Z$, before its final ReLU. Some codes take the sum instead of the
# mean for $\alpha$, and have CAM itself. The factor vanishes as soon as a map is drawn on a scale of its own.
# </details>

# %%
print(inspect.getsource(combine))
L = grad_cam(y, c, A, relu=False)
print("CAM = Z x Grad-CAM, largest difference:", f"{np.abs(M - 64 * L).max():.0e}", " smallest value of the map:", f"{M.min():.1f}")

# %% [markdown]
# ## Two classes, one picture
#
# Each class weighs the same feature maps in its own way, so a picture with two shapes has two maps. Beside them, the maps of a network
# with random weights.

# %% alt="Two classes of one picture: Grad-CAM before and after its ReLU marks each one's shape; with random weights it marks neither."
untrained = tiny.network(seed=1).astype(np.float64)
whose = [(y, False), (y, True), (untrained(photo), False)]  # scores, and whether with the final ReLU
figure, axes = plt.subplots(2, 4, figsize=(13, 6.8))
for line, c in zip(axes, classes[8]):
    drawn = [upsample(grad_cam(scores, c, find(scores, "relu4"), relu=relu)[0], (32, 32)) for scores, relu in whose]
    picture(line[0], x[8, 0], f"class: {tiny.CLASSES[c]}", f"score {y.data[0, c]:.1f}", cmap="gray")
    signed(line[1], drawn[0], "before the ReLU", "blue speaks against it")
    picture(line[2], x[8, 0], "Grad-CAM", "after the ReLU", cmap="gray")
    line[2].imshow(drawn[1], cmap="inferno", alpha=0.65)
    signed(line[3], drawn[2], "random weights", "the sanity picture")
plt.show()

# %% [markdown]
# ## Predict
#
# In 200 pictures with two shapes, how often is the largest value of the class's map on the class's own shape? A random point hits in one
# picture of ten.

# %%
def hits(net, layer, n=200):
    """The share of pictures in which the map of the left shape's class is largest on that shape (Zhang et al. 2016)."""
    found = []
    for photo, c, mask in zip(x[:n].astype(float), classes[:n, 0].tolist(), masks[:n, 0]):
        y = net(Tensor(photo[None]))
        found.append(pointing_game(upsample(grad_cam(y, c, find(y, layer)), (32, 32))[0], mask))
    return np.mean(found)


print(f"trained {hits(net, 'relu4'):.0%}, random weights {hits(untrained, 'relu4'):.0%}")
print(f"a random point {np.mean([chance(mask[0]) for mask in masks]):.0%}")

# %% [markdown]
# <details><summary>Explain</summary>
#
# Compare the three numbers that were printed. The trained network's map points far more often than both others: the map depends on what
# was learned and on the class that is asked for. (It is not always right, either: the largest value may lie just beside a shape, where
# the background next to an edge is part of what the network looks at.)
# </details>
#
# ## Layers that CAM cannot reach
#
# A gradient exists at every layer, so Grad-CAM can be taken anywhere. Is it as good everywhere?

# %%
for layer in ("relu1", "relu2", "relu3", "relu4"):
    print(f"{layer}: {hits(net, layer, 100):.0%}")

# %% [markdown]
# ## What the mean gives up
#
# VGG has no global pooling: its head sees *where* a feature is. Here is such a head, one feature map $A$ and weights that are $+1$ in the
# left half and $-1$ in the right half: "the feature must be on the left".
#
# ## Predict
#
# The feature is on the left, so the score is high. What does Grad-CAM show?
#
# a) the left half  b) nothing at all

# %%
A1 = Tensor(np.array([[[[2.0, 1, 0, 0], [3, 1, 0, 0]]]]))
y1 = Linear()(Flatten()(A1), np.array([[1.0, 1, -1, -1] * 2]))
print("score", y1.data[0, 0], "\nGrad-CAM", grad_cam(y1, 0, A1)[0].tolist())
print("A * dA, place by place", (A1.data * backward(y1, one_hot(y1, 0), wrt=A1))[0, 0].tolist())

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). $\alpha$ is the *mean* of $+1$ and $-1$, which is 0, and the map is 0 although every place that contributes is known. Multiplying
# place by place instead, $\sum_k A^k \frac{\partial y_c}{\partial A^k}$, keeps it (Draelos & Carin 2020 call it HiResCAM), at the price of
# a noisier map. For the network of this lesson the two are the same.
# </details>
#
# ## On your own

# %%
def my_cam(A, W, c):
    """A (K, h, w), W (classes, K) -> the class activation map, (h, w)."""


def my_grad_cam(A, dA):
    """A and dy_c/dA, both (K, h, w) -> Grad-CAM, (h, w), with the mean and the final ReLU."""


def alpha_two_layers(A, U, V, c):
    """y = V max(U F, 0), F_k = mean of A^k; A (K, h, w), U (E, K), V (classes, E): Grad-CAM's weights for class c, (K,)."""


check("10.1", my_cam), check("10.2", my_grad_cam), check("10.3", alpha_two_layers)

# %% [markdown]
# ## Papers
#
# - Zhou, Khosla, Lapedriza, Oliva & Torralba 2016, *Learning deep features for discriminative localization*, CVPR, eqs. 1 and 2.
# - Selvaraju et al. 2017, *Grad-CAM*, ICCV, eqs. 1 and 2, and the section "Grad-CAM generalizes CAM".
# - Zhang et al. 2016, *Top-down neural attention by excitation backprop*, ECCV: the pointing game.
# - Draelos & Carin 2020, *Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks*.
