"""The table: for every row of the catalogue, how often the true cause is in the named class, and how large that class is."""

import argparse
import json
import warnings
from collections import defaultdict
from statistics import median

import torch
from tqdm import tqdm

from tests.verify.museum.run import correct, from_catalogue, from_outside


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m tests.verify.museum", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="draws of every mistake of the catalogue")
    parser.add_argument("--outside", type=int, default=2, help="draws of every mistake outside it")
    parser.add_argument("--correct", type=int, default=2, help="draws of every network and method, right")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--json", metavar="FILE", help="write the counts")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", module="captum")
    seeds = lambda n: tqdm(range(args.first, args.first + n), leave=False)  # noqa: E731
    inside = [o for s in seeds(args.seeds) for o in from_catalogue(s)]
    outside = [o for s in seeds(args.outside) for o in from_outside(s)]
    right = [o for s in seeds(args.correct) for o in correct(s)]
    counts = summary(inside, outside, right)
    print(as_text(inside, outside, right, counts))
    if args.json:
        with open(args.json, "w") as file:
            json.dump(counts, file, indent=1)


def summary(inside, outside, right):
    return {
        "mistakes of the catalogue": len(inside), "true cause named": sum(o.named for o in inside),
        "median size of the class": median([o.size for o in inside if o.named] or [0]),
        "mistakes outside the catalogue": len(outside), "answered unknown": sum(o.verdict.kind == "unknown" for o in outside),
        "named a wrong cause": sum(bool(o.verdict.causes) for o in outside),
        "correct results": len(right), "of them float32": sum("float32" in o.where for o in right),
        "false alarms": sum(o.verdict.status != 0 for o in right),
    }  # fmt: skip


def as_text(inside, outside, right, counts):
    rows = defaultdict(list)
    for o in inside:
        rows[o.truth].append(o)
    width = max(map(len, rows), default=0)
    lines = [f"{'the mistake':<{width}}  named  class"]
    for truth, outcomes in rows.items():
        sizes = [o.size for o in outcomes if o.named]
        lines.append(f"{truth:<{width}}  {sum(o.named for o in outcomes)}/{len(outcomes):<4} {median(sizes or [0]):g}")
    missed = [o for o in inside if not o.named]
    said = lambda o: f"{o.truth} ({o.where}): {o.verdict.kind}, {'; '.join(map(str, o.verdict.causes))}{o.verdict.reason}"  # noqa: E731
    lines += ["", *(f"missed: {said(o)}" for o in missed)]
    lines += [f"outside: {said(o)}" for o in outside if o.verdict.kind != "unknown"]
    lines += [f"false alarm: {said(o)}" for o in right if o.verdict.status]
    return "\n".join([*lines, "", *(f"{name}: {count}" for name, count in counts.items())])


if __name__ == "__main__":
    main()
