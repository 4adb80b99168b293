"""VGG-16 and ResNet-50 of full size, written by the frameworks themselves, read back: scores, Grad-CAM, time, memory.

    python -m tests.weights.full_size --network vgg16 --writer torch          prints the table and keeps it under tests/results
    python -m tests.weights.full_size --network resnet50 --writer keras       Keras writes its own applications; it must be installed

PyTorch's weights are He-initialised (batchnorm's are drawn too), Keras's as Keras does.  Each load is measured in a process of its own,
from the call to the first scores, with everything imported before.  "beyond" is the peak of resident memory while loading and then touching
every weight, less what was resident before, less the network's own arrays (those that are views of the file: the file's resident pages),
as a share of the file.  The framework's load is what its documentation says: build the network, read the file, fill it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.support.report import RESULTS, Report

LAYER = {"vgg16": "relu5_3", "resnet50": "layer4.2", "resnet50_keras": "layer4.2"}
KERAS_LAYER = {"vgg16": "block5_conv3", "resnet50_keras": "conv5_block3_out"}
FORMATS = {"torch": ("PyTorch zip", "PyTorch legacy", "safetensors", "Caffe V1", "ONNX"), "keras": ("Keras .keras", "Keras .h5")}


def torch_model(network):
    """torchvision's network with drawn weights, ready for use."""
    import torch

    from tests.support.torchvision_models import models

    torch.manual_seed(0)
    model = getattr(models, network)(weights=None).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for parameter, low, high in ((module.weight, 0.5, 1.0), (module.bias, -0.1, 0.1), (module.running_mean, -0.1, 0.1),
                                         (module.running_var, 0.5, 1.5)):  # fmt: skip
                torch.nn.init.uniform_(parameter, low, high)
        elif hasattr(module, "weight"):
            torch.nn.init.kaiming_normal_(module.weight)
    return model


def write(model, network, form, path, x):
    """The model's file in one of FORMATS."""
    import torch

    state = model.state_dict()
    match form:
        case "PyTorch legacy":
            torch.save(state, path, _use_new_zipfile_serialization=False)
        case "PyTorch zip":
            torch.save(state, path)
        case "safetensors":
            from safetensors.torch import save_file

            save_file(state, path)
        case "Caffe V1":
            path.write_bytes(_caffe(state))
        case "ONNX":
            torch.onnx.export(model, torch.from_numpy(x), str(path), dynamo=False)


def _caffe(state):
    """VGG-16 as its authors' file has it: V1 layers, four sizes per blob."""
    from tests.weights.readers_samples import caffe
    from weights.names import TABLES
    from weights.names.table import parse

    columns, _ = parse(TABLES["vgg16"], [])
    arrays = {}
    for ours, theirs in columns["PyTorch"].items():
        for i, role in enumerate(("weight", "bias")):
            arrays[f"{columns['Caffe'][ours].layer}.{i}"] = state[f"{theirs.layer}.{role}"].numpy()
    return caffe(arrays, legacy=True)


def torch_truth(model, network, x, dtype):
    """(scores, Grad-CAM) by PyTorch."""
    import torch

    model, x = model.to(dtype), torch.tensor(x, dtype=dtype)
    kept = []
    module = model.features[29] if network == "vgg16" else model.layer4[2]
    hook = module.register_forward_hook(lambda _, __, A: kept.append(A))
    y = model(x)
    hook.remove()
    (dA,) = torch.autograd.grad(y[0, int(y[0].argmax())], kept)
    maps = torch.relu((dA.mean((2, 3), keepdim=True) * kept[0]).sum(1))
    return y.detach().numpy(), maps.detach().numpy()


def ours(net, x, layer):
    """(scores, Grad-CAM) by minicnn."""
    from gradcam.grad_cam import grad_cam
    from minicnn import Tensor, find

    y = net(Tensor(x, "x"))
    return y.data, grad_cam(y, int(y.data[0].argmax()), find(y, layer))


def apart(found, truth):
    """The largest difference as a share of the largest value; a reference of zeros has tested nothing."""
    scale = np.abs(truth).max()
    assert scale > 0, "the reference is zero"
    return float(np.abs(found - truth).max() / scale)


def load(network, form, path):
    if form == "ONNX":
        from weights import onnx_graph

        return onnx_graph.load(path)
    import weights

    return weights.load(network, path)


def child(who, network, form, path, side):
    """Measure one load, here: {"seconds"} of minicnn or of a framework, or {"beyond"} in bytes."""
    x = np.random.default_rng(0).standard_normal((1, 3, side, side), np.float32)
    import weights.onnx_graph  # noqa: F401  imported before the clock starts

    if who == "memory":
        before = _resident()
        net = load(network, form, path)
        arrays = [t.data for t in net.arrays().values() if np.isfinite(t.data.sum())]  # the sum touches all of it
        own = sum(a.nbytes for a in arrays if not _is_view_of_file(a)) + _resident_pages_of(path)
        return {"beyond": max(0, _resident("VmHWM") - before - own)}
    return {"seconds": _seconds(who, network, form, path, x)}


def _seconds(who, network, form, path, x):
    """From the call to the first scores."""
    if who == "minicnn":
        start = time.perf_counter()
        load(network, form, path)(x)
        return time.perf_counter() - start
    if who == "keras":
        import keras

        start = time.perf_counter()
        keras.saving.load_model(path, compile=False)(x.transpose(0, 2, 3, 1))
        return time.perf_counter() - start
    import torch

    from tests.support.torchvision_models import models

    start = time.perf_counter()
    model = getattr(models, network)(weights=None).eval()
    if form == "safetensors":
        from safetensors.torch import load_file

        model.load_state_dict(load_file(path))
    else:
        model.load_state_dict(torch.load(path))
    with torch.no_grad():
        model(torch.from_numpy(x))
    return time.perf_counter() - start


