"""Whether every method gives the same bits in another checkout of this project:

    python -m tests.gradcam.methods.identical OTHER_CHECKOUT [--squeezenet FILE] [--resnet56 FILE] [--photo
    FILE]

Each checkout makes its maps in a process of its own, float32, of two classes, on shapes and mini_vgg and on
the networks whose files are given; then every array is compared as bytes.  Exit status 1 if one differs or is
missing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

FEW = {
    "smoothgrad": {"n": 4},
    "integrated_gradients": {"steps": 6},
    "occlusion": {"window": 60, "stride": 40},
}
MAKE = """
import sys, numpy as np
import gradcam, weights
from gradcam import METHODS, RELATIVES, explain
from gradcam.image import prepare, read

name, file, photo, few, out = sys.argv[1:]
net = weights.load(name, file or None)
random = np.random.default_rng(5)
image = read(photo) if photo else random.integers(0, 256, (150, 170, 3), np.uint8)
x = prepare(image, net.card.preprocessing)
found = {}
for method in dict.fromkeys([*METHODS, *RELATIVES]):
    try:
        mine = eval(few).get(method, {})
        side = x.shape[-1]
        windows = {"window": side // 4, "stride": side // 5}
        asked = {"occluder": windows} if method == "occlusion" else {"options": {method: mine}}
        e = explain(net, x, [1, 3], [method], **asked)
    except Exception as error:
        found[f"{method} {type(error).__name__}"] = np.zeros(0)
        continue
    for (_, c), map in e.maps.items():
        found[f"{method} {c}"] = map
    found["scores"] = e.scores
e = explain(net, x)
found |= {f"panel {m}": e[m] for m in e.methods}
np.savez(out, **found)
"""


def maps(checkout, network, file, photo):
    """{name: array}: what this checkout finds."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "maps.npz")
        command = [sys.executable, "-c", MAKE, network, file or "", photo or "", repr(FEW), out]
        subprocess.run(command, cwd=checkout, env={**os.environ, "PYTHONPATH": str(checkout)}, check=True)
        with np.load(out) as found:
            return {name: found[name] for name in found.files}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("other", type=Path)
    for option in ("--squeezenet", "--resnet56", "--photo"):
        parser.add_argument(option, metavar="FILE")
    args = parser.parse_args()
    networks = [("shapes", None), ("mini_vgg", None)]
    networks += [(name, file) for name in ("squeezenet", "resnet56") if (file := getattr(args, name))]
    differing = 0
    for network, file in networks:
        ours, theirs = (maps(at, network, file, args.photo) for at in (Path.cwd(), args.other.resolve()))
        differ = [
            name
            for name in sorted(ours.keys() | theirs.keys())
            if name not in ours or name not in theirs or ours[name].tobytes() != theirs[name].tobytes()
        ]
        refused = sorted(name for name in ours if ours[name].size == 0)
        print(
            f"{network}: {len(ours)} arrays, {len(differ)} differ {differ}; refused by both: {refused}",
            flush=True,
        )
        differing += len(differ)
    return bool(differing)


if __name__ == "__main__":
    raise SystemExit(main())
