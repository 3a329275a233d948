"""Time the exact reconstruction of lattice data; ``python -m benchmarks.bench_lattice`` also shows how counts grow."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np
from scipy.stats import kruskal

from benchmarks.bench_common import Row
from vpresearch.core.reported import Reported
from vpresearch.lattice import Cell, Joint, count, kruskal_p_distribution, sample
from vpresearch.lattice.cell import solve

RUNS = 9
CELLS = [
    ("n=26, 8.4±1.6, 1..10", Cell(26, Reported("8.4"), Reported("1.6"), 1, 10), 100, 10),
    ("n=15, 2.5±1.9, 1..10", Cell(15, Reported("2.5"), Reported("1.9"), 1, 10), 82, 2),
    ("n=41, 2.0±0.8, 1..4 by 0.5", Cell(41, Reported("2.0"), Reported("0.8"), 1, 4, "0.5"), 100, 20),
]
SIZES = [(n, 5) for n in (50, 100, 200, 500, 1000)] + [(30, high) for high in (5, 7, 10, 15, 20, 30)]
GROUPS = [
    ("8.4", "1.6", "8.5", "1.1", "0.955"),
    ("2.0", "1.9", "2.5", "1.9", "0.279"),
    ("1.8", "2.0", "2.9", "2.3", "0.089"),
]


def milliseconds(work: Callable[[], object], runs: int = RUNS) -> float:
    times = []
    for _ in range(runs):
        # Without this, every run but the first would find the table ready.
        solve.cache_clear()
        start = perf_counter()
        work()
        times.append(1000 * (perf_counter() - start))
    return median(times)


def rows() -> list[Row]:
    """Give what there is an aim for, or another way to do it."""
    drawing = "drawing as many numbers"
    found = []
    for name, cell, size, most in CELLS:
        took, floor = (
            milliseconds(work)
            for work in (
                lambda cell=cell, size=size: sample(cell, size, seed=1, distinct=True),
                lambda cell=cell, size=size: np.random.default_rng(1).integers(0, 10, (size, cell.n)),
            )
        )
        found.append(Row(f"{size} distinct datasets, {name}", took, "ms", drawing, floor, most=most))
    return [*found, every_p()]


def every_p() -> Row:
    """Give the time of the p of every pair, beside scipy's of one pair so many times."""
    mean_a, sd_a, mean_b, sd_b, _ = GROUPS[0]
    pair = Joint(Cell(26, Reported(mean_a), Reported(sd_a), 1, 10), Cell(15, Reported(mean_b), Reported(sd_b), 1, 10))
    first, second = np.random.default_rng(1).integers(1, 11, 26), np.random.default_rng(2).integers(1, 11, 15)
    took = milliseconds(lambda: kruskal_p_distribution(pair), runs=5)
    one = milliseconds(lambda: [kruskal(first, second) for _ in range(100)], runs=5) / 100
    total = kruskal_p_distribution(pair).total
    return Row("Kruskal-Wallis p of every pair, n=26 and 15", took, "ms", f"scipy, {total:.1e} times one", one * total)


def row(*columns: object) -> None:
    print("  ".join(f"{column!s:<30}" if place == 0 else f"{column!s:>16}" for place, column in enumerate(columns)))


def bench_counts() -> None:
    row("count", "datasets", "median")
    for n, high in SIZES:
        cell = Cell(n, Reported(f"{(1 + high) / 2:.1f}"), Reported(f"{high / 5:.1f}"), 1, high)
        took = milliseconds(lambda cell=cell: count(cell), runs=3)  # type: ignore[misc]
        row(f"n={n}, {cell.mean.printed}±{cell.sd and cell.sd.printed}, 1..{high}", count(cell), f"{took:.1f} ms")


def bench_pairs() -> None:
    print()
    row("every Kruskal-Wallis p", "pairs", "distinct keys", "giving printed p", "range of p", "median")
    for low in (0, 1):
        for mean_a, sd_a, mean_b, sd_b, p in GROUPS:
            a = Cell(26, Reported(mean_a), Reported(sd_a), low, 10)
            b = Cell(15, Reported(mean_b), Reported(sd_b), low, 10)
            took = milliseconds(lambda a=a, b=b: kruskal_p_distribution(Joint(a, b)), runs=5)  # type: ignore[misc]
            found = kruskal_p_distribution(Joint(a, b))
            least, greatest = found.range
            name = f"{mean_a}±{sd_a}, {mean_b}±{sd_b}, {low}..10, p={p}"
            span = f"{least:.3g} to {greatest:.3g}"
            row(name, found.total, len(found.p), found.count(Reported(p)), span, f"{took:.0f} ms")


if __name__ == "__main__":
    bench_counts()
    bench_pairs()
