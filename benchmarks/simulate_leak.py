"""How often each method errs at the design of the study: ``python benchmarks/simulate_leak.py [datasets]``.

Writes data/simulation/leak_regression.csv, which the sensitivity notebook shows. It is the same for any
number of cores.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd
from tqdm import tqdm

from vpresearch.project import SIMULATION
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

DATASETS, BLOCK = 2000, 100
# Half as much again of the odds, a percentage point, within a patient.
TRUTHS = (Truth(slope=0.0), Truth(slope=0.4))


def block(task: tuple[str, int, int, float]) -> Results:
    """Try a method on one block of datasets."""
    method, truth, seed, slope = task
    drawn = draw(TRUTHS[truth], BLOCK, 1000 * truth + seed)
    return single_results(drawn, method, slope) if method in SINGLE else batched_results(drawn, slope)[method]


def joined(parts: list[Results]) -> Results:
    """Put blocks one after the other."""
    return Results(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def main(datasets: int = DATASETS) -> None:
    start = time.perf_counter()
    methods = [*batched_results(draw(TRUTHS[0], 2, 0), 0.0), *SINGLE]
    within, overall = [truth.slope for truth in TRUTHS], [marginal_slope(truth) for truth in TRUTHS]
    tasks = [
        (method, truth, seed, (within if method in CONDITIONAL else overall)[truth])
        for method in methods
        for truth in range(len(TRUTHS))
        for seed in range(datasets // BLOCK)
    ]
    with ProcessPoolExecutor() as pool:
        found = dict(zip(tasks, tqdm(pool.map(block, tasks), total=len(tasks), unit="block"), strict=True))
    rows = []
    for method in methods:
        nulls, others = (
            Results(
                *map(np.concatenate, zip(*(found[task] for task in tasks if task[:2] == (method, truth)), strict=True))
            )
            for truth in range(len(TRUTHS))
        )
        rows.append({"method": method} | summarise(nulls, others))
    table = pd.DataFrame(rows)
    SIMULATION.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(SIMULATION, index=False, float_format="%.6g", lineterminator="\n")
    print(table.round(4).to_string(index=False))
    print(f"slope overall {overall[1]:.4f}, within a patient {within[1]}; {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
