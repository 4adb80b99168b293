"""The photos of a run on any backend of joblib: loky, Dask, Ray, or another that was registered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from itertools import islice
from typing import Any

from gradcam.runs.errors import RunError
from gradcam.runs.task import Explained
from minicnn.convolution.fast.memory import keep_memory

SOME, AHEAD = 16, 4  # photos that are asked for together; of such parts for each job, before their turn


def by_joblib(task: Any, photos: Iterable[tuple[int, str]]) -> Iterator[Explained]:
    """What a `Manner` takes as `by`: the photos on the backend that is chosen around it,

        with joblib.parallel_config(backend="loky", n_jobs=8):
            explain_into("RUN/", task, photos, Manner(by=by_joblib))

    The workers need this package, of the same version, and the photos under the same names.  RunError: joblib
    is not installed, or a worker was lost; the same call goes on from what is done.
    """
    if not find_spec("joblib"):
        raise RunError("this needs the package joblib: pip install 'minicnn-gradcam[distributed]'")
    from joblib import Parallel, delayed

    with Parallel() as parallel:
        left, most = iter(photos), AHEAD * parallel._effective_n_jobs()
        parts = iter(lambda: list(islice(left, SOME)), [])
        while work := [delayed(_each)(task, some) for some in islice(parts, most)]:
            try:
                found = parallel(work)
            except Exception as error:
                if type(error).__module__.partition(".")[0] in {"gradcam", "minicnn", "weights"}:
                    raise
                raise RunError(f"a worker of joblib was lost ({type(error).__name__}: {error})") from None
            for some in found:
                yield from some


def _each(task: Any, some: list[tuple[int, str]]) -> list[Explained]:
    keep_memory()
    return [task(*one) for one in some]
