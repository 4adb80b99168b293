"""Describe networks that people ship: `python -m tests.describe_table FOLDER...` writes
tests/results/describe.md: what each file tells, what is assumed, what remains for the user.
"""

import sys
from pathlib import Path

from gradcam.commands._model import described
from minicnn import Error

RESULT = Path(__file__).parent / "results" / "describe.md"
KINDS = (".onnx", ".keras", ".h5", ".hdf5")
HEAD = """# What `gradcam describe` finds in {count} files

Made by `python -m tests.describe_table FOLDER...`.  Output, layer, pixels: what the file itself tells.
Assumed: what nobody says, told at every run.  Left: what only the network's user knows.
{left}

| file | output | layer | pixels | assumed | left to the user |
|---|---|---|---|---|---|
"""


def row(path):
    """One file -> (its line, how many fields beside labels remain; None: it is not read)"""
    try:
        net = described(path, blank=True)
    except Error as error:
        return f"| {path.name} | not read: {str(error).split(': ', 1)[-1]} | | | | |", None
    known = net.known
    found = {name: what.replace("|", "/") for name, (what, _) in known.found.items()}
    labels = f", {found['labels']}" if "labels" in found else ""
    assumed = ", ".join(f"{name}: {what}" for name, what in known.assumed.items())
    layer = found.get("layer", "none")
    layer = layer if len(layer) < 45 else f"...{layer[-40:]}"
    pixels = f"{found['pixels']} ({known.found['pixels'][1]})" if "pixels" in found else ""
    cells = (
        path.name,
        found["output"] + labels,
        layer,
        pixels,
        assumed,
        ", ".join(known.remains) or "nothing",
    )
    return f"| {' | '.join(cells)} |", len(set(known.remains) - {"labels"})


def main(folders):
    """Describe every network in these folders."""
    files = sorted(
        {p for f in folders for kind in KINDS for p in Path(f).rglob(f"*{kind}")}, key=lambda p: p.name
    )
    rows = [row(path) for path in files]
    read = [left for _, left in rows if left is not None]
    left = (
        f"Read: {len(read)} of {len(rows)}; beside labels, {max(read)} field{'s' * (max(read) != 1)} at most "
        f"remain{'s' * (max(read) == 1)}, in {sum(n > 0 for n in read)} files."
    )
    RESULT.write_text(
        HEAD.format(count=len(rows), left=left) + "\n".join(line for line, _ in rows) + "\n", "utf-8"
    )
    print(left)


if __name__ == "__main__":
    main(sys.argv[1:])
