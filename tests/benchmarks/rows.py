"""The table's rows.  Each function prepares its work once and returns (ours, {name: theirs}); the quickest of
theirs is compared."""

import threading

import numpy as np
from threadpoolctl import threadpool_limits

from gradcam.explanation import explain
from gradcam.methods.grad_cam import grad_cam
from gradcam.methods.occlusion import occlusion
from minicnn import Tensor, find, nets
from minicnn.graph import GraphError
from minicnn.ops import CrossEntropy

C = 7  # the class that is explained


class Missing(RuntimeError):
    """A row whose pieces do not exist here; its text says which."""


def picture(N=1, size=224):
    return np.random.default_rng(0).standard_normal((N, 3, size, size)).astype(np.float32)


def vgg16_pair(relu=None):
    """Our VGG-16 and PyTorch's, with the same weights; their scores are compared, so both do the same
    work."""
    import torch

    from tests.benchmarks import torch_side

    ours, theirs = nets.vgg16().initialise().eval(), torch_side.vgg16(relu or torch.nn.ReLU)
    with torch.no_grad():
        for mine, other in zip(ours.parameters().values(), theirs.parameters(), strict=True):
            other.copy_(torch.from_numpy(mine.data))
        x = picture()
        a, b = ours(x), theirs(torch.from_numpy(x)).numpy()
    if not abs(a - b).max() <= 1e-4 * abs(b).max() or not abs(b).max() > 0:
        raise AssertionError(
            f"the two networks differ by {abs(a - b).max() / abs(b).max():.1e}: nothing to compare"
        )
    return ours, theirs


def in_formats(net, work, x):
    """{memory format: work(net in it, x in it)}."""
    import copy

    import torch

    from tests.benchmarks.torch_side import FORMATS

    def prepared(layout):
        twin = copy.deepcopy(net).to(memory_format=layout)
        return work(twin, torch.from_numpy(x).to(memory_format=layout))

    return {name: prepared(layout) for name, layout in FORMATS.items()}


def inference(net, x):
    import torch

    def run():
        with torch.inference_mode():
            net(x)

    return run


def vgg16_forward(N=1):
    ours, theirs = vgg16_pair()
    x = picture(N)
    return lambda: ours(x), in_formats(theirs, inference, x)


def vgg16_forward_8():
    return vgg16_forward(8)


def vgg16_panel():
    from tests.benchmarks.torch_side import captum_panel

    ours, theirs = vgg16_pair()
    x = picture()
    return lambda: explain(ours, x, C, layer="relu5_3"), in_formats(
        theirs, lambda net, t: _on(captum_panel(net, net[28], C), t), x
    )


def vgg16_panel_by_hand():
    from tests.benchmarks.torch_side import SwitchedReLU, hand_written_panel

    ours, theirs = vgg16_pair(SwitchedReLU)
    x = picture()
    return lambda: explain(ours, x, C, layer="relu5_3"), in_formats(
        theirs, lambda net, t: _on(hand_written_panel(net, 29, C), t), x
    )


def vgg16_grad_cam():
    from tests.benchmarks.torch_side import captum_grad_cam

    ours, theirs = vgg16_pair()
    x = picture()

    def run():
        y = ours(Tensor(x, "x"))
        grad_cam(y, C, find(y, "relu5_3"))

    return run, in_formats(theirs, lambda net, t: _on(captum_grad_cam(net, net[28], C), t), x)


def vgg16_occlusion(window=15):
    """225 windows of 15 x 15, side by side; Captum in the batch and memory format in which PyTorch's forward
    is quickest."""
    from tests.benchmarks.measure import side_by_side
    from tests.benchmarks.torch_side import captum_occlusion

    ours, theirs = vgg16_pair()
    x, per_picture = picture(), {}
    for batch in (1, 4, 8, 16):
        taken = side_by_side(in_formats(theirs, inference, picture(batch)), 2)
        per_picture |= {(batch, name): t["wall"] / batch for name, t in taken.items()}
    batch, name = min(per_picture, key=per_picture.get)
    run = in_formats(theirs, lambda net, t: _on(captum_occlusion(net, C, window, window, batch), t), x)[name]
    return lambda: occlusion(ours, x, C, window=window, stride=window), {f"batch {batch}, {name}": run}


def squeezenet_panel():
    return _torchvision_panel("squeezenet", "squeezenet1_0", "fire9", lambda net: net.features[12], size=227)


