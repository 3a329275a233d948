"""Work for the workers of the tests; other processes import it from here."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


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


def slow(number: int, folder: Path) -> int:
    (folder / f"{number}-{os.getpid()}").touch()
    time.sleep(60)
    return number
