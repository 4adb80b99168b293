# %% [markdown]
# # 15. Sanity checks: which maps notice that the network is gone?
#
# *Runs in about 12 seconds. Before this: lessons 8 and 10.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 15`.
#
# **What you will do.** Replace what a network has learned by random numbers, layer by
# layer from the scores down (the
# [*model parameter randomisation test*](glossary.md#sanity-check)), and watch which
# maps change.
#
# **What you will learn.** A map that stays the same when the network is taken away does
# not explain the network. Which maps do stay, and what it is that they show. A
# beautiful map is no evidence.
#
# **What you will need.** Lessons 8 and 10.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from gradcam import (
    deconvnet,
    grad_cam,
    gradient,
    guided_backprop,
    input_times_gradient,
    upsample,
)
from gradcam.measure import drawn_anew, layers_with_weights, randomised, spearman
from lessons.exercises import check
from lessons.explorer import touch
from lessons.measured import class_dependence, quoted
from lessons.plots import picture, style
from lessons.scenes import LAYER, network, scenes
from minicnn import Tensor, find

style()

# %% [markdown]
# ## The check
#
# Adebayo et al. (2018, sec. 3) replace the weights by random ones, first of the last
# layer, then of the last two, and so on ("cascading"), and ask how alike the maps of
# *the same class of the same picture* remain. We use the rank correlation of what is
# drawn, $|M|$: 1 is the same map.

# %%
print(inspect.getsource(drawn_anew))
net = network()
cascade = [net, *randomised(net, "cascading")]
names = ["nothing", *layers_with_weights(net)]
pictures, x, classes, _ = scenes(10, first=1500, shapes=1)

# %% [markdown]
# As a control we add a "method" that never looks at the network: the edges of the
# picture.


# %%
def edges(p):
    """The size of the picture's own slope."""
    return np.hypot(*np.gradient(p, axis=(1, 2))).sum(axis=0)


def maps(net, n):
    """{method: |map| (96, 96)} of picture n, for its class."""
    p, c = Tensor(x[n : n + 1], "x"), int(classes[n, 0])
    y = net(p)
    fine = {
        "gradient": gradient,
        "deconvnet": deconvnet,
        "guided backprop": guided_backprop,
        "input x gradient": input_times_gradient,
    }
    found = {name: abs(method(y, c, p)[0]).sum(axis=0) for name, method in fine.items()}
    return found | {
        "Grad-CAM": upsample(grad_cam(y, c, find(y, LAYER))[0], (96, 96)),
        "edges (control)": edges(p.data[0]),
    }


# %% [markdown]
# ## Predict
#
# Everything but the first convolution is random: the network knows nothing about disks
# or rings. Whose maps are still most like those of the trained network?
#
# - a) the gradient's
# - b) Grad-CAM's
# - c) guided backprop's

# %%
all_maps = [[maps(of, n) for of in cascade] for n in range(10)]
methods = list(all_maps[0][0])
alike = {
    m: [
        np.mean([spearman(row[k][m], row[0][m]) for row in all_maps])
        for k in range(len(cascade))
    ]
    for m in methods
}
print(f"{'drawn anew down to':18}", *(f"{name:>8}" for name in names))
for method, values in alike.items():
    print(f"{method:18}", *(f"{value:8.2f}" for value in values))

# %% [markdown]
# <details><summary>Explain</summary>
#
# c). Guided backprop's signal gates and the picture's own switches and gates shape the
# map, whatever the weights above are: after the last layer is gone it is still almost
# the same map. The gradient and Grad-CAM change at once. (The deconvnet is between;
# lesson 17 may give you an idea why it rises again lower down.) The control passes no
# check at all, and yet would make a convincing figure.
# </details>

# %%
above, below = plt.figure(figsize=(12, 7)).subfigures(2, 1, height_ratios=[1, 1.35])
axes, ax = above.subplots(2, 7), below.subplots()
for line, k, title in [(axes[0], 0, "trained"), (axes[1], -1, "all random")]:
    picture(line[0], pictures[1], title)
    for at, method in zip(line[1:], methods):
        half = all_maps[1][k][method].reshape(48, 2, 48, 2).mean(axis=(1, 3))
        picture(
            at,
            half,
            method.removesuffix(" backprop").replace("gradient", "grad."),
            cmap="inferno",
        )
