# %% [markdown]
# # 8. 一个 ReLU，三条规则
#
# *约需 4 秒。先修：第 3 课和第 5 课。*
#
# **要做什么。** 在穿过 ReLU 的反向传播中只改动一个因子，
# 就能得到三种最著名的“网络看到了什么”的图像。
#
# **要学什么。** 普通反向传播、[*反卷积网络*](glossary.md#deconvnet)（deconvnet）
# 和[*引导反向传播*](glossary.md#guided-backprop)（guided backpropagation），
# 其实是在同一个网络中所做的同一种反向传播。它们只差一个*门*（gate），
# 而每种方法能告诉你什么、不能告诉你什么，就由这个门决定。
#
# **需要什么。** 第 1 课到第 5 课。
#
# 要动手做，先安装软件包：在仓库的副本中运行 `pip install -e '.[lessons]'`，
# 然后运行 `python -m lessons --lang zh open 8`。

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
# ## 三条规则
#
# ReLU 在输入为正的地方让输入通过。反向传播时，有两件事可以看：
# *输入*是否为正（前向门），*信号*是否为正（信号门）。

# %%
print(inspect.getsource(ReLU))

# %% [markdown]
# | 方法 | 门 $x > 0$ | 门 $g_y > 0$ | 池化开关 | 是导数吗？ |
# |---|---|---|---|---|
# | 反向传播（Simonyan et al. 2013） | 有 | 无 | 有 | 是 |
# | 反卷积网络（Zeiler & Fergus 2014） | **无** | 有 | 有 | 否 |
# | 引导反向传播（Springenberg et al. 2015） | 有 | 有 | 有 | 否 |
#
# ## 预测
#
# 下面是一个 ReLU 的九个输入，以及到达其输出端的九个信号：
# 这是 Springenberg 等人论文图 1 的例子。三条规则在哪些位置上结果相同？
#
# - a) 在所有 $x > 0$ 的位置
# - b) 在两者都为正的位置，别处都不相同
# - c) 在两者都为正的位置，以及两者都不为正的位置

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
# <details><summary>解释</summary>
#
# c)。共有四种情形。两者都为正：三条规则都让信号通过。
# 两者都不为正：三条规则都不让它通过。输入为正而信号为负：只有反向传播让它通过。
# 输入不为正而信号为正：只有反卷积网络让它通过。引导反向传播最严格：
# 只有另外两条规则都放行的信号，它才放行。
# </details>
#
# ## 一次前向传播，三个信号
#
# 规则是在反向传播途中才去查的，所以三个信号可以一起穿过同一个网络。
# `tiny` 是一个能区分圆盘、圆环、方块和十字的小网络（`lessons/tiny.py`）。

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
# ## 预测
#
# 取两张不同的图片，和一个*没有最大池化*的网络。
# 对于哪一种方法，无论图片是什么，得到的两张图都完全相同？
#
# - a) 反向传播
# - b) 反卷积网络
# - c) 引导反向传播
# - d) 都不会

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
# <details><summary>解释</summary>
#
# b)。反卷积网络的规则从不查看 ReLU 的输入，而卷积的规则只需要权重。
# 图片只能通过池化开关进入结果。没有开关，得到的图就只是类别的性质，而不是图片的性质。
# Springenberg 等人（第 3.4 节）把最大池化换成带步幅的卷积时，碰到的正是这个问题，
# 于是他们把前向门放了回来：这就是引导反向传播。
# </details>
#
# ## 它们看起来怎样，以及换成随机权重之后
#
# 同样的三行代码，用在随软件包提供的一个较大的网络上：
# `shapes` 认得八种彩色图形，从现在起我们就用它。
# 如果把网络学到的东西拿走，得到的图就必须改变。
# 在相信上面一行之前，先看看下面一行。

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
# 换成随机权重，那颗心几乎消失了。
# 但是反卷积网络和引导反向传播仍然画出*图片*里的深色笔画，尽管网络什么也没有学到：
# 画得清晰，并不证明网络知道画的是什么。第 15 课会度量这一点。
#
# ## 预测
#
# 反向传播对信号是线性的：“类别 $a$ 减类别 $b$”的图，等于两张图之差。
# 引导反向传播也是这样吗？
#
# - a) 是，它经过的所有运算都是线性的
# - b) 不是

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
# <details><summary>解释</summary>
#
# b)。图片一旦给定，前向门就固定了：乘以它是线性运算。
# 信号门却取决于信号本身。所以反卷积网络或引导反向传播的图不是任何得分的导数；
# 对梯度而言，和、差与正负号都有意义，对这样的图却没有同样的意义。
# </details>
#
# ## 动手试试
#
# 从一个类别，或从你点击的任意一个方格出发，
# 按三种规则把信号传回去，数一数每道门让多少信号通过。

# %%
touch(8)

# %% [markdown]
# ## 自己动手


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
# 最后一题是另一篇论文的规则：*整流梯度*（rectified gradient，Kim et al. 2019），
# 在输入与信号之积大于阈值的地方让信号通过：$g_x = g_y\,[\,x\, g_y > \tau\,]$。


# %%
def deconvnet_two_layers(U, V, w):
    """The same network, deconvnet.  Why is x not among the arguments?"""


def rectified_gradient(x, gy, tau):
    """-> gx, any shape."""


check("8.3", deconvnet_two_layers)
check("8.4", rectified_gradient)

# %% [markdown]
# ## 论文
#
# - Simonyan, Vedaldi & Zisserman 2013, *Deep inside convolutional networks*，第 4 节：
#   反向传播与反卷积网络的比较。
# - Zeiler & Fergus 2014, *Visualizing and understanding convolutional networks*，
#   第 2.1 节。
# - Springenberg, Dosovitskiy, Brox & Riedmiller 2015, *Striving for simplicity*，
#   第 3.4 节和图 1。
# - Kim et al. 2019, *Why are saliency maps noisy? Cause of and solution to noisy
#   saliency maps*：最后一道练习。
