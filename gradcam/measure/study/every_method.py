"""Every method by every measure, on five networks: rows first, then the table that is made of them.

    python -m gradcam.measure.study --data ../shared
        measure what is missing, then write tests/results/measures.md
    python -m gradcam.measure.study --data ../shared --only squeezenet_maps squeezenet_grid
    python -m gradcam.measure.study --report
        only write, from the rows that are there

May be interrupted at any moment, and goes on where it was: rows are kept as they come, in
checkpoints/measures/.  The parts of the table of which there are no rows there stay as they were.  Rows that
took hours are kept with the table: --rows tests/results/rows goes on with them, on any machine.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import weights
from gradcam.measure.measure import GRIDS, RANDOM_WEIGHTS
from gradcam.measure.measures.sanity_check import layers_with_weights
from gradcam.measure.pictures.photos import Photos
from gradcam.measure.pictures.scenes import Scenes
from gradcam.measure.study import cost, run, sanity_curves
from gradcam.measure.study.plan import MEASURED, SUBJECTS, Stage, Subject, stages
from gradcam.measure.study.report import page, sections_of, written
from gradcam.measure.study.rows_file import read
from gradcam.show.saving import save


def main(arguments: Sequence[str] | None = None) -> None:
    """The command: measure, then write the page.  arguments: instead of those of the command line"""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m gradcam.measure.study", description=__doc__, formatter_class=raw
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=Path("../shared"),
        help="folder with data/ and weights/ (default: %(default)s)",
    )
    parser.add_argument(
        "--rows",
        type=Path,
        default=Path("checkpoints/measures"),
        help="where rows are kept (default: %(default)s)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("tests/results"), help="where the table goes (default: %(default)s)"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="STAGE",
        help=f"some of {', '.join(s.name for of in SUBJECTS for s in stages(of))}",
    )
    parser.add_argument("--report", action="store_true", help="measure nothing: write what there is")
    parser.add_argument(
        "--processors", type=int, metavar="N", help="pictures at the same time (default: one for each core)"
    )
    asked = parser.parse_args(arguments)
    if not asked.report:
        for subject, stage in in_order():
            if not asked.only or stage.name in asked.only:
                measure(subject, stage, asked)
    report(asked)


def in_order() -> list[tuple[Subject, Stage]]:
    """Every stage of every network: what is quick first, for all of them."""
    every = [(subject, stage) for subject in SUBJECTS for stage in stages(subject)]
    return sorted(every, key=lambda one: list(MEASURED).index(one[1].kind))


def measure(subject: Subject, stage: Stage, asked: argparse.Namespace) -> None:
    """Rows for one stage, added to its file."""
    net = weights.load(subject.network, asked.data / subject.weights if subject.weights else None)
    data = Photos(asked.data / subject.photos, net.card) if subject.photos else Scenes(stage.n, net.card)
    options = {"rows": asked.rows / f"{stage.name}.jsonl", "workers": asked.processors, "name": stage.name}
    if stage.needs == RANDOM_WEIGHTS:
        run.sanity(net, data, stage.methods, stage.n, **options)
        return
    if stage.kind == "cost":
        cost.over(net, data, stage.methods, stage.n, **options)
        return
    if stage.needs == GRIDS:
        data = run.grids(
            net, data, stage.n, asked.rows / f"{subject.network}_certainty.jsonl", asked.processors
        )
    run.over(net, data, stage.measures, stage.methods, stage.n, **options)


def report(asked: argparse.Namespace) -> None:
    """measures.md, measures.json and the curves, of the rows that there are; what was written of other rows
    stays.
    """
    asked.out.mkdir(parents=True, exist_ok=True)
    found = {}
    for subject in SUBJECTS:
        files = {stage: asked.rows / f"{stage.name}.jsonl" for stage in stages(subject)}
        rows = {stage.kind: read(path) for stage, path in files.items() if path.exists()}
        found[subject] = {kind: some for kind, some in rows.items() if some}
        if "sanity" in found[subject]:
            layers = layers_with_weights(weights.build(subject.network))
            figure = sanity_curves.figure(found[subject]["sanity"], layers, title(subject))
            save(figure, asked.out / f"sanity_{subject.network}.png", dpi=80)
    sections, figures = page({subject: rows for subject, rows in found.items() if rows})
    text, numbers = asked.out / "measures.md", asked.out / "measures.json"
    if text.exists() and numbers.exists():
        sections = _over(sections_of(text.read_text("utf-8")), sections)
        figures = _over(json.loads(numbers.read_text("utf-8")), figures)
    text.write_text(written(sections), "utf-8")
    numbers.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(
        f"{text}, {numbers.name}"
        + "".join(f", sanity_{s.network}.png" for s in SUBJECTS if "sanity" in found[s])
    )


def _over(before, now):
    """{network: {part: ...}}: what there is now, and what there was before where there is nothing now."""
    return {network: before.get(network, {}) | now.get(network, {}) for network in before | now}


def title(subject: Subject) -> str:
    return f"{weights.card(subject.network).title}: are maps still the same when layers are random?"
