"""python -m tests.mutation: see the package."""

import argparse
import collections
import json
import re
import shlex
import tempfile
from pathlib import Path

from tests.mutation import __doc__ as about
from tests.mutation.kinds import KINDS, Mutant, mutants
from tests.mutation.running import ROOT, TESTS, Copy, chosen

RESULTS = ROOT / "tests" / "results" / "mutation.jsonl"
EQUIVALENT = ROOT / "tests" / "mutation" / "equivalent.json"  # {"file: old -> new": why nothing can differ}
PLACES = ["minicnn", "weights", "gradcam"]


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m tests.mutation", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("places", nargs="*", default=PLACES, help="folders; default: the three floors")
    parser.add_argument("--mutants", type=int, default=600, help="how many; default: 600")
    parser.add_argument("--seed", type=int, default=0, help="which; default: 0")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="folders or files of tests")
    parser.add_argument(
        "--pytest", default="", metavar="OPTIONS", help="for pytest: --pytest=\"-m 'not torch'\""
    )
    parser.add_argument("--leave", nargs="+", default=[], metavar="WORD", help="files of tests left out")
    parser.add_argument(
        "--near", type=int, metavar="N", help="ask the N nearest files of tests, and those recorded already"
    )
    parser.add_argument(
        "--longest",
        type=float,
        default=10,
        metavar="S",
        help="a test that takes longer is left out; default: 10 s",
    )
    parser.add_argument("--part", default="1/1", metavar="K/N", help="one of N processes beside each other")
    parser.add_argument("--again", action="store_true", help="try those that survived before once more")
    parser.add_argument(
        "--folder", type=Path, help="of the copy; default: a temporary one, removed at the end"
    )
    parser.add_argument("--report", action="store_true", help="only print what was found")
    asked = parser.parse_args()
    if not asked.report:
        with tempfile.TemporaryDirectory() as temporary:
            folder = asked.folder or Path(temporary)
            folder.mkdir(exist_ok=True)
            options = shlex.split(asked.pytest)
            run(asked, Copy(folder, asked.tests, options, asked.leave, asked.near, asked.longest))
    print(report(read()))


def run(asked: argparse.Namespace, copy: Copy) -> None:
    """Try what has not been tried, or who survived."""
    done, (part, parts) = {row["mutant"] for row in read()}, map(int, asked.part.split("/"))
    drawn = [(m.name, m) for m in chosen(asked.places, asked.mutants, asked.seed)]
    for name, mutant in (survivors() if asked.again else drawn)[part - 1 :: parts]:
        if name in done and not asked.again:
            continue
        row = copy.tried(mutant) | {"mutant": name}
        print("noticed " if row["noticed"] else "SURVIVED", row["seconds"], name, flush=True)
        with open(RESULTS, "a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def survivors() -> list[tuple[str, Mutant]]:
    """(the name in the results, the same change of today's code) of who survived and still can."""
    found, same = [], json.loads(EQUIVALENT.read_text("utf-8"))
    for name in (row["mutant"] for row in read() if not row["noticed"]):
        path, line, kind, _ = name.split(":", 3)
        text = (ROOT / path).read_text("utf-8") if (ROOT / path).exists() else ""
        alike = [m for m in mutants(path, text) if m.kind == kind and _plain(m.name) == _plain(name)]
        if alike and _plain(name) not in same:
            found.append((name, min(alike, key=lambda m: abs(m.line - int(line)))))
    return found


def read() -> list[dict]:
    """What was found; of a mutant that was tried again, the last."""
    if not RESULTS.exists():
        return []
    rows = [json.loads(line) for line in RESULTS.read_text("utf-8").splitlines()]
    return list({row["mutant"]: row for row in rows}.values())


def report(rows: list[dict]) -> str:
    """The score by package and by kind, and who survived; equivalent ones are counted apart."""
    equivalent = json.loads(EQUIVALENT.read_text("utf-8"))
    same = [row for row in rows if not row["noticed"] and _plain(row["mutant"]) in equivalent]
    rows, lines = [row for row in rows if row not in same], []
    for what, order in (("package", sorted({row["package"] for row in rows})), ("kind", KINDS)):
        noticed = collections.Counter(row[what] for row in rows if row["noticed"])
        tried = collections.Counter(row[what] for row in rows)
        lines += [f"{name:<24} {noticed[name]:>4} of {tried[name]:>4}" for name in order if tried[name]] + [
            ""
        ]
    total = sum(row["noticed"] for row in rows)
    lines += [f"{'all':<24} {total:>4} of {len(rows):>4}", "", "survived:"]
    lines += [f"  {row['mutant']}  ({row['tests']} tests)" for row in rows if not row["noticed"]]
    lines += ["", f"equivalent, counted apart: {len(same)}"]
    return "\n".join(lines + [f"  {row['mutant']}: {equivalent[_plain(row['mutant'])]}" for row in same])


def _plain(name):
    """Without line and kind: lines move."""
    return re.sub(r":\d+:\w+: ", ": ", name, count=1)


if __name__ == "__main__":
    main()
