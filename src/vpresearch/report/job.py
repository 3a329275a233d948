"""What a colophon tells of the machine: the commit of the code, and the version of Python."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from vpresearch.core.errors import placed
from vpresearch.core.files import staging
from vpresearch.core.paths import CLONED, ROOT
from vpresearch.data import Dataset, pseudonymise
from vpresearch.parallel.forks import begin_beside
from vpresearch.report.document import compose, publish
from vpresearch.results import Results


def about() -> dict[str, str]:
    """Tell the commit and the version of Python."""
    commit = "–"
    # An installed package may lie in the repository of something else.
    if CLONED:
        command = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
        with suppress(OSError, subprocess.CalledProcessError):
            done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
            commit = done.stdout.strip()
    return {"commit": commit, "python": platform.python_version()}


def analyse(dataset: Dataset, alpha: float, seed: int) -> Results:
    """Give what a report tells; the patients of real data lose their ids first."""
    return Results(dataset if dataset.reconstruction else pseudonymise(dataset), alpha, seed)


@contextmanager
def writing(
    dataset: Dataset,
    alpha: float,
    seed: int,
    aside: Path,
    languages: Sequence[str],
    submit: Callable[..., Any] | None = None,
) -> Iterator[Callable[[Path], None]]:
    """Analyse, and write reports aside, in another process while this one does something else."""
    with ExitStack() as started:
        if submit is None:
            submit = started.enter_context(ProcessPoolExecutor(1, get_context("spawn"), begin_beside)).submit
        written = submit(placed, _write_aside, dataset, alpha, seed, aside, languages)

        def put_in_place(folder: Path) -> None:
            written.result()
            _put_in_place(aside, folder, languages)

        yield put_in_place


def write_reports(results: Results, folder: Path, languages: Sequence[str]) -> list[Path]:
    """Write a report in some languages, each in a folder of its own."""
    with staging(folder) as aside:
        made = _write(results, aside, languages)
        _put_in_place(aside, folder, languages)
    return [folder / path.relative_to(aside) for path in made]


def _write_aside(dataset: Dataset, alpha: float, seed: int, aside: Path, languages: Sequence[str]) -> None:
    _write(analyse(dataset, alpha, seed), aside, languages)


def _write(results: Results, aside: Path, languages: Sequence[str]) -> list[Path]:
    return [path for each in languages for path in publish(compose(results, each, about()), aside / each)]


def _put_in_place(aside: Path, folder: Path, languages: Sequence[str]) -> None:
    """Let each report take the place of an earlier one."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in languages:
        shutil.rmtree(folder / language, ignore_errors=True)
        os.replace(aside / language, folder / language)
