"""What runs beside the notebooks, and the process that all of it is copied from."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vpresearch.copies import Copies, possible
from vpresearch.workspace import staging

# Before anything scientific is imported, the number of its threads must be known.
if TYPE_CHECKING:
    from vpresearch.load import Dataset

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")


def one_thread() -> None:
    """Let linear algebra use one thread, here and in kernels.

    So the bytes are the same for any number of cores; and a process with more than one cannot be copied.
    """
    os.environ |= dict.fromkeys(_THREADS, "1")


def warm_copies() -> Copies | None:
    """Import all that notebooks and reports need, and give copies of this process to run them in.

    Returns
    -------
    Copies or None
        As many at once as there are cores; None where no copy can be made.
    """
    if not possible():
        return None
    from vpresearch.kernels import warm_up

    warm_up()
    # What the copies share would become their own when the collector looks at it.
    gc.freeze()
    return Copies(len(os.sched_getaffinity(0))) if possible() else None


@contextmanager
def report_beside(
    copies: Copies | None, dataset: Dataset, alpha: float, seed: int, folder: Path
) -> Iterator[Callable[[], object]]:
    """Make a report beside something else.

    Parameters
    ----------
    copies : Copies or None
        Where None, a process that is started anew analyses, and this one writes.
    dataset : Dataset
    alpha : float
        Level of the protocol's test of normality.
    seed : int
    folder : pathlib.Path
        Of the report, called after its language; ``report`` is the one above it.

    Yields
    ------
    callable
        Waits for the report and puts it in place.
    """
    from vpresearch import report

    languages = [folder.name]
    if copies is None:
        with report.analysing(dataset, alpha, seed) as results:
            yield lambda: report.write_reports(results(), folder.parent, languages)
        return
    with staging(folder.parents[1]) as place, copies:
        job = copies.submit(_make, dataset, alpha, seed, place, languages)
        yield lambda: _put_in_place(job.result(), folder)


def _make(dataset: Dataset, alpha: float, seed: int, place: Path, languages: list[str]) -> Path:
    from vpresearch import report

    return report.write_reports(report.analyse(dataset, alpha, seed), place, languages)[0].parent


def _put_in_place(made: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(made, folder)
