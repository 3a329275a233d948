"""Time the whole main job beside papermill and its floors: ``python benchmarks/bench_job.py [N]``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from project_copy import COMMAND, copy_project, environment

_NOTHING = (*COMMAND, "reproduce")


@dataclass(frozen=True)
class Row:
    """One figure beside what it is held against.

    Attributes
    ----------
    what : str
    seconds : float
        Median.
    against : str
        The peer, or the floor.
    other : float
        Seconds of that.
    """

    what: str
    seconds: float
    against: str
    other: float

    @property
    def ratio(self) -> float:
        """How many times faster."""
        return self.other / self.seconds


def rows(times: int = 5) -> list[Row]:
    """Time everything in turn, so that a busy moment of the machine meets all alike.

    Parameters
    ----------
    times : int, default 5

    Returns
    -------
    list of Row
    """
    with tempfile.TemporaryDirectory() as folder:
        project = copy_project(Path(folder) / "project")
        run(project, (*COMMAND, "validate", "data/reconstructed/vertebrae.csv"))
        subjects: dict[str, Callable[[], float]] = {
            "whole": lambda: whole(project),
            "unchanged": lambda: run(project, _NOTHING),
            "changed": lambda: changed(project),
            "help": lambda: run(project, (*COMMAND, "--help")),
            "validate": lambda: run(project, (*COMMAND, "validate", "data/reconstructed/vertebrae.csv")),
            "one": lambda: papermill(project, 1),
            "two": lambda: papermill(project, 2),
        }
        taken = [{name: time() for name, time in subjects.items()} for _ in range(times)]
    seconds = {name: median(each[name] for each in taken) for name in subjects}
    return [
        Row("whole main job, with its report", seconds["whole"], "papermill, one after the other", seconds["one"]),
        Row("whole main job, with its report", seconds["whole"], "papermill, two at a time", seconds["two"]),
        Row("whole main job, with its report", seconds["whole"], "at most", 15),
        Row("nothing changed", seconds["unchanged"], "at most", 1),
        Row("the text of 01_cohort changed", seconds["changed"], "at most", 5),
        Row("vpresearch --help", seconds["help"], "at most", 0.3),
        Row("vpresearch validate, shipped data", seconds["validate"], "at most", 1.5),
    ]


def run(project: Path, command: Sequence[str]) -> float:
    start = perf_counter()
    subprocess.run(command, cwd=project, env=environment(project), capture_output=True, check=True)
    return perf_counter() - start


def whole(project: Path) -> float:
    shutil.rmtree(project / "build", ignore_errors=True)
    return run(project, _NOTHING)


def changed(project: Path) -> float:
    path = project / "notebooks" / "01_cohort.ipynb"
    book = json.loads(path.read_text(encoding="utf-8"))
    words = "".join(book["cells"][0]["source"])
    book["cells"][0]["source"] = f"{words}\nmore words"
    path.write_text(json.dumps(book), encoding="utf-8")
    return run(project, _NOTHING)


def papermill(project: Path, at_once: int) -> float:
    """Run papermill's own command line over the notebooks; it makes no report."""
    out = project / "build" / "papermill"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    data = project / "data" / "reconstructed" / "vertebrae.csv"
    books = sorted((project / "notebooks").glob("*.ipynb"))
    commands = [
        [
            sys.executable,
            "-m",
            "papermill",
            book,
            out / book.name,
            "-k",
            "python3",
            "-p",
            "data",
            data,
            "-p",
            "out",
            out,
        ]
        for book in books
    ]
    start = perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda command: run(project, [str(part) for part in command]), commands))
    return perf_counter() - start


if __name__ == "__main__":
    for row in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 5):
        print(f"{row.what:36} {row.seconds:7.2f} s   {row.against:32} {row.other:7.2f} s   {row.ratio:5.2f} times")
