"""The workers of a Dask cluster, which may be other machines."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from vpresearch.core.errors import failure, placed, refused
from vpresearch.parallel.processes import Workers, running_code

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
