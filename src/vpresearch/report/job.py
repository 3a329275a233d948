"""From a dataset to its reports: analysed once, beside the notebooks, and written in each language."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from vpresearch.copies import begin_beside
from vpresearch.errors import placed
from vpresearch.files import staging
from vpresearch.load import Dataset
from vpresearch.pseudonyms import pseudonymise
from vpresearch.report.about import about
from vpresearch.report.document import compose, publish
from vpresearch.report.results import Results, compute


def analyse(dataset: Dataset, alpha: float, seed: int) -> Results:
    """Compute what a report tells; the patients of real data lose their ids first.

    Parameters
    ----------
    dataset : Dataset
    alpha : float
        Level of the protocol's test of normality.
    seed : int

    Returns
    -------
    Results
    """
    return compute(dataset if dataset.reconstruction else pseudonymise(dataset), alpha, seed)


@contextmanager
def writing(
    dataset: Dataset,
    alpha: float,
    seed: int,
    aside: Path,
    languages: Sequence[str],
    submit: Callable[..., Any] | None = None,
) -> Iterator[Callable[[Path], None]]:
    """Analyse, and write reports aside, in another process while this one does something else.

    Parameters
    ----------
    dataset : Dataset
    alpha : float
    seed : int
    aside : pathlib.Path
        A folder on the file system of the reports, which the caller removes.
    languages : sequence of {"es", "en"}
    submit : callable, optional
        Calls a function in another process, as that of an executor does; a process is started for it where not given.

    Yields
    ------
    callable
        Waits for the reports, and puts them in a folder.
    """
    with ExitStack() as started:
        if submit is None:
            submit = started.enter_context(ProcessPoolExecutor(1, get_context("spawn"), begin_beside)).submit
        written = submit(placed, _write_aside, dataset, alpha, seed, aside, languages)

        def put_in_place(folder: Path) -> None:
            written.result()
            _put_in_place(aside, folder, languages)

        yield put_in_place


def write_reports(results: Results, folder: Path, languages: Sequence[str]) -> list[Path]:
    """Write a report in some languages, each in a folder of its own.

    Parameters
    ----------
    results : Results
    folder : pathlib.Path
        An earlier report in it goes when this one is finished, and not before.
    languages : sequence of {"es", "en"}

    Returns
    -------
    list of pathlib.Path
        The reports.
    """
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
