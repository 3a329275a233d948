"""Jobs in forked copies of this process, which have all that it has imported."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any, TypeVar

from vpresearch.core.errors import placed

T = TypeVar("T")

_THREADS = tuple(f"{name}_THREADS" for name in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "BLIS_NUM", "VECLIB_MAXIMUM"))
_TASKS = Path("/proc/self/task")
_SET_PARENT_DEATH_SIGNAL = 1


class CopyDiedError(Exception):
    """The process of a job ended before the job did."""


def one_thread() -> None:
    """Let linear algebra use one thread, here and in copies; nothing scientific has been imported yet.

    So the bytes are the same for any number of cores; and a process with more than one thread cannot be copied.
    Matrices as small as ours gain nothing from threads.
    """
    os.environ |= dict.fromkeys(_THREADS, "1")


def possible() -> bool:
    """Return whether copies can be made: on Linux, of a process with one thread; another's copy may hang."""
    return sys.platform == "linux" and len(os.listdir(_TASKS)) == 1


def end_with_parent(sign: signal.Signals) -> None:
    """Have the system send this process a signal when its parent ends, whatever ends it."""
    if sys.platform != "linux":
        return
    parent = parent_process()
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, sign)
    if parent is not None and os.getppid() != parent.pid:
        os._exit(1)


def begin_beside() -> None:
    """Let a process that a pool starts end with Ctrl-C, when it is asked to, and with the process that started it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent(signal.SIGKILL)


class Job:
    """A function that a copy of this process calls."""

    def __init__(self, copies: Copies, function: Callable[..., Any], arguments: tuple[object, ...]) -> None:
        self.ended = False
        self._copies = copies
        self._call = (function, arguments)
        self._told: tuple[Any, BaseException | None] = (None, CopyDiedError("the process of a job died"))

    def result(self) -> Any:
        """Wait for what the function gives."""
        for _ in self._copies.finished([self]):
            value, error = self._told
        if error is not None:
            raise error
        return value

    def begin(self) -> Connection:
        """Make the copy; the connection has something to read once the job ended."""
        # Only now: a copy made earlier would hold it too, and its end would not be seen.
        self._receiver, sender = Pipe(duplex=False)
        self._process = get_context("fork").Process(target=_work, args=(sender, *self._call))
        self._process.start()
        sender.close()
        with suppress(OSError):
            # Here and in the copy, so that neither need wait for the other.
            os.setpgid(self._process.pid or 0, 0)
        return self._receiver

    def take(self) -> None:
        """Take what the copy says in its end, and let nothing of it remain."""
        with suppress(EOFError, OSError):
            self._told = self._receiver.recv()
        self.end()

    def end(self) -> None:
        """End the copy and all that it has started."""
        with suppress(OSError):
            os.killpg(self._process.pid or 0, signal.SIGKILL)
        self._process.join()
        self._receiver.close()
        self.ended = True


class Copies:
    """So many jobs at once; they end with this process, even if it is killed."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._waiting: list[Job] = []
        self._running: dict[Connection, Job] = {}

    def __enter__(self) -> Copies:
        """Begin."""
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """End all that still runs, if anything failed."""
        if error is not None:
            self._waiting.clear()
            for job in self._running.values():
                job.end()
            self._running.clear()

    def submit(self, function: Callable[..., Any], *arguments: object) -> Job:
        """Call a function in a copy of this process."""
        job = Job(self, function, arguments)
        self._waiting.append(job)
        self._begin()
        return job

    def finished(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """Return jobs as they end."""
        left = list(jobs)
        while left:
            for job in [each for each in left if each.ended]:
                left.remove(job)
                yield job
            if left and not any(job.ended for job in left):
                for connection in wait(list(self._running)):
                    assert isinstance(connection, Connection)
                    self._running.pop(connection).take()
                self._begin()

    def _begin(self) -> None:
        while self._waiting and len(self._running) < self._at_once:
            job = self._waiting.pop(0)
            self._running[job.begin()] = job


def each(function: Callable[..., T], arguments: Sequence[tuple[object, ...]]) -> list[T]:
    """Call a function with each of some arguments, shared out among a copy a processor where copies can be made."""
    n_copies = min(len(os.sched_getaffinity(0)), len(arguments)) if possible() else 1
    if n_copies < 2:
        return _share(function, arguments)
    made: list[T] = [None] * len(arguments)  # type: ignore[list-item]
    with Copies(n_copies) as copies:
        jobs = [copies.submit(_share, function, arguments[first::n_copies]) for first in range(n_copies)]
        for first, job in enumerate(jobs):
            made[first::n_copies] = job.result()
    return made


def _share(function: Callable[..., T], arguments: Sequence[tuple[object, ...]]) -> list[T]:
    return [function(*given) for given in arguments]


def _work(sender: Connection, function: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    with suppress(OSError):
        os.setpgid(0, 0)
    # What the job has started goes with it.
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(signal.SIGTERM)
    # No copy may hold what the terminal, or another program, waits for the end of.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    told: tuple[Any, BaseException | None]
    try:
        told = (placed(function, *arguments), None)
    except BaseException as error:
        told = (None, error)
    try:
        sender.send(told)
    except (TypeError, AttributeError, ValueError):
        sender.send((None, RuntimeError("what a job gave cannot be sent")))
