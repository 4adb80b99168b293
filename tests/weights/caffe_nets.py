"""Caffe files as Caffe writes them, with the prototxt that says what they compute: for OpenCV, which reads
both without our help.

A net is a list of layers (name, type, bottoms, top, parameters as prototxt has them, blobs).
"""

import numpy as np

from tests.weights.readers.samples import block, caffe_blob, integer

V1_TYPES = {
    "Convolution": ("CONVOLUTION", 4),
    "ReLU": ("RELU", 18),
    "Pooling": ("POOLING", 17),
    "InnerProduct": ("INNER_PRODUCT", 14),
}


def prototxt(layers, side, v1=False):
    """The net's description, for one picture of three channels."""
    said = ['name: "net"', 'input: "data"', *(f"input_dim: {n}" for n in (1, 3, side, side))]
    for name, kind, bottoms, top, parameters, _ in layers:
        kind = V1_TYPES[kind][0] if v1 else f'"{kind}"'
        below = " ".join(f'bottom: "{b}"' for b in bottoms)
        said.append(
            f'{"layers" if v1 else "layer"} {{ name: "{name}" type: {kind} {below} '
            f'top: "{top}" {parameters} }}'
        )
    return "\n".join(said)


def caffemodel(layers, v1=False):
    """The net's weights: field 100 with BlobShapes, or the V1 layers of field 2 with four sizes per blob."""
    net = [block(1, "net")]
    for name, kind, bottoms, top, _, blobs in layers:
        if v1:
            fields = [
                *(block(2, b) for b in bottoms),
                block(3, top),
                block(4, name),
                integer(5, V1_TYPES[kind][1]),
            ]
            net.append(block(2, b"".join([*fields, *(block(6, caffe_blob(a, legacy=True)) for a in blobs)])))
        else:
            fields = [block(1, name), block(2, kind), *(block(3, b) for b in bottoms), block(4, top)]
            net.append(block(100, b"".join([*fields, *(block(7, caffe_blob(a)) for a in blobs)])))
    return b"".join(net)


class Drawn:
    """Layers with drawn weights, one after the other; `top` is where the last one ends.

    drawn=False: layers without weights.
    """

    def __init__(self, seed=0, drawn=True):
        self.random, self.drawn, self.layers, self.top = np.random.default_rng(seed), drawn, [], "data"

    def add(self, name, kind, parameters="", blobs=(), bottoms=None, in_place=False):
        bottoms = bottoms or [self.top]
        self.top = bottoms[0] if in_place else name
        self.layers.append((name, kind, bottoms, self.top, parameters, [np.float32(b) for b in blobs]))

    def conv(self, name, C, F, kernel, stride=1, pad=0, bias=True, bottom=None):
        said = f"num_output: {F} kernel_size: {kernel} stride: {stride} pad: {pad}" + (
            "" if bias else " bias_term: false"
        )
        blobs = self.weights((F, C, kernel, kernel), C * kernel**2)[: 1 + bias]
        self.add(name, "Convolution", f"convolution_param {{ {said} }}", blobs, [bottom or self.top])

    def norm(self, name, scale, C, factor):
        """BatchNorm keeps sums of means and variances, and how many there are of them; Scale, in place, is
        gamma and beta.
        """
        mean, var = self.random.normal(0, 0.1, C), self.random.uniform(0.5, 1.5, C)
        self.add(
            name,
            "BatchNorm",
            "batch_norm_param { use_global_stats: true }",
            [mean * factor, var * factor, [factor]],
            in_place=True,
        )
        gamma, beta = self.random.uniform(0.4, 0.8, C), self.random.normal(0, 0.1, C)
        self.add(scale, "Scale", "scale_param { bias_term: true }", [gamma, beta], in_place=True)

    def relu(self, name):
        self.add(name, "ReLU", in_place=True)

    def linear(self, name, D, F):
        self.add(name, "InnerProduct", f"inner_product_param {{ num_output: {F} }}", self.weights((F, D), D))

    def weights(self, shape, inputs):
        """[W, b]"""
        if not self.drawn:
            return []
        return [
            self.random.standard_normal(shape) * (2 / inputs) ** 0.5,
            self.random.standard_normal(shape[0]) * 0.1,
        ]


def resnet50(factor=0.75):
    """The net of He et al.'s own prototxt: conv1, bn_conv1, scale_conv1, res2a_branch1, bn2a_branch1, ...
    fc1000.
    """
    net = Drawn()
    net.conv("conv1", 3, 64, 7, 2, 3)
    net.norm("bn_conv1", "scale_conv1", 64, factor)
    net.relu("conv1_relu")
    net.add("pool1", "Pooling", "pooling_param { pool: MAX kernel_size: 3 stride: 2 }")
    C = 64
    for stage, (blocks, F) in enumerate(zip(("abc", "abcd", "abcdef", "abc"), (64, 128, 256, 512)), start=2):
        for letter in blocks:
            at, below, stride = f"{stage}{letter}", net.top, 2 if stage > 2 and letter == "a" else 1
            beside = below
            if letter == "a":
                net.conv(f"res{at}_branch1", C, 4 * F, 1, stride, bias=False)
                net.norm(f"bn{at}_branch1", f"scale{at}_branch1", 4 * F, factor)
                beside = net.top
            for branch, (c, f, kernel, s, pad) in {
                "a": (C, F, 1, stride, 0),
                "b": (F, F, 3, 1, 1),
                "c": (F, 4 * F, 1, 1, 0),
            }.items():
                net.conv(
                    f"res{at}_branch2{branch}",
                    c,
                    f,
                    kernel,
                    s,
                    pad,
                    bias=False,
                    bottom=below if branch == "a" else None,
                )
                net.norm(f"bn{at}_branch2{branch}", f"scale{at}_branch2{branch}", f, factor)
                if branch != "c":
                    net.relu(f"res{at}_branch2{branch}_relu")
            net.add(f"res{at}", "Eltwise", bottoms=[beside, net.top])
            net.relu(f"res{at}_relu")
            C = 4 * F
    net.add("pool5", "Pooling", "pooling_param { pool: AVE global_pooling: true }")
    net.linear("fc1000", 2048, 1000)
    return net.layers


def vgg(blocks, side, outputs, drawn=True):
    """A VGG with the names and V1 layers of its authors' files.

    blocks: ((convolutions, filters), ...); outputs: of fc6, fc7, fc8.
    """
    net, C = Drawn(drawn=drawn), 3
    for b, (convolutions, F) in enumerate(blocks, start=1):
        for i in range(1, convolutions + 1):
            net.conv(f"conv{b}_{i}", C, F, 3, pad=1)
            net.relu(f"relu{b}_{i}")
            C = F
        net.add(f"pool{b}", "Pooling", "pooling_param { pool: MAX kernel_size: 2 stride: 2 }")
        side //= 2
    D = C * side * side
    for i, F in enumerate(outputs, start=6):
        net.linear(f"fc{i}", D, F)
        if i < 8:
            net.relu(f"relu{i}")
        D = F
    return net.layers
