from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SETS = """import os, random, sys
import matplotlib, numpy as np, vpresearch
vpresearch.left = os.environ["LEFT"] = name = "left"
matplotlib.rcParams["font.size"] = 99
random.seed(1), np.random.seed(1)
os.chdir("/")
sys.path.insert(0, "left")"""
SEES = """import os, random, sys
from pathlib import Path
import matplotlib, numpy as np, vpresearch
print({
    "module": hasattr(vpresearch, "left"),
    "variable": "LEFT" in os.environ,
    "global": "name" in globals(),
    "size": matplotlib.rcParams["font.size"],
    "backend": matplotlib.rcParams["backend"],
    "folder": Path.cwd().name,
    "path": sys.path[:2],
    "program": sys.argv[0].split("/")[-1].removesuffix(".py"),
    "main": sys.modules["__main__"].__dict__ is globals(),
    "threads": os.environ.get("OMP_NUM_THREADS"),
})
print([random.random(), np.random.rand()])"""
BOOKS = {
    "1_sets": SETS,
    "2_sees": SEES,
    "3_sees": SEES,
    "4_dies": "import os\nos._exit(1)",
    "5_killed": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "6_hangs": "while True: pass",
    "7_hangs_in_c": "import time\nimport signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(99)",
    "8_fails": "raise ValueError('a row')",
    "8_ours": "from vpresearch.core.errors import refused\nraise refused('a.csv', 'no_rows')",
    "8_fails_in_ours": "from vpresearch.render import labels\nlabels.text('a row', 'es')",
    "8_is_refused": "from vpresearch.core.compendium import choose, read_compendium as read\n"
    "choose(read(), ['x'], reconstruction=True)",
    "9_orphans": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nimport time\ntime.sleep(99)",
    "last": "2 + 2",
}
# A process of its own runs them: this one has threads. It has imported little, so that it is soon ready.
RUN = """
import json, os, sys
os.environ["VPRESEARCH_LANGUAGE"] = "es"
from pathlib import Path
from vpresearch.parallel import forks as copies; from vpresearch.run import kernels
from vpresearch.run.execution import Task, execute_in_turn, execute_together
kernels._IMPORTED = ("ipykernel.kernelapp", "matplotlib.pyplot")
copies.one_thread()
warm = kernels.warm_copies()
folder, plain = Path(sys.argv[1]), sys.argv[2] == "plain"
names = sys.argv[3:]
limits = {name: 3 if "hangs" in name else 100 for name in names}
tasks = [Task(folder / "books" / f"{n}.ipynb", folder / "made" / f"{n}.ipynb", {}, limits[n]) for n in names]
with warm as copies:
    for outcome in execute_in_turn(tasks) if plain else execute_together(tasks, copies):
        found = outcome.failure
        failure = found and [found.cell, found.code, found.error, found.said]
        print(json.dumps([outcome.task.source.stem, failure, outcome.seconds > 0]))
"""


def run(folder: Path, how: str, names: list[str]) -> dict[str, Any]:
    (folder / "books").mkdir(exist_ok=True)
    for name in names:
        kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
        cell: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        cells = [cell | {"source": "1 + 1"}, cell | {"source": BOOKS[name]}]
        book = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": kernel}, "cells": cells}
        (folder / "books" / f"{name}.ipynb").write_text(json.dumps(book), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(folder), how, *names], capture_output=True, text=True, check=False, timeout=200
    )
    assert done.stderr == ""
    return {name: failure for name, failure, _ in map(json.loads, done.stdout.splitlines())}


def printed(folder: Path, name: str) -> list[Any]:
    cells = json.loads((folder / "made" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    words = "".join("".join(output["text"]) for output in cells[-1]["outputs"])
    return [eval(line) for line in words.splitlines()]


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Run all the notebooks in forked kernels."""
    if sys.platform != "linux":
        pytest.skip("kernels are forked on Linux only")
    folder = tmp_path_factory.mktemp("together")
    return folder, run(folder, "forked", list(BOOKS))


def test_a_kernel_that_ends_or_hangs_is_told_with_its_cell_and_the_rest_finishes(
    together: tuple[Path, dict[str, Any]],
) -> None:
    outcomes = dict(together[1])
    # The place of what failed in the package; the words of our own errors alone.
    cell, code, error, said = outcomes.pop("8_fails_in_ours")
    assert (cell, code, re.sub(r"\d+", "N", error), said) == (2, "notebook_failed", "KeyError (labels.py:N)", "")
    cell, code, error, said = outcomes.pop("8_is_refused")
    assert (cell, code, re.sub(r"\d+", "N", error)) == (2, "notebook_failed", "InputError (compendium.py:N)")
    assert "1 problema\n" in said
    assert outcomes == {
        "1_sets": None,
        "2_sees": None,
        "3_sees": None,
        "4_dies": [2, "notebook_died", "", ""],
        "5_killed": [2, "notebook_died", "", ""],
        "6_hangs": [2, "notebook_slow", "", ""],
        "7_hangs_in_c": [2, "notebook_slow", "", ""],
        "8_fails": [2, "notebook_failed", "ValueError", ""],
        # In the language of the command, whichever process raises it.
        "8_ours": [
            2,
            "notebook_failed",
            "InputError",
            "a.csv: 1 problema\n  1. La tabla tiene encabezado pero ninguna fila. Escriba una fila por vértebra.",
        ],
        "9_orphans": [2, "notebook_died", "", ""],
        "last": None,
    }


@pytest.mark.long
def test_nothing_leaks_from_one_notebook_to_the_next_and_a_forked_kernel_is_like_any(
    together: tuple[Path, dict[str, Any]],
) -> None:
    folder, _ = together
    (first, drawn), (second, other) = (printed(folder, name) for name in ("2_sees", "3_sees"))
    assert run(folder, "plain", ["2_sees"]) == {"2_sees": None}
    plain, _ = printed(folder, "2_sees")
    assert first == second == plain
    assert (first["module"], first["variable"], first["global"], first["folder"]) == (False, False, False, "books")
    assert not set(drawn) & set(other)
