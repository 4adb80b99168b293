"""How many photos are worked through: the options that explain and measure share."""

import argparse
import contextlib
import os
import re
import sys

from gradcam.commands._parser import count

NAMES = ("workers", "dask", "shard")


def options(group):
    """Who does the work, and which part of it."""
    processes = (
        "how many processes, each with one thread; the results are the same; default: one for each core"
    )
    group.add_argument("--workers", metavar="N", type=count, help=processes)
    address = "do it on a Dask cluster instead, as tcp://host:8786, whose workers see the same files"
    group.add_argument("--dask", metavar="ADDRESS", help=address)
    part = "only the K-th of N parts; see: gradcam merge"
    group.add_argument("--shard", metavar="K/N", type=_shard, help=part)


@contextlib.contextmanager
def asked(args, photos, least):
    """The Manner that was asked for, while the block runs.  least: photos that are worth a process."""
    from gradcam.asking import AskError
    from gradcam.runs import Manner
    from gradcam.runs.workers import cores
    from minicnn.convolution.fast.memory import keep_memory

    if args.dask and args.workers:
        raise AskError("--workers are processes of this machine, and --dask has others: give one of the two")
    keep_memory()
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # pyarrow's own keeps megabytes in store
    workers, progress = args.workers or max(1, min(cores(), len(photos) // least)), sys.stderr.isatty()
    if not args.dask:
        yield Manner(workers, args.shard, progress)
        return
    from gradcam.runs.cluster import on_dask

    with on_dask(args.dask) as by:
        yield Manner(shard=args.shard, progress=progress, by=by)


def _shard(text):
    """For `type=`: K/N, the K-th of N parts."""
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"a part is K/N, from 1/N to N/N, not '{text}'")
    return int(found[1]), int(found[2])
