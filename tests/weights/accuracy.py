"""Every checkpoint, read by our readers, on real test pictures: `python -m tests.weights.accuracy` prints
the table.

Expected are the accuracies that PyTorch measured on the same pictures (and, for deep_convnet, its authors'
own code).
"""

import argparse
import datetime
import io
import platform
import time
from dataclasses import dataclass

import numpy as np
from PIL import Image

import weights
from gradcam.image import prepare
from tests.support.data import DATA
from weights.cards import Preprocessing
from weights.graphs import onnx


@dataclass(frozen=True)
class Row:
    """network None: an ONNX graph.  data: a function below.  expected: per cent, top-1, and top-5 where
    given.
    """

    file: str
    network: str | None
    data: str
    expected: tuple


ROWS = (
    Row("compressed_SqueezeNet.net", "squeezenet", "imagenet", (57.2, 81.6)),
    Row("squeezenet_v1_0.npz", "squeezenet", "imagenet", (57.2, 81.6)),
    Row("resnet20-12fca82f.th", "resnet20", "cifar_test", (81.03,)),
    Row("resnet20-12fca82f.th", "resnet20", "cifar_lossless", (99.9,)),
    Row("resnet56-4bfd9763.th", "resnet56", "cifar_test", (83.20,)),
    Row("resnet56-4bfd9763.th", "resnet56", "cifar_lossless", (100.0,)),
    Row("udacity_model_cifar.pt", "udacity_cifar", "cifar_test", (72.68,)),
    Row("udacity_model_cifar.pt", "udacity_cifar", "cifar_lossless", (81.8,)),
    Row("udacity_model_augmented.pt", "udacity_cifar_augmented", "cifar_test", (75.15,)),
    Row("udacity_model_augmented.pt", "udacity_cifar_augmented", "cifar_lossless", (81.2,)),
    Row("captum_cifar_torchvision.pt", "captum_cifar", "cifar_test", (58.42,)),
    Row("captum_cifar_torchvision.pt", "captum_cifar", "cifar_lossless", (67.0,)),
    Row("deep_convnet_params.pkl", "deep_convnet", "mnist", (97.97,)),
    Row("lenet_iter_10000.caffemodel", "lenet", "mnist", (99.14,)),
    Row("mnist.onnx", None, "mnist", (98.91,)),
    Row("keras1_mnist_conv.h5", "keras1_mnist", "mnist", (98.45,)),
    Row("keras1_cifar10.h5", "keras1_cifar10", "cifar_test", (56.73,)),
)
RAW_DIGITS = Preprocessing(size=28, crop=28, channels="L", scale=255.0, mean=(0.0,), std=(1.0,))


def network(row):
    """The network of a row, with its card."""
    path = DATA / "weights" / row.file
    if row.network:
        return weights.load(row.network, path)
    net = onnx.load(path)
    net.card = weights.Card(row.file, row.file, RAW_DIGITS, None)
    return net


def mnist(n):
    d = np.load(DATA / "images/mnist_test.npz")
    return d["images"][:n, ..., None], d["labels"][:n]


def cifar_test(n):
    d = np.load(DATA / "images/cifar10_test.npz")
    return d["images"][:n], d["labels"][:n]


def cifar_lossless(n):
    d = np.load(DATA / "images/cifar10_train_lossless_1000.npz")
    return d["images"][:n], d["labels"][:n]


def imagenet(n):
    """500 ILSVRC validation pictures of ten classes, squashed to 224 x 224 by those who published them."""
    d = np.load(DATA / "data/imagenette_loc_224_jpeg.npz")
    data, ends = d["jpeg"].tobytes(), d["offsets"]
    spread = np.arange(len(ends) - 1)[:: max(1, (len(ends) - 1) // (n or len(ends)))][:n]
    pictures = [
        np.asarray(Image.open(io.BytesIO(data[ends[i] : ends[i + 1]])).convert("RGB")) for i in spread
    ]
    return pictures, d["imagenet_index"][d["labels"][spread]]


def inputs(pictures, preprocessing):
    """uint8 pictures (N, H, W, C) -> x, the network's input."""
    p = preprocessing
    if p.crop > 32:
        squashed = Preprocessing(**vars(p) | {"resize": "squash", "size": p.crop})
        return np.concatenate([prepare(picture, squashed) for picture in pictures])
    x = (np.asarray(pictures, np.float32) * np.float32(p.scale / 255) - np.float32(p.mean)) / np.float32(
        p.std
    )
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2))


def correct(net, pictures, labels, batch):
    """How many labels are the top class, and how many among the top five."""
    top1 = top5 = 0
    for i in range(0, len(labels), batch):
        scores = net(inputs(pictures[i : i + batch], net.card.preprocessing))
        best = np.argsort(-scores, axis=1)[:, :5]
        top1 += int((best[:, 0] == labels[i : i + batch]).sum())
        top5 += int((best == labels[i : i + batch, None]).any(axis=1).sum())
    return top1, top5


def measure(row, n=None):
    """Per cent of the first n pictures: (top-1, top-5)[: as many as are expected]."""
    net = network(row)
    pictures, labels = globals()[row.data](n)
    batch = 1 if row.network is None else 20 if row.data == "imagenet" else 250
    return [100 * c / len(labels) for c in correct(net, pictures, labels, batch)][: len(row.expected)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, help="only so many of each set; default: all")
    n = parser.parse_args().pictures
    print(
        f"{datetime.date.today()}, Python {platform.python_version()}, NumPy {np.__version__}, "
        f"{n or 'all'} pictures, per cent right\n"
    )
    print(f"{'file':<30}{'pictures':<16}{'expected':>16}{'measured':>16}{'seconds':>9}")
    worst = 0
    for row in ROWS:
        start = time.perf_counter()
        found = measure(row, n)
        worst = max(worst, *(abs(a - b) for a, b in zip(found, row.expected)))
        said = [" / ".join(f"{v:.2f}" for v in values) for values in (row.expected, found)]
        print(
            f"{row.file:<30}{row.data:<16}{said[0]:>16}{said[1]:>16}{time.perf_counter() - start:>9.1f}",
            flush=True,
        )
    print(f"\nlargest difference {worst:.2f} points")
    return 0 if n or worst <= 0.1 else 1


if __name__ == "__main__":
    raise SystemExit(main())
