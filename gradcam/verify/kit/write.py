"""`gradcam verify kit DIR`: every network, input and expected result as files, with a manifest that says what they are."""

import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path

import numpy as np

from gradcam.verify.errors import VerifyError
from gradcam.verify.hypotheses import HYPOTHESES
from gradcam.verify.kit import onnx_file
from gradcam.verify.kit.methods import DIVIDED, FORMULAS, NEW, NOISE, settings
from gradcam.verify.kit.networks import CLASSES, NETWORKS, Network, picture, weights
from gradcam.verify.question import Question
from gradcam.verify.reference.pipeline import CAMS, MAPS, Run
from minicnn import GraphError

VERSION = 1
SAME_FOR_ALL = ("result", "upsampled")  # conventions that Grad-CAM and the gradient show already
VISIBLE = 1e-6  # what differs by less is no case of its own: another tiny epsilon, say
EXACT, ROUNDED = (
    0.0,
    1e-12,
)  # what no exp or division enters must be equal bit by bit; the rest, relative to the largest value


def write(folder):
    """Write the kit -> (folder, how many files, bytes).  The same files every time.  VerifyError: the folder cannot be written."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        manifest = {
            "version": VERSION,
            "methods": FORMULAS,
            "cases": [c for name in NETWORKS for c in network(folder, name)],
        }
        for name in ("README.md", "run_pytorch.py"):
            (folder / name).write_text(
                files("gradcam.verify.kit").joinpath(f"files/{name}").read_text("utf-8"), "utf-8"
            )
        manifest["sha256"] = {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
                              for p in sorted(folder.glob("*/**/*")) if p.is_file()}  # fmt: skip
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise VerifyError(f"{folder}: the kit cannot be written: {error.strerror or error}") from None
    written = [p for p in folder.rglob("*") if p.is_file()]
    return folder, len(written), sum(p.stat().st_size for p in written)


def network(folder, name):
    """One network: its files, and its cases for the manifest."""
    about, relus, steps, layer, seed, flat = NETWORKS[name]
    arrays, x, at = weights(steps, seed), picture(seed, flat), folder / name
    for inside in (at / "weights", at / "expected"):
        inside.mkdir(parents=True, exist_ok=True)
    (at / "model.onnx").write_bytes(onnx_file.model(name, steps, arrays, x.shape, CLASSES))
    (at / "graph.json").write_text(
        json.dumps({"about": about, "relus": relus, "steps": steps}, indent=1) + "\n", "utf-8"
    )
    for key, array in arrays.items():
        np.save(at / "weights" / f"{key}.npy", array)
    np.save(at / "input.npy", x)
    np.save(at / "noise.npy", NOISE)
    net = Network(steps, arrays)
    c = most_shown(net, x, layer)
    np.save(at / "expected" / "scores.npy", Question(net, x, c, "gradient").reference["y"])
    for method in FORMULAS:
        q = Question(net, x, c, method, layer if method in CAMS else None, settings=settings(method))
        for convention, formula, result, exact in expected(q):
            file = f"{method}{'@' if convention else ''}{convention}.npy"
            np.save(at / "expected" / file, result)
            yield {
                "network": name, "relus": relus, "method": method, "convention": convention, "formula": formula, "class": c,
                "layer": layer if method in CAMS else None, "expected": f"{name}/expected/{file}", "tolerance": EXACT if exact else ROUNDED,
            }  # fmt: skip


def most_shown(net, x, layer):
    """The class whose Grad-CAM has most positive places: a map of zeros tells nothing apart."""
    return max(
        range(CLASSES), key=lambda c: int((Question(net, x, c, "grad_cam", layer).reference["map"] > 0).sum())
    )


def expected(q):
    """Yield (convention, formula, result, whether it is exact): the method, and every convention and tie rule that gives another result."""
    right = q.reference["result"]
    if not np.any(right):
        return  # a map of zeros tells nothing apart
    yield "", FORMULAS[q.method], right, q.method not in DIVIDED
    q.at_input_size = q.method in MAPS
    for h in HYPOTHESES:
        if h.kind == "mistake" or (q.method in NEW and h.step in SAME_FOR_ALL):
            continue
        if h.step != "upsampled":
            q.at_input_size = False
        for form in h.forms(q):
            try:
                with np.errstate(all="ignore"):
                    result = Run(q, form.changes)["result"]
            except (GraphError, ValueError, np.linalg.LinAlgError):
                continue
            if (
                np.isfinite(result).all()
                and np.any(result)
                and apart(result, right) > (VISIBLE if q.method in NEW else 0)
            ):
                yield slug(form.name), f"{form.name}; {h.theory}", result, False
        q.at_input_size = q.method in MAPS
        q.values.clear()


def apart(result, right):
    """The largest difference, relative to the largest value; infinite for another shape."""
    return abs(result - right).max() / abs(right).max() if result.shape == right.shape else np.inf


def slug(name):
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
