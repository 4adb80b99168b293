"""CIFAR's ResNet written again in PyTorch, from the description of the published files, with guided
backprop as an autograd function.
"""

import torch.nn.functional as F

from tests.support.torch_reference import Guided


class ResNet:
    """Three stages of n blocks, shortcut A; weights: the published state dict, with or without `module.`."""

    def __init__(self, n, weights):
        self.n = n
        self.w = {name.removeprefix("module."): value.double() for name, value in weights.items()}

    def __call__(self, x, guided=False):
        """x (N, 3, 32, 32) -> scores (N, 10), the last block's output (N, 64, 8, 8)"""
        relu = Guided.apply if guided else F.relu
        x = relu(self.bn("bn1", F.conv2d(x, self.w["conv1.weight"], padding=1)))
        for stage in (1, 2, 3):
            for i in range(self.n):
                name, stride = f"layer{stage}.{i}", 2 if stage > 1 and i == 0 else 1
                z = relu(
                    self.bn(
                        f"{name}.bn1", F.conv2d(x, self.w[f"{name}.conv1.weight"], stride=stride, padding=1)
                    )
                )
                z = self.bn(f"{name}.bn2", F.conv2d(z, self.w[f"{name}.conv2.weight"], padding=1))
                half = (z.shape[1] - x.shape[1]) // 2
                x = relu(z + (F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, half, half)) if stride == 2 else x))
        return F.linear(x.mean((2, 3)), self.w["linear.weight"], self.w["linear.bias"]), x

    def bn(self, name, x):
        w = self.w
        return F.batch_norm(
            x,
            w[f"{name}.running_mean"],
            w[f"{name}.running_var"],
            w[f"{name}.weight"],
            w[f"{name}.bias"],
            eps=1e-5,
        )
