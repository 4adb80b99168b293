"""The table: for every row of the catalogue, how often the true cause is in the named class, and how large
that class is.
"""

import argparse
import json
import warnings
from collections import defaultdict
from pathlib import Path
from statistics import median

import torch
from tqdm import tqdm

from gradcam.verify.hypotheses.catalogue import HYPOTHESES
from tests.gradcam.verify.museum.framework import framework
from tests.gradcam.verify.museum.run import catalogue, kept, outside, right_ones, wrong_kept

ROOMS = {
    "catalogue": catalogue,
    "outside": outside,
    "correct": right_ones,
    "kept": kept,
    "wrong, kept": wrong_kept,
    "framework": framework,
}
HARMLESS = {h.name for h in HYPOTHESES if h.kind in ("scale", "tie")}  # a map so changed is called right


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tests.gradcam.verify.museum", description=__doc__)
    parser.add_argument(
        "--seeds", type=int, default=3, help="draws of every mistake of the catalogue; default: 3"
    )
    parser.add_argument(
        "--outside", type=int, default=2, help="draws of every mistake outside it; default: 2"
    )
    parser.add_argument(
        "--correct", type=int, default=2, help="draws of every network and method, done right; default: 2"
    )
    help_kept = "draws of every network, method and way of keeping its right result; default: 1"
    parser.add_argument("--kept", type=int, default=1, help=help_kept)
    help_wrong = "draws of every mistake of the catalogue, kept in two ways; default: 1"
    parser.add_argument("--wrong-kept", type=int, default=1, help=help_wrong)
    help_framework = "draws of every network whose gradient PyTorch gets wrong; default: 2"
    parser.add_argument("--framework", type=int, default=2, help=help_framework)
    parser.add_argument("--first", type=int, default=0, help="the first seed; default: 0")
    parser.add_argument("--so-far", action="store_true", help="judge nothing: the table of what --rows has")
    parser.add_argument(
        "--rows", metavar="FILE", help="keep every case here as it comes, and go on from those that are there"
    )
    parser.add_argument("--out", metavar="STEM", help="write the table: STEM.md and STEM.json")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", module="captum")
    counts = {
        "catalogue": args.seeds,
        "outside": args.outside,
        "correct": args.correct,
        "kept": args.kept,
        "wrong, kept": args.wrong_kept,
        "framework": args.framework,
    }
    wanted = [(room, seed) for room, n in counts.items() for seed in range(args.first, args.first + n)]
    kept = Path(args.rows) if args.rows else None
    rows = so_far(kept) if args.so_far else drawn(wanted, kept)
    text = as_text(rows)
    print(text)
    if args.out:
        command = (
            f"python -m tests.gradcam.verify.museum --seeds {args.seeds} --outside {args.outside} "
            f"--correct {args.correct} --kept {args.kept} --wrong-kept {args.wrong_kept}"
        )
        made = f"Made by `{command}`"
        if args.so_far:
            made = f"Made by `{command} --rows FILE`, stopped after {len(rows)} cases (`--so-far`)"
        Path(f"{args.out}.md").write_text(f"# The museum\n\n{made}.\n\n```\n{text}\n```\n", "utf-8")
        Path(f"{args.out}.json").write_text(json.dumps(summary(rows), indent=1) + "\n", "utf-8")


def drawn(wanted, kept):
    """One row per case, as dicts; those that are in the file `kept` already are not judged again."""
    done = {}
    if kept and kept.exists():
        rows = map(json.loads, kept.read_text("utf-8").splitlines())
        done = {(row["room"], row["seed"], row["n"]): row for row in rows}
    for room, seed in tqdm(wanted, disable=None):
        for n, pending in enumerate(ROOMS[room](seed)):
            if (room, seed, n) in done:
                continue
            row = done[room, seed, n] = row_of(room, seed, pending.outcome()) | {"n": n}
            if kept:
                with kept.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
    return [row for (room, seed, _), row in done.items() if (room, seed) in wanted]


def so_far(kept):
    return list(map(json.loads, kept.read_text("utf-8").splitlines()))


def row_of(room, seed, o):
    return {
        "room": room,
        "seed": seed,
        "truth": o.truth,
        "where": o.where,
        "verdict": o.verdict.kind,
        "status": o.verdict.status,
        "named": o.named,
        "size": o.size,
        "causes": [str(c) for c in o.verdict.causes],
    }


def called_right(row):
    """Whether a wrong result was called right, though its mistake is more than another scale."""
    return row["status"] == 0 and not set(row["truth"].split(" AND ")) <= HARMLESS


def summary(rows):
    inside, outside, right, stored, hidden, theirs = (
        [r for r in rows if r["room"] == room] for room in ROOMS
    )
    right += stored
    return {
        "mistakes of the catalogue": len(inside),
        "true cause named": sum(r["named"] for r in inside),
        "median size of the class": median([r["size"] for r in inside if r["named"]] or [0]),
        "mistakes outside the catalogue": len(outside),
        "answered unknown or located": sum(r["verdict"] in ("unknown", "located") for r in outside),
        "named a wrong cause": sum(bool(r["causes"]) for r in outside),
        "right results": len(right),
        "of them as people keep them": len(stored),
        "false alarms": sum(r["status"] == 1 for r in right),
        "too imprecise or not compared": sum(r["status"] == 2 for r in right),
        "wrong results": len(inside) + len(outside) + len(hidden),
        "of them kept in other ways, pairs not tried": len(hidden),
        "named there": sum(r["named"] for r in hidden),
        "named a wrong cause there": sum(bool(r["causes"]) and not r["named"] for r in hidden),
        "wrong results called right": sum(map(called_right, [*inside, *outside, *hidden])),
        "right programs whose framework's gradient is wrong": len(theirs),
        "said so, and no cause named": sum(r["named"] for r in theirs),
    }


def as_text(rows):
    by_truth = defaultdict(list)
    for row in rows:
        if row["room"] == "catalogue":
            by_truth[row["truth"]].append(row)
    width = max(map(len, by_truth), default=0)
    lines = [f"{'the mistake':<{width}}  named   class"]
    for truth, of in by_truth.items():
        named = [r["size"] for r in of if r["named"]]
        lines.append(f"{truth:<{width}}  {len(named):>2}/{len(of):<3}  {median(named or [0]):g}")
    right = {
        "catalogue": lambda r: r["named"],
        "outside": lambda r: r["verdict"] in ("unknown", "located"),
        "correct": lambda r: r["status"] != 1,
        "kept": lambda r: r["status"] != 1,
        "wrong, kept": lambda r: not called_right(r),
        "framework": lambda r: r["named"],
    }
    wrong = [r for r in rows if not right[r["room"]](r)]
    lines += [
        "",
        *(
            f"{r['room']}, {r['truth']} ({r['where']}): {r['verdict']} {'; '.join(r['causes'])}"
            for r in wrong
        ),
    ]
    return "\n".join([*lines, "", *(f"{name}: {count}" for name, count in summary(rows).items())])


if __name__ == "__main__":
    main()
