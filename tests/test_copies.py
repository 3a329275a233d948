from __future__ import annotations

import subprocess
import sys

import pytest

from vpresearch.parallel import forks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux only")

# In a process of their own: this one has threads, and its copies may hang.
_HEAD = """
import os, signal, sys, time
from vpresearch.parallel.forks import Copies, CopyDiedError, possible

def gives(value, seconds=0.0):
    time.sleep(seconds)
    return value

def fails():
    raise ValueError("no")

def dies():
    os.kill(os.getpid(), signal.SIGKILL)

def starts_another(path):
    pid = os.fork()
    if not pid:
        time.sleep(60)
        os._exit(0)
    with open(path, "w") as file:
        file.write(f"{os.getpid()} {pid}")
    time.sleep(60)

def told(path):
    while not (os.path.exists(path) and (pids := open(path).read().split())):
        time.sleep(0.01)
    return [int(pid) for pid in pids]

def gone(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True

def all_gone(pids):
    end = time.time() + 10
    while not all(map(gone, pids)) and time.time() < end:
        time.sleep(0.01)
    return all(map(gone, pids))
"""


def said(code: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _HEAD + code, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_jobs_give_what_their_functions_give_in_the_order_in_which_they_end() -> None:
    code = """
assert possible()
with Copies(2) as pool:
    jobs = {pool.submit(gives, "slow", 0.5): 1, pool.submit(gives, "fast"): 2, pool.submit(gives, "third"): 3}
    print(*(job.result() for job in pool.finished(list(jobs))))
    print(pool.submit(os.getpid).result() != os.getpid(), pool.submit(lambda: os.getppid()).result() == os.getpid())
"""
    assert said(code) == ["fast third slow", "True True"]


def test_a_failure_comes_back_and_the_rest_finishes() -> None:
    code = """
with Copies(2) as pool:
    jobs = [pool.submit(fails), pool.submit(dies), pool.submit(lambda: lambda: 1), pool.submit(gives, "whole")]
    for job in jobs:
        try:
            print(job.result())
        except Exception as error:
            print(type(error).__name__, error)
"""
    assert said(code) == [
        "ValueError no",
        "CopyDiedError the process of a job died",
        "RuntimeError what a job gave cannot be sent",
        "whole",
    ]


def test_an_error_comes_back_with_its_class_its_problems_and_its_place() -> None:
    code = """
from vpresearch.core.errors import place_of
from vpresearch.core.errors import refused, words

class OddError(Exception):
    def __init__(self, row, code):
        super().__init__(row)

def odd():
    raise OddError("Zubiri-77", 1)

def refuse():
    raise refused("study.csv", "empty_file")

def strange():
    words("xx")

with Copies(2) as pool:
    for function in (refuse, strange, odd):
        try:
            pool.submit(function).result()
        except Exception as error:
            print(type(error).__name__, place_of(error).error, place_of(error).file, getattr(error, "problems", ())[:1])
            print("Zubiri" in str(error))
"""
    refused, _, strange, _, odd, told = said(code)
    assert refused.startswith("InputError InputError <string> (Problem(code='empty_file'")
    assert strange == "ValueError ValueError errors.py ()"
    assert (odd, told) == ("StrangerError OddError <string> ()", "False")


def test_a_job_that_is_killed_is_told_while_an_earlier_one_runs() -> None:
    code = """
with Copies(2) as pool:
    long, *_ = [pool.submit(gives, 1, 30), pool.submit(gives, 2)]
    try:
        pool.submit(dies).result()
    except CopyDiedError:
        print(long.ended)
        long.end()
"""
    assert said(code) == ["False"]


def test_a_job_writes_nothing_and_holds_nothing_that_another_waits_for() -> None:
    code = """
with Copies(1) as pool:
    pool.submit(lambda: (os.write(1, b"x"), os.write(2, b"x"), print("x"))).result()
"""
    assert said(code) == []


@pytest.mark.parametrize("end", ["raise KeyboardInterrupt", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_whatever_ends_the_process_ends_its_jobs_and_what_they_started(end: str, tmp_path: object) -> None:
    code = f"""
path = sys.argv[1] + "/pids"
main = os.fork()
if not main:
    try:
        with Copies(1) as pool:
            pool.submit(starts_another, path)
            pids = told(path)
            {end}
    except KeyboardInterrupt:
        os._exit(0)
os.waitpid(main, 0)
print(all_gone(told(path)))
"""
    assert said(code, str(tmp_path)) == ["True"]


def test_no_copy_is_made_of_a_process_with_threads() -> None:
    code = """
import threading
end = threading.Event()
thread = threading.Thread(target=end.wait)
thread.start()
print(possible())
end.set()
thread.join()
"""
    assert said(code) == ["False"]


def test_no_copy_is_made_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not forks.possible()


def test_each_gives_what_the_function_gives_in_its_order_shared_out_among_copies() -> None:
    code = """
from vpresearch.parallel.forks import each
os.sched_getaffinity = lambda _: {0, 1}
square = lambda value: (value * value, os.getpid())
made = each(square, [(value,) for value in range(5)])
print(*(value for value, _ in made))
copies = {pid for _, pid in made}
print(len(copies), os.getpid() in copies, each(square, [(3,)]) == [(9, os.getpid())])
print(each(square, []))
"""
    assert said(code) == ["0 1 4 9 16", "2 False True", "[]"]
