"""Cost against size, and the distance to what the machine's matrix product can do, layer by layer."""

import statistics

import numpy as np

from minicnn import ReLU, Tensor, backward, nets
from minicnn.layer import Sequential
from tests.benchmarks.fresh import size_memory
from tests.benchmarks.measure import once

BATCHES, PIXELS = (1, 2, 4, 8, 16), (112, 160, 224, 320, 448)


def features():
    """VGG-16 up to pool5: any size of picture goes through."""
    net = nets.vgg16().initialise().eval()
    steps = [at.name for at in net.steps]
    return Sequential(*net.steps[: steps.index("pool5") + 1])


def explain_once(net, N, size):
    x = Tensor(np.random.default_rng(0).standard_normal((N, 3, size, size)).astype(np.float32), "x")
    y = net(x)
    return backward(y, np.ones_like(y.data), x, {ReLU: ReLU.guided})


def against_size(repeats, memory=True):
    """[{"batch", "pixels", "seconds per picture", "peak bytes"}] for one forward and one backward pass."""
    net, points = features(), [(n, 224) for n in BATCHES] + [(1, p) for p in PIXELS if p != 224]
    found = []
    for N, size in points:
        explain_once(net, N, size)
        wall, cpu = zip(*(once(lambda N=N, size=size: explain_once(net, N, size)) for _ in range(repeats)))
        point = {"batch": N, "pixels": size}
        point |= {
            "seconds per picture": statistics.median(wall) / N,
            "cpu per picture": statistics.median(cpu) / N,
        }
        found.append(point | ({"peak bytes": size_memory(N, size)} if memory else {}))
    return found


def line(point):
    memory = f"{point['peak bytes'] / 2**30:6.2f} GiB" if "peak bytes" in point else ""
    seconds = f"{point['seconds per picture']:7.3f} s, {point['cpu per picture']:7.3f} CPU s per picture"
    return f"batch {point['batch']:2d}, {point['pixels']} px: {seconds} {memory}"


def product_peak(repeats):
    """GFLOP per CPU second of a matrix product of 1024 x 1024."""
    a, b = np.ones((1024, 1024), np.float32), np.ones((1024, 1024), np.float32)
    y = np.empty_like(a)
    np.matmul(a, b, out=y)
    return (
        2 * 1024**3 / statistics.median(once(lambda: np.matmul(a, b, out=y))[1] for _ in range(repeats)) / 1e9
    )


def by_layer(repeats):
    """Achieved GFLOP per CPU second of every convolution of VGG-16, counted as a direct convolution's, beside
    the product's peak.

    Winograd spends a quarter of the multiplications, so a figure above the peak is possible.
    """
    net, x = (
        nets.vgg16().initialise().eval(),
        np.random.default_rng(0).standard_normal((1, 3, 224, 224)).astype(np.float32),
    )
    found = []
    for at in net.steps:
        if at.name.startswith("fc") or at.name == "flatten":
            break
        if at.name.startswith("conv"):
            t = Tensor(x)
            y = at(t)
            gy = np.ones_like(y.data)
            forward = statistics.median(once(lambda at=at, x=x: at(x))[1] for _ in range(repeats))
            back = statistics.median(
                once(lambda y=y, gy=gy, t=t: backward(y, gy, t))[1] for _ in range(repeats)
            )
            flops = 2 * at.W.data[0].size * y.data.size / 1e9
            found.append({"layer": at.name, "forward": flops / forward, "gx": flops / back})
        x = at(x)
    return {"product peak": product_peak(repeats), "layers": found}
