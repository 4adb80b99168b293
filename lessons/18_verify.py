# %% [markdown]
# # 18. Verify a framework: the museum of mistakes
#
# *Runs in about 15 seconds. Before this: lessons 4, 8, 10 and 12.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 18`.
#
# **What you will do.** Make the best known mistakes in Grad-CAM and guided backprop by
# hand, find out whether you can *see* them, and let the verifier name each from its
# numbers alone.
#
# **What you will learn.** What the eye can tell about a map, and what numbers can. To
# verify is to compare unscaled numbers with a reference, to know how far apart rounding
# alone can bring them (the [*tolerance*](glossary.md#tolerance)), and to know what a
# comparison that passes has shown.
#
# **What you will need.** Lessons 4, 8, 10 and 12. No framework: their results are
# arrays in files. If PyTorch is installed, two cells use it.

# %%
import importlib.util
import inspect
from pathlib import Path
from tempfile import mkdtemp

import matplotlib.pyplot as plt
import numpy as np

import weights
from gradcam import BACKPROP, DECONVNET, GUIDED, cli, grad_cam, upsample, verify
from lessons.exercises import check
from lessons.plots import picture, style
from lessons.scenes import CLASSES, LAYER, network, scenes
from minicnn import Tensor, backward, find, one_hot

# %% [markdown]
# ## The museum
#
# One network, one scene, one class; $A$ and $\partial y_c / \partial A$ are right. What
# is done with them afterwards is wrong in seven ways, each of which is, or was, in
# programs that people use.

# %%
style()
net = network(np.float64)
pictures, x, classes, masks = scenes(1, first=1612, dtype=np.float64)
c = int(classes[0, 1])
y = net(photo := Tensor(x, "x"))
A = find(y, LAYER)
dA = backward(y, one_hot(y, c), wrt=A)
alpha = dA.mean(axis=(-2, -1), keepdims=True)
L = (alpha * A.data).sum(axis=1)
right = np.maximum(L, 0)

# %%
museum = {
    "right": right,
    "alpha is a sum": np.maximum(
        (dA.sum(axis=(-2, -1), keepdims=True) * A.data).sum(axis=1), 0
    ),
    "divided by maximum": right / right.max(),
    "no final ReLU": L,
    "magnitude": abs(L),
    "ReLU on the gradient": np.maximum(
        (np.maximum(dA, 0).mean(axis=(-2, -1), keepdims=True) * A.data).sum(axis=1), 0
    ),
    "from the probability": grad_cam(y, c, A, start="probability"),
    "place by place": np.maximum((dA * A.data).sum(axis=1), 0),
}

# %% [markdown]
# ## Predict
#
# Drawn in the usual way, each on a scale of its own: how many of the seven wrong maps
# can be told from the right one by eye?
#
# - a) none
# - b) two or three
# - c) all

# %%
figure, axes = plt.subplots(2, 5, figsize=(14, 6))
picture(axes[0, 0], pictures[0], "the scene", f"class: {CLASSES[c]}")
for ax, (name, M) in zip([*axes[0, 1:], *axes[1]], museum.items()):
    picture(
        ax,
        upsample(M, (96, 96))[0],
        name,
        f"correlation {np.corrcoef(M.ravel(), right.ravel())[0, 1]:.2f}",
        cmap="inferno",
    )
axes[1, 4].set_visible(False)
plt.show()

# %% [markdown]
# <details><summary>Explain</summary>
#
# Count for yourself, and then read the correlations under the maps. A factor is
# invisible; a small change of the background looks like a property of the picture. With
# only the wrong map to look at, nobody would suspect it.
# </details>
#
# ## What the numbers say
#
# The verifier computes the reference in float64, measures how far rounding can move it,
# and if theirs is further away tries the catalogue: which one change of the definition
# gives *exactly their numbers*?