def resnet18_panel():
    return _torchvision_panel("resnet18", "resnet18", None, lambda net: net.layer4)


def _torchvision_panel(ours, theirs, layer, theirs_layer, size=224):
    from tests.benchmarks.torch_side import captum_panel

    try:
        from tests.support.torchvision_models import models
    except ImportError:
        raise Missing("torchvision is not installed") from None
    net, other = (
        getattr(nets, ours)().initialise().eval(),
        _separate_relus(getattr(models, theirs)(weights=None)).eval(),
    )
    x = picture(1, size)
    if layer is None:
        layer = _last_maps(net, x)
    return lambda: explain(net, x, C, layer=layer), in_formats(
        other, lambda n, t: _on(captum_panel(n, theirs_layer(n), C), t), x
    )


def _last_maps(net, x):
    """The name of the last feature maps (N, K, h, w) with more than one pixel that have a name."""
    from minicnn.graph import names

    found = [
        name
        for name, t in names(net(Tensor(x, "x"))).items()
        if t is not None and t.ndim == 4 and t.shape[-1] > 1
    ]
    if not found:
        raise GraphError("the network names no feature maps")
    return found[-1]


def _separate_relus(net):
    """Captum needs ReLUs that do not work in place, and each one module of its own."""
    from torch import nn

    for module in net.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
        if type(module).__name__ == "BasicBlock":
            first, second = nn.ReLU(), nn.ReLU()
            module.relu = nn.Identity()
            module.forward = _basic_block(module, first, second)
            module.relu1, module.relu2 = first, second
    return net


def _basic_block(block, *_):
    def forward(x):
        y = block.relu1(block.bn1(block.conv1(x)))
        return block.relu2(
            block.bn2(block.conv2(y)) + (x if block.downsample is None else block.downsample(x))
        )

    return forward


def training_step(N=64):
    """One step of mini_vgg with batchnorm, 64 pictures of 64 x 64; ours as two shards on two threads, as the
    trainer does."""
    import torch

    from minicnn import backward
    from tests.benchmarks.torch_side import mini_vgg

    net, other = nets.mini_vgg(batchnorm=True).initialise().train(), mini_vgg()
    x, t = picture(N, 64), np.arange(N) % 10
    weights = list(net.parameters().values())

    def shard(k, out):
        some = slice(k * N // 2, (k + 1) * N // 2)
        loss = CrossEntropy()(net(Tensor(x[some])), t[some])
        out[k] = backward(loss, np.float32(0.5), weights, release=True)

    def ours():
        found = {}
        with threadpool_limits(1, "blas"):
            threads = [threading.Thread(target=shard, args=(k, found)) for k in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        for w, a, b in zip(weights, found[0], found[1]):
            w.data = w.data - np.float32(1e-3) * (a + b)

    def theirs(net, x):
        optimiser, t_ = torch.optim.SGD(net.parameters(), 1e-3), torch.from_numpy(t)

        def run():
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(net(x), t_).backward()
            optimiser.step()

        return run

    return ours, in_formats(other, theirs, x)


def _on(method, x):
    return lambda: method(x)


REPEATS = {"occlusion": 3}  # at most: one repeat is 225 forward passes on each side

#       key: (what a reader sees, function, ratio to reach)
ROWS = {
    "forward": ("VGG-16 forward, 224 px, batch 1 / PyTorch", vgg16_forward, 0.85),
    "forward8": ("VGG-16 forward, batch 8 / PyTorch", vgg16_forward_8, 1.0),
    "panel": ("five-method panel on VGG-16 / Captum's four calls", vgg16_panel, 0.35),
    "by_hand": ("the same / PyTorch written by hand", vgg16_panel_by_hand, 0.8),
    "grad_cam": ("Grad-CAM alone on VGG-16 / Captum LayerGradCam", vgg16_grad_cam, 0.8),
    "occlusion": ("occlusion, 15 x 15 windows on VGG-16 (3 repeats) / Captum", vgg16_occlusion, 0.9),
    "squeezenet": ("SqueezeNet panel / Captum's four calls", squeezenet_panel, 0.5),
    "resnet": ("ResNet-18 panel / Captum's four calls", resnet18_panel, 0.5),
    "training": ("training step of mini_vgg, batch 64 / PyTorch", training_step, 1.5),
}
