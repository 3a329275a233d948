"""Who does work that falls into independent blocks: this process, others beside it, or a Dask cluster."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager

from vpresearch.workers.base import InPlace, Workers
from vpresearch.workers.gather import gather
from vpresearch.workers.running import running_code

__all__ = ["InPlace", "Workers", "engage", "gather", "running_code"]

# More would only take the machine's memory.
_MOST_A_CORE = 4


def engage(n: int | None = None, scheduler: str | None = None) -> AbstractContextManager[Workers]:
    """Engage workers for as long as a ``with`` block lasts; leaving it ends what they still do.

    Parameters
    ----------
    n : int, optional
        Processes, four for each core at most; one for each where not given. A single one is this process itself.
    scheduler : str, optional
        Address of a Dask scheduler, such as ``tcp://10.0.0.5:8786``; its workers do the work then. They get what the
        blocks are about, so that nobody should give one here whose machines may not see the data.

    Returns
    -------
    context manager of Workers

    Raises
    ------
    InputError
        On entering: if Dask is not installed, no scheduler answers, it has no workers, or they run other code.

    Examples
    --------
    >>> with engage(1) as workers:
    ...     sorted(result for _, result in gather(workers, divmod, [(7, 2), (9, 2)]))
    [(3, 1), (4, 1)]
    """
    # Lazy: a single worker needs none of these.
    if scheduler is not None:
        from vpresearch.workers.cluster import cluster

        return cluster(scheduler)
    cores = os.cpu_count() or 1
    n = min(n or cores, _MOST_A_CORE * cores)
    if n == 1:
        return InPlace()
    from vpresearch.workers.processes import Processes

    return Processes(n)
