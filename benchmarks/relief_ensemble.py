"""Whether relief depends on fill or leaks, over the ensemble: ``python benchmarks/relief_ensemble.py``.

Writes data/implied/relief.csv, which the table of relief shows beside what the one shipped reconstruction gives. It is
to be made anew whenever the ensemble is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pandas as pd
from tqdm import tqdm

from vpresearch.implied import shipped
from vpresearch.implied_relief import relief, relief_ranges
from vpresearch.project import RELIEF

BLOCK = 25
Task = tuple[str, int, int]


def tasks() -> Iterator[Task]:
    """Cut every ensemble into blocks."""
    for source, ensemble in shipped().items():
        for start in range(0, len(ensemble), BLOCK):
            yield source, start, min(start + BLOCK, len(ensemble))


def block(task: Task) -> pd.DataFrame:
    """Ask the datasets of one block."""
    source, start, end = task
    return relief({source: shipped()[source].take(range(start, end))})


def main() -> None:
    start, listed = time.perf_counter(), list(tasks())
    with ProcessPoolExecutor() as pool:
        parts = list(tqdm(pool.map(block, listed), total=len(listed), unit="block"))
    table = relief_ranges(pd.concat(parts, ignore_index=True))
    RELIEF.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(RELIEF, index=False, float_format="%.6g", lineterminator="\n")
    print(table.to_string(index=False))
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
