"""What a map costs: seconds, and passes of the network, beside Grad-CAM's."""

import time

from gradcam.explain import explain


def seconds(net, x, c, method, times=3):
    """How long one map takes, forward pass included: the best of some times, seconds.  x: input (1, C, H, W), c: class"""
    return min(_once(net, x, c, method) for _ in range(times + 1))


def _once(net, x, c, method):
    begun = time.perf_counter()
    explain(net, x, c, [method])
    return time.perf_counter() - begun


class Counted:
    """A network that counts the pictures that were passed forward through it."""

    def __init__(self, net):
        self.net, self.card, self.pictures = net, net.card, 0

    def __call__(self, x):
        self.pictures += x.shape[0]
        return self.net(x)


def row(net, x, c, number, methods):
    """{"number", "seconds", "forward": {method: pictures passed forward}} of one picture; a method that fails is left out."""
    took, forward = {}, {}
    for method in methods:
        counted = Counted(net)
        explain(counted, x, c, [method])
        took[method], forward[method] = round(seconds(net, x, c, method, times=1), 6), counted.pictures
    return {"number": number, "seconds": took, "forward": forward}
