"""List all datasets of a cell beside CLOSURE, which goes through their values; both must come to as many.

CLOSURE (Heathers J, Jung L; scrutipy) is no part of any lock: it is put into an environment that goes with the run.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import venv
from pathlib import Path
from statistics import median

from benchmarks.bench_common import Row
from benchmarks.bench_lattice import milliseconds
from vpresearch.core.reported import Reported
from vpresearch.lattice import Cell, enumerate_multisets

PEER = "scrutipy==0.1.12"
# n, mean, SD and the ends of the scale; of the last but one there is none.
CELLS = [
    (10, "5.5", "2.5", 1, 10),
    (15, "4.20", "1.52", 1, 7),
    (20, "3.55", "1.43", 1, 7),
    (30, "2.90", "1.30", 1, 5),
    (30, "4.2", "1.5", 1, 7),
    (20, "5.10", "2.40", 1, 10),
    (25, "5.10", "2.40", 1, 10),
    (30, "5.10", "2.40", 1, 10),
]
_SLOW, _RUNS = 1000, 5
_TIMED = """
import json, sys, time
from scrutipy import closure
start = time.perf_counter()
found = closure(*json.loads(sys.argv[1]))
print(json.dumps([1000 * (time.perf_counter() - start), len(found)]))
"""


def rows() -> list[Row]:
    """Give every cell by both; where CLOSURE cannot be installed, ours alone, and why."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "bin/python"
        venv.create(folder, with_pip=True)
        installed = subprocess.run([python, "-m", "pip", "install", "-q", PEER], capture_output=True, check=False)
        return [_row(cell, python if installed.returncode == 0 else None) for cell in CELLS]


def _row(told: tuple[int, str, str, int, int], python: Path | None) -> Row:
    n, mean, sd, low, high = told
    cell = Cell(n, Reported(mean), Reported(sd), low, high)
    ours = len(enumerate_multisets(cell))
    figure = f"all {ours} datasets, n={n}, {mean}±{sd}, {low}..{high}"
    took, theirs = list[float](), list[tuple[float, int]]()
    while len(took) < _RUNS and (not theirs or theirs[-1][0] < _SLOW):
        took.append(milliseconds(lambda: enumerate_multisets(cell), runs=1))
        theirs += [_closure(python, cell)] if python else []
    if not theirs:
        return Row(figure, median(took), "ms", note=f"{PEER} could not be installed")
    same = "as many by both" if {count for _, count in theirs} == {ours} else f"{theirs[0][1]} by the other"
    return Row(figure, median(took), "ms", "CLOSURE (scrutipy)", median(each for each, _ in theirs), note=same)


def _closure(python: Path, cell: Cell) -> tuple[float, int]:
    """Return the milliseconds of one run, in a process of its own, and how many datasets it lists."""
    assert cell.sd is not None
    printed = [float(cell.mean.value), float(cell.sd.value), cell.n, cell.low, cell.high]
    ends = [float(each.half_unit) for each in (cell.mean, cell.sd)]
    done = subprocess.run([python, "-c", _TIMED, json.dumps(printed + ends)], capture_output=True, check=True)
    took, count = json.loads(done.stdout)
    return took, count
