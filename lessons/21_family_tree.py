# %% [markdown]
# # 21. The family tree of maps
#
# *Runs in about 20 seconds. Before this: lessons 7, 10, 15 and 19.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 21`.
#
# **What you will do.** Write five descendants of Grad-CAM in a line each, see where
# they are one and the same, and measure what each choice buys; then the same for the
# descendants of the gradient.
#
# **What you will learn.** Nearly all of them are $\sum_k w^k_{ij} A^k_{ij}$, and differ
# in two choices: is the derivative averaged over places, and what is done with its
# negative part? Each choice answers another question, and one popular choice loses the
# class.
#
# **What you will need.** Lessons 7, 10, 15 and 19.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

import gradcam
import weights
from gradcam import explain, image, upsample
from gradcam.measure import pointing_game, spearman
from lessons.exercises import check
from lessons.plots import picture, style
from lessons.scenes import CLASSES, network, portrait, scenes, untrained
from minicnn import Tensor, find

# %% [markdown]
# ## Two choices
#
# With $g^k_{ij} = \partial y_c / \partial A^k_{ij}$:
#
# | method | $w^k_{ij}$ | averaged over places? | negative derivatives |
# |---|---|---|---|
# | Grad-CAM | $\frac1Z \sum_{ab} g^k_{ab}$ | yes | count |
# | XGrad-CAM | $\sum_{ab} g^k_{ab} A^k_{ab} / \sum_{ab} A^k_{ab}$ | by $A$ | count |
# | HiResCAM | $g^k_{ij}$ | no | count |
# | LayerCAM | $\max(g^k_{ij}, 0)$ | no | dropped |
# | Grad-CAM++ | $\sum_{ab} \alpha^k_{ab} \max(g^k_{ab}, 0)$ | yes, weighted | dropped |

# %%
style()
FAMILY = ("grad_cam", "xgrad_cam", "hirescam", "layercam", "grad_cam++")
for method in (
    gradcam.xgrad_cam,
    gradcam.hirescam,
    gradcam.layercam,
    gradcam.grad_cam_pp,
):
    print(inspect.getsource(inspect.getmodule(method).weights))

# %% [markdown]
# ## Predict
#
# `mini_vgg` ends in global average pooling and one linear layer. At its last feature
# maps (`pool4`), which of the five are the same map, up to a factor?
#
# - a) all
# - b) Grad-CAM, XGrad-CAM and HiResCAM
# - c) none

# %%
vgg = weights.load("mini_vgg").astype(np.float64)
photo = image.prepare(portrait(), weights.card("mini_vgg").preprocessing).astype(
    np.float64
)
y = vgg(Tensor(photo, "x"))
A, c = find(y, "pool4"), int(y.data.argmax())
M = gradcam.grad_cam(y, c, A, relu=False).ravel()
signed = {
    f.__name__: f(y, c, A, relu=False).ravel()
    for f in (gradcam.xgrad_cam, gradcam.hirescam, gradcam.grad_cam_pp)
}
for name, N in (signed | {"layercam": gradcam.layercam(y, c, A).ravel()}).items():
    factor = M @ N / (M @ M)
    print(
        f"{name:11} = {factor:6.3f} x Grad-CAM, and what is left is "
        f"{np.linalg.norm(N - factor * M) / np.linalg.norm(N):.0e} of it"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). There $g^k_{ij} = w_{ck} / Z$ at every place (lesson 10), so an average over
# places changes nothing, however it is weighted. A method that drops negative
# derivatives drops every feature map that speaks against the class, and gives another
# map even here.
# </details>
#
# ## Where they differ
#
# `shapes` has a head that is not linear: ReLUs, and a maximum over places. We ask the
# questions of lessons 13 and 15 on 24 scenes with two shapes: which share of the
# positive part lies on the class's own shape, which on the other, and how alike are the
# maps of the two classes?
#
# ## Predict
#
# Which of the five gives nearly the same map, whichever class is asked for?

# %%
net, (pictures, x, classes, masks) = network(), scenes(24, first=2100)


def measured(maps):
    """maps: for each scene, {0: map of its first class, 1: of its second}, (96, 96) ->
    hits, on its own shape, on the other, alike.
    """
    rows = []
    for n, pair in enumerate(maps):
        M = np.maximum(pair[0], 0)
        shares = [M[mask].sum() / M.sum() for mask in masks[n]]
        rows.append(
            (pointing_game(M, masks[n, 0]), *shares, spearman(pair[0], pair[1]))
        )
    return np.mean(rows, axis=0)


# %%
found = [explain(net, x[n : n + 1], classes[n].tolist(), FAMILY) for n in range(24)]
table = {}
print(
    f"{'':21} points at its shape   on its shape   on the other   alike for both "
    "classes"
)
for method in FAMILY:
    coarse = [
        {k: upsample(e[method, c], (96, 96))[0] for k, c in enumerate(e.classes)}
        for e in found
    ]
    table[method] = measured(coarse)
    print("{:21} {:18.0%} {:14.0%} {:14.0%} {:24.2f}".format(method, *table[method]))

