"""VGG-16 and ResNet-50 of full size, written by the frameworks themselves, read back: scores, Grad-CAM,
time, memory.

    python -m tests.weights.full_size --network vgg16 --writer torch      the table, kept under tests/results
    python -m tests.weights.full_size --network resnet50 --writer keras   Keras must be installed

PyTorch's weights are He-initialised (batchnorm's are drawn too), Keras's as Keras does.  Each load is
measured in a process of its own, from the call to the first scores, with everything imported before; ours
and the framework's take turns, and medians are printed.  "beyond" is the peak of resident memory while
loading and then touching every weight, less what was resident before, less the network's own arrays (those
that are views of the file: the file's resident pages), as a share of the file.  The framework's load is
what its documentation says: build the network, read the file, fill it.  Caffe's files are written by the
tests; OpenCV is the framework there (before version 5, which reads no Caffe), and for ONNX.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

import numpy as np

from tests.support.report import RESULTS, Report
from tests.weights import frameworks
from tests.weights.loading import load, measured

LAYER = {"vgg16": "relu5_3", "resnet50": "layer4.2", "resnet50_keras": "layer4.2"}
FORMATS = {
    "torch": ("PyTorch zip", "PyTorch legacy", "safetensors", "Caffe V1", "ONNX"),
    "keras": ("Keras .keras", "Keras .h5"),
}


def ours(net, x, layer):
    """(scores, Grad-CAM) by minicnn."""
    from gradcam.methods.grad_cam import grad_cam
    from minicnn import Tensor, find

    y = net(Tensor(x, "x"))
    return y.data, grad_cam(y, int(y.data[0].argmax()), find(y, layer))


def apart(found, truth):
    """The largest difference as a share of the largest value; a reference of zeros has tested nothing."""
    scale = np.abs(truth).max()
    assert scale > 0, "the reference is zero"
    return float(np.abs(found - truth).max() / scale)


def from_torch(report, network, formats, side, folder, times):
    """Rows of the table for what PyTorch (or, for Caffe, the tests' own writer) wrote -> [(claim, holds)]"""
    import torch

    x = np.random.default_rng(0).standard_normal((1, 3, side, side), np.float32)
    model, claims, reference = frameworks.torch_model(network), [], None
    scores, cam = frameworks.torch_truth(model, network, x, torch.float32)
    for form in formats:
        path = folder / f"{network}.{form.split()[-1]}"
        frameworks.write(model, network, form, path, x)
        net = load(network, form, path)
        found = ours(net, x, _layer(net, LAYER[network]))
        if reference is None:
            reference, first = {k: t.data for k, t in net.arrays().items()}, net.astype(np.float64)
        elif form != "ONNX":  # which has other names, and batchnorm folded into the convolutions
            same = all(np.array_equal(t.data, reference[name]) for name, t in net.arrays().items())
            claims.append((f"{form}: the arrays are those of {formats[0]}, bit for bit", same))
        theirs = (
            "torch"
            if form not in ("ONNX", "Caffe V1")
            else "opencv"
            if frameworks.opencv_reads(form)
            else None
        )
        claims += row(
            report, network, form, path, side, times, apart(found[0], scores), apart(found[1], cam), theirs
        )
        if theirs == "opencv":
            claims.append(by_opencv(report, form, path, x, found[0]))
        path.unlink()
    x = x.astype(np.float64)
    scores, cam = frameworks.torch_truth(model, network, x, torch.float64)
    claims.append(in_float64(report, formats[0], ours(first, x, _layer(first, LAYER[network])), scores, cam))
    del first, reference
    if "ONNX" in formats:  # exported in float64, so that folding batchnorm away rounds nothing
        frameworks.write(model, network, "ONNX", path := folder / "double.onnx", x)
        net = load(network, "ONNX", path)
        claims.append(in_float64(report, "ONNX", ours(net, x, _layer(net, LAYER[network])), scores, cam))
    return claims


def by_opencv(report, form, path, x, scores):
    """What OpenCV's importer makes of the same file -> (claim, holds)"""
    import cv2

    net = frameworks.opencv(form, path)
    net.setInput(x)
    distance = apart(net.forward().reshape(scores.shape), scores)
    report.say(f"{f'  OpenCV {cv2.__version__} from ours':<28}{'':>9}{distance:>10.1e}")
    return f"{form}: OpenCV's own importer gives the same scores, within 1e-4", distance <= 1e-4


def in_float64(report, form, found, scores, cam):
    """A line of the table for the same in float64 -> (claim, holds)"""
    distances = apart(found[0], scores), apart(found[1], cam)
    report.say(f"{f'{form}, float64':<28}{'':>9}{distances[0]:>10.1e}{distances[1]:>10.1e}")
    return f"{form}: float64 within 1e-10", max(distances) <= 1e-10


def _layer(net, name):
    """The same feature maps in an ONNX graph: what the last pooling, or the global one, takes."""
    if not hasattr(net, "nodes"):
        return name
    at = max(i for i, node in enumerate(net.nodes) if node.step.op in ("MaxPool", "GlobalAveragePool"))
    made = {out: node.name for node in net.nodes for out in node.step.outputs}
    return made[net.nodes[at].step.inputs[0]]


def from_keras(report, network, formats, side, folder, times):
    """The same for what Keras wrote.  (Its PyTorch backend gives the gradients; KERAS_BACKEND=torch.)"""
    import keras

    network = "resnet50_keras" if network == "resnet50" else network
    keras.utils.set_random_seed(0)
    application = {"vgg16": keras.applications.VGG16, "resnet50_keras": keras.applications.ResNet50}[network]
    model = application(weights=None, classifier_activation=None)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([keras.random.uniform(w.shape, 0.5, 1.0) for w in layer.get_weights()])
    x = np.random.default_rng(0).standard_normal((1, 3, 224, 224), np.float32)
    scores, cam = frameworks.keras_truth(model, network, x)
    claims, kept = [], None
    for form in formats:
        path = folder / f"{network}{form.split()[-1]}"
        model.save(path)
        net = load(network, form, path)
        found, kept = ours(net, x, LAYER[network]), kept or net.astype(np.float64)
        claims += row(
            report, network, form, path, 224, times, apart(found[0], scores), apart(found[1], cam), "keras"
        )
        del net
        path.unlink()
    x, weights = x.astype(np.float64), model.get_weights()
    frameworks.keras_in_float64()
    model = application(weights=None, classifier_activation=None)
    model.set_weights(weights)
    claims.append(
        in_float64(
            report, formats[0], ours(kept, x, LAYER[network]), *frameworks.keras_truth(model, network, x)
        )
    )
    return claims


def row(report, network, form, path, side, times, scores, cam, framework):
    """One line of the table -> [(claim, holds)]"""
    size, seconds = path.stat().st_size, {"minicnn": [], framework: []}
    for _ in range(times):
        for who in filter(None, seconds):
            seconds[who].append(measured(who, network, form, path, side))
    mine, theirs = (statistics.median(seconds[who] or [float("nan")]) for who in ("minicnn", framework))
    beyond = measured("memory", network, form, path, side) / size
    report.say(
        f"{form:<28}{size / 1e6:>9.1f}{scores:>10.1e}{cam:>10.1e}{mine:>10.2f}{theirs:>11.2f}{beyond:>9.2f}"
    )
    claims = [
        (f"{form}: scores and Grad-CAM within 1e-4", max(scores, cam) <= 1e-4),
        (f"{form}: at most 0.25 of the file beyond the network's own arrays", beyond <= 0.25),
    ]
    return [*claims, (f"{form}: no slower than the framework", mine <= theirs)] if framework else claims


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", choices=("vgg16", "resnet50"), default="vgg16")
    parser.add_argument("--writer", choices=FORMATS, default="torch")
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--times", type=int, default=3)
    args = parser.parse_args()
    formats = [f for f in FORMATS[args.writer] if args.network == "vgg16" or f != "Caffe V1"]
    title = f"{args.network} of full size, {args.side} pixels, written by the framework and read back"
    packages = list(dict.fromkeys(["numpy", "torch", args.writer]))
    report = Report(f"weights.full_size --network {args.network} --writer {args.writer}", title, packages)
    report.file = RESULTS / f"full_size_{args.network}_{args.writer}.txt"
    report.say(
        f"\n{'file':<28}{'MB':>9}{'scores':>10}{'Grad-CAM':>10}{'seconds':>10}{'framework':>11}{'beyond':>9}"
    )
    with tempfile.TemporaryDirectory() as folder:
        source = from_torch if args.writer == "torch" else from_keras
        claims = source(report, args.network, formats, args.side, Path(folder), args.times)
    report.say()
    for claim, holds in claims:
        report.say(f"{'holds' if holds else 'FAILS'}: {claim}")
    report.save()
    return 0 if all(holds for _, holds in claims) else 1


if __name__ == "__main__":
    raise SystemExit(main())
