# %% [markdown]
# # 6. Train a network from nothing
#
# *Runs in about 15 seconds. Before this: lessons 4 and 5.*
#
# To work in it, get the package: in a copy of its repository, `pip install -e
# '.[lessons]'`, then `python -m lessons open 6`.
#
# **What you will do.** Take a network of random numbers and 1500 little pictures, and
# turn it into one that tells disk, ring, square and cross apart, with nothing but the
# gradients of lessons 1 to 5.
#
# **What you will learn.** Training by *gradient descent* is one line, repeated:
# *weights minus learning rate times gradient*. The gradient predicts how much the loss
# will fall; the learning rate decides whether the prediction comes true.
#
# **What you will need.** Lessons 1 to 5.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from lessons import tiny
from lessons.exercises import check
from lessons.plots import BLUE, GREY, RED, picture, style
from minicnn import CrossEntropy, Softmax, Tensor, backward
from minicnn.optimise import SGD, Adam

style()

# %% [markdown]
# ## Pictures, a network, a loss
#
# The loss, here [*cross-entropy*](glossary.md#loss), says how surprised the network is
# by the truth, on average over $N$ pictures:
#
# $$\ell = -\frac1N \sum_n \ln p_{n,\text{class of } n}, \qquad
#   \frac{\partial \ell}{\partial y} = \frac{p - t}{N},$$
#
# with the scores $y$, $p = \mathrm{softmax}(y)$ and targets $t$, 1 at the right class.
# (Exercise 4.2 was the proof.)
#
# The network: four convolutions with a ReLU each, a max-pool after the first and after
# the second; then the mean of each feature map over all its places
# ([*global average pooling*](glossary.md#global-average-pooling)), and a linear layer
# that makes four scores of these means.
#
# ## Predict
#
# With random weights the network knows nothing. There are four classes. What is the
# loss, about?
#
# - a) 0.25
# - b) 1.4
# - c) 4


# %%
def normal(x):
    """Pixels, 0 to 1, brought to values around 0, about 1 apart: the first layer's
    signals then have the size it is made for.
    """
    return (x - np.float32(0.25)) / np.float32(0.25)


x, classes, _ = tiny.pictures(1500, seed=6)
new, new_classes, _ = tiny.pictures(300, seed=66)
x, new = normal(x), normal(new)

# %%
targets = tiny.targets(classes)
net = tiny.network(filters=(8, 12, 16, 16), seed=0)
parameters = list(net.parameters().values())
loss = CrossEntropy()(net(Tensor(x[:64])), targets[:64])
print(
    f"loss {loss.data:.2f}, ln 4 = {np.log(4):.2f}; "
    f"{sum(p.data.size for p in parameters)} weights"
)
print(f"right on new pictures: {tiny.right(net, new, new_classes):.0%}")

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). A network that knows nothing gives every class about $1/4$, and
# $-\ln \frac14 = 1.39$. A loss that starts far above $\ln K$, with $K$ classes, means
# that the initial weights are too large, or that the labels are wrong.
# </details>
#
# ## One step
#
# To first order, a step $-r\, g$ with learning rate $r$ changes the loss by
# $-r\, \lVert g \rVert^2$. This prediction can be checked. The engine's own step is
# SGD, [*stochastic gradient descent*](glossary.md#sgd): each step looks at a
# *mini-batch*, some pictures drawn at random. It has two extras, not used here:
# `momentum` lets $v$ remember the gradients before, and `decay` (*weight decay*) pulls
# the weights towards 0.

# %%
print(inspect.getsource(SGD.update))
g = backward(loss, np.float32(1), wrt=parameters)
size = sum((v.astype(float) ** 2).sum() for v in g)
for rate in (1e-4, 1e-2, 1.0):
    before = [p.data for p in parameters]
    for p, v in zip(parameters, g):
        p.data = p.data - np.float32(rate) * v
    after = CrossEntropy()(net(Tensor(x[:64])), targets[:64])
    print(
        f"rate {rate:6}: predicted {-rate * size:+.1e}, true "
        f"{after.data - loss.data:+.1e}"
    )
    for p, old in zip(parameters, before):
        p.data = old

# %% [markdown]
# ## Predict
#
# Three trainings by plain gradient descent, 60 steps each, with rates 0.001, 0.1
# and 10. Which one has the lowest loss at the end?
#
# - a) 0.001, the careful one
# - b) 0.1
# - c) 10, the fast one


# %%
def descend(rate, steps=60, batch=32):
    """Losses of plain gradient descent on random batches."""
    net, order, losses = (
        tiny.network(filters=(8, 12, 16, 16), seed=0),
        np.random.default_rng(0),
        [],
    )
    weights = list(net.parameters().values())
    for _ in range(steps):
        some = order.integers(len(x), size=batch)
        loss = CrossEntropy()(net(Tensor(x[some])), targets[some])
        for w, g in zip(weights, backward(loss, np.float32(1), wrt=weights)):
            w.data = w.data - np.float32(rate) * g
        losses.append(float(loss.data))
    return losses