def measured(who, network, form, path, side, times=3):
    """The best of several loads, each in a fresh process."""
    command = [sys.executable, "-m", "tests.weights.full_size", "--child", who, network, form, str(path), str(side)]
    runs = [subprocess.run(command, capture_output=True, check=True, text=True) for _ in range(times)]
    answers = [json.loads(run.stdout.splitlines()[-1]) for run in runs]
    return min(value for answer in answers for value in answer.values())


def _resident(which="VmRSS"):
    """Resident memory of this process in bytes; VmHWM: the most it ever was."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(which)) * 1024


def _is_view_of_file(array):
    while isinstance(array, (np.ndarray, memoryview)):
        array = array.base if isinstance(array, np.ndarray) else array.obj
    return array is not None


def _resident_pages_of(path):
    """Bytes of the mapped file that are in memory."""
    lines = Path("/proc/self/smaps").read_text().splitlines()
    at = [i for i, line in enumerate(lines) if line.endswith(str(path))]
    return sum(int(next(x for x in lines[i:] if x.startswith("Rss:")).split()[1]) for i in at) * 1024


def from_torch(report, network, formats, side, folder, times):
    """Rows of the table for what PyTorch (or, for Caffe, our own writer) wrote.  -> [(claim, holds)]"""
    import torch

    x = np.random.default_rng(0).standard_normal((1, 3, side, side), np.float32)
    model, claims, reference = torch_model(network), [], None
    scores, cam = torch_truth(model, network, x, torch.float32)
    for form in formats:
        path = folder / f"{network}.{form.split()[-1]}"
        write(model, network, form, path, x)
        net = load(network, form, path)
        found = ours(net, x, _layer(net, LAYER[network]))
        if reference is None:
            reference, first = {k: t.data for k, t in net.arrays().items()}, net.astype(np.float64)
        elif form != "ONNX":  # which has other names, and batchnorm folded into the convolutions
            same = all(np.array_equal(t.data, reference[name]) for name, t in net.arrays().items())
            claims.append((f"{form}: the arrays are those of {formats[0]}, bit for bit", same))
        theirs = None if form in ("Caffe V1", "ONNX") else "torch"
        claims += row(report, network, form, path, side, times, apart(found[0], scores), apart(found[1], cam), theirs)
        path.unlink()
    scores, cam = torch_truth(model, network, x, torch.float64)
    found = ours(first, x.astype(np.float64), _layer(first, LAYER[network]))
    report.say(f"{f'{formats[0]}, float64':<28}{'':>9}{apart(found[0], scores):>10.1e}{apart(found[1], cam):>10.1e}")
    claims.append(("float64 within 1e-10", max(apart(found[0], scores), apart(found[1], cam)) <= 1e-10))
    return claims


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
    import torch

    network = "resnet50_keras" if network == "resnet50" else network
    keras.utils.set_random_seed(0)
    application = {"vgg16": keras.applications.VGG16, "resnet50_keras": keras.applications.ResNet50}[network]
    model = application(weights=None, classifier_activation=None)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([keras.random.uniform(w.shape, 0.5, 1.0) for w in layer.get_weights()])
    x = np.random.default_rng(0).standard_normal((1, 3, 224, 224), np.float32)
    scores, A = keras.Model(model.input, [model.output, model.get_layer(KERAS_LAYER[network]).output])(x.transpose(0, 2, 3, 1))
    (dA,) = torch.autograd.grad(scores[0, int(scores[0].argmax())], [A])
    cam = torch.relu((dA.mean((1, 2), keepdim=True) * A).sum(3)).detach().numpy()
    claims = []
    for form in formats:
        path = folder / f"{network}{form.split()[-1]}"
        model.save(path)
        found = ours(load(network, form, path), x, LAYER[network])
        claims += row(report, network, form, path, 224, times, apart(found[0], scores.detach().numpy()), apart(found[1], cam), "keras")
        path.unlink()
    return claims


def row(report, network, form, path, side, times, scores, cam, framework):
    """One line of the table -> [(claim, holds)]"""
    size = path.stat().st_size
    mine = measured("minicnn", network, form, path, side, times)
    theirs = measured(framework, network, form, path, side, times) if framework else float("nan")
    beyond = measured("memory", network, form, path, side, 1) / size
    report.say(f"{form:<28}{size / 1e6:>9.1f}{scores:>10.1e}{cam:>10.1e}{mine:>10.2f}{theirs:>11.2f}{beyond:>9.2f}")
    claims = [
        (f"{form}: scores and Grad-CAM within 1e-4", max(scores, cam) <= 1e-4),
        (f"{form}: at most 0.25 of the file beyond the network's own arrays", beyond <= 0.25),
    ]
    return [*claims, (f"{form}: no slower than the framework", mine <= theirs)] if framework else claims


def main():
    if "--child" in sys.argv:
        who, network, form, path, side = sys.argv[2:]
        print(json.dumps(child(who, network, form, path, int(side))))
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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
    report.say(f"\n{'file':<28}{'MB':>9}{'scores':>10}{'Grad-CAM':>10}{'seconds':>10}{'framework':>11}{'beyond':>9}")
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
