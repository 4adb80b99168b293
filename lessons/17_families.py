# %% [markdown]
# # 17. Other families, and a signal that dies
#
# *Runs in about 8 seconds. Before this: lessons 5, 8 and 16.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 17`.
#
# **What you will do.** Apply the three rules to networks that are not a plain chain,
# follow the deconvnet's signal back through them, layer by layer, and see what becomes
# of it.
#
# **What you will learn.** A rule that is looked up by the kind of operation needs no
# change for blocks, branches and shortcuts (*skip connections*). But deconvnet itself
# depends on the architecture: on what, and what that does to its maps.
#
# **What you will need.** Lessons 5, 8 and 16.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

import weights
from gradcam import DECONVNET, GUIDED, image, strongest_unit
from lessons.exercises import check
from lessons.fires import Fire, Residual, small
from lessons.measured import quoted, squeezenet_deconvnet
from lessons.plots import BLUE, GREY, RED, style
from lessons.scenes import portrait
from minicnn import ReLU, Tensor, backward, find, history, one_hot

style()

# %% [markdown]
# ## Two architectures that are no chain
#
# SqueezeNet (2016) *squeezes* its many maps to few by a 1 x 1 convolution (a
# *bottleneck*), and expands them again by two convolutions side by side: a
# [*fire module*](glossary.md#fire-module). ResNet (2016) lets a
# [*residual block*](glossary.md#residual-block) add something to its own input, which
# goes past it along a skip connection. In both, a tensor is used twice or made of two,
# and the rule of lesson 5 is all that is needed: signals add where a tensor was used
# twice.

# %%
print(inspect.getsource(Fire.forward), inspect.getsource(Residual.forward), sep="\n")
for name in ("squeezenet", "resnet18", "resnet50"):
    net = weights.build(name).initialise(0)
    y = net(
        Tensor(
            np.random.default_rng(0).normal(size=(1, 3, 96, 96)).astype(np.float32), "x"
        )
    )
    gates = [t for t in history(y) if isinstance(t.op, ReLU)]
    maps = find(y, weights.card(name).layer)
    print(f"{name:10} {len(gates)} ReLUs, Grad-CAM at {maps.name} {maps.shape}")

# %% [markdown]
# ## Predict
#
# The rule of deconvnet reaches all 26 ReLUs of SqueezeNet. You start with 1 at the
# score of its best class. On how many of 40 photos of ImageNet is the map at the
# picture *exactly* zero?
#
# - a) on none: a sum of thousands of numbers is never exactly zero
# - b) on some 3
# - c) on some 30

# %%
print(quoted("squeezenet_deconvnet.txt"))
squeezenet = weights.load("squeezenet")
photo = image.prepare(portrait(), squeezenet.card.preprocessing)
layer, guided_arrives = squeezenet_deconvnet.dies_at(squeezenet, photo)
said = f"dies at {layer}" if layer else "arrives"
print(f"Grace Hopper: deconvnet {said}; guided backprop arrives: {guided_arrives}")

# %% [markdown]
# <details><summary>Explain</summary>
#
# c), and always at the same place, the narrow layer of the seventh fire module. It is
# not a matter of rounding. The deconvnet's rule passes on $\max(g, 0)$, and if *every*
# number of $g$ is negative at *every* place, nothing is left.
# </details>
#
# ## The same on a small network
#
# Four fire modules with random weights, with no pooling between them. Trained weights
# are negative on average (so that a ReLU stays closed for most inputs), so we shift
# ours: subtract a share of their standard deviation from all of them.

# %%
for name in ("shapes", "mini_vgg"):
    lean = {
        at.name: at.W.data.mean() / at.W.data.std()
        for at in weights.load(name).layers()
        if hasattr(at, "W")
    }
    print(
        f"{name:8} mean weight / deviation:",
        " ".join(f"{value:+.2f}" for value in lean.values()),
    )

print(inspect.getsource(small))

# %% [markdown]
# ## Predict
#
# We look at the deconvnet signal at each layer of such a network. How does it differ
# from place to place, away from the border?
#
# - a) as the picture does
# - b) as the feature maps do
# - c) not at all

# %%
x = Tensor(np.random.default_rng(0).normal(size=(1, 3, 16, 16)).astype(np.float32), "x")
names = [f"fire{i}/{part}" for i in (5, 4, 3) for part in ("expand3x3", "squeeze1x1")]
for squeeze in (4, 16):
    y = small(3, squeeze=squeeze)(x)
    print(squeeze, "maps in the squeeze layers")
    start, wrt = one_hot(y, y.data[0].argmax()), [find(y, n) for n in [*names, "conv1"]]
    for t, g in zip(wrt, backward(y, start, wrt=wrt, rules=DECONVNET)):
        inside = g[0, :, 5:-5, 5:-5]
        carry, top = (inside > 0).any(axis=(1, 2)).sum(), max(inside.max(), 1e-30)
        spread = np.ptp(inside, axis=(1, 2)).max() / top
        said = f"places differ by {spread:.0e}" if inside.any() else "exactly zero"
        print(f"   {t.name:17} {carry:2} of {len(inside):2} maps carry signal; {said}")

