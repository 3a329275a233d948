"""Cost as work grows: every stage of the analysis at 41, 500, 5,000 and 50,000 vertebrae.

``python -m benchmarks.bench_scale [SIZE ...]`` from the root prints the whole table; its ``rows`` are the last size.
"""

from __future__ import annotations

import math
import resource
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import process_time

from benchmarks.bench_common import Row
from tests.larger_study import write_larger_study
from vpresearch import figures, tables
from vpresearch.core.paths import PUBLISHED
from vpresearch.data import Dataset, load, pseudonymise
from vpresearch.published import read_paper
from vpresearch.regression import assumptions as assumptions_module
from vpresearch.regression import logistic, ordinal, resampling
from vpresearch.regression.assumptions import assumptions
from vpresearch.regression.models import LEAK_MODELS, leak_design, severity_design, specification_curve
from vpresearch.regression.validation import validate
from vpresearch.results import Results
from vpresearch.scorecard import scorecard

SIZES = (41, 500, 5_000, 50_000)
MOST_SECONDS, MOST_MEGABYTES = 120.0, 2048.0
Stages = Mapping[str, Callable[[], object]]
# Why a stage does not grow with the rows.
WHY = {
    "model exact": "refused where sums cannot be counted exactly",
    "model bayes": "from 600 rows on the posterior is a polynomial, gone through some hundred times, not thousands",
    "assumptions": "four Bayesian models",
}


_TABLES: tuple[Callable[..., tables.Table], ...] = (
    *(tables.table1, tables.table2, tables.table3, tables.table4, tables.leak_kinds, tables.associations),
    *(tables.outcome, tables.comparisons, tables.leak_risk_table, tables.dose_table, tables.relief_table),
)
_FIGURES: tuple[Callable[..., figures.Figure], ...] = (
    *(figures.figure1, figures.figure2, figures.leak_kinds, figures.volumes, figures.outcome),
    *(figures.risk_curve, figures.calibration, figures.spline_figure),
)


def stages(dataset: Dataset) -> Stages:
    """Give what is done with a loaded study, by name."""
    design = leak_design(dataset.rows)
    apart = ("cement_volume_cc", "vertebral_volume_cc")
    works: dict[str, Callable[[], object]] = {
        "new patient ids": partial(pseudonymise, dataset),
        "scorecard": partial(scorecard, read_paper(PUBLISHED), dataset),
        **{f"model {name}": partial(fit, design, 0.05) for name, fit in LEAK_MODELS.items()},
        "model bootstrap": partial(resampling.fit, design),
        "model ordinal": partial(ordinal.fit, severity_design(dataset.rows)),
        "model spline": partial(assumptions_module.fit, design),
        "model cement and volume": partial(logistic.fit, leak_design(dataset.rows, apart)),
        "validation": partial(validate, design),
        "specification curve": partial(specification_curve, dataset.rows),
        "assumptions": partial(assumptions, dataset.rows),
    }
    works |= {f"table {make.__name__.removesuffix('_table')}": partial(_written, make, dataset) for make in _TABLES}
    works |= {f"figure {make.__name__.removesuffix('_figure')}": partial(_drawn, make, dataset) for make in _FIGURES}
    return works


def _written(make: Callable[[Results, str], tables.Table], dataset: Dataset) -> None:
    table = make(Results(dataset), "es")
    table.to_csv(), table.to_html(), table.to_latex()


def _drawn(make: Callable[[Results, str], figures.Figure], dataset: Dataset) -> None:
    figure = make(Results(dataset), "es")
    figure.to_bytes("png"), figure.to_bytes("svg"), figure.to_csv()


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Give the processor seconds and the peak megabytes of a work in a process that has all modules loaded."""
    context = get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_measure, args=(work, there))
    child.start()
    there.close()
    seconds, megabytes = here.recv()
    child.join()
    return seconds, megabytes


def _measure(work: Callable[[], object], there: Connection) -> None:
    start = process_time()
    work()
    there.send((process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def of_size(n: int) -> dict[str, tuple[float, float]]:
    """Measure every stage of a study of one size, written as a CSV and read as a user's would be."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "study.csv"
        write_larger_study(path, n)
        found = {"load": measured(lambda: load(path))}
        dataset = load(path)
    for name, work in stages(dataset).items():
        found[name] = measured(work)
        print(f"{n:>7} {name:<28}{found[name][0]:9.2f} s {found[name][1]:7.0f} MB", file=sys.stderr, flush=True)
    found["all of them"] = sum(one[0] for one in found.values()), max(one[1] for one in found.values())
    return found


def exponents(seconds: list[float], sizes: tuple[int, ...]) -> list[float]:
    """Give by which power of the rows the time grows from each size to the next."""
    pairs = zip(seconds, seconds[1:], sizes, sizes[1:], strict=False)
    return [math.log(later / earlier) / math.log(n / m) for earlier, later, m, n in pairs]


def rows() -> list[Row]:
    """Give the figures of the largest size, with the growth before it."""
    found = {n: of_size(n) for n in SIZES}
    show(found)
    last, listed = found[SIZES[-1]], []
    for name, (seconds, _) in last.items():
        growth = exponents([found[n][name][0] for n in SIZES], SIZES)
        note = "growth " + ", ".join(f"{power:.2f}" for power in growth)
        most = MOST_SECONDS if name == "all of them" else None
        listed.append(
            Row(
                f"{name}, {SIZES[-1]:,} vertebrae",
                seconds,
                most=most,
                note=f"{note}; {WHY[name]}" if name in WHY else note,
            )
        )
    listed.append(Row(f"peak memory, {SIZES[-1]:,} vertebrae", last["all of them"][1], "MB", most=MOST_MEGABYTES))
    return listed


def show(found: Mapping[int, Mapping[str, tuple[float, float]]]) -> None:
    """Print the whole table: seconds at every size, growth between them, peak megabytes at the largest."""
    sizes = tuple(found)
    heads = [f"{n:,} (s)" for n in sizes] + [f"growth to {n:,}" for n in sizes[1:]] + ["peak MB", "why"]
    print("stage".ljust(28) + "".join(head.rjust(16) for head in heads))
    for name in found[sizes[-1]]:
        seconds = [found[n][name][0] for n in sizes]
        cells = [f"{one:.3f}" for one in seconds] + [f"{power:.2f}" for power in exponents(seconds, sizes)]
        cells.append(f"{found[sizes[-1]][name][1]:.0f}")
        print(name.ljust(28) + "".join(cell.rjust(16) for cell in cells) + f"    {WHY.get(name, '')}")


if __name__ == "__main__":
    show({n: of_size(n) for n in tuple(map(int, sys.argv[1:])) or SIZES})
