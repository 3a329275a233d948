"""From a dataset to its reports: analysed once, beside the notebooks, and written in each language."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

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
def analysing(dataset: Dataset, alpha: float, seed: int) -> Iterator[Callable[[], Results]]:
    """Analyse in another process while this one does something else.

    Parameters
    ----------
    dataset : Dataset
    alpha : float
    seed : int

    Yields
    ------
    callable
        Waits for the results.
    """
    context, end = get_context("spawn"), (signal.SIGINT, signal.SIG_DFL)
    with ProcessPoolExecutor(1, context, signal.signal, end) as beside:
        yield beside.submit(analyse, dataset, alpha, seed).result


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
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for language in languages:
        with tempfile.TemporaryDirectory(prefix=".staging-", dir=folder) as staging:
            made = publish(compose(results, language, about()), Path(staging) / language)
            place = folder / language
            shutil.rmtree(place, ignore_errors=True)
            os.replace(Path(staging) / language, place)
        written += [place / path.name for path in made]
    return written
