"""`gradcam verify kit DIR`: every network, input and expected result as files, with a manifest that says what
they are.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from gradcam.files import written
from gradcam.method import Method
from gradcam.methods import METHODS
from gradcam.verify.errors import VerifyError
from gradcam.verify.hypotheses.catalogue import HYPOTHESES
from gradcam.verify.hypotheses.hypothesis import DOES_NOT_APPLY
from gradcam.verify.hypotheses.preprocessing import BEYOND_NORMALISATION
from gradcam.verify.hypotheses.values import CLIPPED, IN_BYTES
from gradcam.verify.kit import onnx_file
from gradcam.verify.kit.networks import CLASSES, NETWORKS, H, Network, W, numbers, picture, weights
from gradcam.verify.question import Question
from gradcam.verify.reference.pipelines import CAMS, MAPS
from gradcam.verify.reference.run import Run

VERSION = 1
NOISE = numbers((4, 3, H, W), 42, 4)  # SmoothGrad's; a file of the kit
SETTINGS = {  # what the equations of these methods say
    "integrated_gradients": {"steps": 8, "rule": "midpoint"},
    "smoothgrad": {"noise": NOISE},
    "occlusion": {"window": 2, "stride": 1},
}
SAME_FOR_ALL = ("result", "upsampled")  # conventions that the classic methods and Grad-CAM's family show
LEFT_OUT = (CLIPPED, BEYOND_NORMALISATION)  # how maps are drawn; of pictures that were normalised
VISIBLE = 1e-6  # what differs by less is no case of its own: another tiny epsilon, say
EXACT, ROUNDED = 0.0, 1e-12  # of the largest value: where no exp or division enters, and elsewhere


def write_kit(path: str | os.PathLike[str]) -> tuple[Path, int, int]:
    """Write the kit, the same files every time -> (folder, how many files, bytes).

    The manifest comes last, and at once: where there is none, writing was ended before its time.
    VerifyError or SaveError: it cannot be written.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        manifest = {
            "version": VERSION,
            "methods": {name: formula(method) for name, method in METHODS.items()},
            "cases": [c for name in NETWORKS for c in cases_of(folder, name)],
        }
        for name in ("README.md", "run_pytorch.py"):
            (folder / name).write_text(
                files("gradcam.verify.kit").joinpath(f"files/{name}").read_text("utf-8"), "utf-8"
            )
        manifest["sha256"] = {
            p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(folder.glob("*/**/*"))
            if p.is_file()
        }
        with written(folder / "manifest.json") as file:
            file.write((json.dumps(manifest, indent=1) + "\n").encode())
    except OSError as error:
        raise VerifyError(f"{folder}: the kit cannot be written: {error.strerror or error}") from None
    made = [p for p in folder.rglob("*") if p.is_file()]
    return folder, len(made), sum(p.stat().st_size for p in made)


def cases_of(folder: Any, name: str) -> Any:
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
    for method in METHODS:
        q = Question(net, x, c, method, layer if method in CAMS else None, settings=SETTINGS.get(method))
        for convention, said, result, exact in expected(q):
            file = f"{method}{'@' if convention else ''}{convention}.npy"
            np.save(at / "expected" / file, result)
            yield {
                "network": name,
                "relus": relus,
                "method": method,
                "convention": convention,
                "formula": said,
                "class": c,
                "layer": q.layer,
                "expected": f"{name}/expected/{file}",
                "tolerance": EXACT if exact else ROUNDED,
            }


def formula(method: Method) -> str:
    """What the manifest says of a method."""
    return method.equation or method.question


def most_shown(net: Any, x: np.ndarray, layer: Any) -> Any:
    """The class whose Grad-CAM has most positive places: a map of zeros tells nothing apart."""
    return max(
        range(CLASSES), key=lambda c: int((Question(net, x, c, "grad_cam", layer).reference["map"] > 0).sum())
    )


def expected(q: Question) -> Any:
    """Yield (convention, formula, result, whether it is exact): the method, and what conventions and tie
    rules make of it.
    """
    right, method = q.reference["result"], METHODS[q.method]
    if not np.any(right):
        return  # a map of zeros tells nothing apart
    yield "", formula(method), right, method.exact
    in_full = method.classic or method.weights is not None
    for h in HYPOTHESES:
        if h.kind == "mistake" or h.name in LEFT_OUT or (not in_full and h.step in SAME_FOR_ALL):
            continue
        q.enlarged = q.method in MAPS and h.step == "upsampled"
        for form in (f for f in h.forms(q) if f.detail != IN_BYTES):
            try:
                with np.errstate(all="ignore"):
                    result = Run(q, form.changes)["result"]
            except DOES_NOT_APPLY:
                continue
            shown = np.isfinite(result).all() and np.any(result)
            if shown and apart(result, right) > (0 if in_full else VISIBLE):
                yield slug(form.name), f"{form.name}; {h.says}", result, False
        q.values.clear()
    q.enlarged = False


def apart(result: Any, right: Any) -> Any:
    """The largest difference, relative to the largest value; infinite for another shape."""
    return abs(result - right).max() / abs(right).max() if result.shape == right.shape else np.inf


def slug(name: str) -> Any:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
