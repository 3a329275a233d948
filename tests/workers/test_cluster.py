"""A real Dask scheduler with two workers: the same bytes as in one process, one of them killed in the middle."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers import jobs
from vpresearch.core.errors import InputError, place_of
from vpresearch.core.paths import ROOT
from vpresearch.data import Dataset
from vpresearch.parallel import InPlace, Workers, engage, gather, running_code
from vpresearch.parallel import processes as processes_module
from vpresearch.published import Paper
from vpresearch.reconstruct import draw_ensemble
from vpresearch.reconstruct.ensemble import ensemble_bytes
from vpresearch.regression.models import leak_design
from vpresearch.regression.resampling import BLOCK, bootstrap
from vpresearch.regression.simulation import simulate

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.long,
    # Its own, on its way out: sockets and loops that the garbage collector finds first.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class _Dask:
    """A scheduler and two workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            # Without a name this is the loopback address.
            host = socket.getaddrinfo(None, 0, socket.AF_INET)[0][4][0]
            free.bind((host, 0))
            self.address = f"tcp://{host}:{free.getsockname()[1]}"
        self._processes = [self._run("scheduler", f"--host={self.address}", "--no-dashboard")]
        self.start_worker()
        self.start_worker()

    def start_worker(self) -> None:
        self._processes.append(
            self._run("worker", self.address, "--nthreads=1", "--no-nanny", "--no-dashboard", "--death-timeout=60")
        )

    def wait_for_workers(self, n: int) -> None:
        with distributed.Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(n, timeout=60)

    def kill_a_busy_worker(self) -> bool:
        """Kill one, if any is busy: what was just handed over may not have reached it, or be done."""
        with distributed.Client(self.address, set_as_default=False) as client:
            pids, tasks = client.run(os.getpid), client.processing()
        busy = [pid for worker, pid in pids.items() if tasks.get(worker)]
        if busy:
            os.kill(busy[0], signal.SIGKILL)
        return bool(busy)

    def end_workers(self) -> None:
        self._end(self._processes[1:])

    def end(self) -> None:
        self._end(self._processes)

    def _end(self, processes: list[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            process.kill()
            process.wait()

    def _run(self, what: str, *arguments: str) -> subprocess.Popen[bytes]:
        # Scratch of theirs goes where the test's own does.
        environment = os.environ | {"PYTHONPATH": str(ROOT), "DASK_TEMPORARY_DIRECTORY": str(self.folder)}
        with (self.folder / f"{what}.log").open("ab") as log:
            command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments]
            return subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[_Dask]:
    started = _Dask(tmp_path)
    try:
        started.wait_for_workers(2)
        yield started
    finally:
        started.end()


@pytest.fixture
def killing(dask: _Dask, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Workers, list[int]]]:
    """The cluster, and what it was handed; from the second call on, the first worker seen busy is killed."""
    with engage(scheduler=dask.address) as workers:
        handed, submit, killed = list[int](), workers.submit, list[bool]()

        def counted(*call: object) -> object:
            handed.append(len(handed))
            future: object = submit(*call)  # type: ignore[arg-type]
            if len(handed) >= 2 and not killed and dask.kill_a_busy_worker():
                killed.append(True)
            return future

        monkeypatch.setattr(workers, "submit", counted)
        yield workers, handed


def test_an_ensemble_has_the_same_bytes_though_a_worker_is_killed(
    paper: Paper, killing: tuple[Workers, list[int]]
) -> None:
    workers, handed = killing
    found = draw_ensemble(paper, 6, 3, workers=workers, block=9)
    assert len(handed) >= 2
    assert workers.n == 1
    assert ensemble_bytes(found) == ensemble_bytes(draw_ensemble(paper, 6, 3, block=9))


def test_the_simulation_and_a_bootstrap_do_too(shipped: Dataset, killing: tuple[Workers, list[int]]) -> None:
    workers, handed = killing
    assert simulate(2, 0, workers, block=1).to_csv() == simulate(2, 0, InPlace(), block=1).to_csv()
    assert len(handed) >= 2
    assert workers.n == 1
    design = leak_design(shipped.rows)
    several = bootstrap(design, 2 * BLOCK + 7, 1, workers).coefficients
    assert several.tobytes() == bootstrap(design, 2 * BLOCK + 7).coefficients.tobytes()


def test_a_cluster_with_other_code_or_without_workers_is_refused(dask: _Dask, monkeypatch: pytest.MonkeyPatch) -> None:
    with engage(scheduler=dask.address) as workers:
        assert dict(gather(workers, jobs.squared, [(2,)])) == {(2,): 4}
        with pytest.raises(InputError) as caught:
            list(gather(workers, jobs.refusing, [("study.csv",)]))
        assert (caught.value.source, caught.value.problems[0].code) == ("study.csv", "empty_file")
        assert (place_of(caught.value).error, place_of(caught.value).file) == ("InputError", "jobs.py")
    with monkeypatch.context() as changed:
        # Here only: the workers import their own.
        changed.setattr(processes_module, "_COUNTED", ("numpy",))
        running_code.cache_clear()
        assert refused(dask.address) == ["other_code_on_cluster"]
    running_code.cache_clear()
    dask.end_workers()
    assert refused(dask.address) == ["no_workers"]


def refused(address: str) -> list[str]:
    with pytest.raises(InputError) as caught, engage(scheduler=address):
        pass
    return [problem.code for problem in caught.value.problems]
