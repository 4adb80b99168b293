"""How much of the public face is fully typed, by basedpyright: `python -m tests.house.typed [--write]`.

Prints a row for each package: the share of its exported names of which every type is known, and how much of
it must stay. --write keeps today's shares as the new floors (typed.json); a floor is never lowered.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FLOORS = Path(__file__).with_name("typed.json")
PACKAGES = ("minicnn", "gradcam", "gradcam.verify", "weights")


def share(package: str) -> float:
    """The share of exported names that are fully typed, 0 to 1, as `basedpyright --verifytypes` counts
    them."""
    command = [
        sys.executable,
        "-m",
        "basedpyright",
        "--pythonpath",
        sys.executable,
        "--verifytypes",
        package,
        "--ignoreexternal",
        "--outputjson",
    ]
    here = os.environ | {"PYTHONPATH": str(ROOT)}  # it does not follow an editable installation
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=here)
    return float(json.loads(ran.stdout)["typeCompleteness"]["completenessScore"])


def floors() -> dict[str, float]:
    return json.loads(FLOORS.read_text("utf-8"))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.house.typed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--write", action="store_true", help="keep today's shares as the floors")
    args = parser.parse_args()
    least = floors()
    found = {package: share(package) for package in PACKAGES}
    for package, of in found.items():
        print(f"{package:16} {of:7.1%}   at least {least.get(package, 0):.1%}")
    if args.write:
        kept = {package: max(int(of * 1000) / 1000, least.get(package, 0)) for package, of in found.items()}
        FLOORS.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    return 0 if all(of >= least.get(package, 0) for package, of in found.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
