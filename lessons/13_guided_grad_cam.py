# %% [markdown]
# # 13. Guided Grad-CAM: what each factor brings
#
# *Runs in about 15 seconds. Before this: lessons 9, 10 and 12.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 13`.
#
# **What you will do.** Multiply two maps, and measure what the product has that neither
# factor had alone.
#
# **What you will learn.** What each factor contributes: the class, or the detail. And
# which weaknesses of each the product inherits.
#
# **What you will need.** Lessons 9, 10 and 12.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from gradcam import grad_cam, guided_backprop, guided_grad_cam, upsample
from gradcam.measure import spearman
from gradcam.methods.guided_grad_cam import localise
from lessons.exercises import check
from lessons.plots import picture, signed, style
from lessons.scenes import CLASSES, LAYER, network, scenes, untrained
from minicnn import Tensor, find

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


def three(net, n, c):
    """Grad-CAM at the picture's size, guided backprop and their product for class c of
    picture n, each (96, 96): of the three colours' values their sum.
    """
    p = Tensor(x[n : n + 1], "x")
    y = net(p)
    A = find(y, LAYER)
    fine = guided_backprop(y, c, p), guided_grad_cam(y, c, A, p)
    return upsample(grad_cam(y, c, A), (96, 96))[0], *(M[0].sum(axis=0) for M in fine)


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
# We measure the first by the rank correlation of $|M|$ for the two classes (low: it
# knows), and by how much of $\sum |M|$ lies on the class's own shape rather than on the
# other; the second by the correlation of neighbouring pixels (low: it is fine).

# %%
names = ["Grad-CAM", "guided backprop", "Guided Grad-CAM"]
rows = []
for n in range(60):
    left, right = (three(net, n, int(c)) for c in classes[n])
    for name, M, other in zip(names, left, right):
        M, other = abs(M), abs(other)
        own, wrong = (M[mask].sum() / M.sum() for mask in masks[n])
        rows.append(
            (
                name,
                spearman(M, other),
                own,
                wrong,
                np.corrcoef(M[:, 1:].ravel(), M[:, :-1].ravel())[0, 1],
            )
        )

# %%
print(
    f"{'':16} alike for both classes   on its shape   on the other   neighbours alike"
)
for name in names:
    alike, own, wrong, smooth = np.mean(
        [row[1:] for row in rows if row[0] == name], axis=0
    )
    print(f"{name:16} {alike:22.2f} {own:14.0%} {wrong:14.0%} {smooth:18.2f}")

# %% [markdown]
# <details><summary>Explain</summary>
#
# Read the table from the right. Grad-CAM's neighbours are almost equal (it has 144
# values for 9216 pixels), guided backprop's are not, and the product keeps the detail.
# Guided backprop is alike for both classes and lies on both shapes; the product is
# nearly as class-dependent as Grad-CAM, and more of it lies on the right shape than of
# either factor: what is bright must be bright in both.
# </details>

# %%
n, random = 8, untrained()
figure, axes = plt.subplots(2, 5, figsize=(11.5, 4.9))
for line, c in zip(axes, classes[n].tolist()):
    L, guided, product = three(net, n, c)
    picture(line[0], pictures[n], f"class: {CLASSES[c]}")
    picture(line[1], L, "Grad-CAM", cmap="inferno")
    signed(line[2], guided, "guided backprop")
    signed(line[3], product, "the product")
    signed(line[4], three(random, n, c)[2], "the product", "random weights")
plt.show()

# %% [markdown]
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
    _, guided, product = three(net, n, int(classes[n, 0]))
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
noise = (
    np.random.default_rng(0).normal(size=headless["fc7"].W.shape)
    * net["fc7"].W.data.std()
)
headless["fc7"].W.data = noise.astype(np.float32)
for k, name in enumerate(names):
    alike = [
        spearman(
            abs(three(net, n, int(classes[n, 0]))[k]),
            abs(three(headless, n, int(classes[n, 0]))[k]),
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
