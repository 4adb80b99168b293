# %% [markdown]
# # 10. CAM，以及作为其推广的 Grad-CAM
#
# *约需 12 秒。先修：第 4 课和第 5 课。*
#
# **要做什么。** 把一个得分按位置拆开，证明在 CAM 存在的地方 Grad-CAM 做的是同一件事，
# 并度量得到的图有多少次指向正确的图形。
#
# **要学什么。** 有了*全局平均池化*（每张特征图的均值）和一个线性层，
# 得分本身*就是*一张图的均值：这张图就是[*类激活图*](glossary.md#cam)（CAM）。
# Grad-CAM，即[*梯度加权*](glossary.md#grad-cam)类激活图，对其他网络也适用。
# 两者有什么关系，Grad-CAM 又放弃了什么。
#
# **需要什么。** 第 4 课和第 5 课。
#
# 要动手做，先安装软件包：在仓库的副本中运行 `pip install -e '.[lessons]'`，
# 然后运行 `python -m lessons --lang zh open 10`。

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

import weights
from gradcam import cam, grad_cam, image, upsample
from gradcam.measure import chance, pointing_game
from gradcam.method import weighted
from gradcam.methods.grad_cam import weights as alphas
from lessons.exercises import check
from lessons.plots import picture, signed, style
from lessons.scenes import CLASSES, LAYER, network, portrait, scenes, untrained
from minicnn import Flatten, Linear, Tensor, backward, find, one_hot

# %% [markdown]
# ## 得分是一个均值
#
# `mini_vgg` 认得十类照片，它的最后几层是：特征图 $A^k$，各有 $Z = 6 \times 6$ 个位置；
# 它们的均值 $F_k$；以及一个线性层。交换两个求和号：
#
# $$y_c = \sum_k w_{ck} \underbrace{\frac1Z \sum_{ij} A^k_{ij}}_{F_k} + b_c
#       = \frac1Z \sum_{ij} \underbrace{\sum_k w_{ck} A^k_{ij}}_{M_c(i,j)} + b_c .$$
#
# $M_c$ 就是*类激活图*（Zhou et al. 2016，式 2）：每个位置自己对得分的贡献，可正可负。
# 我们的照片是一位海军军官的肖像。十个类别里没有一个是人；我们问的是得分最高的那一类。

# %%
style()
vgg = weights.load("mini_vgg").astype(np.float64)
photo = image.prepare(portrait(), weights.card("mini_vgg").preprocessing).astype(
    np.float64
)
y = vgg(Tensor(photo, "x"))
c = int(y.data.argmax())
A, W, b = find(y, "pool4"), vgg["fc"].W.data, vgg["fc"].b.data
M = cam(A, W, c)
print(
    f"{weights.card('mini_vgg').classes[c]}: score {y.data[0, c]:.6f}; mean of the "
    f"map + bias {M.mean() + b[c]:.6f}"
)

# %% [markdown]
# ## 预测
#
# 对这个网络，$\partial y_c / \partial A^k_{ij}$ 是什么？
#
# - a) 每张图片、每个位置上都是不同的数
# - b) 对任何图片，36 个位置上都是同一个数

# %%
dA = backward(y, one_hot(y, c), wrt=A)
print(
    "spread over places:",
    np.ptp(dA, axis=(-2, -1)).max(),
    "  equal to w/Z:",
    np.allclose(dA[0, :, 0, 0], W[c] / 36),
)

# %% [markdown]
# <details><summary>解释</summary>
#
# b)。$y_c$ 只通过均值依赖于 $A^k_{ij}$，所以无论什么图片，导数都是 $w_{ck}/Z$。
# 证明就是这样：
#
# $$\alpha^c_k = \frac1Z \sum_{ij} \frac{\partial y_c}{\partial A^k_{ij}} =
#   \frac{w_{ck}}{Z}
#   \qquad\Rightarrow\qquad \sum_k \alpha^c_k A^k = \frac1Z M_c .$$
#
# Grad-CAM（Selvaraju et al. 2017，式 1 和式 2）在最后的 ReLU 之前，就是 CAM 除以 $Z$。
# 有些程序计算 $\alpha$ 时取和而不取均值，得到的就是 CAM 本身。
# 只要每张图都按自己的尺度来画，这个因子就没有影响。
# （这样一张粗糙的图画成彩色，叫作[*热力图*](glossary.md#heat-map-overlay)；
# 覆盖在照片上，叫作*叠加图*。）
# </details>

# %%
print(inspect.getsource(alphas), inspect.getsource(weighted), sep="\n")
L = grad_cam(y, c, A, relu=False)
print(
    "CAM = Z x Grad-CAM, largest difference:",
    f"{np.abs(M - 36 * L).max():.0e}",
    " smallest value of the map:",
    f"{M.min():.1f}",
)

# %% [markdown]
# ## 没有全局平均池化时
#
# `shapes` 的末端是一个最大池化和两个线性层，中间隔着一个 ReLU：这里没有 CAM，
# 但是有梯度，因此也有 Grad-CAM。每个类别用自己的方式给同样的特征图加权，
# 所以一张有两个图形的图片就有两张图。旁边是权重随机的网络得到的图。

