"""Many photos explained into a folder: the part of `gradcam explain` that is for more than one."""

import argparse
import os
import re
import sys

from gradcam.commands import _model
from gradcam.commands._parser import count

OWN = ("workers", "dask", "maps", "dtype", "shard", "panels")


def options(parser):
    """The options of `gradcam explain PHOTOS... --out RUN/`."""
    group = parser.add_argument_group(
        "many photos",
        "files, folders, patterns, @LIST (a file of paths) or - (paths on standard input), into a\n  folder: "
        "--out RUN/.  It gets rows.jsonl, maps/METHOD.npy (photos, classes, h, w),\n  timings.jsonl and "
        "settings.json.  If it is killed, the same command goes on where it was",
    )
    processes = (
        "how many processes, each with one thread; the results are the same; default: one for each core"
    )
    group.add_argument("--workers", metavar="N", type=count, help=processes)
    address = "explain them on a Dask cluster instead, as tcp://host:8786, whose workers see the same files"
    group.add_argument("--dask", metavar="ADDRESS", help=address)
    at = "the size of the maps: as the methods give them, or of the pixels that the network saw"
    group.add_argument("--maps", choices=("layer", "photo"), help=f"{at}; default: layer")
    group.add_argument("--dtype", choices=("float32", "float16"), help="of the maps; default: float32")
    group.add_argument(
        "--shard", metavar="K/N", type=shard, help="only the K-th of N parts; see: gradcam merge"
    )
    drawn = "draw the maps of the first N photos, or of all, and index.html, a page to look through them"
    group.add_argument("--panels", metavar="N|all", type=_panels, help=drawn)


def given(args):
    """Whether many photos were asked for.  AskError if only half of it was said."""
    from gradcam.asking import AskError
    from gradcam.runs.photos import several

    many = several(args.photos)
    into = args.out is not None and args.out.endswith(("/", os.sep))
    if many and args.out is None:
        what = "this is a directory; photos" if os.path.isdir(args.photos[0]) else "many photos"
        raise AskError(f"{args.photos[0]}: {what} are explained into a folder: add --out RUN/")
    if many or (into and args.photos):
        return True
    for option in OWN:
        if getattr(args, option) is not None:
            raise AskError(f"--{option} is for many photos, explained into a folder: add --out RUN/")
    return False


def run(args, net, classes, methods, at, undefined):
    """Explain the photos, and say what was found -> the exit status.

    at: layer and unit layer; undefined: {method: why there is no map of it}, which are left out.
    """
    from gradcam.asking import AskError
    from gradcam.commands._printing import say, say_json
    from gradcam.methods import METHODS
    from gradcam.runs import Task, explain_into
    from gradcam.runs.photos import find
    from gradcam.runs.record import digest_of
    from gradcam.runs.workers import cores
    from minicnn.convolution.fast.memory import keep_memory

    if args.dask and args.workers:
        raise AskError("--workers are processes of this machine, and --dask has others: give one of the two")
    photos = find(args.photos, but=args.out)
    size, dtype = args.maps or "layer", args.dtype or "float32"
    methods = tuple(m for m in methods if m not in undefined)
    panels = len(photos) if args.panels == "all" else args.panels or 0
    made_by = (_model.network, (args,)) if args.onnx else None  # not all that a graph needs can be sent
    task = Task(net, methods, tuple(classes) or None, *at, size, dtype, panels, tuple(args.allow), made_by)
    workers = args.workers or max(1, min(cores(), len(photos) // 16))
    keep_memory()
    also = {name: str(getattr(args, name)) for name in ("output", "at", "picture", "given") if args.onnx}
    if args.onnx:
        also["file"] = digest_of(args.onnx)
    how = {"workers": workers, "also": also, "shard": args.shard, "progress": sys.stderr.isatty()}
    if args.dask:
        from gradcam.runs.cluster import on_dask

        with on_dask(args.dask) as explained:
            done = explain_into(args.out, task, photos, **how, explained=explained)
    else:
        done = explain_into(args.out, task, photos, **how)
    if args.json:
        say_json(
            {"folder": str(done.path), "photos": done.count, "errors": done.errors, "undefined": undefined}
        )
    else:
        for method, why in undefined.items():
            say(f"Left out: {METHODS[method].title}. {why}")
        failed = f"; {done.errors} could not be explained, and their rows say why" if done.errors else ""
        say(f"{done.count} photo{'s' * (done.count != 1)}{failed}: {done.path}{os.sep}")
    return 0


def _panels(text):
    return text if text == "all" else count(text)


def shard(text: str) -> tuple[int, int]:
    """For `type=`: K/N, the K-th of N parts."""
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"a part is K/N, from 1/N to N/N, not '{text}'")
    return int(found[1]), int(found[2])
