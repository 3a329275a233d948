"""Time an ensemble of whole datasets: ``python benchmarks/bench_reconstruct.py [N]``."""

from __future__ import annotations

import os
import sys
from time import perf_counter

from vpresearch.project import PUBLISHED
from vpresearch.published import read_paper
from vpresearch.reconstruct import draw_ensemble
from vpresearch.reconstruct.store import ensemble_bytes

TARGET = "60 s for 500 with 2 workers"


def bench(n: int) -> None:
    paper = read_paper(PUBLISHED)
    print(f"{n} datasets on {os.cpu_count()} cores; target {TARGET}")
    seconds, contents = {}, {}
    for workers in (1, 2):
        start = perf_counter()
        contents[workers] = ensemble_bytes(draw_ensemble(paper, n, 1, workers=workers))
        seconds[workers] = perf_counter() - start
        each = 1000 * seconds[workers] / n
        print(f"{workers} worker{'s' * (workers > 1):1}  {seconds[workers]:7.1f} s  {each:6.0f} ms a dataset")
    same = "the same bytes" if contents[1] == contents[2] else "DIFFERENT BYTES"
    print(f"ratio {seconds[1] / seconds[2]:.2f}, {same}, {len(contents[1])} bytes")


if __name__ == "__main__":
    bench(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
