"""A worker process: `python -m gradcam.runs.worker`.  A task comes on standard input, then photos; each
answer leaves on standard output; it ends when the input does.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import warnings

from gradcam.runs.errors import RunError
from minicnn.convolution.fast.memory import keep_memory


def main() -> None:
    """Answer until nobody asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who began it will end it
    warnings.filterwarnings("ignore", module="PIL")  # a photo's odd metadata, as in the command
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anybody prints here is no answer
    keep_memory()
    try:
        task = pickle.loads(pickle.load(asked))
        problem = None
    except Exception as error:
        problem = RunError(f"the network is not known to other processes ({error}): leave workers at 1")
    pickle.dump("ready", answers)
    answers.flush()
    while True:
        try:
            one = pickle.load(asked)
        except EOFError:
            return
        answer = None, problem
        if not problem:
            try:
                answer = task(*one), None
            except Exception as error:
                answer = None, error
        answers.write(_pickled(answer))
        answers.flush()


def _pickled(answer):
    try:
        return pickle.dumps(answer)
    except Exception:
        return pickle.dumps((None, RunError(f"{type(answer[1]).__name__}: {answer[1]}")))


if __name__ == "__main__":
    main()
