"""The same results from any workers; nothing lost with one that is killed, nothing left of those that are let go."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.workers import jobs
from vpresearch.core.errors import InputError, Place, StrangerError, VPResearchError, listed, place_of
from vpresearch.core.paths import ROOT
from vpresearch.parallel import InPlace, Workers, engage, gather, processes
from vpresearch.parallel.processes import TRIES

posix = pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")


@pytest.fixture(scope="module", params=[1, 2])
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    with engage(request.param) as engaged:
        yield engaged


def numbered(n: int) -> list[tuple[int]]:
    return [(number,) for number in range(n)]


def test_every_task_comes_back_with_its_result(workers: Workers) -> None:
    found = dict(gather(workers, jobs.squared, numbered(20)))
    assert found == {(number,): number**2 for number in range(20)}
    assert dict(gather(workers, jobs.squared, [])) == {}


def test_what_the_work_raises_is_raised(workers: Workers) -> None:
    with pytest.raises(ValueError, match="number 0"):
        list(gather(workers, jobs.failing, numbered(1)))


def test_an_error_comes_back_with_its_class_its_problems_and_its_place(workers: Workers) -> None:
    with pytest.raises(InputError) as caught:
        list(gather(workers, jobs.refusing, [("study.csv",)]))
    assert (caught.value.source, [problem.code for problem in caught.value.problems]) == ("study.csv", ["empty_file"])
    assert caught.value.problems[0].wording == "empty_file"
    assert place_of(caught.value) == Place("InputError", "jobs.py", line_of(jobs.refusing))
    # Of an error that cannot be sent the class and the place alone; the workers go on.
    with pytest.raises((StrangerError, jobs.OddError)) as strange:
        list(gather(workers, jobs.odd, [("Zubiri-77",)]))
    assert place_of(strange.value) == Place("OddError", "jobs.py", line_of(jobs.odd))
    assert dict(gather(workers, jobs.squared, numbered(2))) == {(0,): 0, (1,): 1}


def line_of(function: Callable[..., object]) -> int:
    """The line after the head of a function of one line."""
    return function.__code__.co_firstlineno + 1


def test_tasks_are_taken_only_as_they_are_wanted() -> None:
    endless = ((number,) for number in itertools.count())
    found = list(itertools.islice(gather(InPlace(), jobs.squared, endless), 5))
    assert found == [((number,), number**2) for number in range(5)]
    assert next(endless) == (5,)
    assert list(gather(InPlace(), jobs.squared, endless, wanted=lambda: 0)) == []


def test_processes_count_on_one_thread_each() -> None:
    with engage(2) as workers:
        (found,) = gather(workers, jobs.environment, [("OPENBLAS_NUM_THREADS",)])
    assert found[1] == "1"


@posix
def test_the_work_of_a_killed_process_is_done_again(tmp_path: Path) -> None:
    with engage(2) as workers:
        found = dict(gather(workers, jobs.killed_once, [(number, tmp_path) for number in range(8)]))
    assert (tmp_path / "died").exists()
    assert found == {(number, tmp_path): number**2 for number in range(8)}


@posix
def test_work_that_always_ends_its_process_is_given_up_in_words() -> None:
    with (
        engage(2) as workers,
        pytest.raises(VPResearchError, match=f"^A worker process was killed .* {TRIES} times in a row"),
    ):
        list(gather(workers, jobs.always_killed, numbered(1)))


@posix
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_no_worker_outlives_the_process_that_engaged_it(sent: signal.Signals, code: int, tmp_path: Path) -> None:
    script = (
        "import signal, sys; from pathlib import Path\n"
        # Whoever runs the tests behind a prompt has it ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from tests.workers import jobs; from vpresearch.parallel import engage, gather\n"
        "if __name__ == '__main__':\n"
        "    try:\n"
        f"        tasks = [(number, Path({str(tmp_path)!r})) for number in (1, 2)]\n"
        "        with engage(2) as workers: list(gather(workers, jobs.slow, tasks))\n"
        "    except KeyboardInterrupt: sys.exit(130)\n"
    )
    main = tmp_path / "main.py"
    main.write_text(script, encoding="utf-8")
    # A group of its own, to which the key press goes as from a terminal.
    run = subprocess.Popen(
        [sys.executable, str(main)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    while len(marks := list(tmp_path.glob("[12]-*"))) < 2:
        time.sleep(0.02)
    if sent == signal.SIGINT:
        os.killpg(run.pid, sent)
    else:
        run.kill()
    _, told = run.communicate(timeout=20)
    assert run.returncode == code
    assert "Traceback" not in told
    for mark in marks:
        _await_end(int(mark.name.split("-")[1]))


def _await_end(pid: int) -> None:
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").exists() and ") Z " in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8"):
            return
        time.sleep(0.05)
    raise AssertionError(f"worker {pid} is still there")


# -- refusals of a cluster ---------------------------------------------------------------------------------------


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(processes, "SECONDS", 0.3)
    with pytest.raises(InputError) as caught, engage(scheduler="tcp://[::1]:9"):
        pass
    assert [problem.code for problem in caught.value.problems] == ["no_scheduler"]
    assert "planificador" in listed("tcp://[::1]:9", caught.value.problems, "es")


def test_a_cluster_without_dask_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"\[cluster\]"), engage(scheduler="tcp://[::1]:9"):
        pass


def test_as_many_processes_as_the_machine_can_use_are_started() -> None:
    with engage(100_000) as many:
        assert many.n == 4 * (os.cpu_count() or 1)
