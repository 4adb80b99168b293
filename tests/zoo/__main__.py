"""Which published architectures are taken, whole, in our own operations; what their answers differ by.

python -m tests.zoo [live | onnx] [--largest MILLIONS] [--seconds CPU] [name, group or exporter ...]
appends a JSON line per model, the smallest first and timm's last, to tests/results/zoo_live.jsonl or
zoo_onnx.jsonl, and writes zoo.md.  What stands there is not tried again; a run may be killed at any time.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import warnings

import torch

from tests.zoo.alone import alone
from tests.zoo.as_onnx import EXPORTERS, chosen
from tests.zoo.as_onnx import examine as as_onnx
from tests.zoo.live import examine as live
from tests.zoo.models import build, every
from tests.zoo.page import page
from tests.zoo.timm_names import names as timm_names

RESULTS = pathlib.Path(__file__).parents[1] / "results"


def size(name: str) -> int:
    """How many parameters, without making them; those that cannot say come last."""
    library, short = name.split(":")
    if library == "timm":
        return timm_names()[short]
    try:
        with torch.device("meta"):
            return sum(p.numel() for p in build(name)[0].parameters())
    except Exception:
        return 1 << 40


def rows_of(path: pathlib.Path) -> list[dict]:
    """The rows of a file, without a last one that a killed run left half written."""
    found = []
    for text in path.read_text("utf-8").splitlines() if path.exists() else []:
        try:
            found.append(json.loads(text))
        except json.JSONDecodeError:
            break
    return found


def questions(kind: str, live: list[dict], tried: set[str]) -> list[tuple[str, str, str]]:
    """(name, group, exporter) of each model to try, in order; as ONNX, of those that were taken live."""
    if kind == "onnx":
        groups = {row["name"]: row["group"] for row in live}
        taken = {row["name"]: row["parameters"] for row in live if "scores" in row}
        wanted = sorted(chosen(taken, tried), key=lambda name: (taken[name], name))
        return [(name, groups[name], exporter) for name in wanted for exporter in EXPORTERS]
    known = {row["name"]: row.get("parameters", 1 << 40) for row in live}
    sizes = {name: known[name] if name in known else size(name) for name, _ in every()}
    return [(n, g, "") for n, g in sorted(every(), key=lambda pair: (pair[1] == "timm", sizes[pair[0]]))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=["live", "onnx"], nargs="?", default="live")
    parser.add_argument("wanted", nargs="*", help="names (timm:resnet50), groups or exporters; default: all")
    parser.add_argument("--largest", type=float, default=100, help="in millions of parameters")
    parser.add_argument("--seconds", type=int, default=240, help="of CPU for one model")
    options = parser.parse_intermixed_args()
    path, wanted = RESULTS / f"zoo_{options.kind}.jsonl", set(options.wanted)
    limit = 1e6 * options.largest  # a row that an earlier, lower one left out is tried now
    rows = [row for row in rows_of(path) if row["kind"] != "larger" or row["parameters"] > limit]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    done = {(row["name"], row.get("exporter", "")) for row in rows}
    warnings.simplefilter("ignore")
    tried = {name for name, _ in done}
    for name, group, exporter in questions(options.kind, rows_of(RESULTS / "zoo_live.jsonl"), tried):
        if (name, exporter) in done or (wanted and not {name, group, exporter} & wanted):
            continue
        if exporter:
            row = {"exporter": exporter} | alone(as_onnx, options.seconds, name, group, exporter)
        else:
            row = alone(live, options.seconds, name, group, options.largest)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"group": group, **row}) + "\n")
        print(row, flush=True)
        write_page()


def write_page() -> None:
    files = (RESULTS / f"zoo_{kind}.jsonl" for kind in ("live", "onnx"))
    (RESULTS / "zoo.md").write_text(page(*map(rows_of, files)), "utf-8")


if __name__ == "__main__":
    main()