# %% [markdown]
# <details><summary>Explain</summary>
#
# c). Global average pooling starts with the same number everywhere; the deconvnet's
# rule never asks where the input was positive; a convolution does the same everywhere.
# So the whole signal is *one list of numbers*, one for each map, until a max-pool's
# switches tell places apart (lesson 8), and there is none here. In SqueezeNet there is
# one between its last two modules; the modules 8, 7, 6, 5 have none.
#
# The narrow layer, the bottleneck, decides. Each of its numbers is a sum over all
# expanded maps of weight times a signal that is nowhere negative; if the weights are
# negative on average, it is negative with some probability $p > 1/2$. All $s$ of them
# are negative with probability $p^s$, and then the map is zero everywhere at once.
# </details>
#
# ## Predict
#
# What keeps the signal from dying? Choose all that help: a wider squeeze layer; weights
# that are less negative on average; a shortcut around each module.


# %%
def dead(rules=DECONVNET, networks=30, **options):
    """The share of networks, among those that answer at all, whose signal is exactly
    zero at the picture.
    """
    found = []
    for seed in range(networks):
        y = small(seed, **options)(x)
        if y.data.max() > 0:
            found.append(
                not backward(
                    y, one_hot(y, int(y.data[0].argmax())), wrt=x, rules=rules
                ).any()
            )
    return np.mean(found)


widths, leans = [2, 4, 8, 16], [0.3, 0.2, 0.1]
shares = {lean: [dead(squeeze=s, lean=lean) for s in widths] for lean in leans}
with_shortcut = [dead(squeeze=s, lean=0.3, shortcut=True) for s in widths]

# %%
figure, ax = plt.subplots(figsize=(9, 4.4))
for lean, colour in zip(leans, (RED, "#e08a1e", BLUE)):
    label = f"weights shifted by {lean} deviations"
    ax.plot(widths, shares[lean], "o-", color=colour, label=label)
ax.plot(widths, with_shortcut, "s--", color=GREY, label="by 0.3, with shortcuts")
ax.set(title="the deconvnet signal is exactly zero", ylim=(-0.04, 1), xscale="log")
ax.set(xlabel="maps in the squeeze layer", ylabel="share of networks")
ax.set_xticks(widths, widths), ax.minorticks_off(), ax.legend()
plt.show()
for lean, values in [*shares.items(), ("0.3, shortcut", with_shortcut)]:
    said = (f"{s:2} maps {share:4.0%}" for s, share in zip(widths, values))
    print(f"shift {lean!s:13}", *said, sep="  ")

# %% [markdown]
# <details><summary>Explain</summary>
#
# All three. The shortcut alone is enough: the signal that goes past a block was
# positive, and is passed on whatever the branch adds, unless the branch outweighs it in
# every map.
# </details>
#
# These were random weights. Two *trained* ResNets, for CIFAR-10, say the same:

# %%
print(quoted("resnets_deconvnet.txt"))

# %% [markdown]
# At the worst of their ReLUs the deconvnet loses about as many signals as backprop
# does, and it arrives on every photo, through 56 layers, too. Guided backprop, which
# closes both gates, loses more, and arrives as well: what goes past the blocks carries
# it.
#
# ## What can be done on a network that is as it is?
#
# Guided backprop looks at the ReLU's input, too, so its signal differs from place to
# place, and *somewhere* it is positive. And deconvnet itself was not meant for scores:
# Zeiler & Fergus start at **one unit** of a feature map. One unit is one place, and its
# signal is not the same everywhere.

# %%
lives, alive_unit, alive_guided = [], 0, 0
for seed in range(30):
    y = small(seed, squeeze=4, lean=0.3)(x)
    c = one_hot(y, int(y.data[0].argmax()))
    if y.data.max() > 0 and not backward(y, c, wrt=x, rules=DECONVNET).any():
        unit = find(y, "fire3")
        alive_unit += backward(
            unit, one_hot(unit, strongest_unit(unit)), wrt=x, rules=DECONVNET
        ).any()
        alive_guided += backward(y, c, wrt=x, rules=GUIDED).any()
        lives.append(seed)
print(
    f"of {len(lives)} networks with a dead deconvnet: guided backprop arrives in "
    f"{alive_guided}, from one unit in {alive_unit}"
)

# %% [markdown]
# That is why `gradcam explain --network squeezenet` starts its deconvnet at the
# strongest unit of `fire4` and says so under the picture: it shows what that unit sees,
# whatever the class. A map that is exactly zero is labelled as such, never drawn as
# grey.
#
# ## On your own


# %%
def fire_back(g, E1, E3, S):
    """Deconvnet through a fire module of 1 x 1 convolutions at one place, y = [relu(E1
    s), relu(E3 s)], s = relu(S x). g (F1 + F3,) at y; E1 (F1, k), E3 (F3, k), S (k, D)
    -> the signal at x, (D,).
    """


def block_back(g, U, V):
    """Deconvnet through a residual block, y = relu(V relu(U x) + x).  g (D,) at y; U
    (E, D), V (D, E) -> the signal at x, (D,).
    """


def chance(p, squeeze, fires):
    """Each of `squeeze` numbers is negative with probability p, independently: the
    probability that at least one of `fires` modules has them all negative: a number.
    """


check("17.1", fire_back)
check("17.2", block_back)
check("17.3", chance)

# %% [markdown]
# ## Papers
#
# - Iandola et al. 2016, *SqueezeNet*, sec. 3.1 and table 1: the fire module.
# - He, Zhang, Ren & Sun 2016, *Deep residual learning for image recognition*, eq. 1.
# - Zeiler & Fergus 2014, *Visualizing and understanding convolutional networks*, sec.
#   2.1: one activation is kept, all others are set to zero.
# - Springenberg et al. 2015, *Striving for simplicity*, sec. 3.4: deconvnet without
#   max-pooling does not work.