# %%
curves = {rate: descend(rate) for rate in (0.001, 0.1, 10.0)}
for rate, losses in curves.items():
    print(f"rate {rate:5}: loss over the last ten steps {np.mean(losses[-10:]):.2f}")

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). With the first rate the prediction comes true, but it is small. With the third it
# fails: the loss is a straight line only near the present weights, until the first
# gates flip (lesson 7 measures how near), and a step too large can lead anywhere; often
# every ReLU of a layer is then closed for every picture (*dead ReLUs*), and no signal
# gets through any more.
# </details>
#
# ## The whole training
#
# Adam (Kingma & Ba 2015) gives each weight a rate of its own, by the size of its recent
# gradients: $m$ is a moving mean of the gradient, $v$ one of its square, and both begin
# at 0, which the divisions by $1 - \beta^t$ correct for. And the learning rate falls to
# zero in the end (a *schedule*).

# %%
print(inspect.getsource(Adam.update), inspect.getsource(Adam._adapt), sep="\n")
losses = []
tiny.train(
    net,
    x,
    targets,
    steps=200,
    batch=32,
    rate=8e-3,
    say=lambda step, loss: losses.append(loss),
)
print(
    f"right: {tiny.right(net, x, classes):.0%} of the pictures it was trained on, "
    f"{tiny.right(net, new, new_classes):.0%} of new ones"
)

# %%
figure, axes = plt.subplots(1, 5, figsize=(16, 4), width_ratios=[1.7, 1, 1, 1, 1])
axes[0].plot(losses, color=RED, label="Adam")
for (rate, curve), colour in zip(curves.items(), (GREY, BLUE, "black")):
    axes[0].plot(curve, color=colour, linewidth=1.4, label=f"plain, rate {rate:g}")
axes[0].axhline(np.log(4), color=GREY, linestyle=":")
(
    axes[0].set(xlabel="step", ylabel="loss", title="loss (dotted: ln 4)", ylim=(0, 3)),
    axes[0].legend(loc="upper right"),
)
p = Softmax()(net(new))
for ax, n in zip(
    axes[1:], [int(np.flatnonzero(new_classes[:, 0] == c)[0]) for c in range(4)]
):
    picture(
        ax,
        new[n, 0],
        tiny.CLASSES[new_classes[n, 0]],
        f"network: {tiny.CLASSES[p[n].argmax()]}, {p[n].max():.0%}",
        cmap="gray",
    )
plt.show()

# %% [markdown]
# ## Predict
#
# We train a new network, a little larger, on the first 100 pictures only, with *random*
# labels. How many of those 100 will it get "right"?
#
# - a) 25 %, there is nothing to learn
# - b) clearly more

# %%
nonsense = np.random.default_rng(1).integers(4, size=(100, 1))
parrot = tiny.train(
    tiny.network(seed=2),
    x[:100],
    tiny.targets(nonsense),
    steps=150,
    batch=50,
    rate=8e-3,
)
print(
    f"right: {tiny.right(parrot, x[:100], nonsense):.0%} of the 100, "
    f"{tiny.right(parrot, new, new_classes):.0%} of new pictures"
)

# %% [markdown]
# <details><summary>Explain</summary>
#
# b). It begins to learn them by heart: [*overfitting*](glossary.md#overfitting). A loss
# that falls does not prove that something was understood. Only pictures that had no
# part in the training, a *test set*, can tell, and that is why everything in this
# course is measured on new ones. (What the maps of such a network look like: Adebayo et
# al. 2018, whose other test is lesson 15.)
# </details>
#
# The network of the other lessons, `tiny.trained()`, is one like it with more filters,
# more pictures and more steps, and takes the pixels as they are:
# `python -m lessons.tiny` makes it in some minutes.
#
# ## On your own
#
# The last exercise needs a little algebra. One output of a convolution is a sum of
# products $w x$, one for each weight of a kernel: $n$ of them. With independent weights
# of mean 0 and variance $\sigma^2$, its variance is $n \sigma^2 \overline{x^2}$. The
# $x$ come out of a ReLU that sets one half of the values to 0, so $\overline{x^2}$ is
# half the variance before it. For which $\sigma$ does the variance stay the same from
# layer to layer?


# %%
def momentum_step(w, g, v, rate, momentum):
    """v <- momentum v + g, then w <- w - rate v: return the new w and the new v."""


def adam_step(w, g, m, v, rate, t):
    """Step t = 1, 2, ... of Adam with beta1 = 0.9, beta2 = 0.999, eps = 1e-8: return
    the new w, m, v.
    """


def he_deviation(F, C, kh, kw):
    """Standard deviation of the initial weights of a convolution, (F, C, kh, kw), that
    keeps the variance (He et al., eq. 10).
    """


check("6.1", momentum_step)
check("6.2", adam_step)
check("6.3", he_deviation)

# %% [markdown]
# ## Papers
#
# - Robbins & Monro 1951, *A stochastic approximation method*: gradient descent on
#   random samples, and why the rate must fall.
# - He, Zhang, Ren & Sun 2015, *Delving deep into rectifiers*, eq. 10: the initial
#   weights (*He*, or *Kaiming, initialisation*).
# - Kingma & Ba 2015, *Adam: a method for stochastic optimization*, algorithm 1.
# - Zhang et al. 2017, *Understanding deep learning requires rethinking generalization*:
#   networks learn random labels by heart.
