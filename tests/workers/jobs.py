"""Work for the workers of the tests; other processes import it from here."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from vpresearch.core.errors import refused


def squared(number: int) -> int:
    return number * number


def environment(name: str) -> str:
    return os.environ.get(name, "")


def killed_once(number: int, folder: Path) -> int:
    """Die from outside on the first try, with one number in hand."""
    if number == 3 and not (folder / "died").exists():
        (folder / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return squared(number)


def always_killed(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def failing(number: int) -> int:
    raise ValueError(f"number {number}")


def refusing(name: str) -> None:
    raise refused(name, "empty_file")


class OddError(Exception):
    """One that is not made anew from its words, as many a package has."""

    def __init__(self, row: str, code: int) -> None:
        super().__init__(f"in the row of {row}")


def odd(row: str) -> None:
    raise OddError(row, 1)


def slow(number: int, folder: Path) -> int:
    (folder / f"{number}-{os.getpid()}").touch()
    time.sleep(60)
    return number
