"""gradcam merge: the parts of a run, put together."""

import os

from gradcam.commands._parser import described

DESCRIPTION = """\
Put the shards of a run together.  `gradcam explain PHOTOS... --out RUN/ --shard K/N` explains only the K-th
of N parts of the photos, into RUN/shards/K-of-N/: on as many machines as you like, or as the tasks of a job
array.  When all are finished, this makes of them what one run would have written, to the last byte.
"""
EXAMPLES = """\
Examples:
  gradcam explain photos/ --method grad_cam --out PARTS/ --shard 1/2
  gradcam explain photos/ --method grad_cam --out PARTS/ --shard 2/2
  gradcam merge PARTS/
      two parts, which may be explained at the same time; the shards stay until you remove them
  gradcam merge first/RUN/ second/RUN/ ... --out RUN/
      shards that lie in several folders

SLURM, a job array of 100 tasks on a file system that all of them see:
  sbatch --array=1-100 --cpus-per-task=4 --wrap \\
    'gradcam explain photos/ --out RUN/ --workers 4 --shard $SLURM_ARRAY_TASK_ID/100'
A task that was killed is submitted again: it goes on where it was.

Dask, without shards: one process keeps the results, the workers explain.
  dask scheduler --port 8786
  dask worker tcp://HOST:8786 --nworkers 8 --nthreads 1        on each machine
  gradcam explain photos/ --out RUN/ --dask tcp://HOST:8786
"""


def register(subparsers):
    parser = described(subparsers, "merge", "put the parts of a run together", DESCRIPTION, EXAMPLES)
    parser.add_argument("runs", metavar="RUN", nargs="+", help="the folder that holds the shards, or several")
    parser.add_argument("--out", metavar="FOLDER", help="where the whole goes; default: RUN itself")
    parser.set_defaults(run=run)


def run(args):
    from gradcam.commands._printing import say
    from gradcam.measure.own.results import finish
    from gradcam.runs.merging import errors_in, merge, settings_in

    measured = "measures" in settings_in(args.runs)
    place = merge(args.runs, args.out, *([finish] if measured else []))
    count, failed = errors_in(place)
    said = f"; {failed} could not be explained, and their rows say why" if failed else ""
    say(f"{count} photo{'s' * (count != 1)}{said}: {place}{os.sep}")
    return 0
