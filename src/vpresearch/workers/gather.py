"""Hand out independent pieces of work, and take in what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from typing import Any, TypeVar

from vpresearch.telling import failure
from vpresearch.workers.base import Workers

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
    """Do a piece of work for every task, on all workers; what a lost worker had in hand is done again.

    Parameters
    ----------
    workers : Workers
    work : callable
        Of a module, so that another process finds it. Nothing but its arguments may decide what it gives.
    tasks : iterable of tuple
        Its arguments; taken one by one as workers fall idle.
    wanted : callable, optional
        Asked before every new task how many may be in hand at once; as many as keep the workers busy where not given.

    Yields
    ------
    tuple
        A task and its result, in the order in which they come back.

    Raises
    ------
    VPResearchError
        If a task's workers are lost again and again. What the work itself raises is raised as it is.
    """
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
