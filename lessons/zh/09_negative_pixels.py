# %% [markdown]
# # 9. 引导反向传播为什么会出现负像素？
#
# *约需 20 秒。先修：第 8 课。*
#
# 要动手做，先安装软件包：在仓库的副本中运行 `pip install -e '.[lessons]'`，
# 然后运行 `python -m lessons --lang zh open 9`。
#
# **要做什么。** 逐层跟踪引导反向传播的信号，直到负值重新出现的地方；
# 然后按像素的正负号改动它们，观察得分如何变化。
#
# **要学什么。** 负像素从哪里来，它们说明了什么：是反对这个类别，支持另一个类别，
# 还是别的什么。以及一句常被引用的话究竟在说什么：“负像素很可能属于其他类别”
# （negative pixels are likely to belong to other categories）。
#
# **需要什么。** 第 8 课。

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

from gradcam import GUIDED, grad_cam, guided_backprop, upsample
from lessons.exercises import check
from lessons.explorer import touch
from lessons.plots import BLUE, picture, signed, style
from lessons.scenes import CLASSES, LAYER, network, scenes
from minicnn import ReLU, Tensor, backward, find, history, one_hot

style()

# %% [markdown]
# ## 一条没有负信号的规则
#
# 引导反向传播在每个 ReLU 处去掉所有负信号：

# %%
print(inspect.getsource(ReLU.guided))
net = network(np.float64)
pictures, x, classes, masks = scenes(60, first=900, dtype=np.float64)
photo, c = Tensor(x[2:3], "x"), int(classes[2, 0])
y = net(photo)
M = guided_backprop(y, c, photo)[0]

# %% [markdown]
# ## 预测
#
# 得到的图中有负的像素吗？（这里每个像素有三个数，每种颜色一个。）
#
# - a) 没有，负信号都被去掉了
# - b) 有，但只是舍入误差
# - c) 有，而且不少

# %%
print(
    f"{(M < 0).mean():.0%} of the pixels are negative; the largest is {M.max():.2f}, "
    f"the smallest {M.min():.2f}"
)

# %% [markdown]
# ## 负号在哪里重新出现？
#
# 做一次反向传播，查看信号在它所经过的每个张量处的值：
# 在每个 ReLU 之下（刚刚用过它的规则），以及在每个卷积之下。
# （[*头部*](glossary.md#head)（head）是最后的特征图之后的一切。
# 只统计不为 0 的信号。）

# %%
maps = [
    t for t in reversed(history(y)) if t.ndim == 4 and t.op and "p" not in t.name
]  # the outputs of convolutions and ReLUs
signals = backward(y, one_hot(y, c), wrt=[*maps, photo], rules=GUIDED)
made_by = ["the head", *(t.name for t in maps)]  # what the signal just left
negative = [float((g < 0).sum() / max((g != 0).sum(), 1)) for g in signals]
for left, share in zip(made_by, negative):
    print(f"after going back through {left:8} {share:4.0%} of the signal is negative")

# %% [markdown]
# <details><summary>解释</summary>
#
# c)。每个线性层的权重都有正有负，所以都会把负值带回来，而下一个 ReLU 又把它们去掉。
# **在第一个卷积之下，不再有 ReLU 了。** 一行就能证明：
# 离开第一个 ReLU 的信号 $g \ge 0$，以第 2 课所说的“印章”的形式到达图片，
# 一个卷积核接着一个（$W_f^\top g_f$：卷积核 $f$ 的印章，乘以它那张特征图上的信号），
#
# $$M = \sum_f W_f^\top g_f =
#   \underbrace{\sum_f \max(W_f, 0)^\top g_f}_{\ge 0} \;+\;
#   \underbrace{\sum_f \min(W_f, 0)^\top g_f}_{\le 0},$$
#
# 所以负像素是*正*信号乘以*负权重*，除此之外没有别的来源。
# </details>
#
# 为了确认这一点，我们只在最后一步去掉 `conv1_1` 的负权重，之前的一切保持不变。