# %%
def said(verdict):
    """The verdict in one line."""
    return (
        f"{verdict.kind}: "
        f"{verdict.reason or '; '.join(str(cause) for cause in verdict.causes)}"
    )


for name, M in museum.items():
    verdict = verify.network(net, x, c, "grad_cam", LAYER, M, pairs=False)
    print(
        f"{name:21} off by {abs(M - right).max() / right.max():7.1e}   {said(verdict)}"
    )

# %% [markdown]
# The same for guided backprop. The first mistake is the most frequent of all: the
# *hook* did not fire, because the network calls a function where the library looks for
# a module, and what is shown is plain backprop.

# %%
signal = one_hot(y, c)
plain, deconv, guided = backward(
    y, np.stack([signal] * 3), wrt=photo, rules=[BACKPROP, DECONVNET, GUIDED]
)
theirs = {
    "right": guided,
    "plain": plain,
    "deconvnet": deconv,
    "clipped": np.maximum(guided, 0),
    "sign lost": abs(guided),
}
for name, M in theirs.items():
    print(
        f"{name:10} "
        f"{said(verify.network(net, x, c, 'guided_backprop', None, M, pairs=False))}"
    )

# %% [markdown]
# ## Predict
#
# Two maps differ by $5 \cdot 10^{-7}$ of the largest value. One was computed in
# float32; in the other, one weight of 64 is off by a millionth. Can the verifier tell
# them apart?
#
# - a) no, a tolerance is a tolerance
# - b) yes: it sees what precision the numbers have

# %%
low = grad_cam(y32 := network()(Tensor(x.astype(np.float32), "x")), c, find(y32, LAYER))
bent = alpha.copy()
bent[0, np.abs(alpha[0, :, 0, 0] * A.data[0].max(axis=(-2, -1))).argmax()] *= 1 + 1e-6
for name, M in [
    ("float32", low),
    ("a weight off by a millionth", np.maximum((bent * A.data).sum(axis=1), 0)),
]:
    off = abs(M - right).max() / right.max()
    print(
        f"{name:28} off by {off:.1e}; "
        f"{said(verify.network(net, x, c, 'grad_cam', LAYER, M, pairs=False))}"
    )

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). The numbers of a float32 map fit into float32, so they may be off by float32's
# rounding, as this computation amplifies it; numbers of float64 may not, unless float32
# left them before somebody enlarged or divided them in float64: it says so. "Equal to
# within 1e-4" would have let the second pass, and with it most mistakes that touch one
# channel.
# </details>
#
# ## Predict
#
# Somebody compares two programs on a network, and both give a map that is zero
# everywhere. Difference: 0. What was verified?
#
# - a) that they agree on this network
# - b) nothing

# %%
print(inspect.getsource(verify.rounding.differences._ratio))
asleep = net.map(lambda a: a)
asleep["conv4_2"].b.data = (
    asleep["conv4_2"].b.data - 1000.0
)  # no ReLU behind it opens any more
print(
    verify.network(asleep, x, c, "grad_cam", LAYER, np.zeros((1, 12, 12)), pairs=False)
)

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). Any program that returns zeros passes, above all the broken ones. The same holds
# if a rule changed nothing: guided backprop on a network without ReLUs is plain
# backprop, and a hook that never fires passes. A comparison that cannot fail is worse
# than none, so it is refused.
# </details>
#
# ## From files, and from PyTorch
#
# In practice the numbers come from another program. Any program that can save an array
# will do:

# %%
folder = Path(mkdtemp())
np.save(folder / "x.npy", x)
np.save(folder / "map.npy", museum["no final ReLU"])
command = (
    f"verify --network shapes --weights {weights.where('shapes')} --input "
    f"{folder / 'x.npy'} --class {c} --layer {LAYER}"
)
print(
    "exit status",
    cli.main([*command.split(), "--result", str(folder / "map.npy"), "--no-pairs"]),
)

