"""What every benchmark gives: rows of a figure, what it is measured against in the same run, and what is aimed at.

A file ``bench_NAME.py`` beside this one has a function ``rows() -> list[Row]``, imports what it shares as
``from benchmarks.bench_common import Row, medians``, and is run by ``python -m benchmarks NAME`` from the root.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).resolve().parents[1]
RUNS = 5


@dataclass(frozen=True)
class Row:
    """One figure. Less is better, always.

    Attributes
    ----------
    figure : str
        What was measured, as a reader of the table would say it: "whole job, nothing cached".
    value : float
    unit : str
        ``s``, ``ms``, ``MB`` ...
    peer : str
        What it is compared with: another tool, or a floor that nothing can go under; may be empty.
    peer_value : float or None
        In the same unit, measured in the same run, alternating.
    least_ratio : float or None
        Aim: the peer takes at least so many times as much.
    most : float or None
        Aim: the value is at most this.
    note : str
        What else must be known, in a few words: "the same bytes", "slope 1.02".
    """

    figure: str
    value: float
    unit: str = "s"
    peer: str = ""
    peer_value: float | None = None
    least_ratio: float | None = None
    most: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times as much the peer takes."""
        return None if self.peer_value is None else self.peer_value / self.value

    @property
    def target(self) -> str:
        """What is aimed at, in words."""
        ratio = "" if self.least_ratio is None else f"ratio {self.least_ratio:g}"
        return ", ".join(filter(None, [ratio, "" if self.most is None else f"{self.most:g} {self.unit}"]))

    @property
    def met(self) -> bool | None:
        """Whether every aim is met; None without one."""
        if self.least_ratio is None and self.most is None:
            return None
        fast = self.least_ratio is None or (self.ratio is not None and self.ratio >= self.least_ratio)
        return fast and (self.most is None or self.value <= self.most)


def medians(works: Mapping[str, Callable[[], object]], runs: int = RUNS) -> dict[str, float]:
    """Give the median seconds of each work, one run of each after the other so that all meet the same machine.

    Parameters
    ----------
    works : dict of str to callable
    runs : int
        Of each.

    Returns
    -------
    dict of str to float
        Seconds, by the names of ``works``.
    """
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            start = perf_counter()
            work()
            times[name].append(perf_counter() - start)
    return {name: median(found) for name, found in times.items()}


def command(arguments: Sequence[str], *, cwd: Path = ROOT, code: int = 0) -> Callable[[], None]:
    """Make the work of running this Python with some arguments, to be timed as a whole process.

    Parameters
    ----------
    arguments : sequence of str
        Such as ``["-m", "vpresearch", "--help"]``.
    cwd : pathlib.Path
    code : int
        That it must end with; anything else is an error, since a run that fails is quick.
    """

    def work() -> None:
        done = subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, check=False)
        if done.returncode != code:
            raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr.decode()[-500:]}")

    return work
