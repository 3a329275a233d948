"""Processes beside this one, that end with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from threading import Thread
from typing import Any

from vpresearch.copies import one_thread
from vpresearch.errors import placed
from vpresearch.workers.base import Workers


class Processes(Workers):
    """So many processes, and new ones in the place of those that are killed.

    Parameters
    ----------
    n : int
    """

    def __init__(self, n: int) -> None:
        self._n = n
        self._start()

    @property
    def n(self) -> int:
        """Processes."""
        return self._n

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a function called by one of the processes.

        Its future raises ``BrokenProcessPool`` if any of them is killed before it is done.
        """
        # A process is started by the call that it is the first to need it.
        with _uninterrupted():
            try:
                return self._pool.submit(placed, fn, *args, **kwargs)
            except BrokenProcessPool:
                self._hold.close()
                self._start()
                return self._pool.submit(placed, fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = True) -> None:
        """End the processes at once: by now, nobody waits for what they still do."""
        self._hold.close()
        self._pool.shutdown(wait, cancel_futures=cancel_futures)

    def _start(self) -> None:
        # Spawned, since a copy of a process with threads may hang.
        context = get_context("spawn")
        self._rope, self._hold = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(self._n, context, _begin, (self._rope,))


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C; a process started meanwhile never sees it, and dies without a word when this one lets go."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(rope: Connection) -> None:
    """Get a new process ready, before it imports anything."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    one_thread()
    Thread(target=_end_with, args=(rope,), daemon=True).start()


def _end_with(rope: Connection) -> None:
    """End when the parent lets go of the other end, or is killed."""
    parent = parent_process()
    wait([rope] if parent is None else [rope, parent.sentinel])
    os._exit(1)