# %%
conv1 = find(y, "conv1_1").op
W = conv1.W.copy()
parts = {}
for name, part in [
    ("all weights", W),
    ("positive weights", np.maximum(W, 0)),
    ("negative weights", np.minimum(W, 0)),
]:
    conv1.W = part
    parts[name] = conv1.gx(signals[-2])[0]
    print(
        f"{name:17} smallest pixel {parts[name].min():6.2f}, largest "
        f"{parts[name].max():6.2f}"
    )
conv1.W = W
print(
    "the two parts add up to the map:",
    np.allclose(parts["positive weights"] + parts["negative weights"], M),
)

# %%
figure, axes = plt.subplots(1, 4, figsize=(14, 4.2), width_ratios=[1.5, 1, 1, 1])
axes[0].barh(range(len(made_by)), negative, color=BLUE)
axes[0].set_yticks(range(len(made_by)), made_by, fontsize=11)
axes[0].set(
    title="share of the signal below zero",
    xlabel="the signal goes down this list",
    xlim=(0, 1),
)
axes[0].invert_yaxis()
picture(axes[1], pictures[2], "picture", f"class: {CLASSES[c]}")
signed(axes[2], M.sum(axis=0), "guided backprop", "blue: negative")
positive = parts["positive weights"].sum(axis=0)
signed(
    axes[3],
    positive,
    "without negative weights",
    "of the first convolution",
    top=np.percentile(np.abs(M.sum(axis=0)), 99),
)
plt.show()

# %% [markdown]
# ## 是反对该类别的证据吗？
#
# 在每张图片中，
# 取引导反向传播图里（共 27,648 个数）最大的 300 个正数和最小的 300 个负数。
# 在那些位置、那种颜色上，把图片调亮一点
# （网络输入单位的 0.2，即从黑到白的二十分之一），或者调暗一点，
# 或者换成图片的均值，然后看该类别的得分，以及图中另一个类别的得分。
#
# 随机的对照应该怎么取？在任意位置抽 300 个像素，大多落在背景上。
# 所以这里有两个*匹配的*对照：从幅值最大的 600 个数中抽 300 个，不管正负；
# 以及在该类别自己的图形上抽 300 个。
#
# ## 预测
#
# 如果负像素*反对*这个类别，抹掉它们就会使得分升高。抹掉它们实际上会怎样？
#
# - a) 得分升高
# - b) 得分降低，降得比抹掉图形上其他像素更多
# - c) 得分降低，降得比抹掉图形上其他像素更少


# %%
def changes(n, random):
    """{(pixels, change): (change of the class's score, of the other's)}, picture n."""
    p = x[n : n + 1]
    y = net(Tensor(p, "x"))
    order = guided_backprop(y, int(classes[n, 0]), find(y, "x")).ravel().argsort()
    mean, found = np.broadcast_to(p.mean(axis=(2, 3), keepdims=True), p.shape), {}
    for name, at in {
        "positive": order[-300:],
        "negative": order[:300],
        "large, any sign": random.permutation(np.r_[order[-300:], order[:300]])[:300],
        "on the shape": random.permutation(
            np.flatnonzero(np.tile(masks[n, 0], (3, 1, 1)))
        )[:300],
    }.items():
        for change, to in {
            "brighter": p + 0.2,
            "darker": p - 0.2,
            "wiped": mean,
        }.items():
            q = p.copy()
            q.flat[at] = to.flat[at]
            found[name, change] = (net(q) - y.data)[0, classes[n]]
    return found


# %%
random = np.random.default_rng(0)
found = [changes(n, random) for n in range(60)]
for case in found[0]:
    own, other = np.array([f[case] for f in found]).T
    print(
        "{:15} {:8}:".format(*case),
        f"class {np.median(own):+6.2f} (falls in {(own < 0).mean():3.0%}),",
        f"other class {np.median(other):+.2f} (medians, 60 pictures)",
    )