# %% [markdown]
# If PyTorch is installed, the model itself can be given; its graph is read, and the
# reference is computed from it. This one calls `F.relu`, a function, so a library that
# hooks modules named ReLU finds nothing to hook, and gives plain backprop under another
# name.

# %%
if importlib.util.find_spec("torch"):
    import torch

    class Calls(torch.nn.Sequential):
        def forward(self, x):
            return self[1](torch.relu(self[0](x)).mean((2, 3)))

    torch.manual_seed(0)
    model = Calls(torch.nn.Conv2d(3, 8, 3), torch.nn.Linear(8, 5)).double()
    theirs = torch.autograd.grad(
        model(asked := torch.rand(1, 3, 9, 9, dtype=torch.float64, requires_grad=True))[
            0, 2
        ],
        asked,
    )[0]
    print(verify.torch(model, asked, 2, "guided_backprop", result=theirs))
else:
    print("PyTorch is not installed: this cell has nothing to do")

# %% [markdown]
# ## When the framework is wrong
#
# The pixels of one picture, as the tokens of a transformer: batchnorm, flatten,
# transpose. PyTorch's own gradient of this, on a CPU, is not the reference's, not even
# in float64. Two results cannot say which of them is wrong. A third way to compute it
# can, one that shares nothing with either: central differences of the scores along a
# direction $h$. The inner product of $h$ with the gradient is, nearly,
# $(y_+ - y_-) / 2 \epsilon$, where $y_\pm = y(x \pm \epsilon h)$.

# %%
if importlib.util.find_spec("torch"):
    from lessons.tokens import pixels_as_tokens
    from weights.graphs.torch import from_torch

    tokens, one, h = pixels_as_tokens()
    leaf, t = one.clone().requires_grad_(), Tensor(one.numpy(), "x")
    theirs = torch.autograd.grad(tokens(leaf)[0, 2], leaf)[0].numpy()
    ours = backward(y := from_torch(tokens, one)(t), one_hot(y, 2), wrt=t)
    high, low = (tokens(one + e * h)[0, 2].item() for e in (1e-6, -1e-6))
    print(f"central differences {(high - low) / 2e-6:10.6f}")
    for name, g in {"PyTorch": theirs, "reference": ours}.items():
        print(f"{name:19} {(g * h.numpy()).sum():10.6f}")
    print(verify.torch(tokens, one, 2, "gradient", result=theirs, pairs=False))

# %% [markdown]
# With PyTorch 2.13 and one picture the reference is right; with two pictures both are.
# The forward pass is right, nothing warns, and the map looks like a map: accuracy, a
# second look and a second run show nothing. It shows where somebody wrote the same
# function a second time, from its equations, and where a judge stands beside both. So
# every model is compared with its own autograd before a reference is made of it, and
# the answer above blames nobody who handed over what the framework gave. This is what a
# transparent reference is for.
#
# ## On your own


# %%
def relative(theirs, ours):
    """The largest difference of two arrays, in shares of the largest magnitude of ours:
    a number; 1e9 if ours is zero everywhere.
    """


def tests_nothing(ours, plain):
    """ours: the reference under some rule, plain: plain backprop, same shape -> 1 if
    comparing with ours would test nothing of the rule (ours is zero everywhere, or
    differs from plain by less than 1e-12 of its largest magnitude), else 0.
    """


def named(theirs, catalogue, below=1e-9):
    """catalogue: {cause: map}, maps of theirs' shape, none of zeros -> how many causes
    give theirs, to within `below` of the largest magnitude of the cause's map; a factor
    is *not* allowed.
    """


check("18.1", relative)
check("18.2", tests_nothing)
check("18.3", named)

# %% [markdown]
# ## Papers
#
# - Selvaraju et al. 2017, *Grad-CAM*, eqs. 1 and 2; Springenberg et al. 2015, *Striving
#   for simplicity*, fig. 1: what is verified.
# - Higham 2002, *Accuracy and stability of numerical algorithms*, ch. 3: how far
#   rounding alone can bring a sum.