for method, colour in zip(
    methods, ("#2166ac", "#9a9a9a", "#c0392b", "#e08a1e", "#1b7837", "#222222")
):
    ax.plot(names, alike[method], "o-", color=colour, label=method)
ax.set(
    xlabel="weights drawn anew down to this layer",
    ylabel="rank correlation",
    title="how alike the maps remain",
    ylim=(-0.2, 1.05),
)
ax.legend(bbox_to_anchor=(1.01, 1), loc="upper left")
plt.show()

# %% [markdown]
# ## Is guided backprop a picture of the picture?
#
# Nie et al. (2018) prove that guided backprop of a random network recovers the picture.
# Compare each map with the *edges of the picture*, once trained and once random.
#
# ## Predict
#
# By how much is the trained network's guided map more like the edges than that of the
# network in which only the first convolution is left?

# %%
for method in methods[:-1]:
    like = [
        np.mean(
            [spearman(row[k][method], row[0]["edges (control)"]) for row in all_maps]
        )
        for k in (0, -2)
    ]
    print(
        f"{method:18} rank correlation with the edges: trained {like[0]:+.2f}, random "
        f"but for conv1_1 {like[1]:+.2f}"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# It is not: on these ten the random network's is *more* like the edges. Of all maps
# guided backprop is most like the edges, and not because of training. (The numbers are
# small because most edges of a scene belong to its texture and grain; the order is what
# counts.) What looks convincing in such a map is the picture.
# </details>
#
# Ten scenes and one draw of random weights are few. Sixty scenes, three draws:

# %%
print(quoted("sanity_checks.txt"))

# %% [markdown]
# The order of the methods stands, with narrow intervals. That the *random* network's
# guided map is more like the edges stands on the mean, but by little, and in about six
# scenes of ten: the safe statement is that training makes it no more like them.
#
# ## And the class?
#
# Another check needs no random numbers: ask for another class. On pictures with two
# shapes, how alike are the maps of the two?

# %%
_, two, both, masks = scenes(20, first=1550)
found = {name: [] for name in ("gradient", "guided backprop", "Grad-CAM")}
for n in range(20):
    left, right = (
        class_dependence.magnitudes(net, two[n : n + 1], c) for c in both[n].tolist()
    )
    for name, values in found.items():
        on = masks[n].any(axis=0)
        values.append(class_dependence.alike(left[name], right[name], on)[:2])
for method, values in found.items():
    on, everywhere = np.mean(values, axis=0)
    print(
        f"{method:16} of the two shapes: rank correlation {on:+.2f} on the shapes, "
        f"{everywhere:+.2f} everywhere"
    )

# %% [markdown]
# The same statistic as in lesson 13, where more networks stand beside: on the shapes
# themselves guided backprop tells the classes apart only half, and with random weights
# not at all. On networks that end in average pooling it hardly does. That is its limit,
# and the reason for Guided Grad-CAM: the detail of the one, the class of the other.
#
# ## Touch it
#
# Make layers random, from the last one on. Which row of pixels does not notice?

# %%
touch(15)

# %% [markdown]
# ## On your own


# %%
def rank_correlation(a, b):
    """Spearman's rank correlation of two arrays without equal values: the correlation
    of their ranks, a number.
    """


def control(p):
    """The control above: the size of the slope of a picture (H, W), by np.gradient ->
    (H, W).
    """


def shares(trained, random):
    """Two maps (H, W) >= 0 -> the largest difference of the two, each first divided by
    its own maximum: a number, 0 to 1.
    """


check("15.1", rank_correlation)
check("15.2", control)
check("15.3", shares)

# %% [markdown]
# ## Papers
#
# - Adebayo, Gilmer, Muelly, Goodfellow, Hardt & Kim 2018, *Sanity checks for saliency
#   maps*, NeurIPS, sec. 3.
# - Nie, Zhang & Patel 2018, *A theoretical explanation for perplexing behaviors of
#   backpropagation-based visualizations*, ICML.
# - Sixt, Granz & Landgraf 2020, *When explanations lie: why many modified BP
#   attributions fail*, ICML.
