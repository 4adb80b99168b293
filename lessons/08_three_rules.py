# %% [markdown]
# # 8. Three rules for one ReLU
#
# *Runs in about 4 seconds. Before this: lessons 3 and 5.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 8`.
#
# **What you will do.** Change one factor in the backward pass through a ReLU, and get
# three of the best known pictures of what a network sees.
#
# **What you will learn.** Plain backpropagation, [*deconvnet*](glossary.md#deconvnet)
# (deconvolutional network) and [*guided backpropagation*](glossary.md#guided-backprop)
# are the same backward pass through the same network. They differ in one *gate*, and
# the gate decides what each can and cannot tell you.
#
# **What you will need.** Lessons 1 to 5.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from gradcam import BACKPROP, DECONVNET, GUIDED
from lessons import tiny
from lessons.exercises import check
from lessons.explorer import touch
from lessons.plots import grid, picture, signed, style
from lessons.scenes import CLASSES, network, scenes, untrained
from minicnn import ReLU, Tensor, backward, one_hot
from minicnn.layer import Sequential

style()

# %% [markdown]
# ## The rules
#
# A ReLU lets its input through where it is positive. In the backward pass there are two
# things one could look at: was the *input* positive (the forward gate), and is the
# *signal* positive (the signal gate)?

# %%
print(inspect.getsource(ReLU))

# %% [markdown]
# | method | gate $x > 0$ | gate $g_y > 0$ | switches | a derivative? |
# |---|---|---|---|---|
# | backprop (Simonyan et al. 2013) | yes | no | yes | yes |
# | deconvnet (Zeiler & Fergus 2014) | **no** | yes | yes | no |
# | guided backprop (Springenberg et al. 2015) | yes | yes | yes | no |
#
# ## Predict
#
# Below, nine inputs of a ReLU and the nine signals that arrive at its output: the
# example of Springenberg et al., figure 1. In how many places do the three rules agree?
#
# - a) in all where $x > 0$
# - b) where both are positive, and nowhere else
# - c) where both are positive, and where both are not

# %%
x = np.array([[1, -1, 5], [2, -5, -7], [-3, 2, 4]], float)
gy = np.array([[-2, 3, -1], [6, -3, 1], [2, -1, 3]], float)
relu = ReLU()
y = relu(Tensor(x))
back, deconv, guided = relu.gx(gy), relu.deconvnet(gy), relu.guided(gy)
agree = (back == deconv) & (deconv == guided)
print("the three agree\n", agree)

# %%
figure, axes = plt.subplots(2, 3, figsize=(10.5, 7.4))
grid(axes[0, 0], x, "input x", "framed: x > 0", frame=x > 0, top=8, cmap="PuOr")
grid(axes[0, 1], y.data, "y = max(x, 0)", "forward", top=8, cmap="PuOr")
grid(axes[0, 2], gy, "the signal gy", "framed: gy > 0", frame=gy > 0, top=8)
grid(axes[1, 0], back, "backprop", "gy where x > 0", frame=x > 0, top=8)
grid(axes[1, 1], deconv, "deconvnet", "gy where gy > 0", frame=gy > 0, top=8)
grid(
    axes[1, 2],
    guided,
    "guided backprop",
    "gy where both",
    frame=(x > 0) & (gy > 0),
    top=8,
)
plt.show()

# %% [markdown]
# <details><summary>Explain</summary>
#
# c). The four cases: both positive, all three pass the signal. Both not: none does.
# Input open and signal negative: backprop alone passes it. Input closed and signal
# positive: deconvnet alone passes it. Guided backprop is the strictest: it passes only
# what both others would pass.
# </details>
#
# ## One forward pass, three signals
#
# The rule is looked up during the backward pass, so all three signals travel together
# through one and the same network. `tiny` is a network that tells disk, ring, square
# and cross apart (`lessons/tiny.py`).

# %%
net = tiny.trained()
photos, classes, _ = tiny.pictures(40, seed=8, shapes=2)
photo = Tensor(photos[:1].astype(float), "x")


def three(net, photo, c):
    """-> (3, N, C, H, W): the maps of backprop, deconvnet and guided backprop, one
    after the other.
    """
    y = net(photo)
    return backward(
        y, np.stack([one_hot(y, c)] * 3), wrt=photo, rules=[BACKPROP, DECONVNET, GUIDED]
    )


# %% [markdown]
# ## Predict
#
# Take two different pictures, and a network *without max-pooling*. For which method are
# the two maps identical, whatever the pictures?
#
# - a) backprop
# - b) deconvnet
# - c) guided backprop
# - d) none

