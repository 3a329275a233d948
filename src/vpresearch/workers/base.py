"""What every kind of worker is: an executor that knows how many it is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Self


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
