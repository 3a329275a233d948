"""Whole processes that a reader waits for: help, validation, a run with nothing to do, one notebook's text changed.

The floor is Python itself. Runs happen in a copy of the project, since one of them changes a notebook.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path

from benchmarks.bench_common import ROOT, Row, command, medians

_COPIED = ("src", "data", "notebooks", "compendium.yaml", "requirements.lock", "pyproject.toml", "CITATION.cff")
# The one that takes least and the one that takes longest.
_QUICK, _LONG = "01_cohort.ipynb", "07_fill_risk.ipynb"
_FLOOR = ("an empty Python program", ["-c", "pass"])


def copied(folder: Path) -> Path:
    """Copy what a run reads; patients' rows are no part of it."""
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("raw", "__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def rows() -> list[Row]:
    reconstruction = "data/reconstructed/vertebrae.csv"
    with tempfile.TemporaryDirectory() as place:
        project = copied(Path(place))
        # The copy's package goes before the installed one.
        os.environ["PYTHONPATH"] = str(project / "src")
        run = ["-m", "vpresearch", "reproduce", "--out", str(project / "made")]
        whole = subprocess.run([sys.executable, *run], cwd=project, capture_output=True, check=False)
        if whole.returncode:
            raise RuntimeError(f"the first run ended with {whole.returncode}: {whole.stderr.decode()[-500:]}")
        numbers = count()

        def changed(name: str) -> None:
            _change(project / "notebooks" / name, next(numbers))
            command(run, cwd=project)()

        times = medians(
            {
                "floor": command(_FLOOR[1]),
                "help": command(["-m", "vpresearch", "--help"], cwd=project),
                "validate": command(["-m", "vpresearch", "validate", reconstruction], cwd=project),
                "nothing": command(run, cwd=project),
                "quick": lambda: changed(_QUICK),
                "long": lambda: changed(_LONG),
            }
        )
    aims = (
        ("--help", "help", 0.3),
        ("validate the shipped data", "validate", 1.5),
        ("reproduce, nothing changed", "nothing", 1.0),
        ("reproduce, the text of the quickest notebook changed", "quick", 5.0),
        ("reproduce, the text of the longest notebook changed", "long", 5.0),
    )
    return [Row(figure, times[name], "s", _FLOOR[0], times["floor"], most=most) for figure, name, most in aims]


def _change(notebook: Path, number: int) -> None:
    content = json.loads(notebook.read_text(encoding="utf-8"))
    content["cells"][0]["source"] = [f"# Version {number}"]
    notebook.write_text(json.dumps(content), encoding="utf-8")
