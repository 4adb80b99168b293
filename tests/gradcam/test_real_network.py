"""SqueezeNet's published weights on a real photo: the paper's Figure 1 in numbers; threads;
memory of a VGG-16 panel.
"""

import os
import platform
import subprocess
import sys
import threading

import numpy as np
import pytest

import weights
from gradcam import CLASSIC, explain, image, upsample
from tests.benchmarks import fresh
from tests.support.compare import same_bits
from tests.support.data import DATA

DOG, CAT = 243, 282  # bull mastiff, tiger cat


@pytest.fixture(scope="module")
def squeezenet():
    return weights.load("squeezenet", path=DATA / "weights/squeezenet_v1_0.npz")


@pytest.fixture(scope="module")
def x(squeezenet):
    return image.prepare(image.read(DATA / "images/cat_dog.jpg"), squeezenet.card.preprocessing)


@pytest.fixture(scope="module")
def explained(squeezenet, x):
    methods = [m for m in CLASSIC if m not in ("cam", "occlusion")]
    return explain(squeezenet, x, [DOG, CAT], methods)


def peak(map):
    """Where a (1, h, w) map is largest, as shares of width and height."""
    big = upsample(map, (227, 227))[0]
    i, j = np.unravel_index(big.argmax(), big.shape)
    return (j + 0.5) / 227, (i + 0.5) / 227


def cosine(a, b):
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


@pytest.mark.data
def test_it_sees_the_dog_first(explained):
    assert explained.scores[0].argmax() == DOG
    assert explained.probabilities[0, DOG] == pytest.approx(0.867, abs=0.001)


@pytest.mark.data
def test_figure_1_of_grad_cam_in_numbers(explained):
    assert peak(explained["grad_cam", DOG]) == pytest.approx((0.50, 0.19), abs=0.01)
    assert peak(explained["grad_cam", CAT]) == pytest.approx((0.81, 0.73), abs=0.01)
    assert cosine(explained["gradient", DOG], explained["gradient", CAT]) == pytest.approx(0.25, abs=0.01)
    assert cosine(explained["guided_backprop", DOG], explained["guided_backprop", CAT]) == pytest.approx(
        0.75, abs=0.01
    )


@pytest.mark.data
def test_two_threads_explain_two_classes(squeezenet, x, explained):
    found = {}
    threads = [
        threading.Thread(target=lambda c=c: found.update({c: explain(squeezenet, x, c)})) for c in (DOG, CAT)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for c in (DOG, CAT):
        alone = explain(squeezenet, x, c)
        assert [m for m in alone.methods if not same_bits(alone[m], found[c][m])] == []


FIRST_USE = """
import threading
from gradcam import CLASSIC, explain, image
from tests.support.compare import same_bits
from tests.support.data import DATA
import weights
for _ in range(4):
    net, found = weights.load("squeezenet", path=DATA / "weights/squeezenet_v1_0.npz"), {}
    x = image.prepare(image.read(DATA / "images/cat_dog.jpg"), net.card.preprocessing)
    threads = [threading.Thread(target=lambda c=c: found.update({c: explain(net, x, c)})) for c in (243, 282)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for c in (243, 282):
        alone = explain(net, x, c)
        print(c, len(alone.methods), [m for m in alone.methods if not same_bits(alone[m], found[c][m])])
"""


@pytest.mark.data
@pytest.mark.parametrize("core", ["", "Haswell"], ids=["this processor's kernels", "Haswell's"])
def test_two_threads_at_the_first_use_with_two_blas_threads(core):
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"} | {
        "OPENBLAS_NUM_THREADS": "2"
    }
    if core and platform.machine() in ("x86_64", "AMD64"):
        environment["OPENBLAS_CORETYPE"] = core  # kernels whose bits do depend on the number of threads
    done = subprocess.run(
        [sys.executable, "-c", FIRST_USE],
        cwd=fresh.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert not done.returncode, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 8
    assert [line for line in lines if not line.endswith(" 5 []")] == []


VGG16_PANEL = """
import numpy as np
from gradcam import explain
from minicnn.nets import vgg16
net = vgg16().initialise(0)
x = np.random.default_rng(0).standard_normal((1, 3, 224, 224)).astype(np.float32)
e = explain(net, x, layer="relu5_3")
assert all(m.any() for m in e.maps.values()) and len(e.maps) == 5
"""


def test_the_vgg16_panel_stays_below_2_5_gib():
    assert 0.5 * 2**30 < (used := fresh.peak(VGG16_PANEL)) < 2.5 * 2**30, f"{used / 2**30:.2f} GiB"
