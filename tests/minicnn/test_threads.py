"""An interruption (Ctrl-C, Jupyter) may arrive at any call: afterwards BLAS has its threads again."""

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from minicnn.convolution.fast import threads
from minicnn.convolution.fast.threads import in_parallel, one_thread_each, product

ONES = np.ones((4, 4))


@pytest.fixture(autouse=True)
def two_blas_threads():
    with threadpool_limits(2, "blas"):
        product(ONES, ONES)
        yield


def allowed():
    """How many threads BLAS may use: NumPy's, not one that SciPy brought along since the engine looked."""
    return [lib.get_num_threads() for lib in one_thread_each.blas]


class Interrupting:
    """A lock; Python looks for signals right after it was released, and at the n-th time there is one."""

    def __init__(self, n):
        self.lock, self.left = threading.Lock(), n

    def __enter__(self):
        self.lock.acquire()

    def __exit__(self, *_):
        self.lock.release()
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("n", [1, 2])
def test_an_interruption_right_after_the_lock_was_released(n, monkeypatch):
    monkeypatch.setattr(one_thread_each, "lock", Interrupting(n))
    with pytest.raises(KeyboardInterrupt):
        product(ONES, ONES)
    assert set(allowed()) == {2} and not one_thread_each.inside


def interrupted_at(n):
    """product, interrupted where Python looks for signals for the n-th time: as a function begins, and as one
    written in C has returned.  -> whether it was"""
    left = n

    def look(frame, event, _):
        nonlocal left
        if event in ("call", "c_return") and frame.f_code.co_filename == threads.__file__:
            left -= 1
            if left == 0:
                sys.setprofile(None)
                raise KeyboardInterrupt

    sys.setprofile(look)
    try:
        product(ONES, ONES)
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return False


def test_an_interruption_anywhere_is_healed_by_the_next_product_at_the_latest():
    n, at_once = 1, 0
    while interrupted_at(n):
        at_once += set(allowed()) == {2}
        assert np.array_equal(product(ONES, ONES), ONES @ ONES)
        assert set(allowed()) == {2} and not one_thread_each.inside and one_thread_each.threads is None
        n += 1
    assert n > 20 and at_once > 0.8 * n


def test_a_thread_that_is_inside_keeps_blas_limited_while_another_is_interrupted():
    inside, done = threading.Event(), threading.Event()

    def hold():
        with one_thread_each:
            inside.set()
            done.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(20)
    try:
        assert interrupted_at(12)
        assert set(allowed()) == {1}
    finally:
        done.set()
        holder.join()
    assert set(allowed()) == {2} and not one_thread_each.inside


def test_nothing_more_is_begun_after_an_interruption():
    begun = []

    def work(part):
        begun.append(part)
        if len(begun) > 2:
            raise KeyboardInterrupt
        time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        in_parallel(work, range(1000), ONES)
    assert len(begun) < 10


def test_every_part_is_done_once_by_whichever_thread():
    done = []
    in_parallel(done.append, range(5000), ONES)
    assert sorted(done) == list(range(5000))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_has_workers_of_its_own_even_if_forked_from_inside():
    text = (
        "import os, numpy as np; from minicnn.convolution.fast.threads import *\n"
        "A = np.ones((600, 600)); product(A, A)\n"
        "with one_thread_each:\n"
        "    child = os.fork()\n"
        "    if not child: product(A, A); os._exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", text], check=True, timeout=60)


def test_a_blas_that_comes_after_the_engine_changes_nothing():
    """SciPy and OpenCV bring their own; which tests ran before must not matter."""
    pytest.importorskip("scipy", reason="SciPy is not installed")
    text = (
        "import numpy as np, pytest, sys; from minicnn.convolution.fast.threads import product\n"
        "product(np.ones((600, 600)), np.ones((600, 600)))\n"
        "import scipy.linalg\n"
        "tests = ['tests/minicnn/test_convolution.py', '-k', 'blas']\n"
        "sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', *tests]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=200, check=False
    )
    assert ran.returncode == 0 and " passed" in ran.stdout, ran.stdout
