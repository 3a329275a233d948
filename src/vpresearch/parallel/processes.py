"""Processes on this machine, or workers of a Dask cluster, that work on numbered blocks."""

from __future__ import annotations

import hashlib
import logging
import os
import signal
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Self, TypeVar

from vpresearch.core.errors import failure, placed, refused
from vpresearch.parallel.forks import one_thread

Task = TypeVar("Task", bound=tuple[Any, ...])
Result = TypeVar("Result")
# So often a piece of work is begun before its workers' deaths are taken to be its own doing.
TRIES = 4


def gather(
    workers: Workers,
    work: Callable[..., Result],
    tasks: Iterable[Task],
    wanted: Callable[[], int] | None = None,
) -> Iterator[tuple[Task, Result]]:
    """Do a piece of work for every task, on all workers; what a lost worker had in hand is done again."""
    coming = ((task, 1) for task in tasks)
    lost: list[tuple[Task, int]] = []
    in_hand: dict[Future[Result], tuple[Task, int]] = {}
    try:
        while True:
            while len(in_hand) < (workers.ahead if wanted is None else wanted()):
                following = lost.pop() if lost else next(coming, None)
                if following is None:
                    break
                in_hand[workers.submit(work, *following[0])] = following
            if not in_hand:
                return
            for future in wait(in_hand, return_when=FIRST_COMPLETED).done:
                task, tries = in_hand.pop(future)
                try:
                    result = future.result()
                except BrokenExecutor:
                    if tries == TRIES:
                        raise failure("workers_killed", n=TRIES) from None
                    lost.append((task, tries + 1))
                else:
                    yield task, result
    finally:
        for future in in_hand:
            future.cancel()


class Workers(Executor):
    """An executor that knows how many calls it works on at a time."""

    def __enter__(self) -> Self:
        return self

    @property
    @abstractmethod
    def n(self) -> int:
        """Calls that are worked on at a time."""

    @property
    def ahead(self) -> int:
        """Calls that it should have been handed, so that none of the workers waits for the next one."""
        return 2 * self.n


class InPlace(Workers):
    """Does the work at once, in this process."""

    @property
    def n(self) -> int:
        """Always 1."""
        return 1

    @property
    def ahead(self) -> int:
        """One: a call is done by the time that it has been handed over."""
        return 1

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function; what it raises is raised here."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


_PACKAGE = Path(__file__).parents[1]
_COUNTED = ("numpy", "scipy", "pandas")


@cache
def running_code() -> str:
    """Return a digest of the package's code and of the versions that decide what it computes."""
    digest = hashlib.sha256(repr([version(name) for name in _COUNTED]).encode())
    for path in sorted(_PACKAGE.rglob("*.py")):
        name, content = path.relative_to(_PACKAGE).as_posix(), path.read_bytes().replace(b"\r\n", b"\n")
        # The length keeps two files from passing for another two.
        digest.update(f"{name} {len(content)} ".encode() + content)
    return digest.hexdigest()


class Processes(Workers):
    """So many processes, and new ones in the place of those that are killed."""

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
    wait_for([rope] if parent is None else [rope, parent.sentinel])
    os._exit(1)


if TYPE_CHECKING:
    from distributed import Client

# To wait for an answer.
SECONDS = 3


class _Cluster(Workers):
    def __init__(self, client: Client) -> None:
        self._client, self._executor = client, client.get_executor(pure=False)

    @property
    def n(self) -> int:
        # Asked anew, since workers come and go.
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = self._executor.submit(placed, fn, *args, **kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = True) -> None:
        self._executor.shutdown(wait=wait and not cancel_futures)


@contextmanager
def cluster(scheduler: str) -> Iterator[Workers]:
    """Engage the workers of a Dask cluster; what a lost one had in hand, Dask gives to another."""
    try:
        from distributed import Client, KilledWorker
        from distributed.client import ClosedClientError
        from distributed.comm.core import CommClosedError
    except ImportError:
        raise refused(scheduler, "no_cluster_extra") from None
    # It would tell of every lost connection, in words for its own authors.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(scheduler, timeout=SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError):
        raise refused(scheduler, "no_scheduler") from None
    with client:
        _check(client, scheduler)
        with _Cluster(client) as workers:
            try:
                yield workers
            except (CancelledError, KilledWorker, ClosedClientError, CommClosedError):
                raise failure("cluster_lost", scheduler=scheduler) from None


def _check(client: Client, scheduler: str) -> None:
    try:
        found = client.run(running_code)
    except Exception:
        # Whatever a worker without this package raises.
        raise refused(scheduler, "other_code_on_cluster") from None
    if not found:
        raise refused(scheduler, "no_workers", address=scheduler)
    if set(found.values()) != {running_code()}:
        raise refused(scheduler, "other_code_on_cluster")
