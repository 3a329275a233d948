"""Runs that are cut short in the midst of everything."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.test_planted import SURNAME, planted_rows, write
from vpresearch.core.files import PRIVATE
from vpresearch.core.paths import BUILD, RECONSTRUCTION, ROOT

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")]

MARK = "VPRESEARCH_KILLED"


def test_after_a_kill_the_next_run_ends_with_the_right_bytes() -> None:
    command = [sys.executable, "-m", "benchmarks.killed", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "3 of 3 right"


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_who_is_asked_to_end_ends_everything_with_one_line(tmp_path: Path, sign: signal.Signals, code: int) -> None:
    command = [sys.executable, "-m", "vpresearch", "reproduce", "--out", str(tmp_path / "out")]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.glob("out/private/.staging-*/*/notebooks/*.ipynb")):
        assert run.poll() is None
        time.sleep(0.05)
    run.send_signal(sign)
    # The pipes end only when every process that holds them has ended.
    said, told = run.communicate(timeout=30)
    assert (run.returncode, said) == (code, "")
    assert told.splitlines()[-1] == "Interrumpido; nada ha quedado a medio escribir."
    assert "Traceback" not in told
    assert not list(tmp_path.rglob(".*"))


def rows_outside(folders: list[Path], secrets: list[bytes]) -> list[str]:
    """Name the files outside a private folder that hold any of the planted values."""
    found = []
    for folder in folders:
        for path in folder.rglob("*"):
            if PRIVATE in path.relative_to(folder).parts:
                continue
            try:
                content = path.name.encode() + path.read_bytes()
            except (FileNotFoundError, IsADirectoryError):
                # It goes at this very moment.
                continue
            found += [f"{path}: {secret!r}" for secret in secrets if secret in content]
    return found


def open_to_others(private: Path) -> list[Path]:
    return [private] if private.exists() and private.stat().st_mode & 0o077 else []


def cut_short(folder: Path, sign: signal.Signals, moment: float, *more: str) -> list[str]:
    """Cut a run on a planted study short; tell what is found outside its private folder, and what lives on."""
    rows = planted_rows()
    data = write(rows, folder / "study.csv")
    out, own = folder / "out", [folder / "home", folder / "tmp"]
    for each in own:
        each.mkdir(exist_ok=True)
    # A volume alone may be a place in a picture of a run that ended before; beside its cement it is a row.
    secrets = [SURNAME.encode()]
    secrets += [f"{row['vertebral_volume_cc']},{row['cement_volume_cc']}".encode() for row in rows]
    surroundings = os.environ | {"HOME": str(own[0]), "TMPDIR": str(own[1]), MARK: str(folder)}
    surroundings.setdefault("MPLCONFIGDIR", str(BUILD / "fonts"))
    command = [sys.executable, "-m", "vpresearch", "reproduce", "--drop-identifiers", "--data", str(data), *more]
    run = subprocess.Popen(
        [*command, "--out", str(out)], env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(moment)
    run.send_signal(sign)
    _, told = run.communicate(timeout=60)
    wrong = rows_outside([out, *own], secrets) + [f"{path} is open" for path in open_to_others(out / PRIVATE)]
    if run.returncode not in {0, -sign, 128 + sign}:
        wrong.append(f"exit {run.returncode}: {told.decode()[-300:]}")
    end = time.monotonic() + 5
    while (living := [each.pid for each in psutil.process_iter() if is_of(each, folder)]) and time.monotonic() < end:
        time.sleep(0.05)
    wrong += [f"process {each} lives on" for each in living] + rows_outside([out, *own], secrets)
    # Any command at all removes what is left, wherever it was.
    validate = [sys.executable, "-m", "vpresearch", "validate", str(RECONSTRUCTION)]
    subprocess.run(validate, env=surroundings, capture_output=True, check=True)
    # Notebooks that finished wait in the private folder for the run that goes on.
    wrong += [f"{path} is left" for path in out.rglob(".*") if "finished" not in path.parts]
    return wrong


def is_of(process: psutil.Process, folder: Path) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == str(folder))
    except psutil.Error:
        return False


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("more", [(), ("--plain",)], ids=["forked", "plain"])
def test_no_row_is_left_outside_the_private_folder(tmp_path: Path, sign: signal.Signals, more: tuple[str, ...]) -> None:
    draw = random.Random(sign.name + "".join(more))
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert cut_short(folder, sign, draw.uniform(0.3, 14), *more) == []
