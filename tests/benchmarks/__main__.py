"""python -m tests.benchmarks: the whole table in one run, some ten minutes on two quiet cores; see --help.

Writes cpu.json (every figure, with the machine and the versions), cpu.png (the ratios), sizes.png (time and
memory against batch and pixels) and layers.png (GFLOP/s of each convolution beside the measured peak of a
matrix product) into results/.  Medians of 7 interleaved repeats; of 3 where one repeat takes longer than half
a minute (occlusion), which its row says.  A ratio that is missed stays, marked.
"""

import argparse
import gc
import json
import pathlib

from threadpoolctl import threadpool_limits

from tests.benchmarks import drawn, fresh, measure, rows, sizes

RESULTS = pathlib.Path(__file__).parent / "results"
EXTRA = ("process", "memory", "sizes", "layers")


def main(argv=None):
    options = parser().parse_args(argv)
    chosen = options.only or [*rows.ROWS, *EXTRA]
    repeats = options.repeats or (3 if options.quick else 7)
    found = {"machine": measure.machine(options.threads), "repeats": repeats, "rows": []}
    print("  ".join(f"{k}: {v}" for k, v in found["machine"].items()))
    print(f"{'work':58s} {'ours s':>8s} {'theirs s':>8s} {'ratio':>6s} {'in CPU s':>8s} {'reach':>6s}")
    with threadpool_limits(options.threads):
        for key in chosen:
            if key in rows.ROWS:
                found["rows"].append(one_row(key, repeats, options.threads))
                print(line(found["rows"][-1]), flush=True)
                save(
                    found, options.out, options.name
                )  # what was measured stays, whatever happens to the rows that follow
                gc.collect()
        if "process" in chosen:
            found["rows"].append(process_row(repeats, options.threads))
            print(line(found["rows"][-1]), flush=True)
            save(found, options.out, options.name)
        if "memory" in chosen:
            found["rows"] += memory_rows(options.threads, 1 if options.quick else 3)
            print(*map(line, found["rows"][-2:]), sep="\n", flush=True)
            save(found, options.out, options.name)
        if "sizes" in chosen:
            found["sizes"] = sizes.against_size(1 if options.quick else 3, memory=not options.quick)
            print("\n".join(map(sizes.line, found["sizes"])), flush=True)
        if "layers" in chosen:
            found["layers"] = sizes.by_layer(repeats)
    write(found, options.out, options.name)


def parser():
    p = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Speed and memory beside PyTorch and Captum, interleaved.",
    )
    p.add_argument(
        "--only",
        nargs="+",
        choices=[*rows.ROWS, *EXTRA],
        metavar="ROW",
        help=f"some of: {', '.join([*rows.ROWS, *EXTRA])}",
    )
    p.add_argument("--quick", action="store_true", help="3 repeats and fewer memory measurements")
    p.add_argument("--repeats", type=int, help="interleaved repeats (default 7, with --quick 3)")
    p.add_argument("--threads", type=int, default=2, help="threads for both sides (default 2)")
    p.add_argument(
        "--out", type=pathlib.Path, default=RESULTS, help="folder for the JSON file and the pictures"
    )
    p.add_argument("--name", default="cpu", help="what the files are called (default: cpu)")
    return p


def one_row(key, repeats, threads):
    """The row as a dictionary; a row whose pieces are missing says so instead of a ratio."""
    work, prepare, target = rows.ROWS[key]
    try:
        import torch

        torch.set_num_threads(threads)
        ours, theirs = prepare()
    except (ImportError, rows.Missing) as missing:
        return {"row": key, "work": work, "target": target, "skipped": str(missing)}
    repeats = min(repeats, rows.REPEATS.get(key, repeats))
    name = measure.best(theirs, 1 if repeats < 5 else 2) if len(theirs) > 1 else next(iter(theirs))
    taken = measure.side_by_side({"ours": ours, "theirs": theirs[name]}, repeats)
    ratio = {kind: taken["ours"][kind] / taken["theirs"][kind] for kind in ("wall", "cpu")}
    row = {"row": key, "work": work, "target": target, "theirs": name, "repeats": repeats, "seconds": taken}
    return row | {
        "ratio": ratio["wall"],
        "ratio in CPU seconds": ratio["cpu"],
        "met": ratio["wall"] <= target,
    }


def process_row(repeats, threads):
    taken = fresh.whole_process(threads, repeats)
    row = {
        "row": "process",
        "work": "whole process, gradcam explain / PyTorch + Captum script",
        "target": 0.4,
        "seconds": taken,
    }
    ours, theirs = (sorted(taken[who])[len(taken[who]) // 2] for who in ("ours", "theirs"))
    row["seconds"] = {
        who: {"wall": s, "walls": taken[who]} for who, s in (("ours", ours), ("theirs", theirs))
    }
    return row | {"ratio": ours / theirs, "met": ours / theirs <= row["target"]}


def memory_rows(threads, repeats):
    taken = fresh.panel_memory(threads, repeats)
    found = []
    for who, target in (("ours, fast", 1.4), ("ours, exact", 1.0)):
        ratio = taken[who] / taken["theirs"]
        work = f"peak memory of the VGG-16 panel, {who.split()[1]} / PyTorch + Captum"
        found.append(
            {
                "row": "memory",
                "work": work,
                "target": target,
                "bytes": taken,
                "ratio": ratio,
                "met": ratio <= target,
            }
        )
    return found


def line(row):
    if "skipped" in row:
        return f"{row['work']:58s} skipped: {row['skipped']}"
    mark = "" if row["met"] else "  MISSED"
    if "bytes" in row:
        return f"{row['work']:76s} {row['ratio']:6.2f} {'':8s} {row['target']:6.2f}{mark}"
    ours, theirs = (row["seconds"][who]["wall"] for who in ("ours", "theirs"))
    cpu = f"{row['ratio in CPU seconds']:8.2f}" if "ratio in CPU seconds" in row else " " * 8
    return f"{row['work']:58s} {ours:8.3f} {theirs:8.3f} {row['ratio']:6.2f} {cpu} {row['target']:6.2f}{mark}"


def save(found, folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def write(found, folder, name):
    save(found, folder, name)
    on, prefix = found["machine"], "" if name == "cpu" else f"{name}_"
    if found["rows"]:
        machine = f"{on['date'][:10]}, {on['processor']}, {on['threads']} threads, load {on['load']}"
        title = f"{machine}; {on['blas']}; PyTorch {on.get('torch')}"
        drawn.table(found["rows"], title, folder / f"{name}.png")
    if "sizes" in found:
        drawn.sizes(found["sizes"], folder / f"{prefix}sizes.png")
    if "layers" in found:
        drawn.layers(found["layers"], folder / f"{prefix}layers.png")
    print(f"written: {folder / name}.json and its pictures")


if __name__ == "__main__":
    main()
