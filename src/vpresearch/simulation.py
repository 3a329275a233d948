"""The design simulation at any size: in blocks that any worker can do, and that an interrupted run need not repeat."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vpresearch.files import put
from vpresearch.project import BUILD
from vpresearch.regression.simulate import (
    CONDITIONAL,
    SINGLE,
    Results,
    Truth,
    batched_results,
    draw,
    marginal_slope,
    single_results,
    summarise,
)
from vpresearch.telling import progress_bar
from vpresearch.workers import Workers, gather, running_code

# Half as much again of the odds, a percentage point, within a patient.
TRUTHS = (Truth(slope=0.0), Truth(slope=0.4))
BLOCK = 100
# The quick methods take all datasets of a block at once, and are one piece of work.
_BATCHED = "batched"
_NUMBERS = 1000
_Task = tuple[str, int, int, int, int, float]
_Found = NDArray[np.float64]


def simulate(
    n: int, seed: int, workers: Workers, *, kept: Path | None = None, block: int = BLOCK, progress: str | None = None
) -> pd.DataFrame:
    """Count how often each method errs on datasets of the study's design, without a slope and with one.

    Parameters
    ----------
    n : int
        Datasets of each kind; those of a greater number begin with them.
    seed : int
    workers : Workers
    kept : pathlib.Path, optional
        Folder of finished blocks, each written aside and renamed: what is found there is not done again, unless the
        seed, the code or the libraries are others.
    block : int
        Datasets in a block; another size gives other datasets.
    progress : {"es", "en"}, optional
        Language of a bar with the time left, on standard error; no bar where not given.

    Returns
    -------
    pandas.DataFrame, shape (n_methods, 9)
        ``method`` and what ``summarise`` gives; the same for the same ``n``, ``seed`` and ``block``, whatever the
        workers.

    Raises
    ------
    ValueError
        If ``n`` is less than 1.
    """
    if n < 1:
        raise ValueError(f"a simulation has at least one dataset, not {n}")
    batched = list(batched_results(draw(TRUTHS[0], 2, 0), 0.0))
    numbers = range(-(-n // block))
    tasks = list(_tasks(numbers, seed, block))
    found = _done(tasks, workers, kept, progress)
    rows = []
    for part, names in ((_BATCHED, batched), *((method, [method]) for method in SINGLE)):
        for place, name in enumerate(names):
            nulls, others = (
                Results(*np.concatenate([found[part, truth, number][place] for number in numbers], axis=1)[:, :n])
                for truth in range(len(TRUTHS))
            )
            rows.append({"method": name} | summarise(nulls, others))
    return pd.DataFrame(rows)


def write_simulation(n: int, seed: int, out: Path, workers: Workers, progress: str | None = None) -> pd.DataFrame:
    """Simulate and write the table, whole or not at all; a run that was cut short goes on from its blocks.

    Parameters
    ----------
    n, seed, workers, progress
        As of ``simulate``.
    out : pathlib.Path
        A CSV.

    Returns
    -------
    pandas.DataFrame
        As of ``simulate``.
    """
    table = simulate(n, seed, workers, kept=BUILD / "simulation", progress=progress)
    put(out, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    return table


def _tasks(numbers: range, seed: int, block: int) -> Iterator[_Task]:
    """List what is to be done, the parts of a block together, so that the time left can be told from the first ones."""
    within, overall = [truth.slope for truth in TRUTHS], [marginal_slope(truth) for truth in TRUTHS]
    for number, truth, part in product(numbers, range(len(TRUTHS)), (_BATCHED, *SINGLE)):
        yield part, truth, number, seed, block, (within if part in CONDITIONAL else overall)[truth]


def _done(
    tasks: list[_Task], workers: Workers, kept: Path | None, language: str | None
) -> dict[tuple[str, int, int], _Found]:
    places = {task: _place(kept, task) for task in tasks} if kept else {}
    found = {task[:3]: read for task, place in places.items() if (read := _read(place)) is not None}
    left = [task for task in tasks if task[:3] not in found]
    with progress_bar("blocks", len(tasks), language, done=len(found)) as bar:
        for task, results in gather(workers, work, left):
            found[task[:3]] = results
            if task in places:
                _write(places[task], results)
            bar.update()
    return found


def work(part: str, truth: int, number: int, seed: int, block: int, slope: float) -> _Found:
    """Try a method, or all the quick ones, on one block of datasets.

    Parameters
    ----------
    part : str
        One of ``SINGLE``, or ``batched``.
    truth : int
        Place in ``TRUTHS``.
    number, seed, block : int
        Of the block, of the run, and datasets in the block.
    slope : float
        That the methods aim at.

    Returns
    -------
    numpy.ndarray of float, shape (n_methods, 3, block)
        By method, the three of ``Results``.
    """
    # A sequence reads a missing number as 0: the first thousand blocks of seed 0 are those of a plain number each.
    entropy = np.random.SeedSequence((_NUMBERS * truth + number % _NUMBERS, number // _NUMBERS, seed))
    drawn = draw(TRUTHS[truth], block, entropy)
    found = batched_results(drawn, slope).values() if part == _BATCHED else [single_results(drawn, part, slope)]
    return np.array(list(found))


def _place(kept: Path, task: _Task) -> Path:
    part, truth, number, seed, block, _ = task
    # What the slope hangs on is code too.
    made_by = hashlib.sha256(f"{running_code()} {seed} {block}".encode()).hexdigest()[:16]
    return kept / made_by / f"{part.replace(':', '_')}-{truth}-{number}.npy"


def _read(place: Path) -> _Found | None:
    """Read a finished block; None if there is none, or none that can be read."""
    try:
        found: _Found = np.load(place, allow_pickle=False)
    except (OSError, EOFError, ValueError):
        return None
    return found


def _write(place: Path, results: _Found) -> None:
    content = io.BytesIO()
    np.save(content, results, allow_pickle=False)
    put(place, content.getvalue())
