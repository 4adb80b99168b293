"""What a map costs: seconds, and passes of the network, beside Grad-CAM's."""

import time

import numpy as np

from gradcam.explain import explain
from gradcam.image import prepare
from gradcam.measure.collect import collect
from gradcam.measure.run import from_the_score, which
from gradcam.methods import CATALOGUE
from minicnn import GraphError, RuleError


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


def over(net, data, methods, n, rows=None, workers=None, progress=True, name=None):
    """Rows {"number", "seconds": {method: s}, "forward": {method: pictures passed forward}} of n pictures; what fails is left out."""
    net = from_the_score(net)

    def one(number):
        example = data[number]
        x, took, forward = prepare(example.picture, data.preprocessing), {}, {}
        for method in methods:
            counted = Counted(net)
            try:
                explain(counted, x, example.c, [method])
            except (GraphError, RuleError):
                continue
            took[method], forward[method] = round(seconds(net, x, example.c, method, times=1), 6), counted.pictures
        return {"number": number, "seconds": took, "forward": forward}

    return collect(rows, {"cost of": list(methods), **which(net, data)}, data.numbers[:n], one, workers, progress, name)


def table(rows):
    """A Markdown table: the median of the seconds, how many times Grad-CAM's they are, and passes of the network."""
    lines = [("method", "seconds", "Grad-CAMs", "pictures forward", "passes")]
    lines.append(("---", "---:", "---:", "---:", "---"))
    for method in rows[0]["seconds"]:
        took = np.median([row["seconds"][method] for row in rows])
        times = np.median([row["seconds"][method] / row["seconds"]["grad_cam"] for row in rows])
        lines.append((method, f"{took:.3f}", f"{times:.1f}", f"{rows[0]['forward'][method]}", CATALOGUE[method].passes))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