# %%
without_pools = Sequential(*(step for step in net.steps if "pool" not in step.name))
a, b = Tensor(photos[:1].astype(float)), Tensor(photos[1:2].astype(float))
for title, of in [("with max-pools", net), ("without", without_pools)]:
    maps = three(of, a, 1), three(of, b, 1)
    apart = [np.linalg.norm(p - q) / np.linalg.norm(p) for p, q in zip(*maps)]
    print(
        f"{title:14} the two pictures' maps are apart by: backprop {apart[0]:.2f}, "
        f"deconvnet {apart[1]:.2f}, guided {apart[2]:.2f}"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). The deconvnet's rule never looks at the ReLU's input, and the convolutions' rule
# needs only the weights. The picture enters only through the switches. Without them the
# map is a property of the class, not of the picture. Springenberg et al. (sec. 3.4) met
# exactly this when they replaced max-pools by strides, and put the forward gate back:
# guided backprop.
# </details>
#
# ## What they look like, and the same with random weights
#
# The same three lines on a larger network, which ships with the package: `shapes` knows
# eight kinds of shapes in colour, and we look at it from now on. A map must change when
# what the network has learned is taken away. Look at the lower row before you believe
# the upper one.

# %%
scene, scene_x, kinds, _ = scenes(1, first=802, shapes=1, dtype=np.float64)
c, large = int(kinds[0, 0]), Tensor(scene_x, "x")
rows = [
    ("trained", three(network(np.float64), large, c)),
    ("random weights", three(untrained(np.float64), large, c)),
]
figure, axes = plt.subplots(2, 4, figsize=(11, 5.6))
for line, (title, maps) in zip(axes, rows):
    picture(line[0], scene[0], f"class: {CLASSES[c]}", title)
    for ax, name, M in zip(
        line[1:], ["backprop", "deconvnet", "guided backprop"], maps
    ):
        signed(ax, M[0].sum(axis=0), name)
plt.show()

# %% [markdown]
# With random weights the heart has almost vanished. But deconvnet and guided backprop
# still draw the dark strokes of the *picture*, though nothing was learned: a sharp
# drawing does not prove that the network knows what it shows. Lesson 15 measures it.
#
# ## Predict
#
# Backprop is linear in the signal: the map of "class $a$ minus class $b$" is the
# difference of their maps. Is guided backprop?
#
# - a) yes, all the operations it goes through are linear
# - b) no

# %%
y = net(photo)
a, b = one_hot(y, int(classes[0, 0])), one_hot(y, int(classes[0, 1]))
print("|map(a - b) - (map(a) - map(b))| / |map(a - b)|")
for name, rules in [
    ("backprop", BACKPROP),
    ("deconvnet", DECONVNET),
    ("guided", GUIDED),
]:
    both, of_a, of_b = (
        backward(y, signal, wrt=photo, rules=rules) for signal in (a - b, a, b)
    )
    print(
        f"{name:10} {np.linalg.norm(both - (of_a - of_b)) / np.linalg.norm(both):.1e}"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). The forward gate is fixed once the picture is: multiplying by it is linear. The
# signal gate depends on the signal itself. So a deconvnet or guided map is no
# derivative of any score, and sums, differences and signs of such maps do not mean what
# they mean for gradients.
# </details>
#
# ## Touch it
#
# Send a signal back under all three rules, from a class or from a square that you
# click, and count at each gate what passes.

# %%
touch(8)

# %% [markdown]
# ## On your own


# %%
def three_rules(x, gy):
    """Input x and signal gy of a ReLU, any shape -> three arrays: backprop, deconvnet,
    guided.
    """


def guided_two_layers(x, U, V, w):
    """y = w max(V max(U x, 0), 0), w (F,), V (F, E), U (E, D): guided backprop at x,
    (D,), from the signal 1 at y.
    """


check("8.1", three_rules)
check("8.2", guided_two_layers)


# %% [markdown]
# The last one is a rule of another paper: *rectified gradient* (Kim et al. 2019) passes
# the signal where input times signal is above a threshold,
# $g_x = g_y\,[\,x\, g_y > \tau\,]$.


# %%
def deconvnet_two_layers(U, V, w):
    """The same network, deconvnet.  Why is x not among the arguments?"""


def rectified_gradient(x, gy, tau):
    """-> gx, any shape."""


check("8.3", deconvnet_two_layers)
check("8.4", rectified_gradient)

# %% [markdown]
# ## Papers
#
# - Simonyan, Vedaldi & Zisserman 2013, *Deep inside convolutional networks*, sec. 4:
#   the comparison of backprop with deconvnet.
# - Zeiler & Fergus 2014, *Visualizing and understanding convolutional networks*, sec.
#   2.1.
# - Springenberg, Dosovitskiy, Brox & Riedmiller 2015, *Striving for simplicity*, sec.
#   3.4 and fig. 1.
# - Kim et al. 2019, *Why are saliency maps noisy? Cause of and solution to noisy
#   saliency maps*: the last exercise.
