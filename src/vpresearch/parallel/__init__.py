"""Who does work that falls into independent blocks: this process, others beside it, or a Dask cluster."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager

from vpresearch.parallel.processes import InPlace, Workers, gather, running_code

__all__ = ["InPlace", "Workers", "engage", "gather", "running_code"]

# More would only take the machine's memory.
_MOST_A_CORE = 4


def engage(n: int | None = None, scheduler: str | None = None) -> AbstractContextManager[Workers]:
    """Engage workers for as long as a ``with`` block lasts; leaving it ends what they still do."""
    # Lazy: a single worker needs none of these.
    if scheduler is not None:
        from vpresearch.parallel.cluster import cluster

        return cluster(scheduler)
    cores = os.cpu_count() or 1
    n = min(n or cores, _MOST_A_CORE * cores)
    if n == 1:
        return InPlace()
    from vpresearch.parallel.processes import Processes

    return Processes(n)
