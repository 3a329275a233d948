"""Runs that are cut short in the midst of everything."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vpresearch.project import ROOT

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")]


def test_after_a_kill_the_next_run_ends_with_the_right_bytes() -> None:
    command = [sys.executable, "-m", "benchmarks.killed", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "3 of 3 right"


def test_ctrl_c_ends_everything_with_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vpresearch", "reproduce", "--out", str(tmp_path / "out")]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.glob("out/.staging-*/*/notebooks/*.ipynb")):
        assert run.poll() is None
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    # The pipes end only when every process that holds them has ended.
    said, told = run.communicate(timeout=30)
    assert (run.returncode, said) == (130, "")
    assert told.splitlines()[-1] == "Interrumpido; nada ha quedado a medio escribir."
    assert "Traceback" not in told
    assert not list(tmp_path.rglob(".*"))
