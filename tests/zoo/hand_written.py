"""Networks as tutorials and repositories write them: one kind of layer, or of plumbing, each."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

CLASSES = 5
SHAPE = (1, 3, 24, 20)


class Written(nn.Module):
    """Layers by name, and what the forward pass does with them, a function of the module and the picture."""

    def __init__(self, forward: Callable, **layers: nn.Module) -> None:
        super().__init__()
        self.does = forward
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        return self.does(self, x)


def conv(a=3, b=8, k=3, **options):
    return nn.Conv2d(a, b, k, **{"padding": k // 2, **options})


def trunk(activation: Callable = nn.ReLU, norm: Callable = nn.BatchNorm2d) -> nn.Sequential:
    return nn.Sequential(conv(), norm(8), activation(), nn.MaxPool2d(2), conv(8, 8), activation())


def head(c=8):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, CLASSES))


def middle(forward: Callable, **layers: nn.Module) -> Callable[[], nn.Module]:
    """Convolutions, `forward` of their maps (N, 8, 12, 10), global pooling, scores."""
    return lambda: Written(
        lambda net, x: net.head(forward(net, net.trunk(x))),
        trunk=trunk(), head=head(), **{name: make() for name, make in layers.items()},
    )  # fmt: skip


def activated(activation: Callable) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(trunk(activation), head())


def normed(norm: Callable) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(trunk(norm=norm), head())


def unet(up: Callable) -> Callable[[], nn.Module]:
    """Down, up, and the maps beside (Ronneberger et al. 2015); its scores: the means of its maps."""

    def forward(net, x):
        high = F.relu(net.down(x))
        low = F.relu(net.low(F.max_pool2d(high, 2)))
        return net.out(torch.cat([high, net.up(low)], 1))

    return lambda: Written(forward, down=conv(), low=conv(8, 8), up=up(), out=conv(16, CLASSES, 1))


def attended(net, x):
    """Non-local (Wang et al. 2018): every place looks at every other."""
    N, C, H, W = x.shape
    q, k, v = net.qkv(x).flatten(2).chunk(3, 1)
    return x + ((q.mT @ k / C**0.5).softmax(-1) @ v.mT).mT.reshape(N, C, H, W)


def cbam(net, x):
    """Woo et al. 2018: channels, then places."""
    x = x * torch.sigmoid(net.mlp(F.adaptive_avg_pool2d(x, 1)) + net.mlp(F.adaptive_max_pool2d(x, 1)))
    return x * torch.sigmoid(net.place(torch.cat([x.mean(1, True), x.amax(1, True)], 1)))


def shuffled(net, x):
    """ShuffleNet's unit (Ma et al. 2018)."""
    a, b = x.chunk(2, 1)
    x = torch.cat([a, F.relu(net.one(b))], 1)
    N, C, H, W = x.shape
    return x.view(N, 2, C // 2, H, W).transpose(1, 2).reshape(N, C, H, W)


def transformed(net, x):
    """A spatial transformer (Jaderberg et al. 2015)."""
    theta = net.where(x.mean((2, 3))).view(-1, 2, 3) * 0.1 + torch.eye(2, 3, dtype=x.dtype)
    return F.grid_sample(x, F.affine_grid(theta, x.shape, align_corners=False), align_corners=False)


def tokens(net, x):
    """A vision transformer of one layer."""
    x = net.patches(x).flatten(2).mT
    x = torch.cat([net.token.expand(len(x), -1, -1), x], 1)
    return net.head(net.encoder(x)[:, 0])


def vision_transformer():
    net = Written(
        tokens, patches=nn.Conv2d(3, 16, 4, 4), head=nn.Linear(16, CLASSES),
        encoder=nn.TransformerEncoderLayer(16, 4, 32, 0.0, "gelu", batch_first=True, norm_first=True),
    )  # fmt: skip
    net.token = nn.Parameter(torch.zeros(1, 1, 16))
    return net


def windowed(net, x):
    """Swin's shifted windows (Liu et al. 2021) with a bias for each two places."""
    N, C, H, W = x.shape
    x = x.permute(0, 2, 3, 1).roll((-1, -1), (1, 2))
    x = x.view(N, H // 2, 2, W // 2, 2, C).transpose(2, 3).reshape(-1, 4, C)
    q, k, v = net.qkv(x).chunk(3, -1)
    at = torch.tensor([[4, 3, 1, 0], [5, 4, 2, 1], [7, 6, 4, 3], [8, 7, 5, 4]])
    x = F.scaled_dot_product_attention(q, k, v, attn_mask=net.bias.weight[at, 0])
    x = x.view(N, H // 2, W // 2, 2, 2, C).transpose(2, 3).reshape(N, H, W, C)
    return x.roll((1, 1), (1, 2)).permute(0, 3, 1, 2)


def recurrent(kind):
    """Columns as steps."""
    return lambda: Written(
        lambda net, x: net.out(net.rnn(net.trunk(x).mean(2).mT)[0][:, -1]),
        trunk=trunk(), rnn=kind(8, 6, batch_first=True, bidirectional=True), out=nn.Linear(12, CLASSES),
    )  # fmt: skip


def written_over(net, x):
    y = torch.zeros_like(x)
    y[:, :, 1:] = x[:, :, :-1]
    y[:, ::2] *= 2
    return y


def involution(net, x):
    """A kernel for each place, made of the picture (Li et al. 2021)."""
    N, C, H, W = x.shape
    kernel = net.kernel(x).view(N, 1, 9, H * W)
    return (F.unfold(x, 3, padding=1).view(N, C, 9, H * W) * kernel).sum(2).view(N, C, H, W)


def generalised_mean(net, x):
    return (
        x.clamp(min=1e-6).pow(net.p.weight.view(())).mean((2, 3), keepdim=True).pow(1 / net.p.weight.view(()))
    )


def cosines():
    """ArcFace's scores (Deng et al. 2019)."""
    return Written(
        lambda net, x: 8 * F.linear(F.normalize(net.trunk(x).mean((2, 3))), F.normalize(net.out.weight)),
        trunk=trunk(), out=nn.Linear(8, CLASSES),
    )  # fmt: skip


ACTIVATIONS = (
    nn.LeakyReLU, nn.PReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.Hardswish, nn.Hardsigmoid, nn.Mish,
    nn.Softplus, nn.Sigmoid, nn.Tanh, nn.Hardtanh, nn.Softsign, nn.RReLU,
)  # fmt: skip
HAND_WRITTEN: dict[str, Callable[[], nn.Module]] = {
    **{kind.__name__: activated(kind) for kind in ACTIVATIONS},
    "Threshold": activated(lambda: nn.Threshold(0.1, 0.0)),
    "GroupNorm": normed(lambda c: nn.GroupNorm(2, c)),
    "InstanceNorm": normed(lambda c: nn.InstanceNorm2d(c, affine=True)),
    "BatchStatistics": normed(lambda c: nn.BatchNorm2d(c, track_running_stats=False)),
    "LayerNorm": normed(lambda c: nn.LayerNorm([24, 20])),
    "LocalResponseNorm": normed(lambda c: nn.LocalResponseNorm(3)),
    "UNetTransposed": unet(lambda: nn.ConvTranspose2d(8, 8, 2, 2)),
    "UNetBilinear": unet(lambda: nn.Upsample(scale_factor=2, mode="bilinear")),
    "UNetNearest": unet(lambda: nn.Upsample(scale_factor=2)),
    "UNetShuffled": unet(lambda: nn.Sequential(conv(8, 32, 1), nn.PixelShuffle(2))),
    "NonLocal": middle(attended, qkv=lambda: conv(8, 24, 1)),
    "CBAM": middle(
        cbam, mlp=lambda: nn.Sequential(conv(8, 4, 1), nn.ReLU(), conv(4, 8, 1)), place=lambda: conv(2, 1, 7)
    ),
    "SqueezeExcite": middle(
        lambda net, x: x * net.gate(x.mean((2, 3), keepdim=True)),
        gate=lambda: nn.Sequential(conv(8, 2, 1), nn.ReLU(), conv(2, 8, 1), nn.Sigmoid()),
    ),
    "Depthwise": middle(lambda net, x: net.deep(x), deep=lambda: conv(8, 8, groups=8)),
    "Dilated": middle(lambda net, x: net.deep(x), deep=lambda: conv(8, 8, dilation=2)),
    "Shuffled": middle(shuffled, one=lambda: conv(4, 4)),
    "SpatialTransformer": middle(transformed, where=lambda: nn.Linear(8, 6)),
    "VisionTransformer": vision_transformer,
    "ShiftedWindows": middle(windowed, qkv=lambda: nn.Linear(8, 24), bias=lambda: nn.Embedding(9, 1)),
    "LSTM": recurrent(nn.LSTM),
    "GRU": recurrent(nn.GRU),
    "WrittenOver": middle(written_over),
    "Involution": middle(involution, kernel=lambda: conv(8, 9, 1)),
    "GeneralisedMean": middle(generalised_mean, p=lambda: nn.Linear(1, 1, False)),
    "ReflectionPad": middle(lambda net, x: net.deep(x), deep=lambda: conv(8, 8, padding_mode="reflect")),
    "CircularPad": middle(lambda net, x: net.deep(x), deep=lambda: conv(8, 8, padding_mode="circular")),
    "LpPool": middle(lambda net, x: F.lp_pool2d(x + 1, 2, 2)),
    "GLU": middle(lambda net, x: F.glu(net.wide(x), 1), wide=lambda: conv(8, 16)),
    "Maxout": middle(lambda net, x: net.wide(x).unflatten(1, (8, 2)).amax(2), wide=lambda: conv(8, 16)),
    "Einsum": middle(
        lambda net, x: torch.einsum("nchw,dc->ndhw", x, net.mix.weight), mix=lambda: nn.Linear(8, 8)
    ),
    "Volume": middle(lambda net, x: net.deep(x[:, None])[:, 0], deep=lambda: nn.Conv3d(1, 1, 3, padding=1)),
    "Signal": middle(
        lambda net, x: net.deep(x.flatten(2)).unflatten(2, x.shape[2:]),
        deep=lambda: nn.Conv1d(8, 8, 5, padding=2),
    ),
    "Cosines": cosines,
}
