"""What a second worker is worth: the ensemble, the simulation and a bootstrap on two processes and on one.

The two are started anew each time, imports and all; both give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.bench_common import Row, medians
from vpresearch.core.paths import PUBLISHED, RECONSTRUCTION
from vpresearch.data import load
from vpresearch.parallel import Workers, engage
from vpresearch.published import read_paper
from vpresearch.reconstruct import draw_ensemble
from vpresearch.reconstruct.ensemble import ensemble_bytes
from vpresearch.regression.models import leak_design
from vpresearch.regression.resampling import BLOCK, bootstrap
from vpresearch.regression.simulation import simulate

RUNS = 5
# So much work that starting a process, a second and a half, does not hide what is measured.
DATASETS, SIMULATED, OF_A_BLOCK, BLOCKS = 500, 120, 4, 160
_PAPER = read_paper(PUBLISHED)


def ensemble(workers: Workers) -> bytes:
    return ensemble_bytes(draw_ensemble(_PAPER, DATASETS, 1, workers=workers))


def simulation(workers: Workers) -> bytes:
    return simulate(SIMULATED, 0, workers, block=OF_A_BLOCK).to_csv().encode()


def resampling(workers: Workers) -> bytes:
    return bootstrap(leak_design(load(RECONSTRUCTION).rows), BLOCKS * BLOCK, 1, workers).coefficients.tobytes()


_WORKS = {
    f"{DATASETS} reconstructions": ensemble,
    f"simulation, 2 x {SIMULATED} datasets": simulation,
    f"{BLOCKS * BLOCK} bootstrap resamples": resampling,
}


def rows(runs: int = RUNS) -> list[Row]:
    with threadpool_limits(1):
        return [_compare(figure, work, runs) for figure, work in _WORKS.items()]


def _compare(figure: str, work: Callable[[Workers], bytes], runs: int) -> Row:
    found: dict[int, set[bytes]] = {1: set(), 2: set()}

    def run(n: int) -> None:
        with engage(n) as workers:
            found[n].add(work(workers))

    times = medians({"1": lambda: run(1), "2": lambda: run(2)}, runs)
    same = "the same bytes" if len(found[1] | found[2]) == 1 else "DIFFERENT BYTES"
    return Row(f"{figure}, 2 workers", times["2"], "s", "1 worker", times["1"], 1.7, note=same)


if __name__ == "__main__":
    # The work alone, to size it by.
    for figure, work in _WORKS.items():
        for n in (1, 2):
            with threadpool_limits(1), engage(n) as workers:
                start = perf_counter()
                work(workers)
                print(f"{figure}: {perf_counter() - start:.1f} s on {n}", flush=True)
