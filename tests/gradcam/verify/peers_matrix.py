"""Today's libraries against the reference, on a dozen networks: what agrees, and the reason where it does
not.

python -m tests.gradcam.verify.peers_matrix --out tests/results/verify_peers      writes .md and .json
python -m tests.gradcam.verify.peers_matrix --methods lrp_gamma --out ...     only these rows again
"""

import argparse
import importlib.metadata
import json
import warnings
from pathlib import Path

import numpy as np
import torch

from gradcam.methods import METHODS as DECLARED
from gradcam.verify import VerifyError
from gradcam.verify.api import question
from gradcam.verify.judging import judge
from gradcam.verify.peers.libraries import LIBRARIES, result_of
from tests.gradcam.verify.museum.right import Case, at_layer, right, weigh
from tests.weights.graphs.torch_nets import DOZEN, draw

METHODS = tuple(name for name, method in DECLARED.items() if method.peers)
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


def matrix(methods=METHODS, found=None, keep=lambda found: None, families=tuple(DOZEN)):
    """{library: {method: {network: (mark, reason)}}}; found: of rows that are there, which are made again if
    they are asked for; keep(found): called after every row.
    """
    found = found or {}
    for method in methods:
        cases = {f: drawn(f, method) for f in families}
        for library in LIBRARIES:
            if library in DECLARED[method].peers:
                found.setdefault(library, {})[method] = {f: cell(library, cases[f]) for f in families}
                keep(found)
    return {lib: {m: found[lib][m] for m in METHODS if m in found[lib]} for lib in LIBRARIES if lib in found}


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
    parser.add_argument("--methods", nargs="+", choices=METHODS, help="only these; rows of others stay")
    args = parser.parse_args(argv)
    import tests.support.torchvision_models  # noqa: F401  three of the libraries import torchvision

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    file = Path(f"{args.out}.json") if args.out else None
    there = json.loads(file.read_text("utf-8")) if file and file.exists() and args.methods else {}

    def keep(found):
        if file:
            file.write_text(json.dumps(found, indent=1, ensure_ascii=False), "utf-8")

    found = matrix(args.methods or METHODS, there, keep)
    keep(found)
    print(as_markdown(found))
    if args.out:
        Path(f"{args.out}.md").write_text(as_markdown(found), "utf-8")


if __name__ == "__main__":
    main()
