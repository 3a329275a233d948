"""Kill the main job at random moments and let the next run end it: ``python -m benchmarks.killed [N]``."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic, perf_counter, sleep

import psutil

from benchmarks.bench_common import ROOT
from benchmarks.bench_start import copied

_MARK = "VPRESEARCH_KILLED"
_GRACE = 5.0


def kill_and_go_on(project: Path, out: Path, moment: float) -> list[str] | None:
    """Kill a run at a moment and run again.

    Parameters
    ----------
    project : pathlib.Path
        A copy of the project.
    out : pathlib.Path
    moment : float
        Seconds after the beginning.

    Returns
    -------
    list of str or None
        What is wrong; empty if the second run ended with the bytes that are committed, and nothing is left. None if
        the first had ended by then.
    """
    command = [sys.executable, "-m", "vpresearch", "reproduce", "--out", str(out)]
    surroundings = {**os.environ, "PYTHONPATH": str(project / "src"), _MARK: out.name}
    first = subprocess.Popen(command, cwd=project, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    sleep(moment)
    if first.poll() is not None:
        shutil.rmtree(out)
        return None
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    faults = [f"process {left} lives on" for left in _left(out.name)]
    second = subprocess.run(command, cwd=project, env=surroundings, capture_output=True, text=True, check=False)
    if second.returncode:
        faults.append(f"the next run failed: {second.stderr[-300:]}")
    for folder in ("tables", "figures"):
        for path in (ROOT / folder).iterdir():
            made = out / folder / path.name
            if not made.exists() or made.read_bytes() != path.read_bytes():
                faults.append(f"{folder}/{path.name} differs")
    faults += [f"{path.relative_to(out)} is left" for path in out.rglob(".*")]
    return faults + [f"process {left} lives on" for left in _left(out.name)]


def _left(mark: str) -> list[int]:
    """Wait for the processes of a run to go, and name those that do not."""
    end = monotonic() + _GRACE
    while (living := [each.pid for each in psutil.process_iter() if _is_of(each, mark)]) and monotonic() < end:
        sleep(0.05)
    return living


def _is_of(process: psutil.Process, mark: str) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.environ().get(_MARK) == mark)
    except psutil.Error:
        return False


def bench(n: int, seed: int = 1) -> int:
    draw, wrong = random.Random(seed), 0
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "project").mkdir()
        project = copied(Path(folder) / "project")
        start = perf_counter()
        faults = kill_and_go_on(project, Path(folder) / "whole", 0.0)
        whole = perf_counter() - start
        print(f"a whole run took {whole:.1f} s: {'; '.join(faults or []) or 'the right bytes'}")
        for number in range(1, n + 1):
            moment, faults = whole, None
            while faults is None:
                moment = draw.uniform(0, moment)
                faults = kill_and_go_on(project, Path(folder) / f"run{number}", moment)
            wrong += bool(faults)
            print(f"{number:3} killed after {moment:5.1f} s: {'; '.join(faults) or 'the right bytes'}", flush=True)
    print(f"{n - wrong} of {n} right")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(bench(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
