"""A Dask cluster on this machine: the same bytes, though workers are killed."""

import os
import signal

import pytest

import weights
from gradcam.runs import Manner, RunError, Task, explain_into
from gradcam.runs.photos import find
from tests.gradcam.runs.conftest import COUNT, METHODS, contents

distributed = pytest.importorskip("distributed", reason="pip install 'minicnn-gradcam[distributed]'")


@pytest.fixture
def scheduler(tmp_path):
    how = {
        "n_workers": 2,
        "threads_per_worker": 1,
        "dashboard_address": None,
        "local_directory": tmp_path / "dask",
    }
    with distributed.LocalCluster(**how) as cluster:
        yield cluster


def test_workers_that_are_killed_leave_no_trace(photos, whole, scheduler, tmp_path):
    from gradcam.runs.cluster import on_dask

    with on_dask(scheduler.scheduler_address) as explained:

        def unlucky(task, todo):
            for found in explained(task, todo):
                if found.number in (4, 15):
                    pids = [w.pid for w in scheduler.workers.values() if w.pid]
                    os.kill(pids[0], signal.SIGKILL)
                yield found

        done = explain_into(
            tmp_path / "run", Task(weights.load("shapes"), METHODS), find([photos]), Manner(by=unlucky)
        )
    assert done.done == COUNT and contents(tmp_path / "run") == contents(whole)


def test_no_scheduler_is_said(monkeypatch):
    from gradcam.runs import cluster

    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with (
        pytest.raises(RunError, match="no Dask scheduler answers there"),
        cluster.on_dask("tcp://127.0.0.1:9"),
    ):
        pass
