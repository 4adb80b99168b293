"""Today's libraries against the reference, on a dozen networks: what agrees, and the reason where it does
not.

python -m tests.gradcam.verify.peers_matrix --out tests/results/verify_peers      writes .md and .json
"""

import argparse
import importlib.metadata
import json
import warnings

import numpy as np
import torch

from gradcam.verify import VerifyError
from gradcam.verify.api import question
from gradcam.verify.judging import judge
from gradcam.verify.peers.libraries import LIBRARIES, result_of
from tests.gradcam.verify.museum.right import Case, at_layer, right, weigh
from tests.weights.graphs.torch_nets import DOZEN, draw

METHODS = (
    "gradient",
    "deconvnet",
    "guided_backprop",
    "grad_cam",
    "guided_grad_cam",
    "grad_cam++",
    "xgrad_cam",
    "hirescam",
    "layercam",
)
PACKAGES = {
    "captum": "captum",
    "pytorch-grad-cam": "grad-cam",
    "torch-cam": "torchcam",
    "zennit": "zennit",
    "PyTorch": "torch",
}
SAME, WRONG, NONE = "=", "≠", "-"


def drawn(family, method):
    """Of some networks, pictures and classes of the family, one whose map has most to show: a map of zeros
    tells nothing apart.
    """
    cases = [Case(*draw(family, seed), c, DOZEN[family].layer, method) for seed in range(4) for c in range(5)]
    return max(cases, key=shown)


def shown(case):
    """How much of Grad-CAM is positive, with the activation from either side of a ReLU."""
    A, dA = at_layer(case)
    return min(float((weigh(a, dA) > 0).double().mean()) for a in (A, A.relu())) * bool(right(case).any())


def cell(library, case):
    """(mark, reason): what the verifier says of the library's result."""
    try:
        theirs = result_of(library, case.model, case.x, case.c, case.method, case.layer)
    except VerifyError as error:
        return (NONE if " has no " in str(error) else WRONG), str(error)
    try:
        verdict = judge(
            question(case.model, case.x, case.c, case.method, case.layer, {"result": theirs}), seconds=60
        )
    except VerifyError as error:
        return WRONG, str(error)
    if verdict.status == 0:
        return SAME, verdict.kind
    if verdict.kind == "refused":
        return "refused", verdict.reason
    return WRONG, " / ".join(map(str, verdict.causes)) or f"unknown: {verdict.reason}"


def matrix(libraries=tuple(LIBRARIES), families=tuple(DOZEN), methods=METHODS):
    """{library: {method: {network: (mark, reason)}}}"""
    cases = {(f, m): drawn(f, m) for f in families for m in methods}
    found = {}
    for library in libraries:
        found[library] = {m: {f: cell(library, cases[f, m]) for f in families} for m in methods}
        found[library] = {
            m: row for m, row in found[library].items() if any(mark != NONE for mark, _ in row.values())
        }
    return found


def as_markdown(found):
    versions = ", ".join(
        f"{name} {importlib.metadata.version(package)}" for name, package in PACKAGES.items()
    )
    lines = [
        "# Today's libraries against the reference",
        "",
        f"Made by `python -m tests.gradcam.verify.peers_matrix` with {versions}; CPU, float64.",
        "`=`: equal to rounding. `≠`: differs, and the number says why. `refused`: no rule is published "
        "for an activation there.",
        "",
    ]
    reasons = {}
    for library, rows in found.items():
        families = next(iter(rows.values()))
        lines += [
            f"## {library}",
            "",
            "| | " + " | ".join(families) + " |",
            "|---" * (len(families) + 1) + "|",
        ]
        for method, row in rows.items():
            marks = []
            for mark, reason in row.values():
                note = "" if mark in (SAME, NONE) else f" [{reasons.setdefault(reason, len(reasons) + 1)}]"
                marks.append(f"{mark}{note}")
            lines.append(f"| {method} | " + " | ".join(marks) + " |")
        lines.append("")
    return "\n".join([*lines, "## Reasons", "", *(f"{n}. {reason}" for reason, n in reasons.items())]) + "\n"


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tests.gradcam.verify.peers_matrix", description=__doc__)
    parser.add_argument("--out", metavar="STEM", help="where the table goes: STEM.md and STEM.json")
    args = parser.parse_args(argv)
    import tests.support.torchvision_models  # noqa: F401  three of the libraries import torchvision

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    found = matrix()
    print(as_markdown(found))
    if args.out:
        with open(f"{args.out}.md", "w", encoding="utf-8") as file:
            file.write(as_markdown(found))
        with open(f"{args.out}.json", "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1, ensure_ascii=False)


if __name__ == "__main__":
    main()
