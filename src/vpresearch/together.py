"""What runs beside the notebooks, and the process that all of it is copied from."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vpresearch.copies import Copies, possible

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
    copies: Copies | None, dataset: Dataset, alpha: float, seed: int, aside: Path, languages: Sequence[str]
) -> Iterator[Callable[[Path], None]]:
    """Make reports beside something else.

    Parameters
    ----------
    copies : Copies or None
        Where None, a process that is started anew makes them.
    dataset : Dataset
    alpha : float
        Level of the protocol's test of normality.
    seed : int
    aside : pathlib.Path
        A folder on the file system of the reports, which the caller removes.
    languages : sequence of {"es", "en"}

    Yields
    ------
    callable
        Waits for the reports, and puts them in a folder.
    """
    from vpresearch import report

    if copies is None:
        with report.writing(dataset, alpha, seed, aside, languages) as put_in_place:
            yield put_in_place
        return
    with copies:
        written = copies.submit(report.write_aside, dataset, alpha, seed, aside, languages)

        def put_when_written(folder: Path) -> None:
            written.result()
            report.put_in_place(aside, folder, languages)

        yield put_when_written
