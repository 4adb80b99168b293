"""Threads: how many, and who waits for whom."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ContextDecorator
from types import FrameType
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from minicnn.convolution.fast.memory import empty_like


class _OneThreadEach(ContextDecorator):
    """with one_thread_each as n: n is how many threads BLAS was allowed; until the last one leaves, it uses
    one per caller.

    Every matrix product of the engine runs inside.  The last bits of a product depend on how many threads
    share it, and that number is one for the whole process: without this, they would depend on what other
    Python threads are doing.

    A KeyboardInterrupt may arrive at any call, in here, too, so nobody is counted.  Who is inside is
    remembered by frame: one that no longer waits on its thread's stack was interrupted, and is forgotten.
    """

    lock: Any
    inside: dict[int, list[FrameType]]  # {thread: the frames that are inside, outermost first}
    blas: list[Any] | None
    threads: list[int] | None  # how many BLAS was allowed, from before it is limited until it is no more

    def __init__(self) -> None:
        self.lock, self.inside, self.blas, self.threads = threading.Lock(), {}, None, None

    def __enter__(self) -> int:
        frame = sys._getframe(1)
        try:
            with self.lock:
                self._forget_all_but(frame.f_back)
                if self.blas is None:
                    self.blas = ThreadpoolController().select(user_api="blas").lib_controllers
                if self.threads is None:
                    self.threads = [lib.get_num_threads() for lib in self.blas]
                    self._allow([1] * len(self.blas))
                self.inside.setdefault(threading.get_ident(), []).append(frame)
                return max(self.threads, default=1)
        except BaseException:
            self._leave(frame)
            raise

    def __exit__(self, *_: Any) -> None:
        frame = sys._getframe(1)
        try:
            self._leave(frame)
        except BaseException:
            self._leave(frame)
            raise

    def _leave(self, frame):
        with self.lock:
            self._forget_all_but(frame.f_back)

    def _forget_all_but(self, frame):
        """Of this thread, only what waits in `frame`, or further out, is inside."""
        me = threading.get_ident()
        left = list(self.inside.get(me, ()))
        while left and not _on_the_stack(left[-1], frame):
            left.pop()
        self.inside[me] = left
        if not left:
            del self.inside[me]
        if not self.inside and self.threads is not None:
            self._allow(self.threads)
            self.threads = None

    def _allow(self, threads):
        for lib, n in zip(self.blas, threads):
            # threadpoolctl >= 3.7 obeys only the first Python thread that ever set the number, in silence;
            # here it is whoever comes first
            release = getattr(lib, "clear_controlling_thread", lambda force: None)
            release(force=True)
            lib.set_num_threads(n)
            release(force=True)


def _on_the_stack(frame, top):
    while top is not None and top is not frame:
        top = top.f_back
    return top is frame


one_thread_each: _OneThreadEach = _OneThreadEach()
_workers = None
_starting = threading.Lock()


WORTH = 1 << 24  # multiplications from which threads are worth their start: some 0.2 ms on one core


def in_parallel(f: Callable[..., Any], parts: Any, like: Any, work: int = WORTH) -> None:
    """f(part) for every part, on as many threads as BLAS may use (`threadpoolctl` sets that); matrix products
    inside use one thread each.

    For work that writes to different places and leaves Python for long stretches, as NumPy does.  parts: a
    list, or a function that is given the number of threads and returns one.  work: how many multiplications
    it is; below WORTH, or where `like` is on a GPU, one thread does one part after the other.
    """
    with one_thread_each as threads:
        threads = threads if isinstance(like, np.ndarray) and work >= WORTH else 1
        parts = parts(threads) if callable(parts) else parts
        todo = deque(parts)  # of which no two threads take the same, without the GIL either

        def take():
            while todo:
                try:
                    part = todo.popleft()
                except IndexError:  # another thread was quicker
                    return
                f(part)

        helpers = [_started_workers().submit(take) for _ in range(min(threads, len(parts)) - 1)]
        try:
            take()
        finally:
            todo.clear()  # where f failed, or was interrupted, nothing more is begun
            for helper in helpers:
                if not helper.cancel():  # one that others kept from starting has nothing left to do
                    helper.result()


def product(a: np.ndarray, b: np.ndarray, multiply: Callable[..., Any] = np.matmul) -> np.ndarray:
    """The matrix product a @ b, each thread computing a share of its rows or, if there are more of them,
    columns.

    multiply(a, b, out=y) is what each thread does with its share.
    """
    rows, columns = len(a), b.shape[1]
    y = empty_like(a, shape=(rows, columns), order="C")

    def compute(part):
        multiply(a[part], b, out=y[part]) if rows > columns else multiply(a, b[:, part], out=y[:, part])

    n = max(rows, columns)
    in_parallel(compute, lambda threads: shares(n, threads), a, a.size * columns)
    return y


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b on one thread: the same bits, however many threads there are."""
    with one_thread_each:
        return a @ b


def rows_times(x: np.ndarray, W: np.ndarray) -> np.ndarray:
    """x @ W: every row of x (..., D), whatever axes are in front, times one matrix W (D, F), in one product
    shared among threads."""
    return product(x.reshape(-1, x.shape[-1]), W).reshape(*x.shape[:-1], W.shape[1])


def shares(n: int, threads: int) -> list[slice]:
    """Slices that together are 0 .. n, one for each thread."""
    return [slice(n * k // threads, n * (k + 1) // threads) for k in range(threads)]


LARGE = 1 << 19  # numbers in an array from which threads are worth their start


def in_shares(f: Callable[..., Any], like: Any, steps: int = 1) -> None:
    """f(rows) for slices of like's last axis but one that together are all of it: one per thread if `like` is
    large, or f of many steps.

    Not more: threads that return to Python often wait for each other.
    """
    n = like.shape[-2]
    if like.size * steps < LARGE:
        f(slice(0, n))
    else:
        in_parallel(f, lambda threads: shares(n, threads), like)


def _started_workers():
    global _workers
    with _starting:
        if _workers is None:
            _workers = ThreadPoolExecutor(max(1, (os.cpu_count() or 2) - 1), thread_name_prefix="minicnn")
        return _workers


def _forget_workers():
    global _workers, _starting
    _workers, _starting = None, threading.Lock()
    one_thread_each.__init__()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_workers)  # threads do not survive a fork