# %% [markdown]
# <details><summary>解释</summary>
#
# c)。抹掉图形上*任意* 300 个数都会使得分降低，随机抽取的降得最多：
# 这等于在类别所在之处挖了一个洞。所以这一列与正负号无关，
# 负像素也并不反对该类别。正负号的含义在另外两列里：
# 在负像素处*调亮*使得分降低，在正像素处调亮使得分升高，
# *调暗*则相反；正负混在一起时，几乎什么也不发生。
# 负像素说的是“这种颜色少一点，得分会更高”，正像素说的是“多一点，得分会更高”。
#
# 哪些站得住，哪些站不住。负像素来自第一个卷积的负权重，这一点已经证明。
# 正负号是一个方向而不是一张选票，这一点在这 60 张图片的大多数中成立，
# 但远非全部（见打印的比例）；这些变化与抹掉像素的影响相比很小；
# 而且只用了一个网络和画出来的场景。
#
# 那么对另一个类别呢？另一个类别的得分几乎不动。
# 引导反向传播的正负号，与是哪个类别无关。
# </details>
#
# ## 另一种“负”：Grad-CAM 最后的 ReLU
#
# Grad-CAM（第 10 课）也有一张有正有负的图，每个*位置*一个值：$\sum_k \alpha_k A^k$。
# 作者把负值设为零，并说明了原因：“负像素很可能属于图像中的其他类别”
# （Selvaraju et al. 2017，第 3 节）。对*那张*图，这是对的。
# 数一数负的总量落在哪里（在特征图 `relu4_2` 处）：

# %%
where = {"Grad-CAM before its ReLU": [], "guided backprop": []}
for n in range(60):
    y = net(Tensor(x[n : n + 1], "x"))
    L = upsample(grad_cam(y, int(classes[n, 0]), find(y, LAYER), relu=False), (96, 96))[
        0
    ]
    for name, M in [
        ("Grad-CAM before its ReLU", L[None]),
        ("guided backprop", guided_backprop(y, int(classes[n, 0]), find(y, "x"))[0]),
    ]:
        below = np.minimum(M, 0).sum(axis=0)
        where[name].append([below[mask].sum() / below.sum() for mask in masks[n]])
for name, shares in where.items():
    own, other = np.mean(shares, axis=0)
    print(
        f"{name:24} of its negative mass {own:.1%} lie on the class's shape, "
        f"{other:.1%} on the other shape"
    )
print(
    "each shape covers",
    "{:.1%} and {:.1%} of the picture".format(*masks.mean(axis=(0, 2, 3))),
)

# %% [markdown]
# 另一个图形占图片的 5 %，却占 Grad-CAM 负值总量的 17 %，
# 而该类别自己的图形上几乎没有：到此为止，那句话是对的，
# 尽管负值总量的大部分落在背景上。
# 引导反向传播的负值总量有三分之一以上落在该类别*自己的*图形上，落在另一个图形上的很少。
#
# 两张图，“负”的两种含义：Grad-CAM 说的是*这里有的东西是否*支持该类别，
# 引导反向传播说的是像素应当*朝哪个方向*改变。
#
# ## 动手试试
#
# 跟着引导反向传播（紫色的线）从起点走到像素：
# 它的负数在哪里又出现了？

# %%
touch(9)

# %% [markdown]
# ## 自己动手


# %%
def two_parts(g, W):
    """g (F, h, w) >= 0 at the first convolution, W (F, 1, kh, kw), stride 1, no padding
    -> the positive and the negative part of M, 2-D.
    """


def sign_test(f, x, pixels, h):
    """How f(x), a number, moves when x (H, W) gets brighter by h at `pixels` (H, W) of
    bool, and when darker: (f+ - f-)/2h.
    """


def share_on(map, mask):
    """Of the negative mass of map (H, W), the share that lies in mask (H, W) of bool: a
    number, 0 to 1.
    """


check("9.1", two_parts)
check("9.2", sign_test)
check("9.3", share_on)

# %% [markdown]
# ## 论文
#
# - Springenberg et al. 2015, *Striving for simplicity: the all convolutional net*，
#   第 3.4 节和图 1。
# - Selvaraju et al. 2017, *Grad-CAM*，第 3 节，式 2 及其前一段：
#   为什么要有 ReLU，针对的是*那张*图。
# - Nie, Zhang & Patel 2018, *A theoretical explanation for perplexing behaviors of
#   backpropagation-based visualizations*, ICML：无论什么类别，
#   引导反向传播都会还原出边缘。第 15 课会度量这一点。