# %%
net, blank = network(), untrained()
pictures, x, classes, masks = scenes(100, first=1000)
figure, axes = plt.subplots(2, 4, figsize=(10.5, 5.6))
ways = [
    (net, False, "before the ReLU"),
    (net, True, "Grad-CAM"),
    (blank, False, "random weights"),
]
for line, c in zip(axes, classes[8].tolist()):
    picture(line[0], pictures[8], f"class: {CLASSES[c]}")
    for ax, (of, relu, title) in zip(line[1:], ways):
        y = of(Tensor(x[8:9]))
        M = upsample(grad_cam(y, c, find(y, LAYER), relu=relu), (96, 96))[0]
        picture(ax, M, title, cmap="inferno") if relu else signed(ax, M, title)
plt.show()

# %% [markdown]
# ## 预测
#
# 在 100 个各有两个图形的场景中，类别图的最大值有多少次落在该类别自己的图形上？
# 这个度量叫作[*指点游戏*](glossary.md#pointing-game)（pointing game）。
# 随机取一点，大约每十八张图片命中一次。


# %%
def hits(net, layer, n=100):
    """The share of pictures in which the map of the first shape's class is largest on
    that shape (Zhang et al. 2016).
    """
    found = []
    for photo, c, mask in zip(x[:n], classes[:n, 0].tolist(), masks[:n, 0]):
        y = net(Tensor(photo[None]))
        found.append(
            pointing_game(upsample(grad_cam(y, c, find(y, layer)), (96, 96))[0], mask)
        )
    return np.mean(found)


print(f"trained {hits(net, LAYER):.0%}, random weights {hits(blank, LAYER):.0%}")
print(f"a random point {np.mean([chance(mask[0]) for mask in masks]):.0%}")

# %% [markdown]
# <details><summary>解释</summary>
#
# 比较打印出来的三个数。训练过的网络，其图的命中率远高于另外两个：
# 这张图既取决于学到的东西，也取决于所问的类别。
# （它也并非总是对的：最大值可能恰好落在图形旁边，
# 因为边缘旁的背景也是网络所看的内容。）
# </details>
#
# ## 其他层
#
# 每一层都有梯度，所以任何地方都可以计算 Grad-CAM。它在各处都一样好吗？
# （到目前为止 `LAYER` 是 `relu4_2`。这里用前 50 个场景。）

# %%
for layer in ("relu1_1", "relu2_1", "relu3_2", "relu4_2", "relu5_1"):
    print(f"{layer}: {hits(net, layer, 50):.0%}")

# %% [markdown]
# 不一样。在最初几层，一张特征图只是一种边缘或一种颜色，
# 整张图共用一个权重，说不出哪条边缘属于该类别。`relu5_1` 是最后一层，
# 论文就在这样的层上取图；它在这里很粗糙：$6 \times 6$ 个位置，彼此相隔 16 个像素。
# 哪一层最好，取决于网络；而只用 50 张图片，几个百分点的差别没有意义。
#
# ## 取均值放弃了什么
#
# 除 `mini_vgg` 之外，那些大的 VGG 网络（第 16 课）没有全局池化：
# 头部看得见特征在*哪里*。下面就是这样一个头部：一张特征图 $A$，
# 权重在左半边为 $+1$，右半边为 $-1$：“特征必须在左边”。
#
# ## 预测
#
# 特征在左边，所以得分很高。Grad-CAM 会显示什么？
#
# - a) 左半边
# - b) 什么也没有

# %%
A1 = Tensor(np.array([[[[2.0, 1, 0, 0], [3, 1, 0, 0]]]]))
y1 = Linear()(Flatten()(A1), np.array([[1.0, 1, -1, -1] * 2]))
print("score", y1.data[0, 0], "\nGrad-CAM", grad_cam(y1, 0, A1)[0].tolist())
print(
    "A * dA, place by place",
    (A1.data * backward(y1, one_hot(y1, 0), wrt=A1))[0, 0].tolist(),
)

# %% [markdown]
# <details><summary>解释</summary>
#
# b)。$\alpha$ 是 $+1$ 和 $-1$ 的*均值*，即 0，所以整张图都是 0，
# 尽管每个有贡献的位置都是已知的。如果改为逐个位置相乘，
# $\sum_k A^k \frac{\partial y_c}{\partial A^k}$，就能保住它
# （Draelos & Carin 2020 称之为 HiResCAM），代价是图中的噪声更多。
# 对 `mini_vgg`，两者相同。
# </details>
#
# ## 自己动手


# %%
def my_cam(A, W, c):
    """A (K, h, w), W (classes, K) -> the class activation map, (h, w)."""


def my_grad_cam(A, dA):
    """A and dy_c/dA, both (K, h, w) -> Grad-CAM, (h, w), with the mean and the final
    ReLU.
    """


def alpha_two_layers(A, U, V, c):
    """y = V max(U F, 0), F_k = mean of A^k; A (K, h, w), U (E, K), V (classes, E):
    Grad-CAM's weights for class c, (K,).
    """


check("10.1", my_cam)
check("10.2", my_grad_cam)
check("10.3", alpha_two_layers)

# %% [markdown]
# ## 论文
#
# - Zhou, Khosla, Lapedriza, Oliva & Torralba 2016, *Learning deep features for
#   discriminative localization*, CVPR，式 1 和式 2。
# - Selvaraju et al. 2017, *Grad-CAM*, ICCV，式 1 和式 2，
#   以及 “Grad-CAM generalizes CAM” 一节。
# - Zhang et al. 2016, *Top-down neural attention by excitation backprop*, ECCV：
#   指点游戏。
# - Draelos & Carin 2020, *Use HiResCAM instead of Grad-CAM for faithful explanations of
#   convolutional neural networks*。