# %% [markdown]
# <details><summary>Explain</summary>
#
# Grad-CAM++. Its weights are positive by construction, and where $\sum A$ is large the
# factor $\alpha \approx 1 / (g \sum A)$ cancels the derivative: what remains counts
# where a map is active, and how often its derivative is positive, for whatever class.
# Averaging less (HiResCAM, LayerCAM) brings the map onto the shape; dropping the
# negative derivatives costs the class.
# </details>
#
# ## The other branch
#
# From the gradient at the pixels descend averages of gradients: over noise
# (SmoothGrad), over the straight path from a grey picture, the *baseline* (Integrated
# Gradients); and changed rules: LRP of lesson 19.
#
# ## Predict
#
# For Integrated Gradients the map adds up to $y_c(x) - y_c(\text{grey})$
# (*completeness*). By how much does it fail to, with 4 gradients along the path?
#
# - a) not at all
# - b) some per cent

# %%
PIXELS = {
    "gradient": lambda p, c: gradcam.gradient(net(t := Tensor(p, "x")), c, t),
    "SmoothGrad": lambda p, c: gradcam.smoothgrad(net, p, c, n=4),
    "integrated gradients": lambda p, c: gradcam.integrated_gradients(
        net, p, c, steps=4
    ),
    "LRP-epsilon": lambda p, c: gradcam.lrp(
        net(t := Tensor(p, "x")), c, t, gradcam.LRP_EPSILON
    ),
    "LRP-gamma": lambda p, c: gradcam.lrp(
        net(t := Tensor(p, "x")), c, t, gradcam.LRP_GAMMA
    ),
}
for steps in (2, 4, 16):
    c, p, grey = int(classes[0, 0]), x[:1], np.zeros_like(x[:1])
    total, needed = (
        gradcam.integrated_gradients(net, p, c, steps=steps).sum(),
        float((net(p) - net(grey))[0, c]),
    )
    print(
        f"{steps:2} gradients: the map adds up to {total:6.2f}; the score rises by "
        f"{needed:.2f}"
    )

# %%
maps = {}
for name, method in PIXELS.items():
    maps[name] = [
        {
            k: abs(method(x[n : n + 1], int(c))[0].sum(axis=0))
            for k, c in enumerate(classes[n])
        }
        for n in range(6)
    ]
    table[name] = measured(maps[name])
    print("{:21} {:18.0%} {:14.0%} {:14.0%} {:24.2f}".format(name, *table[name]))

# %% [markdown]
# <details><summary>Explain</summary>
#
# b), and more gradients bring it nearer only slowly, since the gradient jumps wherever
# a gate flips along the path. And completeness, like LRP's conservation, is about the
# sum, not about where it lies. Averaging over noise or along a path does what one
# hopes: more of the map lies on the shape than with the plain gradient. (Six scenes are
# few: take the columns of percentages as rough.) `gradcam methods` lists all of the
# family, with paper and cost; `gradcam measure` measures them on pictures of yours,
# with intervals.
# </details>

# %%
figure, axes = plt.subplots(2, 6, figsize=(13.5, 4.9))
picture(axes[0, 0], pictures[0], f"class: {CLASSES[classes[0, 0]]}")
drawn = {method: found[0][method, int(classes[0, 0])] for method in FAMILY}
random = explain(untrained(), x[:1], int(classes[0, 0]), ("grad_cam",))
drawn["random weights,\ngrad_cam"] = random["grad_cam"]
for ax, (name, M) in zip(axes.flat[1:], drawn.items()):
    picture(ax, upsample(M, (96, 96))[0], name, cmap="inferno")
for ax, name in zip(axes[1, 1:], PIXELS):
    half = maps[name][0][0].reshape(48, 2, 48, 2).mean(axis=(1, 3))
    picture(ax, half, name.replace("integrated", "int."), cmap="inferno")
plt.show()

# %% [markdown]
# ## On your own


# %%
def my_hirescam(A, g):
    """A and g = dy_c/dA (K, h, w) -> HiResCAM without a ReLU, (h, w)."""


def my_layercam(A, g):
    """-> LayerCAM with its final ReLU, (h, w)."""


def my_xgrad_cam(A, g):
    """-> XGrad-CAM without its final ReLU, (h, w).  A map A^k of zeros has weight 0."""


def my_smoothgrad(gradient, x, noise):
    """gradient(x) gives an array of x's shape; noise (n, *x.shape) -> the mean of the
    gradient at x + each noise.
    """


check("21.1", my_hirescam)
check("21.2", my_layercam)
check("21.3", my_xgrad_cam)
check("21.4", my_smoothgrad)

# %% [markdown]
# ## Papers
#
# - Chattopadhay et al. 2018, *Grad-CAM++*, eqs. 5 and 19; Fu et al. 2020, *Axiom-based
#   Grad-CAM* (XGrad-CAM), eqs. 1 and 8.
# - Draelos & Carin 2020, *Use HiResCAM instead of Grad-CAM*, sec. 3; Jiang et al. 2021,
#   *LayerCAM*, eqs. 5 to 7.
# - Smilkov et al. 2017, *SmoothGrad*; Sundararajan, Taly & Yan 2017, *Axiomatic
#   attribution for deep networks*, eqs. 1 and 3.
